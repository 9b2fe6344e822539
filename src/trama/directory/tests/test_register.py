"""The register of resources: dimensions, measures, columns, section of an area, indicators, number of queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from trama.core import memo
from trama.core.actor import NOBODY, SYSTEM
from trama.core.declarations import gathered
from trama.core.registers import Selection
from trama.directory.declarations import REGISTER, on_offer
from trama.directory.models import Resource
from trama.directory.tests.factories import contact, promote, resource
from trama.network.tests.factories import organisation
from trama.territory.models import ContextIndicator, ContextValue
from trama.territory.tests.factories import make_city
from trama.ui.exports import columns_of, lines

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> dict[str, Any]:
    """Six resources: A and B in the mill, C on the hill, D in the east, E nowhere, F a draft."""
    areas = make_city()
    today = timezone.localdate()
    one = organisation("Uno", "odv", "ets", area=areas["mill"])
    two = organisation("Due", "parish", "other_formal", area=areas["mill"])
    a = resource("A", "food", (one,), ("elderly",), area=areas["mill"], opening="9–12", confirmed_on=today)
    resource("B", "food", (one, two), ("elderly", "women"), area=areas["mill"], promoter_text="Uno e Due")
    resource("C", "language", (two,), area=areas["hill"], confirmed_on=today - timedelta(days=500))
    resource("D", "language", area=areas["east"], promoter_text="Tre", promoter_to_split=True)
    resource("E", area=None, promoter_text="Tre")
    resource("F", "food", (one,), area=areas["mill"], state="draft")
    promote(a, two, "host")
    return areas


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "ABCDE"),
        ({"activity": "food"}, "AB"),
        ({"activity": ["food", "-"]}, "ABE"),
        ({"target": "women"}, "B"),
        ({"target": ["women", "elderly"]}, "AB"),
        ({"target": "-"}, "CDE"),
        ({"area": "BORGO-O"}, "ABC"),
        ({"statistical_area": "BORGO-O-1"}, "AB"),
        ({"district": "-"}, "E"),
        ({"promoter_group": "ets"}, "AB"),
        ({"promoter_group": "other_formal"}, "ABC"),
        ({"promoter_group": "-"}, "DE"),
        ({"with_hours": "1"}, "A"),
        ({"with_hours": "0"}, "BCDE"),
        ({"to_confirm": "0"}, "A"),
        ({"activity": "food", "target": "elderly", "promoter_group": "other_formal", "to_confirm": "1"}, "B"),
    ],
)
def test_the_same_choice_gives_the_same_set(city: Any, query: dict[str, Any], expected: str) -> None:
    rows = Selection.read(REGISTER, query, NOBODY).rows(REGISTER, NOBODY)
    assert "".join(sorted(rows.values_list("name", flat=True))) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("activity", {"food": 2, "language": 2, None: 1}),
        ("target", {"elderly": 2, "women": 1, None: 3}),
        ("district", {"Ovest": 3, "Est": 1, None: 1}),
        ("promoter_group", {"ets": 2, "other_formal": 3, None: 2}),
        ("with_hours", {1: 1, 0: 4}),
    ],
)
def test_grouping_counts_records(city: Any, key: str, expected: dict[Any, int]) -> None:
    dimension = REGISTER.dimension(key)
    assert dimension is not None
    rows = dimension.group(REGISTER.visible(NOBODY), "value").order_by()
    counted: dict[Any, set[int]] = {}
    for value, pk in rows.values_list("value", "pk"):
        name = value
        if isinstance(value, str):
            name = value.partition(":")[2]
        elif value is not None and key == "district":
            name = dimension.name(value)
        counted.setdefault(name, set()).add(pk)
    assert {name: len(pks) for name, pks in counted.items()} == expected


def test_distinct_promoters_count_once(city: Any) -> None:
    hidden = organisation("Nascosta", is_sensitive=True)
    promote(Resource.objects.get(name="D"), hidden)
    counts = {
        measure.key: REGISTER.visible(NOBODY).order_by().aggregate(n=measure.expression)["n"]  # type: ignore[arg-type]
        for measure in REGISTER.measures
    }
    assert counts == {"promoters": 2, "promoter_texts": 2}


def test_an_export_carries_every_field(city: Any) -> None:
    row = Resource.objects.get(name="A")
    contact(row, "email", "info@uno.it", visibility="public")
    columns = columns_of(REGISTER, NOBODY)
    values = dict(zip([c.key for c in columns], lines(REGISTER, columns, [row.pk], NOBODY)[0], strict=True))
    assert values["promoters"].startswith("Uno; Due (")
    assert (values["area"], values["emails"], values["opening"]) == ("Mulino", "info@uno.it", "9–12")
    stored = {field.attname for field in Resource._meta.concrete_fields} - {"id", "x", "y", "import_key", "place_id"}
    paths = {column.path.partition("__")[0].removesuffix("_id") for column in REGISTER.columns if column.path}
    assert {name.removesuffix("_id") for name in stored} - paths == {"promoter_text"}  # a lookup, which masks


def test_what_the_territory_offers(city: Any) -> None:
    section = on_offer(NOBODY, city["west"])
    assert section is not None
    assert (section["total"], section["to_confirm"]) == (3, 2)
    assert [item["count"] for item in section["activities"]] == [2, 1]
    assert [row["name"] for row in section["newest"]] == ["A"]


def figure(code: str, areas: frozenset[int] | None = None) -> Any:
    return gathered.indicators[code].compute(NOBODY, areas, None)


def test_resources_and_their_confirmation_counted_by_hand(city: Any) -> None:
    assert figure("DIR-01").value == 5
    assert figure("DIR-01", frozenset({city["mill"].pk})).value == 2
    assert figure("DIR-03").value == 20.0
    assert figure("DIR-03", frozenset()).value is None


def test_resources_per_thousand_households_counted_by_hand(city: Any) -> None:
    assert figure("DIR-02").value is None
    households = ContextIndicator.objects.create(code="households", name_it="Famiglie", name_en="Households")
    for area, year, value in (("mill", 2022, 9), ("mill", 2023, 400), ("hill", 2023, 600), ("west", 2023, 1000)):
        ContextValue.objects.create(area=city[area], indicator=households, year=year, value=value)
    ContextValue.objects.create(area=city["east"], indicator=households, year=2023, value=None, state="excluded")
    # 2 resources for 400 households; 3 for the 1,000 of the district (not 2,000: its parts are in it).
    assert figure("DIR-02", frozenset({city["mill"].pk})).value == 5.0
    west = frozenset({city["west"].pk, city["mill"].pk, city["hill"].pk})
    assert figure("DIR-02", west).value == 3.0
    # D stands in an excluded area, E nowhere: they do not enter, and the figure says so.
    every = figure("DIR-02")
    assert (every.value, every.base, every.known) == (3.0, 5, 3)
    assert "1.000" in every.note


@pytest.mark.parametrize("name", ["resources", "resources_table", "resources_points"])
def test_a_list_takes_as_many_queries_for_many_as_for_few(city: Any, name: str) -> None:
    client, address = Client(), reverse(f"directory:{name}")
    one = organisation("Molti", "odv", "ets")
    resource("Prima", "food", (one,), ("elderly",), area=city["mill"])
    client.get(address)
    counts = []
    for _round in range(2):
        # What is looked at again after some seconds (lists, areas) has just been looked at, however slow the machine.
        client.get(address)
        memo.forget_all()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        counts.append(len(queries))
        for number in range(15):
            resource(f"Altra {number}", "food", (one,), ("elderly",), area=city["mill"])
    assert counts[1] <= counts[0]
    assert counts[1] <= 30


def test_the_sentence_counts_activities_and_districts(city: Any) -> None:
    assert "5 risorse, 2 attività, 2 quartieri" in Client().get(reverse("directory:resources")).content.decode()


def test_staff_sees_drafts(city: Any) -> None:
    assert Selection.read(REGISTER, {"state": "draft"}, SYSTEM).rows(REGISTER, SYSTEM).count() == 1
