import io
import zipfile

import pytest

from indexing.formats.detection import detect
from rag.errors import ParseError


def zipped(*names):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), "x")  # of 1980: the same in every worker
    return target.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89"


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.txt", b"text", "text"),
        ("README", b"text", "text"),
        ("A.MD", b"# text", "markdown"),
        ("a.htm", b"<p>", "html"),
        ("a.pdf", b"junk before\n%PDF-1.4", "pdf"),
        ("a.docx", zipped("word/document.xml"), "docx"),
        ("a.tsv", b"a\tb", "csv"),
        ("a.pptx", zipped("ppt/presentation.xml"), "pptx"),
        ("a.xlsm", zipped("xl/workbook.xml"), "xlsx"),
        ("a.xls", OLE + "Workbook".encode("utf-16-le"), "xls"),
        ("a.odt", zipped("content.xml"), "odt"),
        ("a.epub", zipped("META-INF/container.xml"), "epub"),
        ("a.rtf", b"\n{\\rtf1 text}", "rtf"),
        ("notes", "Über".encode(), "text"),
        ("Makefile", b"all:", "code"),
        ("a.rst", b"Title", "rst"),
        ("a.jsonl", b"{}", "ndjson"),
        ("a.yml", b"a: 1", "yaml"),
        ("feed.rss", b"<rss/>", "xml"),
        ("a.eml", b"Subject: x", "email"),
        ("a.msg", OLE + "__properties_version1.0".encode("utf-16-le"), "outlook"),
        ("a.py", b"x = 1", "code"),
        ("a.TOML", b"[a]", "code"),
        ("utf16.txt", "This is text.".encode("utf-16-le"), "text"),
    ],
)
def test_a_file_is_what_its_ending_and_its_content_say(name, data, expected):
    assert detect(name, data) == expected


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.bin", b"x", r"\.bin is not a format that can be indexed \(Markdown"),
        (".gitignore", b"x", r"\.gitignore is not a format"),
        ("data", b"\xfa\xfb no text", "data is not a format"),
        ("a.dat", b"plain words", r"\.dat is not a format"),
        ("a.doc", OLE, "save it as .docx"),
        ("a.zip", zipped("a.txt"), "unpack it"),
        ("a.msg", OLE, "is no Outlook message"),
        ("a.msg", b"text", "is text"),
        ("a.json", PNG, "of the type png"),
        ("a.eml", OLE, "named .eml but is"),
        ("a.txt", b"", "empty"),
        ("a.pdf", b"just text", r"named \.pdf but is text"),
        ("a.pdf", PNG, "of the type png"),
        ("a.md", b"%PDF-1.7 x", "is a PDF document"),
        ("a.txt", PNG, "of the type png"),
        ("a.docx", zipped("a.txt"), "is a ZIP archive"),
        ("a.docx", zipped("xl/workbook.xml"), "is an Excel workbook"),
        ("a.docx", b"text", "is text"),
        ("a.xls", zipped("xl/workbook.xml"), "new format; name it .xlsx"),
        ("a.xls", OLE, "is no Excel workbook"),
        ("a.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted with a password"),
        ("a.xlsx", OLE, "old Office format; save it as .xlsx"),
        ("a.pptx", zipped("word/document.xml"), "is a Word document"),
        ("a.epub", zipped("a.txt"), "is a ZIP archive"),
        ("a.rtf", b"text", "is text"),
        ("a.txt", b"{\\rtf1 text}", "named .txt but is text in RTF"),
        ("a.docx", OLE, "in the old Office format"),
        ("a.docx", zipped("word/document.xml")[:40], "damaged or truncated"),
        ("a.csv", zipped("a.txt"), "is a ZIP archive"),
    ],
)
def test_any_other_has_a_clear_reason(name, data, reason):
    with pytest.raises(ParseError, match=reason):
        detect(name, data)
