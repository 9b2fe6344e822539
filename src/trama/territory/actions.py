"""What can be done to the territory. Each action is one transaction, with its row in the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from trama.core import history
from trama.core.actor import Actor
from trama.core.legible import legible
from trama.core.models import Code, Source
from trama.territory import finding, shapes
from trama.territory.choices import RANK, AreaKind, AreaOrigin, ValueState
from trama.territory.models import (
    Area,
    AreaClosure,
    Boundary,
    ContextIndicator,
    ContextValue,
    Located,
    Place,
    PlaceCode,
    Population,
)


class TerritoryError(ValidationError):
    """A change that the territory does not allow; the message says why."""


# --- areas --------------------------------------------------------------------------------------------------------
@transaction.atomic
def add_area(actor: Actor, *, name: str, kind: str, parent: Area | None = None, code: str = "", **fields: Any) -> Area:
    """Add an area to the tree. Without a code one is made from the parent's and the name."""
    _check_place_in_tree(None, kind, parent)
    area = Area(name=legible(name).strip(), kind=kind, parent=parent, code=code or free_code(name, parent), **fields)
    if area.lon is not None and area.origin == AreaOrigin.LISTED:
        area.origin = AreaOrigin.POINT
    area.full_clean()
    area.save()
    _write_closure_of_new(area)
    finding.forget()
    history.record(actor, "created", area)
    return area


@transaction.atomic
def change_area(actor: Actor, area: Area, **changes: Any) -> Area:
    """Change fields of an area; one that moves in the tree, or changes its kind, takes along all below it."""
    before = history.state_of(area)
    moved = any(field in changes and changes[field] != getattr(area, field) for field in ("parent", "kind"))
    for field, value in changes.items():
        setattr(area, field, legible(value) if field == "name" else value)
    if moved:
        _check_place_in_tree(area, area.kind, area.parent)
    if not history.differences(area, before):
        return area
    area.full_clean()
    area.save()
    if moved:
        _write_closure(list(Area.objects.below(area).order_by("id")))
    finding.forget()
    history.record(actor, "changed", area, before)
    return area


@transaction.atomic
def close_area(actor: Actor, area: Area, day: date | None = None) -> Area:
    """Let an area end on a day (today); refused while areas below it go on."""
    day = day or timezone.localdate()
    going_on = Area.objects.in_force(day + timedelta(days=1)).filter(parent=area).order_by("name")
    if names := list(going_on.values_list("name", flat=True)[:5]):
        raise TerritoryError(_("Close first what is part of it: %(names)s.") % {"names": ", ".join(names)})
    before = history.state_of(area)
    area.valid_to = day
    area.full_clean()
    area.save()
    finding.forget()
    history.record(actor, "closed", area, before)
    return area


def free_code(name: str, parent: Area | None) -> str:
    """A code that no area bears yet, made from the parent's code and the name."""
    start = f"{parent.code}-" if parent else ""
    stem = (start + slugify(name).upper())[:34].strip("-") or "AREA"
    code, number = stem, 1
    while Area.objects.filter(code=code).exists():
        number += 1
        code = f"{stem}-{number}"
    return code


def _check_place_in_tree(area: Area | None, kind: str, parent: Area | None) -> None:
    if parent is None:
        return
    if RANK[kind] <= RANK[parent.kind]:
        raise TerritoryError(
            _("A %(kind)s cannot be part of a %(parent)s (%(name)s).")
            % {"kind": AreaKind(kind).label, "parent": AreaKind(parent.kind).label, "name": parent.name}
        )
    if area is not None and AreaClosure.objects.filter(area=parent, ancestor=area).exists():
        raise TerritoryError(_("An area cannot be part of what is part of it."))


def _write_closure_of_new(area: Area) -> None:
    above = AreaClosure.objects.filter(area=area.parent_id).order_by("distance") if area.parent_id else []
    rows = [AreaClosure(area=area, ancestor=area, ancestor_kind=area.kind, distance=0)]
    rows += [
        AreaClosure(area=area, ancestor_id=row.ancestor_id, ancestor_kind=row.ancestor_kind, distance=row.distance + 1)
        for row in above
    ]
    AreaClosure.objects.bulk_create(rows)


def _write_closure(areas: Sequence[Area]) -> None:
    """Write the closure rows of these areas anew, from the parents as they stand in the tables."""
    parents = dict(Area.objects.order_by().values_list("id", "parent_id"))
    kinds = dict(Area.objects.order_by().values_list("id", "kind"))
    AreaClosure.objects.filter(area__in=[area.pk for area in areas]).delete()
    AreaClosure.objects.bulk_create(
        [row for area in areas for row in _closure_of(area.pk, parents, kinds)], batch_size=500
    )


def _closure_of(pk: int, parents: Mapping[int, int | None], kinds: Mapping[int, str]) -> Iterable[AreaClosure]:
    above: int | None = pk
    distance = 0
    while above is not None:
        yield AreaClosure(area_id=pk, ancestor_id=above, ancestor_kind=kinds[above], distance=distance)
        above, distance = parents[above], distance + 1
        if distance > len(RANK) + 1:
            raise TerritoryError(_("An area cannot be part of what is part of it."))


@transaction.atomic
def rebuild_closure(actor: Actor) -> int:
    """Write the whole closure anew from the parents; gives how many rows were wrong or missing."""

    def rows() -> set[tuple[int, int, str, int]]:
        fields = ("area_id", "ancestor_id", "ancestor_kind", "distance")
        return set(AreaClosure.objects.order_by().values_list(*fields))

    before = rows()
    _write_closure(list(Area.objects.order_by("id")))
    wrong = len(before ^ rows())
    if wrong:
        history.record_many(actor, [history.Act("rebuilt", history.kind_of(AreaClosure), changes={"rows": wrong})])
    return wrong


# --- boundaries ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Drawing:
    """A boundary to be drawn."""

    area: Area
    shape: Any  # shapely, WGS84 degrees
    repair: str = ""
    origin: str = AreaOrigin.OFFICIAL
    source: Source | None = None


@dataclass(frozen=True)
class Move:
    """Records that changed area because a boundary did."""

    model: str
    label: str
    count: int


def draw_boundary(
    actor: Actor, area: Area, shape: Any, *, origin: str = AreaOrigin.DRAWN, source: Source | None = None
) -> tuple[Boundary, list[Move]]:
    """Draw the boundary of an area, or draw it anew: the old one is closed, not overwritten.

    The shape is mended if it must be. Gives the boundary in force and how many records changed area because of it.
    """
    shapes.check_degrees(shape)
    mended = shapes.mended(shape)
    moves = draw_boundaries(actor, [Drawing(area, mended.shape, mended.repair, origin, source)])
    return Boundary.objects.get(area=area, valid_to__isnull=True), moves


@transaction.atomic
def draw_boundaries(actor: Actor, drawings: Sequence[Drawing]) -> list[Move]:
    """Draw many boundaries at once; those that are the same stay. Located records find their area anew."""
    today = timezone.localdate()
    old = {
        boundary.area_id: boundary
        for boundary in Boundary.objects.filter(area__in=[d.area.pk for d in drawings], valid_to__isnull=True)
    }
    touched: list[tuple[float, float, float, float]] = []
    for drawing in drawings:
        before = old.get(drawing.area.pk)
        if before is not None and _stays(before, drawing):
            continue
        if before is not None:
            touched.append((before.min_lon, before.min_lat, before.max_lon, before.max_lat))
            Boundary.objects.filter(pk=before.pk).update(valid_to=today)
        touched.append(drawing.shape.bounds)
        _draw(actor, drawing, redrawn=before is not None)
    if not touched:
        return []
    finding.forget()
    redraw_outlines(drawing.area for drawing in drawings)
    return relocate_all(actor, touched)


def _stays(boundary: Boundary, drawing: Drawing) -> bool:
    import shapely

    return shapes.same(shapely.from_wkb(bytes(boundary.wkb)), drawing.shape)


def _draw(actor: Actor, drawing: Drawing, *, redrawn: bool) -> None:
    import shapely

    area, shape = drawing.area, drawing.shape
    west, south, east, north = shape.bounds
    Boundary.objects.create(
        area=area,
        valid_from=timezone.localdate() if redrawn else area.valid_from,
        wkb=shapely.to_wkb(shape),
        outline=shapes.as_geojson(shape),
        min_lon=west,
        min_lat=south,
        max_lon=east,
        max_lat=north,
        repair=drawing.repair[:300],
        source=drawing.source,
    )
    before = history.state_of(area)
    area.lon, area.lat = shapes.inner_point(shape)
    area.surface_km2 = round(shapes.km2(shape), 4)
    area.origin = drawing.origin
    area.save()
    extra = {"boundary": history.plain(shapely.to_wkb(shape))[:16]}
    if drawing.repair:
        extra["repair"] = drawing.repair
    history.record(actor, "redrawn" if redrawn else "drawn", area, before, extra)


def redraw_outlines(areas: Iterable[Area]) -> None:
    """Simplify anew the outlines of areas and of all of their kind around them, together, so that borders stay shared.

    Around: in the same municipality, or, for municipalities and what is wider, in the same region.
    """
    import shapely

    for anchor, kind in sorted({_surroundings(area) for area in areas}, key=str):
        rows = Boundary.objects.filter(valid_to__isnull=True, area__kind=kind)
        within = AreaClosure.objects.filter(ancestor=anchor) if anchor else AreaClosure.objects.filter(distance=0)
        group = list(rows.filter(area__in=within.order_by().values("area")).order_by("area"))
        drawn = shapes.outlines([shapely.from_wkb(bytes(boundary.wkb)) for boundary in group])
        for boundary, outline in zip(group, drawn, strict=True):
            boundary.outline = outline
        Boundary.objects.bulk_update(group, ["outline"], batch_size=200)


def _surroundings(area: Area) -> tuple[int | None, str]:
    """The area in which this one has neighbours (None: everywhere), and its kind."""
    inside_a_town = RANK[area.kind] > RANK[AreaKind.MUNICIPALITY]
    wider = AreaKind.MUNICIPALITY if inside_a_town else AreaKind.REGION
    above = AreaClosure.objects.filter(area=area, ancestor_kind=wider, distance__gt=0).values_list(
        "ancestor", flat=True
    )
    return above.first(), area.kind


def located_models() -> list[type[Located]]:
    """Every table whose records stand somewhere, of this app and of those above it."""
    return [model for model in apps.get_models() if issubclass(model, Located)]


def relocate_all(actor: Actor, boxes: Sequence[tuple[float, float, float, float]]) -> list[Move]:
    """Find anew the area of every located record within these boxes (west, south, east, north)."""
    moves = [relocate(actor, model, boxes) for model in located_models()]
    return [move for move in moves if move.count]


@transaction.atomic
def relocate(
    actor: Actor, model: type[Located], boxes: Sequence[tuple[float, float, float, float]] | None = None
) -> Move:
    """Find anew the area of the records of a model from their points (within the boxes, or everywhere).

    A record whose point lies in no area keeps the area it has.
    """
    rows = model._default_manager.order_by("pk").filter(lon__isnull=False, lat__isnull=False)
    if boxes is not None:
        near = Q(pk__in=[])
        for west, south, east, north in _merged(boxes):
            near |= Q(lon__range=(west, east), lat__range=(south, north))
        rows = rows.filter(near)
    records = list(rows)
    found = finding.areas_at([r.lon for r in records], [r.lat for r in records])  # type: ignore[misc]
    acts, changed = [], []
    for record, area in zip(records, found, strict=True):
        if area is None or area == record.area_id:
            continue
        changes = {"area_id": [record.area_id, area]}
        record.area_id = area
        changed.append(record)
        acts.append(history.Act("relocated", history.kind_of(model), str(record.pk), str(record)[:300], changes))
    if changed:
        model._default_manager.bulk_update(changed, ["area"], batch_size=300)
        history.record_many(actor, acts)
    return Move(history.kind_of(model), str(model._meta.verbose_name_plural), len(changed))


def _merged(boxes: Sequence[tuple[float, float, float, float]]) -> list[tuple[float, float, float, float]]:
    """The boxes themselves, or, when they are many, the one that holds them all."""
    if len(boxes) <= 20:
        return list(boxes)
    west, south, east, north = zip(*boxes, strict=True)
    return [(min(west), min(south), max(east), max(north))]


@transaction.atomic
def dissolve(actor: Actor, area: Area, below: Iterable[Area] | None = None, source: Source | None = None) -> list[Move]:
    """Draw an area as the union of the areas below it (its children, unless others are named)."""
    import shapely

    members = list(Area.objects.filter(parent=area).in_force()) if below is None else list(below)
    found = Boundary.objects.filter(area__in=members, valid_to__isnull=True).order_by("area_id")
    parts = [shapely.from_wkb(bytes(boundary.wkb)) for boundary in found]
    if not parts:
        raise TerritoryError(_("None of the areas of %(name)s has a boundary.") % {"name": area.name})
    whole = shapely.union_all(shapely.set_precision(parts, shapes.GRID))
    return draw_boundaries(actor, [Drawing(area, whole, "", AreaOrigin.DISSOLVED, source)])


# --- people -------------------------------------------------------------------------------------------------------
@transaction.atomic
def set_population(
    actor: Actor, area: Area, year: int, females: Sequence[int], males: Sequence[int], source: Source | None = None
) -> bool:
    """State the residents of an area in a year, by age 0 … 100 and over; gives whether anything changed."""
    if len(females) != 101 or len(males) != 101 or min(*females, *males) < 0:
        raise TerritoryError(_("Residents are 101 counts per sex, from age 0 to 100 and over."))
    row = Population.objects.filter(area=area, year=year).first()
    before = history.state_of(row) if row else None
    row = row or Population(area=area, year=year)
    row.females, row.males, row.source = list(females), list(males), source
    row.total = sum(females) + sum(males)
    if before is not None and not history.differences(row, before):
        return False
    row.save()
    history.record(actor, "changed" if before else "created", row, before)
    return True


@transaction.atomic
def set_value(
    actor: Actor,
    area: Area,
    indicator: ContextIndicator,
    year: int,
    value: float | None,
    *,
    state: str = ValueState.VALUE,
    source: Source | None = None,
) -> bool:
    """State a number about an area in a year, or why there is none; gives whether anything changed."""
    row = ContextValue.objects.filter(area=area, indicator=indicator, year=year).first()
    before = history.state_of(row) if row else None
    row = row or ContextValue(area=area, indicator=indicator, year=year)
    row.value, row.state, row.source = value, state, source
    row.full_clean(exclude=["area", "indicator", "source"])
    if before is not None and not history.differences(row, before):
        return False
    row.save()
    history.record(actor, "changed" if before else "created", row, before)
    return True


# --- places -------------------------------------------------------------------------------------------------------
FACETS = ("place_role", "vulnerability_factor")


@transaction.atomic
def add_place(actor: Actor, *, roles: Iterable[Code] = (), factors: Iterable[Code] = (), **fields: Any) -> Place:
    """Add a place; its area is found from its point, unless no area holds the point and one is given."""
    place = Place(**fields)
    place.name = legible(place.name)
    _find_area(place)
    place.full_clean()
    place.save()
    _set_codes(place, [*roles, *factors])
    extra = _told_codes([], place)
    history.record(actor, "created", place, None, extra)
    return place


@transaction.atomic
def change_place(
    actor: Actor, place: Place, *, roles: Iterable[Code] = (), factors: Iterable[Code] = (), **fields: Any
) -> Place:
    """Change a place, with its roles and what makes it vulnerable; nothing is written when nothing changes."""
    before = history.state_of(place)
    had = _codes_of(place)
    point = (place.lon, place.lat)
    for field, value in fields.items():
        setattr(place, field, legible(value) if field == "name" else value)
    if (place.lon, place.lat) != point:
        _find_area(place)
    _set_codes(place, [*roles, *factors])
    extra = _told_codes(had, place)
    if not history.differences(place, before) and not extra and (place.lon, place.lat) == point:
        return place
    place.edited_at = timezone.now()
    place.full_clean()
    place.save()
    history.record(actor, "changed", place, before, extra)
    return place


@transaction.atomic
def confirm_place(actor: Actor, place: Place, day: date | None = None) -> Place:
    """State that what is written of a place is right, as of a day (today)."""
    before = history.state_of(place)
    place.confirmed_on = day or timezone.localdate()
    place.save(update_fields=["confirmed_on"])
    history.record(actor, "confirmed", place, before)
    return place


def _find_area(place: Place) -> None:
    if place.lon is None or place.lat is None:
        return
    found = finding.area_at(place.lon, place.lat)
    if found is not None:
        place.area_id = found


def _codes_of(place: Place) -> list[str]:
    return sorted(PlaceCode.objects.filter(place=place, facet__in=FACETS).order_by().values_list("code_id", flat=True))


def _set_codes(place: Place, wanted: Sequence[Code]) -> None:
    if wrong := [code.id for code in wanted if code.list not in FACETS]:
        raise TerritoryError(_("%(codes)s is no role of a place.") % {"codes": ", ".join(wrong)})
    ids = {code.id for code in wanted}
    had = set(_codes_of(place))
    PlaceCode.objects.filter(place=place, code__in=had - ids).delete()
    PlaceCode.objects.bulk_create(
        [PlaceCode(place=place, facet=code.list, code=code) for code in wanted if code.id not in had],
        ignore_conflicts=True,
    )


def _told_codes(had: list[str], place: Place) -> dict[str, Any]:
    """What changed among the codes, as `{list: [before, after]}`."""
    now = _codes_of(place)
    told = {}
    for facet in FACETS:
        old, new = ([code for code in codes if code.startswith(f"{facet}:")] for codes in (had, now))
        if old != new:
            told[facet] = [old, new]
    return told
