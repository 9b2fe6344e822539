"""Who may see and change people with a login, their roles, and the audit."""

from __future__ import annotations

from django.db.models import Q

from trama.accounts.models import User
from trama.core.actor import Actor
from trama.network.models import Membership, Organisation

ADMINISTRATORS = frozenset({"dpo_admin"})
# Coordinators see who holds a role in their areas; they change nothing.
OVERSEERS = frozenset({"dpo_admin", "technical_coordinator"})


def oversees(actor: Actor) -> bool:
    """Whether the actor sees the people of some area."""
    return actor.holds(OVERSEERS)


def administers(actor: Actor) -> bool:
    """Whether the actor adds people and gives roles, somewhere."""
    return actor.everywhere(ADMINISTRATORS) or bool(actor.areas_with(ADMINISTRATORS))


def administers_everywhere(actor: Actor) -> bool:
    """Whether the actor answers for the whole installation: closes accounts, reads the audit."""
    return actor.everywhere(ADMINISTRATORS)


def visible_memberships(actor: Actor, roles: frozenset[str] = OVERSEERS) -> Q:
    """The roles, held by anybody, that the actor sees: those on areas and organisations of the own areas."""
    if actor.everywhere(roles):
        return Q()
    areas = actor.areas_with(roles)
    return Q(area_id__in=areas) | Q(organisation__in=Organisation.objects.filter(area_id__in=areas).values("pk"))


def visible(actor: Actor) -> Q:
    """People of whom the actor sees a role, and oneself."""
    if actor.everywhere(OVERSEERS):
        return Q()
    return Q(pk__in=Membership.objects.filter(visible_memberships(actor)).values("user")) | Q(pk=actor.user)


def may_grant(actor: Actor, area_id: int | None, organisation: Organisation | None) -> bool:
    """Whether the actor may give or end a role on this area, for this organisation, or (both None) everywhere."""
    if actor.everywhere(ADMINISTRATORS):
        return True
    areas = actor.areas_with(ADMINISTRATORS)
    return (area_id is not None and area_id in areas) or (organisation is not None and organisation.area_id in areas)


def answers_for(actor: Actor, person: User) -> bool:
    """Whether the actor keeps this account: all that the person holds, or will hold, lies within the actor's reach.

    Otherwise the administrator of a quarter could change the address of the administrator of the city, and so come in.
    """
    if actor.everywhere(ADMINISTRATORS):
        return True
    held = Membership.objects.filter(user=person).select_related("organisation").order_by("pk")
    return bool(held) and all(may_grant(actor, one.area_id, one.organisation) for one in held)
