"""What is asked about an experience, checked kindly: the first few fields are enough to save."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core import codes
from trama.core.actor import Actor
from trama.core.keys import whole
from trama.core.legible import legible
from trama.experiences import naming
from trama.experiences.counts import CountField
from trama.experiences.models import Experience
from trama.network import matching
from trama.network.models import Organisation
from trama.territory import finding
from trama.territory.models import Boundary, Place
from trama.territory.permissions import WRITERS

FACETS = ("aim", "target", "purpose", "need", "theme", "instrument", "public_service")
BASE_SALT = "experiences.base"
FIRST_YEAR = 1950


# --- controls -----------------------------------------------------------------------------------------------------
class ChipsField(forms.MultipleChoiceField):
    """Several values of a code list, as boxes to tick."""

    def __init__(self, list_: str, label: str | Promise, help_text: str | Promise = "") -> None:
        self.list = list_
        widget = forms.CheckboxSelectMultiple(attrs={"class": "tr-tick"})
        super().__init__(label=label, help_text=help_text, required=False, widget=widget)  # type: ignore[arg-type]

    def fill(self) -> None:
        """Take the values that may be chosen today."""
        self.choices = [(code.value, code.label) for code in codes.codes_of(self.list)]

    def valid_value(self, value: Any) -> bool:
        # A value that was closed meanwhile stays valid for the records that have it.
        return codes.key(self.list, str(value)) in codes.all_codes()


class NamesWidget(forms.Widget):
    """Several names, one per box; the boxes share one list of suggestions."""

    template_name = "experiences/widgets/names.html"
    is_group = True

    def __init__(self, source: str, label: str | Promise, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.source, self.label = source, label
        self.options: Iterable[str] = ()

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return data.getlist(name) if hasattr(data, "getlist") else list(data.get(name) or [])

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        filled = [text for text in (value or []) if text]
        context["widget"] |= {
            "values": [*filled, ""],
            "source": self.source,
            "label": self.label,
            "options": list(self.options),
        }
        return context


class NamesField(forms.Field):
    """Names typed by people, each to be found; gives ids."""

    def __init__(self, source: str, find: Callable[[str, Actor], int], **more: Any) -> None:
        super().__init__(required=False, widget=NamesWidget(source, more["label"]), **more)
        self.find = find
        self.actor = Actor()

    def clean(self, value: Any) -> list[int]:
        found, wrong = [], []
        for text in (" ".join(str(item).split()) for item in value or []):
            if text:
                try:
                    found.append(self.find(text, self.actor))
                except ValidationError as error:
                    wrong.append(error)
        if wrong:
            raise ValidationError(wrong)
        return list(dict.fromkeys(found))


class NameField(forms.CharField):
    """One name typed by people; gives an id or None."""

    def __init__(self, source: str, find: Callable[[str, Actor], int], **more: Any) -> None:
        attrs = {"data-suggest": source, "autocomplete": "off"}
        super().__init__(required=False, max_length=300, widget=forms.TextInput(attrs=attrs), **more)
        self.find = find
        self.actor = Actor()

    def clean(self, value: Any) -> Any:
        text = " ".join(super().clean(value).split())
        return self.find(text, self.actor) if text else None


class MoneyField(forms.CharField):
    """An amount as people write it: "12.500", "12.500,50", "€ 300" (in English "12,500.50")."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=30, widget=forms.TextInput(attrs={"inputmode": "decimal"}), **more)

    def clean(self, value: Any) -> Any:
        text = super().clean(value).replace("€", "").replace(" ", "").replace("\u00a0", "")
        if not text:
            return None
        thousands, decimal = (",", ".") if (get_language() or "it").startswith("en") else (".", ",")
        if decimal in text or re.fullmatch(rf"-?\d{{1,3}}({re.escape(thousands)}\d{{3}})+", text):
            text = text.replace(thousands, "")
        try:
            amount = Decimal(text.replace(decimal, ".")).quantize(Decimal("0.01"))
        except InvalidOperation as error:
            raise ValidationError(_now("Write the amount in figures, for example 12500.")) from error
        if not amount.is_finite():
            raise ValidationError(_now("Write the amount in figures, for example 12500."))
        if amount < 0:
            raise ValidationError(_now("An amount cannot be negative."))
        if amount >= Decimal(10) ** 10:
            raise ValidationError(_now("This amount is too large to be true: check the figures."))
        return amount


class DayField(forms.DateField):
    """A day, from the browser's own calendar or typed."""

    def __init__(self, **more: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(required=False, widget=widget, input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"], **more)

    def clean(self, value: Any) -> date | None:
        day = super().clean(value)
        if day is not None and not FIRST_YEAR <= day.year <= timezone.localdate().year + 30:
            raise ValidationError(_now("The year %(year)s cannot be right: check it.") % {"year": day.year})
        return day


class LongTextField(forms.CharField):
    """Several lines; line ends as they are stored."""

    def __init__(self, rows: int = 3, **more: Any) -> None:
        more.setdefault("max_length", 5000)
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": rows}), **more)

    def clean(self, value: Any) -> Any:
        return super().clean(value.replace("\r\n", "\n") if isinstance(value, str) else value)


# --- with whom, and the money -------------------------------------------------------------------------------------
class PartForm(forms.Form):
    """One organisation in the experience. A name that is nobody's yet becomes a new organisation, once it is sure."""

    organisation = forms.CharField(
        label=_("organisation"),
        max_length=250,
        required=False,
        widget=forms.TextInput(attrs={"data-suggest": "organisations", "autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("role"), required=False)
    gives = forms.CharField(label=_("what it gives"), max_length=300, required=False)
    receives = forms.CharField(label=_("what comes back"), max_length=300, required=False)
    choice = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.look_alikes: list[matching.LookAlike] = []
        self.found: int | None = None
        roles = [(code.value, code.label) for code in codes.codes_of("tie_role")]
        self.fields["role"].choices = roles  # type: ignore[attr-defined]
        self.fields["role"].initial = "partner"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        name = " ".join(str(data.get("organisation") or "").split())
        if not name:
            return data
        self.found = naming.find_organisation(name, self.actor)
        if self.found is None and data.get("choice") not in ("", "new", None):
            # No number at all finds nothing, as one that nobody bears.
            seen = Organisation.objects.visible_to(self.actor).filter(pk=whole(data["choice"]) or 0)
            self.found = seen.order_by().values_list("pk", flat=True).first()
        if self.found is None and data.get("choice") != "new":
            self.look_alikes = matching.suggest(name, self.actor, limit=4)
            if self.look_alikes:
                self.add_error(
                    "organisation", _now("Perhaps it is already here: choose it, or say that it is another.")
                )
        return data

    def given(self, *, also_new: bool) -> dict[str, Any] | None:
        """The row for `save_experience`, None when there is nothing in it (or only a new name, if not wanted)."""
        if not self.is_valid():
            return None
        # An untouched extra row has no cleaned data at all.
        name = " ".join(self.cleaned_data.get("organisation", "").split())
        if not name or (self.found is None and not also_new):
            return None
        row = {key: self.cleaned_data[key] for key in ("role", "gives", "receives")}
        row["role"] = row["role"] or "partner"
        return {"organisation": self.found, **row} if self.found else {"name": name, **row}


class FundingForm(forms.Form):
    """Money of one year."""

    funder = forms.CharField(
        label=_("who pays"),
        max_length=250,
        required=False,
        widget=forms.TextInput(attrs={"data-suggest": "organisations", "autocomplete": "off"}),
    )
    fund = forms.CharField(label=_("fund"), max_length=200, required=False)
    year = forms.IntegerField(label=_("year"), min_value=FIRST_YEAR, max_value=2100, required=False)
    amount = MoneyField(label=_("amount in euro"), required=False)
    note = forms.CharField(label=_("note"), max_length=300, required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.found: int | None = None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not any(data.get(name) for name in ("funder", "fund", "amount", "note")):
            return data
        if data.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", _now("How much? An estimate is enough."))
        if data.get("year") is None and "year" not in self.errors:
            self.add_error("year", _now("In which year?"))
        name = " ".join(str(data.get("funder") or "").split())
        if name:
            self.found = naming.find_organisation(name, self.actor)
            if self.found is None:
                alike = [one.name for one in matching.suggest(name, self.actor, limit=3)]
                hint = _now("Perhaps: %(names)s.") % {"names": "; ".join(alike)} if alike else ""
                said = _now("“%(name)s” is not among the organisations. Choose one, or write it under “fund”.")
                self.add_error("funder", f"{said % {'name': name[:80]}} {hint}".strip())
        return data

    def given(self) -> dict[str, Any] | None:
        """The row for `save_experience`, None when there is nothing in it."""
        if not self.is_valid() or self.cleaned_data.get("amount") is None:
            return None
        row = {key: self.cleaned_data[key] for key in ("fund", "year", "amount", "note")}
        return {"funder": self.found, **row}


PartFormSet = forms.formset_factory(PartForm, extra=1, max_num=200, absolute_max=220)
FundingFormSet = forms.formset_factory(FundingForm, extra=1, max_num=100, absolute_max=120)


def _picked(data: Any) -> Any:
    """What was sent, with the name that was chosen among those that may be meant in the place of the one typed."""
    changed = data.copy()
    try:
        name, typed, meant = (str(part) for part in json.loads(data["pick"]))
    except (ValueError, TypeError):
        return changed
    if name in ("areas", "places", "parent", "continues"):
        given = [meant if " ".join(text.split()) == typed else text for text in data.getlist(name)]
        changed.setlist(name, given)
    return changed


# --- the whole ----------------------------------------------------------------------------------------------------
class ExperienceForm(forms.Form):
    """The sheet of an experience, in steps; only the first ones of the first step are needed for a draft."""

    name = forms.CharField(
        label=_("Title"),
        max_length=250,
        help_text=_("As people call it. For example: Homework and snack at the social centre."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label=_("What is it?"), widget=forms.RadioSelect(attrs={"class": "tr-tick"}))
    summary = LongTextField(
        rows=2,
        label=_("In one line"),
        max_length=2000,
        help_text=_("For somebody who has never heard of it. For example: twice a week, homework with the children."),
    )
    areas = NamesField(
        "areas",
        naming.find_area,
        label=_("Where"),
        help_text=_("A quarter, a hamlet, a municipality: begin to type its name."),
    )
    places = NamesField(
        "places",
        naming.find_place,
        label=_("At which place"),
        help_text=_("A square, a social centre, a school that is already among the places."),
    )
    is_city_wide = forms.BooleanField(label=_("It happens in the whole territory"), required=False)
    lon = forms.FloatField(required=False, min_value=-180, max_value=180, widget=forms.HiddenInput)
    lat = forms.FloatField(required=False, min_value=-85, max_value=85, widget=forms.HiddenInput)
    starts_on = DayField(label=_("From"), help_text=_("If you know only the month, the first of it is enough."))
    ends_on = DayField(label=_("Until"), help_text=_("Leave it empty while it goes on."))
    aim = ChipsField("aim", _("What for?"))
    target = ChipsField("target", _("For whom?"))
    purpose = ChipsField("purpose", _("Purpose"))
    need = ChipsField("need", _("Which needs does it answer?"))
    theme = ChipsField("theme", _("Theme of the group"))
    service_role = forms.ChoiceField(
        label=_("What did the social service do?"), required=False, widget=forms.RadioSelect(attrs={"class": "tr-tick"})
    )
    public_service = ChipsField("public_service", _("Which public services take part?"))
    instrument = ChipsField("instrument", _("Is there an agreement?"))
    volunteers = CountField(label=_("How many volunteers?"), help_text=_("People who give their time, all in all."))
    beneficiaries = CountField(
        label=_("How many people were reached?"), help_text=_("Each person once, as well as you can tell.")
    )
    outputs = LongTextField(label=_("What came of it?"), help_text=_("What was made, what changed, what goes on."))
    critical_points = LongTextField(
        label=_("What was difficult?"), help_text=_("Only who signs in reads it. No names of people.")
    )
    parent = NameField(
        "experiences",
        naming.find_experience,
        label=_("Is it part of something larger?"),
        help_text=_("A programme or a project that is already here."),
    )
    continues = NameField(
        "experiences",
        naming.find_experience,
        label=_("Does it continue something?"),
        help_text=_("What was there before it."),
    )
    is_experiment = forms.BooleanField(label=_("It is an experiment, to be evaluated"), required=False)
    is_sensitive = forms.BooleanField(
        label=_("Naming it in public may harm somebody"),
        required=False,
        help_text=_("Then only the people of the services and of its organisations see it."),
    )
    source_text = LongTextField(
        label=_("Sources and links"), help_text=_("Where it is written about: minutes, a resolution, an article.")
    )
    base = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: Actor, experience: Experience | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.picked = False
        if self.is_bound and "pick" in self.data:
            self.data, self.picked = _picked(self.data), True
        self.actor, self.experience = actor, experience
        self.is_outside = False  # whether the position that the device told lies out of the territory
        for name in ("areas", "places", "parent", "continues"):
            self.fields[name].actor = actor  # type: ignore[attr-defined]
        for field in self.fields.values():
            if isinstance(field, ChipsField):
                field.fill()
        for name in ("summary", "areas", "starts_on"):
            self.fields[name].remark = _("needed to publish")  # type: ignore[attr-defined]
        kinds = [(code.value, code.label) for code in codes.codes_of("experience_kind")]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.fields["kind"].initial = "activity"
        roles = [(code.value, code.label) for code in codes.codes_of("service_role")]
        self.fields["service_role"].choices = roles  # type: ignore[attr-defined]
        own = None if actor.everywhere(WRITERS) else actor.areas_with(WRITERS)
        self.fields["areas"].widget.options = list(naming.area_labels(own or None).values())[:400]
        more: dict[str, Any] = {"form_kwargs": {"actor": actor}}
        bound = self.data if self.is_bound else None
        initial = self.initial
        self.parts = PartFormSet(bound, prefix="parts", initial=initial.get("participations"), **more)
        self.money = FundingFormSet(bound, prefix="money", initial=initial.get("fundings"), **more)

    def clean_name(self) -> str:
        name = " ".join(legible(self.cleaned_data["name"]).split())
        if not name:
            raise forms.ValidationError(_("Give it a title: the one that people use for it."))
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, end = data.get("starts_on"), data.get("ends_on")
        if start and end and end < start:
            self.add_error("ends_on", _now("The end date comes before the start: which of the two is right?"))
        if data.get("lon") is not None and data.get("lat") is not None and self._is_outside(data["lon"], data["lat"]):
            self.is_outside, data["lon"], data["lat"] = True, None, None
        # Ten times more helpers than helped is more often a slip than the truth; it is told, not refused (see views).
        return data

    def _is_outside(self, lon: float, lat: float) -> bool:
        """Whether a point lies in none of the areas that have a boundary."""
        return finding.area_at(lon, lat) is None and Boundary.objects.filter(valid_to__isnull=True).exists()

    @property
    def rows_are_valid(self) -> bool:
        """Whether the organisations and the money hold."""
        return self.parts.is_valid() and self.money.is_valid()

    def given(self, *, also_new: bool = True) -> dict[str, Any]:
        """What was typed and holds, for `save_experience`. Fields that do not hold are left out."""
        valid = self.cleaned_data
        data: dict[str, Any] = {
            name: valid[name]
            for name in (
                "name",
                "kind",
                "summary",
                "areas",
                "places",
                "is_city_wide",
                "starts_on",
                "ends_on",
                "service_role",
                "outputs",
                "critical_points",
                "parent",
                "continues",
                "is_experiment",
                "is_sensitive",
                "source_text",
            )
            if name in valid
        }
        if valid.get("lon") is not None and valid.get("lat") is not None:
            data |= {"lon": valid["lon"], "lat": valid["lat"]}
        for name in ("volunteers", "beneficiaries"):
            if name in valid:
                data[name], data[f"{name}_precision"] = valid[name]
        data["codes"] = {facet: valid[facet] for facet in FACETS if facet in valid}
        if self.parts.is_valid() or not also_new:
            data["participations"] = _rows(form.given(also_new=also_new) for form in self.parts.forms)
        if self.money.is_valid():
            data["fundings"] = _rows(form.given() for form in self.money.forms)
        return data

    def base_data(self) -> dict[str, Any]:
        """What the form showed when it was opened; empty for a new record, or when it was tampered with."""
        try:
            return dict(signing.loads(self.data.get("base", ""), salt=BASE_SALT))
        except (signing.BadSignature, ValueError, TypeError):
            return {}

    def perhaps(self) -> dict[str, list[tuple[str, str, str]]]:
        """Per field the names that may be meant: name, what was typed, and what the button sends."""
        found: dict[str, list[tuple[str, str, str]]] = {}
        for name, errors in self.errors.as_data().items():
            for error in errors:
                if error.code == "perhaps" and error.params:
                    typed = error.params["typed"]
                    rows = [(meant, typed, json.dumps([name, typed, meant])) for meant in error.params["options"]]
                    found.setdefault(name, []).extend(rows)
        return found

    def problems(self) -> list[str]:
        """What does not hold, in sentences, each with the label of its field."""
        found = []
        for name, messages in self.errors.items():
            label = f"{self.fields[name].label}: " if name in self.fields else ""
            found += [f"{label}{message}" for message in messages]
        for rows in (self.parts, self.money):
            found += [str(message) for message in rows.non_form_errors()]
        for form in (*self.parts.forms, *self.money.forms):
            for name, messages in form.errors.items():
                label = str(form.fields[name].label) if name in form.fields else ""
                found += [f"{label}: {message}" for message in messages]
        return found


def _rows(rows: Iterable[dict[str, Any] | None]) -> list[dict[str, Any]]:
    return [row for row in rows if row is not None]


def signed(data: Mapping[str, Any]) -> str:
    """The base of a form, as it travels with it."""
    return signing.dumps(dict(data), salt=BASE_SALT, compress=True)


def initial_of(data: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """What a form shows for data in the shape of `save_experience`: ids become names that are found again."""
    initial = {key: value for key, value in data.items() if key not in ("codes", "participations", "fundings")}
    initial |= {facet: list(values) for facet, values in (data.get("codes") or {}).items()}
    initial["areas"] = [naming.area_label(pk) for pk in data.get("areas") or []]
    places = Place.objects.visible_to(actor)
    labels = naming.labels_of(places, data.get("places") or [], naming.find_place, actor)
    initial["places"] = [labels[pk] for pk in data.get("places") or [] if pk in labels]
    links = [data.get("parent"), data.get("continues")]
    names = naming.labels_of(Experience.objects.visible_to(actor), links, naming.find_experience, actor)
    initial |= {key: names.get(data.get(key) or 0, "") for key in ("parent", "continues")}
    for name in ("volunteers", "beneficiaries"):
        # Who did not know may know now: a number typed later must not meet "I do not know" already chosen.
        known = data.get(f"{name}_precision") if data.get(name) is not None else ""
        initial[name] = (data.get(name), known)
    rows = [dict(row) for row in data.get("participations") or []]
    money = [dict(row) for row in data.get("fundings") or []]
    wanted = [row.get("organisation") for row in rows] + [row.get("funder") for row in money]
    seen = Organisation.objects.visible_to(actor)
    named = naming.labels_of(seen, wanted, lambda text, who: naming.find_organisation(text, who) or 0, actor)
    initial["participations"] = [
        {**row, "organisation": named.get(row.get("organisation") or 0, row.get("name", ""))} for row in rows
    ]
    initial["fundings"] = [
        {**row, "funder": named.get(row.get("funder") or 0, ""), "amount": _written(row.get("amount"))} for row in money
    ]
    return initial


def _written(amount: Any) -> str:
    """An amount as the form shows it, and reads it again: without thousands, with the decimal sign of the language."""
    if amount in (None, ""):
        return ""
    text = format(Decimal(str(amount)).quantize(Decimal("0.01")), "f").removesuffix(".00")
    return text if (get_language() or "it").startswith("en") else text.replace(".", ",")


class OccurrenceForm(forms.Form):
    """A date of an experience."""

    day = DayField(label=_("Day"))
    begins = forms.TimeField(label=_("From what time"), widget=forms.TimeInput(attrs={"type": "time"}))
    ends = forms.TimeField(label=_("Until what time"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    place = NameField("places", naming.find_place, label=_("Where"))
    title = forms.CharField(label=_("What happens, if it is not the usual thing"), max_length=200, required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].actor = actor  # type: ignore[attr-defined]
        self.fields["day"].required = True

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("begins") and data.get("ends") and data["ends"] < data["begins"]:
            self.add_error("ends", _now("It ends before it starts: which of the two times is right?"))
        return data

    def given(self) -> dict[str, Any]:
        """The date for `add_occurrence`, in local time."""
        from datetime import datetime

        valid, zone = self.cleaned_data, timezone.get_current_timezone()
        ends = valid.get("ends")
        return {
            "starts_at": datetime.combine(valid["day"], valid["begins"], zone),
            "ends_at": datetime.combine(valid["day"], ends, zone) if ends else None,
            "place": valid.get("place"),
            "title": valid.get("title", ""),
        }


class CopyForm(forms.Form):
    """Where a practice is to be tried again."""

    area = NameField(
        "areas", naming.find_area, label=_("In which area will you try it?"), help_text=_("You can say it later.")
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].actor = actor  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Why a date is called off."""

    reason = forms.CharField(
        label=_("Why?"), max_length=200, help_text=_("Everybody reads it. For example: bad weather, it is put off.")
    )
