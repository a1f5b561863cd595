"""Text that a reader of a page does not see."""

import re

from lxml.html import HtmlElement

HIDDEN_TEXT = "it holds text that is hidden from readers"
HIDDEN_CELLS = "it has hidden sheets, rows or columns, which were left out"
HIDDEN_SLIDES = "it has hidden slides, which were left out"

_STYLED_AWAY = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:font-size|opacity)\s*:\s*0(?![.\d]*[1-9])|text-indent\s*:\s*-\d{3}"
    r"|(?:left|top)\s*:\s*-\d{4}",
    re.IGNORECASE,
)
_WHITE = r"(?:white|#fff(?:fff)?|rgb\(\s*255\s*,\s*255\s*,\s*255\s*\))(?![\w(])"
_WHITE_TEXT = re.compile(rf"(?<![\w-])color\s*:\s*{_WHITE}", re.IGNORECASE)
_WHITE_GROUND = re.compile(rf"background(?:-color)?\s*:\s*{_WHITE}", re.IGNORECASE)
# Hidden as a rule, and not to deceive: what a page says to search engines and to screen readers.
_HARMLESS = re.compile(r"\b(?:noprint|shortdescription|sr-only|visually-hidden)\b")
_TOLD_WORDS = 3


def is_hidden(element: HtmlElement) -> bool:
    """Tell whether an element of a page, or of a part of it, says of itself that it is not shown."""
    if not isinstance(element.tag, str):
        return False
    style = element.get("style", "")
    return element.get("hidden") is not None or bool(_STYLED_AWAY.search(style)) or _is_white(element, style)


def is_harmless(element: HtmlElement) -> bool:
    """Tell whether honest pages hide such an element."""
    return bool(_HARMLESS.search(element.get("class", "")))


def tells(text: str) -> bool:
    """Tell whether hidden text says something: marks for printers and programs do not."""
    return sum(word.strip(",.;:!?()\"'").isalpha() for word in text.split()) >= _TOLD_WORDS


def _is_white(element: HtmlElement, style: str) -> bool:
    """Tell whether text is white on white; what a style sheet may put behind it counts as a ground."""
    if not _WHITE_TEXT.search(style):
        return False
    grounds = [element, *element.iterancestors()]
    painted = [
        each for each in grounds if "background" in each.get("style", "") or each.get("bgcolor") or each.get("class")
    ]
    return not painted or bool(_WHITE_GROUND.search(painted[0].get("style", "")))
