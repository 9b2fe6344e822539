from __future__ import annotations

from datetime import date

import pytest
import shapely

from trama.core import history
from trama.core.actor import SYSTEM
from trama.core.models import AuditEntry
from trama.territory import actions, finding, shapes
from trama.territory.actions import Drawing, TerritoryError
from trama.territory.models import Area, AreaClosure, Boundary, Population
from trama.territory.tests.factories import inside, make_area, make_city, make_place, square

pytestmark = pytest.mark.django_db


def closure(area: Area) -> list[tuple[str, int]]:
    return list(AreaClosure.objects.filter(area=area).order_by("distance").values_list("ancestor__name", "distance"))


def test_an_area_is_added_with_its_ancestors_and_an_audit_row() -> None:
    city = make_city()["city"]
    hamlet = actions.add_area(SYSTEM, name="San Prospero", kind="hamlet", parent=city, lon=11.32, lat=44.51)
    assert (hamlet.code, hamlet.origin) == ("BORGO-SAN-PROSPERO", "point")
    assert closure(hamlet) == [("San Prospero", 0), ("Borgo", 1)]
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.kind, entry.object_id) == ("created", "territory.area", str(hamlet.pk))
    again = actions.add_area(SYSTEM, name="San Prospero", kind="hamlet", parent=city)
    assert (again.code, again.origin) == ("BORGO-SAN-PROSPERO-2", "listed")


@pytest.mark.parametrize("kind", ["municipality", "province"])
def test_an_area_holds_only_narrower_ones(kind: str) -> None:
    city = make_city()["city"]
    with pytest.raises(TerritoryError, match="Borgo"):
        actions.add_area(SYSTEM, name="Troppo grande", kind=kind, parent=city)
    assert not Area.objects.filter(name="Troppo grande").exists()


def test_an_area_that_moves_takes_along_what_is_below_it() -> None:
    city = make_city()
    other = make_area("Altra", "municipality")
    actions.change_area(SYSTEM, city["west"], parent=other)
    assert closure(city["mill"]) == [("Mulino", 0), ("Ovest", 1), ("Altra", 2)]
    assert closure(city["east"]) == [("Est", 0), ("Borgo", 1)]
    assert history.verify().problem == ""


def test_a_changed_kind_reaches_the_closure_of_those_below() -> None:
    city = make_city()
    actions.change_area(SYSTEM, city["west"], kind="zone")
    kinds = AreaClosure.objects.filter(area=city["mill"]).order_by("distance").values_list("ancestor_kind", flat=True)
    assert list(kinds) == ["statistical_area", "zone", "municipality"]


def test_a_circle_in_the_tree_is_refused_and_nothing_changes() -> None:
    city = make_city()
    before = set(AreaClosure.objects.values_list("area", "ancestor", "distance"))
    with pytest.raises(TerritoryError):
        actions.change_area(SYSTEM, city["city"], parent=city["west"], kind="section")
    assert set(AreaClosure.objects.values_list("area", "ancestor", "distance")) == before


def test_changing_nothing_writes_nothing() -> None:
    city = make_city()
    actions.change_area(SYSTEM, city["west"], name="Ovest")
    assert not AuditEntry.objects.exists()


def test_an_area_is_closed_after_those_below_it() -> None:
    city = make_city()
    with pytest.raises(TerritoryError, match="Colle, Mulino"):
        actions.close_area(SYSTEM, city["west"])
    closed = actions.close_area(SYSTEM, city["east"], date(2020, 12, 31))
    assert not Area.objects.in_force().filter(pk=closed.pk).exists()
    assert Area.objects.in_force(date(2020, 12, 31)).filter(pk=closed.pk).exists()


def test_a_wrong_closure_is_found_and_mended() -> None:
    city = make_city()
    right = set(AreaClosure.objects.values_list("area", "ancestor", "ancestor_kind", "distance"))
    assert actions.rebuild_closure(SYSTEM) == 0
    AreaClosure.objects.filter(area=city["mill"], ancestor=city["city"]).delete()
    AreaClosure.objects.filter(area=city["hill"], ancestor=city["city"]).update(ancestor_kind="zone")
    assert actions.rebuild_closure(SYSTEM) == 3  # one missing, one wrong that becomes another
    assert set(AreaClosure.objects.values_list("area", "ancestor", "ancestor_kind", "distance")) == right
    assert AuditEntry.objects.filter(verb="rebuilt").count() == 1


# --- boundaries ---------------------------------------------------------------------------------------------------
def test_a_boundary_gives_the_point_the_surface_and_the_outline() -> None:
    area = make_area("Nuova", "hamlet")
    boundary, moves = actions.draw_boundary(SYSTEM, area, square(0, 0))
    area.refresh_from_db()
    assert moves == []
    assert (area.lon, area.lat) == pytest.approx(inside(0, 0), abs=1e-4)
    # A hundredth of a degree at 44.5° N: 0.795 km by 1.111 km.
    assert area.surface_km2 == pytest.approx(0.795 * 1.1112, rel=0.002)
    assert area.origin == "drawn"
    assert shapely.from_geojson(boundary.outline).equals(square(0, 0))
    assert boundary.repair == ""


def test_a_redrawn_boundary_closes_the_old_one_and_the_same_shape_changes_nothing() -> None:
    area = make_area("Nuova", "hamlet")
    first, _moves = actions.draw_boundary(SYSTEM, area, square(0, 0))
    turned = shapely.Polygon([*square(0, 0).exterior.coords[1:-1], *square(0, 0).exterior.coords[:2]])
    again, _moves = actions.draw_boundary(SYSTEM, area, turned)
    assert again.pk == first.pk
    entries = AuditEntry.objects.count()
    second, _moves = actions.draw_boundary(SYSTEM, area, square(0, 0, 2, 1))
    first.refresh_from_db()
    assert (first.valid_to is None, second.valid_to is None) == (False, True)
    assert AuditEntry.objects.count() == entries + 1
    assert AuditEntry.objects.first().verb == "redrawn"


def test_a_crossed_outline_is_mended_and_the_repair_is_kept() -> None:
    area = make_area("Clessidra", "hamlet")
    bow = shapely.Polygon([(11.3, 44.5), (11.32, 44.52), (11.32, 44.5), (11.3, 44.52)])
    boundary, _moves = actions.draw_boundary(SYSTEM, area, bow)
    assert "11.31000, 44.51000" in boundary.repair
    kept = shapely.from_wkb(bytes(boundary.wkb))
    assert kept.is_valid
    assert kept.area == pytest.approx(0.02 * 0.01, rel=1e-6)


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (shapely.Point(11.3, 44.5), "punto"),
        (shapely.LineString([(11.3, 44.5), (11.4, 44.5)]), "linea"),
        (shapely.Polygon(), r"\w"),
        (shapely.box(686_000, 4_928_000, 687_000, 4_929_000), "metr"),
        (shapely.Polygon([(11.3, 44.5), (11.4, 44.6), (11.3, 44.5)]), r"\w"),
    ],
)
def test_what_is_no_area_is_refused(shape: shapely.Geometry, reason: str) -> None:
    area = make_area("Nuova", "hamlet")
    with pytest.raises(shapes.ShapeError, match=reason):
        actions.draw_boundary(SYSTEM, area, shape)
    assert not Boundary.objects.exists()


def test_records_find_their_area_anew_and_each_move_is_in_the_audit() -> None:
    city = make_city()
    lon, lat = inside(0, 0)
    stays = make_place("Resta", lon=inside(3, 0)[0], lat=inside(3, 0)[1], area=city["east"])
    moves_on = make_place("Passa", lon=lon, lat=lat, area=city["mill"])
    by_hand = make_place("Senza punto", area=city["mill"])
    moves = actions.draw_boundaries(
        SYSTEM, [Drawing(city["mill"], square(1, 0)), Drawing(city["hill"], square(0, 0, 1, 2).union(square(1, 1)))]
    )
    for place in (stays, moves_on, by_hand):
        place.refresh_from_db()
    assert (stays.area, moves_on.area, by_hand.area) == (city["east"], city["hill"], city["mill"])
    assert [(move.model, move.count) for move in moves] == [("territory.place", 1)]
    entry = AuditEntry.objects.get(verb="relocated")
    assert entry.changes == {"area_id": [city["mill"].pk, city["hill"].pk]}
    assert entry.label == "Passa"


def test_a_record_whose_point_lies_nowhere_keeps_its_area() -> None:
    area = make_area("Sola", "hamlet", shape=square(0, 0))
    lon, lat = inside(0, 0)
    place = make_place("Chiosco", lon=lon, lat=lat, area=area)
    _boundary, moves = actions.draw_boundary(SYSTEM, area, square(5, 5))
    place.refresh_from_db()
    assert (place.area, moves) == (area, [])


def test_brothers_keep_their_shared_border_when_they_are_simplified() -> None:
    city = make_area("Borgo", "municipality", code="B")
    # A border with many teeth, shared by two areas.
    teeth = [(11.32 + (0.0001 if n % 2 else 0), 44.5 + n * 1e-5) for n in range(2001)]
    left = shapely.Polygon([(11.3, 44.5), *teeth, (11.3, teeth[-1][1])])
    right = shapely.Polygon([(11.34, 44.5), *teeth, (11.34, teeth[-1][1])])
    areas = [make_area(name, "zone", city) for name in ("Uno", "Due")]
    actions.draw_boundaries(SYSTEM, [Drawing(areas[0], left), Drawing(areas[1], right)])
    drawn = [shapely.from_geojson(text) for text in Boundary.objects.order_by("area").values_list("outline", flat=True)]
    assert shapely.get_num_coordinates(drawn).sum() < 900
    assert drawn[0].intersection(drawn[1]).area == 0
    assert drawn[0].union(drawn[1]).geom_type == "Polygon"


def test_an_area_is_the_union_of_those_below_it() -> None:
    city = make_city()
    Boundary.objects.filter(area=city["west"]).delete()
    actions.dissolve(SYSTEM, city["west"])
    boundary = Boundary.objects.get(area=city["west"])
    assert shapely.from_wkb(bytes(boundary.wkb)).equals(square(0, 0, 2, 2))
    city["west"].refresh_from_db()
    assert city["west"].origin == "dissolved"
    with pytest.raises(TerritoryError, match="Est"):
        actions.dissolve(SYSTEM, city["east"])


# --- people -------------------------------------------------------------------------------------------------------
def test_residents_are_stated_once_a_year() -> None:
    area = make_area("Borgo")
    ages = [2] * 101
    assert actions.set_population(SYSTEM, area, 2023, ages, [1] * 101)
    assert not actions.set_population(SYSTEM, area, 2023, ages, [1] * 101)
    assert actions.set_population(SYSTEM, area, 2023, ages, [3] * 101)
    assert Population.objects.get().total == 505
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["changed", "created"]
    with pytest.raises(TerritoryError):
        actions.set_population(SYSTEM, area, 2022, ages, [1] * 100)
    with pytest.raises(TerritoryError):
        actions.set_population(SYSTEM, area, 2022, ages, [-1] + [1] * 100)


def test_the_tree_says_a_new_name_at_once() -> None:
    area = make_area("Vecchio nome")
    assert finding.name_of(area.pk) == "Vecchio nome"
    actions.change_area(SYSTEM, area, name="Nuovo nome")
    assert finding.name_of(area.pk) == "Nuovo nome"
