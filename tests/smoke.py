"""Indexes a folder, starts the API on it, and asks it questions over HTTP; fails unless all is as it should be.

python tests/smoke.py FOLDER
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

PLUMBLINE = str(Path(sys.executable).with_name("plumbline"))
READY_TIMEOUT_S = 60


def main(folder: str) -> None:
    """Index, serve, ask."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "PLUMBLINE_HOME": home}
        code = subprocess.run([PLUMBLINE, "index", "build", folder], env=environment, check=False).returncode
        assert code in {0, 5}, f"index build ended with {code}"
        port = free_port()
        server = subprocess.Popen([PLUMBLINE, "serve", "--port", str(port)], env=environment)
        try:
            check(f"http://127.0.0.1:{port}")
        finally:
            server.terminate()
            assert server.wait(20) == 0, "the API did not stop cleanly"
    print(f"smoke: indexed {folder}, asked the running API: ok")


def check(api: str) -> None:
    """Ask for what the index holds, and for what no document holds."""
    wait_until_ready(api)
    hits = httpx.post(f"{api}/v1/search", json={"question": "leave", "limit": 5}, timeout=30, trust_env=False).json()
    assert hits["hits"], "the search found nothing"
    answers = [
        ask(api, question) for question in ("How do I request leave?", "How much annual leave do employees get?")
    ]
    answers += [ask(api, hit["text"][:200]) for hit in hits["hits"]]
    assert any(answer["status"] == "answered" and answer["citations"] for answer in answers), answers
    for citation in (citation for answer in answers for citation in answer["citations"]):
        address = f"{api}/v1/documents/{citation['document_id']}"
        text = httpx.get(address, timeout=30, trust_env=False).json()["text"]
        assert text[citation["start"] : citation["end"]] == citation["quote"], citation
    nonsense = ask(api, "Which moon did Zorblax conquer in 3021?")
    assert nonsense["status"] == "abstained", nonsense


def ask(api: str, question: str) -> dict:  # type: ignore[type-arg]  # the reply's JSON
    """Return the answer to a question."""
    return httpx.post(f"{api}/v1/answers", json={"question": question}, timeout=30, trust_env=False).json()


def wait_until_ready(api: str) -> None:
    """Return once /readyz says 200."""
    until = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < until:
        try:
            if httpx.get(f"{api}/readyz", timeout=5, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError("the API was not ready within 60 s")


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main(sys.argv[1])
