"""Does an indicator cluster? The figures of areas, their neighbours, the tests, and one sentence that they allow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trama.core import memo
from trama.core.actor import Actor
from trama.core.keys import among
from trama.insight.analysis import neighbours, spatial
from trama.insight.analysis.neighbours import TooManyNeighbours, Weights, WeightsError
from trama.insight.analysis.spatial import Local, SpatialError, Tested
from trama.insight.area_values import FEWEST, AreaValue, AreaValues, NothingToSay, values_of
from trama.insight.context.words import MINUS
from trama.territory import shapes
from trama.territory.models import Area, Boundary, ContextIndicator
from trama.ui.numbers import number

RULES = ("queen", "rook", "nearest", "distance")
RULE_LABELS = {
    "queen": gettext_lazy("areas that touch, at a corner too"),
    "rook": gettext_lazy("areas that share a stretch of border"),
    "nearest": gettext_lazy("the nearest areas"),
    "distance": gettext_lazy("areas within a distance"),
}
NEAREST = 6  # how many nearest, unless told
LEVEL = 0.05  # an arrangement by chance is called a pattern at most so often, one way or the other
FEW_AREAS = 500  # up to so many the local tests are made with more shuffles, which costs nothing
LOCAL_PERMUTATIONS = 9_999
WIDE = 2 / 3  # of all others: with more neighbours than that, nothing is near or far
MOST_AREAS = 12_000

ALIKE, UNLIKE, NO_PATTERN = "alike", "unlike", "none"
GROUPS = {
    spatial.HIGH_HIGH: "high_among_high",
    spatial.LOW_LOW: "low_among_low",
    spatial.HIGH_LOW: "high_among_low",
    spatial.LOW_HIGH: "low_among_high",
}
GROUP_LABELS = {
    "high_among_high": gettext_lazy("high value among high values"),
    "low_among_low": gettext_lazy("low value among low values"),
    "high_among_low": gettext_lazy("high value among low values"),
    "low_among_high": gettext_lazy("low value among high values"),
    "": gettext_lazy("no evident group"),
}


@dataclass(frozen=True)
class Asked:
    """What is asked: indicator, level, year, within which area (a code, or nothing), by which rule of neighbours."""

    indicator: str
    level: str
    year: int
    within: str = ""
    rule: str = "queen"
    reach: float | None = None  # k of the nearest, kilometres of a distance
    permutations: int = spatial.PERMUTATIONS
    also_excluded: bool = False  # areas that a source excludes are left out, unless this is said


@dataclass(frozen=True)
class Line:
    """An area in the answer: its value, the mean of its neighbours, how many they are, its group if one stands.

    `group`, `p` and `local` are empty where the whole shows no pattern: then nothing is said of single areas.
    """

    area: AreaValue
    neighbours: int
    around: float | None
    group: str = ""
    p: float | None = None
    local: float | None = None

    @property
    def group_label(self) -> str:
        return str(GROUP_LABELS[self.group])


@dataclass(frozen=True)
class Clustering:
    """The whole answer. `local` is None unless neighbours resemble each other beyond chance."""

    asked: Asked
    values: AreaValues
    lines: tuple[Line, ...]
    weights: Weights
    test: Tested
    geary: float
    verdict: str
    local: Local | None
    islands: tuple[str, ...]
    shapeless: tuple[str, ...]

    @property
    def groups(self) -> dict[str, list[Line]]:
        """The areas of each group that stands."""
        found: dict[str, list[Line]] = {group: [] for group in GROUPS.values()}
        for line in self.lines:
            if line.group:
                found[line.group].append(line)
        return found

    @property
    def marked(self) -> int:
        """How many areas stand in a group."""
        return sum(bool(line.group) for line in self.lines)

    @property
    def as_strong(self) -> int:
        """How many of the random arrangements were at least as strong, in the direction found."""
        return min(self.test.above, self.test.below)


def examine(actor: Actor, asked: Asked) -> Clustering:
    """Whether the values cluster; remembered until anything changes. Raises NothingToSay."""
    found = memo.until_changed(("insight.clusters", asked), actor, lambda: _attempt(asked), heavy=True)
    if isinstance(found, NothingToSay):
        raise NothingToSay(str(found))
    return found


def _attempt(asked: Asked) -> Clustering | NothingToSay:
    try:
        return _examined(asked)
    except NothingToSay as error:
        return error


def _examined(asked: Asked) -> Clustering:
    indicator = ContextIndicator.objects.filter(code=asked.indicator).first()
    if indicator is None:
        raise NothingToSay(_("There is no indicator with the code “%(code)s”.") % {"code": asked.indicator})
    values = values_of(indicator, asked.level, asked.year, asked.within, also_excluded=asked.also_excluded)
    known = values.known
    if len(known) > MOST_AREAS:
        raise NothingToSay(_("These are too many areas to be compared at once: narrow to a part of the territory."))
    drawn, where = _places([area.area for area in known], points=asked.rule in ("nearest", "distance"))
    placed = [area for area in known if area.area in drawn]
    shapeless = tuple(area.name for area in known if area.area not in drawn)
    _enough(values, placed, shapeless)
    try:
        weights = weights_of([where[drawn[area.area]] for area in placed], asked).standardised()
        figures = np.array([area.value for area in placed], dtype=np.float64)
        test = spatial.moran(figures, weights, asked.permutations)
        contrast = spatial.geary(figures, weights, 0).value
    except TooManyNeighbours as error:
        raise NothingToSay(_too_far()) from error
    except WeightsError as error:
        raise NothingToSay(_("The neighbours cannot be found: choose another rule.")) from error
    except SpatialError as error:
        raise NothingToSay(_reason(figures)) from error
    verdict = verdict_of(test)
    local = _local(figures, weights, asked) if verdict == ALIKE else None
    return Clustering(
        asked,
        values,
        _lines(placed, figures, weights, local),
        weights,
        test,
        contrast,
        verdict,
        local,
        tuple(placed[number].name for number in weights.islands),
        shapeless,
    )


def _enough(values: AreaValues, placed: Sequence[AreaValue], shapeless: Sequence[str]) -> None:
    if len(placed) >= FEWEST:
        return
    words = {"count": number(len(placed)), "fewest": FEWEST}
    if shapeless:
        raise NothingToSay(
            _(
                "Only %(count)s areas have both a value and a boundary; at least %(fewest)s are needed. "
                "Load the boundaries of the areas first."
            )
            % words
        )
    raise NothingToSay(
        _("Only %(count)s areas have a value; with fewer than %(fewest)s nothing can be said of groups.") % words
    )


def _reason(figures: Any) -> str:
    if len(set(figures.tolist())) == 1:
        return _("All areas have the same value: there is nothing that could cluster.")
    return _("No area has a neighbour by this rule: choose another one, for example the nearest areas.")


def verdict_of(test: Tested) -> str:
    """What may be said: neighbours alike, unlike, or no evident pattern. Either direction has half of LEVEL."""
    if test.two_sided > LEVEL:
        return NO_PATTERN
    return ALIKE if test.value > test.expected else UNLIKE


def weights_of(where: Sequence[Any], asked: Asked) -> Weights:
    """The neighbours of shapes (or points, for the two rules of distance) in metres, by the rule asked for."""
    if asked.rule in ("queen", "rook"):
        return neighbours.contiguity(where, corners=asked.rule == "queen")
    if asked.rule == "nearest":
        return neighbours.nearest(where, min(int(asked.reach or NEAREST), len(where) - 1))
    if asked.rule == "distance":
        found = neighbours.within_distance(where, asked.reach * 1000 if asked.reach else None)
        if found.mean_neighbours > (found.n - 1) * WIDE:
            raise NothingToSay(_too_far())
        return found
    raise NothingToSay(_("There is no such rule of neighbours."))


def _too_far() -> str:
    return _(
        "Within this distance nearly every area is a neighbour of every other: choose a shorter one, or another rule."
    )


def _places(areas: Sequence[int], *, points: bool) -> tuple[dict[int, int], Any]:
    """Of each area its place in a list of shapes on a plane in metres (or of n × 2 coordinates)."""
    rows = list(
        Boundary.objects.filter(area__in=among(list(areas)), valid_to__isnull=True)
        .order_by("area_id")
        .values_list("area_id", "wkb")
    )
    flat = neighbours.metres([shapes.from_wkb(wkb) for _pk, wkb in rows])
    drawn = {pk: number for number, (pk, _wkb) in enumerate(rows)}
    if not points:
        return drawn, flat
    import shapely

    middles = shapely.get_coordinates(shapely.centroid(flat)) if len(flat) else np.zeros((0, 2))
    if not rows:  # areas that are only points on the map
        dots = Area.objects.filter(pk__in=among(list(areas)), lon__isnull=False).order_by("pk")
        spots = list(dots.values_list("pk", "lon", "lat"))
        middles = shapely.get_coordinates(neighbours.metres([shapely.Point(lon, lat) for _pk, lon, lat in spots]))
        drawn = {pk: number for number, (pk, *_at) in enumerate(spots)}
    return drawn, middles


def _local(figures: Any, weights: Weights, asked: Asked) -> Local:
    most = LOCAL_PERMUTATIONS if len(figures) <= FEW_AREAS else asked.permutations
    return spatial.lisa(figures, weights, max(asked.permutations, most), level=LEVEL)


def _lines(placed: Sequence[AreaValue], figures: Any, weights: Weights, local: Local | None) -> tuple[Line, ...]:
    around = weights.lag(figures)
    found = []
    for number_, area in enumerate(placed):
        count = int(weights.counts[number_])
        mean = float(around[number_]) if count else None
        if local is None:
            found.append(Line(area, count, mean))
            continue
        group = GROUPS[int(local.quadrants[number_])] if local.stands[number_] else ""
        p = min(1.0, 2 * float(local.p[number_])) if count else None
        found.append(Line(area, count, mean, group, p, float(local.values[number_])))
    return tuple(found)


# --- in words -----------------------------------------------------------------------------------------------------
def sentence(found: Clustering) -> str:
    """The one plain sentence."""
    match found.verdict:
        case "alike":
            return _("Neighbouring areas resemble each other.")
        case "unlike":
            return _("Neighbouring areas differ from each other more than they would by chance.")
    return _("No evident clustering.")


def meaning(found: Clustering) -> str:
    """What the sentence means, and how often chance alone gives as much."""
    shuffles = found.test.permutations
    # p = (hits + 1) / (shuffles + 1) must be at most half the level.
    limit = math.floor(LEVEL / 2 * (shuffles + 1) + 1e-9)
    words = {"shuffles": number(shuffles), "hits": number(found.as_strong), "limit": number(limit)}
    match found.verdict:
        case "alike":
            said = _("Areas with a high value tend to lie near others with a high value, and low near low.")
        case "unlike":
            said = _("Areas with a high value tend to lie beside areas with a low value.")
        case _:
            said = _("High and low values lie over the territory as they could by chance.")
    sign = _("We call it a sign only if that happens fewer than %(limit)s times in %(shuffles)s.")
    return f"{said} {_chance(found) % words} {sign % words}"


def _chance(found: Clustering) -> str:
    if not found.as_strong:
        return _("Of %(shuffles)s random arrangements of the same values none showed so strong a pattern.")
    if found.verdict == NO_PATTERN:
        return ngettext(
            "Of %(shuffles)s random arrangements of the same values %(hits)s showed as strong a pattern.",
            "Of %(shuffles)s random arrangements of the same values %(hits)s showed as strong a pattern.",
            found.as_strong,
        )
    return ngettext(
        "Of %(shuffles)s random arrangements of the same values only %(hits)s showed as strong a pattern.",
        "Of %(shuffles)s random arrangements of the same values only %(hits)s showed as strong a pattern.",
        found.as_strong,
    )


def marked_sentence(found: Clustering) -> str:
    """How many areas stand in a group; empty where none was looked for."""
    if found.local is None:
        return ""
    if not found.marked:
        return _("The resemblance is spread over the territory: no single area stands out beyond chance.")
    return _("%(marked)s of %(all)s areas belong to a group that stands out beyond chance.") % {
        "marked": number(found.marked),
        "all": number(len(found.lines)),
    }


def rule_text(found: Clustering) -> str:
    """Which areas count as neighbours, in words, with how many they are on average."""
    weights, rule = found.weights, found.asked.rule
    texts = {
        "queen": _("Neighbours are areas whose borders touch, at a corner too (borders within a metre count as one)."),
        "rook": _("Neighbours are areas that share a stretch of border of at least ten metres."),
        "nearest": _("Neighbours are the %(k)s areas whose middle is nearest.") % {"k": int(weights.reach)},
        "distance": _("Neighbours are areas whose middles lie within %(km)s km of each other.")
        % {"km": number(weights.reach / 1000, 1)},
    }
    mean = _("An area has %(mean)s neighbours on average; each counts the same.") % {
        "mean": number(weights.mean_neighbours, 1)
    }
    return f"{texts[rule]} {mean}"


def checks(found: Clustering) -> list[str]:
    """How it was checked, in everyday words, for who wants to know."""
    said = [
        rule_text(found),
        _(
            "The same values were dealt out over the areas like cards, %(shuffles)s times, and each time we looked how "
            "alike neighbours were: so we know what chance alone does."
        )
        % {"shuffles": number(found.test.permutations)},
        _("Values put down by chance pass for a pattern, one way or the other, at most five times in a hundred."),
    ]
    if found.local is not None:
        said.append(
            _(
                "Then each area was tried by itself. Since so many trials find something by chance, only those are "
                "marked that stand out clearly: of the areas marked, at most five in a hundred are so by chance."
            )
        )
    elif found.verdict == NO_PATTERN:
        said.append(_("Since the whole shows no pattern, no single area is looked for or marked."))
    said += left_out(found)
    return said


def statistics(found: Clustering) -> list[tuple[str, str]]:
    """The figures of the test, for who knows statistics: each term with one sentence that explains it."""
    test = found.test
    said = [
        (
            _("Moran's I = %(i)s") % {"i": signed(test.value)},
            _(
                "How alike neighbours are, in one number: towards 1 alike, below 0 unlike. Without any pattern "
                "%(expected)s is expected."
            )
            % {"expected": signed(test.expected)},
        ),
        (
            _("Geary's C = %(c)s") % {"c": number(found.geary, 3)},
            _("The same, reckoned from the differences between neighbours: 1 means no pattern, less than 1 alike."),
        ),
        (
            _("p = %(p)s") % {"p": number(test.p, 3)},
            _(
                "The share of arrangements with a pattern at least as strong in this direction, of the %(shuffles)s "
                "dealt by chance and the true one together. We speak of a pattern where it is at most %(half)s."
            )
            % {"shuffles": number(test.permutations), "half": number(LEVEL / 2, 3)},
        ),
        (
            _("Start %(seed)s") % {"seed": test.seed},
            _("The number from which chance is dealt: it is fixed, so that the same figures give the same answer."),
        ),
    ]
    if found.local is None:
        return said
    return [
        *said,
        (
            _("Local Moran (LISA)"),
            _(
                "The same measure for one area and its neighbours; the values of all other areas were dealt out to its "
                "neighbours %(shuffles)s times."
            )
            % {"shuffles": number(found.local.permutations)},
        ),
        (
            _("Correction of Benjamini and Hochberg"),
            _("A stricter bound for who makes many tests at once: it keeps chance finds among those marked to 5 %."),
        ),
    ]


def signed(value: float) -> str:
    """A number with three decimals, below nought with the sign for it and not with a hyphen."""
    return number(value, 3).replace("-", MINUS)


def left_out(found: Clustering) -> list[str]:
    """Who has no value, no boundary, no neighbour, by name."""
    said = [
        _("Left out – %(reason)s: %(names)s.") % {"reason": reason, "names": named(names)}
        for reason, names in found.values.reasons()
    ]
    if found.shapeless:
        said.append(_("Left out – without a boundary: %(names)s.") % {"names": named(found.shapeless)})
    if found.islands:
        said.append(
            _("Without neighbours: %(names)s. They count in the mean, and are compared with nobody.")
            % {"names": named(found.islands)}
        )
    else:
        said.append(_("Every area that counts has at least one neighbour."))
    return said


def named(names: Sequence[str], most: int = 30) -> str:
    """Names in a row, and how many more there are."""
    if len(names) <= most:
        return ", ".join(names)
    return _("%(names)s and %(count)s more") % {"names": ", ".join(names[:most]), "count": number(len(names) - most)}


def cautions(found: Clustering) -> list[str]:
    """What must be known before the answer is repeated elsewhere."""
    said = []
    if found.values.indicator.adds_up:
        said.append(
            _(
                "This is a count: it follows the size of the areas. A share, or a number per inhabitant, says more of "
                "how people live."
            )
        )
    if len(found.lines) < 30:
        said.append(_("With fewer than thirty areas only strong patterns can be told from chance."))
    said.append(_("The answer holds for these areas: drawn otherwise, they may give another one."))
    return said
