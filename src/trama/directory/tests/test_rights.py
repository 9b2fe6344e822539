"""Who sees and changes which resource; and that a hidden promoter leaves no trace in any output."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from trama.core import search
from trama.core.actor import NOBODY, SYSTEM, Actor
from trama.directory import actions
from trama.directory.declarations import offered_by, on_offer
from trama.directory.models import Resource, carriers_of
from trama.directory.permissions import abilities
from trama.directory.tests.factories import contact, promote, resource
from trama.network import actions as network
from trama.network.models import Organisation
from trama.network.tests.factories import actor, organisation, user
from trama.territory.tests.factories import inside, make_city

pytestmark = pytest.mark.django_db
SECRET = "Rosaspina"


@dataclass
class World:
    """Resources of the western district, published, in draft, closed, sensitive; one of a hidden promoter."""

    areas: dict[str, Any]
    bodies: dict[str, Organisation]
    rows: dict[str, Resource]
    actors: dict[str, Actor]


@pytest.fixture
def world() -> World:
    areas = make_city()
    mill, (lon, lat) = areas["mill"], inside(0, 0)
    bodies = {
        "open": organisation("Bocciofila", "aps", "ets", area=mill),
        "hidden": organisation(f"Centro {SECRET}", "other_ets", "ets", area=mill, is_sensitive=True),
        "host": organisation("Parrocchia", area=mill),
    }
    rows = {
        "published": resource("Ballo", "sport", (bodies["open"],), area=mill, lon=lon, lat=lat),
        "draft": resource("Bozza", "sport", (bodies["open"],), area=mill, state="draft"),
        "closed": resource("Finita", "sport", area=mill, state="closed"),
        "sensitive": resource("Ascolto", "help", (bodies["hidden"],), area=mill, is_sensitive=True),
        "of a hidden one": resource(
            "Linea aperta",
            "help",
            (bodies["hidden"], bodies["open"]),
            area=mill,
            promoter_text=f"Centro {SECRET} con Bocciofila",
            lon=lon,
            lat=lat,
        ),
    }
    promote(rows["published"], bodies["host"], "host")
    actors = {
        "nobody": NOBODY,
        "system": SYSTEM,
        "citizen": actor("citizen", areas["west"]),
        "worker here": actor("community_worker", areas["west"]),
        "worker elsewhere": actor("community_worker", areas["east"]),
        "health partner here": actor("partner_health", areas["west"]),
        "contact of the open one": actor("org_contact", organisation=bodies["open"]),
        "contact of the hidden one": actor("org_contact", organisation=bodies["hidden"]),
        "contact of the host": actor("org_contact", organisation=bodies["host"]),
        "volunteer of the open one": actor("volunteer", organisation=bodies["open"]),
    }
    return World(areas, bodies, rows, actors)


ALL = {"published", "draft", "closed", "sensitive", "of a hidden one"}
PUBLIC = {"published", "closed", "of a hidden one"}
SEES = {
    "nobody": PUBLIC,
    "system": ALL,
    "citizen": PUBLIC,
    "worker here": ALL,
    "worker elsewhere": PUBLIC,
    "health partner here": ALL,
    "contact of the open one": PUBLIC | {"draft"},
    "contact of the hidden one": PUBLIC | {"sensitive"},
    "contact of the host": PUBLIC,
    "volunteer of the open one": PUBLIC | {"draft"},
}
EDITS = {
    "nobody": set(),
    "system": ALL,
    "citizen": set(),
    "worker here": ALL,
    "worker elsewhere": set(),
    "health partner here": set(),
    "contact of the open one": {"published", "draft", "of a hidden one"},
    "contact of the hidden one": {"sensitive", "of a hidden one"},
    "contact of the host": set(),
    "volunteer of the open one": set(),
}


@pytest.mark.parametrize("who", SEES)
def test_who_sees_what(world: World, who: str) -> None:
    seen = list(Resource.objects.visible_to(world.actors[who]).values_list("pk", flat=True))
    assert len(seen) == len(set(seen))
    assert {name for name, row in world.rows.items() if row.pk in seen} == SEES[who]


@pytest.mark.parametrize("who", EDITS)
def test_who_changes_what(world: World, who: str) -> None:
    for name, row in world.rows.items():
        allowed = name in EDITS[who]
        assert abilities(world.actors[who], row.area_id, carriers_of(row))["edit"] is allowed, name
        if allowed:
            actions.save_resource(world.actors[who], {"opening": f"da {who}"}, row)
        else:
            with pytest.raises(PermissionDenied):
                actions.save_resource(world.actors[who], {"opening": f"da {who}"}, row)
        row.refresh_from_db()
        assert (row.opening == f"da {who}") is allowed


def test_the_contact_person_does_not_decide_who_sees_the_resource(world: World) -> None:
    own = world.actors["contact of the hidden one"]
    with pytest.raises(PermissionDenied):
        actions.save_resource(own, {"is_sensitive": False}, world.rows["sensitive"])
    with pytest.raises(PermissionDenied):
        actions.mark_used(own, world.rows["sensitive"])


def test_a_contact_person_offers_only_what_is_their_own(world: World) -> None:
    own = world.actors["contact of the open one"]
    made = actions.save_resource(own, {"name": "Mia", "promoters": [(world.bodies["open"].pk, "tie_role:promoter")]})
    assert made.state == "published"
    with pytest.raises(PermissionDenied):
        actions.save_resource(own, {"name": "Sua", "promoters": [(world.bodies["host"].pk, "tie_role:promoter")]})
    assert not Resource.objects.filter(name="Sua").exists()


LOGINS = {
    "nobody": None,
    "worker here": ("community_worker", "west", None),
    "worker elsewhere": ("community_worker", "east", None),
    "contact of the open one": ("org_contact", None, "open"),
    "contact of the hidden one": ("org_contact", None, "hidden"),
    "contact of the host": ("org_contact", None, "host"),
}


def login(world: World, who: str) -> Client:
    client, held = Client(), LOGINS[who]
    if held is not None:
        role, area, body = held
        client.force_login(user(role, world.areas[area] if area else None, world.bodies[body] if body else None))
    return client


@pytest.mark.parametrize("who", LOGINS)
@pytest.mark.parametrize(
    ("name", "table"),
    [("resource", SEES), ("resource_points", SEES), ("resource_edit", EDITS), ("resource_contacts", EDITS)],
)
def test_what_one_may_not_see_is_not_there(world: World, who: str, name: str, table: dict[str, set[str]]) -> None:
    client = login(world, who)
    for row, record in world.rows.items():
        status = client.get(reverse(f"directory:{name}", args=[record.pk])).status_code
        asked = who == "nobody" and table is EDITS
        assert status == (200 if row in table[who] else 302 if asked else 404), row


@pytest.mark.parametrize("who", LOGINS)
def test_who_confirms_uses_and_closes(world: World, who: str) -> None:
    client, row = login(world, who), world.rows["published"]
    for what in ("confirm", "used", "close", "anything"):
        client.post(reverse("directory:resource_do", args=[row.pk, what]))
    row.refresh_from_db()
    mine, here = who == "contact of the open one", who == "worker here"
    assert (row.confirmed_on is not None) is (mine or here)
    assert (row.used_on is not None) is here
    assert (row.state == "closed") is (mine or here)


def test_personal_contacts_are_for_staff_and_for_who_offers_it(world: World) -> None:
    row = world.rows["published"]
    contact(row, "mobile", "320 7514063")
    contact(row, "phone", "051 2195530", visibility="public")
    seen = {
        who: "320 7514063" in login(world, who).get(reverse("directory:resource", args=[row.pk])).content.decode()
        for who in LOGINS
    }
    assert {who for who, told in seen.items() if told} == {"worker here", "contact of the open one"}
    actions.save_resource(SYSTEM, {"opening": "Martedì, chiamare 333 1234567", "description": "anna@gmail.com"}, row)
    covered = [reverse("directory:resource", args=[row.pk]), reverse("directory:resources"), "/risorse/tabella/"]
    for address in covered:
        page = Client().get(address).content.decode()
        assert "333 1234567" not in page, address
        assert "anna@gmail.com" not in page, address
    assert "333 1234567" in login(world, "worker here").get(covered[0]).content.decode()
    export = b"".join(Client().get(reverse("directory:resources_export", args=["csv"])).streaming_content).decode()
    assert "320 7514063" not in export
    assert "051 2195530" in export
    assert "333 1234567" not in export


# --- a hidden promoter ----------------------------------------------------------------------------------------------
def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    return content.decode()


@pytest.mark.parametrize(("who", "told"), [("nobody", False), ("worker elsewhere", False), ("worker here", True)])
def test_a_hidden_promoter_is_named_nowhere(world: World, who: str, told: bool) -> None:
    client, row = login(world, who), world.rows["of a hidden one"]
    # An act that names the hidden promoter and the text, so that the history could tell them.
    actions.save_resource(SYSTEM, {"promoter_text": f"{SECRET} e Bocciofila", "promoters": []}, row)
    pairs = [(world.bodies[name].pk, "tie_role:promoter") for name in ("hidden", "open")]
    actions.save_resource(SYSTEM, {"promoters": pairs}, row)
    exports = [reverse("directory:resources_export", args=[form]) for form in ("csv", "xlsx", "json")]
    views = [reverse(f"directory:resources{name}") for name in ("", "_table", "_map", "_points")]
    pages = [
        reverse("directory:resource", args=[row.pk]),
        reverse("network:organisation", args=[world.bodies["open"].pk]),
    ]
    named = {address for address in [*exports, *views, *pages] if SECRET in text_of(client.get(address))}
    if told:
        assert {*exports, *pages, views[1]} <= named
    else:
        assert named == set()


def test_no_filter_nor_search_tells_what_a_hidden_one_offers(world: World) -> None:
    hidden = world.bodies["hidden"]
    listed = text_of(Client().get(reverse("directory:resources"), {"promoter": hidden.pk}))
    assert "Linea aperta" not in listed
    assert SECRET not in listed
    for word in (SECRET, "Centro"):
        found, _query = search.search(NOBODY, word)
        assert found == [], word
    assert offered_by(NOBODY, world.bodies["open"])["partners"] == [  # type: ignore[index]
        {"pk": world.bodies["host"].pk, "name": "Parrocchia", "count": 1}
    ]


def test_what_becomes_sensitive_is_no_longer_found_through_what_it_offers(world: World) -> None:
    assert [kind.label for kind in search.search(NOBODY, "Bocciofila")[0]] != []
    network.save_organisation(SYSTEM, {"is_sensitive": True}, world.bodies["open"])
    assert search.search(NOBODY, "Bocciofila")[0] == []
    network.save_organisation(SYSTEM, {"is_sensitive": False, "name": "Circolo"}, world.bodies["open"])
    found = search.search(NOBODY, "Circolo")[0]
    assert {hit.title for kind in found for hit in kind.hits} >= {"Circolo", "Ballo"}


def test_what_a_body_offers_is_masked_with_it_where_its_name_gives_it_away(world: World) -> None:
    record, worker = world.bodies["open"], login(world, "worker here")
    page = reverse("network:organisation", args=[record.pk])
    row = record.promotions.select_related("resource").get(resource__name="Ballo").resource
    mask = reverse("directory:resource_do", args=[row.pk, "mask"])
    assert mask not in worker.get(page).content.decode()
    network.save_organisation(SYSTEM, {"is_sensitive": True}, record)
    assert mask in worker.get(page).content.decode()
    assert login(world, "nobody").post(mask).status_code == 302
    row.refresh_from_db()
    assert not row.is_sensitive
    assert worker.post(mask).status_code == 302
    row.refresh_from_db()
    assert row.is_sensitive
    assert mask not in worker.get(page).content.decode()
    assert login(world, "nobody").get(reverse("directory:resource", args=[row.pk])).status_code == 404


def test_a_resource_of_a_sensitive_body_is_sensitive_unless_stated(world: World) -> None:
    pairs = [(world.bodies["hidden"].pk, "tie_role:promoter")]
    made = actions.save_resource(SYSTEM, {"name": "Nuova", "promoters": pairs})
    assert made.is_sensitive
    stated = actions.save_resource(SYSTEM, {"name": "Pubblica", "promoters": pairs, "is_sensitive": False})
    assert not stated.is_sensitive


def test_counts_leave_out_what_is_not_shown(world: World) -> None:
    for who, total in {"nobody": 2, "worker here": 3}.items():
        section = on_offer(world.actors[who], world.areas["city"])
        assert section is not None
        assert section["total"] == total, who


def test_who_edits_does_not_take_away_the_promoters_that_were_not_shown(world: World) -> None:
    row, client = world.rows["of a hidden one"], login(world, "contact of the open one")
    address = reverse("directory:resource_edit", args=[row.pk])
    page = client.get(address).content.decode()
    assert SECRET not in page
    data = {"name": "Linea apertissima", "promoters": "Bocciofila", "state": "published", "area": "Mulino (Ovest)"}
    assert client.post(address, data).status_code == 302
    row.refresh_from_db()
    assert row.name == "Linea apertissima"
    assert set(row.promotions.values_list("organisation", flat=True)) == {
        world.bodies["hidden"].pk,
        world.bodies["open"].pk,
    }
