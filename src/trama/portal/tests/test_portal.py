"""The pages that gather, empty and filled."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from trama.core.actor import SYSTEM
from trama.core.models import Code
from trama.experiences.models import Experience, Occurrence
from trama.territory import actions
from trama.territory.models import Area

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
