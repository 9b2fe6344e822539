"""The register of acts: who did what, when, and whether the chain holds."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone

from trama.core import history
from trama.core.models import AuditEntry, AuditHead
from trama.core.pages import page
from trama.people import actions, trail
from trama.people.forms import AuditFilter
from trama.people.permissions import administers_everywhere

PER_PAGE = 50
# Up to here the whole chain is walked whenever the page is opened; beyond, when somebody asks.
WALKED_AT_ONCE = 3000


def _filter(request: HttpRequest) -> AuditFilter:
    return AuditFilter(request.GET, verbs=trail.known_verbs(), kinds=trail.known_kinds())


@page(may=administers_everywhere)
def audit(request: HttpRequest) -> HttpResponse:
    """All acts, newest first, narrowed by what one looks for."""
    filters = _filter(request)
    entries = filters.narrowed(AuditEntry.objects.order_by("-number"))
    shown = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    head = AuditHead.objects.order_by("pk").first()
    number, last_hash = (head.number, head.hash) if head else (0, "")
    walk = number <= WALKED_AT_ONCE or request.GET.get("verify") == "1"
    context = {
        "entries": trail.sentences(shown.object_list),
        "filters": filters,
        "number": number,
        "last_hash": last_hash,
        "verification": history.verify() if walk else None,
        "found": shown.paginator.count,
        **trail.paging(request, shown),
    }
    return render(request, "people/audit.html", context)


@page(may=administers_everywhere, writes=True)
def audit_csv(request: HttpRequest) -> Any:
    """The same acts as a file, with their hashes: whoever holds it can check the chain alone. It leaves an entry."""
    entries = _filter(request).narrowed(AuditEntry.objects.order_by("number"))
    last = actions.note_audit_export(request.actor, request.GET.urlencode())  # type: ignore[attr-defined]
    response = StreamingHttpResponse(csv_lines(entries.filter(number__lt=last)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="registro-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_lines(entries: QuerySet[AuditEntry]) -> Iterator[Any]:
    """The lines of the file, one per entry, after one with the names of the columns."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)  # also where the semicolon parts the cells
    yield "\ufeff" + str(writer.writerow(trail.COLUMNS))
    for entry in entries.iterator(chunk_size=2000):
        yield writer.writerow(trail.line(entry))
