"""Experiences, actors and dates for tests; nothing here writes an audit entry."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from trama.accounts.models import User
from trama.core import search
from trama.core.actor import Actor, Grant
from trama.experiences.models import (
    Experience,
    ExperienceArea,
    ExperienceCode,
    ExperiencePlace,
    Funding,
    Occurrence,
    Participation,
)
from trama.network.models import Organisation
from trama.territory.finding import below
from trama.territory.models import Area, Place
from trama.territory.tests.factories import make_code

_numbers = count(1)


def make_experience(
    name: str = "",
    *,
    kind: str = "activity",
    areas: Iterable[Area] = (),
    places: Iterable[Place] = (),
    organisations: Iterable[tuple[Organisation, str]] = (),
    codes: Iterable[tuple[str, str]] = (),
    **fields: Any,
) -> Experience:
    """A published experience of 2024, going on; `organisations` with their roles, `codes` as (facet, value).

    `volunteers=12` is exact; `volunteers=(12, "estimated")` is not.
    """
    number = next(_numbers)
    for counted in ("volunteers", "beneficiaries"):
        if counted in fields:
            value = fields.pop(counted)
            amount, known = value if isinstance(value, tuple) else (value, "exact")
            fields |= {counted: amount, f"{counted}_precision": known}
    areas = list(areas)
    fields.setdefault("state", "published")
    fields.setdefault("summary", "In a few words.")
    fields.setdefault("starts_on", date(2024, 1, 1))
    fields.setdefault("area", areas[0] if areas else None)
    record = Experience.objects.create(
        name=name or f"Experience {number}", kind=make_code("experience_kind", kind), **fields
    )
    for area in areas:
        ExperienceArea.objects.create(experience=record, area=area)
    for place in places:
        ExperiencePlace.objects.create(experience=record, place=place)
    for organisation, role in organisations:
        Participation.objects.create(experience=record, organisation=organisation, role=make_code("tie_role", role))
    for facet, value in codes:
        ExperienceCode.objects.create(experience=record, facet=facet, code=make_code(facet, value))
    return record


def indexed(*records: Experience) -> None:
    """Make these experiences findable."""
    search.refresh(Experience, [record.pk for record in records])


def make_organisation(name: str = "", **fields: Any) -> Organisation:
    """An organisation, public and not sensitive."""
    return Organisation.objects.create(name=name or f"Association {next(_numbers)}", **fields)


def make_funding(record: Experience, year: int, amount: int, **fields: Any) -> Funding:
    """Money for an experience."""
    return Funding.objects.create(experience=record, year=year, amount=amount, **fields)


def make_date(record: Experience, *moment: int, **fields: Any) -> Occurrence:
    """A date of an experience: `make_date(record, 2026, 2, 4, 10)` (UTC)."""
    return Occurrence.objects.create(experience=record, starts_at=datetime(*moment, tzinfo=UTC), **fields)  # type: ignore[arg-type,misc]


def actor_with(
    role: str, area: Area | None = None, organisation: Organisation | None = None, user: int | None = 1000
) -> Actor:
    """Somebody who holds one role: on an area and all below it, for an organisation, or everywhere.

    The user (None: the actor has no account) is there afterwards.
    """
    if user is not None:
        User.objects.get_or_create(pk=user, defaults={"username": f"user-{user}"})
    areas = below(area.pk) if area is not None else frozenset()
    return Actor(
        user=user,
        name=role,
        grants=frozenset({Grant(role, area.pk if area else None, organisation.pk if organisation else None)}),
        areas=areas,
        areas_by_role=((role, areas),) if area is not None else (),
    )
