"""Values that stand there already: which a load puts others in the place of, and how such a load is taken back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from trama.core.models import Source
from trama.intake.verdicts import Replaced, StepReport
from trama.territory.choices import ValueState
from trama.territory.models import Area, ContextIndicator
from trama.ui.numbers import number

# Value, state, version of the definition, note, source: what is stated of an area in a year.
Stated = tuple[float | None, str, str, str, int | None]
Written = tuple[int, int, int, Stated | None, Stated]  # area, indicator, year, what stood there, what is written
Defined = tuple[int, dict[str, Any] | None, dict[str, Any]]  # indicator, its definition before (None: new), and now
SHOWN = 200  # values of which a page says what they were


def tell(report: StepReport, written: Sequence[Written], source: Source | None) -> None:
    """Say of a step which values of today it replaces: old and new number, old and new source."""
    replaced = [one for one in written if one[3] is not None]
    if not replaced:
        return
    titles = dict(Source.objects.values_list("pk", "title"))
    not_stated = _("source not stated")
    new_source = source.title if source else not_stated
    for _area, _indicator, _year, was, now in replaced:  # the same number of another source is asked about too
        if was is not None and was[4] != now[4]:
            report.other_sources[titles.get(was[4] or 0, not_stated)] += 1
    changed = [one for one in replaced if one[3] is not None and not _same(one[3], one[4])]
    report.overwritten = len(changed)
    first = sorted(changed, key=lambda one: (one[1], one[0], one[2]))[:SHOWN]
    areas = dict(Area.objects.filter(pk__in={one[0] for one in first}).order_by().values_list("pk", "name"))
    indicators = ContextIndicator.objects.in_bulk({one[1] for one in first})
    for area, indicator, year, was, now in first:
        if was is not None:
            name = indicators[indicator].name
            old_source = titles.get(was[4] or 0, not_stated)
            report.replaced.append(
                Replaced(areas[area], name, year, printed(was), printed(now), old_source, new_source)
            )


def _same(was: Stated, now: Stated) -> bool:
    """Whether neither the number nor its state becomes another."""
    return was[1] == now[1] and equal(was[0], now[0])


def equal(one: float | None, other: float | None) -> bool:
    """Whether two numbers are the same but for the last digits that a computer keeps."""
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def printed(stated: Stated) -> str:
    """A value for people: the number, or why there is none."""
    if stated[0] is None:
        return str(ValueState(stated[1]).label)
    if stated[1] != ValueState.VALUE:
        return f"{decimal(stated[0])} ({ValueState(stated[1]).label})"
    return decimal(stated[0])


def decimal(value: float) -> str:
    """A number in the form of the language, with as many decimals as it needs to be read right."""
    for decimals in range(9):
        if math.isclose(round(value, decimals), value, rel_tol=1e-6, abs_tol=1e-12):
            return number(value, decimals)
    return number(value, 9)
