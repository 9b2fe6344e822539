"""Numbers about areas, from a file of anybody: what its columns mean, what its indicators are called, what breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from trama.core import uploads
from trama.core.actor import Actor
from trama.core.pages import page
from trama.intake import actions
from trama.intake.context import desk
from trama.intake.context.deciding import plain
from trama.intake.context.desk import Desk
from trama.intake.context.forms import ColumnsForm, DecisionForm, FileForm, IndicatorForm, NamesForm, SourceForm
from trama.intake.permissions import may_load
from trama.intake.recipe import RecipeError
from trama.intake.verdicts import Report, ScaleBreak
from trama.intake.views.loads import SHOWN, _actor, _lines, replacing
from trama.territory.models import COMPUTED, ContextIndicator
from trama.ui.numbers import number

PREVIEW = 6  # rows
ROWS_OF_A_BREAK = 12


def _way(*further: tuple[str, str]) -> list[tuple[str, str]]:
    start = [
        (_("Loads of data"), reverse("intake:loads")),
        (_("Bring indicators"), reverse("intake:indicators")),
    ]
    if not further:
        start[-1] = (start[-1][0], "")
    return [*start, *further]


def _desk(actor: Actor, token: str) -> Desk:
    found = desk.find(actor, token)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@page(may=may_load, writes=True)
def upload(request: HttpRequest) -> HttpResponse:
    """Bring a file of numbers: its columns are looked at, nothing is loaded."""
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and uploads.too_big(request):
        form.errors.clear()
        text = _("The files are bigger than %(size)s MB together: send fewer, or smaller ones.")
        form.add_error("sent", text % {"size": uploads.MOST_BYTES >> 20})
    elif request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            found = desk.put_aside(
                _actor(request), said["sent"], header_row=said["header_row"], sheet=said["sheet"].strip()
            )
            return redirect("intake:indicators_columns", found.token)
        except RecipeError as error:
            form.add_error("sent", str(error))
    return render(request, "intake/indicators/upload.html", {"form": form, "way": _way()})


@require_http_methods(["GET", "HEAD", "POST"])
@page(may=may_load, writes=True)
def columns(request: HttpRequest, token: str) -> HttpResponse:
    """What each column means: proposed, and corrected by whoever knows."""
    found = _desk(_actor(request), token)
    if request.method == "POST" and "choose_sheet" in request.POST:
        try:
            found.choose_sheet(request.POST.get("sheet", "")[:100])
        except RecipeError as error:
            messages.error(request, str(error))
        return redirect("intake:indicators_columns", token)
    table = found.table()
    names = [column for column in table.columns if column]
    shown = table.rows[:PREVIEW]
    samples = [" · ".join(row.cells[column][:40] or "–" for row in shown) for column in names]
    form = ColumnsForm(request.POST or None, found.mapping, names, samples)
    if request.method == "POST" and form.is_valid():
        found.keep(form.filled())
        return redirect("intake:indicators_names", token)
    context = {
        "form": form,
        "mapping": found.mapping,
        "count": len(table.rows),
        "columns": names,
        "rows": [{"number": row.number, "cells": [row.cells[column][:60] for column in names]} for row in shown],
        "faults": table.faults[:5],
        "sheet": table.sheet,
        "sheets": table.sheets if len(table.sheets) > 1 else [],
        "notes": [note for note in table.notes if note.row][:5],
        "way": _way((found.mapping.file, "")),
    }
    return render(request, "intake/indicators/columns.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page(may=may_load, writes=True)
def names(request: HttpRequest, token: str) -> HttpResponse:
    """Where the numbers come from, and what the indicators are called."""
    found = _desk(_actor(request), token)
    found.name_indicators()
    known = [(item.code, item.name) for item in ContextIndicator.objects.exclude(COMPUTED).order_by("position", "code")]
    source = SourceForm(request.POST or None, initial=found.mapping.source, prefix="source")
    forms = [
        IndicatorForm(request.POST or None, one, known, f"i{position}")
        for position, one in enumerate(found.mapping.indicators)
    ]
    wrong = ""
    if request.method == "POST":
        valid = [form.is_valid() for form in [source, *forms]]
        if all(valid):
            wrong = _keep_names(found, source, forms)
            if not wrong:
                return redirect("intake:indicators_check", token)
    context = {"source": source, "forms": forms, "mapping": found.mapping, "token": token, "wrong": wrong}
    context["way"] = _way((found.mapping.file, reverse("intake:indicators_columns", args=[token])), (_("Names"), ""))
    return render(request, "intake/indicators/names.html", context)


def _keep_names(found: Desk, source: SourceForm, forms: list[IndicatorForm]) -> str:
    """Keep what was named; gives what is wrong with it as a whole."""
    named = [form.filled() for form in forms]
    became = {form.named.code: one.code for form, one in zip(forms, named, strict=True)}
    for one in named:
        one.part_of = became.get(one.part_of, "")
    taken = [one.code for one in named if one.take]
    if not taken:
        return _("Choose at least one indicator to load.")
    if twice := next((code for code in taken if taken.count(code) > 1), ""):
        name = next(one.name_it for one in named if one.code == twice)
        return _("Two columns are the same indicator (“%(name)s”): leave one of them out.") % {"name": name}
    said = source.filled()
    kept = {name: found.mapping.source[name] for name in ("key", "file")}
    kept["key"] = desk.key_of(kept["key"], said.get("title", ""), said.get("publisher", ""))
    found.keep(replace(found.mapping, source=kept | said, indicators=named))
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
@page(may=may_load, writes=True)
def check(request: HttpRequest, token: str) -> HttpResponse:
    """The dry run: a verdict per row, the areas that are not here, and the breaks that wait for a decision."""
    found = _desk(_actor(request), token)
    way = _way((found.mapping.file, reverse("intake:indicators_columns", args=[token])), (_("Dry run"), ""))
    try:
        report = found.try_it(_actor(request))
    except RecipeError as error:
        context = {"token": token, "wrong": str(error), "way": way, "mapping": found.mapping}
        return render(request, "intake/indicators/check.html", context)
    posted = request.POST if request.method == "POST" else None
    if posted is not None and "names" in posted:
        _name_areas(found, report, posted)
        return redirect("intake:indicators_check", token)
    forms = [DecisionForm(posted, one, f"b{position}") for position, one in enumerate(report.breaks)]
    if posted is not None and "forget_names" in posted:
        found.keep(replace(found.mapping, names={}))
        return redirect("intake:indicators_check", token)
    if posted is not None and "undo" in posted:
        found.keep(replace(found.mapping, decisions=[]))
        return redirect("intake:indicators_check", token)
    answered = [form.is_valid() for form in forms] if posted is not None else [False]
    if posted is not None and all(answered):
        decisions = [*found.mapping.decisions, *(form.decision() for form in forms)]
        found.keep(replace(found.mapping, decisions=decisions))
        return redirect("intake:indicators_check", token)
    return render(request, "intake/indicators/check.html", _checked(found, report, forms) | {"way": way})


def _unknown_names(found: Desk, report: Report) -> list[tuple[str, int]]:
    """Names of areas that are not here, with their rows, of which somebody may say which area they mean."""
    (step,) = report.steps
    if found.mapping.unknown == "skip" or found.mapping.by != "name":
        return []
    return [(name, rows) for name, rows in step.unknown.most_common(20) if name]


def _name_areas(found: Desk, report: Report, posted: Any) -> None:
    form = NamesForm(posted, found.mapping, [name for name, _rows in _unknown_names(found, report)])
    if form.is_valid():
        found.keep(replace(found.mapping, names={**found.mapping.names, **form.chosen()}))


def _checked(found: Desk, report: Report, forms: list[DecisionForm]) -> dict[str, Any]:
    (step,) = report.steps
    unknown = [] if found.mapping.unknown == "skip" else step.unknown.most_common(20)
    verdicts = [vars(verdict) for verdict in report.verdicts()]
    if report.breaks:  # their rows stand with the decision that they wait for
        waiting = {(row.row, row.column) for one in report.breaks for row in one.rows}
        verdicts = [verdict for verdict in verdicts if (verdict["row"], verdict["column"]) not in waiting]
    return {
        "token": found.token,
        "mapping": found.mapping,
        "report": report,
        "step": step,
        "steps": [step.as_dict()],
        "breaks": [_told(form) for form in forms],
        "decisions": found.mapping.decisions,
        "unknown": [{"name": name or _("(empty)"), "rows": rows} for name, rows in unknown],
        "names_form": NamesForm(None, found.mapping, [name for name, _rows in _unknown_names(found, report)]),
        "named": found.mapping.names,
        "unknown_count": 0 if found.mapping.unknown == "skip" else len(step.unknown),
        "verdicts": _lines(verdicts),
        "more": max(0, len(verdicts) - SHOWN),
        **replacing(report),
        "written": written(report),
        "may_go": not report.breaks and report.changes > 0,
    }


def written(report: Report) -> str:
    """What a load of numbers writes, each by its name: "78 values and 2 definitions"."""
    values = sum(step.new + step.updated for step in report.steps)
    definitions = sum(step.related.get("indicators", 0) for step in report.steps)
    parts = [
        ngettext("%(n)s value", "%(n)s values", values) % {"n": number(values)} if values else "",
        ngettext("%(n)s definition", "%(n)s definitions", definitions) % {"n": number(definitions)}
        if definitions
        else "",
    ]
    return _(" and ").join(filter(None, parts))


def _told(form: DecisionForm) -> dict[str, Any]:
    one: ScaleBreak = form.found
    return {
        "form": form,
        "title": _title(one),
        "lone": _lone(one) if one.lone else "",
        "rows": [
            {
                "row": row.row,
                "area": row.name,
                "value": plain(row.value),
                "beside": plain(row.beside),
                "year": row.beside_year or "",
            }
            for row in one.rows[:ROWS_OF_A_BREAK]
        ],
        "more": max(0, len(one.rows) - ROWS_OF_A_BREAK),
        "count": len(one.rows),
        "others": one.other_names[:10],
        "others_count": len(one.others),
        "kind": one.kind,
        "cut": one.cut,
        "factor": plain(one.factor),
    }


def _lone(one: ScaleBreak) -> str:
    """Of one value that jumps: both numbers, since either may be the slip."""
    (row,) = one.rows
    words = {"area": row.name, "value": plain(row.value), "year": one.year, "beside": plain(row.beside)}
    words |= {"other": row.beside_year}
    if row.beside_year:
        return (
            _("%(area)s has %(value)s in %(year)s and %(beside)s in %(other)s. One of the two may be a slip: which?")
            % words
        )
    return _("%(area)s has %(value)s in %(year)s, the other areas about %(beside)s. It may be a slip.") % words


def _title(one: ScaleBreak) -> str:
    times = one.factor if one.factor >= 1 else 1 / one.factor if one.factor else 0
    words = {
        "name": one.name,
        "year": one.year,
        "count": number(len(one.rows)),
        "all": number(len(one.rows) + len(one.others)),
        "times": plain(round(times, 1)),
    }
    if one.kind == "zero":
        return _("%(name)s, %(year)s: %(count)s zeros that may be no numbers") % words
    if one.lone:
        return _("%(name)s: one value jumps") % words
    if one.kind == "level":
        return _("%(name)s, %(year)s: all areas jump alike, by about %(times)s times") % words
    if one.factor >= 1:
        return _("%(name)s, %(year)s: %(count)s of %(all)s areas are about %(times)s times too small") % words
    return _("%(name)s, %(year)s: %(count)s of %(all)s areas are about %(times)s times too big") % words


@require_POST
@page(may=may_load, writes=True)
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Load for real what the dry run has shown, in one transaction."""
    actor = _actor(request)
    _desk(actor, token)
    try:
        report = actions.load_staged(actor, token, replace=bool(request.POST.get("replace")))
    except RecipeError as error:
        messages.error(request, _("Nothing was written. %(why)s") % {"why": error})
        return redirect("intake:indicators_check", token)
    messages.success(request, _("Loaded: %(what)s.") % {"what": written(report)})
    return redirect("intake:loads")


@require_safe
@page(may=may_load)
def recipe(request: HttpRequest, token: str) -> HttpResponse:
    """The recipe that does the same again, from the command line or with the next file."""
    found = _desk(_actor(request), token)
    answer = HttpResponse(found.recipe(), content_type="application/toml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{found.mapping.source["key"][:60]}.toml"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
