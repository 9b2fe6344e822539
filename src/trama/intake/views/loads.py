"""Loads of data: what was brought in, and the page where files are brought."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from trama.core import uploads
from trama.core.actor import Actor
from trama.core.pages import page
from trama.intake import actions, causes, printing, staging, undoing
from trama.intake.context.template import CONTACTS, contacts
from trama.intake.forms import UploadForm
from trama.intake.models import Load, RowsToMend
from trama.intake.permissions import (
    may_bring_records,
    may_load,
    may_mend,
    may_see_load,
    may_see_loads,
    may_see_own_loads,
)
from trama.intake.recipe import RecipeError
from trama.intake.registers import leftovers
from trama.intake.registers import template as workbooks
from trama.intake.registers.declared import REGISTERED
from trama.intake.verdicts import Report
from trama.ui.numbers import number

PER_PAGE = 25
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 500  # rows of which a page says something


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


@require_safe
@page(may=may_see_loads)
def loads(request: HttpRequest) -> HttpResponse:
    """What was loaded, the latest first."""
    shown = Paginator(Load.objects.all(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "intake/loads.html", {"page": shown, "may_load": may_load(_actor(request))})


def _load(actor: Actor, pk: int) -> Load:
    """A load that the actor may see."""
    found = get_object_or_404(Load, pk=pk)
    if not may_see_load(actor, found.user_id):
        raise Http404
    return found


def _to_mend(actor: Actor, load: Load) -> RowsToMend | None:
    """The rows that it left behind, for who may mend them and while they are kept."""
    kept = RowsToMend.objects.filter(load=load).first() if may_mend(actor, load.user_id) else None
    return kept if kept is not None and kept.kept_until > timezone.now() else None


@require_safe
@page(may=may_see_own_loads)
def load(request: HttpRequest, pk: int) -> HttpResponse:
    """One load: its counts per step, why rows were left behind, and the rows of which there was something to say."""
    actor = _actor(request)
    found = _load(actor, pk)
    kept = _to_mend(actor, found)
    all_loads = may_see_loads(actor)
    start = (_("Loads of data"), reverse("intake:loads"))
    context = {
        "load": found,
        "steps": found.outcome.get("steps", []),
        "to_mend": kept,
        "causes": told_causes(kept.causes if kept else found.outcome.get("causes", [])),
        "verdicts": _lines(found.outcome.get("verdicts", [])),
        "may_undo": may_load(actor),
        "way": [start if all_loads else (_("Bring records"), reverse("intake:registers")), (found.recipe, "")],
    }
    return render(request, "intake/load.html", context)


@require_safe
@page(may=may_see_own_loads)
def to_mend(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows that a load left behind, as a workbook with the reasons, while they are kept."""
    actor = _actor(request)
    kept = _to_mend(actor, _load(actor, pk))
    if kept is None:
        raise Http404
    answer = HttpResponse(leftovers.workbook(leftovers.unpack(bytes(kept.content))), content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="da-correggere-{pk}.xlsx"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@page(may=may_load, writes=True)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a load: what would go, or what is in the way; then, when it is confirmed, all as it was before."""
    found = get_object_or_404(Load, pk=pk)
    actor = _actor(request)
    refusal = undoing.refusal(found, actor)
    if request.method == "POST" and refusal is None:
        if not request.POST.get("sure"):
            messages.error(request, _("Nothing was taken back: tick the box to confirm."))
            return redirect("intake:load_undo", pk)
        try:
            _say_undone(request, actions.undo_load(actor, found))
            return redirect("intake:load", pk)
        except actions.CannotUndo as error:
            refusal = error.refusal
    context = {
        "load": found,
        "refusal": refusal,
        "lines": undoing.what_goes(found),
        "way": [
            (_("Loads of data"), reverse("intake:loads")),
            (found.recipe, reverse("intake:load", args=[pk])),
            (_("Undo this load"), ""),
        ],
    }
    status = 409 if request.method == "POST" else 200
    return render(request, "intake/undo.html", context, status=status)


def _say_undone(request: HttpRequest, done: undoing.TakenBack) -> None:
    text = _("Taken back. Removed: %(gone)s; put back as before: %(changed)s; restored: %(back)s.")
    words = {"gone": number(done.gone), "changed": number(done.changed), "back": number(done.back)}
    messages.success(request, text % words)


@require_safe
@page(may=may_bring_records)
def template(request: HttpRequest, register: str) -> HttpResponse:
    """An empty workbook of a register, or of counts of contacts, in the language of the page."""
    registered = REGISTERED.get(register)
    if registered is None and register != CONTACTS:
        raise Http404
    content = contacts() if registered is None else workbooks.workbook(registered)
    response = HttpResponse(content, content_type=XLSX)
    name = f"modello-{register}.xlsx" if get_language() == "it" else f"template-{register}.xlsx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def told_causes(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Causes as a page tells them."""
    return [
        {
            **one,
            "name": printing.outcome_name(one["outcome"]),
            "texts": [{"text": text, "count": count} for text, count in one["texts"]],
        }
        for one in found
    ]


def _lines(verdicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**verdict, "name": printing.outcome_name(verdict["outcome"])} for verdict in verdicts[:SHOWN]]


@require_http_methods(["GET", "HEAD", "POST"])
@page(may=may_load, writes=True)
def upload(request: HttpRequest) -> HttpResponse:
    """Bring a recipe with its files: the dry run is shown before anything is written."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and uploads.too_big(request):
        form.errors.clear()
        text = _("The files are bigger than %(size)s MB together: send fewer, or smaller ones.")
        form.add_error("sent", text % {"size": uploads.MOST_BYTES >> 20})
    elif request.method == "POST" and form.is_valid():
        answer = _dry_run(request, form)
        if answer is not None:
            return answer
    way = [(_("Loads of data"), reverse("intake:loads")), (_("Bring files"), "")]
    return render(request, "intake/upload.html", {"form": form, "way": way})


def _dry_run(request: HttpRequest, form: UploadForm) -> HttpResponse | None:
    """The dry run of what was sent; None when it cannot be understood (then the form says why)."""
    actor = _actor(request)
    try:
        token, report = actions.try_load(actor, form.read, form.content, form.cleaned_data["sent"])  # type: ignore[arg-type]
    except RecipeError as error:
        form.add_error("sent", str(error))
        return None
    context = {
        "title": report.title,
        "token": token,
        "report": report,
        "steps": [step.as_dict() for step in report.steps],
        "causes": told_causes(causes.of_report(report)),
        "verdicts": _lines([vars(verdict) for verdict in report.verdicts()]),
        "more": max(0, len(report.verdicts()) - SHOWN),
        "left_out": ", ".join(report.left_out[:20]),
        "changes": report.changes,
        **replacing(report),
        "way": [
            (_("Loads of data"), reverse("intake:loads")),
            (_("Bring files"), reverse("intake:upload")),
            (_("Dry run"), ""),
        ],
    }
    return render(request, "intake/check.html", context)


def replacing(report: Report) -> dict[str, Any]:
    """What a page says of the values that a load puts others in the place of."""
    return {
        "replaced": report.replaced,
        "replaced_count": report.overwritten,
        "replaced_more": report.overwritten - len(report.replaced),
        "other_sources": report.other_sources.most_common(10),
    }


def _say_done(request: HttpRequest, report: Report) -> None:
    """What a load did; “everything was there already” only when nothing was refused."""
    if report.changes:
        messages.success(request, _("Loaded: %(count)s records written.") % {"count": number(report.changes)})
    elif not report.refused:
        messages.success(request, _("Nothing to change: everything was there already."))
    if report.refused:
        text = ngettext("One row was refused.", "%(count)s rows were refused.", report.refused)
        unchanged = "" if report.changes else _("Nothing was changed.") + " "
        messages.warning(request, unchanged + text % {"count": number(report.refused)})


@require_POST
@page(may=may_load, writes=True)
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Load for real what the dry run has shown."""
    actor = _actor(request)
    if staging.staged(actor.user, token) is None:
        raise Http404
    try:
        report = actions.load_staged(actor, token, replace=bool(request.POST.get("replace")))
    except RecipeError as error:
        messages.error(request, _("Nothing was written. %(why)s") % {"why": error})
        return redirect("intake:upload")
    _say_done(request, report)
    return redirect("intake:loads")
