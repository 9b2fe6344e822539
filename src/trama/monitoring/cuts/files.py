"""All cuts of a wave as one file: CSV and JSON with one figure per line, XLSX with one sheet per cut."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from trama.insight.shapes import RECORDS, Status
from trama.monitoring.cuts.telling import Category, Cut, Number
from trama.monitoring.models import Wave
from trama.ui.exports import safe_text
from trama.ui.numbers import day

FORMS = ("csv", "xlsx", "json", "schema.json")
FORMAT = 1  # of the JSON; raised when a key changes its meaning


@dataclass(frozen=True)
class Line:
    """One figure of one cut. The values `_total` and `_missing` are no values of the cut."""

    cut: str
    cut_name: str
    several_answers: int
    value_of_cut: str
    value_name: str
    measure: str
    measure_name: str
    value: float | None
    status: str
    exact: int
    estimated: int
    unknown: int
    share: float | None
    said: int
    base: int
    demonstration: int


def lines(wave: Wave, cuts: Sequence[Cut]) -> Iterator[Line]:
    """Every figure of these cuts, totals included."""
    for cut in cuts:
        places = [(one.key, one) for one in cut.categories]
        places += [("_missing", cut.silent)] if cut.silent else []
        for key, category in [*places, ("_total", cut.total)]:
            for figure in (category.count, *category.numbers.values()):
                yield _line(wave, cut, key, category, figure)


def _line(wave: Wave, cut: Cut, key: str, category: Category, figure: Number) -> Line:
    share = category.share if figure.key == RECORDS else None
    return Line(
        cut.key,
        cut.label,
        int(cut.several),
        key,
        category.label,
        figure.key,
        figure.label,
        figure.value,
        figure.status,
        figure.exact,
        figure.estimated,
        figure.unknown,
        None if share is None else round(share, 6),
        cut.said,
        cut.base,
        int(wave.is_demonstration),
    )


def csv_text(wave: Wave, cuts: Sequence[Cut]) -> str:
    """CSV, comma, UTF-8 with a mark that spreadsheets understand."""
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow([field.name for field in fields(Line)])
    for line in lines(wave, cuts):
        writer.writerow(["" if v is None else safe_text(v) if isinstance(v, str) else v for v in asdict(line).values()])
    return "\ufeff" + output.getvalue()


def schema(wave: Wave) -> dict[str, Any]:
    """The columns of the CSV as a Table Schema (datapackage.org)."""
    statuses = [str(status) for status in Status]
    told = {
        "cut": _("by what the records are cut"),
        "cut_name": _("its name"),
        "several_answers": _("1: a record may stand under several values; totals count it once and are no sums"),
        "value_of_cut": _("the value; _total: all together; _missing: not stated"),
        "value_name": _("its name"),
        "measure": _("what is counted"),
        "measure_name": _("its name"),
        "value": _("Empty where the status says that there is no figure."),
        "status": _(
            "value: as it was counted; estimated: it contains estimates, or numbers too small to be told; "
            "suppressed: protected, it is not zero; not_applicable: none of the records states the number"
        ),
        "exact": _("records that state the number exactly"),
        "estimated": _("records that state an estimate"),
        "unknown": _("records that do not state the number"),
        "share": _("share of the records that answer to the cut, 0 … 1; with several answers more than 1 in all"),
        "said": _("records that answer to the cut"),
        "base": _("records of the wave, or of the area that was chosen"),
        "demonstration": _("Part of these records is invented."),
    }
    kinds = {"value": "number", "share": "number"}
    kinds |= dict.fromkeys(
        ("several_answers", "exact", "estimated", "unknown", "said", "base", "demonstration"), "integer"
    )
    described: list[dict[str, Any]] = [
        {"name": name, "type": kinds.get(name, "string"), "description": text} for name, text in told.items()
    ]
    described[list(told).index("status")]["constraints"] = {"required": True, "enum": statuses}
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "title": wave.name,
        "fields": described,
        "fieldsMatch": "exact",
        "missingValues": [""],
        "primaryKey": ["cut", "value_of_cut", "measure"],
    }


def as_dict(wave: Wave, cuts: Sequence[Cut]) -> dict[str, Any]:
    """The JSON; its keys are stable within a `format`."""
    about = [
        {"key": cut.key, "title": cut.title, "several_answers": cut.several, "said": cut.said, "base": cut.base}
        | {"notes": list(cut.notes), "refused": dict(cut.refused)}
        for cut in cuts
    ]
    return {
        "format": FORMAT,
        "wave": wave.name,
        "promoter": wave.promoter,
        "period": [wave.starts_on.isoformat(), wave.ends_on.isoformat()],
        "closed": wave.closed_at.date().isoformat() if wave.closed_at else None,
        "fingerprint": wave.fingerprint,
        "cuts": about,
        "figures": [asdict(line) for line in lines(wave, cuts)],
        "demonstration": wave.is_demonstration,
    }


def xlsx_bytes(wave: Wave, cuts: Sequence[Cut]) -> bytes:
    """A workbook: one sheet per cut, as it is read; first what they are and where they come from."""
    import xlsxwriter

    output = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(output, options)
    book.set_properties({"title": wave.name, "company": wave.promoter})
    styles = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"}),
        "bold": book.add_format({"bold": True}),
        "number": book.add_format({"num_format": "#,##0"}),
        "share": book.add_format({"num_format": "0.0%"}),
        "words": book.add_format({"align": "right", "italic": True}),
    }
    _contents_sheet(book, wave, cuts, styles)
    names: set[str] = set()
    for number, cut in enumerate(cuts, start=1):
        _cut_sheet(book.add_worksheet(_sheet_name(cut, number, names)), cut, styles)
    book.close()
    return output.getvalue()


def _sheet_name(cut: Cut, number: int, names: set[str]) -> str:
    """A name that spreadsheets take: at most 31 signs, none of those that they refuse, none twice."""
    plain = "".join(" " if sign in "[]:*?/\\'" else sign for sign in cut.label).strip()[:27] or str(number)
    name = plain if plain.casefold() not in names else f"{plain[:26]} {number}"
    names.add(name.casefold())
    return name


def _contents_sheet(book: Any, wave: Wave, cuts: Sequence[Cut], styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet(_("Contents"))
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 2, 14)
    period = f"{day(wave.starts_on)} – {day(wave.ends_on)}"
    told = [wave.name, wave.promoter, period, f"SHA-256 {wave.fingerprint}" if wave.fingerprint else ""]
    if wave.is_demonstration:
        told.append(_("Demonstration: part of these records is invented."))
    for row, text in enumerate(told):
        sheet.write_string(row, 0, text, styles["bold"] if not row else None)
    top = len(told) + 1
    for column, text in enumerate((_("Table"), _("stated by"), _("of"))):
        sheet.write_string(top, column, text, styles["head"])
    for row, cut in enumerate(cuts, start=top + 1):
        sheet.write_string(row, 0, cut.title)
        sheet.write_number(row, 1, cut.said, styles["number"])
        sheet.write_number(row, 2, cut.base, styles["number"])


def _cut_sheet(sheet: Any, cut: Cut, styles: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 8, 14)
    sheet.write_string(0, 0, cut.title, styles["bold"])
    heads = [cut.label, cut.total.count.label, _("Share"), *(one.label for one in cut.total.numbers.values())]
    for column, text in enumerate(heads):
        sheet.write_string(2, column, text, styles["head"])
    sheet.freeze_panes(3, 1)
    shown = [*cut.categories, *([cut.silent] if cut.silent else []), cut.total]
    for row, category in enumerate(shown, start=3):
        sheet.write_string(row, 0, category.label)
        _write(sheet, row, 1, category.count, styles)
        if category.share is not None:
            sheet.write_number(row, 2, category.share, styles["share"])
        for column, key in enumerate(cut.total.numbers, start=3):
            if (figure := category.numbers.get(key)) is not None:
                _write(sheet, row, column, figure, styles)
    for row, note in enumerate([*cut.notes, *cut.refused.values()], start=len(shown) + 4):
        sheet.write_string(row, 0, note)


def _write(sheet: Any, row: int, column: int, figure: Number, styles: dict[str, Any]) -> None:
    """A figure as a number, or the word for why there is none: never 0, never blank."""
    if figure.is_protected:
        sheet.write_string(row, column, _("protected"), styles["words"])
    elif figure.value is None:
        sheet.write_string(row, column, _("n.a."), styles["words"])
    else:
        sheet.write_number(row, column, figure.value, styles["number"])


def content(wave: Wave, cuts: Sequence[Cut], form: str) -> bytes:
    """The file of one of `FORMS`."""
    if form == "xlsx":
        return xlsx_bytes(wave, cuts)
    if form == "csv":
        return csv_text(wave, cuts).encode("utf-8")
    found = schema(wave) if form == "schema.json" else as_dict(wave, cuts)
    return (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def file_name(wave: Wave, form: str, area: str = "") -> str:
    """A name that says which wave, which area, of what day."""
    mark = "dimostrazione-" if wave.is_demonstration else ""
    parts = [slugify(wave.name)[:60] or f"wave-{wave.pk}", slugify(area)]
    day_ = (wave.closed_at.date() if wave.closed_at else wave.ends_on).isoformat()
    return f"{mark}{'-'.join(part for part in parts if part)}-{day_}.{form}"
