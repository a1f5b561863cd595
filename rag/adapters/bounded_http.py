"""HTTP to a service that is not trusted: no redirects, no compression, no cookies, and only so many bytes."""

from collections.abc import AsyncIterator

import httpx


class BoundedTransport(httpx.AsyncBaseTransport):
    """Replies end with an error where they are longer than they may be."""

    def __init__(self, max_bytes: int) -> None:
        self._inner, self._max_bytes = httpx.AsyncHTTPTransport(), max_bytes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises httpx.TransportError."""
        request.headers["Accept-Encoding"] = "identity"
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", "").strip().lower() not in {"", "identity"}:
            await response.aclose()
            raise httpx.RemoteProtocolError("compressed against what was asked", request=request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        headers = [each for each in response.headers.multi_items() if each[0] != "set-cookie"]
        stream = _BoundedStream(response.stream, self._max_bytes)
        return httpx.Response(response.status_code, headers=headers, stream=stream, request=request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class _BoundedStream(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, max_bytes: int) -> None:
        self._stream, self._left = stream, max_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._left -= len(part)
            if self._left < 0:
                raise httpx.ReadError("longer than it may be")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


def bounded_client(max_bytes: int) -> httpx.AsyncClient:
    """Return a client that follows no redirect; time-outs are the caller's."""
    return httpx.AsyncClient(
        transport=BoundedTransport(max_bytes), follow_redirects=False, timeout=None, trust_env=False
    )
