"""Neighbours and what they are like, against values worked out by hand and by trying every arrangement."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from trama.insight.analysis import neighbours, spatial
from trama.insight.analysis.neighbours import Weights, WeightsError, from_lists
from trama.insight.analysis.spatial import SpatialError
from trama.insight.analysis.thirds import HIGH, LOW, MIDDLE, third_of, thirds

STREET = from_lists({0: [1], 1: [0, 2], 2: [1, 3], 3: [2]})


def grid(columns: int, rows: int, *, corners: bool = True) -> Weights:
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    boxes = shapely.box(x.ravel() * 100, y.ravel() * 100, x.ravel() * 100 + 100, y.ravel() * 100 + 100)
    return neighbours.contiguity(boxes, corners=corners)


# --- neighbours ---------------------------------------------------------------------------------------------------
def test_queen_takes_corners_and_rook_does_not() -> None:
    queen, rook = grid(3, 3), grid(3, 3, corners=False)
    assert queen.neighbours_of(4) == [0, 1, 2, 3, 5, 6, 7, 8]
    assert rook.neighbours_of(4) == [1, 3, 5, 7]
    assert (queen.counts.sum(), rook.counts.sum()) == (40, 24)
    assert queen.islands == []
    assert rook.mean_neighbours == pytest.approx(24 / 9)


def test_a_crack_of_less_than_a_metre_is_no_border() -> None:
    left, right = shapely.box(0, 0, 100, 100), shapely.box(100.8, 0, 200, 100)
    far = shapely.box(203, 0, 300, 100)
    found = neighbours.contiguity([left, right, far])
    assert [found.neighbours_of(area) for area in range(3)] == [[1], [0], []]
    assert found.islands == [2]
    assert neighbours.contiguity([left, right, far], gap=0).islands == [0, 1, 2]
    # They meet at a corner only, and across a crack.
    diagonal = shapely.box(100.5, 100.5, 200, 200)
    assert neighbours.contiguity([left, diagonal]).neighbours_of(0) == [1]
    assert neighbours.contiguity([left, diagonal], corners=False).neighbours_of(0) == []
    # Of a common border of seven metres a rook knows nothing, of one of twelve he does.
    for length, known in ((7, []), (12, [1])):
        beside = shapely.box(100, 100 - length, 200, 300)
        assert neighbours.contiguity([left, beside], corners=False).neighbours_of(0) == known


def test_what_overlaps_touches_and_lines_are_refused() -> None:
    found = neighbours.contiguity([shapely.box(0, 0, 10, 10), shapely.box(5, 5, 20, 20)])
    assert found.neighbours_of(0) == [1]
    with pytest.raises(WeightsError, match="polygons"):
        neighbours.contiguity([shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1)])])
    assert neighbours.contiguity([]).n == 0


def test_the_nearest_are_always_so_many_and_ties_go_by_order() -> None:
    points = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (50, 0)]
    found = neighbours.nearest(points, 2)
    assert found.neighbours_of(0) == [1, 2], "four are equally near: the first two"
    assert found.counts.tolist() == [2] * 6
    assert found.neighbours_of(5) == [0, 1]
    assert 5 not in found.neighbours_of(1), "nearness is not mutual"
    for k in (0, 6):
        with pytest.raises(WeightsError):
            neighbours.nearest(points, k)


def test_a_distance_leaves_islands_or_is_the_least_that_leaves_none() -> None:
    points = [(0, 0), (3, 4), (3, 10)]
    assert neighbours.within_distance(points, 5).islands == [2]
    least = neighbours.within_distance(points)
    assert (least.islands, least.reach) == ([], pytest.approx(6))
    assert least.neighbours_of(1) == [0, 2]
    with pytest.raises(WeightsError, match="number"):
        neighbours.within_distance([(0, float("nan"))])


def test_a_distance_that_makes_all_neighbours_of_all_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(1).uniform(0, 100, (60, 2))
    assert neighbours.within_distance(points, 1_000).mean_neighbours == 59
    monkeypatch.setattr(neighbours, "MOST_LINKS", 3_000)
    with pytest.raises(neighbours.TooManyNeighbours):
        neighbours.within_distance(points, 1_000)
    assert neighbours.within_distance(points, 20).mean_neighbours < 20


def test_many_points_are_looked_at_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(1).uniform(0, 100, (50, 2))
    whole = neighbours.nearest(points, 5), neighbours.within_distance(points)
    monkeypatch.setattr(neighbours, "CHUNK", 7)
    parts = neighbours.nearest(points, 5), neighbours.within_distance(points)
    for one, other in zip(whole, parts, strict=True):
        assert (one.cols == other.cols).all()
        assert (one.starts == other.starts).all()
        assert one.reach == pytest.approx(other.reach)


def test_degrees_become_metres_as_long_both_ways() -> None:
    flat = neighbours.metres([shapely.box(11.30, 44.50, 11.31, 44.51)])[0]
    west, south, east, north = flat.bounds
    assert north - south == pytest.approx(1112, abs=1)
    assert east - west == pytest.approx(793, abs=1)


def test_weights_of_a_published_list() -> None:
    found = neighbours.read_gal("3\n1 1\n2\n2 2\n1 3\n3 1\n2\n")
    assert found == {"1": ["2"], "2": ["1", "3"], "3": ["2"]}
    assert neighbours.read_gal("0 1 name key\n7 0\n\n") == {"7": []}
    with pytest.raises(WeightsError, match="states 4"):
        neighbours.read_gal("4\n1 1\n2\n2 1\n1\n")


def test_sums_of_weights_by_hand() -> None:
    assert STREET.sums == (6, 12, 40)  # S2: (1+1)² + (2+2)² + (2+2)² + (1+1)²
    s0, s1, s2 = STREET.standardised().sums
    # Pairs: 1 + 1/2, 1/2 + 1/2, 1/2 + 1; columns get 1/2, 3/2, 3/2, 1/2.
    assert (s0, s1, s2) == (4, pytest.approx(2.25 + 1 + 2.25), pytest.approx(2 * (1.5**2 + 2.5**2)))


# --- the statistics -----------------------------------------------------------------------------------------------
def test_a_street_of_four_by_hand() -> None:
    values = [1, 2, 3, 4]  # z = -1.5, -0.5, 0.5, 1.5; z'z = 5
    assert spatial.moran(values, STREET, 0).value == pytest.approx(4 / 6 * 2.5 / 5)
    assert spatial.moran(values, STREET.standardised(), 0).value == pytest.approx(0.4)
    assert spatial.moran(values, STREET, 0).expected == pytest.approx(-1 / 3)
    assert spatial.geary(values, STREET.standardised(), 0).value == pytest.approx(0.3)
    local = spatial.lisa(values, STREET.standardised(), 99)
    # (n - 1) / z'z = 3 / 5, times z times the mean of the neighbours.
    assert local.values.tolist() == pytest.approx([0.45, 0.15, 0.15, 0.45])
    assert local.quadrants.tolist() == [3, 3, 1, 1]


@pytest.mark.parametrize("weights", [STREET.standardised(), grid(2, 3, corners=False).standardised()])
def test_the_probability_is_that_of_all_arrangements(weights: Weights) -> None:
    values = np.array([4.0, 1.0, 2.0, 8.0, 3.0, 9.0])[: weights.n]
    found = spatial.moran(values, weights, 9_999)
    z = values - values.mean()
    scale = weights.n / weights.sums[0] / (z @ z)
    every = [scale * p @ weights.lag(p) for p in map(np.array, itertools.permutations(z))]
    # The normal approximation knows nothing of it; expectation and variance are those of every arrangement.
    assert found.expected == pytest.approx(np.mean(every))
    assert found.variance_random == pytest.approx(np.var(every))
    exact = min(np.mean(np.array(every) >= found.value - 1e-9), np.mean(np.array(every) <= found.value + 1e-9))
    assert found.p == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 9_999) ** 0.5 + 1e-3)
    contrast = spatial.geary(values, weights, 0)
    gaps = [np.array(p)[weights.rows] - np.array(p)[weights.cols] for p in itertools.permutations(z)]
    half = (weights.n - 1) / (2 * weights.sums[0]) / (z @ z)
    assert contrast.variance_random == pytest.approx(np.var([half * (weights.values * g * g).sum() for g in gaps]))


def test_local_probabilities_are_those_of_all_hands() -> None:
    weights = grid(3, 3, corners=False).standardised()
    values = np.array([9.0, 8, 1, 7, 9, 2, 1, 3, 2])
    found = spatial.lisa(values, weights, 9_999)
    z = (values - values.mean()) / values.std()
    lag = weights.lag(z)
    for area in range(9):
        others = np.delete(z, area)
        hands = [np.mean(hand) for hand in itertools.combinations(others, int(weights.counts[area]))]
        above = np.mean(np.array(hands) >= lag[area] - 1e-9)
        below = np.mean(np.array(hands) <= lag[area] + 1e-9)
        exact = min(above, below)
        assert found.p[area] == pytest.approx(exact, abs=5 * (exact * (1 - exact) / 9_999) ** 0.5 + 1e-3), area


def test_what_is_put_down_by_chance_seldom_passes_for_a_pattern() -> None:
    dice, weights = np.random.default_rng(4), grid(6, 6).standardised()
    doubled = [spatial.moran(dice.normal(size=36), weights, 99).two_sided for _ in range(200)]
    assert 0.01 <= np.mean(np.array(doubled) <= 0.05) <= 0.10
    # And of the areas of such a territory hardly ever one stands.
    stand = [spatial.lisa(dice.normal(size=36), weights, 399, seed=n).stands.any() for n in range(40)]
    assert np.mean(stand) <= 0.15


def test_the_correction_for_many_tests_as_published() -> None:
    # Benjamini and Hochberg (1995), section 4: of fifteen tests four stand.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert spatial.false_discovery_limit(p, 0.05) == 0.0095
    assert spatial.false_discovery_limit([0.2, 0.9]) == 0
    assert spatial.false_discovery_limit([]) == 0
    # One that fails at its own rank stands if a later one passes at its rank.
    assert spatial.false_discovery_limit([0.03, 0.04], 0.05) == 0.04


def test_a_cluster_stands_and_an_island_never_does() -> None:
    x, y = np.meshgrid(np.arange(12), np.arange(12))
    values = np.where((x < 4) & (y < 4), 10.0, 0.0).ravel() + np.random.default_rng(2).normal(size=144) * 0.3
    weights = grid(12, 12)
    found = spatial.lisa(values, weights.standardised(), 999)
    named = set(np.flatnonzero(found.stands & (found.quadrants == spatial.HIGH_HIGH)).tolist())
    inner = {row * 12 + column for row in range(3) for column in range(3)}
    assert inner <= named <= {row * 12 + column for row in range(5) for column in range(5)}
    alone = from_lists({**{n: weights.neighbours_of(n) for n in range(144)}, 144: []}).standardised()
    found = spatial.lisa([*values, 50.0], alone, 199)
    assert (found.values[144], found.p[144], found.stands[144]) == (0, 1, False)


def test_the_same_figures_give_the_same_answer() -> None:
    values, weights = np.random.default_rng(3).normal(size=36), grid(6, 6).standardised()
    assert spatial.moran(values, weights) == spatial.moran(values, weights)
    assert spatial.moran(values, weights, seed=1).p != spatial.moran(values, weights, seed=2).p
    assert (spatial.lisa(values, weights).p == spatial.lisa(values, weights).p).all()


def test_getis_and_ord_on_six_points() -> None:
    # The published worked example: six points, neighbours within 15.
    points = [(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)]
    values, weights = [2, 3, 3.2, 5, 8, 7], neighbours.within_distance(points, 15)
    value, _expected, p = spatial.getis_ord(values, weights)
    assert (round(value, 3), round(p, 3)) == (0.557, 0.173)
    published = [-1.0136729, -0.04361589, 1.31558703, -0.31412676, 1.15373986, 1.77833941]
    assert spatial.getis_ord_local(values, weights).tolist() == pytest.approx(published, abs=1e-7)
    with pytest.raises(SpatialError):
        spatial.getis_ord([-1, *values[1:]], weights)


def test_rates_of_small_bases_are_pulled_to_the_mean() -> None:
    found = spatial.rates([1, 10, 20, 30], [100, 1000, 1000, 1000])
    assert abs(found[0]) < abs(found[1]), "the same rate of one in a hundred, from fewer"
    with pytest.raises(SpatialError, match="base"):
        spatial.rates([1, 2, 3, 4], [1, 0, 1, 1])


def test_two_variables_look_at_what_is_around() -> None:
    weights = grid(6, 6).standardised()
    x = np.add.outer(np.arange(6.0), np.arange(6.0)).ravel()
    value, p = spatial.moran_of_two(x, x, weights)
    assert value == pytest.approx(spatial.moran(x, weights, 0).value)
    assert p == pytest.approx(0.001)
    assert spatial.moran_of_two(x, -x, weights, 0)[0] == pytest.approx(-value)


@pytest.mark.parametrize(
    ("values", "why"),
    [([1, 1, 1, 1], "equal"), ([0.1 + 0.2, 0.3, 0.3, 0.3], "equal"), ([1, 2, 3], "as many"), ([1, 2, np.nan, 4], "no")],
)
def test_what_allows_no_answer_is_said(values: list[float], why: str) -> None:
    tests: list[Callable[[Any, Weights], Any]] = [spatial.moran, spatial.geary, spatial.lisa]
    for test in tests:
        with pytest.raises(SpatialError, match=why):
            test(values, STREET)
    with pytest.raises(SpatialError, match="neighbour"):
        spatial.moran([1, 2, 3, 4], from_lists({n: [] for n in range(4)}))
    with pytest.raises(SpatialError, match="four"):
        spatial.moran([1, 2], from_lists({0: [1], 1: [0]}))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=12, max_size=12), st.randoms(use_true_random=False))
def test_names_scales_and_order_of_areas_do_not_matter(values: list[int], dice: Any) -> None:
    if len(set(values)) == 1:
        return
    weights, y = grid(4, 3).standardised(), np.array(values, dtype=float)
    i, c = spatial.moran(y, weights, 0).value, spatial.geary(y, weights, 0).value
    assert spatial.moran(y * -3.5 + 20, weights, 0).value == pytest.approx(i, abs=1e-9)
    order = list(range(12))
    dice.shuffle(order)
    assert spatial.moran(y[order], weights.among(order), 0).value == pytest.approx(i, abs=1e-9)
    assert spatial.geary(y[order], weights.among(order), 0).value == pytest.approx(c, abs=1e-9)


def test_thirds_keep_equals_together() -> None:
    bounds = thirds([1, 2, 3, 4, 5, 6])
    assert [third_of(value, bounds) for value in (1, 2, 3, 4, 5, 6)] == [LOW, LOW, MIDDLE, MIDDLE, HIGH, HIGH]
    bounds = thirds([0] * 8 + [1, 2])
    assert [third_of(value, bounds) for value in (0, 1, 2)] == [LOW, HIGH, HIGH]
    with pytest.raises(ValueError, match="no values"):
        thirds([])
