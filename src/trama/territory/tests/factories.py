"""Small areas, people and places for tests: squares on a grid of hundredths of a degree near Bologna."""

from __future__ import annotations

from itertools import count
from typing import Any

import shapely

from trama.core import codes
from trama.core.models import Code
from trama.territory import finding
from trama.territory.models import Area, AreaClosure, Boundary, Place, Population

_numbers = count(1)
WEST, SOUTH, STEP = 11.3, 44.5, 0.01


def square(column: float, row: float, width: float = 1, height: float = 1) -> shapely.Polygon:
    """A rectangle on the grid; `square(0, 0)` has its south-west corner at 11.30 E, 44.50 N."""
    return shapely.box(
        WEST + column * STEP, SOUTH + row * STEP, WEST + (column + width) * STEP, SOUTH + (row + height) * STEP
    )


def inside(column: float, row: float) -> tuple[float, float]:
    """The longitude and latitude of the middle of a square of the grid."""
    return WEST + (column + 0.5) * STEP, SOUTH + (row + 0.5) * STEP


def make_area(
    name: str = "", kind: str = "municipality", parent: Area | None = None, shape: Any = None, **fields: Any
) -> Area:
    """An area with its closure rows and, if given a shape, its boundary."""
    number = next(_numbers)
    fields.setdefault("code", f"T{number:06}")
    if shape is not None:
        fields.setdefault("lon", shape.representative_point().x)
        fields.setdefault("lat", shape.representative_point().y)
    area = Area.objects.create(name=name or f"Area {number}", kind=kind, parent=parent, **fields)
    AreaClosure.objects.create(area=area, ancestor=area, ancestor_kind=kind, distance=0)
    if parent is not None:
        for row in AreaClosure.objects.filter(area=parent):
            AreaClosure.objects.create(
                area=area, ancestor_id=row.ancestor_id, ancestor_kind=row.ancestor_kind, distance=row.distance + 1
            )
    if shape is not None:
        add_boundary(area, shape)
    finding.forget()
    return area


def add_boundary(area: Area, shape: Any, **fields: Any) -> Boundary:
    """The boundary of an area, in force."""
    west, south, east, north = shape.bounds
    fields.setdefault("outline", shapely.to_geojson(shape))
    finding.forget()
    return Boundary.objects.create(
        area=area, wkb=shapely.to_wkb(shape), min_lon=west, min_lat=south, max_lon=east, max_lat=north, **fields
    )


def make_city() -> dict[str, Area]:
    """A municipality of 4 × 2 squares with two districts, the western one cut into two statistical areas."""
    city = make_area("Borgo", "municipality", None, square(0, 0, 4, 2), code="BORGO")
    west = make_area("Ovest", "district", city, square(0, 0, 2, 2), code="BORGO-O")
    east = make_area("Est", "district", city, square(2, 0, 2, 2), code="BORGO-E")
    mill = make_area("Mulino", "statistical_area", west, square(0, 0, 2, 1), code="BORGO-O-1")
    hill = make_area("Colle", "statistical_area", west, square(0, 1, 2, 1), code="BORGO-O-2")
    return {"city": city, "west": west, "east": east, "mill": mill, "hill": hill}


def make_population(area: Area, year: int = 2023, females: int = 1, males: int = 1) -> Population:
    """So many residents of each sex at each age from 0 to 100."""
    return Population.objects.create(
        area=area, year=year, females=[females] * 101, males=[males] * 101, total=101 * (females + males)
    )


def make_code(list_: str, value: str, label: str = "") -> Code:
    """A value of a code list."""
    code, _made = Code.objects.get_or_create(
        id=f"{list_}:{value}",
        defaults={"list": list_, "value": value, "label_it": label or value, "label_en": label or value},
    )
    codes.forget()
    return code


def make_place(name: str = "Piazza", kind: str = "square", **fields: Any) -> Place:
    """A place."""
    return Place.objects.create(name=name, kind=make_code("place_kind", kind), **fields)
