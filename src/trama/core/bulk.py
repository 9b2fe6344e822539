"""Many rows at once, at the cost of the database rather than of the ORM's: loads, the audit chain, the search index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Field, JSONField, Model
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
    model = type(rows[0])
    fields = [
        f for f in model._meta.concrete_fields if not (f.primary_key and f.get_internal_type().endswith("AutoField"))
    ]
    conflict = OnConflict.IGNORE if ignore_conflicts else OnConflict.UPDATE if unique else None
    column = {f.name: f.column for f in fields}
    quoted = connection.ops.quote_name
    sql = " ".join(
        [
            connection.ops.insert_statement(on_conflict=conflict),
            quoted(model._meta.db_table),
            f"({', '.join(quoted(str(f.column)) for f in fields)})",
            f"VALUES ({', '.join(['%s'] * len(fields))})",
            connection.ops.on_conflict_suffix_sql(
                fields, conflict, [column[name] for name in update], [column[name] for name in unique]
            ),
        ]
    )
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.executemany(sql, list(_values(rows, fields)))


def insert_values(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows of which a few fields are told (by column name), the others being what they are by default.

    For thousands of small rows that only link others: no object is made of each.
    """
    if not rows:
        return
    fields = [f for f in model._meta.concrete_fields if not f.primary_key]
    told = {name: place for place, name in enumerate(names)}
    plain = [None if f.attname in told else f.get_db_prep_save(f.get_default(), connection) for f in fields]
    makers = [(told[f.attname], f.get_db_prep_save) if f.attname in told else (-1, None) for f in fields]

    def values(row: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(
            default if place < 0 else row[place] if type(row[place]) in PLAIN else prepare(row[place], connection)  # type: ignore[misc]
            for default, (place, prepare) in zip(plain, makers, strict=True)
        )

    quoted = connection.ops.quote_name
    sql = " ".join(
        [
            "INSERT INTO",
            quoted(model._meta.db_table),
            f"({', '.join(quoted(str(f.column)) for f in fields)})",
            f"VALUES ({', '.join(['%s'] * len(fields))})",
        ]
    )
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.executemany(sql, list(map(values, rows)))


def _values(rows: Sequence[Model], fields: Sequence[Field[Any, Any]]) -> Iterator[tuple[Any, ...]]:
    """The values of each row as the driver takes them."""
    # A date that is set on saving; a JSON text is no text as it is.
    readers = [
        (
            f,
            f.attname,
            bool(getattr(f, "auto_now", False) or getattr(f, "auto_now_add", False)),
            isinstance(f, JSONField),
        )
        for f in fields
    ]
    for row in rows:
        held = row.__dict__
        values = []
        for field, name, stamped, is_json in readers:
            value = field.pre_save(row, add=True) if stamped else held[name]
            if is_json or type(value) not in PLAIN:
                value = field.get_db_prep_save(value, connection)
            values.append(value)
        yield tuple(values)
