"""Models of other dialects, through litellm (extra `llm`). The only importer of that package."""

import time
from collections.abc import AsyncGenerator

import httpx
import litellm
from litellm.exceptions import Timeout
from openai import OpenAIError

from rag.adapters.background_loop import BackgroundLoop, UnderWay
from rag.adapters.chat_chunks import Chunks
from rag.errors import ModelTimeoutError, ModelUnavailableError
from rag.ports import Completed, ModelCall, Prompt
from rag.settings import ModelSettings


class LiteLLMModel:
    """Implements `ports.LanguageModel`; a name is `provider/model`."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._loop: BackgroundLoop[str | Completed] = BackgroundLoop()
        litellm.suppress_debug_info = True
        litellm.telemetry = False

    def complete(self, prompt: Prompt, call: ModelCall) -> UnderWay[str | Completed]:
        """Ask, and return the text as it comes, then how it ended."""
        return self._loop.begin(self._translated(prompt, call), call.until, call.cancelled)

    def close(self) -> None:
        """End what is under way, and close its connections."""
        ended = litellm.close_litellm_async_clients()  # type: ignore[attr-defined, no-untyped-call]  # made when asked for
        self._loop.close(ended)

    async def _translated(self, prompt: Prompt, call: ModelCall) -> AsyncGenerator[str | Completed, None]:
        chunks = Chunks(call, self._settings.url or call.model.partition("/")[0])
        try:
            async for chunk in await self._begun(prompt, call):
                if text := chunks.text_of(chunk):
                    yield text
        except Timeout as error:
            raise ModelTimeoutError("The language model did not answer in time.") from error
        except (OpenAIError, httpx.HTTPError, ValueError, RecursionError) as error:  # litellm's errors are openai's
            raise ModelUnavailableError("The language model's service failed, or sent what is no answer.") from error
        yield chunks.completed()

    async def _begun(self, prompt: Prompt, call: ModelCall) -> "litellm.CustomStreamWrapper":
        return await litellm.acompletion(
            model=call.model,
            messages=[{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            stream=True,
            stream_options={"include_usage": True},
            max_tokens=call.max_tokens,
            temperature=call.temperature,
            drop_params=True,
            num_retries=0,
            timeout=max(call.until - time.monotonic(), 0.001),
            api_base=self._settings.url or None,
            api_key=self._settings.api_key.get_secret_value() or ("none" if self._settings.url else None),
        )
