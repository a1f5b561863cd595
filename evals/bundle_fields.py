"""The settings of a bundle as forms show them: meaning, kind, range and default of each, read from the schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from types import MappingProxyType, UnionType
from typing import Literal, TypeAlias, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from evals.batch import NamedBundle
from rag.config import AnswerConfig, Bundle, IndexConfig, QueryConfig, validation_message
from rag.errors import UsageError

Value: TypeAlias = str | int | float | bool | tuple[str, ...] | None
Kind: TypeAlias = Literal["choice", "choices", "flag", "whole", "number", "text"]
PARTS: Mapping[str, tuple[type[BaseModel], str]] = MappingProxyType(
    {"index": (IndexConfig, "Index"), "query": (QueryConfig, "Search"), "answer": (AnswerConfig, "Answer")}
)
_YES, _NO = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class BundleField:
    """One setting."""

    part: str  # index, query, answer
    name: str
    kind: Kind
    meaning: str
    default: Value
    options: tuple[str, ...] = ()  # of a choice
    low: float | None = None
    high: float | None = None
    optional: bool = False  # whether it may be left empty

    @property
    def path(self) -> str:
        return f"{self.part}.{self.name}"

    @property
    def range(self) -> str:
        """What it may be, in words."""
        match self.kind:
            case "choice":
                return " or ".join(self.options)
            case "choices":
                return f"one or more of {', '.join(self.options)}"
            case "flag":
                return "yes or no"
            case "whole":
                return f"a whole number from {self.low:,.0f} to {self.high:,.0f}"
            case "number":
                return f"a number from {self.low:g} to {self.high:g}"
            case "text":
                return "a name"

    @property
    def choices(self) -> tuple[Value, ...]:
        """Every value that it can have; none where they cannot be listed."""
        match self.kind:
            case "choice":
                return self.options
            case "choices":
                sizes = range(len(self.options), 0, -1)
                return tuple(chain.from_iterable(combinations(self.options, size) for size in sizes))
            case "flag":
                return (True, False)
            case _:
                return ()


def bundle_fields() -> tuple[BundleField, ...]:
    """Return all settings, those of the index first."""
    return tuple(
        _field(part, name, info) for part, (model, _) in PARTS.items() for name, info in model.model_fields.items()
    )


def field_at(path: str) -> BundleField:
    """Return a setting by its path. Raises UsageError with the paths that there are."""
    known = {each.path: each for each in bundle_fields()}
    if path not in known:
        raise UsageError(f"There is no setting {path!r}. There are: {', '.join(known)}.")
    return known[path]


def value_of(bundle: Bundle, field: BundleField) -> Value:
    """Return what a bundle says for a setting."""
    found: Value = getattr(getattr(bundle, field.part), field.name)
    return found


def said(value: Value) -> str:
    """Return a value as people read and type it."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case tuple():
            return " + ".join(value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def read_values(field: BundleField, text: str) -> list[Value]:
    """Return the values that a text names, separated by commas, each once. Raises UsageError with what is wrong."""
    parts = [part.strip() for part in text.replace(";", ",").split(",")]
    return list(dict.fromkeys(_read(field, part) for part in parts if part))


def with_values(bundle: Bundle, values: Mapping[str, Value]) -> Bundle:
    """Return a bundle with other values, by path. Raises UsageError with what is wrong.

    Only what differs from the defaults is said, so that a setting that depends on another follows it.
    """
    content = bundle.model_dump(exclude_defaults=True)
    for path, value in values.items():
        part, _, name = path.partition(".")
        content[part] = {**content.get(part, {}), name: value}
    try:
        return Bundle.model_validate(content)
    except ValidationError as error:
        raise UsageError(f"These settings do not go together: {validation_message(error)}.") from error


def varied(bundle: Bundle, field: BundleField, values: Sequence[Value]) -> tuple[NamedBundle, ...]:
    """Return the bundle once for each value of one setting, named after it, no two alike. Raises UsageError."""
    names = _told_apart([f"{field.name} {said(value)}" for value in values])
    bundles = [with_values(bundle, {field.path: value}) for value in values]
    return tuple(NamedBundle(name=name, bundle=made) for name, made in zip(names, bundles, strict=True))


def _told_apart(names: Sequence[str]) -> list[str]:
    """Return names cut to what can be shown; those that are alike then end in a number."""
    found: list[str] = []
    for number, name in enumerate(names, 1):
        cut = name[:_LONGEST_NAME]
        found.append(f"{cut} ({number})" if cut in found else cut)
    return found


def distinct(bundles: Sequence[NamedBundle]) -> tuple[tuple[NamedBundle, ...], dict[str, str]]:
    """Return the bundles without those that equal an earlier one, and of each of those which one that is."""
    first: dict[str, NamedBundle] = {}
    same: dict[str, str] = {}
    for each in bundles:
        if each.bundle.digest in first:
            same[each.name] = first[each.bundle.digest].name
        else:
            first[each.bundle.digest] = each
    return tuple(first.values()), same


def _field(part: str, name: str, info: FieldInfo) -> BundleField:
    kind, options, optional = _kind(info.annotation)
    low = next((float(str(each.ge)) for each in info.metadata if isinstance(each, Ge)), None)
    high = next((float(str(each.le)) for each in info.metadata if isinstance(each, Le)), None)
    return BundleField(part, name, kind, info.description or "", info.default, options, low, high, optional)


def _kind(annotation: object) -> tuple[Kind, tuple[str, ...], bool]:
    """Return the kind of a setting of this type, its options, and whether it may be empty."""
    if get_origin(annotation) is Literal:
        return "choice", tuple(map(str, get_args(annotation))), False
    if get_origin(annotation) is tuple:
        return "choices", tuple(map(str, get_args(get_args(annotation)[0]))), False
    if named := [each for each in get_args(annotation) if get_origin(each) is Literal]:
        return _kind(named[0])  # models and splitters of others, which stand beside the names, are said in files
    if isinstance(annotation, UnionType):
        return "text", (), type(None) in get_args(annotation)
    kinds: dict[object, Kind] = {bool: "flag", int: "whole", float: "number", str: "text"}
    return kinds[annotation], (), False


def _read(field: BundleField, text: str) -> Value:
    try:
        value = _converted(field, text)
    except ValueError as error:
        raise UsageError(f"{field.name}: {text} is not {field.range}.") from error
    if isinstance(value, (int, float)) and not (field.low or 0.0) <= value <= (field.high or 1.0):
        raise UsageError(f"{field.name}: {text} is out of range: it is {field.range}.")
    return value


def _converted(field: BundleField, text: str) -> Value:
    """Return a text as a value. Raises ValueError."""
    match field.kind:
        case "whole":
            return int(text)
        case "number":
            return float(text)
        case "text":
            return None if field.optional and text == "none" else text
        case "flag":
            if text.lower() not in _YES | _NO:
                raise ValueError(text)
            return text.lower() in _YES
        case "choice" | "choices":
            known = {said(value).replace(" ", ""): value for value in field.choices}
            if text.replace(" ", "") not in known:
                raise ValueError(text)
            return known[text.replace(" ", "")]
