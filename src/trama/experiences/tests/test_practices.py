"""Good-practice sheets: told, published, found, compared, taken up elsewhere; who sees and who changes them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from trama.core import search
from trama.core.actor import NOBODY, SYSTEM
from trama.core.models import AuditEntry
from trama.core.registers import Selection
from trama.experiences import actions as experiences
from trama.experiences.models import Experience, ExperienceCode, Practice
from trama.experiences.practices import actions, reading
from trama.experiences.practices.register import REGISTER, of_area, what_waits
from trama.experiences.tests.factories import actor_with, make_experience, make_organisation
from trama.experiences.tests.lists import load_lists
from trama.network.models import Membership
from trama.territory.tests.factories import inside, make_city

pytestmark = pytest.mark.django_db

WHOLE = {
    "summary": "Si mangia insieme.",
    "problem": "Nessuno si vedeva.",
    "done": "Un pranzo al mese.",
    "worked": "Gli inviti a voce.",
    "conditions": "Una sala sempre uguale.",
}


@pytest.fixture
def city():
    load_lists()
    return make_city()


@pytest.fixture
def worker(city, django_user_model, client):
    user = django_user_model.objects.create_user("giulia", password=None, first_name="Giulia", last_name="Ferri")
    Membership.objects.create(user=user, role="community_worker", area=city["west"])
    client.force_login(user)
    return user


def told(experience: Experience, name: str = "Pranzo", state: str = "published", **more) -> Practice:
    """A whole sheet of an experience."""
    practice = actions.save_practice(SYSTEM, {"name": name, **WHOLE, **more}, experience=experience)
    return actions.publish_practice(SYSTEM, practice) if state == "published" else practice


def test_a_sheet_is_a_draft_until_it_says_enough_and_its_experience_is_public(city):
    draft = make_experience("Pranzo", areas=[city["west"]], state="draft")
    practice = actions.save_practice(SYSTEM, {"name": "  Un   pranzo ", "done": "Si cucina."}, experience=draft)
    assert (practice.name, practice.state) == ("Un pranzo", "draft")
    with pytest.raises(ValidationError) as refused:
        actions.publish_practice(SYSTEM, practice)
    assert set(refused.value.message_dict) == {"summary", "problem", "worked", "conditions", "experience"}
    actions.save_practice(SYSTEM, WHOLE, practice)
    with pytest.raises(ValidationError) as refused:
        actions.publish_practice(SYSTEM, practice)
    assert set(refused.value.message_dict) == {"experience"}
    experiences.publish(SYSTEM, draft)
    assert actions.publish_practice(SYSTEM, practice).state == "published"
    # What everybody reads is not emptied by a slip.
    with pytest.raises(ValidationError):
        actions.save_practice(SYSTEM, {"problem": " "}, practice)
    verbs = AuditEntry.objects.filter(kind="experiences.practice").order_by("number").values_list("verb", flat=True)
    assert list(verbs) == ["created", "changed", "published"]
    # Nothing is written when nothing changed.
    actions.save_practice(SYSTEM, WHOLE, practice)
    assert AuditEntry.objects.filter(kind="experiences.practice").count() == 3


def test_two_who_write_the_same_sheet_lose_nothing(city):
    practice = told(make_experience(areas=[city["west"]]), state="draft")
    opened = practice.edited_at
    actions.save_practice(SYSTEM, {"worked": "Altro."}, practice, expected=opened)
    with pytest.raises(actions.SheetChanged):
        actions.save_practice(SYSTEM, {"worked": "Mio."}, practice, expected=opened)
    practice.refresh_from_db()
    assert practice.worked == "Altro."


def test_who_sees_and_who_changes(city):
    club, other = make_organisation("Circolo"), make_organisation("Altro")
    public = make_experience("public", areas=[city["west"]], organisations=[(club, "promoter"), (other, "partner")])
    hidden = make_experience("hidden", areas=[city["west"]], is_sensitive=True)
    rows = {"open": told(public), "draft": told(public, state="draft"), "sensitive": told(hidden)}
    everything = {"open", "draft", "sensitive"}
    for actor, sees, changes in (
        (NOBODY, {"open"}, set()),
        (actor_with("community_worker", city["east"]), {"open"}, set()),
        (actor_with("evaluator", city["west"]), {"open"}, set()),
        (actor_with("partner_health", city["west"]), everything, set()),
        (actor_with("community_worker", city["west"]), everything, everything),
        (actor_with("org_contact", organisation=club), {"open", "draft"}, {"open", "draft"}),
        (actor_with("org_contact", organisation=other), {"open", "draft"}, set()),
        (SYSTEM, everything, everything),
    ):
        seen = Practice.objects.visible_to(actor)
        assert {name for name, row in rows.items() if seen.filter(pk=row.pk).exists()} == sees, actor.name
        assert {name for name, row in rows.items() if actions.may_edit(actor, row)} == changes, actor.name
    # Its author, gone to another district, still reads the draft that they began; not of what became hidden.
    author = actor_with("community_worker", city["east"], user=1001)
    Practice.objects.update(author=1001)
    assert set(Practice.objects.visible_to(author)) == {rows["open"], rows["draft"]}
    with pytest.raises(PermissionDenied):
        actions.save_practice(author, {"name": "x"}, rows["draft"])
    # Without its experience there is no sheet for the others.
    experiences.unpublish(SYSTEM, public)
    assert not Practice.objects.visible_to(NOBODY).exists()


def test_a_sheet_is_taken_up_in_another_district_and_both_remember_it(city, client):
    lon, lat = inside(0, 0)
    model = make_experience(
        "Pranzo a ovest",
        areas=[city["west"]],
        organisations=[(make_organisation(), "promoter")],
        codes=[("purpose", "socialising"), ("instrument", "pact"), ("aim", "inclusion")],
        volunteers=12,
        lon=lon,
        lat=lat,
    )
    sheet = told(model, "Un pranzo che avvicina", codes={"target": ["elderly_alone"]})
    elsewhere = actor_with("community_worker", city["east"])
    made = actions.take_up(elsewhere, sheet, city["east"].pk)
    assert (made.name, made.summary, made.state) == (f"Pranzo a ovest ({city['east'].name})", WHOLE["summary"], "draft")
    assert (made.taken_from_id, made.copied_from_id, made.area_id) == (sheet.pk, model.pk, city["east"].pk)
    assert (made.volunteers, made.participations.count(), made.lon) == (None, 0, None)
    kept = set(ExperienceCode.objects.filter(experience=made).values_list("code_id", flat=True))
    assert kept == {"purpose:socialising", "aim:inclusion", "target:elderly_alone"}
    # A draft is told to nobody outside, neither on the page of the sheet nor in a count.
    page = client.get(f"/esperienze/pratiche/{sheet.pk}/").content.decode()
    assert f"/esperienze/{made.pk}/" not in page
    assert REGISTER.for_list(Practice.objects.filter(pk=sheet.pk)).get().taken_up_count is None
    assert of_area(NOBODY, city["east"]) is None
    experiences.save_experience(elsewhere, {"starts_on": model.starts_on}, made)
    experiences.publish(elsewhere, made)
    page = client.get(f"/esperienze/pratiche/{sheet.pk}/").content.decode()
    assert f"/esperienze/{made.pk}/" in page
    page = " ".join(client.get(f"/esperienze/{made.pk}/").content.decode().split())
    name = city["west"].name
    assert f'ripresa da <a href="/esperienze/pratiche/{sheet.pk}/">Un pranzo che avvicina</a> in {name}' in page
    assert REGISTER.for_list(Practice.objects.filter(pk=sheet.pk)).get().taken_up_count == 1
    found = of_area(NOBODY, city["east"])
    assert found is not None
    assert [item["sheet"] for item in found["taken"]] == [sheet]
    assert of_area(NOBODY, city["west"])["items"] == [sheet]
    # Who took it up says that it worked; nobody else may.
    with pytest.raises(PermissionDenied):
        actions.mark_practice_used(actor_with("community_worker", city["west"], user=1002), sheet)
    assert actions.mark_practice_used(elsewhere, sheet).used_on is not None
    verbs = AuditEntry.objects.filter(kind="experiences.practice").order_by("number").values_list("verb", flat=True)
    assert list(verbs) == ["created", "published", "taken_up", "used"]
    # The origin is not thrown away from under what was made of it.
    actions.unpublish_practice(SYSTEM, sheet)
    assert "ripresa da" not in client.get(f"/esperienze/{made.pk}/").content.decode()
    with pytest.raises(ValidationError):
        actions.delete_practice(SYSTEM, sheet)


def test_what_is_hidden_is_not_taken_up(city):
    hidden = told(make_experience(areas=[city["west"]], is_sensitive=True))
    with pytest.raises(PermissionDenied):
        actions.take_up(actor_with("community_worker", city["east"]), hidden, city["east"].pk)
    copy = actions.take_up(actor_with("community_worker", city["west"]), hidden, city["mill"].pk)
    assert copy.is_sensitive


def test_drafts_are_thrown_away_and_keep_their_experience(city):
    model = make_experience(areas=[city["west"]], state="draft")
    sheet = told(model, state="draft")
    with pytest.raises(ValidationError):
        experiences.delete_draft(SYSTEM, model)
    actions.delete_practice(SYSTEM, sheet)
    experiences.delete_draft(SYSTEM, model)
    assert not search.best(Practice, "pranzo")


def test_the_register_finds_by_area_code_and_word_and_takes_them_away(city, client):
    lon, lat = inside(0, 0)
    west = make_experience("A", areas=[city["mill"]], lon=lon, lat=lat)
    both = make_experience("B", areas=[city["mill"], city["east"]])
    one = told(west, "Pranzo", codes={"need": ["loneliness"]})
    two = told(both, "Pedibus", worked="=SOMMA(1)", codes={"need": ["safety_perception"]})
    told(make_experience("C", areas=[city["east"]]), "Bozza", state="draft")

    def found(**chosen: str) -> set[int]:
        return set(Selection.read(REGISTER, chosen, NOBODY).rows(REGISTER, NOBODY).values_list("pk", flat=True))

    assert found(area=city["west"].code) == {one.pk, two.pk}
    assert found(area=city["east"].code) == {two.pk}
    assert found(need="loneliness") == {one.pk}
    assert found(q="pedibus") == {two.pk}
    assert found(need="-") == set()
    assert found(area="-") == set()
    points = json.loads(client.get("/esperienze/pratiche/mappa/punti.json?zoom=8").content)
    assert (points["total"], points["located"], points["points"][0][3]) == (2, 1, one.pk)
    csv = b"".join(client.get("/esperienze/pratiche/esporta.csv").streaming_content).decode("utf-8-sig")
    assert "Pedibus" in csv
    assert "'=SOMMA(1)" in csv
    assert "Bozza" not in csv
    table = client.get(reverse("insight:crosstab", args=["practices"]) + "?rows=need&cols=district")
    assert table.status_code == 200
    assert "Solitudine" in table.content.decode()
    assert client.get(f"/esperienze/pratiche/?area={city['west'].code}").content.decode().count("tr-card-meta") == 2


def test_two_sheets_beside_each_other(city, client):
    one = told(make_experience("A", areas=[city["west"]], volunteers=2), "Uno", codes={"aim": ["inclusion"]})
    two = told(make_experience("B", areas=[city["east"]]), "Due", codes={"aim": ["inclusion", "strengthen_ties"]})
    lines = {str(line.label): line for line in reading.compared(one, two, NOBODY)}
    assert lines["Per cosa"].shared == {"Promuovere inclusione sociale"}
    assert lines["Dove"].sides == ((city["west"].name,), (city["east"].name,))
    # Two volunteers are a small number of persons: protected here as everywhere.
    assert not any("2" in text for text in lines["Volontari"].sides[0])
    assert "Che cosa serve" not in lines
    page = client.get(f"/esperienze/pratiche/confronto/?one={one.pk}&other={two.pk}")
    assert page.status_code == 200
    assert "entrambe" in page.content.decode()
    assert client.get(f"/esperienze/pratiche/confronto/?one={one.pk}&other={one.pk}").status_code == 422
    hidden = told(make_experience(areas=[city["west"]], is_sensitive=True), "Segreta")
    answer = client.get(f"/esperienze/pratiche/confronto/?one={one.pk}&other={hidden.pk}")
    assert answer.status_code == 422
    assert "Segreta" not in answer.content.decode()


def test_a_sheet_lived_in_the_pages(city, client, worker):
    model = make_experience(
        "Doposcuola", areas=[city["west"]], outputs="Tornano.", critical_points="Pochi", codes=[("aim", "inclusion")]
    )
    page = client.get(f"/esperienze/pratiche/nuova/?experience={model.pk}").content.decode()
    assert f"Doposcuola (n. {model.pk})" in page
    assert "Tornano." in page
    assert "Pochi" not in page
    start = {"experience": f"Doposcuola (n. {model.pk})", "name": "Compiti insieme", "aim": ["inclusion"]}
    # It is asked once whether it names nobody; until then nothing is saved, and nothing typed is lost.
    asked = client.post("/esperienze/pratiche/nuova/", {**start, "publish": "1"}).content.decode()
    assert ("Rileggila ancora una volta" in asked, "Compiti insieme" in asked) == (True, True)
    assert not Practice.objects.exists()
    start["checked"] = "on"
    answer = client.post("/esperienze/pratiche/nuova/", {**start, "publish": "1"})
    sheet = Practice.objects.get(name="Compiti insieme")
    assert answer.headers["location"] == f"/esperienze/pratiche/{sheet.pk}/modifica/?publish=1"
    assert "A quale problema rispondeva" in client.get(answer.headers["location"]).content.decode()
    base = {"name": sheet.name, "base": sheet.edited_at.isoformat(), "aim": ["inclusion"], "checked": "on", **WHOLE}
    # Somebody else saves meanwhile: what both wrote is there, and nothing is saved.
    Practice.objects.filter(pk=sheet.pk).update(edited_at=sheet.edited_at + timedelta(seconds=5), people="Le maestre")
    answer = client.post(f"/esperienze/pratiche/{sheet.pk}/modifica/", {**base, "people": "I nonni", "publish": "1"})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "Le maestre" in text
    assert "I nonni" in text
    sheet.refresh_from_db()
    again = {**base, "base": sheet.edited_at.isoformat(), "people": "I nonni", "publish": "1"}
    assert client.post(f"/esperienze/pratiche/{sheet.pk}/modifica/", again).status_code == 302
    sheet.refresh_from_db()
    assert (sheet.state, sheet.people) == ("published", "I nonni")
    assert client.post(f"/esperienze/pratiche/{sheet.pk}/fai/confirm/").status_code == 302
    answer = client.post(f"/esperienze/pratiche/{sheet.pk}/riprendi/", {"area": city["mill"].name})
    made = Experience.objects.get(taken_from=sheet)
    assert answer.headers["location"] == f"/esperienze/{made.pk}/modifica/"
    assert "Giulia Ferri" in client.get(f"/esperienze/pratiche/{sheet.pk}/").content.decode()
    assert 'name="experience"' not in client.get(f"/esperienze/pratiche/{sheet.pk}/modifica/").content.decode()


def test_a_contact_sends_the_sheet_to_who_publishes(city, django_user_model):
    club = make_organisation("Circolo")
    draft = make_experience("Pranzo", areas=[city["west"]], organisations=[(club, "partner")])
    user = django_user_model.objects.create_user("anna", password=None)
    Membership.objects.create(user=user, role="org_contact", organisation=club)
    Practice.objects.create(experience=draft, name="Da vedere", author=user, **WHOLE)
    here, there = actor_with("community_worker", city["west"], user=1003), actor_with("community_worker", city["east"])
    assert [alert.title for alert in what_waits(here)] == ["Scheda da pubblicare: Da vedere"]
    assert what_waits(there) == []
    assert what_waits(NOBODY) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Chiamare il 333 1234567 la sera", "333 1234567"),
        ("tel. 12345678", "tel. 12345678"),
        ("Sportello: 051/2194747", "051/2194747"),
        ("+39 347 12 34 567 per info", "+39 347 12 34 567"),
        ("scrivere a anna.rossi@posta.example", "anna.rossi@posta.example"),
        ("RSSNNA80A41A944X", "RSSNNA80A41A944X"),
        ("Dal 01/10/2024 al 30.06.2025, ore 09.30-12.30, 30.000 - 40.000 euro, 350 pasti su 400 nel 2019-2024", ""),
        ("https://esempio.example/0512194747/3331234567 e www.esempio.example/3331234567", ""),
    ],
)
def test_what_calls_a_person_stands_in_no_published_sheet(city, text, found):
    draft = told(make_experience(areas=[city["west"]]), "Pranzo", "draft", takes=text)
    if not found:
        assert actions.publish_practice(SYSTEM, draft).state == "published"
        return
    with pytest.raises(ValidationError) as refused:
        actions.publish_practice(SYSTEM, draft)
    assert [(name, found in said[0]) for name, said in refused.value.message_dict.items()] == [("takes", True)]


def test_the_page_of_a_draft_asks_before_it_is_published(city, client, worker):
    draft = told(make_experience(areas=[city["west"]]), "Pranzo", "draft")
    for form, state in (({}, "draft"), ({"checked": "1"}, "published")):
        client.post(f"/esperienze/pratiche/{draft.pk}/fai/publish/", form)
        draft.refresh_from_db()
        assert draft.state == state
    with pytest.raises(ValidationError):
        actions.save_practice(SYSTEM, {"worked": "Chiamare il 333 1234567"}, draft)


def test_two_sheets_beside_each_other_begin_with_what_differs(city):
    one, other = (told(make_experience(areas=[city["west"]]), name, people=name) for name in ("Pranzo", "Cena"))
    lines = reading.compared(one, other, SYSTEM)
    assert lines[0].differs
    assert [line.differs for line in lines] == sorted((line.differs for line in lines), reverse=True)
