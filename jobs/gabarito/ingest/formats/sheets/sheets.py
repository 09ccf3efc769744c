"""Spreadsheets (xlsx, xls, ods) and tables of values (csv): each sheet a heading and a table."""

from gabarito.core.reasons import IngestReason
from gabarito.ingest.blocks import BlockPage
from gabarito.ingest.formats.ocr.pictures_within import PicturesWithin
from gabarito.ingest.formats.office.package import DAMAGE, Package, properties
from gabarito.ingest.formats.office.tally import Tally
from gabarito.ingest.formats.sheets.old_workbook import DAMAGED_OLD, IS_LOCKED, old_blocks
from gabarito.ingest.formats.sheets.open_sheets import read_open_document
from gabarito.ingest.formats.sheets.sheet_drawings import SheetDrawings
from gabarito.ingest.formats.sheets.value_tables import read_values
from gabarito.ingest.formats.sheets.workbook import workbook_blocks
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints

MAX_CELLS = 500_000
"""How many cells of a file are read; a table of more is data to query, not text to learn."""

MAX_UNPACKED_BYTES = 300_000_000

_ZIP = b"PK\x03\x04"
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def read(data: bytes, hints: Hints) -> BlockPage:
    """Return a heading and a table for each sheet that is shown.

    Raises:
        Dropped: if it is no spreadsheet, damaged, encrypted or too large.
    """
    if not data.startswith((_ZIP, _OLE)):
        return read_values(data, hints, MAX_CELLS)
    tally = Tally()
    try:
        if data.startswith(_OLE):
            return _read_old(data, tally)
        return _read_package(data, tally, PicturesWithin(hints))
    except (*DAMAGED_OLD, *DAMAGE) as error:
        if IS_LOCKED in str(error):
            raise Dropped(IngestReason.ENCRYPTED, "has a password") from error
        raise Dropped.by_library(error) from error


def _read_package(data: bytes, tally: Tally, pictures: PicturesWithin) -> BlockPage:
    package = Package(data, MAX_UNPACKED_BYTES)
    if package.names("content.xml"):
        return read_open_document(package, tally, pictures, MAX_CELLS)
    blocks = list(workbook_blocks(package, SheetDrawings(package, tally, pictures), MAX_CELLS))
    about = properties(package)
    left_out = [*tally.left_out(), *pictures.left_out, *package.left_out]
    return BlockPage(
        blocks, title=about.title, date=about.date, left_out=left_out, by_ocr=pictures.by_ocr
    )


def _read_old(data: bytes, tally: Tally) -> BlockPage:
    """Read a workbook of Excel before 2007."""
    blocks = list(old_blocks(data, tally, MAX_CELLS))
    return BlockPage(blocks, left_out=tally.left_out())
