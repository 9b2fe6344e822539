"""`trama audit`: does the chain hold, and the whole of it as a file."""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trama.core import history
from trama.core.actor import SYSTEM
from trama.core.models import AuditEntry
from trama.people import actions, trail


class Command(BaseCommand):
    help = "Verify the chain of the audit (exit status 1 when it is broken), or write it to a CSV file."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What can be asked."""
        tasks = parser.add_subparsers(dest="task", required=True, metavar="verify|export")
        tasks.add_parser("verify", help="walk the whole chain; prints the number of entries and the last hash")
        export = tasks.add_parser("export", help="write all entries, oldest first, to a CSV file")
        export.add_argument("file", type=Path, metavar="FILE", help="the file; it is replaced when it is there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, or export."""
        if options["task"] == "verify":
            self._verify()
        else:
            self._export(options["file"])

    def _verify(self) -> None:
        result = history.verify()
        if result.problem:
            raise CommandError(f"The chain is broken: {result.problem} ({result.entries} entries hold).")
        self.stdout.write(f"The chain is whole: {result.entries} entries, last hash {result.last_hash or 'none'}.")

    def _export(self, path: Path) -> None:
        last = actions.note_audit_export(SYSTEM, "")
        partial = path.with_name(f".{path.name}.partial")
        count = 0
        try:
            with partial.open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(trail.COLUMNS)
                entries = AuditEntry.objects.filter(number__lt=last).order_by("number")
                for entry in entries.iterator(chunk_size=2000):
                    writer.writerow(trail.line(entry))
                    count += 1
            partial.replace(path)
        except OSError as problem:
            partial.unlink(missing_ok=True)
            raise CommandError(f"{path} could not be written: {problem.strerror or problem}.") from None
        self.stdout.write(f"{count} entries written to {path}.")
