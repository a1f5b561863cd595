"""Word documents (DOCX): mammoth's HTML for the body, python-docx for properties, headers and footers."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import docx
import mammoth
from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import OpcError
from lxml import etree

from indexing.formats.extracted import Extracted, Metadata, TextBuilder
from indexing.formats.hiding import HIDDEN_TEXT, tells
from indexing.formats.html import parse_fragment, walk
from indexing.formats.metadata import read_metadata
from rag.errors import ParseError

_MAX_MEMBERS = 5000
_MAX_UNPACKED_BYTES = 512 * 1024 * 1024
_MAX_XML_BYTES = 128 * 1024 * 1024  # a tree takes about ten times that
_MAX_RATIO = 200  # XML of real documents packs to a twentieth at most; small members may do better
_RATIO_FREE_BYTES = 16 * 1024 * 1024
_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Code'] => pre:separator('\n')
p[style-name='HTML Preformatted'] => pre:separator('\n')
"""
# Links to web pages and to a template are on thousands of honest documents.
_EXTERNAL = b'TargetMode="External"'
_HARMLESS = (b"/hyperlink", b"/attachedTemplate")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEAST_HALF_POINTS = 4
_LOADED = "it refers to content outside of itself, which was not loaded"


def parse_docx(data: bytes) -> Extracted:
    """Return the body, text boxes and notes included, between the headers and the footers of its pages."""
    external = _inspect(data)
    with _translated_errors():
        word = docx.Document(io.BytesIO(data))
        hidden = _take_hidden(word)
        html = mammoth.convert_to_html(
            io.BytesIO(_saved(word) if hidden else data),
            style_map=_STYLES,
            convert_image=mammoth.images.img_element(_no_image),
        ).value
        builder = TextBuilder()
        _add_lines(builder, _edges(word, "header"))
        walk(parse_fragment(html), builder)
        _add_lines(builder, _edges(word, "footer"))
        metadata = _metadata(word)
    warnings = (*([_LOADED] if external else []), *([HIDDEN_TEXT] if tells(hidden) else []))
    return Extracted("docx", builder.text, tuple(builder.blocks), metadata, warnings)


def _inspect(data: bytes) -> bool:
    """Tell whether it loads content from outside. Raises ParseError for a bomb, or what is damaged."""
    with _translated_errors(), zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        _refuse_bomb(members, len(data))
        read = [member for member in members if member.filename.endswith((".xml", ".rels"))]
        external = [_inspect_member(archive, member) for member in read]
    return any(external)


def _refuse_bomb(members: list[zipfile.ZipInfo], packed: int) -> None:
    """Refuse by what the members declare: nothing is ever unpacked beyond that."""
    unpacked = sum(member.file_size for member in members)
    if any(member.flag_bits & 1 for member in members):
        raise ParseError("it is encrypted; save it without a password")
    if len(members) > _MAX_MEMBERS:
        raise ParseError(f"it is an archive of {len(members)} parts, and no document has so many")
    if unpacked > _MAX_UNPACKED_BYTES or (unpacked > _RATIO_FREE_BYTES and unpacked > _MAX_RATIO * packed):
        raise ParseError(f"it unpacks to {unpacked // 1024**2} MB from {packed // 1024} kB, as an archive bomb does")
    if any(member.file_size > _MAX_XML_BYTES for member in members if member.filename.endswith(".xml")):
        raise ParseError("one of its parts is too large to be read safely")


def _inspect_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    content = archive.read(member)
    if b"<!ENTITY" in content or b"<!DOCTYPE" in content[:4096]:
        raise ParseError("it declares XML entities, which no Word document needs and attacks use")
    relations = content.split(b"<Relationship ")[1:] if member.filename.endswith(".rels") else []
    return any(_EXTERNAL in each and not any(kind in each for kind in _HARMLESS) for each in relations)


def _take_hidden(word: WordDocument) -> str:
    """Take the runs out that no reader sees, and return their text."""
    hidden = [run for run in word.element.body.iter(f"{_W}r") if _is_hidden(run)]
    texts = ["".join(text.text or "" for text in run.iter(f"{_W}t")) for run in hidden]
    for run in hidden:
        run.getparent().remove(run)
    return " ".join(filter(None, texts))


def _is_hidden(run: etree._Element) -> bool:
    """Tell whether a run is hidden, smaller than two points, or white where nothing paints the ground."""
    look = run.find(f"{_W}rPr")
    if look is None:
        return False
    vanish, size, color = (look.find(f"{_W}{name}") for name in ("vanish", "sz", "color"))
    if vanish is not None and vanish.get(f"{_W}val") not in ("0", "false"):
        return True
    if size is not None and str(size.get(f"{_W}val")).isdigit() and int(size.get(f"{_W}val")) < _LEAST_HALF_POINTS:
        return True
    return color is not None and str(color.get(f"{_W}val")).upper() == "FFFFFF" and not _is_painted(run)


def _is_painted(run: etree._Element) -> bool:
    """Tell whether a run may stand on a ground: shaded, or in a table or shape, whose style may have one."""
    above = [run, *run.iterancestors()]
    boxes = {f"{_W}tbl", f"{_W}txbxContent"}
    return any(each.tag in boxes or each.find(f"{_W}rPr/{_W}shd") is not None for each in above) or any(
        each.find(f"{_W}pPr/{_W}shd") is not None for each in above
    )


def _saved(word: WordDocument) -> bytes:
    target = io.BytesIO()
    word.save(target)
    return target.getvalue()


def _no_image(_image: object) -> dict[str, str]:
    return {}


def _edges(word: WordDocument, edge: str) -> list[str]:
    """Return the different lines of all page headers or footers."""
    parts = [
        getattr(section, f"{which}{edge}") for section in word.sections for which in ("first_page_", "even_page_", "")
    ]
    lines = (paragraph.text for part in parts if not part.is_linked_to_previous for paragraph in part.paragraphs)
    return list(dict.fromkeys(line.strip() for line in lines if any(map(str.isalpha, line))))


def _add_lines(builder: TextBuilder, lines: list[str]) -> None:
    for line in lines:
        builder.add("paragraph", line)


def _metadata(word: WordDocument) -> Metadata:
    if all(each.reltype != RELATIONSHIP_TYPE.CORE_PROPERTIES for each in word.part.package.rels.values()):
        return Metadata()  # python-docx would make some up
    core = word.core_properties
    return read_metadata(
        {
            "title": core.title,
            "author": core.author if core.author != "python-docx" else "",
            "date": core.modified or core.created,
            "keywords": core.keywords,
            "category": core.category,
            "language": core.language,
        }
    )


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Turn what the libraries raise for a damaged file into a reason."""
    try:
        yield
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError) as error:
        raise ParseError("it is a damaged or truncated Word document") from error
    except (OpcError, etree.XMLSyntaxError, KeyError, ValueError, IndexError, AttributeError) as error:
        raise ParseError(f"its parts are not those of a Word document ({type(error).__name__})") from error
