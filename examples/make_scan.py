"""Make the scan of the example handbook: a page that is a picture, with no text layer, the same bytes everywhere."""

from collections.abc import Sequence
from itertools import groupby

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4

SCAN_SIZE, SCAN_SKEW = (595, 842), 0.7  # dots, about one a point; degrees


def packed_bits(data: bytes) -> bytes:
    """Return bytes as PDF's RunLengthDecode unpacks them; unlike zlib it gives the same everywhere."""
    packed = bytearray()
    for value, run in groupby(data):
        whole, left = divmod(len(list(run)), 128)
        packed += bytes((129, value)) * whole
        packed += bytes(((257 - left) % 256, value)) if left else b""
    return bytes(packed) + b"\x80"


def scan_bytes(text: str) -> bytes:
    """Return a PDF of one page that is a picture of the text, a little askew, as a scanner makes it."""
    page = Image.new("1", SCAN_SIZE, 1)
    drawing, font = ImageDraw.Draw(page), ImageFont.load_default_imagefont()
    for number, line in enumerate(text.splitlines()):
        drawing.text((70, 90 + 18 * number), line, fill=0, font=font)
    picture = packed_bits(page.rotate(SCAN_SKEW, fillcolor=1).tobytes())
    shown = f"{A4[0]:.2f} 0 0 {A4[1]:.2f} 0 0 cm /Scan Do".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {A4[0]:.2f} {A4[1]:.2f}] /Contents 4 0 R "
        "/Resources << /XObject << /Scan 5 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown),
        f"<< /Type /XObject /Subtype /Image /Width {page.width} /Height {page.height} /ColorSpace /DeviceGray "
        f"/BitsPerComponent 1 /Filter /RunLengthDecode /Length {len(picture)} >>\nstream\n".encode()
        + picture
        + b"\nendstream",
    ]
    return pdf_of(objects)


def pdf_of(objects: Sequence[bytes]) -> bytes:
    """Return a PDF file of these objects, the catalogue first."""
    written, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    entries = b"".join(b"%010d 00000 n \n" % place for place in places)
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, entries)
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(written))
    return bytes(written) + table + trailer
