"""Demographic ratios from residents by single year of age: plain numbers in, plain numbers out.

Ages are lists of 101 counts, 0 … 100 (a hundred and over). Formulas as ISTAT and the Italian municipalities state them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

AGES = 101
CLASS = 5  # years of a class of the pyramid
CLASSES = 5  # of colour on a map


@dataclass(frozen=True)
class Ratios:
    """Ratios per hundred, mean age in years; None where the denominator is nought."""

    residents: int
    females: int
    males: int
    aged_0_14: int
    aged_15_64: int
    aged_65_over: int
    aged_75_over: int
    under_6: int
    old_age_index: float | None
    dependency: float | None
    dependency_old: float | None
    dependency_young: float | None
    turnover: float | None
    sex_ratio: float | None
    mean_age: float | None


@dataclass(frozen=True)
class Step:
    """A class of ages of the pyramid; `last` is None for the open class at the top."""

    first: int
    last: int | None
    females: int
    males: int

    @property
    def label(self) -> str:
        return f"{self.first}+" if self.last is None else f"{self.first}–{self.last}"


def ratios(females: Sequence[int], males: Sequence[int]) -> Ratios:
    """The demographic ratios of a population.

    Old-age index P65+ / P0–14; structural dependency (P0–14 + P65+) / P15–64, of the old and of the young alike;
    turnover of the active population P60–64 / P15–19; sex ratio M / F; all × 100. Mean age: each person counts with
    the middle of the year of age (age + 0.5), which reproduces the means that ISTAT publishes.
    """
    check(females, males)
    both = [f + m for f, m in zip(females, males, strict=True)]
    young, active, old = sum(both[:15]), sum(both[15:65]), sum(both[65:])
    total = sum(both)
    return Ratios(
        residents=total,
        females=sum(females),
        males=sum(males),
        aged_0_14=young,
        aged_15_64=active,
        aged_65_over=old,
        aged_75_over=sum(both[75:]),
        under_6=sum(both[:6]),
        old_age_index=per_hundred(old, young),
        dependency=per_hundred(young + old, active),
        dependency_old=per_hundred(old, active),
        dependency_young=per_hundred(young, active),
        turnover=per_hundred(sum(both[60:65]), sum(both[15:20])),
        sex_ratio=per_hundred(sum(males), sum(females)),
        mean_age=sum(age * count for age, count in enumerate(both)) / total + 0.5 if total else None,
    )


def check(females: Sequence[int], males: Sequence[int]) -> None:
    """Refuse anything but 101 counts per sex. Raises ValueError."""
    if len(females) != AGES or len(males) != AGES:
        raise ValueError(f"residents are {AGES} counts per sex, not {len(females)} and {len(males)}")


def per_hundred(part: float, whole: float) -> float | None:
    """`part` per hundred of `whole`; None when there is no whole."""
    return part / whole * 100 if whole else None


def pyramid(females: Sequence[int], males: Sequence[int]) -> list[Step]:
    """Residents in classes of five years, the youngest first; the last class is open (100 and over)."""
    check(females, males)
    steps = [
        Step(age, age + CLASS - 1, sum(females[age : age + CLASS]), sum(males[age : age + CLASS]))
        for age in range(0, AGES - 1, CLASS)
    ]
    return [*steps, Step(AGES - 1, None, females[-1], males[-1])]


def added(populations: Sequence[tuple[Sequence[int], Sequence[int]]]) -> tuple[list[int], list[int]]:
    """Several populations together, as (females, males)."""
    females, males = [0] * AGES, [0] * AGES
    for more_females, more_males in populations:
        check(more_females, more_males)
        females = [a + b for a, b in zip(females, more_females, strict=True)]
        males = [a + b for a, b in zip(males, more_males, strict=True)]
    return females, males


def quintiles(values: dict[int, float]) -> dict[int, str]:
    """The class q1 … q5 of each value: a fifth of the values in each; equal values are always in the same class."""
    if len(values) < CLASSES:
        return dict.fromkeys(values, "")
    ordered = sorted(values.values())
    limits = [ordered[(len(ordered) * step) // CLASSES] for step in range(1, CLASSES)]
    return {pk: f"q{1 + sum(value >= limit for limit in limits)}" for pk, value in values.items()}
