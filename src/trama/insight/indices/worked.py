"""One area worked through with its real numbers: from the figures to the score, every step shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from trama.insight.analysis.composite import LOWEST, RANGE, SPREAD, Method, Penalty
from trama.insight.indices.shapes import Index, Part
from trama.insight.indices.wording import figure, score
from trama.ui.numbers import number

MIDDLE = 100.0


@dataclass(frozen=True)
class Step:
    """An indicator of the area: its figure, the ends of its scale, the reckoning, the score."""

    name: str
    figure: str
    low: str
    high: str
    turned: bool
    reckoning: str
    score: str


@dataclass(frozen=True)
class Block:
    """A domain (or the whole index): the steps of its indicators, and from their mean to its score."""

    name: str
    steps: tuple[Step, ...]
    mean: str
    averaging: str  # the arithmetic of the mean
    spread: str  # how far the indicators stand from their mean
    spreading: str  # the arithmetic of that
    penalty: str
    added: bool  # what is done for imbalance is added (else taken away)
    reckoning: str
    score: str


@dataclass(frozen=True)
class Worked:
    """An area from its figures to its score."""

    code: str
    name: str
    year: int
    blocks: tuple[Block, ...]
    score: str
    reckoning: str  # of the mean of the domains; empty without
    standardised: bool
    has_penalty: bool


def typical(index: Index, year: int) -> int | None:
    """The position of the area in the middle of the ranking: an example that names neither first nor last."""
    values = index.values[year]
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return None
    return int(known[np.argsort(values[known], kind="stable")[(len(known) - 1) // 2]])


def worked(index: Index, year: int, area: int) -> Worked | None:
    """An area of a year worked through; None when it has no value."""
    if not np.isfinite(index.values[year, area]):
        return None
    definition = index.definition
    groups = [(one.key, one.name, one.weight) for one in definition.domains] or [("", definition.name, 1.0)]
    blocks = tuple(_block(index, year, area, key, name) for key, name, _weight in groups)
    value = index.values[year, area]
    reckoning = ""
    if definition.domains:
        reckoning = _averaging([block.score for block in blocks], [one.weight for one in definition.domains], value)
    place = index.figures.areas[area]
    return Worked(
        place.code,
        place.name,
        index.years[year],
        blocks,
        score(value),
        reckoning,
        definition.method == Method.MPI,
        definition.penalty != Penalty.NONE,
    )


def _block(index: Index, year: int, area: int, key: str, name: str) -> Block:
    definition = index.definition
    members = [n for n, part in enumerate(definition.parts) if not definition.domains or part.domain == key]
    parts = index.computed.parts[key]
    mean, spread = float(parts.mean[year, area]), float(parts.deviation[year, area])
    penalty, value = float(parts.penalty[year, area]), float(parts.value[year, area])
    steps = tuple(_step(index, year, area, n) for n in members)
    sign = "−" if definition.penalty == Penalty.MINUS else "+"
    weights = [definition.parts[n].weight for n in members]
    return Block(
        name,
        steps,
        score(mean, 2),
        _averaging([step.score for step in steps], weights, mean),
        score(spread, 2),
        _spreading([step.score for step in steps], weights, mean, spread, definition.ddof),
        score(abs(penalty), 2),
        definition.penalty != Penalty.MINUS,
        f"{score(mean, 2)} {sign} {score(spread, 2)} × {score(spread, 2)} ÷ {score(mean, 2)} = {score(value, 2)}",
        score(value, 2),
    )


def _averaging(scores: list[str], weights: list[float], mean: float) -> str:
    """A mean as it is reckoned by hand: (101,2 × 2 + 98,4) ÷ 3 = 100,27."""
    times = _times(weights)
    terms = [
        text if abs(many - 1) < 1e-9 else f"{text} × {_plain(many)}" for text, many in zip(scores, times, strict=True)
    ]
    if len(terms) == 1:
        return f"{terms[0]}"
    return f"({' + '.join(terms)}) ÷ {_plain(sum(times))} = {score(mean, 2)}"


def _spreading(scores: list[str], weights: list[float], mean: float, spread: float, ddof: int) -> str:
    """A standard deviation as it is reckoned by hand: √(((101,2 − 100,27)² × 2 + (98,4 − 100,27)²) ÷ 3) = 1,32."""
    times = _times(weights)
    middle = score(mean, 2)
    terms = []
    for text, many in zip(scores, times, strict=True):
        square = f"({text} − {middle})²"
        terms.append(square if abs(many - 1) < 1e-9 else f"{square} × {_plain(many)}")
    total = sum(times)
    divisor = total * (1 - ddof * sum((many / total) ** 2 for many in times))
    return f"√(({' + '.join(terms)}) ÷ {_plain(divisor)}) = {score(spread, 2)}"


def _times(weights: list[float]) -> list[float]:
    """Weights as multiples of the smallest one that counts."""
    smallest = min((weight for weight in weights if weight), default=1.0)
    return [weight / smallest for weight in weights]


def _plain(value: float) -> str:
    return number(value, 0 if abs(value - round(value)) < 1e-9 else 2)


def _step(index: Index, year: int, area: int, column: int) -> Step:
    part = index.definition.parts[column]
    x = float(index.figures.values[year, area, column])
    low, high = float(index.computed.low[year, column]), float(index.computed.high[year, column])
    scaled = float(index.computed.scaled[year, area, column])
    return Step(
        part.name,
        figure(x, part),
        _exact(low, part, _span(index, low, high)),
        _exact(high, part, _span(index, low, high)),
        part.polarity < 0,
        _reckoning(index, part, x, low, high, scaled),
        score(scaled, 2),
    )


def _exact(value: float, part: Part, span: float) -> str:
    """A number with as many decimals as it takes to reckon with it by hand and get the score that is shown.

    `span` is how far the scale reaches: what is a rounding for euros is not one for a rate per thousand.
    """
    needed = max(part.decimals, math.ceil(-math.log10(span / 4000)))
    for decimals in range(part.decimals, needed):
        if abs(round(value, decimals) - value) < 1e-9 * max(1.0, abs(value)):
            return number(value, decimals)
    return number(value, needed)


def _reckoning(index: Index, part: Part, x: float, low: float, high: float, scaled: float) -> str:
    """The arithmetic of one indicator, with the numbers as they are printed beside it."""
    span = _span(index, low, high)
    own, first, last = (_exact(value, part, span) for value in (x, low, high))
    # A minus behind a minus wants brackets.
    own, first, last = (f"({text})" if text.startswith("-") else text for text in (own, first, last))
    if index.definition.method == Method.MPI:
        sign = "−" if part.polarity < 0 else "+"
        return f"{MIDDLE:.0f} {sign} {SPREAD:.0f} × ({own} − {first}) ÷ {last} = {score(scaled, 2)}"
    above = f"{last} − {own}" if part.polarity < 0 else f"{own} − {first}"
    return f"({above}) ÷ ({last} − {first}) × {RANGE:.0f} + {LOWEST:.0f} = {score(scaled, 2)}"


def _span(index: Index, low: float, high: float) -> float:
    """How far the scale reaches: from end to end, or twice the deviation."""
    return 2 * high if index.definition.method == Method.MPI else high - low


def heads(index: Index) -> tuple[str, str]:
    """What stands over the ends of the scale of each indicator."""
    if index.definition.method == Method.MPI:
        return _("Mean of the areas"), _("Usual distance")
    return _("Becomes 70"), _("Becomes 130")
