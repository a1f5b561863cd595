"""PΩ of the chunkings of the Chroma study, on the two corpora that data/chunking holds, scored as the study does.

    python -m benchmarks.calibration --data DIR [--json]

Published for all five corpora (mean ± std, x100): TokenText 200/0 21.0 ± 11.9, 400/0 12.5 ± 8.1, 400/200 8.4 ± 5.1,
800/400 4.7 ± 3.1; Recursive 200/0 29.9 ± 18.4, 400/0 17.7 ± 14.0, 400/200 13.9 ± 10.4, 800/400 6.7 ± 5.2.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import fmean, pstdev

from benchmarks.study_chunkers import recursive, token_text
from benchmarks.timing import Figure, parser, show
from evals.evalset import EvalSet
from evals.loading import load_set
from evals.metrics import locate_as_study, precision_omega
from evals.outcome import Place
from evals.spans import PlaceIndex, SpanTruth, TrueSpan

CHUNKERS: dict[str, Callable[[str, int, int], Iterable[str]]] = {"TokenText": token_text, "Recursive": recursive}
SIZES = ((200, 0), (400, 0), (400, 200), (800, 400))


def main() -> None:
    arguments = parser(__doc__).parse_args()
    found = load_set(arguments.data / "chunking")
    texts = documents(arguments.data / "chunking", found)
    figures = []
    for name, chunker in CHUNKERS.items():
        for size, overlap in SIZES:
            values = [100 * value for value in omegas(found, located(texts, chunker, (size, overlap)))]
            figures.append(Figure(f"PΩ {name} {size}/{overlap}, mean", fmean(values), "%"))
            figures.append(Figure(f"PΩ {name} {size}/{overlap}, std", pstdev(values), "%"))
    show(figures, as_json=arguments.json)


def documents(folder: Path, found: EvalSet) -> dict[str, str]:
    """Return the texts of a set's documents, by doc."""
    docs = sorted({reference.doc for case in found.cases for reference in case.references})
    return {doc: (folder / doc).read_bytes().decode() for doc in docs}


def located(
    texts: dict[str, str], chunker: Callable[[str, int, int], Iterable[str]], limits: tuple[int, int]
) -> list[Place]:
    """Return where the study takes the chunks of all documents to be; one that it cannot find is left out."""
    places = []
    for doc, text in texts.items():
        for chunk in chunker(text, *limits):
            if chunk.removesuffix(".") in text:
                places.append(Place(doc, *locate_as_study(chunk, text)))
    return places


def omegas(found: EvalSet, chunks: list[Place]) -> list[float]:
    """Return PΩ of each question."""
    index = PlaceIndex((place, str(number)) for number, place in enumerate(chunks))
    return [precision_omega(index, truth_of(case.references), "chroma") for case in found.cases]


def truth_of(references: Iterable[object]) -> SpanTruth:
    return SpanTruth(tuple(TrueSpan(Place(each.doc, each.start, each.end)) for each in references))  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
