"""Mails as programs send them, made for tests."""

from collections.abc import Mapping
from email.message import EmailMessage


def mail(
    subject: str = "Probe order",
    text: str = "The probes arrive on Monday.\n",
    *,
    html: str = "",
    files: Mapping[str, bytes | EmailMessage] | None = None,
    headers: Mapping[str, str] | None = None,
) -> EmailMessage:
    """Return a mail; a message among the files is attached as a mail."""
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = subject, "Mira Falk <mira@example.com>", "Jon Aas <jon@example.com>"
    made["Date"] = "Wed, 04 Mar 2026 10:15:00 +0100"
    for name, value in (headers or {}).items():
        made[name] = value
    if text:
        made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html") if text else made.set_content(html, subtype="html")
    for name, content in (files or {}).items():
        if isinstance(content, EmailMessage):
            made.add_attachment(content)
        else:
            made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made


def eml(*args: str, **parts: object) -> bytes:
    """Return the bytes of a mail."""
    return mail(*args, **parts).as_bytes()  # type: ignore[arg-type]  # the parts of `mail`


def crowded(count: int) -> bytes:
    """Return a mail with so many small attachments."""
    head = 'Subject: Many\nFrom: a@example.com\nContent-Type: multipart/mixed; boundary="b"\n\n'
    part = '--b\nContent-Disposition: attachment; filename="{0}.txt"\n\nA note of number {0}.\n'
    return (head + "".join(part.format(number) for number in range(count)) + "--b--\n").encode()


def nested(depth: int, text: str = "The innermost text.\n") -> EmailMessage:
    """Return a mail in a mail, so many deep."""
    made = mail(f"Level {depth}", text)
    for level in range(depth - 1, -1, -1):
        made = mail(f"Level {level}", f"Text of level {level}.\n", files={"": made})
    return made
