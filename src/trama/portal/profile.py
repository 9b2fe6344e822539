"""The page of an area as plain data: what `trama profile CODE --json` prints."""

from __future__ import annotations

from typing import Any

from trama.core import facts
from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.core.registers import Selection
from trama.portal import gathering
from trama.territory.models import Area, ContextValue, Population


def profile(area: Area, actor: Actor) -> dict[str, Any]:
    """Everything countable about an area: residents, context values with year and source, indicators, registers."""
    above = Area.objects.filter(down__area=area, down__distance__gt=0).order_by("-down__distance")
    return {
        "code": area.code,
        "name": area.name,
        "kind": area.kind,
        "part_of": [{"code": a.code, "name": a.name, "kind": a.kind} for a in above],
        "surface_km2": area.surface_km2,
        "demonstration": facts.is_demonstration(),
        "residents": [_residents(p) for p in Population.objects.filter(area=area).select_related("source")],
        "context": [_value(v) for v in _values(area)],
        "indicators": [
            {
                "code": stated.indicator.code,
                "label": str(stated.indicator.label),
                "unit": str(stated.indicator.unit),
                "value": stated.figure.value,
                "text": stated.figure.text,
                "protected": stated.figure.protected,
                "base": stated.figure.base,
                "known": stated.figure.known,
                "note": stated.figure.note,
            }
            for stated in gathering.figures(actor, area)
        ],
        "registers": _registers(area, actor),
        "children": list(Area.objects.filter(parent=area).in_force().order_by("name").values("code", "name", "kind")),
    }


def _residents(population: Population) -> dict[str, Any]:
    return {
        "year": population.year,
        "total": population.total,
        "aged_65_and_over": sum(population.females[65:]) + sum(population.males[65:]),
        "females": population.females,
        "males": population.males,
        "source": population.source.title if population.source else "",
    }


def _values(area: Area) -> Any:
    return (
        ContextValue.objects.filter(area=area)
        .select_related("indicator", "source")
        .order_by("indicator__position", "indicator__code", "-year")
    )


def _value(value: ContextValue) -> dict[str, Any]:
    return {
        "indicator": value.indicator.code,
        "name": value.indicator.name,
        "unit": value.indicator.unit,
        "decimals": value.indicator.decimals,
        "year": value.year,
        "value": value.value,
        "state": value.state,
        "source": value.source.title if value.source else "",
    }


def _registers(area: Area, actor: Actor) -> dict[str, Any]:
    found = {}
    for register in gathered.registers.values():
        if register.dimension("area") is None:
            continue
        selection = Selection((("area", (area.code,)),))
        count = selection.rows(register, actor).count()
        found[register.key] = {"count": count, "caution": str(register.caution)}
    return found
