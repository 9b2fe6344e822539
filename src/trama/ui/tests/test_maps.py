from __future__ import annotations

import gzip
import json
import math
import random
from typing import Any

import pytest
from django.apps import apps
from django.http import HttpRequest, QueryDict
from django.template import Context, Template
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trama.core.models import Code
from trama.ui import maps
from trama.ui.maps import Box, box_of, clusters

pytestmark = pytest.mark.django_db
# The map stands below every app that has points; the tests borrow one by its name.
Place = apps.get_model("territory", "Place")
LONS, LATS = st.floats(-180, 180), st.floats(-85, 85)


@pytest.fixture
def kind() -> Code:
    names = {"label_it": "piazza", "label_en": "square"}
    return Code.objects.create(id="kind_of_the_test:x", list="kind_of_the_test", value="x", **names)


def put(kind: Code, points: list[tuple[float, float] | None]) -> None:
    places = []
    for number, point in enumerate(points):
        place = Place(name=f"Luogo {number}", kind=kind)
        place.put_at(*(point or (None, None)))
        places.append(place)
    Place.objects.bulk_create(places)


def labels(answer: dict[str, Any]) -> int:
    return sum(point[2] for point in answer["points"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    points=st.lists(st.none() | st.tuples(LONS, LATS), max_size=40),
    zoom=st.none() | st.sampled_from([0, 3, 7.5, 12, 18]),
)
def test_the_labels_sum_to_the_located_and_the_rest_is_told(
    kind: Code, points: list[tuple[float, float] | None], zoom: float | None
) -> None:
    Place.objects.all().delete()
    put(kind, points)
    answer = clusters(Place.objects.all(), zoom=zoom)
    located = [point for point in points if point]
    assert answer["located"] == labels(answer) == len(located)
    assert answer["outside"] == len(points) - len(located)
    assert answer["total"] == len(points)
    if located:
        west, south, east, north = answer["bounds"]
        for lon, lat, *_rest in answer["points"]:
            assert west - 1e-4 <= lon <= east + 1e-4
            assert south - 1e-4 <= lat <= north + 1e-4
    else:
        assert answer["bounds"] is None
        assert answer["points"] == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    points=st.lists(st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02)), min_size=1, max_size=40),
    zoom=st.integers(10, 18),
    corner=st.tuples(st.floats(-0.02, 0.015), st.floats(-0.02, 0.015)),
)
def test_a_box_shows_at_least_its_points_and_invents_none(
    kind: Code, points: list[tuple[float, float]], zoom: int, corner: tuple[float, float]
) -> None:
    """Around the origin of the plane, where coordinates change their sign."""
    Place.objects.all().delete()
    put(kind, points)  # type: ignore[arg-type]
    box = Box(corner[0], corner[1], corner[0] + 0.005, corner[1] + 0.005)
    inside = [p for p in points if box.west <= p[0] <= box.east and box.south <= p[1] <= box.north]
    answer = clusters(Place.objects.all(), box, zoom)
    assert len(inside) <= labels(answer) <= len(points)
    assert answer["located"] == len(points)


def test_a_single_record_says_who_it_is_and_a_cluster_how_far_it_goes(kind: Code) -> None:
    put(kind, [(11.34, 44.49), (11.34, 44.49), (11.40, 44.52), None])
    alone = Place.objects.get(name="Luogo 2")
    answer = clusters(Place.objects.all(), url=lambda pk: f"/luoghi/{pk}/")
    single, cluster = answer["points"]  # from north to south
    assert single == [11.4, 44.52, 1, alone.pk, "Luogo 2", f"/luoghi/{alone.pk}/"]
    first = Place.objects.get(name="Luogo 0")
    assert cluster == [11.34, 44.49, 2, first.x, first.y, first.x, first.y]


def test_a_cluster_stands_on_its_points(kind: Code) -> None:
    put(kind, [(11.0, 44.0), (11.0, 44.0), (11.0, 44.0), (11.001, 44.0), (12.0, 45.0)])
    answer = clusters(Place.objects.all())
    cluster = next(point for point in answer["points"] if point[2] == 4)
    assert cluster[:2] == pytest.approx([11.00025, 44.0], abs=2e-5)


def test_no_two_markers_cover_each_other(kind: Code) -> None:
    chance = random.Random(5)
    put(kind, [(chance.gauss(11.3, 0.1), chance.gauss(44.5, 0.1)) for _ in range(400)])
    answer = clusters(Place.objects.all())
    metres = [maps.extent_of(Box(p[0], p[1], p[0], p[1])) for p in answer["points"]]
    pixel = maps.metres_per_pixel(answer["zoom"])
    radius = [maps.diameter(p[2]) / 2 - 1 for p in answer["points"]]
    near = [
        (i, j)
        for i, a in enumerate(metres)
        for j, b in enumerate(metres[:i])
        if math.hypot(a.left - b.left, a.bottom - b.bottom) < (radius[i] + radius[j]) * pixel
    ]
    assert near == []


def test_moving_the_map_does_not_change_a_number(kind: Code) -> None:
    chance = random.Random(7)
    put(kind, [(chance.uniform(11.2, 11.5), chance.uniform(44.4, 44.6)) for _ in range(300)])
    side = maps.side_of(18)
    one = {tuple(p) for p in clusters(Place.objects.all(), Box(11.3, 44.45, 11.31, 44.46), 18)["points"]}
    other = {tuple(p) for p in clusters(Place.objects.all(), Box(11.3001, 44.4501, 11.3101, 44.4601), 18)["points"]}
    middle = maps.extent_of(Box(11.302, 44.452, 11.308, 44.458))

    def inner(points: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
        metres = {p: maps.extent_of(Box(p[0], p[1], p[0], p[1])) for p in points}
        return {
            p
            for p, e in metres.items()
            if middle.left + side < e.left < middle.right and middle.bottom < e.bottom < middle.top
        }

    assert inner(one) == inner(other)


def test_filters_that_join_or_repeat_rows_count_each_record_once(kind: Code) -> None:
    put(kind, [(11.3, 44.5), (11.4, 44.6), (11.5, 44.7), None])
    through = apps.get_model("territory", "PlaceCode")
    for place in Place.objects.all():
        for number in range(3):
            code, _made = Code.objects.get_or_create(
                id=f"role:{number}", list="role", value=str(number), label_it="r", label_en="r"
            )
            through.objects.create(place=place, facet="role", code=code)
    for rows in (
        Place.objects.filter(codes__facet="role"),
        Place.objects.filter(codes__facet="role").distinct(),
        Place.objects.filter(kind__list="kind_of_the_test").order_by("name"),
        Place.objects.filter(pk__in=through.objects.values("place")),
        Place.objects.order_by("pk")[:4],
    ):
        answer = clusters(rows)
        assert (answer["total"], answer["located"], labels(answer)) == (4, 3, 3)


def test_a_view_costs_at_most_three_queries(kind: Code, django_assert_max_num_queries: Any) -> None:
    put(kind, [(11.3 + n / 1000, 44.5) for n in range(50)])
    clusters(Place.objects.all())
    with django_assert_max_num_queries(2):  # cells, titles: the zoom is remembered
        clusters(Place.objects.all())
    with django_assert_max_num_queries(3):
        clusters(Place.objects.all(), Box(11.3, 44.4, 11.4, 44.6), 14)


def test_a_remembered_zoom_is_mended_when_the_points_go_further(kind: Code) -> None:
    put(kind, [(11.3, 44.5), (11.31, 44.51)])
    before = clusters(Place.objects.all())
    put(kind, [(9.2, 45.5)])
    after = clusters(Place.objects.all())
    assert after["zoom"] < before["zoom"]
    assert labels(after) == 3


def test_the_whole_at_a_deep_zoom_is_bounded(kind: Code) -> None:
    put(kind, [(-179.0, -80.0), (179.0, 80.0)])
    assert clusters(Place.objects.all(), zoom=18)["zoom"] <= 6
    assert clusters(Place.objects.all(), Box(-180, -85, 180, 85), 18)["zoom"] <= 6


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (None, None)),
        ("bbox=11,44,12,45&zoom=12", (Box(11, 44, 12, 45), 12)),
        ("zoom=12.5", (None, 12.5)),
        ("zoom=12.3", (None, None)),
        ("bbox=-500,-90,500,90&zoom=0", (Box(-180, -85.0511, 180, 85.0511), 0)),
        ("bbox=12,44,11,45&zoom=12", (None, 12)),
        ("bbox=11,44,12&zoom=x", (None, None)),
        ("bbox=nan,44,inf,45&zoom=-1", (None, None)),
        ("bbox=11,44,11,44&zoom=19", (None, None)),
        ("bbox=1e999,44,12,45&zoom=٣", (None, None)),
        ("bbox=a,b,c,d&zoom=9999999999", (None, None)),
    ],
)
def test_what_cannot_be_understood_is_the_whole(query: str, expected: tuple[Box | None, int | None]) -> None:
    assert box_of(QueryDict(query)) == expected


@settings(max_examples=100, deadline=None)
@given(bbox=st.text(max_size=60), zoom=st.text(max_size=5))
def test_no_address_breaks_the_reading(bbox: str, zoom: str) -> None:
    box, depth = box_of({"bbox": bbox, "zoom": zoom})
    assert box is None or (box.west < box.east and box.south < box.north)
    assert depth is None or 0 <= depth <= maps.DEEPEST


def ask(address: str, **headers: str) -> HttpRequest:
    return RequestFactory().get(address, headers=headers)


def test_the_answer_is_small_and_compressed(kind: Code) -> None:
    chance = random.Random(3)
    put(kind, [(chance.uniform(10, 12), chance.uniform(44, 45)) for _ in range(3000)])
    response = maps.answer(ask("/?size=1280,640", **{"Accept-Encoding": "gzip"}), Place.objects.all())
    assert response["Content-Encoding"] == "gzip"
    assert len(response.content) < 20_000
    assert labels(json.loads(gzip.decompress(response.content))) == 3000
    plain = maps.answer(ask("/?size=1280,640"), Place.objects.all())
    assert labels(json.loads(plain.content)) == 3000


def test_what_stands_at_one_point_is_listed(kind: Code) -> None:
    put(kind, [(11.34, 44.49)] * 25 + [(11.35, 44.49)])
    first = Place.objects.get(name="Luogo 0")
    edges = f"{first.x},{first.y},{first.x},{first.y}"
    found = json.loads(maps.answer(ask(f"/?list={edges}"), Place.objects.all(), url=lambda pk: f"/{pk}/").content)
    assert found["count"] == 25
    assert len(found["records"]) == maps.LISTED
    assert found["records"][0] == [first.pk, "Luogo 0", f"/{first.pk}/"]
    few = json.loads(maps.answer(ask(f"/?list={edges}"), Place.objects.filter(name__endswith="4")).content)
    assert few["count"] == len(few["records"]) == 3
    beyond = maps.answer(ask("/?list=-1e30,-1e30,1e30,1e30"), Place.objects.all())
    assert json.loads(beyond.content)["count"] == 26


def test_the_tag_brings_script_and_style_once() -> None:
    template = Template('{% load maps %}{% map src="/a.json" table="/t/" label="Luoghi" %}{% map areas="/b.json" %}')
    text = template.render(Context({"request": ask("/")}))
    assert text.count("leaflet.js") == text.count("ui/map.css") == 1
    assert 'data-src="/a.json"' in text
    assert 'aria-label="Luoghi"' in text
    assert text.count('href="/t/"') == 2  # beside the map, and for who has no script
    assert 'id="map-1"' in text
    assert 'id="map-2"' in text


def test_the_legend_says_each_class_in_words() -> None:
    classes = [{"class": "q1", "label": "fino a 100"}, {"class": "protected", "label": "meno di 3"}]
    text = Template('{% load maps %}{% map_legend classes title="Famiglie" %}').render(Context({"classes": classes}))
    assert "trama-map-swatch-protected" in text
    assert "meno di 3" in text
    assert "<figcaption>Famiglie</figcaption>" in text
