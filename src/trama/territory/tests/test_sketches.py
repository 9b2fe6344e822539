"""Outlines as paths: in place, small, with shared borders, anew after a boundary changes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import shapely

from trama.core import memo
from trama.territory.sketches import UNITS, path_of, sketch_of
from trama.territory.tests.factories import add_boundary, make_area, make_city, square

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    memo.forget_all()
    yield
    memo.forget_all()


def points_of(path: str) -> list[list[tuple[int, int]]]:
    """The rings of a path as absolute points."""
    rings = []
    for ring in re.findall(r"M([^M]+)z", path):
        start, _l, rest = ring.partition("l")
        numbers = [int(number) for number in re.findall(r"-?\d+", rest)]
        x, y = (int(number) for number in start.split())
        found = [(x, y)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            found.append((x, y))
        rings.append(found)
    return rings


def test_a_path_tells_each_point_from_the_one_before() -> None:
    shape = shapely.Polygon([(0, 0), (10, 0), (10, 20.4), (0, 20)], [[(2, 2), (4, 2), (4, 4)]])
    path = path_of(shape)
    assert path == "M0 0l10 0 0 20 -10 0zM2 2l2 0 0 2z"
    assert points_of(path) == [[(0, 0), (10, 0), (10, 20), (0, 20)], [(2, 2), (4, 2), (4, 4)]]


def test_every_part_of_an_area_is_drawn() -> None:
    shape = shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(20, 0, 30, 10)])
    assert len(points_of(path_of(shape))) == 2
    islands = make_area("Isole", shape=shapely.MultiPolygon([square(0, 0), square(3, 0)]))
    assert len(points_of(sketch_of([islands.pk]).outlines[islands.pk].path)) == 2


def test_slivers_between_neighbours_are_no_lakes() -> None:
    whole = make_area("Borgo", shape=square(0, 0, 2, 1))
    lake = square(0.2, 0.2, 0.2, 0.2)
    gap = square(0.99995, 0.4, 0.0001, 0.1)
    west = make_area("Ovest", "district", whole, square(0, 0).difference(lake).difference(gap))
    east = make_area("Est", "district", whole, square(1, 0).difference(gap))
    (frame,) = sketch_of([west.pk, east.pk]).frames
    assert len(points_of(frame)) == 2  # the outer border and the lake


def test_areas_stand_where_they_are_north_up_and_share_their_border() -> None:
    city = make_city()
    west, east = city["west"], city["east"]
    sketch = sketch_of([west.pk, east.pk])
    assert sketch.width == UNITS
    # Two squares of a hundredth of a degree beside each other, twice as wide as high in degrees; in the projection a
    # degree of latitude at 44.5° is drawn 1 / cos 44.5° = 1.4 times as long.
    assert sketch.height == pytest.approx(UNITS / 2 * 1.4, rel=0.01)
    (left,) = points_of(sketch.outlines[west.pk].path)
    (right,) = points_of(sketch.outlines[east.pk].path)
    assert max(x for x, _y in left) == min(x for x, _y in right) == UNITS / 2
    # The mill lies south of the hill: further down.
    both = sketch_of([city["mill"].pk, city["hill"].pk])
    assert both.outlines[city["mill"].pk].y > both.outlines[city["hill"].pk].y


def test_an_area_without_boundary_is_not_drawn() -> None:
    bare = make_area("Senza confine")
    assert sketch_of([bare.pk]).outlines == {}
    assert sketch_of([]).outlines == {}


def test_wider_areas_are_drawn_by_the_borders_of_those_in_them() -> None:
    city = make_city()
    sketch = sketch_of([city["mill"].pk, city["hill"].pk, city["east"].pk], [city["west"].pk])
    (frame,) = sketch.frames
    corners = {point for ring in points_of(frame) for point in ring}
    parts = {p for key in ("mill", "hill") for ring in points_of(sketch.outlines[city[key].pk].path) for p in ring}
    assert corners <= parts
    assert {x for x, _y in corners} == {0, UNITS // 2}


def test_a_redrawn_boundary_is_drawn_anew() -> None:
    area = make_area("Borgo", shape=square(0, 0))
    before = sketch_of([area.pk])
    assert sketch_of([area.pk]) is before
    area.boundaries.update(valid_to="2020-01-01")
    add_boundary(area, square(0, 0, 1, 3))
    assert sketch_of([area.pk]).height > before.height or sketch_of([area.pk]).width < before.width


def test_pages_draw_the_areas_for_who_has_no_script() -> None:
    from django.test import Client

    from trama.core import facts
    from trama.territory.drawings import MOST, of_children

    city = make_city()
    facts.set_fact(facts.HOME_AREA, "BORGO")
    for address in ("/territorio/BORGO/", "/"):
        text = Client().get(address).content.decode()
        drawing = text[text.index("<noscript>") : text.index("</noscript>")]
        assert f'href="/territorio/{city["east"].code}/"' in drawing
        assert "style=" not in drawing
    assert of_children(city["mill"]) == ""  # nothing lies in it
    for n in range(MOST):
        make_area(f"Rione {n}", "neighbourhood", city["east"], square(2, 0))
    assert "<svg" in of_children(city["east"])
    make_area("Uno di troppo", "neighbourhood", city["east"], square(2, 0))
    assert of_children(city["east"]) == ""
