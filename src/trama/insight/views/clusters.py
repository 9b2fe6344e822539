"""Pages of clustering: choose an indicator, read one sentence, see how it was checked, take it away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trama.core.actor import Actor
from trama.core.keys import whole
from trama.core.pages import anyone, page
from trama.insight import area_files, cluster_pages, clustering
from trama.insight.area_values import FEWEST, NothingToSay, Offer, containers, offers
from trama.insight.glossary import words
from trama.territory.choices import AreaKind
from trama.territory.models import ContextIndicator, ContextValue
from trama.territory.profile import THEMES


def whole_number(text: str | None, least: int, most: int) -> int | None:
    """A whole number of an address within bounds; None for anything else."""
    return whole(text, most, least) if text else None


def real_number(text: str | None, least: float, most: float) -> float | None:
    """A number of an address, with comma or point, within bounds; None for anything else."""
    try:
        value = float((text or "").replace(",", ".")[:12])
    except ValueError:
        return None
    return value if least <= value <= most else None


def themes_of(found: list[Offer]) -> list[dict[str, Any]]:
    """The offers under the heading of their theme, in the order of the indicators."""
    groups: dict[str, list[Offer]] = {}
    for offer in found:
        groups.setdefault(offer.indicator.theme, []).append(offer)
    return [
        {"title": str(THEMES.get(theme) or theme.replace("_", " ").capitalize() or _("Other numbers")), "offers": group}
        for theme, group in groups.items()
    ]


@dataclass(frozen=True)
class Chosen:
    """What the address asks, made whole from what there is."""

    asked: clustering.Asked
    offer: Offer

    def pairs(self) -> list[tuple[str, str]]:
        """As it stands in an address."""
        asked = self.asked
        pairs = [("indicator", asked.indicator), ("level", asked.level), ("year", str(asked.year))]
        pairs += [("within", asked.within)] if asked.within else []
        pairs += [("neighbours", asked.rule)] if asked.rule != "queen" else []
        pairs += [("reach", f"{asked.reach:g}")] if asked.reach else []
        return pairs + ([("excluded", "1")] if asked.also_excluded else [])


def _chosen(request: HttpRequest, found: list[Offer]) -> Chosen:
    get = request.GET.get
    code = get("indicator", "").replace("\x00", "")
    offer = next((one for one in found if one.indicator.code == code), None) or _too_small(code)
    level = offer.level(get("level", ""))
    rule = get("neighbours", "")
    rule = rule if rule in clustering.RULES else "queen"
    reach: float | None = None
    if rule == "nearest":
        reach = float(whole_number(get("reach"), 1, 30) or clustering.NEAREST)
    elif rule == "distance":
        reach = real_number(get("reach"), 0.05, 500)
    year = offer.year(level, whole_number(get("year"), 1000, 3000))
    within = get("within", "").replace("\x00", "")[:40]
    asked = clustering.Asked(code, level, year, within, rule, reach, also_excluded=get("excluded") == "1")
    return Chosen(asked, offer)


def _too_small(code: str) -> Offer:
    """An indicator that exists but of which too few areas have a value: the page says so. Else a 404."""
    indicator = ContextIndicator.objects.filter(code=code).first()
    if indicator is None:
        raise Http404
    levels: dict[str, dict[int, int]] = {}
    rows = ContextValue.objects.filter(indicator=indicator).order_by().values_list("area__kind", "year")
    for kind, year in rows:
        levels.setdefault(kind, {}).setdefault(year, 0)
        levels[kind][year] += 1
    if not levels:
        raise Http404
    return Offer(indicator, levels)


@page(may=anyone)
@require_safe
def clusters(request: HttpRequest) -> HttpResponse:
    """Whether an indicator clusters; without an indicator, which there are."""
    found = offers()
    context: dict[str, Any] = {"themes": themes_of(found), "fewest": FEWEST}
    if not request.GET.get("indicator"):
        return render(request, "insight/clusters_index.html", context)
    chosen = _chosen(request, found)
    context |= _choices(chosen)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    try:
        answer = clustering.examine(actor, chosen.asked)
    except NothingToSay as problem:
        return render(request, "insight/clusters.html", context | {"problem": str(problem), "found": None})
    return render(request, "insight/clusters.html", context | _shown(answer, chosen))


def _shown(found: clustering.Clustering, chosen: Chosen) -> dict[str, Any]:
    query = urlencode(chosen.pairs())
    lines, more = cluster_pages.lines_on_page(found)
    everything = [(key, value) for key, value in chosen.pairs() if key != "excluded"]
    turned = everything if chosen.asked.also_excluded else [*everything, ("excluded", "1")]
    may_turn = chosen.asked.also_excluded or cluster_pages.is_left_out_elsewhere(found)
    return {
        "problem": "",
        "found": found,
        "title": cluster_pages.title_of(found),
        "sentence": clustering.sentence(found),
        "meaning": clustering.meaning(found),
        "marked": clustering.marked_sentence(found),
        "groups": [
            {"label": clustering.GROUP_LABELS[group], "lines": lines_}
            for group, lines_ in found.groups.items()
            if lines_
        ],
        "drawn": cluster_pages.drawn_groups(found),
        "checks": clustering.checks(found),
        "statistics": clustering.statistics(found),
        "words": words("base", "neighbours", "chance", "excluded", "licence"),
        "cautions": clustering.cautions(found),
        "lines": lines,
        "more": more,
        "turn_excluded": f"?{urlencode(turned)}" if may_turn else "",
        "exports": [(form, f"{reverse('insight:clusters_file', args=[form])}?{query}") for form in area_files.FORMS],
    }


def ways_to_narrow(offer: Offer, level: str, year: int) -> dict[str, Any]:
    """The levels and years of an indicator, and the areas above to which its values may be narrowed."""
    areas = ContextValue.objects.filter(indicator=offer.indicator, area__kind=level, year=year, value__isnull=False)
    above = containers(level, list(areas.order_by().values_list("area_id", flat=True)))
    return {
        "indicator": offer.indicator,
        "level_choices": [(kind, AreaKind(kind).label) for kind in offer.levels],
        "year_choices": sorted(offer.levels[level], reverse=True),
        "within_choices": [(node.code, node.name) for node in above],
    }


def _choices(chosen: Chosen) -> dict[str, Any]:
    offer, asked = chosen.offer, chosen.asked
    return {
        **ways_to_narrow(offer, asked.level, asked.year),
        "asked": asked,
        "rule_choices": list(clustering.RULE_LABELS.items()),
        "reach": f"{asked.reach:g}" if asked.reach else "",
    }


@page(may=anyone)
@require_safe
def clusters_file(request: HttpRequest, form: str) -> HttpResponse:
    """The answer with every area as a file."""
    if form not in area_files.FORMS:
        raise Http404
    actor: Actor = request.actor  # type: ignore[attr-defined]
    try:
        found = clustering.examine(actor, _chosen(request, offers()).asked)
    except NothingToSay as problem:
        return HttpResponse(str(problem), status=400, content_type="text/plain; charset=utf-8")
    return area_files.response(cluster_pages.as_file(found), form)
