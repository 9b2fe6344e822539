"""Numbers about areas: households, incomes, indices; in rows of years or in columns of years."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from trama.intake import files
from trama.intake.recipe import AreaColumn, IndicatorSpec, RecipeError, ValuesStep
from trama.intake.steps.run import Run, note_skips, skipped
from trama.intake.verdicts import StepReport
from trama.territory.models import Area, AreaClosure, ContextIndicator, ContextValue

# ISTAT's marks for a number that is not there, each with a meaning of its own.
MARKS = {"-": "not_applicable", "..": "not_yet", "...": "not_collected", "....": "too_small"}
Key = tuple[int, str, int]  # area, indicator, year
Cell = tuple[float | None, str]  # value, state
DEFINITION = (
    "theme", "name_it", "name_en", "description_it", "description_en", "unit_it", "unit_en", "decimals", "polarity",
    "adds_up", "centre", "compare_within", "position",
)  # fmt: skip


@dataclass
class _Reading:
    """What the file says, by area, indicator and year."""

    step: ValuesStep
    report: StepReport
    columns: dict[str, str]
    cells: dict[Key, Cell] = field(default_factory=dict)
    rows: dict[Key, int] = field(default_factory=dict)


def load_values(run: Run, step: ValuesStep, report: StepReport) -> None:
    """Read the file, define the indicators, and bring the values up to date."""
    if step.area is None or not step.indicators:
        raise RecipeError(_("the step “%(name)s” must say “area” and “indicators”.") % {"name": step.name})
    table = run.table(step.file, step.table)
    reading = _Reading(step, report, _columns(step, table))
    for row in table.rows:
        report.rows += 1
        rule = skipped(step.skip, reading.columns, row)
        if rule is not None:
            note_skips(report, rule, row)
            continue
        _read_row(run, reading, step.area, row)
    _sum_up(run, reading, step.area)
    _shares(reading)
    indicators = _define(step, report)
    _write(run, reading, indicators)


def _columns(step: ValuesStep, table: files.Table) -> dict[str, str]:
    """Each column that the recipe names, as the file writes it."""
    assert step.area is not None  # noqa: S101
    wanted = [step.area.column, *(rule.column for rule in step.skip)]
    if step.year:
        wanted.append(step.year)
    for spec in step.indicators:
        wanted += [spec.value, *spec.where, spec.excluded.column if spec.excluded else ""]
    return {name: table.column(name) for name in wanted if name}


def _years(reading: _Reading, row: files.Row) -> list[tuple[int, str]]:
    """The years that a row speaks of, each with the column of its value ("" : that of the indicator)."""
    step = reading.step
    if step.years_in_columns:
        years = [(int(name), name) for name in row.cells if name.isdigit() and len(name) == 4]
    elif step.fixed_year is not None:
        years = [(step.fixed_year, "")]
    else:
        text = row[reading.columns[step.year]].strip() if step.year else ""
        if not (text.isdigit() and 1800 < int(text) < 2200):
            reading.report.refuse(row.number, step.year, _("“%(text)s” is not a year") % {"text": text})
            return []
        years = [(int(text), "")]
    return [(year, column) for year, column in years if not step.only_years or year in step.only_years]


def _read_row(run: Run, reading: _Reading, spec: AreaColumn, row: files.Row) -> None:
    name = row[reading.columns[spec.column]]
    area = run.area_of(spec, name)
    if area is None:
        reading.report.refuse(row.number, spec.column, _("no area is called “%(name)s”") % {"name": name}, name)
        return
    for year, column in _years(reading, row):
        for indicator in reading.step.indicators:
            if not indicator.share:
                _read_cell(reading, indicator, row, area, year, column)


def _read_cell(reading: _Reading, spec: IndicatorSpec, row: files.Row, area: int, year: int, column: str) -> None:
    columns = reading.columns
    if any(row[columns[name]].strip() != value for name, value in spec.where.items()):
        return
    if str(year) in spec.except_years:
        why = _("%(name)s, %(year)s: %(why)s") % {
            "name": spec.name_it,
            "year": year,
            "why": spec.except_years[str(year)],
        }
        if not any(verdict.why == why for verdict in reading.report.those("noted")):
            reading.report.say("noted", why, row=row.number, column=spec.value)
        return
    column = column or columns.get(spec.value, "")
    if not column:
        raise RecipeError(_("the indicator “%(code)s” names no column.") % {"code": spec.code})
    key = (area, spec.code, year)
    text = row[column].strip()
    if spec.excluded and row[columns[spec.excluded.column]].strip() in spec.excluded.values:
        cell: Cell = (None, "excluded")
    elif text in MARKS:
        cell = (None, MARKS[text])
    elif not text or text in spec.missing:
        cell = (None, "missing")
    else:
        try:
            value = files.number(text, reading.step.table.decimal)
        except ValueError:
            reading.report.refuse(row.number, column, _("“%(text)s” is not a number") % {"text": text[:40]}, spec.code)
            return
        assert value is not None  # noqa: S101
        cell = (value * spec.scale.get(str(year), 1.0), "value")
    _put(reading, spec, key, cell, row, column)


def _put(reading: _Reading, spec: IndicatorSpec, key: Key, cell: Cell, row: files.Row, column: str) -> None:
    before = reading.cells.get(key)
    if before is None or before[0] is None:
        if before is None or cell[0] is not None:
            reading.cells[key] = cell
            reading.rows[key] = row.number
    elif cell[0] is not None:
        if not spec.adds_up:
            reading.report.refuse(
                row.number, column, _("row %(row)s already states this value") % {"row": reading.rows[key]}, spec.code
            )
            return
        reading.cells[key] = (before[0] + cell[0], "value")


def _sum_up(run: Run, reading: _Reading, spec: AreaColumn) -> None:
    """Sums of what adds up, in the areas above."""
    if not spec.sum_up_to:
        return
    above: dict[int, list[int]] = {}
    wanted = {area for area, _code, _year in reading.cells}
    links = AreaClosure.objects.filter(area__in=wanted, ancestor_kind__in=spec.sum_up_to, distance__gt=0)
    for area, ancestor in links.order_by("pk").values_list("area_id", "ancestor_id"):
        above.setdefault(area, []).append(ancestor)
    adds_up = {indicator.code for indicator in reading.step.indicators if indicator.adds_up}
    sums: dict[Key, float] = {}
    for (area, code, year), (value, _state) in reading.cells.items():
        if code in adds_up and value is not None:
            for ancestor in above.get(area, []):
                sums[(ancestor, code, year)] = sums.get((ancestor, code, year), 0.0) + value
    reading.cells.update({key: (value, "value") for key, value in sums.items()})


def _shares(reading: _Reading) -> None:
    """Percentages of one indicator in another (× 100), wherever both are known."""
    for spec in reading.step.indicators:
        if not spec.share:
            continue
        if len(spec.share) != 2:
            raise RecipeError(_("the share of “%(code)s” needs two indicators.") % {"code": spec.code})
        top, bottom = spec.share
        for (area, code, year), (value, _state) in list(reading.cells.items()):
            if code != bottom or not value:
                continue
            part = reading.cells.get((area, top, year), (0.0, "value"))[0]
            if part is not None:
                reading.cells[(area, spec.code, year)] = (100.0 * part / value, "value")


def _define(step: ValuesStep, report: StepReport) -> dict[str, ContextIndicator]:
    """The definitions of the indicators, brought up to date."""
    known = {item.code: item for item in ContextIndicator.objects.filter(code__in=[s.code for s in step.indicators])}
    changed = 0
    for spec in step.indicators:
        item = known.get(spec.code) or ContextIndicator(code=spec.code)
        values = {name: getattr(spec, name) for name in DEFINITION}
        if item.pk is None or any(getattr(item, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(item, name, value)
            item.save()
            changed += 1
        known[spec.code] = item
    if changed:
        report.related["indicators"] = report.related["changed"] = changed
    return known


def _write(run: Run, reading: _Reading, indicators: dict[str, ContextIndicator]) -> None:
    report, source = reading.report, run.source(reading.step)
    areas = set(run.area_ids())
    existing = {
        (value.area_id, indicators_by_id[value.indicator_id], value.year): value
        for indicators_by_id in [{item.pk: code for code, item in indicators.items()}]
        for value in ContextValue.objects.filter(indicator__in=list(indicators_by_id)).order_by("pk")
        if value.area_id in areas
    }
    new: list[ContextValue] = []
    changed: list[ContextValue] = []
    for (area, code, year), (number, state) in reading.cells.items():
        row = existing.pop((area, code, year), None)
        if row is None:
            new.append(
                ContextValue(
                    area_id=area, indicator=indicators[code], year=year, value=number, state=state, source=source
                )
            )
        elif row.state != state or not _equal(row.value, number) or row.source_id != (source.pk if source else None):
            report.fields[code] += 1
            row.value, row.state, row.source = number, state, source
            changed.append(row)
        else:
            report.same += 1
    ContextValue.objects.bulk_create(new, batch_size=1000)
    ContextValue.objects.bulk_update(changed, ["value", "state", "source"], batch_size=300)
    report.new, report.updated = len(new), len(changed)
    names = dict(Area.objects.filter(pk__in={key[0] for key in existing}).values_list("pk", "name"))
    for area, code, year in existing:
        if source and existing[(area, code, year)].source_id == source.pk:
            report.say("gone", _("no longer in the file"), column=code, label=f"{names[area]} {year}")


def _equal(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
