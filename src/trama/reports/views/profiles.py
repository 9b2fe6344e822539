"""Profiles frozen as they were on a day: made, opened, compared, handed on, published."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trama.core.pages import anyone, page
from trama.monitoring.models import Wave
from trama.reports import actions
from trama.reports.comparing import Change, Comparison, compare
from trama.reports.document import Document
from trama.reports.editing import with_written
from trama.reports.forms import FreezeForm
from trama.reports.keeping import Altered, opened, verify
from trama.reports.live import file_of_profile, report_of_today
from trama.reports.models import Profile
from trama.reports.permissions import is_staff
from trama.reports.reading import sections_of
from trama.reports.subjects import (
    WAVE,
    address_of,
    field_of,
    kind_of,
    may_publish,
    may_read_drafts,
    may_write,
    subject_of,
)
from trama.reports.views.making import (
    LANGUAGES,
    actor_of,
    answer,
    asked_for,
    check,
    disposable,
    files,
    languages,
    way_to,
)

PER_PAGE = 30
TODAY = "oggi"


def _profile(request: HttpRequest, pk: int) -> Profile:
    """A profile that the actor may see."""
    profile = Profile.objects.visible_to(actor_of(request)).select_related("area", "wave").filter(pk=pk).first()
    if profile is None:
        raise Http404
    return profile


def _way(profile: Profile) -> list[tuple[str, str]]:
    return [*way_to(subject_of(profile)), (profile.name, reverse("reports:profile", args=[profile.pk]))]


@page(may=is_staff, writes=True)
def freeze(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """Give the profile a name, and freeze it."""
    actor, subject = actor_of(request), asked_for(request, kind, code)
    if not may_write(actor, subject):
        raise Http404
    form = FreezeForm(request.POST or None, subject=subject)
    if request.method == "POST" and form.is_valid():
        try:
            profile = actions.freeze(actor, subject, form.cleaned_data["name"])
        except actions.NotPossible as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("Frozen. The services read it now; publish it when everybody may."))
            return redirect("reports:profile", profile.pk)
    title = _("Freeze the report") if kind_of(subject) == WAVE else _("Freeze the profile")
    context = {"subject": subject, "form": form, "title": title, "way": [*way_to(subject), (title, "")]}
    return render(request, "reports/freeze.html", {**context, "back": address_of(subject)})


@page(may=anyone)
@require_safe
def profiles(request: HttpRequest) -> HttpResponse:
    """The frozen profiles that one may read, the newest first."""
    rows = Profile.objects.visible_to(actor_of(request)).select_related("area", "wave")
    shown = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "profiles": shown,
        "disposable": disposable(actor_of(request), list(shown)),
        "way": [(_("Reports"), reverse("reports:index")), (_("Frozen profiles"), "")],
    }
    return render(request, "reports/profiles.html", context)


@page(may=anyone)
@require_safe
def profile(request: HttpRequest, pk: int) -> HttpResponse:
    """A frozen profile: whether it is still what was frozen, its figures and texts, its files, its comparisons."""
    actor, found = actor_of(request), _profile(request, pk)
    subject = subject_of(found)
    document, problem = opened_or_not(found, languages()[0])
    others = Profile.objects.visible_to(actor).filter(**field_of(subject)).exclude(pk=found.pk)
    context: dict[str, Any] = {
        "profile": found,
        "problem": problem,
        "document": document,
        "sections": sections_of(document) if document is not None else [],
        "downloads": [
            {
                "language": language,
                "name": LANGUAGES[language],
                "files": files("profile_file", [found.pk], language, subject),
            }
            for language in languages()
        ],
        "others": others[:50],
        "publishes": may_publish(actor, subject),
        "disposable": disposable(actor, [found]),
        "with_today": not isinstance(subject, Wave) or subject.is_closed,
        "way": [*_way(found)[:-1], (found.name, "")],
    }
    return render(request, "reports/profile.html", context)


def opened_or_not(profile: Profile, language: str) -> tuple[Document | None, str]:
    """The frozen document, or why it is not shown."""
    try:
        return opened(profile, language), ""
    except Altered as error:
        return None, str(error)


@page(may=anyone)
@require_safe
def profile_file(request: HttpRequest, pk: int, language: str, form: str) -> HttpResponse:
    """A frozen profile as a file: the same figures whenever it is asked for."""
    found = _profile(request, pk)
    check(language, form, subject_of(found))
    document, problem = opened_or_not(found, language)
    if document is None:
        context = {"profile": found, "problem": problem, "way": [*_way(found), (_("Download"), "")]}
        return render(request, "reports/altered.html", context, status=409)
    return answer(document, form, found.name, content=file_of_profile(found, document, form))


@page(may=is_staff, writes=True)
@require_POST
def profile_do(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Publish, or take back."""
    actor, found = actor_of(request), _profile(request, pk)
    if what not in ("publish", "withdraw") or not may_publish(actor, subject_of(found)):
        raise Http404
    if what == "withdraw":
        actions.withdraw(actor, found)
        messages.success(request, _("Only the services read it now."))
    elif not verify(found).holds:
        messages.error(request, _("It is not what was frozen: it cannot be published."))
    else:
        actions.publish(actor, found)
        messages.success(request, _("Published: everybody can read it now."))
    return redirect("reports:profile", found.pk)


@page(may=is_staff, writes=True)
def profile_throw_away(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then throw away a frozen profile that was never published."""
    actor, found = actor_of(request), _profile(request, pk)
    subject = subject_of(found)
    if not may_write(actor, subject):
        raise Http404
    problem = ""
    if request.method == "POST":
        try:
            actions.throw_away(actor, found)
        except actions.NotPossible as error:
            problem = str(error)
        else:
            messages.success(request, _("Thrown away. The register of acts keeps that it was there."))
            return redirect(address_of(subject))
    elif not disposable(actor, [found]):
        raise Http404
    context = {"profile": found, "problem": problem, "way": [*_way(found), (_("Throw the profile away"), "")]}
    return render(request, "reports/profile_throw_away.html", context, status=409 if problem else 200)


@page(may=anyone)
@require_safe
def comparison(request: HttpRequest, pk: int) -> HttpResponse:
    """What changed between a frozen profile and another one, or today: a sentence for each change."""
    found = _profile(request, pk)
    chosen = request.GET.get("con", TODAY)
    language = languages()[0]
    if chosen == TODAY:
        earlier, later = found, None
        before, problem = opened_or_not(found, language)
        after: Document | None = _today(request, found, language)
    else:
        other = _profile(request, int(chosen)) if chosen.isdecimal() and len(chosen) < 12 else None
        if other is None or subject_of(other) != subject_of(found) or other.pk == found.pk:
            raise Http404
        earlier, later = sorted((found, other), key=lambda one: (one.frozen_at, one.pk))
        before, problem = opened_or_not(earlier, language)
        after, second = opened_or_not(later, language)
        problem = problem or second
    result = compare(before, after) if before is not None and after is not None else None
    if result is not None and later is None and not may_read_drafts(actor_of(request), subject_of(found)):
        result = replace(result, texts=())  # what is being written is not told yet
    context = {
        "earlier": earlier,
        "later": later,
        "problem": problem,
        "result": result,
        "sections": _sections(result) if result is not None else [],
        "way": [*_way(found), (_("What changed"), "")],
    }
    return render(request, "reports/comparison.html", context)


def _today(request: HttpRequest, found: Profile, language: str) -> Document:
    actor, subject = actor_of(request), subject_of(found)
    if isinstance(subject, Wave) and not subject.is_closed:
        raise Http404
    document = report_of_today(subject, language)
    return with_written(actor, subject, document) if may_read_drafts(actor, subject) else document


def _sections(result: Comparison) -> list[tuple[str, list[Change]]]:
    """The changes under the table in which they stand."""
    sections: dict[str, list[Change]] = {}
    for change in result.changes:
        sections.setdefault(change.section, []).append(change)
    return list(sections.items())
