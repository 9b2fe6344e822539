"""Where reports are asked for: what is inside, in which language, as PDF or as a workbook."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trama.core import facts
from trama.core.actor import NOBODY
from trama.core.pages import anyone, page
from trama.reports import counted, printing
from trama.reports.territory import territory_report
from trama.territory import finding
from trama.territory.models import Area

FORMS = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@page(may=anyone)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The areas of which a report can be had: the home territory and what it is made of."""
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
    return render(request, "reports/index.html", {"areas": areas})


@page(may=anyone)
@require_safe
def territory(request: HttpRequest, code: str) -> HttpResponse:
    """What the report on an area holds, and the buttons that make it."""
    area = _area(code)
    registers = [
        register.counted(selection.rows(register, NOBODY).count()) for register, selection in counted.registers_of(area)
    ]
    # Each language by its own name, the reader's first.
    names = {"it": "Italiano", "en": "English"}
    current = translation.get_language() or "it"
    languages = sorted(names, key=lambda language: not current.startswith(language))
    downloads = [
        {
            "language": language,
            "name": names[language],
            "pdf": reverse("reports:territory_file", args=[area.code, language, "pdf"]),
            "xlsx": reverse("reports:territory_file", args=[area.code, language, "xlsx"]),
        }
        for language in languages
    ]
    context = {
        "area": area,
        "registers": registers,
        "downloads": downloads,
        "way": [(_("Reports"), reverse("reports:index")), (area.name, "")],
    }
    return render(request, "reports/territory.html", context)


@page(may=anyone)
@require_safe
def territory_file(request: HttpRequest, code: str, language: str, form: str) -> HttpResponse:
    """The report itself, made now."""
    area = _area(code)
    if form not in FORMS or language not in dict(settings.LANGUAGES):
        raise Http404
    # A report is handed on: whoever makes it, it holds what everybody may see.
    document = territory_report(NOBODY, area, language)
    with translation.override(language):
        content = printing.pdf_bytes(document) if form == "pdf" else printing.xlsx_bytes(document)
        mark = slugify(_("demonstration")) + "-" if facts.is_demonstration() else ""
        name = f"{mark}{slugify(document.subtitle)}-{slugify(area.name)}-{timezone.localdate().isoformat()}.{form}"
    response = HttpResponse(content, content_type=FORMS[form])
    response["Content-Disposition"] = f'{"inline" if form == "pdf" else "attachment"}; filename="{name}"'
    response["Cache-Control"] = "no-store"  # tomorrow's is another
    return response


def _area(code: str) -> Area:
    area = Area.objects.filter(code=code).first()
    if area is None:
        raise Http404
    return area
