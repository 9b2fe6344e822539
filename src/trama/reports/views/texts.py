"""Where the texts of a report are rewritten, paragraph by paragraph."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trama.core.pages import page
from trama.reports import actions
from trama.reports.editing import Text, texts_of
from trama.reports.forms import TextForm
from trama.reports.live import report_of_today
from trama.reports.permissions import is_staff, may_read_drafts, may_write
from trama.reports.views.making import LANGUAGES, actor_of, area_of, files
from trama.territory.models import Area


def _found(request: HttpRequest, area: Area, language: str, key: str) -> Text:
    """A paragraph that the actor may write."""
    actor = actor_of(request)
    if language not in dict(settings.LANGUAGES) or not may_write(actor, area.pk):
        raise Http404
    for text in texts_of(actor, area, report_of_today(area, language)):
        if text.key == key:
            return text
    raise Http404


def _way(area: Area, language: str) -> list[tuple[str, str]]:
    return [
        (_("Reports"), reverse("reports:index")),
        (area.name, reverse("reports:territory", args=[area.code])),
        (_("The texts"), reverse("reports:texts", args=[area.code, language])),
    ]


@page(may=is_staff)
@require_safe
def texts(request: HttpRequest, code: str, language: str) -> HttpResponse:
    """Every paragraph: as it is made, as it was rewritten, and where the figures changed since."""
    actor, area = actor_of(request), area_of(code)
    if language not in dict(settings.LANGUAGES) or not may_read_drafts(actor, area.pk):
        raise Http404
    document = report_of_today(area, language)
    found = texts_of(actor, area, document)
    sections: list[tuple[str, list[Text]]] = []
    for text in found:
        if not sections or sections[-1][0] != text.section:
            sections.append((text.section, []))
        sections[-1][1].append(text)
    context = {
        "area": area,
        "language": language,
        "language_name": LANGUAGES[language],
        "others": [(other, name) for other, name in LANGUAGES.items() if other != language],
        "sections": sections,
        "written": sum(text.is_written for text in found),
        "changed": sum(text.figures_changed for text in found),
        "writes": may_write(actor, area.pk),
        "files": files("draft_file", area.code, language),
        "way": [*_way(area, language)[:-1], (_("The texts"), "")],
    }
    return render(request, "reports/texts.html", context)


@page(may=is_staff, writes=True)
def text(request: HttpRequest, code: str, language: str, key: str) -> HttpResponse:
    """Rewrite one paragraph."""
    actor, area = actor_of(request), area_of(code)
    found = _found(request, area, language, key)
    form = TextForm(request.POST or None, initial={"text": found.text, "automatic": found.automatic})
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["automatic"]
        actions.write_text(actor, area, language, key, form.cleaned_data["text"], seen)
        messages.success(request, _("Saved. Your text stays when the figures change; you will see that they did."))
        return redirect(f"{reverse('reports:texts', args=[area.code, language])}#{key}")
    context = {
        "area": area,
        "language": language,
        "found": found,
        "form": form,
        "way": [*_way(area, language), (found.section or key, "")],
    }
    return render(request, "reports/text.html", context)


@page(may=is_staff, writes=True)
@require_POST
def text_do(request: HttpRequest, code: str, language: str, key: str, what: str) -> HttpResponse:
    """Take the automatic text, or keep one's own although the figures changed."""
    actor, area = actor_of(request), area_of(code)
    found = _found(request, area, language, key)
    if found.written is None or what not in ("automatic", "keep"):
        raise Http404
    if what == "automatic":
        actions.take_automatic(actor, found.written)
        messages.success(request, _("The automatic text stands again. What you had written stays in the history."))
    else:
        actions.keep_text(actor, found.written, found.automatic)
        messages.success(request, _("Your text stays as it is."))
    return redirect(f"{reverse('reports:texts', args=[area.code, language])}#{key}")
