"""Answers by a language model: what it writes, as sentences that still have to be checked, then how it ended."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rag.answering.quoting import quoted
from rag.answering.statements import Statement, Transcript
from rag.answers import Sentence, Usage
from rag.errors import CancelledError, ModelNotBegunError, ModelTimeoutError, ModelUnavailableError
from rag.ports import Completed, Completion, LanguageModel, ModelCall, Prompt
from rag.types import Hit

CHARS_PER_TOKEN = 12  # more than any tokenizer packs into one: what is longer did not heed the limit

Fate: TypeAlias = Literal["whole", "not_answered", "cut", "refused", "failed", "nonsense"]


@dataclass(frozen=True, slots=True)
class Written:
    """How a model's answer ended."""

    fate: Fate
    usage: Usage
    detail: str = ""  # a sentence of ours, never the provider's: what went wrong
    model: str | None = None  # as the provider names it


@dataclass(frozen=True, slots=True)
class Task:
    """One answer to be written by a model."""

    model: LanguageModel
    prompt: Prompt
    call: ModelCall
    hits: Sequence[Hit]  # that the prompt numbers, from 1
    count_tokens: Callable[[Sequence[str]], list[int]]  # where the provider does not say


class Writing:
    """A model at work on a task: asked when it is first read, or before. To be closed."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._completion: Completion | None = None
        self._completed: Completed | None = None
        self._text = ""  # so far
        self._begun = True  # until it is known that it did not

    def ask(self) -> Completion:
        """Ask the model, where it has not been asked yet. Raises CancelledError: nobody is asked for who has gone."""
        if self._task.call.cancelled.is_set():
            raise CancelledError("Whoever asked has gone.")
        self._completion = self._completion or self._task.model.complete(self._task.prompt, self._task.call)
        return self._completion

    def sentences(self) -> Iterator[Sentence | Written]:
        """Yield sentences with quotes as the model closes them, then how it ended, which no failure prevents.

        Raises CancelledError.
        """
        transcript = Transcript()
        try:
            for piece in self._pieces():
                yield from self._quoted(transcript.add(piece))
            if self._completed and self._completed.finish == "whole":
                yield from self._quoted(transcript.end())
        except ModelTimeoutError:
            yield self._written("failed", "The language model did not answer in time.")
        except ModelUnavailableError as error:
            self._begun = not isinstance(error, ModelNotBegunError)
            yield self._written("failed", str(error))
        except ValueError:  # of the transcript
            yield self._written("nonsense", "The language model wrote no readable answer.")
        else:
            yield self._ended(not_answered=transcript.not_answered)

    def usage(self) -> Usage:
        """Return what the provider says; else tokens counted here, and no cost. Nothing where it did not begin."""
        said, model = self._completed, self._task.call.model
        if self._completion is None or not self._begun:
            return Usage()
        if said and said.input_tokens is not None and said.output_tokens is not None:
            return Usage(said.input_tokens, said.output_tokens, said.cost_usd, model=model)
        prompt = self._task.prompt
        asked, answered = self._task.count_tokens([f"{prompt.system}\n{prompt.user}", self._text])
        return Usage(asked, answered, None, estimated=True, model=model)

    def close(self) -> None:
        """End the provider's call, where there is one."""
        if self._completion:
            self._completion.close()

    def _quoted(self, statements: Iterable[Statement]) -> Iterator[Sentence]:
        """Yield statements with quotes while there is time: a thousand may come at once."""
        for statement in statements:
            if time.monotonic() > self._task.call.until:
                raise ModelTimeoutError("There was no time left to check all that was written.")
            yield quoted(statement, self._task.hits)

    def _pieces(self) -> Iterator[str]:
        """Yield text while it stays within bounds, and note how it ended."""
        for piece in self.ask():
            if isinstance(piece, Completed):
                self._completed = piece
                return
            text = piece.encode("utf-8", "ignore").decode()  # halves of surrogate pairs are no text
            self._text += text
            if len(self._text) > CHARS_PER_TOKEN * self._task.call.max_tokens:
                return
            yield text

    def _ended(self, *, not_answered: bool) -> Written:
        finish = self._completed.finish if self._completed else None
        if finish is None:
            return self._written("cut", "The language model wrote more than it was allowed to.")
        if finish == "refused":
            return self._written("refused", "The language model refused to answer.")
        if not_answered:
            return self._written("not_answered")
        if finish == "cut":
            return self._written("cut", "The language model stopped in the middle.")
        return self._written("whole")

    def _written(self, fate: Fate, detail: str = "") -> Written:
        self.close()
        return Written(fate, self.usage(), detail, self._completed.model if self._completed else None)


class Unasked:
    """A writing that cannot begin, for a reason. Implements what `Writing` does."""

    def __init__(self, detail: str) -> None:
        self._detail = detail

    def ask(self) -> None:
        """Ask nobody."""

    def sentences(self) -> Iterator[Sentence | Written]:
        """Yield why there are none."""
        yield Written("failed", Usage(), self._detail)

    def usage(self) -> Usage:
        """Return nothing used."""
        return Usage()

    def close(self) -> None:
        """Close nothing."""
