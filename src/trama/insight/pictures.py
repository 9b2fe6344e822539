"""A crosstab as a chart: only where the figures carry one, and saying what they say."""

from __future__ import annotations

from django.utils.translation import gettext as _

from trama.insight.shapes import Cell, Crosstab, Status
from trama.insight.tables import base_of, text_of
from trama.ui import charts
from trama.ui.charts import Bar, Chart
from trama.ui.numbers import number, percent

MOST_BARS = 30
MOST_COLUMNS = 14
MOST_PARTS = 6


def chart_of(crosstab: Crosstab, most: int = MOST_BARS) -> Chart | None:
    """Horizontal bars for one dimension, parts or a grid for two; None when there is too little to draw, or too much.

    Of more than `most` rows of one dimension the largest are drawn, as the title says. What is protected is not in
    the crosstab any more, and so not in the drawing.
    """
    plain = [i for i, value in enumerate(crosstab.rows.values) if value.is_plain]
    shown = [cell for cell in crosstab.row_totals if cell.value]
    if not crosstab.protected or len(plain) < 2 or not shown:
        return None
    if crosstab.cols is None:
        return _bars(crosstab, most)
    if len(crosstab.rows.values) > MOST_BARS or not 2 <= len(crosstab.cols.values) <= MOST_COLUMNS:
        return None
    return _parts(crosstab) if _can_be_stacked(crosstab) else _grid(crosstab)


def _can_be_stacked(crosstab: Crosstab) -> bool:
    """Parts of a bar must be different records, all of them known."""
    assert crosstab.cols is not None  # noqa: S101
    hidden = any(cell.status in (Status.SUPPRESSED, Status.NOT_APPLICABLE) for row in crosstab.cells for cell in row)
    return not crosstab.cols.multiple and len(crosstab.cols.values) <= MOST_PARTS and not hidden


def finding(crosstab: Crosstab) -> str:
    """What the figures say, in one sentence. Of areas no first is named: this is no league table."""
    numbers = [
        (cell.value, i)
        for i, cell in enumerate(crosstab.row_totals)
        if cell.value is not None and crosstab.rows.values[i].is_plain
    ]
    hidden = any(cell.status is Status.SUPPRESSED for cell in crosstab.row_totals)
    if crosstab.rows.is_area or not numbers or hidden:
        return crosstab.title  # what is hidden may be more than what is shown
    top, row = max(numbers, key=lambda pair: (pair[0], -pair[1]))
    if sum(value == top for value, _row in numbers) > 1 or not top:
        return crosstab.title
    name = crosstab.rows.values[row].name
    share = crosstab.share(row)
    if share is None:
        return _("%(name)s: %(value)s, the most") % {"name": name, "value": text_of(crosstab.row_totals[row])}
    answered = crosstab.answered() or 0
    names = {"name": name, "value": number(top), "base": number(answered), "share": percent(share, 0)}
    if crosstab.base is not None and answered * 2 < crosstab.base:
        # A majority that does not say it might say something else.
        names |= {"records": number(crosstab.base)}
        return (
            _("%(name)s: %(value)s of %(base)s (%(share)s), the most; %(base)s of %(records)s records say it") % names
        )
    return _("%(name)s: %(value)s of %(base)s (%(share)s), the most") % names


def _words(crosstab: Crosstab) -> tuple[str, str, str]:
    """Title, subtitle and what is read in place of the drawing."""
    subtitle = f"{crosstab.title}. {base_of(crosstab)}" if finding(crosstab) != crosstab.title else base_of(crosstab)
    figures = [
        f"{value.name} {text_of(cell)}"
        for value, cell in zip(crosstab.rows.values, crosstab.row_totals, strict=True)
        if value.is_plain
    ]
    said = "; ".join(figures[:8]) + ("; …" if len(figures) > 8 else "")
    alt = _("Chart: %(title)s. %(figures)s. The table has all figures.") % {"title": crosstab.title, "figures": said}
    return finding(crosstab), subtitle, alt


def _length(cell: Cell) -> float | None:
    return cell.value if cell.status in (Status.VALUE, Status.ESTIMATED) else None


def _bars(crosstab: Crosstab, most: int) -> Chart:
    rows = list(zip(crosstab.rows.values, crosstab.row_totals, strict=True))
    title, subtitle, alt = _words(crosstab)
    if len(rows) > most:
        named = sorted((row for row in rows if row[0].is_plain), key=lambda row: -(_length(row[1]) or 0))
        rows = named[: most * 3 // 4]
        title = _("%(title)s · the %(count)s largest") % {"title": title, "count": len(rows)}
    items = [Bar(value.name, _length(cell), text_of(cell), not value.is_plain) for value, cell in rows]
    return Chart(title, subtitle, alt, charts.bars(items), charts.bars(items, charts.NARROW))


def _names(crosstab: Crosstab) -> tuple[list[str], list[str]]:
    columns = crosstab.cols.values if crosstab.cols else ()
    return [value.name for value in crosstab.rows.values], [value.name for value in columns]


def _parts(crosstab: Crosstab) -> Chart:
    rows, cols = _names(crosstab)
    cells = [[_length(cell) for cell in row] for row in crosstab.cells]
    return Chart(*_words(crosstab), charts.stacked(rows, cols, cells), charts.stacked(rows, cols, cells, charts.NARROW))


def _grid(crosstab: Crosstab) -> Chart:
    rows, cols = _names(crosstab)
    cells = [[(_length(cell), text_of(cell)) for cell in row] for row in crosstab.cells]
    narrow = [[(value, text if value is None or value < 10_000 else "") for value, text in row] for row in cells]
    return Chart(*_words(crosstab), charts.grid(rows, cols, cells), charts.grid(rows, cols, narrow, charts.NARROW))
