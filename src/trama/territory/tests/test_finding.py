from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
import shapely

from trama.core.actor import NOBODY
from trama.territory import finding
from trama.territory.declarations import area_dimensions
from trama.territory.models import Area, Boundary, Place
from trama.territory.tests.factories import add_boundary, inside, make_area, make_city, make_place, square

pytestmark = pytest.mark.django_db


def test_the_narrowest_area_that_contains_a_point_is_found() -> None:
    city = make_city()
    points = [inside(0, 0), inside(1, 1), inside(3, 0), inside(9, 9)]
    found = finding.areas_at([lon for lon, _lat in points], [lat for _lon, lat in points])
    assert found == [city["mill"].pk, city["hill"].pk, city["east"].pk, None]


def test_without_any_boundary_nothing_is_found() -> None:
    assert finding.areas_at([], []) == []
    assert finding.area_at(11.3, 44.5) is None


def test_a_point_on_a_shared_border_belongs_to_one_area_always_the_same() -> None:
    city = make_city()
    lon, lat = inside(1, 0)[0], square(0, 0).bounds[3]
    assert {finding.area_at(lon, lat) for _ in range(3)} == {city["mill"].pk}


def test_of_two_areas_of_the_same_kind_the_smaller_is_taken() -> None:
    big = make_area("Grande", "hamlet", shape=square(0, 0, 4, 4))
    small = make_area("Piccola", "hamlet", shape=square(1, 1))
    assert finding.area_at(*inside(1, 1)) == small.pk
    assert finding.area_at(*inside(3, 3)) == big.pk


def test_closed_areas_and_old_boundaries_are_left_out() -> None:
    city = make_city()
    Area.objects.filter(pk=city["mill"].pk).update(valid_to=date.today() - timedelta(days=1))  # noqa: DTZ011
    assert finding.area_at(*inside(0, 0)) == city["west"].pk
    Boundary.objects.filter(area=city["west"]).update(valid_to=date(2020, 1, 1))
    assert finding.area_at(*inside(0, 0)) == city["city"].pk


def test_a_redrawn_boundary_is_seen_without_being_told() -> None:
    area = make_area("Frazione", "hamlet", shape=square(0, 0))
    assert finding.area_at(*inside(5, 5)) is None
    Boundary.objects.filter(area=area).update(valid_to=date(2020, 1, 1))
    west, south, east, north = square(5, 5).bounds
    Boundary.objects.create(
        area=area, wkb=shapely.to_wkb(square(5, 5)), min_lon=west, min_lat=south, max_lon=east, max_lat=north
    )
    assert finding.area_at(*inside(5, 5)) == area.pk


@pytest.mark.slow
def test_ten_thousand_points_find_their_area_among_eight_thousand_in_less_than_a_second() -> None:
    side = 90
    areas = [Area(code=f"C{n}", name=f"Comune {n}", kind="municipality") for n in range(side * side)]
    Area.objects.bulk_create(areas)
    numbers = list(Area.objects.order_by("pk").values_list("pk", flat=True))
    boundaries = []
    for n, pk in enumerate(numbers):
        # A coast of 200 points, as long as a real boundary is.
        shape = shapely.Point(*inside(n % side, n // side)).buffer(0.0049, quad_segs=50)
        west, south, east, north = shape.bounds
        boundaries.append(
            Boundary(area_id=pk, wkb=shapely.to_wkb(shape), min_lon=west, min_lat=south, max_lon=east, max_lat=north)
        )
    Boundary.objects.bulk_create(boundaries, batch_size=500)
    finding.forget()
    points = [inside(n % side, n // side) for n in range(8100)] + [inside(n, 0) for n in range(-1900, 0)]
    lons, lats = [lon for lon, _lat in points], [lat for _lon, lat in points]
    started = time.process_time()  # not the clock: other tests run beside this one
    cold = finding.areas_at(lons, lats)
    first = time.process_time() - started
    assert cold == [*numbers, *[None] * 1900]
    assert first < 1.0, f"{first:.2f} s, with reading the boundaries"


# --- the dimension ------------------------------------------------------------------------------------------------
def dimension(key: str):
    return next(found for found in area_dimensions() if found.key == key)


def test_a_register_is_narrowed_by_an_area_with_all_below_it() -> None:
    city = make_city()
    one = make_place("Uno", area=city["mill"])
    two = make_place("Due", area=city["west"])
    far = make_place("Tre", area=city["east"])
    lost = make_place("Altrove")
    rows, area = Place.objects.all(), dimension("area")
    assert set(area.narrow(rows, ["BORGO-O"])) == {one, two}
    assert set(area.narrow(rows, ["BORGO-O-1", "BORGO-E"])) == {one, far}
    assert set(area.narrow(rows, ["BORGO"])) == {one, two, far}
    assert set(area.narrow(rows, ["-"])) == {lost}
    assert set(area.narrow(rows, ["nonsense"])) == set()
    assert set(dimension("statistical_area").narrow(rows, ["-"])) == {two, far, lost}


def test_grouping_rolls_up_to_the_level_and_keeps_what_lies_outside() -> None:
    city = make_city()
    make_place("Uno", area=city["mill"])
    make_place("Due", area=city["hill"])
    make_place("Tre", area=city["east"])
    make_place("Quattro", area=city["city"])
    make_place("Altrove")
    grouped = dimension("district").group(Place.objects.all(), "g").values_list("name", "g")
    west, east = city["west"].pk, city["east"].pk
    assert dict(grouped) == {"Uno": west, "Due": west, "Tre": east, "Quattro": None, "Altrove": None}
    assert dimension("district").order([west, east]) == [east, west]
    assert dimension("district").name(west) == "Ovest"
    assert dimension("district").address_of(west) == "BORGO-O"


def test_choices_follow_the_tree() -> None:
    city = make_city()
    add_boundary(make_area("Altra", "municipality"), square(9, 9))
    names = [(code, label.count("\u2003")) for code, label in dimension("area").choices(NOBODY)][1:]
    assert names == [("BORGO", 0), ("BORGO-E", 1), ("BORGO-O", 1), ("BORGO-O-2", 2), ("BORGO-O-1", 2)]
    assert [code for code, _label in dimension("district").choices(NOBODY)] == ["BORGO-E", "BORGO-O"]
    assert finding.path_of(city["mill"].pk)[0].name == "Borgo"
