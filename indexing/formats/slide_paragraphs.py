"""The paragraphs of a shape on a slide, with the numbers that PowerPoint counts itself."""

from dataclasses import dataclass

from lxml import etree
from pptx.text.text import TextFrame

from indexing.formats.numbering import NumberStyle, spelled

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_STYLES: dict[str, NumberStyle] = {
    "alphaLc": "letter",
    "alphaUc": "LETTER",
    "romanLc": "roman",
    "romanUc": "ROMAN",
    "arabic": "decimal",
}
_MARKS = {"ParenBoth": "({})", "ParenR": "{})", "Period": "{}.", "Plain": "{}"}
_LEAST_SIZE = 200  # hundredths of a point


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph as a reader sees it, and what of it nobody sees."""

    text: str
    is_item: bool
    hidden: str = ""


def lines_of(frame: TextFrame, *, bulleted: bool) -> list[Line]:
    """Return the paragraphs; `bulleted`: each has a bullet by its place on the slide, unless it says otherwise."""
    numbers: dict[int, int] = {}
    lines = []
    for paragraph in frame.paragraphs:
        look = paragraph._p.find(f"{_A}pPr")
        label = _label(look, paragraph.level, numbers) if paragraph.text.strip() else ""
        text, hidden = _texts(paragraph._p)
        lines.append(Line(f"{label} {text}".strip(), bool(label) or _has_bullet(look, bulleted=bulleted), hidden))
    alone = len([line for line in lines if line.text]) == 1
    return [Line(line.text, line.is_item and not (alone and not numbers), line.hidden) for line in lines]


def _has_bullet(look: etree._Element | None, *, bulleted: bool) -> bool:
    if look is None:
        return bulleted
    if look.find(f"{_A}buNone") is not None:
        return False
    return bulleted or look.find(f"{_A}buChar") is not None


def _label(look: etree._Element | None, level: int, numbers: dict[int, int]) -> str:
    """Count a paragraph that is numbered, and return its number; any other ends the count of its level."""
    for deeper in [each for each in numbers if each > level]:
        del numbers[deeper]
    counted = look.find(f"{_A}buAutoNum") if look is not None else None
    if counted is None:
        numbers.pop(level, None)
        return ""
    start = counted.get("startAt", "1")
    numbers[level] = numbers.get(level, (int(start) if start.isdigit() else 1) - 1) + 1
    kind = counted.get("type", "arabicPeriod")
    style: NumberStyle = next((style for name, style in _STYLES.items() if kind.startswith(name)), "decimal")
    mark = next((mark for name, mark in _MARKS.items() if kind.endswith(name)), "{}.")
    return mark.format(spelled(numbers[level], style))


def _texts(paragraph: etree._Element) -> tuple[str, str]:
    """Return what a paragraph shows, and what of it is too small to be seen."""
    seen: list[str] = []
    unseen: list[str] = []
    for part in paragraph:
        name = etree.QName(part).localname
        if name == "br":
            seen.append("\n")
        elif name in ("r", "fld"):
            text = "".join(each.text or "" for each in part.iterchildren(f"{_A}t"))
            (unseen if _is_tiny(part) else seen).append(text)
    return "".join(seen).replace("\v", "\n"), "".join(unseen)


def _is_tiny(run: etree._Element) -> bool:
    look = run.find(f"{_A}rPr")
    size = look.get("sz", "") if look is not None else ""
    return size.isdigit() and int(size) < _LEAST_SIZE
