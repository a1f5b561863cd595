"""ZIP containers (Office documents, OpenDocument, EPUB): looked through for bombs before anything is read from them."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lxml import etree

from rag.errors import ParseError

LOADED = "it refers to content outside of itself, which was not loaded"

_MAX_MEMBERS = 5000
_MAX_UNPACKED_BYTES = 512 * 1024 * 1024
_MAX_XML_BYTES = 128 * 1024 * 1024  # a tree takes about ten times that
_MAX_RATIO = 200  # XML of real documents packs to a twentieth at most; small members may do better
_RATIO_FREE_BYTES = 16 * 1024 * 1024
_MARKUP = (".xml", ".rels", ".opf", ".ncx", ".xhtml", ".html", ".htm")
_DAMAGE = (zipfile.BadZipFile, EOFError, NotImplementedError, OSError)
_ODDITIES = (etree.XMLSyntaxError, KeyError, ValueError, IndexError, AttributeError, TypeError)
# Links to web pages and to a template are on thousands of honest documents.
_EXTERNAL = b'TargetMode="External"'
_HARMLESS = (b"/hyperlink", b"/attachedTemplate")
_CHARTS = "/charts/_rels/"  # a chart holds the figures that it shows, wherever they came from


@dataclass(frozen=True, slots=True)
class Container:
    """An archive whose members may be read: no bomb, nothing encrypted, no XML entities."""

    _archive: zipfile.ZipFile

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._archive.namelist())

    def read(self, name: str) -> bytes:
        """Return a member's content. Raises KeyError where there is none of that name."""
        return self._archive.read(name)

    def tree(self, name: str) -> etree._Element:
        """Return the root of a member in XML; no entity is expanded, nothing is loaded."""
        return parse_xml(self.read(name))

    @property
    def refers_outside(self) -> bool:
        """Tell whether an Office document would load pictures or objects from elsewhere."""
        relations = (name for name in self.names if name.endswith(".rels") and _CHARTS not in name)
        parts = (part for name in relations for part in self.read(name).split(b"<Relationship ")[1:])
        return any(_EXTERNAL in part and not any(kind in part for kind in _HARMLESS) for part in parts)


def parse_xml(content: bytes) -> etree._Element:
    """Return the root of XML from outside, read without entities, network and depth."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True)
    return etree.fromstring(content, parser)


@contextmanager
def opened(
    data: bytes, named: str, *, doctypes: bool = False, oddities: tuple[type[Exception], ...] = ()
) -> Iterator[Container]:
    """Open a container, and turn what a library raises inside of the block into a reason.

    named: what it should be, in words. doctypes: whether honest files of the kind declare one. oddities: what the
    reading library raises, besides what all raise, for parts that are not as they must be.
    Raises ParseError for a bomb, and for what is encrypted, damaged or no such document.
    """
    with _translated_errors(named, oddities), zipfile.ZipFile(io.BytesIO(data)) as archive:
        _refuse_bomb(archive.infolist(), len(data))
        for member in archive.infolist():
            if member.filename.endswith(_MARKUP):
                _refuse_entities(archive.read(member), doctypes=doctypes)
        yield Container(archive)


@contextmanager
def _translated_errors(named: str, oddities: tuple[type[Exception], ...]) -> Iterator[None]:
    """Turn what the libraries raise for a damaged file into a reason."""
    try:
        yield
    except _DAMAGE as error:
        raise ParseError(f"it is a damaged or truncated {named}") from error
    except (*_ODDITIES, *oddities) as error:
        if "Excessive depth" in str(error):
            raise ParseError("it is nested too deeply") from error
        article = "an" if named[0] in "AEIOU" else "a"
        raise ParseError(f"its parts are not those of {article} {named} ({type(error).__name__})") from error


def _refuse_bomb(members: list[zipfile.ZipInfo], packed: int) -> None:
    """Refuse by what the members declare: nothing is ever unpacked beyond that."""
    unpacked = sum(member.file_size for member in members)
    if any(member.flag_bits & 1 for member in members):
        raise ParseError("it is encrypted; save it without a password")
    if len(members) > _MAX_MEMBERS:
        raise ParseError(f"it is an archive of {len(members)} parts, and no document has so many")
    if unpacked > _MAX_UNPACKED_BYTES or (unpacked > _RATIO_FREE_BYTES and unpacked > _MAX_RATIO * packed):
        raise ParseError(f"it unpacks to {unpacked // 1024**2} MB from {packed // 1024} kB, as an archive bomb does")
    largest = max((member.file_size for member in members if member.filename.endswith(_MARKUP)), default=0)
    if largest > _MAX_XML_BYTES:
        most = _MAX_XML_BYTES // 1024**2
        raise ParseError(f"one of its parts unpacks to {largest // 1024**2} MB, more than the {most} MB that are read")


def _refuse_entities(content: bytes, *, doctypes: bool) -> None:
    if b"\0" in content[:4]:  # UTF-16
        content = content.replace(b"\0", b"")
    if b"<!ENTITY" in content or (not doctypes and b"<!DOCTYPE" in content[:4096]):
        raise ParseError("it declares XML entities, which no document of its kind needs and attacks use")
