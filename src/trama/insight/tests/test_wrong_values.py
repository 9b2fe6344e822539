"""A value that is wrong: withdrawn or corrected on the page, with its reason, and put back as it was."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from trama.accounts.tests.factories import make_user
from trama.core import history, memo
from trama.core.actor import SYSTEM
from trama.core.facts import HOME_AREA, set_fact
from trama.core.models import AuditEntry
from trama.insight.actions.values import correct_value, put_back, withdraw_values
from trama.network.models import Membership
from trama.territory import finding
from trama.territory.models import Area, ContextIndicator, ContextValue
from trama.territory.tests.factories import make_city

pytestmark = pytest.mark.django_db
PAGE = "/numeri/indicatori/households/"


@pytest.fixture
def city() -> dict[str, Area]:
    """Two districts of which the households of two years are stated; those of the east in 2023 are wrong."""
    memo.forget_all()
    finding.forget()
    found = make_city()
    set_fact(HOME_AREA, found["city"].code)
    one = ContextIndicator.objects.create(code="households", name_it="Famiglie", name_en="Households", adds_up=True)
    for year, values in ((2022, (900, 800)), (2023, (910, 8))):
        for name, value in zip(("west", "east"), values, strict=True):
            note = "Deciso prima." if name == "west" else ""
            ContextValue.objects.create(indicator=one, area=found[name], year=year, value=value, note=note)
    return found


def stated(year: int = 2023) -> dict[str, tuple[float | None, str, str]]:
    rows = ContextValue.objects.filter(year=year).order_by("area__name")
    return {row.area.name: (row.value, row.state, row.note) for row in rows.select_related("area")}


def lines(client: Client, query: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(f"{PAGE}tabella.csv{query}").content.decode().lstrip("\ufeff"))))


def test_on_the_page_a_value_is_corrected_and_a_year_withdrawn(city: dict[str, Area], client: Client) -> None:
    assert "correggi/" not in client.get(PAGE).content.decode(), "everybody reads, few write"
    user = make_user("piano")
    Membership.objects.create(user=user, role="plan_office", area=city["city"])
    client.force_login(user)
    assert f"{PAGE}correggi/" in client.get(PAGE).content.decode()
    sent = {"year": "2023", "area": city["east"].code, "what": "correct", "number": "8.10.5", "reason": ""}
    page = client.post(f"{PAGE}correggi/", sent).content.decode()
    assert "senza punto tra le migliaia" in page
    assert "aria-invalid" in page
    nothing = client.post(f"{PAGE}correggi/", {"year": "2023", "area": "", "what": "withdraw", "reason": "Fretta."})
    assert nothing.status_code == 200
    assert stated()["Ovest"][0] == 910, "a year is not taken away because no area was chosen"
    client.post(f"{PAGE}correggi/", sent | {"number": "810,5", "reason": "La fonte ha perso due cifre."})
    assert stated()["Est"] == (810.5, "value", "corretto a mano: La fonte ha perso due cifre.")
    done = client.post(
        f"{PAGE}correggi/", {"year": "2023", "area": "*", "what": "withdraw", "reason": "Anno sbagliato."}, follow=True
    )
    assert "2 valori ritirati." in done.content.decode()
    found = lines(client, "?year=2023&level=district")
    assert {(row["value"], row["status"], row["note"]) for row in found} == {("", "withdrawn", "Anno sbagliato.")}
    every = lines(client, "?years=all&level=district")
    assert {row["status"] for row in every if row["year"] == "2022"} == {"value"}, "the other year stands"
    assert "Anno sbagliato." in client.get(f"{PAGE}?year=2023").content.decode()
    client.post(f"{PAGE}correggi/", {"year": "2023", "area": "*", "what": "put_back", "reason": "Era giusto."})
    assert stated() == {
        "Est": (810.5, "value", "corretto a mano: La fonte ha perso due cifre."),
        "Ovest": (910, "value", "Deciso prima."),
    }


def test_what_was_there_stays_in_the_register_of_acts(city: dict[str, Area]) -> None:
    one = ContextIndicator.objects.get()
    withdraw_values(SYSTEM, one, 2023, [city["east"].pk], "Slip.")
    last = AuditEntry.objects.order_by("-number")[0]
    assert (last.verb, last.changes["reason"]) == ("withdrawn", "Slip.")
    assert last.changes["withdrawn_values"] == {city["east"].code: [8.0, "value", ""]}
    with pytest.raises(ValidationError):
        withdraw_values(SYSTEM, one, 2023, [city["east"].pk], "Again.")
    with pytest.raises(ValidationError):
        withdraw_values(SYSTEM, one, 2023, None, " ")
    assert put_back(SYSTEM, one, 2023, None, "It was right.") == 1, "only what was withdrawn"
    with pytest.raises(ValidationError):
        put_back(SYSTEM, one, 2023, None, "It was right.")
    with pytest.raises(ValidationError):
        correct_value(SYSTEM, one, 2023, city["east"].pk, 8, "The same.")
    with pytest.raises(ValidationError):
        correct_value(SYSTEM, one, 2020, city["east"].pk, 8, "Nothing is stated of 2020.")
    one.code, one.theme = "index_of", "index"
    one.save()
    with pytest.raises(ValidationError):
        withdraw_values(SYSTEM, one, 2023, None, "An index computes it.")
    assert history.verify().problem == "", "what was withdrawn and put back is in the chain"
