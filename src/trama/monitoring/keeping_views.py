"""The pages that say what is going to happen before it does: opening a wave, closing it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trama.core.pages import page
from trama.monitoring import actions, reading
from trama.monitoring.actions.letters import sample
from trama.monitoring.actions.making import questions_of
from trama.monitoring.choices import WaveState
from trama.monitoring.permissions import may_make, may_reopen, reads
from trama.monitoring.sheet_views import sheet_of
from trama.monitoring.views import actor_of, site_of, under, wave_of


@page(may=may_make)
@require_safe
def opening(request: HttpRequest, pk: int) -> HttpResponse:
    """What opening would do: sheets, letters and their text, who has no address, who is being asked already."""
    row = wave_of(request, pk, keeping=True)
    if row.state != WaveState.DRAFT or not actions.count_scope(row):
        raise Http404
    context = {"wave": row, **reading.before_opening(row, actor_of(request)), "letter": sample(row, site_of(request))}
    context |= {"questions": [one for one in questions_of(row)[1] if not one.is_note]}
    return render(request, "monitoring/opening.html", context | {"crumbs": under(row, _("Open the wave"))})


@page(may=may_make)
@require_safe
def closing(request: HttpRequest, pk: int) -> HttpResponse:
    """What closing would freeze: who is silent, which areas are below what was hoped for, what is hard to believe."""
    row, actor = wave_of(request, pk, keeping=True), actor_of(request)
    if not row.is_open:
        raise Http404
    context = {"wave": row, **reading.board(row, actor), "doubted": reading.quality(row, actor)["doubted"]}
    context |= {"may_reopen": may_reopen(actor, row.area_ids()), "reopeners": reading.who_reopens(row)}
    context |= {"follows": reads(actor), "crumbs": under(row, _("Close the wave"))}
    return render(request, "monitoring/closing.html", context)


@page(may=reads, writes=True)
@require_POST
def sheet_checked(request: HttpRequest, pk: int, sheet: int) -> HttpResponse:
    """Somebody looked at what was doubted on a sheet, and it is right."""
    row, found = sheet_of(request, pk, sheet)
    actions.find_right(actor_of(request), found)
    messages.success(request, _("“%(title)s”: looked at, and right. It leaves the list.") % {"title": found.title})
    return redirect("monitoring:quality", pk=row.pk)
