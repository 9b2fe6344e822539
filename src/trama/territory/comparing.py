"""Whether an indicator may be compared: across areas, and across the versions of its definition.

An index whose base is the mean of one municipality (IDISE) says nothing about another one: 104 here and 104 there are
not the same. Whoever draws a map, a ranking, a table or a clustering of an indicator asks here first, and shows the
sentence instead of the comparison when it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from trama.territory.choices import RANK, AreaKind
from trama.territory.models import Area, AreaClosure, ContextIndicator, ContextValue

SHOWN = 4  # names in a sentence


@dataclass(frozen=True)
class Comparison:
    """Whether a comparison is allowed and, when it is not, the sentence that says why and what can be done instead.

    `groups` holds the areas (pks) that may be compared with each other, by the pk of the area that they share; areas
    that share none (wider than it, or outside any) stand under None.
    """

    allowed: bool
    sentence: str = ""
    groups: dict[int | None, list[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.allowed


def may_compare(indicator: ContextIndicator, areas: Iterable[Area | int]) -> Comparison:
    """Whether the values of an indicator in these areas (rows or pks) may stand side by side. One query at most."""
    pks = list(dict.fromkeys(area if isinstance(area, int) else area.pk for area in areas))
    within = indicator.compare_within
    if not within or len(pks) < 2:
        return Comparison(True, groups={None: pks})
    shared = dict(
        AreaClosure.objects.filter(area__in=pks, ancestor_kind=within)
        .order_by("-distance", "pk")
        .values_list("area_id", "ancestor_id")
    )
    groups: dict[int | None, list[int]] = {}
    for pk in pks:
        groups.setdefault(shared.get(pk), []).append(pk)
    if len(groups) == 1 and None not in groups:
        return Comparison(True, groups=groups)
    return Comparison(False, _refusal(indicator, groups), groups)


def _refusal(indicator: ContextIndicator, groups: dict[int | None, list[int]]) -> str:
    kind = AreaKind(indicator.compare_within).label
    bounds = [pk for pk in groups if pk is not None]
    names = list(Area.objects.filter(pk__in=bounds).order_by("name", "pk").values_list("name", flat=True))
    words = {"indicator": indicator.name, "kind": kind}
    if len(names) > 1:
        shown = ", ".join(names[:SHOWN])
        more = len(names) - SHOWN
        words["names"] = _("%(names)s and %(count)s more") % {"names": shown, "count": more} if more > 0 else shown
        return (
            _(
                "“%(indicator)s” can only be compared inside the same %(kind)s: here there are %(names)s. "
                "Choose one of them."
            )
            % words
        )
    outside = Area.objects.filter(pk__in=groups.get(None, [])).order_by("name", "pk").values_list("name", flat=True)
    words["names"] = ", ".join(list(outside)[:SHOWN])
    return (
        _("“%(indicator)s” can only be compared inside the same %(kind)s: %(names)s does not lie inside one.") % words
    )


def may_compare_with(indicator: ContextIndicator, ancestor_kind: str) -> bool:
    """Whether an area may be compared with one of this kind above it: not with one wider than the index reaches."""
    return not indicator.compare_within or RANK[ancestor_kind] >= RANK[indicator.compare_within]


def same_definition(values: Iterable[ContextValue]) -> Comparison:
    """Whether these values (of one indicator) were stated under one version of its definition; else which, and when."""
    years: dict[str, set[int]] = {}
    for value in values:
        years.setdefault(value.version, set()).add(value.year)
    if len(years) < 2:
        return Comparison(True)
    said = "; ".join(
        _("version %(version)s: %(years)s") % {"version": version, "years": _span(found)}
        for version, found in sorted(years.items(), key=lambda item: min(item[1]))
    )
    return Comparison(
        False, _("The definition changed (%(versions)s): these numbers are not one series.") % {"versions": said}
    )


def _span(years: set[int]) -> str:
    first, last = min(years), max(years)
    return str(first) if first == last else f"{first}–{last}"
