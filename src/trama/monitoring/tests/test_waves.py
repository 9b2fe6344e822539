"""A wave lived: prepared, opened, answered in every way, reminded, closed, corrected, opened again, compared."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from trama.core import history
from trama.core.actor import SYSTEM
from trama.core.models import AuditEntry
from trama.experiences.models import Experience
from trama.experiences.tests.factories import actor_with, make_experience, make_organisation
from trama.monitoring import actions, comparing, freezing, links, reading
from trama.monitoring.actions import closing
from trama.monitoring.actions.making import NotPossible
from trama.monitoring.models import FrozenFigure, FrozenRow, Invitation, Sheet, Wave
from trama.monitoring.questions import Question
from trama.monitoring.tests.factories import SITE, make_open_wave, make_town, make_wave
from trama.network.actions import merge

pytestmark = pytest.mark.django_db


@pytest.fixture
def town():
    return make_town()


def send(town, wave, mailoutbox, capture):
    with capture(execute=True):
        actions.send_links(town.keeper, wave, SITE)
    return {message.to[0]: tokens(message) for message in mailoutbox}


def tokens(message):
    return re.findall(r"/rilevazioni/scheda/([^/\s]+)/", message.body)


def sheet_of(wave, experience):
    return Sheet.objects.get(wave=wave, record=experience.pk)


def test_a_wave_says_how_many_it_reaches_before_it_asks_anybody(town):
    wave = make_wave(town)
    assert (actions.count_scope(wave), Sheet.objects.count()) == (3, 0)
    begun = make_wave(town, "Nate nel 2025", rule="begun", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
    assert actions.count_scope(begun) == 0
    with pytest.raises(NotPossible):
        actions.open_wave(town.keeper, begun)
    assert actions.open_wave(town.keeper, wave).sheets.count() == 3


def test_a_mail_box_gets_one_letter_with_a_link_for_each_of_its_sheets_and_no_token_is_kept(
    town, mailoutbox, django_capture_on_commit_callbacks
):
    sent = send(town, make_open_wave(town), mailoutbox, django_capture_on_commit_callbacks)
    assert {box: len(found) for box, found in sent.items()} == {"info@circolo.example": 2, "info@biblioteca.example": 1}
    held = str(list(Invitation.objects.values())) + str(list(AuditEntry.objects.values()))
    assert not any(token in held for found in sent.values() for token in found)
    assert "info@circolo.example" not in str(list(AuditEntry.objects.values()))
    # Written again, nobody gets a second letter; the reminder waits for its day.
    wave = Wave.objects.get()
    assert actions.send_links(town.keeper, wave, SITE).letters == actions.remind(town.keeper, wave, SITE).letters == 0
    Invitation.objects.update(sent_at=timezone.now() - timedelta(days=11))
    assert actions.remind(town.keeper, wave, SITE).letters == 2


def test_an_answer_by_link_changes_the_record_and_names_the_channel(
    town, client, mailoutbox, django_capture_on_commit_callbacks
):
    wave = make_open_wave(town)
    sent = send(town, wave, mailoutbox, django_capture_on_commit_callbacks)
    pages = {token: client.get(f"/rilevazioni/scheda/{token}/") for token in sent["info@circolo.example"]}
    assert all(page.status_code == 200 and page["Cache-Control"] == "no-store" for page in pages.values())
    lunch, _school, _tales = town.experiences
    token = next(token for token, page in pages.items() if "Pranzo" in page.content.decode())
    assert "Doposcuola" not in pages[token].content.decode()  # the other sheet of the same body has its own link
    done = client.post(
        f"/rilevazioni/scheda/{token}/",
        {"answer": "updated", "summary": "Ogni giovedì.", "starts_on": "2024-01-01", "ends_on": "", "volunteers": "15",
         "volunteers_precision": "exact", "beneficiaries": "220", "beneficiaries_precision": "estimated",
         "outputs": "", "critical_points": ""},
    )  # fmt: skip
    assert done.status_code == 200
    lunch.refresh_from_db()
    assert (lunch.volunteers, lunch.beneficiaries, lunch.confirmed_on) == (15, 220, timezone.localdate())
    sheet = sheet_of(wave, lunch)
    assert (sheet.answer, sheet.channel) == ("updated", "link")
    changed = AuditEntry.objects.filter(kind="experiences.experience", object_id=str(lunch.pk)).latest("number")
    assert (changed.user, changed.verb) == (None, "confirmed")
    assert "Circolo" in changed.user_name
    assert "link" in changed.user_name
    said = AuditEntry.objects.get(kind="monitoring.sheet", verb="answered")
    assert said.changes["by_way_of"] == [None, "link"]
    assert history.verify().problem == ""


def opened(client, token, **headers):
    response = client.get(f"/rilevazioni/scheda/{token}/", **headers)
    return response.status_code, response.content.decode()


def test_a_link_that_is_used_expired_tampered_or_no_longer_theirs_opens_a_kind_page_and_nothing_else(
    town, client, mailoutbox, django_capture_on_commit_callbacks
):
    wave = make_open_wave(town)
    sent = send(town, wave, mailoutbox, django_capture_on_commit_callbacks)
    (token,) = sent["info@biblioteca.example"]
    tales = town.experiences[2]
    for wrong in (token[:-1], token + "A", token.swapcase(), "x", str(Invitation.objects.first().pk),
                  Invitation.objects.get(digest=links.digest_of(token)).digest):  # fmt: skip
        status, text = opened(client, wrong)
        assert (status, "Letture" in text) == (404, False)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert opened(client, token)[0] == 410
    Invitation.objects.update(expires_at=timezone.now() + timedelta(days=1))
    assert opened(client, token)[0] == 200
    # The library hands the experience to the club: its old link says nothing any more.
    part = tales.participations.get()
    part.organisation = town.club
    part.save()
    status, text = opened(client, token)
    assert (status, "Letture" in text) == (404, False)
    part.organisation = town.library
    part.save()
    assert client.post(f"/rilevazioni/scheda/{token}/", {"answer": "confirmed"}).status_code == 200
    assert opened(client, token)[0] == 410
    assert (
        client.post(f"/rilevazioni/scheda/{token}/", {"answer": "ended", "ended_on": "2024-03-01"}).status_code == 410
    )
    tales.refresh_from_db()
    assert tales.ends_on is None
    actions.close_wave(town.keeper, wave)
    assert opened(client, sent["info@circolo.example"][0])[0] == 410


def test_whoever_tries_many_links_is_asked_to_wait(town, client):
    statuses = [opened(client, f"wrong-{number}")[0] for number in range(links.WRONG_IN_AN_HOUR + 2)]
    assert statuses == [404] * links.WRONG_IN_AN_HOUR + [429] * 2


def test_a_link_does_not_answer_for_another_sheet(town):
    wave = make_open_wave(town)
    lunch, _school, tales = (sheet_of(wave, one) for one in town.experiences)
    worker = actor_with("community_worker", town.areas["city"])
    ((_sheet, _link),) = actions.hand_out(worker, [lunch], SITE)
    invitation = Invitation.objects.get()
    with pytest.raises(PermissionDenied):
        actions.answer(worker, tales, "confirmed", channel="link", invitation=invitation)
    # The bearer of a link of the club reaches nothing of the library, whatever sheet is asked for.
    invitation.organisation = town.club
    with pytest.raises(PermissionDenied):
        actions.answer(links.bearer(invitation), tales, "confirmed", channel="link")


def test_a_link_that_a_worker_handed_over_ends_with_the_role_of_the_worker(town, client):
    wave = make_open_wave(town)
    worker = actor_with("community_worker", town.areas["city"])
    ((_sheet, address),) = actions.hand_out(worker, [sheet_of(wave, town.experiences[0])], SITE)
    # The account of this worker holds no role: what it lends is nothing.
    assert client.get(address).status_code == 404
    from trama.network.models import Membership

    Membership.objects.create(user_id=worker.user, role="community_worker", area=town.areas["city"])
    assert client.get(address).status_code == 200


def test_paper_telephone_ended_not_mine_and_delegated(town, mailoutbox, django_capture_on_commit_callbacks):
    wave = make_open_wave(town)
    worker = actor_with("community_worker", town.areas["city"])
    lunch, school, tales = town.experiences
    actions.answer(worker, sheet_of(wave, lunch), "confirmed", channel="paper")
    with pytest.raises(ValidationError):
        actions.answer(worker, sheet_of(wave, school), "ended", channel="phone")
    actions.answer(worker, sheet_of(wave, school), "ended", channel="phone", ended_on=date(2024, 6, 30))
    actions.answer(worker, sheet_of(wave, tales), "not_mine", channel="link", note="Chiedere alla scuola")
    school.refresh_from_db()
    assert school.ends_on == date(2024, 6, 30)
    board = reading.board(wave, worker)
    assert (board["whole"].answered, board["whole"].not_mine, board["whole"].silent) == (2, 1, 0)
    with django_capture_on_commit_callbacks(execute=True):
        actions.delegate(worker, sheet_of(wave, tales), "Scuola@Example.org", "Scuola", SITE)
    assert mailoutbox[0].to == ["scuola@example.org"]
    assert reading.board(wave, worker)["whole"].silent == 1
    stranger = actor_with("community_worker", town.areas["hill"], user=3000)
    with pytest.raises(PermissionDenied):
        actions.delegate(stranger, sheet_of(wave, school), "a@example.org", "", SITE)


def test_doubts_are_told(town):
    wave = make_open_wave(town)
    lunch, school, _tales = town.experiences
    for experience in town.experiences:
        actions.answer(town.keeper, sheet_of(wave, experience), "confirmed", channel="meeting")
    actions.close_wave(town.keeper, wave)
    Experience.objects.filter(pk=lunch.pk).update(beneficiaries=2000)
    Experience.objects.filter(pk=school.pk).update(beneficiaries=5)
    second = make_open_wave(town, "Seconda", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
    found = {one["title"]: one["doubts"] for one in reading.quality(second, town.keeper)["doubtful"]}
    assert found.keys() == {"Pranzo", "Doposcuola"}
    assert len(found["Pranzo"]) == 1
    assert found["Pranzo"][0]["text"].startswith("200 → 2.000")
    assert len(found["Doposcuola"]) == 1  # 40 → 5 is not ten times less, but it is fewer than 8 volunteers


def test_what_is_frozen_does_not_move_and_a_broken_closing_goes_on(town, monkeypatch):
    wave = make_open_wave(town)
    for experience in town.experiences[:2]:
        actions.answer(town.keeper, sheet_of(wave, experience), "confirmed", channel="meeting")
    monkeypatch.setattr(closing, "BATCH", 1)
    freeze, calls = freezing.freeze_rows, []

    def killed(wave, sheets):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        freeze(wave, sheets)

    monkeypatch.setattr(freezing, "freeze_rows", killed)
    with pytest.raises(KeyboardInterrupt):
        actions.close_wave(town.keeper, wave)
    wave.refresh_from_db()
    assert (wave.state, FrozenRow.objects.count(), FrozenFigure.objects.count()) == ("closing", 1, 0)
    with pytest.raises(NotPossible):
        actions.answer(town.keeper, sheet_of(wave, town.experiences[2]), "confirmed", channel="meeting")
    wave = actions.close_wave(town.keeper, wave)
    assert (wave.state, FrozenRow.objects.count(), freezing.holds(wave)) == ("closed", 3, True)
    whole, _cuts = reading.figures(wave)
    assert {one["key"]: one["text"] for one in whole}["records"] == "2"
    told = {one["key"]: one["number"] for one in whole}
    assert (told["organisations"], told["volunteers"], told["beneficiaries"]) == (1, 20, 240)
    signed = wave.fingerprint
    Experience.objects.update(volunteers=900, volunteers_precision="exact", name="Altro")
    assert (freezing.holds(wave), freezing.fingerprint(wave)) == (True, signed)
    assert not Invitation.objects.exclude(email="").exists()
    with pytest.raises(TypeError):
        FrozenRow.objects.first().save()
    FrozenRow.objects.filter(record=town.experiences[0].pk).update(content={"name": "forged"})
    assert not freezing.holds(wave)


def test_opening_again_is_a_right_of_its_own_and_leaves_a_trace(town):
    wave = make_open_wave(town)
    wave = actions.close_wave(town.keeper, wave)
    signed = wave.fingerprint
    actions.write_erratum(town.keeper, wave, figure="Volontari", was="20", should_be="22", reason="Due non contati.")
    assert freezing.holds(wave)
    for role in ("evaluator", "technical_coordinator"):
        with pytest.raises(PermissionDenied):
            actions.reopen_wave(actor_with(role, town.areas["city"], user=4000), wave, "perché sì")
    with pytest.raises(ValidationError):
        actions.reopen_wave(town.keeper, wave, " ")
    actions.reopen_wave(town.keeper, wave, "Manca un quartiere.")
    entry = AuditEntry.objects.get(verb="reopened")
    assert entry.changes["fingerprint"] == [signed, None]
    assert entry.changes["reason"] == "Manca un quartiere."


def test_the_change_of_a_total_is_split_into_reality_and_coverage(town):
    lunch, school, tales = town.experiences
    first = make_open_wave(town)
    for experience in (lunch, school):
        actions.answer(town.keeper, sheet_of(first, experience), "confirmed", channel="meeting")
    first = actions.close_wave(town.keeper, first)
    # The lunch grows, the after-school is over, the tales were there and are covered now, the garden is new.
    Experience.objects.filter(pk=lunch.pk).update(beneficiaries=230)
    Experience.objects.filter(pk=school.pk).update(ends_on=date(2024, 6, 30))
    Experience.objects.filter(pk=tales.pk).update(beneficiaries=50, beneficiaries_precision="exact")
    garden = make_experience("Orto", areas=[town.areas["west"]], organisations=[(town.club, "promoter")],
                             starts_on=date(2025, 3, 1), volunteers=4, beneficiaries=10)  # fmt: skip
    second = make_open_wave(town, "Seconda", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
    for experience in (lunch, tales, garden):
        actions.answer(town.keeper, sheet_of(second, experience), "confirmed", channel="meeting")
    second = actions.close_wave(town.keeper, second)
    found = comparing.compare(first, second)
    assert dict(+found.counts) == {"new": 1, "changed": 1, "ended": 1, "newly_covered": 1}
    changes = {change.key: (change.was, change.now, change.reality, change.coverage) for change in found.changes}
    assert changes["records"] == (2, 3, 0, 1)
    assert changes["beneficiaries"] == (240, 290, 30 + 10 - 40, 50)
    assert changes["volunteers"] == (20, 16, 4 - 8, 0)
    assert changes["organisations"] == (1, 2, 0, 1)
    for change in found.changes:
        assert change.now - change.was == change.reality + change.coverage + change.united
    backwards = comparing.compare(second, first)
    assert {change.key: change.now - change.was for change in backwards.changes} == {
        change.key: change.was - change.now for change in found.changes
    }


def test_what_only_one_wave_looked_at_is_apart_and_in_no_total(town, client):
    lunch, school, tales = town.experiences
    far = Experience.objects.get(name="Altrove")
    town.keeper = actor_with("plan_office", user=2001)
    first = make_open_wave(town, areas=[town.areas["city"].pk, far.area_id])
    for experience in (lunch, school, tales, far):
        actions.answer(town.keeper, sheet_of(first, experience), "confirmed", channel="meeting")
    first = actions.close_wave(town.keeper, first)
    # A part of the city alone, where the tales stay silent; the after-school and what is elsewhere nobody asked about.
    Experience.objects.filter(pk=far.pk).update(ends_on=date(2024, 6, 30))
    west = {"areas": [town.areas["west"].pk], "starts_on": date(2025, 1, 1), "ends_on": date(2025, 12, 31)}
    second = make_open_wave(town, "Seconda", **west)
    actions.answer(town.keeper, sheet_of(second, lunch), "confirmed", channel="meeting")
    second = actions.close_wave(town.keeper, second)
    found = comparing.compare(first, second)
    assert dict(+found.counts) == {"out_of_scope": 2, "continued": 1, "not_covered": 1}
    assert (found.records[school.pk], found.records[tales.pk], found.apart) == ("out_of_scope", "not_covered", (2, 0))
    changes = {change.key: (change.was, change.now, change.reality, change.coverage) for change in found.changes}
    assert changes["records"] == (2, 1, 0, -1)
    assert changes["beneficiaries"] == (200, 200, 0, 0)
    for change in found.changes:
        assert change.now - change.was == change.reality + change.coverage + change.united
    records = found.changes[0]
    assert (records.was_text, records.now_text) == ("2", "1")
    page = client.get(f"/rilevazioni/{second.pk}/confronto/{first.pk}/").content.decode()
    assert "Le due rilevazioni non guardano le stesse cose" in page
    for told in ("4 su 4 (100 %)", "1 su 2 (50 %)", "fuori dal perimetro"):
        assert told in page
    assert page.index("La realtà è cambiata") < page.index("Esperienze: da 2 a 1")
    # The other way round: what only the later one looked at is nothing new.
    backwards = comparing.compare(second, first)
    assert (backwards.apart, backwards.counts["new"], backwards.counts["out_of_scope"]) == ((0, 2), 0, 2)


def test_another_kind_or_rule_is_another_scope_and_what_ended_within_it_ended(town):
    lunch, school, tales = town.experiences
    Experience.objects.filter(pk=lunch.pk).update(ends_on=date(2024, 6, 30))
    first = make_open_wave(town)
    for experience in (lunch, school, tales):
        actions.answer(town.keeper, sheet_of(first, experience), "confirmed", channel="meeting")
    first = actions.close_wave(town.keeper, first)
    garden = make_experience("Orto", areas=[town.areas["west"]], organisations=[(town.club, "promoter")],
                             starts_on=date(2025, 3, 1))  # fmt: skip
    begun = make_open_wave(town, "Nate", rule="begun", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
    actions.answer(town.keeper, sheet_of(begun, garden), "confirmed", channel="meeting")
    begun = actions.close_wave(town.keeper, begun)

    def fates(**scope):
        Wave.objects.filter(pk=begun.pk).update(**scope)
        return dict(+comparing.compare(first, Wave.objects.get(pk=begun.pk)).counts)

    assert fates() == {"new": 1, "ended": 1, "out_of_scope": 2}
    kind = str(lunch.kind_id).partition(":")[2]
    assert fates(rule="active", kinds=["altro", kind]) == {"new": 1, "ended": 1, "not_covered": 2}
    assert fates(kinds=["altro"]) == {"new": 1, "out_of_scope": 3}


def test_bodies_united_between_two_waves_neither_came_nor_went(town):
    lunch = town.experiences[0]
    twin = make_organisation("Il Club", area=town.areas["west"])
    school = make_experience("Scuola", areas=[town.areas["west"]], organisations=[(twin, "promoter")],
                             starts_on=date(2024, 2, 1), volunteers=4, beneficiaries=10)  # fmt: skip
    first = make_open_wave(town)
    for experience in (lunch, school):
        actions.answer(town.keeper, sheet_of(first, experience), "confirmed", channel="meeting")
    first = actions.close_wave(town.keeper, first)
    merge(SYSTEM, town.club, twin, {})
    second = make_open_wave(town, "Seconda", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
    for experience in (lunch, school):
        actions.answer(town.keeper, sheet_of(second, experience), "confirmed", channel="meeting")
    found = comparing.compare(first, actions.close_wave(town.keeper, second))
    change = next(one for one in found.changes if one.key == "organisations")
    assert (change.now - change.was, change.reality, change.coverage, change.united) == (-1, 0, 0, -1)
    assert "sono stati uniti nomi della stessa realtà" in change.text


QUESTIONS = [
    Question("d1", "Avete una sede?", "one", ("sì", "no"), required=True),
    Question("d2", "Di quanti metri?", "number", after="d1", on="sì"),
    Question("d3", "Quando la usate?", "many", ("mattina", "sera")),
]


def test_additional_questions_skip_are_versioned_and_stay_with_their_answers(town):
    wave = make_wave(town)
    actions.save_questions(town.keeper, wave, QUESTIONS)
    with pytest.raises(ValidationError):
        actions.save_questions(town.keeper, wave, [QUESTIONS[1]])
    wave = actions.open_wave(town.keeper, wave)
    lunch, school, _tales = (sheet_of(wave, one) for one in town.experiences)
    with pytest.raises(ValidationError) as refused:
        actions.answer(town.keeper, lunch, "confirmed", channel="paper", answers={})
    assert list(refused.value.message_dict) == ["d1"]
    given = {"d1": "no", "d2": "12", "d3": ["sera"]}
    assert actions.answer(town.keeper, lunch, "confirmed", channel="paper", answers=given).answers == {
        "d1": "no",
        "d3": ["sera"],
    }
    actions.save_questions(town.keeper, wave, QUESTIONS[:1])
    given["d1"] = "sì"
    again = actions.answer(town.keeper, school, "confirmed", channel="paper", answers=given)
    assert (again.answers, again.answers_version) == ({"d1": "sì"}, 2)
    assert Sheet.objects.get(pk=lunch.pk).answers_version == 1
