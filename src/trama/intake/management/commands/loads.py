"""`trama loads`: what was loaded; a load taken back whole; an empty workbook to be filled and loaded."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import override

from trama.core.actor import SYSTEM
from trama.intake import undoing
from trama.intake.actions import CannotUndo, undo_load
from trama.intake.context.template import CONTACTS, contacts
from trama.intake.models import Load
from trama.intake.registers import template
from trama.intake.registers.declared import REGISTERED
from trama.ui.numbers import number

LISTED = 30


class Command(BaseCommand):
    help = (
        "List what was loaded, take a load back whole (what it made goes, what it changed is as it was before), or "
        "write an empty workbook of a register, with drop-downs and explanations, to be filled and loaded."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        ways = parser.add_subparsers(dest="way", metavar="list | undo | template")
        ways.add_parser("list", help="the last loads, with their numbers")
        undo = ways.add_parser("undo", help="take a load back, unless something rests on it: then say what")
        undo.add_argument("number", type=int)
        undo.add_argument("--dry-run", action="store_true", help="only say what would go, or what is in the way")
        undo.add_argument("--yes", action="store_true", help="do not ask")
        empty = ways.add_parser("template", help="write an empty workbook of a register")
        empty.add_argument("register", choices=sorted([*REGISTERED, CONTACTS]))
        empty.add_argument("file", type=Path, help="where to write it, for example organisations.xlsx")
        empty.add_argument("--language", choices=["it", "en"], default="it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["way"] == "undo":
            self._undo(options["number"], ask=not options["yes"], dry=options["dry_run"])
        elif options["way"] == "template":
            self._template(options["register"], options["file"], options["language"])
        else:
            self._list()

    def _list(self) -> None:
        for load in Load.objects.all()[:LISTED]:
            steps = load.outcome.get("steps", [])
            new, updated = (sum(step.get(name, 0) for step in steps) for name in ("new", "updated"))
            undone = f"  ({_('taken back')})" if load.undone else ""
            words = _("%(new)s new, %(updated)s updated") % {"new": number(new), "updated": number(updated)}
            self.stdout.write(f"{load.pk:>5}  {load.started_at:%Y-%m-%d %H:%M}  {load.recipe}: {words}{undone}")

    def _undo(self, pk: int, *, ask: bool, dry: bool) -> None:
        load = Load.objects.filter(pk=pk).first()
        if load is None:
            raise CommandError(_("There is no load number %(number)s: “trama loads” lists them.") % {"number": pk})
        refusal = undoing.refusal(load, SYSTEM)
        if refusal is not None:
            raise CommandError(_told(refusal))
        for line in undoing.what_goes(load):
            words = {"label": line.label, "gone": line.gone, "changed": line.changed, "back": line.back}
            text = _("%(label)s: %(gone)s removed, %(changed)s as before, %(back)s there again")
            self.stdout.write(text % words)
        if dry:
            self.stdout.write(_("This was a dry run: nothing was written."))
            return
        if ask and sys.stdin.isatty():
            answer = input(_("Take it back? [y/N] ")).strip().lower()
            if answer not in {"y", "yes", "s", "si", "sì"}:
                self.stdout.write(_("Nothing was written."))
                return
        try:
            undo_load(SYSTEM, load)
        except CannotUndo as error:
            raise CommandError(_told(error.refusal)) from error
        self.stdout.write(self.style.SUCCESS(_("Load number %(number)s was taken back.") % {"number": pk}))

    def _template(self, register: str, target: Path, language: str) -> None:
        if target.exists():
            raise CommandError(_("%(file)s is there already: it is not overwritten.") % {"file": target})
        with override(language):
            content = contacts() if register == CONTACTS else template.workbook(REGISTERED[register])
        try:
            target.write_bytes(content)
        except OSError as error:
            raise CommandError(_("%(path)s cannot be written.") % {"path": target}) from error
        self.stdout.write(_("Written: %(file)s") % {"file": target})


def _told(refusal: undoing.Refusal) -> str:
    """A refusal as lines: the sentence, then what is in the way."""
    lines = [refusal.reason, *(f"  - {blocker.text}" for blocker in refusal.blockers)]
    if refusal.more:
        lines.append("  - " + _("and %(count)s more") % {"count": number(refusal.more)})
    return "\n".join(lines)
