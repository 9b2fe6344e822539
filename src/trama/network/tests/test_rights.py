"""Who may see and change which organisation: actors by rows, near misses included; and the same on the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import translation

from trama.core.actor import NOBODY, SYSTEM, Actor
from trama.network import actions
from trama.network.models import Organisation, Tie, visible_names
from trama.network.permissions import abilities
from trama.network.tests.factories import actor, code, contact, organisation, user
from trama.territory.tests.factories import make_area, make_city

pytestmark = pytest.mark.django_db


@dataclass
class World:
    """Two districts; in the western one an open, a sensitive, an internal organisation, and one that stands nowhere."""

    areas: dict[str, Any]
    rows: dict[str, Organisation]
    actors: dict[str, Actor]


@pytest.fixture
def world() -> World:
    areas = make_city()
    rows = {
        "open": organisation("Aperta", area=areas["mill"]),
        "sensitive": organisation("Riservata", area=areas["mill"], is_sensitive=True),
        "internal": organisation("Interna", area=areas["mill"], is_public=False),
        "nowhere": organisation("Ovunque", is_sensitive=True),
        "closed": organisation("Chiusa", area=areas["mill"], closed_on="2020-01-01"),
    }
    actors = {
        "nobody": NOBODY,
        "system": SYSTEM,
        "citizen": actor("citizen", areas["west"]),
        "worker here": actor("community_worker", areas["west"]),
        "worker elsewhere": actor("community_worker", areas["east"]),
        "worker of the whole city": actor("community_worker", areas["city"]),
        "worker everywhere": actor("plan_office"),
        "health partner here": actor("partner_health", areas["west"]),
        "evaluator here": actor("evaluator", areas["west"]),
        "contact of the open one": actor("org_contact", organisation=rows["open"]),
        "contact of the sensitive one": actor("org_contact", organisation=rows["sensitive"]),
        "volunteer of the open one": actor("volunteer", organisation=rows["open"]),
        "volunteer of the sensitive one": actor("volunteer", organisation=rows["sensitive"]),
    }
    return World(areas, rows, actors)


ALL = {"open", "sensitive", "internal", "nowhere", "closed"}
HERE = ALL - {"nowhere"}
SEES = {
    "nobody": {"open", "closed"},
    "system": ALL,
    "citizen": {"open", "closed"},
    "worker here": HERE,
    "worker elsewhere": {"open", "closed"},
    "worker of the whole city": HERE,
    "worker everywhere": ALL,
    "health partner here": HERE,
    "evaluator here": {"open", "closed"},
    "contact of the open one": {"open", "closed"},
    "contact of the sensitive one": {"open", "closed", "sensitive"},
    "volunteer of the open one": {"open", "closed"},
    "volunteer of the sensitive one": {"open", "closed", "sensitive"},
}
EDITS = {
    "nobody": set(),
    "system": ALL,
    "citizen": set(),
    "worker here": HERE,
    "worker elsewhere": set(),
    "worker of the whole city": HERE,
    "worker everywhere": ALL,
    "health partner here": set(),
    "evaluator here": set(),
    "contact of the open one": {"open"},
    "contact of the sensitive one": {"sensitive"},
    "volunteer of the open one": set(),
    "volunteer of the sensitive one": set(),
}


@pytest.mark.parametrize("who", SEES)
def test_who_sees_what(world: World, who: str) -> None:
    seen = set(Organisation.objects.visible_to(world.actors[who]).values_list("pk", flat=True))
    assert {name for name, row in world.rows.items() if row.pk in seen} == SEES[who]
    named = visible_names([row.pk for row in world.rows.values()], world.actors[who])
    assert {name for name, row in world.rows.items() if row.pk in named} == SEES[who]


@pytest.mark.parametrize("who", EDITS)
def test_who_changes_what(world: World, who: str) -> None:
    for name, row in world.rows.items():
        allowed = name in EDITS[who]
        assert abilities(world.actors[who], row.area_id, row.pk)["edit"] is allowed, name
        if allowed:
            actions.save_organisation(world.actors[who], {"description": f"di {who}"}, row)
        else:
            with pytest.raises(PermissionDenied):
                actions.save_organisation(world.actors[who], {"description": f"di {who}"}, row)
        row.refresh_from_db()
        assert (row.description == f"di {who}") is allowed


def test_the_contact_person_does_not_decide_who_sees_the_record(world: World) -> None:
    own = world.actors["contact of the sensitive one"]
    for data in ({"is_sensitive": False}, {"is_public": True}, {"names_several": True}):
        with pytest.raises(PermissionDenied):
            actions.save_organisation(own, data, world.rows["sensitive"])
    for act in (actions.close, actions.reopen, actions.mark_used):
        with pytest.raises(PermissionDenied):
            act(own, world.rows["sensitive"])


def test_nobody_writes_a_record_into_another_territory(world: World) -> None:
    with pytest.raises(PermissionDenied):
        actions.save_organisation(
            world.actors["worker elsewhere"], {"name": "Nuova", "area_id": world.areas["mill"].pk}
        )
    with pytest.raises(PermissionDenied):
        actions.save_organisation(world.actors["worker here"], {"area_id": world.areas["east"].pk}, world.rows["open"])
    assert Organisation.objects.filter(name="Nuova").count() == 0
    world.rows["open"].refresh_from_db()
    assert world.rows["open"].area == world.areas["mill"]


def test_ties_are_internal_and_fall_silent_with_either_end(world: World) -> None:
    partner = code("tie_role", "partner")
    tie = Tie.objects.create(one=world.rows["open"], other=world.rows["closed"], role=partner)
    hidden = Tie.objects.create(one=world.rows["open"], other=world.rows["sensitive"], role=partner)
    expected = {
        "nobody": set(),
        "citizen": set(),
        "worker here": {tie, hidden},
        "worker elsewhere": {tie},
        "contact of the open one": {tie},
        "contact of the sensitive one": {hidden},
        "volunteer of the open one": {tie},
    }
    for who, ties in expected.items():
        assert set(Tie.objects.visible_to(world.actors[who])) == ties, who


PAGES = {
    "organisation": SEES,
    "organisation_points": SEES,
    "organisation_edit": EDITS,
    "organisation_contacts": EDITS,
    "organisation_seats": EDITS,
}
LOGINS = {
    "nobody": None,
    "worker here": ("community_worker", "west", None),
    "worker elsewhere": ("community_worker", "east", None),
    "worker everywhere": ("plan_office", None, None),
    "health partner here": ("partner_health", "west", None),
    "contact of the open one": ("org_contact", None, "open"),
    "contact of the sensitive one": ("org_contact", None, "sensitive"),
    "volunteer of the sensitive one": ("volunteer", None, "sensitive"),
}


def login(world: World, who: str) -> Client:
    client, held = Client(), LOGINS[who]
    if held is not None:
        role, area, row = held
        client.force_login(user(role, world.areas[area] if area else None, world.rows[row] if row else None))
    return client


@pytest.mark.parametrize("who", LOGINS)
@pytest.mark.parametrize("name", PAGES)
def test_what_one_may_not_see_is_not_there(world: World, who: str, name: str) -> None:
    client = login(world, who)
    for row, record in world.rows.items():
        status = client.get(reverse(f"network:{name}", args=[record.pk])).status_code
        if row in PAGES[name][who]:
            assert status == 200, row
        else:
            # Nobody is asked to sign in before a page that is for people with a login; else it is not there.
            asked = who == "nobody" and name in {"organisation_edit", "organisation_contacts", "organisation_seats"}
            assert status == (302 if asked else 404), row


@pytest.mark.parametrize("who", LOGINS)
@pytest.mark.parametrize(
    ("what", "roles"),
    [
        ("confirm", {"worker here", "worker everywhere", "contact of the open one"}),
        ("used", {"worker here", "worker everywhere"}),
        ("close", {"worker here", "worker everywhere"}),
        ("reopen", {"worker here", "worker everywhere"}),
    ],
)
def test_who_confirms_and_closes(world: World, who: str, what: str, roles: set[str]) -> None:
    client = login(world, who)
    address = reverse("network:organisation_do", args=[world.rows["open"].pk, what])
    assert client.get(address).status_code in {302, 404, 405}
    world.rows["open"].refresh_from_db()
    assert world.rows["open"].confirmed_on is None
    answer = client.post(address)
    world.rows["open"].refresh_from_db()
    done = {
        "confirm": world.rows["open"].confirmed_on is not None,
        "used": world.rows["open"].used_on is not None,
        "close": world.rows["open"].closed_on is not None,
        "reopen": answer.status_code == 302 and who != "nobody",
    }[what]
    assert done is (who in roles)


def test_personal_contacts_are_for_staff_and_for_the_body_itself(world: World) -> None:
    contact(world.rows["open"], "mobile", "320 7514063")
    contact(world.rows["open"], "phone", "051 2195530", visibility="public")
    address = reverse("network:organisation", args=[world.rows["open"].pk])
    for who, seen in {
        "nobody": False,
        "worker here": True,
        "worker elsewhere": False,
        "health partner here": True,
        "contact of the open one": True,
        "contact of the sensitive one": False,
        "volunteer of the sensitive one": False,
    }.items():
        text = login(world, who).get(address).content.decode()
        assert ("320 7514063" in text) is seen, who
        assert "051 2195530" in text


@pytest.mark.parametrize(("hidden", "told"), [(True, False), (False, True)])
def test_the_history_of_a_hidden_name_does_not_call_it_visible(world: World, hidden: bool, told: bool) -> None:
    made = actions.save_organisation(SYSTEM, {"name": "Casa di prova", "is_sensitive": hidden})
    address = reverse("network:organisation", args=[made.pk])
    page = login(world, "worker everywhere").get(address).content.decode()
    assert "Casa di prova" in page
    with translation.override("it"):
        label = str(Organisation._meta.get_field("is_public").verbose_name)
    assert (f"{label[:1].upper()}{label[1:]}: sì" in page) == told


def test_a_contact_person_moves_the_body_within_its_town_and_makes_no_public_body_of_it(world: World) -> None:
    record, contact_person = world.rows["open"], world.actors["contact of the open one"]
    code("organisation_kind", "municipality")
    with pytest.raises(ValidationError, match="servizi"):
        actions.save_organisation(contact_person, {"kind_id": "organisation_kind:municipality"}, record)
    moved = actions.save_organisation(contact_person, {"area_id": world.areas["hill"].pk}, record)
    assert moved.area == world.areas["hill"]
    elsewhere = make_area("elsewhere", "municipality")
    with pytest.raises(ValidationError, match="altro comune"):
        actions.save_organisation(contact_person, {"area_id": elsewhere.pk}, moved)
    actions.save_organisation(SYSTEM, {"area_id": elsewhere.pk}, moved)


def test_what_was_hidden_is_not_read_in_the_history(world: World) -> None:
    record = world.rows["sensitive"]
    actions.save_organisation(SYSTEM, {"name": "Nome pubblico", "is_sensitive": False}, record)
    address = reverse("network:organisation", args=[record.pk])
    for who, told in {
        "nobody": False,
        "citizen": False,
        "worker here": True,
        "contact of the sensitive one": True,
    }.items():
        client = Client() if who == "nobody" else login(world, who) if who in LOGINS else Client()
        if who == "citizen":
            client.force_login(user("citizen", world.areas["west"], None))
        assert ("Riservata" in client.get(address).content.decode()) is told, who
