"""Values of an indicator that are wrong: corrected, withdrawn or put back by who keeps the numbers."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from trama.core.actor import Actor
from trama.core.pages import page
from trama.core.storytelling import history_of
from trama.insight.actions import values
from trama.insight.forms.values import ALL, CORRECT, PUT_BACK, ValuesForm
from trama.insight.views.indicators import keeps_the_whole
from trama.territory import finding
from trama.territory.models import ContextIndicator
from trama.ui.numbers import number

NOT_TOLD = frozenset({values.WITHDRAWN, "put_back"})  # lists of codes: the register of acts holds them


@require_http_methods(["GET", "HEAD", "POST"])
@page(may=keeps_the_whole, writes=True)
def correct_values(request: HttpRequest, code: str) -> HttpResponse:
    """Correct one value; withdraw one, or a year; put back what was withdrawn."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = ContextIndicator.objects.filter(code=code[:60]).first() if "\x00" not in code else None
    if found is None or found.is_computed:
        raise Http404
    form = ValuesForm(request.POST or None, found)
    if request.method == "POST" and form.is_valid():
        try:
            said = _done(actor, found, form)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, said)
            address = reverse("insight:indicator", args=[found.code])
            return redirect(f"{address}?year={form.cleaned_data['year']}")
    crumbs = [
        (_("Indicators of the territory"), reverse("insight:indicators")),
        (found.name, reverse("insight:indicator", args=[found.code])),
        (_("Correct or withdraw a value"), ""),
    ]
    context = {"indicator": found, "form": form, "crumbs": crumbs}
    context["history"] = history_of(found, actor, without=NOT_TOLD)
    return render(request, "insight/indicator_correct.html", context)


def _done(actor: Actor, found: ContextIndicator, form: ValuesForm) -> str:
    """Do what was asked; the sentence that says it."""
    said = form.cleaned_data
    area = None if said["area"] == ALL else finding.id_of(said["area"])
    if area is None and said["area"] != ALL:
        raise ValidationError(_("There is no area with the code “%(code)s”.") % {"code": said["area"]})
    areas = None if area is None else [area]
    if said["what"] == CORRECT and area is not None:
        values.correct_value(actor, found, said["year"], area, said["number"], said["reason"])
        return _("Corrected. The reason stands beside the value.")
    if said["what"] == PUT_BACK:
        count = values.put_back(actor, found, said["year"], areas, said["reason"])
        text = ngettext("%(n)s value is stated again.", "%(n)s values are stated again.", count)
    else:
        count = values.withdraw_values(actor, found, said["year"], areas, said["reason"])
        text = ngettext("%(n)s value is withdrawn.", "%(n)s values are withdrawn.", count)
    return text % {"n": number(count)}
