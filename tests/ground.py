"""The migrated database on which tests stand, kept between runs: migrating takes ten seconds of processor time.

It is kept under a digest of all that it is made of, so that nobody ever gets an old one; `migrate` still runs on it.
SQLite alone: a private PostgreSQL is gone after its run.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sqlite3
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".pytest_cache"


@cache
def digest() -> str:
    """What the tables hang on: our migrations, the installed libraries that have some, Python and its SQLite."""
    import allauth
    import axes
    import django

    made = hashlib.sha256(f"{sys.version} {sqlite3.sqlite_version}".encode())
    packages = [ROOT / "src" / "trama", *(Path(package.__path__[0]) for package in (allauth, axes, django))]
    for path in sorted(path for package in packages for path in package.glob("**/migrations/*.py")):
        made.update(f"{path.relative_to(path.parents[2])}\0".encode() + path.read_bytes())
    made.update(django.get_version().encode())
    return made.hexdigest()[:24]


def kept() -> Path:
    """Where the database of the code as it stands is kept; it may not be there."""
    return FOLDER / f"trama-{digest()}.sqlite3"


def take(target: Path) -> bool:
    """Copy it to a test's database; False when there is none yet."""
    if not kept().is_file():
        return False
    shutil.copyfile(kept(), target)
    return True


def keep() -> None:
    """Keep the database of this connection, which was just migrated and holds nothing else; older ones go."""
    from django.db import connection

    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        made = Path(folder) / "made"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(made)])
        made.replace(kept())
    for other in FOLDER.glob("trama-*.sqlite3"):
        if other != kept():
            # Another run may have been quicker, or may be reading it.
            with contextlib.suppress(OSError):
                other.unlink()
