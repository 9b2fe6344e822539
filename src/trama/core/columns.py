"""Many rows of the database as columns: thousands of rows bear the same few values, each of which is made once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain, repeat
from operator import is_
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.models import DateTimeField, QuerySet, TextField
from django.db.models.functions import Cast

MOMENTS = {datetime, type(None)}


def by_column(
    rows: QuerySet[Any], paths: Sequence[str], order: Sequence[Any] | None = None, *, minutes: bool = False
) -> list[Sequence[Any]]:
    """What `zip(*rows.values_list(*paths))` holds, one sequence per path, in less than half the time.

    A database such as SQLite knows no dates; Django makes them cell by cell, of 10,000 times the same text too. With
    `order` the rows stand as the values of the first path do there; where one is missing, every path has None. With
    `minutes` the seconds of moments may be left out, which spares as many moments as there are records.
    """
    texts = _moments_as_texts(rows, paths) if minutes else {}
    chosen = rows.annotate(**{f"{path}_text": Cast(path, TextField()) for path in texts.values()})
    chosen = chosen.values_list(*(f"{path}_text" if place in texts else path for place, path in enumerate(paths)))
    compiler = chosen.query.get_compiler(chosen.db)
    found = list(chain.from_iterable(compiler.execute_sql(chunk_size=2000)))
    if order is not None:
        by_first = {row[0]: row for row in found}
        nothing = (None,) * len(paths)
        found = [by_first.get(key, nothing) for key in order]
    expressions = [expression for expression, *_ in compiler.select[: compiler.col_count]]
    columns: list[Sequence[Any]] = list(zip(*found, strict=True)) if found else [() for _path in paths]
    for position, (converters, expression) in compiler.get_converters(expressions).items():
        columns[position] = _converted(columns[position], converters, expression, compiler.connection)
    for position in texts:
        starts = [text and text[:16] for text in columns[position]]
        columns[position] = each_once(starts, lambda text: text and datetime.fromisoformat(text).replace(tzinfo=UTC))
    return columns


def _moments_as_texts(rows: QuerySet[Any], paths: Sequence[str]) -> dict[int, str]:
    """The places of paths to moments that the database holds as texts in universal time: SQLite's."""
    if connections[rows.db].vendor != "sqlite" or not settings.USE_TZ:
        return {}
    fields = {field.name: field for field in rows.model._meta.concrete_fields}
    return {place: path for place, path in enumerate(paths) if isinstance(fields.get(path), DateTimeField)}


def _converted(values: list[Any], converters: Sequence[Callable[..., Any]], expression: Any, connection: Any) -> Any:
    moments = isinstance(expression.output_field, DateTimeField) and set(map(type, values)) <= MOMENTS
    if moments and connection.vendor == "sqlite" and settings.USE_TZ and len(converters) == 1:
        # All that Django's own converter does to each of thousands of different moments is this.
        zone = connection.timezone
        return [value if value is None or value.tzinfo else value.replace(tzinfo=zone) for value in values]

    def convert(value: Any) -> Any:
        for converter in converters:
            value = converter(value, expression, connection)
        return value

    return each_once(values, convert)


def is_constant(values: Sequence[Any]) -> bool:
    """Whether all values are one and the same object, as in a column that nobody filled: told at next to no cost."""
    return len(values) > 0 and values[0] is values[-1] and all(map(is_, values, repeat(values[0])))


def each_once(values: Sequence[Any], render: Callable[[Any], Any]) -> list[Any]:
    """`[render(value) for value in values]`, asking once for each distinct value."""
    if is_constant(values):
        return [render(values[0])] * len(values)
    if len(set(map(type, values)) - {type(None)}) <= 1:
        made = {value: render(value) for value in set(values)}
        return list(map(made.__getitem__, values))
    # True and 1 are the same key: they are told apart by their kind.
    keys = [(type(value), value) for value in values]
    made = {key: render(key[1]) for key in set(keys)}
    return list(map(made.__getitem__, keys))


# What parts the values of a cell that holds several.
PARTING = re.compile(r"[;\n|]")


def in_one_cell(texts: Iterable[str]) -> str:
    """Several values in one cell, parted by semicolons; one that holds what parts them stands between quotes."""
    return "; ".join([_between_quotes(text) if PARTING.search(text) else text for text in texts])


def _between_quotes(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def out_of_one_cell(text: str) -> list[str]:
    """The values of a cell that holds several, without blanks around them; empty ones are left out."""
    found, rest = [], text.strip()
    while rest:
        quoted = QUOTED.match(rest)
        if quoted and PARTING.search(quoted[1]):
            part, rest = quoted[1].replace('""', '"'), rest[quoted.end() :]
        else:
            part, _sign, rest = PARTED.match(rest).groups()  # type: ignore[union-attr]
        if part.strip():
            found.append(part.strip())
        rest = rest.strip()
    return found


QUOTED = re.compile(r'"((?:[^"]|"")*)"\s*(?:[;\n|]|$)')
PARTED = re.compile(r"([^;\n|]*)([;\n|]|$)(.*)", re.DOTALL)
