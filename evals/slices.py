"""The headline metric by part of the questions: a slice that gets worse is marked even where the mean rises."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evals.findings import Pair, SliceDifference, SliceKind
from evals.run_table import RunTable
from evals.significance import Paired, holm, paired
from evals.verdicts import lower_is_better, questions, signed

LEAST = 5  # questions of a slice: of fewer nothing can be said
MOST = 30  # slices of a kind: more cost time and, by Holm, power
LEVEL = 0.05
_NAMED = 5  # slices in a note
_LENGTHS = ((6, "up to 6 words"), (12, "7 to 12 words"))  # of a question
_LONGEST = "13 words and more"

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the questions that have a value."""

    kind: SliceKind
    name: str
    rows: Rows


def slices_of(table: RunTable, metric: str) -> tuple[list[Slice], list[str]]:
    """Return the slices in which the metric has at least `LEAST` values, and what was folded or left out.

    Small slices of a kind are folded into "other". A slice that holds every question, or the same ones as a former,
    is left out without a word.
    """
    defined = ~np.isnan(table.column(metric))
    seen, found, notes = {np.flatnonzero(defined).tobytes()}, list[Slice](), list[str]()
    for kind, members in _members(table).items():
        rows = {name: np.array(own)[defined[own]] for name, own in members.items()}
        parts, said = _folded(kind, rows)
        notes += [said] if said else []
        for each in parts:
            if each.rows.tobytes() not in seen:
                seen.add(each.rows.tobytes())
                found.append(each)
    return found, notes


def slice_differences(
    first: RunTable, others: Sequence[RunTable], slices: Sequence[Slice], metric: str
) -> list[tuple[SliceDifference, ...]]:
    """Return for each other run its differences from the first by slice; Holm over the slices of a pair."""
    a = first.column(metric)
    columns = [other.column(metric) for other in others]
    if not slices:
        return [() for _ in others]
    masked = [(_only(a, each.rows), _only(b, each.rows)) for b in columns for each in slices]
    tests = paired(np.stack([left for left, _ in masked], 1), np.stack([right for _, right in masked], 1))
    means = [_means(left, right) for left, right in masked]
    size = len(slices)
    return [_of_pair(slices, tests[at : at + size], means[at : at + size], metric) for at in range(0, len(tests), size)]


def slice_warnings(pairs: Sequence[Pair]) -> Iterator[str]:
    """Yield which runs are worse somewhere, whatever their means say."""
    for pair in pairs:
        worse = [f"{each.kind} {each.name} ({signed(each.difference, 3)})" for each in pair.slices if each.worse]
        if worse:
            more = f" and {len(worse) - _NAMED} more" if len(worse) > _NAMED else ""
            yield f"{pair.label_b} is worse than {pair.label_a} in {', '.join(worse[:_NAMED])}{more}."


def _of_pair(
    slices: Sequence[Slice], tests: Sequence[Paired], means: Sequence[tuple[float, float]], metric: str
) -> tuple[SliceDifference, ...]:
    enough = [each.n >= LEAST for each in tests]
    adjusted = holm([test.p if kept else None for test, kept in zip(tests, enough, strict=True)])
    rows = zip(slices, tests, means, adjusted, strict=True)
    return tuple(_difference(part, test, ab, p, metric) for part, test, ab, p in rows if p is not None)


def _difference(part: Slice, test: Paired, ab: tuple[float, float], p_holm: float, metric: str) -> SliceDifference:
    assert test.difference is not None
    assert test.ci_low is not None
    assert test.ci_high is not None
    assert test.p is not None
    falls = (test.difference < 0) != lower_is_better(metric)
    return SliceDifference(
        kind=part.kind,
        name=part.name,
        n=test.n,
        a=ab[0],
        b=ab[1],
        difference=test.difference,
        ci_low=test.ci_low,
        ci_high=test.ci_high,
        p=test.p,
        p_holm=p_holm,
        worse=falls and p_holm < LEVEL,
    )


def _members(table: RunTable) -> dict[SliceKind, dict[str, list[int]]]:
    """Return which cases each slice holds."""
    found: dict[SliceKind, dict[str, list[int]]] = {
        kind: defaultdict(list) for kind in ("answerable", "type", "tag", "document", "length")
    }
    for kind, name, at in _memberships(table):
        found[kind][name].append(at)
    return found


def _memberships(table: RunTable) -> Iterator[tuple[SliceKind, str, int]]:
    cases = table.cases
    for at, (answerable, type_, tags, docs, question) in enumerate(
        zip(cases.answerable, cases.type, cases.tags, cases.docs, cases.question, strict=True)
    ):
        yield "answerable", "yes" if answerable else "no", at
        yield from (("type", type_, at) for _ in range(bool(type_)))
        yield from (("tag", tag, at) for tag in dict.fromkeys(tags))
        yield from (("document", doc, at) for doc in dict.fromkeys(docs))
        yield from (("length", length_band(question), at) for _ in range(bool(question.split())))


def length_band(question: str) -> str:
    """Return the band of a question's length."""
    words = len(question.split())
    return next((name for most, name in _LENGTHS if words <= most), _LONGEST)


def _folded(kind: SliceKind, rows: dict[str, Rows]) -> tuple[list[Slice], str]:
    """Return the slices of a kind, the largest first, the small ones as one; and what was done with those."""
    ordered = sorted(rows.items(), key=lambda item: (-len(item[1]), item[0]))
    large = [(name, own) for name, own in ordered if len(own) >= LEAST][:MOST]
    small = [own for _, own in ordered[len(large) :]]
    parts = [Slice(kind, name, own) for name, own in large]
    if not small:
        return parts, ""
    other = np.unique(np.concatenate(small))
    which = f"{kind}: {len(small)} with fewer than {max(LEAST, _least(large, small))} questions that have a value"
    if not len(other):
        return parts, f"{kind}: no value for {', '.join(name for name, _ in ordered[len(large) :][:_NAMED])}"
    if len(small) == 1 or len(other) < LEAST:
        return parts, f"{which} left out ({questions(len(other))})"
    return [*parts, Slice(kind, "other", other)], f'{which} folded into "other" ({questions(len(other))})'


def _least(large: Sequence[tuple[str, Rows]], small: Sequence[Rows]) -> int:
    """Return the number of questions below which slices count as small: more where there are too many slices."""
    return len(large[-1][1]) + 1 if len(large) == MOST and len(small[0]) >= LEAST else LEAST


def _only(values: NDArray[np.float64], rows: Rows) -> NDArray[np.float64]:
    found = np.full(len(values), np.nan)
    found[rows] = values[rows]
    return found


def _means(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, float]:
    """Return both means over what both have; of nothing, 0 that nobody sees."""
    both = ~np.isnan(a) & ~np.isnan(b)
    return (float(a[both].mean()), float(b[both].mean())) if both.any() else (0.0, 0.0)
