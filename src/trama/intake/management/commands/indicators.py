"""`trama indicators FILE`: what a file of numbers about areas seems to say, and the recipe that loads it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.text import slugify
from django.utils.translation import gettext as _

from trama.core.actor import SYSTEM
from trama.intake import files, printing
from trama.intake.actions import load_recipe
from trama.intake.context.mapping import Mapping, recipe_of
from trama.intake.context.proposing import propose, propose_indicators
from trama.intake.recipe import RecipeError, TableSpec, parse

KEY_LENGTH = 80


class Command(BaseCommand):
    help = (
        "Look at a file of numbers about areas (CSV, XLSX, ODS, SDMX-CSV): say what its columns seem to mean, try it, "
        "and write the recipe that loads it. Nothing is loaded: read the recipe, correct it, then call “trama load”."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--write", type=Path, metavar="RECIPE", help="write the recipe into this file")
        parser.add_argument("--header-row", type=int, default=1, metavar="N", help="the row with the names of columns")
        parser.add_argument("--sheet", default="", help="the sheet of a workbook")
        parser.add_argument("--title", default="", help="the title of the data set")
        parser.add_argument("--publisher", default="", help="who publishes it")
        parser.add_argument("--licence", default="", help="its licence, for example “CC BY 4.0”")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(_("%(file)s is not there.") % {"file": path})
        try:
            mapping = _understood(path, options)
            self._show(mapping)
            recipe = recipe_of(mapping)
            if options["write"]:
                self._write(recipe, options["write"])
            else:
                self.stdout.write("\n" + recipe)
            if mapping.column("area") and any(one.take for one in mapping.indicators):
                report = load_recipe(SYSTEM, parse(recipe, "recipe.toml"), path.parent)
                self.stdout.write(printing.table(report))
        except RecipeError as error:
            raise CommandError(str(error)) from error

    def _show(self, mapping: Mapping) -> None:
        if not mapping.column("area"):
            self.stdout.write(self.style.WARNING(_("No column names areas that are here: load the areas first.")))
        width = max(len(column) for column in mapping.roles)
        for column, role in mapping.roles.items():
            self.stdout.write(f"{column[:60].ljust(min(width, 60))}  {role}")

    def _write(self, recipe: str, target: Path) -> None:
        if target.exists():
            raise CommandError(_("%(file)s is there already: it is not overwritten.") % {"file": target})
        target.write_text(recipe, encoding="utf-8")
        self.stdout.write(_("Recipe written to %(file)s.") % {"file": target})


def _understood(path: Path, options: dict[str, Any]) -> Mapping:
    spec = TableSpec(sheet=options["sheet"], header_row=max(options["header_row"], 1))
    table = files.read(path, spec)
    mapping = propose(table, Mapping(path.name, sheet=spec.sheet, header_row=spec.header_row))
    said = {name: options[name] for name in ("title", "publisher", "licence")}
    mapping.source = {"key": slugify(path.stem)[:KEY_LENGTH] or "indicatori", "file": path.name, **said}
    mapping.indicators = propose_indicators(table, mapping)
    return mapping
