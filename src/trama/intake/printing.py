"""Verdicts on paper: the table that a terminal shows, and the file with every row."""

from __future__ import annotations

import csv
from pathlib import Path

from django.utils.translation import gettext as _

from trama.intake.context.deciding import decision_for, proposed
from trama.intake.context.mapping import decision_lines
from trama.intake.recipe import DOINGS, RecipeError
from trama.intake.verdicts import Report, StepReport, Verdict

SHOWN = 20  # rows of each kind that a terminal shows; the rest is in the file of --report


def outcome_name(outcome: str) -> str:
    """An outcome in the language of the reader."""
    names = {
        "new": _("new"),
        "same": _("the same"),
        "updated": _("updated"),
        "refused": _("refused"),
        "noted": _("note"),
        "gone": _("no longer in the file"),
        "closed": _("closed"),
        "possible": _("perhaps here already"),
        "duplicate": _("twice in the file"),
        "dropped": _("only the cell is left out"),
    }
    return names.get(outcome, outcome)


def table(report: Report) -> str:
    """The counts of each step as a table, followed by what is refused, noted and gone."""
    heads = [_("step"), _("rows"), _("new"), _("the same"), _("updated"), _("refused"), _("left out"), _("gone")]
    rows: list[list[object]] = [
        [step.name, step.rows, step.new, step.same, step.updated, step.refused, step.skipped, step.gone]
        for step in report.steps
    ]
    widths = [max(len(str(row[column])) for row in [list[object](heads), *rows]) for column in range(len(heads))]
    lines = [
        "  ".join(_padded(cell, width, column) for column, (cell, width) in enumerate(zip(heads, widths, strict=True)))
    ]
    lines.append("  ".join("-" * width for width in widths))
    lines += [
        "  ".join(_padded(cell, width, column) for column, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    for step in report.steps:
        lines += _details(step.name, step.those("refused"), _("refused"))
        lines += _details(step.name, step.those("dropped"), _("only the cell is left out"))
        lines += _details(step.name, step.those("gone") + step.those("closed"), _("no longer in the file"))
        lines += _details(step.name, step.those("noted"), _("noted"))
        lines += _breaks(step)
        if step.overwritten:
            words = {"step": step.name, "count": step.overwritten}
            lines.append(_("%(step)s: %(count)s values that are here already become others") % words)
        for title, count in step.other_sources.most_common(10):
            words = {"step": step.name, "count": count, "title": title}
            lines.append(_("%(step)s: %(count)s of them are today of the source “%(title)s”") % words)
        if step.fields:
            fields = ", ".join(f"{name} ({count})" for name, count in step.fields.most_common(12))
            lines.append(_("%(step)s: fields that change: %(fields)s") % {"step": step.name, "fields": fields})
    return "\n".join(lines)


def _breaks(step: StepReport) -> list[str]:
    """The breaks of scale that wait for a decision, with what may be written into the recipe."""
    lines: list[str] = []
    for found in step.breaks:
        words = {"name": found.name, "year": found.year, "count": len(found.rows)}
        lines += ["", _("%(name)s, %(year)s: %(count)s numbers jump. Write into the step one of these:") % words]
        lines += [f"  {line}" for line in decision_lines(decision_for(found, proposed(found) or "keep"))]
        lines.append("  # do = " + ", ".join(f'"{do}"' for do in DOINGS))
    return lines


def _padded(cell: object, width: int, column: int) -> str:
    return str(cell).ljust(width) if column == 0 else str(cell).rjust(width)


def _details(step: str, verdicts: list[Verdict], title: str) -> list[str]:
    if not verdicts:
        return []
    lines = ["", f"{step}: {title}: {len(verdicts)}"]
    lines += [f"  {line(verdict)}" for verdict in verdicts[:SHOWN]]
    if len(verdicts) > SHOWN:
        lines.append(
            "  " + _("… and %(count)s more (--report FILE.csv writes them all)") % {"count": len(verdicts) - SHOWN}
        )
    return lines


def line(verdict: Verdict) -> str:
    """One verdict as a line: where, what, why."""
    parts = []
    if verdict.row:
        parts.append(_("row %(row)s") % {"row": verdict.row})
    if verdict.column:
        parts.append(_("column “%(column)s”") % {"column": verdict.column})
    where = ", ".join(parts)
    label = f"{verdict.label}: " if verdict.label else ""
    return f"{where}: {label}{verdict.why}" if where else f"{label}{verdict.why}"


def write_verdicts(report: Report, path: Path) -> None:
    """Every verdict as a row of a .csv or .xlsx file."""
    heads = [_("step"), _("outcome"), _("row"), _("column"), _("record"), _("why")]
    rows = [[v.step, outcome_name(v.outcome), str(v.row or ""), v.column, v.label, v.why] for v in report.verdicts()]
    if path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL)
            writer.writerows([[_safe(cell) for cell in row] for row in [heads, *rows]])
    elif path.suffix.lower() == ".xlsx":
        _write_workbook(path, [heads, *rows])
    else:
        raise RecipeError(_("the report ends in .csv or .xlsx, not in “%(suffix)s”.") % {"suffix": path.suffix})


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _write_workbook(path: Path, rows: list[list[str]]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(_("verdicts")[:31])
        bold = book.add_format({"bold": True})
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell, bold if number == 0 else None)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
