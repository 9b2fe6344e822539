"""How firm the classes of an index are: it is computed again, one choice changed at a time, and classes are compared.

Units are put into classes of equal size by rank (quintiles). A trial leaves out one indicator, doubles or halves one
weight, or changes one choice of method. What is told is how many units change class, and how far.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trama.insight.analysis.composite import (
    CompositeError,
    Formula,
    Goalposts,
    Ingredient,
    Method,
    Penalty,
    compute,
)

CLASSES = 5
WITHOUT, WEIGHT, METHOD = "without", "weight", "method"
FACTORS = (0.5, 2.0)

Classes = NDArray[np.int64]


def ranks(values: Any) -> NDArray[np.float64]:
    """Ranks from 1 (the lowest); equal values share the mean of their ranks, NaN has none (NaN)."""
    v = np.asarray(values, dtype=float)
    found = np.full(v.shape, np.nan)
    known = np.isfinite(v)
    distinct, place, count = np.unique(v[known], return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    found[known] = (last - (count - 1) / 2)[place] if len(distinct) else found[known]
    return found


def classes_of(values: Any, count: int = CLASSES) -> Classes:
    """Classes 1 (the lowest) … `count` of as equal a size as ties allow; 0 where there is no value.

    Values that agree to nine digits are equal: a class must not hang on the noise of the last digit. With fewer units
    than classes there are as many classes as units.
    """
    v = np.asarray(values, dtype=float)
    rank = ranks(np.array([float(f"{one:.9g}") for one in v.ravel()]).reshape(v.shape))
    known = int(np.isfinite(rank).sum())
    if not known:
        return np.zeros(rank.shape, dtype=np.int64)
    most = min(count, known)
    placed = np.floor((np.nan_to_num(rank, nan=0.5) - 0.5) * most / known).astype(np.int64) + 1
    return np.where(np.isfinite(rank), np.clip(placed, 1, most), 0)


@dataclass(frozen=True)
class Trial:
    """One choice changed. `kind` is without, weight or method; `key` is the indicator, domain or choice changed.

    `factor` is that of a weight. `moved` units change class, `far` of them by two or more.
    """

    kind: str
    key: str
    classes: Classes
    moved: int
    far: int
    factor: float = 1.0


@dataclass(frozen=True)
class Sensitivity:
    """What all trials say of one year. Arrays have one place per unit; 0 where the unit has no value."""

    classes: Classes
    count: int  # of units with a value
    trials: tuple[Trial, ...]
    lowest: Classes
    highest: Classes
    impossible: tuple[tuple[str, str, str], ...]  # kind, key, reason of the trials that cannot be made

    @property
    def stable(self) -> int:
        """Units that stay in their class in every trial."""
        return int(((self.lowest == self.highest) & (self.classes > 0)).sum())

    @property
    def far(self) -> int:
        """Units that in some trial move by two classes or more."""
        away = np.maximum(self.highest - self.classes, self.classes - self.lowest)
        return int(((away >= 2) & (self.classes > 0)).sum())

    def worst(self, kind: str) -> Trial | None:
        """The trial of a kind that moves most units; None when there is none that moves any."""
        found = [trial for trial in self.trials if trial.kind == kind and trial.moved]
        return max(found, key=lambda trial: (trial.moved, trial.far), default=None)


def sensitivity(formula: Formula, figures: Any, year: int, reference: Any = None, count: int = CLASSES) -> Sensitivity:
    """The classes of the year at position `year`, tried against every other choice. Raises CompositeError.

    `figures` and `reference` are those of `compute`. Units are those with all indicators, in every trial: a trial that
    leaves an indicator out does not let others in, so that only the choice changes.
    """
    x = np.asarray(figures, dtype=float)
    complete = np.isfinite(x).all(axis=2)
    x = np.where(complete[:, :, None], x, np.nan)
    base = classes_of(compute(formula, x, reference).value[year], count)
    known = base > 0
    trials: list[Trial] = []
    impossible: list[tuple[str, str, str]] = []
    lowest, highest = base.copy(), base.copy()
    for kind, key, factor, other, columns in _others(formula):
        ref = None if reference is None or other.method is Method.MPI else np.asarray(reference, dtype=float)
        try:
            value = compute(other, x[:, :, columns], None if ref is None else ref[:, columns]).value[year]
        except CompositeError as error:
            impossible.append((kind, key, error.reason))
            continue
        found = classes_of(np.where(complete[year], value, np.nan), count)
        away = np.abs(found - base)[known]
        trials.append(Trial(kind, key, found, int((away > 0).sum()), int((away >= 2).sum()), factor))
        lowest, highest = np.minimum(lowest, found), np.maximum(highest, found)
    return Sensitivity(base, int(known.sum()), tuple(trials), lowest, highest, tuple(impossible))


Other = tuple[str, str, float, Formula, list[int]]


def _others(formula: Formula) -> Iterator[Other]:
    """Every formula that differs from this one in one choice, with the columns of figures that it takes."""
    every = list(range(len(formula.ingredients)))
    for number, one in enumerate(formula.ingredients):
        if len(every) > 1:
            left = [position for position in every if position != number]
            yield WITHOUT, one.key, 1.0, _without(formula, one), left
    for number, one in enumerate(formula.ingredients):
        peers = [other for other in formula.ingredients if other.domain == one.domain or not formula.domains]
        if len(peers) > 1:
            for factor in FACTORS:
                heavier = replace(one, weight=one.weight * factor)
                several = (*formula.ingredients[:number], heavier, *formula.ingredients[number + 1 :])
                yield WEIGHT, one.key, factor, replace(formula, ingredients=several), every
    if len(formula.domains) > 1:
        for key, _weight in formula.domains:
            for factor in FACTORS:
                weights = tuple((name, w * factor if name == key else w) for name, w in formula.domains)
                yield WEIGHT, key, factor, replace(formula, domains=weights), every
    for key, other in methods(formula):
        yield METHOD, key, 1.0, other, every


def _without(formula: Formula, gone: Ingredient) -> Formula:
    left = tuple(one for one in formula.ingredients if one.key != gone.key)
    held = {one.domain for one in left}
    return replace(formula, ingredients=left, domains=tuple(pair for pair in formula.domains if pair[0] in held))


def methods(formula: Formula) -> Iterator[tuple[str, Formula]]:
    """The other ways to make the same index: the other method, no penalty, the other sign, the other deviation."""
    if formula.method is Method.AMPI:
        spread = Goalposts.SET if formula.goalposts is Goalposts.GIVEN else formula.goalposts
        yield Method.MPI.value, replace(formula, method=Method.MPI, goalposts=spread)
    else:
        yield Method.AMPI.value, replace(formula, method=Method.AMPI)
    if formula.penalty is not Penalty.NONE:
        other = Penalty.MINUS if formula.penalty is Penalty.PLUS else Penalty.PLUS
        yield "mean", replace(formula, penalty=Penalty.NONE)
        yield "sign", replace(formula, penalty=other)
        yield "ddof", replace(formula, ddof=1 - formula.ddof)
