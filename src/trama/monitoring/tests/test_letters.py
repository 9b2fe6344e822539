"""Letters that leave in steps, that do not leave, that are due; and who reaches what with a link that is not theirs."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from smtplib import SMTPException

import pytest
import time_machine
from django.core.mail.backends import locmem
from django.core.management import CommandError, call_command
from django.utils import timezone

from trama.accounts.models import User
from trama.core.models import AuditEntry
from trama.experiences.tests.factories import actor_with
from trama.monitoring import actions, links, reading
from trama.monitoring.models import Invitation, Knock, Sheet, Wave
from trama.monitoring.tests.factories import SITE, make_open_wave, make_town
from trama.network.models import Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def town():
    return make_town()


def tokens(messages):
    return {message.to[0]: re.findall(r"/rilevazioni/scheda/([^/\s]+)/", message.body) for message in messages}


def at(day):
    return timezone.make_aware(datetime.combine(day, time(9)))


def test_letters_that_do_not_leave_are_told_and_leave_later_with_links_that_open(town, mailoutbox, monkeypatch, client):
    wave = make_open_wave(town)
    send = locmem.EmailBackend.send_messages
    monkeypatch.setattr(
        locmem.EmailBackend, "send_messages", lambda self, found: (_ for _ in ()).throw(SMTPException())
    )
    sent = actions.send_links(town.keeper, wave, SITE)
    assert (sent.letters, sent.failed, sent.is_over) == (0, 2, True)
    assert AuditEntry.objects.filter(verb="letter_failed").count() == 2
    board = reading.board(wave, town.keeper)
    assert (board["to_write"], board["unreachable"]) == (3, 0)
    # Pressed again at once nothing is written twice; after a while it leaves, and the links of that letter open.
    monkeypatch.setattr(locmem.EmailBackend, "send_messages", send)
    assert actions.send_links(town.keeper, wave, SITE).letters == 0
    Invitation.objects.update(sent_at=timezone.now() - 2 * reading.TRYING)
    assert actions.send_links(town.keeper, wave, SITE).letters == 2
    assert reading.board(wave, town.keeper)["to_write"] == 0
    for found in tokens(mailoutbox).values():
        assert all(client.get(f"/rilevazioni/scheda/{token}/").status_code == 200 for token in found)
    monkeypatch.setattr(locmem.EmailBackend, "send_messages", lambda self, found: (_ for _ in ()).throw(OSError()))
    with pytest.raises(actions.NotPossible):
        actions.delegate(
            actor_with("community_worker", town.areas["city"]), wave.sheets.first(), "a@example.org", "", SITE
        )


def test_sending_that_is_broken_off_goes_on_and_the_page_says_how_far_it_is(town, mailoutbox, monkeypatch, client):
    from trama.monitoring.actions import letters

    wave = make_open_wave(town)
    user = User.objects.create_user("piano")
    Membership.objects.create(user=user, role="plan_office", area=town.areas["city"])
    client.force_login(user)
    monkeypatch.setattr("trama.monitoring.views.STEP_SECONDS", -1.0)  # one letter for each step
    going = client.post(f"/rilevazioni/{wave.pk}/fai/send/")["Location"]
    assert going.endswith("/avanza/send/?done=1&total=2")
    page = client.get(going).content.decode()
    assert 'max="2" value="1"' in page
    write, calls = letters._write_to, []

    def killed(*args, **more):
        calls.append(1)
        raise KeyboardInterrupt

    monkeypatch.setattr(letters, "_write_to", killed)
    with pytest.raises(KeyboardInterrupt):
        client.post(going, {"done": 1, "total": 2})
    assert len(mailoutbox) == 1
    monkeypatch.setattr(letters, "_write_to", write)
    answer = client.post(going, {"done": 1, "total": 2}, headers={"Accept": "application/json"})
    assert answer.json() == {"next": f"/rilevazioni/{wave.pk}/"}
    assert sorted(message.to[0] for message in mailoutbox) == ["info@biblioteca.example", "info@circolo.example"]
    # The same for closing, one record at a time.
    monkeypatch.setattr("trama.monitoring.actions.closing.BATCH", 1)
    close = client.post(f"/rilevazioni/{wave.pk}/fai/close/")["Location"]
    assert "/avanza/close/" in close
    monkeypatch.setattr("trama.monitoring.views.STEP_SECONDS", 60.0)
    assert client.post(close, headers={"Accept": "application/json"}).json() == {"next": f"/rilevazioni/{wave.pk}/"}
    wave.refresh_from_db()
    assert wave.is_closed
    assert client.get(close)["Location"] == f"/rilevazioni/{wave.pk}/"


def test_reminders_follow_their_calendar_once_each_and_go_to_whom_a_sheet_was_handed(town, mailoutbox, capsys):
    wave = make_open_wave(town)
    opened = timezone.localdate()
    assert wave.calendar() == [opened + timedelta(days=n) for n in (10, 20, 27)]
    Wave.objects.filter(pk=wave.pk).update(site=SITE)
    worker = actor_with("community_worker", town.areas["city"], user=2100)
    tales = Sheet.objects.get(record=town.experiences[2].pk)
    call_command("waves", "remind")  # the first letters
    actions.delegate(worker, tales, "scuola@example.org", "Scuola", SITE)
    assert len(mailoutbox) == 3
    mailoutbox.clear()
    call_command("waves", "remind")
    assert not mailoutbox
    wave.refresh_from_db()
    for day, count in ((9, 0), (10, 2), (10, 0), (19, 0), (21, 2), (27, 2), (28, 0), (31, 0)):
        mailoutbox.clear()
        with time_machine.travel(at(opened + timedelta(days=day)), tick=False):
            call_command("waves", "remind")
        boxes = sorted(message.to[0] for message in mailoutbox)
        assert boxes == (["info@circolo.example", "scuola@example.org"] if count else []), day
    call_command("waves", "list")
    assert "Prima  (0 of 3 answered, until" in capsys.readouterr().out
    Wave.objects.filter(pk=wave.pk).update(site="")
    with pytest.raises(CommandError, match="--site"):
        call_command("waves", "remind")
    call_command("waves", "remind", "--dry-run", "--wave", str(wave.pk))
    assert "0 reminders would leave" in capsys.readouterr().out
    call_command("waves", "close", "--wave", str(wave.pk))
    assert "SHA-256" in capsys.readouterr().out
    with pytest.raises(CommandError, match="There is no wave"):
        call_command("waves", "close", "--wave", "999")


def test_near_misses_of_a_link_reach_nothing_of_another(town, mailoutbox, client):
    wave = make_open_wave(town)
    other = make_open_wave(town, "Altra")
    actions.send_links(town.keeper, wave, SITE)
    first = tokens(mailoutbox)
    mailoutbox.clear()
    actions.send_links(town.keeper, other, SITE)
    second = tokens(mailoutbox)
    (library,) = first["info@biblioteca.example"]
    (library_there,) = second["info@biblioteca.example"]
    address = f"/rilevazioni/scheda/{library}/"
    page = client.get(address)
    # Not the other body's, not the other wave's, no page of the staff, no search; and nothing that stays or travels.
    text = page.content.decode()
    assert not any(
        word in text
        for word in ("Pranzo", "Doposcuola", "circolo", "Altra", "/schede/", *first["info@circolo.example"])
    )
    assert page["Cache-Control"] == "no-store"
    assert page["Referrer-Policy"] == "same-origin"
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert "sessionid" not in page.cookies
    for path in (f"/rilevazioni/{wave.pk}/", f"/rilevazioni/{wave.pk}/schede/", f"/rilevazioni/{wave.pk}/qualita/"):
        assert client.get(path).status_code in {302, 404}
    # What is sent along does not turn a link to another sheet, wave, record or role.
    lunch, _school, tales = town.experiences
    sheet = Sheet.objects.get(wave=wave, record=lunch.pk)
    extra = {
        "sheet": sheet.pk,
        "record": lunch.pk,
        "wave": other.pk,
        "channel": "load",
        "name": "Rubato",
        "state": "draft",
    }
    done = client.post(address, {"answer": "confirmed", **extra})
    assert (done.status_code, done["Cache-Control"], done["Referrer-Policy"]) == (200, "no-store", "no-referrer")
    lunch.refresh_from_db()
    tales.refresh_from_db()
    assert (lunch.name, lunch.confirmed_on, tales.name, tales.state) == ("Pranzo", None, "Letture", "published")
    assert list(Sheet.objects.exclude(answer="waiting").values_list("wave", "record", "channel")) == [
        (wave.pk, tales.pk, "link")
    ]
    # Used here, it says nothing of the same record in the other wave, whose own link works once too.
    assert client.get(address).status_code == 410
    assert client.get(f"/rilevazioni/scheda/{library_there}/").status_code == 200
    # A link that was tampered with, cut, in another case, or that is the hash in the database: the same nothing.
    nothing = client.get("/rilevazioni/scheda/niente/")
    digest = links.digest_of(library_there)
    for wrong in (library_there[1:], library_there + "x", library_there.swapcase(), digest, digest.upper()):
        response = client.get(f"/rilevazioni/scheda/{wrong}/")
        assert (response.status_code, response["Cache-Control"]) == (404, "no-store")
        assert _said(response) == _said(nothing)
    # Wrong tries are counted without keeping whose they were.
    assert Knock.objects.exclude(times=0).exists()
    assert "127.0.0.1" not in str(list(Knock.objects.values()))


def _said(response):
    """The words of a page, without what changes with its address."""
    return re.search(r"<main.*?</main>", response.content.decode(), re.DOTALL).group(0)


def test_what_is_hidden_is_not_named_in_the_post_and_a_sheet_without_a_bearer_opens_nothing(town, mailoutbox, client):
    lunch = town.experiences[0]
    type(lunch).objects.filter(pk=lunch.pk).update(is_sensitive=True)
    wave = make_open_wave(town)
    actions.send_links(town.keeper, wave, SITE)
    assert "Pranzo" not in " ".join(message.body + message.subject for message in mailoutbox)
    token = next(token for found in tokens(mailoutbox).values() for token in found)
    Invitation.objects.filter(digest=links.digest_of(token)).update(organisation=None)
    assert client.get(f"/rilevazioni/scheda/{token}/").status_code == 404
