"""MPI and AMPI against the published table, the vector by hand, and what must hold for any figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from trama.insight.analysis.composite import (
    CompositeError,
    Formula,
    Goalposts,
    Ingredient,
    Method,
    Penalty,
    compute,
    penalised,
)
from trama.insight.analysis.sensitivity import METHOD, WEIGHT, WITHOUT, classes_of, ranks, sensitivity

# Employment rate and final energy consumption of Europe's countries in 2010 and 2011 (Eurostat, EU 2020 set), and the
# AMPI of both years as printed in the vignette of the R package Compind, version 2.0.
COUNTRIES = """
68.5 1158.8 68.5 1109.4 156.05 152.17
68.5 1152.5 68.6 1103.3 155.89 152.12
67.6 36.9 67.3 38.9 138.84 131.66
65.4 8.9 62.9 9.3 132.74 121.60
70.4 25.6 70.9 24.6 146.91 140.27
75.8 15.5 75.7 14.7 163.43 152.53
74.9 217.4 76.3 207.1 159.32 153.25
66.7 2.9 70.4 2.8 136.34 139.08
64.6 11.8 63.8 10.8 130.57 123.59
64 19 59.9 18.8 128.99 115.36
62.5 89.1 61.6 86.5 125.51 119.56
69.2 158.7 69.2 148.1 143.31 136.40
58.7 6.3 57 6.2 115.57 109.49
61.1 124.8 61.2 122.3 122.44 119.19
75 1.9 73.4 1.9 161.06 146.64
65 4.3 66.3 4 131.64 129.24
64.3 4.8 66.9 4.7 129.75 130.65
70.7 4.3 70.1 4.3 147.90 138.34
60.4 16.7 60.7 16.3 119.77 116.98
60.1 0.5 61.5 0.4 118.90 118.52
76.8 54 77 50.7 166.17 155.68
74.9 28.4 75.2 27.3 160.49 151.14
64.3 66.5 64.5 64.7 129.96 125.47
70.5 18.1 69.1 17.4 147.24 135.89
63.3 22.5 62.8 22.6 127.16 121.48
70.3 5 68.4 5 146.71 134.21
64.6 11.6 65 10.8 130.57 126.28
73 26.6 73.8 25.2 154.67 147.55
78.1 34.5 79.4 32.2 170.52 162.23
73.6 142.5 73.6 132 155.80 146.74
"""
BY_HAND = np.array([[[10, 2, 30], [20, 4, 10], [15, 8, 20], [5, 6, 40]]], dtype=float)


def formula(count: int, **fields: Any) -> Formula:
    return Formula(tuple(Ingredient(f"i{number}") for number in range(count)), **fields)


def test_the_sixty_published_values_are_reproduced() -> None:
    table = np.array([[float(cell) for cell in line.split()] for line in COUNTRIES.split("\n") if line])
    assert table.shape == (30, 6)
    figures = np.stack([table[:, 0:2], table[:, 2:4]])
    found = compute(formula(2, ddof=1), figures, reference=[[50, 100], [50, 100]])
    published = np.stack([table[:, 4], table[:, 5]])
    assert np.abs(found.value - published).max() < 0.005


@pytest.mark.parametrize(
    ("method", "penalty", "expected"),
    [
        (Method.AMPI, Penalty.PLUS, [92.9630, 103.1034, 112.4242, 109.3548]),
        (Method.AMPI, Penalty.MINUS, [87.0370, 90.2299, 107.5758, 97.3118]),
        (Method.AMPI, Penalty.NONE, [90, 96.66667, 110, 103.33333]),
        (Method.MPI, Penalty.PLUS, [96.0862, 99.7726, 104.9826, 102.7169]),
        (Method.MPI, Penalty.MINUS, [94.9696, 97.2460, 103.9616, 100.2645]),
    ],
)
def test_four_areas_by_hand(method: Method, penalty: Penalty, expected: list[float]) -> None:
    found = compute(formula(3, method=method, penalty=penalty), BY_HAND)
    assert np.abs(found.value[0] - expected).max() < 1e-4


def test_the_steps_of_four_areas_by_hand() -> None:
    found = compute(formula(3), BY_HAND)
    assert found.scaled[0].tolist() == [[90, 70, 110], [130, 90, 70], [110, 130, 90], [70, 110, 130]]
    assert found.parts[""].deviation[0] == pytest.approx([16.3299, 24.9444, 16.3299, 24.9444], abs=1e-4)


def test_a_negative_polarity_turns_an_indicator_round() -> None:
    turned = Formula((Ingredient("a", -1), Ingredient("b"), Ingredient("c")))
    assert compute(turned, BY_HAND).scaled[0][:, 0].tolist() == [110, 70, 90, 130]
    standardised = replace(turned, method=Method.MPI)
    straight = compute(formula(3, method=Method.MPI), BY_HAND).scaled[0][:, 0]
    assert compute(standardised, BY_HAND).scaled[0][:, 0] == pytest.approx(200 - straight)


def test_weights_of_a_whole_number_are_repetitions() -> None:
    weighted = Formula((Ingredient("a", weight=2), Ingredient("b"), Ingredient("c")))
    twice = BY_HAND[:, :, [0, 0, 1, 2]]
    assert compute(weighted, BY_HAND).value == pytest.approx(compute(formula(4), twice).value)


def test_goalposts_over_the_years_let_years_be_compared_and_those_of_each_year_do_not() -> None:
    grown = np.concatenate([BY_HAND, BY_HAND + 5])
    apart = compute(formula(3, goalposts=Goalposts.SET), grown).value
    together = compute(formula(3, goalposts=Goalposts.YEARS), grown).value
    assert apart[0] == pytest.approx(apart[1])
    assert (together[1] > together[0]).all()


def test_domains_are_scored_apart_and_then_averaged() -> None:
    three = Formula(
        (Ingredient("a", domain="x"), Ingredient("b", domain="x"), Ingredient("c", domain="y")),
        domains=(("x", 1), ("y", 3)),
    )
    found = compute(three, BY_HAND)
    x = compute(formula(2), BY_HAND[:, :, :2]).value
    assert found.parts["x"].value == pytest.approx(x)
    assert found.parts["y"].penalty == pytest.approx(np.zeros((1, 4)))
    assert found.value == pytest.approx((x + 3 * found.parts["y"].value) / 4)


def test_who_lacks_an_indicator_gets_no_value_and_moves_no_goalpost() -> None:
    more = np.concatenate([BY_HAND, [[[900, np.nan, 900]]]], axis=1)
    found = compute(formula(3), more)
    assert found.complete[0].tolist() == [True, True, True, True, False]
    assert np.isnan(found.value[0, 4])
    assert found.value[0, :4] == pytest.approx(compute(formula(3), BY_HAND).value[0])


def test_a_year_without_figures_is_empty_and_harms_no_other() -> None:
    found = compute(formula(3), np.concatenate([np.full_like(BY_HAND, np.nan), BY_HAND]))
    assert np.isnan(found.value[0]).all()
    assert found.value[1] == pytest.approx(compute(formula(3), BY_HAND).value[0])


@pytest.mark.parametrize("method", list(Method))
def test_a_constant_indicator_is_refused_by_name(method: Method) -> None:
    flat = BY_HAND.copy()
    flat[:, :, 1] = 0.1 + 0.2
    with pytest.raises(CompositeError, match="i1: it is the same in all areas"):
        compute(formula(3, method=method), flat)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Formula(()), "at least one indicator"),
        (formula(3, ddof=2), "ddof"),
        (formula(3, goalposts=Goalposts.GIVEN), "i0: its lowest and highest"),
        (formula(3, method=Method.MPI, goalposts=Goalposts.GIVEN), "cannot be given"),
        (Formula((Ingredient("a"), Ingredient("a"), Ingredient("b"))), "twice"),
        (Formula((Ingredient("a", 0), Ingredient("b"), Ingredient("c"))), "polarity"),
        (Formula(tuple(Ingredient(k, weight=0) for k in "abc")), "weights"),
        (Formula(tuple(Ingredient(k, weight=-1) for k in "abc")), "weights"),
        (Formula(tuple(Ingredient(k, low=2, high=1) for k in "abc"), goalposts=Goalposts.GIVEN), "smaller"),
        (Formula(tuple(Ingredient(k, low=1000, high=1001) for k in "abc"), goalposts=Goalposts.GIVEN), "above zero"),
        (Formula(tuple(Ingredient(k, domain=k) for k in "abc"), ddof=1, domains=(("a", 1), ("b", 1), ("c", 1))), "a: "),
        (Formula(tuple(Ingredient(k, domain="a") for k in "abc"), domains=(("a", 1), ("b", 1))), "no indicator"),
        (Formula(tuple(Ingredient(k, domain="z") for k in "abc"), domains=(("a", 1),)), "not one of the index"),
        (Formula(tuple(Ingredient(k, domain="a") for k in "abc"), domains=(("a", 0),)), "weights of the domains"),
    ],
)
def test_a_definition_that_cannot_be_computed_says_why(wrong: Formula, said: str) -> None:
    figures = BY_HAND if wrong.ingredients else np.zeros((1, 4, 0))
    with pytest.raises(CompositeError, match=said):
        compute(wrong, figures)


def test_a_reference_that_is_missing_is_said() -> None:
    with pytest.raises(CompositeError, match="i1: its reference"):
        compute(formula(3), BY_HAND, reference=[[10, np.nan, 20]])
    with pytest.raises(CompositeError, match="no reference"):
        compute(formula(3, method=Method.MPI), BY_HAND, reference=[[10, 5, 20]])


# --- what holds for any figures -----------------------------------------------------------------------------------
FIGURES = st.integers(2, 5).flatmap(
    lambda count: arrays(np.float64, (2, 7, count), elements=st.integers(-5000, 5000).map(lambda n: n / 100))
)


few = settings(max_examples=40)


def varied(figures: Any) -> bool:
    return bool((np.ptp(figures, axis=1) > 0.05).all())


@few
@given(FIGURES, st.sampled_from(list(Method)), st.integers(0, 1))
def test_the_penalty_is_never_negative_and_the_signs_mirror_each_other(figures: Any, method: Method, ddof: int) -> None:
    assume(varied(figures))
    count = figures.shape[2]
    plus = compute(formula(count, method=method, ddof=ddof), figures)
    minus = compute(formula(count, method=method, ddof=ddof, penalty=Penalty.MINUS), figures)
    none = compute(formula(count, method=method, ddof=ddof, penalty=Penalty.NONE), figures)
    assert (plus.parts[""].penalty >= 0).all()
    assert plus.value + minus.value == pytest.approx(2 * none.value)


@few
@given(st.floats(71, 129), st.integers(2, 9), st.sampled_from(list(Penalty)))
def test_equal_indicators_leave_the_mean_alone(level: float, count: int, penalty: Penalty) -> None:
    assert penalised([level] * count, [1.0] * count, penalty).value == pytest.approx(level)


@few
@given(FIGURES, st.integers(0, 6))
def test_frozen_goalposts_keep_a_unit_where_it_is_when_others_move(figures: Any, unit: int) -> None:
    fixed = Formula(
        tuple(Ingredient(f"i{n}", low=-60, high=60) for n in range(figures.shape[2])), goalposts=Goalposts.GIVEN
    )
    moved = figures + 1
    moved[:, unit] = figures[:, unit]
    assert compute(fixed, moved).value[:, unit] == pytest.approx(compute(fixed, figures).value[:, unit])


@few
@given(FIGURES, st.sampled_from(list(Method)), st.floats(0.1, 50), st.floats(-100, 100))
def test_units_of_measure_do_not_matter(figures: Any, method: Method, factor: float, shift: float) -> None:
    assume(varied(figures))
    same = formula(figures.shape[2], method=method, goalposts=Goalposts.YEARS)
    assert compute(same, figures * factor + shift).value == pytest.approx(compute(same, figures).value, abs=1e-6)


@few
@given(FIGURES)
def test_ampi_runs_from_seventy_to_a_hundred_and_thirty_and_the_reference_scores_a_hundred(figures: Any) -> None:
    assume(varied(figures))
    scaled = compute(formula(figures.shape[2]), figures).scaled
    assert scaled.min() >= 70 - 1e-9
    assert scaled.max() <= 130 + 1e-9
    centred = compute(formula(figures.shape[2]), figures, reference=figures[:, 3])
    assert centred.scaled[:, 3] == pytest.approx(np.full((2, figures.shape[2]), 100.0))
    assert centred.value[:, 3] == pytest.approx([100.0, 100.0])


# --- sensitivity --------------------------------------------------------------------------------------------------
def test_ranks_of_equals_are_averaged_and_classes_are_of_one_size() -> None:
    assert ranks([3.0, 1.0, 3.0, np.nan, 2.0]).tolist()[:3] == [3.5, 1, 3.5]
    assert classes_of(np.arange(10)).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert classes_of([5.0, np.nan, 7.0]).tolist() == [1, 0, 2]
    assert classes_of([np.nan]).tolist() == [0]
    assert classes_of([1.0, 1.0 + 1e-13, 2.0, 3.0, 4.0]).tolist() == [2, 2, 3, 4, 5]


def test_an_indicator_that_decides_alone_is_found_and_the_trials_are_all_made() -> None:
    # `loud` orders the ten areas one way; without it `quiet`, which runs the other way, decides.
    order = np.arange(10.0)
    figures = np.stack([order, -order * 0.01 + (order % 2) * 0.0001], axis=1)[None]
    two = Formula((Ingredient("loud", weight=9), Ingredient("quiet")))
    found = sensitivity(two, figures, 0)
    assert found.count == 10
    worst = found.worst(WITHOUT)
    assert worst is not None
    assert (worst.key, worst.moved) == ("loud", 8)  # the class in the middle stays
    kinds = [trial.kind for trial in found.trials]
    assert [kinds.count(kind) for kind in (WITHOUT, WEIGHT, METHOD)] == [2, 4, 4]
    assert found.stable + int((found.lowest != found.highest).sum()) == 10
    assert found.far >= worst.far > 0


def test_a_trial_that_cannot_be_made_is_named_and_who_lacks_a_figure_stays_out() -> None:
    figures = np.array([[[1, 5], [2, 4], [3, 7], [4, 9], [5, np.nan]]], dtype=float)
    found = sensitivity(formula(2, ddof=1), figures, 0)
    assert found.classes[4] == 0
    assert all(trial.classes[4] == 0 for trial in found.trials)
    assert {(kind, key) for kind, key, _why in found.impossible} == {(WITHOUT, "i0"), (WITHOUT, "i1")}
