"""Two people at one sheet, or one at the sheet and one at its record: nothing of either is lost or confirmed unseen."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from trama.accounts.models import User
from trama.experiences import actions as experiences
from trama.experiences.models import Experience
from trama.monitoring import actions
from trama.monitoring.models import Sheet
from trama.monitoring.questions import Question
from trama.monitoring.tests.factories import SITE, make_town, make_wave
from trama.network.acting import actor_of
from trama.network.models import Membership

pytestmark = pytest.mark.django_db

BEFORE = "In a few words."


def sent_by(response, answer: str, **typed: object) -> dict:
    """What a browser sends of the form of a page, with `typed` written over it."""
    form = response.context["form"]
    found = {bound.html_name: bound.value() for bound in form}
    plain = {key: value.isoformat() if isinstance(value, date) else value for key, value in found.items()}
    return {key: value for key, value in {**plain, "answer": answer, **typed}.items() if value is not None}


@pytest.fixture
def world():
    town = make_town()
    wave = make_wave(town)
    actions.save_questions(town.keeper, wave, [Question("rooms", "Quante sale?", "whole")])
    wave = actions.open_wave(town.keeper, wave)
    clients = []
    for name in ("anna", "bruno"):
        user = User.objects.create_user(name)
        Membership.objects.create(user=user, role="community_worker", area=town.areas["city"])
        clients.append(Client())
        clients[-1].force_login(user)
    sheet = Sheet.objects.get(wave=wave, record=town.experiences[0].pk)
    return town, sheet, f"/rilevazioni/{wave.pk}/schede/{sheet.pk}/", *clients


def lunch_of(sheet: Sheet) -> Experience:
    return Experience.objects.get(pk=sheet.record)


def test_a_stale_paper_does_not_write_over_what_another_typed_in_meanwhile(world):
    _town, sheet, page, anna, bruno = world
    opened = [anna.get(page), bruno.get(page)]
    first = sent_by(opened[0], "updated", channel="paper", beneficiaries="230", outputs="Una cena.", q_rooms="3")
    assert anna.post(page, first).status_code == 302
    told = bruno.post(page, sent_by(opened[1], "updated", channel="paper", summary="Ogni giovedì.", outputs="Altro."))
    assert "ha già risposto anna" in told.content.decode()
    assert "Una cena." in told.content.decode(), "what both wrote is shown"
    assert (lunch_of(sheet).summary, lunch_of(sheet).outputs) == (BEFORE, "Una cena.")
    # Sent again: what only the other changed stays, what both changed is whose one chose.
    assert bruno.post(page, {**sent_by(told, "updated"), "take": "outputs"}).status_code == 302
    lunch, sheet = lunch_of(sheet), Sheet.objects.get(pk=sheet.pk)
    assert (lunch.summary, lunch.beneficiaries, lunch.outputs) == ("Ogni giovedì.", 230, "Una cena.")
    assert sheet.answers == {"rooms": 3}


def test_by_link_what_only_another_changed_is_kept_and_what_both_changed_is_asked_without_a_name(world):
    town, sheet, _page, anna, _bruno = world
    ((_sheet, link),) = actions.hand_out(actor_of(int(anna.session["_auth_user_id"]), ""), [sheet], SITE)
    bearer = Client()
    opened = bearer.get(link)
    experiences.save_experience(town.keeper, {"volunteers": 20, "outputs": "Una cena."}, lunch_of(sheet))
    both = bearer.post(link, sent_by(opened, "updated", outputs="Due cene.", summary="Ogni giovedì."))
    text = both.content.decode()
    assert "Una cena." in text
    assert "Due cene." in text
    assert town.keeper.name not in text
    assert lunch_of(sheet).outputs == "Una cena."
    done = bearer.post(link, sent_by(both, "updated"))
    assert "Grazie" in done.content.decode()
    lunch = lunch_of(sheet)
    assert (lunch.outputs, lunch.summary, lunch.volunteers) == ("Due cene.", "Ogni giovedì.", 20)


def test_nobody_confirms_what_they_have_not_seen(world):
    town, sheet, page, anna, _bruno = world
    opened = anna.get(page)
    experiences.save_experience(town.keeper, {"volunteers": 20}, lunch_of(sheet))
    told = anna.post(page, sent_by(opened, "confirmed", channel="phone"))
    assert "ha cambiato: Volontari" in told.content.decode()
    assert (Sheet.objects.get(pk=sheet.pk).answer, lunch_of(sheet).confirmed_on) == ("waiting", None)
    assert anna.post(page, sent_by(told, "confirmed")).status_code == 302
    assert (Sheet.objects.get(pk=sheet.pk).answer, lunch_of(sheet).volunteers) == ("confirmed", 20)
    # In the very moment of saving the row is held, and looked at again.
    with pytest.raises(actions.ChangedMeanwhile):
        actions.answer(town.keeper, sheet, "confirmed", channel="phone", stood={"volunteers": [12, "exact"]})


def test_who_comes_too_late_with_a_link_gets_back_what_they_typed_and_nothing_else(world, mailoutbox):
    _town, sheet, page, anna, _bruno = world
    worker = actor_of(int(anna.session["_auth_user_id"]), "")
    anna.post(f"{page}delega/", {"email": "scuola@example.org", "name": "La scuola"})
    handed = next(line for line in mailoutbox[-1].body.split() if "/rilevazioni/scheda/" in line)
    ((_sheet, other),) = actions.hand_out(worker, [sheet], SITE)
    bearer = Client()
    opened = bearer.get(handed)
    Client().post(other, {"answer": "updated", "outputs": "Una cena."})
    late = bearer.post(handed, sent_by(opened, "updated", summary="Ogni giovedì.", q_rooms="3"))
    text = late.content.decode()
    assert late.status_code == 410
    assert "Ogni giovedì." in text
    assert "Quante sale?" in text
    assert "Una cena." not in text
    assert "Pranzo" not in text
    assert lunch_of(sheet).summary == BEFORE
    assert "Quante sale?" not in bearer.get(handed).content.decode()
