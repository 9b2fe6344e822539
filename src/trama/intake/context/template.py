"""An empty workbook of counts of contacts: a row per area, month and desk, and how many people came."""

from __future__ import annotations

import io

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from trama.core.small_counts import THRESHOLD
from trama.intake.registers.template import ROWS, area_names
from trama.intake.rows import EXAMPLE

CONTACTS = "contacts"  # as addresses and commands call it
WIDTHS = (30, 14, 30, 14, 16)


def headers() -> list[str]:
    """The columns, in the language of the moment."""
    return [
        pgettext("contacts", "Area"),
        pgettext("contacts", "Month"),
        pgettext("contacts", "Desk"),
        pgettext("contacts", "Contacts"),
        pgettext("contacts", "Of which new"),
    ]


def _explained() -> list[str]:
    words = {"number": THRESHOLD}
    return [
        _("The neighbourhood, the hamlet or the municipality where people came, by its name here."),
        _("Any day of the month, or the year alone: the numbers are added up by year."),
        _("The desk, the stop or the post, always written alike. Leave it empty if it does not matter."),
        _("How many people came, for themselves or for others: each counts once per time, whatever they asked.")
        + " "
        + _("Write the true number, small ones too: what is fewer than %(number)s in a year is told to nobody.")
        % words,
        _("How many of these had never come before. Leave the column out if nobody counts it."),
    ]


def contacts() -> bytes:
    """The workbook, in the language of the moment."""
    import xlsxwriter

    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True})
    bold = book.add_format({"bold": True, "text_wrap": True, "border": 1, "bg_color": "#FFE9C7"})
    quiet = book.add_format({"italic": True, "font_color": "#5A6772"})
    month = {"num_format": "mm/yyyy", "align": "left"}
    data = book.add_worksheet(pgettext("contacts", "Contacts"))
    about = book.add_worksheet(pgettext("sheet", "Explanations"))
    values = book.add_worksheet(pgettext("sheet", "Values"))
    data.freeze_panes(1, 1)
    heads, areas = headers(), area_names()
    for column, (head, width) in enumerate(zip(heads, WIDTHS, strict=True)):
        data.write_string(0, column, head, bold)
        data.set_column(column, column, width, book.add_format(month) if column == 1 else None)
    today = timezone.localdate()
    data.write_string(1, 0, _("%(mark)s Example: this row is not loaded") % {"mark": EXAMPLE}, quiet)
    data.write_datetime(1, 1, today.replace(day=1), book.add_format({**month, "italic": True, "font_color": "#5A6772"}))
    data.write_string(1, 2, _("Mobile desk"), quiet)
    data.write_number(1, 3, 14, quiet)
    data.write_number(1, 4, 5, quiet)
    values.write_string(0, 0, heads[0], bold)
    for row, name in enumerate(areas, start=1):
        values.write_string(row, 0, name)
    values.set_column(0, 0, 34)
    if areas:
        source = f"='{values.get_name()}'!$A$2:$A${len(areas) + 1}"
        data.data_validation(2, 0, ROWS, 0, {"validate": "list", "source": source, "error_type": "warning"})
    whole = {"validate": "integer", "criteria": ">=", "value": 0, "error_type": "warning"}
    data.data_validation(2, 3, ROWS, 4, whole)
    about.set_column(0, 0, 24)
    about.set_column(1, 1, 100, book.add_format({"text_wrap": True}))
    for row, (head, text) in enumerate(zip(heads, _explained(), strict=True)):
        about.write_string(row, 0, head, bold)
        about.write_string(row, 1, text)
    again = _("Send the whole year each time: the numbers of a year are replaced by those of the file, never added.")
    about.write_string(len(heads) + 1, 1, again)
    book.close()
    return output.getvalue()
