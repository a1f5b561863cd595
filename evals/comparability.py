"""May runs be compared? Judged by the digests that they record; and in what their bundles differ."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from evals.bundle_diff import differences
from evals.findings import BundleChange
from evals.run_table import RunTable

Across: TypeAlias = Literal["code", "model"]
_SHOWN = 12  # characters of a digest


@dataclass(frozen=True, slots=True)
class _Trait:
    """What runs must share."""

    field: str
    words: str
    advice: str
    unknown: bool = False  # in runs that say null: those are not held against others


_TRAITS = (
    _Trait("set", "another eval set", "Run them on the same set; `plumbline eval set diff` shows what changed."),
    _Trait("corpus", "other documents", "Run them over the same documents, see `plumbline eval run --corpus`."),
    _Trait(
        "split",
        "another split",
        "Run them with the same --split. Tune and holdout "
        "may be given together, at least two runs of each and of the same bundles: A_tune B_tune A_holdout B_holdout.",
    ),
    _Trait("limit", "another limit", "Run them with the same --limit."),
    _Trait("timeout_s", "another time-out", "Run them with the same --timeout.", unknown=True),
    _Trait("scoring", "another scoring", "Run them with the same --scoring."),
    _Trait("code", "another version of the code", "Run them with the same version, or compare with --across code."),
    _Trait("model", "another embedding model", "Run them with the same model, or compare with --across model."),
)


def labels(tables: Sequence[RunTable], *, with_split: bool = False) -> list[str]:
    """Return a name for each run: its bundle's or its floor's, with the split where that is asked for.

    Those that share one have the id besides, and are numbered where even that is one.
    """
    names = [f"{_name(table)} on {table.run.split}" if with_split else _name(table) for table in tables]
    shared = Counter(names)
    named = [
        f"{name} ({table.run.id})" if shared[name] > 1 and name != table.run.id else name
        for name, table in zip(names, tables, strict=True)
    ]
    return [name if named.count(name) == 1 else f"{name} #{at}" for at, name in enumerate(named, 1)]


def obstacles(tables: Sequence[RunTable], names: Sequence[str], across: Collection[Across] = ()) -> list[str]:
    """Return why these runs cannot be compared: which, what differs, what to do. Empty where they can."""
    free = {*across, "split"} if _may_stand_beside(tables) else {*across}
    free |= {"limit"} if _uncut(tables) else set()
    strict = [trait for trait in _TRAITS if trait.field not in free]
    found = [f"{said} {trait.advice}" for trait in strict if (said := _unlike(trait, tables, names))]
    return found or [
        fault
        for group in by_split(tables)
        for fault in _other_cases([tables[at] for at in group], [names[at] for at in group])
    ]


def by_split(tables: Sequence[RunTable]) -> list[list[int]]:
    """Return the places of the runs of each split, in their order."""
    found: dict[str, list[int]] = {}
    for at, table in enumerate(tables):
        found.setdefault(table.run.split, []).append(at)
    return list(found.values())


def _may_stand_beside(tables: Sequence[RunTable]) -> bool:
    """Whether these are pairs of the tune split and pairs of the holdout that share a bundle."""
    tune, holdout = ([table for table in tables if table.run.split == split] for split in ("tune", "holdout"))
    tuned, held = ({(table.run.bundle, table.run.search) for table in side} for side in (tune, holdout))
    return min(len(tune), len(holdout)) > 1 and len(tune) + len(holdout) == len(tables) and bool(tuned & held)


def crossings(tables: Sequence[RunTable], names: Sequence[str], across: Collection[Across]) -> list[str]:
    """Return in what the runs differ that they are compared in spite of."""
    free = [trait for trait in _TRAITS if trait.field in across]
    found = [(trait, said) for trait in free if (said := _unlike(trait, tables, names))]
    return [f"Compared in spite of this, as --across {trait.field} asks: {said}" for trait, said in found]


def partial(tables: Sequence[RunTable], names: Sequence[str]) -> list[str]:
    """Return which runs have no answers, where others have."""
    bare = [name for name, table in zip(names, tables, strict=True) if table.run.retrieval_only]
    if len(bare) in {0, len(tables)}:
        return []
    said = f"{_joined(bare)} {'has' if len(bare) == 1 else 'have'} rankings without answers"
    return [f"{said}: metrics of answers cannot be compared, and latency_ms.total is that of the search alone."]


def changes(a: RunTable, b: RunTable) -> tuple[BundleChange, ...]:
    """Return the fields in which the bundles of two runs differ, with both values, and whose search it was."""
    found = differences(a.run.bundle_content, b.run.bundle_content)
    if a.run.search != b.run.search:
        one, other = (f"floor {table.run.search}" if table.run.search else "bundle" for table in (a, b))
        found.append(("search", one, other))
    return tuple(BundleChange(field=name, a=_text(one), b=_text(other)) for name, one, other in found)


def _unlike(trait: _Trait, tables: Sequence[RunTable], names: Sequence[str]) -> str:
    values = [getattr(table.run, trait.field) for table in tables]
    known = [(name, _said(value)) for name, value in zip(names, values, strict=True) if not _unknown(trait, value)]
    others = [f"{name} ({said})" for name, said in known if said != known[0][1]]
    if not others:
        return ""
    first, said = known[0]
    return f"{_joined(others)} {'has' if len(others) == 1 else 'have'} {trait.words} than {first} ({said})."


def _unknown(trait: _Trait, value: object) -> bool:
    return trait.unknown and value is None


def _uncut(tables: Sequence[RunTable]) -> bool:
    """Whether no limit left a question out: runs hold the same ones, and none more than its limit asks for.

    Beside another split, as many questions as the limit may have been cut to it.
    """
    groups = [[tables[at] for at in group] for group in by_split(tables)]
    spare = len(groups) > 1
    same = all(set(table.cases.id) == set(group[0].cases.id) for group in groups for table in group)
    limits = [(table.run.limit, len(table.cases.id)) for table in tables]
    return same and all(limit is None or limit >= cases + spare for limit, cases in limits)


def _other_cases(tables: Sequence[RunTable], names: Sequence[str]) -> list[str]:
    first = set(tables[0].cases.id)
    return [twice for name, table in zip(names, tables, strict=True) if (twice := _twice(table, name))] or [
        f"{name} holds {len(own - first)} questions that {names[0]} lacks, and lacks {len(first - own)} of its. "
        "Run both again: one may have been cut short."
        for name, table in zip(names, tables, strict=True)
        if (own := set(table.cases.id)) != first
    ]


def _twice(table: RunTable, name: str) -> str:
    """Return which case stands more than once in a run; empty where none does."""
    again = [id_ for id_, count in Counter(table.cases.id).items() if count > 1]
    if not again:
        return ""
    more = f", as {len(again) - 1:,} more do" if len(again) > 1 else ""
    return f"{name} holds the case {again[0]} more than once{more}. Run it again: its file was changed or put together."


def _joined(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _said(value: object) -> str:
    return "none" if value in {None, ""} else str(value)[:_SHOWN]


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _name(table: RunTable) -> str:
    """Return what a run is called; a floor's search is never taken for a bundle."""
    name = table.run.name or table.run.id
    if not table.run.search:
        return name
    return (
        f"floor {table.run.search}" if name in {table.run.id, table.run.search} else f"{name}, floor {table.run.search}"
    )
