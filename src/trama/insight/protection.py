"""The single exit of every statistic: small counts of persons are protected here, once, for every output.

Threshold and rule: `docs/decisions`. Counts of organisations, resources, places and experiences are public and pass as
they are. The figures that are protected are taken out of the table, so that no renderer can show them by mistake.
"""

from __future__ import annotations

from dataclasses import replace

from trama.core.registers import Measure
from trama.insight.analysis.suppression import Table, hidden
from trama.insight.shapes import Cell, Crosstab, Status, with_cells

THRESHOLD = 3  # the minimum of the Sistan rules (G.U. 14 January 2019, n. 11, art. 5)


def threshold_of(measure: Measure) -> int:
    """The smallest count of persons that may be published; 0 for what is no count of persons."""
    return THRESHOLD if measure.persons else 0


def protect(crosstab: Crosstab) -> Crosstab:
    """The same table with its small counts of persons taken out, and with those that would give them away.

    It wants the whole table: one shortened first would hide other figures than the whole one, and the two would tell.
    """
    if crosstab.left_out and crosstab.measure.persons:
        raise ValueError("a table is protected before it is shortened")
    cells, row_totals = crosstab.cells, crosstab.row_totals
    col_totals, total = crosstab.col_totals, crosstab.total
    if not crosstab.measure.persons:
        return with_cells(crosstab, cells, row_totals, col_totals, total)
    several = crosstab.rows.multiple or (crosstab.cols is not None and crosstab.cols.multiple)
    table = Table(
        [[cell.value or 0 for cell in (*row, whole)] for row, whole in zip(cells, row_totals, strict=True)]
        + [[cell.value or 0 for cell in (*col_totals, total)]],
        adds_up=not several,
    )
    away = hidden(table, crosstab.measure.threshold)
    last_row, last_col = len(cells), len(col_totals)
    return with_cells(
        crosstab,
        [[_shown(c, (i, j) in away) for j, c in enumerate(row)] for i, row in enumerate(cells)],
        [_shown(c, (i, last_col) in away) for i, c in enumerate(row_totals)],
        [_shown(c, (last_row, j) in away) for j, c in enumerate(col_totals)],
        _shown(total, (last_row, last_col) in away),
    )


def _shown(cell: Cell, is_hidden: bool) -> Cell:
    return replace(cell, value=None, status=Status.SUPPRESSED) if is_hidden else cell
