"""Many rows at once, at the cost of the database rather than of the ORM's: loads, the audit chain, the search index."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Field, JSONField, Model
from django.db.models.base import ModelState
from django.db.models.constants import OnConflict

# What the drivers take as it is. Exact types: a choice or a lazy text is a subclass, and is prepared by its field.
PLAIN = frozenset({str, int, bool, float, type(None)})


def insert(
    rows: Sequence[Model], *, ignore_conflicts: bool = False, unique: Sequence[str] = (), update: Sequence[str] = ()
) -> None:
    """Insert rows of one model whose keys the caller does not need: `bulk_create` at a third of its cost.

    With `ignore_conflicts`, rows that are there already stay; with `unique` and `update` (names of fields), a row that
    bears the same unique values gets the others.
    """
    if not rows:
        return
    fields = _inserted(type(rows[0]))
    _execute(_statement(fields, ignore_conflicts=ignore_conflicts, unique=unique, update=update), _values(rows, fields))


def insert_values(
    model: type[Model],
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    ignore_conflicts: bool = False,
    unique: Sequence[str] = (),
    update: Sequence[str] = (),
) -> None:
    """Insert rows of which a few fields are told (by column name), the others being what they are by default.

    For thousands of small rows: no object is made of each. The rest is as for `insert`.
    """
    fields = _inserted(model)
    told = {name: place for place, name in enumerate(names)}
    database = connections[DEFAULT_DB_ALIAS]  # asked for once, not for each value
    others = [f for f in fields if f.attname not in told]
    defaults = tuple(f.get_db_prep_save(f.get_default(), database) for f in others)
    told |= {f.attname: len(told) + place for place, f in enumerate(others)}
    places = [told[f.attname] for f in fields]
    makers = [(place, *_preparing(f)) for place, f in zip(places, fields, strict=True) if place < len(names)]
    as_they_are = all(kinds for _place, kinds, _prepared in makers)

    def values(row: Sequence[Any]) -> tuple[Any, ...]:
        whole = [*row, *defaults]
        if not as_they_are or not PLAIN.issuperset(map(type, row)):
            for place, kinds, prepared in makers:
                if type(whole[place]) not in kinds:
                    whole[place] = prepared(whole[place])
        return tuple([whole[place] for place in places])

    _execute(_statement(fields, ignore_conflicts=ignore_conflicts, unique=unique, update=update), map(values, rows))


def _inserted(model: type[Model]) -> list[Field[Any, Any]]:
    """The fields that an insert names: all but a key that the database counts itself."""
    return [
        f for f in model._meta.concrete_fields if not (f.primary_key and f.get_internal_type().endswith("AutoField"))
    ]


def _statement(
    fields: Sequence[Field[Any, Any]], *, ignore_conflicts: bool, unique: Sequence[str], update: Sequence[str]
) -> str:
    conflict = OnConflict.IGNORE if ignore_conflicts else OnConflict.UPDATE if unique else None
    column = {f.name: f.column for f in fields}
    operations = connections[DEFAULT_DB_ALIAS].ops
    quoted = operations.quote_name
    return " ".join(
        [
            operations.insert_statement(on_conflict=conflict),
            quoted(fields[0].model._meta.db_table),
            f"({', '.join(quoted(str(f.column)) for f in fields)})",
            f"VALUES {ROWS}",
            operations.on_conflict_suffix_sql(
                fields, conflict, [column[name] for name in update], [column[name] for name in unique]
            ),
        ]
    )


AT_ONCE = 2000  # rows whose values are held together
MOST_VALUES = 30_000  # of one statement


def _execute(sql: str, rows: Iterator[tuple[Any, ...]]) -> None:
    """Insert rows by a statement that says with `ROWS` where they stand."""
    database = connections[DEFAULT_DB_ALIAS]
    with transaction.atomic(savepoint=False), database.cursor() as cursor:
        while some := list(islice(rows, AT_ONCE)):
            if database.vendor == "sqlite":
                _in_few(cursor, database, sql, some)
            else:
                cursor.executemany(sql.replace(ROWS, _places(some, "%s")), some)


ROWS = "\0"  # where the places of the rows stand in a statement


def _places(rows: Sequence[tuple[Any, ...]], sign: str) -> str:
    return f"({', '.join([sign] * len(rows[0]))})"


def _in_few(cursor: Any, database: Any, sql: str, rows: list[tuple[Any, ...]]) -> None:
    """Many rows by one statement: the full-text index writes what it gathered at the end of each."""
    limit = database.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
    step = max(1, min(limit, MOST_VALUES) // len(rows[0]))
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        # The sign of SQLite itself: thousands of others need not be found and replaced.
        places = ", ".join([_places(some, "?")] * len(some))
        cursor.execute(sql.replace(ROWS, places), list(chain.from_iterable(some)))


def _preparing(field: Field[Any, Any]) -> tuple[frozenset[Any], Callable[[Any], Any]]:
    """Which values the driver takes as they are, and what makes the others such; one that comes again is kept."""
    last: list[Any] = [None, None]
    database = connections[DEFAULT_DB_ALIAS]

    def prepared(value: Any) -> Any:
        if value is not last[0]:  # thousands of rows bear the same moment
            last[:] = value, field.get_db_prep_save(value, database)
        return last[1]

    # A JSON text is no text as it is.
    return frozenset() if isinstance(field, JSONField) else PLAIN, prepared


def _values(rows: Iterable[Model], fields: Sequence[Field[Any, Any]]) -> Iterator[tuple[Any, ...]]:
    """The values of each row as the driver takes them."""
    # A date that is set on saving.
    readers = [
        (
            f,
            f.attname,
            bool(getattr(f, "auto_now", False) or getattr(f, "auto_now_add", False)),
            *_preparing(f),
        )
        for f in fields
    ]
    for row in rows:
        held = row.__dict__
        values = []
        for field, name, stamped, kinds, prepared in readers:
            value = field.pre_save(row, add=True) if stamped else held[name]
            values.append(value if type(value) in kinds else prepared(value))
        yield tuple(values)


def maker(model: type[Model]) -> Callable[[dict[str, Any]], Any]:
    """Makes records from values by column name, the others being what they are by default; not saved.

    As `model(**values)` at a tenth of its cost: nothing listens to it, and relations are told by their keys alone.
    Moments that are "now" are the same for all that one maker makes.
    """
    defaults = {f.attname: f.get_default() for f in model._meta.concrete_fields}
    own = {
        f.attname: f.get_default for f in model._meta.concrete_fields if isinstance(defaults[f.attname], (dict, list))
    }

    def made(values: dict[str, Any]) -> Any:
        row = model.__new__(model)
        row.__dict__.update(defaults, _state=ModelState(), **{name: fresh() for name, fresh in own.items()})
        row.__dict__.update(values)
        if len(row.__dict__) != len(defaults) + 1:
            raise TypeError(f"{model.__name__} has not all of {', '.join(sorted(values))}")
        return row

    return made
