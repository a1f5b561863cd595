"""A document as a page of its own: inert text, without scripts, links or images, with a span marked."""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from rag.errors import UsageError
from rag.types import Block, Document

PIECES_PER_SECTION = 48  # a section that is out of sight is not laid out
_STYLE = Path(__file__).with_name("view.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Characters that hide or reorder text are shown by name: a reader sees what a model would.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*|\Z")
_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1><bdi>{title}</bdi></h1>
<div class="about">{about}</div>
{place}</header>
<main dir="auto">
{body}
</main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Span:
    """What is marked: code points into the text; an empty span marks nothing."""

    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text that is shown as one element; no block where the parser named none."""

    start: int
    end: int
    block: Block | None = None


def render_view(document: Document, start: int | None = None, end: int | None = None) -> str:
    """Return the page of a document. Raises UsageError when the span does not lie in its text."""
    span = _span(document, start, end)
    pieces = list(pieces_of(document))
    return _PAGE.format(
        language=escape(document.language),
        title=shown(document.title or document.uri),
        style=_STYLE,
        about=_about(document),
        place=_place(pieces, span),
        body="\n".join(_sections(document.text, pieces, span)),
    )


def shown(text: str) -> str:
    """Return text as inert HTML: escaped, and with characters that hide or reorder text shown by name."""
    return _CONTROL.sub(lambda found: f'<span class="control">U+{ord(found[0]):04X}</span>', escape(text))


def visible(text: str) -> str:
    """Return text for where no HTML is read: with characters that hide or reorder text shown by name."""
    return _CONTROL.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def _span(document: Document, start: int | None, end: int | None) -> Span:
    if start is None and end is None:
        return Span()
    if start is None or end is None:
        raise UsageError("A span needs both `start` and `end`.")
    if not start < end <= len(document.text):
        raise UsageError(
            f"The span [{start}:{end}] does not lie in the text, which has {len(document.text)} characters."
        )
    return Span(start, end)


def _about(document: Document) -> str:
    day = document.date.isoformat() if document.date else ""
    facts = (document.uri, document.type, day, f"version {document.version[:12]}")
    return " · ".join(f"<bdi>{shown(fact)}</bdi>" for fact in facts if fact)


def _place(pieces: Sequence[Piece], span: Span) -> str:
    marked = next((piece for piece in pieces if overlaps(piece, span)), None)
    if marked is None:
        return ""
    block = marked.block
    parts = [f"Page {block.page}"] if block and block.page else []
    parts += [f"<bdi>{shown(heading)}</bdi>" for heading in (block.heading_path if block else ())]
    return (
        f'<div class="place">{" › ".join([*parts, ""])}<a class="jump" href="#span">Go to the marked text</a></div>\n'
    )


def pieces_of(document: Document) -> Iterator[Piece]:
    """Yield the text in order, once; blank stretches between blocks are left out."""
    at = 0
    for block in document.blocks:
        yield from _between(document.text, at, block.start)
        if block.end > at:
            yield Piece(max(block.start, at), block.end, block)
            at = block.end
    yield from _between(document.text, at, len(document.text))


def _between(text: str, start: int, end: int) -> Iterator[Piece]:
    while start < end:
        blank = _BLANK_LINES.search(text, start, end)
        stop = blank.start() if blank else end
        if text[start:stop].strip():
            yield Piece(start, stop)
        start = blank.end() if blank and blank.end() > start else end


def _sections(text: str, pieces: Sequence[Piece], span: Span) -> Iterator[str]:
    page, marked = None, False
    for at in range(0, len(pieces), PIECES_PER_SECTION):
        part = pieces[at : at + PIECES_PER_SECTION]
        elements = []
        for piece in part:
            if piece.block and piece.block.page and piece.block.page != page:
                page = piece.block.page
                elements.append(f'<div class="page">Page {page}</div>')
            elements.append(_element(text, piece, span, first=not marked))
            marked = marked or overlaps(piece, span)
        within = ' class="marked"' if any(overlaps(piece, span) for piece in part) else ""
        yield f"<section{within}>{''.join(elements)}</section>"


def _element(text: str, piece: Piece, span: Span, *, first: bool) -> str:
    tag, name = tag_of(piece.block)
    style = f' class="{name}"' if name else ""
    return f'<{tag}{style} dir="auto">{_marked(text, piece, span, first=first)}</{tag}>'


def _marked(text: str, piece: Piece, span: Span, *, first: bool) -> str:
    if not overlaps(piece, span):
        return shown(text[piece.start : piece.end])
    start, end = max(piece.start, span.start), min(piece.end, span.end)
    # focused when the page opens, so that it is scrolled to without the fragment too
    name = ' id="span" tabindex="-1" autofocus' if first else ""
    before, inside, after = text[piece.start : start], text[start:end], text[end : piece.end]
    return f"{shown(before)}<mark{name}>{shown(inside)}</mark>{shown(after)}"


def overlaps(piece: Piece, span: Span) -> bool:
    """Whether something of a piece is marked."""
    return max(piece.start, span.start) < min(piece.end, span.end)


def tag_of(block: Block | None) -> tuple[str, str]:
    """Return the element that shows a block, and its class or nothing."""
    match block.kind if block else "paragraph":
        case "heading":
            return f"h{min(len(block.heading_path) + 1, 6) if block else 2}", ""
        case "table_row":
            return "p", "row"
        case "list_item":
            return "p", "item"
        case "code":
            return "pre", ""
        case "paragraph":
            return "p", ""
