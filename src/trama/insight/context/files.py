"""An indicator as a file: CSV, XLSX, JSON. One line per area and year, with its status, reason, source and licence."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from trama.core import facts
from trama.core.keys import among
from trama.insight import spreadsheet
from trama.insight.context.reading import NOT_LOADED, Reading, base_text, reason_of
from trama.insight.context.words import polarity_text
from trama.territory import finding
from trama.territory.choices import AreaKind, ValueState
from trama.territory.models import ContextValue

FORMS = ("csv", spreadsheet.ITALIAN, "xlsx", "json", "schema.json")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json; charset=utf-8",
    "schema.json": "application/json; charset=utf-8",
    spreadsheet.ITALIAN: "text/csv; charset=utf-8",
}
FORMAT = 1  # of the JSON; raised when a key changes its meaning
# The names of columns are for programs and stay in English, as those of all open files; workbooks have `heads`.
COLUMNS = (
    "indicator",
    "version",
    "area_code",
    "area",
    "part_of",
    "kind",
    "year",
    "value",
    "unit",
    "status",
    "reason",
    "note",
    "class",
    "source",
    "licence",
    "demonstration",
)


def records(reading: Reading, *, every_year: bool = False) -> list[dict[str, Any]]:
    """The lines of the file: the year on the page, or every year (then without classes, which belong to one)."""
    if every_year:
        return _every_year(reading)
    return [
        _record(
            reading,
            row.area,
            reading.chosen.year,
            row.value,
            row.state,
            version=row.version,
            note=row.note,
            label=row.label,
            source=row.source,
            licence=row.licence,
        )
        for row in reading.rows
    ]


def _every_year(reading: Reading) -> list[dict[str, Any]]:
    rows = ContextValue.objects.filter(indicator=reading.indicator, area__in=among(reading.chosen.members))
    fields = ("area_id", "year", "value", "state", "version", "note", "source__title", "source__licence")
    known = {(pk, year): rest for pk, year, *rest in rows.order_by().values_list(*fields)}
    years = sorted({year for _pk, year in known})
    found = []
    for pk in reading.chosen.members:
        for year in years:
            value, state, version, note, source, licence = known.get((pk, year), (None, NOT_LOADED, "", "", "", ""))
            rounded = None if value is None else round(value, reading.indicator.decimals)
            found.append(
                _record(
                    reading,
                    pk,
                    year,
                    rounded,
                    state,
                    version=version,
                    note=note,
                    source=source or "",
                    licence=licence or "",
                )
            )
    return found


def _record(
    reading: Reading,
    area: int,
    year: int,
    value: float | None,
    state: str,
    *,
    version: str,
    note: str,
    source: str,
    licence: str,
    label: str = "",
) -> dict[str, Any]:
    node = finding.nodes()[area]
    whole = value is not None and reading.indicator.decimals == 0
    return {
        "indicator": reading.indicator.code,
        "version": version,
        "area_code": node.code,
        "area": node.name,
        "part_of": finding.name_of(node.parent),
        "kind": node.kind,
        "year": year,
        "value": int(value) if whole and value is not None else value,
        "unit": reading.indicator.unit,
        "status": state,
        "reason": "" if state == ValueState.VALUE else reason_of(state),
        "note": note,
        "class": label,
        "source": source,
        "licence": licence,
        "demonstration": int(facts.is_demonstration()),
    }


def heads() -> list[str]:
    """The columns as a person reads them at the head of a workbook, in the order of `COLUMNS`."""
    return [
        _("Indicator"),
        _("Version"),
        _("Code"),
        _("Area"),
        _("Part of"),
        _("Kind of area"),
        _("Year"),
        _("Value"),
        _("Unit"),
        _("Status"),
        _("Reason"),
        _("Note"),
        _("Class"),
        _("Source"),
        _("Licence"),
        _("Demonstration"),
    ]


def _worded(name: str, cell: str) -> str:
    """A cell of a workbook in words, where the other files carry a key."""
    if name == "status":
        return _("value") if cell == ValueState.VALUE else reason_of(cell)
    return str(AreaKind(cell).label) if name == "kind" else cell


def about(reading: Reading) -> list[tuple[str, str]]:
    """What the figures are, for the sheet of notes and the head of the JSON."""
    indicator = reading.indicator
    found = [
        (_("Indicator"), indicator.name),
        (_("What it is"), indicator.description or "–"),
        (_("Unit"), indicator.unit or "–"),
        (_("Which way"), polarity_text(indicator)),
        (_("Version of the definition"), indicator.version),
        (_("Base"), base_text(reading)),
        (_("Classes"), reading.scale.said if reading.scale else "–"),
        *((_("Source"), _source(source)) for source in reading.sources),
    ]
    if facts.is_demonstration():
        found.insert(0, (_("Demonstration"), _("Part of these records is invented.")))
    return found


def _source(source: Any) -> str:
    return ", ".join(part for part in (source.title, source.publisher, source.licence, source.url) if part)


def csv_text(lines: Sequence[dict[str, Any]], *, italian: bool = False) -> str:
    """One line for each area and year."""
    return spreadsheet.csv_text(COLUMNS, ([line[name] for name in COLUMNS] for line in lines), italian=italian)


def json_text(reading: Reading, lines: Sequence[dict[str, Any]]) -> str:
    """JSON: what is measured, then a line for each area and year."""
    indicator, chosen = reading.indicator, reading.chosen
    found = {
        "format": FORMAT,
        "indicator": {
            "code": indicator.code,
            "version": indicator.version,
            "name": indicator.name,
            "description": indicator.description,
            "unit": indicator.unit,
            "decimals": indicator.decimals,
            "polarity": indicator.polarity,
            "adds_up": indicator.adds_up,
            "centre": indicator.centre,
            "compare_within": indicator.compare_within or None,
        },
        "level": chosen.level,
        "under": chosen.under.code if chosen.under else None,
        "year": chosen.year,
        "base": {"known": len(reading.known), "areas": len(reading.rows), "text": base_text(reading)},
        "classes": reading.scale
        and {"method": reading.scale.method, "labels": list(reading.scale.labels), "text": reading.scale.said},
        "demonstration": facts.is_demonstration(),
        "sources": [
            {"title": s.title, "publisher": s.publisher, "licence": s.licence, "url": s.url} for s in reading.sources
        ],
        "values": list(lines),
    }
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def schema(reading: Reading) -> dict[str, Any]:
    """The columns of the CSV as a Table Schema (datapackage.org): types, meanings, and what each status says."""
    indicator = reading.indicator
    said = {state: reason_of(state) for state in (*ValueState.values, NOT_LOADED)}
    whole = "integer" if indicator.decimals == 0 else "number"
    about_value = {
        "title": indicator.name,
        "description": _("Empty where the status says that there is no figure."),
        "unit": indicator.unit,
    }
    more: dict[str, dict[str, Any]] = {
        "area_code": {"constraints": {"required": True}},
        "year": {"type": "integer", "constraints": {"required": True}},
        "value": {"type": whole, **about_value},
        "status": {
            "description": "; ".join(f"{state}: {text}" for state, text in said.items()),
            "constraints": {"required": True, "enum": list(said)},
        },
        "demonstration": {"type": "integer"},
    }
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "title": f"{indicator.name} ({indicator.code}, {indicator.version})",
        "description": " ".join(part for part in (indicator.description, base_text(reading)) if part),
        "fields": [{"name": name, "type": "string"} | more.get(name, {}) for name in COLUMNS],
        "fieldsMatch": "exact",
        "missingValues": [""],
        "primaryKey": ["area_code", "year"],
    }


def xlsx_bytes(reading: Reading, lines: Sequence[dict[str, Any]]) -> bytes:
    """A workbook: the figures as numbers, and a sheet of notes."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bottom": 1})
    shown = book.add_format({"num_format": "#,##0" + ("." + "0" * reading.indicator.decimals).rstrip(".")})
    sheet = book.add_worksheet(_("Figures"))
    sheet.freeze_panes(1, 0)
    for j, (name, title) in enumerate(zip(COLUMNS, heads(), strict=True)):
        sheet.write_string(0, j, title, head)
        sheet.set_column(j, j, 30 if name in ("area", "part_of", "source", "reason") else 14)
    for i, line in enumerate(lines, 1):
        for j, name in enumerate(COLUMNS):
            cell = line[name]
            if isinstance(cell, str):
                sheet.write_string(i, j, _worded(name, cell))
            elif cell is not None:
                sheet.write_number(i, j, cell, shown if name == "value" else None)
    sheet.autofilter(0, 0, max(1, len(lines)), len(COLUMNS) - 1)
    notes = book.add_worksheet(_("Notes"))
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    notes.set_column(0, 0, 28)
    notes.set_column(1, 1, 100)
    for i, (name, text) in enumerate(about(reading)):
        notes.write_string(i, 0, name, head)
        notes.write_string(i, 1, text, wrap)
    book.close()
    return out.getvalue()


def content(reading: Reading, form: str, *, every_year: bool = False) -> bytes:
    """The file of one of `FORMS`."""
    if form == "schema.json":
        return (json.dumps(schema(reading), ensure_ascii=False, indent=1) + "\n").encode("utf-8")
    lines = records(reading, every_year=every_year)
    if form == "xlsx":
        return xlsx_bytes(reading, lines)
    if form == spreadsheet.ITALIAN:
        return csv_text(lines, italian=True).encode("utf-8")
    return (csv_text(lines) if form == "csv" else json_text(reading, lines)).encode("utf-8")


def file_name(reading: Reading, form: str, *, every_year: bool = False) -> str:
    """ "households_one_share-zona-2023.csv"."""
    chosen = reading.chosen
    when = _("every year") if every_year else str(chosen.year)
    return slugify(f"{reading.indicator.code} {AreaKind(chosen.level).label} {when}") + f".{form}"
