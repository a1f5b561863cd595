"""May runs be compared? Judged by the digests that they record; and in what their bundles differ."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from evals.findings import BundleChange
from evals.run_table import RunTable
from rag.config import Bundle

Across: TypeAlias = Literal["code", "model"]
_SHOWN = 12  # characters of a digest


@dataclass(frozen=True, slots=True)
class _Trait:
    """What runs must share."""

    field: str
    words: str
    advice: str


_TRAITS = (
    _Trait("set", "another eval set", "Run them on the same set; `plumbline eval set diff` shows what changed."),
    _Trait("corpus", "other documents", "Run them over the same documents, see `plumbline eval run --corpus`."),
    _Trait("split", "another split", "Run them with the same --split."),
    _Trait("limit", "another limit", "Run them with the same --limit."),
    _Trait("scoring", "another scoring", "Run them with the same --scoring."),
    _Trait("code", "another version of the code", "Run them with the same version, or compare with --across code."),
    _Trait("model", "another embedding model", "Run them with the same model, or compare with --across model."),
)


def labels(tables: Sequence[RunTable]) -> list[str]:
    """Return a name for each run: its bundle's, with the id where several share it, numbered where even that is one."""
    names = [table.run.name or table.run.id for table in tables]
    shared = Counter(names)
    named = [
        f"{name} ({table.run.id})" if shared[name] > 1 and name != table.run.id else name
        for name, table in zip(names, tables, strict=True)
    ]
    return [name if named.count(name) == 1 else f"{name} #{at}" for at, name in enumerate(named, 1)]


def obstacles(tables: Sequence[RunTable], names: Sequence[str], across: Collection[Across] = ()) -> list[str]:
    """Return why these runs cannot be compared: which, what differs, what to do. Empty where they can."""
    strict = [trait for trait in _TRAITS if trait.field not in across]
    found = [f"{said} {trait.advice}" for trait in strict if (said := _unlike(trait, tables, names))]
    return found or _other_cases(tables, names)


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


def bundle_changes(a: Bundle, b: Bundle) -> tuple[BundleChange, ...]:
    """Return the fields in which two bundles differ, with both values."""
    left, right = _flat(a.model_dump(mode="json")), _flat(b.model_dump(mode="json"))
    return tuple(BundleChange(field=name, a=left[name], b=right[name]) for name in left if left[name] != right[name])


def _unlike(trait: _Trait, tables: Sequence[RunTable], names: Sequence[str]) -> str:
    values = [_said(getattr(table.run, trait.field)) for table in tables]
    others = [f"{name} ({value})" for name, value in zip(names, values, strict=True) if value != values[0]]
    if not others:
        return ""
    return f"{_joined(others)} {'has' if len(others) == 1 else 'have'} {trait.words} than {names[0]} ({values[0]})."


def _other_cases(tables: Sequence[RunTable], names: Sequence[str]) -> list[str]:
    first = set(tables[0].cases.id)
    return [
        f"{name} holds {len(own - first)} questions that {names[0]} lacks, and lacks {len(first - own)} of its. "
        "Run both again: one may have been cut short."
        for name, table in zip(names, tables, strict=True)
        if (own := set(table.cases.id)) != first or len(table.cases.id) != len(own)
    ]


def _joined(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _said(value: object) -> str:
    return "none" if value in {None, ""} else str(value)[:_SHOWN]


def _flat(content: Mapping[str, object], path: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in content.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{path}{name}.")
        else:
            found[path + name] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return found
