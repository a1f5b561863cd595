"""Tune and holdout: what is tuned on one must not be known from the other, so documents are never shared."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from evals.evalset import Case, Split

_TUNE = 0.6  # share of the cases
_LEAST = 0.1  # share of the smaller side; below it a holdout by document would say nothing
_ATTEMPTS = 32  # orders that are tried, to come near the shares
_NEAR = 0.01


@dataclass(frozen=True, slots=True)
class Part:
    """The cases of one side, in the order of the set."""

    cases: tuple[Case, ...]
    note: str = ""  # where it could not be split by document


def split_cases(cases: Sequence[Case], split: Split, seed: int = 0) -> Part:
    """Return all cases, about 60 % to tune on, or the others to hold out.

    Cases that share a document are on one side. It is the same on every machine and for every order of the cases.
    """
    if split == "all":
        return Part(tuple(cases))
    tuned, note = _tuned(cases, seed)
    return Part(tuple(case for case in cases if (case.id in tuned) == (split == "tune")), note)


def documents_of(case: Case) -> frozenset[str]:
    """Return the documents that a case was made from, as far as it says."""
    context, sources = case.other.get("context"), case.other.get("source_docs")
    further = [context.get("doc")] if isinstance(context, dict) else []
    further += sources if isinstance(sources, list) else []
    further += [each.doc for each in case.alternatives]
    return frozenset([*case.docs, *(doc for doc in further if isinstance(doc, str))])


def _tuned(cases: Sequence[Case], seed: int) -> tuple[set[str], str]:
    """Return the ids to tune on, and a note where documents could not decide."""
    groups = _groups(cases)
    loose = [case.id for case in cases if not documents_of(case)]
    tuned = _balanced(groups, seed) | _by_hash(loose, seed)
    if groups and min(len(tuned), len(cases) - len(tuned)) >= max(1, _LEAST * len(cases)):
        return tuned, ""
    reason = "most cases hang together by the documents they share" if groups else "no case names a document"
    return _by_hash([case.id for case in cases], seed), f"Split by question, not by document: {reason}."


def _groups(cases: Iterable[Case]) -> list[list[str]]:
    """Return ids of cases that hang together by documents; cases without a document are left out."""
    parents: dict[str, str] = {}
    documented = [(case.id, sorted(documents_of(case))) for case in cases]
    for _, documents in documented:
        for document in documents:
            parents[_root(parents, document)] = _root(parents, documents[0])
    groups: dict[str, list[str]] = {}
    for id_, documents in documented:
        if documents:
            groups.setdefault(_root(parents, documents[0]), []).append(id_)
    return list(groups.values())


def _root(parents: dict[str, str], document: str) -> str:
    """Return what stands for all documents that hang together with this one (union-find, halving paths)."""
    while (parent := parents.setdefault(document, document)) != document:
        parents[document] = parents[parent]
        document = parents[document]
    return document


def _balanced(groups: Sequence[Collection[str]], seed: int) -> set[str]:
    """Return the ids of whole groups whose share comes nearest, of a fixed number of orders."""
    total = sum(map(len, groups))
    best: set[str] = set()
    for attempt in range(_ATTEMPTS):
        found = _greedy(sorted(groups, key=lambda group: _hash(f"{seed}/{attempt}", min(group))), total)
        if abs(len(found) - _TUNE * total) < abs(len(best) - _TUNE * total):
            best = found
        if abs(len(best) - _TUNE * total) <= _NEAR * total:
            break
    return best


def _greedy(groups: Iterable[Collection[str]], total: int) -> set[str]:
    """Give each group to the side that lacks more."""
    tuned: set[str] = set()
    held = 0
    for group in groups:
        if _TUNE * total - len(tuned) >= (1 - _TUNE) * total - held:
            tuned.update(group)
        else:
            held += len(group)
    return tuned


def _by_hash(ids: Sequence[str], seed: int) -> set[str]:
    """Return 60 % of the ids."""
    ordered = sorted(ids, key=lambda id_: _hash(str(seed), id_))
    return set(ordered[: round(_TUNE * len(ordered))])


def _hash(salt: str, text: str) -> bytes:
    return hashlib.sha256(f"{salt}/{text}".encode()).digest()
