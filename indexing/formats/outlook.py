"""Messages that Outlook stored (MSG), by python-oxmsg."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from struct import error as struct_error

from oxmsg import Message
from oxmsg.attachment import Attachment

from indexing.formats.decoding import decode
from indexing.formats.extracted import MAX_ATTACHMENTS, Extracted
from indexing.formats.letter import ENCRYPTED, Letter, extracted_of, named
from indexing.formats.mail import decoded_header, is_reply
from rag.errors import ParseError

_DAMAGE = (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, LookupError, struct_error)
_CONTENT_ID, _HTML, _PACKED_RTF = 0x3712, 0x1013, 0x1009
_SEALED = re.compile(r"IPM\.Note\.SMIME$", re.IGNORECASE)


def parse_msg(data: bytes) -> Extracted:
    """Return subject, head and body; quoted earlier mails are left out, and the names of attachments told."""
    return extracted_of(read_msg(data), "outlook")


def read_msg(data: bytes) -> Letter:
    """Return the mail with its attachments. Raises ParseError where it is damaged."""
    try:
        return _letter(Message.load(data))
    except _DAMAGE as error:
        raise ParseError(f"it is a damaged Outlook message ({type(error).__name__})") from error


def _letter(message: Message) -> Letter:
    headers = {name.lower(): decoded_header(value) for name, value in message.message_headers.items()}
    subject = message.subject or headers.get("subject", "")
    sender = decoded_header(message.sender or headers.get("from", ""))
    to = headers.get("to") or ", ".join(_person(each.name, each.email_address) for each in message.recipients)
    day, html = message.sent_date, _html(message)
    found = list(_files(message, html))
    plain = message.body or ""
    return Letter(
        subject=subject,
        head=(
            ("From", sender),
            ("To", to),
            ("Cc", headers.get("cc", "")),
            ("Date", f"{day:%Y-%m-%d %H:%M}" if day else ""),
        ),
        sender=sender.partition("<")[0].strip('" ') or sender,
        date=day.date() if day else None,
        plain=plain,
        html=html,
        is_reply=is_reply(subject, headers),
        attachments=named(found),
        more=max(0, len(found) - MAX_ATTACHMENTS),
        warnings=tuple(_warnings(message, bool(plain.strip() or html.strip()))),
    )


def _html(message: Message) -> str:
    stored = message.properties.binary_prop_value(_HTML)
    return decode(stored, message.properties.body_encoding).text if stored else message.html_body or ""


def _warnings(message: Message, has_text: bool) -> Iterator[str]:
    if _SEALED.search(message.message_class or ""):
        yield ENCRYPTED
    elif not has_text and message.properties.binary_prop_value(_PACKED_RTF):
        yield "its text is stored as compressed RTF, which is not read; save it as .eml"
    if any(not each.attached_by_value for each in message.attachments):
        yield "an Outlook item that is attached to it is not read; save that by itself"


def _files(message: Message, html: str) -> Iterator[tuple[str, str, Callable[[], bytes]]]:
    """Yield the attached files, but not the pictures that its HTML shows."""
    for each in message.attachments:
        content_id = each.properties.str_prop_value(_CONTENT_ID) or ""
        if each.attached_by_value and not (content_id and f"cid:{content_id}" in html):
            yield each.file_name or "", each.mime_type or "", partial(_bytes, each)


def _bytes(attachment: Attachment) -> bytes:
    try:
        return attachment.file_bytes or b""
    except _DAMAGE as error:
        raise ParseError(f"it is damaged in its mail ({type(error).__name__})") from error


def _person(name: str, address: str) -> str:
    return f"{name} <{address}>" if name and address and name != address else name or address
