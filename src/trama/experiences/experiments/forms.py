"""What is asked about an experiment: first what one wants to find out, in the end what becomes of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trama.core.meanwhile import MeanwhileForm
from trama.experiences.choices import Outcome
from trama.experiences.experiments.actions import DECISION, PLAN
from trama.experiences.forms import LongTextField
from trama.experiences.models import Evaluation

EARLIEST = MinValueValidator(date(1990, 1, 1))


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class PlanForm(MeanwhileForm):
    """What the experiment wants to find out."""

    question = LongTextField(
        rows=3,
        label=_("What do you want to find out?"),
        help_text=_("For example: whether a desk on a van reaches people who never came to the office."),
    )
    signs = LongTextField(
        rows=3,
        label=_("By what will you see it?"),
        help_text=_("Two or three signs that others can check. For example: half of the people were not known before."),
    )
    due_on = forms.DateField(
        label=_("By when is it to be decided?"),
        required=False,
        widget=_day(),
        validators=[EARLIEST],
        help_text=_("From that day on the decision waits among what there is to do."),
    )
    findings = LongTextField(
        rows=5,
        label=_("What was seen so far?"),
        help_text=_("Also what did not work. No names of persons."),
    )

    def __init__(self, evaluation: Evaluation | None, data: Any = None) -> None:
        super().__init__(data, initial={name: getattr(evaluation, name) for name in PLAN} if evaluation else {})
        self.fields["question"].required = True


class DecisionForm(MeanwhileForm):
    """What becomes of the experiment."""

    findings = LongTextField(rows=5, label=_("What was seen?"), help_text=_("Everybody will read it."))
    outcome = forms.ChoiceField(label=_("What becomes of it?"), choices=Outcome.choices, widget=forms.RadioSelect)
    reasons = LongTextField(
        rows=4,
        label=_("Why?"),
        help_text=_("And, if it is extended: where, from when, what must be there first."),
    )
    decided_by = forms.CharField(
        label=_("Who decided?"),
        max_length=150,
        help_text=_("An office or a table, no name of a person. For example: plan office of the district."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    decided_on = forms.DateField(label=_("On which day?"), widget=_day(), validators=[EARLIEST])
    checked = forms.BooleanField(
        label=_("I read it again: no name of a person, nothing about anybody's health"),
        error_messages={"required": _("Read it once more, then say here that you did: everybody will read it.")},
    )

    def __init__(self, evaluation: Evaluation, data: Any = None) -> None:
        initial = {name: getattr(evaluation, name) for name in DECISION}
        super().__init__(data, initial=initial | {"decided_on": initial["decided_on"] or timezone.localdate()})
        for name in ("findings", "reasons"):
            self.fields[name].required = True
