"""A language model's service in the OpenAI dialect: a real HTTP server that does what a script says, also the worst."""

import json
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = "fake-1"
_STEP_S = 0.01
_FLOOD = b"data: " + b"A" * 65_530 + b"\n\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the service does with one request."""

    text: str = ""
    first_token_s: float = 0.0  # from the request to the first token
    tokens_per_s: float = 0.0  # 0: all at once, token by token
    piece_chars: int = 0  # cuts the text there instead of at words
    cut_after: int | None = None  # tokens, after which the connection breaks
    ends_clean: bool = True  # with finish_reason and [DONE]
    finish: str = "stop"
    refusal: str = ""
    usage: tuple[int, int] | None = (100, 20)  # None: it says nothing
    model: str = NAME
    status: int = 200
    retry_after: str = ""
    error_param: object = ""
    cookie: str = ""
    raw: bytes = b""  # in place of a stream of chunks
    flood_bytes: int = 0


@dataclass(slots=True)
class Call:
    """One request as the service got it."""

    path: str
    key: str
    body: dict
    cookie: str = ""
    at: float = field(default_factory=time.monotonic)
    first_line_at: float | None = None  # when the first whole line had been sent
    closed_at: float | None = None  # when the client broke off

    @property
    def prompt(self) -> str:
        return "\n".join(message["content"] for message in self.body["messages"])


class FakeProvider:
    """Replies one after the other, the last again and again; or made from the request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[Call] = []
        self.script: list[Reply] | Callable[[Call], Reply] = [Reply("NOT_ANSWERED")]

    def reply_to(self, call: Call) -> Reply:
        self.calls.append(call)
        if callable(self.script):
            return self.script(call)
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


@contextmanager
def fake_provider() -> Iterator[FakeProvider]:
    """Serve on a free port of this machine."""
    server = _Server(("127.0.0.1", 0), _Handler)
    provider = FakeProvider(f"http://127.0.0.1:{server.server_address[1]}/v1")
    server.provider = provider
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    provider: FakeProvider

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that break off."""


class _GoneError(Exception):
    pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        call = Call(self.path, self.headers.get("Authorization", ""), body, self.headers.get("Cookie", ""))
        reply = self.server.provider.reply_to(call)
        try:
            self._answer(reply, call)
        except (_GoneError, BrokenPipeError, ConnectionResetError):
            call.closed_at = time.monotonic()
            self.close_connection = True

    def _answer(self, reply: Reply, call: Call) -> None:
        if reply.status != 200:
            return self._fail(reply)
        self._wait(reply.first_token_s)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        if reply.cookie:
            self.send_header("Set-Cookie", reply.cookie)
        self.end_headers()
        if reply.raw:
            self._send(reply.raw)
        for _ in range(reply.flood_bytes // len(_FLOOD)):
            self._send(_FLOOD)
        if reply.raw or reply.flood_bytes:
            return self._send(b"")
        return self._stream(reply, call)

    def _fail(self, reply: Reply) -> None:
        content = json.dumps({"error": {"message": "no", "type": "x", "param": reply.error_param}}).encode()
        self.send_response(reply.status)
        if reply.retry_after:
            self.send_header("Retry-After", reply.retry_after)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, reply: Reply, call: Call) -> None:
        sent = ""
        for number, token in enumerate(_tokens(reply)):
            if number == reply.cut_after:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            if number and reply.tokens_per_s:
                self._wait(1 / reply.tokens_per_s)
            self._chunk(reply, {"content": token})
            sent += token
            if call.first_line_at is None and "\n" in sent:
                call.first_line_at = time.monotonic()
        if reply.refusal:
            self._chunk(reply, {"refusal": reply.refusal})
        if reply.ends_clean:
            self._chunk(reply, {}, finish=reply.finish)
            self._usage(reply)
            self._send(b"data: [DONE]\n\n")
        self._send(b"")

    def _usage(self, reply: Reply) -> None:
        if reply.usage:
            asked, answered = reply.usage
            spent = {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}
            self._event({"model": reply.model, "choices": [], "usage": spent})

    def _chunk(self, reply: Reply, delta: dict, finish: str | None = None) -> None:
        self._event({"model": reply.model, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    def _event(self, content: dict) -> None:
        whole = {"id": "c", "object": "chat.completion.chunk", "created": 0, **content}
        self._send(b"data: " + json.dumps(whole).encode() + b"\n\n")

    def _send(self, content: bytes) -> None:
        self._wait(0)
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        self.wfile.flush()

    def _wait(self, seconds: float) -> None:
        """Wait, and notice at once when the client breaks off."""
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            readable, _, _ = select.select([self.connection], [], [], max(min(left, _STEP_S), 0))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise _GoneError
            if left <= 0:
                return


def _tokens(reply: Reply) -> list[str]:
    if reply.piece_chars:
        return [reply.text[at : at + reply.piece_chars] for at in range(0, len(reply.text), reply.piece_chars)]
    return re.findall(r"\S+\s*|\s+", reply.text)
