"""The single exit of every statistic: small counts of persons are protected here, once, for every output.

Two rules (`docs/decisions`): what a record publishes of a small number is that it is small (`core.small_counts`), so
that no figure anywhere depends on it; and in each table the counts below the threshold are hidden, with those from
which they could be worked out, and the result is audited. Counts of organisations, resources, places and experiences
are public and pass as they are, but for the records that stand for one person each. What is hidden is taken out of the
table, so that no renderer can show it by mistake.
"""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from trama.core import small_counts
from trama.insight.analysis.disclosure import Table, grid
from trama.insight.analysis.suppression import CannotBeProtected, hidden
from trama.insight.shapes import Cell, Crosstab, Status, with_cells

THRESHOLD = small_counts.THRESHOLD


class Refused(Exception):
    """A table that cannot be published safely; the message says why and what can be asked instead."""


def threshold_of(*, special: bool) -> int:
    """The smallest count of persons that may be published."""
    return small_counts.threshold(special=special)


def protect(crosstab: Crosstab) -> Crosstab:
    """The same table with its small counts of persons taken out, and with those that would give them away.

    It wants the whole table: one shortened first would hide other figures than the whole one, and the two would tell.
    Raises Refused for a table that cannot be protected, or that would be nothing but hidden figures.
    """
    if crosstab.left_out and crosstab.measure.persons:
        raise ValueError("a table is protected before it is shortened")
    lines = [[*row, whole] for row, whole in zip(crosstab.cells, crosstab.row_totals, strict=True)]
    lines.append([*crosstab.col_totals, crosstab.total])
    width = len(lines[0])
    away = _away([cell for line in lines for cell in line], crosstab, _tied(lines, crosstab))
    shown = [
        [_shown(cell, crosstab, is_hidden=i * width + j in away) for j, cell in enumerate(line)]
        for i, line in enumerate(lines)
    ]
    if crosstab.measure.counts_records and away:
        crosstab = _without_missing(crosstab, shown)
    body, last = shown[:-1], shown[-1]
    return with_cells(crosstab, [row[:-1] for row in body], [row[-1] for row in body], last[:-1], last[-1])


def _tied(lines: list[list[Cell]], crosstab: Crosstab) -> Table:
    """The table as its readers see it. A total of records that may stand in several lines is no sum of these.

    Unless the numbers of records say otherwise: they are printed, and where those of a line add up to that of its total
    no record stands there twice, whatever the question allows.
    """
    rows, cols = crosstab.rows, crosstab.cols
    # Where the records are what is counted, those behind a hidden figure are hidden with it.
    told = crosstab.measure.summed
    return grid(
        [[cell.value or 0 for cell in line] for line in lines],
        rows_add=not rows.overlaps,
        cols_add=cols is None or not cols.overlaps,
        missing_row=any(value.is_missing for value in rows.values),
        missing_col=cols is not None and any(value.is_missing for value in cols.values),
        adding_rows={i for i, line in enumerate(lines) if told and _adds_up(line)},
        adding_cols={j for j in range(len(lines[0])) if told and _adds_up([line[j] for line in lines])},
    )


def _adds_up(line: list[Cell]) -> bool:
    """Whether the records of a line (its total last) stand in one of its cells each, or those that state the number."""
    *parts, total = line
    return any(
        sum(getattr(cell, name) or 0 for cell in parts) == (getattr(total, name) or 0) for name in ("records", "known")
    )


def _away(cells: list[Cell], crosstab: Crosstab, table: Table) -> set[int]:
    threshold = crosstab.threshold
    if not crosstab.measure.persons:
        return set()
    small = [place for place, cell in enumerate(cells) if cell.least is not None and 0 < cell.least < threshold]
    if not small:
        return set()
    try:
        away = hidden(table, small, threshold - 1)
    except CannotBeProtected as error:
        raise Refused(_refusal(threshold)) from error
    nothing_left = all(place in away or not value for place, value in enumerate(table.values))
    if nothing_left and not crosstab.measure.counts_records:
        raise Refused(_refusal(threshold))
    return away


def _refusal(threshold: int) -> str:
    return _(
        "These counts of persons are too small to be published in such detail: figures below %(threshold)s would show. "
        "Take fewer filters, or rows and columns with fewer values."
    ) % {"threshold": threshold}


def _shown(cell: Cell, crosstab: Crosstab, *, is_hidden: bool) -> Cell:
    if not is_hidden:
        return replace(cell, least=None)
    if crosstab.measure.counts_records:
        return Cell(None, Status.SUPPRESSED, None, None)
    return replace(cell, value=None, status=Status.SUPPRESSED, least=None)


def _without_missing(crosstab: Crosstab, shown: list[list[Cell]]) -> Crosstab:
    """How many records have no answer is a figure of the table too: told nowhere when it is hidden in it."""

    def told(axis_values: tuple[bool, ...], totals: list[Cell]) -> bool:
        return not any(missing and cell.value is None for missing, cell in zip(axis_values, totals, strict=True))

    rows, cols = crosstab.rows, crosstab.cols
    if not told(tuple(value.is_missing for value in rows.values), [row[-1] for row in shown[:-1]]):
        rows = replace(rows, missing=None)
    if cols is not None and not told(tuple(value.is_missing for value in cols.values), shown[-1][:-1]):
        cols = replace(cols, missing=None)
    if shown[-1][-1].value is None:
        return replace(crosstab, rows=rows, cols=cols, base=None, counted="")
    return replace(crosstab, rows=rows, cols=cols)
