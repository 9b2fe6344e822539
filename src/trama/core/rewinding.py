"""What a block of work writes into the tables, noted by the database itself, so that all of it can be taken back.

Whoever loads a file writes through many hands (bulk inserts, actions, links that follow): none of them has to say what
it wrote, and none can forget to. SQLite notes through temporary triggers; PostgreSQL through triggers that stand there
always and do nothing unless the transaction asks for it. Only what a row was at first is kept, and whether it is there
at the end.
"""

from __future__ import annotations

import base64
import json
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Model, Q

Key = int | str
NOTED = "trama_noted"
CHUNK = 400


class Keys:
    """Keys of rows, held as runs of numbers that follow each other: thousands of new rows are one run."""

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self.texts: set[str] = set()
        self.runs: list[list[int]] = []
        for key in sorted(key for key in keys if not self._is_text(key)):
            if self.runs and int(key) == self.runs[-1][1] + 1:
                self.runs[-1][1] = int(key)
            else:
                self.runs.append([int(key), int(key)])
        self._starts = [run[0] for run in self.runs]

    def _is_text(self, key: Key) -> bool:
        if isinstance(key, str):
            self.texts.add(key)
            return True
        return False

    @classmethod
    def of(cls, stored: Sequence[Any]) -> Keys:
        """The keys as `stored` gives them."""
        keys = cls(item for item in stored if isinstance(item, str))
        keys.runs = [list(item) for item in stored if not isinstance(item, str)]
        keys._starts = [run[0] for run in keys.runs]
        return keys

    @property
    def stored(self) -> list[Any]:
        """As JSON can hold them: runs as pairs, texts as they are."""
        return [*self.runs, *sorted(self.texts)]

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.runs) + len(self.texts)

    def __iter__(self) -> Iterator[Key]:
        for first, last in self.runs:
            yield from range(first, last + 1)
        yield from sorted(self.texts)

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, int):
            return key in self.texts
        place = bisect_right(self._starts, key) - 1
        return place >= 0 and self.runs[place][1] >= key

    def without(self, others: Iterable[Key]) -> Keys:
        """These keys but for some."""
        left_out = set(others)
        return Keys(key for key in self if key not in left_out) if left_out else self

    def conditions(self, name: str) -> Iterator[Q]:
        """Conditions on a field, few enough at a time for any database; together they mean all the keys."""
        pieces = [
            Q(**{f"{name}__gte": first, f"{name}__lte": last}) if first != last else Q(**{name: first})
            for first, last in self.runs
        ]
        texts = sorted(self.texts)
        pieces += [Q(**{f"{name}__in": texts[start : start + 50]}) for start in range(0, len(texts), 50)]
        for start in range(0, len(pieces), CHUNK // 4):
            condition = Q()
            for piece in pieces[start : start + CHUNK // 4]:
                condition |= piece
            yield condition


@dataclass
class Written:
    """What became of the rows of one table. Values are those of the columns, as the database holds them."""

    created: Keys = field(default_factory=Keys)
    changed: dict[Key, dict[str, list[Any]]] = field(default_factory=dict)  # column: [before, after]
    removed: dict[Key, dict[str, Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.created) + len(self.changed) + len(self.removed)


@dataclass
class Journal:
    """What a block of work wrote, by model. `engine` is the database whose values these are."""

    engine: str = ""
    rows: dict[type[Model], Written] = field(default_factory=dict)

    def of(self, model: type[Model]) -> Written:
        """What was written of a model."""
        return self.rows.get(model) or Written()

    def __len__(self) -> int:
        return sum(map(len, self.rows.values()))

    def pack(self) -> bytes:
        """The journal as few bytes."""
        content = {
            "engine": self.engine,
            "rows": {
                model._meta.label_lower: {
                    "created": written.created.stored,
                    "changed": list(written.changed.items()),
                    "removed": list(written.removed.items()),
                }
                for model, written in self.rows.items()
            },
        }
        return zlib.compress(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(), 6)

    @classmethod
    def unpack(cls, packed: bytes | memoryview) -> Journal:
        """The journal that was packed."""
        content = json.loads(zlib.decompress(bytes(packed)))
        journal = cls(content["engine"])
        for label, held in content["rows"].items():
            journal.rows[apps.get_model(label)] = Written(
                Keys.of(held["created"]), dict(held["changed"]), dict(held["removed"])
            )
        return journal


# --- noting -------------------------------------------------------------------------------------------------------
def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _bare(column: str) -> str:
    """A column of `t` as an expression: the driver makes no dates of what it does not know to be a column."""
    return f"+t.{_quoted(column)}"


def _columns(model: type[Model]) -> list[str]:
    return [str(f.column) for f in model._meta.concrete_fields]


def _key_column(model: type[Model]) -> str:
    assert model._meta.pk is not None  # noqa: S101
    return str(model._meta.pk.column)


@contextmanager
def noting(models: Sequence[type[Model]]) -> Iterator[Journal]:
    """Note what is written to the tables of these models within the block, inside the caller's transaction.

    The journal is filled when the block ends well; when it raises, what was written is taken back by the caller.
    """
    journal = Journal(connection.vendor)
    with connection.cursor() as cursor:
        last = _begin_sqlite(cursor, models) if connection.vendor == "sqlite" else _begin_postgresql(cursor, models)
    yield journal
    with connection.cursor() as cursor:
        for number, model in enumerate(models):
            written = _net(cursor, number, model, last.get(model))
            if len(written):
                journal.rows[model] = written
        _end(cursor, models)


def _last_key(cursor: Any, model: type[Model]) -> int | None:
    """The last key that SQLite gave in a table whose keys it counts and never gives again; None for other tables.

    Whatever is above it when the block ends was made within: nobody else writes meanwhile, and no row need be noted.
    """
    assert model._meta.pk is not None  # noqa: S101
    if not model._meta.pk.get_internal_type().endswith("AutoField"):
        return None
    table = model._meta.db_table
    cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
    given = cursor.fetchone() or (0,)
    cursor.execute(f"SELECT MAX({_quoted(_key_column(model))}) FROM {_quoted(table)}")  # noqa: S608 - our own names
    return max(given[0] or 0, cursor.fetchone()[0] or 0)


def _begin_sqlite(cursor: Any, models: Sequence[type[Model]]) -> dict[type[Model], int]:
    last: dict[type[Model], int] = {}
    widest = max(len(_columns(model)) for model in models)
    values = ", ".join(f"c{number}" for number in range(widest))
    cursor.execute(f"CREATE TEMP TABLE {NOTED} (tbl INTEGER, pk, op, {values}, PRIMARY KEY (tbl, pk)) WITHOUT ROWID")
    for number, model in enumerate(models):
        table, pk, columns = _quoted(model._meta.db_table), _quoted(_key_column(model)), _columns(model)
        places = ", ".join(f"c{place}" for place in range(len(columns)))
        was = ", ".join(f"OLD.{_quoted(column)}" for column in columns)
        # The sign keeps the kind of the key out of the comparison, which else could not use the index of the notes.
        first = f"NOT EXISTS (SELECT 1 FROM {NOTED} WHERE tbl = {number} AND pk = +"  # noqa: S608
        new = f"INSERT INTO {NOTED} (tbl, pk, op) SELECT {number}, NEW.{pk}, 'c' WHERE {first}NEW.{pk})"
        old = (
            f"INSERT INTO {NOTED} (tbl, pk, op, {places}) SELECT {number}, OLD.{pk}, 'u', {was} WHERE {first}OLD.{pk})"
        )
        known = _last_key(cursor, model)
        if known is not None:
            last[model] = known
        for event, row, body in (("INSERT", "NEW", new), ("UPDATE", "OLD", old), ("DELETE", "OLD", old)):
            name = f"{NOTED}_{number}_{event.lower()}"
            when = "" if known is None else f"WHEN {row}.{pk} <= {known} "
            cursor.execute(f"CREATE TEMP TRIGGER {name} AFTER {event} ON main.{table} {when}BEGIN {body}; END")
    return last


FUNCTION = f"""
CREATE OR REPLACE FUNCTION trama_note_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF TG_ARGV[0] = 'id' THEN
      INSERT INTO {NOTED} (tbl, pk) VALUES (TG_TABLE_NAME, NEW.id::text) ON CONFLICT DO NOTHING;
    ELSE
      INSERT INTO {NOTED} (tbl, pk) VALUES (TG_TABLE_NAME, to_jsonb(NEW) ->> TG_ARGV[0]) ON CONFLICT DO NOTHING;
    END IF;
  ELSE
    INSERT INTO {NOTED} (tbl, pk, was) VALUES (TG_TABLE_NAME, to_jsonb(OLD) ->> TG_ARGV[0], to_jsonb(OLD))
    ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$
"""  # noqa: S608 - our own text


def _begin_postgresql(cursor: Any, models: Sequence[type[Model]]) -> dict[type[Model], int]:
    cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = %s", [NOTED])
    there = {name.strip('"').rpartition(".")[2] for (name,) in cursor.fetchall()}
    missing = [model for model in models if model._meta.db_table not in there]
    if missing:
        # Only when a table is new: later loads find them, and take no lock.
        cursor.execute(FUNCTION)
    for model in missing:
        cursor.execute(
            f"CREATE TRIGGER {NOTED} AFTER INSERT OR UPDATE OR DELETE ON {_quoted(model._meta.db_table)} FOR EACH ROW "
            "WHEN (current_setting('trama.noting', true) = 'on') "
            f"EXECUTE FUNCTION trama_note_row('{_key_column(model)}')"
        )
    cursor.execute(f"CREATE TEMP TABLE {NOTED} (tbl text, pk text, was jsonb, PRIMARY KEY (tbl, pk)) ON COMMIT DROP")
    cursor.execute("SELECT set_config('trama.noting', 'on', true)")
    return {}


def _end(cursor: Any, models: Sequence[type[Model]]) -> None:
    if connection.vendor == "sqlite":
        for number in range(len(models)):
            for event in ("insert", "update", "delete"):
                cursor.execute(f"DROP TRIGGER temp.{NOTED}_{number}_{event}")
    else:
        cursor.execute("SELECT set_config('trama.noting', 'off', true)")
    cursor.execute(f"DROP TABLE {NOTED}")


def _net(cursor: Any, number: int, model: type[Model], last: int | None) -> Written:
    """What became of the rows of a table: created and still there, other than before, no longer there."""
    pk, table = _quoted(_key_column(model)), _quoted(model._meta.db_table)
    if connection.vendor == "sqlite":
        mine, fresh, same = f"n.tbl = {number}", "n.op = 'c'", f"t.{pk} = n.pk"
    else:
        mine, fresh, same = f"n.tbl = '{model._meta.db_table}'", "n.was IS NULL", f"t.{pk}::text = n.pk"
    cursor.execute(f"SELECT t.{pk} FROM {NOTED} n JOIN {table} t ON {same} WHERE {mine} AND {fresh}")  # noqa: S608
    created = [key for (key,) in cursor.fetchall()]
    if last is not None:
        cursor.execute(f"SELECT {pk} FROM {table} WHERE {pk} > {last}")  # noqa: S608 - our own text
        created += [key for (key,) in cursor.fetchall()]
    written = Written(Keys(created))
    for key, was, now in _pairs(cursor, model, f"{NOTED} n LEFT JOIN {table} t ON {same} WHERE {mine} AND NOT {fresh}"):
        if now is None:
            written.removed[key] = was
        elif different := {name: [was[name], now[name]] for name in was if was[name] != now[name]}:
            written.changed[key] = different
    return written


def _pairs(cursor: Any, model: type[Model], rest: str) -> Iterator[tuple[Key, dict[str, Any], dict[str, Any] | None]]:
    """Key, row as it was, row as it is (None: it is gone)."""
    columns, pk = _columns(model), _key_column(model)
    if connection.vendor == "sqlite":
        was = ", ".join(f"n.c{place}" for place in range(len(columns)))
        now = ", ".join(map(_bare, columns))
        cursor.execute(f"SELECT t.{_quoted(pk)} IS NOT NULL, {was}, {now} FROM {rest}")  # noqa: S608 - our own text
        for there, *values in cursor.fetchall():
            plain = list(map(_plain, values))
            before = dict(zip(columns, plain[: len(columns)], strict=True))
            after = dict(zip(columns, plain[len(columns) :], strict=True)) if there else None
            yield before[pk], before, after
        return
    cursor.execute(f"SELECT n.was::text, to_jsonb(t)::text, t.{_quoted(pk)} IS NOT NULL FROM {rest}")  # noqa: S608
    for was_text, now_text, there in cursor.fetchall():
        before = json.loads(was_text)
        yield before[pk], before, json.loads(now_text) if there else None


def _plain(value: Any) -> Any:
    """A value of a column as JSON can hold it."""
    return {"base64": base64.b64encode(bytes(value)).decode()} if isinstance(value, (bytes, memoryview)) else value


def _stored(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


# --- asking -------------------------------------------------------------------------------------------------------
def as_it_is(model: type[Model], keys: Sequence[Key], columns: Sequence[str]) -> dict[Key, dict[str, Any]]:
    """Some columns of some rows, as the journal holds values; rows that are gone are not in it."""
    found: dict[Key, dict[str, Any]] = {}
    table, pk = _quoted(model._meta.db_table), _quoted(_key_column(model))
    wanted = [_key_column(model), *(column for column in columns if column != _key_column(model))]
    with connection.cursor() as cursor:
        for start in range(0, len(keys), CHUNK):
            some = list(keys[start : start + CHUNK])
            places = ", ".join(["%s"] * len(some))
            if connection.vendor == "sqlite":
                names = ", ".join(map(_bare, wanted))
                cursor.execute(f"SELECT {names} FROM {table} t WHERE {pk} IN ({places})", some)  # noqa: S608
                rows = [dict(zip(wanted, map(_plain, row), strict=True)) for row in cursor.fetchall()]
            else:
                cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t WHERE {pk} IN ({places})", some)  # noqa: S608
                rows = [json.loads(text) for (text,) in cursor.fetchall()]
            found.update({row[wanted[0]]: row for row in rows})
    return found


# --- taking back --------------------------------------------------------------------------------------------------
def put_back(journal: Journal, stays: Mapping[type[Model], Iterable[Key]] | None = None) -> None:
    """Let every row be as it was: inside the caller's transaction, after the caller's questions.

    A column that was changed since the journal was written is left alone; `stays` are created rows that remain.
    Links are checked by the database when the transaction ends.
    """
    with connection.cursor() as cursor:
        for model, written in journal.rows.items():
            gone = written.created.without((stays or {}).get(model, ()))
            for condition in gone.conditions("pk"):
                rows = model._base_manager.filter(condition)
                rows._raw_delete(rows.db)
        for model, written in journal.rows.items():
            _put_values_back(cursor, model, written)
        for model, written in journal.rows.items():
            for row in written.removed.values():
                _insert(cursor, model, row)


def _put_values_back(cursor: Any, model: type[Model], written: Written) -> None:
    keys = list(written.changed)
    names = sorted({name for fields in written.changed.values() for name in fields})
    table, pk = _quoted(model._meta.db_table), _quoted(_key_column(model))
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        now = as_it_is(model, some, names)
        for key in some:
            back = {
                name: before
                for name, (before, after) in written.changed[key].items()
                if key in now and now[key][name] == after
            }
            if not back:
                continue
            if connection.vendor == "sqlite":
                said = ", ".join(f"{_quoted(name)} = %s" for name in back)
                cursor.execute(f"UPDATE {table} SET {said} WHERE {pk} = %s", [*map(_stored, back.values()), key])  # noqa: S608
            else:
                said = ", ".join(f"{_quoted(name)} = r.{_quoted(name)}" for name in back)
                cursor.execute(
                    f"UPDATE {table} SET {said} FROM jsonb_populate_record(NULL::{table}, %s::jsonb) r "  # noqa: S608
                    f"WHERE {table}.{pk} = %s",
                    [json.dumps(back), key],
                )


def _insert(cursor: Any, model: type[Model], row: Mapping[str, Any]) -> None:
    table = _quoted(model._meta.db_table)
    if connection.vendor == "sqlite":
        names, places = ", ".join(map(_quoted, row)), ", ".join(["%s"] * len(row))
        cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(map(_stored, row.values())))  # noqa: S608
    else:
        cursor.execute(
            f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s::jsonb)",  # noqa: S608
            [json.dumps(row)],
        )
