"""Need beside supply: choose a number and what is counted beside it; a map, a picture with names, a table, files."""

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
from trama.core.declarations import gathered
from trama.core.pages import anyone, page
from trama.core.registers import Register
from trama.insight import area_files, need_pages, needs
from trama.insight.area_values import FEWEST, NothingToSay, Offer, offers
from trama.insight.crosstab import plural
from trama.insight.glossary import words
from trama.insight.shapes import RECORDS
from trama.insight.views.clusters import themes_of, ways_to_narrow, whole_number
from trama.territory.choices import Polarity

PLAIN = "-"  # in an address: not divided by anything
FIRST_REGISTER = "resources"  # what is listed as supply, unless told


@dataclass(frozen=True)
class Chosen:
    """What the address asks, made whole from what there is."""

    asked: needs.Asked
    offer: Offer
    register: Register
    registers: list[Register]
    bases: list[needs.Base]
    dropped: str = ""  # what is said of a narrowing that the register does not know

    def pairs(self) -> list[tuple[str, str]]:
        """As it stands in an address."""
        asked = self.asked
        pairs = [("indicator", asked.indicator), ("level", asked.level), ("year", str(asked.year))]
        pairs += [("count", f"{asked.register}.{asked.measure}"), ("per", asked.per or PLAIN)]
        pairs += [("only", asked.only)] if asked.only else []
        pairs += [("within", asked.within)] if asked.within else []
        return pairs + ([("excluded", "1")] if asked.also_excluded else [])


def _chosen(request: HttpRequest, actor: Actor, found: list[Offer]) -> Chosen | None:
    """None where there is no number, or no register that knows the areas. Raises Http404 for an unknown number."""
    get = request.GET.get
    registers = list(gathered.registers.values())
    able = [one for one in found if any(needs.registers_at(registers, level, actor) for level in one.levels)]
    code = get("indicator", "")
    if code and all(one.indicator.code != code for one in found):
        raise Http404
    offer = next((one for one in able if one.indicator.code == code), None) or _first(able)
    if offer is None or (code and offer.indicator.code != code):
        return None
    levels = {kind: years for kind, years in offer.levels.items() if needs.registers_at(registers, kind, actor)}
    offer = Offer(offer.indicator, levels)
    level = offer.level(get("level", ""))
    year = offer.year(level, whole_number(get("year"), 1000, 3000))
    possible = needs.registers_at(registers, level, actor)
    register_key, _dot, measure = get("count", "").partition(".")
    first = next((one for one in possible if one.key == FIRST_REGISTER), possible[0])
    register = next((one for one in possible if one.key == register_key), first)
    measures = {one.key for one in register.all_measures()}
    bases = needs.bases_at(level, year)
    per = get("per", "")
    per = "" if per == PLAIN else per if per in {base.key for base in bases} else needs.usual_base(bases)
    narrowings, wanted = needs.narrowings(register, actor), get("only", "")
    asked = needs.Asked(
        offer.indicator.code,
        level,
        year,
        register.key,
        measure if measure in measures else RECORDS,
        per,
        get("within", "").replace("\x00", "")[:40],
        get("excluded") == "1",
        # What the register that was chosen before could be narrowed to says nothing of another one.
        next((one.key for one in narrowings if one.key == wanted), ""),
    )
    dropped = "" if asked.only or not wanted else _dropped(wanted, register, possible, actor)
    return Chosen(asked, offer, register, possible, bases, dropped)


def _dropped(wanted: str, register: Register, possible: list[Register], actor: Actor) -> str:
    """That a register cannot be narrowed to what another one was."""
    others = (one for other in possible if other is not register for one in needs.narrowings(other, actor))
    label = next((one.label for one in others if one.key == wanted), "")
    words = {"register": plural(register), "only": label}
    if not label:
        return _("%(register)s cannot be narrowed to what was chosen under “Only”: all are counted.") % words
    return _("%(register)s cannot be narrowed to “%(only)s”, as was chosen before: all are counted.") % words


def _first(found: list[Offer]) -> Offer | None:
    """What is proposed: an index of which more is worse, else a share, else whatever there is."""
    worse = [one for one in found if one.indicator.polarity == Polarity.NEGATIVE]
    indices = [one for one in worse if one.indicator.centre is not None]
    return next(iter(indices or worse or found), None)


@page(may=anyone)
@require_safe
def needs_page(request: HttpRequest) -> HttpResponse:
    """Need beside supply."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = offers()
    chosen = _chosen(request, actor, found)
    context: dict[str, Any] = {"themes": themes_of(found), "fewest": FEWEST, "chosen": chosen, "found": None}
    if chosen is None:
        return render(request, "insight/needs.html", context | {"problem": ""})
    context |= _choices(chosen) | {"only_choices": _only_choices(chosen, actor)}
    try:
        answer = needs.compare(actor, chosen.register, chosen.asked)
    except NothingToSay as problem:
        return render(request, "insight/needs.html", context | {"problem": str(problem)})
    return render(request, "insight/needs.html", context | _shown(answer, chosen))


def _shown(found: needs.Needs, chosen: Chosen) -> dict[str, Any]:
    query = urlencode(chosen.pairs())
    lines, more = need_pages.lines_on_page(found)
    return {
        "problem": "",
        "found": found,
        "title": needs.title_of(found),
        "sentence": needs.sentence(found),
        "meaning": needs.meaning(found),
        "nothing": needs.nothing_sentence(found),
        "unplaced": needs.unplaced_sentence(found.crosstab),
        "warnings": needs.warnings(found),
        "words": words("base", "third", "excluded", "record", "licence", *_index_of(found)),
        "left_out": needs.left_out(found),
        "base": needs.base_of(found),
        "count_label": needs.counted_label(found),
        "supply_label": needs.supply_label(found),
        "outstanding": need_pages.outstanding(found),
        "drawn": need_pages.drawn_map(found),
        "pictures": need_pages.picture_of(found),
        "lines": lines,
        "more": more,
        "exports": [(form, f"{reverse('insight:needs_file', args=[form])}?{query}") for form in area_files.FORMS],
    }


def _index_of(found: needs.Needs) -> list[str]:
    return [] if found.values.indicator.centre is None else ["index"]


def _choices(chosen: Chosen) -> dict[str, Any]:
    offer, asked = chosen.offer, chosen.asked
    return {
        **ways_to_narrow(offer, asked.level, asked.year),
        "asked": asked,
        "count_choices": [
            {
                "title": plural(one),
                "measures": [
                    (f"{one.key}.{m.key}", plural(one) if m.key == RECORDS else m.label) for m in one.all_measures()
                ],
            }
            for one in chosen.registers
        ],
        "count": f"{asked.register}.{asked.measure}",
        "per_choices": [(PLAIN, ""), *((base.key, base.name) for base in chosen.bases)],
        "per": asked.per or PLAIN,
    }


def _only_choices(chosen: Chosen, actor: Actor) -> list[tuple[str, list[needs.Only]]]:
    """To what the count can be narrowed, under the name of the dimension."""
    found: dict[str, list[needs.Only]] = {}
    for one in needs.narrowings(chosen.register, actor):
        found.setdefault(one.title, []).append(one)
    return list(found.items())


@page(may=anyone)
@require_safe
def needs_file(request: HttpRequest, form: str) -> HttpResponse:
    """The answer with every area as a file."""
    if form not in area_files.FORMS:
        raise Http404
    actor: Actor = request.actor  # type: ignore[attr-defined]
    chosen = _chosen(request, actor, offers())
    if chosen is None:
        raise Http404
    try:
        found = needs.compare(actor, chosen.register, chosen.asked)
    except NothingToSay as problem:
        return HttpResponse(str(problem), status=400, content_type="text/plain; charset=utf-8")
    return area_files.response(need_pages.as_file(found), form)
