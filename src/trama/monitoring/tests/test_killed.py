"""Closing that is broken off wherever it may be, and repeated: the wave that comes out is always the same."""

from __future__ import annotations

from datetime import date

import pytest

from trama.core import history
from trama.experiences.models import Experience
from trama.monitoring import actions, freezing
from trama.monitoring.actions import closing
from trama.monitoring.models import FrozenFigure, FrozenRow, Invitation, Sheet
from trama.monitoring.tests.factories import SITE, make_open_wave, make_town

pytestmark = pytest.mark.django_db

# Where it is killed: a function of closing, and at which call of it.
PLACES = [
    (freezing, "freeze_rows", 1),
    (freezing, "freeze_rows", 2),
    (freezing, "freeze_outside", 1),
    (freezing, "definitions_of", 1),
    (freezing, "figures_of", 1),
    (freezing, "fingerprint", 1),
    (closing, "forget_recipients", 1),
]


def test_wherever_closing_is_killed_it_goes_on_to_the_same_wave(monkeypatch, mailoutbox):
    town = make_town()
    lunch, school, tales = town.experiences
    first = make_open_wave(town)
    for experience in town.experiences:
        actions.answer(town.keeper, Sheet.objects.get(wave=first, record=experience.pk), "confirmed", channel="meeting")
    actions.close_wave(town.keeper, first)
    # One ended before the second period: what became of it is frozen too.
    Experience.objects.filter(pk=school.pk).update(ends_on=date(2024, 6, 30))
    wave = make_open_wave(town, "Seconda", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
    actions.send_links(town.keeper, wave, SITE)
    for experience in (lunch, tales):
        actions.answer(town.keeper, Sheet.objects.get(wave=wave, record=experience.pk), "confirmed", channel="phone")
    monkeypatch.setattr(closing, "BATCH", 1)
    signed = set()
    for module, name, call in PLACES:
        killed_at(monkeypatch, module, name, call, lambda: actions.close_wave(town.keeper, wave))
        wave.refresh_from_db()
        assert (wave.state, wave.fingerprint, FrozenFigure.objects.filter(wave=wave).count()) == ("closing", "", 0), (
            name
        )
        closed = actions.close_wave(town.keeper, wave)
        assert freezing.holds(closed)
        rows = FrozenRow.objects.filter(wave=wave).order_by("answer", "record").values_list("record", "answer")
        assert sorted(rows) == sorted([(lunch.pk, "confirmed"), (tales.pk, "confirmed"), (school.pk, "outside")])
        assert not Invitation.objects.filter(sheet__wave=wave).exclude(email="", name="").exists()
        signed.add(closed.fingerprint)
        actions.reopen_wave(town.keeper, closed, f"Prova: interrotta in {name}")
        wave.refresh_from_db()
    assert len(signed) == 1
    assert history.verify().problem == ""


def killed_at(monkeypatch, module, name, call, run):
    """Run something that is killed at the n-th call of a function."""
    true, calls = getattr(module, name), []

    def counted(*args, **more):
        calls.append(1)
        if len(calls) == call:
            raise KeyboardInterrupt
        return true(*args, **more)

    with monkeypatch.context() as patches:
        patches.setattr(module, name, counted)
        with pytest.raises(KeyboardInterrupt):
            run()
