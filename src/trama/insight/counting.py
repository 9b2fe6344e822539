"""How records are counted in the database: grouped by one or two dimensions, each record once in each group.

One statement per grouping. A record with several values stands in several groups and still counts once in each, and
its amount is added once in each, however many rows the joins make of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Count, Exists, F, Model, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable

from trama.core import memo
from trama.core.actor import SYSTEM
from trama.core.registers import CodeDimension, Dimension, Measure
from trama.territory.declarations import AreaDimension
from trama.territory.models import AreaClosure

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Tally:
    """What was found in a group: records, the sum of their amounts, for how many the amount is known or estimated."""

    records: int = 0
    amount: float | None = None
    known: int = 0
    estimated: int = 0

    def __add__(self, other: Tally) -> Tally:
        amounts = [amount for amount in (self.amount, other.amount) if amount is not None]
        return Tally(
            self.records + other.records,
            sum(amounts) if amounts else None,
            self.known + other.known,
            self.estimated + other.estimated,
        )


def tally(
    rows: QuerySet[Any],
    axes: Sequence[Dimension],
    measure: Measure,
    without: Iterable[Any] = (),
) -> dict[Key, Tally]:
    """The tallies of `rows` grouped by the values of `axes` (none: one group, with the key `()`).

    The value None stands for the records that have no value at all. With `without`, records are taken that have a
    value of the first axis beyond those named, and that axis does not divide them: what remains of a long table.
    """
    remainder = list(without)
    rolled: dict[int, AreaDimension] = {}
    for number, dimension in enumerate(axes):
        if not remainder and measure.expression is None and _rolls_up(rows.model, dimension):
            assert isinstance(dimension, AreaDimension)  # noqa: S101
            rolled[number] = dimension
            rows = replace(dimension, level="").group(rows, f"axis{number}")
        else:
            rows = _grouped(rows, dimension, f"axis{number}")
    if remainder:
        rows = rows.filter(~Q(axis0__in=remainder), axis0__isnull=False)
    keys = [f"axis{number}" for number in range(1 if remainder else 0, len(axes))]
    if measure.expression is not None:
        return _expressed(rows, keys, measure.expression)
    repeats = bool(remainder) or any(_may_repeat(rows.model, dimension) for dimension in axes)
    found = _summed(rows, keys, measure, repeats=repeats)
    for number, dimension in rolled.items():
        found = _rolled_up(found, number, dimension.level)
    return found


def _rolls_up(model: type[Model], dimension: Dimension) -> bool:
    """Whether areas can be counted as they are and added up here: a few hundred groups instead of a join per record."""
    return isinstance(dimension, AreaDimension) and bool(dimension.level) and not has_several(model, dimension)


def _rolled_up(tallies: Mapping[Key, Tally], position: int, level: str) -> dict[Key, Tally]:
    """Groups by area added up to the areas of a level above; None gathers what lies in none."""
    areas = {key[position] for key in tallies if key[position] is not None}
    links = AreaClosure.objects.filter(ancestor_kind=level).order_by().values_list("area_id", "ancestor_id")
    above = {area: ancestor for area, ancestor in links if area in areas}
    found: dict[Key, Tally] = {}
    for key, one in tallies.items():
        rolled = (*key[:position], above.get(key[position]), *key[position + 1 :])
        found[rolled] = found.get(rolled, Tally()) + one
    return found


def added_up(tallies: Mapping[Key, Tally], position: int) -> dict[Key, Tally]:
    """Groups of two axes added up along the other one: right only where no record stands in two of its groups."""
    found: dict[Key, Tally] = {}
    for key, one in tallies.items():
        kept = (key[position],)
        found[kept] = found.get(kept, Tally()) + one
    return found


def _grouped(rows: QuerySet[Any], dimension: Dimension, alias: str) -> QuerySet[Any]:
    rows = dimension.group(rows, alias)
    if _may_repeat(rows.model, dimension):
        # Of two areas of a record one may lie in a district and the other in none: it is not one "without a district".
        same = rows.model._default_manager.order_by().filter(pk=OuterRef("pk"))
        answered = dimension.group(same, "answer").filter(answer__isnull=False)
        rows = rows.filter(Q(**{f"{alias}__isnull": False}) | ~Exists(answered))
    return rows


def _may_repeat(model: type[Model], dimension: Dimension) -> bool:
    """Whether a record may come twice with the same value: two areas of one district. Codes stand once in a record."""
    codes = isinstance(dimension, CodeDimension) and bool(dimension.relation)
    return not codes and has_several(model, dimension)


def has_several(model: type[Model], dimension: Dimension) -> bool:
    """Whether some record has more than one value. Of areas the database is asked: mostly each record has one."""
    if not (dimension.multiple and isinstance(dimension, AreaDimension) and dimension.relation):
        return dimension.multiple
    link = model._meta.get_field(dimension.relation)
    through, record = link.related_model, link.field.attname  # type: ignore[union-attr]

    def compute() -> bool:
        rows = through._default_manager.order_by().values(record)  # type: ignore[union-attr]
        return bool(rows.annotate(several=Count("pk")).filter(several__gt=1).exists())

    return memo.until_changed(("insight.several", model._meta.label, dimension.relation), SYSTEM, compute)


def _summed(rows: QuerySet[Any], keys: list[str], measure: Measure, *, repeats: bool) -> dict[Key, Tally]:
    """Count and sum over the rows made distinct first, in one statement."""
    names = [*keys, "record"]
    wanted: dict[str, Any] = {"record": F("pk")}
    if measure.sum_of:
        wanted["amount"] = _amount(rows.model, measure.sum_of)
        names.append("amount")
        if measure.precision:
            wanted["certainty"] = F(measure.precision)
            names.append("certainty")
    inner = rows.order_by().annotate(**wanted).values(*names)
    if repeats:
        inner = inner.distinct()
    connection = connections[inner.db]
    try:
        sql, parameters = inner.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return {} if keys else {(): Tally()}
    amounts = "SUM(amount), COUNT(amount)" if measure.sum_of else "NULL, 0"
    estimates = "SUM(CASE WHEN certainty = 'estimated' THEN 1 ELSE 0 END)" if measure.precision else "0"
    quoted = [connection.ops.quote_name(key) for key in keys]
    by = f" GROUP BY {', '.join(quoted)}" if quoted else ""
    outer = ", ".join([*quoted, "COUNT(*)", amounts, estimates])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {outer} FROM ({sql}) AS counted{by}", parameters)  # noqa: S608
        found = cursor.fetchall()
    width = len(keys)
    return {tuple(row[:width]): _tally(*row[width:]) for row in found}


def _amount(model: type[Model], path: str) -> Any:
    """A field of the record; of what hangs on it (`fundings__amount`) the sum, so that equal amounts all count."""
    if "__" not in path:
        return F(path)
    of_record = model._default_manager.order_by().filter(pk=OuterRef("pk")).values("pk")
    return Subquery(of_record.annotate(all_amounts=Sum(path)).values("all_amounts"))


def _tally(records: int, amount: Any, known: int, estimated: Any) -> Tally:
    return Tally(records, None if amount is None else _plain(amount), known, int(estimated or 0))


def _expressed(rows: QuerySet[Any], keys: list[str], expression: Combinable) -> dict[Key, Tally]:
    """A measure that is an aggregate of its own (a distinct count of what hangs on the records)."""
    aggregates = {"records": Count("pk", distinct=True), "amount": expression}
    if not keys:
        one = rows.order_by().aggregate(**aggregates)
        return {(): Tally(one["records"], _plain(one["amount"] or 0), one["records"])}
    found = rows.order_by().values(*keys).annotate(**aggregates)
    return {
        tuple(row[key] for key in keys): Tally(row["records"], _plain(row["amount"] or 0), row["records"])
        for row in found
    }


def _plain(amount: Any) -> float:
    """A whole number as int, whatever the database gave."""
    value = float(amount)
    return int(value) if value.is_integer() else value
