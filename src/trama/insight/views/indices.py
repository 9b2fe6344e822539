"""The pages of indices: what there is, how it is made, what comes out; and making one."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from trama.core.actor import Actor
from trama.core.keys import among
from trama.core.pages import anyone, page
from trama.core.storytelling import history_of
from trama.insight.actions import indices as actions
from trama.insight.analysis.composite import CompositeError
from trama.insight.choices import IndexState
from trama.insight.forms.indices import BeginForm, ImportForm, IndexForm
from trama.insight.glossary import words
from trama.insight.indices import exchange, files, tables
from trama.insight.indices.hundred import clearly
from trama.insight.indices.reading import agrees, areas_of, definition_of, figures_of, index_of
from trama.insight.indices.shapes import Index
from trama.insight.indices.wording import firmness, how, hundred, refusal, remarks, without
from trama.insight.indices.worked import heads, typical, worked
from trama.insight.models import IndexDefinition
from trama.insight.permissions import keeps_indices, may_keep_index
from trama.territory.choices import AreaKind
from trama.territory.comparing import same_definition
from trama.territory.models import ContextIndicator, ContextValue

VERBS = {
    "withdrawn": (gettext_lazy("%(who)s withdrew it"), gettext_lazy("Withdrawn")),
    "superseded": (gettext_lazy("%(who)s replaced it by a newer version"), gettext_lazy("Replaced by a newer version")),
    "created": (gettext_lazy("%(who)s began it"), gettext_lazy("Begun")),
}


MOST_ROWS = 400  # of the table on the page; the files hold all


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _row(request: HttpRequest, code: str, version: int | None = None, *, writing: bool = False) -> IndexDefinition:
    """A version of an index (without a number: the published one, else the draft), if the actor may see it."""
    rows = IndexDefinition.objects.visible_to(_actor(request)).filter(code=code).select_related("under")
    if version is None:
        order = {IndexState.PUBLISHED: 0, IndexState.DRAFT: 1, IndexState.WITHDRAWN: 2, IndexState.SUPERSEDED: 3}
        found = sorted(rows.order_by("-version"), key=lambda row: order[IndexState(row.state)])
        if not found:
            raise Http404
        row = found[0]
    else:
        row = get_object_or_404(rows, version=version)
    if writing and not may_keep_index(_actor(request), row.under_id):
        raise Http404
    return row


def _crumbs(row: IndexDefinition | None, last: str) -> list[tuple[str, str]]:
    crumbs = [(_("Numbers"), reverse("insight:index")), (_("Indices"), reverse("insight:indices"))]
    if row is not None:
        crumbs.append((row.name, reverse("insight:index_version", args=[row.code, row.version])))
    return [*crumbs, (last, "")]


def _problem(error: ValidationError) -> str:
    return " ".join(error.messages)


@page(may=anyone)
@require_safe
def indices(request: HttpRequest) -> HttpResponse:
    """Every index: what is published, and the drafts of who may change them."""
    actor = _actor(request)
    rows = (
        IndexDefinition.objects.visible_to(actor).exclude(state=IndexState.SUPERSEDED).select_related("under", "frozen")
    )
    kinds = dict(AreaKind.choices)
    listed = [
        {
            "row": row,
            "address": reverse("insight:index_version", args=[row.code, row.version]),
            "areas": _("%(kind)s of %(area)s") % {"kind": kinds[row.kind], "area": row.under.name},
            "at": row.frozen.at if not row.is_draft else None,
        }
        for row in sorted(rows.order_by("code", "version"), key=lambda row: row.name)
    ]
    crumbs = [(_("Numbers"), reverse("insight:index")), (_("Indices"), "")]
    context = {"listed": listed, "may_add": keeps_indices(actor), "crumbs": crumbs}
    return render(request, "insight/indices/list.html", context)


@page(may=anyone)
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponse:
    """The published version of an index."""
    row = _row(request, code)
    query = request.GET.urlencode()
    address = reverse("insight:index_version", args=[row.code, row.version])
    return redirect(f"{address}?{query}" if query else address)


@page(may=anyone)
@require_safe
def index_version(request: HttpRequest, code: str, version: int) -> HttpResponse:
    """An index explained: how it is made, an area worked through, the results, how firm they are."""
    actor, row = _actor(request), _row(request, code, version)
    mine = may_keep_index(actor, row.under_id)
    context: dict[str, Any] = {
        "row": row,
        "crumbs": _crumbs(None, row.name),
        "kind": dict(AreaKind.choices)[row.kind],
        "mine": mine,
        "versions": _versions(actor, row),
        "history": history_of(row, actor, verbs=VERBS, without=frozenset({"years"})),
        "problem": "",
    }
    try:
        found = actions.check(row) if row.is_draft else index_of(row)
    except ValidationError as error:
        context |= {"problem": _problem(error), "definition": definition_of(row)}
        return render(request, "insight/indices/index.html", context)
    context |= _shown(request, row, found)
    return render(request, "insight/indices/index.html", context)


def _versions(actor: Actor, row: IndexDefinition) -> list[dict[str, Any]]:
    rows = IndexDefinition.objects.visible_to(actor).filter(code=row.code).select_related("frozen").order_by("-version")
    return [
        {
            "version": one.version,
            "state": one.state,
            "label": one.get_state_display(),
            "at": None if one.is_draft else one.frozen.at,
            "address": "" if one.pk == row.pk else reverse("insight:index_version", args=[one.code, one.version]),
        }
        for one in rows
    ]


def _shown(request: HttpRequest, row: IndexDefinition, found: Index) -> dict[str, Any]:
    year = found.at(_year(request.GET.get("anno", "")))
    sure = tables.firm(found, year)
    listed = tables.rows(found, year, sure)
    title = tables.finding(found, year)
    codes = [place.code for place in found.figures.areas]
    asked = request.GET.get("area", "")
    area = codes.index(asked) if asked in codes else typical(found, year)
    values = found.values[year]
    mine = row.is_draft
    return {
        "index": found,
        "definition": found.definition,
        "year": found.years[year],
        "years": [{"year": one, "chosen": one == found.years[year]} for one in found.years],
        "how": how(found.definition),
        "words": words("index", "scale", "imbalance", "ampi", "fifth", "median", "hash"),
        "rows": listed[:MOST_ROWS],
        "more_rows": max(0, len(listed) - MOST_ROWS),
        "map": tables.coloured_map(found, year, listed, title),
        "map_title": title,
        "hundred": hundred(found.definition),
        "clearly": clearly(tables.CENTRE, tables.half_width(values), tables.DECIMALS),
        "worked": None if area is None else worked(found, year, area),
        "worked_asked": asked in codes,
        "heads": heads(found),
        "firmness": firmness(sure, found.definition),
        "trials": tables.trials(found, sure),
        "without": without(found, year),
        "lowest": float(np.nanmin(values)) if np.isfinite(values).any() else None,
        "highest": float(np.nanmax(values)) if np.isfinite(values).any() else None,
        "origins": found.origins(),
        "agrees": agrees(found),
        "remarks": _remarks(row, found) if mine else [],
        "downloads": [
            (form, reverse("insight:index_file", args=[row.code, row.version, form])) for form in files.FORMS
        ],
        "beside": reverse("insight:indicator", args=[row.indicator.code])
        if row.state == IndexState.PUBLISHED and row.indicator
        else "",
        "definitions": [
            (form, reverse("insight:index_definition", args=[row.code, row.version, form])) for form in exchange.FORMS
        ],
    }


def _year(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else None


def _remarks(row: IndexDefinition, found: Index | None) -> list[str]:
    definition = definition_of(row)
    codes = [part.indicator for part in definition.parts]
    counts = set(ContextIndicator.objects.filter(code__in=codes, adds_up=True).values_list("code", flat=True))
    figures = found.figures if found is not None else figures_of(row, definition)
    return [*_redefined(row, codes), *remarks(definition, figures, found, counts)]


def _redefined(row: IndexDefinition, codes: list[str]) -> list[str]:
    """Indicators whose definition changed between the years of the index: their numbers are not one series."""
    areas = [pk for pk, _code, _name in areas_of(row)]
    values = (
        ContextValue.objects.filter(area__in=among(areas), indicator__code__in=codes, year__in=row.years)
        .order_by("indicator__position", "indicator__code", "year", "pk")
        .select_related("indicator")
    )
    found = []
    for indicator, several in groupby(values, key=lambda value: value.indicator):
        verdict = same_definition(several)
        if not verdict.allowed:
            found.append(f"{indicator.name}: {verdict.sentence}")
    return found


@page(may=anyone)
@require_safe
def index_file(request: HttpRequest, code: str, version: int, form: str) -> HttpResponse:
    """The results of a version as a file."""
    row = _row(request, code, version)
    if form not in files.FORMS:
        raise Http404
    try:
        found = index_of(row)
    except CompositeError as error:
        return HttpResponse(refusal(error, definition_of(row)), status=400, content_type="text/plain; charset=utf-8")
    response = HttpResponse(files.content(found, form), content_type=files.TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{files.file_name(found, form)}"'
    return response


@page(may=anyone)
@require_safe
def index_definition(request: HttpRequest, code: str, version: int, form: str) -> HttpResponse:
    """The definition of a version, for another city to copy."""
    row = _row(request, code, version)
    if form not in exchange.FORMS:
        raise Http404
    kind = "application/toml" if form == "toml" else "application/json"
    response = HttpResponse(exchange.text_of(definition_of(row), form), content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{row.code}-v{row.version}.{form}"'
    return response


# --- making one ---------------------------------------------------------------------------------------------------
def _refused(form: Form, error: ValidationError | PermissionDenied) -> None:
    """What an action refuses becomes an error of the form, beside its field where it has one."""
    if isinstance(error, PermissionDenied):
        form.add_error(None, str(error))
        return
    for name, errors in getattr(error, "error_dict", {None: [error]}).items():
        field = name if name in form.fields else None
        form.add_error(field, [message for one in errors for message in one.messages])


@page(may=keeps_indices, writes=True)
def index_add(request: HttpRequest) -> HttpResponse:
    """Begin an index: its name and its areas."""
    form = BeginForm(_actor(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.save_index(_actor(request), form.definition())
        except (ValidationError, PermissionDenied) as error:
            _refused(form, error)
        else:
            return redirect("insight:index_edit", row.code, row.version)
    title = _("Make an index")
    return render(request, "insight/indices/begin.html", {"form": form, "title": title, "crumbs": _crumbs(None, title)})


@page(may=keeps_indices, writes=True)
def index_import(request: HttpRequest) -> HttpResponse:
    """Take up the definition that somebody else wrote."""
    form = ImportForm(_actor(request), request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.save_index(_actor(request), form.definition())
        except (ValidationError, PermissionDenied) as error:
            _refused(form, error)
        else:
            messages.success(request, _("Taken up as a draft: look at it before publishing."))
            return redirect("insight:index_version", row.code, row.version)
    title = _("Take up a definition")
    context = {"form": form, "title": title, "crumbs": _crumbs(None, title)}
    return render(request, "insight/indices/import.html", context)


@page(may=keeps_indices, writes=True)
def index_edit(request: HttpRequest, code: str, version: int) -> HttpResponse:
    """Change a draft."""
    row = _row(request, code, version, writing=True)
    if not row.is_draft:
        raise Http404
    form = IndexForm(row, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_index(_actor(request), form.definition(), row)
        except (ValidationError, PermissionDenied) as error:
            _refused(form, error)
        else:
            messages.success(request, _("Saved as a draft."))
            return redirect("insight:index_version", row.code, row.version)
    title = _("Change")
    context = {"form": form, "row": row, "title": title, "crumbs": _crumbs(row, title)}
    return render(request, "insight/indices/edit.html", context)


ASKED = {"publish": IndexState.DRAFT, "delete": IndexState.DRAFT, "withdraw": IndexState.PUBLISHED}


@page(may=keeps_indices, writes=True)
@require_http_methods(["GET", "HEAD", "POST"])
def index_do(request: HttpRequest, code: str, version: int, what: str) -> HttpResponse:
    """Publish a draft, withdraw what is published, begin a new version, throw a draft away: asked first, then done."""
    row = _row(request, code, version, writing=True)
    if request.method == "POST":
        return _done(request, row, what)
    if ASKED.get(what) != row.state:
        raise Http404
    return _ask(request, row, what)


def _ask(request: HttpRequest, row: IndexDefinition, what: str, problem: str = "") -> HttpResponse:
    """What the act means, before it is done."""
    titles = {"publish": _("Publish"), "withdraw": _("Withdraw"), "delete": _("Throw the draft away")}
    context = {
        "row": row,
        "what": what,
        "title": titles[what],
        "problem": problem,
        "older": IndexDefinition.objects.filter(code=row.code, state=IndexState.PUBLISHED).exclude(pk=row.pk).first(),
        "reason": request.POST.get("reason", ""),
        "crumbs": _crumbs(row, titles[what]),
    }
    return render(request, "insight/indices/ask.html", context)


def _done(request: HttpRequest, row: IndexDefinition, what: str) -> HttpResponse:
    actor = _actor(request)
    try:
        if what == "publish":
            actions.publish_index(actor, row)
            messages.success(request, _("Published and frozen: everybody sees it, and later figures do not change it."))
        elif what == "withdraw" and row.state == IndexState.PUBLISHED:
            try:
                actions.withdraw_index(actor, row, request.POST.get("reason", ""))
            except ValidationError as error:
                return _ask(request, row, what, _problem(error))
            messages.success(request, _("Withdrawn: the page says so, and it is no longer offered as an indicator."))
        elif what == "new-version" and not row.is_draft:
            draft = actions.new_version(actor, row)
            return redirect("insight:index_edit", draft.code, draft.version)
        elif what == "delete" and row.is_draft:
            actions.delete_draft(actor, row)
            messages.success(request, _("The draft is gone."))
            return redirect("insight:indices")
        else:
            raise Http404
    except ValidationError as error:
        messages.error(request, _problem(error))
    return redirect("insight:index_version", row.code, row.version)
