"""How records are counted: one pass over the database gives every cell and every total of a crosstab.

For each record the database tells its set of answers to each question, and how many records share the same sets
(`profiles`). Cells and totals are added up from these here. A record with several answers thus counts once in each of
its cells and once in every total, whatever joins would make of it, and nothing is asked twice. Measures that are an
aggregate of their own (distinct organisations) cannot be added up: they are asked for group by group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet, FieldError
from django.db import connections
from django.db.models import (
    AutoField,
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    Field,
    Func,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from trama.core import memo, small_counts
from trama.core.actor import SYSTEM
from trama.core.registers import CodeDimension, Dimension, Measure, Register
from trama.territory.declarations import AreaDimension
from trama.territory.models import AreaClosure

Answers = tuple[Any, ...]  # of one record to one question; (None,) where it has none
# Answers as the database gave them; records, amount, known, estimated, least, small as in a Tally.
Line = tuple[Sequence[Any], int, float | None, int, int, float, int]
# Between records, between the fields of one, between several answers: no value holds such signs.
RECORD_SIGN, FIELD_SIGN, ANSWER_SIGN = "\x1e", "\x1f", "\x1d"


@dataclass(slots=True)
class Tally:
    """What was found in a group: records, the sum of their amounts, for how many the amount is known or estimated.

    `least` is the sum of which readers can be sure where records state small numbers of persons, `small` how many do.
    Where records are counted, `small` is how many of them stand for one person.
    """

    records: int = 0
    amount: float | None = None
    known: int = 0
    estimated: int = 0
    least: float = 0
    small: int = 0

    def add(self, other: Tally) -> None:
        self.records += other.records
        if other.amount is not None:
            self.amount = (self.amount or 0) + other.amount
        self.known += other.known
        self.estimated += other.estimated
        self.least += other.least
        self.small += other.small


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


# --- the records by their answers ---------------------------------------------------------------------------------
def profiles(
    rows: QuerySet[Any], axes: Sequence[Dimension], measure: Measure, register: Register
) -> dict[tuple[Answers, Answers], Tally]:
    """How many records share the same answers to one or two questions; without a second its answers are empty."""
    readers = []
    for number, dimension in enumerate(axes):
        rows, reader = _with_answers(rows, dimension, f"axis{number}")
        readers.append(cache(reader))
    found: dict[tuple[Answers, Answers], Tally] = {}
    first, second = readers[0], readers[-1]
    for raw, records, amount, known, estimated, least, small in _statement(rows, len(axes), measure, register):
        key = (first(raw[0]), second(raw[1]) if len(axes) > 1 else ())
        try:
            one = found[key]
        except KeyError:
            one = found[key] = Tally()
        one.records += records
        if amount is not None:
            one.amount = (one.amount or 0) + amount
            one.known += known
            one.estimated += estimated
            one.least += least
        if small:
            one.small += small
    return found


def _with_answers(
    rows: QuerySet[Any], dimension: Dimension, alias: str
) -> tuple[QuerySet[Any], Callable[[Any], Answers]]:
    """The rows with the answers of each as one value, and what makes answers of that value."""
    above = _areas_above(dimension.level) if isinstance(dimension, AreaDimension) and dimension.level else None
    plain = replace(dimension, level="") if above is not None else dimension  # type: ignore[call-arg]
    if dimension.multiple:
        answers, kind = _all_answers(rows.model, plain)
        rows = rows.annotate(**{alias: answers})
    else:
        rows = plain.group(rows, alias)
        kind = _field_of(rows, alias)
    convert = _converter(kind)

    def reader(raw: Any) -> Answers:
        if raw is None or raw == "":
            return (None,)
        values = {convert(part) for part in raw.split(ANSWER_SIGN)} if dimension.multiple else {convert(raw)}
        if above is not None:
            # Of two areas of a record one may lie in a district and the other in none: it is not one without.
            values = {above[value] for value in values if value in above}
        return tuple(sorted(values, key=str)) or (None,)

    return rows, reader


def _areas_above(level: str) -> dict[int, int]:
    links = AreaClosure.objects.filter(ancestor_kind=level).order_by().values_list("area_id", "ancestor_id")
    return dict(links)


def _all_answers(model: type[Model], dimension: Dimension) -> tuple[Subquery, Field[Any, Any] | None]:
    """All answers of a record to a question, joined in the database; the field that tells their kind."""
    if isinstance(dimension, (CodeDimension, AreaDimension)) and dimension.relation:
        link = model._meta.get_field(dimension.relation)
        through, record = link.related_model, link.field.attname  # type: ignore[union-attr]
        mine = through._default_manager.order_by().filter(**{record: OuterRef("pk")})  # type: ignore[union-attr]
        path = "code"
        if isinstance(dimension, CodeDimension):
            mine = mine.filter(facet=dimension.list)
        else:
            path = dimension.path
        kind = through._meta.get_field(path)  # type: ignore[union-attr]
        return Subquery(mine.annotate(answers=_Joined(F(f"{path}_id"))).values("answers")), kind  # type: ignore[return-value]
    same = dimension.group(model._default_manager.order_by().filter(pk=OuterRef("pk")), "answer")
    return Subquery(same.annotate(answers=_Joined(F("answer"))).values("answers")), _field_of(same, "answer")


class _Joined(Func):
    """Several values as one text. No Aggregate for Django, so that it groups by nothing: the record is one already."""

    function = "GROUP_CONCAT"
    output_field = TextField()

    def __init__(self, value: Combinable) -> None:
        super().__init__(value, Value(ANSWER_SIGN))

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        value, sign = self.source_expressions
        copy = Func(Cast(value, TextField()), sign, function="STRING_AGG", output_field=TextField())
        return copy.as_sql(compiler, connection, **more)


def _field_of(rows: QuerySet[Any], alias: str) -> Field[Any, Any] | None:
    try:
        return rows.query.annotations[alias].output_field
    except FieldError:
        return None


def _converter(field: Field[Any, Any] | None) -> Callable[[Any], Any]:
    """What makes the value of a field of what the database gave, which may be text."""
    while field is not None and field.is_relation:
        field = field.target_field  # type: ignore[attr-defined]
    if isinstance(field, BooleanField):
        return lambda raw: int(raw in (1, True, "1"))
    return int if isinstance(field, (IntegerField, AutoField)) else str


def _statement(rows: QuerySet[Any], axes: int, measure: Measure, register: Register) -> Iterator[Line]:
    """One statement: the answers that occur together, each with its tally. The same answers may come again."""
    names = [f"axis{number}" for number in range(axes)]
    wanted: dict[str, Any] = {}
    if measure.sum_of and measure.persons:
        special = register.special() if register.special is not None else None
        special = Q() if measure.special else special
        wanted["amount"] = small_counts.published(measure.sum_of, special)
        wanted["small"] = small_counts.smallness(measure.sum_of, special)
    elif measure.sum_of:
        wanted["amount"] = _amount(rows.model, measure.sum_of)
    elif register.persons is not None:
        wanted["small"] = Case(When(register.persons, then=Value(1)), default=Value(0), output_field=IntegerField())
    if measure.sum_of and measure.precision:
        wanted["certainty"] = F(measure.precision)
    inner = rows.order_by().annotate(**wanted).values(*names, *wanted)
    connection = connections[inner.db]
    if connection.vendor == "sqlite" and not inner.query.distinct:
        # In the order of the records their answers lie one after another; by area they are looked up here and there.
        inner = inner.order_by("pk")
    try:
        sql, parameters = inner.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return
    if connection.vendor == "sqlite":
        yield from _joined(connection, sql, parameters, names, wanted)
    else:
        yield from _grouped_by(connection, sql, parameters, names, wanted)


def _joined(
    connection: Any, sql: str, parameters: Any, names: Sequence[str], wanted: Mapping[str, Any]
) -> Iterator[Line]:
    """For SQLite, which groups by sorting: all records as one text, whose equal parts are counted in half the time."""
    parts = [f"COALESCE({name}, '')" for name in names]
    if wanted:
        parts.append("COALESCE(amount, '')" if "amount" in wanted else "''")
        parts.append("small" if "small" in wanted else "0")
        parts.append("(certainty = 'estimated')" if "certainty" in wanted else "0")
    line = " || char(31) || ".join(parts)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT GROUP_CONCAT({line}, char(30)) FROM ({sql}) AS counted", parameters)  # noqa: S608
        text = cursor.fetchone()[0]
    if text is None:
        return
    for record, count in Counter(text.split(RECORD_SIGN)).items():
        answers = record.split(FIELD_SIGN)
        if not wanted:
            yield answers, count, None, 0, 0, 0, 0
            continue
        amount, small, estimated = answers[len(names) :]
        few = count if small == "1" else 0
        if not amount:
            yield answers, count, None, 0, 0, 0, few
        else:
            value = float(amount) * count
            yield answers, count, value, count, count if estimated == "1" else 0, few or value, few


def _grouped_by(
    connection: Any, sql: str, parameters: Any, names: Sequence[str], wanted: Mapping[str, Any]
) -> Iterator[Line]:
    amounts = "SUM(amount), COUNT(amount)" if "amount" in wanted else "NULL, 0"
    small = "SUM(small)" if "small" in wanted else "0"
    least = "SUM(CASE WHEN small = 1 THEN 1 ELSE amount END)" if {"small", "amount"} <= set(wanted) else "SUM(amount)"
    least = least if "amount" in wanted else "0"
    estimates = "SUM(CASE WHEN certainty = 'estimated' THEN 1 ELSE 0 END)" if "certainty" in wanted else "0"
    by = ", ".join(names)
    told = f"{by}, COUNT(*), {amounts}, {estimates}, {least}, {small}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {told} FROM ({sql}) AS counted GROUP BY {by}", parameters)  # noqa: S608
        found = cursor.fetchall()
    for row in found:
        records, amount, known, estimated, sure, few = row[len(names) :]
        value = None if amount is None else float(amount)
        yield row[: len(names)], records, value, known, int(estimated or 0), float(sure or 0), int(few or 0)


def _amount(model: type[Model], path: str) -> Any:
    """A field of the record; of what hangs on it (`fundings__amount`) the sum, so that equal amounts all count."""
    if "__" not in path:
        return F(path)
    of_record = model._default_manager.order_by().filter(pk=OuterRef("pk")).values("pk")
    return Subquery(of_record.annotate(all_amounts=Sum(path)).values("all_amounts"))


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
