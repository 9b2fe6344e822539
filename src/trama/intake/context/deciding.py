"""Breaks of scale: what a person decided is applied, what nobody decided about is held back and told with its rows."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from trama.intake.context import breaks
from trama.intake.context.breaks import Break, Member, Point
from trama.intake.context.reading import Key, Reading
from trama.intake.recipe import Decision, IndicatorSpec
from trama.intake.verdicts import BrokenRow, ScaleBreak
from trama.network.models import normalised
from trama.territory.choices import ValueState
from trama.territory.models import Area, ContextValue
from trama.ui.numbers import number


# --- decided ------------------------------------------------------------------------------------------------------
def settle(reading: Reading) -> None:
    """Apply the decisions of the recipe to the numbers that they speak of, and say of each how many they were."""
    for decision in reading.step.decisions:
        keys = list(_meant(reading, decision))
        for key in keys:
            _apply(reading, decision, key)
        reading.report.say("noted", _told(reading, decision, len(keys)))


def _meant(reading: Reading, decision: Decision) -> Iterable[Key]:
    named = {normalised(name) for name in decision.areas or decision.all_but}
    for key, (value, _state) in list(reading.cells.items()):
        area, code, year = key
        if code != decision.indicator or year != decision.year or value is None:
            continue
        if not named or (normalised(reading.names[area]) in named) == bool(decision.areas):
            yield key


def _apply(reading: Reading, decision: Decision, key: Key) -> None:
    value, state = reading.cells[key]
    assert value is not None  # noqa: S101
    if decision.do == "multiply":
        reading.cells[key] = (value * decision.factor, state)
        reading.notes[key] = f"× {decision.factor:g}"  # in no language: whoever loads again may speak another one
    elif decision.do == "keep":
        reading.settled.add(key)
    elif decision.do == "exclude":
        reading.cells[key] = (None, ValueState.EXCLUDED)
        reading.notes[key] = f"{value:g} → –"
    else:
        del reading.cells[key]


def _told(reading: Reading, decision: Decision, count: int) -> str:
    name = next((spec.name_it for spec in reading.step.indicators if spec.code == decision.indicator), "")
    words = {"name": name, "year": decision.year, "count": count, "factor": f"{decision.factor:g}"}
    sentences = {
        "multiply": _("%(name)s, %(year)s: %(count)s numbers multiplied by %(factor)s, as decided"),
        "keep": _("%(name)s, %(year)s: %(count)s numbers left as they are, as decided"),
        "leave_out": _("%(name)s, %(year)s: %(count)s numbers left out, as decided"),
        "exclude": _("%(name)s, %(year)s: %(count)s numbers marked as excluded, as decided"),
    }
    return sentences[decision.do] % words


# --- not decided --------------------------------------------------------------------------------------------------
def hold_back(reading: Reading) -> None:
    """Look for breaks of scale; the numbers in one wait, and each of their rows is refused with its reason."""
    stated = _stated(reading)
    for spec in reading.step.indicators:
        if spec.share:
            continue
        points = [
            Point(area, year, value, settled=(area, spec.code, year) in reading.settled)
            for (area, code, year), (value, _state) in reading.cells.items()
            if code == spec.code and value is not None
        ]
        here = {(point.area, point.year): point.value for point in points}
        for area, year, value in stated.get(spec.code, []):
            # What a person just set right is not measured by what stood there before.
            if (area, spec.code, year) not in reading.notes:
                points.append(Point(area, year, value, trusted=True))
        found = breaks.find(points, counts=spec.adds_up, centre=spec.centre)
        names = _names(here) if found else {}
        broken = {(member.area, one.year) for one in found for member in one.members}
        for one in found:
            _hold(reading, spec, one, set(here) - broken, names)


def _stated(reading: Reading) -> dict[str, list[tuple[int, int, float]]]:
    """What is stated already of these indicators and areas, under the same version of the definition."""
    versions = {spec.code: spec.version for spec in reading.step.indicators}
    areas = {area for area, _code, _year in reading.cells}
    rows = ContextValue.objects.filter(indicator__code__in=list(versions), value__isnull=False).order_by("pk")
    found: dict[str, list[tuple[int, int, float]]] = {}
    for code, area, year, value, version in rows.values_list("indicator__code", "area_id", "year", "value", "version"):
        if area in areas and versions[code] == version:
            found.setdefault(code, []).append((area, year, float(value or 0.0)))
    return found


def _names(here: Iterable[tuple[int, int]]) -> dict[int, str]:
    return dict(Area.objects.filter(pk__in={area for area, _year in here}).order_by().values_list("pk", "name"))


def _hold(
    reading: Reading, spec: IndicatorSpec, found: Break, fitting: Iterable[tuple[int, int]], names: dict[int, str]
) -> None:
    report = reading.report
    first = (found.members[0].area, spec.code, found.year)
    told = ScaleBreak(
        spec.code, spec.name_it, found.year, found.kind, found.factor, reading.rows[first][1], found.compared
    )
    for member in found.members:
        key = (member.area, spec.code, found.year)
        row, column = reading.rows[key]
        name = names[member.area]
        written = reading.names[member.area]
        here = (member.area, spec.code, member.beside_year) in reading.cells
        told.rows.append(BrokenRow(row, written, member.value, member.beside, member.beside_year, name, here, column))
        report.refuse(row, column, _why(found, member), f"{name}, {spec.name_it} {found.year}")
        del reading.cells[key]
    told.rows.sort(key=lambda row: row.row)
    fit = [area for area, year in fitting if year == found.year]
    told.others = sorted(reading.names[area] for area in fit)
    told.other_names = sorted(names[area] for area in fit)
    reading.held.add((spec.code, found.year))
    report.breaks.append(told)


def _why(found: Break, member: Member) -> str:
    words = {
        "value": plain(member.value),
        "beside": plain(member.beside),
        "year": member.beside_year,
        "times": plain(found.factor if found.factor >= 1 else 1 / found.factor) if found.factor else "",
    }
    if found.kind == "zero":
        if member.beside_year:
            return _("0, where %(year)s had %(beside)s: is it a number, or an area that was left out? Decide.") % words
        return _("0, where the others are around %(beside)s: is it a number, or an excluded area? Decide.") % words
    if found.kind == "level":
        return (
            _("%(value)s, where %(year)s had %(beside)s: all areas jump alike. Did the definition change? Decide.")
            % words
        )
    smaller = found.factor >= 1
    if member.beside_year:
        text = (
            _("%(value)s is about %(times)s times less than %(beside)s of %(year)s. Decide what to do.")
            if smaller
            else _("%(value)s is about %(times)s times more than %(beside)s of %(year)s. Decide what to do.")
        )
    else:
        text = (
            _("%(value)s is about %(times)s times less than the other areas (%(beside)s). Decide what to do.")
            if smaller
            else _("%(value)s is about %(times)s times more than the other areas (%(beside)s). Decide what to do.")
        )
    return text % words


def plain(value: float) -> str:
    """A number with as many decimals as it needs, at most three."""
    for decimals in range(3):
        if round(value, decimals) == round(value, 3):
            return number(value, decimals)
    return number(value, 3)


def decision_for(found: ScaleBreak, do: str, factor: float | None = None) -> Decision:
    """A decision about a break: about all areas of the year, or those in it, or all but the others: the shortest."""
    names = [row.area for row in found.rows]
    if do == "leave_out_beside":  # the other of the two numbers is the wrong one
        return Decision(found.code, found.rows[0].beside_year, "leave_out", 1.0, names)
    areas, all_but = (names, []) if len(names) <= len(found.others) else ([], list(found.others))
    factor = (found.factor if factor is None else factor) if do == "multiply" else 1.0
    return Decision(found.code, found.year, do, factor, areas, all_but)


def proposed(found: ScaleBreak) -> str:
    """What is proposed: a power of ten is set right, unless digits were lost; a false zero is marked as excluded.

    Of a changed level nothing is proposed, nor of one value alone: that is more likely a slip.
    """
    if found.lone:
        return ""
    if found.kind == "scale" and found.cut:
        return "leave_out"
    return {"scale": "multiply", "zero": "exclude"}.get(found.kind, "")
