"""A report as open data: a ZIP with a CSV file per table, its texts, and a `datapackage.json` with Table Schema.

Figures stand as numbers; where a table holds a figure that is none (protected, estimated, left out), a column beside it
says so. UTF-8, commas, points: the dialect that `datapackage.json` states.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from trama.reports.document import Bullets, Cell, Document, Heading, Line, Paragraph, Table, shown
from trama.ui.exports import safe_text

STILL = (1980, 1, 1, 0, 0, 0)
STATES = ("value", "estimated", "suppressed", "not_applicable", "excluded", "not_yet", "not_collected", "too_small",
          "missing", "withdrawn", "none")  # fmt: skip


@dataclass(frozen=True)
class _Column:
    """A column of a CSV file: its name, its head in words, whether it holds numbers and needs one of states."""

    name: str
    title: str
    number: bool
    states: bool


def zip_bytes(document: Document) -> bytes:
    """The bundle."""
    files: dict[str, str] = {}
    resources = []
    for place, table in enumerate(document.tables(), start=1):
        name = f"{place:02d}-{slugify(table.key or table.sheet or table.caption)[:50] or 'table'}"
        columns = _columns(table)
        files[f"data/{name}.csv"] = _csv(table, columns)
        resources.append(_resource(name, table, columns))
    files["data/00-texts.csv"] = _texts(document)
    resources.insert(0, _texts_resource())
    files["datapackage.json"] = json.dumps(_package(document, resources), ensure_ascii=False, indent=1) + "\n"
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as package:
        for path in sorted(files):
            info = zipfile.ZipInfo(path, STILL)
            info.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(info, files[path].encode("utf-8"))
    return output.getvalue()


def _columns(table: Table) -> list[_Column]:
    found, taken = [], {"row", "role", "key"}
    for place, title in enumerate(table.heads[1:]):
        cells = [line.cells[place] for line in table.lines if place < len(line.cells)]
        number = any(cell.value is not None for cell in cells) and place + 1 not in table.texts
        states = number and any(cell.value is None or cell.status for cell in cells)
        name = slugify(title).replace("-", "_") or f"column_{place + 1}"
        while name in taken:
            name = f"{name}_{place + 1}"
        taken |= {name, f"{name}_status"}
        found.append(_Column(name, title, number, states))
    return found


def _csv(table: Table, columns: Sequence[_Column]) -> str:
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\r\n")
    heads = ["row", "role", "key"]
    for column in columns:
        heads += [column.name, f"{column.name}_status"] if column.states else [column.name]
    writer.writerow(heads)
    for line in table.lines:
        if line.role != "group":
            writer.writerow(_row(line, columns))
    return output.getvalue()


def _row(line: Line, columns: Sequence[_Column]) -> list[Any]:
    row: list[Any] = [safe_text(line.name), line.role, line.key]
    for place, column in enumerate(columns):
        cell = line.cells[place] if place < len(line.cells) else Cell("")
        if not column.number:
            row.append(safe_text(cell.text))
            continue
        row.append("" if cell.value is None else cell.value)
        if column.states:
            row.append(cell.status or ("value" if cell.value is not None else "none"))
    return row


def _resource(name: str, table: Table, columns: Sequence[_Column]) -> dict[str, Any]:
    fields: list[dict[str, Any]] = [
        {"name": "row", "type": "string", "title": table.heads[0], "constraints": {"required": True}},
        {"name": "role", "type": "string", "description": _("value, apart (not stated, others) or total")},
        {"name": "key", "type": "string", "description": _("the code of the row, the same in every making")},
    ]
    for column in columns:
        fields.append({"name": column.name, "type": "number" if column.number else "string", "title": column.title})
        if column.states:
            states: dict[str, Any] = {"name": f"{column.name}_status", "type": "string"}
            states["description"] = _("What the figure is worth, or why there is none; never 0 for a protected one.")
            states["constraints"] = {"enum": list(STATES)}
            fields.append(states)
    return {
        "name": name,
        "path": f"data/{name}.csv",
        "profile": "tabular-data-resource",
        "title": table.caption,
        "description": " ".join(part for part in (table.subtitle, *table.notes) if part),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "header": True},
        "schema": {"fields": fields, "missingValues": [""]},
    }


def _texts(document: Document) -> str:
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow(["section", "key", "text"])
    section = ""
    for block in shown(document):
        if isinstance(block, Heading):
            section = block.text
        elif isinstance(block, Paragraph):
            writer.writerow([safe_text(section), block.key, safe_text(block.text)])
        elif isinstance(block, Bullets):
            for term, text in block.items:
                writer.writerow([safe_text(section), "", safe_text(f"{term} {text}".strip())])
    return output.getvalue()


def _texts_resource() -> dict[str, Any]:
    names = {"section": _("Section"), "key": _("Paragraph"), "text": _("Text")}
    return {
        "name": "00-texts",
        "path": "data/00-texts.csv",
        "profile": "tabular-data-resource",
        "title": _("The texts of the report"),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {"fields": [{"name": name, "type": "string", "title": title} for name, title in names.items()]},
    }


def _package(document: Document, resources: list[dict[str, Any]]) -> dict[str, Any]:
    """The description of the whole; the sources and licences are those that the report prints."""
    sources, licences = [], set()
    for table in document.tables():
        if table.key == "sources":
            for line in table.lines:
                licences.add(line.cells[1].text)
                address = line.cells[-1].text
                sources.append({"title": line.name, "path": address} if address else {"title": line.name})
    about = [document.summary, document.demonstration, document.stamp]
    if licences - {""}:
        about.append(_("Licences of the sources: %(names)s.") % {"names": ", ".join(sorted(licences - {""}))})
    return {
        "profile": "tabular-data-package",
        "name": slugify(f"{document.subtitle} {document.title}")[:90] or "report",
        "title": f"{document.subtitle} {document.title}",
        "description": " ".join(part for part in about if part),
        "contributors": [{"title": document.body, "role": "publisher"}],
        "demonstration": bool(document.demonstration),
        "date": document.date,
        "sources": sources,
        "resources": resources,
    }
