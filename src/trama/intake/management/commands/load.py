"""`trama load RECIPE --from DIR`: official files become records, after a dry run that says what would happen."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core.actor import SYSTEM
from trama.intake import printing
from trama.intake.actions import NotLoaded, load_recipe
from trama.intake.downloads import download
from trama.intake.recipe import Recipe, RecipeError, read, where
from trama.intake.registers import leftovers
from trama.intake.verdicts import Report


class Command(BaseCommand):
    help = (
        "Load official files as a recipe describes them. A dry run comes first and says, row by row, what is new, what "
        "is the same, what would be updated and what is refused; then everything is written in one transaction, or "
        "nothing. Loading twice changes nothing; a newer file updates."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("recipe", type=Path, help="the recipe, for example recipes/bologna.toml")
        parser.add_argument("--from", dest="folder", type=Path, metavar="DIR",
                            help="the folder with the files; they are found by name, at any depth")  # fmt: skip
        parser.add_argument(
            "--download", action="store_true", help="first take the files from the city's open-data portal"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
        parser.add_argument("--step", default="", metavar="NAME", help="load this step alone")
        parser.add_argument("--strict", action="store_true", help="write nothing when a row is refused")
        parser.add_argument("--yes", action="store_true", help="do not ask between the dry run and the load")
        parser.add_argument("--file", type=Path, metavar="FILE",
                            help="the file to be read in the place of the one that the recipe names")  # fmt: skip
        parser.add_argument("--refused", type=Path, metavar="FILE",
                            help="write the rows of spreadsheets that are not loaded into a .xlsx file, each with its "
                                 "reason, to be mended and loaded again")  # fmt: skip
        parser.add_argument("--report", type=Path, metavar="FILE", help="write every verdict into a .csv or .xlsx file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            recipe = _of_file(read(where(options["recipe"])), options)
            folder = self._folder(recipe, options)
            self._load(recipe, folder, options)
        except NotLoaded as error:
            self._write_report(error.report, options["report"])
            self._write_refused(error.report, options["refused"])
            self.stdout.write(printing.table(error.report))
            raise CommandError(_("%(why)s Nothing was written.") % {"why": error}) from error
        except RecipeError as error:
            raise CommandError(_("%(why)s Nothing was written.") % {"why": _sentence(str(error))}) from error

    def _folder(self, recipe: Recipe, options: dict[str, Any]) -> Path:
        folder: Path | None = options["folder"]
        if options["download"]:
            folder = folder or Path(settings.TRAMA_HOME) / "downloads" / recipe.key
            download(recipe, folder, self._say)
        if folder is None:
            if any(step.file for step in recipe.steps):
                raise CommandError(
                    _("Say where the files are (--from DIR), or take them from the portal (--download).")
                )
            folder = Path.cwd()
        if not folder.is_dir():
            raise CommandError(_("%(folder)s is not a folder.") % {"folder": folder})
        return folder

    def _load(self, recipe: Recipe, folder: Path, options: dict[str, Any]) -> None:
        chosen = {"strict": options["strict"], "only": options["step"], "progress": self._say}
        self._say(_("Dry run: %(title)s") % {"title": recipe.title})

        def show(report: Report) -> None:
            self.stdout.write(printing.table(report))
            self._write_report(report, options["report"])
            self._write_refused(report, options["refused"])

        asks = not options["yes"] and sys.stdin.isatty()
        if options["dry_run"] or asks:
            show(load_recipe(SYSTEM, recipe, folder, dry=True, **chosen))
        if options["dry_run"]:
            self.stdout.write(_("This was a dry run: nothing was written."))
            return
        if asks and not self._agreed():
            self.stdout.write(_("Nothing was written."))
            return

        def go_on(report: Report) -> None:
            # Nobody waits for an answer: what the dry run made is what is written, in the same transaction.
            if not asks:
                show(report)
            self._say(_("Load: %(title)s") % {"title": recipe.title})

        done = load_recipe(SYSTEM, recipe, folder, dry=False, checked=go_on, **chosen)
        if done.changes:
            self.stdout.write(self.style.SUCCESS(_("Loaded: %(count)s records written.") % {"count": done.changes}))
        elif not done.refused:
            self.stdout.write(self.style.SUCCESS(_("Nothing to change: everything was there already.")))
        if done.refused:
            unchanged = "" if done.changes else _("Nothing was changed.") + " "
            refused = ngettext("One row was refused.", "%(count)s rows were refused.", done.refused)
            self.stdout.write(self.style.WARNING(unchanged + refused % {"count": done.refused}))

    def _agreed(self) -> bool:
        answer = input(_("Load it? [y/N] ")).strip().lower()
        return answer in {"y", "yes", "s", "si", "sì"}

    def _say(self, text: str) -> None:
        self.stderr.write(f"  {text}", self.style.NOTICE)
        self.stderr.flush()

    def _write_report(self, report: Report, path: Path | None) -> None:
        if path is not None:
            try:
                printing.write_verdicts(report, path)
            except OSError as error:
                raise RecipeError(_("%(path)s cannot be written.") % {"path": path}) from error
            self._say(_("Verdicts written to %(path)s.") % {"path": path})

    def _write_refused(self, report: Report, path: Path | None) -> None:
        """The rows that are not loaded, one workbook; of several spreadsheets one each, numbered."""
        plans = [step.plan for step in report.steps if step.plan is not None] if path is not None else []
        for number, plan in enumerate(plans, start=1):
            assert path is not None  # noqa: S101
            target = path if len(plans) == 1 else path.with_stem(f"{path.stem}-{number}")
            try:
                target.write_bytes(leftovers.workbook([leftovers.of_plan(plan)]))
            except OSError as error:
                raise RecipeError(_("%(path)s cannot be written.") % {"path": target}) from error
            self._say(_("Rows to mend written to %(path)s.") % {"path": target})


def _of_file(recipe: Recipe, options: dict[str, Any]) -> Recipe:
    """The recipe with the file that was given in the place of the one that it names."""
    given: Path | None = options["file"]
    if given is None:
        return recipe
    named = {step.file for step in recipe.steps if step.file}
    if len(named) != 1 or options["folder"]:
        raise CommandError(_("--file is for recipes that read one file, and takes the place of --from."))
    options["folder"] = given.resolve().parent
    steps = [replace(step, file=given.name) if step.file else step for step in recipe.steps]
    return replace(recipe, steps=steps)


def _sentence(text: str) -> str:
    """A message that ends as a sentence does."""
    return text if text.endswith((".", "!", "?")) else f"{text}."
