import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexing.formats.extracted import MAX_ATTACHMENTS, Extracted
from indexing.formats.extraction import extract
from indexing.formats.quoting import own_html, own_words
from rag.errors import ParseError
from tests.mails import crowded, eml, mail, nested

REPLY = {"In-Reply-To": "<1@example.com>"}


def read(data: bytes, member: str = "") -> Extracted:
    return extract("a.eml", data, 100_000, member)


def body(text: str, **headers: str) -> str:
    """Return what is left of a reply's text."""
    found = read(eml("Re: Probes", text, headers=REPLY)).text
    return found.split("10:15\n\n", 1)[-1]


def test_a_mail_is_its_subject_a_short_head_and_its_text() -> None:
    found = read(eml("Größe der Sonde", "Hello,\n\n- one\n- two\n\n-- \nMira\n"))
    assert found.text == (
        "Größe der Sonde\n\nFrom: Mira Falk <mira@example.com>\nTo: Jon Aas <jon@example.com>\n"
        "Date: 2026-03-04 10:15\n\nHello,\n\n- one\n- two\n\n-- \nMira"
    )
    stated = found.metadata
    assert (stated.title, stated.owner, stated.date, stated.type) == (
        "Größe der Sonde",
        "Mira Falk",
        datetime.date(2026, 3, 4),
        "email",
    )


def test_of_plain_text_and_html_one_is_read() -> None:
    text = read(eml(text="The plain words.\n", html="<p>The rich words.</p>")).text
    assert "plain words" in text
    assert "rich words" not in text


def test_html_alone_is_read() -> None:
    assert "The rich words." in read(eml(text="", html="<p>The <b>rich</b> words.</p><script>no</script>")).text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Yes.\n\nOn Mon, 2 Mar 2026 Jon wrote:\n> Is it on?\n> Tell me.\n> Now.\n> Jon\n", "Yes."),
        ("Yes.\n\nAm 02.03.2026 um 10:00 schrieb Jon:\n> Ja?\n", "Yes."),
        ("Yes.\n\n-----Original Message-----\nFrom: Jon\nSent: Monday\n\nIs it on?\n", "Yes."),
        ("Yes.\n\nFrom: Jon\nSent: Monday\nTo: Mira\nSubject: Probes\n\nIs it on?\n", "Yes."),
        ("Yes.\n\nOn Mon, 2 Mar 2026 a person with a long name\n<jon@example.com> wrote:\n\n> Is it on?\n", "Yes."),
        ("> Is it on?\nYes.\n", "> Is it on?\nYes."),
        ("> Only quoted.\n", "> Only quoted."),
        ("On Monday he wrote: fine.\nReally.\n", "On Monday he wrote: fine.\nReally."),
    ],
)
def test_a_reply_is_what_its_sender_wrote(text: str, left: str) -> None:
    assert body(text) == left


def test_a_forwarded_mail_is_read_whole() -> None:
    text = "See below.\n\n-----Original Message-----\nFrom: Jon\n\nThe pump is broken.\n"
    assert "pump is broken" in read(eml("Fwd: Pump", text, headers=REPLY)).text


def test_quotes_in_html_are_left_out_of_a_reply() -> None:
    page = '<p>Yes.</p><div class="gmail_quote">On Monday:<blockquote>Is it on?</blockquote></div>'
    assert "Is it on" not in own_html(page)
    assert "Yes." in own_html(page)
    assert "Is it on" in read(eml("Fwd: x", text="", html=page, headers=REPLY)).text


@given(
    st.lists(st.sampled_from(["> a", "b", "", "On 1 Mar 2026 x wrote:", "From: x", "Sent: y", "To: z"]), max_size=12)
)
def test_trimming_adds_no_line_and_leaves_something(lines: list[str]) -> None:
    text = "\n".join(lines)
    left = own_words(text)
    assert bool(left.strip()) == bool(text.strip())
    kept = iter(lines)
    assert all(any(line == each for each in kept) for line in left.split("\n") if line)


def test_names_of_attachments_are_told_and_safe_and_each_once() -> None:
    files = {"../../etc/passwd": b"x", "a!/b.txt": b"x", "report.PDF": b"x"}
    message = mail(files=files)
    message.add_attachment(b"y", maintype="application", subtype="pdf", filename="report.PDF")
    found = read(message.as_bytes())
    assert found.attachments == ("etc_passwd.bin", "a!_b.txt", "report.PDF", "report-2.PDF")
    assert "Attachments: etc_passwd.bin, a!_b.txt, report.PDF, report-2.PDF" in found.text


def test_an_attachment_is_read_by_its_own_format_and_names_its_mail() -> None:
    found = read(eml("Prices", files={"a.csv": b"item,price\nprobe,1290\n"}), "a.csv")
    assert (found.format, found.text) == ("csv", "item,price\nprobe,1290\n")
    assert (found.metadata.title, found.metadata.owner) == ("a (attached to: Prices)", "Mira Falk")


def test_pictures_that_the_text_shows_and_signatures_are_no_attachments() -> None:
    message = mail()
    message.add_related(b"GIF89a", maintype="image", subtype="gif", cid="<logo>")
    assert read(message.as_bytes()).attachments == ()


def test_encrypted_mails_and_files_written_into_the_text_are_told_not_shown() -> None:
    cipher = "-----BEGIN PGP MESSAGE-----\n\nhIwDY32hYGCE8MkBA\n-----END PGP MESSAGE-----\n"
    found = read(eml(text=f"Hello.\n\n{cipher}"))
    assert "hIwDY" not in found.text
    assert found.warnings == ("its content is encrypted, and was not read",)
    coded = "A" * 60 + "\n"
    assert "AAAA" not in read(eml(text=f"Hello.\n\n{coded * 5}")).text


def test_mails_in_mails_are_read_to_a_depth_and_say_where_it_ends() -> None:
    data = nested(6).as_bytes()
    third = read(data, "Level 1.eml!/Level 2.eml!/Level 3.eml")
    assert third.attachments == ()
    assert "not opened" in third.warnings[0]
    with pytest.raises(ParseError, match="not opened"):
        read(data, "Level 1.eml!/Level 2.eml!/Level 3.eml!/Level 4.eml")


@pytest.mark.parametrize(("data", "reason"), [(b"   \n\n ", "empty"), (b"just words\n", "no headers")])
def test_what_is_no_mail_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        read(data)


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Type: text/plain; charset=nonsense",
        b'Content-Type: multipart/mixed; boundary="never"',
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64",
        b"Date: the day after tomorrow",
        b"To: " + b"a@b.c, " * 5000,
        b"From: =?utf-8?b?\xff\xfe?= <a@b>",
        b"Content-Type: text/plain; charset=iso-2022-jp",
        b"Content-Disposition: inline; filename*0*=utf-8''%ff%; filename*1=\"",
    ],
)
def test_odd_headers_cost_nothing_but_themselves(head: bytes) -> None:
    assert "Odd" in read(b"Subject: Odd\n" + head + b"\n\nSome words of text.\n").text


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(noise: bytes) -> None:
    data = b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n" + noise
    try:
        found = read(data)
    except ParseError:
        return
    assert "\0" not in found.text


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_headers_and_names_of_attachments_sent_as_bare_bytes_are_read(encoding: str) -> None:
    sent = (
        'Subject: Größe der Sonde\nFrom: Jörg <j@example.com>\nContent-Type: multipart/mixed; boundary="b"\n\n'
        '--b\n\nHello.\n--b\nContent-Disposition: attachment; filename="Maße.txt"\n\nTen.\n--b--\n'
    )
    found = read(sent.encode(encoding))
    assert found.text.startswith("Größe der Sonde\n\nFrom: Jörg <j@example.com>\n")
    assert found.attachments == ("Maße.txt",)


def test_a_mail_that_was_saved_with_a_byte_order_mark_is_a_mail() -> None:
    assert read(b"\xef\xbb\xbf" + eml("Probes")).metadata.title == "Probes"


def test_words_after_too_many_attachments_are_read() -> None:
    closed = b"--b--\n"
    found = read(crowded(MAX_ATTACHMENTS + 1).removesuffix(closed) + b"--b\n\nThe last words.\n" + closed)
    assert found.text.endswith("The last words.")
    assert found.warnings == (f"of its {MAX_ATTACHMENTS + 1} attachments only the first {MAX_ATTACHMENTS} are read",)
