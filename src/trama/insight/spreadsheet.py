"""CSV as programs read it, and as the spreadsheets of an Italian office open it at once.

The plain one has a comma between cells and a point in numbers. Excel and LibreOffice in Italian take a comma for the
decimal sign and want a semicolon between cells: `ITALIAN` is the same table written so.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from trama.ui.exports import safe_text

ITALIAN = "excel.csv"  # the form in an address, and the end of the name of the file


def csv_text(header: Sequence[str], rows: Iterable[Iterable[Any]], *, italian: bool = False) -> str:
    """A table as CSV in UTF-8 with a mark that spreadsheets understand; None is an empty cell."""
    output = io.StringIO(newline="")
    writer = csv.writer(output, delimiter=";" if italian else ",")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(value, italian=italian) for value in row])
    return "\ufeff" + output.getvalue()


def _cell(value: Any, *, italian: bool) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return safe_text(value)
    return repr(value).replace(".", ",") if italian and isinstance(value, float) else value
