"""What must be known of the figures on the page of an indicator: who is left out and why, what the load decided."""

from __future__ import annotations

from collections import Counter

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core.keys import among
from trama.insight.context.reading import Reading
from trama.territory import two_counts
from trama.territory.choices import ValueState
from trama.territory.models import ContextIndicator, ContextValue
from trama.ui.numbers import number

MOST_NAMES = 30
SMALL = 10  # a count below this looks like one that ought to be protected
BASES = ("households", two_counts.RESIDENTS, "residents_area")  # the first that is known says how large an area is


def excluded_text(reading: Reading) -> str:
    """Which areas the source excludes, why as far as it says, and how many live there; empty where none is."""
    rows = [row for row in reading.rows if row.state == ValueState.EXCLUDED]
    if not rows:
        return ""
    names = ", ".join(row.name for row in rows[:MOST_NAMES])
    if len(rows) > MOST_NAMES:
        names = _("%(names)s and %(count)s more") % {"names": names, "count": number(len(rows) - MOST_NAMES)}
    said = [
        ngettext("The source excludes %(n)s area: %(names)s.", "The source excludes %(n)s areas: %(names)s.", len(rows))
        % {"n": number(len(rows)), "names": names}
    ]
    reasons = list(dict.fromkeys(row.note.rstrip(".") for row in rows if row.note))
    said += [_("Why: %(reason)s.") % {"reason": reason} for reason in reasons]
    if not reasons:
        said.append(_("Its file marks them and does not say why."))
    return " ".join([*said, *_how_many_live(reading, [row.area for row in rows])])


def _how_many_live(reading: Reading, areas: list[int]) -> list[str]:
    """From how many to how many households, or residents, there are in each of these areas; nothing if unknown."""
    for code in BASES:
        rows = ContextValue.objects.filter(indicator__code=code, area__in=among(areas), value__isnull=False)
        years = sorted(set(rows.order_by().values_list("year", flat=True)), key=lambda y: abs(y - reading.chosen.year))
        stated = rows.filter(year=years[0]).order_by().values_list("value", flat=True) if years else []
        found = [value for value in stated if value is not None]
        if len(found) < len(areas):
            continue
        indicator = ContextIndicator.objects.get(code=code)
        unit = indicator.unit or indicator.name.casefold()
        words = {"low": number(min(found)), "high": number(max(found)), "unit": unit, "year": years[0]}
        if words["low"] == words["high"]:
            return [_("In each there are %(low)s %(unit)s (%(year)s).") % words]
        return [_("In each there are between %(low)s and %(high)s %(unit)s (%(year)s).") % words]
    return []


def small_text(reading: Reading) -> str:
    """That small counts of a source are its own, and published by it; empty where there are none."""
    if not reading.indicator.adds_up or reading.indicator.counts_people:
        return ""
    shown = [row.value for row in reading.rows if row.value is not None]
    return published_text() if any(0 < value < SMALL for value in shown) else ""


def published_text() -> str:
    """Why a small figure of an official source is shown as it is."""
    return _(
        "Small numbers too are shown as the source publishes them: Trama protects the persons that it counts in its "
        "own registers, and does not change official figures."
    )


def load_notes(reading: Reading) -> list[str]:
    """What a person decided about the values of the year when they were brought in, with how many areas each."""
    notes = Counter(row.note for row in reading.rows if row.note and row.state != ValueState.EXCLUDED)
    return [
        ngettext("%(n)s area: %(note)s", "%(n)s areas: %(note)s", count) % {"n": number(count), "note": note}
        for note, count in notes.most_common(12)
    ]
