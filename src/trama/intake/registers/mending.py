"""The rows that were not loaded, as a workbook: their columns as they stood and why, ready to be mended and loaded."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from trama.intake.registers.desk import Desk
from trama.intake.registers.planning import PROBLEMS, Plan, refused_rows
from trama.intake.rows import Table
from trama.ui.exports import safe_text

WHY = ("Perché", "Why")  # the column that says it; a load leaves it alone
LONGEST = 32_000  # characters that a cell of a workbook takes


def workbook(desk: Desk) -> bytes:
    """The rows refused, possibly here already, or told twice; of the last dry run."""
    told = (
        (one["row"], _reasons(one))
        for one in map(json.loads, desk.rows())
        if one["outcome"] in PROBLEMS and not one["exact"]
    )
    return _written(desk.table(), told)


def workbook_of(plan: Plan) -> bytes:
    """The same of a plan, as the command line writes it."""
    told = ((one.row, _reasons(asdict(one))) for one in refused_rows(plan))
    return _written(plan.table, told)


def _written(table: Table, told: Iterable[tuple[int, str]]) -> bytes:
    import xlsxwriter

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
    for number, why in told:
        row = by_number.get(number)
        if row is None:
            continue  # its cells could not be read
        place += 1
        sheet.write_string(place, 0, safe_text(why)[:LONGEST], wrapped)
        for position, column in enumerate(columns, start=1):
            if text := row.cells[column]:
                sheet.write_string(place, position, safe_text(text)[:LONGEST])
    book.close()
    return output.getvalue()


def _reasons(one: dict[str, Any]) -> str:
    why: list[tuple[str, str]] = one["why"]
    said = "; ".join(f"{column}: {text}" if column else text for column, text in why)
    if one["outcome"] == "possible":
        words = {"name": one["record_name"], "number": one["record"], "why": said}
        said = _("it may be “%(name)s” (number %(number)s): %(why)s") % words
    return _("row %(row)s: %(why)s") % {"row": one["row"], "why": said}
