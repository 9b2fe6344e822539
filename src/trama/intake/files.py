"""Files of a load: found by name, read into rows whose cells are addressed by the header."""

from __future__ import annotations

import filecmp
import math
import re
from pathlib import Path

from django.utils.translation import gettext as _

from trama.core.archives import is_name
from trama.core.legible import shown
from trama.intake.documents import read_json
from trama.intake.recipe import RecipeError, TableSpec
from trama.intake.rows import Fault, Row, Table, clean_header
from trama.intake.sheets import plain
from trama.intake.texts import read_csv, text_of
from trama.intake.workbooks import read_workbook

__all__ = ["RECIPE", "Fault", "Row", "Table", "clean_header", "find", "number", "plain", "read", "text_of"]

RECIPE = "recipe.toml"  # as `staging` keeps the recipe beside the files that were sent with it


def find(folder: Path, name: str) -> Path:
    """The file of this name in the folder, at any depth; refused when it is not there or stands twice."""
    # A recipe may come from anybody who loads: a name is a name, never a way out of the folder, nor a pattern.
    if not is_name(name) or name in {".", "..", RECIPE} or set(name) & set("[]"):
        raise RecipeError(
            _("“%(name)s” is no name of a file: write it without folders and signs.") % {"name": shown(name)}
        )
    inside = folder.resolve()
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.name == name and path.is_file() and path.resolve().is_relative_to(inside)
    )
    if not found:
        raise RecipeError(_missing(folder, name))
    if not all(filecmp.cmp(found[0], other, shallow=False) for other in found[1:]):
        places = ", ".join(str(path.relative_to(folder)) for path in found)
        raise RecipeError(
            _("the file “%(name)s” stands there more than once: %(places)s. Keep one of them.")
            % {"name": name, "places": places}
        )
    return found[0]


def _missing(folder: Path, name: str) -> str:
    """What to say of a file that is not there; with those that are, when somebody has sent them."""
    others = sorted({path.name for path in folder.rglob("*") if path.is_file()} - {RECIPE})
    if not others:
        return _("the file “%(name)s” is not among those given: there is none.") % {"name": name}
    return _("the file “%(name)s” is not among those given: %(others)s. Add it, or correct its name in the recipe.") % {
        "name": name,
        "others": ", ".join(shown(other) for other in others[:8]) + (", …" if len(others) > 8 else ""),
    }


def read(path: Path, spec: TableSpec) -> Table:
    """Read a CSV, XLSX, ODS, XLS, JSON or GeoJSON file into rows of texts. Raises RecipeError."""
    suffix = path.suffix.lower()
    try:
        if suffix in {".xlsx", ".xls", ".ods"}:
            return read_workbook(path, spec)
        if suffix in {".json", ".geojson"}:
            return read_json(path, spec)
        return read_csv(path, spec)
    except OSError as error:
        raise RecipeError(_("%(file)s cannot be opened.") % {"file": shown(path.name)}) from error


def number(text: str, decimal: str = ".") -> float | None:
    """A number as files write it ("1.234,5", "1 234.5", "59,5 %"); None for an empty cell, ValueError for nonsense."""
    clean = re.sub(r"[\s\u00a0\u202f'%€]", "", text)
    if not clean:
        return None
    if decimal == ",":
        # A point groups thousands, or else it is the decimal sign of somebody who wrote otherwise: not guessed.
        if "." in clean and not re.fullmatch(r"-?\d{1,3}(\.\d{3})+(,\d+)?", clean):
            raise ValueError(text)
        clean = clean.replace(".", "").replace(",", ".")
    elif "," in clean:
        # A comma that groups thousands, where the point is the decimal sign.
        if not re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", clean):
            raise ValueError(text)
        clean = clean.replace(",", "")
    if not re.fullmatch(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", clean):
        raise ValueError(text)
    value = float(clean)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
