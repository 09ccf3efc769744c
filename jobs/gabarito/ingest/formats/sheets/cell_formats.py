"""What the styles of a workbook make of the values in its cells."""

from gabarito.ingest.formats.element import Element
from gabarito.ingest.formats.figures.figure import GENERAL, figure_as_shown
from gabarito.ingest.formats.figures.number_format import text_as_shown

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

_MAX_DIGITS = 9
_BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    **dict.fromkeys((14, 15, *range(27, 32), 36, *range(50, 55), 57, 58), "yyyy-mm-dd"),
    16: "d-mmm",
    17: "mmm-yy",
    **dict.fromkeys((18, 20, 32, 34, 55), "h:mm"),
    **dict.fromkeys((19, 21, 33, 35, 56), "h:mm:ss"),
    22: "yyyy-mm-dd h:mm",
    37: "#,##0;-#,##0",
    38: "#,##0;-#,##0",
    39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;-#,##0.00",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
}
"""Formats that a file names by number only (ECMA-376, part 1, 18.8.30).

Those of currencies (5 to 8, 41 to 44) take the sign of the machine, which the file does not tell.
"""


class CellFormats:
    """The formats of cells, by the number of their style."""

    def __init__(self, styles: Element, *, is_1904: bool) -> None:
        self._is_1904 = is_1904
        codes = dict(_BUILT_IN)
        self._codes: list[str] = []
        if styles is None:
            return
        for node in styles.iterfind(f"{S}numFmts/{S}numFmt"):
            codes[_id(node)] = node.get("formatCode", "")
        cells = styles.iterfind(f"{S}cellXfs/{S}xf")
        self._codes = [codes.get(_id(node), GENERAL) for node in cells]

    def shown(self, value: str, kind: str, style: int) -> str:
        """Return the value of a cell as it is shown, which may be an empty text.

        Args:
            value: What the file has.
            kind: The type of the cell (``ST_CellType``): n for numbers.
            style: The style of the cell, by its place among the styles.
        """
        code = self._codes[style] if style < len(self._codes) else GENERAL
        match kind:
            case "b":
                return "TRUE" if value in {"1", "true"} else "FALSE"
            case "e":
                return value
            case "d":
                return value.replace("T", " ").removesuffix("Z").removesuffix(" 00:00:00")
            case "n":
                return figure_as_shown(value, code, is_1904=self._is_1904)
        return text_as_shown(value, code)


def _id(node: Element) -> int:
    text = node.get("numFmtId", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0


def code_of(number: int, own: str) -> str:
    """Return the code of a format with this number, for which a file has a code of its own."""
    return _BUILT_IN.get(number) or own
