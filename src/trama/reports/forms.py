"""What people type about reports, checked kindly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from trama.monitoring.models import Wave
from trama.reports.models import Profile
from trama.reports.subjects import Subject, field_of

NONE = 0  # no record has this number


class TextForm(forms.Form):
    """A paragraph rewritten by hand."""

    text = forms.CharField(
        label=_("Your text"),
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("An empty line begins a new paragraph. Figures that you write here do not change by themselves."),
        error_messages={
            "required": _("A paragraph says something: to have the automatic text back, press the button for it.")
        },
    )
    # The automatic text that stood beside: what changes after it is asked about.
    automatic = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)


class FreezeForm(forms.Form):
    """The name of a profile that is to be frozen."""

    name = forms.CharField(label=_("Name of the profile"), max_length=200, help_text=_("E.g. Zone plan 2027"))

    def __init__(self, *args: Any, subject: Subject, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject = subject
        if isinstance(subject, Wave):
            self.fields["name"].label = _("Name of this edition")
            self.fields["name"].help_text = _("E.g. First edition, June")

    def clean_name(self) -> str:
        """Each profile of an area or of a wave has a name of its own."""
        name = " ".join(str(self.cleaned_data["name"]).split())
        if Profile.objects.filter(name=name, **field_of(self.subject)).exists():
            raise forms.ValidationError(_("There is a profile of this name already: choose another one."))
        return name


class CloseUpForm(forms.Form):
    """Up to two experiences of which the report of a wave tells from near."""

    first = forms.TypedChoiceField(label=_("First close-up"), coerce=int)
    second = forms.TypedChoiceField(label=_("Second close-up"), coerce=int)

    def __init__(self, *args: Any, names: Mapping[int, str], chosen: Sequence[int], **kwargs: Any) -> None:
        kwargs["initial"] = dict(zip(("first", "second"), [*chosen, NONE, NONE], strict=False))
        super().__init__(*args, **kwargs)
        choices = sorted(names.items(), key=lambda pair: (pair[1].casefold(), pair[0]))
        for name in ("first", "second"):
            field = self.fields[name]
            assert isinstance(field, forms.TypedChoiceField)  # noqa: S101
            field.choices = [(NONE, _("none")), *choices]

    def clean(self) -> dict[str, Any]:
        """Two different ones."""
        data = super().clean() or {}
        if data.get("first") and data.get("first") == data.get("second"):
            self.add_error("second", _("It is the same as the first: choose another one, or none."))
        return data

    def records(self) -> list[int]:
        """What was chosen, in order."""
        return [record for name in ("first", "second") if (record := self.cleaned_data[name]) != NONE]
