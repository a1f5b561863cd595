"""What tests of document formats share: packages made by hand, and the check that an answer could be sent."""

import io
import zipfile

from indexing.formats.message import dump
from indexing.formats.receiving import load


def zipped(members):
    """Return a ZIP archive of these members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def repacked(data, change):
    """Return an archive whose members `change` has seen."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return zipped(change({name: archive.read(name) for name in archive.namelist()}))


def told(extracted):
    """Return kind and text of each block, once it is sure that they are in order and inside of the text."""
    assert load(dump(extracted), 10_000_000) == extracted
    return [(block.kind, extracted.text[block.start : block.end]) for block in extracted.blocks]
