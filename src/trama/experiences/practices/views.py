"""The pages of good-practice sheets. Each reads, or makes one call downward."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from trama.core.actor import Actor
from trama.core.keys import whole
from trama.core.pages import anyone, page, signed_in
from trama.experiences import actions as experiences
from trama.experiences import naming, permissions
from trama.experiences.choices import ExperienceState
from trama.experiences.models import PRACTICE_FACETS, Experience, ExperienceCode, Practice
from trama.experiences.practices import actions, reading
from trama.experiences.practices.forms import PairForm, PracticeForm, TakeUpForm, initial_of
from trama.experiences.practices.register import REGISTER
from trama.territory import finding

MOST_CHOICES = 500


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _practice(request: HttpRequest, pk: int) -> Practice:
    """The sheet, if the actor may see it; else it does not exist."""
    rows = Practice.objects.visible_to(_actor(request)).select_related("experience__kind", "experience__area")
    found = rows.filter(pk=pk).order_by("pk").first()
    if found is None:
        raise Http404
    return found


def _editable(request: HttpRequest, pk: int) -> Practice:
    practice = _practice(request, pk)
    if not actions.may_edit(_actor(request), practice):
        raise Http404
    return practice


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [
        (_("What is done"), reverse("experiences:experiences")),
        (str(REGISTER.title), reverse("experiences:practices")),
        *more,
    ]


# --- reading --------------------------------------------------------------------------------------------------------
@page(may=anyone)
def practice(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of a sheet."""
    record = _practice(request, pk)
    context = reading.sheet(record, _actor(request)) | {"crumbs": _crumbs((record.name, ""))}
    return render(request, "experiences/practice.html", context)


@page(may=anyone)
def comparison(request: HttpRequest) -> HttpResponse:
    """Two sheets side by side."""
    actor = _actor(request)
    rows = Practice.objects.visible_to(actor).select_related("experience__area", "experience__kind")
    listed = rows.order_by("name", "pk").values_list("pk", "name", "experience__area__name")[:MOST_CHOICES]
    choices = [(pk, f"{name} ({area})" if area else name) for pk, name, area in listed]
    data = request.GET if {"one", "other"} <= set(request.GET) else None
    initial = {"one": whole(request.GET.get("one", ""))}
    form = PairForm(data, choices=choices, initial=initial)
    context: dict[str, Any] = {"form": form, "few": len(choices) < 2, "crumbs": _crumbs((_("Side by side"), ""))}
    if form.is_bound and form.is_valid():
        found = {row.pk: row for row in rows.filter(pk__in=form.cleaned_data.values()).order_by("pk")}
        pair = found[form.cleaned_data["one"]], found[form.cleaned_data["other"]]
        context |= {"pair": pair, "lines": reading.compared(*pair, actor), "may_copy": permissions.may_add(actor)}
    status = 200 if not form.errors else 422
    return render(request, "experiences/practice_comparison.html", context, status=status)


# --- the form -------------------------------------------------------------------------------------------------------
@page(may=permissions.may_add, writes=True)
def practice_add(request: HttpRequest) -> HttpResponse:
    """A new sheet: what the experience already says stands in it."""
    actor = _actor(request)
    if request.method != "POST":
        return _form_page(request, PracticeForm(initial=_suggested(request), actor=actor), None)
    form = PracticeForm(request.POST, actor=actor)
    if not form.is_valid():
        return _form_page(request, form, None)
    try:
        record = actions.save_practice(actor, form.given(), experience=form.cleaned_data["experience"])
    except ValidationError as error:
        return _form_page(request, _with_errors(form, error), None)
    return _after_save(request, record)


def _suggested(request: HttpRequest) -> dict[str, Any]:
    """What the experience in the address already tells; what was difficult is not copied: it was not for everybody."""
    actor, number = _actor(request), whole(request.GET.get("experience", ""))
    found = Experience.objects.visible_to(actor).filter(pk=number or 0).order_by("pk").first()
    if found is None or not experiences.may_edit(actor, found):
        return {}
    initial: dict[str, Any] = {
        "experience": f"{found.name} (n. {found.pk})",
        "name": found.name,
        "summary": found.summary[:600],
        "worked": found.outputs,
    }
    rows = ExperienceCode.objects.filter(experience=found, facet__in=PRACTICE_FACETS).order_by("code_id")
    for facet, code in rows.values_list("facet", "code_id"):
        initial.setdefault(facet, []).append(code.partition(":")[2])
    return initial


@page(may=signed_in, writes=True)
def practice_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a sheet. When somebody else changed it meanwhile, what both wrote is shown and nothing is lost."""
    record, actor = _editable(request, pk), _actor(request)
    if request.method != "POST":
        form = PracticeForm(initial=initial_of(record), actor=actor, practice=record)
        missing = actions.missing_for_publishing(record) if request.GET.get("publish") else {}
        return _form_page(request, form, record, missing=missing)
    form = PracticeForm(request.POST, actor=actor, practice=record)
    if not form.is_valid():
        return _form_page(request, form, record)
    try:
        saved = actions.save_practice(actor, form.given(), record, expected=form.expected())
    except actions.SheetChanged as changed:
        return _conflict(request, form, changed.practice)
    except ValidationError as error:
        return _form_page(request, _with_errors(form, error), record)
    return _after_save(request, saved)


def _conflict(request: HttpRequest, form: PracticeForm, stored: Practice) -> HttpResponse:
    """What was typed stays in the form, what the other wrote stands beside it; saving again keeps what was typed."""
    mine, theirs = form.given(), initial_of(stored)
    told = [
        (form.fields[name].label, theirs[name] or _("nothing"))
        for name in actions.PLAIN
        if mine.get(name, "") != theirs[name]
    ]
    told += [
        (form.fields[facet].label, ", ".join(code.label for code in reading.facets_of(stored).get(facet, [])) or "–")
        for facet in PRACTICE_FACETS
        if set(mine["codes"][facet]) != set(theirs[facet])
    ]
    again = PracticeForm(
        initial={**mine, **mine["codes"], "base": theirs["base"]}, actor=_actor(request), practice=stored
    )
    return _form_page(request, again, stored, conflicts=told, status=409)


def _with_errors(form: PracticeForm, error: ValidationError) -> PracticeForm:
    if hasattr(error, "error_dict"):
        for name, found in error.error_dict.items():
            form.add_error(name if name in form.fields else None, found)
    else:
        form.add_error(None, error)
    return form


def _after_save(request: HttpRequest, record: Practice) -> HttpResponse:
    """Say what happened and what comes next; publish, if that was the button."""
    if "publish" not in request.POST:
        draft = record.state == ExperienceState.DRAFT
        saved = _("Draft saved. It is not public until it is published.")
        messages.success(request, saved if draft else _("Saved. Everybody reads it as it is now."))
        return redirect("experiences:practice", pk=record.pk)
    try:
        actions.publish_practice(_actor(request), record)
    except ValidationError:
        messages.success(request, _("Draft saved. Something is still missing to publish it."))
        return redirect(reverse("experiences:practice_edit", args=[record.pk]) + "?publish=1")
    except PermissionDenied:
        names = ", ".join(name for name, _address in reading.areas_of(record.experience))
        said = _("Sent: who works in %(areas)s finds it among what waits for them, and publishes it.")
        messages.success(request, said % {"areas": names})
        return redirect("experiences:practice", pk=record.pk)
    messages.success(request, _("Published: everybody can read it now. Thank you."))
    return redirect("experiences:practice", pk=record.pk)


def _form_page(
    request: HttpRequest, form: PracticeForm, record: Practice | None, *, status: int = 200, **more: Any
) -> HttpResponse:
    crumbs = _crumbs((record.name, REGISTER.url(record.pk)), (_("Change"), "")) if record else _crumbs((_("New"), ""))
    missing = [
        {"id": f"id_{name}" if name in form.fields else "", "label": form.fields[name].label, "text": text}
        if name in form.fields
        else {"id": "", "label": "", "text": text}
        for name, text in more.pop("missing", {}).items()
    ]
    context = {
        "form": form,
        "record": record,
        "crumbs": crumbs,
        "missing": missing,
        "may_publish": record is None or actions.may_publish(_actor(request), record.experience),
        **more,
    }
    return render(request, "experiences/practice_form.html", context, status=status)


# --- what can be done with it ---------------------------------------------------------------------------------------
@require_POST
@page(may=signed_in, writes=True)
def practice_do(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """One act on a sheet: publish, take back, confirm, used."""
    record, actor = _practice(request, pk), _actor(request)
    try:
        match act:
            case "publish" if not request.POST.get("checked") and actions.may_publish(actor, record.experience):
                messages.error(request, _("Read it once more, then say here that you did: everybody will read it."))
                return redirect("experiences:practice", pk=pk)
            case "publish":
                actions.publish_practice(actor, record)
                said = _("Published: everybody can read it now. Thank you.")
            case "unpublish":
                actions.unpublish_practice(actor, record)
                said = _("It is a draft again.")
            case "confirm":
                actions.confirm_practice(actor, record)
                said = _("Thank you: everybody sees that it is right today.")
            case "used":
                actions.mark_practice_used(actor, record)
                said = _("Thank you: who comes after you knows that it works elsewhere too.")
            case _unknown:
                raise Http404
    except PermissionDenied as error:
        raise Http404 from error
    except ValidationError:
        return redirect(reverse("experiences:practice_edit", args=[pk]) + "?publish=1")
    messages.success(request, said)
    return redirect("experiences:practice", pk=pk)


@page(may=permissions.may_add, writes=True)
def practice_take_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Do it in another area: a draft experience made from the sheet."""
    record, actor = _practice(request, pk), _actor(request)
    form = TakeUpForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        made = actions.take_up(actor, record, form.cleaned_data["area"], form.cleaned_data["name"])
        messages.success(request, _("Here is your draft: the practice is there, the rest is yours to tell."))
        return redirect("experiences:experience_edit", pk=made.pk)
    if request.method != "POST" and (found := finding.id_of(request.GET.get("area", ""))):
        form = TakeUpForm(initial={"area": naming.area_label(found)}, actor=actor)
    crumbs = _crumbs((record.name, REGISTER.url(pk)), (_("Do it elsewhere"), ""))
    return render(request, "experiences/practice_take_up.html", {"form": form, "record": record, "crumbs": crumbs})


@page(may=signed_in, writes=True)
def practice_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw the draft of a sheet away, after asking."""
    record, actor = _editable(request, pk), _actor(request)
    if record.state != ExperienceState.DRAFT:
        raise Http404
    if request.method == "POST":
        try:
            actions.delete_practice(actor, record)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("experiences:practice", pk=pk)
        messages.success(request, _("The draft is gone."))
        return redirect("experiences:practices")
    crumbs = _crumbs((record.name, REGISTER.url(pk)), (_("Throw away"), ""))
    return render(request, "experiences/practice_delete.html", {"record": record, "crumbs": crumbs})
