"""What is asked about a plan of objectives, an objective, and a number by which one will see it."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.core.legible import legible
from trama.core.meanwhile import MeanwhileForm
from trama.experiences.models import Experience
from trama.monitoring.choices import Direction
from trama.monitoring.forms import areas_to_choose
from trama.monitoring.models import Objective, ObjectivePlan, Yardstick
from trama.monitoring.objectives.actions import PLAN, YARDSTICK
from trama.monitoring.objectives.counting import CONTEXT
from trama.monitoring.objectives.words import countable, narrowing
from trama.monitoring.permissions import PLANNERS
from trama.territory.models import Area
from trama.ui.numbers import is_english

MOST_PROGRAMMES = 300


def _words(text: str) -> str:
    """A title as it is stored. Raises ValidationError where nothing in it can be read."""
    text = " ".join(legible(text).split())
    if not any(sign.isalnum() for sign in text):
        raise forms.ValidationError(_now("Write it in words."))
    return text


class TypedNumber(forms.CharField):
    """A number as people write it: "1.200", "200000", "44,5" (in English "1,200", "44.5")."""

    def __init__(self, **more: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(max_length=30, required=False, widget=widget, **more)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, float):
            return value
        text = f"{value:.6f}".rstrip("0").rstrip(".")
        return text if is_english() else text.replace(".", ",")

    def clean(self, value: Any) -> Any:
        text = re.sub(r"[\s\u00a0]", "", super().clean(value)).replace("−", "-")
        if not text:
            return None
        thousands, decimal = (",", ".") if is_english() else (".", ",")
        grouped = rf"-?\d{{1,3}}({re.escape(thousands)}\d{{3}})+({re.escape(decimal)}\d{{1,6}})?"
        plain = rf"-?\d{{1,12}}({re.escape(decimal)}\d{{1,6}})?"
        if re.fullmatch(grouped, text, re.ASCII):
            text = text.replace(thousands, "")
        elif not re.fullmatch(plain, text, re.ASCII):
            raise forms.ValidationError(_now("Write a number in figures, for example 1200 or 44,5."))
        return float(text.replace(decimal, "."))


def _year(label: Any, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1990, max_value=2100, help_text=help_text)


class PlanForm(MeanwhileForm):
    """A plan: of what, where, for which years."""

    name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("For example: Objectives of the resilient community")
    )
    area = forms.TypedChoiceField(label=_("In which territory?"), coerce=int)
    programme = forms.TypedChoiceField(
        label=_("Of which programme?"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_(
            "Then of what is done only this programme and its parts are counted. None: all that is done there."
        ),
    )
    first_year = forms.IntegerField(label=_("From the year"), min_value=1990, max_value=2100)
    last_year = _year(_("To the year"), _("Empty: there is no end yet."))
    note = forms.CharField(
        label=_("In a few words"), required=False, max_length=3000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, actor: Actor, plan: ObjectivePlan | None, data: Any = None) -> None:
        initial: dict[str, Any] = {"first_year": timezone.localdate().year}
        if plan is not None:
            initial = {name: getattr(plan, name) for name in PLAN}
            initial |= {"area": plan.area_id, "programme": plan.programme_id}
        super().__init__(data, initial=initial)
        self.fields["area"].choices = areas_to_choose(actor, PLANNERS)  # type: ignore[attr-defined]
        rows = Experience.objects.visible_to(actor).published().filter(kind__in=PROGRAMMES).order_by("name", "pk")
        listed = list(rows.values_list("pk", "name")[:MOST_PROGRAMMES])
        if plan is not None and plan.programme_id is not None and plan.programme_id not in dict(listed):
            listed.append((plan.programme_id, _now("a programme that you do not see")))
        self.fields["programme"].choices = [("", _now("all that is done there")), *listed]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        return _words(self.cleaned_data["name"])

    def given(self) -> dict[str, Any]:
        """What the action wants."""
        data = {name: self.cleaned_data.get(name) for name in PLAN}
        wanted = data["programme"]
        data["programme"] = Experience.objects.get(pk=wanted) if wanted else None
        return {**data, "area": Area.objects.get(pk=self.cleaned_data["area"])}


PROGRAMMES = ("experience_kind:programme", "experience_kind:project")


class ObjectiveForm(MeanwhileForm):
    """What is to be reached."""

    text = forms.CharField(
        label=_("What do you want to reach?"),
        max_length=300,
        help_text=_("For example: neighbours know whom to call before it becomes urgent."),
    )
    parent = forms.TypedChoiceField(label=_("Is it part of a wider one?"), coerce=int, empty_value=None, required=False)
    note = forms.CharField(
        label=_("What it means here"), required=False, max_length=3000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, plan: ObjectivePlan, objective: Objective | None, data: Any = None, parent: str = "") -> None:
        initial: dict[str, Any] = {"parent": parent}
        if objective is not None:
            initial = {"text": objective.text, "note": objective.note, "parent": objective.parent_id}
        super().__init__(data, initial=initial)
        rows = Objective.objects.filter(plan=plan).order_by("position", "pk")
        self.known = {row.pk: row for row in (rows.exclude(pk=objective.pk) if objective is not None else rows)}
        options = [(pk, row.text[:90]) for pk, row in self.known.items()]
        self.fields["parent"].choices = [("", _now("no, it stands by itself")), *options]  # type: ignore[attr-defined]

    def clean_text(self) -> str:
        return _words(self.cleaned_data["text"])

    def given(self) -> dict[str, Any]:
        """What the action wants."""
        data = self.cleaned_data
        return {"text": data["text"], "note": data["note"], "parent": self.known.get(data["parent"])}


class YardstickForm(MeanwhileForm):
    """By which number one will see it."""

    counted = forms.ChoiceField(label=_("What is counted?"))
    only = forms.ChoiceField(
        label=_("Only some of them?"),
        required=False,
        help_text=_("From the same register as what is counted."),
    )
    direction = forms.ChoiceField(
        label=_("Which way should it go?"), choices=Direction.choices, widget=forms.RadioSelect
    )
    start_value = TypedNumber(label=_("How much was it at the beginning?"))
    start_year = _year(_("In which year?"))
    target_value = TypedNumber(
        label=_("How much should it become?"),
        help_text=_("Empty: no target, the number is followed all the same."),
    )
    target_year = _year(_("By which year?"))

    def __init__(self, yardstick: Yardstick | None, data: Any = None) -> None:
        initial: dict[str, Any] = {"direction": Direction.UP}
        if yardstick is not None:
            initial = {name: getattr(yardstick, name) for name in YARDSTICK}
            if yardstick.only:
                initial["only"] = f"{yardstick.counted.partition('.')[0]}|{yardstick.only}"
        super().__init__(data, initial=initial)
        self.fields["counted"].choices = countable()  # type: ignore[attr-defined]
        self.fields["only"].choices = [("", _now("no, all of them")), *narrowing()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        register, _bar, only = (data.get("only") or "").partition("|")
        source = (data.get("counted") or "").partition(".")[0]
        if only and register != source:
            if source == CONTEXT:
                said = _now("An indicator of the territory is one number: it cannot be narrowed.")
            else:
                known = gathered.registers.get(source)
                said = _now("Choose from the register “%(name)s”, which is what you count.")
                said %= {"name": known.title if known is not None else source}
            self.add_error("only", said)
        for year, value in (("start_year", "start_value"), ("target_year", "target_value")):
            if data.get(year) and data.get(value) is None and value not in self.errors:
                self.add_error(value, _now("You wrote the year: write the number too."))
        if source != CONTEXT:
            for name in ("start_value", "target_value"):
                if (data.get(name) or 0) < 0:
                    self.add_error(name, _now("What is counted is never less than nought."))
        self._look_at_the_way(data)
        return data | {"only": only}

    def _look_at_the_way(self, data: dict[str, Any]) -> None:
        """A target lies in the direction that is wanted, and after the beginning."""
        start, target, way = data.get("start_value"), data.get("target_value"), data.get("direction")
        if start is not None and target is not None:
            if way == Direction.UP and target < start:
                self.add_error("target_value", _now("It should grow, and this is less than at the beginning."))
            if way == Direction.DOWN and target > start:
                self.add_error("target_value", _now("It should fall, and this is more than at the beginning."))
        since, until = data.get("start_year"), data.get("target_year")
        if since and until and until < since:
            self.add_error("target_year", _now("This year comes before the beginning."))
