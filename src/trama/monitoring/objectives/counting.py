"""The numbers of a plan of objectives: in all and area by area, as everybody may read them.

Every count comes from `insight.crosstab.compute` for nobody in particular, so that it is protected as everywhere and
nothing that is hidden is counted; every indicator of context from its published values. What is given is plain JSON
without words of a language: it is what the closing of a year freezes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from trama.core import memo
from trama.core.actor import NOBODY
from trama.core.declarations import gathered
from trama.core.registers import Register, Selection
from trama.experiences.models import Experience
from trama.insight.crosstab import CrosstabError, axes_of, compute
from trama.insight.shapes import RECORDS, Cell
from trama.monitoring.models import Objective, ObjectivePlan, Yardstick
from trama.territory import finding
from trama.territory.choices import RANK, AreaKind
from trama.territory.declarations import AreaDimension
from trama.territory.models import ContextIndicator, ContextValue

CONTEXT = "context"
# By what a territory is told apart: its quarters and its hamlets, or whatever stands in their place.
LEVELS = (
    AreaKind.MUNICIPALITY,
    AreaKind.DISTRICT,
    AreaKind.HAMLET,
    AreaKind.ZONE,
    AreaKind.NEIGHBOURHOOD,
)
MOST_LEVELS = 3
Stated = dict[str, Any]  # a value and its status
# Without a record nothing is registered there; without a value of an indicator nothing is known.
NOUGHT: Stated = {"value": 0, "status": "value"}
GAP: Stated = {"value": None, "status": "missing"}


def levels_below(area: int) -> list[str]:
    """The kinds of area into which a territory falls (at least two of them), the widest first."""
    known = finding.nodes()
    counts: dict[str, int] = {}
    for pk in finding.below(area):
        node = known.get(pk)
        if node is not None and pk != area and node.in_force:
            counts[node.kind] = counts.get(node.kind, 0) + 1
    kinds = sorted((kind for kind in LEVELS if counts.get(kind, 0) > 1), key=lambda kind: RANK[kind])
    return [str(kind) for kind in kinds[:MOST_LEVELS]]


def registers() -> list[Register]:
    """The registers whose records lie in areas."""
    return [one for one in gathered.registers.values() if any(isinstance(d, AreaDimension) for d in one.dimensions)]


def content_of(plan: ObjectivePlan) -> dict[str, Any]:
    """The whole tree of a plan with its numbers of today; remembered until anything changes."""
    return memo.until_changed(("monitoring.objectives", plan.pk), NOBODY, lambda: _content(plan), heavy=True)


def _content(plan: ObjectivePlan) -> dict[str, Any]:
    rows = list(Objective.objects.filter(plan=plan).order_by("position", "pk").prefetch_related("yardsticks"))
    parts: dict[int | None, list[Objective]] = {}
    for row in rows:
        parts.setdefault(row.parent_id, []).append(row)
    found: list[dict[str, Any]] = []

    def walk(parent: int | None, above: str, depth: int) -> None:
        for place, row in enumerate(parts.get(parent, []), 1):
            number = f"{above}{place}"
            measured = [_measured(plan, one) for one in row.yardsticks.all()]
            found.append({
                "id": row.pk, "number": number, "depth": depth, "text": row.text, "note": row.note,
                "yardsticks": measured,
            })  # fmt: skip
            walk(row.pk, f"{number}.", depth + 1)

    walk(None, "", 0)
    return {"as_of": timezone.localdate().isoformat(), "objectives": found}


def _measured(plan: ObjectivePlan, one: Yardstick) -> dict[str, Any]:
    """A yardstick with its number in all and by area; `status` is a `Status`, or "unknown"."""
    stated = {
        "id": one.pk, "counted": one.counted, "only": one.only, "direction": one.direction,
        "start": [one.start_value, one.start_year], "target": [one.target_value, one.target_year],
    }  # fmt: skip
    source, _dot, key = one.counted.partition(".")
    if source == CONTEXT:
        return stated | _context(plan, key)
    register = gathered.registers.get(source)
    return stated | (_counted(plan, register, key, one.only) if register is not None else _unknown())


def _unknown() -> dict[str, Any]:
    return {"total": {"value": None, "status": "unknown"}, "levels": [], "year": None}


# --- counts of registers --------------------------------------------------------------------------------------------
def selection_of(plan: ObjectivePlan, register: Register, only: str) -> Selection:
    """The records that a yardstick counts: in the territory, of the programme where there is one, and only those."""
    values = [("area", (plan.area.code,))]
    if plan.programme_id is not None and register.dimension("programme") is not None:
        values.append(("programme", (str(plan.programme_id),)))
    dimension, _equals, value = only.partition("=")
    if value:
        values.append((dimension, (value,)))
    return Selection(tuple(values)).published(register, NOBODY)


def is_open(plan: ObjectivePlan) -> bool:
    """Whether everybody sees the programme: what a hidden one holds is not nought, it is not told."""
    return plan.programme_id is None or Experience.objects.visible_to(NOBODY).filter(pk=plan.programme_id).exists()


def _counted(plan: ObjectivePlan, register: Register, measure: str, only: str) -> dict[str, Any]:
    if register.dimension("programme") is not None and not is_open(plan):
        return _unknown()
    selection, axes = selection_of(plan, register, only), {axis.key for axis in axes_of(register, NOBODY)}
    levels: list[dict[str, Any]] = []
    total = None
    # Where a territory has no parts, the number in all is taken from any table.
    for level in levels_below(plan.area_id) or [str(AreaKind.MUNICIPALITY)]:
        if level not in axes:
            continue
        try:
            table = compute(NOBODY, register, selection, level, None, measure or RECORDS)
        except CrosstabError:
            return _unknown()
        total = total or _cell(table.total)
        pairs = zip(table.rows.values, table.row_totals, strict=True)
        cells = {value.key: _cell(cell) for value, cell in pairs if value.is_plain}
        levels.append({"level": level, "areas": _areas(plan.area_id, level, cells, NOUGHT)})
    levels = levels if levels_below(plan.area_id) else []
    return {"total": total or _unknown()["total"], "levels": levels, "year": None}


def _cell(cell: Cell) -> dict[str, Any]:
    return {"value": cell.value, "status": str(cell.status)}


def _areas(area: int, level: str, cells: Mapping[str, Stated], without: Stated) -> list[dict[str, Any]]:
    """A line for every area of a level, in the order of the territory, by code; `without` is told of the others."""
    known = finding.nodes()
    there = [node for pk in finding.below(area) if (node := known.get(pk)) and node.kind == level and node.in_force]
    return [
        {"code": node.code, "name": node.name, **cells.get(node.code, without)}
        for node in sorted(there, key=lambda node: node.position)
    ]


# --- indicators of context ------------------------------------------------------------------------------------------
def _context(plan: ObjectivePlan, code: str) -> dict[str, Any]:
    """The newest year of which the territory or its parts have a value."""
    indicator = ContextIndicator.objects.filter(code=code).first()
    if indicator is None:
        return _unknown()
    levels = levels_below(plan.area_id)
    known = finding.nodes()
    wanted = [pk for pk in finding.below(plan.area_id) if pk == plan.area_id or known[pk].kind in levels]
    rows = ContextValue.objects.filter(indicator=indicator, area__in=wanted)
    year = rows.order_by("-year").values_list("year", flat=True).first()
    if year is None:
        return _unknown()
    values = {area: _stated(value, state) for area, value, state in _values(rows, year)}
    by_code = {known[pk].code: stated for pk, stated in values.items()}
    return {
        "total": values.get(plan.area_id, GAP),
        "levels": [
            {"level": level, "areas": _areas(plan.area_id, level, by_code, GAP)}
            for level in levels
            if any(known[pk].kind == level for pk in values)
        ],
        "year": year,
    }


def _values(rows: Any, year: int) -> Sequence[tuple[int, float | None, str]]:
    return list(rows.filter(year=year).order_by().values_list("area_id", "value", "state"))


def _stated(value: float | None, state: str) -> dict[str, Any]:
    return {"value": value, "status": state}
