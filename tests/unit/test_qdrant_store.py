"""How the Qdrant adapter takes what a server answers: a real client, and a server that says one thing only."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from rag.adapters.qdrant import QdrantStore, connect
from rag.errors import DiskFullError, SnapshotGoneError, StoreUnavailableError


@contextmanager
def answering(status, body):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = connect(f"http://127.0.0.1:{server.server_port}", "")
        yield QdrantStore(client)
        client.close()
        server.shutdown()


@pytest.mark.parametrize("version", ["1.20.0", "1.20.3-dev", "2.0.0"])
def test_a_server_from_1_20_on_is_fit_for_use(version):
    with answering(200, {"title": "qdrant", "version": version}) as store:
        store.check()


@pytest.mark.parametrize("version", ["1.19.9", "1.9.0", "0.11.0", "unknown"])
def test_an_older_server_is_refused_with_advice(version):
    with (
        answering(200, {"title": "qdrant", "version": version}) as store,
        pytest.raises(StoreUnavailableError, match=r"Install 1\.20 or later"),
    ):
        store.check()


@pytest.mark.parametrize(
    ("status", "said", "raised"),
    [
        (404, "Collection `plumbline-x` doesn't exist!", SnapshotGoneError),
        (401, "Must provide an API key", StoreUnavailableError),
        (403, "Forbidden", StoreUnavailableError),
        (500, "Service internal error: No space left on device", DiskFullError),
        (503, "Service unavailable", StoreUnavailableError),
    ],
)
def test_an_error_of_the_server_is_told_in_our_words(status, said, raised):
    with answering(status, {"status": {"error": said}, "time": 0}) as store:
        with pytest.raises(raised):
            store.builds()
        with pytest.raises(raised), store.snapshot("x", 1):
            pass
