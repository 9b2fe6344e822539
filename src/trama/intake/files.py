"""Files of a load: found by name, read into rows whose cells are addressed by the header."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from trama.intake.recipe import RecipeError, TableSpec

ENCODINGS = ("utf-8-sig", "cp1252")
csv.field_size_limit(16 * 1024 * 1024)


def clean_header(text: str) -> str:
    """A header as recipes write it: byte-order marks gone, line breaks and repeated blanks made one blank."""
    return " ".join(text.replace("\ufeff", "").split())


RECIPE = "recipe.toml"  # as `staging` keeps the recipe beside the files that were sent with it
MOST_ROWS = 200_000  # of one file: more would fill the memory before anybody could read the verdicts


def find(folder: Path, name: str) -> Path:
    """The file of this name in the folder, at any depth; refused when it is not there or stands twice."""
    # A recipe may come from anybody who loads: a name is a name, never a way out of the folder, nor a pattern.
    if not name or name in {".", "..", RECIPE} or not name.isprintable() or re.search(r"[/\\*?\[\]:]", name):
        raise RecipeError(_("“%(name)s” is no name of a file: write it without folders and signs.") % {"name": name})
    inside = folder.resolve()
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.name == name and path.is_file() and path.resolve().is_relative_to(inside)
    )
    if not found:
        raise RecipeError(_("the file “%(name)s” is not among those given.") % {"name": name})
    different = {path.read_bytes() for path in found} if len(found) > 1 else set()
    if len(different) > 1:
        places = ", ".join(str(path.relative_to(folder)) for path in found)
        raise RecipeError(
            _("the file “%(name)s” stands there more than once: %(places)s.") % {"name": name, "places": places}
        )
    return found[0]


@dataclass(frozen=True)
class Row:
    """One record of a file. `number` counts as a spreadsheet does: the header is row 1, the first record row 2."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


@dataclass
class Table:
    """The rows of a file and its columns."""

    name: str
    columns: list[str]
    rows: list[Row] = field(default_factory=list)

    def column(self, wanted: str) -> str:
        """The column that a recipe means; an error names those that are there."""
        header = clean_header(wanted)
        if header in self.columns:
            return header
        by_case = {column.casefold(): column for column in self.columns}
        if header.casefold() in by_case:
            return by_case[header.casefold()]
        raise RecipeError(
            _("%(file)s has no column “%(column)s”; it has: %(columns)s.")
            % {"file": self.name, "column": header, "columns": ", ".join(self.columns[:40])}
        )


def read(path: Path, spec: TableSpec) -> Table:
    """Read a CSV, XLSX, ODS, JSON or GeoJSON file into rows of texts."""
    suffix = path.suffix.lower()
    if suffix in {".xlsx", ".xls", ".ods"}:
        return _spreadsheet(path, spec)
    if suffix in {".json", ".geojson"}:
        return _json(path, spec)
    return _csv(path, spec)


def text_of(path: Path, encoding: str = "") -> str:
    """The text of a file, in the stated encoding, else in the first of the usual ones that reads it."""
    content = path.read_bytes()
    for candidate in [encoding] if encoding else ENCODINGS:
        try:
            return content.decode(candidate)
        except LookupError as error:
            raise RecipeError(_("the encoding “%(name)s” is not known.") % {"name": candidate}) from error
        except UnicodeDecodeError:
            continue
    raise RecipeError(
        _("%(file)s is not written in %(encoding)s.") % {"file": path.name, "encoding": encoding or "UTF-8"}
    )


def _separator(text: str) -> str:
    """The separator that stands most often in the first line."""
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    return max(";,\t|", key=first.count)


def _csv(path: Path, spec: TableSpec) -> Table:
    text = text_of(path, spec.encoding).lstrip("\ufeff")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=spec.separator or _separator(text), strict=True)
    try:
        header = next(reader, None)
        if header is None:
            raise RecipeError(_("%(file)s is empty.") % {"file": path.name})
        return _table(path.name, header, reader)
    except csv.Error as error:
        raise RecipeError(
            _("%(file)s, line %(line)s: the quotes do not match (%(why)s).")
            % {"file": path.name, "line": reader.line_num, "why": error}
        ) from error


def _table(name: str, header: list[str], records: Any) -> Table:
    columns = [clean_header(cell) for cell in header]
    twice = {column for column in columns if column and columns.count(column) > 1}
    if twice:
        raise RecipeError(_("%(file)s bears the column “%(column)s” twice.") % {"file": name, "column": min(twice)})
    table = Table(name, columns)
    for number, cells in enumerate(records, start=2):
        if number > MOST_ROWS:
            raise RecipeError(
                _("%(file)s has more than %(count)s rows: split it.") % {"file": name, "count": MOST_ROWS}
            )
        if not any(cells):
            continue
        if len(cells) > len(columns):
            raise RecipeError(
                _("%(file)s, row %(row)s: it has %(found)s cells, the header %(expected)s.")
                % {"file": name, "row": number, "found": len(cells), "expected": len(columns)}
            )
        # No database of ours keeps a NUL alike: none gets past here.
        padded = [*(cell.replace("\x00", "") for cell in cells), *[""] * (len(columns) - len(cells))]
        table.rows.append(Row(number, dict(zip(columns, padded, strict=True))))
    return table


def _spreadsheet(path: Path, spec: TableSpec) -> Table:
    from python_calamine import CalamineError, CalamineWorkbook, WorksheetNotFound

    try:
        book = CalamineWorkbook.from_path(str(path))
        sheet = book.get_sheet_by_name(spec.sheet) if spec.sheet else book.get_sheet_by_index(0)
        rows: Iterator[list[Any]] = iter(sheet.to_python(skip_empty_area=False))
    except WorksheetNotFound as error:
        raise RecipeError(_("%(file)s has no sheet “%(sheet)s”.") % {"file": path.name, "sheet": spec.sheet}) from error
    except (CalamineError, OSError) as error:
        raise RecipeError(_("%(file)s cannot be read: %(why)s.") % {"file": path.name, "why": error}) from error
    header = [plain(cell) for cell in next(rows, [])]
    while header and not header[-1]:
        header.pop()
    records = ([plain(cell) for cell in row[: len(header)]] for row in rows)
    return _table(path.name, header, records)


def _json(path: Path, spec: TableSpec) -> Table:
    try:
        data = json.loads(text_of(path, spec.encoding).lstrip("\ufeff"))
    except RecursionError as error:
        raise RecipeError(_("%(file)s does not hold a list of records.") % {"file": path.name}) from error
    except json.JSONDecodeError as error:
        raise RecipeError(
            _("%(file)s, line %(line)s: this is not JSON (%(why)s).")
            % {"file": path.name, "line": error.lineno, "why": error.msg}
        ) from error
    if isinstance(data, dict) and data.get("type") == "FeatureCollection":
        data = [
            (feature.get("properties") or {}) if isinstance(feature, dict) else feature
            for feature in data.get("features") or []
        ]
    for part in filter(None, spec.records.split(".")):
        data = data.get(part) if isinstance(data, dict) else None
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise RecipeError(_("%(file)s does not hold a list of records.") % {"file": path.name})
    columns = list(dict.fromkeys(key for item in data for key in item))
    return _table(path.name, columns, ([plain(item.get(key)) for key in columns] for item in data))


def plain(value: Any) -> str:
    """A cell as text: whole numbers without a decimal point, whatever the file's type was."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def number(text: str, decimal: str = ".") -> float | None:
    """A number as files write it ("1.234,5", "1 234.5", "59,5 %"); None for an empty cell, ValueError for nonsense."""
    clean = re.sub(r"[\s\u00a0\u202f'%€]", "", text)
    if not clean:
        return None
    if decimal == ",":
        clean = clean.replace(".", "").replace(",", ".")
    elif "," in clean:
        # A comma that groups thousands, where the point is the decimal sign.
        if not re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", clean):
            raise ValueError(text)
        clean = clean.replace(",", "")
    if not re.fullmatch(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", clean):
        raise ValueError(text)
    return float(clean)
