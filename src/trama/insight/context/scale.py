"""The classes of a coloured map: bounds, labels, paints, and the sentence that says how they were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from trama.insight.analysis import classes
from trama.insight.context.asked import AROUND, EQUAL, METHODS, NATURAL, OWN, QUANTILES, Asked
from trama.insight.context.words import ambiguous, breaks_of
from trama.territory.models import ContextIndicator
from trama.ui.choropleth import Paint, diverging, sequential
from trama.ui.numbers import is_english, number


@dataclass(frozen=True)
class Scale:
    """Classes with their labels and paints ("1", "2", …); `said`: how they were made; `problem`: what was mistyped."""

    method: str
    bounds: tuple[float, ...]
    labels: tuple[str, ...]
    paints: dict[str, Paint]
    said: str
    problem: str = ""

    def key_of(self, value: float) -> str:
        """The paint of a value (rounded as it is printed)."""
        return str(classes.placed([value], self.bounds)[0] + 1)

    def label_of(self, value: float) -> str:
        return self.labels[classes.placed([value], self.bounds)[0]]


def methods_of(indicator: ContextIndicator) -> list[str]:
    """The ways to make classes; around a centre only where the indicator has one, and then first."""
    return [AROUND, *METHODS] if indicator.centre is not None else list(METHODS)


def method_name(method: str) -> str:
    """A way to make classes, as a choice."""
    return {
        AROUND: _("around the centre"),
        QUANTILES: _("as many areas in each (quantiles)"),
        NATURAL: _("at the natural breaks"),
        EQUAL: _("of the same width"),
        OWN: _("with your own breaks"),
    }[method]


def scale_of(indicator: ContextIndicator, values: Sequence[float], asked: Asked) -> Scale | None:
    """The classes of these values (rounded as they are printed) as asked; None when there are no values."""
    if not values:
        return None
    offered = methods_of(indicator)
    usual = OWN if asked.breaks and not asked.classes else offered[0]
    method = asked.classes if asked.classes in offered else usual
    problem, breaks = "", []
    if asked.breaks or method == OWN:
        try:
            breaks = breaks_of(asked.breaks)
        except ValueError as error:
            method = offered[0] if method == OWN else method
            problem = _not_understood(asked.breaks, str(error), method) if asked.breaks else _explain_breaks()
    if method != OWN and breaks:
        problem, breaks = _("Your own breaks are not used: choose “%(own)s” first.") % {"own": method_name(OWN)}, []
    decimals = indicator.decimals
    if method == OWN:
        bounds, members = classes.own(breaks), False
    elif method == AROUND and indicator.centre is not None:
        bounds, members = classes.around(values, indicator.centre, decimals), False
    elif method == EQUAL:
        bounds, members = classes.equal(values, _count(values), decimals), False
    else:
        bounds = (classes.natural if method == NATURAL else classes.quantiles)(values, _count(values))
        members = True
    decimals = max([decimals, *(_decimals(one) for one in breaks)])
    ends = classes.ranges(values, bounds, decimals, members=members)
    labels = tuple(_label(low, high, indicator, decimals) for low, high in ends)
    two_sided = indicator.centre is not None and _centred(bounds, indicator.centre)
    paints = diverging(labels) if two_sided else sequential(labels)
    said = _said(method, bounds, indicator, values)
    if method == OWN:
        said = " ".join([said, *_remarks(asked.breaks, breaks, values, indicator)])
    return Scale(method, tuple(bounds), labels, paints, said, problem)


def _not_understood(text: str, error: str, method: str) -> str:
    words = {"text": text, "method": method_name(method)}
    said = _("“%(text)s” was not understood; the classes shown are %(method)s.") % words
    return f"{said} {error}"


def _remarks(text: str, breaks: Sequence[float], values: Sequence[float], indicator: ContextIndicator) -> list[str]:
    """How a number that may be read in two ways was read; which breaks lie outside the values."""
    found = []
    odd = ambiguous(text)
    if odd:
        sign = _("the comma") if is_english() else _("the point")
        found.append(
            _("In “%(typed)s” %(sign)s was read as the sign between thousands, not as that before decimals.")
            % {"typed": odd, "sign": sign}
        )
    outside = [one for one in breaks if not min(values) <= one <= max(values)]
    if outside:
        words = {
            "breaks": "; ".join(number(one, max(indicator.decimals, _decimals(one))) for one in outside),
            "low": number(min(values), indicator.decimals),
            "high": number(max(values), indicator.decimals),
        }
        found.append(
            _("Outside the values, which go from %(low)s to %(high)s: %(breaks)s; a class there is empty.") % words
        )
    return found


def _count(values: Sequence[float]) -> int:
    """Five classes, fewer for a handful of areas: a class of a single area says nothing that its value does not."""
    return max(1, min(classes.CLASSES, len(values) // 2))


def _explain_breaks() -> str:
    return _("Write the numbers at which a class ends, with a semicolon between them, for example 90; 97,5; 110.")


def _decimals(one: float) -> int:
    text = f"{one:.8f}".rstrip("0")
    return len(text.partition(".")[2])


def _centred(bounds: Sequence[float], centre: float) -> bool:
    """Whether there are five classes and the middle one holds the centre."""
    return len(bounds) == 5 and bounds[1] < centre <= bounds[2]


def _label(low: float | None, high: float | None, indicator: ContextIndicator, decimals: int) -> str:
    """ "12,3–15,0 %", "up to 12,2 %", "15,1 % and more"."""
    unit = f" {indicator.unit}" if indicator.unit else ""
    if indicator.unit == "%" and is_english():
        unit = "%"

    def said(one: float) -> str:
        return number(one, decimals)

    if low is None and high is None:
        return _("none")
    if low is None and high is not None:
        return _("up to %(high)s") % {"high": said(high) + unit}
    if high is None and low is not None:
        return _("%(low)s and more") % {"low": said(low) + unit}
    if low is not None and high is not None:
        text = said(low) if said(low) == said(high) else f"{said(low)}–{said(high)}"
        return text + unit
    return ""


def _said(method: str, bounds: Sequence[float], indicator: ContextIndicator, values: Sequence[float]) -> str:
    count = len(bounds)
    if method == AROUND:
        width = (bounds[2] - indicator.centre) if indicator.centre is not None else 0
        return _(
            "Five classes as wide around %(centre)s: the one in the middle reaches %(width)s above and below it."
        ) % {
            "centre": number(indicator.centre, indicator.decimals),
            "width": number(width, indicator.decimals),
        }
    if method == OWN:
        inner = "; ".join(number(one, max(indicator.decimals, _decimals(one))) for one in bounds[:-1])
        return _("Classes with breaks chosen by whoever reads: %(breaks)s.") % {"breaks": inner}
    if count == 1 and len(values) == 1:
        return _("One class, because there is one value.")
    if count == 1 and len(set(values)) > 1:
        return _("One class, because there are few values.")
    if count == 1:
        return _("One class, because all values are equal.")
    texts = {
        QUANTILES: _("%(n)s classes with about as many areas in each (quantiles); equal values stay together."),
        NATURAL: _("%(n)s classes at the natural breaks: values that are near each other stay together."),
        EQUAL: _("%(n)s classes of the same width; some may be empty."),
    }
    return texts[method] % {"n": number(count)}
