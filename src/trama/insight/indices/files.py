"""An index as a file: one line per value with its state in a column, a workbook to work on, JSON for programs."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from trama.insight import spreadsheet
from trama.insight.analysis.sensitivity import classes_of
from trama.insight.indices import exchange
from trama.insight.indices.reading import rounded
from trama.insight.indices.shapes import Index
from trama.insight.indices.wording import how
from trama.territory.choices import ValueState
from trama.ui.numbers import day

FORMS = ("csv", spreadsheet.ITALIAN, "xlsx", "json", "schema.json")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json; charset=utf-8",
    "schema.json": "application/json; charset=utf-8",
    spreadsheet.ITALIAN: "text/csv; charset=utf-8",
}
WHOLE = "_index"  # in the column of domains: the index itself
COLUMNS = ("area", "area_name", "year", "domain", "domain_name", "value", "status", "fifth", "version", "sha256")


@dataclass(frozen=True)
class Line:
    """One value: of the index, or of a domain of it."""

    area: str
    area_name: str
    year: int
    domain: str
    domain_name: str
    value: float | None
    status: str
    fifth: int | None


def lines(index: Index) -> Iterator[Line]:
    """Every value of every year, the index first and then its domains."""
    definition = index.definition
    scores = [(WHOLE, definition.name, index.values)]
    scores += [(one.key, one.name, index.computed.parts[one.key].value) for one in definition.domains]
    for number, year in enumerate(index.years):
        for key, name, values in scores:
            fifths = classes_of(values[number])
            for n, place in enumerate(index.figures.areas):
                value = rounded(values[number, n])
                fifth = int(fifths[n]) or None
                yield Line(place.code, place.name, year, key, name, value, str(index.states[number, n]), fifth)


def csv_text(index: Index, *, italian: bool = False) -> str:
    """One line for each area and year, of the index and of its domains."""
    of_all = (index.definition.version, index.content_hash or "draft")
    return spreadsheet.csv_text(COLUMNS, ((*vars(line).values(), *of_all) for line in lines(index)), italian=italian)


def as_dict(index: Index) -> dict[str, Any]:
    """The JSON of an index: its definition, results with state, and the figures that went in."""
    figures = index.figures
    return {
        "format": 1,
        "definition": exchange.document(index.definition),
        "version": index.definition.version,
        "published": index.frozen_at.isoformat() if index.frozen_at else None,
        "sha256": index.content_hash or None,
        "method": how(index.definition),
        "sources": [vars(origin) for origin in index.origins()],
        "results": [vars(line) for line in lines(index)],
        "figures": [
            {
                "area": place.code,
                "year": year,
                "indicator": part.indicator,
                "value": None if not np.isfinite(figures.values[t, n, m]) else float(figures.values[t, n, m]),
                "status": str(figures.states[t, n, m]),
                "scaled": rounded(index.computed.scaled[t, n, m]),
            }
            for t, year in enumerate(index.years)
            for n, place in enumerate(figures.areas)
            for m, part in enumerate(index.definition.parts)
        ],
    }


def json_text(index: Index) -> str:
    """See `as_dict`."""
    return json.dumps(as_dict(index), ensure_ascii=False, indent=1) + "\n"


def schema(index: Index) -> dict[str, Any]:
    """The columns of the CSV as a Table Schema (datapackage.org): types, meanings, and what each status says."""
    states = {str(state): str(label) for state, label in ValueState.choices}
    needed = {"constraints": {"required": True}}
    told: dict[str, dict[str, Any]] = {
        "area": {"type": "string", "title": _("Code"), **needed},
        "area_name": {"type": "string", "title": _("Area")},
        "year": {"type": "integer", "title": _("Year"), **needed},
        "domain": {
            "type": "string",
            "title": _("Domain"),
            "description": _("%(whole)s: the index itself") % {"whole": WHOLE},
            **needed,
        },
        "domain_name": {"type": "string", "title": _("Name of the domain")},
        "value": {
            "type": "number",
            "title": index.definition.name,
            "description": _("Empty where the status says that there is no figure."),
        },
        "status": {
            "type": "string",
            "title": _("Status"),
            "description": "; ".join(f"{state}: {text}" for state, text in states.items()),
            "constraints": {"required": True, "enum": list(states)},
        },
        "fifth": {
            "type": "integer",
            "title": _("Fifth"),
            "description": _("Five groups of areas of the same size: 1 holds the lowest values, 5 the highest."),
        },
        "version": {"type": "integer", "title": _("Version"), **needed},
        "sha256": {"type": "string", "title": "SHA-256", "description": _("draft: not published yet")},
    }
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "title": f"{index.definition.name} ({index.definition.code}, {index.definition.version})",
        "description": " ".join(part for part in (index.definition.description, *how(index.definition)) if part),
        "fields": [{"name": name} | told[name] for name in COLUMNS],
        "fieldsMatch": "exact",
        "missingValues": [""],
        "primaryKey": ["area", "year", "domain"],
    }


def xlsx_bytes(index: Index) -> bytes:
    """A workbook: results, the figures that went in, and how it is made."""
    import xlsxwriter

    output = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(output, options)
    book.set_properties({"title": index.definition.name})
    styles = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"}),
        "bold": book.add_format({"bold": True, "valign": "top"}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "score": book.add_format({"num_format": "0.0"}),
    }
    _results_sheet(book, index, styles)
    _figures_sheet(book, index, styles)
    _notes_sheet(book, index, styles)
    book.close()
    return output.getvalue()


def _results_sheet(book: Any, index: Index, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet(_("Index"))
    domains = index.definition.domains
    names = [_("Code"), _("Area"), _("Year"), index.definition.name, _("Fifth"), *(one.name for one in domains)]
    _head(sheet, [*names, _("Status")], styles)
    labels = dict(ValueState.choices)
    row = 0
    for t, year in enumerate(index.years):
        fifths = classes_of(index.values[t])
        for n, place in enumerate(index.figures.areas):
            row += 1
            sheet.write_string(row, 0, place.code)
            sheet.write_string(row, 1, place.name)
            sheet.write_number(row, 2, year)
            _score(sheet, row, 3, index.values[t, n], styles)
            if fifths[n]:
                sheet.write_number(row, 4, int(fifths[n]))
            else:
                sheet.write_string(row, 4, _("n.a."))
            for m, one in enumerate(domains):
                _score(sheet, row, 5 + m, index.computed.parts[one.key].value[t, n], styles)
            state = str(index.states[t, n])
            sheet.write_string(row, 5 + len(domains), str(labels.get(state, state)))
    sheet.autofilter(0, 0, max(row, 1), len(names))


def _figures_sheet(book: Any, index: Index, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet(_("Figures"))
    parts = index.definition.parts
    heads = [_("Code"), _("Area"), _("Year")]
    for part in parts:
        heads += [f"{part.name} ({part.unit})" if part.unit else part.name, _("status"), _("on the common scale")]
    _head(sheet, heads, styles)
    labels = dict(ValueState.choices)
    row = 0
    for t, year in enumerate(index.years):
        for n, place in enumerate(index.figures.areas):
            row += 1
            sheet.write_string(row, 0, place.code)
            sheet.write_string(row, 1, place.name)
            sheet.write_number(row, 2, year)
            for m in range(len(parts)):
                value, state = index.figures.values[t, n, m], str(index.figures.states[t, n, m])
                if np.isfinite(value):
                    sheet.write_number(row, 3 + 3 * m, float(value))
                else:
                    sheet.write_string(row, 3 + 3 * m, _("n.a."))
                sheet.write_string(row, 4 + 3 * m, str(labels.get(state, state)))
                _score(sheet, row, 5 + 3 * m, index.computed.scaled[t, n, m], styles)


def _score(sheet: Any, row: int, col: int, value: float, styles: dict[str, Any]) -> None:
    if np.isfinite(value):
        sheet.write_number(row, col, float(value), styles["score"])
    else:
        sheet.write_string(row, col, _("n.a."))


def _head(sheet: Any, names: list[str], styles: dict[str, Any]) -> None:
    for n, name in enumerate(names):
        sheet.write_string(0, n, name, styles["head"])
    sheet.set_column(0, len(names), 16)
    sheet.set_column(1, 1, 32)
    sheet.freeze_panes(1, 2)


def _notes_sheet(book: Any, index: Index, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet(_("Notes"))
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)
    about = [
        (_("Index"), index.definition.name),
        (_("Version"), str(index.definition.version)),
        (_("Published"), day(index.frozen_at) if index.frozen_at else _("no: a draft")),
        (_("What it is for"), index.definition.description or "–"),
        *((_("How it is made"), step) for step in how(index.definition)),
        *((_("Source"), f"{one.title} – {one.publisher} – {one.licence}".strip(" –")) for one in index.origins()),
        (_("How to read it"), _("It compares areas: it is no ranking of who does better.")),
        ("SHA-256", index.content_hash or "–"),
    ]
    for n, (name, text) in enumerate(about):
        sheet.write_string(n, 0, name, styles["bold"])
        sheet.write_string(n, 1, text, styles["wrap"])


def content(index: Index, form: str) -> bytes:
    """The file of one of `FORMS`."""
    if form == "xlsx":
        return xlsx_bytes(index)
    if form == spreadsheet.ITALIAN:
        return csv_text(index, italian=True).encode("utf-8")
    if form == "schema.json":
        return (json.dumps(schema(index), ensure_ascii=False, indent=1) + "\n").encode("utf-8")
    return (csv_text(index) if form == "csv" else json_text(index)).encode("utf-8")


def file_name(index: Index, form: str) -> str:
    """A name that says which index, which version."""
    mark = "" if index.content_hash else "-bozza"
    return f"{index.definition.code}-v{index.definition.version}{mark}.{form}"
