"""What somebody who is no statistician asks of a page of numbers: of how many, why not, what the word means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import translation

from trama.core import memo
from trama.core.actor import NOBODY
from trama.core.declarations import gathered
from trama.core.registers import Selection
from trama.insight.context.asked import Asked
from trama.insight.context.notes import excluded_text, load_notes, small_text
from trama.insight.context.reading import Reading, reading_of
from trama.insight.crosstab import compute
from trama.insight.pictures import finding
from trama.insight.tests.factories import REGISTER, make_experience
from trama.territory import finding as places
from trama.territory.models import Area, ContextIndicator, ContextValue
from trama.territory.tests.factories import make_city

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    memo.forget_all()
    places.forget()
    with translation.override("it"):
        yield
    memo.forget_all()


@pytest.fixture
def areas() -> dict[str, Area]:
    return make_city()


def put(code: str, values: dict[Area, float | None], note: str = "", **fields: object) -> Reading:
    """An indicator with these values of 2022 (None: excluded by the source), as its page reads it."""
    said = {"name_it": code, "name_en": code, "theme": "households", **fields}
    one, _new = ContextIndicator.objects.get_or_create(code=code, defaults=said)
    for area, value in values.items():
        state = "excluded" if value is None else "value"
        ContextValue.objects.create(area=area, indicator=one, year=2022, value=value, state=state, note=note)
    memo.forget_all()
    found = reading_of(NOBODY, one, Asked(level="district"))
    assert found is not None
    return found


def test_the_page_says_who_is_excluded_why_and_how_many_live_there(areas: dict[str, Area], client: Client) -> None:
    west, east = areas["west"], areas["east"]
    reading = put("index", {west: 104.0, east: None}, centre=100, theme="fragility")
    assert excluded_text(reading) == f"La fonte esclude 1 area: {east.name}. Il suo file le segna e non dice perché."
    put("households", {west: 900, east: 6}, adds_up=True, unit_it="famiglie")
    page = client.get("/numeri/indicatori/index/?level=district").content.decode()
    assert "In ciascuna ci sono 6 famiglie (2022)." in page
    assert "Area esclusa" in page, "the word is explained"
    other = put("share", {west: 50.0, east: None}, note="Ospedale: quasi nessuno vi abita.")
    assert "Perché: Ospedale: quasi nessuno vi abita." in excluded_text(other)
    assert load_notes(other) == ["1 area: Ospedale: quasi nessuno vi abita."], "of the value that has a number"


def test_a_small_official_count_says_that_its_source_publishes_it(areas: dict[str, Area]) -> None:
    west, east = areas["west"], areas["east"]
    assert "la fonte" in small_text(put("households", {west: 900, east: 6}, adds_up=True))
    met = put("met", {west: 43, east: 5}, adds_up=True, counts_people=True)
    assert small_text(met) == "", "its small counts are told to nobody"
    assert met.scale is not None
    assert "uguali" not in met.scale.said, "5 is not 43"
    assert small_text(put("couples", {west: 900, east: 60}, adds_up=True)) == ""
    assert small_text(put("share", {west: 2.0, east: 6.0})) == "", "a share of six is no count of six"


def test_a_headline_that_rests_on_a_minority_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(gathered.registers, "experiences", REGISTER)
    for aims in (["school"], ["school"], ["health"], [], [], [], []):
        make_experience("project", aims=aims)
    said = finding(compute(NOBODY, REGISTER, Selection(), "aim"))
    assert "2 su 3 (67 %)" in said
    assert "lo dicono 3 schede su 7" in said
    make_experience("project", aims=["school"])
    memo.forget_all()
    assert "schede su" not in finding(compute(NOBODY, REGISTER, Selection(), "aim")), "four of eight are no minority"


def test_an_empty_register_says_why_and_where_to_go(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setitem(gathered.registers, "experiences", REGISTER)
    page = client.get("/numeri/experiences/").content.decode()
    assert "Non c'è ancora niente da contare" in page
    assert 'href="/esperienze/"' in page
    assert '<select class="tr-input" id="q-rows"' not in page, "nothing is asked of what is not there"
    make_experience("project")
    memo.forget_all()
    page = client.get("/numeri/experiences/?rows=aim").content.decode()
    assert "nessuna lo dice" in page
    assert "Finalità (nessuna scheda lo dice)" in page
