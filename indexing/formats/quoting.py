"""What a reply quotes of earlier mails, told from what its sender wrote: those are mails of their own."""

import re
from collections.abc import Iterator, Sequence

from lxml import etree, html

FORWARDED = re.compile(r"^\s*(?:fwd?|wg|tr|rv|enc|i)\s*:", re.IGNORECASE)
_KEPT_LINES = 3  # so many quoted lines above an answer are what it answers
_SAID_BY = re.compile(
    r"^(?:On\b.{0,200}\d.{0,200}\bwrote|Am\b.{0,200}\d.{0,200}\bschrieb\b.{0,200}|Le\b.{0,200}\d.{0,200}\ba écrit"
    r"|El\b.{0,200}\d.{0,200}\bescribió|Il\b.{0,200}\d.{0,200}\bha scritto"
    r"|Op\b.{0,200}\d.{0,200}\bschreef\b.{0,200})\s?:\s*$"
)
_REST_IS_QUOTED = re.compile(
    r"^-{3,}\s*(?:Original Message|Original Appointment|Ursprüngliche Nachricht|Message d'origine"
    r"|Mensaje original)\s*-{3,}",
    re.IGNORECASE,
)
_HEAD = re.compile(r"^\*?(?:From|Von|De|Da|Van)\s?:\*?\s")
_HEAD_NEXT = re.compile(
    r"^\*?(?:Sent|Date|To|Cc|Subject|Gesendet|Datum|An|Betreff|Envoyé"
    r"|À|Objet|Enviado|Para|Asunto)\s?:\*?\s"
)
_QUOTES = (
    "//blockquote[@type='cite']",
    "//*[contains(concat(' ', @class, ' '), ' gmail_quote ')]",
    "//*[contains(concat(' ', @class, ' '), ' moz-cite-prefix ')]",
    "//*[contains(concat(' ', @class, ' '), ' yahoo_quoted ')]",
    "//*[contains(concat(' ', @class, ' '), ' protonmail_quote ')]",
)
_REST = "//*[@id='divRplyFwdMsg' or @id='appendonsend' or @id='mail-editor-reference-message-container']"


def own_words(text: str) -> str:
    """Return a reply without the mails that it quotes; all of it where nothing else would be left."""
    lines = _before_the_rest(text.split("\n"))
    own = "\n".join(_without_marked(lines)).strip("\n")
    return own if own.strip() else text


def own_html(page: str) -> str:
    """Return a reply in HTML without the mails that it quotes; all of it where nothing else would be left."""
    try:
        root = html.document_fromstring(page.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, ValueError):
        return page
    for path in _QUOTES:
        for each in root.xpath(path):
            each.drop_tree() if each.getparent() is not None else None
    for each in root.xpath(_REST):
        for later in [*each.itersiblings(), each]:
            later.drop_tree() if later.getparent() is not None else None
    return html.tostring(root, encoding="unicode") if root.text_content().strip() else page


def _before_the_rest(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines above an earlier mail that stands below, unmarked, as some programs do it."""
    for at, line in enumerate(lines):
        heads = _HEAD.match(line) and sum(bool(_HEAD_NEXT.match(each)) for each in lines[at + 1 : at + 5]) >= 2
        unmarked = _said_by(lines, at) and not any(each.startswith(">") for each in lines[at + 1 : at + 5])
        if _REST_IS_QUOTED.match(line) or heads or unmarked:
            return lines[: at - 1] if at and set(lines[at - 1].strip()) == {"_"} else lines[:at]
    return lines


def _without_marked(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines, but of quoted ones only the few right above an answer."""
    at, last = 0, max((n for n, line in enumerate(lines) if line.strip() and not line.startswith(">")), default=-1)
    while at < len(lines):
        begin = at
        taken = _said_by(lines, at)
        at += taken
        while at < len(lines) and taken and not lines[at].strip():
            at += 1
        end = at
        while end < len(lines) and lines[end].startswith(">"):
            end += 1
        if end == at:
            yield from lines[begin : max(at, begin + 1)]
            at = max(at, begin + 1)
            continue
        if last >= end and end - at <= _KEPT_LINES:
            yield from lines[at:end]
        at = end


def _said_by(lines: Sequence[str], at: int) -> int:
    """Return how many lines say who wrote what follows: none, one, or two where the line was broken."""
    if _SAID_BY.match(lines[at]):
        return 1
    return 2 if at + 1 < len(lines) and _SAID_BY.match(f"{lines[at]} {lines[at + 1]}") else 0
