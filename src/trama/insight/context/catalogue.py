"""Which context indicators there are: by theme, with sources, years, and how many areas of how many they cover."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _

from trama.core import memo
from trama.core.actor import Actor
from trama.insight.context.words import counted_areas, theme_title
from trama.territory import finding
from trama.territory.choices import RANK
from trama.territory.models import ContextIndicator, ContextValue
from trama.ui.numbers import number


@dataclass(frozen=True)
class Entry:
    """An indicator with what is known of it; `coverage` says of its newest year how many areas have a value."""

    indicator: ContextIndicator
    years: tuple[int, ...]
    coverage: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]  # title, licence

    @property
    def span(self) -> str:
        """ "2016–2023", "1991, 2001, 2011", "2022"."""
        years = self.years
        if len(years) < 2:
            return "".join(map(str, years))
        if years[-1] - years[0] == len(years) - 1:
            return f"{years[0]}–{years[-1]}"
        return ", ".join(map(str, years)) if len(years) <= 3 else f"{years[0]}–{years[-1]} ({len(years)})"


@dataclass(frozen=True)
class Theme:
    """The indicators of a theme."""

    key: str
    title: str
    entries: tuple[Entry, ...]


def catalogue(actor: Actor) -> list[Theme]:
    """Every context indicator under its theme, remembered until anything changes."""
    return memo.until_changed(("insight.context.catalogue",), actor, _catalogue)


def _catalogue() -> list[Theme]:
    counts: dict[int, dict[tuple[int, str], int]] = {}
    grouped = ContextValue.objects.order_by().values_list("indicator_id", "year", "area__kind")
    for pk, year, kind, known in grouped.annotate(known=Count("value")):
        counts.setdefault(pk, {})[(year, kind)] = known
    sources: dict[int, list[tuple[str, str]]] = {}
    stated = ContextValue.objects.filter(source__isnull=False).order_by("source__title")
    for pk, title, licence in stated.values_list("indicator_id", "source__title", "source__licence").distinct():
        sources.setdefault(pk, []).append((title, licence))
    totals = Counter(node.kind for node in finding.nodes().values() if node.in_force)
    themes: dict[str, list[Entry]] = {}
    for indicator in ContextIndicator.objects.order_by("position", "code"):
        found = counts.get(indicator.pk, {})
        if not found and indicator.theme == "index":
            continue  # withdrawn: its page says so, the list does not offer it
        years = tuple(sorted({year for year, _kind in found}))
        entry = Entry(indicator, years, _coverage(found, totals), tuple(sources.get(indicator.pk, ())))
        themes.setdefault(indicator.theme, []).append(entry)
    return [Theme(key, theme_title(key), tuple(entries)) for key, entries in themes.items()]


def _coverage(found: dict[tuple[int, str], int], totals: Counter[str]) -> tuple[str, ...]:
    """ "78 of 90 statistical areas (2022)" for each kind of area, in the newest year that it is known for."""
    newest = {kind: max(year for year, k in found if k == kind) for _year, kind in found}
    texts = []
    for kind, year in sorted(newest.items(), key=lambda item: RANK.get(item[0], 99)):
        known = found[(year, kind)]
        areas = counted_areas(kind, max(totals[kind], known))
        texts.append((_("%(known)s of %(areas)s") % {"known": number(known), "areas": areas}, year))
    years = {year for _text, year in texts}
    if len(years) == 1:
        return tuple(text for text, _year in texts)
    return tuple(f"{text} ({year})" for text, year in texts)
