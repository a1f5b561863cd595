"""PDF files made for tests: drawn line by line, or flowed as a word processor would."""

import io

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import SimpleDocTemplate

from indexing.formats.pdf import parse_pdf

STYLES = getSampleStyleSheet()
PROSE = "The quick brown fox jumps over the lazy dog and then goes home to sleep until the next morning comes. " * 3


def drawn(*pages, **options):
    """Return a PDF whose pages are drawn by functions of a canvas."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, **options)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def said(*lines, size=11, at=700, left=72):
    def draw(canvas):
        canvas.setFont("Helvetica", size)
        for number, line in enumerate(lines):
            canvas.drawString(left, at - number * size * 1.3, line)

    return draw


def together(*draws):
    return lambda canvas: [draw(canvas) for draw in draws]


def flowed(*parts, **options):
    target = io.BytesIO()
    SimpleDocTemplate(target, pagesize=A4, **options).build(list(parts))
    return target.getvalue()


def blocks(data):
    found = parse_pdf(data)
    return [(block.kind, found.text[block.start : block.end]) for block in found.blocks]
