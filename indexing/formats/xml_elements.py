"""XML: the text of its elements, each under the names of those above it; entities are never resolved."""

import re
from collections.abc import Iterator

from lxml import etree, html

from indexing.formats.decoding import decode
from indexing.formats.extracted import Extracted, Metadata, TextBuilder
from indexing.formats.metadata import read_metadata
from rag.errors import ParseError

_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_ENCODING = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_MARKUP = re.compile(r"<(?:p|br|div|a|ul|li|b|i|em|strong|span|img|h[1-6]|table)\b[^>]*>", re.IGNORECASE)
_ENDS = re.compile(r"(?=</(?:p|div|li|ul|h[1-6]|td|tr)>|<br\b)", re.IGNORECASE)  # of what stands by itself
_FIELD_CHARS = 300  # a longer text is a paragraph of its own
_TITLES = ("title", "name", "heading", "label")


def parse_xml(data: bytes) -> Extracted:
    """Return a paragraph per group of plain elements, as "name: text" lines, and one per element of running text."""
    declared = _ENCODING.search(data[:400])
    decoded = decode(data, declared[1].decode() if declared else "")
    root = _tree(decoded.text)
    builder = TextBuilder()
    _Walk(builder).read(root)
    return Extracted("xml", builder.text, tuple(builder.blocks), _metadata(root), decoded.warnings)


def _tree(text: str) -> etree._Element:
    """Return the tree; the mark decided the encoding already, so the declaration goes."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(_DECLARATION.sub("", text, count=1), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        if "Excessive depth" in str(error):
            raise ParseError("it is nested too deeply") from error
        raise ParseError(f"it is not well-formed XML: {str(error.args[0])[:120]}") from error


class _Walk:
    """Adds what stands in elements; lxml refuses trees deeper than 256, so recursion is bounded."""

    def __init__(self, builder: TextBuilder) -> None:
        self._builder = builder
        self._fields: list[str] = []

    def read(self, element: etree._Element, level: int = 1) -> None:
        self._enter(element, level)
        for child in element:
            if isinstance(child.tag, str):  # else it is an entity
                self._child(element, child, level)
            if child.tail and child.tail.strip():
                self._fields.append(_plain(child.tail))
        self._flush()

    def _child(self, parent: etree._Element, child: etree._Element, level: int) -> None:
        if _is_leaf(child):
            self._field(child)
        elif _has_text(child):
            self._flush()
            self._builder.add("paragraph", _running(child))
        else:
            self._flush()
            self.read(child, level + 1)
            self._builder.outline.enter(level, _name_of(parent))

    def _enter(self, element: etree._Element, level: int) -> None:
        self._builder.outline.enter(level, _name_of(element))
        self._fields += _attributes(element)
        if element.text and element.text.strip():
            self._fields.append(_plain(element.text))

    def _field(self, leaf: etree._Element) -> None:
        text = _plain("".join(leaf.itertext()))
        if len(text) > _FIELD_CHARS:
            self._flush()
            self._builder.add("paragraph", text)
        elif said := " ".join(filter(None, (text, *_attributes(leaf)))):
            self._fields.append(f"{_local(leaf)}: {said}")

    def _flush(self) -> None:
        """Add the plain elements that were met, as one paragraph."""
        self._builder.add("paragraph", "\n".join(self._fields))
        self._fields = []


def _is_leaf(element: etree._Element) -> bool:
    return not any(isinstance(child.tag, str) for child in element)


def _has_text(element: etree._Element) -> bool:
    """Tell whether words stand between its children, as in running text."""
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


def _running(element: etree._Element) -> str:
    return " ".join("".join(str(part) for part in element.itertext()).split())


def _attributes(element: etree._Element) -> list[str]:
    return [
        f"{etree.QName(name).localname}: {_plain(str(value))}"
        for name, value in element.attrib.items()
        if value.strip() and len(value) <= _FIELD_CHARS
    ]


def _plain(text: str) -> str:
    """Return a text in one piece; where it is HTML in disguise, without its tags."""
    if _MARKUP.search(text):
        text = str(html.fromstring(f"<div>{_ENDS.sub(' ', text)}</div>").text_content())
    return " ".join(text.split())


def _name_of(element: etree._Element) -> str:
    """Return what an element is called: its name, and the title that stands in it."""
    named = next((child for child in _children(element) if _local(child).lower() in _TITLES and _is_leaf(child)), None)
    title = " ".join("".join(named.itertext()).split())[:80] if named is not None else ""
    return f"{_local(element)} {title}".strip()


def _children(element: etree._Element) -> Iterator[etree._Element]:
    return (child for child in list(element[:20]) if isinstance(child.tag, str))


def _local(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def _metadata(root: etree._Element) -> Metadata:
    """Return what plain elements at the top, or in a first head or channel, say of the file."""
    places = [root, *(child for child in _children(root) if _local(child).lower() in ("channel", "head", "info"))]
    found = {
        _local(child): "".join(child.itertext()) for place in places for child in _children(place) if len(child) == 0
    }
    return read_metadata({name: found[name] for name in ("title", "language", "author", "date") if name in found})
