"""`trama index`: indices from the command line: list, show, compute, publish, import, export."""

from __future__ import annotations

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from trama.core.actor import SYSTEM
from trama.insight.actions import indices as actions
from trama.insight.choices import IndexState
from trama.insight.indices import exchange, files, tables
from trama.insight.indices.reading import agrees, definition_of, index_of
from trama.insight.indices.shapes import Index
from trama.insight.indices.wording import firmness, how
from trama.insight.models import IndexDefinition

EXAMPLES = """examples:
  trama index list
  trama index show fragility                     how it is made, how firm it is, whether the frozen figures agree
  trama index compute fragility --year 2022      the values (of a draft: with the figures of today; nothing is written)
  trama index compute fragility --json > fragility.json
  trama index export fragility > fragility.toml  the definition, for another city
  trama index import fragility.toml --under 037032 --kind zone
  trama index publish fragility                  freeze the draft, and put its values among the indicators

An index is named by its short name; the published version is meant, or the draft where there is none. --version
names another one."""


class Command(BaseCommand):
    help = "Indices: list, show, compute, publish, import and export their definitions."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # `--version` is a version of an index here, not that of Django.
        parser = super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)
        parser.epilog, parser.formatter_class = EXAMPLES, RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--lang", choices=[code for code, _name in settings.LANGUAGES], default="it")
        tasks = parser.add_subparsers(dest="task", required=True, metavar="list|show|compute|publish|import|export")
        listing = tasks.add_parser("list", help="every version of every index")
        listing.add_argument("--json", action="store_true", help="write JSON")
        for name, text in (
            ("show", "how an index is made, how firm it is, whether what was frozen is intact"),
            ("compute", "its values; nothing is written into the database"),
            ("export", "its definition, without figures"),
        ):
            task = tasks.add_parser(name, help=text)
            self._named(task)
            if name == "export":
                task.add_argument("--json", action="store_true", help="JSON instead of TOML")
            else:
                task.add_argument("--year", type=int, metavar="YEAR", help="this year alone (compute), or for show")
                task.add_argument("--json", action="store_true", help="write JSON")
            if name == "compute":
                task.add_argument("--csv", action="store_true", help="write CSV, one value per line")
                task.add_argument("--xlsx", type=Path, metavar="FILE", help="write a workbook into FILE")
        publish = tasks.add_parser("publish", help="freeze a draft: nothing changes it afterwards")
        self._named(publish)
        publish.add_argument("--json", action="store_true", help="write JSON")
        taking = tasks.add_parser("import", help="take up a definition (.toml or .json) as a draft")
        taking.add_argument("file", type=Path, metavar="FILE")
        taking.add_argument("--under", metavar="CODE", help="the area whose areas get a value, instead of the file's")
        taking.add_argument("--kind", metavar="KIND", choices=exchange.CHOICES["kind"], help="kind of areas")
        taking.add_argument("--code", metavar="NAME", help="short name, instead of the file's")
        taking.add_argument("--publish", action="store_true", help="and publish it")
        taking.add_argument("--json", action="store_true", help="write JSON")

    def _named(self, task: ArgumentParser) -> None:
        task.add_argument("code", metavar="INDEX", help="its short name")
        task.add_argument("--version", dest="number", type=int, metavar="N", help="this version of it")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(options["lang"]):
            try:
                getattr(self, f"_{options['task']}")(**options)
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error

    # --- tasks ----------------------------------------------------------------------------------------------------
    def _list(self, json: bool, **options: Any) -> None:
        rows = IndexDefinition.objects.select_related("under").order_by("code", "-version")
        found = [_summary(row) for row in rows]
        if json:
            self._json(found)
        elif not found:
            self.stdout.write("There is no index yet: trama index import FILE")
        for one in [] if json else found:
            years = ", ".join(map(str, one["years"]))
            self.stdout.write(
                f"{one['code']:<26} v{one['version']:<3} {one['state']:<11} {one['name']} – {one['kind']} of "
                f"{one['under']}; {years or 'no year yet'}"
            )

    def _show(self, json: bool, **options: Any) -> None:
        row = self._row(options)
        found = self._index(row)
        year = found.at(options["year"])
        sure = tables.firm(found, year)
        about = {
            **_summary(row),
            "how": how(found.definition),
            "firmness": firmness(sure, found.definition),
            "year": found.years[year],
            "sha256": found.content_hash or None,
            "intact": agrees(found),
            "sources": [origin.title for origin in found.origins()],
        }
        if json:
            self._json(about)
            return
        self.stdout.write(f"{about['name']} (v{row.version}, {row.state})")
        for number, step in enumerate(how(found.definition), start=1):
            self.stdout.write(f"  {number}. {step}")
        for part in found.definition.parts:
            sign = "+" if part.polarity > 0 else "−"
            self.stdout.write(f"     {sign} {part.indicator} × {part.weight:g} {part.domain}  {part.name}")
        self.stdout.write(f"  {about['year']}: {about['firmness']}")
        if found.content_hash:
            again = "computed again, it gives the same" if about["intact"] else "COMPUTED AGAIN, IT DIFFERS"
            self.stdout.write(f"  SHA-256 {found.content_hash}: {again}")

    def _compute(self, json: bool, csv: bool, xlsx: Path | None, year: int | None, **options: Any) -> None:
        found = self._index(self._row(options))
        if year is not None and year not in found.years:
            raise CommandError(f"{year} is no year of this index. It has: {', '.join(map(str, found.years))}.")
        if json:
            content = files.as_dict(found)
            if year is not None:
                for key in ("results", "figures"):
                    content[key] = [line for line in content[key] if line["year"] == year]
            self._json(content)
        elif csv:
            self.stdout.write(files.csv_text(found), ending="")
        elif xlsx is not None:
            self._save(xlsx, files.xlsx_bytes(found))
        else:
            self._print(found, [year] if year is not None else list(found.years))

    def _export(self, json: bool, **options: Any) -> None:
        row = self._row(options)
        self.stdout.write(exchange.text_of(definition_of(row), "json" if json else "toml"), ending="")

    def _publish(self, json: bool, **options: Any) -> None:
        code, number = options["code"], options["number"]
        rows = IndexDefinition.objects.filter(code=code, state=IndexState.DRAFT)
        row = rows.filter(version=number).first() if number is not None else rows.first()
        if row is None:
            raise CommandError(f"“{code}” has no draft to publish.")
        self._published(row, json=json)

    def _published(self, row: IndexDefinition, *, json: bool) -> None:
        frozen = actions.publish_index(SYSTEM, row)
        if json:
            self._json({**_summary(row), "sha256": frozen.content_hash})
        else:
            self.stdout.write(f"{row.code} v{row.version} is published. SHA-256 {frozen.content_hash}")

    def _import(self, file: Path, json: bool, publish: bool, **options: Any) -> None:
        try:
            found = exchange.read(file.read_bytes(), file.suffix.lower().lstrip("."))
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except exchange.NotADefinition as error:
            raise CommandError(f"{file}: {error}") from error
        wanted = {key: options[key] for key in ("under", "kind", "code") if options[key]}
        row = actions.save_index(SYSTEM, replace(found, **wanted))
        if publish:
            self._published(row, json=json)
        elif json:
            self._json(_summary(row))
        else:
            self.stdout.write(f"{row.code} v{row.version} is a draft: look at it, then trama index publish {row.code}")

    # --- what they share ------------------------------------------------------------------------------------------
    def _row(self, options: dict[str, Any]) -> IndexDefinition:
        code, number = options["code"], options["number"]
        rows = list(IndexDefinition.objects.filter(code=code).select_related("under").order_by("-version"))
        if not rows:
            known = sorted(set(IndexDefinition.objects.order_by().values_list("code", flat=True)))
            raise CommandError(f"There is no index “{code}”. There are: {', '.join(known) or 'none'}.")
        if number is not None:
            rows = [row for row in rows if row.version == number]
            if not rows:
                raise CommandError(f"“{code}” has no version {number}.")
        return next((row for row in rows if row.state == IndexState.PUBLISHED), rows[0])

    def _index(self, row: IndexDefinition) -> Index:
        return actions.check(row) if row.is_draft else index_of(row)

    def _json(self, content: Any) -> None:
        self.stdout.write(json.dumps(content, ensure_ascii=False, indent=1))

    def _save(self, path: Path, content: bytes) -> None:
        try:
            path.write_bytes(content)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        self.stderr.write(f"{path}: {len(content)} bytes")

    def _print(self, found: Index, years: list[int]) -> None:
        for year in years:
            at = found.at(year)
            listed = tables.rows(found, at, tables.firm(found, at))
            known = int(np.isfinite(found.values[at]).sum())
            self.stdout.write(f"{found.definition.name}, {year}: {known}/{len(listed)}")
            for row in listed:
                self.stdout.write(f"  {row.name[:40]:<40} {row.text:>8}  {row.fifth or '–'}  {row.code}")


def _summary(row: IndexDefinition) -> dict[str, Any]:
    return {
        "code": row.code,
        "version": row.version,
        "state": row.state,
        "name": row.name,
        "kind": row.kind,
        "under": row.under.code,
        "years": row.years,
    }
