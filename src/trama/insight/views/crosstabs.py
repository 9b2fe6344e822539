"""Pages of numbers: choose what, see it counted, take it away. And the pictures of charts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trama.core import memo
from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.core.pages import anyone, page
from trama.core.registers import Register, Selection
from trama.insight import files
from trama.insight.crosstab import CrosstabError, axes_of, compute, plural, stated_axes
from trama.insight.glossary import words
from trama.insight.pictures import chart_of
from trama.insight.shapes import RECORDS, Crosstab, Status
from trama.insight.spreadsheet import ITALIAN
from trama.insight.tables import NUMBERS, PERCENT, printed, register_address
from trama.ui import drawing
from trama.ui.registers import context_of

LONGEST = 50
OFFERED = (files.FORMS[0], ITALIAN, *files.FORMS[1:])
CHOICES = ("rows", "cols", "measure", "show")


@dataclass(frozen=True)
class Question:
    """What the address asks: rows, columns, measure, and whether numbers or percentages are shown."""

    rows: str
    cols: str
    measure: str
    show: str

    @classmethod
    def read(cls, request: HttpRequest, register: Register, actor: Actor) -> Question:
        axes = axes_of(register, actor)
        stated = stated_axes(actor, register)
        # What nobody states would be a table of one row.
        first = next((axis.key for axis in axes if axis.key in stated), axes[0].key if axes else "")
        get = request.GET.get
        show = PERCENT if get("show") == PERCENT else NUMBERS
        return cls(get("rows") or first, get("cols") or "", get("measure") or RECORDS, show)

    def pairs(self) -> list[tuple[str, str]]:
        """As they stand in an address; what goes without saying is left out."""
        silent = {"measure": RECORDS, "show": NUMBERS}
        found = [(name, getattr(self, name)) for name in CHOICES]
        return [(name, value) for name, value in found if value and silent.get(name) != value]


@page(may=anyone)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What can be counted: every register, with the counts that most people ask for."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    offers = []
    for register in gathered.registers.values():
        axes = axes_of(register, actor)
        if not axes:
            continue
        address = reverse("insight:crosstab", args=[register.key])
        stated = stated_axes(actor, register)
        ways = [
            {"label": axis.label, "address": f"{address}?{urlencode({'rows': axis.key})}"}
            for axis in axes
            if axis.key in stated
        ]
        count = register.visible(actor).count()
        offers.append(
            {
                "register": register,
                "counted": register.counted(count),
                "ways": ways,
                # Of what is not there nothing can be counted: the way leads to the register.
                "address": address if count else register_address(register),
                "is_empty": not count,
            }
        )
    return render(request, "insight/index.html", {"offers": offers})


@page(may=anyone)
@require_safe
def crosstab(request: HttpRequest, key: str) -> HttpResponse:
    """A register counted by what the reader chose."""
    register = _register(key)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    question = Question.read(request, register, actor)
    selection, context = context_of(request, register, "crosstab")
    try:
        found = _counted(actor, register, selection, question, LONGEST)
    except CrosstabError as error:
        context |= {"problem": str(error), "crosstab": None}
    else:
        context |= _shown(found, register, question, selection)
    context |= _choices(register, actor, question, selection)
    _keep_question(context, question)
    return render(request, "insight/crosstab.html", context, status=400 if context.get("problem") else 200)


def _register(key: str) -> Register:
    register = gathered.registers.get(key)
    if register is None:
        raise Http404
    return register


def _counted(
    actor: Actor, register: Register, selection: Selection, question: Question, longest: int | None
) -> Crosstab:
    """The crosstab that is asked for, remembered until anything changes. Raises CrosstabError."""
    axes = (question.rows, question.cols or None, question.measure)
    key = ("crosstab", register.key, selection, axes, longest)
    return memo.until_changed(key, actor, lambda: compute(actor, register, selection, *axes, longest))


def _shown(found: Crosstab, register: Register, question: Question, selection: Selection) -> dict[str, Any]:
    query = urlencode([*_pairs(selection), *question.pairs()])
    chart = chart_of(found)
    pictures = None
    if chart is not None:
        pictures = {
            "chart": chart,
            "wide": drawing.chart_url(chart.wide),
            "narrow": drawing.chart_url(chart.narrow),
        }
    named = {"schema.json": _("what the columns mean"), ITALIAN: _("CSV for Italian spreadsheets")}
    downloads = [
        (
            named.get(form, form),
            f"{reverse('insight:crosstab_file', args=[register.key, form])}?{query}",
        )
        for form in OFFERED
    ]
    table = printed(found, register, question.show)
    # The caution of the register stands on top of the page already.
    table = replace(table, notes=tuple(note for note in table.notes if note != str(register.caution)))
    return {
        "crosstab": found,
        "table": table,
        "pictures": pictures,
        "exports": [] if found.is_empty else downloads,
        "problem": "",
        "nobody_says": not any(value.is_plain for value in found.rows.values),
        "register_address": register_address(register),
        "words": words(*_words_of(found)),
    }


def _words_of(found: Crosstab) -> list[str]:
    """The keys of the words on the page that a reader may not know."""
    cells = [*found.row_totals, *(cell for row in found.cells for cell in row)]
    kept = ["base", "record", "share"] if found.measure.counts_records else ["base", "record"]
    if any(cell.status is Status.SUPPRESSED for cell in cells):
        kept.append("protected")
    return [*kept, "estimated"] if any(cell.status is Status.ESTIMATED for cell in cells) else kept


def _pairs(selection: Selection) -> list[tuple[str, str]]:
    pairs = [(key, value) for key, chosen in selection.values for value in chosen]
    return [*pairs, ("q", selection.text)] if selection.text else pairs


def _choices(register: Register, actor: Actor, question: Question, selection: Selection) -> dict[str, Any]:
    stated = stated_axes(actor, register)
    nobody = _("%(label)s (nobody says it)")
    axes = [
        (axis.key, str(axis.label) if axis.key in stated else nobody % {"label": axis.label})
        for axis in axes_of(register, actor)
    ]
    measures = [(RECORDS, plural(register)), *((measure.key, measure.label) for measure in register.measures)]
    return {
        "question": question,
        "row_choices": axes,
        "col_choices": [("", _("nothing else")), *axes],
        "measure_choices": measures,
        "show_choices": [(NUMBERS, _("numbers")), (PERCENT, _("percentages"))],
        "kept": _pairs(selection),
    }


def _keep_question(context: dict[str, Any], question: Question) -> None:
    """What is counted stays when a filter is set or taken away."""
    more = urlencode(question.pairs())
    for chip in context["chips"]:
        chip["drop"] = "&".join(part for part in (chip["drop"], more) if part)
    context["without_text"] = "&".join(part for part in (context["without_text"], more) if part)
    context["extra_fields"] = format_html_join("", '<input type="hidden" name="{}" value="{}">', question.pairs())


@page(may=anyone)
@require_safe
def crosstab_file(request: HttpRequest, key: str, form: str) -> HttpResponse:
    """The whole table as a file, every row of it."""
    register = _register(key)
    if form not in OFFERED:
        raise Http404
    actor: Actor = request.actor  # type: ignore[attr-defined]
    question = Question.read(request, register, actor)
    selection = Selection.read(register, request.GET, actor).published(register, actor)
    try:
        found = _counted(actor, register, selection, question, None)
    except CrosstabError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain; charset=utf-8")
    response = HttpResponse(files.content(found, form), content_type=files.TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{files.file_name(found, form)}"'
    return response


@page(may=anyone)
@require_safe
def chart(request: HttpRequest, name: str) -> HttpResponse:
    """The picture of a chart that a page has shown; it never changes."""
    packed = drawing.picture(name)
    if packed is None:
        raise Http404
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(packed, content_type="image/svg+xml", headers={"Content-Encoding": "gzip"})
    else:
        response = HttpResponse(drawing.unpacked(packed), content_type="image/svg+xml")
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    response["Vary"] = "Accept-Encoding"
    return response
