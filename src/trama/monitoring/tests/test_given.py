"""The answers to additional questions stand beside the record, for those who follow its wave and for nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.test import Client

from trama.accounts.models import User
from trama.core.declarations import gathered
from trama.monitoring import actions, given
from trama.monitoring.models import Sheet, Wave
from trama.monitoring.questions import Question
from trama.monitoring.tests.factories import make_town, make_wave
from trama.monitoring.tests.test_second_kind import ASSOCIATIONS
from trama.network.models import Membership, Organisation

pytestmark = pytest.mark.django_db

ASKED = [
    Question("home", "Avete una sede?", "one", options=("yes", "no"), option_words={"yes": {"it": "Sì"}}),
    Question("rooms", "Quanti metri?", "number"),
    Question("since", "Da quando?", "date"),
]


def signed_in(name: str, role: str, **where: object) -> Client:
    user = User.objects.create_user(name)
    Membership.objects.create(user=user, role=role, **where)
    client = Client()
    client.force_login(user)
    return client


def test_answers_stand_on_the_page_of_the_experience_for_who_follows_its_wave_alone(client):
    town = make_town()
    lunch, school, _tales = town.experiences
    address = f"/esperienze/{lunch.pk}/"
    waves = [make_wave(town, "Vecchia"), make_wave(town, "Nuova", starts_on=date(2024, 6, 1))]
    for wave in waves:
        actions.save_questions(town.keeper, wave, ASKED)
        wave = actions.open_wave(town.keeper, wave)
        sheet = Sheet.objects.get(wave=wave, record=lunch.pk)
        actions.answer(
            town.keeper,
            sheet,
            "confirmed",
            channel="phone",
            answers={"home": "yes", "rooms": "12,5", "since": "2020-03-01"},
        )
    actions.close_wave(town.keeper, Wave.objects.get(name="Vecchia"))
    worker = signed_in("anna", "community_worker", area=town.areas["west"])
    text = worker.get(address).content.decode()
    section = text.partition('<section id="answers"')[2].partition("</section>")[0]
    assert section.index("Nuova") < section.index("Vecchia"), "the latest first"
    for told in ("Avete una sede?", "Sì", "12,5", "1 marzo 2020"):
        assert section.count(told) == 2, told
    assert "<details" in section
    assert " open>" not in section
    # Worded anew in a later version, an answer stays with the question it was given to.
    actions.save_questions(town.keeper, Wave.objects.get(name="Nuova"), [replace(ASKED[0], label="Avete una casa?")])
    assert "Avete una casa?" not in worker.get(address).content.decode()
    # Nobody else: the public, who works elsewhere, the organisation that carries it, a citizen.
    others = [client, signed_in("bea", "community_worker", area=town.areas["east"]),
              signed_in("rosa", "org_contact", organisation=town.club), signed_in("ugo", "citizen")]  # fmt: skip
    for other in others:
        page = other.get(address)
        assert (page.status_code, "Quanti metri?" in page.content.decode()) == (200, False)
    # What is silent again was handed on: what stood on it before is no answer. Without an answer there is no section.
    Sheet.objects.filter(wave__name="Nuova").update(answer="waiting")
    assert "Nuova" not in worker.get(address).content.decode().partition('id="answers"')[2]
    assert 'id="answers"' not in signed_in("eva", "evaluator").get(f"/esperienze/{school.pk}/").content.decode()


def test_another_kind_of_record_shows_its_answers_by_being_declared(monkeypatch):
    town = make_town()
    monkeypatch.setitem(gathered.monitored, "associations", replace(ASSOCIATIONS, model=Organisation))
    Organisation.objects.update(area=town.areas["west"])
    wave = make_wave(town, what="associations")
    actions.save_questions(town.keeper, wave, ASKED)
    wave = actions.open_wave(town.keeper, wave)
    # A sheet of another kind whose record happens to have the same number is none of its own.
    assert given.answers_of(town.keeper, town.club) is None
    actions.answer(
        town.keeper, Sheet.objects.get(record=town.club.pk), "confirmed", channel="phone", answers={"rooms": "3"}
    )
    page = signed_in("anna", "plan_office", area=town.areas["city"]).get(f"/realta/{town.club.pk}/").content.decode()
    assert "Quanti metri?" in page
    assert given.answers_of(town.keeper, town.experiences[0]) is None
