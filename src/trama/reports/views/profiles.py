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
from trama.reports import actions
from trama.reports.comparing import Change, Comparison, compare
from trama.reports.document import Document
from trama.reports.editing import with_written
from trama.reports.forms import FreezeForm
from trama.reports.keeping import Altered, opened, verify
from trama.reports.live import report_of_today
from trama.reports.models import Profile
from trama.reports.permissions import is_staff, may_publish, may_read_drafts, may_write
from trama.reports.reading import sections_of
from trama.reports.views.making import LANGUAGES, actor_of, answer, area_of, check, files, languages

PER_PAGE = 30
TODAY = "oggi"


def _profile(request: HttpRequest, pk: int) -> Profile:
    """A profile that the actor may see."""
    profile = Profile.objects.visible_to(actor_of(request)).select_related("area").filter(pk=pk).first()
    if profile is None:
        raise Http404
    return profile


def _way(profile: Profile) -> list[tuple[str, str]]:
    return [
        (_("Reports"), reverse("reports:index")),
        (profile.area.name, reverse("reports:territory", args=[profile.area.code])),
        (profile.name, reverse("reports:profile", args=[profile.pk])),
    ]


@page(may=is_staff, writes=True)
def freeze(request: HttpRequest, code: str) -> HttpResponse:
    """Give the profile a name, and freeze it."""
    actor, area = actor_of(request), area_of(code)
    if not may_write(actor, area.pk):
        raise Http404
    form = FreezeForm(request.POST or None, area=area)
    if request.method == "POST" and form.is_valid():
        try:
            profile = actions.freeze(actor, area, form.cleaned_data["name"])
        except actions.NotPossible as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("Frozen. The services read it now; publish it when everybody may."))
            return redirect("reports:profile", profile.pk)
    way = [
        (_("Reports"), reverse("reports:index")),
        (area.name, reverse("reports:territory", args=[area.code])),
        (_("Freeze the profile"), ""),
    ]
    return render(request, "reports/freeze.html", {"area": area, "form": form, "way": way})


@page(may=anyone)
@require_safe
def profiles(request: HttpRequest) -> HttpResponse:
    """The frozen profiles that one may read, the newest first."""
    rows = Profile.objects.visible_to(actor_of(request)).select_related("area")
    shown = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    way = [(_("Reports"), reverse("reports:index")), (_("Frozen profiles"), "")]
    return render(request, "reports/profiles.html", {"profiles": shown, "way": way})


@page(may=anyone)
@require_safe
def profile(request: HttpRequest, pk: int) -> HttpResponse:
    """A frozen profile: whether it is still what was frozen, its figures and texts, its files, its comparisons."""
    actor, found = actor_of(request), _profile(request, pk)
    document, problem = _opened(found, languages()[0])
    others = Profile.objects.visible_to(actor).filter(area=found.area).exclude(pk=found.pk)
    context: dict[str, Any] = {
        "profile": found,
        "problem": problem,
        "document": document,
        "sections": sections_of(document) if document is not None else [],
        "downloads": [
            {"language": language, "name": LANGUAGES[language], "files": files("profile_file", found.pk, language)}
            for language in languages()
        ],
        "others": others[:50],
        "publishes": may_publish(actor, found.area_id),
        "way": [*_way(found)[:-1], (found.name, "")],
    }
    return render(request, "reports/profile.html", context)


def _opened(profile: Profile, language: str) -> tuple[Document | None, str]:
    try:
        return opened(profile, language), ""
    except Altered as error:
        return None, str(error)


@page(may=anyone)
@require_safe
def profile_file(request: HttpRequest, pk: int, language: str, form: str) -> HttpResponse:
    """A frozen profile as a file: the same figures whenever it is asked for."""
    found = _profile(request, pk)
    check(language, form)
    document, problem = _opened(found, language)
    if document is None:
        context = {"profile": found, "problem": problem, "way": [*_way(found), (_("Download"), "")]}
        return render(request, "reports/altered.html", context, status=409)
    return answer(document, form, found.name)


@page(may=is_staff, writes=True)
@require_POST
def profile_do(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Publish, or take back."""
    actor, found = actor_of(request), _profile(request, pk)
    if what not in ("publish", "withdraw") or not may_publish(actor, found.area_id):
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


@page(may=anyone)
@require_safe
def comparison(request: HttpRequest, pk: int) -> HttpResponse:
    """What changed between a frozen profile and another one, or today: a sentence for each change."""
    found = _profile(request, pk)
    chosen = request.GET.get("con", TODAY)
    language = languages()[0]
    if chosen == TODAY:
        earlier, later = found, None
        before, problem = _opened(found, language)
        after: Document | None = _today(request, found, language)
    else:
        other = _profile(request, int(chosen)) if chosen.isdecimal() and len(chosen) < 12 else None
        if other is None or other.area_id != found.area_id or other.pk == found.pk:
            raise Http404
        earlier, later = sorted((found, other), key=lambda one: (one.frozen_at, one.pk))
        before, problem = _opened(earlier, language)
        after, second = _opened(later, language)
        problem = problem or second
    result = compare(before, after) if before is not None and after is not None else None
    if result is not None and later is None and not may_read_drafts(actor_of(request), found.area_id):
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
    document = report_of_today(found.area, language)
    actor = actor_of(request)
    return with_written(actor, found.area, document) if may_read_drafts(actor, found.area_id) else document


def _sections(result: Comparison) -> list[tuple[str, list[Change]]]:
    """The changes under the table in which they stand."""
    sections: dict[str, list[Change]] = {}
    for change in result.changes:
        sections.setdefault(change.section, []).append(change)
    return list(sections.items())
