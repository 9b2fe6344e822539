"""What an officer meets while keeping a wave: what is said before something irrevocable, and what is remembered."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from trama.accounts.models import User
from trama.monitoring import actions, questions, reading
from trama.monitoring.models import Erratum, Invitation, Sheet
from trama.monitoring.question_forms import QuestionSet, questions_from
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


def test_opening_is_confirmed_after_reading_what_leaves(town, officer, mailoutbox, settings):
    settings.CONTACT = "piano@comune.example, 055 000"
    wave = make_wave(town)
    actions.save_questions(town.keeper, wave, [Question("d1", "Quante stanze?", "whole")])
    town.library.contacts.all().delete()
    draft = officer.get(f"/rilevazioni/{wave.pk}/").content.decode()
    assert f"/rilevazioni/{wave.pk}/apri/" in draft
    assert "/fai/open/" not in draft
    page = officer.get(f"/rilevazioni/{wave.pk}/apri/")
    assert (page.context["sheets"], page.context["letters"], page.context["nowhere"], page.context["twice"]) == (
        3,
        1,
        1,
        0,
    )
    text = page.content.decode()
    assert all(said in text for said in ("Quante stanze?", "Pranzo", "piano@comune.example, 055 000", "/fai/open/"))
    assert (Sheet.objects.count(), len(mailoutbox)) == (0, 0)
    officer.post(f"/rilevazioni/{wave.pk}/fai/open/")
    assert (Sheet.objects.count(), len(mailoutbox)) == (3, 1)
    # What was shown is what left, and both days stand in it.
    body = mailoutbox[0].body
    assert "piano@comune.example, 055 000" in body
    from trama.ui.numbers import day

    with translation.override("it"):
        assert day(wave.answer_by) in body
        assert day(wave.answer_by + timedelta(days=3)) in body
    assert Invitation.objects.first().expires_at.date() == wave.answer_by + timedelta(days=3)
    assert "http://testserver/privacy/" in body
    assert officer.get(f"/rilevazioni/{wave.pk}/apri/").status_code == 404


def test_who_is_asked_by_another_wave_is_told_before_opening_and_left_in_peace_after_answering(
    town, officer, mailoutbox
):
    first, second = make_open_wave(town), make_wave(town, "Seconda")
    page = officer.get(f"/rilevazioni/{second.pk}/apri/")
    assert (page.context["twice"], [(one["wave"], one["count"]) for one in page.context["others"]]) == (3, [(first, 3)])
    assert "Prima</a>" in page.content.decode()
    second = actions.open_wave(town.keeper, second)
    actions.send_links(town.keeper, second, SITE)
    assert reading.board(second, town.keeper)["remind_from"] == timezone.localdate() + timedelta(days=2)
    Invitation.objects.update(sent_at=timezone.now() - timedelta(days=3))
    assert reading.to_remind(second).count() == 3
    lunch = Sheet.objects.get(wave=first, record=town.experiences[0].pk)
    actions.answer(town.keeper, lunch, "confirmed", channel="paper")
    board = reading.board(second, town.keeper)
    assert (board["to_remind"], board["at_peace"], board["remind_from"], board["reminded"]) == (2, 1, None, None)
    mailoutbox.clear()
    assert actions.remind(town.keeper, second, SITE).letters == len(mailoutbox) == 2
    assert "Pranzo" not in " ".join(message.body for message in mailoutbox)
    assert reading.board(second, town.keeper)["reminded"] == (timezone.localdate(), 2)
    text = officer.get(f"/rilevazioni/{second.pk}/").content.decode()
    assert "2 lettere" in text
    Sheet.objects.filter(pk=lunch.pk).update(answered_at=timezone.now() - timedelta(days=8))
    assert reading.answered_elsewhere(second, town.keeper) == 0


def test_a_value_far_from_what_stood_on_the_sheet_is_doubted_until_it_was_looked_at(town, officer):
    wave = make_open_wave(town)
    school = Sheet.objects.get(wave=wave, record=town.experiences[1].pk)
    values = {"volunteers": [8, "exact"], "beneficiaries": [9000, "exact"], "summary": "", "starts_on": "2024-01-01"}
    values |= {"ends_on": None, "outputs": "", "critical_points": ""}
    actions.answer(town.keeper, school, "updated", channel="paper", values=values)
    quality = officer.get(f"/rilevazioni/{wave.pk}/qualita/")
    assert quality.context["doubted"] == 1
    assert "Persone raggiunte: 40 → 9.000" in quality.content.decode()
    closing = officer.get(f"/rilevazioni/{wave.pk}/chiudi/")
    assert closing.context["doubted"] == 1
    assert f"/rilevazioni/{wave.pk}/qualita/#doubtful" in closing.content.decode()
    address = f"/rilevazioni/{wave.pk}/schede/{school.pk}/"
    assert "40 → 9.000" in officer.get(address).content.decode()
    officer.post(f"{address}giusta/")
    assert reading.quality(wave, town.keeper)["doubted"] == 0
    assert "40 → 9.000" not in officer.get(address).content.decode()
    # Another value is another doubt.
    actions.answer(town.keeper, school, "updated", channel="paper", values={**values, "beneficiaries": [8000, "exact"]})
    assert reading.quality(wave, town.keeper)["doubted"] == 1
    assert "40 → 8.000" in officer.get(address).content.decode()


def test_a_correction_names_a_frozen_figure_and_stands_beside_it(town, officer):
    wave = make_open_wave(town)
    for sheet in wave.sheets.all():
        actions.answer(town.keeper, sheet, "confirmed", channel="paper")
    wave = actions.close_wave(town.keeper, wave)
    with translation.override("it"):
        figures = reading.printed(wave)
    name, was = next((name, text) for name, text in figures.items() if text == "3")
    address = f"/rilevazioni/{wave.pk}/correggi/"
    assert f"{name}: {was}" in officer.get(address).content.decode()
    sent = {"should_be": "novanta", "reason": "Mancava un rione."}
    assert officer.post(address, {**sent, "figure": "?"}).status_code == 200
    assert officer.post(address, {**sent, "figure": "inventata"}).status_code == 200
    assert not Erratum.objects.exists()
    officer.post(address, {**sent, "figure": name})
    written = Erratum.objects.get()
    assert (written.figure, written.was, written.written_on) == (name, "3", timezone.localdate())
    assert officer.get(f"/rilevazioni/{wave.pk}/").content.decode().count("corretto: novanta") == 1
    with translation.override("en"):
        assert [one["corrected"] for one in reading.figures(wave)[0] if one["corrected"]] == ["novanta"]
    officer.post(address, {**sent, "figure": "?", "other": "La nota", "was": "errata"})
    assert Erratum.objects.filter(figure="La nota", was="errata").exists()


def test_who_cannot_open_a_wave_again_reads_who_can_before_closing_it_and_after(town, officer):
    wave = make_open_wave(town)
    evaluator = User.objects.create_user("eva")
    Membership.objects.create(user=evaluator, role="evaluator", area=town.areas["city"])
    elsewhere = User.objects.create_user("altrove")
    Membership.objects.create(user=elsewhere, role="plan_office", area=town.areas["west"])
    browser = officer.__class__()
    browser.force_login(evaluator)
    closing = browser.get(f"/rilevazioni/{wave.pk}/chiudi/").content.decode()
    assert "Non potrai riaprirla tu" in closing
    assert "piano (ufficio di piano)" in closing
    assert "altrove" not in closing, "a part of its areas is not enough"
    assert "Puoi riaprirla" in officer.get(f"/rilevazioni/{wave.pk}/chiudi/").content.decode()
    actions.close_wave(town.keeper, wave)
    page = browser.get(f"/rilevazioni/{wave.pk}/").content.decode()
    assert "piano (ufficio di piano)" in page
    assert "/riapri/" not in page
    assert browser.get(f"/rilevazioni/{wave.pk}/riapri/").status_code == 404
    # Whoever may do it, and the public, read nothing of it.
    for other in (officer, officer.__class__()):
        assert "Chi può riaprirla" not in other.get(f"/rilevazioni/{wave.pk}/").content.decode()
    Membership.objects.filter(role="plan_office").delete()
    assert "oggi nessuno ha uno di questi ruoli" in browser.get(f"/rilevazioni/{wave.pk}/").content.decode()
