"""What is asked about a practice: the title and the experience are enough to save."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core.actor import Actor
from trama.core.legible import legible
from trama.experiences import actions as experiences
from trama.experiences import naming
from trama.experiences.choices import ExperienceState
from trama.experiences.forms import ChipsField, LongTextField, NameField
from trama.experiences.models import PRACTICE_FACETS, Experience, Practice

MOST_AREAS = 600  # beyond, a list of suggestions is no help
NEEDED = ("summary", "problem", "done", "worked", "conditions")


class PracticeForm(forms.Form):
    """The sheet of a practice, told for somebody who would do it elsewhere."""

    experience = NameField(
        "experiences",
        naming.find_experience,
        label=_("Of which experience do you tell?"),
        help_text=_("One that is already here: begin to type its title."),
    )
    name = forms.CharField(
        label=_("Title"),
        max_length=250,
        help_text=_("What others would look for. For example: A lunch that brings neighbours to the same table."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    summary = LongTextField(
        rows=2,
        label=_("In two lines"),
        max_length=600,
        help_text=_("For somebody who leafs through many sheets."),
    )
    problem = LongTextField(
        label=_("Which problem did you want to answer?"),
        help_text=_("For example: elderly people on the upper floors whom nobody saw for weeks."),
    )
    done = LongTextField(
        rows=5,
        label=_("What was done, step by step?"),
        help_text=_("How it began, what came next, how often, for how long."),
    )
    people = LongTextField(
        label=_("Who did it?"),
        help_text=_("Which kinds of bodies and people, with which task. No names of persons."),
    )
    takes = LongTextField(
        label=_("What does it take?"),
        help_text=_("Hours, rooms, things, money: orders of magnitude are enough."),
    )
    worked = LongTextField(label=_("What worked?"), help_text=_("And how you know it."))
    did_not_work = LongTextField(
        label=_("What did not work?"), help_text=_("What you would do otherwise: it helps more than the praise.")
    )
    conditions = LongTextField(
        label=_("On which conditions can it be done elsewhere?"),
        help_text=_("What must be there already, and what can be different."),
    )
    materials = LongTextField(
        label=_("Materials"), help_text=_("Links to leaflets, forms, minutes, pictures without faces: one per line.")
    )
    theme = ChipsField("theme", _("Theme"))
    aim = ChipsField("aim", _("What for?"))
    target = ChipsField("target", _("For whom?"))
    need = ChipsField("need", _("Which needs does it answer?"))
    checked = forms.BooleanField(
        required=False,
        label=_("I read it again: no name of a person, nothing about anybody's health"),
        help_text=_("It is asked once, before everybody reads it."),
    )
    base = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: Actor, practice: Practice | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor, self.practice = actor, practice
        self.fields["experience"].actor = actor  # type: ignore[attr-defined]
        self.fields["experience"].required = True
        for field in self.fields.values():
            if isinstance(field, ChipsField):
                field.fill()
        for name in NEEDED:
            self.fields[name].remark = _("needed to publish")  # type: ignore[attr-defined]
        if practice is not None:
            del self.fields["experience"]
        if practice is not None and practice.state == ExperienceState.PUBLISHED:
            del self.fields["checked"]

    def clean_name(self) -> str:
        name = " ".join(legible(self.cleaned_data["name"]).split())
        if not name:
            raise ValidationError(_now("Give the sheet a title: what others would look for."))
        return name

    def clean_experience(self) -> Experience:
        found = Experience.objects.visible_to(self.actor).get(pk=self.cleaned_data["experience"])
        if not experiences.may_edit(self.actor, found):
            raise ValidationError(_now("Who takes care of this experience writes its sheet: here you can read it."))
        return found

    def clean_checked(self) -> bool:
        done = bool(self.cleaned_data["checked"])
        if "publish" in self.data and not done:
            raise ValidationError(_now("Read it once more, then say here that you did: everybody will read it."))
        return done

    def given(self) -> dict[str, Any]:
        """What was typed, for `save_practice`."""
        valid = self.cleaned_data
        data = {name: valid[name] for name in valid if name not in (*PRACTICE_FACETS, "experience", "base", "checked")}
        return {**data, "codes": {facet: valid[facet] for facet in PRACTICE_FACETS}}

    def expected(self) -> datetime | None:
        """When the sheet was last saved, as this form knows it; None when it does not say."""
        try:
            return parse_datetime(self.data.get("base", ""))
        except (ValueError, TypeError):
            return None


def initial_of(practice: Practice) -> dict[str, Any]:
    """What the form shows of a sheet as it is stored."""
    from trama.experiences.practices.actions import PLAIN, codes_of

    initial: dict[str, Any] = {name: getattr(practice, name) for name in PLAIN}
    initial |= {facet: [key.partition(":")[2] for key in keys] for facet, keys in codes_of(practice).items()}
    return initial | {"base": practice.edited_at.isoformat()}


class TakeUpForm(forms.Form):
    """Where a practice is to be done again."""

    area = NameField(
        "areas",
        naming.find_area,
        label=_("In which area will you do it?"),
        help_text=_("A quarter, a hamlet, a municipality. You can say it later."),
    )
    name = forms.CharField(
        label=_("What will yours be called?"),
        max_length=250,
        required=False,
        help_text=_("Left empty it bears the title of the experience, with the place."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].actor = actor  # type: ignore[attr-defined]
        self.fields["area"].widget.attrs["list"] = "known-areas"
        self.areas = list(naming.area_labels().values())[:MOST_AREAS]


class PairForm(forms.Form):
    """Two sheets to be laid beside each other."""

    one = forms.TypedChoiceField(label=_("The first sheet"), coerce=int, required=True)
    other = forms.TypedChoiceField(label=_("The second sheet"), coerce=int, required=True)

    def __init__(self, *args: Any, choices: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("one", "other"):
            self.fields[name].choices = [("", _now("choose")), *choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("one") and data.get("one") == data.get("other"):
            self.add_error("other", _now("These are the same sheet: choose another one."))
        return data
