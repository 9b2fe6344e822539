"""An index in words that nobody has to have studied: how it is made, what is wrong with it, how firm it is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trama.insight.analysis.composite import CompositeError
from trama.insight.analysis.sensitivity import METHOD, WEIGHT, WITHOUT, Sensitivity, Trial
from trama.insight.choices import IndexGoalposts, IndexMethod, IndexPenalty, IndexReference
from trama.insight.indices.shapes import EXCLUDED, Definition, Figures, Index, Part
from trama.ui.numbers import number

# What the analysis refuses, for people. The keys are its own sentences; a test holds the two together.
REFUSALS = {
    "an index needs at least one indicator": gettext_lazy("choose at least one indicator"),
    "an index needs at least two areas with all indicators": gettext_lazy(
        "fewer than two areas have all the indicators: there is nothing to compare"
    ),
    "it is the same in all areas: it tells none from another": gettext_lazy(
        "it is the same in all areas, so it tells none from another: leave it out"
    ),
    "its lowest and highest value are to be given": gettext_lazy(
        "state the lowest and the highest value of its scale, or take the scale from the figures"
    ),
    "the lowest value given must be smaller than the highest": gettext_lazy(
        "the lowest value that was stated is not below the highest"
    ),
    "its reference value is missing": gettext_lazy("the value that scores 100 is not known in every year"),
    "one indicator alone has no deviation ÷ (m − 1): use ÷ m, or add an indicator": gettext_lazy(
        "with one indicator alone the deviation cannot be divided by their number less one: divide by their number, "
        "or add an indicator"
    ),
    "a mean is not above zero: the goalposts do not fit these figures": gettext_lazy(
        "the ends of the scale do not fit the figures: has the unit of an indicator changed?"
    ),
    "weights are numbers from zero up, one for each indicator, and not all zero": gettext_lazy(
        "the weights of the indicators are all zero"
    ),
    "the weights of the domains are numbers from zero up, and not all zero": gettext_lazy(
        "the weights of the domains are all zero"
    ),
    "MPI takes mean and deviation from the figures: goalposts cannot be given": gettext_lazy(
        "the scale of MPI comes from the figures: choose AMPI to state its ends"
    ),
    "MPI has no reference value: its mean is always 100": gettext_lazy(
        "in MPI 100 is always the mean of the areas: choose AMPI to let something else score 100"
    ),
    "its domain is not one of the index": gettext_lazy("it belongs to no domain, while others do"),
    "a domain has no indicator": gettext_lazy("this domain has no indicator"),
}
FIFTHS = {
    1: gettext_lazy("1, lowest"),
    2: "2",
    3: gettext_lazy("3, middle"),
    4: "4",
    5: gettext_lazy("5, highest"),
}
JUMP = 3.0  # times: a median that moves so from one year to the next is a change of unit more often than of life


def refusal(error: CompositeError, definition: Definition) -> str:
    """Why there is no index, and what to do."""
    reason = str(REFUSALS.get(error.reason, error.reason))
    name = name_of(definition, error.indicator)
    text = f"{name}: {reason}." if name else f"{reason}."
    return text[:1].upper() + text[1:]


def name_of(definition: Definition, key: str) -> str:
    """The name of an indicator or a domain by its key."""
    for part in definition.parts:
        if part.indicator == key:
            return part.name
    for domain in definition.domains:
        if domain.key == key:
            return domain.name
    return key


def score(value: float, decimals: int = 1) -> str:
    """A score as it is printed; a dash where there is none."""
    return number(float(value) if np.isfinite(value) else None, decimals)


def figure(value: float, part: Part) -> str:
    """A figure of an indicator with its unit."""
    if not np.isfinite(value):
        return number(None)
    return f"{number(float(value), part.decimals)} {part.unit}".strip()


# --- how it is made -----------------------------------------------------------------------------------------------
def how(definition: Definition) -> list[str]:
    """How the index is made, step by step, one sentence or two for each."""
    count = len(definition.parts)
    steps = [
        ngettext(
            "It starts from %(n)s indicator about each area.",
            "It starts from %(n)s indicators about each area.",
            count,
        )
        % {"n": number(count)}
        + " "
        + _("An area that lacks even one of them gets no value: none is made up."),
        _scale(definition),
        hundred(definition),
        _("An indicator that lowers the index is turned round, so that more always means more of what is measured."),
        _mean(definition),
        *_imbalance(definition),
    ]
    if definition.domains:
        weights = {domain.weight for domain in definition.domains}
        steps.append(
            _("This is done inside each domain; the index is the mean of the domains, which all count the same.")
            if len(weights) == 1
            else _(
                "This is done inside each domain; the index is the mean of the domains, of which some count more than "
                "others: %(weights)s."
            )
            % {"weights": ", ".join(f"{one.name} × {_weight(one.weight)}" for one in definition.domains)}
        )
    steps.append(_across_years(definition))
    return steps


def _scale(definition: Definition) -> str:
    if definition.method == IndexMethod.MPI:
        return _(
            "Euros and percentages cannot be added up: each indicator is first brought to one scale, on which 10 "
            "points are the usual distance of an area from the mean of the areas (the standard deviation)."
        )
    ends = {
        IndexGoalposts.SET: _("In each year the lowest value among the areas becomes 70 and the highest 130."),
        IndexGoalposts.YEARS: _(
            "The lowest value among the areas in all the years becomes 70 and the highest 130: the scale is the same "
            "in every year."
        ),
        IndexGoalposts.GIVEN: _("A lowest and a highest value, stated beforehand, become 70 and 130."),
    }[IndexGoalposts(definition.goalposts)]
    if definition.reference != IndexReference.NONE and definition.goalposts != IndexGoalposts.GIVEN:
        ends = _("The scale is as wide as the distance between the lowest and the highest value, which is 60 points.")
    first = _("Euros and percentages cannot be added up: each indicator is first brought to one scale.")
    return f"{first} {ends}"


def hundred(definition: Definition) -> str:
    """What 100 means, in one sentence: the same on every page, in the report and in the files."""
    if definition.method == IndexMethod.MPI:
        pooled = definition.goalposts != IndexGoalposts.SET and len(definition.years) > 1
        return (
            _("100 is an area where every indicator is at the mean of the areas over all the years of the index.")
            if pooled
            else _("100 is an area where every indicator is at the mean of the areas in that year.")
        )
    words: dict[str, Any] = {"year": definition.reference_year, "area": definition.under_name}
    based = bool(definition.reference_year)
    if definition.reference == IndexReference.MEAN:
        text = (
            _("100 is an area where every indicator is at the mean of the areas in %(year)s.")
            if based
            else _("100 is an area where every indicator is at the mean of the areas in that year.")
        )
    elif definition.reference == IndexReference.AREA:
        text = (
            _("100 is the value of %(area)s as a whole in %(year)s.")
            if based
            else _("100 is the value of %(area)s as a whole in that year.")
        )
    elif definition.reference == IndexReference.GIVEN:
        text = _("100 is an area where every indicator is at the value stated beforehand for it.")
    else:
        text = _(
            "100 is half-way between the lowest and the highest value of the scale (70 and 130): it is not the mean of "
            "the areas."
        )
    return text % words


def _mean(definition: Definition) -> str:
    if len({part.weight for part in definition.parts}) <= 1:
        return _("Then the mean of the indicators is taken: each counts the same.")
    heavy = max(definition.parts, key=lambda part: part.weight)
    return _("Then the mean of the indicators is taken; they do not count the same: “%(name)s” counts most.") % {
        "name": heavy.name
    }


def _imbalance(definition: Definition) -> list[str]:
    words = {
        IndexPenalty.PLUS: _(
            "Something is added where the indicators of an area differ much from each other, because one serious "
            "problem is not made good by the lack of another. Where they all say the same, nothing is added."
        ),
        IndexPenalty.MINUS: _(
            "Something is taken away where the indicators of an area differ much from each other, because being "
            "strong in one thing does not make good being weak in another."
        ),
        IndexPenalty.NONE: _("Nothing is added for imbalance: a good indicator may make good a bad one."),
    }
    return [words[IndexPenalty(definition.penalty)]]


def _across_years(definition: Definition) -> str:
    if len(definition.years) < 2:
        return _("The index speaks of one year, and compares areas with each other.")
    if definition.goalposts == IndexGoalposts.SET:
        return _(
            "Each year has its own scale: the index says how areas stand to each other in a year, and not whether they "
            "got better or worse."
        )
    if definition.method == IndexMethod.MPI:
        return _("Mean and distance are taken over all years together, so that years can be compared.")
    return _("The scale is the same in all years, so that years can be compared.")


def _weight(weight: float) -> str:
    return number(weight, 0 if float(weight).is_integer() else 2)


# --- what to look at before publishing ----------------------------------------------------------------------------
def remarks(definition: Definition, figures: Figures, index: Index | None, counts: set[str]) -> list[str]:
    """What a careful person would look at twice. `counts` are the codes of indicators that are mere numbers."""
    found = []
    for number_, part in enumerate(definition.parts):
        if part.indicator in counts:
            found.append(
                _("“%(name)s” is a count: large areas have more of everything. A share or a rate compares better.")
                % {"name": part.name}
            )
        found += _jumps(definition, figures, number_, part)
        if index is not None and index.computed.outside[:, :, number_].any():
            many = int(index.computed.outside[:, :, number_].sum())
            found.append(
                ngettext(
                    "“%(name)s”: %(n)s value lies outside the scale that was stated.",
                    "“%(name)s”: %(n)s values lie outside the scale that was stated.",
                    many,
                )
                % {"name": part.name, "n": number(many)}
            )
        if not part.weight:
            found.append(_("“%(name)s” weighs nothing: it does not change the index.") % {"name": part.name})
    return found


def _jumps(definition: Definition, figures: Figures, column: int, part: Part) -> list[str]:
    """A median that jumps from one year to the next: a change of unit must not become a finding."""
    found = []
    middles = []
    for position, year in enumerate(definition.years):
        values = figures.values[position, :, column]
        values = values[np.isfinite(values)]
        if len(values) and np.median(values) > 0:
            middles.append((year, float(np.median(values))))
    for (before, was), (after, now) in pairwise(middles):
        if not 1 / JUMP < now / was < JUMP:
            found.append(
                _(
                    "“%(name)s” goes from %(was)s in %(before)s to %(now)s in %(after)s (value of the area in the "
                    "middle): is it still the same unit?"
                )
                % {
                    "name": part.name,
                    "was": number(was, 1),
                    "now": number(now, 1),
                    "before": before,
                    "after": after,
                }
            )
    return found


@dataclass(frozen=True)
class Without:
    """How many areas get no value in a year, and why."""

    areas: int
    valued: int
    excluded: int
    lacking: tuple[tuple[str, int], ...]  # indicator, areas that lack it


def without(index: Index, year: int) -> Without:
    """Who gets no value in a year, and for want of what."""
    states = index.states[year]
    lacking = []
    for number_, part in enumerate(index.definition.parts):
        missing = ~np.isfinite(index.figures.values[year, :, number_]) & (states != EXCLUDED)
        if missing.any():
            lacking.append((part.name, int(missing.sum())))
    known = np.isfinite(index.values[year])
    return Without(len(states), int(known.sum()), int((states == EXCLUDED).sum()), tuple(lacking))


# --- how firm it is -----------------------------------------------------------------------------------------------
METHODS = {
    "ampi": gettext_lazy("with the other scale, from 70 to 130 (AMPI)"),
    "mpi": gettext_lazy("with the other scale, by distance from the mean (MPI)"),
    "mean": gettext_lazy("with a simple mean, nothing added for imbalance"),
    "sign": gettext_lazy("with the imbalance on the other side (taken away instead of added, or the reverse)"),
    "ddof": gettext_lazy("with the other divisor of the deviation (÷ m or ÷ m − 1)"),
}


def trial_name(trial: Trial, definition: Definition) -> str:
    """What was changed in a trial."""
    return changed(trial.kind, trial.key, trial.factor, definition)


def changed(kind: str, key: str, factor: float, definition: Definition) -> str:
    """What a trial changes, in words."""
    name = name_of(definition, key)
    if kind == WITHOUT:
        return _("without “%(name)s”") % {"name": name}
    if kind == WEIGHT:
        words = _("with “%(name)s” counting double") if factor > 1 else _("with “%(name)s” counting half")
        return words % {"name": name}
    return str(METHODS[key])


def firmness(found: Sensitivity, definition: Definition) -> str:
    """How firm the fifths are, in one sentence."""
    trials = len(found.trials)
    if not trials:
        return _("There is nothing to try: the index has one indicator and one way to be made.")
    words: dict[str, Any] = {"stable": number(found.stable), "count": number(found.count), "trials": number(trials)}
    worst = max(found.trials, key=lambda trial: (trial.moved, trial.far))
    if not worst.moved:
        return (
            _("The index was computed again %(trials)s times, one choice changed at a time: no area changes fifth.")
            % words
        )
    words |= {"choice": trial_name(worst, definition), "moved": number(worst.moved)}
    return (
        ngettext(
            "The index was computed again %(trials)s times, one choice changed at a time: %(stable)s area of %(count)s "
            "is always in the same fifth; what moves most areas is computing it %(choice)s (%(moved)s).",
            "The index was computed again %(trials)s times, one choice changed at a time: %(stable)s areas of "
            "%(count)s are always in the same fifth; what moves most areas is computing it %(choice)s (%(moved)s).",
            found.stable,
        )
        % words
    )


def is_method(trial: Trial) -> bool:
    """Whether a trial changes the method."""
    return trial.kind == METHOD
