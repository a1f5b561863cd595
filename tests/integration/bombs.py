"""Files made to break what reads them: small on disk, endless inside."""

import io
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence

_MEGABYTE = 1024**2
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "hahahahaha">'
    + b"".join(b'<!ENTITY %c "%s">' % (code, b"&%c;" % (code - 1) * 10) for code in range(ord("b"), ord("k")))
    + b"]><x>&j;</x>"
)


def pdf(objects: Mapping[int, bytes]) -> bytes:
    """Return a PDF of these objects, the first one its catalogue."""
    out, places = io.BytesIO(), {}
    out.write(b"%PDF-1.7\n")
    for number, content in objects.items():
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start, last = out.tell(), max(objects) + 1
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % last)
    for number in range(1, last):
        out.write(b"%010d 00000 n \n" % places[number])
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (last, start))
    return out.getvalue()


def stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def one_page(contents: bytes, resources: bytes = b"", more: Sequence[bytes] = ()) -> bytes:
    """Return a PDF of one page; further objects count from 5."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << %s >> >>" % resources
    base = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page, contents]
    return pdf(dict(enumerate([*base, *more], 1)))


def _packed(megabytes: int, filler: bytes) -> bytes:
    """Return a deflated stream of so many megabytes, made from one: a full flush lets its pieces be repeated."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(filler * (_MEGABYTE // len(filler))) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + piece * megabytes + packer.flush()


def nested_streams() -> bytes:
    """Return a page whose contents are 3 GB of operators, packed twice."""
    return one_page(stream(b"/Filter [/FlateDecode /FlateDecode]", zlib.compress(_packed(3000, b"0 0 m 1 1 l S "), 9)))


def pixel_flood() -> bytes:
    """Return a page that is one picture of 50,000 by 50,000 points."""
    entries = b"/Type /XObject /Subtype /Image /Width 50000 /Height 50000 /ColorSpace /DeviceGray /BitsPerComponent 8"
    image = stream(entries + b" /Filter [/FlateDecode /FlateDecode]", zlib.compress(_packed(2400, bytes(64)), 9))
    return one_page(stream(b"", b"600 0 0 800 0 0 cm /I Do"), b"/XObject << /I 5 0 R >>", [image])


def doubling_forms(levels: int = 34) -> bytes:
    """Return a page that draws a form which draws another one twice, and so on: 2 to the 34th drawings."""
    box = b"/Type /XObject /Subtype /Form /BBox [0 0 600 800]"
    forms = [
        stream(box + b" /Resources << /XObject << /F %d 0 R >> >>" % (number + 1), b"/F Do /F Do")
        for number in range(5, 5 + levels)
    ]
    text = b"BT /T 12 Tf 72 700 Td (ha) Tj ET"
    font = b" /Resources << /Font << /T << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    return one_page(stream(b"", b"/F Do"), b"/XObject << /F 5 0 R >>", [*forms, stream(box + font, text)])


def endless_pages() -> bytes:
    """Return a page tree whose branches hold each other."""
    branch = b"<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R %d 0 R] /Count 19999 >>"
    return pdf({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: branch % (3, 3, 3), 3: branch % (2, 2, 2)})


def deep_pages(depth: int = 100_000) -> bytes:
    """Return a page tree with one page, so many levels down."""
    objects = {1: b"<< /Type /Catalog /Pages 2 0 R >>"}
    for number in range(2, depth + 2):
        objects[number] = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (number + 1)
    objects[depth + 2] = b"<< /Type /Page /MediaBox [0 0 9 9] >>"
    return pdf(objects)


def deep_array(depth: int = 200_000) -> bytes:
    """Return a PDF whose page holds arrays in arrays."""
    return one_page(stream(b"", b""), b"/Deep " + b"[" * depth + b"]" * depth)


def package(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """Return an archive of parts, as Office files are."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return out.getvalue()


def swollen(main_part: str) -> bytes:
    """Return a package one part of which unpacks to 300 MB."""
    return package([(main_part, b"<x/>"), ("extra.xml", bytes(300 * _MEGABYTE))])


def laughing(main_part: str) -> bytes:
    """Return a package whose main part expands to a billion laughs."""
    return package([("[Content_Types].xml", b"<Types/>"), (main_part, LAUGHS)])
