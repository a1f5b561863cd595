"""Changes of an eval set: cases made, mended and removed, and the new version that they become."""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import yaml

from evals.case_lines import Checked, checked_cases
from evals.evalset import Case, CorpusPlace, EvalSet
from evals.faults import Fault
from evals.formats.exporting import write_jsonl
from evals.loading import DESCRIPTION, QUESTIONS, load_set
from evals.set_diff import SetDiff, diff_sets
from rag.errors import UsageError

_VERSION = re.compile(r"(?P<name>.+)-v(?P<number>[0-9]{1,6})")
_NAME = re.compile(r"\w[\w .-]{0,79}")
_ATTEMPTS = 100  # numbers that others may take while this one is being written


@dataclass(frozen=True)
class Draft:
    """A set with changes that are not saved."""

    original: EvalSet
    cases: tuple[Case, ...]

    @cached_property
    def diff(self) -> SetDiff:
        """How it differs from the original."""
        if self.cases is self.original.cases:
            return SetDiff((), (), {}, reordered=False)
        return diff_sets(self.original, self.eval_set)

    @property
    def changes(self) -> int:
        """How many cases were added, changed or removed."""
        found = self.diff
        return len(found.added) + len(found.changed) + len(found.removed)

    @property
    def eval_set(self) -> EvalSet:
        """The set as it would be saved."""
        return replace(self.original, cases=self.cases)

    def case(self, case_id: str) -> Case | None:
        """Return a case; None where there is none of this id."""
        return next((case for case in self.cases if case.id == case_id), None)

    def put(self, case: Case, former_id: str = "") -> "Draft":
        """Return the draft with a case in the place of the former one of that id, else as its last."""
        known = former_id or case.id
        if self.case(known) is None:
            return replace(self, cases=(*self.cases, case))
        return replace(self, cases=tuple(case if each.id == known else each for each in self.cases))

    def without(self, case_id: str) -> "Draft":
        """Return the draft without a case."""
        return replace(self, cases=tuple(case for case in self.cases if case.id != case_id))


def new_draft(eval_set: EvalSet) -> Draft:
    """Return a draft without changes."""
    return Draft(eval_set, eval_set.cases)


def empty_draft(name: str, folder: Path) -> Draft:
    """Return a draft of a new set over what serves. Raises UsageError for a name that no folder can have."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a set: use letters, digits, spaces, dots, - and _, 80 at most.")
    return new_draft(EvalSet(name, folder / name, (), CorpusPlace("none")))


def check_case(draft: Draft, content: Mapping[str, object], former_id: str = "") -> Checked:
    """Return a case as reading its line would, with what is wrong with it.

    former_id: of the case that it replaces; empty for one more.
    """
    others = [case for case in draft.cases if case.id != former_id]
    line = next((case.line for case in draft.cases if case.id == former_id), 0)
    checked = checked_cases([(line, dict(content))])
    taken = [
        Fault(line, case.id, "id belongs to another case; give each its own")
        for case in checked.cases
        if any(each.id == case.id for each in others)
    ]
    return Checked(() if taken else checked.cases, (*checked.faults, *taken))


def twins(draft: Draft, question: str, former_id: str = "") -> list[str]:
    """Return the ids of other cases that ask the same, whatever their case and spaces."""
    asked = _folded(question)
    return [case.id for case in draft.cases if case.id != former_id and _folded(case.question) == asked]


def free_id(cases: Sequence[Case]) -> str:
    """Return an id that no case has, in the manner of the last one: "hb-231" after "hb-230"."""
    last = cases[-1].id if cases else "case-000"
    found = re.fullmatch(r"(.*?)([0-9]{1,9})", last, re.DOTALL)
    stem, digits = (found[1], found[2]) if found else ("case-", "000")
    taken, number = {case.id for case in cases}, int(digits)
    while (id_ := f"{stem}{number:0{len(digits)}d}") in taken or number == int(digits):
        number += 1
    return id_


def save_version(draft: Draft, folder: Path) -> Path:
    """Write a draft as the next version of its set; return its folder. Nothing is ever overwritten.

    Raises UsageError where it holds no case, cannot be written, or would not find its documents from there.
    """
    if not draft.cases:
        raise UsageError("A set needs at least one case.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        making = folder.resolve() / f".{uuid4().hex[:12]}.tmp"
        making.mkdir()
        try:
            _write(draft, making)
            return _place(draft, making)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    except OSError as error:
        raise UsageError(f"The set cannot be written to {folder}: {error.strerror}.") from error


def next_version(name: str, folder: Path, *, is_new: bool = False) -> str:
    """Return the name of a set's next version: "handbook-v2", where no folder or file has it."""
    stem, number = _split(name)
    others = [_split(place.stem if place.suffix == ".jsonl" else place.name) for place in _places(folder)]
    highest = max([number, *(each for known, each in others if known == stem)])
    return f"{stem}-v{highest + 1 if highest or is_new else 2}"


def stem_of(name: str) -> str:
    """Return what all versions of a set are called: "handbook" of "handbook-v2"."""
    return _split(name)[0]


def _write(draft: Draft, making: Path) -> None:
    """Write cases and description, and read them again: what is saved is what was shown."""
    write_jsonl(draft.eval_set, making / QUESTIONS)
    named = _description(draft.original.corpus, making)
    if named:
        (making / DESCRIPTION).write_text(yaml.safe_dump(named, allow_unicode=True), encoding="utf-8")
    saved = load_set(making)
    if saved.digest != draft.eval_set.digest or saved.corpus != draft.original.corpus:
        raise UsageError("The new version would not be the set that was shown: its documents lie elsewhere.")


def _place(draft: Draft, making: Path) -> Path:
    """Give the folder its name; where another took the number meanwhile, the next one."""
    for _ in range(_ATTEMPTS):
        is_new = not draft.original.cases and not draft.original.path.exists()
        target = making.with_name(next_version(draft.original.name, making.parent, is_new=is_new))
        try:
            making.rename(target)
        except OSError:
            if not target.exists():
                raise
        else:
            return target
    raise UsageError(f"No free name was found in {making.parent}.")


def _description(place: CorpusPlace, making: Path) -> dict[str, str]:
    """Return what set.yaml says, so that the documents are found from there."""
    if place.path is None:
        return {}
    key = "sources" if place.kind == "sources" else "corpus"
    named = {key: _written(place.path, making)}
    own = place.kind == "folder" and place.root is not None and place.path.is_dir() and place.root != place.path
    return named | {"root": _written(place.root, making)} if own and place.root else named


def _written(path: Path, making: Path) -> str:
    """Return a path as set.yaml has it: relative where both lie in one project, so that it can be moved as a whole."""
    near = path.is_relative_to(making.parent.parent)
    return Path(os.path.relpath(path, making)).as_posix() if near else str(path)


def _split(name: str) -> tuple[str, int]:
    found = _VERSION.fullmatch(name)
    return (found["name"], int(found["number"])) if found else (name, 0)


def _places(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _folded(question: str) -> str:
    return " ".join(question.casefold().split())
