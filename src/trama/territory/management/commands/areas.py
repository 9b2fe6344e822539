"""`trama areas`: municipalities, the areas inside them, and the tree that they form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from trama.core.actor import SYSTEM
from trama.territory import finding, imports
from trama.territory.boundaries import FileRefused
from trama.territory.choices import RANK, AreaKind
from trama.territory.imports import Verdict
from trama.territory.italy import UnknownMunicipality
from trama.territory.models import Area

OUTCOMES = {
    "new": pgettext_lazy("an area in a file", "new"),
    "same": pgettext_lazy("an area in a file", "same"),
    "changed": pgettext_lazy("an area in a file", "changed"),
    "refused": pgettext_lazy("an area in a file", "refused"),
}


class Command(BaseCommand):
    help = "Load municipalities and the areas inside them, and show the tree of areas."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        sub = parser.add_subparsers(dest="what", required=True, metavar="municipality | load | tree")
        one = sub.add_parser(
            "municipality",
            help="load municipalities by name or ISTAT code, with boundary and residents",
            description="Example: trama areas municipality Imola Dozza --union 'Nuovo Circondario Imolese'",
        )
        one.add_argument("names", nargs="+", metavar="NAME", help="name, 'Name (PR)' or ISTAT code")
        one.add_argument("--union", metavar="NAME", help="the union that they form")
        load = sub.add_parser(
            "load",
            help="load areas from GeoJSON, TopoJSON, GeoPackage or Shapefile",
            description="Example: trama areas load quarters.geojson --parent 001272 --kind district "
            "--name DENOM --code ID_QUART",
        )
        load.add_argument("file", type=Path, metavar="FILE")
        load.add_argument("--parent", required=True, metavar="CODE", help="code of the area that holds them")
        load.add_argument("--kind", required=True, choices=[kind for kind in RANK if kind != AreaKind.COUNTRY])
        load.add_argument("--name", required=True, metavar="COLUMN", help="column with the names")
        load.add_argument("--code", default="", metavar="COLUMN", help="column with the codes (else the names)")
        load.add_argument("--parent-column", default="", metavar="COLUMN", help="column with the area above each one")
        load.add_argument(
            "--dissolve",
            action="append",
            default=[],
            metavar="KIND:NAME[:CODE]",
            help="a wider level made by uniting those of the file, widest first; may be repeated",
        )
        load.add_argument("--crs", default="", metavar="EPSG:…", help="reference system, where the file states none")
        load.add_argument("--layer", default="", help="layer, where the file holds several")
        load.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")
        load.add_argument("--skip-refused", action="store_true", help="load the others when some are refused")
        sub.add_parser("tree", help="show the tree of areas")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["what"])(**options)
        except (UnknownMunicipality, FileRefused) as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def municipality(self, names: list[str], union: str | None, **options: Any) -> None:
        for verdict in imports.load_municipalities(SYSTEM, names, union):
            self._say(verdict)

    def load(self, file: Path, parent: str, dry_run: bool, **options: Any) -> None:
        above = Area.objects.filter(code=parent).first()
        if above is None:
            raise CommandError(_("No area has the code %(code)s.") % {"code": parent})
        levels = [self._level(text) for text in options["dissolve"]]
        levels.append(imports.Level(options["kind"], options["name"], options["code"]))
        loaded = imports.load_areas(
            SYSTEM,
            file,
            above,
            levels,
            parent_column=options["parent_column"],
            crs=options["crs"],
            layer=options["layer"],
            dry_run=dry_run,
            skip_refused=options["skip_refused"],
        )
        for verdict in loaded.verdicts:
            self._say(verdict)
        for move in loaded.moves:
            self.stdout.write(_("%(count)s %(what)s moved to another area") % {"count": move.count, "what": move.label})
        for note in loaded.notes:
            self.stdout.write(note)
        if loaded.refused and not options["skip_refused"]:
            raise CommandError(_("%(count)s refused: nothing was loaded.") % {"count": len(loaded.refused)})
        if dry_run:
            self.stdout.write(_("Dry run: nothing was changed."))

    def tree(self, **options: Any) -> None:
        for node in finding.nodes().values():
            if node.in_force:
                kind = AreaKind(node.kind).label
                self.stdout.write(f"{'  ' * node.depth}{node.name}  [{node.code}, {kind}]")

    def _level(self, text: str) -> imports.Level:
        kind, _mark, rest = text.partition(":")
        name, _mark, code = rest.partition(":")
        if kind not in RANK or not name:
            raise CommandError(_("--dissolve wants KIND:NAME or KIND:NAME:CODE, not “%(text)s”.") % {"text": text})
        return imports.Level(kind, name, code)

    def _say(self, verdict: Verdict) -> None:
        more = [_("mended: %(repair)s") % {"repair": verdict.repair}] if verdict.repair else []
        tail = "; ".join([*more, *verdict.notes])
        line = f"{OUTCOMES[verdict.outcome]!s:<10} {verdict.code:<14} {verdict.name}"
        self.stdout.write(f"{line}  ({tail})" if tail else line)
