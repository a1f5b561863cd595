"""The language model of this deployment, with its limits: hits in, sentences out."""

import threading
import time
from collections.abc import Callable

from rag.answering.generative import Task, Unasked, Writing
from rag.answers import Found
from rag.errors import UsageError
from rag.ports import Embedder, LanguageModel, ModelCall
from rag.prompting import Asked, render_prompt
from rag.settings import ModelSettings
from rag.types import Request

FALLBACK_S = 1.0  # of a request's time, kept for the answer without the model
_UNSET = "There is no language model: PLUMBLINE_MODEL__URL and PLUMBLINE_MODEL__NAME set one."


class Writer:
    """Writes answers with one model, which is opened when it is needed."""

    def __init__(self, settings: ModelSettings, open_model: Callable[[], LanguageModel]) -> None:
        self._settings, self._open_model = settings, open_model
        self._lock = threading.Lock()
        self._model: LanguageModel | None = None

    @property
    def model(self) -> LanguageModel:
        """The model. Raises UsageError where its library is not installed."""
        with self._lock:
            self._model = self._model or self._open_model()
            return self._model

    def warm_up(self) -> None:
        """Load the model's library, where there is a model."""
        if self._settings.is_set:
            _ = self.model

    def close(self) -> None:
        """Close the model, where it was opened; the next question opens it again."""
        with self._lock:
            model, self._model = self._model, None
        if model:
            model.close()

    def named(self, found: Found) -> str:
        """Return the name of the model that a bundle's answers are written by; empty where there is none."""
        return (found.bundle.answer.model or self._settings.name) if self._settings.is_set else ""

    def until(self, request: Request) -> float:
        """Return the time.monotonic() by which the model must be done."""
        latest = time.monotonic() + self._settings.timeout_s
        return latest if request.deadline is None else min(latest, request.deadline - FALLBACK_S)

    @property
    def early(self) -> bool:
        """Whether the model is asked before it is known that what was found answers the question."""
        return self._settings.early

    def begin(self, found: Found, until: float, embedder: Embedder) -> Writing | Unasked:
        """Return the model's work on what was found, not asked for yet, or why there is none."""
        if not self.named(found):
            return Unasked(_UNSET)
        try:
            return Writing(self._task(found, until, embedder))
        except UsageError as error:
            return Unasked(str(error))

    def _task(self, found: Found, until: float, embedder: Embedder) -> Task:
        config, limits = found.bundle.answer, self._settings
        room = limits.context_tokens - limits.max_output_tokens
        asked = Asked(found.request.question, found.hits, config.max_sentences, room)
        prompt, sources = render_prompt(config.prompt, asked, embedder.count_tokens)
        call = ModelCall(
            model=self.named(found),
            until=until,
            max_tokens=limits.max_output_tokens,
            temperature=config.temperature,
            pinned=config.model is not None,
            cancelled=found.request.cancelled,
        )
        return Task(self.model, prompt, call, found.hits[:sources], embedder.count_tokens)


def without_model() -> Writer:
    """Return a writer that has no model, as where no address is set."""

    def open_model() -> LanguageModel:
        raise UsageError(_UNSET)

    return Writer(ModelSettings(), open_model)


def model_shown(asked: str, named: str | None) -> str:
    """Return the model that answered: as it was asked for, with its date where it names itself so."""
    dated = named is not None and named.startswith(f"{asked}-") and named[len(asked) + 1 :].replace("-", "").isdigit()
    return named[:200] if dated and named else asked
