"""What the actions write: rows, dates, what follows from what was stated, and the history."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from trama.core import codes, history, search
from trama.core.actor import NOBODY, SYSTEM
from trama.core.models import AuditEntry
from trama.core.storytelling import history_of
from trama.network import actions
from trama.network.choices import KIND_FLAGS, Visibility
from trama.network.models import Organisation, OrganisationContact
from trama.network.tests.factories import actor, code, organisation
from trama.territory.tests.factories import inside, make_city

pytestmark = pytest.mark.django_db


def verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("number").values_list("verb", flat=True))


def test_an_organisation_is_written_found_and_told() -> None:
    areas = make_city()
    lon, lat = inside(0, 0)
    worker = actor("community_worker", areas["west"])
    code("organisation_kind", "odv", broader="ets")
    made = actions.save_organisation(
        worker,
        {
            "name": "  Amici   del Mulino ",
            "kind_id": "organisation_kind:odv",
            "lon": lon,
            "lat": lat,
            "other_names": ["AdM", "AdM", " "],
            "contacts": [
                {"kind": "phone", "value": "051 2195530"},
                {"kind": "mobile", "value": "320 7514063", "label": "Anna"},
            ],
        },
    )
    assert made.name == "Amici del Mulino"
    assert made.area == areas["mill"]
    assert (made.is_ets, made.is_formal, made.is_public_body) == (True, True, False)
    assert [name.name for name in made.other_names.all()] == ["AdM"]
    assert dict(made.contacts.order_by("id").values_list("value", "visibility")) == {
        "051 2195530": "public",
        "320 7514063": "staff",
    }
    assert verbs() == ["created"]
    found, _query = search.search(NOBODY, "mulino")
    assert [hit.title for kind in found for hit in kind.hits] == ["Amici del Mulino"]
    assert history.verify().problem == ""


@pytest.mark.parametrize("kind", sorted(KIND_FLAGS))
def test_from_the_kind_follow_the_flags_that_nobody_stated(kind: str) -> None:
    code("organisation_kind", kind)
    flags = KIND_FLAGS[kind]
    made = actions.save_organisation(SYSTEM, {"name": "X", "kind_id": f"organisation_kind:{kind}"})
    assert (made.is_ets, made.is_formal, made.is_public_body) == (flags.is_ets, flags.is_formal, flags.is_public_body)
    stated = actions.save_organisation(
        SYSTEM, {"name": "Y", "kind_id": f"organisation_kind:{kind}", "is_ets": True, "is_formal": False}
    )
    assert (stated.is_ets, stated.is_formal) == (True, False)


def test_what_is_not_named_stays_and_a_wrong_date_is_refused() -> None:
    made = actions.save_organisation(SYSTEM, {"name": "X", "acronym": "XX", "founded_year": 1990})
    changed = actions.save_organisation(SYSTEM, {"name": "Y"}, made)
    assert (changed.acronym, changed.founded_year) == ("XX", 1990)
    with pytest.raises(TypeError):
        actions.save_organisation(SYSTEM, {"nome": "Z"}, made)
    with pytest.raises(ValidationError):
        actions.save_organisation(SYSTEM, {"name": ""}, made)


def test_three_dates_mean_three_things() -> None:
    made = organisation("X")
    edited = made.edited_at
    assert made.to_confirm
    confirmed = actions.confirm(SYSTEM, made)
    assert (confirmed.confirmed_on, confirmed.used_on, confirmed.edited_at) == (timezone.localdate(), None, edited)
    assert not confirmed.to_confirm
    used = actions.mark_used(SYSTEM, made)
    assert (used.confirmed_on, used.used_on, used.edited_at) == (timezone.localdate(),) * 2 + (edited,)
    saved = actions.save_organisation(SYSTEM, {"acronym": "X"}, made)
    assert saved.edited_at > edited
    assert saved.confirmed_on == timezone.localdate()
    old = actions.confirm(SYSTEM, made, timezone.localdate() - timedelta(days=400))
    assert old.to_confirm


def test_who_saves_after_another_is_told_and_writes_nothing() -> None:
    made = organisation("X")
    began = made.edited_at
    actions.save_organisation(SYSTEM, {"acronym": "prima"}, made, expected=began)
    with pytest.raises(actions.ChangedMeanwhile):
        actions.save_organisation(SYSTEM, {"acronym": "dopo"}, made, expected=began)
    made.refresh_from_db()
    assert made.acronym == "prima"


def test_a_contact_removed_leaves_nothing_in_the_history() -> None:
    made = organisation("X")
    contact = actions.add_contact(SYSTEM, made, "mobile", "320 7514063", "Anna Neri")
    assert contact.visibility == Visibility.STAFF
    actions.show_contact(SYSTEM, contact, Visibility.PUBLIC)
    actions.remove_contact(SYSTEM, contact)
    assert OrganisationContact.objects.count() == 0
    assert verbs() == ["contact_added", "contact_changed", "contact_removed"]
    kept = str(list(AuditEntry.objects.order_by("number").values_list("changes", "label")))
    assert "320" not in kept
    assert "Anna" not in kept


def test_a_tie_is_stated_seen_and_closed() -> None:
    one, other = organisation("Calcio Zolino"), organisation("Centro sociale")
    code("tie_role", "partner")
    tie = actions.add_tie(SYSTEM, one, other, {"role_id": "tie_role:partner", "gives": "la sala"})
    assert tie.last_seen_on == timezone.localdate()
    actions.see_tie(SYSTEM, tie, date(2026, 3, 3))
    tie.refresh_from_db()
    assert tie.last_seen_on == date(2026, 3, 3)
    actions.close_tie(SYSTEM, tie)
    tie.refresh_from_db()
    assert tie.closed_on == timezone.localdate()
    assert verbs() == ["tied", "seen", "closed"]
    with pytest.raises(ValidationError):
        actions.add_tie(SYSTEM, one, one, {"role_id": "tie_role:partner"})


def test_closing_keeps_the_record() -> None:
    made = organisation("X")
    actions.close(SYSTEM, made)
    assert Organisation.objects.open().count() == 0
    actions.reopen(SYSTEM, made)
    assert Organisation.objects.open().count() == 1


def test_a_seat_finds_its_area() -> None:
    areas = make_city()
    made = organisation("X")
    lon, lat = inside(3, 1)
    seat = actions.save_seat(SYSTEM, made, {"name": "Sala", "lon": lon, "lat": lat})
    assert seat.area == areas["east"]
    actions.remove_seat(SYSTEM, seat)
    assert made.seats.count() == 0


# --- the history, told ----------------------------------------------------------------------------------------------
@pytest.fixture
def told() -> dict[str, Any]:
    areas = make_city()
    with translation.override("en"):
        code("organisation_kind", "odv")
        worker = actor("community_worker", areas["west"])
        made = actions.save_organisation(worker, {"name": "Amici", "area_id": areas["mill"].pk})
        actions.save_organisation(
            worker, {"name": "Amici del Mulino", "kind_id": "organisation_kind:odv", "is_ets": True}, made
        )
        yield {"organisation": made, "worker": worker}


def test_a_history_is_told_in_sentences(told: dict[str, Any]) -> None:
    sentences = history_of(told["organisation"], told["worker"])
    assert [sentence.text for sentence in sentences] == [
        "community_worker Ovest changed this record",
        "community_worker Ovest added this record",
    ]
    assert "Name: «Amici» → «Amici del Mulino»" in sentences[0].details
    assert f"Kind: {codes.label('organisation_kind:odv')}" in sentences[0].details
    assert "Area: Mulino" in sentences[1].details


def test_names_of_people_are_told_to_who_signed_in(told: dict[str, Any]) -> None:
    sentences = history_of(told["organisation"], NOBODY, without=frozenset({"name"}))
    assert [sentence.text for sentence in sentences] == ["This record was changed", "This record was added"]
    assert "Amici" not in str(sentences)
