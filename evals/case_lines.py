"""Lines of JSON into cases: every field is checked, and what is wrong is said of each."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from evals.evalset import Case, Reference, grades_of_sources
from evals.faults import Fault
from rag.api.schemas import Where

NOT_RELEVANT = "not_relevant"  # the field that keeps documents judged 0
_MOST = 2**53 - 1  # the largest whole number that every JSON reader keeps
_SHOULD = re.compile(r"^(Value error, )|^\w+ should ")


@dataclass(frozen=True, slots=True)
class Checked:
    """Cases that can be used, and what is wrong with the others."""

    cases: tuple[Case, ...]
    faults: tuple[Fault, ...]


def _is_not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "must not be blank")
    return text


Text = Annotated[str, AfterValidator(_is_not_blank)]


class _ReferenceLine(BaseModel, extra="allow", strict=True):
    doc: Text
    start: int = Field(ge=0, le=_MOST)
    end: int = Field(le=_MOST)
    text: str = Field(min_length=1)

    @field_validator("end")
    @classmethod
    def _is_after_start(cls, end: int, info: ValidationInfo) -> int:
        if end <= info.data.get("start", end - 1):
            raise PydanticCustomError("order", "must be greater than start")
        return end

    def as_reference(self) -> Reference:
        return Reference(self.doc, self.start, self.end, self.text, self.model_extra or {})


class _CaseLine(BaseModel, extra="allow", strict=True):
    id: Text
    question: Text
    answers: list[Text] = []
    answerable: bool = True
    references: list[_ReferenceLine] = []
    alt_references: list[_ReferenceLine] = []
    grades: dict[Text, Annotated[int, Field(ge=0)]] = {}
    source_docs: list[Text] = []
    not_relevant: list[Text] = []
    tags: list[Text] = []
    roles: list[Text] | None = Field(default=None, min_length=1)
    where: Where = Where()


_READ = frozenset(_CaseLine.model_fields) - {"source_docs", NOT_RELEVANT}


def checked_cases(contents: Iterable[tuple[int, object]]) -> Checked:
    """Return the cases of numbered contents; a Fault among the contents is passed on."""
    cases: list[Case] = []
    faults: list[Fault] = []
    for line, content in contents:
        case, wrong = _checked(line, content)
        cases += [case] if case else []
        faults += wrong
    faults += _repeated(cases)
    if not cases and not faults:
        faults.append(Fault(0, "", "it holds no case"))
    return Checked(tuple(cases), tuple(faults))


def _checked(line: int, content: object) -> tuple[Case | None, Sequence[Fault]]:
    if isinstance(content, Fault):
        return None, [content]
    if not isinstance(content, dict):
        return None, [Fault(line, "", "must be a JSON object with id and question")]
    given = content.get("id")
    id_ = given if isinstance(given, str) else ""
    try:
        read = _CaseLine.model_validate(content)
    except ValidationError as error:
        return None, [Fault(line, id_, _said(each)) for each in error.errors(include_url=False)]
    wrong = [Fault(line, id_, message) for message in _contradictions(read)]
    return (None, wrong) if wrong else (_case(read, content, line), [])


def _case(read: _CaseLine, content: Mapping[str, object], line: int) -> Case:
    other = {name: value for name, value in content.items() if name not in _READ}
    grades, refused = _grades(read, other)
    return Case(
        read.id,
        read.question,
        answerable=read.answerable,
        answers=tuple(read.answers),
        references=tuple(each.as_reference() for each in read.references),
        alternatives=tuple(each.as_reference() for each in read.alt_references),
        grades=grades,
        tags=tuple(read.tags),
        roles=tuple(read.roles) if read.roles is not None else None,
        where=_object(content.get("where")),
        other=other | refused,
        line=line,
    )


def _grades(read: _CaseLine, other: Mapping[str, object]) -> tuple[dict[str, int], dict[str, object]]:
    """Return grades above 0, and as a field to keep what was judged 0, or what spans make needless."""
    if read.references:
        return {}, {"grades": read.grades} if read.grades else {}
    above = {doc: grade for doc, grade in read.grades.items() if grade}
    zero = dict.fromkeys([*read.not_relevant, *(doc for doc, grade in read.grades.items() if not grade)])
    if not above and read.answerable:
        above = {doc: grade for doc, grade in grades_of_sources(other).items() if doc not in zero}
    return above, {NOT_RELEVANT: list(zero)} if zero else {}


def _contradictions(read: _CaseLine) -> list[str]:
    if read.answerable:
        return []
    proofs = {"references": read.references, "alt_references": read.alt_references, "grades": any(read.grades.values())}
    return [f"{name} must be absent where answerable is false" for name, given in proofs.items() if given]


def _repeated(cases: Iterable[Case]) -> list[Fault]:
    first: dict[str, int] = {}
    faults = []
    for case in cases:
        if case.id in first:
            faults.append(Fault(case.line, case.id, f"id stands on line {first[case.id]} too; give each case its own"))
        first.setdefault(case.id, case.line)
    return faults


def _said(error: ErrorDetails) -> str:
    """Return "references.0.end must be greater than start"."""
    field = ".".join(str(part) for part in error["loc"])
    message = {"missing": "is missing", "extra_forbidden": "is not a known field"}.get(error["type"], error["msg"])
    return f"{field} {_SHOULD.sub(lambda found: '' if found[1] else 'must ', message)}"


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
