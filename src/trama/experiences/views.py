"""The pages of experiences. Each reads, or makes one call downward."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from trama.core import history
from trama.core.actor import Actor
from trama.core.declarations import sections_of
from trama.core.models import AuditEntry
from trama.core.pages import anyone, page, signed_in
from trama.experiences import actions, merging, naming, permissions, reading
from trama.experiences.choices import ExperienceState
from trama.experiences.declarations import REGISTER
from trama.experiences.forms import (
    CopyForm,
    ExperienceForm,
    OccurrenceForm,
    ReasonForm,
    initial_of,
    signed,
)
from trama.experiences.genealogy import family_of, flat
from trama.experiences.models import Experience, Occurrence
from trama.territory import finding
from trama.ui import maps


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _experience(request: HttpRequest, pk: int) -> Experience:
    """The experience, if the actor may see it; else it does not exist."""
    rows = Experience.objects.visible_to(_actor(request)).select_related("kind", "service_role", "source", "area")
    found = rows.filter(pk=pk).order_by("pk").first()
    if found is None:
        raise Http404
    return found


def _editable(request: HttpRequest, pk: int) -> Experience:
    """The experience, if the actor may change it; else it does not exist."""
    experience = _experience(request, pk)
    if not actions.may_edit(_actor(request), experience):
        raise Http404
    return experience


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(str(REGISTER.title), reverse("experiences:experiences")), *more]


# --- reading ------------------------------------------------------------------------------------------------------
@page(may=anyone)
def experience(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of an experience."""
    record, actor = _experience(request, pk), _actor(request)
    context = reading.sheet(record, actor)
    context |= {"crumbs": _crumbs((record.name, "")), "date_form": None}
    context["sections"] = [
        (section, render_to_string(section.template, content, request))
        for section, content in sections_of(record, actor)
    ]
    if context["abilities"]["edit"]:
        context["date_form"] = OccurrenceForm(actor=actor)
    return render(request, "experiences/experience.html", context)


@page(may=anyone)
def genealogy(request: HttpRequest, pk: int) -> HttpResponse:
    """The family of an experience: what it was born from, what it gave birth to."""
    record, actor = _experience(request, pk), _actor(request)
    family = family_of(record, actor)
    context = {
        "record": record,
        "family": family,
        "members": flat(family.roots),
        "crumbs": _crumbs((record.name, REGISTER.url(pk)), (_("Genealogy"), "")),
    }
    return render(request, "experiences/genealogy.html", context)


@page(may=anyone)
def points(request: HttpRequest, pk: int) -> HttpResponse:
    """The point of one experience, for its map."""
    record = _experience(request, pk)
    return maps.answer(request, Experience.objects.filter(pk=record.pk), url=REGISTER.url)


@page(may=permissions.may_add)
def suggestions(request: HttpRequest, source: str) -> HttpResponse:
    """Names that begin like what is being typed, of what the actor may see."""
    suggest = naming.SUGGESTERS.get(source)
    if suggest is None:
        raise Http404
    text = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:100]
    found = suggest(text, _actor(request)) if len(text) >= 2 else {}
    return JsonResponse({"options": list(found.values())})


# --- the form -----------------------------------------------------------------------------------------------------
@page(may=permissions.may_add, writes=True)
def experience_add(request: HttpRequest) -> HttpResponse:
    """A new experience: the first step is enough to save."""
    actor = _actor(request)
    if request.method != "POST":
        return _form_page(request, ExperienceForm(initial=_suggested(request), actor=actor), None)
    form = ExperienceForm(request.POST, actor=actor)
    if not (form.is_valid() and form.rows_are_valid) or form.picked:
        return _form_page(request, form, None)
    try:
        record = actions.save_experience(actor, form.given())
    except ValidationError as error:
        return _form_page(request, _with_errors(form, error), None)
    return _after_save(request, form, record)


def _suggested(request: HttpRequest) -> dict[str, Any]:
    """What the address already says: the area from whose page one comes, the experience that it is to be part of."""
    initial: dict[str, Any] = {"starts_on": timezone.localdate()}
    area = finding.id_of(request.GET.get("area", ""))
    if area is not None:
        initial["areas"] = [naming.area_label(area)]
    for name in ("parent", "continues"):
        number = request.GET.get(name, "")
        if number.isascii() and number.isdigit() and len(number) < 19:
            rows = Experience.objects.visible_to(_actor(request)).filter(pk=int(number)).order_by()
            found = rows.values_list("name", flat=True).first()
            initial[name] = f"{found} (n. {number})" if found else ""
    return initial


@page(may=signed_in, writes=True)
def experience_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an experience. What somebody else changed meanwhile stays, and is told."""
    record, actor = _editable(request, pk), _actor(request)
    if request.method != "POST":
        form = _opened(record, actor)
        missing = actions.missing_for_publishing(record) if request.GET.get("publish") else {}
        return _form_page(request, form, record, missing=missing)
    form = ExperienceForm(request.POST, actor=actor, experience=record)
    if not (form.is_valid() and form.rows_are_valid) or form.picked:
        return _form_page(request, form, record)
    try:
        merged = merging.save_merged(actor, form.given(), form.base_data(), record)
    except ValidationError as error:
        return _form_page(request, _with_errors(form, error), record)
    if merged.theirs:
        return _conflict(request, form, merged)
    return _after_save(request, form, merged.experience)


def _opened(record: Experience, actor: Actor, mine: dict[str, Any] | None = None) -> ExperienceForm:
    """The form as it is when opened, with `mine` typed over what is stored."""
    data = merging.data_of(record, actor)
    initial = initial_of({**data, **(mine or {})}, actor) | {"base": signed(data)}
    return ExperienceForm(initial=initial, actor=actor, experience=record)


def _conflict(request: HttpRequest, form: ExperienceForm, merged: merging.Merged) -> HttpResponse:
    """The same field changed by two: what was typed stays in the form, what the other wrote stands beside it."""
    actor, record = _actor(request), merged.experience
    given = form.given()
    mine = {name: given[name] for name in merged.theirs if name in given}
    theirs = initial_of({**merging.data_of(record, actor), **merged.theirs}, actor)
    told = []
    for name in merged.theirs:
        key = name.removesuffix("_precision")
        field = form.fields.get(key)
        label = str(field.label) if field else {"participations": _("With whom"), "fundings": _("Money")}.get(key, key)
        told.append((label, _in_words(theirs.get(key))))
    entries = AuditEntry.objects.filter(kind=history.kind_of(record), object_id=str(record.pk))
    entry = entries.exclude(user=actor.user).order_by("-number").first()
    context = {"conflicts": list(dict(told).items()), "who": entry.user_name if entry else ""}
    return _form_page(request, _opened(record, actor, mine), record, **context)


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(str(item) for item in value.values() if item)
    if isinstance(value, (list, tuple)):
        return "; ".join(filter(None, (_in_words(item) for item in value)))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value or _("nothing"))


def _with_errors(form: ExperienceForm, error: ValidationError) -> ExperienceForm:
    """The form with what the action refused, beside the fields where it can be mended."""
    if hasattr(error, "error_dict"):
        for name, found in error.error_dict.items():
            form.add_error(name if name in form.fields else None, found)
    else:
        form.add_error(None, error)
    return form


def _after_save(request: HttpRequest, form: ExperienceForm, record: Experience) -> HttpResponse:
    """Say what happened and what comes next; publish, if that was the button."""
    if form.is_outside:
        messages.warning(request, _("Your position is outside the territory: write yourself where it happens."))
    if "publish" not in request.POST:
        if record.state == ExperienceState.DRAFT:
            messages.success(request, _("Draft saved. It is not public until it is published."))
        else:
            messages.success(request, _("Saved. Everybody reads it as it is now."))
        return redirect("experiences:experience", pk=record.pk)
    try:
        actions.publish(_actor(request), record)
    except ValidationError:
        messages.success(request, _("Draft saved. Something is still missing to publish it."))
        return redirect(reverse("experiences:experience_edit", args=[record.pk]) + "?publish=1")
    except PermissionDenied:
        messages.success(request, _sent(record))
        return redirect("experiences:experience", pk=record.pk)
    messages.success(request, _("Published: everybody can read it now. Thank you."))
    return redirect("experiences:experience", pk=record.pk)


def _sent(record: Experience) -> str:
    """To whom a draft goes that its author may not publish: to whoever writes in its areas."""
    names = [finding.name_of(pk) for pk in sorted(actions.area_ids_of(record))]
    said = _("Sent: who works in %(areas)s finds it among what waits for them, and publishes it.")
    return said % {"areas": ", ".join(names)}


def _form_page(request: HttpRequest, form: ExperienceForm, record: Experience | None, **more: Any) -> HttpResponse:
    name = record.name if record else ""
    crumbs = _crumbs((name, REGISTER.url(record.pk)), (_("Change"), "")) if record else _crumbs((_("New"), ""))
    missing = more.pop("missing", {})
    listed = [{"id": f"id_{name}", "label": form.fields[name].label, "text": text} for name, text in missing.items()]
    wrong = form.errors if form.is_bound else {}
    context = {
        "form": form,
        "record": record,
        "crumbs": crumbs,
        "missing": listed,
        "problems": form.problems() if form.is_bound else [],
        "perhaps": form.perhaps() if form.is_bound else {},
        "opened": dict.fromkeys(wrong, True),
        "may_publish": actions.may_publish(_actor(request), record),
        "autosaves": record is not None and record.state == ExperienceState.DRAFT,
        **more,
    }
    return render(request, "experiences/experience_form.html", context)


@require_POST
@page(may=signed_in, writes=True)
def experience_autosave(request: HttpRequest, pk: int) -> HttpResponse:
    """Save what holds of a draft while it is being written; what does not hold waits in the form, and is told."""
    record, actor = _editable(request, pk), _actor(request)
    if record.state != ExperienceState.DRAFT:
        said = _("It is published by now: press “Save” so that everybody reads your changes.")
        return JsonResponse({"message": said, "stop": True}, status=409)
    form = ExperienceForm(request.POST, actor=actor, experience=record)
    form.is_valid()
    given, base = form.given(also_new=False), form.base_data()
    try:
        merged = merging.save_merged(actor, given, base, record)
    except ValidationError as error:
        return JsonResponse({"message": " ".join(error.messages), "problems": error.messages}, status=422)
    # The base stays what this form shows: what others changed and it does not show is not taken for a change of ours.
    shown = {**base, **history.plain({name: value for name, value in given.items() if name not in merged.theirs})}
    told = {str(form.fields[name].label) for name in merged.theirs if name in form.fields}
    return JsonResponse(
        {
            "saved": timezone.localtime().strftime("%H:%M"),
            "base": signed(shown),
            "problems": form.problems(),
            "conflicts": sorted(told) or (["…"] if merged.theirs else []),
        }
    )


# --- what can be done with it ---------------------------------------------------------------------------------------
@require_POST
@page(may=signed_in, writes=True)
def experience_do(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """One act on an experience: publish, take back, confirm, used, good practice."""
    record, actor = _experience(request, pk), _actor(request)
    try:
        match act:
            case "publish":
                actions.publish(actor, record)
                said = _("Published: everybody can read it now. Thank you.")
            case "unpublish":
                actions.unpublish(actor, record)
                said = _("It is a draft again.")
            case "confirm":
                actions.confirm(actor, record)
                said = _("Thank you: everybody sees that it is right today.")
            case "used":
                actions.mark_used(actor, record)
                said = _("Thank you: who comes after you knows that it works.")
            case "good":
                actions.mark_good_practice(actor, record)
                said = _("Marked as a good practice: others will find it more easily.")
            case "not-good":
                actions.mark_good_practice(actor, record, good=False)
                said = _("No longer marked as a good practice.")
            case _unknown:
                raise Http404
    except PermissionDenied as error:
        raise Http404 from error
    except ValidationError:
        return redirect(reverse("experiences:experience_edit", args=[pk]) + "?publish=1")
    messages.success(request, said)
    return redirect("experiences:experience", pk=pk)


@page(may=permissions.may_add, writes=True)
def experience_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Use an experience as a model for a new one."""
    record, actor = _experience(request, pk), _actor(request)
    form = CopyForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        copy = actions.copy_as_template(actor, record, form.cleaned_data["area"])
        messages.success(request, _("Here is your draft: the practice is there, the rest is yours to tell."))
        return redirect("experiences:experience_edit", pk=copy.pk)
    area = request.GET.get("area", "")
    if request.method != "POST" and (found := finding.id_of(area)):
        form = CopyForm(initial={"area": naming.area_label(found)}, actor=actor)
    crumbs = _crumbs((record.name, REGISTER.url(pk)), (_("Use as a model"), ""))
    return render(request, "experiences/experience_copy.html", {"form": form, "record": record, "crumbs": crumbs})


@page(may=signed_in, writes=True)
def experience_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away, after asking."""
    record, actor = _editable(request, pk), _actor(request)
    if record.state != ExperienceState.DRAFT:
        raise Http404
    if request.method == "POST":
        try:
            actions.delete_draft(actor, record)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("experiences:experience", pk=pk)
        messages.success(request, _("The draft is gone."))
        return redirect("experiences:experiences")
    crumbs = _crumbs((record.name, REGISTER.url(pk)), (_("Throw away"), ""))
    return render(request, "experiences/experience_delete.html", {"record": record, "crumbs": crumbs})


@require_POST
@page(may=signed_in, writes=True)
def occurrence_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a date to an experience."""
    record, actor = _editable(request, pk), _actor(request)
    form = OccurrenceForm(request.POST, actor=actor)
    if not form.is_valid():
        context = reading.sheet(record, actor) | {"crumbs": _crumbs((record.name, "")), "date_form": form}
        return render(request, "experiences/experience.html", context)
    actions.add_occurrence(actor, record, form.given())
    messages.success(request, _("The date is in the calendar."))
    return redirect(REGISTER.url(pk) + "#dates")


@page(may=signed_in, writes=True)
def occurrence_cancel(request: HttpRequest, pk: int, occurrence: int) -> HttpResponse:
    """Call a date off, saying why."""
    record, actor = _editable(request, pk), _actor(request)
    row = Occurrence.objects.filter(pk=occurrence, experience=record).order_by("pk").first()
    if row is None or row.cancelled_because:
        raise Http404
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.cancel_occurrence(actor, row, form.cleaned_data["reason"])
        messages.success(request, _("Called off: the calendar says so, and why."))
        return redirect(REGISTER.url(pk) + "#dates")
    crumbs = _crumbs((record.name, REGISTER.url(pk)), (_("Call a date off"), ""))
    context = {"record": record, "row": row, "form": form, "crumbs": crumbs}
    return render(request, "experiences/occurrence_cancel.html", context)
