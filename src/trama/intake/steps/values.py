"""Numbers about areas: households, incomes, indices; in rows of years or in columns of years.

The order of what happens to a number: it is read with its state (or the reason why it is not there), what the recipe
says of its year is applied, then what a person decided about breaks of scale; then breaks are looked for. Where one is
found that nobody decided about, its numbers wait and the load is refused. Only then come sums, shares, and the writing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import history
from trama.intake import files
from trama.intake.context import deciding, known, overwriting, people
from trama.intake.context.cells import OBSERVATION, ORDINARY, is_ahead, month_of, read_cell, year_of
from trama.intake.context.reading import Cell, Key, Reading
from trama.intake.recipe import ANY, AreaColumn, IndicatorSpec, RecipeError, ValuesStep
from trama.intake.steps.run import Run, note_skips, skipped
from trama.intake.verdicts import StepReport
from trama.territory.choices import ValueState
from trama.territory.models import Area, AreaClosure, ContextDefinition, ContextIndicator, ContextValue

# What a definition says; the first are its meaning, which a version keeps.
MEANING = (
    "name_it", "name_en", "description_it", "description_en", "unit_it", "unit_en", "polarity", "adds_up", "centre",
    "compare_within",
)  # fmt: skip
DEFINITION = (*MEANING, "version", "theme", "decimals", "position")
MACHINE = (".xlsx", ".xls", ".ods")
WHY_AT_MOST = 40  # unknown areas of which the nearest name is looked for


def load_values(run: Run, step: ValuesStep, report: StepReport) -> None:
    """Read the file, define the indicators, and bring the values up to date."""
    step = replace(step, indicators=known.as_counted(step.indicators))
    if step.area is None or not step.indicators:
        raise RecipeError(_("the step “%(name)s” must say “area” and “indicators”.") % {"name": step.name})
    if bool(step.area.column) == bool(step.area.headers):
        raise RecipeError(_("the step “%(name)s”: “area” names either a “column” or “headers”.") % {"name": step.name})
    table = run.table(step.file, step.table)
    reading = Reading(step, report, _columns(step, table), machine=step.file.lower().endswith(MACHINE))
    area = people.at_home(step, step.area)
    for row in table.rows:
        report.rows += 1
        rule = skipped(step.skip, reading.columns, row)
        if rule is not None:
            note_skips(report, rule, row)
            continue
        _read_row(run, reading, area, row)
    _say_unknown(reading, area)
    _say_repeated(reading)
    people.publish(reading)
    deciding.settle(reading)
    deciding.hold_back(reading)
    _sum_up(reading, step.area)
    _shares(reading)
    known.leave_out_too_large(reading)
    indicators = _define(run, step, report)
    _write(run, reading, indicators)


def _columns(step: ValuesStep, table: files.Table) -> dict[str, str]:
    """Each column that the recipe names, as the file writes it."""
    assert step.area is not None  # noqa: S101
    wanted = [step.area.column, *step.area.headers, *(rule.column for rule in step.skip), step.year, step.multiplier]
    wanted.append(step.state.column if step.state else "")
    for spec in step.indicators:
        wanted += [spec.value, *spec.columns.values(), *spec.where, spec.excluded.column if spec.excluded else ""]
    wanted += [name for name in table.twice if step.years_in_columns and name.isdigit()]
    return {name: table.column(name) for name in wanted if name}


# --- reading ------------------------------------------------------------------------------------------------------
def _years(reading: Reading, spec: IndicatorSpec, row: files.Row) -> Iterable[tuple[int, str]]:
    """The years that a row states of an indicator, each with the column of its number."""
    step = reading.step
    if spec.columns:
        years = [(year_of(year) or 0, reading.columns[column]) for year, column in spec.columns.items()]
    elif step.years_in_columns:
        years = [(int(name), name) for name in row.cells if name.isdigit() and len(name) == 4]
    else:
        column = reading.columns.get(spec.value, "")
        if not column:
            raise RecipeError(_("the indicator “%(code)s” names no column.") % {"code": spec.code})
        year = step.fixed_year
        if year is None:
            year = year_of(row[reading.columns[step.year]]) if step.year else None
        years = [(year, column)] if year is not None else []
    return [(year, column) for year, column in years if not step.only_years or year in step.only_years]


def _has_no_year(reading: Reading, row: files.Row) -> bool:
    """Whether a row must say its year, and does not."""
    step = reading.step
    if step.years_in_columns or step.fixed_year is not None or all(s.columns or s.share for s in step.indicators):
        return False
    text = row[reading.columns[step.year]].strip() if step.year else ""
    if year_of(text) is not None:
        return False
    reading.report.refuse(row.number, step.year, _("“%(text)s” is not a year") % {"text": text[:40]})
    return True


def _read_row(run: Run, reading: Reading, spec: AreaColumn, row: files.Row) -> None:
    if spec.headers:
        _read_areas(run, reading, spec, row)
        return
    name = row[reading.columns[spec.column]]
    area = run.area_of(spec, name)
    if area is None:
        _unknown(run, reading, spec, row)
        return
    reading.names[area] = name.strip()
    if _has_no_year(reading, row):
        return
    for indicator in reading.step.indicators:
        if not indicator.share:
            for year, column in _years(reading, indicator, row):
                _read_number(reading, indicator, row, area, year, column)


def _read_areas(run: Run, reading: Reading, spec: AreaColumn, row: files.Row) -> None:
    """A row that holds a number for each area, under its name."""
    if _has_no_year(reading, row):
        return
    step = reading.step
    year = step.fixed_year or (year_of(row[reading.columns[step.year]]) if step.year else None)
    if year is None or (step.only_years and year not in step.only_years):
        return
    for header in spec.headers:
        area = run.area_of(spec, header)
        if area is None:
            _unknown_header(run, reading, spec, header)
            continue
        reading.names[area] = header
        for indicator in step.indicators:
            if not indicator.share:
                _read_number(reading, indicator, row, area, year, reading.columns[header])


def _unknown_header(run: Run, reading: Reading, spec: AreaColumn, header: str) -> None:
    """A column whose header names no area that is here: said once, with the header, not in each row."""
    report, name = reading.report, header.strip()[:80]
    new = name not in report.unknown
    report.unknown[name] += 1
    if not new:
        return
    if spec.unknown == "skip" and len(run.areas_called(name, spec.kind, spec.by, spec.within)) < 2:
        report.skipped += 1
        return
    report.refuse(reading.step.table.header_row, header, run.why_no_area(spec, name), name)


def _unknown(run: Run, reading: Reading, spec: AreaColumn, row: files.Row) -> None:
    """A row about an area that is not here: refused, or counted when the recipe expects some."""
    report, name = reading.report, row[reading.columns[spec.column]].strip()[:80]
    several = len(run.areas_called(name, spec.kind, spec.by, spec.within)) > 1
    new = name not in report.unknown
    report.unknown[name] += 1
    if spec.unknown == "skip" and not several:
        report.skipped += 1
        return
    if new and len(report.unknown) <= WHY_AT_MOST:
        reading.why[name] = run.why_no_area(spec, name)
    plain = _("no area is called “%(name)s”") if spec.by == "name" else _("no area has the code “%(name)s”")
    report.refuse(row.number, spec.column, reading.why.get(name) or plain % {"name": name}, name)


def _say_unknown(reading: Reading, spec: AreaColumn) -> None:
    unknown = reading.report.unknown
    if spec.unknown == "skip" and unknown:
        words = {"rows": sum(unknown.values()), "areas": len(unknown), "some": ", ".join(list(unknown)[:5])}
        why = _("%(rows)s rows speak of %(areas)s areas that are not of this territory (%(some)s …): left out") % words
        reading.report.say("noted", why, column=spec.column)


def _read_number(reading: Reading, spec: IndicatorSpec, row: files.Row, area: int, year: int, column: str) -> None:
    columns = reading.columns
    if any(row[columns[name]].strip() != value for name, value in spec.where.items()):
        return
    if str(year) in spec.except_years:
        _say_excepted(reading, spec, row, year)
        return
    if spec.people and _is_ahead(reading, row, column, year):
        return
    key = (area, spec.code, year)
    text = row[column].strip()
    if spec.excluded and row[columns[spec.excluded.column]].strip() in spec.excluded.values:
        cell: Cell = (None, ValueState.EXCLUDED)
    else:
        try:
            cell = read_cell(text, reading.step.table.decimal, spec.missing, machine=reading.machine)
        except ValueError:
            why = _not_a_number(text, reading.step.table.decimal)
            reading.report.refuse(row.number, column, why, spec.code)
            return
        cell = _with_state(reading, row, cell)
    if cell[0] is not None:
        if spec.people and cell[0] < 0:
            why = _("“%(text)s” is less than zero, and counts people: write how many came") % {"text": text[:40]}
            reading.report.refuse(row.number, column, why, spec.code)
            return
        value = cell[0] * spec.scale.get(str(year), 1.0) * _power(reading, row)
        if why := known.why_not(spec, value, text):
            reading.report.refuse(row.number, column, why, spec.code)
            return
        if (spec.least is not None and value < spec.least) or (spec.most is not None and value > spec.most):
            reading.report.refuse(row.number, column, _out_of_bounds(spec, text), spec.code)
            return
        cell = (value, cell[1])
    _put(reading, spec, key, cell, row, column)


def _is_ahead(reading: Reading, row: files.Row, column: str, year: int) -> bool:
    """Whether people would have come in a year or month after today: refused."""
    name = reading.columns[reading.step.year] if reading.step.year and not reading.step.fixed_year else ""
    text = row[name].strip() if name else str(year)
    if not is_ahead(year, month_of(text) if name else None, timezone.localdate()):
        return False
    why = _("“%(text)s” is still to come: nobody can have been counted then") % {"text": text[:40]}
    reading.report.refuse(row.number, name or column, why)
    return True


def _not_a_number(text: str, decimal: str) -> str:
    words = {"text": text[:40], "sign": _("a comma") if decimal == "," else _("a point")}
    other = "." if decimal == "," else ","
    try:
        read_cell(text, other)
    except ValueError:
        return _("“%(text)s” is not a number") % words
    return _("“%(text)s” is not a number where %(sign)s is the decimal sign: is the other sign meant?") % words


def _out_of_bounds(spec: IndicatorSpec, text: str) -> str:
    words = {"text": text[:40], "least": _bound(spec.least), "most": _bound(spec.most)}
    if spec.most is None:
        return _("“%(text)s” is less than %(least)s, which this indicator cannot be") % words
    if spec.least is None:
        return _("“%(text)s” is more than %(most)s, which this indicator cannot be") % words
    return _("“%(text)s” does not lie between %(least)s and %(most)s") % words


def _bound(value: float | None) -> str:
    return "" if value is None else overwriting.decimal(value)


def _say_excepted(reading: Reading, spec: IndicatorSpec, row: files.Row, year: int) -> None:
    words = {"name": spec.name_it, "year": year, "why": spec.except_years[str(year)]}
    why = _("%(name)s, %(year)s: %(why)s") % words
    if not any(verdict.why == why for verdict in reading.report.those("noted")):
        reading.report.say("noted", why, row=row.number, column=spec.value)


def _with_state(reading: Reading, row: files.Row, cell: Cell) -> Cell:
    """The number with what the column of states says of it."""
    spec = reading.step.state
    if spec is None:
        return cell
    text = row[reading.columns[spec.column]].strip()
    state = spec.values.get(text, "") if spec.values else OBSERVATION.get(text.partition(":")[0].strip(), "")
    if not state:
        if text and (spec.values or text.partition(":")[0].strip() not in ORDINARY):
            why = _("the state “%(text)s” is not known: the number is taken as it is") % {"text": text[:40]}
            if not any(verdict.why == why for verdict in reading.report.those("noted")):
                reading.report.say("noted", why, row=row.number, column=spec.column)
        return cell
    if state in (ValueState.VALUE, ValueState.ESTIMATED):
        return (cell[0], state) if cell[0] is not None else cell
    # A mark in the cell is the source's own word; a number beside "excluded" or "missing" is no number.
    return (None, cell[1] if cell[0] is None and cell[1] != ValueState.MISSING else state)


def _power(reading: Reading, row: files.Row) -> float:
    """By what the column of powers of ten says the number is multiplied."""
    step = reading.step
    text = row[reading.columns[step.multiplier]].partition(":")[0].strip() if step.multiplier else ""
    if not text:
        return 1.0
    if not text.lstrip("-").isdigit() or abs(int(text)) > 12:
        raise RecipeError(
            _("row %(row)s, column “%(column)s”: “%(text)s” is not a power of ten.")
            % {"row": row.number, "column": step.multiplier, "text": text[:20]}
        )
    return float(10 ** int(text))


def _put(reading: Reading, spec: IndicatorSpec, key: Key, cell: Cell, row: files.Row, column: str) -> None:
    if spec.people:
        people.take(reading, spec, key, cell, row, column)
        return
    before = reading.cells.get(key)
    if before is None or before[0] is None:
        if before is None or cell[0] is not None:
            reading.cells[key] = cell
            reading.rows[key] = (row.number, column)
        return
    if cell[0] is None:
        return
    if spec.adds_up:
        estimated = ValueState.ESTIMATED in (before[1], cell[1])
        reading.cells[key] = (before[0] + cell[0], ValueState.ESTIMATED if estimated else ValueState.VALUE)
    elif overwriting.equal(before[0], cell[0]):
        reading.repeated.append(row.number)
    else:
        first, _column = reading.rows[key]
        why = _("row %(row)s already states another value of this area and year") % {"row": first}
        reading.report.refuse(row.number, column, why, spec.code)


def _say_repeated(reading: Reading) -> None:
    if rows := sorted(set(reading.repeated)):
        why = _("%(count)s rows state again what an earlier one states (the first is row %(row)s): each counts once")
        reading.report.say("noted", why % {"count": len(rows), "row": rows[0]}, row=rows[0])


# --- sums and shares ----------------------------------------------------------------------------------------------
def _sum_up(reading: Reading, spec: AreaColumn) -> None:
    """Sums of what adds up, in the areas above."""
    if not spec.sum_up_to:
        return
    above: dict[int, list[int]] = {}
    wanted = {area for area, _code, _year in reading.cells}
    links = AreaClosure.objects.filter(area__in=wanted, ancestor_kind__in=spec.sum_up_to, distance__gt=0)
    for area, ancestor in links.order_by("pk").values_list("area_id", "ancestor_id"):
        if spec.kind != ANY or ancestor not in wanted:  # a file of areas of several kinds states some itself
            above.setdefault(area, []).append(ancestor)
    adds_up = {indicator.code for indicator in reading.step.indicators if indicator.adds_up}
    sums: dict[Key, float] = {}
    estimated: set[Key] = set()
    for (area, code, year), cell in reading.cells.items():
        value, state = people.in_sums(reading, (area, code, year), cell)
        if code in adds_up and value is not None:
            for ancestor in above.get(area, []):
                key = (ancestor, code, year)
                sums[key] = sums.get(key, 0.0) + value
                if state == ValueState.ESTIMATED:
                    estimated.add(key)
    for key, value in sums.items():
        if (key[1], key[2]) not in reading.held:  # a sum without the numbers that wait would be no sum
            reading.cells[key] = (value, ValueState.ESTIMATED if key in estimated else ValueState.VALUE)


def _shares(reading: Reading) -> None:
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
            part = reading.cells.get((area, top, year), (0.0, ValueState.VALUE))[0]
            if part is not None and (top, year) not in reading.held:
                share = 100.0 * part / value
                if abs(share) <= known.MOST:  # of next to nothing there is no share
                    reading.cells[(area, spec.code, year)] = (share, ValueState.VALUE)


# --- writing ------------------------------------------------------------------------------------------------------
def _define(run: Run, step: ValuesStep, report: StepReport) -> dict[str, ContextIndicator]:
    """The definitions of the indicators, brought up to date; a version that is followed by another one is kept."""
    known = {item.code: item for item in ContextIndicator.objects.filter(code__in=[s.code for s in step.indicators])}
    changed = 0
    for spec in step.indicators:
        item = known.get(spec.code) or ContextIndicator(code=spec.code)
        _not_computed(item, spec)
        values = {name: getattr(spec, name) for name in DEFINITION}
        values |= {"counts_people": spec.people, "part_of": spec.part_of}
        if item.pk is None or any(getattr(item, name) != value for name, value in values.items()):
            _check_meaning(item, spec)
            before = history.state_of(item) if item.pk else None
            was = {name: getattr(item, name) for name in values} if item.pk else None
            if item.pk and item.version != spec.version and item.values.exists():
                kept = {name: getattr(item, name) for name in MEANING}
                ContextDefinition.objects.update_or_create(indicator=item, version=item.version, defaults=kept)
            for name, value in values.items():
                setattr(item, name, value)
            item.save()
            run.defined.append((item.pk, was, values))
            run.changed(ContextIndicator, [item.pk])
            verb = "changed" if before else "created"
            differences = history.differences(item, before)
            run.acts.append(history.Act(verb, history.kind_of(item), str(item.pk), str(item)[:300], differences))
            changed += 1
        known[spec.code] = item
    if changed:
        report.related["indicators"] = report.related["changed"] = changed
    return known


def _not_computed(item: ContextIndicator, spec: IndicatorSpec) -> None:
    """What an index computes is never brought in a file: neither over its values, nor under a name like it."""
    if item.is_computed or ContextIndicator(code=spec.code, theme=spec.theme).is_computed:
        raise RecipeError(
            _(
                "“%(name)s” is computed by an index: its values are never brought in a file. "
                "Choose another indicator, or name a new one."
            )
            % {"name": item.name or spec.name_it}
        )


def _check_meaning(item: ContextIndicator, spec: IndicatorSpec) -> None:
    """Numbers in another unit are not the same indicator: that takes a version of its own."""
    one, other = item.unit_it.strip().casefold(), spec.unit_it.strip().casefold()
    if item.pk and item.version == spec.version and one and one != other and item.values.exists():
        raise RecipeError(
            _(
                "the indicator “%(code)s” is stated in “%(old)s”, and here in “%(new)s”: "
                "give the definition another version, or correct the unit."
            )
            % {"code": spec.code, "old": item.unit_it, "new": spec.unit_it}
        )


def _write(run: Run, reading: Reading, indicators: dict[str, ContextIndicator]) -> None:
    report, source = reading.report, run.source(reading.step)
    source_id = source.pk if source else None
    existing = {
        (value.area_id, indicators_by_id[value.indicator_id], value.year): value
        for indicators_by_id in [{item.pk: code for code, item in indicators.items()}]
        for value in ContextValue.objects.filter(indicator__in=list(indicators_by_id)).order_by("pk")
    }
    if run.roots:
        areas = set(run.area_ids())
        existing = {key: value for key, value in existing.items() if key[0] in areas}
    earlier = len(run.written)
    new: list[ContextValue] = []
    changed: list[ContextValue] = []
    for (area, code, year), (number, state) in reading.cells.items():
        row = existing.pop((area, code, year), None)
        version, note = indicators[code].version, reading.notes.get((area, code, year), "")
        if row is None:
            said = {"value": number, "state": state, "version": version, "note": note, "source": source}
            new.append(ContextValue(area_id=area, indicator=indicators[code], year=year, **said))
            run.written.append((area, indicators[code].pk, year, None, (number, state, version, note, source_id)))
        elif (row.state, row.version, row.note, row.source_id) != (
            state,
            version,
            note,
            source_id,
        ) or not overwriting.equal(row.value, number):
            report.fields[code] += 1
            was = (row.value, row.state, row.version, row.note, row.source_id)
            run.written.append((area, row.indicator_id, year, was, (number, state, version, note, source_id)))
            row.value, row.state, row.version, row.note, row.source = number, state, version, note, source
            changed.append(row)
        else:
            report.same += 1
    gone = [] if run.unreadable() else people.left_over(reading, existing, source_id)
    _say_gone(reading, {key: existing[key] for key in gone}, source_id)
    for row in (existing.pop(key) for key in gone):  # a year of counts is replaced as a whole
        was = (row.value, row.state, row.version, row.note, row.source_id)
        row.value, row.state, row.note = None, ValueState.WITHDRAWN, ""
        now = (row.value, row.state, row.version, row.note, row.source_id)
        run.written.append((row.area_id, row.indicator_id, row.year, was, now))
        changed.append(row)
    ContextValue.objects.bulk_create(new, batch_size=1000)
    ContextValue.objects.bulk_update(changed, ["value", "state", "version", "note", "source"], batch_size=300)
    report.new, report.updated = len(new), len(changed)
    overwriting.tell(report, run.written[earlier:], source)
    if not run.unreadable():  # else nobody knows what the rows that cannot be read would have stated
        _say_gone(reading, existing, source_id)


def _say_gone(reading: Reading, existing: dict[Key, ContextValue], source_id: int | None) -> None:
    """Values of this source that the file no longer states; not those that wait for a decision."""
    gone = [key for key, value in existing.items() if source_id and value.source_id == source_id]
    gone = [key for key in gone if (key[1], key[2]) not in reading.held]
    names = dict(Area.objects.filter(pk__in={key[0] for key in gone}).values_list("pk", "name"))
    for area, code, year in gone:
        reading.report.say("gone", _("no longer in the file"), column=code, label=f"{names[area]} {year}")
