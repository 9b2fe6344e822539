"""`trama loads`: what was loaded; a load taken back; a spreadsheet as a recipe; an empty workbook to be filled."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import override

from trama.core.actor import SYSTEM
from trama.intake import printing, undoing
from trama.intake.actions import CannotUndo, load_recipe, undo_load
from trama.intake.context.template import CONTACTS, contacts
from trama.intake.models import Load
from trama.intake.recipe import RecipeError, parse
from trama.intake.registers import desk, template
from trama.intake.registers.declared import REGISTERED
from trama.intake.registers.mapping import recipe_of
from trama.ui.numbers import number

LISTED = 30
LOOK = ("register", "sheet", "header_row")


class Command(BaseCommand):
    help = (
        "List what was loaded, take a load back whole (what it made goes, what it changed is as it was before), say "
        "what the columns of a spreadsheet mean, or write an empty workbook of a register, with drop-downs and "
        "explanations, to be filled and loaded."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        ways = parser.add_subparsers(dest="way", metavar="list | undo | propose | template")
        ways.add_parser("list", help="the last loads, with their numbers")
        undo = ways.add_parser("undo", help="take a load back, unless something rests on it: then say what")
        undo.add_argument("number", type=int)
        undo.add_argument("--dry-run", action="store_true", help="only say what would go, or what is in the way")
        undo.add_argument("--yes", action="store_true", help="do not ask")
        look = ways.add_parser(
            "propose", help="say what the columns of a spreadsheet mean, as the recipe that loads it"
        )
        look.add_argument("file", type=Path)
        look.add_argument(
            "--register", choices=sorted(REGISTERED), default="", help="without it: told from the columns"
        )
        look.add_argument("--sheet", default="", help="the sheet of a workbook; without it: the one that fits best")
        look.add_argument("--header-row", type=int, default=0, metavar="N", help="the row with the names of columns")
        look.add_argument("--write", type=Path, metavar="RECIPE", help="write the recipe into this file")
        empty = ways.add_parser("template", help="write an empty workbook of a register")
        empty.add_argument("register", choices=sorted([*REGISTERED, CONTACTS]))
        empty.add_argument("file", type=Path, help="where to write it, for example organisations.xlsx")
        empty.add_argument("--language", choices=["it", "en"], default="it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["way"] == "undo":
            self._undo(options["number"], ask=not options["yes"], dry=options["dry_run"])
        elif options["way"] == "propose":
            self._propose(options["file"], options)
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

    def _propose(self, path: Path, options: dict[str, Any]) -> None:
        """What the columns of a spreadsheet mean, the recipe that says so, and what it would do; nothing is loaded."""
        if not path.is_file():
            raise CommandError(_("%(file)s is not there.") % {"file": path})
        try:
            found = desk.Desk("", path.parent, desk.looked_at(path, *(options[name] for name in LOOK)))
            mapping = found.mapping
            self.stdout.write(
                _("%(file)s is read as: %(title)s") % {"file": path.name, "title": mapping.registered.title}
            )
            width = min(40, max(len(column.header) for column in mapping.columns))
            for column in mapping.columns:
                self.stdout.write(
                    f"  {column.header[:width].ljust(width)}  {column.key or '–':<18}  {column.why}".rstrip()
                )
            for label in mapping.missing():
                words = {"field": label}
                text = _("No column is “%(field)s”, without which no record can be: write it into the recipe.") % words
                self.stdout.write(self.style.WARNING(text))
            text = recipe_of(mapping)
            suggested = _suggested(found.words())
            if options["write"]:
                self._keep(text + suggested, options["write"])
            else:
                self.stdout.write(f"\n{text}{suggested}")
            if not mapping.missing():
                self.stdout.write(printing.table(load_recipe(SYSTEM, parse(text, "recipe.toml"), path.parent)))
        except RecipeError as error:
            raise CommandError(str(error)) from error

    def _keep(self, recipe: str, target: Path) -> None:
        if target.exists():
            raise CommandError(_("%(file)s is there already: it is not overwritten.") % {"file": target})
        target.write_text(recipe, encoding="utf-8")
        self.stdout.write(_("Recipe written to %(file)s.") % {"file": target})

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


def _suggested(words: list[desk.Word]) -> str:
    """Texts that are in no list and name no area, as lines of the recipe: a person says what each means."""
    lines: list[str] = []
    for one in words:
        head = f"[steps.values.{one.field.key}]"
        if f"# {head}" not in lines:
            lines += ["", f"# {head}"]
        place = lines.index(f"# {head}") + 1
        lines.insert(place, f"# {json.dumps(one.text, ensure_ascii=False)} = {json.dumps(one.near)}  # {one.count}")
    if lines:
        lines.insert(0, "\n# " + _("Texts that mean nothing here: say what each is, and take the # away."))
    return "\n".join(lines) + "\n" if lines else ""


def _told(refusal: undoing.Refusal) -> str:
    """A refusal as lines: the sentence, then what is in the way."""
    lines = [refusal.reason, *(f"  - {blocker.text}" for blocker in refusal.blockers)]
    if refusal.more:
        lines.append("  - " + _("and %(count)s more") % {"count": number(refusal.more)})
    return "\n".join(lines)
