"""Composite indices with a penalty for imbalance: MPI, AMPI and their weighted forms.

Sources of the formulas: Mazziotta and Pareto, "On a generalized non-compensatory composite index for measuring
socio-economic phenomena" (Social Indicators Research, 2016) for both; De Muro, Mazziotta and Pareto (2011) for MPI. The
text with every formula is in `docs/indices.md`.

Arrays have the shape (years, units, indicators) or a part of it; what is missing is NaN. A unit that lacks one
indicator in a year gets no value in that year, and does not take part in the means, deviations and goalposts of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CENTRE, SPREAD = 100.0, 10.0  # of MPI: every standardised indicator has mean 100 and standard deviation 10
LOWEST, RANGE = 70.0, 60.0  # of AMPI: between the goalposts an indicator runs from 70 to 130


class Method(StrEnum):
    """How indicators are brought to one scale."""

    MPI = "mpi"  # by mean and standard deviation
    AMPI = "ampi"  # between two goalposts


class Penalty(StrEnum):
    """What is done with the imbalance of a unit: added (bad phenomena), taken away (good ones), or nothing."""

    PLUS = "plus"
    MINUS = "minus"
    NONE = "none"


class Goalposts(StrEnum):
    """Where mean and deviation (MPI), or lowest and highest value (AMPI), are taken from."""

    SET = "set"  # the units of each year by themselves
    YEARS = "years"  # the units of all years together
    GIVEN = "given"  # stated for each indicator (AMPI alone)


SIGNS = {Penalty.PLUS: 1.0, Penalty.MINUS: -1.0, Penalty.NONE: 0.0}


class CompositeError(ValueError):
    """The figures or the definition do not allow an index. `indicator` is the key of the one that is to blame."""

    def __init__(self, reason: str, indicator: str = "", year: int | None = None) -> None:
        super().__init__(": ".join(part for part in (indicator, reason) if part))
        self.reason, self.indicator, self.year = reason, indicator, year


@dataclass(frozen=True)
class Ingredient:
    """An indicator in an index. `polarity` +1: the higher it is, the more there is of what the index measures.

    `low` and `high` are given goalposts. `domain` is the key of the domain it belongs to, empty in an index without.
    """

    key: str
    polarity: int = 1
    weight: float = 1.0
    domain: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Formula:
    """Everything that decides an index, beside the figures.

    With `domains` (pairs of key and weight) each gets a score of its own, and the index is their weighted mean. `ddof`
    is 0 for the standard deviation of a whole set (÷ m), 1 for that of a sample (÷ m − 1); it holds for the deviation
    between the indicators of a unit, and for that between units in MPI.
    """

    ingredients: tuple[Ingredient, ...]
    method: Method = Method.AMPI
    penalty: Penalty = Penalty.PLUS
    ddof: int = 0
    goalposts: Goalposts = Goalposts.SET
    domains: tuple[tuple[str, float], ...] = ()

    def of_domain(self, key: str) -> list[int]:
        """The positions of the ingredients of a domain."""
        return [number for number, one in enumerate(self.ingredients) if one.domain == key]


@dataclass(frozen=True)
class Score:
    """The steps from standardised indicators to a score, each of shape (years, units): value = mean + penalty."""

    mean: Floats
    deviation: Floats
    variation: Floats  # deviation ÷ mean
    penalty: Floats  # with its sign
    value: Floats


@dataclass(frozen=True)
class Computed:
    """An index with all that it went through.

    `low` and `high` (years, indicators) are the goalposts of AMPI; for MPI they are mean and standard deviation.
    `parts` holds the score of each domain (of "" alone when there are none); `outside` says which figures lie beyond
    given goalposts.
    """

    value: Floats
    scaled: Floats
    low: Floats
    high: Floats
    parts: dict[str, Score]
    complete: Bools
    outside: Bools


def compute(formula: Formula, figures: Any, reference: Any = None) -> Computed:
    """The index of every unit in every year.

    `figures`: (years, units, indicators), NaN where missing. `reference` (AMPI): (years, indicators) values that score
    100 — goalposts are then centred on them, as wide apart as the range — or None. Raises CompositeError.
    """
    x = np.asarray(figures, dtype=float)
    _check(formula, x)
    complete = np.isfinite(x).all(axis=2)
    known = np.where(complete[:, :, None], x, np.nan)
    polarity = np.array([one.polarity for one in formula.ingredients], dtype=float)
    outside = np.zeros(x.shape, dtype=bool)
    if formula.method is Method.MPI:
        if reference is not None:
            raise CompositeError("MPI has no reference value: its mean is always 100")
        low, high = _mean_and_deviation(formula, known)
        scaled = CENTRE + SPREAD * polarity * (known - low[:, None, :]) / high[:, None, :]
    else:
        low, high = _goalposts(formula, known, reference)
        upward = (known - low[:, None, :]) / (high - low)[:, None, :]
        scaled = LOWEST + RANGE * np.where(polarity > 0, upward, 1 - upward)
        if formula.goalposts is Goalposts.GIVEN:
            outside = complete[:, :, None] & ((x < low[:, None, :]) | (x > high[:, None, :]))
    parts, value = _scores(formula, scaled)
    return Computed(value, scaled, low, high, parts, complete, outside)


def penalised(scaled: Any, weights: Any, penalty: Penalty = Penalty.PLUS, ddof: int = 0) -> Score:
    """Mean ± penalty over the last axis: M ± S·cv, with M = Σ w·r and S² = Σ w·(r − M)² ÷ (1 − ddof·Σ w²).

    Weights are brought to a sum of one. With equal weights the divisor turns ÷ m into ÷ (m − ddof). Raises
    CompositeError where the deviation cannot be had (one indicator with ddof 1) or the mean is not above zero.
    """
    r = np.asarray(scaled, dtype=float)
    w = np.asarray(weights, dtype=float)
    if w.ndim != 1 or w.shape[0] != r.shape[-1] or not np.isfinite(w).all() or (w < 0).any() or not w.sum() > 0:
        raise CompositeError("weights are numbers from zero up, one for each indicator, and not all zero")
    w = w / w.sum()
    room = 1 - ddof * float((w**2).sum())
    if room <= 1e-12 and penalty is not Penalty.NONE:
        raise CompositeError("one indicator alone has no deviation ÷ (m − 1): use ÷ m, or add an indicator")
    mean = (r * w).sum(axis=-1)
    if (mean <= 0).any():
        raise CompositeError("a mean is not above zero: the goalposts do not fit these figures")
    squares = (w * (r - mean[..., None]) ** 2).sum(axis=-1)
    deviation = np.sqrt(squares / room) if room > 1e-12 else np.zeros_like(mean) * mean
    variation = deviation / mean
    added = SIGNS[penalty] * deviation * variation
    return Score(mean, deviation, variation, added, mean + added)


def weighted_mean(parts: Sequence[Any], weights: Sequence[float]) -> Floats:
    """The mean of scores of equal shape. Raises CompositeError when the weights add up to nothing."""
    w = np.asarray(weights, dtype=float)
    if not len(parts) or (w < 0).any() or not w.sum() > 0:
        raise CompositeError("the weights of the domains are numbers from zero up, and not all zero")
    stacked = np.stack([np.asarray(part, dtype=float) for part in parts], axis=-1)
    return np.asarray((stacked * (w / w.sum())).sum(axis=-1))


def _check(formula: Formula, x: Floats) -> None:
    if x.ndim != 3 or x.shape[2] != len(formula.ingredients):
        raise CompositeError("figures come as years × units × indicators")
    if not formula.ingredients:
        raise CompositeError("an index needs at least one indicator")
    if formula.ddof not in (0, 1):
        raise CompositeError("ddof is 0 or 1")
    keys = [one.key for one in formula.ingredients]
    if len(set(keys)) < len(keys):
        raise CompositeError("an indicator stands twice")
    for one in formula.ingredients:
        if one.polarity not in (1, -1):
            raise CompositeError("polarity is +1 or -1", one.key)
    _check_domains(formula)
    if np.isinf(x).any():
        raise CompositeError("a figure is infinite")


def _check_domains(formula: Formula) -> None:
    named = {key for key, _weight in formula.domains}
    for one in formula.ingredients:
        if named and one.domain not in named:
            raise CompositeError("its domain is not one of the index", one.key)
    for key in named:
        if not formula.of_domain(key):
            raise CompositeError("a domain has no indicator", key)


def _pooled(formula: Formula, known: Floats) -> list[Floats]:
    """For each year the complete units from which means or goalposts are taken: (units, indicators), without NaN."""
    sets = [year[np.isfinite(year).all(axis=1)] for year in known]
    if formula.goalposts is Goalposts.SET:
        return sets
    together = np.concatenate(sets) if sets else np.zeros((0, known.shape[2]))
    return [together] * len(sets)


def _mean_and_deviation(formula: Formula, known: Floats) -> tuple[Floats, Floats]:
    if formula.goalposts is Goalposts.GIVEN:
        raise CompositeError("MPI takes mean and deviation from the figures: goalposts cannot be given")
    years, _units, count = known.shape
    mean, deviation = np.full((years, count), np.nan), np.full((years, count), np.nan)
    for number, rows in enumerate(_pooled(formula, known)):
        if not len(rows):
            continue
        if len(rows) < 2:
            raise CompositeError("an index needs at least two areas with all indicators")
        mean[number], deviation[number] = rows.mean(axis=0), rows.std(axis=0, ddof=formula.ddof)
        _refuse_constant(formula, rows)
    return mean, deviation


def _goalposts(formula: Formula, known: Floats, reference: Any) -> tuple[Floats, Floats]:
    years, _units, count = known.shape
    low, high = np.full((years, count), np.nan), np.full((years, count), np.nan)
    if formula.goalposts is Goalposts.GIVEN:
        for number, one in enumerate(formula.ingredients):
            if one.low is None or one.high is None:
                raise CompositeError("its lowest and highest value are to be given", one.key)
            if not np.isfinite([one.low, one.high]).all() or not one.low < one.high:
                raise CompositeError("the lowest value given must be smaller than the highest", one.key)
            low[:, number], high[:, number] = one.low, one.high
    else:
        for number, rows in enumerate(_pooled(formula, known)):
            if len(rows):
                _refuse_constant(formula, rows)
                low[number], high[number] = rows.min(axis=0), rows.max(axis=0)
    if reference is None:
        return low, high
    centre = np.asarray(reference, dtype=float)
    if centre.shape != low.shape:
        raise CompositeError("a reference is one value for each year and indicator")
    for number, one in enumerate(formula.ingredients):
        if (~np.isfinite(centre[:, number]) & np.isfinite(low[:, number])).any():
            raise CompositeError("its reference value is missing", one.key)
    half = (high - low) / 2
    return centre - half, centre + half


def _refuse_constant(formula: Formula, rows: Floats) -> None:
    for number, one in enumerate(formula.ingredients):
        column = rows[:, number]
        # Equal but for rounding is equal: else the noise of the last digit would be blown up to the whole scale.
        if np.ptp(column) <= 1e-12 * max(1.0, float(np.abs(column).max())):
            raise CompositeError("it is the same in all areas: it tells none from another", one.key)


def _scores(formula: Formula, scaled: Floats) -> tuple[dict[str, Score], Floats]:
    groups = [key for key, _weight in formula.domains] or [""]
    parts = {}
    for key in groups:
        members = formula.of_domain(key) if formula.domains else list(range(len(formula.ingredients)))
        weights = [formula.ingredients[number].weight for number in members]
        try:
            parts[key] = penalised(scaled[:, :, members], weights, formula.penalty, formula.ddof)
        except CompositeError as error:
            raise CompositeError(error.reason, key) from error
    if not formula.domains:
        return parts, parts[""].value
    return parts, weighted_mean([parts[key].value for key in groups], [weight for _key, weight in formula.domains])
