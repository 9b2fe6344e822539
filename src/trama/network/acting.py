"""Who a user is today: the roles held in force, and the areas that these reach."""

from __future__ import annotations

from trama.core.actor import Actor, Grant
from trama.network.models import Membership
from trama.territory.models import AreaClosure


def actor_of(user_id: int, name: str) -> Actor:
    """The actor that a user is today."""
    held = Membership.objects.in_force().filter(user=user_id).order_by("pk")
    grants = frozenset(
        Grant(role, area, organisation)
        for role, area, organisation in held.values_list("role", "area_id", "organisation_id")
    )
    roots = {grant.area for grant in grants if grant.area is not None}
    below: dict[int, set[int]] = {root: {root} for root in roots}
    if roots:
        for ancestor, area in AreaClosure.objects.filter(ancestor__in=roots).values_list("ancestor", "area"):
            below[ancestor].add(area)
    by_role: dict[str, set[int]] = {}
    for grant in grants:
        if grant.area is not None:
            by_role.setdefault(grant.role, set()).update(below[grant.area])
    return Actor(
        user=user_id,
        name=name,
        grants=grants,
        areas=frozenset().union(*below.values()) if below else frozenset(),
        areas_by_role=tuple((role, frozenset(areas)) for role, areas in sorted(by_role.items())),
    )
