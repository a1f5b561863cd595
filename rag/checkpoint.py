"""The one gate to the reader: a sentence is grounded, then cited, then passed on, or it stays here."""

from collections.abc import Iterator, Sequence

from rag.answers import Cited, Grounded, Sentence
from rag.citing import cite
from rag.config import AnswerConfig
from rag.events import Passed
from rag.grounding import ground
from rag.tracing import Stopwatch
from rag.types import Hit


class Checkpoint:
    """The sentences of one answer, in their order."""

    def __init__(self, hits: Sequence[Hit], config: AnswerConfig, watch: Stopwatch) -> None:
        self._hits, self._config, self._watch = hits, config, watch
        self.grounded: list[Grounded] = []
        self.cited = Cited("", (), ())

    def check(self, sentence: Sentence) -> Iterator[Passed]:
        """Yield the sentence as the reader gets it; nothing where it is not supported, or its quotes do not stand."""
        with self._watch.stage("ground"):
            grounded = ground(sentence, self._hits, self._config.min_support)
        self.grounded.append(grounded)
        if not grounded.supported:
            return
        with self._watch.stage("cite"):
            before, self.cited = self.cited, cite([each for each in self.grounded if each.supported], self._hits)
        if len(self.cited.sentences) > len(before.sentences):
            yield _newest(before, self.cited)


def _newest(before: Cited, now: Cited) -> Passed:
    newest, start = now.sentences[-1], len(before.text) + bool(before.text)
    return Passed(newest, start, start + len(newest.text), now.citations[len(before.citations) :])
