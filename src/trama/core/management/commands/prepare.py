"""`trama prepare`: bring the database, the code lists and the static files up to date; safe to repeat."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection

from trama import __version__
from trama.core import codes, facts
from trama.core.models import Fact

PACKAGE = Path(__file__).resolve().parents[3]


def digest() -> str:
    """What this version asks of the database: its migrations and code lists, hashed."""
    found = hashlib.sha256(__version__.encode())
    for path in sorted([*PACKAGE.glob("*/migrations/*.py"), *PACKAGE.glob("*/codelists/*.csv")]):
        found.update(path.name.encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def static_digest() -> str:
    """The names, sizes and times of our own static files, hashed: what was gathered before may be old."""
    found = hashlib.sha256(__version__.encode())
    for path in sorted(PACKAGE.glob("*/static/**/*.*")):
        state = path.stat()
        found.update(f"{path.relative_to(PACKAGE)} {state.st_size} {state.st_mtime_ns}".encode())
    return found.hexdigest()


class Command(BaseCommand):
    help = "Bring the database, the code lists and the static files up to date (safe to repeat)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="also when nothing seems to have changed")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = digest()
        if options["force"] or self._stands() != wanted:
            call_command("migrate", verbosity=0, interactive=False)
            changed = codes.load_folders(settings.CODELISTS)
            facts.set_fact("prepared", wanted)
            self._say(options, f"Database brought up to date; {changed} code list rows changed.")
        else:
            self._say(options, "The database is up to date.")
        self._gather_static(options)

    def _stands(self) -> str:
        try:
            fact = Fact.objects.filter(key="prepared").first()
        except DatabaseError:
            connection.close()
            return ""
        return str(fact.value) if fact else ""

    def _gather_static(self, options: dict[str, Any]) -> None:
        root = Path(settings.STATIC_ROOT)
        stamp = root / ".gathered"
        wanted = static_digest()
        if not options["force"] and stamp.exists() and stamp.read_text() == wanted:
            return
        root.mkdir(parents=True, exist_ok=True)
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["*.map", "*.eot", "*.ttf.gz"])
        stamp.write_text(wanted)
        self._say(options, "Static files gathered.")

    def _say(self, options: dict[str, Any], sentence: str) -> None:
        if options["verbosity"] > 0:
            self.stdout.write(sentence)
