"""Word's list and heading numbers, which stand in no paragraph: written into the paragraphs that show them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.parser import OxmlElement
from lxml import etree

from indexing.formats.numbering import Counters, Level, NumberStyle

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Choice"  # its fallback says the same again
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_STYLES: dict[str, NumberStyle] = {
    "decimalZero": "padded",
    "ordinal": "ordinal",
    "lowerLetter": "letter",
    "upperLetter": "LETTER",
    "lowerRoman": "roman",
    "upperRoman": "ROMAN",
    "none": "none",
}
_MOST_ANCESTORS = 20  # of a style: more are a circle
_MOST_LABEL_CHARS = 60


def write_numbers(word: WordDocument) -> bool:
    """Put the number of each numbered paragraph before its text; tell whether there was any."""
    lists, styles = _lists(word), _Styles.of(word)
    written = False
    for paragraph in _paragraphs(word.element.body):
        label = lists.label(*styles.numbering(paragraph, lists)) if lists.levels else ""
        if label and any((text.text or "").strip() for text in paragraph.iter(f"{_W}t")):
            _insert(paragraph, label)
            written = True
    return written


def _paragraphs(body: etree._Element) -> Iterator[etree._Element]:
    for paragraph in body.iter(f"{_W}p"):
        if next(paragraph.iterancestors(_CHOICE), None) is None:
            yield paragraph


def _insert(paragraph: etree._Element, label: str) -> None:
    run, text = OxmlElement("w:r"), OxmlElement("w:t")
    text.text = f"{label} "
    text.set(_SPACE, "preserve")
    run.append(text)
    look = paragraph.find(f"{_W}pPr")
    paragraph.insert(0 if look is None else paragraph.index(look) + 1, run)


@dataclass(slots=True)
class _Lists:
    """The lists of a document, and how far each has come; lists made from one pattern count on."""

    levels: dict[str, dict[int, Level]] = field(default_factory=dict)  # by list
    pattern: dict[str, str] = field(default_factory=dict)  # by list
    restarts: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))  # by list: the depths begun anew
    depth_of_style: dict[tuple[str, str], int] = field(default_factory=dict)  # by list and style
    _counters: dict[str, Counters] = field(default_factory=lambda: defaultdict(Counters))

    def label(self, of_list: str, depth: int) -> str:
        """Count the next paragraph of a list, and return what stands before it."""
        levels = self.levels.get(of_list, {})
        if depth not in levels:
            return ""
        counters = self._counters[self.pattern[of_list]]
        if depth in self.restarts[of_list]:
            self.restarts[of_list].discard(depth)
            counters.restart(depth)
        return " ".join(counters.advance(depth, levels).split())[:_MOST_LABEL_CHARS]


@dataclass(frozen=True, slots=True)
class _Styles:
    """What the paragraph styles say of numbering."""

    by_id: dict[str, etree._Element]
    default: str

    @classmethod
    def of(cls, word: WordDocument) -> "_Styles":
        styles = [each for each in word.styles.element.iter(f"{_W}style") if each.get(f"{_W}type") == "paragraph"]
        by_id = {str(each.get(f"{_W}styleId")): each for each in styles}
        defaults = (name for name, style in by_id.items() if style.get(f"{_W}default") in ("1", "true"))
        return cls(by_id, next(defaults, ""))

    def numbering(self, paragraph: etree._Element, lists: _Lists) -> tuple[str, int]:
        """Return list and depth of a paragraph, as it says itself or its style does; an empty list is none."""
        own = paragraph.find(f"{_W}pPr")
        named = _value(own, "pStyle") if own is not None else ""
        chain = list(self._chain(named or self.default))
        looks = [own, *(style.find(f"{_W}pPr") for _, style in chain)]
        of_list = next(filter(None, (_value(look, "numPr", "numId") for look in looks)), "")
        depths = [_value(own, "numPr", "ilvl")]
        depths += [str(lists.depth_of_style.get((of_list, name), "")) for name, _ in chain]
        depths += [_value(look, "numPr", "ilvl") for look in looks[1:]]
        return of_list, _number(next(filter(None, depths), "0"))

    def _chain(self, name: str) -> Iterator[tuple[str, etree._Element]]:
        """Yield a style and those that it is based on."""
        for _ in range(_MOST_ANCESTORS):
            if name not in self.by_id:
                return
            yield name, self.by_id[name]
            name = _value(self.by_id[name], "basedOn")


def _lists(word: WordDocument) -> _Lists:
    lists = _Lists()
    relations = (each for each in word.part.rels.values() if each.reltype == RELATIONSHIP_TYPE.NUMBERING)
    part = next((each.target_part for each in relations if not each.is_external), None)
    if part is None:
        return lists
    patterns = {str(each.get(f"{_W}abstractNumId")): each for each in part.element.iter(f"{_W}abstractNum")}
    for found in part.element.iter(f"{_W}num"):
        name, pattern = str(found.get(f"{_W}numId")), _value(found, "abstractNumId")
        if pattern in patterns:
            pattern = _followed(pattern, patterns)
            _add_list(lists, name, pattern, [*patterns[pattern].iter(f"{_W}lvl"), *found.iter(f"{_W}lvl")])
            lists.restarts[name] = {_depth(each) for each in found if each.find(f"{_W}startOverride") is not None}
            _override_starts(lists.levels[name], found)
    return lists


def _followed(pattern: str, patterns: dict[str, etree._Element]) -> str:
    """Return the pattern that one which only names a list style stands for."""
    link = _value(patterns[pattern], "numStyleLink")
    targets = (name for name, each in patterns.items() if link and _value(each, "styleLink") == link)
    return next(targets, pattern)


def _add_list(lists: _Lists, name: str, pattern: str, found: list[etree._Element]) -> None:
    lists.pattern[name] = pattern
    lists.levels[name] = {_depth(each): level for each in found if (level := _level(each))}
    lists.depth_of_style |= {(name, style): _depth(each) for each in found if (style := _value(each, "pStyle"))}


def _override_starts(levels: dict[int, Level], found: etree._Element) -> None:
    for each in found.iter(f"{_W}lvlOverride"):
        depth, start = _depth(each), _value(each, "startOverride")
        if start and depth in levels:
            old = levels[depth]
            levels[depth] = Level(old.template, old.style, _number(start), old.restarts_after, old.all_decimal)


def _level(found: etree._Element) -> Level | None:
    """Return how a depth is numbered; None for bullets."""
    style, restart = _value(found, "numFmt"), _value(found, "lvlRestart")
    if style == "bullet":
        return Level("", "none")
    legal = found.find(f"{_W}isLgl")
    return Level(
        template=_value(found, "lvlText"),
        style=_STYLES.get(style, "decimal"),
        start=_number(_value(found, "start") or "1"),
        restarts_after=_number(restart) - 1 if restart else None,
        all_decimal=legal is not None and legal.get(f"{_W}val") not in ("0", "false"),
    )


def _depth(found: etree._Element) -> int:
    return _number(str(found.get(f"{_W}ilvl", "0")))


def _number(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 6 else 0


def _value(found: etree._Element | None, *path: str) -> str:
    """Return the value of the element below; empty where there is none."""
    element = found.find("/".join(f"{_W}{name}" for name in path)) if found is not None else None
    return "" if element is None else str(element.get(f"{_W}val", ""))
