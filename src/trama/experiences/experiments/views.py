"""The pages of the evaluation of an experiment. Each reads, or makes one call downward."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from trama.core.actor import Actor
from trama.core.meanwhile import MeanwhileForm, said_of
from trama.core.pages import page, signed_in
from trama.experiences.declarations import REGISTER
from trama.experiences.experiments import actions
from trama.experiences.experiments.forms import DecisionForm, PlanForm
from trama.experiences.experiments.reading import experiment_of
from trama.experiences.models import Evaluation, Experience


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _experiment(request: HttpRequest, pk: int) -> Experience:
    """The experience that is an experiment, if the actor may see it; else it does not exist."""
    rows = Experience.objects.visible_to(_actor(request)).filter(pk=pk, is_experiment=True)
    found = rows.order_by("pk").first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, form: MeanwhileForm, record: Experience, template: str, title: str, status: int = 200
) -> HttpResponse:
    crumbs = [(str(REGISTER.title), reverse("experiences:experiences")), (record.name, REGISTER.url(record.pk))]
    context = {"form": form, "record": record, "title": title, "crumbs": [*crumbs, (title, "")]}
    told = experiment_of(record, _actor(request), may_edit=True) or {}
    return render(request, f"experiences/{template}.html", context | told, status=status)


def _with_errors(form: MeanwhileForm, error: ValidationError) -> None:
    if hasattr(error, "error_dict"):
        for name, found in error.error_dict.items():
            form.add_error(name if name in form.fields else None, found)
    else:
        form.add_error(None, error)


@page(may=signed_in, writes=True)
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """What the experiment wants to find out, and what was seen so far."""
    record, actor = _experiment(request, pk), _actor(request)
    if not actions.may_plan(actor, record):
        raise Http404
    known = actions.open_of(record)
    form = PlanForm(known, request.POST or None)
    if form.meet(known or Evaluation(experience=record), actor) and form.is_valid():
        try:
            actions.save_plan(actor, record, form.cleaned_data)
        except ValidationError as error:
            _with_errors(form, error)
        else:
            messages.success(request, said_of(form))
            return redirect(f"{REGISTER.url(pk)}#experiment")
    title = _("The experiment: what one wants to find out")
    return _page(request, form, record, "experiment_plan", title, 422 if form.errors else 200)


@page(may=signed_in, writes=True)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """What becomes of the experiment."""
    record, actor = _experiment(request, pk), _actor(request)
    known = actions.open_of(record)
    if not actions.may_decide(actor, record):
        raise Http404
    if known is None:
        messages.info(request, _("Nothing waits for a decision here."))
        return redirect(f"{REGISTER.url(pk)}#experiment")
    form = DecisionForm(known, request.POST or None)
    if form.meet(known, actor) and form.is_valid():
        try:
            actions.decide(actor, record, form.cleaned_data)
        except ValidationError as error:
            _with_errors(form, error)
        else:
            messages.success(request, _("The decision is written: everybody reads it."))
            return redirect(f"{REGISTER.url(pk)}#experiment")
    title = _("The experiment: what becomes of it")
    return _page(request, form, record, "experiment_decide", title, 422 if form.errors else 200)


@require_POST
@page(may=signed_in, writes=True)
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the last decision back."""
    record, actor = _experiment(request, pk), _actor(request)
    if not actions.may_decide(actor, record):
        raise Http404
    try:
        actions.take_back(actor, record)
        messages.success(request, _("The decision is taken back: the evaluation waits again."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(f"{REGISTER.url(pk)}#experiment")
