"""`trama backup FILE.tar.gz|DIR`: everything in one file, taken while people write."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from trama.core.actor import SYSTEM
from trama.intake.actions import back_up
from trama.intake.copies import CopyProblem


class Command(BaseCommand):
    help = (
        "Write a backup: the database at one moment, the uploads, a manifest with counts and checksums. "
        "People may go on writing. The file holds personal data: keep it where only you can read it."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        where = "the file to write, or the folder for a file with the date in its name"
        parser.add_argument("target", type=Path, metavar="FILE.tar.gz|DIR", help=where)
        key = "also the signing key of the installation (whoever has it can forge sessions)"
        parser.add_argument("--with-key", action="store_true", help=key)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            target, manifest = back_up(SYSTEM, options["target"], with_key=options["with_key"], progress=self._say)
        except (CopyProblem, OSError) as error:
            raise CommandError(_("No backup was written: %(why)s") % {"why": error}) from error
        rows = sum(manifest.counts.values())
        megabytes = target.stat().st_size / 1e6
        self.stdout.write(
            self.style.SUCCESS(
                _("%(path)s: %(rows)s rows, %(files)s files, %(size).1f MB.")
                % {"path": target, "rows": rows, "files": len(manifest.files), "size": megabytes}
            )
        )

    def _say(self, text: str) -> None:
        self.stderr.write(f"  {text}", self.style.NOTICE)
        self.stderr.flush()
