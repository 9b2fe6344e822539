"""Closing twenty thousand records: measured in processor time, since the clock is others' too."""

from __future__ import annotations

import time
from datetime import date

import pytest

from trama.core import bulk
from trama.experiences.models import Experience, ExperienceArea
from trama.monitoring import actions, freezing
from trama.monitoring.models import FrozenRow, Sheet
from trama.monitoring.tests.factories import make_open_wave, make_town

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MANY = 20_000


def test_twenty_thousand_records_are_frozen_within_half_a_minute() -> None:
    town = make_town()
    area = town.areas["west"]
    Experience.objects.bulk_create(
        (
            Experience(name=f"Esperienza {n}", kind_id="experience_kind:activity", state="published", summary="s",
                       starts_on=date(2024, 1, 1), area=area, volunteers=n % 40, volunteers_precision="exact")
            for n in range(MANY)
        ),
        batch_size=2000,
    )  # fmt: skip
    keys = list(Experience.objects.filter(name__startswith="Esperienza ").order_by("pk").values_list("pk", flat=True))
    bulk.insert([ExperienceArea(experience_id=pk, area=area) for pk in keys])
    wave = make_open_wave(town)
    Sheet.objects.filter(wave=wave).update(answer="confirmed")
    start = time.process_time()
    wave = actions.close_wave(town.keeper, wave)
    took = time.process_time() - start
    assert FrozenRow.objects.filter(wave=wave).count() == MANY + 3
    assert freezing.holds(wave)
    assert took < 30, took
