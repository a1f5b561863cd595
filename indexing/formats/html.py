"""HTML: all text that a reader of the page sees, without its scripts, styles and navigation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from indexing.formats.decoding import decode
from indexing.formats.extracted import Extracted, Metadata, TextBuilder
from indexing.formats.hiding import HIDDEN_TEXT, is_harmless, is_hidden, tells
from indexing.formats.metadata import read_metadata
from indexing.formats.tables import is_header
from rag.errors import ParseError
from rag.types import BlockKind

_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""")
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def _tags(names: str) -> frozenset[str]:
    return frozenset(names.split())


_BLOCKS = frozenset(_HEADINGS) | _tags(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form header hgroup hr html legend li main menu ol optgroup p pre search section summary table tbody td "
    "tfoot th thead tr ul"
)
_UNSEEN = _tags(
    "script style template head title svg iframe object embed canvas audio video map nav button select input textarea "
    "datalist noscript noframes rp"
)
_CHROME_ROLES = _tags("navigation banner contentinfo search menu menubar toolbar")
_EMPTY_LINE = re.compile(r"\n\n+")
_BLANKS = re.compile(r"[^\S\n]*\n[^\S\n]*")
_MAIN_SHARE = 0.6  # of the page's text: with less in it, `main` is not what the page is about
_CELL_CHARS = 600  # a table with a longer cell only arranges the page


def parse_html(data: bytes) -> Extracted:
    """Return headings, paragraphs, list items, table rows and code of the page's main part."""
    decoded = decode(data, _declared_encoding(data))
    root = _tree(decoded.text)
    builder = TextBuilder()
    hidden = walk(_main_part(root), builder)
    warnings = (*decoded.warnings, *([HIDDEN_TEXT] if hidden else []))
    return Extracted("html", builder.text, tuple(builder.blocks), _metadata(root), warnings)


def add_page(data: bytes, builder: TextBuilder) -> bool:
    """Add all of a page to a larger document; tell whether there was text that a reader does not see."""
    root = _tree(decode(data, _declared_encoding(data)).text)
    body = root.find("body")
    return walk(root if body is None else body, builder)


def parse_fragment(html: str) -> HtmlElement:
    """Return the tree of HTML that we made ourselves."""
    return _tree(f"<body>{html}</body>")


def walk(root: HtmlElement, builder: TextBuilder) -> bool:
    """Add what a reader sees below `root`; tell whether there was text that a reader does not."""
    walker = _Walker(builder)
    events = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in events:
        if event == "start":
            if not walker.enter(element):
                events.skip_subtree()
        elif event == "end":
            walker.leave(element)
        if event != "start" and element is not root:
            walker.say(element.tail)
    walker.flush()
    return walker.hidden


@dataclass(slots=True)
class _Walker:
    """Gathers the text of one block after the other."""

    builder: TextBuilder
    hidden: bool = False
    _line: list[str] = field(default_factory=list)
    _kinds: list[tuple[BlockKind, int]] = field(default_factory=lambda: [("paragraph", 0)])
    _skipped: HtmlElement | None = None

    def enter(self, element: HtmlElement) -> bool:
        """Begin an element; false when nothing below it is for readers, or all of it has been read."""
        tag = element.tag
        if _is_unseen(element) or self._is_hidden(element):
            self._skipped = element
            return False
        if tag in _BLOCKS:
            self.flush()
        if tag == "table" and _is_data(element):
            self._rows(element)
            self._skipped = element
            return False
        if kind := _kind_of(tag):
            self._kinds.append(kind)
        self.say("\n" if tag == "br" else element.text, exact=tag == "br")
        return True

    def leave(self, element: HtmlElement) -> None:
        """End an element."""
        if element is self._skipped:
            self._skipped = None
            return
        if element.tag in _BLOCKS:
            self.flush()
        if _kind_of(element.tag):
            self._kinds.pop()

    def say(self, text: str | None, *, exact: bool = False) -> None:
        """Add text to the current block; runs of white space are one blank outside of code."""
        if text:
            self._line.append(text if exact or self._kinds[-1][0] == "code" else re.sub(r"\s+", " ", text))

    def flush(self) -> None:
        """End the current block."""
        kind, level = self._kinds[-1]
        text = "".join(self._line)
        self._line.clear()
        for part in [text] if kind == "code" else _EMPTY_LINE.split(_tidy(text)):
            self.builder.add(kind, part, level=level)

    def _rows(self, table: HtmlElement) -> None:
        header = ""
        for number, row in enumerate(_own_rows(table)):
            cells = [_tidy("".join(_strings(cell))).replace("\n", " ") for cell in row.iterchildren("td", "th")]
            text = " | ".join(cells).rstrip(" |").lstrip()
            self.builder.add("table_row", text, header=header)
            if number == 0 and _names_columns(row, cells):
                header = text
        self.hidden = self.hidden or any(map(_hides_words, table.iterdescendants()))

    def _is_hidden(self, element: HtmlElement) -> bool:
        if not is_hidden(element):
            return False
        self.hidden = self.hidden or _hides_words(element)
        return True


def _kind_of(tag: object) -> tuple[BlockKind, int] | None:
    if tag == "li":
        return ("list_item", 0)
    if tag == "pre":
        return ("code", 0)
    return ("heading", _HEADINGS[tag]) if isinstance(tag, str) and tag in _HEADINGS else None


def _is_unseen(element: HtmlElement) -> bool:
    if element.tag == "footer":
        return not any(each.tag in ("article", "main", "blockquote") for each in element.iterancestors())
    return element.tag in _UNSEEN or element.get("role") in _CHROME_ROLES


def _hides_words(element: HtmlElement) -> bool:
    return is_hidden(element) and not is_harmless(element) and tells("".join(_strings(element, hidden=True)))


def _strings(root: HtmlElement, *, hidden: bool = False) -> Iterator[str]:
    """Yield the strings below an element that a reader sees, those of a hidden root too if asked."""
    events = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in events:
        if event == "start":
            if _is_unseen(element) or (is_hidden(element) and not (hidden and element is root)):
                events.skip_subtree()
                continue
            yield " " if element.tag in _BLOCKS or element.tag == "br" else ""
            yield re.sub(r"\s+", " ", element.text or "")
        elif element is not root:
            yield " " if element.tag in _BLOCKS else ""
            yield re.sub(r"\s+", " ", element.tail or "")


def _tidy(text: str) -> str:
    return _BLANKS.sub("\n", re.sub(r"[^\S\n]+", " ", text)).strip()


def _own_rows(table: HtmlElement) -> Iterator[HtmlElement]:
    for child in table.iterchildren("thead", "tbody", "tfoot", "tr", "caption"):
        if child.tag == "tr":
            yield child
        else:
            yield from child.iterchildren("tr")


def _is_data(table: HtmlElement) -> bool:
    """Tell whether a table holds data, and does not just arrange the page."""
    if next(table.iterdescendants("table", "form", "pre", *_HEADINGS), None) is not None:
        return False
    rows = [list(row.iterchildren("td", "th")) for row in _own_rows(table)]
    cells = [cell for row in rows for cell in row]
    wide = any(len(row) > 1 for row in rows)
    return wide and all(len("".join(_strings(cell))) <= _CELL_CHARS for cell in cells)


def _names_columns(row: HtmlElement, cells: list[str]) -> bool:
    """Tell whether a first row is a header: marked as one, all bold, or of three columns without a number."""
    elements = list(row.iterchildren("td", "th"))
    marked = row.getparent().tag == "thead" or all(cell.tag == "th" for cell in elements)
    bold = is_header(cells) and all(next(cell.iterdescendants("strong", "b"), None) is not None for cell in elements)
    return len(cells) > 1 and (marked or bold or (len(cells) > 2 and all(cells) and is_header(cells)))


def _declared_encoding(data: bytes) -> str:
    """Return the encoding that the page states; browsers take Latin-1 for Windows-1252."""
    found = _DECLARED.search(data, 0, 4096)
    name = found[1].decode("ascii").lower() if found else ""
    if name.startswith(("utf-16", "utf-32")):  # or the statement could not have been read
        return ""
    return "cp1252" if name in ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii") else name


def _tree(text: str) -> HtmlElement:
    parser = HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_pis=True, remove_comments=True)
    try:
        root = document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise ParseError("it holds no text that can be read") from error
    if any("RESOURCE_LIMIT" in entry.type_name for entry in parser.error_log):  # the rest would be lost in silence
        raise ParseError("it is nested too deeply")
    return root


def _main_part(root: HtmlElement) -> HtmlElement:
    """Return the one element that holds most of the page's text: `main`, an article, or the body."""
    body = root.find("body") if root.find("body") is not None else root
    candidates = body.xpath(".//main | .//*[@role='main'] | .//article")
    if len(candidates) != 1 and not (candidates := body.xpath("(.//main | .//*[@role='main'])[1]")):
        return body
    enough = _MAIN_SHARE * _words(body)
    return candidates[0] if _words(candidates[0]) >= enough else body


def _words(element: HtmlElement) -> int:
    return sum(len(part.split()) for part in _strings(element))


def _metadata(root: HtmlElement) -> Metadata:
    stated: dict[str, object] = {"title": root.findtext(".//title") or "", "lang": root.get("lang", "")}
    for meta in root.iter("meta"):
        name = str(meta.get("name") or meta.get("property") or "").lower()
        if name in ("author", "keywords", "date", "dc.date", "article:published_time", "article:modified_time"):
            key = "date" if name not in ("author", "keywords") else name
            stated.setdefault(key, meta.get("content", ""))
    return read_metadata(stated)
