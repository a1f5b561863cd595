"""Word documents (DOCX): mammoth's HTML for the body, python-docx for properties, headers and footers."""

import io
from xml.parsers.expat import ExpatError

import docx
import mammoth
from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import OpcError
from lxml import etree

from indexing.formats.containers import LOADED, opened
from indexing.formats.extracted import Extracted, Metadata, TextBuilder
from indexing.formats.hiding import HIDDEN_TEXT, tells
from indexing.formats.html import parse_fragment, walk
from indexing.formats.metadata import read_metadata
from indexing.formats.word_numbering import write_numbers

_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Code'] => pre:separator('\n')
p[style-name='HTML Preformatted'] => pre:separator('\n')
"""
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEAST_HALF_POINTS = 4


def parse_docx(data: bytes) -> Extracted:
    """Return the body, text boxes and notes included, between the headers and the footers of its pages."""
    with opened(data, "Word document", oddities=(OpcError, ExpatError)) as container:
        external = container.refers_outside
        word = docx.Document(io.BytesIO(data))
        hidden = _take_hidden(word)
        changed = write_numbers(word) or hidden
        html = mammoth.convert_to_html(
            io.BytesIO(_saved(word) if changed else data),
            style_map=_STYLES,
            convert_image=mammoth.images.img_element(_no_image),
        ).value
        builder = TextBuilder()
        _add_lines(builder, _edges(word, "header"))
        walk(parse_fragment(html), builder)
        _add_lines(builder, _edges(word, "footer"))
        metadata = _metadata(word)
    warnings = (*([LOADED] if external else []), *([HIDDEN_TEXT] if tells(hidden) else []))
    return Extracted("docx", builder.text, tuple(builder.blocks), metadata, warnings)


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
