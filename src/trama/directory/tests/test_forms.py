"""The forms of resources and organisations: what is typed is understood, and nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from trama.core.actor import NOBODY, SYSTEM
from trama.core.models import AuditEntry
from trama.directory import actions
from trama.directory.forms import read_promoters
from trama.directory.models import Resource
from trama.directory.tests.factories import resource
from trama.network.models import Organisation
from trama.network.tests.factories import code, organisation, user
from trama.territory.tests.factories import inside, make_city

pytestmark = pytest.mark.django_db


@pytest.fixture
def areas() -> dict[str, Any]:
    return make_city()


@pytest.fixture
def worker(areas: dict[str, Any]) -> Client:
    client = Client()
    client.force_login(user("community_worker", areas["west"]))
    return client


def test_a_resource_is_added_with_what_a_worker_knows(areas: dict[str, Any], worker: Client) -> None:
    code("tie_role", "promoter")
    code("tie_role", "host", "Ospita")
    auser, parish = organisation("Auser", area=areas["mill"]), organisation("Parrocchia (Borgo)", area=areas["mill"])
    lon, lat = inside(0, 0)
    data = {
        "name": "Corso di italiano",
        "promoters": "AUSER\nParrocchia (Borgo) (ospita)\nAmici di Sesto",
        "lon": lon,
        "lat": lat,
        "phones": "051 2195530 segreteria\n320 7514063",
        "emails": "info@auser.it",
        "state": "published",
        "is_sensitive": "",
    }
    answer = worker.post(reverse("directory:resource_add"), data)
    made = Resource.objects.get()
    assert answer.status_code == 302
    assert made.area == areas["mill"]
    assert set(made.promotions.values_list("organisation", "role")) == {
        (auser.pk, "tie_role:promoter"),
        (parish.pk, "tie_role:host"),
    }
    assert made.promoter_text == "Amici di Sesto"
    assert sorted(made.contacts.values_list("value", "visibility")) == [
        ("051 2195530", "public"),
        ("320 7514063", "staff"),
        ("info@auser.it", "public"),
    ]
    assert worker.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"area": "Atlantide"}, "area"),
        ({"area": ""}, "area"),
        ({"area": "Est (Borgo)"}, "area"),
        ({"lon": "11.3"}, "lat"),
        ({"valid_from": "2026-05-01", "valid_to": "2026-04-01"}, "valid_to"),
        ({"directions_url": "javascript:alert(1)"}, "directions_url"),
        ({"state": "invented"}, "state"),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(
    areas: dict[str, Any], worker: Client, changes: dict[str, str], field: str
) -> None:
    data = {"name": "Corso", "area": "Mulino (Ovest)", "state": "published", "description": "Due volte alla settimana"}
    answer = worker.post(reverse("directory:resource_add"), data | changes)
    assert answer.status_code == 200
    assert Resource.objects.count() == 0
    assert field in answer.context["form"].errors
    page = answer.content.decode()
    assert "Due volte alla settimana" in page
    assert f'href="#id_{field}' in page
    assert 'id="-' not in page


def test_two_at_the_same_form_each_keep_what_only_they_changed(areas: dict[str, Any], worker: Client) -> None:
    row = resource("Corso", area=areas["mill"], address="via Tinti 1")
    address = reverse("directory:resource_edit", args=[row.pk])
    began = worker.get(address).context["form"].initial["base"]
    actions.save_resource(SYSTEM, {"opening": "lunedì", "address": "via Emilia 2"}, row)
    data = {"name": "Corso serale", "address": "via Tinti 1", "area": "Mulino (Ovest)", "state": "published"}
    answer = worker.post(address, data | {"base": began}, follow=True)
    row.refresh_from_db()
    # The other's opening and address were not on the form that was sent: they stay, and it is said.
    assert (row.name, row.opening, row.address) == ("Corso serale", "lunedì", "via Emilia 2")
    assert "via Emilia 2" in answer.content.decode()
    assert any("Indirizzo" in str(message) for message in answer.context["messages"])


def test_what_two_changed_differently_is_asked(areas: dict[str, Any], worker: Client) -> None:
    row = resource("Corso", area=areas["mill"], address="via Tinti 1")
    address = reverse("directory:resource_edit", args=[row.pk])
    data = {"name": "Corso", "area": "Mulino (Ovest)", "state": "published", "opening": "martedì"}
    data |= {"address": "via Tinti 1", "base": worker.get(address).context["form"].initial["base"]}
    actions.save_resource(SYSTEM, {"opening": "lunedì"}, row)
    answer = worker.post(address, data)
    page = answer.content.decode()
    assert "«lunedì»" in page
    assert "martedì" in page
    row.refresh_from_db()
    assert row.opening == "lunedì"
    again = data | {"base": answer.context["form"].data["base"]}
    assert worker.post(address, again | {"take": "opening"}).status_code == 302
    row.refresh_from_db()
    assert row.opening == "lunedì"
    # Without a choice it is one's own that holds: by then both were read.
    assert worker.post(address, again).status_code == 302
    row.refresh_from_db()
    assert row.opening == "martedì"


def test_a_point_that_moves_finds_its_area_anew(areas: dict[str, Any], worker: Client) -> None:
    row = resource("Corso", area=areas["mill"])
    lon, lat = inside(0, 1)
    data = {"name": "Corso", "area": "Mulino (Ovest)", "state": "published", "lon": lon, "lat": lat}
    worker.post(reverse("directory:resource_edit", args=[row.pk]), data)
    row.refresh_from_db()
    assert row.area == areas["hill"]


def test_a_name_that_is_already_there_is_asked_about_once(areas: dict[str, Any], worker: Client) -> None:
    organisation("Polisportiva Zolino", area=areas["mill"])
    data = {"name": "Polisportiva Zolno", "area": "Mulino (Ovest)", "is_public": "on"}
    answer = worker.post(reverse("network:organisation_add"), data)
    assert answer.status_code == 200
    assert "Polisportiva Zolino" in answer.content.decode()
    assert Organisation.objects.count() == 1
    assert worker.post(reverse("network:organisation_add"), data | {"is_another": "on"}).status_code == 302
    assert Organisation.objects.count() == 2


def test_an_organisation_is_changed_and_its_history_told(areas: dict[str, Any], worker: Client) -> None:
    row = organisation("Amici", area=areas["mill"])
    data = {"name": "Amici del Mulino", "area": "Mulino (Ovest)", "other_names": "AdM\nAmici", "is_public": "on"}
    assert worker.post(reverse("network:organisation_edit", args=[row.pk]), data).status_code == 302
    page = worker.get(reverse("network:organisation", args=[row.pk])).content.decode()
    assert "«Amici» → «Amici del Mulino»" in page
    assert "Anna Neri" in page
    assert "Anna Neri" not in Client().get(reverse("network:organisation", args=[row.pk])).content.decode()


def test_a_contact_is_added_shown_and_removed(areas: dict[str, Any], worker: Client) -> None:
    row = resource("Corso", area=areas["mill"])
    address = reverse("directory:resource_contacts", args=[row.pk])
    assert worker.post(address, {"kind": "mobile", "value": "320 7514063"}).status_code == 302
    contact = row.contacts.get()
    assert contact.visibility == "staff"
    worker.post(address, {"show": contact.pk})
    contact.refresh_from_db()
    assert contact.visibility == "public"
    other = resource("Altra", area=areas["mill"])
    assert (
        worker.post(reverse("directory:resource_contacts", args=[other.pk]), {"remove": contact.pk}).status_code == 404
    )
    worker.post(address, {"remove": contact.pk})
    assert row.contacts.count() == 0
    assert "320" not in str(list(AuditEntry.objects.values_list("changes", flat=True).order_by("number")))


def test_promoters_are_read_from_lines(areas: dict[str, Any]) -> None:
    code("tie_role", "manager", "Gestore")
    auser = organisation("Auser")
    hidden = organisation("Riservata", is_sensitive=True)
    manager = "tie_role:manager"
    assert read_promoters("Auser (gestore)\n\n auser ", NOBODY) == (
        [(auser.pk, manager), (auser.pk, "tie_role:promoter")],
        [],
    )
    # A hidden one is as unknown as one that is not there.
    assert read_promoters("Riservata\nNessuno", NOBODY) == ([], ["Riservata", "Nessuno"])
    assert read_promoters("Riservata", SYSTEM) == ([(hidden.pk, "tie_role:promoter")], [])


def test_a_promoter_as_written_is_kept_matched_or_marked(areas: dict[str, Any]) -> None:
    code("tie_role", "promoter")
    auser = organisation("Auser Bologna")
    matched = actions.save_resource(SYSTEM, {"name": "A", "promoter_text": "AUSER bologna"})
    assert list(matched.promotions.values_list("organisation", flat=True)) == [auser.pk]
    several = actions.save_resource(SYSTEM, {"name": "B", "promoter_text": "Auser Bologna in collaborazione con Arad"})
    assert several.promoter_to_split
    assert several.promotions.count() == 0
    assert several.promoter_text == "Auser Bologna in collaborazione con Arad"
    unknown = actions.save_resource(SYSTEM, {"name": "C", "promoter_text": "Arad"})
    assert (unknown.promoter_to_split, unknown.promotions.count()) == (False, 0)
