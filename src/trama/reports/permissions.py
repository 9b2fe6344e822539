"""Who writes the texts of a report, who freezes and publishes it, who reads what is not published yet."""

from __future__ import annotations

from django.db.models import Q

from trama.core.actor import STAFF, Actor
from trama.territory.permissions import may_write_in

# Roles that answer for what the body says of its territory.
PUBLISHERS = frozenset({"plan_office", "technical_coordinator", "district_office"})


def is_staff(actor: Actor) -> bool:
    """Whether the actor works for the services, anywhere."""
    return actor.holds(STAFF)


def may_write(actor: Actor, area_id: int) -> bool:
    """Whether the actor writes the texts on this area, and freezes its profile."""
    return may_write_in(actor, area_id)


def may_publish(actor: Actor, area_id: int) -> bool:
    """Whether the actor shows a frozen profile of this area to everybody, or takes it back."""
    return actor.everywhere(PUBLISHERS) or area_id in actor.areas_with(PUBLISHERS)


def may_read_drafts(actor: Actor, area_id: int) -> bool:
    """Whether the actor reads the texts and the profiles of this area that are not published."""
    return actor.everywhere(STAFF) or area_id in actor.areas_with(STAFF)


def visible_profiles(actor: Actor) -> Q:
    """Published profiles for all; the others for the staff of their area."""
    if actor.everywhere(STAFF):
        return Q()
    return Q(state="published") | Q(area_id__in=actor.areas_with(STAFF))


def visible_texts(actor: Actor) -> Q:
    """Texts written by hand: for the staff of their area. What everybody reads is the frozen profile."""
    if actor.everywhere(STAFF):
        return Q()
    return Q(area_id__in=actor.areas_with(STAFF))
