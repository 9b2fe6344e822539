"""`trama crosstab`: count the records of a register by one or two dimensions, from the command line."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from trama.core.actor import NOBODY
from trama.core.declarations import gathered
from trama.core.registers import NONE, Register, Selection
from trama.insight import files
from trama.insight.crosstab import CrosstabError, axes_of, compute
from trama.insight.tables import printed


class Command(BaseCommand):
    help = (
        "Count the records of a register by one dimension or two.\n\n"
        "  trama crosstab resources --rows activity\n"
        "  trama crosstab resources --rows activity --cols district --filter district=NAVILE --xlsx table.xlsx\n"
        "  trama crosstab experiences --rows aim --measure beneficiaries --json\n\n"
        "Without --rows it lists what the register can be counted by. What is public is counted, as on the open pages."
    )
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # The examples keep their lines.
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("register", metavar="REGISTER", help="resources, organisations, experiences, places …")
        parser.add_argument("--rows", metavar="A", help="the dimension of the rows")
        parser.add_argument("--cols", metavar="B", help="the dimension of the columns")
        parser.add_argument("--measure", metavar="M", default="records", help="what is counted (records)")
        parser.add_argument(
            "--filter",
            metavar="KEY=VALUE",
            action="append",
            default=[],
            help="narrow to a value (repeat it for more; KEY=- means “not stated”; q=… looks for a text)",
        )
        parser.add_argument("--lang", choices=[code for code, _name in settings.LANGUAGES], default="it")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="write JSON")
        form.add_argument("--csv", action="store_true", help="write CSV, one figure per line")
        form.add_argument("--xlsx", metavar="FILE", help="write a workbook into FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(options["lang"]):
            register = self._register(options["register"])
            if not options["rows"]:
                self._explain(register)
                return
            selection = self._selection(register, options["filter"])
            try:
                found = compute(NOBODY, register, selection, options["rows"], options["cols"], options["measure"])
            except CrosstabError as error:
                raise CommandError(str(error)) from error
            if options["json"]:
                self.stdout.write(files.json_text(found), ending="")
            elif options["csv"]:
                self.stdout.write(files.csv_text(found), ending="")
            elif options["xlsx"]:
                self._save(Path(options["xlsx"]), files.xlsx_bytes(found))
            else:
                self._print(found)

    def _register(self, key: str) -> Register:
        register = gathered.registers.get(key)
        if register is None:
            raise CommandError(f"There is no register “{key}”. Choose one of: {', '.join(sorted(gathered.registers))}.")
        return register

    def _explain(self, register: Register) -> None:
        self.stdout.write(f"{register.title}\n\n  --rows, --cols")
        for axis in axes_of(register, NOBODY):
            self.stdout.write(f"    {axis.key:<20} {axis.label}{' (several answers)' if axis.multiple else ''}")
        self.stdout.write("  --measure")
        for measure in register.all_measures():
            self.stdout.write(f"    {measure.key:<20} {measure.label}")

    def _selection(self, register: Register, filters: list[str]) -> Selection:
        """The filters as a selection; a key or a value that does not exist is said, never dropped in silence."""
        known = {d.key: d for d in register.dimensions if d.filterable and not d.staff}
        asked: dict[str, list[str]] = {}
        for text in filters:
            key, equals, value = text.partition("=")
            if not equals or not value:
                raise CommandError(f"“{text}” is no filter: write KEY=VALUE.")
            if key != "q" and key not in known:
                raise CommandError(f"“{key}” is nothing to filter by. Choose one of: {', '.join([*known, 'q'])}.")
            values = [v for v, _name in known[key].choices(NOBODY)] if key != "q" else []
            if values and value != NONE and value not in values:
                some = ", ".join(values[:12]) + (" …" if len(values) > 12 else "")
                raise CommandError(f"“{value}” is no value of {key}. Choose one of: {some}.")
            asked.setdefault(key, []).append(value)
        return Selection.read(register, asked, NOBODY)

    def _save(self, path: Path, content: bytes) -> None:
        try:
            path.write_bytes(content)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        self.stderr.write(f"{path}: {len(content)} bytes")

    def _print(self, found: Any) -> None:
        table = printed(found)
        rows = [[table.corner, *table.heads]]
        rows += [[line.name, *(cell.text for cell in line.cells)] for line in (*table.lines, table.total)]
        widths = [min(44, max(len(row[j]) for row in rows)) for j in range(len(rows[0]))]
        self.stdout.write(f"{table.caption}\n{table.base}\n")
        for number, row in enumerate(rows):
            if number in (1, len(rows) - 1):
                self.stdout.write("  ".join("-" * width for width in widths))
            cells = [row[0][:44].ljust(widths[0]), *(c[:44].rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
            self.stdout.write("  ".join(cells).rstrip())
        for note in table.notes:
            self.stdout.write(f"  {note}")
