"""What an officer meets while keeping a wave: what is said before something irrevocable, and what is remembered."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from trama.accounts.models import User
from trama.monitoring import actions, questions, reading
from trama.monitoring.forms import QuestionSet, questions_from
from trama.monitoring.models import Erratum, Invitation, Sheet
from trama.monitoring.questions import Question
from trama.monitoring.tests.factories import SITE, make_open_wave, make_town, make_wave
from trama.network.models import Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def town():
    return make_town()


@pytest.fixture
def officer(town, client):
    user = User.objects.create_user("piano")
    Membership.objects.create(user=user, role="plan_office", area=town.areas["city"])
    client.force_login(user)
    return client


def _lines(*rows):
    data = {"q-TOTAL_FORMS": len(rows), "q-INITIAL_FORMS": 0, "q-MIN_NUM_FORMS": 0, "q-MAX_NUM_FORMS": 40}
    for place, row in enumerate(rows):
        data |= {f"q-{place}-{name}": value for name, value in row.items()}
    lines = QuestionSet(data, prefix="q")
    assert lines.is_valid()
    return questions_from(lines, [])


def test_the_answer_a_question_hangs_on_is_known_whatever_its_capitals_and_accents():
    home = {"label": "Sede?", "type": "one", "options": "Sì\nNo"}
    for typed in ("Sì", "sì", "si", "SI"):
        found = _lines(home, {"label": "Dove?", "type": "text", "after": "1", "on": typed})
        questions.check(found)
        assert found[1].on == "Sì"
    # Answers that differ in nothing else are told apart by what was typed.
    alike = _lines({**home, "options": "papa\npapà"}, {"label": "Dove?", "type": "text", "after": "1", "on": "papà"})
    assert alike[1].on == "papà"
    with pytest.raises(ValidationError) as refused:
        questions.check(_lines(home, {"label": "Dove?", "type": "text", "after": "1", "on": "forse"}))
    assert all(option in str(refused.value) for option in ("“Sì”", "“No”", "forse"))
    with pytest.raises(ValidationError) as refused:
        questions.check(
            _lines({"label": "Chi?", "type": "text"}, {"label": "E?", "type": "text", "after": "1", "on": "x"})
        )
    assert len(refused.value.messages) == 1


def test_what_has_ended_or_is_somebody_elses_answers_no_further_question(town):
    wave = make_wave(town)
    actions.save_questions(town.keeper, wave, [Question("d1", "Quanti?", "whole", required=True)])
    wave = actions.open_wave(town.keeper, wave)
    lunch, school, tales = (Sheet.objects.get(wave=wave, record=one.pk) for one in town.experiences)
    with pytest.raises(ValidationError):
        actions.answer(town.keeper, lunch, "confirmed", channel="paper", answers={"d1": ""})
    ended = actions.answer(
        town.keeper, school, "ended", channel="paper", ended_on=date(2024, 5, 31), answers={"d1": ""}
    )
    assert (ended.answer, ended.answers) == ("ended", {})
    assert actions.answer(town.keeper, tales, "not_mine", channel="paper", answers={"d1": ""}).answer == "not_mine"
