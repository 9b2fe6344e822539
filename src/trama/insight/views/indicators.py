"""Context indicators: which there are, and each on a page of its own with map, table and years."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trama.core import facts, memo
from trama.core.actor import Actor
from trama.core.pages import anyone, page
from trama.insight.context import files, pictures
from trama.insight.context.asked import NATURAL, OWN, QUANTILES, Asked, offer_of
from trama.insight.context.catalogue import catalogue
from trama.insight.context.notes import excluded_text, load_notes, small_text
from trama.insight.context.reading import (
    Reading,
    apart_text,
    base_text,
    few_text,
    finding_text,
    reading_of,
    spread_text,
)
from trama.insight.context.scale import method_name, methods_of
from trama.insight.context.series import Line, Series, series_of
from trama.insight.context.words import counted_areas, polarity_text
from trama.insight.glossary import words
from trama.insight.spreadsheet import ITALIAN
from trama.territory import finding
from trama.territory.choices import AreaKind, ValueState
from trama.territory.models import ContextIndicator
from trama.territory.permissions import keeps_everywhere, may_keep
from trama.ui import drawing
from trama.ui.choropleth import EXCLUDED, MISSING, states, swatch
from trama.ui.registers import address_if_any

PREFIX = "colours"  # of the identifiers of the map
LONGEST = 400  # rows of a table on a page; the files have all


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@page(may=anyone)
@require_safe
def indicators(request: HttpRequest) -> HttpResponse:
    """Every context indicator by theme, with its source, its years and how many areas of how many it covers."""
    themes = catalogue(_actor(request))
    context = {
        "themes": themes,
        "count": sum(len(theme.entries) for theme in themes),
        "upload_address": address_if_any("intake:indicators") if keeps_the_whole(_actor(request)) else "",
    }
    return render(request, "insight/indicators.html", context)


def keeps_the_whole(actor: Actor) -> bool:
    """Whether the actor keeps the whole installation, or the whole of its home territory: who may load files."""
    home = finding.id_of(str(facts.facts().get(facts.HOME_AREA) or ""))
    return keeps_everywhere(actor) or (home is not None and may_keep(actor, home))


@page(may=anyone)
@require_safe
def indicator(request: HttpRequest, code: str) -> HttpResponse:
    """An indicator: what it is, its map in a year, its values area by area, its years."""
    actor, asked, found = _actor(request), Asked.read(request.GET), _indicator(code)
    # The same for everybody until something changes: written once, since a table of a hundred rows takes its time.
    key = ("insight.context.page", found.pk, asked)
    body = memo.until_changed(key, actor, lambda: _body(actor, found, asked), heavy=True)
    crumbs = [
        (_("Numbers"), reverse("insight:index")),
        (_("Indicators of the territory"), reverse("insight:indicators")),
        (found.name, ""),
    ]
    keeps = keeps_the_whole(actor) and not found.is_computed
    context = {"indicator": found, "crumbs": crumbs, "body": body, "keeps": keeps}
    return render(request, "insight/indicator.html", context)


def _body(actor: Actor, found: ContextIndicator, asked: Asked) -> str:
    """What stands under the way to the page."""
    reading = reading_of(actor, found, asked)
    context: dict[str, Any] = {
        "indicator": found,
        "here": reverse("insight:indicator", args=[found.code]),
        "polarity": polarity_text(found),
        "within": AreaKind(found.compare_within).label if found.compare_within else "",
        "reading": reading,
    }
    if reading is not None:
        context |= _shown(actor, reading, asked, context["here"])
    return render_to_string("insight/_indicator_body.html", context)


def _indicator(code: str) -> ContextIndicator:
    found = ContextIndicator.objects.filter(code=code[:60]).first() if "\x00" not in code else None
    if found is None:
        raise Http404
    return found


def _shown(actor: Actor, reading: Reading, asked: Asked, here: str) -> dict[str, Any]:
    chosen = reading.chosen
    kept = Asked(
        str(chosen.year),
        chosen.level,
        chosen.under.code if chosen.under else asked.under,
        chosen.area.code if chosen.area else "",
        asked.classes,
        asked.breaks,
    )
    sketch = None if reading.scale is None else pictures.sketch_for(reading)
    picture = pictures.map_of(reading, asked, sketch, PREFIX) if sketch else None
    shown = {
        **_choices(actor, reading, asked),
        "finding": finding_text(reading),
        "base": base_text(reading),
        "spread": spread_text(reading),
        "apart": apart_text(reading),
        "few": few_text(reading),
        "small": small_text(reading),
        "excluded": excluded_text(reading),
        "load_notes": load_notes(reading),
        "words": words(*_words_of(reading)),
        "picture": picture,
        "undrawn": len(reading.rows) - len(sketch.outlines) if sketch else 0,
        "rows": reading.rows[:LONGEST],
        "more": max(0, len(reading.rows) - LONGEST),
        "with_part": len({row.part_of for row in reading.rows}) > 1,
        "with_class": reading.scale is not None,
        "swatches": _swatches(reading, picture is not None),
        "row_query": kept.address("", area="").removeprefix("?") + "&",
        "groups": [
            (name, asked.address(here, under=code, area="", level=chosen.level), count)
            for name, code, count in reading.groups
        ],
        "downloads": [] if reading.refused else _downloads(reading, kept),
        "areas": counted_areas(chosen.level, len(reading.rows)),
    }
    series = series_of(actor, reading, asked)
    if series is not None:
        shown |= _over_time(series, reading, kept)
    if sketch is not None:
        shown["small_maps"] = pictures.small_maps(actor, reading, asked, sketch, PREFIX)
    return shown


def _words_of(reading: Reading) -> list[str]:
    """The keys of the words on the page that a reader may not know."""
    found = ["base", "median", "licence"]
    if reading.scale is not None:
        found += ["classes", *({QUANTILES, NATURAL} & {reading.scale.method})]
    if reading.indicator.centre is not None:
        found.append("index")
    if reading.indicator.unit == "%":
        found.append("points")
    if any(row.state == ValueState.EXCLUDED for row in reading.rows):
        found.append("excluded")
    return [*found, "estimated"] if reading.estimated else found


def _swatches(reading: Reading, with_legend: bool) -> dict[str, Any]:
    """The small field of colour of each class, for the table; its pattern is that of the legend beside the map."""
    if reading.scale is None or not with_legend:
        return {}
    paints = {**reading.scale.paints, **states(EXCLUDED, MISSING)}
    return {key: swatch(paint, f"{PREFIX}-s-{key}", again=True) for key, paint in paints.items()}


def _choices(actor: Actor, reading: Reading, asked: Asked) -> dict[str, Any]:
    chosen, indicator = reading.chosen, reading.indicator
    offer = offer_of(actor, indicator)
    levels = [(kind, AreaKind(kind).label.capitalize()) for kind in offer.levels]
    first = min((node.depth for node in chosen.unders), default=0)
    unders = [(node.code, "\u2003" * (node.depth - first) + node.name) for node in chosen.unders]
    method = reading.scale.method if reading.scale else methods_of(indicator)[0]
    wants_own = asked.classes == OWN or (bool(asked.breaks) and not asked.classes)
    return {
        "years": sorted(offer.years[chosen.level], reverse=True),
        "levels": levels,
        "unders": unders,
        "methods": [(key, method_name(key)) for key in methods_of(indicator)],
        "method": OWN if wants_own else method,
        "breaks": asked.breaks,
        "problem": reading.scale.problem if reading.scale else "",
    }


def _downloads(reading: Reading, kept: Asked) -> list[tuple[str, str, str]]:
    """Address, form and what is in it, of each file."""
    code = reading.indicator.code
    found = []
    for form in ("csv", "xlsx", "json"):
        address = kept.address(reverse("insight:indicator_file", args=[code, form]))
        found.append((address, form, _("%(year)s as %(form)s") % {"year": reading.chosen.year, "form": form.upper()}))
    every = kept.address(reverse("insight:indicator_file", args=[code, "csv"])) + "&years=all"
    italian = kept.address(reverse("insight:indicator_file", args=[code, ITALIAN])) + "&years=all"
    schema = kept.address(reverse("insight:indicator_file", args=[code, "schema.json"]))
    return [
        *found,
        (every, "csv", _("every year as CSV")),
        (italian, "csv", _("every year as CSV for Italian spreadsheets")),
        (schema, "json", _("what the columns mean")),
    ]


def _over_time(series: Series, reading: Reading, kept: Asked) -> dict[str, Any]:
    chart = pictures.lines_chart(series, reading.indicator)
    small = pictures.panels(series, reading.indicator)
    return {
        "series": series,
        "dashed": pictures.dashed_in(series),
        "chart": chart,
        "wide": drawing.chart_url(chart.wide),
        "narrow": drawing.chart_url(chart.narrow),
        "panels": [(panel, kept.address("", area=panel.code)) for panel in small],
        "time_rows": [(line, _cells(line, series, reading)) for line in series.rows[: LONGEST // 4]],
        "time_more": max(0, len(series.rows) - LONGEST // 4),
        "main_area": series.main.code,
    }


def _cells(line: Line, series: Series, reading: Reading) -> list[str]:
    return [line.text(year, reading.indicator) for year in series.years]


@page(may=anyone)
@require_safe
def indicator_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The values of an indicator as a file: those on the page, or (`years=all`) of every year."""
    if form not in files.FORMS:
        raise Http404
    reading = reading_of(_actor(request), _indicator(code), Asked.read(request.GET))
    if reading is None:
        raise Http404
    if reading.refused:
        return HttpResponse(reading.refused, status=400, content_type="text/plain; charset=utf-8")
    every = request.GET.get("years") == "all"
    response = HttpResponse(files.content(reading, form, every_year=every), content_type=files.TYPES[form])
    name = files.file_name(reading, form, every_year=every)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
