"""Backups taken while people write, restored exactly; and loads that are killed in the middle."""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from tests import ground

from trama.intake.tests.factories import AREAS_STEP, HEAD, RESOURCES_STEP, write_areas

pytestmark = [
    pytest.mark.slow,
    # These installations have an SQLite of their own; test_backup_postgresql.py has those on PostgreSQL.
    pytest.mark.skipif(connection.vendor != "sqlite", reason="tried with the tests on SQLite"),
]
RUN = "from trama.config.command_line import main; main()"
LISTS = """
from django.conf import settings
from trama.core import codes
codes.load_folders(settings.CODELISTS)
"""
TOWN = """
from trama.intake.tests.factories import town
town()
"""
WRITER = """
import sys, time
from trama.core import history
from trama.core.actor import Actor
from trama.core.models import Source
from django.db import transaction
print("ready", flush=True)
number = 0
until = time.time() + 300
while time.time() < until:
    number += 1
    with transaction.atomic():
        one = Source.objects.create(key=f"w{number}-a", title="prima metà")
        history.record(Actor(name="Scrivana"), "created", one)
        two = Source.objects.create(key=f"w{number}-b", title="seconda metà")
        history.record(Actor(name="Scrivana"), "created", two)
"""


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRAMA_", "DATABASE_URL"))}
    return {**kept, "TRAMA_HOME": str(home), "DJANGO_SETTINGS_MODULE": "trama.config.settings"}


def trama(home: Path, *arguments: str, fails: bool = False) -> str:
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments], env=environment(home), capture_output=True, text=True, timeout=300
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def script(home: Path, text: str) -> list[str]:
    return [sys.executable, "-c", f"import django; django.setup()\n{text}"]


def rows(home: Path) -> dict[str, list[Any]]:
    """Every row of every table but the sessions."""
    database = sqlite3.connect(f"file:{home / 'trama.sqlite3'}?mode=ro", uri=True)
    try:
        names = [n for (n,) in database.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")]
        return {
            name: sorted(map(repr, database.execute(f'SELECT * FROM "{name}"')))  # noqa: S608
            for name in names
            if "_fts" not in name and name not in {"django_session", "sqlite_sequence"}
        }
    finally:
        database.close()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with one municipality, made once."""
    folder = tmp_path_factory.mktemp("prepared")
    if not ground.take(folder / "trama.sqlite3"):
        trama(folder, "migrate", "-v0")
    subprocess.run(script(folder, LISTS + TOWN), env=environment(folder), check=True)
    return folder


@pytest.fixture
def home(prepared: Path, tmp_path: Path) -> Path:
    """An installation of its own for a test."""
    return Path(shutil.copytree(prepared, tmp_path / "home"))


def test_a_backup_is_restored_exactly(home: Path, tmp_path: Path) -> None:
    (home / "uploads" / "2026").mkdir(parents=True)
    (home / "uploads" / "2026" / "verbale.pdf").write_bytes(b"%PDF-1.7 prova")
    archive = tmp_path / "copia.tar.gz"
    trama(home, "backup", str(archive))
    assert archive.stat().st_mode & 0o077 == 0
    with tarfile.open(archive) as content:
        names = content.getnames()
    assert "secret.key" not in names
    assert "uploads/2026/verbale.pdf" in names
    fresh = tmp_path / "fresh"
    said = trama(fresh, "restore", str(archive))
    assert rows(fresh) == rows(home)
    assert (fresh / "uploads" / "2026" / "verbale.pdf").read_bytes() == b"%PDF-1.7 prova"
    assert "1  " in said
    # Over records that are there: only when asked, and they are kept.
    assert "--replace" in trama(fresh, "restore", str(archive), fails=True)
    subprocess.run(script(fresh, "from trama.core.models import Source; Source.objects.create(key='x', title='x')"),
                   env=environment(fresh), check=True)  # fmt: skip
    trama(fresh, "restore", str(archive), "--replace")
    assert rows(fresh) == rows(home)
    assert len(list((fresh / "backups").glob("before-restore-*.tar.gz"))) == 1


def test_a_backup_taken_while_people_write_is_one_moment(home: Path, tmp_path: Path) -> None:
    writer = subprocess.Popen(script(home, WRITER), env=environment(home), stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.5)
        for number in range(2):
            trama(home, "backup", str(tmp_path / f"{number}.tar.gz"))
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.wait()
        if writer.stdout is not None:
            writer.stdout.close()
    for number in range(2):
        restored = tmp_path / f"restored-{number}"
        assert "0 " not in trama(restored, "restore", str(tmp_path / f"{number}.tar.gz")).splitlines()[0]
        database = sqlite3.connect(restored / "trama.sqlite3")
        halves = [key for (key,) in database.execute("SELECT key FROM core_source WHERE key LIKE 'w%'")]
        entries = database.execute("SELECT count(*) FROM core_auditentry WHERE user_name = 'Scrivana'").fetchone()[0]
        database.close()
        assert halves
        assert sorted(key for key in halves if key.endswith("a")) == sorted(
            key[:-1] + "a" for key in halves if key.endswith("b")
        )
        assert entries == len(halves)


def test_a_backup_that_was_altered_is_refused_before_anything_is_touched(home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "copia.tar.gz"
    trama(home, "backup", str(archive))
    broken = tmp_path / "rotta.tar.gz"
    broken.write_bytes(archive.read_bytes()[:-2000])
    unpacked = tmp_path / "unpacked"
    with tarfile.open(archive) as content:
        content.extractall(unpacked, filter="data")
    database = sqlite3.connect(unpacked / "database.sqlite3")
    database.execute("UPDATE core_auditentry SET verb = 'nothing' WHERE number = 1")
    database.commit()
    database.close()
    forged = tmp_path / "falsa.tar.gz"
    _pack(unpacked, forged)
    # Whoever forges the checksum too is betrayed by the chain.
    manifest = json.loads((unpacked / "manifest.json").read_text())
    manifest["files"]["database.sqlite3"] = hashlib.sha256((unpacked / "database.sqlite3").read_bytes()).hexdigest()
    (unpacked / "manifest.json").write_text(json.dumps(manifest))
    forged_well = tmp_path / "falsa-bene.tar.gz"
    _pack(unpacked, forged_well)
    for file in (broken, forged, forged_well):
        fresh = tmp_path / f"fresh-{file.name}"
        trama(fresh, "restore", str(file), fails=True)
        assert not (fresh / "trama.sqlite3").exists() or (fresh / "trama.sqlite3").stat().st_size == 0


def _pack(folder: Path, target: Path) -> None:
    with tarfile.open(target, "w:gz") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name)


def test_a_load_that_is_killed_leaves_the_old_or_the_new_state(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    write_areas(folder)
    lines = ["ID;PUNTO;QUARTIERE;NOME;ATTIVITA';TEL;MAIL;ENTE;ACCESSO"]
    lines += [
        f'r{n};"44.505, 11.{305 + n % 4 * 10}";;Corso {n};Corsi di italiano;'
        f"051 {100000 + n};;Ente {n % 300};Accesso libero"
        for n in range(2000)
    ]
    (folder / "risorse.csv").write_text("\n".join(lines), encoding="utf-8")
    recipe = tmp_path / "prova.toml"
    recipe.write_text(HEAD + AREAS_STEP + RESOURCES_STEP, encoding="utf-8")
    command = [sys.executable, "-c", RUN, "load", str(recipe), "--from", str(folder), "--yes"]
    old = rows(home)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    rng = random.Random(7)
    outcomes = set()
    for _round in range(3):
        running = subprocess.Popen(command, env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1.5 + rng.random() * 5)
        running.send_signal(signal.SIGKILL)
        running.wait()
        now = rows(home)
        if now == old:
            outcomes.add("old")
            continue
        assert len(now["directory_resource"]) == 2000
        assert len(now["intake_load"]) >= 1
        outcomes.add("new")
    assert outcomes <= {"old", "new"}
    trama(home, "load", str(recipe), "--from", str(folder), "--yes")
    done = rows(home)
    assert len(done["directory_resource"]) == 2000
    assert len(done["network_organisation"]) == 300
    trama(home, "load", str(recipe), "--from", str(folder), "--yes")
    assert rows(home)["directory_resource"] == done["directory_resource"]
    # What the loads cost the processor, not the clock: other tests run beside this one.
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 120
