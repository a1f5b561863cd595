"""Any OpenAI-compatible address as language model. The only importer of the openai package."""

import time
from collections.abc import AsyncGenerator

import httpx
import openai
from openai import AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletionChunk
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, stop_before_delay

from rag.adapters.background_loop import BackgroundLoop, UnderWay
from rag.adapters.bounded_http import bounded_client
from rag.adapters.chat_chunks import Chunks
from rag.errors import ModelNotBegunError, ModelTimeoutError, ModelUnavailableError
from rag.ports import Completed, ModelCall, Prompt
from rag.settings import ModelSettings

ATTEMPTS = 3  # all before the first byte of a reply
_FIRST_WAIT_S = 0.25
_BYTES_PER_TOKEN = 4096  # of a streamed chunk with one token in it: the rest is the provider's talk
_PASSING = frozenset({429, 500, 502, 503, 504, 529})


class OpenAIModel:
    """Implements `ports.LanguageModel`."""

    def __init__(self, settings: ModelSettings) -> None:
        self._url = settings.url
        self._loop: BackgroundLoop[str | Completed] = BackgroundLoop()
        self._newer_dialect = False  # max_completion_tokens, and no temperature
        self._client = AsyncOpenAI(
            base_url=settings.url,
            api_key=settings.api_key.get_secret_value() or "none",
            max_retries=0,
            http_client=bounded_client(_BYTES_PER_TOKEN * settings.max_output_tokens),
        )
        self._client.organization = self._client.project = None  # it takes them from the environment

    def complete(self, prompt: Prompt, call: ModelCall) -> UnderWay[str | Completed]:
        """Ask, and return the text as it comes, then how it ended."""
        return self._loop.begin(self._translated(prompt, call), call.until, call.cancelled)

    def close(self) -> None:
        """End what is under way, and close its connections."""
        self._loop.close(self._client.close())

    async def _translated(self, prompt: Prompt, call: ModelCall) -> AsyncGenerator[str | Completed, None]:
        try:
            async for piece in self._pieces(prompt, call):
                yield piece
        except (openai.APITimeoutError, httpx.TimeoutException) as error:
            raise ModelTimeoutError("The language model did not answer in time.") from error
        except openai.APIStatusError as error:
            raise ModelNotBegunError(f"The language model's service answered {error.status_code}.") from error
        except (openai.APIConnectionError, httpx.ConnectError) as error:
            kind = ModelNotBegunError if isinstance(error.__cause__, httpx.ConnectError) else ModelUnavailableError
            raise kind("The language model's service cannot be reached.") from error
        except (openai.OpenAIError, httpx.HTTPError, ValueError, RecursionError) as error:
            raise ModelUnavailableError("The language model's service broke off, or sent what is no answer.") from error

    async def _pieces(self, prompt: Prompt, call: ModelCall) -> AsyncGenerator[str | Completed, None]:
        chunks = Chunks(call, self._url)
        async with await self._begun(prompt, call) as stream:
            async for chunk in stream:
                if text := chunks.text_of(chunk):
                    yield text
        yield chunks.completed()

    async def _begun(self, prompt: Prompt, call: ModelCall) -> AsyncStream[ChatCompletionChunk]:
        """Return the stream once its first byte is there; what passes is tried again while there is time."""
        left_s = max(call.until - time.monotonic(), 0.0)
        stop = stop_after_attempt(ATTEMPTS) | stop_before_delay(left_s)
        async for attempt in AsyncRetrying(retry=retry_if_exception(_passes), wait=_wait_s, stop=stop, reraise=True):
            with attempt:
                return await self._in_its_dialect(prompt, call)
        raise AssertionError("the last attempt returns or raises")

    async def _in_its_dialect(self, prompt: Prompt, call: ModelCall) -> AsyncStream[ChatCompletionChunk]:
        newer = self._newer_dialect  # as it is now: another call may find it out meanwhile
        try:
            return await self._created(prompt, call, newer=newer)
        except openai.BadRequestError as error:
            if newer or str(error.param) not in {"max_tokens", "temperature"}:  # what is no text there is no name
                raise
            self._newer_dialect = True
            return await self._created(prompt, call, newer=True)

    async def _created(self, prompt: Prompt, call: ModelCall, *, newer: bool) -> AsyncStream[ChatCompletionChunk]:
        return await self._client.chat.completions.create(
            model=call.model,
            messages=[{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            stream=True,
            stream_options={"include_usage": True},
            max_tokens=openai.omit if newer else call.max_tokens,
            max_completion_tokens=call.max_tokens if newer else openai.omit,
            temperature=openai.omit if newer else call.temperature,
            timeout=max(call.until - time.monotonic(), 0.001),
        )


def _passes(error: BaseException) -> bool:
    if isinstance(error, openai.APIStatusError):
        return error.status_code in _PASSING
    return isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError)


def _wait_s(state: RetryCallState) -> float:
    """Return what the provider asks for, else a wait that doubles."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.response.headers.get("retry-after", "") if isinstance(error, openai.APIStatusError) else ""
    return float(asked) if asked.isdecimal() and len(asked) < 6 else _FIRST_WAIT_S * 2 ** (state.attempt_number - 1)
