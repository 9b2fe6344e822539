"""What is asked of whoever brings files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from trama.intake.recipe import Recipe, RecipeError, parse_bytes


class SeveralFiles(forms.ClearableFileInput):
    """A control that takes more than one file."""

    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Any number of files; none, for a recipe that needs none (the dry run says which one is missing)."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> Any:
        one = super().clean
        sent = data if isinstance(data, (list, tuple)) else [data] if data else []
        return [one(item, initial) for item in sent]


class UploadForm(forms.Form):
    """A recipe and the files that it speaks of."""

    use_required_attribute = False

    recipe = forms.FileField(label=_("Recipe"), help_text=_("The .toml file that says how the files become records."))
    sent = SeveralFilesField(
        allow_empty_file=True,  # whoever reads it says which one is empty
        label=_("Files"),
        help_text=_("One or more files (CSV, spreadsheets, GeoJSON …), or one .zip that holds them all."),
    )

    read: Recipe | None = None
    content: bytes = b""

    def clean_recipe(self) -> Any:
        """The recipe is read at once: what is wrong in it is said beside the field, with its line."""
        upload = self.cleaned_data["recipe"]
        if upload.size > 1_000_000:
            raise ValidationError(_("A recipe is a small text file: this one is too big."))
        self.content = upload.read()
        try:
            self.read = parse_bytes(self.content, upload.name)
        except RecipeError as error:
            raise ValidationError(str(error)) from error
        return upload
