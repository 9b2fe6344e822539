"""`trama restore FILE.tar.gz`: a backup in the place of what is there, checked before and after."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from trama.core.models import AuditEntry
from trama.directory.models import Resource
from trama.experiences.models import Experience
from trama.intake.backup import restore
from trama.intake.copies import CopyProblem
from trama.network.models import Organisation
from trama.territory.models import Area, Place


class Command(BaseCommand):
    help = (
        "Put a backup into this installation (TRAMA_HOME). The file is checked whole before anything is touched; "
        "what was there is kept in a backup of its own; at the end the chain of acts is verified, the records counted."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.tar.gz")
        parser.add_argument("--replace", action="store_true", help="also when this installation already holds records")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["file"].is_file():
            raise CommandError(_("There is no file %(path)s.") % {"path": options["file"]})
        try:
            manifest = restore(options["file"], replace=options["replace"], say=self._say)
        except CopyProblem as error:
            raise CommandError(str(error)) from error
        self.stdout.write(self.style.SUCCESS(_("Restored: the backup of %(moment)s.") % {"moment": manifest.made_at}))
        for model in (Area, Place, Organisation, Resource, Experience, AuditEntry):
            self.stdout.write(f"  {model._default_manager.count():>8}  {model._meta.verbose_name_plural}")
        self.stdout.write(
            _("The chain of acts holds: %(count)s entries, the last %(hash)s.")
            % {"count": manifest.entries, "hash": manifest.last_hash[:16]}
        )

    def _say(self, text: str) -> None:
        self.stderr.write(f"  {text}", self.style.NOTICE)
        self.stderr.flush()
