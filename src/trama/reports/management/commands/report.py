"""`trama report territory`: print the report on an area."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from trama.core.actor import NOBODY
from trama.reports import printing
from trama.reports.document import Document
from trama.reports.territory import territory_report
from trama.territory.models import Area


class Command(BaseCommand):
    help = (
        "Print a report.\n\n"
        "  trama report territory --area 037032 --out imola.pdf\n"
        "  trama report territory --area 037032 --out imola-en.pdf --lang en --xlsx imola.xlsx\n\n"
        "What is public is printed, as on the open pages. --area takes the code of an area, or its name."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # The examples keep their lines.
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=["territory"], help="which report")
        parser.add_argument("--area", required=True, metavar="CODE", help="the area: its code (ISTAT) or its name")
        parser.add_argument("--out", required=True, metavar="FILE.pdf", help="where to write the PDF")
        parser.add_argument("--xlsx", metavar="FILE.xlsx", help="write its tables into a workbook too")
        parser.add_argument("--lang", choices=[code for code, _name in settings.LANGUAGES], default="it")

    def handle(self, *args: Any, **options: Any) -> None:
        area = _area(options["area"])
        out, xlsx = Path(options["out"]), Path(options["xlsx"]) if options["xlsx"] else None
        for path in filter(None, (out, xlsx)):
            _check(path)
        document = territory_report(NOBODY, area, options["lang"])
        try:
            _write(out, printing.pdf_bytes(document))
        except printing.NotPrinted as error:
            raise CommandError(f"The report could not be printed: {error}") from error
        self._say(out)
        if xlsx is not None:
            _write(xlsx, _workbook(document))
            self._say(xlsx)

    def _say(self, path: Path) -> None:
        self.stdout.write(f"{path}: {path.stat().st_size / 1024:.0f} kB")


def _area(text: str) -> Area:
    """The area of this code, or the only one of this name. Raises CommandError."""
    found = Area.objects.filter(code=text).first()
    if found is not None:
        return found
    named = list(Area.objects.in_force().filter(name__iexact=text).order_by("code")[:6])
    if len(named) == 1:
        return named[0]
    if named:
        listed = ", ".join(f"{area.code} ({area.get_kind_display()})" for area in named)
        raise CommandError(f"Several areas are called “{text}”: {listed}. Give the code.")
    raise CommandError(f"There is no area with the code or the name “{text}”.")


def _check(path: Path) -> None:
    """Say now, not after the work, that a file cannot be written."""
    folder = path.parent
    if not folder.is_dir():
        raise CommandError(f"{path} cannot be written: there is no folder {folder}.")
    if path.is_dir():
        raise CommandError(f"{path} cannot be written: it is a folder.")


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.tmp")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error


def _workbook(document: Document) -> bytes:
    with translation.override(document.language):
        return printing.xlsx_bytes(document)
