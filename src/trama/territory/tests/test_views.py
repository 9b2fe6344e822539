from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import shapely
from django.test import Client
from django.utils import translation

from trama.core import memo
from trama.core.actor import NOBODY, SYSTEM, Actor
from trama.core.models import AuditEntry, Source
from trama.territory import actions, finding
from trama.territory.declarations import PLACES, visible_places
from trama.territory.forms import AreaForm, DrawForm, PlaceForm
from trama.territory.models import Area, Boundary, ContextIndicator, ContextValue, Place, PlaceCode
from trama.territory.profile import Residents, Value, counts_apart, in_ten, parts_of, people, residents_of, sentence
from trama.territory.tests.acting import ActsAs, acting, acting_in_place_of_logins
from trama.territory.tests.factories import (
    inside,
    make_area,
    make_city,
    make_code,
    make_place,
    make_population,
    square,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    memo.forget_all()
    finding.forget()
    with translation.override("it"):
        yield


@pytest.fixture
def signed() -> Iterator[Callable[[Actor], Client]]:
    """A client that acts as the actor given: `signed(actor)`."""

    def client(actor: Actor) -> Client:
        ActsAs.actor = actor
        return Client()

    with acting_in_place_of_logins():
        yield client


# --- outlines -----------------------------------------------------------------------------------------------------
def test_the_outlines_of_the_children_have_a_tag_and_are_not_sent_twice() -> None:
    make_city()
    first = Client().get("/territorio/BORGO/figli.geojson")
    found = json.loads(first.content)
    assert [feature["properties"]["name"] for feature in found["features"]] == ["Est", "Ovest"]
    assert found["features"][1]["properties"]["url"] == "/territorio/BORGO-O/"
    assert "text" not in found["features"][0]["properties"]
    again = Client().get("/territorio/BORGO/figli.geojson", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    actions.draw_boundary(SYSTEM, Area.objects.get(code="BORGO-E"), square(2, 0, 3, 2))
    changed = Client().get("/territorio/BORGO/figli.geojson", headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200


def test_the_outlines_of_a_kind_reach_any_depth_and_a_value_colours_them() -> None:
    city = make_city()
    make_population(city["mill"], females=2)
    indicator = ContextIndicator.objects.create(code="income", name_it="Reddito", name_en="Income", unit_it="€")
    actions.set_value(SYSTEM, city["hill"], indicator, 2022, 20_500)
    actions.set_value(SYSTEM, city["mill"], indicator, 2022, None, state="excluded")
    client = Client(headers={"accept-language": "it"})
    found = client.get("/territorio/BORGO/figli.geojson?kind=statistical_area&value=residents").json()["features"]
    assert {f["properties"]["name"]: f["properties"].get("text") for f in found} == {
        "Mulino": "303 residenti",
        "Colle": None,
    }
    found = client.get("/territorio/BORGO/figli.geojson?kind=statistical_area&value=income").json()["features"]
    assert {f["properties"]["name"]: f["properties"]["class"] for f in found} == {"Mulino": "excluded", "Colle": ""}
    # Who has no children that are drawn is shown as it is; nonsense is no error.
    assert [f["properties"]["name"] for f in client.get("/territorio/BORGO-E/figli.geojson").json()["features"]] == [
        "Est"
    ]
    assert client.get("/territorio/BORGO/figli.geojson?kind=nonsense&value=nonsense").status_code == 200
    assert client.get("/territorio/NIENTE/figli.geojson").status_code == 404


# --- the tree and the page of an area -----------------------------------------------------------------------------
def test_the_tree_is_nested_as_the_areas_are_and_can_be_searched() -> None:
    make_city()
    make_area("Fuori", "municipality")
    page = Client().get("/territorio/").content.decode()
    names = re.findall(r'<a href="/territorio/[^"]+/">([^<]+)</a> <span class="tt-kind">', page)
    assert names == ["Borgo", "Est", "Ovest", "Colle", "Mulino", "Fuori"]
    tree = page[page.index('<ul class="tt-tree">') :]
    tree = tree[: tree.index("</main>")]
    assert tree.count("<ul") == tree.count("</ul>") == 3
    assert tree.count("<li>") == tree.count("</li>") == 6
    found = Client().get("/territorio/?q=mulino").content.decode()
    assert "Ovest, Borgo" in found
    assert "Colle" not in found


def test_the_page_of_an_area_says_who_lives_there(django_assert_max_num_queries: Any) -> None:
    city = make_city()
    make_population(city["city"], females=2, males=1)
    indicator = ContextIndicator.objects.create(
        code="households_one_share",
        theme="households",
        name_it="Sole",
        name_en="Alone",
        unit_it="%",
        unit_en="%",
        decimals=1,
    )
    actions.set_value(SYSTEM, city["city"], indicator, 2023, 50)
    actions.set_value(SYSTEM, city["west"], indicator, 2023, 59.5)
    client = Client(headers={"accept-language": "it"})
    page = client.get("/territorio/BORGO/").content.decode()
    assert "303" in page
    assert "100+" in page
    assert page.count('class="tt-women"') == 21
    west = client.get("/territorio/BORGO-O/").content.decode()
    assert "Quasi sei famiglie su dieci sono di una persona sola." in west
    assert "59,5 %" in west
    assert "Borgo: 50,0 %" in west
    memo.forget_all()
    with django_assert_max_num_queries(12):
        people(NOBODY, city["west"])


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (59.5, ("almost", 6)),
        (60.1, ("exactly", 6)),
        (60.5, ("about", 6)),
        (62, ("more than", 6)),
        (4, None),
        (97, None),
    ],
)
def test_a_percentage_becomes_so_many_in_ten(percent: float, expected: Any) -> None:
    assert in_ten(percent) == expected


def test_the_sentence_says_only_what_is_known() -> None:
    area = make_area("Borgo")
    assert sentence(area, None, []) == ""
    old = Residents(2023, [0] * 40 + [3] + [0] * 30 + [1] + [0] * 29, [0] * 101, None)
    assert sentence(area, old, []).endswith("65 anni o più.")
    assert "quattro" in sentence(area, old, [])
    alone = Value("households_one_share", "", "", 2023, "", value=70.0)
    assert sentence(area, None, [alone]) == "Sette famiglie su dieci sono di una persona sola."


def test_residents_are_added_up_only_where_the_parts_are_the_whole() -> None:
    union = make_area("Unione", "union")
    towns = [make_area(name, "municipality", union) for name in ("Uno", "Due")]
    make_population(towns[0])
    assert residents_of(union) is None  # one of two is not the union
    make_population(towns[1], 2022)
    assert residents_of(union) is None  # nor are two different years
    make_population(towns[1])
    found = residents_of(union)
    assert (found.total, found.parts, found.year) == (404, 2, 2023)
    province = make_area("Provincia", "province", surface_km2=100)
    make_population(make_area("Sola", "municipality", province, surface_km2=40))
    assert parts_of(province) == []
    assert residents_of(province) is None


# --- places -------------------------------------------------------------------------------------------------------
@pytest.fixture
def lists() -> None:
    for value in ("square", "park"):
        make_code("place_kind", value)
    make_code("place_role", "vulnerable")
    make_code("place_role", "hub")
    make_code("vulnerability_factor", "decay")


def filled(**more: Any) -> dict[str, Any]:
    lon, lat = inside(0, 0)
    return {"name": "Piazza", "kind": "place_kind:square", "lon": str(lon), "lat": str(lat), "is_public": "on", **more}


@pytest.mark.usefixtures("lists")
def test_a_place_is_added_and_its_area_found_from_the_point(signed: Any) -> None:
    city = make_city()
    client = signed(acting("community_worker", city["city"]))
    assert client.get("/territorio/luoghi/nuovo/").status_code == 200
    answer = client.post("/territorio/luoghi/nuovo/", filled(roles=["place_role:hub"]))
    place = Place.objects.get()
    assert answer["Location"] == f"/territorio/luoghi/{place.pk}/"
    assert (place.area, place.is_public) == (city["mill"], True)
    assert place.x is not None
    entry = AuditEntry.objects.get(kind="territory.place")
    assert entry.changes["place_role"] == [[], ["place_role:hub"]]
    assert client.get(answer["Location"]).status_code == 200
    assert client.get(f"/territorio/luoghi/{place.pk}/punto.json").json()["located"] == 1


@pytest.mark.usefixtures("lists")
def test_a_vulnerable_place_is_never_public(signed: Any) -> None:
    city = make_city()
    client = signed(acting("community_worker", city["city"]))
    client.post("/territorio/luoghi/nuovo/", filled(factors=["vulnerability_factor:decay"]))
    place = Place.objects.get()
    assert not place.is_public
    assert not visible_places(NOBODY).exists()
    page = client.get(f"/territorio/luoghi/{place.pk}/").content.decode()
    assert make_code("vulnerability_factor", "decay").label in page
    assert signed(NOBODY).get(f"/territorio/luoghi/{place.pk}/").status_code == 404
    assert signed(NOBODY).get("/territorio/luoghi/?factor=decay").status_code == 200


@pytest.mark.usefixtures("lists")
def test_changing_a_place_keeps_its_history_and_changing_nothing_writes_nothing() -> None:
    city = make_city()
    hub, decay = make_code("place_role", "hub"), make_code("vulnerability_factor", "decay")
    lon, lat = inside(0, 0)
    place = actions.add_place(
        SYSTEM, name="Piazza", kind=make_code("place_kind", "square"), lon=lon, lat=lat, roles=[hub]
    )
    before = AuditEntry.objects.count()
    actions.change_place(SYSTEM, place, name="Piazza", roles=[hub])
    assert AuditEntry.objects.count() == before
    actions.change_place(SYSTEM, place, lon=inside(3, 0)[0], lat=inside(3, 0)[1], roles=[], factors=[decay])
    place.refresh_from_db()
    assert place.area == city["east"]
    assert set(PlaceCode.objects.values_list("code", flat=True)) == {"vulnerability_factor:decay"}
    changes = AuditEntry.objects.first().changes
    assert changes["place_role"] == [["place_role:hub"], []]
    assert actions.confirm_place(SYSTEM, place).to_confirm is False


@pytest.mark.usefixtures("lists")
@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": ""}, "name"),
        ({"kind": ""}, "kind"),
        ({"lat": ""}, "lat"),
        ({"lat": "abc"}, "lat"),
        ({"lon": "", "lat": ""}, "area"),
        ({"lon": "9.0", "lat": "45.0"}, "area"),
        ({"lon": str(inside(3, 0)[0])}, "area"),
        ({"roles": ["place_role:nonsense"]}, "roles"),
    ],
)
def test_the_form_of_a_place_says_kindly_what_is_wrong(more: dict[str, Any], field: str) -> None:
    city = make_city()
    form = PlaceForm(acting("community_worker", city["west"]), None, filled(**more))
    assert not form.is_valid()
    assert list(form.errors) == [field]


def test_who_may_write_places_where(signed: Any) -> None:
    city = make_city()
    make_code("place_kind", "square")
    place = make_place("Piazza", area=city["west"])
    address = f"/territorio/luoghi/{place.pk}/modifica/"
    table = [
        (NOBODY, 302),
        (acting("community_worker", city["west"]), 200),
        (acting("community_worker", city["city"]), 200),
        (acting("community_worker"), 200),
        (acting("community_worker", city["east"]), 404),  # right role, other territory
        (acting("partner_health", city["west"]), 404),  # right territory, a role that only reads
    ]
    for actor, status in table:
        assert signed(actor).get(address).status_code == status, actor
    assert signed(table[4][0]).post(f"/territorio/luoghi/{place.pk}/conferma/").status_code == 404
    assert signed(table[1][0]).get(f"/territorio/luoghi/{place.pk}/conferma/").status_code == 302
    assert signed(table[1][0]).post(f"/territorio/luoghi/{place.pk}/conferma/").status_code == 302


@pytest.mark.usefixtures("lists")
def test_the_register_of_places_shows_the_same_set_everywhere() -> None:
    city = make_city()
    lon, lat = inside(0, 0)
    hub = make_place("Snodo", area=city["mill"], lon=lon, lat=lat)
    PlaceCode.objects.create(place=hub, facet="place_role", code=make_code("place_role", "hub"))
    make_place("Parco", "park", area=city["east"])
    make_place("Nascosto", "park", area=city["east"], is_public=False)
    client = Client()
    assert client.get("/territorio/luoghi/").context["count"] == 2
    assert client.get("/territorio/luoghi/?area=BORGO-O").context["count"] == 1
    assert client.get("/territorio/luoghi/?role=hub").context["count"] == 1
    for suffix in ("tabella/", "mappa/", "mappa/punti.json", "esporta.csv", "esporta.json"):
        assert client.get(f"/territorio/luoghi/{suffix}?area=BORGO-O").status_code == 200
    assert PLACES.dimension("factor").staff


# --- areas by hand ------------------------------------------------------------------------------------------------
def test_a_hamlet_is_added_and_drawn_by_who_keeps_the_territory(signed: Any) -> None:
    city = make_city()
    client = signed(acting("plan_office", city["city"]))
    assert client.get("/territorio/BORGO/nuova/").status_code == 200
    answer = client.post("/territorio/BORGO/nuova/", {"name": "San Prospero", "kind": "hamlet"})
    hamlet = Area.objects.get(name="San Prospero")
    assert answer["Location"] == f"/territorio/{hamlet.code}/disegna/"
    client = signed(acting("plan_office", city["city"]))  # who signs in keeps what is new below, too
    assert client.get(answer["Location"]).status_code == 200
    text = shapely.to_geojson(square(0, 0))
    answer = client.post(answer["Location"], {"shape": text}, follow=True)
    assert answer.status_code == 200
    assert Boundary.objects.get(area=hamlet).repair == ""
    assert client.get(f"/territorio/{hamlet.code}/forma.geojson").json()["properties"] == {"simplified": False}


def test_an_overlap_with_a_brother_is_stated_in_shares_and_not_refused() -> None:
    city = make_city()
    form = DrawForm(city["east"], {"shape": shapely.to_geojson(square(1, 0, 4, 2))})
    assert form.is_valid(), form.errors
    assert [re.findall(r"\d+", remark)[0] for remark in form.remarks] == ["25", "25"]  # outside Borgo, and in Ovest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "obbligatorio"),
        ("nonsense", "GeoJSON"),
        ('{"type":"Point","coordinates":[11.3,44.5]}', "poligono"),
        ('{"type":"FeatureCollection","features":[]}', "forma"),
        ("[]", "GeoJSON"),
        ('{"type":"Polygon","coordinates":[[[1,2],[3,"x"],[1,2]]]}', "GeoJSON"),
        (shapely.to_geojson(square(40, 40)), "Borgo"),
        (shapely.to_geojson(shapely.transform(square(2, 0), lambda a, b: (b, a), interleaved=False)), "scambiate"),
        (shapely.to_geojson(shapely.box(686_000, 4_928_000, 687_000, 4_929_000)), "metri"),
    ],
)
def test_what_is_no_outline_is_refused_in_words(text: str, said: str) -> None:
    form = DrawForm(make_city()["east"], {"shape": text})
    assert not form.is_valid()
    assert said in form.errors["shape"][0]


def test_an_area_is_changed_and_closed(signed: Any) -> None:
    city = make_city()
    client = signed(acting("plan_office", city["city"]))
    data = {"name": "Levante", "kind": "district", "parent": "BORGO"}
    assert client.post("/territorio/BORGO-E/modifica/", data).status_code == 302
    city["east"].refresh_from_db()
    assert city["east"].name == "Levante"
    wrong = client.post("/territorio/BORGO-O/modifica/", {**data, "parent": "BORGO-O-1"})
    assert wrong.status_code == 200
    assert wrong.context["form"].errors
    client.post("/territorio/BORGO-O/chiudi/")
    city["west"].refresh_from_db()
    assert city["west"].valid_to is None  # its parts go on
    client.post("/territorio/BORGO-E/chiudi/")
    city["east"].refresh_from_db()
    assert city["east"].valid_to is not None


def test_who_may_draw_what(signed: Any) -> None:
    city = make_city()
    table = [
        (NOBODY, 302),
        (acting("plan_office", city["west"]), 200),
        (acting("plan_office"), 200),
        (acting("plan_office", city["east"]), 404),
        (acting("community_worker", city["west"]), 404),
    ]
    for actor, status in table:
        for page in ("disegna", "modifica", "nuova"):
            assert signed(actor).get(f"/territorio/BORGO-O/{page}/").status_code == status, (actor, page)
    assert signed(acting("plan_office", city["west"])).get("/territorio/nuova/").status_code == 404
    assert signed(acting("plan_office")).get("/territorio/nuova/").status_code == 200


def test_the_form_of_an_area_offers_only_narrower_kinds() -> None:
    city = make_city()
    kinds = [kind for kind, _label in AreaForm(acting("plan_office"), None, city["west"]).fields["kind"].choices]
    assert kinds == ["hamlet", "zone", "neighbourhood", "statistical_area", "section"]


@pytest.mark.parametrize(
    ("said", "held", "shown"), [("", None, "non indicato"), ("yes", True, "sì"), ("no", False, "no")]
)
def test_what_services_know_is_said_or_left_open(signed: Any, said: str, held: bool | None, shown: str) -> None:
    city = make_city()
    make_code("place_kind", "square")
    worker = acting("community_worker", city["west"])
    form = PlaceForm(worker, None, filled(known_to_services=said))
    assert form.is_valid(), form.errors
    place = actions.add_place(worker, **form.fields_of_place())
    assert place.known_to_services is held
    again = PlaceForm(worker, place)
    assert again.initial["known_to_services"] == said
    page = signed(worker).get(f"/territorio/luoghi/{place.pk}/").content.decode()
    assert f"<dt>Noto ai servizi</dt><dd>{shown}</dd>" in page


def test_two_registers_of_residents_stand_with_their_sources_and_their_difference() -> None:
    city = make_city()
    for area, surface in ((city["city"], 8), (city["west"], 4), (city["east"], 4)):
        Area.objects.filter(pk=area.pk).update(surface_km2=surface)
    own = make_population(city["city"], 2023, females=1, males=1)
    own.source = Source.objects.create(key="whole", title="Per età", publisher="ISTAT")
    own.save()
    register = Source.objects.create(key="parts", title="Anagrafe", publisher="Comune di Borgo")
    residents = ContextIndicator.objects.create(code="residents", name_it="Residenti", name_en="R", adds_up=True)
    for key, count in (("west", 100), ("east", 110)):
        ContextValue.objects.create(area=city[key], indicator=residents, year=2023, value=count, source=register)
    page = Client(headers={"accept-language": "it"}).get("/territorio/BORGO/").content.decode()
    assert "202 residenti (Per età, ISTAT; 2023)" in page
    assert "210 (Anagrafe, Comune di Borgo; 2023), 8 in più (4,0 %)" in page
    ContextValue.objects.filter(area=city["east"]).update(value=102)
    area = Area.objects.get(code="BORGO")
    assert counts_apart(area, residents_of(area)) == "", "the same number twice needs no word"
