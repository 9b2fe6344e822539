"""What people type about reports, checked kindly."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from trama.reports.models import Profile
from trama.territory.models import Area


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

    def __init__(self, *args: Any, area: Area, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.area = area

    def clean_name(self) -> str:
        """Each profile of an area has a name of its own."""
        name = " ".join(str(self.cleaned_data["name"]).split())
        if Profile.objects.filter(area=self.area, name=name).exists():
            raise forms.ValidationError(_("There is a profile of this name already: choose another one."))
        return name
