"""Organisations, people and actors for tests: plain functions."""

from __future__ import annotations

from itertools import count
from typing import Any

from trama.accounts.models import User
from trama.core import codes, search
from trama.core.actor import Actor, Grant
from trama.core.models import Code
from trama.network.models import Membership, Organisation, OrganisationContact
from trama.territory.models import Area, AreaClosure

_numbers = count(1)


def code(list_: str, value: str, label: str = "", broader: str = "") -> Code:
    """A value of a code list (with the value above it)."""
    above = code(list_, broader) if broader else None
    made, _new = Code.objects.get_or_create(
        id=f"{list_}:{value}",
        defaults={
            "list": list_,
            "value": value,
            "label_it": label or value,
            "label_en": label or value,
            "broader": above,
        },
    )
    codes.forget()
    return made


def organisation(name: str = "", kind: str = "", group: str = "", **fields: Any) -> Organisation:
    """An organisation, found by the search; `kind` is a value of its list, `group` the value above it."""
    if kind:
        fields["kind"] = code("organisation_kind", kind, broader=group)
    made = Organisation.objects.create(name=name or f"Realtà {next(_numbers)}", **fields)
    search.refresh(Organisation, [made.pk])
    return made


def contact(of: Organisation, kind: str = "phone", value: str = "051 123456", **fields: Any) -> OrganisationContact:
    """A contact of an organisation."""
    return OrganisationContact.objects.create(organisation=of, kind=kind, value=value, **fields)


def actor(
    role: str, area: Area | None = None, organisation: Organisation | None = None, user: int | None = None
) -> Actor:
    """Who holds one role: on an area with all below it, for an organisation, or (neither) everywhere."""
    areas: frozenset[int] = frozenset()
    if area is not None:
        areas = frozenset(AreaClosure.objects.filter(ancestor=area).values_list("area_id", flat=True))
    return Actor(
        user=user or next(_numbers),
        name=f"{role} {area or organisation or ''}".strip(),
        grants=frozenset({Grant(role, area.pk if area else None, organisation.pk if organisation else None)}),
        areas=areas,
        areas_by_role=((role, areas),) if areas else (),
    )


def user(role: str = "", area: Area | None = None, organisation: Organisation | None = None) -> User:
    """Somebody who can sign in and holds one role (or none)."""
    number = next(_numbers)
    made = User.objects.create_user(username=f"u{number}", first_name="Anna", last_name=f"Neri{number}")
    if role:
        Membership.objects.create(user=made, role=role, area=area, organisation=organisation)
    return made
