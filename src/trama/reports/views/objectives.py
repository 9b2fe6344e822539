"""The year-end report of a plan of objectives as a file."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from trama.core.pages import anyone, page
from trama.monitoring.models import ObjectivePlan, YearEnd
from trama.reports.choices import FORMS
from trama.reports.objectives import objectives_report
from trama.reports.views.making import actor_of, answer


def _plan(request: HttpRequest, pk: int, language: str, form: str) -> ObjectivePlan:
    if form not in FORMS or language not in dict(settings.LANGUAGES):
        raise Http404
    rows = ObjectivePlan.objects.visible_to(actor_of(request)).select_related("area")
    return get_object_or_404(rows, pk=pk)


@page(may=anyone)
@require_safe
def today(request: HttpRequest, pk: int, language: str, form: str) -> HttpResponse:
    """The plan with the numbers of today."""
    row = _plan(request, pk, language, form)
    return answer(objectives_report(row, language), form)


@page(may=anyone)
@require_safe
def year(request: HttpRequest, pk: int, year: int, language: str, form: str) -> HttpResponse:
    """The plan with the numbers that a closed year kept."""
    row = _plan(request, pk, language, form)
    end = get_object_or_404(YearEnd, plan=row, year=year)
    return answer(objectives_report(row, language, end), form)
