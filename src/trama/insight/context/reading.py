"""An indicator in one year over the areas of one kind: values with their state, classes, comparison, sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core import memo
from trama.core.actor import Actor
from trama.core.keys import among
from trama.core.models import Source
from trama.insight.context.asked import Asked, Chosen, above_of, choose, offer_of
from trama.insight.context.scale import Scale, scale_of
from trama.insight.context.words import counted_areas, short_text, signed, value_text
from trama.insight.indices.hundred import width_around
from trama.territory import finding, two_counts
from trama.territory.choices import ValueState
from trama.territory.choices import reason_of as why_none
from trama.territory.comparing import may_compare, may_compare_with
from trama.territory.models import ContextIndicator, ContextValue
from trama.ui.choropleth import EXCLUDED, MISSING
from trama.ui.numbers import number

NOT_LOADED = "not_loaded"  # no row at all: not a state of the source's
WITH_NUMBER = (ValueState.VALUE, ValueState.ESTIMATED)


@dataclass(frozen=True)
class Row:
    """One area: its value as printed or the reason why there is none, its class, how it compares with the one above."""

    area: int
    code: str
    name: str
    part_of: str
    value: float | None
    text: str
    state: str
    reason: str
    note: str
    version: str
    source: str
    licence: str
    paint: str = ""
    label: str = ""
    compared: str = ""


@dataclass(frozen=True)
class Reading:
    """What stands on the page of an indicator for one year. `refused`: why its values may not stand side by side."""

    indicator: ContextIndicator
    chosen: Chosen
    rows: tuple[Row, ...]
    scale: Scale | None
    refused: str
    groups: tuple[tuple[str, str, int], ...]  # of a refused comparison: name, code and number of areas that may be
    caution: str
    compared_with: str
    sources: tuple[Source, ...]

    @property
    def known(self) -> list[Row]:
        return [row for row in self.rows if row.value is not None]

    @property
    def estimated(self) -> int:
        return sum(row.state == ValueState.ESTIMATED for row in self.rows)

    def without(self) -> list[tuple[str, int]]:
        """The reasons why areas have no value, with how many areas each, the most frequent first."""
        return Counter(row.reason for row in self.rows if row.value is None).most_common()


def reading_of(actor: Actor, indicator: ContextIndicator, asked: Asked) -> Reading | None:
    """The indicator as asked, remembered until anything changes; None when nothing of it is known."""
    return memo.until_changed(
        ("insight.context", indicator.pk, asked), actor, lambda: _reading(actor, indicator, asked)
    )


def _reading(actor: Actor, indicator: ContextIndicator, asked: Asked) -> Reading | None:
    chosen = choose(indicator, offer_of(actor, indicator), asked)
    if chosen is None:
        return None
    found = {row.area_id: row for row in _rows(indicator, chosen.members, chosen.year)}
    numbers = {pk: _rounded(row.value, indicator) for pk, row in found.items() if row.value is not None}
    comparison = may_compare(indicator, numbers)
    groups = () if comparison else _groups(comparison.groups, chosen)
    caution = _mixed(found.values())
    scale = scale_of(indicator, list(numbers.values()), asked) if comparison and not caution else None
    compared, compared_with = _compared(indicator, chosen, found, numbers) if comparison else ({}, "")
    rows = tuple(_row(pk, found.get(pk), numbers, indicator, scale, compared) for pk in chosen.members)
    sources = {row.source_id: row.source for row in found.values() if row.source is not None}
    ordered = tuple(sorted(sources.values(), key=lambda source: source.title))
    return Reading(indicator, chosen, rows, scale, comparison.sentence, groups, caution, compared_with, ordered)


def _rows(indicator: ContextIndicator, areas: Iterable[int], year: int) -> Iterable[ContextValue]:
    rows = ContextValue.objects.filter(indicator=indicator, area__in=among(areas), year=year)
    return rows.select_related("source").order_by()


def _rounded(value: float, indicator: ContextIndicator) -> float:
    """As it is printed: two areas that show the same number are in the same class."""
    return round(value, indicator.decimals)


def _groups(groups: Mapping[int | None, Sequence[int]], chosen: Chosen) -> tuple[tuple[str, str, int], ...]:
    known = finding.nodes()
    found = [(known[pk].name, known[pk].code, len(areas)) for pk, areas in groups.items() if pk is not None]
    return tuple(sorted(found))


def _mixed(rows: Iterable[ContextValue]) -> str:
    """A sentence when the values of the year were stated under different definitions."""
    versions = Counter(row.version for row in rows if row.value is not None)
    if len(versions) < 2:
        return ""
    said = "; ".join(
        ngettext("version %(v)s: %(n)s area", "version %(v)s: %(n)s areas", count) % {"v": version, "n": number(count)}
        for version, count in sorted(versions.items())
    )
    return _("The areas are stated under different definitions (%(versions)s): they are not coloured on one scale.") % {
        "versions": said
    }


def _row(
    pk: int,
    found: ContextValue | None,
    numbers: Mapping[int, float],
    indicator: ContextIndicator,
    scale: Scale | None,
    compared: Mapping[int, str],
) -> Row:
    node = finding.nodes()[pk]
    state = found.state if found is not None else NOT_LOADED
    value = numbers.get(pk)
    text = short_text(value, indicator) if value is not None else "–"
    reason = why_none(found.state, found.note) if found is not None else reason_of(state)
    paint = (EXCLUDED if state == ValueState.EXCLUDED else MISSING) if value is None else ""
    if value is not None and scale is not None:
        paint = scale.key_of(value)
    source = found.source if found is not None else None
    return Row(
        pk,
        node.code,
        node.name,
        finding.name_of(node.parent),
        value,
        text,
        state,
        reason,
        found.note if found is not None else "",
        found.version if found is not None else "",
        source.title if source else "",
        source.licence if source else "",
        paint,
        scale.label_of(value) if value is not None and scale is not None else "",
        compared.get(pk, ""),
    )


def reason_of(state: str) -> str:
    """Why there is no plain value, in words."""
    return _("no figure was loaded") if state == NOT_LOADED else str(ValueState(state).label)


# --- compared with the area above ---------------------------------------------------------------------------------
def _compared(
    indicator: ContextIndicator, chosen: Chosen, found: Mapping[int, ContextValue], numbers: Mapping[int, float]
) -> tuple[dict[int, str], str]:
    """How each area compares with one above it in the same year; and the heading of that column."""
    if indicator.centre is not None:
        heading = _("compared with %(centre)s") % {"centre": number(indicator.centre, indicator.decimals)}
        return {pk: signed(value - indicator.centre, indicator) for pk, value in numbers.items()}, heading
    known = finding.nodes()
    above = {pk: above_of(pk, known) for pk in numbers}
    wanted = {node.id for nodes in above.values() for node in nodes}
    stated = {row.area_id: row for row in _rows(indicator, wanted, chosen.year) if row.value is not None}
    pairs = {}
    for pk, nodes in above.items():
        near = [n for n in nodes if n.id in stated and may_compare_with(indicator, n.kind)]
        # The area that holds all of them, if it is known: one yardstick for the whole table.
        near.sort(key=lambda node: chosen.under is None or node.id != chosen.under.id)
        if near and stated[near[0].id].version == found[pk].version:
            pairs[pk] = near[0]
    one = {node.id for node in pairs.values()}
    texts = {}
    for pk, node in pairs.items():
        text = _difference(numbers[pk], float(stated[node.id].value or 0), indicator)
        texts[pk] = text if len(one) == 1 or not text else _("%(text)s (%(area)s)") % {"text": text, "area": node.name}
    if not texts:
        return {}, ""
    if len(one) > 1:
        return texts, _("share of the area above") if indicator.adds_up else _("compared with the area above")
    node = known[one.pop()]
    words = {"area": node.name, "value": value_text(float(stated[node.id].value or 0), indicator)}
    if indicator.adds_up:
        return texts, _("share of %(area)s (%(value)s)") % words
    return texts, _("compared with %(area)s (%(value)s)") % words


def _difference(value: float, other: float, indicator: ContextIndicator) -> str:
    if not indicator.adds_up:
        return signed(value - _rounded(other, indicator), indicator)
    return f"{number(value / other * 100, 1)} %" if other else ""


# --- said in a sentence -------------------------------------------------------------------------------------------
def base_text(reading: Reading) -> str:
    """How many of how many: "78 of 90 statistical areas have a value in 2022; 12 are excluded by the source"."""
    words = {
        "known": number(len(reading.known)),
        "areas": counted_areas(reading.chosen.level, len(reading.rows)),
        "year": reading.chosen.year,
    }
    text = _("A value for %(known)s of %(areas)s, %(year)s") % words
    reasons = [
        _("%(n)s without one (%(reason)s)") % {"n": number(count), "reason": reason}
        for reason, count in reading.without()
    ]
    if reading.estimated:
        reasons.append(
            ngettext("%(n)s is estimated", "%(n)s are estimated", reading.estimated) % {"n": number(reading.estimated)}
        )
    return "; ".join([text, *reasons])


def finding_text(reading: Reading) -> str:
    """What the values say, in one sentence; no area is named first: this is no league table."""
    values = [row.value for row in reading.known if row.value is not None]
    indicator = reading.indicator
    if not values:
        return _("%(name)s: no value for these areas") % {"name": indicator.name}
    if indicator.centre is not None and len(values) > 1:
        width = width_around(values, indicator.centre, indicator.decimals)
        low, high = (round(indicator.centre + way * width, indicator.decimals) for way in (-1, 1))
        words: dict[str, Any] = {
            "low": number(low, 0 if low.is_integer() and high.is_integer() else indicator.decimals),
            "high": number(high, 0 if low.is_integer() and high.is_integer() else indicator.decimals),
            "above": number(sum(value > high for value in values)),
            "below": number(sum(value < low for value in values)),
            "n": number(len(values)),
        }
        return _("Of %(n)s areas %(above)s are over %(high)s, %(below)s under %(low)s") % words
    if indicator.adds_up and len(values) > 1:
        words = {"name": indicator.name, "total": number(sum(values), indicator.decimals), "n": number(len(values))}
        if len(values) == len(reading.rows):
            return _("%(name)s: %(total)s in all, the sum of %(n)s areas") % words
        return _("%(name)s: %(total)s in the %(n)s areas with a value") % words
    ordered = sorted(values)
    if len(values) < 4:
        low, high = ordered[0], ordered[-1]
    else:
        low, high = (float(q) for q in np.quantile(ordered, [0.25, 0.75]))
    words = {"low": short_text(low, indicator), "high": short_text(high, indicator), "name": indicator.name}
    if words["low"] == words["high"]:
        return _("%(name)s: %(low)s in the middle half of the areas") % words
    if len(values) < 4:
        return _("%(name)s: from %(low)s to %(high)s") % words
    return _("Half of the areas lie between %(low)s and %(high)s") % words


def apart_text(reading: Reading) -> str:
    """A sentence where the residents added up here and those that another register states for the whole differ."""
    under = reading.chosen.under
    if reading.indicator.code != two_counts.RESIDENTS or under is None or len(reading.known) < len(reading.rows):
        return ""
    own = two_counts.own_of(under.id, reading.chosen.year)
    if own is None:
        return ""
    total = round(sum(row.value or 0 for row in reading.known))
    parts = two_counts.Stated(total, (reading.chosen.year,), reading.sources)
    return two_counts.difference(own, parts, len(reading.rows))


FEW = 50  # households or residents: with fewer, one more or less moves a share or a mean


def few_text(reading: Reading) -> str:
    """Which areas have so few households or residents that a share or a mean of them leaps; empty where none has."""
    if reading.indicator.adds_up or reading.indicator.centre is not None:
        return ""
    base = "households" if reading.indicator.theme == "households" else two_counts.RESIDENTS
    rows = ContextValue.objects.filter(indicator__code=base, value__isnull=False, value__lt=FEW)
    rows = rows.filter(year=reading.chosen.year, area__in=among([row.area for row in reading.known]))
    small = dict(rows.order_by().values_list("area_id", "value"))
    if not small:
        return ""
    named = [f"{row.name} ({number(small[row.area])})" for row in reading.known if row.area in small]
    words = {"few": FEW, "areas": ", ".join(named[:20])}
    if base == "households":
        return _("With fewer than %(few)s households one more or less moves the value: %(areas)s.") % words
    return _("With fewer than %(few)s residents one more or less moves the value: %(areas)s.") % words


def spread_text(reading: Reading) -> str:
    """The least, the middle and the greatest value."""
    values = sorted(row.value for row in reading.known if row.value is not None)
    if len(values) < 3:
        return ""
    low, middle, high = (short_text(float(v), reading.indicator) for v in (values[0], np.median(values), values[-1]))
    return _("Least %(low)s, middle value %(middle)s (half of the areas are below it), greatest %(high)s.") % {
        "low": low,
        "middle": middle,
        "high": high,
    }
