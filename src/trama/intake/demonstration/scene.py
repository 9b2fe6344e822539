"""Where the demonstration takes place: the localities, with their areas and a point to put invented records around."""

from __future__ import annotations

import math
import random
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from django.utils.translation import gettext as _

from trama.core.actor import Actor
from trama.core.models import Source
from trama.territory import actions, finding, imports
from trama.territory.choices import AreaKind, AreaOrigin
from trama.territory.models import Area, AreaClosure

KM_LAT = 1 / 111.2  # degrees of latitude in a kilometre
IMOLA = "Imola"


@lru_cache(maxsize=4)
def data(name: str) -> dict[str, Any]:
    """A data file of the demonstration."""
    return tomllib.loads(resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


@dataclass
class Locality:
    """A place where people live: how it is spoken of, its area, and a point when one is known."""

    name: str
    of: str
    at: str
    area: Area
    municipality: Area
    weight: int = 4
    point: tuple[float, float] | None = None
    spread_km: float = 0.6


@dataclass
class Scene:
    """The territory of a demonstration, with what is drawn from it."""

    home: Area
    municipality: Area
    localities: list[Locality]
    whole: Locality
    by_name: dict[str, Locality] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_name = {locality.name: locality for locality in self.localities}

    def points(self, rng: random.Random, wanted: list[Locality]) -> list[tuple[float, float] | None]:
        """A point near each locality, inside its municipality; None where no point is known."""
        drawn = [_near(rng, locality) for locality in wanted]
        known = [index for index, point in enumerate(drawn) if point is not None]
        found = finding.areas_at([drawn[i][0] for i in known], [drawn[i][1] for i in known])  # type: ignore[index]
        inside = {locality.municipality.pk: _below(locality.municipality) for locality in wanted}
        for index, area in zip(known, found, strict=True):
            if area not in inside[wanted[index].municipality.pk]:
                drawn[index] = wanted[index].point
        return drawn


def _below(area: Area) -> frozenset[int]:
    return frozenset(AreaClosure.objects.filter(ancestor=area).values_list("area_id", flat=True))


def _near(rng: random.Random, locality: Locality) -> tuple[float, float] | None:
    if locality.point is None:
        return None
    lon, lat = locality.point
    north, east = rng.gauss(0, locality.spread_km / 2), rng.gauss(0, locality.spread_km / 2)
    return round(lon + east * KM_LAT / math.cos(math.radians(lat)), 6), round(lat + north * KM_LAT, 6)


# --- the Imola district -------------------------------------------------------------------------------------------
def imola(actor: Actor) -> Scene:
    """The Nuovo Circondario Imolese, with the hamlets and quarters of Imola that public sources name."""
    told = data("imola")
    verdicts = imports.load_municipalities(actor, told["municipalities"], told["union"])
    areas = {verdict.name: verdict.area for verdict in verdicts if verdict.area is not None}
    home = Area.objects.get(name=told["union"], kind=AreaKind.UNION)
    town = areas[told["home"]]
    source = imports.source(
        "imola-localities",
        title="Frazioni e quartieri di Imola nominati dalle fonti",
        note="Senza confine; i punti sono approssimativi e dimostrativi.",
    )
    localities = [_imola_locality(actor, town, item, source) for item in told["localities"]]
    for name, area in areas.items():
        if area.pk == town.pk:
            continue
        localities.append(_town(name, area, told["centres"].get(name)))
    whole = Locality("Circondario", "del Circondario", "nel Circondario", home, town, 0)
    return Scene(home, town, localities, whole)


def _imola_locality(actor: Actor, town: Area, item: dict[str, Any], source: Source) -> Locality:
    point = item.get("point")
    note = _("approximate demonstration point") if point else ""
    area = actions.add_area(
        actor,
        name=item["name"],
        kind=item["kind"],
        parent=town,
        lon=point[0] if point else None,
        lat=point[1] if point else None,
        origin=AreaOrigin.POINT if point else AreaOrigin.LISTED,
        note=note,
        source=source,
    )
    return Locality(
        item["name"], item["of"], item["at"], area, town, item["weight"], tuple(point) if point else None, 0.5
    )


def _town(name: str, area: Area, centre: list[float] | None) -> Locality:
    area.refresh_from_db()
    point = (centre[0], centre[1]) if centre else None
    if point is not None and finding.area_at(*point) not in _below(area):
        point = None
    if point is None and area.lon is not None and area.lat is not None:
        point = (area.lon, area.lat)
    article = "ad" if name[:1] in "A" else "a"
    return Locality(name, f"di {name}", f"{article} {name}", area, area, 4, point, 0.9)


# --- any other municipality ---------------------------------------------------------------------------------------
QUARTERS = (
    ("Centro", "del centro", "in centro", AreaKind.NEIGHBOURHOOD, 0.0, 0.0, 6),
    ("Quartiere Nord", "del quartiere Nord", "nel quartiere Nord", AreaKind.NEIGHBOURHOOD, 0.0, 0.35, 5),
    ("Quartiere Sud", "del quartiere Sud", "nel quartiere Sud", AreaKind.NEIGHBOURHOOD, 0.0, -0.35, 5),
    ("Quartiere Est", "del quartiere Est", "nel quartiere Est", AreaKind.NEIGHBOURHOOD, 0.35, 0.0, 5),
    ("Quartiere Ovest", "del quartiere Ovest", "nel quartiere Ovest", AreaKind.NEIGHBOURHOOD, -0.35, 0.0, 5),
    ("Frazione Ponte", "della frazione Ponte", "alla frazione Ponte", AreaKind.HAMLET, 0.55, 0.45, 3),
    ("Frazione Mulino", "della frazione Mulino", "alla frazione Mulino", AreaKind.HAMLET, -0.5, 0.5, 3),
    ("Frazione Pieve", "della frazione Pieve", "alla frazione Pieve", AreaKind.HAMLET, 0.45, -0.55, 3),
)


def municipality(actor: Actor, name: str) -> Scene:
    """Any municipality, with its real boundary and residents and with quarters that are invented, and say so."""
    area = imports.load_municipalities(actor, [name])[0].area
    if area is None:
        raise ValueError(name)
    area.refresh_from_db()
    source = imports.source(
        "demonstration-localities", title="Quartieri dimostrativi inventati", note="Non esistono: servono a mostrare."
    )
    Source.objects.filter(pk=source.pk).update(is_demonstration=True)
    radius = math.sqrt((area.surface_km2 or 30) / math.pi) * 0.8
    inside = _below(area)
    localities = []
    for title, of, at, kind, east, north, weight in QUARTERS:
        point = _offset(area, east * radius, north * radius)
        if point is not None and finding.area_at(*point) not in inside:
            point = (area.lon, area.lat) if area.lon is not None and area.lat is not None else None
        quarter = actions.add_area(
            actor,
            name=title,
            kind=kind,
            parent=area,
            lon=point[0] if point else None,
            lat=point[1] if point else None,
            origin=AreaOrigin.POINT if point else AreaOrigin.LISTED,
            note=_("invented quarter of the demonstration"),
            source=source,
        )
        localities.append(Locality(title, of, at, quarter, area, weight, point, min(0.6, radius / 6)))
    whole = Locality(area.name, f"di {area.name}", "in tutto il comune", area, area, 0)
    return Scene(area, area, localities, whole)


def _offset(area: Area, east_km: float, north_km: float) -> tuple[float, float] | None:
    if area.lon is None or area.lat is None:
        return None
    lon = area.lon + east_km * KM_LAT / math.cos(math.radians(area.lat))
    return round(lon, 6), round(area.lat + north_km * KM_LAT, 6)
