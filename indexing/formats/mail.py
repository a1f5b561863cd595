"""E-mail as programs exchange it (EML): the sender's own words; attachments are documents of their own."""

import codecs
import datetime
import email
import email.errors
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32, default
from email.utils import formataddr, getaddresses, parsedate_to_datetime

from indexing.formats.decoding import decode
from indexing.formats.extracted import MAX_ATTACHMENTS, Extracted, clean
from indexing.formats.letter import ENCRYPTED, Letter, extracted_of, named
from rag.errors import ParseError

# What the library raises for headers that no standard allows; the older reader, which knows less, takes them.
_ODDITIES = (
    *(IndexError, KeyError, AttributeError, ValueError, TypeError, LookupError, AssertionError),
    email.errors.MessageError,
)
_RAW_HEADER_CHARS = 20_000
_KNOWN_HEADERS = ("from", "to", "subject", "date", "content-type", "mime-version", "received", "message-id")
_SIGNATURES = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_NOTHING_TO_READ = ("text/calendar", "text/rfc822-headers", "message/delivery-status", "application/pgp-encrypted")
_SHIFTED = ("iso-2022", "hz", "utf-7")  # in these, all bytes are ASCII's
_SOFT_BREAK = re.compile(r"(?m)(?<=\S) \r?\n(?![>\s]|-- )")
_REPLY = re.compile(r"^\s*(?:re|aw|sv|antw|ref|odp)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)


def parse_eml(data: bytes) -> Extracted:
    """Return subject, head and body; quoted earlier mails are left out, and the names of attachments told."""
    return extracted_of(read_eml(data), "email")


def read_eml(data: bytes) -> Letter:
    """Return the mail with its attachments. Raises ParseError where it is none."""
    data = data.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n\t ")
    try:
        return _letter(email.message_from_bytes(data, policy=default))
    except _ODDITIES:
        return _letter(email.message_from_bytes(data, policy=compat32))


@dataclass(slots=True)
class _Parts:
    """What was met in a mail."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    files: list[tuple[str, str, Callable[[], bytes]]] = field(default_factory=list)
    more: int = 0  # files beyond those that are read
    warnings: list[str] = field(default_factory=list)


def _letter(message: Message) -> Letter:
    if not any(name.lower() in _KNOWN_HEADERS for name in message.keys()):  # noqa: SIM118  # it is no mapping
        raise ParseError("it is no e-mail: it has no headers" if message.as_string().strip() else "it is empty")
    parts = _Parts()
    _collect(message, parts)
    subject, sender, day = _header(message, "subject"), _people(message, "from"), _date(message)
    head = (("From", sender), ("To", _people(message, "to")), ("Cc", _people(message, "cc")))
    return Letter(
        subject=subject,
        head=(*head, ("Date", f"{day:%Y-%m-%d %H:%M}" if day else _header(message, "date"))),
        sender=sender.partition(" <")[0].strip('"'),
        date=day.date() if day else None,
        plain="\n\n".join(parts.plain),
        html="\n".join(parts.html),
        is_reply=is_reply(subject, {name.lower() for name in message.keys()}),  # noqa: SIM118  # it is no mapping
        attachments=named(parts.files),
        more=parts.more,
        warnings=tuple(dict.fromkeys(parts.warnings)),
    )


def _collect(part: Message, parts: _Parts) -> None:
    """Sort a part, and those in it, into body and attachments; a mail in it is opened by nobody here."""
    kind = part.get_content_type()
    children = [each for each in part.get_payload() if isinstance(each, Message)] if part.is_multipart() else []
    if kind == "multipart/encrypted" or (kind in _SEALED and part.get_param("smime-type") != "certs-only"):
        parts.warnings.append(ENCRYPTED)
    elif kind == "multipart/alternative":
        _collect_one_of(children, parts)
    elif kind.startswith("multipart/"):
        for child in children:
            _collect(child, parts)
        if not children and isinstance(said := part.get_payload(), str):  # its boundary is not there
            parts.plain.append(said)
    elif kind not in (*_SIGNATURES, *_NOTHING_TO_READ):
        _collect_leaf(part, kind, parts)


def _collect_one_of(children: list[Message], parts: _Parts) -> None:
    """Take the plain text of what says the same in several forms; the others' files stay attachments."""
    found = _Parts()
    for child in children:
        _collect(child, found)
    parts.files += found.files
    parts.more += found.more
    parts.warnings += found.warnings
    if any(text.strip() for text in found.plain):
        parts.plain += found.plain
    else:
        parts.html += found.html


def _collect_leaf(part: Message, kind: str, parts: _Parts) -> None:
    name = _file_name(part)
    attached = part.get_content_disposition() == "attachment" or bool(name)
    if kind == "text/plain" and not attached:
        parts.plain.append(_text(part))
    elif kind == "text/html" and not attached:
        parts.html.append(_text(part))
    elif kind.startswith("image/") and (part["content-id"] or part.get_content_disposition() == "inline"):
        return
    elif len(parts.files) >= MAX_ATTACHMENTS:
        parts.more += 1
    else:
        name = name or (_header(_inner(part), "subject") if kind == "message/rfc822" else "")
        parts.files.append((name, kind, lambda: _bytes(part)))


def _inner(part: Message) -> Message:
    payload = part.get_payload()
    return payload[0] if isinstance(payload, list) and payload and isinstance(payload[0], Message) else Message()


def _bytes(part: Message) -> bytes:
    """Return the content of an attachment; a mail as it would be sent."""
    try:
        if part.get_content_type() == "message/rfc822" and part.is_multipart():
            return _inner(part).as_bytes(policy=compat32)
        payload = part.get_payload(decode=True)
    except _ODDITIES as error:
        raise ParseError(f"it is damaged in its mail ({type(error).__name__})") from error
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message) -> str:
    charset = part.get_content_charset() or ""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes) or not content.strip():
        return ""
    if charset.startswith(_SHIFTED):
        with suppress(LookupError, UnicodeError):
            return clean(content.decode(charset))
    text = decode(content, charset).text
    return _SOFT_BREAK.sub(" ", text) if part.get_param("format") == "flowed" else text


def _file_name(part: Message) -> str:
    name = str(part.get_filename() or "")
    if "\ufffd" in name:  # bare bytes, of which the library makes nothing
        sent = Message(policy=compat32)
        for key, value in part.raw_items():
            sent[key] = _eight_bit(str(value))
        name = str(sent.get_filename() or name)
    return decoded_header(name)


def _header(message: Message, name: str) -> str:
    """Return a header as a reader sees it; empty where there is none."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name), "")
    return " ".join(decoded_header(raw[:_RAW_HEADER_CHARS]).split())


def is_reply(subject: str, headers: Collection[str]) -> bool:
    """Tell by the subject, or by the names of its headers, whether a mail answers another."""
    return bool(_REPLY.match(subject)) or "in-reply-to" in headers or "references" in headers


def decoded_header(raw: str) -> str:
    """Return a header's words, whatever they were written in for the journey."""
    raw = _eight_bit(raw)
    try:
        return clean(str(make_header(decode_header(raw))))
    except (*_ODDITIES, UnicodeError):
        return clean(raw)


def _people(message: Message, name: str) -> str:
    """Return names and addresses, separated by commas."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name), "")[:_RAW_HEADER_CHARS]
    return ", ".join(_person(*each) for each in _addresses(raw)) or _header(message, name)


def _addresses(raw: str) -> Iterator[tuple[str, str]]:
    with suppress(*_ODDITIES):
        yield from getaddresses([_eight_bit(raw)])


def _eight_bit(raw: str) -> str:
    """Return a header with the letters that old programs sent as bare bytes, in UTF-8 or else as Western Windows."""
    sent = raw.encode("utf-8", "surrogateescape")
    try:
        return sent.decode("utf-8")
    except UnicodeDecodeError:
        return sent.decode("cp1252", "replace")


def _person(name: str, address: str) -> str:
    shown = " ".join(decoded_header(name).split())
    return f"{shown} <{address}>" if shown and address else shown or formataddr(("", address))


def _date(message: Message) -> datetime.datetime | None:
    with suppress(*_ODDITIES):
        return parsedate_to_datetime(_header(message, "date"))
    return None
