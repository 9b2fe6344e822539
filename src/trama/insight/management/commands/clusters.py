"""`trama clusters`: whether an indicator clusters, and need beside supply, from the command line."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from trama.core.actor import NOBODY
from trama.core.declarations import gathered
from trama.insight import area_files, cluster_pages, clustering, need_pages, needs
from trama.insight.area_files import AreaFile
from trama.insight.area_values import NothingToSay, Offer, offers
from trama.insight.shapes import RECORDS


class Command(BaseCommand):
    help = (
        "Whether neighbouring areas resemble each other in an indicator; or an indicator beside what is registered.\n\n"
        "  trama clusters fragility_overall\n"
        "  trama clusters households_one_share --level statistical_area --year 2023 --json\n"
        "  trama clusters income_median --neighbours nearest --reach 4 --csv\n"
        "  trama clusters fragility_overall --beside resources --per households --xlsx needs.xlsx\n\n"
        "Without an indicator it lists what there is. What is public is counted, as on the open pages."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # The examples keep their lines.
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("indicator", metavar="INDICATOR", nargs="?", help="the code of a context indicator")
        parser.add_argument("--level", metavar="KIND", help="the kind of areas (that with most values)")
        parser.add_argument("--year", type=int, help="the year (the newest)")
        parser.add_argument("--within", metavar="CODE", default="", help="only the areas in this one")
        parser.add_argument("--also-excluded", action="store_true", help="count areas that a source excludes too")
        parser.add_argument("--neighbours", choices=clustering.RULES, default="queen")
        parser.add_argument("--reach", type=float, help="how many nearest, or kilometres of the distance")
        parser.add_argument("--permutations", type=int, default=999, metavar="N")
        parser.add_argument("--beside", metavar="REGISTER[.MEASURE]", help="put what is registered beside it")
        parser.add_argument("--per", metavar="INDICATOR", default="", help="with --beside: for every 1,000 of this")
        parser.add_argument(
            "--only", metavar="DIMENSION:VALUE", default="", help="with --beside: count only what has this value"
        )
        parser.add_argument("--lang", choices=[code for code, _name in settings.LANGUAGES], default="it")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="write JSON")
        form.add_argument("--csv", action="store_true", help="write CSV, one area per line")
        form.add_argument("--xlsx", metavar="FILE", help="write a workbook into FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(options["lang"]):
            found = offers()
            if not options["indicator"]:
                self._list(found)
                return
            offer = next((one for one in found if one.indicator.code == options["indicator"]), None)
            if offer is None:
                known = ", ".join(one.indicator.code for one in found) or "–"
                raise CommandError(f"“{options['indicator']}” has no values of enough areas. Choose one of: {known}.")
            level, year = self._place(offer, options)
            try:
                if options["beside"]:
                    self._write(*self._needs(offer, level, year, options), options)
                else:
                    self._write(*self._clusters(offer, level, year, options), options)
            except NothingToSay as error:
                raise CommandError(str(error)) from error

    def _list(self, found: list[Offer]) -> None:
        for offer in found:
            self.stdout.write(f"{offer.indicator.code:<28} {offer.indicator.name}")
            for kind, years in offer.levels.items():
                span = f"{min(years)}–{max(years)}" if len(years) > 1 else str(max(years))
                self.stdout.write(f"    --level {kind:<20} {span} ({max(years.values())})")

    def _place(self, offer: Offer, options: dict[str, Any]) -> tuple[str, int]:
        """Level and year; one that is not there is said, never replaced in silence."""
        level = offer.level(options["level"] or "")
        if options["level"] and level != options["level"]:
            raise CommandError(f"“{options['level']}”: no values. Choose one of: {', '.join(offer.levels)}.")
        year = offer.year(level, options["year"])
        if options["year"] and year != options["year"]:
            years = ", ".join(str(one) for one in sorted(offer.levels[level]))
            raise CommandError(f"{options['year']}: no values. Choose one of: {years}.")
        return level, year

    def _clusters(self, offer: Offer, level: str, year: int, options: dict[str, Any]) -> tuple[AreaFile, list[str]]:
        if not 99 <= options["permutations"] <= 99_999:
            raise CommandError("--permutations: between 99 and 99999.")
        asked = clustering.Asked(
            offer.indicator.code,
            level,
            year,
            options["within"],
            options["neighbours"],
            options["reach"],
            options["permutations"],
            options["also_excluded"],
        )
        found = clustering.examine(NOBODY, asked)
        lines = [found.values.title, clustering.sentence(found), clustering.meaning(found)]
        lines += [clustering.marked_sentence(found), found.values.base(), "", *clustering.checks(found)]
        lines += [f"{term}. {text}" for term, text in clustering.statistics(found)]
        for group, members in found.groups.items():
            if members:
                names = ", ".join(line.area.name for line in members)
                lines.append(f"{clustering.GROUP_LABELS[group]}: {names}")
        return cluster_pages.as_file(found), [line for n, line in enumerate(lines) if line or n > 4]

    def _needs(self, offer: Offer, level: str, year: int, options: dict[str, Any]) -> tuple[AreaFile, list[str]]:
        key, _dot, measure = options["beside"].partition(".")
        registers = needs.registers_at(list(gathered.registers.values()), level, NOBODY)
        register = next((one for one in registers if one.key == key), None)
        if register is None:
            raise CommandError(f"“{key}” is no register. Choose one of: {', '.join(one.key for one in registers)}.")
        asked = needs.Asked(
            offer.indicator.code,
            level,
            year,
            key,
            measure or RECORDS,
            options["per"],
            options["within"],
            options["also_excluded"],
            options["only"],
        )
        found = needs.compare(NOBODY, register, asked)
        lines = [needs.title_of(found), needs.sentence(found), needs.nothing_sentence(found)]
        lines += [needs.meaning(found), needs.base_of(found), "", *needs.warnings(found), *needs.left_out(found)]
        lines += [f"  {line['name']}: {line['value']} · {line['supply']}" for line in need_pages.outstanding(found)]
        return need_pages.as_file(found), lines

    def _write(self, table: AreaFile, lines: list[str], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(area_files.json_text(table), ending="")
        elif options["csv"]:
            self.stdout.write(area_files.csv_text(table), ending="")
        elif options["xlsx"]:
            path, content = Path(options["xlsx"]), area_files.xlsx_bytes(table)
            try:
                path.write_bytes(content)
            except OSError as error:
                raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
            self.stderr.write(f"{path}: {len(content)} bytes")
        else:
            for line in lines:
                self.stdout.write(line)
