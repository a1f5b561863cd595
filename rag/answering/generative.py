"""Answers by a language model: what it writes, as sentences that still have to be checked, then how it ended."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rag.answering.quoting import quoted
from rag.answering.statements import Transcript
from rag.answers import Sentence, Usage
from rag.errors import ModelTimeoutError, ModelUnavailableError
from rag.ports import Completed, LanguageModel, ModelCall, Prompt
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
class Writing:
    """One answer to be written by a model."""

    model: LanguageModel
    prompt: Prompt
    call: ModelCall
    hits: Sequence[Hit]  # that the prompt numbers, from 1
    count_tokens: Callable[[Sequence[str]], list[int]]  # where the provider does not say


def write(writing: Writing) -> Generator[Sentence | Written, None, None]:
    """Yield sentences with quotes as the model closes them, then how it ended, which no failure prevents.

    Raises CancelledError.
    """
    transcript, heard = Transcript(), _Heard()
    try:
        with closing(_pieces(writing, heard)) as pieces:
            for piece in pieces:
                for statement in transcript.add(piece):
                    yield quoted(statement, writing.hits)
        if heard.completed and heard.completed.finish == "whole":
            for statement in transcript.end():
                yield quoted(statement, writing.hits)
    except ModelTimeoutError:
        yield _written(writing, heard, "failed", "The language model did not answer in time.")
    except ModelUnavailableError as error:
        yield _written(writing, heard, "failed", str(error))
    except ValueError:  # of the transcript
        yield _written(writing, heard, "nonsense", "The language model wrote no readable answer.")
    else:
        yield _ended(writing, heard, not_answered=transcript.not_answered)


@dataclass(slots=True)
class _Heard:
    """All that came of a model so far."""

    text: str = ""
    completed: Completed | None = None


def _pieces(writing: Writing, heard: _Heard) -> Generator[str, None, None]:
    """Yield text while it stays within bounds, and note how it ended."""
    with closing(writing.model.complete(writing.prompt, writing.call)) as heard_of:
        for piece in heard_of:
            if isinstance(piece, Completed):
                heard.completed = piece
                return
            text = piece.encode("utf-8", "ignore").decode()  # halves of surrogate pairs are no text
            heard.text += text
            if len(heard.text) > CHARS_PER_TOKEN * writing.call.max_tokens:
                return
            yield text


def _ended(writing: Writing, heard: _Heard, *, not_answered: bool) -> Written:
    completed = heard.completed
    if completed is None:
        return _written(writing, heard, "cut", "The language model wrote more than it was allowed to.")
    if completed.finish == "refused":
        return _written(writing, heard, "refused", "The language model refused to answer.")
    if not_answered:
        return _written(writing, heard, "not_answered")
    if completed.finish == "cut":
        return _written(writing, heard, "cut", "The language model stopped in the middle.")
    return _written(writing, heard, "whole")


def _written(writing: Writing, heard: _Heard, fate: Fate, detail: str = "") -> Written:
    return Written(fate, _usage(writing, heard), detail, heard.completed.model if heard.completed else None)


def _usage(writing: Writing, heard: _Heard) -> Usage:
    """Return what the provider says; else tokens counted here, and no cost."""
    said = heard.completed
    if said and said.input_tokens is not None and said.output_tokens is not None:
        return Usage(said.input_tokens, said.output_tokens, said.cost_usd)
    asked, answered = writing.count_tokens([f"{writing.prompt.system}\n{writing.prompt.user}", heard.text])
    return Usage(asked, answered, None, estimated=True)
