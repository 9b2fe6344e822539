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
from trama.reports.editing import Text, numbers_of_nowhere, texts_of
from trama.reports.forms import TextForm
from trama.reports.live import report_of_today
from trama.reports.permissions import is_staff
from trama.reports.subjects import Subject, code_of, kind_of, may_read_drafts, may_write
from trama.reports.views.making import LANGUAGES, actor_of, asked_for, files, office, way_to


def _found(request: HttpRequest, subject: Subject, language: str, key: str) -> Text:
    """A paragraph that the actor may write."""
    actor = actor_of(request)
    if language not in dict(settings.LANGUAGES) or not may_write(actor, subject):
        raise Http404
    for text in texts_of(actor, subject, report_of_today(subject, language)):
        if text.key == key:
            return text
    raise Http404


def _texts_page(subject: Subject, language: str) -> str:
    return reverse("reports:texts", args=[kind_of(subject), code_of(subject), language])


def _way(subject: Subject, language: str) -> list[tuple[str, str]]:
    return [*way_to(subject), (_("The texts"), _texts_page(subject, language))]


@page(may=is_staff)
@require_safe
def texts(request: HttpRequest, kind: str, code: str, language: str) -> HttpResponse:
    """Every paragraph: as it is made, as it was rewritten, and where the figures changed since."""
    actor, subject = actor_of(request), asked_for(request, kind, code)
    if language not in dict(settings.LANGUAGES) or not may_read_drafts(actor, subject):
        raise Http404
    document = report_of_today(subject, language)
    found = texts_of(actor, subject, document)
    sections: list[tuple[str, list[Text]]] = []
    for text in found:
        if not sections or sections[-1][0] != text.section:
            sections.append((text.section, []))
        sections[-1][1].append(text)
    context = {
        "subject": subject,
        **office(actor, subject),
        "language": language,
        "language_name": LANGUAGES[language],
        "others": [(other, name) for other, name in LANGUAGES.items() if other != language],
        "sections": sections,
        "written": sum(text.is_written for text in found),
        "changed": sum(text.figures_changed for text in found),
        "files": files("draft_file", [kind, code], language, subject),
        "way": [*way_to(subject), (_("The texts"), "")],
    }
    return render(request, "reports/texts.html", context)


@page(may=is_staff, writes=True)
def text(request: HttpRequest, kind: str, code: str, language: str, key: str) -> HttpResponse:
    """Rewrite one paragraph."""
    actor, subject = actor_of(request), asked_for(request, kind, code)
    found = _found(request, subject, language, key)
    form = TextForm(request.POST or None, initial={"text": found.text, "automatic": found.automatic})
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["automatic"]
        actions.write_text(actor, subject, language, key, form.cleaned_data["text"], seen)
        messages.success(request, _("Saved. Your text stays when the figures change; you will see that they did."))
        strange = numbers_of_nowhere(form.cleaned_data["text"], report_of_today(subject, language))
        if strange:
            told = _("These numbers stand nowhere else in the report: %(numbers)s. Are they right?")
            messages.warning(request, told % {"numbers": "; ".join(strange)})
        return redirect(f"{_texts_page(subject, language)}#{key}")
    context = {
        "subject": subject,
        "back": f"{_texts_page(subject, language)}#{key}",
        "found": found,
        "form": form,
        "way": [*_way(subject, language), (found.section or key, "")],
    }
    return render(request, "reports/text.html", context)


@page(may=is_staff, writes=True)
@require_POST
def text_do(request: HttpRequest, kind: str, code: str, language: str, key: str, what: str) -> HttpResponse:
    """Take the automatic text, or keep one's own although the figures changed."""
    actor, subject = actor_of(request), asked_for(request, kind, code)
    found = _found(request, subject, language, key)
    if found.written is None or what not in ("automatic", "keep"):
        raise Http404
    if what == "automatic":
        actions.take_automatic(actor, found.written)
        messages.success(request, _("The automatic text stands again. What you had written stays in the history."))
    else:
        actions.keep_text(actor, found.written, found.automatic)
        messages.success(request, _("Your text stays as it is."))
    return redirect(f"{_texts_page(subject, language)}#{key}")
