"""Puts the `Actor` on the request: the person, the roles held today, and the areas that these reach."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from trama.core.actor import NOBODY, Actor, Grant
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


class ActorMiddleware:
    """`request.actor`: built when first asked for, nobody for who has not signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def build() -> Actor:
            user = request.user
            return actor_of(user.pk, user.called) if user.is_authenticated else NOBODY

        request.actor = SimpleLazyObject(build)  # type: ignore[attr-defined]
        return self.get_response(request)
