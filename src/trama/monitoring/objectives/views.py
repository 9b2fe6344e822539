"""The pages of plans of objectives. Each reads, or makes one call downward."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trama.core.keys import whole
from trama.core.meanwhile import MeanwhileForm, said_of
from trama.core.pages import anyone, page
from trama.experiences.models import Experience
from trama.monitoring.choices import PlanState
from trama.monitoring.models import Objective, ObjectivePlan, Yardstick, YearEnd
from trama.monitoring.objectives import actions
from trama.monitoring.objectives.changes import changes, moved_targets
from trama.monitoring.objectives.counting import content_of
from trama.monitoring.objectives.forms import ObjectiveForm, PlanForm, YardstickForm
from trama.monitoring.objectives.words import label_of, told
from trama.monitoring.permissions import may_plan
from trama.monitoring.views import actor_of, crumbs_to, paged

# The forms in which it is handed on (`reports` makes them).
PLAN_FORMS = (("pdf", "PDF"), ("docx", "DOCX"), ("xlsx", "XLSX"), ("zip", "CSV"))


def _plan(request: HttpRequest, pk: int, *, changing: bool = False) -> ObjectivePlan:
    """The plan, if the actor may see it (`changing`: change it); else it does not exist."""
    actor = actor_of(request)
    rows = ObjectivePlan.objects.visible_to(actor).select_related("area", "programme")
    found = get_object_or_404(rows, pk=pk)
    if changing and not actions.may_change(actor, found):
        raise Http404
    return found


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return crumbs_to((_("Objectives"), reverse("monitoring:objective_plans")), *more)


def _under(plan: ObjectivePlan, last: str) -> list[tuple[str, str]]:
    return _crumbs((plan.name, reverse("monitoring:objective_plan", args=[plan.pk])), (last, ""))


def _with_errors(form: MeanwhileForm, error: ValidationError) -> None:
    for name, found in (error.error_dict if hasattr(error, "error_dict") else {"": error}).items():
        form.add_error(name if name in form.fields else None, found)


# --- reading --------------------------------------------------------------------------------------------------------
@page(may=anyone)
@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """Every plan of objectives that one may see."""
    actor = actor_of(request)
    rows = ObjectivePlan.objects.visible_to(actor).select_related("area", "programme")
    rows = rows.annotate(counted=Count("objectives", distinct=True)).order_by("-first_year", "name", "pk")
    context = {**paged(request, rows), "may_make": may_plan(actor), "crumbs": crumbs_to((_("Objectives"), ""))}
    return render(request, "monitoring/objectives/plans.html", context)


@page(may=anyone)
@require_safe
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """A plan: its objectives with the numbers of today."""
    row, actor = _plan(request, pk), actor_of(request)
    content = content_of(row)
    ends = list(row.year_ends.order_by("-year").values("pk", "year", "kept_on"))
    closed = {end["year"] for end in ends}
    last = min(row.last_year or 9999, timezone.localdate().year)
    context = {
        "plan": row,
        "objectives": told(content, row),
        "moved": moved_targets(row),
        "this_year": timezone.localdate().year,
        "plan_forms": PLAN_FORMS,
        "as_of": timezone.localdate(),
        "ends": ends,
        "may_change": actions.may_change(actor, row),
        "may_name": row.programme is not None and _names_programme(request, row),
        "to_close": [year for year in range(last, row.first_year - 1, -1) if year not in closed][:10],
        "crumbs": _crumbs((row.name, "")),
    }
    return render(request, "monitoring/objectives/plan.html", context)


def _names_programme(request: HttpRequest, row: ObjectivePlan) -> bool:
    return Experience.objects.visible_to(actor_of(request)).filter(pk=row.programme_id or 0).exists()


@page(may=anyone)
@require_safe
def year(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """A closed year of a plan, as it was kept, beside the year closed before it."""
    row = _plan(request, pk)
    end = get_object_or_404(YearEnd, plan=row, year=year)
    before = YearEnd.objects.filter(plan=row, year__lt=year).order_by("-year").first()
    context = {
        "plan": row,
        "end": end,
        "before": before,
        "may_withdraw": actions.may_withdraw(actor_of(request), row),
        "objectives": told(end.content),
        "plan_forms": PLAN_FORMS,
        "changes": changes(before.content, end.content) if before is not None else [],
        "crumbs": _under(row, str(year)),
    }
    return render(request, "monitoring/objectives/year.html", context)


# --- plans ----------------------------------------------------------------------------------------------------------
@page(may=may_plan, writes=True)
def plan_add(request: HttpRequest) -> HttpResponse:
    """A new plan."""
    form = PlanForm(actor_of(request), None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.save_plan(actor_of(request), form.given())
        except ValidationError as error:
            _with_errors(form, error)
        else:
            messages.success(request, _("Saved as a draft. Now write what is to be reached."))
            return redirect("monitoring:objective_add", pk=row.pk)
    return _form(
        request, form, _("A plan of objectives"), _crumbs((_("New"), "")), reverse("monitoring:objective_plans")
    )


@page(may=may_plan, writes=True)
def plan_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a plan."""
    row = _plan(request, pk, changing=True)
    form = PlanForm(actor_of(request), row, request.POST or None)
    if form.meet(row, actor_of(request)) and form.is_valid():
        try:
            actions.save_plan(actor_of(request), form.given(), row)
        except ValidationError as error:
            _with_errors(form, error)
        else:
            return _back(request, row, said_of(form))
    return _form(request, form, row.name, _under(row, _("Change")), _address(row))


def _address(row: ObjectivePlan) -> str:
    return reverse("monitoring:objective_plan", args=[row.pk])


def _back(request: HttpRequest, row: ObjectivePlan, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect(_address(row))


def _form(request: HttpRequest, form: MeanwhileForm, title: str, crumbs: Any, back: str, **more: Any) -> HttpResponse:
    context = {"form": form, "title": title, "crumbs": crumbs, "back": back, **more}
    return render(request, "monitoring/objectives/form.html", context, status=422 if form.errors else 200)


@page(may=may_plan, writes=True)
@require_POST
def plan_do(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Publish a plan, take it back, throw the draft away, close a year."""
    row, actor = _plan(request, pk, changing=True), actor_of(request)
    try:
        match what:
            case "publish":
                actions.set_state(actor, row, PlanState.PUBLISHED)
                return _back(request, row, _("Published: everybody reads it."))
            case "unpublish":
                actions.set_state(actor, row, PlanState.DRAFT)
                return _back(request, row, _("It is a draft again."))
            case "delete":
                actions.delete_plan(actor, row)
                messages.success(request, _("The draft is gone."))
                return redirect("monitoring:objective_plans")
            case "close" if not request.POST.get("sure"):
                messages.error(request, _("Say that you are sure: what is closed stays as it is today."))
                return redirect(f"{_address(row)}#years")
            case "withdraw":
                if not actions.may_withdraw(actor, row):
                    raise Http404
                wanted = whole(request.POST.get("year", ""), 9999) or 0
                actions.withdraw_year(actor, row, wanted, request.POST.get("reason", ""))
                return _back(request, row, _("The year is open again; the register of acts keeps why."))
            case "close":
                kept = actions.close_year(actor, row, whole(request.POST.get("year", ""), 9999) or 0)
                messages.success(request, _("The year is closed: these numbers stay as they are today."))
                return redirect("monitoring:objective_year", pk=row.pk, year=kept.year)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(_address(row))
    raise Http404


# --- objectives and yardsticks --------------------------------------------------------------------------------------
@page(may=may_plan, writes=True)
def objective_add(request: HttpRequest, pk: int) -> HttpResponse:
    """A new objective of a plan."""
    row = _plan(request, pk, changing=True)
    form = ObjectiveForm(row, None, request.POST or None, parent=request.GET.get("parent", ""))
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.save_objective(actor_of(request), row, form.given())
        except ValidationError as error:
            _with_errors(form, error)
        else:
            messages.success(request, _("Saved. By which number will you see it?"))
            return redirect("monitoring:yardstick_add", pk=row.pk, objective=made.pk)
    return _form(request, form, _("An objective"), _under(row, _("An objective")), _address(row))


def _objective(row: ObjectivePlan, pk: int) -> Objective:
    return get_object_or_404(Objective, plan=row, pk=pk)


@page(may=may_plan, writes=True)
def objective_edit(request: HttpRequest, pk: int, objective: int) -> HttpResponse:
    """Change an objective."""
    row = _plan(request, pk, changing=True)
    found = _objective(row, objective)
    form = ObjectiveForm(row, found, request.POST or None)
    if form.meet(found, actor_of(request)) and form.is_valid():
        try:
            actions.save_objective(actor_of(request), row, form.given(), found)
        except ValidationError as error:
            _with_errors(form, error)
        else:
            return _back(request, row, said_of(form))
    drop = reverse("monitoring:objective_do", args=[row.pk, found.pk, "delete"])
    return _form(request, form, found.text, _under(row, _("Change")), _address(row), drop=drop, is_objective=True)


@page(may=may_plan, writes=True)
@require_POST
def objective_do(request: HttpRequest, pk: int, objective: int, what: str) -> HttpResponse:
    """Move an objective up, or take it away with its parts."""
    row = _plan(request, pk, changing=True)
    found = _objective(row, objective)
    if what == "up":
        actions.move_up(actor_of(request), row, found)
        return redirect(f"{_address(row)}#objective-{found.pk}")
    if what != "delete":
        raise Http404
    actions.delete(actor_of(request), row, found)
    return _back(request, row, _("The objective is gone, with its parts and its numbers."))


@page(may=may_plan, writes=True)
def yardstick_add(request: HttpRequest, pk: int, objective: int) -> HttpResponse:
    """A number by which one will see an objective."""
    row = _plan(request, pk, changing=True)
    found = _objective(row, objective)
    form = YardstickForm(None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_yardstick(actor_of(request), row, found, form.cleaned_data)
        except ValidationError as error:
            _with_errors(form, error)
        else:
            return _back(request, row, _("Saved: the number is counted from now on by itself."))
    title = _("By which number will you see it?")
    return _form(request, form, title, _under(row, title), _address(row), lead=found.text)


@page(may=may_plan, writes=True)
def yardstick_edit(request: HttpRequest, pk: int, yardstick: int) -> HttpResponse:
    """Change a yardstick."""
    row = _plan(request, pk, changing=True)
    found = _yardstick(row, yardstick)
    form = YardstickForm(found, request.POST or None)
    if form.meet(found, actor_of(request)) and form.is_valid():
        try:
            actions.save_yardstick(actor_of(request), row, found.objective, form.cleaned_data, found)
        except ValidationError as error:
            _with_errors(form, error)
        else:
            return _back(request, row, said_of(form))
    drop = reverse("monitoring:yardstick_delete", args=[row.pk, found.pk])
    title = label_of(found.counted, found.only) if not found.counted.startswith("context") else _("The number")
    return _form(request, form, title, _under(row, _("Change")), _address(row), drop=drop, lead=found.objective.text)


def _yardstick(row: ObjectivePlan, pk: int) -> Yardstick:
    return get_object_or_404(Yardstick.objects.select_related("objective"), objective__plan=row, pk=pk)


@page(may=may_plan, writes=True)
@require_POST
def yardstick_delete(request: HttpRequest, pk: int, yardstick: int) -> HttpResponse:
    """Take a yardstick away."""
    row = _plan(request, pk, changing=True)
    actions.delete(actor_of(request), row, _yardstick(row, yardstick))
    return _back(request, row, _("The number is no longer followed."))
