"""How records are counted: from how many share the same answers come every cell and every total of a crosstab.

What each record answers is asked once (`answers.profiles`) and added up here. A record with several answers thus counts
once in each of its cells and once in every total, whatever joins would make of it. Measures that are an aggregate of
their own (distinct organisations) cannot be added up: they are asked for group by group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet

from trama.core import memo
from trama.core.actor import SYSTEM
from trama.core.registers import CodeDimension, Dimension, Measure, Register
from trama.insight.answers import Answers, Tally, profiles
from trama.territory.declarations import AreaDimension

__all__ = ["Counts", "Tally", "added_up", "counted", "plain"]


class Counts:
    """The tallies of a crosstab: by row and column, by row, by column, in all. None stands for "no answer"."""

    def __init__(self) -> None:
        self.cells: dict[tuple[Any, Any], Tally] = {}
        self.by_row: dict[Any, Tally] = {}
        self.by_col: dict[Any, Tally] = {}
        self.all = Tally()
        # Whether some record stands in two rows or columns, so that totals are no sums.
        self.several_rows = self.several_cols = False
        self.beyond: Callable[[list[Any]], tuple[Tally, dict[Any, Tally]]] = lambda shown: (Tally(), {})


def counted(
    records: QuerySet[Any], rows: Dimension, cols: Dimension | None, measure: Measure, register: Register
) -> Counts:
    """All tallies of a crosstab of these records."""
    if measure.expression is not None:
        return _asked_by_group(records, rows, cols, measure)
    axes = (rows, cols) if cols is not None else (rows,)
    return added_up(profiles(records, axes, measure, register))


def added_up(found: Mapping[tuple[Answers, Answers], Tally]) -> Counts:
    """Every cell and every total from how many records share the same answers; each record once in every total."""
    counts = Counts()
    for (down, across), one in found.items():
        counts.all.add(one)
        counts.several_rows |= len(down) > 1
        counts.several_cols |= len(across) > 1
        for row in down:
            counts.by_row.setdefault(row, Tally()).add(one)
            for col in across:
                counts.cells.setdefault((row, col), Tally()).add(one)
        for col in across:
            counts.by_col.setdefault(col, Tally()).add(one)

    def beyond(shown: list[Any]) -> tuple[Tally, dict[Any, Tally]]:
        """What stands in rows that are not shown, each record once: in all, and by column."""
        total, known = Tally(), {*shown, None}
        by_col: dict[Any, Tally] = {}
        for (down, across), one in found.items():
            if not known.issuperset(down):
                total.add(one)
                for col in across:
                    by_col.setdefault(col, Tally()).add(one)
        return total, by_col

    counts.beyond = beyond
    return counts


# --- aggregates of their own, group by group ----------------------------------------------------------------------
def _asked_by_group(records: QuerySet[Any], rows: Dimension, cols: Dimension | None, measure: Measure) -> Counts:
    counts = Counts()
    counts.by_row = {key[0]: one for key, one in _expressed(records, (rows,), measure).items()}
    counts.all = _expressed(records, (), measure)[()]
    if cols is not None:
        counts.cells = {(key[0], key[1]): one for key, one in _expressed(records, (rows, cols), measure).items()}
        counts.by_col = {key[0]: one for key, one in _expressed(records, (cols,), measure).items()}
    counts.several_rows = counts.several_cols = True  # one organisation may stand in several groups

    def beyond(shown: list[Any]) -> tuple[Tally, dict[Any, Tally]]:
        total = _expressed(records, (rows,), measure, shown)[()]
        across = _expressed(records, (rows, cols), measure, shown) if cols is not None else {}
        return total, {key[0]: one for key, one in across.items()}

    counts.beyond = beyond
    return counts


def _expressed(
    rows: QuerySet[Any], axes: Sequence[Dimension], measure: Measure, without: Iterable[Any] | None = None
) -> dict[Answers, Tally]:
    """The tallies grouped by the values of `axes`. With `without`, of the records that have another value of the first
    axis, which then does not divide them."""
    for number, dimension in enumerate(axes):
        rows = _grouped(rows, dimension, f"axis{number}")
    if without is not None:
        rows = rows.filter(~Q(axis0__in=list(without)), axis0__isnull=False)
    keys = [f"axis{number}" for number in range(0 if without is None else 1, len(axes))]
    aggregates = {"records": Count("pk", distinct=True), "amount": measure.expression}
    if not keys:
        one = rows.order_by().aggregate(**aggregates)
        return {(): Tally(one["records"], float(one["amount"] or 0), one["records"])}
    found = rows.order_by().values(*keys).annotate(**aggregates)
    return {
        tuple(row[key] for key in keys): Tally(row["records"], float(row["amount"] or 0), row["records"])
        for row in found
    }


def _grouped(rows: QuerySet[Any], dimension: Dimension, alias: str) -> QuerySet[Any]:
    rows = dimension.group(rows, alias)
    codes = isinstance(dimension, CodeDimension) and bool(dimension.relation)  # a code stands once in a record
    several = _has_several(rows.model, dimension) if isinstance(dimension, AreaDimension) else dimension.multiple
    if several and not codes:
        same = rows.model._default_manager.order_by().filter(pk=OuterRef("pk"))
        answered = dimension.group(same, "answer").filter(answer__isnull=False)
        rows = rows.filter(Q(**{f"{alias}__isnull": False}) | ~Exists(answered))
    return rows


def _has_several(model: type[Model], dimension: AreaDimension) -> bool:
    """Whether some record has more than one area: mostly each has one."""
    if not dimension.relation:
        return False
    link = model._meta.get_field(dimension.relation)
    through, record = link.related_model, link.field.attname  # type: ignore[union-attr]

    def compute() -> bool:
        rows = through._default_manager.order_by().values(record)  # type: ignore[union-attr]
        return bool(rows.annotate(several=Count("pk")).filter(several__gt=1).exists())

    return memo.until_changed(("insight.several", model._meta.label, dimension.relation), SYSTEM, compute)


def plain(amount: float) -> float:
    """A whole number as int, whatever the database gave."""
    return int(amount) if float(amount).is_integer() else amount
