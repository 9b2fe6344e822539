"""What people can do with an experience: rows, places, audit, copies, dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone, translation

from trama.core import history, search
from trama.core.models import AuditEntry
from trama.experiences import actions
from trama.experiences.models import (
    Experience,
    ExperienceArea,
    ExperienceCode,
    ExperiencePlace,
    Funding,
    Occurrence,
    Participation,
)
from trama.experiences.tests.factories import actor_with, make_experience, make_organisation
from trama.experiences.tests.lists import load_lists
from trama.network.models import Organisation
from trama.territory.tests.factories import inside, make_city, make_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    load_lists()
    return make_city()


@pytest.fixture
def worker(city):
    return actor_with("community_worker", city["city"])


def save(worker, **data):
    return actions.save_experience(worker, {"name": "Doposcuola", "kind": "activity", **data})


def verbs(record):
    rows = AuditEntry.objects.filter(kind="experiences.experience", object_id=str(record.pk))
    return list(rows.order_by("number").values_list("verb", flat=True))


def test_a_title_and_a_kind_are_enough_for_a_draft(worker):
    record = save(worker)
    assert (record.state, record.author_id, record.kind_id) == ("draft", 1000, "experience_kind:activity")
    assert verbs(record) == ["created"]


def test_everything_is_written_at_once(worker, city):
    body = make_organisation("Centro sociale")
    record = save(
        worker,
        name="  Compiti   e merenda ",
        areas=[city["west"].pk],
        starts_on=date(2024, 10, 1),
        volunteers=12,
        volunteers_precision="exact",
        service_role="fed",
        codes={"target": ["children", "elderly"], "aim": ["inclusion"]},
        participations=[{"organisation": body.pk, "role": "promoter", "gives": "la sala"}],
        fundings=[{"funder": body.pk, "year": 2024, "amount": Decimal("1200.50"), "fund": "Fondo"}],
    )
    assert record.name == "Compiti e merenda"
    assert record.area_id == city["west"].pk
    assert set(ExperienceCode.objects.values_list("facet", "code_id")) == {
        ("target", "target:children"),
        ("target", "target:elderly"),
        ("aim", "aim:inclusion"),
    }
    part = Participation.objects.get()
    assert (part.organisation_id, part.role_id, part.gives) == (body.pk, "tie_role:promoter", "la sala")
    assert Funding.objects.get().amount == Decimal("1200.50")
    assert AuditEntry.objects.get(object_id=str(record.pk)).changes["target"] == [
        [],
        ["target:children", "target:elderly"],
    ]


def test_what_is_not_named_stays(worker, city):
    record = save(
        worker, areas=[city["west"].pk], codes={"target": ["children"]}, volunteers=3, volunteers_precision="exact"
    )
    actions.save_experience(worker, {"summary": "Nuova riga"}, record)
    record.refresh_from_db()
    assert (record.summary, record.volunteers, record.area_id) == ("Nuova riga", 3, city["west"].pk)
    assert ExperienceCode.objects.count() == 1


def test_saving_the_same_leaves_no_trace_and_no_new_date(worker, city):
    record = save(worker, areas=[city["west"].pk], codes={"target": ["children"]})
    edited = Experience.objects.get().edited_at
    actions.save_experience(
        worker, {"name": "Doposcuola", "areas": [city["west"].pk], "codes": {"target": ["children"]}}, record
    )
    assert Experience.objects.get().edited_at == edited
    assert verbs(record) == ["created"]


def test_the_area_and_the_point_come_from_the_place(worker, city):
    lon, lat = inside(0, 0)
    place = make_place(lon=lon, lat=lat, area=city["mill"])
    record = save(worker, places=[place.pk], areas=[city["city"].pk])
    assert record.area_id == city["mill"].pk
    assert (record.lon, record.lat) == (lon, lat)
    assert list(ExperienceArea.objects.order_by("id").values_list("area_id", flat=True)) == [
        city["mill"].pk,
        city["city"].pk,
    ]
    actions.save_experience(worker, {"places": []}, record)
    record.refresh_from_db()
    assert (record.lon, record.x) == (None, None)
    assert list(ExperienceArea.objects.values_list("area_id", flat=True)) == [city["city"].pk]


def test_the_area_is_found_from_the_point(worker, city):
    lon, lat = inside(3, 1)
    record = save(worker, lon=lon, lat=lat)
    assert record.area_id == city["east"].pk
    assert record.x is not None


def test_a_place_that_is_not_public_gives_no_point(worker, city):
    lon, lat = inside(0, 0)
    record = save(worker, places=[make_place(lon=lon, lat=lat, area=city["mill"], is_public=False).pk])
    assert (record.lon, record.x, record.area_id) == (None, None, city["mill"].pk)


def test_in_the_whole_territory_means_the_home_territory(city):
    from trama.core import facts

    facts.set_fact(facts.HOME_AREA, city["city"].code)
    record = save(actor_with("plan_office"), is_city_wide=True)
    assert record.area_id == city["city"].pk


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"kind": "nonsense"}, "kind"),
        ({"kind": ""}, "kind"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 251}, "name"),
        ({"name": "x" * 10_000}, "name"),
        ({"service_role": "boss"}, "service_role"),
        ({"codes": {"target": ["nobody"]}}, "target"),
        ({"areas": [10**9]}, "areas"),
        ({"places": [10**9]}, "places"),
        ({"volunteers": -1, "volunteers_precision": "exact"}, "volunteers"),
        ({"volunteers": 10**7, "volunteers_precision": "exact"}, "volunteers"),
        ({"beneficiaries": 5, "beneficiaries_precision": "perhaps"}, "beneficiaries_precision"),
        ({"beneficiaries": 5, "beneficiaries_precision": "unknown"}, "__all__"),
        ({"starts_on": date(2024, 5, 1), "ends_on": date(2024, 4, 30)}, "__all__"),
        ({"participations": [{"organisation": 10**9, "role": "partner"}]}, "participations"),
        ({"participations": [{"name": " ", "role": "partner"}]}, "participations"),
        ({"fundings": [{"year": 2024, "amount": Decimal(-1)}]}, "fundings"),
        ({"fundings": [{"year": 24, "amount": Decimal(1)}]}, "fundings"),
    ],
)
def test_what_cannot_be_true_is_refused_by_field_and_nothing_is_written(worker, data, field):
    with pytest.raises(ValidationError) as refused:
        save(worker, **data)
    assert field in refused.value.message_dict
    assert not Experience.objects.exists()
    assert not AuditEntry.objects.exists()


def test_an_unknown_facet_is_refused(worker):
    with pytest.raises(ValidationError):
        save(worker, codes={"colour": ["red"]})


def test_an_experience_is_not_born_of_its_own_part(worker, city):
    programme = save(worker, name="Programma", kind="programme")
    project = save(worker, name="Progetto", parent=programme.pk)
    part = save(worker, name="Parte", parent=project.pk)
    with pytest.raises(ValidationError) as refused:
        actions.save_experience(worker, {"parent": part.pk}, programme)
    assert "parent" in refused.value.message_dict
    with pytest.raises(ValidationError):
        actions.save_experience(worker, {"continues": programme.pk}, programme)


def test_the_record_must_be_as_it_was_when_the_person_began(worker):
    record = save(worker)
    opened = Experience.objects.get().edited_at
    actions.save_experience(worker, {"summary": "prima"}, record, expected=opened)
    with pytest.raises(actions.ChangedMeanwhile):
        actions.save_experience(worker, {"summary": "seconda"}, record, expected=opened)
    assert Experience.objects.get().summary == "prima"


def test_a_new_organisation_is_made_with_the_experience_or_not_at_all(worker, city):
    record = save(worker, areas=[city["west"].pk], participations=[{"name": "Gruppo mamme", "role": "partner"}])
    made = Organisation.objects.get(name="Gruppo mamme")
    assert made.area_id == city["west"].pk
    assert Participation.objects.get().experience_id == record.pk
    with pytest.raises(ValidationError):
        save(worker, areas=[city["west"].pk], participations=[{"name": "Altra"}], fundings=[{"year": 1, "amount": 1}])
    assert not Organisation.objects.filter(name="Altra").exists()


def test_without_an_area_no_new_organisation(worker):
    with pytest.raises(ValidationError) as refused:
        save(worker, participations=[{"name": "Gruppo mamme"}])
    assert "participations" in refused.value.message_dict


def test_what_one_cannot_see_one_cannot_take_away(city):
    office = actor_with("plan_office")
    hidden = make_organisation("Casa rifugio", is_sensitive=True)
    shown = make_organisation("Parrocchia")
    secret = make_place("Fabbricato", area=city["east"], is_public=False)
    record = make_experience(
        areas=[city["west"]], places=[secret], organisations=[(hidden, "partner"), (shown, "partner")]
    )
    Funding.objects.create(experience=record, funder=hidden, year=2024, amount=10)
    worker = actor_with("community_worker", city["west"])
    actions.save_experience(worker, {"participations": [], "fundings": [], "places": []}, record)
    assert list(Participation.objects.values_list("organisation_id", flat=True)) == [hidden.pk]
    assert Funding.objects.count() == 1
    assert ExperiencePlace.objects.count() == 1
    with pytest.raises(ValidationError):  # nor can it be named
        actions.save_experience(worker, {"participations": [{"organisation": hidden.pk, "role": "host"}]}, record)
    actions.save_experience(office, {"participations": [], "fundings": [], "places": []}, record)
    assert not Participation.objects.exists()
    assert not Funding.objects.exists()


# --- its life -----------------------------------------------------------------------------------------------------
def ready(worker, city, **data):
    return save(worker, **{"summary": "Una riga.", "starts_on": date(2024, 1, 1), "areas": [city["west"].pk], **data})


@pytest.mark.parametrize(("without", "field"), [("summary", "summary"), ("starts_on", "starts_on"), ("areas", "areas")])
def test_publishing_says_what_is_missing(worker, city, without, field):
    empty = {"summary": "", "starts_on": None, "areas": []}[without]
    record = ready(worker, city, **{without: empty})
    with pytest.raises(ValidationError) as refused:
        actions.publish(worker, record)
    assert set(refused.value.message_dict) == {field}
    assert Experience.objects.get().state == "draft"


def test_published_stays_published_while_it_is_changed(worker, city):
    record = ready(worker, city)
    actions.publish(worker, record)
    actions.save_experience(worker, {"summary": "Un'altra riga."}, record)
    assert Experience.objects.get().state == "published"
    with pytest.raises(ValidationError):  # what made it publishable cannot be taken away
        actions.save_experience(worker, {"summary": ""}, record)
    actions.unpublish(worker, record)
    assert Experience.objects.get().state == "draft"
    assert verbs(record) == ["created", "published", "changed", "unpublished"]


def test_three_dates_mean_three_things(worker, city):
    record = ready(worker, city)
    actions.publish(worker, record)
    edited = Experience.objects.get().edited_at
    actions.confirm(worker, record)
    with pytest.raises(PermissionDenied):  # who reads it may not: only those who write it, as for what is offered
        actions.mark_used(actor_with("volunteer", user=7), record)
    actions.mark_used(worker, record)
    row = Experience.objects.get()
    assert (row.confirmed_on, row.used_on) == (timezone.localdate(), timezone.localdate())
    assert row.edited_at == edited
    assert not row.to_confirm
    assert verbs(record)[-2:] == ["confirmed", "used"]


def test_a_copy_takes_the_practice_and_not_the_numbers(worker, city):
    body = make_organisation()
    model = ready(
        worker,
        city,
        volunteers=9,
        volunteers_precision="exact",
        codes={"target": ["children"], "aim": ["inclusion"], "public_service": ["school"], "instrument": ["pact"]},
        participations=[{"organisation": body.pk, "role": "promoter"}],
        fundings=[{"year": 2024, "amount": 5}],
        outputs="Un gruppo",
        source_text="verbale",
    )
    actions.publish(worker, model)
    actions.mark_good_practice(actor_with("plan_office", city["city"]), model)
    copier = actor_with("community_worker", city["east"], user=2)
    with translation.override("en"):
        copy = actions.copy_as_template(copier, model, city["east"].pk)
    assert (copy.name, copy.summary, copy.kind_id) == (f"{model.name} (copy)", "Una riga.", model.kind_id)
    assert (copy.state, copy.author_id, copy.area_id, copy.copied_from_id) == ("draft", 2, city["east"].pk, model.pk)
    assert (copy.volunteers, copy.volunteers_precision, copy.starts_on) == (None, "unknown", None)
    assert (copy.outputs, copy.source_text, copy.is_good_practice, copy.confirmed_on) == ("", "", False, None)
    kept = set(ExperienceCode.objects.filter(experience=copy).values_list("code_id", flat=True))
    assert kept == {"target:children", "aim:inclusion"}
    assert not copy.participations.exists()
    assert not copy.fundings.exists()
    assert verbs(copy) == ["copied"]


def test_a_draft_is_thrown_away_with_what_hangs_on_it_and_the_audit_remembers(worker, city):
    record = ready(worker, city, codes={"target": ["children"]})
    search.refresh(Experience, [record.pk])
    pk = record.pk
    actions.delete_draft(worker, record)
    assert not Experience.objects.exists()
    assert not ExperienceCode.objects.exists()
    assert search.best(Experience, "doposcuola") == []
    entry = AuditEntry.objects.filter(object_id=str(pk)).order_by("-number").first()
    assert (entry.verb, entry.label) == ("deleted", "Doposcuola")
    assert history.verify().problem == ""


def test_what_was_published_or_gave_birth_is_not_thrown_away(worker, city):
    record = ready(worker, city)
    child = save(worker, name="Parte", parent=record.pk)
    with pytest.raises(ValidationError):
        actions.delete_draft(worker, record)
    actions.delete_draft(worker, child)
    actions.publish(worker, record)
    with pytest.raises(ValidationError):
        actions.delete_draft(worker, record)
    assert Experience.objects.get().pk == record.pk


def test_dates_are_added_and_called_off(worker, city):
    place = make_place(area=city["mill"])
    record = ready(worker, city)
    start = datetime(2026, 2, 4, 9, tzinfo=UTC)
    row = actions.add_occurrence(
        worker, record, {"starts_at": start, "ends_at": start + timedelta(hours=2), "place": place.pk}
    )
    assert row.area_id == city["mill"].pk
    with pytest.raises(ValidationError):
        actions.add_occurrence(worker, record, {"starts_at": start, "ends_at": start - timedelta(hours=2)})
    with pytest.raises(ValidationError):
        actions.add_occurrence(worker, record, {})
    with pytest.raises(ValidationError):
        actions.cancel_occurrence(worker, row, "   ")
    actions.cancel_occurrence(worker, row, "maltempo")
    assert Occurrence.objects.get().cancelled_because == "maltempo"
    assert verbs(record) == ["created", "added_date", "cancelled_date"]


def test_nobody_changes_what_is_not_theirs(worker, city):
    record = ready(worker, city)
    stranger = actor_with("community_worker", city["east"], user=5)
    for act in (actions.publish, actions.unpublish, actions.confirm, actions.delete_draft):
        with pytest.raises(PermissionDenied):
            act(stranger, record)
    with pytest.raises(PermissionDenied):
        actions.save_experience(stranger, {"name": "Mio"}, record)
    with pytest.raises(PermissionDenied):
        actions.mark_good_practice(worker, record)
    with pytest.raises(PermissionDenied):  # a draft of others is not there to be copied or used
        actions.copy_as_template(stranger, record)
    with pytest.raises(PermissionDenied):
        actions.mark_used(stranger, record)
    assert verbs(record) == ["created"]
