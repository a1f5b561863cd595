"""A mail, whichever program stored it -> canonical text: subject, a short head, its own words."""

import datetime
import mimetypes
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from indexing.formats.extracted import MAX_ATTACHMENTS, Extracted, Metadata, TextBuilder, clean
from indexing.formats.hiding import HIDDEN_TEXT
from indexing.formats.quoting import FORWARDED, own_html, own_words
from indexing.formats.text import plain_blocks
from rag.errors import ParseError

_MAX_NAME_CHARS = 120
_HEAD_CHARS = 500  # of one line of the head: a mail may go to thousands
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\ud800-\udfff\u202a-\u202e\u2066-\u2069]+")
_PGP = re.compile(r"-----BEGIN PGP MESSAGE-----.*?(?:-----END PGP MESSAGE-----|\Z)", re.DOTALL)
_ENCODED = re.compile(
    r"(?m)(?:^[A-Za-z0-9+/]{50,}={0,2}[^\S\n]*(?:\n|\Z)){3,}(?:^[A-Za-z0-9+/]+={0,2}[^\S\n]*(?:\n|\Z))?"
)
ENCRYPTED = "its content is encrypted, and was not read"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a mail; `load` gives its bytes and raises ParseError where it cannot."""

    name: str  # safe, and once in its mail
    load: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail before it is made into text."""

    subject: str
    head: tuple[tuple[str, str], ...]  # From, To, Cc, Date, as a reader sees them
    sender: str
    date: datetime.date | None
    plain: str = ""
    html: str = ""  # read where there is no plain text
    is_reply: bool = False
    attachments: tuple[Attachment, ...] = ()
    more: int = 0  # attachments beyond those that are read
    warnings: tuple[str, ...] = ()

    def attachment(self, name: str) -> bytes:
        """Return the bytes of one attachment. Raises ParseError where there is none of that name."""
        found = next((each for each in self.attachments if each.name == name), None)
        if found is None:
            raise ParseError("its mail holds no such attachment any more")
        return found.load()


def named(found: Sequence[tuple[str, str, Callable[[], bytes]]]) -> tuple[Attachment, ...]:
    """Return the first attachments under safe names, each once; given are name, MIME type and what loads them."""
    made: dict[str, Attachment] = {}
    for number, (name, kind, load) in enumerate(found[:MAX_ATTACHMENTS], 1):
        safe = _safe(name, kind) or f"attachment-{number}{_ending(kind)}"
        path, count = PurePath(safe), 2
        while safe in made:
            safe, count = f"{path.stem}-{count}{path.suffix}", count + 1
        made[safe] = Attachment(safe, load)
    return tuple(made.values())


def extracted_of(letter: Letter, kind: str) -> Extracted:
    """Return the text of a mail, without what it quotes of earlier ones, and the names of what came with it."""
    builder = TextBuilder()
    builder.add("heading", letter.subject, level=1)
    names = tuple(each.name for each in letter.attachments)
    head = [*letter.head, ("Attachments", ", ".join(names))]
    builder.add("paragraph", "\n".join(f"{name}: {_short(said)}" for name, said in head if said))
    warnings = [*letter.warnings, *_add_body(letter, builder)]
    if letter.more:
        warnings.append(f"of its {len(names) + letter.more} attachments only the first {len(names)} are read")
    metadata = Metadata(title=_short(letter.subject), type="email", date=letter.date, owner=_short(letter.sender))
    return Extracted(kind, builder.text, tuple(builder.blocks), metadata, tuple(dict.fromkeys(warnings)), names)


def _add_body(letter: Letter, builder: TextBuilder) -> list[str]:
    """Add what the sender wrote; plain text goes before HTML, which says the same again."""
    is_forward = not letter.is_reply or bool(FORWARDED.search(letter.subject))
    if letter.plain.strip():
        text, warnings = _readable(letter.plain.replace("\r\n", "\n").replace("\r", "\n"))
        text = text if is_forward else own_words(text)
        for block in plain_blocks(text):
            builder.add(block.kind, text[block.start : block.end])
        return warnings
    if letter.html.strip():
        from indexing.formats.html import add_page  # noqa: PLC0415  # most mails have plain text

        page = letter.html if is_forward else own_html(letter.html)
        return [HIDDEN_TEXT] if add_page(clean(page).encode("utf-8", "replace"), builder) else []
    return []


def _readable(text: str) -> tuple[str, list[str]]:
    """Return a text without what no reader reads: cipher text, and files that were put into it letter by letter."""
    warnings = [ENCRYPTED] if _PGP.search(text) else []
    shown = _PGP.sub("", text)
    if _ENCODED.search(shown):
        warnings.append("a file is written into its text, and was left out")
    return _ENCODED.sub("", shown), warnings


def _safe(name: str, kind: str) -> str:
    safe = " ".join(_UNSAFE.sub("_", unicodedata.normalize("NFC", name)).split()).strip(" ._")
    path = PurePath(safe)
    ending = path.suffix if path.suffix and len(path.suffix) <= 12 else ""
    stem = safe[: len(safe) - len(ending)][:_MAX_NAME_CHARS]
    return f"{stem}{ending or _ending(kind)}" if stem else ""


def _ending(kind: str) -> str:
    return ".eml" if kind == "message/rfc822" else mimetypes.guess_extension(kind) or ""


def _short(said: str) -> str:
    line = " ".join(clean(said).split())
    return line if len(line) <= _HEAD_CHARS else f"{line[:_HEAD_CHARS]}…"
