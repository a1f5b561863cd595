"""Places of a saved ranking with their texts, as far as the very same version of the document can still be read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.evalset import Reference
from evals.loading import read_set
from evals.run import RankedPlace
from indexing.identity import chunk_id, document_id
from rag.types import Document

ReadDocument = Callable[[str], Document | None]  # by id; None: it is not there, or may not be read


@dataclass(frozen=True, slots=True)
class ReadPlace:
    """A place, its text, and which parts of it are marked."""

    place: RankedPlace
    text: str | None  # None: it cannot be read any more
    marks: tuple[tuple[int, int], ...] = ()  # code points of the text
    is_known: bool = True  # False: there is no such document, or it may not be read, whichever version


class Texts:
    """Documents as a run had them: a chunk's id names the version that it was cut from."""

    def __init__(self, index: str, read: ReadDocument, ranked: Iterable[RankedPlace]) -> None:
        """index: digest of the run's index configuration; ranked: chunks of it, which tell the versions."""
        places = list(ranked)
        found = {uri: read(_id_of(uri)) for uri in dict.fromkeys(place.doc for place in places)}
        self._known = {uri for uri, document in found.items() if document}
        self._texts = {
            place.doc: document.text
            for place in places
            if (document := found[place.doc]) and _is_of(place, document, index)
        }

    def read(self, place: RankedPlace, gold: Sequence[Reference] = ()) -> ReadPlace:
        """Return a place with its text, and in it what the truth names."""
        text = self._texts.get(place.doc)
        if text is None:
            return ReadPlace(place, None, is_known=place.doc in self._known)
        own = [each for each in gold if _means(each, place.doc) and text[each.start : each.end] == each.text]
        cut = [(max(each.start, place.start) - place.start, min(each.end, place.end) - place.start) for each in own]
        return ReadPlace(place, text[place.start : place.end], tuple((low, high) for low, high in cut if low < high))


def gold_of(set_path: str, case_id: str, question: str) -> tuple[Reference, ...]:
    """Return a case's spans where its set is still there and asks the same; else none."""
    path = Path(set_path)
    if not set_path or not path.exists():
        return ()
    cases = read_set(path).eval_set.cases
    return next((each.references for each in cases if each.id == case_id and each.question == question), ())


def _id_of(uri: str) -> str:
    source, _, path = uri.partition("/")
    return document_id(source, path)


def _is_of(place: RankedPlace, document: Document, index: str) -> bool:
    return place.id == chunk_id(document.id, document.version, index, place.start, place.end)


def _means(reference: Reference, uri: str) -> bool:
    return uri == reference.doc or uri.endswith(f"/{reference.doc}")
