"""The report of a wave: read, taken away, and what the editor chooses to tell of from near."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trama.core.pages import anyone, page
from trama.monitoring.models import Wave
from trama.reports import actions
from trama.reports.choices import ProfileState
from trama.reports.document import Document
from trama.reports.forms import CloseUpForm
from trama.reports.live import file_of_today, report_of_today
from trama.reports.models import Profile
from trama.reports.permissions import is_staff
from trama.reports.reading import sections_of
from trama.reports.subjects import chosen, may_write
from trama.reports.views.making import LANGUAGES, actor_of, answer, check, disposable, files, languages, office, way_to
from trama.reports.views.profiles import opened_or_not
from trama.reports.waves.closeups import may_be_shown


def _wave(request: HttpRequest, pk: int) -> Wave:
    """A wave that the actor may see."""
    return get_object_or_404(Wave.objects.visible_to(actor_of(request)), pk=pk)


def _edition(wave: Wave, language: str) -> tuple[Profile | None, Document | None]:
    """What the body published of a wave, the newest that is still what was frozen."""
    for profile in Profile.objects.filter(wave=wave, state=ProfileState.PUBLISHED):
        document, _problem = opened_or_not(profile, language)
        if document is not None:
            return profile, document
    return None, None


@page(may=anyone)
@require_safe
def wave(request: HttpRequest, pk: int) -> HttpResponse:
    """The report of a closed wave: what the body published of it, else what is made from its frozen figures alone."""
    actor, row = actor_of(request), _wave(request, pk)
    context: dict[str, Any] = {"wave": row, "way": [*way_to(row)[:-1], (row.name, "")]}
    if not row.is_closed:
        return render(request, "reports/wave_not_closed.html", context)
    edition, document = _edition(row, languages()[0])
    if document is None:
        document = report_of_today(row, languages()[0])
    views: tuple[str, list[object]] = ("profile_file", [edition.pk]) if edition else ("wave_file", [row.pk])
    profiles = list(Profile.objects.visible_to(actor).filter(wave=row).select_related("area", "wave")[:20])
    context |= {
        "document": document,
        "edition": edition,
        "sections": sections_of(document),
        "downloads": [
            {"language": language, "name": LANGUAGES[language], "files": files(*views, language, row)}
            for language in languages()
        ],
        **office(actor, row),
        "profiles": profiles,
        "disposable": disposable(actor, profiles),
    }
    return render(request, "reports/wave.html", context)


@page(may=anyone)
@require_safe
def wave_file(request: HttpRequest, pk: int, language: str, form: str) -> HttpResponse:
    """The report itself, made now from what was frozen, with its automatic texts."""
    row = _wave(request, pk)
    check(language, form, row)
    if not row.is_closed:
        raise Http404
    content = file_of_today(row, language, form)
    return answer(report_of_today(row, language), form, content=content)


@page(may=is_staff, writes=True)
def close_ups(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose of which records the report tells from near."""
    actor, row = actor_of(request), _wave(request, pk)
    if not row.is_closed or not may_write(actor, row):
        raise Http404
    form = CloseUpForm(request.POST or None, names=may_be_shown(row), chosen=chosen(row))
    if request.method == "POST" and form.is_valid():
        try:
            actions.choose_closeups(actor, row, form.records())
        except actions.NotPossible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved. Now tell their story in the texts of the report."))
            return redirect("reports:wave", row.pk)
    context = {"wave": row, "form": form, "way": [*way_to(row), (_("Close-ups"), "")]}
    return render(request, "reports/close_ups.html", {**context, "back": reverse("reports:wave", args=[row.pk])})
