"""`trama prepare`: bring the database and the code lists up to date; safe to repeat."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from trama.core import codes


class Command(BaseCommand):
    help = "Bring the database and the code lists up to date (safe to repeat)."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        changed = codes.load_folders(settings.CODELISTS)
        if options["verbosity"] > 0:
            self.stdout.write(f"Database ready; {changed} code list rows brought up to date.")
