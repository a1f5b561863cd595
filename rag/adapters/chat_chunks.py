"""Streamed chunks in the OpenAI dialect -> text, then how it ended. Nothing about their shape is taken for granted."""

from dataclasses import dataclass

from rag.adapters.prices import cost_usd
from rag.errors import ModelUnavailableError
from rag.ports import Completed, Finish, ModelCall

_FINISH: dict[str, Finish] = {"stop": "whole", "length": "cut", "content_filter": "refused"}
_MAX_TOKENS = 10**9
_MAX_NAME = 200


@dataclass(slots=True)
class Chunks:
    """What the chunks of one reply have said so far."""

    call: ModelCall
    service: str  # address, or name, of who is paid; for the price
    finish: Finish = "cut"  # until it says otherwise
    refused: bool = False
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None

    def text_of(self, chunk: object) -> str:
        """Return a chunk's text, and note the rest. Raises ModelUnavailableError for a model that was not asked."""
        self._note_model(getattr(chunk, "model", None))
        self._note_usage(getattr(chunk, "usage", None))
        choices = getattr(chunk, "choices", None)
        if not isinstance(choices, list) or not choices:
            return ""
        delta, finish = getattr(choices[0], "delta", None), getattr(choices[0], "finish_reason", None)
        self.finish = _FINISH.get(finish, "cut") if isinstance(finish, str) else self.finish
        self.refused = self.refused or bool(getattr(delta, "refusal", None))
        content = getattr(delta, "content", None)
        return content if isinstance(content, str) else ""

    def completed(self) -> Completed:
        """Return how the call ended."""
        finish: Finish = "refused" if self.refused else self.finish
        cost = cost_usd(self.model or self.call.model, self.service, self.input_tokens, self.output_tokens)
        return Completed(finish, self.model, self.input_tokens, self.output_tokens, cost)

    def _note_model(self, named: object) -> None:
        if not isinstance(named, str) or not named:
            return
        asked = self.call.model
        if self.call.pinned and named not in {asked, asked.partition("/")[2]}:  # providers leave their prefix out
            raise ModelUnavailableError(f"Another model than {asked}, which the bundle pins, answered.")
        self.model = named[:_MAX_NAME]

    def _note_usage(self, usage: object) -> None:
        spent = _count(getattr(usage, "prompt_tokens", None)), _count(getattr(usage, "completion_tokens", None))
        if None not in spent:
            self.input_tokens, self.output_tokens = spent


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < _MAX_TOKENS else None
