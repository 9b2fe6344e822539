"""The Crosstab: the one shape of every statistic. Rows, columns, measure, base, missing, cells with their status.

`crosstab.compute` is the one way to get one, and what it gives has passed `protection.protect`. Renderers read it and
compute nothing. Figures of different renderers therefore agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from trama.core.registers import NONE, Selection

OTHERS = "+"  # the row of what a long table leaves out
RECORDS = "records"


class Status(StrEnum):
    """What stands in a cell. Suppressed: protected, its number is nowhere in this object."""

    VALUE = "value"
    ESTIMATED = "estimated"
    SUPPRESSED = "suppressed"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class Cell:
    """One figure. `records` is how many records stand behind it, `known` for how many of them the number is known.

    `least` is of how many persons one can be sure in it, before protection; afterwards it is None in every cell. Where
    records are what is counted, a protected cell has no `records` and no `known` either.
    """

    value: float | None = 0
    status: Status = Status.VALUE
    records: int | None = 0
    known: int | None = 0
    least: float | None = None


@dataclass(frozen=True)
class Value:
    """A value of a dimension: as it stands in addresses, and its name. `-` has none of them, `+` gathers the rest."""

    key: str
    name: str

    @property
    def is_missing(self) -> bool:
        return self.key == NONE

    @property
    def is_others(self) -> bool:
        return self.key == OTHERS

    @property
    def is_plain(self) -> bool:
        return self.key not in (NONE, OTHERS)


@dataclass(frozen=True)
class Axis:
    """A dimension with its values in order; "not stated" comes last. `missing`: records without a value."""

    key: str
    label: str
    multiple: bool
    filterable: bool
    values: tuple[Value, ...]
    missing: int | None
    is_area: bool = False  # its values are territories, which nobody ranks
    overlaps: bool = False  # some record of this table stands under several values, so that totals are no sums


@dataclass(frozen=True)
class Asked:
    """What is counted, in words."""

    key: str
    label: str
    unit: str
    warning: str
    threshold: int = 0  # counts below it are protected; 0: these are counts of no persons
    summed: bool = False  # each record brings a number of its own: where records add up, so do the figures

    @property
    def persons(self) -> bool:
        return self.threshold > 0

    @property
    def counts_records(self) -> bool:
        return self.key == RECORDS


@dataclass(frozen=True)
class Crosstab:
    """See the module's text. `cells` has a row per value of `rows`; with no `cols` its rows are empty.

    Row, column and grand totals count each record once: with dimensions of several answers they are no sums of cells.
    """

    register: str
    title: str
    counted: str  # the base in words: "594 risorse"
    rows: Axis
    cols: Axis | None
    measure: Asked
    cells: tuple[tuple[Cell, ...], ...]
    row_totals: tuple[Cell, ...]
    col_totals: tuple[Cell, ...]
    total: Cell
    base: int | None
    filters: str
    selection: Selection
    source: str
    as_of: date
    cautions: tuple[str, ...]
    left_out: int = 0  # values of the rows that are not in this table one by one
    demonstration: bool = False
    protected: bool = False

    @property
    def is_empty(self) -> bool:
        return self.base == 0

    @property
    def threshold(self) -> int:
        """The smallest count that is published, 0 where no count is hidden."""
        return self.measure.threshold

    @property
    def suppressed(self) -> int:
        """How many figures are hidden, the small ones and those that would give them away."""
        return sum(cell.status is Status.SUPPRESSED for cell in self.figures())

    def figures(self) -> Iterable[Cell]:
        """Every figure: cells, then totals."""
        for row in self.cells:
            yield from row
        yield from self.row_totals
        yield from self.col_totals
        yield self.total

    def share(self, row: int, col: int | None = None) -> float | None:
        """A cell as a share (0 … 1) of the records of its column that have an answer in the rows.

        The base is records, never answers: where a record may have several answers a column adds up to more than 1.
        None where records are not what is counted, and for records without an answer.
        """
        if not self.measure.counts_records or self.rows.values[row].is_missing:
            return None
        cell = self.row_totals[row] if col is None else self.cells[row][col]
        base = self.answered(col)
        return cell.value / base if base and cell.value is not None else None

    def answered(self, col: int | None = None) -> int | None:
        """How many records of a column (None: of all) have an answer in the rows; None where that is protected."""
        whole = (self.total if col is None else self.col_totals[col]).records
        for number, value in enumerate(self.rows.values):
            if value.is_missing:
                missing = (self.row_totals[number] if col is None else self.cells[number][col]).records
                return None if whole is None or missing is None else whole - missing
        return whole


def with_cells(
    crosstab: Crosstab,
    cells: Sequence[Sequence[Cell]],
    row_totals: Sequence[Cell],
    col_totals: Sequence[Cell],
    total: Cell,
) -> Crosstab:
    """The same table with other figures, marked as protected: what `protection` gives back."""
    return replace(
        crosstab,
        cells=tuple(tuple(row) for row in cells),
        row_totals=tuple(row_totals),
        col_totals=tuple(col_totals),
        total=total,
        protected=True,
    )
