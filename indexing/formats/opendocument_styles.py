"""What the styles of an OpenDocument file say: which text is hidden, how lists and headings are numbered."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from indexing.formats.numbering import Level, NumberStyle

STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"

OUTLINE = "outline of headings"  # a list like others; no style can have a name with blanks
_STYLES: dict[str, NumberStyle] = {"1": "decimal", "a": "letter", "A": "LETTER", "i": "roman", "I": "ROMAN"}
_POINTS = re.compile(r"([\d.]+)pt$")
_LEAST_POINTS = 2
_MAX_LEVEL = 10
_MAX_NUMBER = 1_000_000


@dataclass(frozen=True, slots=True)
class Styles:
    """The styles of a file's text, slides and sheets, by name."""

    hidden: frozenset[str]
    lists: Mapping[str, Mapping[int, Level]]
    list_of: Mapping[str, str]  # by paragraph style
    parents: Mapping[str, str]

    @classmethod
    def of(cls, roots: Iterable[etree._Element]) -> "Styles":
        """Gather the styles of content and styles parts."""
        found = list(roots)
        styles = [style for root in found for style in root.iter(f"{STYLE}style")]
        named = {str(style.get(f"{STYLE}name")): style for style in styles}
        return cls(
            hidden=frozenset(name for name, style in named.items() if _hides(style)),
            lists=dict(_lists(found)),
            list_of={name: each for name, style in named.items() if (each := style.get(f"{STYLE}list-style-name"))},
            parents={name: str(style.get(f"{STYLE}parent-style-name", "")) for name, style in named.items()},
        )

    def hides(self, name: str | None) -> bool:
        """Tell whether what has this style is not shown."""
        return name in self.hidden

    def is_header(self, name: str | None) -> bool:
        """Tell whether a paragraph's style is that of table headers."""
        return "Table_20_Heading" in (name, self.parents.get(name or "", ""))


def _hides(style: etree._Element) -> bool:
    for look in style:
        size = _POINTS.match(look.get(f"{FO}font-size", ""))
        white = look.get(f"{FO}color", "").lower() == "#ffffff" and not look.get(f"{FO}background-color")
        if (
            look.get(f"{TEXT}display") == "none"
            or look.get(f"{TABLE}display") == "false"
            or look.get(f"{PRESENTATION}visibility") == "hidden"
            or (size and float(size[1]) < _LEAST_POINTS)
            or (white and style.get(f"{STYLE}family") == "text")
        ):
            return True
    return False


def _lists(roots: Iterable[etree._Element]) -> Iterator[tuple[str, dict[int, Level]]]:
    for root in roots:
        for found in root.iter(f"{TEXT}list-style", f"{TEXT}outline-style"):
            name = OUTLINE if found.tag == f"{TEXT}outline-style" else str(found.get(f"{STYLE}name"))
            yield name, {number(each, f"{TEXT}level", 1) - 1: _level(each) for each in found}


def _level(found: etree._Element) -> Level:
    """Return how a depth is numbered; bullets have no template."""
    kind, depth = found.get(f"{STYLE}num-format", ""), min(number(found, f"{TEXT}level", 1), _MAX_LEVEL)
    if not kind:
        return Level("", "none")
    shown = min(number(found, f"{TEXT}display-levels", 1), depth)
    numbers = ".".join(f"%{each}" for each in range(depth - shown + 1, depth + 1))
    template = f"{found.get(f'{STYLE}num-prefix', '')}{numbers}{found.get(f'{STYLE}num-suffix', '')}"
    return Level(template, _STYLES.get(kind, "decimal"), number(found, f"{TEXT}start-value", 1))


def number(element: etree._Element, name: str, otherwise: int) -> int:
    """Return a whole number that an attribute states, within bounds."""
    stated = element.get(name, "")
    return min(int(stated), _MAX_NUMBER) if stated.isdigit() and len(stated) < 10 else otherwise
