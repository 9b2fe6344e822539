"""The demonstration elsewhere than at Imola, in place of another, and never in place of real records."""

from __future__ import annotations

import random
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from trama.core import history
from trama.core.actor import NOBODY, SYSTEM
from trama.core.declarations import gathered
from trama.core.facts import facts
from trama.experiences.models import Experience
from trama.intake.actions import build_demonstration
from trama.intake.demonstration.numbers import spread
from trama.network.choices import Role
from trama.territory.models import Area


def figure(code: str) -> float | None:
    return gathered.indicators[code].compute(NOBODY, None, None).value


@pytest.mark.django_db
def test_any_other_municipality_with_the_same_totals() -> None:
    logins, built = build_demonstration(SYSTEM, "Faenza")
    assert built
    assert facts()["home_area"] == "039010"
    assert figure("EXP-01") == 147
    assert figure("EXP-02") == 165
    assert figure("EXP-04") == 6900
    assert not Experience.objects.filter(is_demonstration=False).exists()
    assert not Area.objects.filter(parent__code="039010").exclude(source__is_demonstration=True).exists()
    # Another one takes its place, when asked; the chain of acts goes on.
    before = history.verify().entries
    build_demonstration(SYSTEM, "Albinea", reset=True)
    assert not Area.objects.filter(code="039010").exists()
    assert figure("EXP-01") == 147
    assert history.verify().problem == ""
    assert history.verify().entries > before
    assert len(logins) == len(Role.values)


@pytest.mark.django_db
def test_real_records_are_never_emptied_by_mistake() -> None:
    Area.objects.create(code="x", name="Vera", kind="municipality")
    with pytest.raises(CommandError, match="--reset"):
        call_command("demo", stdout=StringIO(), stderr=StringIO())
    with pytest.raises(CommandError, match="--yes"):
        call_command("demo", "--reset", stdout=StringIO(), stderr=StringIO())
    with pytest.raises(CommandError, match="Imolaa"):
        call_command("demo", "--municipality", "Imolaa", stdout=StringIO(), stderr=StringIO())
    assert Area.objects.filter(code="x").exists()


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 40)).map(lambda p: (p[0], p[0] + p[1])), min_size=1, max_size=60
    ),
    st.integers(0, 2**32),
    st.floats(0, 1),
)
def test_sums_come_out_exactly(ranges: list[tuple[int, int]], seed: int, share: float) -> None:
    low, high = sum(r[0] for r in ranges), sum(r[1] for r in ranges)
    total = low + round((high - low) * share)
    values = spread(random.Random(seed), ranges, total)
    assert sum(values) == total
    assert all(lowest <= value <= highest for value, (lowest, highest) in zip(values, ranges, strict=True))
