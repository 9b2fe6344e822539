"""`trama indicator`: a context indicator of the territory, from the command line."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from trama.core.actor import NOBODY
from trama.insight.context import files
from trama.insight.context.asked import OWN, Asked, choose, offer_of
from trama.insight.context.catalogue import catalogue
from trama.insight.context.reading import Reading, base_text, finding_text, reading_of
from trama.insight.context.scale import methods_of
from trama.territory import finding
from trama.territory.models import ContextIndicator


class Command(BaseCommand):
    help = (
        "A number about the territory (households, income, an index), area by area.\n\n"
        "  trama indicator\n"
        "  trama indicator households_one_share --level district\n"
        "  trama indicator fragility_overall --year 2022 --classes natural --json\n\n"
        "Without a code it lists the indicators. Every line has a status: a missing value is never a nought."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # The examples keep their lines.
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", metavar="CODE", nargs="?", help="the code of an indicator")
        parser.add_argument("--level", metavar="KIND", default="", help="municipality, district, statistical_area …")
        parser.add_argument("--year", metavar="YEAR", default="", help="the newest if not given")
        parser.add_argument("--under", metavar="AREA", default="", help="only areas of this one (its code)")
        parser.add_argument("--classes", metavar="HOW", default="", help="quantiles, natural, equal, own, around")
        parser.add_argument("--breaks", metavar="N;N", default="", help="the breaks of --classes own")
        parser.add_argument("--every-year", action="store_true", help="every year, in a file")
        parser.add_argument("--lang", choices=[code for code, _name in settings.LANGUAGES], default="it")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="write JSON")
        form.add_argument("--csv", action="store_true", help="write CSV")
        form.add_argument("--xlsx", metavar="FILE", help="write a workbook into FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(options["lang"]):
            if not options["code"]:
                self._list()
                return
            indicator = ContextIndicator.objects.filter(code=options["code"]).first()
            if indicator is None:
                raise CommandError(f"There is no indicator “{options['code']}”: trama indicator lists them.")
            reading = self._reading(indicator, options)
            every = options["every_year"]
            if options["xlsx"]:
                self._save(Path(options["xlsx"]), files.content(reading, "xlsx", every_year=every))
            elif options["json"] or options["csv"]:
                form = "json" if options["json"] else "csv"
                self.stdout.write(files.content(reading, form, every_year=every).decode("utf-8"), ending="")
            else:
                self._print(reading)

    def _reading(self, indicator: ContextIndicator, options: dict[str, Any]) -> Reading:
        """As asked; what does not exist is said, never replaced in silence as a page does."""
        offer = offer_of(NOBODY, indicator)
        level, year = options["level"], options["year"]
        if not offer.areas:
            raise CommandError(f"No value of “{indicator.code}” was loaded.")
        if level and level not in offer.areas:
            raise CommandError(f"It is not known by “{level}”. Choose one of: {', '.join(offer.levels)}.")
        if options["classes"] and options["classes"] not in methods_of(indicator):
            raise CommandError(f"Classes are made in one of these ways: {', '.join(methods_of(indicator))}.")
        if options["breaks"] and options["classes"] != OWN:
            raise CommandError("--breaks goes with --classes own.")
        if options["under"] and finding.id_of(options["under"]) is None:
            raise CommandError(f"There is no area with the code “{options['under']}”.")
        asked = Asked(year, level, options["under"], "", options["classes"], options["breaks"])
        chosen = choose(indicator, offer, asked)
        if chosen is None or (year and str(chosen.year) != year):
            years = ", ".join(map(str, sorted(offer.years[chosen.level]))) if chosen else ""
            raise CommandError(f"There is no value of {year}. Choose one of: {years}.")
        if options["under"] and (chosen.under is None or chosen.under.code != options["under"]):
            raise CommandError(f"“{options['under']}” has no areas of this kind in it.")
        reading = reading_of(NOBODY, indicator, asked)
        if reading is None or reading.refused:
            raise CommandError(reading.refused if reading else f"No value of “{indicator.code}” was loaded.")
        if reading.scale is not None and reading.scale.problem:
            raise CommandError(reading.scale.problem)
        return reading

    def _list(self) -> None:
        themes = catalogue(NOBODY)
        if not themes:
            self.stdout.write("No indicator of the territory was loaded yet: trama load RECIPE brings them.")
        for theme in themes:
            self.stdout.write(theme.title)
            for entry in theme.entries:
                about = "; ".join([entry.span, *entry.coverage])
                self.stdout.write(f"  {entry.indicator.code:<28} {entry.indicator.name} ({about})")

    def _save(self, path: Path, content: bytes) -> None:
        try:
            path.write_bytes(content)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        self.stderr.write(f"{path}: {len(content)} bytes")

    def _print(self, reading: Reading) -> None:
        self.stdout.write(f"{reading.indicator.name}: {finding_text(reading)}\n{base_text(reading)}")
        if reading.scale is not None:
            self.stdout.write(reading.scale.said)
        width = max((len(row.name) for row in reading.rows), default=0)
        for row in reading.rows:
            said = row.reason if row.value is None else " ".join(filter(None, [row.text, row.reason]))
            compared = f"  {row.compared}" if row.compared else ""
            self.stdout.write(f"  {row.name.ljust(width)}  {said}  {row.label and f'[{row.label}]'}{compared}".rstrip())
        if reading.compared_with:
            self.stdout.write(f"  ({reading.compared_with})")
        for source in reading.sources:
            self.stdout.write(f"  {source.title}, {source.publisher} ({source.licence})")
