"""The page of a sheet: what is wrong is shown where it is, nobody overwrites an unseen answer, the list is kept."""

from __future__ import annotations

import re

import pytest

from trama.accounts.models import User
from trama.experiences.models import Experience
from trama.monitoring import actions, reading
from trama.monitoring.models import Invitation, Sheet
from trama.monitoring.tests.factories import SITE, Town, make_open_wave, make_town
from trama.network.models import Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker(client):
    town = make_town()
    user = User.objects.create_user("anna")
    Membership.objects.create(user=user, role="community_worker", area=town.areas["city"])
    client.force_login(user)
    return town, make_open_wave(town)


def sheet_of(town: Town, place: int) -> Sheet:
    return Sheet.objects.get(record=town.experiences[place].pk)


def page_of(sheet: Sheet, query: str = "") -> str:
    return f"/rilevazioni/{sheet.wave_id}/schede/{sheet.pk}/{query}"


def hidden(text: str, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}"(?: value="([^"]*)")?', text)
    assert found
    return found[1] or ""


def test_a_wrong_day_opens_its_section_and_is_linked_and_yes_then_confirms(worker, client):
    town, _wave = worker
    sheet = sheet_of(town, 0)
    Experience.objects.filter(pk=sheet.record).update(starts_on="2024-03-01")
    data = {"channel": "phone", "starts_on": "2024-03-01", "ends_on": "2023-01-01", "ended_on": ""}
    text = client.post(page_of(sheet), {**data, "answer": "updated"}).content.decode()
    assert '<a href="#id_ends_on">' in text
    assert '<details class="mo-answer" open><summary>Qualcosa è cambiato' in text
    data["typed_seen"] = hidden(text, "typed_seen")
    assert client.post(page_of(sheet), {**data, "answer": "confirmed"}).status_code == 302
    sheet.refresh_from_db()
    assert sheet.answer == "confirmed"
    assert Experience.objects.get(pk=sheet.record).ends_on is None
    other = sheet_of(town, 1)
    Experience.objects.filter(pk=other.record).update(starts_on="2024-03-01")
    text = client.post(
        page_of(other), {"channel": "phone", "answer": "ended", "ended_on": "2023-01-01"}
    ).content.decode()
    assert '<a href="#id_ended_on">' in text
    assert '<details class="mo-answer" open><summary>È finita' in text


def test_what_begins_after_the_period_is_none_of_the_wave_and_a_place_says_what_it_counts(worker, client):
    town, wave = worker
    sheet = sheet_of(town, 0)
    Experience.objects.filter(pk=sheet.record).update(starts_on="2020-03-01")
    ((_sheet, link),) = actions.hand_out(actor(client), [sheet], SITE)
    bearer = client.__class__()
    text = bearer.post(link, {"answer": "updated", "starts_on": "2030-01-01"}).content.decode()
    assert '<a href="#id_starts_on">' in text
    assert "La rilevazione guarda fino al 31 dicembre 2024" in text
    assert str(Experience.objects.get(pk=sheet.record).starts_on) == "2020-03-01"
    assert Sheet.objects.get(pk=sheet.pk).answer == "waiting"
    # The last day of the period belongs to it.
    bearer.post(link, {"answer": "updated", "starts_on": "2024-12-31"})
    assert str(Experience.objects.get(pk=sheet.record).starts_on) == "2024-12-31"
    # A line of the board counts no sheet of the areas below it, and says so where there are some.
    Sheet.objects.filter(pk=sheet_of(town, 1).pk).update(area=town.areas["city"])
    names = {line.area: line.name for line in reading.board(wave, town.keeper)["areas"]}
    assert names.pop(town.areas["city"].pk) == f"{town.areas['city'].name}, senza un'area più stretta"
    assert names
    assert not any("più stretta" in name for name in names.values())


def test_what_was_typed_is_not_lost_by_the_button_beside_it_and_nothing_changed_is_no_update(worker, client):
    town, _wave = worker
    ((_sheet, link),) = actions.hand_out(actor(client), [sheet_of(town, 0)], SITE)
    bearer = client.__class__()
    text = bearer.post(link, {"answer": "confirmed", "summary": "Ogni giovedì."}).content.decode()
    assert "Hai scritto qualcosa" in text
    assert "Ogni giovedì." in text
    assert "Non hai cambiato nulla" in bearer.post(link, {"answer": "updated"}).content.decode()
    unsaid = client.post(page_of(sheet_of(town, 0)), {"answer": "confirmed"}).content.decode()
    assert "Di&#x27; come" in unsaid or "Di' come" in unsaid
    assert "checked" not in client.get(page_of(sheet_of(town, 1))).content.decode().split("<h2>")[0]
    assert not Sheet.objects.exclude(answer="waiting").exists()


def actor(client):
    from trama.network.acting import actor_of

    return actor_of(int(client.session["_auth_user_id"]), "")


def test_an_answer_that_was_not_seen_is_not_overwritten_unless_one_asks_again(worker, client):
    town, _wave = worker
    sheet = sheet_of(town, 0)
    seen = hidden(client.get(page_of(sheet)).content.decode(), "seen")
    data = {"channel": "phone", "seen": seen}
    assert client.post(page_of(sheet), {**data, "answer": "confirmed"}).status_code == 302
    text = client.post(page_of(sheet), {**data, "answer": "not_mine"}).content.decode()
    assert "Nel frattempo" in text
    sheet.refresh_from_db()
    assert sheet.answer == "confirmed"
    again = {**data, "answer": "not_mine", "seen": hidden(text, "seen")}
    assert client.post(page_of(sheet), again).status_code == 302
    sheet.refresh_from_db()
    assert sheet.answer == "not_mine"
    # Two at the very same moment: the second finds the answer only once it holds the row.
    with pytest.raises(actions.AnsweredMeanwhile):
        actions.answer(actor(client), sheet, "confirmed", channel="phone", seen=seen)


def test_handing_over_keeps_what_was_typed_and_is_remembered(worker, client, mailoutbox):
    town, wave = worker
    sheet = sheet_of(town, 2)
    assert "link personal" not in client.get(page_of(sheet)).content.decode()
    wrong = client.post(page_of(sheet, "delega/"), {"email": "scuola@", "name": "La scuola"}).content.decode()
    assert '<a href="#id_email">' in wrong
    assert 'value="scuola@"' in wrong
    assert 'value="La scuola"' in wrong
    done = client.post(page_of(sheet, "delega/?q=lett"), {"email": "scuola@example.org", "name": "La scuola"})
    assert done["Location"] == page_of(sheet, "?q=lett")
    text = client.get(done["Location"]).content.decode()
    assert "La scuola (scuola@example.org)" in text
    found = client.get(f"/rilevazioni/{wave.pk}/schede/?answer=handed").content.decode()
    assert "Letture" in found
    assert "Pranzo" not in found
    assert Invitation.objects.get().email == "scuola@example.org"


def test_the_list_is_kept_and_says_what_is_missing(worker, client):
    town, wave = worker
    base = f"/rilevazioni/{wave.pk}/schede/"
    assert f"{page_of(sheet_of(town, 0))}?q=pra" in client.get(f"{base}?q=pra").content.decode()
    kept = page_of(sheet_of(town, 0), "?q=pra&page=1")
    assert f'href="{base}?q=pra&amp;page=1"' in client.get(kept).content.decode()
    assert client.post(kept, {"channel": "paper", "answer": "confirmed"})["Location"] == f"{base}?q=pra&page=1"
    none = client.post(f"{base}carta/", {"q": "dopo", "answer": "waiting"}, follow=True)
    assert none.redirect_chain == [(f"{base}?q=dopo&answer=waiting", 302)]
    assert "Spunta almeno una scheda" in none.content.decode()
    assert "Nessuna scheda corrisponde" in client.get(f"{base}?q=zzz").content.decode()


def test_my_day_tells_a_worker_and_a_contact_of_the_open_wave(worker, client, mailoutbox):
    town, wave = worker
    base = f"/rilevazioni/{wave.pk}/schede/?answer=waiting"
    text = client.get("/oggi/").content.decode()
    assert f'href="{base}"' in text
    assert "3 schede in silenzio, entro il" in text
    contact = User.objects.create_user("rosa", email="rosa@example.org")
    Membership.objects.create(user=contact, role="org_contact", organisation=town.club)
    client.force_login(contact)
    assert "schede" not in re.sub(
        r"<(script|nav|footer).*?</\1>", "", client.get("/oggi/").content.decode(), flags=re.S
    )
    actions.send_links(town.keeper, wave, SITE)
    text = client.get("/oggi/").content.decode()
    assert "2 schede chiedono di te, entro il" in text
    assert "rosa@example.org" in text
    assert base not in text


def test_a_wave_is_counted_before_it_has_a_name_and_awaits_no_answer_in_the_past(worker, client):
    town, _wave = worker
    Membership.objects.update(role="plan_office")
    data = {"starts_on": "2024-01-01", "ends_on": "2024-12-31", "areas": [town.areas["city"].pk], "rule": "active"}
    assert "3 esperienze" in client.post("/rilevazioni/nuova/", {**data, "count": "1"}).content.decode()
    data |= {"name": "Ieri", "promoter": "Comune", "answer_by": "2025-01-01", "remind_after": 10, "last_call": 3,
             "aim": 80, "times_apart": 10}  # fmt: skip
    assert "Questo giorno è passato" in client.post("/rilevazioni/nuova/", data).content.decode()
    assert len(client.get("/rilevazioni/").context["page"].object_list) == 1
