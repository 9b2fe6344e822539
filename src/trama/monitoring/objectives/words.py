"""How the numbers of objectives are said: what is counted, the number as printed, how far it is on its way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trama.core.actor import NOBODY
from trama.core.declarations import gathered
from trama.core.registers import ChoiceDimension, CodeDimension, Dimension, FlagDimension, Register
from trama.insight.context.words import value_text
from trama.insight.crosstab import plural
from trama.insight.shapes import RECORDS, Status
from trama.insight.tables import PROTECTED, register_address
from trama.monitoring.choices import Direction
from trama.monitoring.models import ObjectivePlan
from trama.monitoring.objectives.counting import CONTEXT, is_open, registers, selection_of
from trama.territory.choices import AreaKind, ValueState
from trama.territory.models import ContextIndicator
from trama.ui.charts import figure
from trama.ui.numbers import number

LEVELS = {
    AreaKind.MUNICIPALITY: gettext_lazy("Municipality"),
    AreaKind.DISTRICT: gettext_lazy("District"),
    AreaKind.HAMLET: gettext_lazy("Hamlet"),
    AreaKind.ZONE: gettext_lazy("Zone"),
    AreaKind.NEIGHBOURHOOD: gettext_lazy("Neighbourhood"),
}


@dataclass(frozen=True)
class Told:
    """A yardstick in words. `way` says how far it is from where it began to where it should be."""

    id: int
    label: str
    warning: str
    direction: str
    now: str
    number: tuple[float | None, str, str]  # as a number: its value, its status, how a workbook prints it
    start: str
    target: str
    way: str
    reached: bool | None  # None: there is no target, or the number is not known
    source: str
    url: str
    levels: list[dict[str, Any]]


def indicators(content: dict[str, Any]) -> dict[str, ContextIndicator]:
    """The indicators of context that a content names, by code."""
    wanted = {one["counted"].partition(".")[2] for one in _yardsticks(content) if one["counted"].startswith(CONTEXT)}
    return {one.code: one for one in ContextIndicator.objects.filter(code__in=wanted).order_by("pk")}


def _yardsticks(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for objective in content["objectives"]:
        yield from objective["yardsticks"]


def told(content: dict[str, Any], plan: ObjectivePlan | None = None) -> list[dict[str, Any]]:
    """The objectives of a content in order, each with its yardsticks in words; of a `plan`, with what leads to them."""
    known = indicators(content)
    return [
        {**objective, "yardsticks": [_told(one, known, plan) for one in objective["yardsticks"]]}
        for objective in content["objectives"]
    ]


def _told(one: dict[str, Any], known: dict[str, ContextIndicator], plan: ObjectivePlan | None) -> Told:
    source, _dot, key = one["counted"].partition(".")
    indicator = known.get(key) if source == CONTEXT else None
    (start, since), (target, until) = one["start"], one["target"]
    total = one["total"]
    measure = measure_of(one["counted"])
    return Told(
        id=one["id"],
        label=label_of(one["counted"], one["only"], indicator),
        warning=str(measure.warning) if measure is not None else "",
        direction=str(Direction(one["direction"]).label),
        now=text_of(total, indicator),
        number=(total["value"], total["status"], "1" if indicator is not None and indicator.decimals else ""),
        start=_in(start, since, indicator),
        target=_in(target, until, indicator),
        way=way_of(start, total["value"], target, one["direction"], indicator),
        reached=reached(total["value"], target, one["direction"]),
        source=_source(one, indicator),
        url=_address(one, plan),
        levels=[
            {
                "label": str(LEVELS.get(level["level"], level["level"])),
                "key": level["level"],
                "areas": [_area(area, indicator) for area in level["areas"]],
            }
            for level in one["levels"]
        ],
    )


def _area(area: dict[str, Any], indicator: ContextIndicator | None) -> dict[str, Any]:
    """A line of a level: as printed, and as a number for a workbook."""
    decimals = indicator.decimals if indicator is not None else 0
    known = {name: area[name] for name in ("name", "code", "value", "status")}
    return {**known, "text": text_of(area, indicator), "form": "1" if decimals else ""}


def measure_of(counted: str) -> Any:
    """The declared measure of a register that is counted; None for records themselves and for what is gone."""
    source, _dot, key = counted.partition(".")
    register = gathered.registers.get(source)
    return next((one for one in register.measures if one.key == key), None) if register is not None else None


def label_of(counted: str, only: str, indicator: ContextIndicator | None = None) -> str:
    """What is counted, in words: "Volontari · Scopo: rafforzare i legami"."""
    source, _dot, key = counted.partition(".")
    if source == CONTEXT:
        return indicator.name if indicator is not None else key
    register = gathered.registers.get(source)
    if register is None:
        return counted
    measure = measure_of(counted)
    label = str(measure.label) if measure is not None and key != RECORDS else plural(register)
    dimension, _equals, value = only.partition("=")
    found = register.dimension(dimension) if value else None
    if found is None:
        return label
    names = dict(found.choices(NOBODY))
    return f"{label} · {found.label}: {str(names.get(value, value)).strip()}"


def text_of(stated: dict[str, Any], indicator: ContextIndicator | None = None) -> str:
    """A number as it is printed; why there is none, where there is none."""
    value, status = stated["value"], stated["status"]
    if status == Status.SUPPRESSED:
        return PROTECTED
    if value is None:
        if status in ValueState.values and status != ValueState.MISSING:
            return str(ValueState(status).label)
        return _("not known")
    text = value_text(value, indicator) if indicator is not None else figure(value)
    return f"~ {text}" if status == Status.ESTIMATED else text


def _in(value: float | None, year: int | None, indicator: ContextIndicator | None) -> str:
    if value is None:
        return ""
    text = value_text(value, indicator) if indicator is not None else figure(value)
    return _("%(value)s in %(year)s") % {"value": text, "year": year} if year else text


def reached(now: float | None, target: float | None, direction: str) -> bool | None:
    """Whether the number is where it should be."""
    if now is None or target is None or direction == Direction.WATCH:
        return None
    return now >= target if direction == Direction.UP else now <= target


def way_of(
    start: float | None, now: float | None, target: float | None, direction: str, indicator: ContextIndicator | None
) -> str:
    """How far a number is on its way, in one sentence; nothing where nothing is known to compare with."""
    if now is None or (start is None and target is None):
        return ""
    said = []

    def plain(value: float) -> str:
        return number(abs(value), indicator.decimals if indicator is not None else 0 if value.is_integer() else 1)

    if start is not None:
        change = float(now - start)
        moved = _("%(n)s more than at the beginning") if change > 0 else _("%(n)s less than at the beginning")
        said.append(moved % {"n": plain(change)} if change else _("as at the beginning"))
    if target is not None and direction != Direction.WATCH:
        missing = float(target - now)
        if reached(now, target, direction):
            said.append(_("reached"))
        else:
            said.append(_("%(n)s to go") % {"n": plain(missing)})
    return "; ".join(said)


def _source(one: dict[str, Any], indicator: ContextIndicator | None) -> str:
    if indicator is not None and one.get("year"):
        return _("official figure of %(year)s") % {"year": one["year"]}
    register = gathered.registers.get(one["counted"].partition(".")[0])
    return _("register: %(name)s") % {"name": register.title} if register is not None else ""


def _address(one: dict[str, Any], plan: ObjectivePlan | None) -> str:
    """Where the records that are counted are listed, or the page of the indicator."""
    source, _dot, key = one["counted"].partition(".")
    if plan is None:
        return ""
    if source == CONTEXT:
        return reverse("insight:indicator", args=[key])
    register = gathered.registers.get(source)
    address = register_address(register) if register is not None else ""
    if register is None or not address or not is_open(plan):
        return ""
    return f"{address}?{selection_of(plan, register, one['only']).address()}"


# --- what may be chosen ---------------------------------------------------------------------------------------------
def countable() -> list[tuple[str, list[tuple[str, str]]]]:
    """What a yardstick may count, in groups: the records and measures of registers, and indicators of context."""
    groups = []
    for register in registers():
        records = (f"{register.key}.{RECORDS}", plural(register))
        options = [records, *((f"{register.key}.{one.key}", str(one.label)) for one in register.measures)]
        groups.append((str(register.title), options))
    context = [(f"{CONTEXT}.{one.code}", one.name) for one in ContextIndicator.objects.order_by("position", "code")]
    return [*groups, (_("Indicators of the territory"), context)] if context else groups


def narrowing() -> list[tuple[str, list[tuple[str, str]]]]:
    """By what the records of a register may be narrowed, in groups; the key begins with that of the register."""
    told_apart = (CodeDimension, ChoiceDimension, FlagDimension)
    return [
        (f"{register.title} · {dimension.label}", _options(register, dimension))
        for register in registers()
        for dimension in register.dimensions
        if dimension.axis and not dimension.staff and isinstance(dimension, told_apart)
    ]


def _options(register: Register, dimension: Dimension) -> list[tuple[str, str]]:
    return [
        (f"{register.key}|{dimension.key}={value}", str(label).strip()) for value, label in dimension.choices(NOBODY)
    ]
