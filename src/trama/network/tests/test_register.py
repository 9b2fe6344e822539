"""The register of organisations: dimensions, columns, section of an area, indicators, and the number of queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from trama.core import facts, memo
from trama.core.actor import NOBODY, SYSTEM
from trama.core.declarations import gathered
from trama.core.registers import Selection
from trama.network.declarations import REGISTER, who_is_there
from trama.network.models import Organisation
from trama.network.tests.factories import contact, organisation
from trama.territory.tests.factories import make_city
from trama.ui.exports import columns_of, lines

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> dict[str, Any]:
    """Seven organisations: 2 odv (one closed), 1 aps, 1 municipality, 1 group of neighbours, 1 of no kind, 1 hidden."""
    areas = make_city()
    today = timezone.localdate()
    ets = {"is_ets": True, "is_formal": True}
    organisation("A", "odv", "ets", area=areas["mill"], confirmed_on=today, **ets)
    organisation("B", "odv", "ets", area=areas["mill"], closed_on=today, **ets)
    organisation("C", "aps", "ets", area=areas["east"], confirmed_on=today - timedelta(days=500), **ets)
    organisation("D", "municipality", "public_body", area=areas["city"], is_ets=False, is_formal=True)
    organisation("E", "neighbour_network", "informal", area=areas["hill"], is_ets=False, is_formal=False)
    organisation("F", area=areas["hill"], acronym="EFFE")
    organisation("G", "aps", "ets", area=areas["hill"], is_sensitive=True, **ets)
    return areas


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "ABCDEF"),
        ({"kind": "odv"}, "AB"),
        ({"kind": ["odv", "aps"]}, "ABC"),
        ({"kind": "-"}, "F"),
        ({"group": "ets"}, "ABC"),
        ({"group": ["informal", "public_body"]}, "DE"),
        ({"group": "-"}, "F"),
        ({"ets": "1"}, "ABC"),
        ({"ets": "-"}, "F"),
        ({"formal": "0"}, "E"),
        ({"area": "BORGO-O"}, "ABEF"),
        ({"area": "BORGO"}, "ABCDEF"),
        ({"district": "-"}, "D"),
        ({"to_confirm": "1"}, "BCDEF"),
        ({"to_confirm": "0"}, "A"),
        ({"stands": "open"}, "ACDEF"),
        ({"stands": "closed"}, "B"),
        ({"stands": "open", "group": "ets", "area": "BORGO-O"}, "A"),
        ({"q": "effe"}, "F"),
        # What is for staff does not narrow for others.
        ({"sensitive": "1"}, "ABCDEF"),
    ],
)
def test_the_same_choice_gives_the_same_set(city: Any, query: dict[str, Any], expected: str) -> None:
    rows = Selection.read(REGISTER, query, NOBODY).rows(REGISTER, NOBODY)
    assert "".join(sorted(rows.values_list("name", flat=True))) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("kind", {"aps": 1, "odv": 2, "municipality": 1, "neighbour_network": 1, None: 1}),
        ("group", {"ets": 3, "public_body": 1, "informal": 1, None: 1}),
        ("to_confirm", {1: 5, 0: 1}),
        ("stands", {"open": 5, "closed": 1}),
        ("ets", {True: 3, False: 2, None: 1}),
    ],
)
def test_grouping_counts_each_once(city: Any, key: str, expected: dict[Any, int]) -> None:
    dimension = REGISTER.dimension(key)
    assert dimension is not None
    values = dimension.group(REGISTER.visible(NOBODY), "value").order_by().values_list("value", flat=True)
    counted: dict[Any, int] = {}
    for value in values:
        plain = value.partition(":")[2] if isinstance(value, str) and ":" in value else value
        counted[plain] = counted.get(plain, 0) + 1
    assert counted == expected


def test_every_filter_offers_choices_and_names_them(city: Any) -> None:
    for dimension in REGISTER.dimensions:
        for value, label in dimension.choices(SYSTEM):
            assert value
            assert label
    group = REGISTER.dimension("group")
    kind = REGISTER.dimension("kind")
    assert group is not None
    assert kind is not None
    assert {value for value, _label in group.choices(NOBODY)} >= {"ets", "public_body", "informal"}
    assert "ets" not in dict(kind.choices(NOBODY))


def test_an_export_carries_every_field_and_only_what_the_reader_may_see(city: Any) -> None:
    one = Organisation.objects.get(name="A")
    contact(one, "phone", "051 1", label="centralino", visibility="public")
    contact(one, "mobile", "320 1")
    for reader, phones in ((NOBODY, "051 1 (centralino)"), (SYSTEM, "051 1 (centralino); 320 1")):
        columns = columns_of(REGISTER, reader)
        row = dict(zip([c.key for c in columns], lines(REGISTER, columns, [one.pk], reader)[0], strict=True))
        assert row["phones"] == phones
        assert (row["name"], row["area"], row["ets"]) == ("A", "Mulino", True)
        assert ("sensitive" in row) is (reader is SYSTEM)
    stored = {field.attname for field in Organisation._meta.concrete_fields} - {
        "id",
        "x",
        "y",
        "normalised_name",
        "import_key",
        "is_public",
    }
    paths = {column.path.partition("__")[0] for column in REGISTER.columns if column.path}
    assert {name.removesuffix("_id") for name in stored} <= {path.removesuffix("_id") for path in paths}


def test_who_is_there_counts_what_stands(city: Any) -> None:
    section = who_is_there(NOBODY, city["city"])
    assert section is not None
    assert (section["total"], section["unknown"], section["to_confirm"]) == (5, 1, 4)
    assert [(group["count"], group["query"]) for group in section["groups"]] == [
        (2, "area=BORGO&group=ets"),
        (1, "area=BORGO&group=public_body"),
        (1, "area=BORGO&group=informal"),
    ]
    assert [row["name"] for row in section["newest"]] == ["A"]


@pytest.mark.parametrize(
    ("code", "value", "base", "known"),
    [("NET-01", 5, 5, 5), ("NET-02", 2, 5, 4), ("NET-03", 1, 5, 4), ("NET-04", 20.0, 5, 5)],
)
def test_numbers_counted_by_hand(city: Any, code: str, value: float, base: int, known: int) -> None:
    figure = gathered.indicators[code].compute(NOBODY, None, None)
    assert (figure.value, figure.base, figure.known) == (value, base, known)


def test_numbers_of_one_area(city: Any) -> None:
    figure = gathered.indicators["NET-01"].compute(NOBODY, frozenset({city["mill"].pk, city["hill"].pk}), None)
    assert figure.value == 3
    nothing = gathered.indicators["NET-04"].compute(NOBODY, frozenset(), None)
    assert nothing.value is None


def test_what_is_unknown_makes_a_count_a_lower_bound(city: Any) -> None:
    assert gathered.indicators["NET-02"].compute(NOBODY, None, None).text == "almeno 2"


@pytest.mark.parametrize("name", ["organisations", "organisations_table", "organisations_points"])
def test_a_list_takes_as_many_queries_for_many_as_for_few(city: Any, name: str) -> None:
    client, address = Client(), reverse(f"network:{name}")
    client.get(address)
    counts = []
    for _round in range(2):
        memo.forget_all()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address).status_code == 200
        counts.append(len(queries))
        for number in range(15):
            organisation(f"Altra {number}", "odv", "ets", area=city["mill"])
    assert counts[1] <= counts[0]
    assert counts[1] <= 30


def test_organisations_without_a_place_are_said_where_they_cannot_be_counted(city: Any) -> None:
    facts.set_fact(facts.HOME_AREA, "BORGO")
    Organisation.objects.update(area=None)
    home, east = who_is_there(NOBODY, city["city"]), who_is_there(NOBODY, city["east"])
    assert home is not None
    assert east is not None
    assert (home["total"], home["nowhere"], east["nowhere"]) == (0, 5, 5)
    assert home["nowhere_said"] == "5 realtà, nessuna con un luogo indicato"
    assert east["nowhere_said"].startswith("5 realtà del territorio non hanno un luogo indicato")
    page = Client(headers={"accept-language": "it"}).get("/territorio/BORGO/").content.decode()
    assert "nessuna realtà" not in page
    found = Client().get(f"/realta/?{home['nowhere_query']}").content.decode()
    assert "5 realtà" in found
