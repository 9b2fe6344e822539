"""Who may see and change the territory. Areas and their numbers are public; places have a state of their own."""

from __future__ import annotations

from django.db.models import Q

from trama.core.actor import STAFF as STAFF
from trama.core.actor import Actor

# Roles that keep the territory: they load boundaries, draw hamlets, add indicators.
KEEPERS = frozenset({"plan_office", "technical_coordinator", "dpo_admin"})
# Roles that write down what happens.
WRITERS = frozenset(
    {
        "community_worker",
        "social_worker",
        "technical_coordinator",
        "plan_office",
        "district_office",
        "table_facilitator",
        "mediator",
    }
)


def is_staff(actor: Actor) -> bool:
    """Whether the actor works for the services, anywhere."""
    return actor.holds(STAFF)


def is_writer(actor: Actor) -> bool:
    """Whether the actor may write down what happens, somewhere."""
    return actor.holds(WRITERS)


def is_keeper(actor: Actor) -> bool:
    """Whether the actor keeps the territory, somewhere."""
    return actor.holds(KEEPERS)


def keeps_everywhere(actor: Actor) -> bool:
    """Whether the actor keeps the whole territory of the installation."""
    return actor.everywhere(KEEPERS)


def may_keep(actor: Actor, area_id: int | None) -> bool:
    """Whether the actor keeps this area (draws it, changes it, adds what is below it)."""
    return actor.everywhere(KEEPERS) or (area_id is not None and area_id in actor.areas_with(KEEPERS))


def may_write_in(actor: Actor, area_id: int | None) -> bool:
    """Whether the actor may write down what happens in this area; without an area: only who writes everywhere."""
    if actor.everywhere(WRITERS):
        return True
    return area_id is not None and area_id in actor.areas_with(WRITERS)


def visible_places(actor: Actor) -> Q:
    """Public places for all; internal ones (vulnerable places among them) for staff, within their areas."""
    if actor.everywhere(STAFF):
        return Q()
    return Q(is_public=True) | Q(area_id__in=actor.areas_with(STAFF))
