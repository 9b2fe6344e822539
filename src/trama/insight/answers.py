"""What the records of a selection answer to one or two questions, and how many answer the same.

The database is asked by value, not by record: one statement gives the records (with what each has one of: single
answers, amount, smallness, certainty), one more for each question with several answers tells which records gave each
answer, as a text of keys along an index. Here the keys become arrays, the sets of answers are numbered, and what
shares a number is counted at once. A hundred thousand records cost a few texts and no row each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from django.core.exceptions import EmptyResultSet, FieldError
from django.db import connections
from django.db.models import (
    AutoField,
    BooleanField,
    Case,
    DateField,
    DateTimeField,
    F,
    Field,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from numpy.typing import NDArray

from trama.core import small_counts
from trama.core.keys import among
from trama.core.models import Code
from trama.core.registers import CodeDimension, Dimension, Measure, Register, YearDimension
from trama.territory.declarations import AreaDimension
from trama.territory.models import AreaClosure

Answers = tuple[Any, ...]  # of one record to one question; (None,) where it has none
Whole = NDArray[np.int64]
NOTHING: Answers = (None,)
T = TypeVar("T")
SIGN = "\x1f"  # between the values of one text: no value holds it
# Where less than this part of all records is chosen, their answers are looked up; else all answers are passed along.
# A record looked up costs about eight times as much as one passed; twice where answers must be joined anyway.
PART, PART_OF_JOINED = 8, 2
# What stands between the values of a column, and for one that is missing.
HOW = {"counted_key": (",",), "amount": (",", "nan"), "marked": (",", "nan"), "small": ("",)}
SPARSE = 40  # among keys that stand closer than this, places are looked up in a table, else searched


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


@dataclass(slots=True)
class _Records:
    """The records of a selection: the keys that occur, ascending, and columns of one entry per row of the selection.

    `which` tells the key of each row, where a selection names a record twice. Columns of texts hold their numbers in
    `texts`.
    """

    keys: Whole
    which: Whole | None
    columns: dict[str, NDArray[Any]]
    texts: dict[str, list[str]]
    of: int  # so many records there may be in all


def profiles(
    rows: QuerySet[Any], axes: Sequence[Dimension], measure: Measure, register: Register
) -> dict[tuple[Answers, Answers], Tally]:
    """How many records share the same answers to one or two questions; without a second its answers are empty."""
    readers: dict[str, Callable[[str], Answers]] = {}
    for number, axis in enumerate(axes):
        if not axis.multiple:
            name = f"axis{number}"
            rows, readers[name] = _with_answer(rows, axis, name)
    wanted = _measured(rows.model, measure, register)
    records = _asked(rows.annotate(**wanted), readers, wanted, with_keys=len(readers) < len(axes))
    if records is None:
        return {}
    places: list[Whole] = []
    answers: list[list[Answers]] = []
    for number, axis in enumerate(axes):
        name = f"axis{number}"
        if name in readers:
            different, which = _numbered([readers[name](text) for text in records.texts[name]])
            place = which[records.columns[name]]
        else:
            place, sets = _sets(len(records.keys), _given(rows.model, axis, records))
            place = place if records.which is None else place[records.which]
            different = [one or NOTHING for one in sets]
        places.append(place)
        answers.append(different)
    if len(axes) == 1:
        places.append(np.zeros_like(places[0]))
        answers.append([()])
    return _added(records, places, answers)


def _added(
    records: _Records, places: list[Whole], answers: list[list[Answers]]
) -> dict[tuple[Answers, Answers], Tally]:
    """The rows whose answers to both questions have the same numbers, added up."""
    down, across = answers
    found, place = np.unique(places[0] * len(across) + places[1], return_inverse=True)

    def total(of_each: NDArray[Any] | None = None) -> NDArray[Any]:
        return np.bincount(place, weights=of_each, minlength=len(found))

    nought = np.zeros(len(found))
    columns = records.columns
    amounts = known = estimated = least = nought
    small = total(columns["small"]) if "small" in columns else nought
    if "amount" in columns:
        is_known = ~np.isnan(columns["amount"])
        amount = np.where(is_known, columns["amount"], 0)
        amounts, known = total(amount), total(is_known)
        least = total(np.where(columns["small"], 1, amount)) if "small" in columns else amounts
        estimated = total(is_known * columns["certainty"]) if "certainty" in columns else nought
    lines = zip(*(each.tolist() for each in (found, total(), amounts, known, estimated, least, small)), strict=True)
    return {
        (down[key // len(across)], across[key % len(across)]): Tally(
            count, amount if stated else None, int(stated), int(guessed), sure, int(few)
        )
        for key, count, amount, stated, guessed, sure, few in lines
    }


# --- the records --------------------------------------------------------------------------------------------------
def _measured(model: type[Model], measure: Measure, register: Register) -> dict[str, Any]:
    """What is asked of each record beside its answers: its amount, whether it is small, whether it is an estimate."""
    wanted: dict[str, Any] = {}
    if measure.sum_of and measure.persons:
        special = register.special() if register.special is not None else None
        special = Q() if measure.special else special
        wanted["marked"] = small_counts.marked(measure.sum_of, special)
    elif measure.sum_of:
        wanted["amount"] = _amount(model, measure.sum_of)
    elif register.persons is not None:
        wanted["small"] = Case(When(register.persons, then=Value(1)), default=Value(0), output_field=IntegerField())
    if measure.sum_of and measure.precision:
        wanted["certainty"] = F(measure.precision)
    return wanted


def _amount(model: type[Model], path: str) -> Any:
    """A field of the record; of what hangs on it (`fundings__amount`) the sum, so that equal amounts all count."""
    if "__" not in path:
        return F(path)
    of_record = model._default_manager.order_by().filter(pk=OuterRef("pk")).values("pk")
    return Subquery(of_record.annotate(all_amounts=Sum(path)).values("all_amounts"))


def _asked(rows: QuerySet[Any], names: Iterable[str], wanted: Iterable[str], *, with_keys: bool) -> _Records | None:
    """All records in one statement, one text for each column; None where there are none."""
    names = [*(["counted_key"] if with_keys else []), *names, *wanted]
    asked = _Texts(rows.order_by().annotate(counted_key=F("pk")).values(*dict.fromkeys(["counted_key", *names])))
    for name in names:
        if name == "certainty":
            asked.tell("CASE WHEN certainty = 'estimated' THEN 1 ELSE 0 END", "")
        else:
            asked.tell(name, *HOW.get(name, (SIGN, "")))
    found = asked.answered(ends_of=rows.model)
    if not found or found[0][1] is None:
        return None
    between, *told = found[0]
    records = _Records(np.empty(0, dtype=np.int64), None, {}, {}, int(between) + 1)
    for name, text in zip(names, told, strict=True):
        if name == "counted_key":
            records.keys = _keys(text)
            if not bool(np.all(records.keys[1:] > records.keys[:-1])):
                records.keys, records.which = np.unique(records.keys, return_inverse=True)
        elif name in ("small", "certainty"):
            records.columns[name] = np.frombuffer(text.encode("ascii"), dtype=np.uint8) - ord("0")
        elif name in ("amount", "marked"):
            amounts = np.fromstring(text, dtype=np.float64, sep=",")
            records.columns["amount"] = np.abs(amounts) if name == "marked" else amounts
            if name == "marked":
                records.columns["small"] = amounts < 0
        else:
            records.texts[name], records.columns[name] = _numbered(text.split(SIGN))
    return records


class _Texts:
    """Columns of all rows of a query as one text each (or one for each value of the first), in each database's words.

    The texts of one statement come in the same order: each row is passed once.
    """

    def __init__(self, rows: QuerySet[Any]) -> None:
        self.rows = rows
        self.connection = connections[rows.db]
        self.lite = self.connection.vendor == "sqlite"
        self.told: list[str] = []

    def tell(self, value: str, between: str, missing: str | None = None) -> None:
        value = value if self.lite else f"CAST({value} AS text)"
        value = value if missing is None else f"COALESCE({value}, '{missing}')"
        name, sign = ("GROUP_CONCAT", "char") if self.lite else ("STRING_AGG", "chr")
        self.told.append(f"{name}({value}, {f'{sign}({ord(between)})' if between else chr(39) * 2})")

    def answered(self, by: str = "", ends_of: type[Model] | None = None) -> list[Any]:
        """The texts; for each value of `by` with it in front, or how far apart the keys of a model are."""
        try:
            sql, parameters = self.rows.query.get_compiler(connection=self.connection).as_sql()
        except EmptyResultSet:
            return []
        first = f"{by}, " if by else ""
        if ends_of is not None:
            # From the two ends of an index, for next to nothing: how many records there may be.
            quoted = self.connection.ops.quote_name
            table, key = quoted(ends_of._meta.db_table), quoted(str(ends_of._meta.pk.column))
            first = f"(SELECT MAX({key}) FROM {table}) - (SELECT MIN({key}) FROM {table}), "  # noqa: S608
        asked = f"SELECT {first}{', '.join(self.told)} FROM ({sql}) AS counted"  # noqa: S608
        with self.connection.cursor() as cursor:
            cursor.execute(f"{asked} GROUP BY {by}" if by else asked, parameters)
            return cursor.fetchall()


def _keys(text: str) -> Whole:
    return np.fromstring(text, dtype=np.int64, sep=",")


def _numbered(values: Iterable[T]) -> tuple[list[T], Whole]:
    """The different values, and which of them each is."""
    values = list(values)
    number = {value: place for place, value in enumerate(dict.fromkeys(values))}
    return list(number), np.fromiter(map(number.__getitem__, values), dtype=np.int64, count=len(values))


# --- questions with one answer ------------------------------------------------------------------------------------
def _with_answer(
    rows: QuerySet[Any], dimension: Dimension, alias: str
) -> tuple[QuerySet[Any], Callable[[str], Answers]]:
    """The rows with the answer of each, and what reads its text."""
    if isinstance(dimension, YearDimension) and _is_day(rows.model, dimension.path):
        # SQLite has no years: it would ask Python for that of each record.
        return rows.annotate(**{alias: F(dimension.path)}), lambda text: (int(text[:4]),) if text else NOTHING
    above, plain = _at_level(dimension)
    rows = plain.group(rows, alias)
    convert = _converter(_field_of(rows, alias))

    def reader(text: str) -> Answers:
        if text == "":
            return NOTHING
        value = convert(text)
        return (value,) if above is None else (above.get(value),)

    return rows, reader


def _is_day(model: type[Model], path: str) -> bool:
    field = model._meta.get_field(path) if "__" not in path else None
    return isinstance(field, DateField) and not isinstance(field, DateTimeField)


def _at_level(dimension: Dimension) -> tuple[dict[int, int] | None, Dimension]:
    """The area of the asked level above each, and the dimension without level, which needs no join to be asked."""
    if not (isinstance(dimension, AreaDimension) and dimension.level):
        return None, dimension
    links = AreaClosure.objects.filter(ancestor_kind=dimension.level).order_by().values_list("area_id", "ancestor_id")
    return dict(links), replace(dimension, level="")


def _field_of(rows: QuerySet[Any], alias: str) -> Field[Any, Any] | None:
    try:
        return rows.query.annotations[alias].output_field
    except FieldError:
        return None


def _converter(field: Field[Any, Any] | None) -> Callable[[Any], Any]:
    """What makes the value of a field of what the database gave as text."""
    while field is not None and field.is_relation:
        field = field.target_field  # type: ignore[attr-defined]
    if isinstance(field, BooleanField):
        return lambda raw: int(str(raw) in ("1", "true", "True"))
    return int if isinstance(field, (IntegerField, AutoField)) else str


# --- questions with several answers -------------------------------------------------------------------------------
def _sets(count: int, given: dict[Any, list[Whole]]) -> tuple[Whole, list[Answers]]:
    """The different sets of answers (0 is the empty one), and which of them each of `count` records gave.

    `given` are the places of the records that gave each answer. Answer by answer a set becomes another one where the
    answer was given; no set is ever taken for another one, however many answers there are.
    """
    sets: list[Answers] = [()]
    mine: Whole = np.zeros(count, dtype=np.int64)
    for answer in sorted(given, key=str):
        places = np.concatenate(given[answer])
        before, which = np.unique(mine[places], return_inverse=True)
        mine[places] = len(sets) + which
        sets += [(*sets[number], answer) for number in before.tolist()]
    return mine, sets


def _given(model: type[Model], dimension: Dimension, records: _Records) -> dict[Any, list[Whole]]:
    """The places among the records of those that gave each answer."""
    above, plain = _at_level(dimension)
    rows, kind, is_link = _answered(model, plain)
    if len(records.keys) * (PART if is_link else PART_OF_JOINED) <= records.of:
        found = _in_pairs(rows.filter(counted_key__in=among(records.keys.tolist())))
    else:
        found = _by_value(rows, plain) if is_link else _in_pairs(rows)
    convert = _converter(kind)
    places = _finder(records.keys)
    given: dict[Any, list[Whole]] = {}
    for raw, keys in found:
        if raw is None or raw == "":
            continue
        # Of two areas of a record one may lie in a district and the other in none: it is not one without.
        answer = convert(raw) if above is None else above.get(convert(raw))
        if answer is not None:
            given.setdefault(answer, []).append(places(_keys(keys) if isinstance(keys, str) else keys))
    return given


def _answered(model: type[Model], dimension: Dimension) -> tuple[QuerySet[Any], Field[Any, Any] | None, bool]:
    """All answers to a question with the key of who gave it; the field that tells their kind; if they are in a table of
    their own."""
    if isinstance(dimension, (CodeDimension, AreaDimension)) and dimension.relation:
        link = model._meta.get_field(dimension.relation)
        through, record = link.related_model, link.field.attname  # type: ignore[union-attr]
        rows = through._default_manager.order_by()  # type: ignore[union-attr]
        path = "code" if isinstance(dimension, CodeDimension) else dimension.path
        if isinstance(dimension, CodeDimension):
            rows = rows.filter(facet=dimension.list)
        rows = rows.annotate(counted_key=F(record), counted_answer=F(f"{path}_id"))
        return rows.values("counted_key", "counted_answer"), through._meta.get_field(path), True  # type: ignore[union-attr,return-value]
    rows = dimension.group(model._default_manager.order_by(), "counted_answer").annotate(counted_key=F("pk"))
    return rows.values("counted_key", "counted_answer"), _field_of(rows, "counted_answer"), False


def _by_value(rows: QuerySet[Any], dimension: Dimension) -> Iterable[tuple[Any, Any]]:
    """Each answer with the keys of who gave it, along the index of the answers."""
    if isinstance(dimension, CodeDimension):
        # The facet is the list of the code: so that the index is entered at its codes, and not passed from end to end.
        rows = rows.filter(code__in=Code.objects.filter(list=dimension.list).order_by().values("pk"))
    asked = _Texts(rows)
    asked.tell("counted_key", ",")
    return asked.answered(by="counted_answer")


def _in_pairs(rows: QuerySet[Any]) -> Iterable[tuple[Any, Any]]:
    """The same for few records, or where no index leads from the answers: nothing is sorted by the database."""
    asked = _Texts(rows)
    asked.tell("counted_key", ",")
    asked.tell("counted_answer", SIGN, "")
    found = asked.answered()
    if not found or found[0][0] is None:
        return []
    keys = _keys(found[0][0])
    answers, which = _numbered(found[0][1].split(SIGN))
    order = np.argsort(which, kind="stable")
    return zip(answers, np.split(keys[order], np.cumsum(np.bincount(which))[:-1]), strict=True)


def _finder(keys: Whole) -> Callable[[Whole], Whole]:
    """What tells the places of those of some keys that occur among `keys`, which ascend."""
    first, last = int(keys[0]), int(keys[-1])
    if last - first >= SPARSE * len(keys):

        def search(asked: Whole) -> Whole:
            places = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
            return places[keys[places] == asked]

        return search
    table = np.full(last - first + 1, -1, dtype=np.int64)
    table[keys - first] = np.arange(len(keys))

    def look_up(asked: Whole) -> Whole:
        places = table[asked[(asked >= first) & (asked <= last)] - first]
        return places[places >= 0]

    return look_up
