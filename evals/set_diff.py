"""What became of an eval set: two versions of it, case by case."""

from collections.abc import Mapping
from dataclasses import dataclass

from evals.evalset import EvalSet, case_content


@dataclass(frozen=True, slots=True)
class SetDiff:
    """How a second set differs from a first, by case id."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, tuple[str, ...]]  # id -> names of the changed fields
    reordered: bool  # the cases that both hold stand in another order

    @property
    def same(self) -> bool:
        """Whether both are the same frozen set."""
        return not (self.added or self.removed or self.changed or self.reordered)


def diff_sets(a: EvalSet, b: EvalSet) -> SetDiff:
    """Return what was added to, removed from and changed in the first set."""
    former = {case.id: case_content(case) for case in a.cases}
    later = {case.id: case_content(case) for case in b.cases}
    changed = {id_: _changed(former[id_], later[id_]) for id_ in former if id_ in later}
    return SetDiff(
        added=tuple(id_ for id_ in later if id_ not in former),
        removed=tuple(id_ for id_ in former if id_ not in later),
        changed={id_: fields for id_, fields in changed.items() if fields},
        reordered=[id_ for id_ in former if id_ in later] != [id_ for id_ in later if id_ in former],
    )


def _changed(former: Mapping[str, object], later: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(name for name in {**former, **later} if former.get(name) != later.get(name))
