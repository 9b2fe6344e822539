"""The sheet: typed by people, kind about errors, saved by itself, and shared by two without loss."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from trama.core import history
from trama.core.actor import NOBODY
from trama.core.models import AuditEntry
from trama.experiences import actions, merging, naming
from trama.experiences.counts import CountField
from trama.experiences.forms import ExperienceForm, MoneyField, initial_of, signed
from trama.experiences.models import Experience, ExperienceCode, Funding, Participation
from trama.experiences.tests.factories import actor_with, make_experience, make_organisation
from trama.experiences.tests.lists import load_lists
from trama.network.models import Membership, Organisation
from trama.territory.tests.factories import make_area, make_city, make_place

pytestmark = pytest.mark.django_db

ROWS = {"parts-TOTAL_FORMS": "0", "parts-INITIAL_FORMS": "0", "money-TOTAL_FORMS": "0", "money-INITIAL_FORMS": "0"}
SMALL = {"name": "Doposcuola", "kind": "activity", **ROWS}


@pytest.fixture
def city():
    load_lists()
    return make_city()


@pytest.fixture
def user(city, django_user_model):
    made = django_user_model.objects.create_user("giulia", password=None, first_name="Giulia", last_name="Ferri")
    Membership.objects.create(user=made, role="community_worker", area=city["city"])
    return made


@pytest.fixture
def signed_in(client, user):
    client.force_login(user)
    return client


def part(number: int, **fields: str) -> dict[str, str]:
    return {f"parts-{number}-{name}": value for name, value in fields.items()}


# --- single controls ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("number", "known", "expected"),
    [
        ("12", "exact", (12, "exact")),
        ("12", "estimated", (12, "estimated")),
        ("12", "", (12, "estimated")),
        ("0", "exact", (0, "exact")),
        ("", "", (None, "unknown")),
        ("", "unknown", (None, "unknown")),
    ],
)
def test_a_count_is_a_number_and_how_it_is_known(number, known, expected):
    assert CountField().clean([number, known]) == expected


@pytest.mark.parametrize(
    ("number", "known"),
    [("12", "unknown"), ("", "exact"), ("", "estimated"), ("-1", "exact"), ("1000001", "exact"), ("x", ""), ("1", "y")],
)
def test_a_count_that_cannot_be_is_asked_again(number, known):
    with pytest.raises(ValidationError):
        CountField().clean([number, known])


@pytest.mark.parametrize(
    ("language", "text", "cents"),
    [
        ("it", "12500", 1250000),
        ("it", "12.500", 1250000),
        ("it", "12.500,50", 1250050),
        ("it", "€ 1.234.567,8", 123456780),
        ("it", "12.5", 1250),
        ("it", "0", 0),
        ("en", "12,500", 1250000),
        ("en", "12,500.50", 1250050),
    ],
)
def test_money_is_read_as_it_is_written(language, text, cents):
    with translation.override(language):
        assert MoneyField(required=False).clean(text) * 100 == cents


@pytest.mark.parametrize("text", ["-1", "dodici", "1e999", "NaN", "9" * 29, "1,2,3"])
def test_money_that_is_none_is_asked_again(text):
    with translation.override("it"), pytest.raises(ValidationError):
        MoneyField(required=False).clean(text)


def test_areas_are_found_as_people_write_them(city):
    other = make_area("Comune due", "municipality")
    twin = make_area("Mulino", "hamlet", other)
    assert naming.find_area("  mulino,  OVEST ", NOBODY) == city["mill"].pk
    assert naming.find_area("borgo-o-1", NOBODY) == city["mill"].pk
    assert naming.find_area("Mulino, Comune due", NOBODY) == twin.pk
    assert naming.find_area("colle", NOBODY) == city["hill"].pk
    with pytest.raises(ValidationError, match=r"Mulino, (Ovest|Comune due); Mulino, (Ovest|Comune due)\?"):
        naming.find_area("Mulino", NOBODY)
    with pytest.raises(ValidationError, match="Colle, Ovest"):
        naming.find_area("Cole", NOBODY)
    with pytest.raises(ValidationError):
        naming.find_area("Timbuctù", NOBODY)


def test_hidden_things_are_not_found_by_their_names(city):
    make_place("Capannone", is_public=False)
    make_organisation("Casa rifugio", is_sensitive=True)
    make_experience("Segreta", state="draft")
    with pytest.raises(ValidationError) as refused:
        naming.find_place("Capanone", NOBODY)
    assert "Capannone" not in str(refused.value)
    assert naming.find_organisation("Casa rifugio", NOBODY) is None
    with pytest.raises(ValidationError):
        naming.find_experience("Segreta", NOBODY)
    assert naming.suggest_organisations("casa", NOBODY) == {}
    assert naming.suggest_places("capa", NOBODY) == {}


def test_two_of_the_same_name_are_told_apart_by_their_number(city):
    one, two = make_place("Piazza"), make_place("Piazza")
    with pytest.raises(ValidationError, match=rf"Piazza \(n\. {one.pk}\)"):
        naming.find_place("Piazza", NOBODY)
    assert naming.find_place(f"Piazza (n. {two.pk})", NOBODY) == two.pk
    labels = naming.suggest_places("pia", NOBODY)
    assert [naming.find_place(label, NOBODY) for label in labels.values()] == list(labels)


# --- the form on the web --------------------------------------------------------------------------------------------
def test_the_first_step_is_enough_to_save(signed_in, city):
    answer = signed_in.post("/esperienze/nuova/", {**SMALL, "areas": ["Mulino"], "save": "1"}, follow=True)
    record = Experience.objects.get()
    assert answer.redirect_chain == [(f"/esperienze/{record.pk}/", 302)]
    assert (record.state, record.area_id) == ("draft", city["mill"].pk)
    assert "Bozza salvata" in answer.content.decode()


def test_publishing_at_once_or_being_told_what_is_missing(signed_in, city):
    full = {**SMALL, "areas": ["Mulino", ""], "summary": "Due volte alla settimana.", "starts_on": "2024-10-01"}
    signed_in.post("/esperienze/nuova/", {**full, "publish": "1"})
    assert Experience.objects.get().state == "published"
    answer = signed_in.post("/esperienze/nuova/", {**full, "name": "Altra", "summary": "", "publish": "1"}, follow=True)
    page = answer.content.decode()
    assert Experience.objects.get(name="Altra").state == "draft"
    assert "Per pubblicarla, racconta anche" in page
    assert 'href="#id_summary"' in page


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": ""}, "Titolo"),
        ({"name": "x" * 10_000}, "250"),
        ({"kind": "nonsense"}, "nonsense"),
        ({"starts_on": "2024-05-02", "ends_on": "2024-05-01"}, "quale delle due"),
        ({"starts_on": "0024-05-01"}, "24"),
        ({"starts_on": "31/02/2024"}, "Dal"),
        ({"volunteers": "-3"}, "volontari"),
        ({"volunteers": "9" * 40}, "volontari"),
        ({"volunteers": "3", "volunteers_precision": "unknown"}, "quale dei due"),
        ({"target": ["nobody"]}, "nobody"),
        ({"areas": ["Timbuctù"]}, "Timbuctù"),
        ({"parent": "Non esiste"}, "Non esiste"),
        ({"summary": "x" * 2001}, "2000"),
        ({"lon": "nan", "lat": "44"}, ""),
        ({"parts-TOTAL_FORMS": "99999"}, ""),
        ({"money-TOTAL_FORMS": "1", "money-0-amount": "-5", "money-0-year": "2024"}, "negativo"),
        ({"money-TOTAL_FORMS": "1", "money-0-amount": "5"}, "anno"),
        ({"money-TOTAL_FORMS": "1", "money-0-fund": "Fondo", "money-0-year": "2024"}, "stima"),
        ({"name": "a\x00b"}, ""),
    ],
)
def test_bad_input_is_told_and_nothing_typed_is_lost(signed_in, data, said):
    answer = signed_in.post("/esperienze/nuova/", {**SMALL, "outputs": "Quello che avevo scritto", **data})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert said in page
    assert "Quello che avevo scritto" in page
    assert 'role="alert"' in page
    assert not Experience.objects.exists()


def test_a_form_without_its_management_fields_is_no_crash(signed_in):
    assert signed_in.post("/esperienze/nuova/", {"name": "x", "kind": "activity"}).status_code == 200


def test_perhaps_it_is_already_here(signed_in, city):
    body = make_organisation("Parrocchia di Santa Maria")
    typed = {**SMALL, "areas": ["Mulino"], "parts-TOTAL_FORMS": "1"}
    answer = signed_in.post(
        "/esperienze/nuova/", {**typed, **part(0, organisation="Parocchia Santa Maria", role="host")}
    )
    assert answer.status_code == 200
    assert f'name="parts-0-choice" value="{body.pk}"' in answer.content.decode()
    assert not Experience.objects.exists()
    chosen = part(0, organisation="Parocchia Santa Maria", role="host", choice=str(body.pk))
    signed_in.post("/esperienze/nuova/", {**typed, **chosen})
    assert Participation.objects.get().organisation_id == body.pk
    another = part(0, organisation="Parocchia Santa Maria", role="host", choice="new")
    signed_in.post("/esperienze/nuova/", {**typed, "name": "Seconda", **another})
    assert Organisation.objects.count() == 2


def test_a_choice_of_a_hidden_organisation_is_no_choice(signed_in, city):
    hidden = make_organisation("Casa rifugio", is_sensitive=True, area=None)
    typed = {**SMALL, "areas": ["Mulino"], "parts-TOTAL_FORMS": "1"}
    signed_in.post("/esperienze/nuova/", {**typed, **part(0, organisation="Casa qualunque", choice=str(hidden.pk))})
    assert not Participation.objects.filter(organisation=hidden).exists()


def test_the_form_shows_what_is_stored_and_saving_it_unchanged_changes_nothing(signed_in, city, user):
    from trama.network.middleware import actor_of

    actor = actor_of(user.pk, "Giulia")
    body, place = make_organisation("Parrocchia"), make_place("Piazza", area=city["mill"])
    parent = make_experience("Programma (2021)", areas=[city["city"]])
    data = {
        "name": "Doposcuola",
        "kind": "activity",
        "summary": "Riga\nseconda riga",
        "areas": [city["east"].pk],
        "places": [place.pk],
        "starts_on": date(2024, 1, 1),
        "parent": parent.pk,
        "volunteers": 0,
        "volunteers_precision": "exact",
        "service_role": "fed",
        "codes": {"target": ["children", "elderly"], "need": ["loneliness"]},
        "participations": [{"organisation": body.pk, "role": "host", "gives": "sala", "receives": ""}],
        "fundings": [{"funder": body.pk, "fund": "F", "year": 2024, "amount": "1200.50", "note": ""}],
    }
    record = actions.save_experience(actor, data)
    before = merging.data_of(record, actor)
    form = ExperienceForm(initial=initial_of(before, actor) | {"base": signed(before)}, actor=actor, experience=record)
    answer = signed_in.post(f"/esperienze/{record.pk}/modifica/", typed_in(form))
    assert answer.status_code == 302, answer.context["problems"]
    assert merging.data_of(Experience.objects.get(pk=record.pk), actor) == before
    assert AuditEntry.objects.filter(object_id=str(record.pk)).count() == 1


def typed_in(form: ExperienceForm) -> dict[str, object]:
    """What a browser sends of a form that was opened and not touched."""
    sent: dict[str, object] = {}
    for bound in form:
        value = bound.value()
        if isinstance(form.fields[bound.name], CountField):
            sent[bound.name], sent[f"{bound.name}_precision"] = (value or (None, ""))[0], (value or (None, ""))[1]
        else:
            sent[bound.name] = value
    for rows, prefix in ((form.parts, "parts"), (form.money, "money")):
        sent |= {f"{prefix}-TOTAL_FORMS": len(rows.forms), f"{prefix}-INITIAL_FORMS": len(rows.initial or [])}
        for row in rows.forms:
            sent |= {f"{row.prefix}-{bound.name}": bound.value() for bound in row}
    return {name: value for name, value in sent.items() if value is not None and value is not False and value != ""}


# --- saving by itself, and two people -------------------------------------------------------------------------------
@pytest.fixture
def draft(city, user):
    from trama.network.middleware import actor_of

    return actions.save_experience(
        actor_of(user.pk, "Giulia"), {"name": "Bozza", "kind": "event", "areas": [city["mill"].pk], "summary": "prima"}
    )


def opened(record, actor=None):
    actor = actor or actor_with("plan_office")
    data = merging.data_of(Experience.objects.get(pk=record.pk), actor)
    form = ExperienceForm(initial=initial_of(data, actor) | {"base": signed(data)}, actor=actor, experience=record)
    return typed_in(form)


def test_a_draft_saves_itself_except_what_does_not_hold(signed_in, draft):
    sent = {**opened(draft), "summary": "nuova", "ends_on": "non è una data", "volunteers": "7"}
    answer = signed_in.post(f"/esperienze/{draft.pk}/salva.json", sent)
    said = answer.json()
    assert answer.status_code == 200
    assert "Al:" in said["problems"][0]
    record = Experience.objects.get()
    assert (record.summary, record.volunteers, record.volunteers_precision) == ("nuova", 7, "estimated")
    # What was saved is the new base: sent again, it is no change.
    again = signed_in.post(f"/esperienze/{draft.pk}/salva.json", {**sent, "base": said["base"]})
    assert again.status_code == 200
    assert AuditEntry.objects.filter(object_id=str(draft.pk), verb="changed").count() == 1


def test_saving_by_itself_makes_no_organisation_out_of_half_a_name(signed_in, draft):
    sent = {**opened(draft), "parts-TOTAL_FORMS": "1", "parts-INITIAL_FORMS": "0", **part(0, organisation="Gruppo nuo")}
    assert signed_in.post(f"/esperienze/{draft.pk}/salva.json", sent).status_code == 200
    assert not Organisation.objects.exists()
    signed_in.post(f"/esperienze/{draft.pk}/modifica/", {**sent, **part(0, organisation="Gruppo nuovo")})
    assert Organisation.objects.get().name == "Gruppo nuovo"


def test_saving_by_itself_stops_at_a_published_record_and_at_strangers(
    signed_in, client, draft, city, django_user_model
):
    sent = {**opened(draft), "summary": "altro"}
    Experience.objects.filter(pk=draft.pk).update(state="published")
    answer = signed_in.post(f"/esperienze/{draft.pk}/salva.json", sent)
    assert (answer.status_code, answer.json()["stop"]) == (409, True)
    assert Experience.objects.get().summary == "prima"
    Experience.objects.filter(pk=draft.pk).update(state="draft")
    stranger = django_user_model.objects.create_user("altro", password=None)
    client.force_login(stranger)
    assert client.post(f"/esperienze/{draft.pk}/salva.json", sent).status_code == 404
    assert client.get(f"/esperienze/{draft.pk}/modifica/").status_code == 404
    assert signed_in.get(f"/esperienze/{draft.pk}/salva.json").status_code == 405


def test_two_people_at_different_fields_both_are_saved(signed_in, draft):
    mine = opened(draft)
    other = actor_with("plan_office")
    actions.save_experience(other, {"outputs": "loro", "codes": {"target": ["elderly"]}}, draft)
    answer = signed_in.post(
        f"/esperienze/{draft.pk}/modifica/", {**mine, "summary": "mia", "target": ["children"], "save": "1"}
    )
    assert answer.status_code == 302
    record = Experience.objects.get()
    assert (record.summary, record.outputs) == ("mia", "loro")
    assert set(ExperienceCode.objects.values_list("code_id", flat=True)) == {"target:children", "target:elderly"}


def test_two_people_at_the_same_field_nothing_is_lost(signed_in, draft):
    mine = opened(draft)
    other = actor_with("plan_office")
    actions.save_experience(other, {"summary": "loro"}, draft)
    sent = {**mine, "summary": "mia", "outputs": "e questo", "save": "1"}
    answer = signed_in.post(f"/esperienze/{draft.pk}/modifica/", sent)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert all(wanted in page for wanted in ("plan_office", "«loro»", ">\nmia</textarea>"))
    record = Experience.objects.get()
    assert (record.summary, record.outputs) == ("loro", "e questo"), "theirs stays, what nobody disputes is saved"
    # The form that came back saves mine, now that I have read theirs.
    again = {**opened(draft), "summary": "mia"}
    assert signed_in.post(f"/esperienze/{draft.pk}/modifica/", again).status_code == 302
    assert Experience.objects.get().summary == "mia"


def test_saving_by_itself_does_not_undo_what_others_write_meanwhile(signed_in, draft):
    sent = {**opened(draft), "outputs": "mio"}
    actions.save_experience(actor_with("plan_office"), {"critical_points": "loro", "summary": "loro"}, draft)
    said = signed_in.post(f"/esperienze/{draft.pk}/salva.json", sent).json()
    assert said["conflicts"] == []
    # The page still shows the old summary; sent again with the base that came back, it is not taken for a change.
    said = signed_in.post(
        f"/esperienze/{draft.pk}/salva.json", {**sent, "base": said["base"], "outputs": "mio 2"}
    ).json()
    record = Experience.objects.get()
    assert (record.summary, record.critical_points, record.outputs) == ("loro", "loro", "mio 2")
    told = signed_in.post(f"/esperienze/{draft.pk}/salva.json", {**sent, "base": said["base"], "summary": "mio"}).json()
    assert told["conflicts"] == ["In una riga"]
    assert Experience.objects.get().summary == "loro"


def test_a_base_that_was_tampered_with_overwrites_nothing_of_others(signed_in, draft):
    sent = {**opened(draft), "summary": "mia", "base": "nonsense"}
    answer = signed_in.post(f"/esperienze/{draft.pk}/modifica/", sent)
    assert answer.status_code == 200
    assert Experience.objects.get().summary == "prima"


def test_a_number_and_how_it_is_known_travel_together(signed_in, draft):
    mine = opened(draft)
    actions.save_experience(actor_with("plan_office"), {"volunteers": 5, "volunteers_precision": "exact"}, draft)
    sent = {**mine, "volunteers": "9", "volunteers_precision": "estimated"}
    assert signed_in.post(f"/esperienze/{draft.pk}/modifica/", sent).status_code == 200
    record = Experience.objects.get()
    assert (record.volunteers, record.volunteers_precision) == (5, "exact")


def test_money_of_hidden_funders_survives_a_form(signed_in, draft):
    hidden = make_organisation("Casa rifugio", is_sensitive=True)
    Funding.objects.create(experience=draft, funder=hidden, year=2024, amount=10)
    actor = actor_with("community_worker", draft.area, user=99)
    sent = {**opened(draft, actor), "outputs": "altro"}
    assert "Casa rifugio" not in str(sent)
    signed_in.post(f"/esperienze/{draft.pk}/modifica/", sent)
    assert Funding.objects.get().funder_id == hidden.pk
    assert Experience.objects.get().outputs == "altro"


def test_suggestions_are_for_who_writes_and_of_what_they_see(signed_in, client, city):
    make_organisation("Parrocchia")
    make_organisation("Parco rifugio", is_sensitive=True)
    assert signed_in.get("/esperienze/suggerimenti/organisations.json?q=par").json() == {"options": ["Parrocchia"]}
    assert signed_in.get("/esperienze/suggerimenti/areas.json?q=mul").json() == {"options": ["Mulino, Ovest"]}
    assert signed_in.get("/esperienze/suggerimenti/areas.json?q=m").json() == {"options": []}
    assert signed_in.get("/esperienze/suggerimenti/people.json?q=par").status_code == 404
    client.logout()
    assert client.get("/esperienze/suggerimenti/organisations.json?q=par").status_code == 302


def test_history_verifies_after_all_this(draft):
    assert history.verify().problem == ""
