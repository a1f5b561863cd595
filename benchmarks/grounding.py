"""How long the grounding check takes: `python -m benchmarks.grounding --data DIR`.

An answer of five sentences over five passages of real text, 1,100 characters each at most, every answer over passages
of its own. A sentence is one of the passages' with every fifth word left out: none is a quote, and all is computed.
"""

import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from benchmarks import corpus, timing
from benchmarks.timing import Figure
from rag.adapters.onnx import OnnxEmbedder
from rag.grounding import check_grounding
from rag.sentences import split_sentences

PASSAGES = SENTENCES = 5
MIN_WORDS = 8  # of a sentence of the answer
WARM_UP = 5  # answers that are not counted


@dataclass(frozen=True, slots=True)
class Case:
    """An answer with its sources."""

    sources: list[str]
    answer: str


def main() -> None:
    options = timing.parser(__doc__)
    options.add_argument("--answers", type=int, default=200)
    given = options.parse_args()
    embedder = OnnxEmbedder(Path(tempfile.gettempdir()) / "plumbline-benchmarks" / "models")
    works = {"check": check, "embed": lambda case: embedder.embed([case.answer[:100]])}
    made = list(islice(cases(given.data), given.answers + WARM_UP))
    times = timing.in_turns(works, made)
    alone = [processor_milliseconds(case) for case in made[WARM_UP:]]
    taken, unit = times["check"][WARM_UP:], timing.p50(times["embed"][WARM_UP:])
    p50, p95 = timing.spread("grounding, 5 sentences over 5 passages", taken, unit)
    figures = [replace(p50, target=30), p95, Figure("the same, processor time, p50", timing.p50(alone), "ms")]
    timing.show(figures, as_json=given.json)


def processor_milliseconds(case: Case) -> float:
    """Return what a check takes where no other program uses the processor."""
    started = time.process_time()
    check(case)
    return 1000 * (time.process_time() - started)


def check(case: Case) -> None:
    check_grounding("", case.sources, case.answer)


def cases(data: Path) -> Iterator[Case]:
    """Yield answers over passages of the corpus, always the same."""
    dice = random.Random(1)
    passages = [passage for passage in _passages(data) if _usable(passage)]
    dice.shuffle(passages)
    for at in range(0, len(passages) - PASSAGES, PASSAGES):
        sources = passages[at : at + PASSAGES]
        sentences = [dice.choice(_usable(source)) for source in sources]
        answer = " ".join(map(_shortened, sentences))
        if len(split_sentences(answer)) == SENTENCES:
            yield Case(sources, answer)


def _passages(data: Path) -> Iterator[str]:
    for text in islice(corpus.texts(data), 400):
        for start in range(0, len(text.text) - corpus.PASSAGE_CHARS, corpus.PASSAGE_CHARS):
            yield text.text[start : start + corpus.PASSAGE_CHARS]


def _usable(passage: str) -> list[str]:
    found = [passage[start:end] for start, end in split_sentences(passage)[1:-1]]
    return [each for each in found if len(each.split()) >= MIN_WORDS and each[0].isupper()]


def _shortened(sentence: str) -> str:
    words = sentence.split()
    return " ".join(word for place, word in enumerate(words, 1) if place % 5 or place == len(words))


if __name__ == "__main__":
    main()
