"""What is asked to add people, give roles and look through the audit."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trama.accounts.models import User
from trama.core.actor import Actor
from trama.core.keys import whole
from trama.core.models import AuditEntry
from trama.core.search import fold
from trama.network.choices import Role
from trama.network.models import Organisation, normalised
from trama.people.actions import OF_ORGANISATIONS
from trama.people.permissions import may_grant
from trama.territory.models import Area

IN_BRACKETS = re.compile(r"\(([^()]+)\)\s*$")
SUGGESTED = 5


class NamedField(forms.CharField):
    """A record found by what a person types: its name, its code, or “name (code)” as the list suggests."""

    def __init__(self, find: Callable[[str], QuerySet[Any]], **more: Any) -> None:
        super().__init__(required=False, max_length=300, **more)
        self.find = find

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        found = list(self.find(text)[: SUGGESTED + 1])
        if not found:
            raise ValidationError(_("Nothing is called “%(text)s”."), params={"text": text})
        if len(found) > 1:
            names = "; ".join(suggestion(row) for row in found[:SUGGESTED])
            raise ValidationError(_("More than one is called so. Perhaps you mean: %(names)s"), params={"names": names})
        return found[0]


def suggestion(row: Area | Organisation) -> str:
    """How a record is written so that it is found again without doubt."""
    return f"{row} ({row.code if isinstance(row, Area) else row.pk})"


def areas_called(text: str) -> QuerySet[Area]:
    """Areas of today with this code, or this name."""
    bracket = IN_BRACKETS.search(text)
    codes = [text, *([bracket.group(1)] if bracket else [])]
    by_code = Area.objects.filter(code__in=codes)
    return by_code if by_code.exists() else Area.objects.in_force().filter(name__iexact=text).order_by("kind", "pk")


def organisations_called(text: str) -> QuerySet[Organisation]:
    """Organisations with this name, forgiving of case, accents and punctuation."""
    bracket = IN_BRACKETS.search(text)
    number = whole(bracket.group(1)) if bracket else None
    if number is not None:
        numbered = Organisation.objects.filter(pk=number)
        if numbered.exists():
            return numbered
    return Organisation.objects.filter(normalised_name=normalised(text)).order_by("pk")


class RoleForm(forms.Form):
    """A role, on an area or for an organisation, from a day to a day."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=[("", "—"), *Role.choices])
    area = NamedField(
        areas_called,
        label=gettext_lazy("On which territory"),
        help_text=gettext_lazy("Name or code; it holds for all that is below it. Empty: everywhere."),
    )
    organisation = NamedField(
        organisations_called,
        label=gettext_lazy("For which organisation"),
        help_text=gettext_lazy("Only for contacts of organisations and volunteers."),
    )
    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=gettext_lazy("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.fields["area"].widget.attrs = {"list": "areas-to-choose", "autocomplete": "off"}
        self.fields["organisation"].widget.attrs = {"list": "organisations-to-choose", "autocomplete": "off"}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        area, organisation = data["area"], data["organisation"]
        if data["role"] in OF_ORGANISATIONS and organisation is None:
            self.add_error("organisation", _("This role is held for an organisation: say which one."))
        elif data["role"] not in OF_ORGANISATIONS and organisation is not None:
            self.add_error("organisation", _("This role is held on an area, not for an organisation."))
        elif area is not None and organisation is not None:
            self.add_error("area", _("A role is held on an area or for an organisation: choose one of the two."))
        elif not may_grant(self.actor, area.pk if area else None, organisation):
            where = "organisation" if organisation else "area"
            self.add_error(where, _("You can give roles on your own territory: choose an area of yours."))
        if data["since"] and data["until"] and data["until"] < data["since"]:
            self.add_error("until", _("The role ends before it begins: which of the two days is right?"))
        return data


class NameForm(forms.Form):
    """Who a person is to the service."""

    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=150)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=150)
    email = forms.EmailField(
        label=gettext_lazy("E-mail at work"),
        help_text=gettext_lazy("There the link to choose a password arrives."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, person: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        others = User.objects.filter(email__iexact=email)
        if self.person is not None:
            others = others.exclude(pk=self.person.pk)
        if others.exists():
            raise ValidationError(_("Somebody already has this address: look for them in the list."))
        return email


class InvitationForm(NameForm, RoleForm):
    """A new person with a first role; the user name is made from the name."""

    field_order = ("first_name", "last_name", "email", "role", "area", "organisation", "since", "until")


def free_username(first_name: str, last_name: str) -> str:
    """`nome.cognome`, with a number when somebody has it already."""
    name = ".".join(part for part in (_bare(first_name), _bare(last_name)) if part) or "persona"
    taken = {u.lower() for u in User.objects.filter(username__istartswith=name).values_list("username", flat=True)}
    number, chosen = 1, name
    while chosen in taken:
        number += 1
        chosen = f"{name}{number}"
    return chosen


def _bare(text: str) -> str:
    return "".join(re.findall(r"[a-z0-9]+", fold(text)))[:60]


class PeopleFilter(forms.Form):
    """Narrows the list of people."""

    q = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=100)
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), required=False, choices=[("", gettext_lazy("any role")), *Role.choices]
    )

    def narrowed(self, people: QuerySet[User]) -> QuerySet[User]:
        """The people that the filter lets through; a wrong value lets all through."""
        data = self.cleaned_data if self.is_valid() else {}
        for word in data.get("q", "").split():
            people = people.filter(
                Q(first_name__icontains=word)
                | Q(last_name__icontains=word)
                | Q(username__icontains=word)
                | Q(email__icontains=word)
            )
        if data.get("role"):
            people = people.filter(memberships__role=data["role"]).distinct()
        return people


class AuditFilter(forms.Form):
    """Narrows the audit: who, what, of which kind, which record, when."""

    who = forms.CharField(label=gettext_lazy("Who"), required=False, max_length=150)
    verb = forms.ChoiceField(label=gettext_lazy("Which act"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("On what"), required=False)
    record = forms.CharField(label=gettext_lazy("Number of the record"), required=False, max_length=80)
    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=gettext_lazy("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, verbs: list[tuple[str, str]], kinds: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["verb"].choices = [("", _("anything")), *verbs]  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", _("anything")), *kinds]  # type: ignore[attr-defined]

    def narrowed(self, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """The entries that the filter lets through; a value that cannot be read lets none through."""
        if not self.is_valid():
            return entries.none()
        data = self.cleaned_data
        if data["who"]:
            people = User.objects.filter(username__iexact=data["who"]).values("pk")
            entries = entries.filter(Q(user_name__icontains=data["who"]) | Q(user__in=people))
        for field, value in (("verb", data["verb"]), ("kind", data["kind"]), ("object_id", data["record"])):
            if value:
                entries = entries.filter(**{field: value})
        # At the ends of the calendar no moment can be reckoned, and there is no entry.
        if data["since"] and data["since"].year > date.min.year:
            entries = entries.filter(at__gte=_start(data["since"]))
        if data["until"] and data["until"].year < date.max.year:
            entries = entries.filter(at__lt=_start(date.fromordinal(data["until"].toordinal() + 1)))
        return entries


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
