"""A file of numbers on its way in, between one page and the next: put aside, understood, tried, loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from trama.core.actor import Actor
from trama.core.models import Source
from trama.intake import actions, files, staging
from trama.intake.context import mapping as mappings
from trama.intake.context.mapping import Mapping
from trama.intake.context.proposing import excluding, propose, propose_indicators
from trama.intake.recipe import RecipeError, TableSpec, parse
from trama.intake.rows import Table
from trama.intake.verdicts import Report
from trama.territory.models import ContextValue

KINDS = (".csv", ".txt", ".tsv", ".xlsx", ".xls", ".ods")


@dataclass
class Desk:
    """What lies aside under a token: the folder, and what was said of the file."""

    token: str
    folder: Path
    mapping: Mapping

    def table(self) -> Table:
        """The file as a table."""
        said = self.mapping
        spec = TableSpec(said.separator, said.encoding, said.decimal, said.sheet, header_row=said.header_row)
        return files.read(files.find(self.folder, said.file), spec)

    def keep(self, mapping: Mapping) -> None:
        """Keep the mapping, and the recipe that follows from it."""
        if (column := mapping.column("excluded")) != self.mapping.column("excluded"):
            mapping.excluded = excluding(self.table(), column)
        self.mapping = mapping
        mappings.keep(self.folder, mapping)
        (self.folder / staging.RECIPE).write_text(self.recipe(), encoding="utf-8")

    def recipe(self) -> str:
        """The recipe that does the same from the command line."""
        return mappings.recipe_of(self.mapping)

    def choose_sheet(self, sheet: str) -> None:
        """Look at another sheet of the workbook: its columns are proposed anew. Raises RecipeError."""
        said = self.mapping
        fresh = Mapping(said.file, sheet=sheet, header_row=said.header_row, source=said.source)
        other = Desk(self.token, self.folder, fresh)
        self.keep(propose(other.table(), fresh))

    def name_indicators(self) -> None:
        """Propose the indicators that follow from the columns, unless they are named already."""
        if not self.mapping.indicators:
            self.mapping.indicators = propose_indicators(self.table(), self.mapping)
            self.keep(self.mapping)

    def try_it(self, actor: Actor) -> Report:
        """The dry run. Raises RecipeError when the file cannot be understood so."""
        said = self.mapping
        if not (said.column("area") or said.columns("area_value")) or not any(one.take for one in said.indicators):
            raise RecipeError(_("Choose which column says the area, and at least one that holds the numbers."))
        return actions.load_recipe(actor, parse(self.recipe(), staging.RECIPE), self.folder)


def put_aside(actor: Actor, upload: Any, *, header_row: int = 1, sheet: str = "") -> Desk:
    """Put a file aside and guess what its columns mean. Raises RecipeError, and then keeps nothing."""
    if not upload.name.lower().endswith(KINDS):
        raise RecipeError(
            _("“%(name)s” is no table: numbers come as .csv, .xlsx or .ods.") % {"name": upload.name[:80]}
        )
    sent = staging.stage(actor.user, b"", [upload])
    folder = staging.staged(actor.user, sent.token)
    assert folder is not None  # noqa: S101
    try:
        (name,) = [path.name for path in folder.iterdir() if path.name != staging.RECIPE]
        desk = Desk(sent.token, folder, Mapping(name, sheet=sheet, header_row=header_row))
        mapping = propose(desk.table(), desk.mapping)
        mapping.source = {"key": slugify(Path(name).stem)[:100] or "indicatori", "title": "", "file": name}
        desk.keep(mapping)
    except BaseException:
        staging.drop(sent.token)
        raise
    return desk


def own_key(key: str, title: str, publisher: str) -> str:
    """The key of a source: that of the file, unless another source bears it (files of two offices are called alike)."""
    wanted, number = key, 1
    while (other := Source.objects.filter(key=wanted).first()) is not None:
        if (other.title, other.publisher) == (title, publisher):
            break
        number += 1
        wanted = f"{key[:95]}-{number}"
    return wanted


def key_of(key: str, title: str, publisher: str) -> str:
    """The key of a source of numbers: that of the one of this title and publisher, else its own.

    An office sends the file of the next month under another name: what it said of the year before is its own.
    """
    known = Source.objects.filter(title=title, publisher=publisher, pk__in=ContextValue.objects.values("source"))
    same = known.order_by("pk").first()
    return same.key if same is not None and title else own_key(key, title, publisher)


def find(actor: Actor, token: str) -> Desk | None:
    """What this person put aside under this token; None when there is nothing (any more)."""
    folder = staging.staged(actor.user, token)
    mapping = mappings.kept(folder) if folder else None
    return Desk(token, folder, mapping) if folder and mapping else None
