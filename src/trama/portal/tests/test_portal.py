"""The pages that gather, empty and filled."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from trama.core import facts
from trama.core.actor import SYSTEM, Actor
from trama.core.history import Act, record_many
from trama.core.models import Code
from trama.experiences.models import Experience, Occurrence
from trama.portal.gathering import recent_changes
from trama.territory import actions
from trama.territory.models import Area
from trama.territory.tests.acting import ActsAs, acting, acting_in_place_of_logins

pytestmark = pytest.mark.django_db


@pytest.fixture
def hamlet() -> Area:
    town = actions.add_area(SYSTEM, name="Borgo", kind="municipality", code="999001")
    return actions.add_area(SYSTEM, name="Frazione", kind="hamlet", parent=town, code="999001-F")


def occurrence(area: Area, days: int, title: str, state: str = "published", **more: object) -> Occurrence:
    kind = Code.objects.filter(list="experience_kind").first()
    experience = Experience.objects.create(name=title, kind=kind, state=state, area=area)
    experience.areas.create(area=area)
    starts = timezone.now() + timedelta(days=days)
    return Occurrence.objects.create(experience=experience, starts_at=starts, area=area, **more)


@pytest.mark.parametrize(
    "address",
    ["/", "/calendario/", "/cerca/", "/cerca/?q=nulla", "/fonti/", "/privacy/", "/accessibilita/", "/dati-aperti/"],
)
@pytest.mark.parametrize("language", ["it", "en"])
def test_every_page_stands_empty(client: Client, address: str, language: str) -> None:
    client.cookies["trama_language"] = language
    answer = client.get(address)
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.content.decode()


def test_the_page_of_an_area_leads_up_the_tree(client: Client, hamlet: Area) -> None:
    html = client.get("/territorio/999001-F/").content.decode()
    assert 'href="/territorio/999001/"' in html
    assert "<h1>Frazione</h1>" in html
    assert client.get("/territorio/nessuna/").status_code == 404


def test_the_calendar_shows_days_in_order_and_hides_drafts(client: Client, hamlet: Area) -> None:
    occurrence(hamlet, 5, "Seconda data")
    occurrence(hamlet, 2, "Prima data")
    occurrence(hamlet, 3, "Bozza nascosta", state="draft")
    occurrence(hamlet, 4, "Data saltata", cancelled_because="neve")
    html = client.get("/calendario/").content.decode()
    assert html.index("Prima data") < html.index("Data saltata") < html.index("Seconda data")
    assert "neve" in html
    assert "Bozza nascosta" not in html
    assert "Prima data" in client.get("/territorio/999001/").content.decode()


def test_the_calendar_survives_nonsense(client: Client) -> None:
    for query in ("from=ieri", "from=0001-01-01", "from=9999-12-31", "area=xx"):
        assert client.get(f"/calendario/?{query}").status_code == 200


def test_the_calendar_can_be_taken_along(client: Client, hamlet: Area) -> None:
    from icalendar import Calendar

    occurrence(hamlet, 2, "Prima data; con, segni")
    occurrence(hamlet, 4, "Data saltata", cancelled_because="neve")
    events = Calendar.from_ical(client.get("/calendario/trama.ics").content).walk("VEVENT")
    assert [str(event["summary"]) for event in events] == ["Prima data; con, segni", "Data saltata"]
    assert str(events[1]["status"]) == "CANCELLED"
    assert len({str(event["uid"]) for event in events}) == 2


def test_the_profile_on_the_command_line(hamlet: Area, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("profile", "frazione", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["code"] == "999001-F"
    assert found["part_of"] == [{"code": "999001", "name": "Borgo", "kind": "municipality"}]
    assert found["registers"]["places"]["count"] == 0
    with pytest.raises(CommandError, match="no area “Atlantide”"):
        call_command("profile", "Atlantide")


def test_my_day_asks_for_a_login(client: Client) -> None:
    answer = client.get("/oggi/")
    assert answer.status_code == 302
    assert "/accedi/" in answer["Location"]


def test_news_are_what_people_did_and_a_load_is_one_line(hamlet: Area) -> None:
    shown = [occurrence(hamlet, 1, title).experience for title in ("Cena", "Festa", "Orto", "Ballo")]
    kind = "experiences.experience"
    worker = acting("community_worker", hamlet)
    record_many(SYSTEM, [Act("created", kind, str(one.pk), one.name) for one in shown])
    assert recent_changes(worker) == []
    record_many(worker, [Act("created", kind, str(one.pk), one.name) for one in shown])
    record_many(worker, [Act("changed", kind, str(shown[0].pk), "Cena")])
    assert [(line.verb, line.label, line.others) for line in recent_changes(worker)] == [
        ("changed", "Cena", 0),
        ("created", "Ballo", 2),
    ]


@pytest.fixture
def signed() -> Iterator[Callable[[Actor], Client]]:
    """A client that acts as the actor given."""

    def client(actor: Actor) -> Client:
        ActsAs.actor = actor
        return Client()

    with acting_in_place_of_logins():
        yield client


Signed = Callable[[Actor], Client]


def test_the_door_to_change_an_area_is_shown_to_who_may_open_it(hamlet: Area, signed: Signed) -> None:
    town = Area.objects.get(code="999001")
    for actor in (acting("community_worker", hamlet), acting("plan_office", hamlet), acting("plan_office", town)):
        client = signed(actor)
        for area in (hamlet, town):
            address = f"/territorio/{area.code}/modifica/"
            shown = f'href="{address}"' in client.get(f"/territorio/{area.code}/").content.decode()
            assert shown == (client.get(address).status_code == 200), (actor.grants, area)


def test_the_calendar_keeps_its_choice_and_ends(client: Client, hamlet: Area) -> None:
    other = actions.add_area(SYSTEM, name="Altrove", kind="municipality", code="999002")
    occurrence(hamlet, 3, "Vicina")
    occurrence(hamlet, 20, "Lontana")
    occurrence(other, 3, "Altra area")
    html = client.get("/calendario/?area=999001").content.decode()
    assert "Vicina" in html
    assert "Lontana" not in html
    assert "Altra area" not in html
    assert 'href="webcal://testserver/calendario/trama.ics?area=999001"' in html
    later = re.search(r'href="(\?area=999001&amp;from=[0-9-]+)"[^>]*>Dopo', html)
    assert later is not None
    assert "Lontana" in client.get("/calendario/" + later[1].replace("&amp;", "&")).content.decode()
    assert "Lontana" in client.get("/calendario/?area=999001&days=31").content.decode()


def test_a_wider_area_says_that_only_a_part_of_it_is_kept_here(client: Client, hamlet: Area) -> None:
    facts.set_fact(facts.HOME_AREA, hamlet.code)
    assert "tenuti da questo servizio" in client.get("/territorio/999001/").content.decode()
    assert "tenuti da questo servizio" not in client.get("/territorio/999001-F/").content.decode()


def test_the_pages_about_the_site_give_the_contact_or_the_setting(client: Client, settings: LazySettings) -> None:
    settings.CONTACT = ""
    assert "TRAMA_CONTACT" in client.get("/accessibilita/").content.decode()
    settings.CONTACT = "qui@example.org"
    for address in ("/accessibilita/", "/privacy/"):
        assert 'href="mailto:qui@example.org"' in client.get(address).content.decode()


def test_empty_fields_leave_the_address_and_unknown_values_are_told(client: Client) -> None:
    answer = client.get("/realta/?q=&kind=&ets=1&area=")
    assert (answer.status_code, answer["Location"]) == (302, "/realta/?ets=1")
    html = client.get("/realta/?ets=yes").content.decode()
    assert "Questo filtro non esiste" in html
    assert "«yes»" in html
    assert "Questo filtro non esiste" not in client.get("/realta/?ets=0").content.decode()


def test_staff_read_how_many_drafts_they_count(hamlet: Area, client: Client, signed: Signed) -> None:
    occurrence(hamlet, 5, "Pubblicata")
    occurrence(hamlet, 5, "Bozza", state="draft")
    public = re.search(r'class="tr-count"[^>]*>([^<]*)', client.get("/esperienze/").content.decode())
    assert public is not None
    assert "bozz" not in public[1]
    html = signed(acting("plan_office")).get("/esperienze/").content.decode()
    assert "2 esperienze (di cui una bozza)" in html
