"""A small wave for tests: a town, two organisations with a mail box, three experiences."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from trama.core.actor import Actor
from trama.experiences.models import Experience
from trama.experiences.tests.factories import actor_with, make_experience, make_organisation
from trama.experiences.tests.lists import load_lists
from trama.monitoring import actions
from trama.monitoring.models import Wave
from trama.network.models import Organisation, OrganisationContact
from trama.territory.models import Area
from trama.territory.tests.factories import make_area, make_city

SITE = "http://testserver/"


@dataclass
class Town:
    """What a wave is about."""

    areas: dict[str, Area]
    keeper: Actor
    club: Organisation
    library: Organisation
    experiences: list[Experience] = field(default_factory=list)


def organisation_with_box(name: str, box: str) -> Organisation:
    """An organisation that can be written to."""
    body = make_organisation(name, is_ets=True)
    OrganisationContact.objects.create(organisation=body, kind="email", value=box, visibility="public")
    return body


def make_town() -> Town:
    """Two experiences of the club, one of the library; and one elsewhere that no wave of the town reaches."""
    load_lists()
    areas = make_city()
    club = organisation_with_box("Circolo", "info@circolo.example")
    library = organisation_with_box("Biblioteca", "info@biblioteca.example")
    town = Town(areas, actor_with("plan_office", areas["city"], user=2000), club, library)
    lunch = make_experience("Pranzo", areas=[areas["west"]], organisations=[(club, "promoter")], volunteers=12,
                            beneficiaries=(200, "estimated"))  # fmt: skip
    school = make_experience("Doposcuola", areas=[areas["east"]], organisations=[(club, "promoter")], volunteers=8,
                             beneficiaries=40)  # fmt: skip
    tales = make_experience("Letture", areas=[areas["east"], areas["west"]], organisations=[(library, "manager")])
    town.experiences = [lunch, school, tales]
    make_experience("Altrove", areas=[make_area("Ponte")], organisations=[(club, "promoter")])
    return town


def make_wave(town: Town, name: str = "Prima", **fields: Any) -> Wave:
    """A wave on the town, in preparation."""
    data = {
        "name": name,
        "promoter": "Ufficio di piano",
        "researcher": "",
        "starts_on": date(2024, 1, 1),
        "ends_on": date(2024, 12, 31),
        "answer_by": timezone.localdate() + timedelta(days=30),
        "areas": [town.areas["city"].pk],
        "kinds": [],
        "rule": "active",
        "remind_after": 10,
    }
    return actions.save_wave(town.keeper, data | fields)


def make_open_wave(town: Town, name: str = "Prima", **fields: Any) -> Wave:
    """The same, open; nobody has been written to."""
    return actions.open_wave(town.keeper, make_wave(town, name, **fields))
