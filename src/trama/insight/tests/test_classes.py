"""Classes of values: against published bounds, against all partitions, and by hand."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trama.insight.analysis import classes

# Employees per square kilometre of the 58 counties of California, the example of PySAL's mapclassify (BSD), with the
# bounds and counts that its documentation prints.
DENSITY = [
    *(329.92, 0.42, 5.9, 14.03, 2.78, 1.34, 181.27, 1.65, 10.03, 16.7, 1.32, 3.99, 3.16, 0.22, 8.7, 6.56, 3.27, 0.33),
    *(370.5, 4.51, 75.29, 0.99, 2.74, 8.68, 0.14, 0.92, 12.63, 28.7, 12.02, 722.85, 36.68, 0.74, 29.82, 192.05, 3.38),
    *(11.15, 110.74, 4111.45, 49.47, 10.33, 317.11, 20.47, 264.93, 66.26, 5.39, 0.13, 0.61, 50.65, 40.48, 36.67, 13.09),
    *(1.81, 0.2, 7.6, 2.51, 57.26, 24.32, 6.97),
]


def counts(values: list[float], bounds: list[float]) -> list[int]:
    placed = classes.placed(values, bounds)
    return [placed.count(n) for n in range(len(bounds))]


def test_natural_breaks_are_those_published() -> None:
    found = classes.natural(DENSITY, 5)
    assert found == pytest.approx([75.29, 192.05, 370.5, 722.85, 4111.45])
    assert counts(DENSITY, found) == [49, 3, 4, 1, 1]


def test_quantiles_are_those_published() -> None:
    found = classes.quantiles(DENSITY, 5)
    assert found == pytest.approx([1.464, 5.798, 13.278, 54.616, 4111.45])
    assert counts(DENSITY, found) == [12, 11, 12, 11, 12]


def test_equal_steps_are_those_published() -> None:
    found = classes.equal(DENSITY, 5)
    assert found == pytest.approx([822.394, 1644.658, 2466.922, 3289.186, 4111.45])
    assert counts(DENSITY, found) == [57, 0, 0, 0, 1]


def spread(parts: list[list[float]]) -> float:
    return sum(sum((v - sum(part) / len(part)) ** 2 for v in part) for part in parts)


NUMBERS = st.lists(st.integers(-500, 500), min_size=1, max_size=9)


@given(NUMBERS, st.integers(1, 5))
def test_no_partition_is_better_than_the_natural_one(numbers: list[int], k: int) -> None:
    values = [number / 8 for number in numbers]
    bounds = classes.natural(values, k)
    distinct = sorted(set(values))
    assert len(bounds) == min(k, len(distinct))
    placed = classes.placed(values, bounds)
    mine = spread([[v for v, n in zip(values, placed, strict=True) if n == part] for part in range(len(bounds))])
    ordered = sorted(values)
    best = min(
        spread([ordered[a:b] for a, b in zip((0, *cut), (*cut, len(ordered)), strict=True)])
        for cut in combinations(range(1, len(ordered)), len(bounds) - 1)
    )
    assert mine == pytest.approx(best, abs=1e-9)


def test_natural_breaks_keep_small_differences_of_great_numbers_apart() -> None:
    base = 1e9
    assert classes.natural([base, base + 1, base + 10, base + 11], 2) == [base + 1, base + 11]


@given(NUMBERS, st.integers(1, 5))
def test_every_value_has_one_class_and_equal_values_the_same(numbers: list[int], k: int) -> None:
    values = [float(number) for number in numbers]
    for bounds in (classes.quantiles(values, k), classes.natural(values, k), classes.equal(values, k)):
        assert bounds == sorted(set(bounds))
        assert bounds[-1] == max(values)
        assert len(bounds) <= k
        placed = classes.placed(values, bounds)
        assert len(dict(zip(values, placed, strict=True))) == len(set(zip(values, placed, strict=True)))
    for bounds in (classes.quantiles(values, k), classes.natural(values, k)):
        assert all(counts(values, bounds))  # none is empty


def test_around_a_centre_both_sides_mirror_each_other() -> None:
    # Farthest: 114, 14 above. A fifth of it is 2.8, said as 3: 97-103 is near, 91 and 109 end the next classes.
    bounds = classes.around([88.0, 95.0, 100.0, 114.0], 100.0)
    assert bounds == [90.0, 96.0, 103.0, 109.0, math.inf]
    assert classes.placed([90, 91, 96, 97, 100, 103, 104, 109, 110], bounds) == [0, 1, 1, 2, 2, 2, 3, 3, 4]
    assert classes.ranges([], bounds, 0, members=False) == [(None, 90), (91, 96), (97, 103), (104, 109), (110, None)]


@given(st.lists(st.integers(500, 1500), min_size=1, max_size=20), st.integers(0, 2))
def test_a_value_and_its_mirror_image_lie_as_far_from_the_middle_class(numbers: list[int], decimals: int) -> None:
    values = [round(number / 10, decimals) for number in numbers]
    bounds = classes.around(values, 100.0, decimals)
    mirrored = [round(200 - value, decimals) for value in values]
    assert [4 - n for n in classes.placed(values, bounds)] == classes.placed(mirrored, bounds)
    assert classes.placed([100.0], bounds) == [2]


def test_all_values_at_the_centre_are_near_it() -> None:
    assert classes.placed([100.0, 100.0], classes.around([100.0, 100.0], 100.0)) == [2, 2]


def test_own_breaks_are_sorted_and_the_ends_are_open() -> None:
    bounds = classes.own([30, 10, 10])
    assert bounds == [10, 30, math.inf]
    assert classes.placed([-5, 10, 10.1, 30, 31], bounds) == [0, 0, 1, 1, 2]
    assert classes.ranges([], bounds, 1, members=False) == [(None, 10), (10.1, 30), (30.1, None)]


@pytest.mark.parametrize("breaks", [[], [float("nan")], [float("inf")], [1, 2, 3, 4, 5]])
def test_breaks_that_make_no_map_are_refused(breaks: list[float]) -> None:
    with pytest.raises(ValueError, match="breaks"):
        classes.own(breaks)


def test_one_value_makes_one_class() -> None:
    for method in (classes.quantiles, classes.natural, classes.equal):
        assert method([7.0, 7.0], 5) == [7.0]


def test_ranges_of_members_are_values_that_exist() -> None:
    values = [1.0, 2.0, 10.0, 11.0, 30.0]
    bounds = classes.natural(values, 3)
    assert classes.ranges(values, bounds, 0, members=True) == [(1.0, 2.0), (10.0, 11.0), (30.0, 30.0)]


def test_ranges_of_equal_steps_begin_at_the_least_value() -> None:
    values = [1.0, 2.0, 10.0, 11.0]
    bounds = classes.equal(values, 2, 0)
    assert bounds == [6.0, 11.0]
    assert classes.ranges(values, bounds, 0, members=False) == [(1.0, 6.0), (7.0, 11.0)]


def test_nothing_and_what_is_no_number_is_refused() -> None:
    for values in ([], [1.0, float("nan")]):
        with pytest.raises(ValueError, match="numbers"):
            classes.quantiles(values)
