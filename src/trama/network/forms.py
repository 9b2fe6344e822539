"""What people type about organisations, checked kindly."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core import codes
from trama.core.actor import Actor
from trama.core.meanwhile import MeanwhileForm
from trama.network import permissions
from trama.network.choices import TieStrength
from trama.network.fields import (
    AreaField,
    as_contacts,
    check_place,
    contact_fields,
    grouped_choices,
    lat_field,
    lon_field,
    place_of,
    read_contacts,
)
from trama.network.matching import LookAlike, match_organisation, names_several, suggest
from trama.network.models import Organisation, Seat

YES_NO = (("", _("it follows from the kind")), ("1", _("yes")), ("0", _("no")))
SAME = 90.0  # likeness from which a new name must be said to be another


def _flag(value: str) -> bool | None:
    return None if value == "" else value == "1"


class OrganisationForm(MeanwhileForm):
    """An organisation in a few questions; the first three are enough."""

    name = forms.CharField(
        label=_("Name"), max_length=250, help_text=_("As it calls itself, e.g. Parrocchia di San Giacomo Maggiore")
    )
    is_another = forms.BooleanField(label=_("It is another one: save it all the same"), required=False)
    kind = forms.ChoiceField(
        label=_("What it is"),
        required=False,
        help_text=_("Also a group without a statute counts, e.g. a network of neighbours"),
    )
    area = AreaField(
        label=_("Area"),
        required=False,
        max_length=250,
        help_text=_("Begin to write, e.g. Pedagna; or choose the point below"),
    )
    address = forms.CharField(label=_("Address"), required=False, max_length=200, help_text=_("E.g. via Vivaldi 76"))
    lon, lat = lon_field(), lat_field()
    description = forms.CharField(
        label=_("What it does"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Two lines that a neighbour would understand. No names of private persons."),
    )
    acronym = forms.CharField(label=_("Acronym"), required=False, max_length=40, help_text=_("E.g. AVIS"))
    other_names = forms.CharField(
        label=_("Other names under which it is found"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One per line: by them files that are loaded find it"),
    )
    tax_code = forms.CharField(label=_("Tax code"), required=False, max_length=16)
    runts_number = forms.CharField(label=_("RUNTS number"), required=False, max_length=20)
    founded_year = forms.IntegerField(label=_("Active since (year)"), required=False, min_value=1000, max_value=2200)
    is_ets = forms.ChoiceField(label=_("Is it a third-sector body?"), required=False, choices=YES_NO)
    is_formal = forms.ChoiceField(label=_("Is it formally constituted?"), required=False, choices=YES_NO)
    is_public = forms.BooleanField(label=_("Show the organisation to everybody"), required=False, initial=True)
    is_sensitive = forms.BooleanField(
        label=_("Naming it may harm"),
        required=False,
        help_text=_("An anti-violence centre, for example: it is shown to staff only."),
    )
    names_several = forms.BooleanField(label=_("The name names several bodies, to be split"), required=False)

    MAIN = ("name", "kind", "area", "address", "description")
    MORE = ("acronym", "other_names", "founded_year", "tax_code", "runts_number", "is_ets", "is_formal")
    KEEP = ("is_public", "is_sensitive", "names_several")

    def __init__(self, actor: Actor, organisation: Organisation | None, *args: Any, **kwargs: Any) -> None:
        self.actor, self.organisation = actor, organisation
        self.look_alikes: list[LookAlike] = []
        kwargs.setdefault("initial", _initial(organisation) if organisation else {})
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = grouped_choices(codes.codes_of("organisation_kind"), _("not stated"))  # type: ignore[attr-defined]
        self.fields["area"].offer(actor)  # type: ignore[attr-defined]
        self.fields["name"].widget.attrs |= {
            "hx-get": reverse("network:alike"),
            "hx-trigger": "input changed delay:300ms",
            "hx-target": "#alike",
            "hx-sync": "this:replace",
            "hx-vals": json.dumps({"but": organisation.pk}) if organisation else "{}",
            "autocomplete": "off",
        }
        if organisation is None:
            self.fields.update(contact_fields())
            keep = permissions.may_add(actor)
        else:
            keep = permissions.abilities(actor, organisation.area_id, organisation.pk)["keep"]
            del self.fields["is_another"]
        if not keep:
            for name in self.KEEP:
                del self.fields[name]

    @property
    def main(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MAIN]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MORE]

    @property
    def more_has_errors(self) -> bool:
        return any(bound.errors for bound in self.more)

    @property
    def keep(self) -> list[forms.BoundField]:
        return [self[name] for name in self.KEEP if name in self.fields]

    @property
    def contacts(self) -> list[forms.BoundField]:
        return [self[name] for name in ("phones", "emails", "sites") if name in self.fields]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        owner = self.organisation is not None and permissions.speaks_for(self.actor, self.organisation.pk)
        check_place(self, self.actor, needs_area=not owner)
        name = data.get("name")
        if name and self.organisation is None and not data.get("is_another"):
            self.look_alikes = [like for like in suggest(name, self.actor) if like.likeness >= SAME]
            if self.look_alikes:
                message = _now("“%(name)s” is already there: is it another one?") % {"name": self.look_alikes[0].name}
                self.add_error("name", message)
        return data

    def data_for_action(self) -> dict[str, Any]:
        """What was typed, as `actions.save_organisation` takes it."""
        data = self.cleaned_data
        plain = ("name", "address", "description", "acronym", "tax_code", "runts_number", "founded_year")
        result: dict[str, Any] = {name: data[name] for name in plain}
        result |= place_of(self, self.organisation)
        result |= {
            "kind_id": data["kind"] or None,
            "is_ets": _flag(data["is_ets"]),
            "is_formal": _flag(data["is_formal"]),
        }
        result["other_names"] = data["other_names"].splitlines()
        if self.organisation is None:
            result["contacts"] = as_contacts(read_contacts(self))
        if "is_public" in self.fields:
            result |= {name: data[name] for name in self.KEEP}
            if self.organisation is None and not data["names_several"]:
                result["names_several"] = names_several(data["name"])
        return result


def _initial(organisation: Organisation) -> dict[str, Any]:
    flags = {None: "", True: "1", False: "0"}
    names = organisation.other_names.order_by("name").values_list("name", flat=True)
    plain = ("name", "address", "description", "acronym", "tax_code", "runts_number", "founded_year", "lon", "lat")
    return {
        **{name: getattr(organisation, name) for name in (*plain, *OrganisationForm.KEEP)},
        "kind": organisation.kind_id or "",
        "area": organisation.area_id,
        "is_ets": flags[organisation.is_ets],
        "is_formal": flags[organisation.is_formal],
        "other_names": "\n".join(names),
    }


class SeatForm(forms.Form):
    """A place where the organisation can be found, beside its main address."""

    name = forms.CharField(
        label=_("What it is called"), required=False, max_length=200, help_text=_("E.g. the club room at Zolino")
    )
    address = forms.CharField(label=_("Address"), required=False, max_length=200, help_text=_("E.g. via Vivaldi 76"))
    area = AreaField(
        label=_("Area"),
        required=False,
        max_length=250,
        help_text=_("Begin to write, e.g. Pedagna; or choose the point below"),
    )
    lon, lat = lon_field(), lat_field()
    opening = forms.CharField(
        label=_("Opening hours"), required=False, max_length=300, help_text=_("E.g. Tuesday and Friday 15-18")
    )

    def __init__(self, actor: Actor, seat: Seat | None, *args: Any, **kwargs: Any) -> None:
        self.actor, self.seat = actor, seat
        if seat is not None:
            plain = ("name", "address", "opening", "lon", "lat")
            kwargs.setdefault("initial", {**{name: getattr(seat, name) for name in plain}, "area": seat.area_id})
        super().__init__(*args, **kwargs)
        self.fields["area"].offer(actor)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("name") and not data.get("address") and not self.errors:
            self.add_error("address", _now("Write the address, or what the seat is called."))
        # A seat may be anywhere: who may change the organisation may say where it is found.
        check_place(self, self.actor, needs_area=False)
        return data

    def data_for_action(self) -> dict[str, Any]:
        """What was typed, as `actions.save_seat` takes it."""
        plain = ("name", "address", "opening")
        return {**{name: self.cleaned_data[name] for name in plain}, **place_of(self, self.seat)}


class TieForm(forms.Form):
    """A relation between this organisation and another."""

    other = forms.CharField(
        label=_("With which organisation"), max_length=250, help_text=_("Its name as it stands in the register")
    )
    role = forms.ChoiceField(label=_("Which part this organisation has in it"))
    strength = forms.ChoiceField(
        label=_("How strong it is"), choices=TieStrength.choices, initial=TieStrength.COLLABORATES
    )
    purpose = forms.CharField(
        label=_("For what"), required=False, max_length=300, help_text=_("E.g. they run the after-school club together")
    )
    gives = forms.CharField(
        label=_("What this organisation gives"), required=False, max_length=300, help_text=_("E.g. the hall")
    )
    receives = forms.CharField(
        label=_("What comes back"), required=False, max_length=300, help_text=_("E.g. a mural on its wall")
    )
    since = forms.DateField(
        label=_("Since"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    source_text = forms.CharField(
        label=_("Where it is known from"),
        required=False,
        max_length=300,
        help_text=_("E.g. minutes of the table of 3 March"),
    )

    def __init__(self, actor: Actor, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        self.actor, self.organisation = actor, organisation
        self.found: Organisation | None = None
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(code.id, code.label) for code in codes.codes_of("tie_role")]  # type: ignore[attr-defined]

    def clean_other(self) -> str:
        name: str = self.cleaned_data["other"]
        found = match_organisation(name)
        if found is None or not Organisation.objects.visible_to(self.actor).filter(pk=found.pk).exists():
            likes = "; ".join(like.name for like in suggest(name, self.actor, but=self.organisation.pk))
            hint = _now("Perhaps you mean: %(names)s") % {"names": likes} if likes else ""
            text = _now("No organisation, or more than one, is called “%(name)s”.") % {"name": name}
            raise forms.ValidationError(f"{text} {hint}".strip())
        if found.pk == self.organisation.pk:
            raise forms.ValidationError(_now("A tie joins two different organisations."))
        self.found = found
        return name

    def clean_since(self) -> Any:
        day = self.cleaned_data.get("since")
        if day and day > timezone.localdate():
            raise forms.ValidationError(_now("That day is still to come."))
        return day

    def data_for_action(self) -> dict[str, Any]:
        """What was typed, as `actions.add_tie` takes it."""
        data = self.cleaned_data
        plain = ("strength", "purpose", "gives", "receives", "since", "source_text")
        return {**{name: data[name] for name in plain}, "role_id": data["role"]}
