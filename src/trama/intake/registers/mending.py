"""The rows that were not loaded, as a workbook: their columns as they stood and why, ready to be mended and loaded."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from trama.intake.registers.desk import Desk
from trama.intake.registers.planning import PROBLEMS
from trama.ui.exports import safe_text

WHY = ("Perché", "Why")  # the column that says it; a load leaves it alone
LONGEST = 32_000  # characters that a cell of a workbook takes


def workbook(desk: Desk) -> bytes:
    """The rows refused, possibly here already, or told twice; of the last dry run."""
    import xlsxwriter

    table = desk.table()
    columns = [column for column in table.columns if column and column not in WHY]
    by_number = {row.number: row for row in table.rows}
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True})
    bold, wrapped = (
        book.add_format({"bold": True, "bottom": 1}),
        book.add_format({"text_wrap": True, "bg_color": "#FFF3CD"}),
    )
    sheet = book.add_worksheet(_("Rows to mend"))
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, 0, 60)
    sheet.set_column(1, max(len(columns), 1), 24)
    for position, column in enumerate([_("Why"), *columns]):
        sheet.write_string(0, position, column, bold)
    place = 0
    for one in _told(desk):
        row = by_number.get(one["row"])
        if row is None:
            continue  # its cells could not be read
        place += 1
        sheet.write_string(place, 0, safe_text(_reasons(one))[:LONGEST], wrapped)
        for position, column in enumerate(columns, start=1):
            if text := row.cells[column]:
                sheet.write_string(place, position, safe_text(text)[:LONGEST])
    book.close()
    return output.getvalue()


def _told(desk: Desk) -> Iterable[dict[str, Any]]:
    for line in desk.rows():
        one = json.loads(line)
        if one["outcome"] in PROBLEMS and not one["exact"]:
            yield one


def _reasons(one: dict[str, Any]) -> str:
    why: list[tuple[str, str]] = one["why"]
    said = "; ".join(f"{column}: {text}" if column else text for column, text in why)
    if one["outcome"] == "possible":
        words = {"name": one["record_name"], "number": one["record"], "why": said}
        said = _("it may be “%(name)s” (number %(number)s): %(why)s") % words
    return _("row %(row)s: %(why)s") % {"row": one["row"], "why": said}
