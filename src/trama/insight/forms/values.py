"""What is asked of whoever corrects or withdraws values of an indicator."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.territory.models import Area, ContextIndicator, ContextValue

WITHDRAW, CORRECT, PUT_BACK = "withdraw", "correct", "put_back"
NUMBER = re.compile(r"[-\N{MINUS SIGN}]?\d{1,15}([.,]\d{1,8})?", re.ASCII)
ALL = "*"  # areas; no code of an area is this
MOST_AREAS = 3000


class ValuesForm(forms.Form):
    """Which values, what becomes of them, and why."""

    use_required_attribute = False

    year = forms.TypedChoiceField(label=_("Year"), coerce=int)
    area = forms.ChoiceField(label=_("Area"))
    what = forms.ChoiceField(
        label=_("What becomes of it"),
        choices=[
            (WITHDRAW, _("withdraw: it is shown as withdrawn, with the reason, and counts nowhere")),
            (CORRECT, _("correct: another number stands in its place")),
            (PUT_BACK, _("put back what was withdrawn")),
        ],
        initial=WITHDRAW,
        widget=forms.RadioSelect,
    )
    number = forms.CharField(
        label=_("The right number"),
        required=False,
        max_length=30,
        help_text=_("Only to correct one value. Without a sign between thousands, e.g. 1234,5."),
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=280,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It stands beside the value and in every file: e.g. “the source printed another year”."),
    )

    def __init__(self, data: Any, indicator: ContextIndicator) -> None:
        super().__init__(data)
        rows = ContextValue.objects.filter(indicator=indicator).order_by()
        years = sorted(rows.values_list("year", flat=True).distinct(), reverse=True)
        self.fields["year"].choices = [(year, year) for year in years]  # type: ignore[attr-defined]
        areas = Area.objects.filter(pk__in=rows.values("area")).order_by("name", "id")[:MOST_AREAS]
        # A whole year is never taken away because nothing was chosen.
        every = [("", _now("choose")), (ALL, _now("all areas of the year"))]
        named = [(area.code, f"{area.name} ({area.get_kind_display()})") for area in areas]
        self.fields["area"].choices = every + named  # type: ignore[attr-defined]

    def clean_number(self) -> float | None:
        """A number with a comma or a point before its decimals."""
        text = str(self.cleaned_data["number"]).strip()
        if not text:
            return None
        if not NUMBER.fullmatch(text):
            raise ValidationError(_now("Write a number without a sign between thousands, e.g. 1234,5."))
        return float(text.replace("\N{MINUS SIGN}", "-").replace(",", "."))

    def clean(self) -> dict[str, Any]:
        """A correction names an area and a number; whatever takes a value away says why."""
        data = super().clean() or {}
        if data.get("what") == CORRECT:
            if data.get("area") == ALL:
                self.add_error("area", _now("A correction is of one area: choose it."))
            if data.get("number") is None and "number" not in self.errors:
                self.add_error("number", _now("Write the right number."))
        return data
