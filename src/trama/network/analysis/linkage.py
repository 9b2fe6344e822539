"""Which entries are the same body: record linkage without labels.

Each pair gets the odds that it is one body, a sum of weights in the manner of Fellegi and Sunter (Journal of the
American Statistical Association 64, 1969), as a logistic function of how alike the two are. The weights are learned
from a fact about lists: **one edition of a list names a body once**. Pairs that stand in the same edition are two
bodies, however alike; how often they are alike tells how often others are by chance. Where no lists are known, and
for what no list can teach (phones, mail boxes), weights start from `PRIOR` and move with the decisions of people.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trama.network.analysis.pairs import FEATURES, Floats, Party, Prepared, Whole, candidates, features

# Log-odds per unit of each feature before anything is learned, and of nothing being alike.
PRIOR: Mapping[str, float] = {
    "letters": 5.0,
    "whole": 4.0,
    "covered": 1.0,
    "covering": 1.0,
    "shared": 0.1,
    "initials": 1.5,
    "same_place": 1.5,
    "same_wider": 0.5,
    "same_marks": 0.5,
    "letters_in_place": 1.0,
    "covered_in_place": 1.0,
    "covered_both": 1.0,
    "letters_squared": 0.0,
    "initials_in_place": 1.0,
    "length": 0.0,
    "same_address": 2.5,
    "same_phone": 4.0,
    "other_phone": -0.5,
    "same_mail": 4.0,
    "same_site": 2.5,
    "same_code": 9.0,
    "other_code": -5.0,
}
PRIOR_OF_NONE = -11.0
DECISION = 8.0  # a decision of a person weighs as much as so many pairs
CLOSER = 0.75  # by how much of the distance a pair loses against a closer one of either of the two
PROBABLE, POSSIBLE = 0.5, 0.15
# What may be merged without looking: probable enough, and in a group that nothing contradicts. Where nothing was
# learned the probabilities are rougher: then the names must also be equal but for form, in the same place.
CERTAIN = 0.95
ENOUGH = 200  # pairs in one list from which the lists may teach
TAUGHT_BY = 40_000  # pairs from which weights are learned, at most: more change no digit that counts


@dataclass(frozen=True)
class Link:
    """A pair of entries (row numbers) with the probability that they are one body, and what speaks for it."""

    one: int
    other: int
    probability: float
    tier: str  # certain, probable or possible
    values: Floats  # of the features, in the order of FEATURES

    @property
    def alike(self) -> dict[str, float]:
        """In what the two are alike: the features that are not zero."""
        return {name: float(value) for name, value in zip(FEATURES, self.values, strict=True) if value}


@dataclass(frozen=True)
class Linked:
    """What was found: links, most probable first, and the groups that the probable ones make."""

    links: tuple[Link, ...]
    groups: tuple[tuple[int, ...], ...]
    learned_from_lists: bool
    compared: int


def link(
    parties: Sequence[Party],
    decisions: Mapping[tuple[Hashable, Hashable], bool] | None = None,
    tell: Callable[[str, int], None] = lambda step, count: None,
) -> Linked:
    """Find the entries that are the same body.

    `decisions` holds what people said of pairs of keys: one body, or two. They are kept to, and they teach. `tell` is
    called as the work goes on: "candidates" (of so many entries), "features" and "weights" (of so many pairs).
    """
    tell("candidates", len(parties))
    prepared = Prepared(parties)
    pairs = candidates(prepared)
    if not len(pairs):
        return Linked((), (), learned_from_lists=False, compared=0)
    tell("features", len(pairs))
    alike = features(prepared, pairs)
    tell("weights", len(pairs))
    together = _in_one_list(parties, pairs)
    said = _said(parties, pairs, decisions or {})
    apart = (together | (said == 0)) & (said != 1)
    no_rival = apart | (said == 1)  # what is known to be one body says nothing against a third spelling
    letters = alike[:, FEATURES.index("letters")]
    chance = _chance_of_one_list(parties, pairs, letters <= np.quantile(letters, 0.6), together)
    teach = bool((together & (chance > 0) & (chance < 1)).sum() >= ENOUGH)
    score = _exclusive(_scored(alike, together, chance if teach else None, said), pairs, no_rival, len(parties))
    probability = _calibrated(score, together, chance) if teach else 1 / (1 + np.exp(-score))
    if teach and probability[~apart].sum() > len(parties):
        # More bodies than entries: names of one year resemble each other, say for the form in use then. So the chance
        # is counted again, among pairs that are alike, yet not among the closest, which may be one body.
        rank = np.empty(len(pairs), dtype=np.int64)
        rank[np.argsort(-score, kind="stable")] = np.arange(len(pairs))
        chance = _chance_of_one_list(parties, pairs, (rank >= len(parties)) & (rank < 4 * len(parties)), together)
        score = _exclusive(_scored(alike, together, chance, said), pairs, no_rival, len(parties))
        probability = _calibrated(score, together, chance)
    probability[apart] = 0.0
    probability[said == 1] = 1.0
    order = np.lexsort((-score, -probability))
    order = order[probability[order] >= POSSIBLE]
    forbidden = {(int(a), int(b)) for a, b in pairs[said == 0]}
    groups = _groups(parties, pairs[order], probability[order], forbidden, chains=teach)
    body = {row: number for number, group in enumerate(groups) for row in group}
    links = tuple(
        Link(
            a,
            b,
            float(probability[at]),
            _tier(probability[at], body.get(a, -1) == body.get(b, -2), teach, alike[at]),
            alike[at],
        )
        for at, (a, b) in zip(order.tolist(), pairs[order].tolist(), strict=True)
    )
    return Linked(links, groups, teach, len(pairs))


def _tier(probability: float, grouped: bool, learned: bool, values: Floats) -> str:
    equal = values[FEATURES.index("covered_both")] > 0.999 and values[FEATURES.index("same_place")] > 0
    shares = values[FEATURES.index("same_code")] > 0
    if probability >= CERTAIN and grouped and (learned or equal or shares):
        return "certain"
    return "probable" if probability >= PROBABLE else "possible"


# --- what lists tell ------------------------------------------------------------------------------------------------
def _in_one_list(parties: Sequence[Party], pairs: Whole) -> Any:
    """Whether the two of each pair stand in the same edition of a list."""
    number: dict[frozenset[str], int] = {}
    codes = np.array([number.setdefault(party.lists, len(number)) for party in parties])
    sets = list(number)
    meets = np.array([[not one.isdisjoint(other) for other in sets] for one in sets], dtype=bool)
    return meets[codes[pairs[:, 0]], codes[pairs[:, 1]]]


def _chance_of_one_list(parties: Sequence[Party], pairs: Whole, less: Any, together: Any) -> Floats:
    """How probable it is that two different bodies stand in one edition, given in how many each stands.

    Counted among the `less` alike pairs, nearly all of which are two bodies; 0 where one stands in no list.
    """
    sizes = np.minimum(np.array([len(party.lists) for party in parties]), 12)
    low = np.minimum(sizes[pairs[:, 0]], sizes[pairs[:, 1]])
    high = np.maximum(sizes[pairs[:, 0]], sizes[pairs[:, 1]])
    chance = np.zeros(len(pairs))
    overall = together[less & (low > 0)].mean() if (less & (low > 0)).any() else 0.5
    for combination in np.unique(low * 100 + high):
        of_these = low * 100 + high == combination
        if combination < 100:
            continue
        counted = of_these & less
        chance[of_these] = (together[counted].sum() + 5 * overall) / (counted.sum() + 5)
        if together[of_these].all():
            chance[of_these] = 1.0  # the two sizes leave no room: they always meet
    return chance


# --- weights --------------------------------------------------------------------------------------------------------
def _scored(alike: Floats, together: Any, chance: Floats | None, said: Any) -> Floats:
    """Log-odds of each pair, with the weights that make what the lists and the people say most probable.

    A pair is one body with probability p; two different bodies stand in one edition with probability q, one body never.
    So a pair in one edition has the likelihood (1 − p) q, another p + (1 − p)(1 − q); the weights have a normal prior
    around `PRIOR`, of deviation 1 in units of the spread of the feature.
    """
    from scipy.optimize import minimize

    # Column by column, in double precision: the whole table would be copied otherwise.
    spread = np.array([column.std(dtype=np.float64) for column in alike.T])
    live = spread > 1e-9
    centre = np.array([column.mean(dtype=np.float64) for column in alike.T])
    prior = np.array([PRIOR[name] for name in FEATURES])
    scale = np.where(live, spread, 1)
    start = np.append(prior * np.where(live, spread, 0), PRIOR_OF_NONE + float(prior @ centre))

    def score(weights: Floats) -> Floats:
        slopes = np.where(live, weights[:-1] / scale, 0.0)
        return alike @ slopes.astype(alike.dtype) + (weights[-1] - slopes @ centre)

    decided = np.flatnonzero(said >= 0)
    if chance is None and not len(decided):
        return score(start)
    chosen = np.arange(len(alike))
    if len(alike) > TAUGHT_BY:
        chosen = np.random.default_rng(0).permutation(len(alike))[:TAUGHT_BY]
        chosen = np.union1d(chosen, decided)
        together, said = together[chosen], said[chosen]
        chance = chance[chosen] if chance is not None else None
        decided = np.flatnonzero(said >= 0)
    design = np.column_stack([np.where(live, (alike[chosen] - centre) / scale, 0.0), np.ones(len(chosen))])
    stiff = np.append(np.ones(len(FEATURES)), 0.01)
    stiff = stiff if chance is not None else stiff * 4
    if chance is not None:
        informed = (chance > 0) & (chance < 1)
        apart, open_ = np.flatnonzero(together & informed), np.flatnonzero(~together & informed)
        away = 1 - chance[open_]
    else:
        apart = open_ = np.empty(0, dtype=int)
        away = np.empty(0)
    sign = np.where(said[decided] == 1, 1.0, -1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = design @ weights
        p = 1 / (1 + np.exp(-odds))
        likely = p[open_] + (1 - p[open_]) * away
        value = np.logaddexp(0, odds[apart]).sum() - np.log(likely + 1e-12).sum()
        slope = np.zeros(len(odds))
        slope[apart] = p[apart]
        slope[open_] -= p[open_] * (1 - p[open_]) * (1 - away) / (likely + 1e-12)
        margin = sign * odds[decided]
        value += DECISION * np.logaddexp(0, -margin).sum()
        slope[decided] -= DECISION * sign / (1 + np.exp(margin))
        off = weights - start
        value += 0.5 * (stiff * off**2).sum()
        return float(value), design.T @ slope + stiff * off

    return score(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 400}).x)


def _exclusive(score: Floats, pairs: Whole, no_rival: Any, size: int) -> Floats:
    """Lower the score of a pair of which either has a closer one elsewhere: a body has few spellings."""
    best = np.full(size, -np.inf)
    rivals = np.where(no_rival, -np.inf, score)
    np.maximum.at(best, pairs[:, 0], rivals)
    np.maximum.at(best, pairs[:, 1], rivals)
    closest = np.maximum(best[pairs[:, 0]], best[pairs[:, 1]])
    return score - CLOSER * np.maximum(0.0, np.where(np.isfinite(closest), closest, score) - score)


def _calibrated(score: Floats, together: Any, chance: Floats, group: int = 60) -> Floats:
    """Probabilities from scores: among pairs of like score, those in one edition tell how many of the others are two.

    Scores are gathered in groups of like ones; the share of one body must not rise where the score falls (pool adjacent
    violators); between the middles of groups it is interpolated.
    """
    informed = np.flatnonzero((chance > 0) & (chance < 1))
    order = informed[np.argsort(-score[informed], kind="stable")]
    expected = np.where(together[order], (1 - chance[order]) / chance[order], 0.0)
    free = ~together[order]
    edges = np.flatnonzero(np.diff(np.cumsum(free) // group, prepend=0)) if free.any() else np.empty(0, dtype=int)
    blocks: list[list[float]] = []  # [bodies that are one, pairs not in one edition, sum of scores, number]
    for start, end in zip([0, *edges.tolist()], [*edges.tolist(), len(order)], strict=True):
        part = slice(start, end)
        pairs_free = float(free[part].sum())
        if not pairs_free:
            continue
        one = max(0.0, pairs_free - float(expected[part].sum()))
        blocks.append([one, pairs_free, float(score[order[part]].sum()), float(end - start)])
        while len(blocks) > 1 and blocks[-1][0] / blocks[-1][1] > blocks[-2][0] / blocks[-2][1]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    if not blocks:
        return 1 / (1 + np.exp(-score))
    middles = np.array([block[2] / block[3] for block in blocks])[::-1]
    shares = np.array([min(block[0] / block[1], 0.999) for block in blocks])[::-1]
    return np.interp(score, middles, shares)


# --- what people said, and groups -------------------------------------------------------------------------------------
def _said(parties: Sequence[Party], pairs: Whole, decisions: Mapping[tuple[Hashable, Hashable], bool]) -> Any:
    """1: people said that it is one body, 0: two, -1: nothing was said."""
    said = np.full(len(pairs), -1)
    if decisions:
        for at, (a, b) in enumerate(pairs.tolist()):
            one, other = parties[a].key, parties[b].key
            answer = decisions.get((one, other), decisions.get((other, one)))
            if answer is not None:
                said[at] = int(answer)
    return said


def _groups(
    parties: Sequence[Party], pairs: Whole, probability: Floats, forbidden: set[tuple[int, int]], *, chains: bool
) -> tuple[tuple[int, ...], ...]:
    """The bodies: probable pairs joined, best first, as long as nothing speaks against it.

    Against it speak two entries of one edition, or two said to be two, that would meet. Where no lists keep groups
    small, also a group in which most pairs are not probable themselves: a chain of likenesses is no body.
    """
    linked = {(a, b): p for (a, b), p in zip(pairs.tolist(), probability.tolist(), strict=True) if p >= PROBABLE}
    members: dict[int, set[int]] = {}
    lists: dict[int, frozenset[str]] = {}
    root: dict[int, int] = {}
    for a, b in linked:
        first, second = root.get(a, a), root.get(b, b)
        if first == second:
            continue
        ours, theirs = members.get(first, {first}), members.get(second, {second})
        across = [(min(x, y), max(x, y)) for x in ours for y in theirs]
        on_ours, on_theirs = lists.get(first, parties[first].lists), lists.get(second, parties[second].lists)
        if not on_ours.isdisjoint(on_theirs) or (forbidden and not forbidden.isdisjoint(across)):
            continue
        if not chains and 2 * sum(pair in linked for pair in across) <= len(across):
            continue
        members[first], lists[first] = ours | theirs, on_ours | on_theirs
        for row in theirs:
            root[row] = first
        root[first] = first
        members.pop(second, None)
    return tuple(sorted(tuple(sorted(group)) for group in members.values()))
