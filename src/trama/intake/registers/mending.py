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
from trama.intake.rows import TO_MEND, Row, Table

WHY = TO_MEND  # the column that says it; a load leaves it alone
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
    told = [(one.row, _reasons(asdict(one))) for one in refused_rows(plan)]
    told += [
        (one.row, _reasons({"outcome": "refused", "row": one.row, "why": [(one.column, one.why)]}))
        for one in plan.table.faults
    ]
    return _written(plan.table, sorted(told))


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
    for place, (number, why) in enumerate(told, start=1):
        sheet.write_string(place, 0, why[:LONGEST], wrapped)
        # Texts stay as they were: in a workbook a text is never a formula, whatever it begins with.
        for position, text in enumerate(_cells(table, by_number.get(number), number, columns), start=1):
            if text:
                sheet.write_string(place, position, text[:LONGEST])
    book.close()
    return output.getvalue()


def _cells(table: Table, row: Row | None, number: int, columns: list[str]) -> list[str]:
    """The cells of a row under the columns that are written; of one that could not be read as they stood."""
    if row is not None:
        return [row.cells[column] for column in columns]
    cells = table.broken.get(number, [])
    named = dict(zip(table.columns, cells, strict=False))
    return [*(named.get(column, "") for column in columns), *cells[len(table.columns) :]]


def _reasons(one: dict[str, Any]) -> str:
    why: list[tuple[str, str]] = one["why"]
    said = "; ".join(f"{column}: {text}" if column else text for column, text in why)
    if one["outcome"] == "possible":
        words = {"name": one["record_name"], "number": one["record"], "why": said}
        said = _("it may be “%(name)s” (number %(number)s): %(why)s") % words
    return _("row %(row)s: %(why)s") % {"row": one["row"], "why": said}
