"""`trama waves`: what a server does for monitoring by itself, and what a person does without the pages."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from trama.core.actor import SYSTEM
from trama.monitoring import actions, reading
from trama.monitoring.actions.making import NotPossible
from trama.monitoring.choices import WaveState
from trama.monitoring.models import Sheet, Wave

EXAMPLES = """examples:
  trama waves list
  trama waves remind                      (every morning, by cron or a timer; repeated, it writes to nobody twice)
  trama waves remind --wave 3 --dry-run   (to whom it would write today)
  trama waves close --wave 3              (killed, it goes on where it stopped)"""


class Command(BaseCommand):
    help = "List the waves of monitoring; send letters and reminders that are due; close a wave."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # The examples keep their lines.
        kwargs |= {"formatter_class": RawDescriptionHelpFormatter, "epilog": EXAMPLES}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        tasks = parser.add_subparsers(dest="task", required=True, metavar="list|remind|close")
        tasks.add_parser("list", help="the waves, with how many have answered and when the next reminder leaves")
        remind = tasks.add_parser("remind", help="send the letters that have not left, and the reminders that are due")
        remind.add_argument("--wave", type=int, metavar="ID", help="this wave alone (all that are open)")
        remind.add_argument("--site", default="", metavar="ADDRESS", help="address of the site, for the links")
        remind.add_argument("--dry-run", action="store_true", help="say how many letters would leave, and send none")
        close = tasks.add_parser("close", help="close a wave and freeze it, or go on closing it")
        close.add_argument("--wave", type=int, required=True, metavar="ID")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['task']}")(options)
        except NotPossible as error:
            raise CommandError(str(error)) from error

    def _wave(self, pk: int) -> Wave:
        found = Wave.objects.filter(pk=pk).first()
        if found is None:
            raise CommandError(f"There is no wave {pk}. `trama waves list` shows those that there are.")
        return found

    def _list(self, options: dict[str, Any]) -> None:
        today = timezone.localdate()
        for wave in Wave.objects.order_by("-starts_on", "-pk"):
            sheets = Sheet.objects.filter(wave=wave)
            line = (
                f"{wave.pk:>4}  {wave.state:<8} {wave.name}  ({sheets.covered().count()} of {sheets.count()} answered"
            )
            if wave.is_open:
                next_day = reading.next_reminder(wave, today)
                line += f", until {wave.answer_by}, next reminder {next_day or 'none'}"
            self.stdout.write(f"{line})")

    def _remind(self, options: dict[str, Any]) -> None:
        rows = Wave.objects.filter(state=WaveState.OPEN).order_by("pk")
        waves = [self._wave(options["wave"])] if options["wave"] is not None else list(rows)
        today, failed = timezone.localdate(), 0
        for wave in waves:
            if options["dry_run"]:
                self._would(wave, today)
                continue
            site = options["site"] or wave.site
            if not site:
                raise CommandError(f"Wave {wave.pk} does not know the address of the site: give it with --site.")
            first = actions.send_links(SYSTEM, wave, site)
            again = actions.remind_when_due(SYSTEM, wave, site, today)
            failed += first.failed + again.failed
            self.stdout.write(f"{wave.name}: {first.letters} first letters, {again.letters} reminders left.")
        if failed:
            mail = getattr(settings, "EMAIL_HOST", "") or "the mail server"
            raise CommandError(f"{failed} letters did not leave: {mail} does not answer. Repeat this later.")

    def _would(self, wave: Wave, today: date) -> None:
        first = len(actions.boxes(wave, reading.unwritten(wave)))
        again = len(actions.boxes(wave, reading.due(wave, today)))
        self.stdout.write(f"{wave.name}: {first} first letters, {again} reminders would leave.")

    def _close(self, options: dict[str, Any]) -> None:
        wave = self._wave(options["wave"])
        said = 0

        def progress(done: int, total: int) -> None:
            nonlocal said
            if done * 10 // max(total, 1) > said:
                said = done * 10 // total
                self.stdout.write(f"  {done} of {total} frozen")

        wave = actions.close_wave(SYSTEM, wave, progress)
        self.stdout.write(f"{wave.name} is closed: SHA-256 {wave.fingerprint}")
