"""Draws that always come out the same, and sums that come out exactly as wanted."""

from __future__ import annotations

import random
from collections.abc import Sequence


def spread(rng: random.Random, ranges: Sequence[tuple[int, int]], total: int) -> list[int]:
    """A whole number for each range (lowest, highest), drawn at random and then moved until they sum to `total`.

    A number may leave its range upwards when all together must be more; never below its lowest.
    """
    if sum(low for low, _high in ranges) > total:
        raise ValueError("the lowest values alone are more than the total")
    values = [rng.randint(low, high) for low, high in ranges]
    difference = total - sum(values)
    step = 1 if difference > 0 else -1
    order = list(range(len(values)))
    rng.shuffle(order)
    rounds = 0
    while difference:
        moved = False
        for index in order:
            if not difference:
                break
            low, high = ranges[index]
            # The first rounds keep to the ranges; only when that is not enough a number may exceed its own.
            if low <= values[index] + step <= (high if rounds < 400 else high * 10):
                values[index] += step
                difference -= step
                moved = True
        rounds += 1
        if not moved and rounds < 400:
            rounds = 400
    return values


def some(rng: random.Random, count: int, share: float) -> frozenset[int]:
    """The positions of a share (0 … 1) of `count` things, chosen at random."""
    return frozenset(rng.sample(range(count), round(count * share)))
