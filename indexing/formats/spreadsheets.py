"""Excel workbooks (XLSX, XLS): calamine's values, with what the workbook's parts say of hidden cells and formats."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from indexing.formats.cells import shown
from indexing.formats.containers import Container, opened
from indexing.formats.extracted import Extracted, Metadata, TextBuilder
from indexing.formats.hiding import HIDDEN_CELLS, tells
from indexing.formats.metadata import read_metadata
from indexing.formats.sheet_tables import Sheet, add_sheet
from indexing.formats.workbook_parts import Place, SheetLook, look_through, refuse_large
from rag.errors import ParseError

_CORE = "docProps/core.xml"
_UNCALCULATED = "it has formulas that were never calculated; open and save it once in a spreadsheet program"
_Rows = list[list[str]]


def parse_xlsx(data: bytes) -> Extracted:
    """Return each shown sheet under its name, its tables parted, their rows with their headers."""
    with opened(data, "Excel workbook", oddities=(CalamineError,)) as container:
        looks = look_through(container)
        uncalculated = any(look.formulas for look in looks.values())
        return _parsed("xlsx", data, looks, _metadata(container), [_UNCALCULATED] if uncalculated else [])


def parse_xls(data: bytes) -> Extracted:
    """Return the same of a workbook in the old format; what it hides within a sheet, and its formats, are not known."""
    try:
        return _parsed("xls", data, {}, Metadata(), [])
    except PasswordError as error:
        raise ParseError("it is encrypted; save it without a password") from error
    except CalamineError as error:
        raise ParseError("it is a damaged or truncated Excel workbook") from error


def _parsed(
    kind: str, data: bytes, looks: Mapping[str, SheetLook], metadata: Metadata, warnings: list[str]
) -> Extracted:
    builder, hidden = TextBuilder(), ""
    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
        for about in workbook.sheets_metadata:
            grid = _Grid.of(workbook.get_sheet_by_name(about.name), looks.get(about.name, SheetLook()))
            if about.visible == SheetVisibleEnum.Visible:
                add_sheet(grid.shown, builder)
                hidden += grid.hidden_text
            else:
                hidden += " ".join(filter(None, (cell for row in grid.rows for cell in row)))
    if tells(hidden):
        warnings.append(HIDDEN_CELLS)
    return Extracted(kind, builder.text, tuple(builder.blocks), metadata, tuple(warnings))


@dataclass(frozen=True, slots=True)
class _Grid:
    """All cells of a sheet as text, from its first value on."""

    name: str
    rows: _Rows
    origin: Place
    widths: Mapping[Place, int]  # of merged cells, by their place in `rows`
    look: SheetLook

    @classmethod
    def of(cls, sheet: CalamineSheet, look: SheetLook) -> "_Grid":
        origin = sheet.start or (0, 0)
        refuse_large(sheet.height, sheet.width)
        rows = list(_texts(sheet, look, origin))
        if look.formulas:
            origin = (0, 0)
            rows = _with_formulas(rows, sheet.start or origin, look.formulas)
        return cls(sheet.name, rows, origin, _fill_merged(rows, sheet, origin), look)

    @property
    def shown(self) -> Sheet:
        """The cells that a reader sees; a hidden row or column is as if it were not there."""
        top, left = self.origin
        rows = [at for at in range(len(self.rows)) if at + top not in self.look.rows]
        columns = [at for at in range(len(self.rows[0]) if self.rows else 0) if at + left not in self.look.columns]
        if len(rows) == len(self.rows) and len(columns) == len(self.rows[0] if self.rows else ()):
            return Sheet(self.name, self.rows, self.widths)
        return Sheet(self.name, [[self.rows[row][column] for column in columns] for row in rows])

    @property
    def hidden_text(self) -> str:
        """What stands in hidden rows and columns."""
        top, left = self.origin
        gone = {at - left for at in self.look.columns}
        return " ".join(
            cell
            for at, row in enumerate(self.rows)
            for column, cell in enumerate(row)
            if cell and (at + top in self.look.rows or column in gone)
        )


def _texts(sheet: CalamineSheet, look: SheetLook, origin: Place) -> Iterator[list[str]]:
    top, left = origin
    for at, row in enumerate(sheet.to_python(), top):
        yield [shown(value, look.codes.get((at, column), "")) for column, value in enumerate(row, left)]


def _with_formulas(rows: _Rows, start: Place, formulas: Mapping[Place, str]) -> _Rows:
    """Return the rows from the first cell of the sheet on, with formulas where calamine sees nothing."""
    height = max(start[0] + len(rows), *(row + 1 for row, _ in formulas))
    width = max(start[1] + len(rows[0] if rows else ()), *(column + 1 for _, column in formulas))
    refuse_large(height, width)
    texts = {(at, column): text for at, row in enumerate(rows, start[0]) for column, text in enumerate(row, start[1])}
    texts |= {place: f"={formula}" for place, formula in formulas.items()}
    return [[texts.get((at, column), "") for column in range(width)] for at in range(height)]


def _fill_merged(rows: _Rows, sheet: CalamineSheet, origin: Place) -> dict[Place, int]:
    """Write a name that stands beside several rows into each; return how many columns each merged cell spans."""
    widths: dict[Place, int] = {}
    for (first, begin), (last, end) in sheet.merged_cell_ranges or ():
        top, left = first - origin[0], begin - origin[1]
        if not (0 <= top < len(rows) and 0 <= left < len(rows[0])):
            continue
        widths[top, left] = min(end - begin + 1, len(rows[0]) - left)
        for at in range(top + 1, min(top + last - first + 1, len(rows)) if begin == end else 0):
            rows[at][left] = rows[at][left] or rows[top][left]
    return widths


def _metadata(container: Container) -> Metadata:
    if _CORE not in container.names:
        return Metadata()
    found = {each.tag.rpartition("}")[2]: each.text or "" for each in container.tree(_CORE).iterchildren("*")}
    generic = found.get("creator") in ("openpyxl", "xlsxwriter")
    return read_metadata(
        {
            "title": found.get("title", ""),
            "author": "" if generic else found.get("creator", ""),
            "date": found.get("modified") or found.get("created"),
            "keywords": found.get("keywords", ""),
            "category": found.get("category", ""),
            "language": found.get("language", ""),
        }
    )
