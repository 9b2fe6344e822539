"""The pages: what each reader finds on them, what the buttons do, and addresses that lead nowhere."""

from __future__ import annotations

from datetime import date

import pytest

from trama.core.actor import NOBODY, SYSTEM
from trama.experiences import actions
from trama.experiences.genealogy import family_of
from trama.experiences.models import Experience, Occurrence
from trama.experiences.tests.factories import make_date, make_experience, make_funding, make_organisation
from trama.experiences.tests.lists import load_lists
from trama.network.models import Membership
from trama.territory.tests.factories import inside, make_city, make_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    load_lists()
    return make_city()


@pytest.fixture
def worker(city, django_user_model, client):
    user = django_user_model.objects.create_user("giulia", password=None, first_name="Giulia", last_name="Ferri")
    Membership.objects.create(user=user, role="community_worker", area=city["city"])
    client.force_login(user)
    return user


def text(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_what_everybody_reads(city, client):
    hidden, shown = make_organisation("Casa rifugio", is_sensitive=True), make_organisation("Parrocchia")
    lon, lat = inside(0, 0)
    record = make_experience(
        "Doposcuola",
        areas=[city["mill"]],
        places=[make_place("Centro", lon=lon, lat=lat), make_place("Nascosto", is_public=False)],
        organisations=[(hidden, "promoter"), (shown, "host")],
        codes=[("target", "children")],
        volunteers=12,
        beneficiaries=(40, "estimated"),
        critical_points="Mancano volontari",
        outputs="Un gruppo",
    )
    make_funding(record, 2024, 1000)
    make_funding(record, 2024, 500, funder=hidden, fund="Fondo")
    page = text(client, f"/esperienze/{record.pk}/")
    for wanted in ("Doposcuola", "12", "esatto", "circa 40", "stimato", "Parrocchia", "Bambini", "Centro", "1.500"):
        assert wanted in page, wanted
    for unwanted in ("Casa rifugio", "Nascosto", "Mancano volontari", "Modifica", "Conferma:"):
        assert unwanted not in page, unwanted


def test_what_staff_reads_besides(city, client, worker):
    record = make_experience("Doposcuola", areas=[city["mill"]], critical_points="Mancano volontari")
    page = text(client, f"/esperienze/{record.pk}/")
    for wanted in ("Mancano volontari", "Non c'è scritta nessuna fonte", "Conferma", "Modifica", "Usa come modello"):
        assert wanted in page, wanted
    with_source = make_experience(areas=[city["mill"]], source_text="verbale del 3 marzo")
    assert "nessuna fonte" not in text(client, f"/esperienze/{with_source.pk}/")


@pytest.mark.parametrize("address", ["", "genealogia/", "punti.json"])
def test_what_one_may_not_see_is_not_there(city, client, address):
    draft = make_experience(areas=[city["mill"]], state="draft")
    assert client.get(f"/esperienze/{draft.pk}/{address}").status_code == 404
    assert client.get(f"/esperienze/{10**9}/{address}").status_code == 404
    assert client.get(f"/esperienze/{10**30}/{address}").status_code == 404


def test_history_tells_strangers_less(city, client, worker):
    from trama.network.middleware import actor_of

    actor = actor_of(worker.pk, "Giulia Ferri")
    data = {"name": "Doposcuola", "kind": "event", "areas": [city["mill"].pk], "summary": "segreto di bozza"}
    record = actions.save_experience(actor, {**data, "starts_on": date(2024, 1, 1)})
    actions.save_experience(actor, {"summary": "pubblico"}, record)
    actions.publish(actor, record)
    page = text(client, f"/esperienze/{record.pk}/")
    assert "Giulia Ferri" in page
    assert "segreto di bozza" in page
    client.logout()
    page = text(client, f"/esperienze/{record.pk}/")
    assert "Giulia" not in page
    assert "segreto di bozza" not in page


def test_the_buttons(city, client, worker):
    record = make_experience("Doposcuola", areas=[city["mill"]], state="draft")

    def press(act: str) -> int:
        return client.post(f"/esperienze/{record.pk}/fai/{act}/").status_code

    def state() -> Experience:
        return Experience.objects.get(pk=record.pk)

    assert press("publish") == 302
    assert state().state == "published"
    assert press("confirm") == 302
    assert press("used") == 302
    assert state().confirmed_on == state().used_on != None  # noqa: E711
    assert press("good") == 404, "a worker does not judge"
    assert press("nonsense") == 404
    opened = client.get(f"/esperienze/{record.pk}/fai/unpublish/")
    assert (opened.status_code, opened["Location"]) == (302, f"/esperienze/{record.pk}/")
    assert press("unpublish") == 302
    assert client.get(f"/esperienze/{record.pk}/butta/").status_code == 200
    assert client.post(f"/esperienze/{record.pk}/butta/").status_code == 302
    assert not Experience.objects.exists()


@pytest.mark.parametrize("act", ["publish", "unpublish", "confirm", "used", "good"])
def test_strangers_press_nothing(city, client, act):
    record = make_experience(areas=[city["mill"]])
    before = Experience.objects.values().get()
    assert client.post(f"/esperienze/{record.pk}/fai/{act}/").status_code == 302, "they are asked to sign in"
    assert Experience.objects.values().get() == before


def test_publishing_an_incomplete_draft_leads_to_what_is_missing(city, client, worker):
    record = make_experience(areas=[city["mill"]], state="draft", summary="")
    answer = client.post(f"/esperienze/{record.pk}/fai/publish/", follow=True)
    assert answer.redirect_chain[0][0].endswith("/modifica/?publish=1")
    assert "id_summary" in answer.content.decode()


def test_use_as_a_model(city, client, worker):
    model = make_experience("Cena di strada", areas=[city["east"]], codes=[("target", "elderly")])
    assert "Cena di strada" in text(client, f"/esperienze/{model.pk}/modello/")
    answer = client.post(f"/esperienze/{model.pk}/modello/", {"area": "Mulino"})
    copy = Experience.objects.get(copied_from=model)
    assert answer["Location"] == f"/esperienze/{copy.pk}/modifica/"
    assert copy.area_id == city["mill"].pk
    assert client.post(f"/esperienze/{model.pk}/modello/", {"area": "Timbuctù"}).status_code == 200
    assert Experience.objects.count() == 2


def test_dates_on_the_page(city, client, worker):
    record = make_experience(areas=[city["mill"]])
    address = f"/esperienze/{record.pk}/date/"
    answer = client.post(address, {"day": "2030-02-04", "begins": "10:00", "ends": "12:00"})
    assert answer.status_code == 302
    row = Occurrence.objects.get()
    assert row.starts_at.isoformat() == "2030-02-04T09:00:00+00:00", "ten o'clock in Rome"
    wrong = client.post(address, {"day": "2030-02-04", "begins": "10:00", "ends": "09:00"})
    assert wrong.status_code == 200
    assert client.post(address, {}).status_code == 200
    cancel = f"{address}{row.pk}/annulla/"
    assert client.post(cancel, {"reason": ""}).status_code == 200
    client.post(cancel, {"reason": "maltempo"})
    assert "maltempo" in text(client, f"/esperienze/{record.pk}/")
    assert client.get(cancel).status_code == 404, "once is enough"
    other = make_date(make_experience(areas=[city["mill"]]), 2030, 1, 1)
    assert client.get(f"{address}{other.pk}/annulla/").status_code == 404, "a date of another experience"


def test_a_programme_from_2021_on(city, client):
    programme = make_experience("Costruire Comunità", kind="programme", starts_on=date(2021, 9, 1))
    rubble = make_experience(
        "Uscire dalle macerie", starts_on=date(2021, 9, 1), ends_on=date(2023, 8, 31), parent=programme
    )
    resilient = make_experience(
        "La comunità resiliente", starts_on=date(2023, 9, 1), parent=programme, continues=rubble
    )
    desk = make_experience("Sportello di Comunità", starts_on=date(2024, 1, 1), parent=resilient)
    draft = make_experience("Bozza", parent=programme, state="draft")
    make_experience("Nascosta sotto la bozza", parent=draft)
    make_experience("Estranea")
    family = family_of(desk, NOBODY)
    assert (family.first, family.last, family.size) == (2021, None, 4)
    (root,) = family.roots
    assert root.record == programme
    assert [node.record.name for node in root.children] == ["Uscire dalle macerie", "La comunità resiliente"]
    assert root.children[1].continues == rubble
    assert [node.is_self for node in root.children[1].children] == [True]
    assert family_of(desk, SYSTEM).size == 6
    page = text(client, f"/esperienze/{desk.pk}/genealogia/")
    assert page.count('class="ex-line"') == 3
    assert page.index("Uscire dalle macerie") < page.index("La comunità resiliente")
    assert "Estranea" not in page
    assert "Bozza" not in page


def test_a_line_that_only_continues_and_a_circle_end(city):
    first = make_experience("1", starts_on=date(2020, 1, 1), ends_on=date(2020, 12, 31))
    second = make_experience("2", starts_on=date(2021, 1, 1), ends_on=date(2021, 12, 31), continues=first)
    third = make_experience("3", starts_on=date(2022, 1, 1), ends_on=date(2022, 12, 31), continues=second)
    family = family_of(second, NOBODY)
    assert (family.first, family.last, family.size) == (2020, 2022, 3)
    # A circle cannot be made by the actions; raw rows may hold one all the same, and must not hang the page.
    Experience.objects.filter(pk=first.pk).update(continues=third)
    assert family_of(second, NOBODY).size == 3


def test_the_form_knows_where_one_comes_from(city, client, worker):
    parent = make_experience("Programma", areas=[city["city"]])
    page = text(client, f"/esperienze/nuova/?area=BORGO-O-1&parent={parent.pk}&continues=x")
    assert 'value="Mulino, Ovest"' in page
    assert f"Programma (n. {parent.pk})" in page


def test_a_draft_of_a_contact_person_reaches_who_may_publish_it(city, client, worker, django_user_model):
    from trama.experiences.declarations import what_waits
    from trama.network.middleware import actor_of

    anna = django_user_model.objects.create_user("anna", password=None, first_name="Anna", last_name="Neri")
    own = make_organisation("Polisportiva")
    Membership.objects.create(user=anna, role="org_contact", organisation=own)
    client.force_login(anna)
    data = {"name": "Torneo", "kind": "event", "areas": "Mulino", "starts_on": "2026-05-01", "summary": "Si gioca."}
    rows = {f"{name}-{key}": 0 for name in ("parts", "money") for key in ("TOTAL_FORMS", "INITIAL_FORMS")}
    assert "Manda a chi pubblica" in text(client, "/esperienze/nuova/")
    answer = client.post("/esperienze/nuova/", data | rows | {"publish": "1"}, follow=True)
    assert any("Mulino" in str(message) for message in answer.context["messages"])
    titles = {alert.title for alert in what_waits(actor_of(worker.pk, "Giulia Ferri"))}
    assert titles == {"Da pubblicare: Torneo"}
    # One that her own organisation carries she publishes herself: nobody else is asked.
    record = Experience.objects.get()
    record.participations.create(organisation=own, role_id="tie_role:promoter")
    assert what_waits(actor_of(worker.pk, "Giulia Ferri")) == []


def test_a_place_tells_what_happens_there(city, client):
    lon, lat = inside(0, 0)
    place = make_place("Centro", lon=lon, lat=lat)
    record = make_experience("Doposcuola", areas=[city["mill"]], places=[place])
    make_date(record, 2199, 5, 1, 17, 30, place=place)
    make_experience("Nascosta", areas=[city["mill"]], places=[place], state="draft")
    page = text(client, f"/territorio/luoghi/{place.pk}/")
    assert "Doposcuola" in page
    assert "1 maggio 2199" in page
    assert "Nascosta" not in page


def test_one_day_is_told_as_one_and_a_park_confirms_nothing(city, client):
    day = date(2026, 11, 22)
    record = make_experience("Festa", areas=[city["mill"]], starts_on=day, ends_on=day, confirmed_on=day)
    page = text(client, f"/esperienze/{record.pk}/")
    assert "il 22 novembre 2026" in page
    assert "al 22 novembre 2026" not in page
    assert "dall'ente" not in page.replace("&#x27;", "'")


def test_a_position_outside_the_territory_is_told_and_not_kept(city, client, worker):
    rows = {f"{name}-{key}": 0 for name in ("parts", "money") for key in ("TOTAL_FORMS", "INITIAL_FORMS")}
    data = {"name": "Torneo", "kind": "event", "lon": "-70.5", "lat": "-30.5", "volunteers": "2000000"}
    answer = client.post("/esperienze/nuova/", data | rows)
    assert "1.000.000" in answer.content.decode()
    answer = client.post("/esperienze/nuova/", {**data, **rows, "volunteers": ""}, follow=True)
    assert any("fuori dal territorio" in str(message) for message in answer.context["messages"])
    assert Experience.objects.get().lon is None
