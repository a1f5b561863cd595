"""EPUB books: the chapters in the order of the spine, read as the web pages that they are."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

from indexing.formats.containers import Container, opened
from indexing.formats.extracted import Extracted, Metadata, TextBuilder
from indexing.formats.hiding import HIDDEN_TEXT
from indexing.formats.html import add_page
from indexing.formats.metadata import read_metadata
from rag.errors import ParseError

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_PAGES = ("application/xhtml+xml", "text/html")
_FONT_MASKS = (b"http://www.idpf.org/2008/embedding", b"http://ns.adobe.com/pdf/enc#RC")
_MAX_CHAPTERS = 5000


@dataclass(frozen=True, slots=True)
class _Item:
    path: str
    kind: str
    properties: str


def parse_epub(data: bytes) -> Extracted:
    """Return the chapters with their headings; a chapter without one has its title from the table of contents."""
    with opened(data, "EPUB book", doctypes=True) as container:
        _refuse_locked(container)
        path = unquote(str(container.tree(_CONTAINER).find(".//{*}rootfile").get("full-path")))
        package = container.tree(path)
        items = _items(package, path)
        titles = dict(_titles(container, items))
        builder, hidden = TextBuilder(), False
        for item in _spine(package, items, container):
            hidden = _add_chapter(container.read(item.path), titles.get(item.path, ""), builder) or hidden
    return Extracted("epub", builder.text, tuple(builder.blocks), _metadata(package), (HIDDEN_TEXT,) * hidden)


def _add_chapter(page: bytes, title: str, builder: TextBuilder) -> bool:
    """Add a chapter; tell whether it hides text."""
    if title and _has_no_heading(page):
        builder.add("heading", title, level=1)
    builder.separate()
    return add_page(page, builder)


def _has_no_heading(page: bytes) -> bool:
    chapter = TextBuilder()
    add_page(page, chapter)
    return bool(chapter.blocks) and all(block.kind != "heading" for block in chapter.blocks)


def _refuse_locked(container: Container) -> None:
    """Refuse a book whose chapters are encrypted; masked fonts are in many."""
    if _ENCRYPTION not in container.names:
        return
    methods = container.tree(_ENCRYPTION).iterfind(".//{*}EncryptionMethod")
    if any(str(each.get("Algorithm")).encode() not in _FONT_MASKS for each in methods):
        raise ParseError("it is encrypted by its publisher (DRM), so its text cannot be read")


def _items(package: etree._Element, path: str) -> Mapping[str, _Item]:
    """Return the parts of the book by id."""
    return {
        str(each.get("id")): _Item(
            _resolved(path, str(each.get("href"))), str(each.get("media-type")), str(each.get("properties", ""))
        )
        for each in package.iterfind("{*}manifest/{*}item")
    }


def _spine(package: etree._Element, items: Mapping[str, _Item], container: Container) -> Iterator[_Item]:
    """Yield the pages in reading order, each once; the table of contents only repeats them."""
    names = dict.fromkeys(str(each.get("idref")) for each in package.iterfind("{*}spine/{*}itemref"))
    for name in list(names)[:_MAX_CHAPTERS]:
        item = items.get(name)
        if item and item.kind in _PAGES and item.path in container.names and "nav" not in item.properties.split():
            yield item


def _titles(container: Container, items: Mapping[str, _Item]) -> Iterator[tuple[str, str]]:
    """Yield the first title of each page, as the tables of contents have it."""
    seen: set[str] = set()
    for item in items.values():
        if item.path not in container.names:
            continue
        if item.kind == "application/x-dtbncx+xml":
            found = _ncx_titles(container.tree(item.path))
        elif "nav" in item.properties.split():
            found = _nav_titles(container.tree(item.path))
        else:
            continue
        for target, title in found:
            path = _resolved(item.path, target)
            if path not in seen and title:
                seen.add(path)
                yield path, title


def _ncx_titles(root: etree._Element) -> Iterator[tuple[str, str]]:
    for point in root.iter("{*}navPoint"):
        yield str(point.find("{*}content").get("src")), " ".join(str(point.findtext("{*}navLabel/{*}text")).split())


def _nav_titles(root: etree._Element) -> Iterator[tuple[str, str]]:
    for link in root.iter("{*}a"):
        yield str(link.get("href")), " ".join("".join(link.itertext()).split())


def _resolved(origin: str, target: str) -> str:
    path = posixpath.join(posixpath.dirname(origin), unquote(target.partition("#")[0]))
    return posixpath.normpath(path).lstrip("/")


def _metadata(package: etree._Element) -> Metadata:
    found: dict[str, list[str]] = {}
    for element in package.iterfind("{*}metadata/*"):
        found.setdefault(etree.QName(element).localname, []).append((element.text or "").strip())
    return read_metadata(
        {
            "title": next(iter(found.get("title", [])), ""),
            "author": ", ".join(found.get("creator", [])),
            "date": next(iter(found.get("date", [])), ""),
            "keywords": found.get("subject", []),
            "language": next(iter(found.get("language", [])), ""),
        }
    )
