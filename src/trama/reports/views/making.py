"""Where reports are asked for: what is inside, in which language, in which form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trama.core import facts
from trama.core.actor import NOBODY, Actor
from trama.core.pages import anyone, page
from trama.monitoring.choices import WaveState
from trama.monitoring.models import Wave
from trama.reports import counted, printing
from trama.reports.actions import once_published
from trama.reports.choices import FORMS, SLIDES
from trama.reports.document import Document
from trama.reports.editing import with_written
from trama.reports.live import file_of_today, report_of_today
from trama.reports.models import Profile
from trama.reports.permissions import is_staff
from trama.reports.subjects import (
    AREA,
    WAVE,
    Subject,
    address_of,
    code_of,
    kind_of,
    may_read_drafts,
    may_write,
    subject_of,
)
from trama.territory import finding
from trama.territory.models import Area
from trama.territory.profile import residents_of

MOST_WAVES = 12
# Each language by its own name.
LANGUAGES = {"it": "Italiano", "en": "English"}


def actor_of(request: HttpRequest) -> Actor:
    """Who is asking."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def area_of(code: str) -> Area:
    """The area of this code, or a page that does not exist."""
    area = Area.objects.filter(code=code).first()
    if area is None:
        raise Http404
    return area


def asked_for(request: HttpRequest, kind: str, code: str) -> Subject:
    """What the report of this address is about: an area, or a closed wave that the actor may see. Else a 404."""
    if kind == AREA:
        return area_of(code)
    waves = Wave.objects.visible_to(actor_of(request))
    wave = waves.filter(pk=int(code)).first() if kind == WAVE and code.isdecimal() and len(code) < 12 else None
    if wave is None or not wave.is_closed:
        raise Http404
    return wave


def way_to(subject: Subject) -> list[tuple[str, str]]:
    """The way to the page of a report."""
    way = [(_("Reports"), reverse("reports:index"))]
    if isinstance(subject, Wave):
        way.append((_("Monitoring"), reverse("monitoring:waves")))
    return [*way, (subject.name, address_of(subject))]


def languages() -> list[str]:
    """The languages of reports, the reader's first."""
    current = translation.get_language() or "it"
    return sorted(LANGUAGES, key=lambda language: not current.startswith(language))


@page(may=anyone)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The areas of which a report can be had: the home territory and what it is made of; the newest frozen profiles."""
    home = facts.facts().get(facts.HOME_AREA)
    root = Area.objects.in_force().filter(code=home).first() if home else None
    nodes = [node for node in finding.nodes().values() if node.in_force]
    if root is not None:
        below = finding.below(root.pk)
        nodes = [node for node in nodes if node.id in below]
    depths = sorted({node.depth for node in nodes})[:3]
    shown = [node for node in nodes if node.depth in depths][:200]
    areas = [
        {
            "name": node.name,
            "address": reverse("reports:territory", args=[node.code]),
            "depth": depths.index(node.depth),
        }
        for node in shown
    ]
    actor = actor_of(request)
    profiles = Profile.objects.visible_to(actor).select_related("area", "wave")
    waves = Wave.objects.visible_to(actor).filter(state=WaveState.CLOSED).order_by("-ends_on", "-pk")
    context = {
        "areas": areas,
        "profiles": profiles[:5],
        "disposable": disposable(actor, profiles[:5]),
        "more": profiles[5:6].exists(),
        "waves": waves[:MOST_WAVES],
    }
    return render(request, "reports/index.html", context)


@page(may=anyone)
@require_safe
def territory(request: HttpRequest, code: str) -> HttpResponse:
    """What the report on an area holds, the buttons that make it, its frozen profiles."""
    actor, area = actor_of(request), area_of(code)
    registers = [
        register.counted(selection.rows(register, NOBODY).count()) for register, selection in counted.registers_of(area)
    ]
    profiles = list(Profile.objects.visible_to(actor).filter(area=area).select_related("area", "wave")[:20])
    context = {
        "area": area,
        "registers": registers,
        "people_known": residents_of(area) is not None,
        "downloads": [
            {
                "language": language,
                "name": LANGUAGES[language],
                "files": files("territory_file", [area.code], language, area),
            }
            for language in languages()
        ],
        **office(actor, area),
        "profiles": profiles,
        "disposable": disposable(actor, profiles),
        "way": [(_("Reports"), reverse("reports:index")), (area.name, "")],
    }
    return render(request, "reports/territory.html", context)


def office(actor: Actor, subject: Subject) -> dict[str, Any]:
    """What the pages of a report need to lead to its texts and to its freezing."""
    return {
        "kind": kind_of(subject),
        "code": code_of(subject),
        "drafts": may_read_drafts(actor, subject),
        "writes": may_write(actor, subject),
        "language": languages()[0],
    }


def disposable(actor: Actor, profiles: Iterable[Profile]) -> set[int]:
    """Which of these frozen profiles the actor may throw away: drafts that were never published."""
    mine = [one for one in profiles if not one.is_published and may_write(actor, subject_of(one))]
    return {one.pk for one in mine} - (once_published(mine) if mine else set())


def forms_of(subject: Subject) -> dict[str, str]:
    """The forms in which a report is handed on, with their types: that of a wave as slides too."""
    return FORMS | SLIDES if isinstance(subject, Wave) else FORMS


def files(view: str, what: Sequence[object], language: str, subject: Subject) -> list[dict[str, str]]:
    """The forms in which something is handed on, each with its address."""
    names = {
        "pdf": "PDF",
        "docx": "DOCX",
        "xlsx": "XLSX",
        "zip": "CSV",
        "slides": _("Slides (PDF)"),
        "pptx": "PPTX",
    }
    icons = {
        "pdf": "it-file-pdf-ext",
        "docx": "it-file-docx",
        "xlsx": "it-file-xlsx",
        "zip": "it-file-csv",
        "slides": "it-presentation",
        "pptx": "it-file-ppt",
    }
    return [
        {"name": names[form], "icon": icons[form], "url": reverse(f"reports:{view}", args=[*what, language, form])}
        for form in forms_of(subject)
    ]


@page(may=anyone)
@require_safe
def territory_file(request: HttpRequest, code: str, language: str, form: str) -> HttpResponse:
    """The report itself, made now, with its automatic texts."""
    area = area_of(code)
    check(language, form, area)
    # A report is handed on: whoever makes it, it holds what everybody may see.
    content = file_of_today(area, language, form)
    return answer(report_of_today(area, language), form, content=content)


@page(may=is_staff)
@require_safe
def draft_file(request: HttpRequest, kind: str, code: str, language: str, form: str) -> HttpResponse:
    """The report with the texts that were written by hand: for the people of the services until it is frozen."""
    actor, subject = actor_of(request), asked_for(request, kind, code)
    check(language, form, subject)
    if not may_read_drafts(actor, subject):
        raise Http404
    with translation.override(language):
        mark = _("Draft, with texts written by hand: not frozen, not published.")
    document = with_written(actor, subject, report_of_today(subject, language))
    document = replace(document, stamp=" ".join(part for part in (mark, document.stamp) if part))
    return answer(document, form, _("draft"))


def check(language: str, form: str, subject: Subject) -> None:
    """There is no report in other languages and forms."""
    if form not in forms_of(subject) or language not in dict(settings.LANGUAGES):
        raise Http404


def answer(document: Document, form: str, mark: str = "", content: bytes | None = None) -> HttpResponse:
    """A document as a file (made here, unless it is at hand) that says in its name what it is, and of when."""
    with translation.override(document.language):
        marks = [slugify(_("demonstration"))] if document.demonstration else []
        marks += [slugify(part) for part in (mark, document.subtitle, document.title) if part]
    name = f"{'-'.join(marks)[:120]}-{timezone.localdate().isoformat()}.{'slides.pdf' if form == 'slides' else form}"
    response = HttpResponse(content or printing.file_bytes(document, form), content_type=(FORMS | SLIDES)[form])
    response["Content-Disposition"] = f'{"inline" if form in ("pdf", "slides") else "attachment"}; filename="{name}"'
    response["Cache-Control"] = "no-store"  # tomorrow's is another
    return response
