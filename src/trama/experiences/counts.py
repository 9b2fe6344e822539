"""How many people: a number and how it is known, asked in one control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.experiences.choices import Precision
from trama.experiences.models import MOST_PEOPLE
from trama.ui.numbers import number as printed


class CountWidget(forms.MultiWidget):
    """A number and how it is known, in one control."""

    template_name = "experiences/widgets/count.html"
    is_group = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        number = forms.NumberInput(attrs={"min": 0, "max": MOST_PEOPLE, "inputmode": "numeric", "class": "tr-input"})
        said = {**dict(Precision.choices), Precision.UNKNOWN.value: _("I do not know")}
        known = forms.RadioSelect(choices=[(str(key), label) for key, label in said.items()])
        super().__init__({"": number, "precision": known}, attrs)

    def decompress(self, value: Any) -> list[Any]:
        return list(value) if value else [None, ""]


def _not_too_many(value: int) -> None:
    if value > MOST_PEOPLE:
        said = _now("More than %(most)s people? Look at the number again.")
        raise ValidationError(said % {"most": printed(MOST_PEOPLE)})


class CountField(forms.MultiValueField):
    """Gives `(number or None, precision)`. A number without a choice counts as an estimate: that promises less."""

    def __init__(self, **more: Any) -> None:
        number = forms.IntegerField(min_value=0, required=False, validators=[_not_too_many])
        known = forms.ChoiceField(choices=Precision.choices, required=False)
        super().__init__((number, known), required=False, require_all_fields=False, widget=CountWidget(), **more)

    def compress(self, data_list: Sequence[Any]) -> tuple[int | None, str]:
        number, known = data_list or (None, "")
        if number is None:
            if known in (Precision.EXACT, Precision.ESTIMATED):
                raise ValidationError(_now("How many? Write the number, or choose “I do not know”."))
            return None, Precision.UNKNOWN.value
        if known == Precision.UNKNOWN:
            raise ValidationError(_now("You wrote a number and “I do not know”: which of the two?"))
        return number, known or Precision.ESTIMATED.value

    def clean(self, value: Any) -> tuple[int | None, str]:
        return super().clean(value) or (None, Precision.UNKNOWN.value)
