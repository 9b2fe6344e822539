"""The pages of a wave's numbers: all its cuts, two of them crossed, and both as files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trama.core import memo
from trama.core.actor import NOBODY, Actor
from trama.core.pages import anyone, page
from trama.insight import files as crosstab_files
from trama.insight.crosstab import CrosstabError
from trama.insight.pictures import chart_of
from trama.insight.shapes import RECORDS, Crosstab, Status
from trama.insight.tables import NUMBERS, PERCENT, PrintedTable, printed
from trama.monitoring import cuts as numbers
from trama.monitoring.cuts import files
from trama.monitoring.models import Wave
from trama.ui import drawing

T = TypeVar("T")
LONGEST = 50
SHOWN = ("rows", "cols", "measure", "show", "area")


def _wave(request: HttpRequest, pk: int) -> tuple[Wave, Actor]:
    """The wave, if the actor may read its numbers; else it does not exist."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_object_or_404(Wave.objects.visible_to(actor), pk=pk)
    if not numbers.may_read(found, actor):
        raise Http404
    return found, actor


def _crumbs(wave: Wave, *more: tuple[str, str]) -> list[tuple[str, str]]:
    here = (_("Tables"), reverse("monitoring:cuts", args=[wave.pk]) if more else "")
    above = [(_("Monitoring"), reverse("monitoring:waves")), (wave.name, reverse("monitoring:wave", args=[wave.pk]))]
    return [*above, here, *more]


def _pictures(crosstab: Crosstab) -> dict[str, Any] | None:
    chart = chart_of(crosstab)
    if chart is None:
        return None
    return {"chart": chart, "wide": drawing.chart_url(chart.wide), "narrow": drawing.chart_url(chart.narrow)}


@page(may=anyone)
@require_safe
def cuts(request: HttpRequest, pk: int) -> HttpResponse:
    """Every cut of a wave, each with its chart and the equal table; of all of it or of one area."""
    wave, actor = _wave(request, pk)
    area = request.GET.get("area", "")
    try:
        found = numbers.cuts(wave, actor, area)
    except CrosstabError as error:
        raise Http404 from error
    offered = numbers.choices(wave, actor)
    crossing = reverse("monitoring:crossing", args=[wave.pk])
    query = f"?{urlencode({'area': area})}" if area else ""
    context = {
        "wave": wave,
        "cuts": [
            {
                "cut": cut,
                "pictures": _pictures(cut.tables[RECORDS]),
                "address": f"{crossing}?{urlencode([('rows', cut.key), *([('area', area)] if area else [])])}",
            }
            for cut in found
        ],
        "quality": numbers.quality(wave, actor, area),
        "area": area,
        "area_name": dict(offered.areas).get(area, "").strip(),
        "areas": offered.areas,
        "exports": [
            (form.partition(".")[0] if form != "schema.json" else form, f"{_file(wave, form)}{query}")
            for form in files.FORMS
        ],
        "here": reverse("monitoring:cuts", args=[wave.pk]),
        "crossing": crossing,
        "crumbs": _crumbs(wave),
    }
    return render(request, "monitoring/cuts.html", context)


def _file(wave: Wave, form: str) -> str:
    return reverse("monitoring:cuts_file", args=[wave.pk, form])


def _once(wave: Wave, key: tuple[str, ...], make: Callable[[], T]) -> T:
    """A file of a closed wave is the same for all who ask: it is made once, until something changes."""
    if not wave.is_closed:
        return make()
    return memo.until_changed(("monitoring.file", wave.pk, *key), NOBODY, make, heavy=True)


@page(may=anyone)
@require_safe
def cuts_file(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """Every cut of a wave as one file."""
    wave, actor = _wave(request, pk)
    area = request.GET.get("area", "")
    if form not in files.FORMS:
        raise Http404
    try:
        made = _once(wave, ("cuts", area, form), lambda: files.content(wave, numbers.cuts(wave, actor, area), form))
    except CrosstabError as error:
        raise Http404 from error
    response = HttpResponse(made, content_type=crosstab_files.TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{files.file_name(wave, form, area)}"'
    return response


# --- two at once --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Question:
    """What the address asks of a wave."""

    rows: str
    cols: str
    measure: str
    show: str
    area: str

    @classmethod
    def read(cls, request: HttpRequest, offered: numbers.Choices) -> Question:
        get = request.GET.get
        first = offered.axes[0][0] if offered.axes else ""
        show = PERCENT if get("show") == PERCENT else NUMBERS
        return cls(get("rows") or first, get("cols") or "", get("measure") or RECORDS, show, get("area") or "")

    def query(self) -> str:
        """As it stands in an address; what goes without saying is left out."""
        silent = {"measure": RECORDS, "show": NUMBERS}
        found = [(name, getattr(self, name)) for name in SHOWN]
        return urlencode([(name, value) for name, value in found if value and silent.get(name) != value])


def _asked(wave: Wave, actor: Actor, question: Question, longest: int | None) -> Crosstab:
    return numbers.crossing(wave, actor, question.rows, question.cols, question.measure, question.area, longest=longest)


@page(may=anyone)
@require_safe
def crossing(request: HttpRequest, pk: int) -> HttpResponse:
    """The records of a wave by two of its cuts."""
    wave, actor = _wave(request, pk)
    offered = numbers.choices(wave, actor)
    question = Question.read(request, offered)
    context: dict[str, Any] = {
        "wave": wave,
        "question": question,
        "row_choices": offered.axes,
        "col_choices": [("", _("nothing else")), *offered.axes],
        "measure_choices": offered.measures,
        "area_choices": [("", _("everywhere")), *offered.areas],
        "show_choices": [(NUMBERS, _("numbers")), (PERCENT, _("percentages"))],
        "here": reverse("monitoring:crossing", args=[wave.pk]),
        "crumbs": _crumbs(wave, (_("Cross two of them"), "")),
    }
    try:
        found = _asked(wave, actor, question, LONGEST)
    except CrosstabError as error:
        return render(request, "monitoring/crossing.html", context | {"problem": str(error)}, status=400)
    table = _worded(printed(found, None, question.show), _whole(wave, actor, question))
    context |= {"crosstab": found, "table": table, "pictures": _pictures(found)}
    context["no_shares"] = question.show == PERCENT and not found.measure.counts_records
    context["exports"] = [
        (form if form == "schema.json" else form.partition(".")[0], f"{_crossed(wave, form)}?{question.query()}")
        for form in crosstab_files.FORMS
    ]
    return render(request, "monitoring/crossing.html", context)


def _whole(wave: Wave, actor: Actor, question: Question) -> str:
    """The total of all that is counted, as the other pages of the wave say it; empty for counts of records."""
    for cut in numbers.cuts(wave, actor, question.area):
        if cut.key == question.rows and question.measure in cut.total.numbers:
            return cut.total.numbers[question.measure].phrase
    return ""


def _worded(table: PrintedTable, whole: str) -> PrintedTable:
    """The same table, its estimated totals told as everywhere else: "circa 4.100", "oltre 500"."""
    cells = [
        replace(cell, text=cell.spoken, spoken="") if cell.status == Status.ESTIMATED else cell
        for cell in table.total.cells
    ]
    if whole and cells[-1].status == Status.ESTIMATED:
        cells[-1] = replace(cells[-1], text=whole)
    return replace(table, total=replace(table.total, cells=tuple(cells)))


def _crossed(wave: Wave, form: str) -> str:
    return reverse("monitoring:crossing_file", args=[wave.pk, form])


@page(may=anyone)
@require_safe
def crossing_file(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The whole table as a file, every row of it."""
    wave, actor = _wave(request, pk)
    if form not in crosstab_files.FORMS:
        raise Http404
    question = Question.read(request, numbers.choices(wave, actor))

    def make() -> tuple[str, str | bytes]:
        found = _asked(wave, actor, question, None)
        return crosstab_files.file_name(found, form), crosstab_files.content(found, form)

    try:
        name, made = _once(wave, ("crossing", question.query(), form), make)
    except CrosstabError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain; charset=utf-8")
    response = HttpResponse(made, content_type=crosstab_files.TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
