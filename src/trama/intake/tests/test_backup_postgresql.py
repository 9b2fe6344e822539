"""The backup of an installation on PostgreSQL, and the way back into an empty one."""

from __future__ import annotations

import io
import secrets
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from trama import __version__
from trama.intake.backup import MANIFEST, Manifest
from trama.intake.tests.test_backup import RUN, TOWN, environment, script

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="make test-postgresql tries it"),
]


def address(database: str) -> str:
    """The address of another database of the same server."""
    known = connection.settings_dict
    password = f":{known['PASSWORD']}" if known["PASSWORD"] else ""
    return f"postgresql://{known['USER']}{password}@{known['HOST']}:{known['PORT']}/{database}"


@pytest.fixture
def databases(django_db_blocker: Any) -> Iterator[list[str]]:
    """Two databases of their own on the server, gone afterwards."""
    import psycopg

    names = [f"backup_{secrets.token_hex(4)}" for _number in range(2)]
    with psycopg.connect(address("postgres"), autocommit=True) as server:
        for name in names:
            server.execute(f'CREATE DATABASE "{name}"')
        yield names
        for name in names:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def rows(database: str) -> dict[str, list[Any]]:
    """Every row of every table but the sessions, and where each sequence stands."""
    import psycopg

    with psycopg.connect(address(database)) as found:
        names = [
            name for (name,) in found.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        ]
        held = {
            name: sorted(map(repr, found.execute(f'SELECT * FROM "{name}"')))  # noqa: S608
            for name in names
            if name != "django_session"
        }
        held["sequences"] = sorted(found.execute("SELECT sequencename, last_value FROM pg_sequences").fetchall())
        return held


def trama(home: Path, database: str, *arguments: str, fails: bool = False) -> str:
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        env={**environment(home), "DATABASE_URL": address(database)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_backup_is_restored_exactly(databases: list[str], tmp_path: Path) -> None:
    here, there = databases
    home, fresh = tmp_path / "home", tmp_path / "fresh"
    trama(home, here, "prepare", "-v0")
    text = (
        TOWN
        + "from trama.core.models import Source\nSource.objects.create(key='k', title='a\\tb\\\\c\\nd', note='è 📌')"
    )
    said = subprocess.run(
        script(home, text), env={**environment(home), "DATABASE_URL": address(here)}, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    (home / "uploads").mkdir(exist_ok=True)
    (home / "uploads" / "verbale.pdf").write_bytes(b"%PDF-1.7 prova")
    archive = tmp_path / "copia.tar.gz"
    trama(home, here, "backup", str(archive))
    assert archive.stat().st_mode & 0o077 == 0

    # Into an empty database: it is made by the same migrations, then filled.
    trama(fresh, there, "restore", str(archive))
    before = rows(here)
    assert rows(there) == before
    assert any("📌" in row for row in before["core_source"])
    assert (fresh / "uploads" / "verbale.pdf").read_bytes() == b"%PDF-1.7 prova"
    # What is added afterwards takes a number of its own.
    more = "from trama.core.models import Source; Source.objects.create(key='x', title='x')"
    subprocess.run(
        script(fresh, more), env={**environment(fresh), "DATABASE_URL": address(there)}, check=True, capture_output=True
    )
    assert len(rows(there)["core_source"]) == len(before["core_source"]) + 1

    # Over records that are there: only when asked, and they are kept.
    assert "--replace" in trama(fresh, there, "restore", str(archive), fails=True)
    trama(fresh, there, "restore", str(archive), "--replace")
    assert rows(there) == before
    assert len(list((fresh / "backups").glob("before-restore-*.tar.gz"))) == 1


def test_a_backup_of_the_other_kind_of_database_is_refused(databases: list[str], tmp_path: Path) -> None:
    stated = Manifest("sqlite", "2026-01-01T00:00:00+00:00", __version__, {}, {}, 0, "").text().encode()
    archive = tmp_path / "copia.tar.gz"
    with tarfile.open(archive, "w:gz") as content:
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(stated)
        content.addfile(entry, io.BytesIO(stated))
    assert "sqlite" in trama(tmp_path / "fresh", databases[0], "restore", str(archive), fails=True)
