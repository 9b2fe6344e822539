"""A consistent copy of the whole database while people write, and the way back; SQLite and PostgreSQL.

SQLite is copied page by page in one read transaction (its online backup). PostgreSQL is copied table by table in one
repeatable-read transaction, so that both show one moment of the database.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils.translation import gettext as _

from trama.core.models import AuditEntry, AuditHead

SQLITE_FILE = "database.sqlite3"
TABLES_FOLDER = "tables"
SEQUENCES = "sequences.json"
ALIAS = "copy"
# Kept by nobody: whoever was signed in signs in again.
LEFT_OUT = frozenset({"django_session"})


class CopyProblem(ValueError):
    """A copy that cannot be taken, read or put back; the message says why in one sentence."""


def vendor() -> str:
    """The kind of database of this installation."""
    return connection.vendor


def database_path() -> Path:
    """The file of the SQLite database."""
    return Path(str(connection.settings_dict["NAME"]))


# --- taking -------------------------------------------------------------------------------------------------------
def take(folder: Path) -> None:
    """Copy the database as it is at one moment into a folder."""
    if vendor() == "sqlite":
        _take_sqlite(folder / SQLITE_FILE)
    elif vendor() == "postgresql":
        _take_postgresql(folder)
    else:
        raise CopyProblem(_("A database of this kind (%(kind)s) cannot be copied.") % {"kind": vendor()})


def _take_sqlite(target: Path) -> None:
    if not database_path().exists():
        raise CopyProblem(_("There is no database yet in %(path)s.") % {"path": database_path().parent})
    source = sqlite3.connect(f"file:{database_path()}?mode=ro", uri=True, timeout=30)
    copy = sqlite3.connect(target)
    try:
        # All pages in one step: one read transaction, one moment, whoever writes in the meantime.
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute("DELETE FROM django_session")
        copy.commit()
    except sqlite3.Error as error:
        raise CopyProblem(_("The database cannot be copied: %(why)s.") % {"why": error}) from error
    finally:
        copy.close()
        source.close()


def _take_postgresql(folder: Path) -> None:
    (folder / TABLES_FOLDER).mkdir()
    connection.close()
    connection.ensure_connection()
    connection.connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            for table in _tables(cursor):
                names = ", ".join(f'"{name}"' for name in _columns(cursor, table))
                with (folder / TABLES_FOLDER / f"{table}.copy").open("wb") as file:
                    file.write((names + "\n").encode())
                    with cursor.cursor.copy(f'COPY "{table}" ({names}) TO STDOUT') as rows:
                        for block in rows:
                            file.write(bytes(block))
            (folder / SEQUENCES).write_text(json.dumps(_sequences(cursor), indent=1), encoding="utf-8")
        finally:
            cursor.execute("ROLLBACK")
    connection.close()


def _tables(cursor: Any) -> list[str]:
    cursor.execute(
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name"
    )
    return [row[0] for row in cursor.fetchall() if row[0] not in LEFT_OUT]


def _columns(cursor: Any, table: str) -> list[str]:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() "
        "AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    )
    return [row[0] for row in cursor.fetchall()]


def _sequences(cursor: Any) -> dict[str, int | None]:
    cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema()")
    return dict(cursor.fetchall())


# --- looking into a copy ------------------------------------------------------------------------------------------
@contextmanager
def opened(folder: Path) -> Iterator[str]:
    """A copy of SQLite as a database of its own, under the alias that is given."""
    settings = {**connection.settings_dict, "NAME": str(folder / SQLITE_FILE)}
    settings["ENGINE"] = "django.db.backends.sqlite3"
    settings["OPTIONS"] = {"timeout": 20}
    connections.databases[ALIAS] = settings
    try:
        yield ALIAS
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.databases[ALIAS]


def counts(folder: Path) -> dict[str, int]:
    """How many rows each table of a copy holds."""
    if (folder / SQLITE_FILE).exists():
        copy = sqlite3.connect(folder / SQLITE_FILE)
        try:
            names = [
                row[0]
                for row in copy.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
                    "AND name NOT LIKE '%_fts%' ORDER BY name"
                )
            ]
            return {name: copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608
        finally:
            copy.close()
    return {
        path.stem: sum(1 for _line in path.open("rb")) - 1 for path in sorted((folder / TABLES_FOLDER).glob("*.copy"))
    }


def migrations(folder: Path) -> dict[str, str]:
    """The last migration of each app in a copy: what its tables look like."""
    if (folder / SQLITE_FILE).exists():
        copy = sqlite3.connect(folder / SQLITE_FILE)
        try:
            return dict(copy.execute("SELECT app, name FROM django_migrations ORDER BY id").fetchall())
        finally:
            copy.close()
    path = folder / TABLES_FOLDER / "django_migrations.copy"
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    names = header.replace('"', "").split(", ")
    rows = [dict(zip(names, line.split("\t"), strict=True)) for line in lines]
    return {row["app"]: row["name"] for row in sorted(rows, key=lambda row: int(row["id"]))}


def check_sqlite(folder: Path) -> None:
    """Refuse a copy that SQLite itself finds broken."""
    copy = sqlite3.connect(folder / SQLITE_FILE)
    try:
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        orphans = copy.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as error:
        raise CopyProblem(_("The copy is broken: %(why)s.") % {"why": error}) from error
    finally:
        copy.close()
    if found != "ok" or orphans is not None:
        raise CopyProblem(_("The copy is broken: %(why)s.") % {"why": found if found != "ok" else orphans})


# --- putting back -------------------------------------------------------------------------------------------------
def holds_records() -> bool:
    """Whether the database of this installation holds anything that a restore would replace."""
    if vendor() == "sqlite" and not database_path().exists():
        return False
    if AuditEntry._meta.db_table not in connection.introspection.table_names():
        return False
    return AuditEntry.objects.exists() or AuditHead.objects.exists()


def put_back(folder: Path) -> None:
    """Put a copy in the place of the database: whole, or (when it breaks off) not at all."""
    if (folder / SQLITE_FILE).exists() != (vendor() == "sqlite"):
        raise CopyProblem(
            _("The backup is of another kind of database than this installation (%(kind)s).") % {"kind": vendor()}
        )
    if vendor() == "sqlite":
        _put_back_sqlite(folder / SQLITE_FILE)
    else:
        _put_back_postgresql(folder)
    call_command("migrate", verbosity=0, interactive=False)


def _put_back_sqlite(path: Path) -> None:
    connections.close_all()
    database_path().parent.mkdir(parents=True, exist_ok=True)
    copy, live = sqlite3.connect(path), sqlite3.connect(database_path(), timeout=30)
    try:
        live.execute("PRAGMA journal_mode=WAL")
        # One transaction of SQLite: a server that runs meanwhile sees the old database, then the new one.
        copy.backup(live, pages=-1)
    except sqlite3.Error as error:
        raise CopyProblem(
            _("The database cannot be replaced: %(why)s. Is somebody using it?") % {"why": error}
        ) from error
    finally:
        live.close()
        copy.close()


def _put_back_postgresql(folder: Path) -> None:
    """The tables as they were made by the same migrations, then their rows, in one transaction."""
    for app, name in migrations(folder).items():
        call_command("migrate", app, name, verbosity=0, interactive=False)
    sequences = json.loads((folder / SEQUENCES).read_text(encoding="utf-8"))
    with transaction.atomic(), connection.cursor() as cursor:
        tables = ", ".join(f'"{table}"' for table in [*_tables(cursor), *LEFT_OUT])
        cursor.execute(f"TRUNCATE {tables} CASCADE")
        for path in sorted((folder / TABLES_FOLDER).glob("*.copy")):
            with path.open("rb") as file:
                names = file.readline().decode().strip()
                with cursor.cursor.copy(f'COPY "{path.stem}" ({names}) FROM STDIN') as rows:
                    while block := file.read(1 << 16):
                        rows.write(block)
        for name, value in sequences.items():
            if value is not None:
                cursor.execute("SELECT setval(%s::regclass, %s)", [f'"{name}"', value])
