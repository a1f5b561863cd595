"""Ends with 0 where a service of this container says that it is well: `probe.py PORT PATH`."""

import http.client
import sys

TIMEOUT_S = 5


def main(port: int, path: str) -> int:
    """Return 0 where the answer is 200, else 1."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)  # knows no proxy
    try:
        connection.request("GET", path)
        return int(connection.getresponse().status != http.client.OK)
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))
