"""The results of an index as they are shown: a table in the order of names, and a map around 100."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core import memo
from trama.core.actor import NOBODY
from trama.insight.analysis.sensitivity import Sensitivity, sensitivity
from trama.insight.indices.hundred import width_around
from trama.insight.indices.shapes import ESTIMATED, Index
from trama.insight.indices.wording import FIFTHS, changed, score, trial_name
from trama.territory.choices import ValueState
from trama.territory.models import Area
from trama.territory.sketches import sketch_of
from trama.ui.choropleth import EXCLUDED, MISSING, Mark, choropleth, diverging, legend, states
from trama.ui.numbers import number
from trama.ui.registers import address_if_any

CENTRE = 100.0
DECIMALS = 1  # with which an index is printed: what prints the same lies in the same class


@dataclass(frozen=True)
class Row:
    """An area in the table. `fifth` is 0 without a value; `firm` says between which fifths it moves in the trials."""

    code: str
    name: str
    text: str
    state: str
    estimated: bool
    fifth: int
    fifth_name: str
    parts: tuple[str, ...]
    firm: str
    always: bool
    url: str


@dataclass(frozen=True)
class Tried:
    """A trial in the table of trials."""

    name: str
    moved: str
    far: str


def firm(index: Index, year: int) -> Sensitivity:
    """How firm the fifths of a year are; of a published index it is computed once."""

    def compute() -> Sensitivity:
        return sensitivity(index.definition.formula(), index.figures.values, year, index.figures.reference)

    if not index.content_hash:
        # Of a draft until anything changes: to look at it again, or to save it unchanged, costs nothing.
        key = ("insight.firm.draft", index.definition, year)
        return memo.until_changed(key, NOBODY, compute, heavy=True)
    return memo.remember(("insight.firm", index.content_hash, year), 3600, compute, heavy=True)


def rows(index: Index, year: int, found: Sensitivity) -> list[Row]:
    """One row for each area, by name: an index is no league table."""
    names = dict(ValueState.choices)
    listed = []
    for n, place in enumerate(index.figures.areas):
        fifth, low, high = int(found.classes[n]), int(found.lowest[n]), int(found.highest[n])
        state = str(index.states[year, n])
        listed.append(
            Row(
                place.code,
                place.name,
                score(index.values[year, n]) if fifth else str(names.get(state, state)),
                state,
                state == ESTIMATED,
                fifth,
                str(FIFTHS[fifth]) if fifth else "",
                tuple(score(index.computed.parts[one.key].value[year, n]) for one in index.definition.domains),
                _between(low, high) if fifth else "",
                low == high,
                address_if_any("portal:area", place.code),
            )
        )
    return listed


def _between(low: int, high: int) -> str:
    if low == high:
        return _("always")
    return _("from %(low)s to %(high)s") % {"low": low, "high": high}


def trials(index: Index, found: Sensitivity) -> list[Tried]:
    """Every trial, those that move most areas first; then those that could not be made."""
    done = sorted(found.trials, key=lambda trial: (-trial.moved, -trial.far))
    listed = [
        Tried(_big(trial_name(trial, index.definition)), number(trial.moved), number(trial.far)) for trial in done
    ]
    return listed + [
        Tried(_big(changed(kind, key, 1.0, index.definition)), _("cannot be computed"), "")
        for kind, key, _why in found.impossible
    ]


def _big(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- the map ------------------------------------------------------------------------------------------------------
def half_width(values: Any) -> float:
    """Half the width of the class around 100: that of the map of the indicator, too."""
    known = values[np.isfinite(values)]
    return width_around(known.tolist(), CENTRE, DECIMALS) if len(known) else 1.0


def band(value: float, half: float) -> int:
    """The class of a value around 100, 1 … 5; the middle one is 100 ± `half`, the next reach to three times that."""
    away = round(round(value, DECIMALS) - CENTRE, DECIMALS)
    if abs(away) <= half:
        return 3
    if abs(away) <= 3 * half:
        return 2 if away < 0 else 4
    return 1 if away < 0 else 5


def finding(index: Index, year: int) -> str:
    """What the map shows, in one sentence: how many areas lie away from 100."""
    values = index.values[year]
    half = half_width(values)
    words = {
        "name": index.definition.name,
        "year": index.years[year],
        "high": number(sum(band(float(value), half) > 3 for value in values if np.isfinite(value))),
        "low": number(sum(band(float(value), half) < 3 for value in values if np.isfinite(value))),
        "count": number(int(np.isfinite(values).sum())),
        "outer": _end(CENTRE + half),
        "inner": _end(CENTRE - half),
    }
    return _("%(name)s, %(year)s: of %(count)s areas %(high)s are over %(outer)s, %(low)s under %(inner)s") % words


def _end(value: float) -> str:
    return number(value, 0 if value.is_integer() else 1)


def coloured_map(index: Index, year: int, listed: list[Row], title: str) -> dict[str, Any] | None:
    """The map and its legend; None when no area is drawn."""
    keys = dict(Area.objects.filter(code__in=[row.code for row in listed]).values_list("code", "pk"))
    sketch = sketch_of(list(keys.values()))
    if not sketch.outlines:
        return None
    half = half_width(index.values[year])
    low, inner, outer = CENTRE - 3 * half, CENTRE - half, CENTRE + half
    top = CENTRE + 3 * half
    text = {"low": _end(low), "inner": _end(inner), "outer": _end(outer), "top": _end(top)}
    paints = diverging(
        [
            _("under %(low)s") % text,
            _("from %(low)s to %(inner)s") % text,
            _("around 100: from %(inner)s to %(outer)s") % text,
            _("from %(outer)s to %(top)s") % text,
            _("over %(top)s") % text,
        ]
    ) | states(EXCLUDED, MISSING)
    marks, counts = [], dict.fromkeys(paints, 0)
    for n, row in enumerate(listed):
        paint = str(band(float(index.values[year, n]), half)) if row.fifth else MISSING
        if row.state == EXCLUDED:
            paint = EXCLUDED
        counts[paint] += 1
        if row.code in keys:
            marks.append(Mark(keys[row.code], paint, row.name, row.text, row.url))
    used = {key: paint for key, paint in paints.items() if counts[key] or key not in {EXCLUDED, MISSING}}
    return {
        "svg": choropleth(
            sketch,
            marks,
            paints,
            title=title,
            description=_("Blue: under 100. Orange with lines: over 100. The table below holds the same values."),
            prefix="index",
            names=True,
        ),
        "legend": legend(
            used,
            {key: ngettext("%(n)s area", "%(n)s areas", many) % {"n": number(many)} for key, many in counts.items()},
            prefix="index",
        ),
    }
