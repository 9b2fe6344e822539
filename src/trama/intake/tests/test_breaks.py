"""Breaks of scale are found among numbers that vary by themselves, and nowhere else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trama.intake.context.breaks import Break, Point, find

INCOMES = {area: 15_000 + 700.0 * area for area in range(20)}


def points(year: int, values: dict[int, float], trusted: bool = False) -> list[Point]:
    return [Point(area, year, value, trusted) for area, value in values.items()]


def told(found: list[Break]) -> list[tuple[str, int, float, int, int]]:
    return [(one.kind, one.year, one.factor, len(one.members), one.compared) for one in found]


def grown(values: dict[int, float], by: float, spread: float = 0.05, seed: int = 1) -> dict[int, float]:
    chance = random.Random(seed)
    return {area: value * by * chance.uniform(1 - spread, 1 + spread) for area, value in values.items()}


def test_nothing_where_nothing_breaks() -> None:
    assert find(points(2021, INCOMES) + points(2022, grown(INCOMES, 1.04))) == []


def test_a_year_in_thousands_but_for_two_areas() -> None:
    later = grown(INCOMES, 0.00104)
    later[3], later[7] = later[3] * 1000, later[7] * 1000
    found = find(points(2021, INCOMES) + points(2022, later))
    assert told(found) == [("scale", 2022, 1000.0, 18, 20)]
    assert {3, 7}.isdisjoint(member.area for member in found[0].members)
    assert found[0].members[0].beside == pytest.approx(INCOMES[found[0].members[0].area])
    assert found[0].members[0].beside_year == 2021
    # The next year in thousands is a break too, though nothing changes from the year before.
    more = find(points(2021, INCOMES) + points(2022, later) + points(2023, grown(INCOMES, 0.0011)))
    assert told(more) == [("scale", 2022, 1000.0, 18, 20), ("scale", 2023, 1000.0, 20, 20)]


def test_what_is_stated_already_is_the_measure() -> None:
    assert told(find(points(2021, INCOMES, True) + points(2020, grown(INCOMES, 0.00098)))) == [
        ("scale", 2020, 1000.0, 20, 20)
    ]
    # The same number again is no break, whatever the years around it look like.
    thousands = grown(INCOMES, 0.001)
    assert find(points(2021, INCOMES, True) + points(2022, thousands, True) + points(2022, thousands)) == []


def test_counts_divided_and_cut_in_some_areas() -> None:
    people = {area: 40.0 + 37 * area**2 for area in range(30)}
    later = {area: float(int(count / 1000)) if count >= 1000 else count + 3 for area, count in people.items()}
    found = find(points(2021, people) + points(2022, later), counts=True)
    assert told(found) == [("scale", 2022, 1000.0, sum(count >= 1000 for count in people.values()), 30)]


def test_few_people_may_well_be_tenfold() -> None:
    people = {area: 1000.0 + area for area in range(20)} | {99: 2.0}
    assert find(points(2021, people) + points(2022, people | {99: 21.0}), counts=True) == []


def test_among_areas_of_one_year() -> None:
    found = find(points(2022, INCOMES | {5: 18.5}))
    assert told(found) == [("scale", 2022, 1000.0, 1, 20)]
    assert found[0].members[0].beside_year == 0
    # Counts vary by size, and spread out rates say nothing of one of them.
    assert find(points(2022, INCOMES | {5: 18.5}), counts=True) == []
    assert find(points(2022, {area: 10.0 ** (area / 4) for area in range(20)})) == []


def test_all_areas_jump_alike() -> None:
    found = find(points(2021, INCOMES) + points(2022, grown(INCOMES, 1 / 4.5)))
    assert [(one.kind, one.year, one.compared) for one in found] == [("level", 2022, 20)]
    assert found[0].factor == pytest.approx(4.5, rel=0.05)
    assert find(points(2010, INCOMES) + points(2022, grown(INCOMES, 2.5))) == []  # twelve years are enough to grow


def test_a_zero_that_is_no_value() -> None:
    index = {area: 95.0 + area for area in range(12)}
    assert told(find(points(2023, index | {3: 0.0}), centre=100)) == [("zero", 2023, 0.0, 1, 12)]
    assert told(find(points(2023, index | {3: 0.0}))) == [("zero", 2023, 0.0, 1, 12)]
    shares = {area: 0.5 * area for area in range(12)}
    assert find(points(2023, shares)) == []
    people = {1: 900.0, 2: 30.0, 3: 500.0}
    found = find(points(2022, people) + points(2023, {1: 0.0, 2: 0.0, 3: 510.0}), counts=True)
    assert [(one.kind, [member.area for member in one.members]) for one in found] == [("zero", [1])]


def test_what_a_person_settled_is_left_alone() -> None:
    later = [Point(area, 2022, value / 1000, settled=True) for area, value in INCOMES.items()]
    assert find(points(2021, INCOMES) + later) == []
    assert (
        find([Point(area, 2023, 0.0, settled=True) for area in range(3)] + points(2023, INCOMES | {}), centre=1) == []
    )


def test_changes_around_nothing_are_left_alone() -> None:
    change = {area: (area - 9.5) / 10 for area in range(20)}
    assert find(points(2021, change) + points(2022, {area: value * 10 for area, value in change.items()})) == []


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([10.0, 100.0, 1000.0]), st.booleans(), st.integers(8, 40))
def test_whatever_is_divided_is_found_and_set_right(seed: int, by: float, up: bool, areas: int) -> None:
    chance = random.Random(seed)
    first = {area: chance.uniform(200, 900) for area in range(areas)}
    later = grown(first, by if up else 1 / by, 0.06, seed)
    found = find(points(2021, first) + points(2022, later))
    assert told(found) == [("scale", 2022, pytest.approx(1 / by if up else by), areas, areas)]
    right = {member.area: member.value * found[0].factor for member in found[0].members}
    assert find(points(2021, first) + points(2022, right)) == []
