"""Acting as somebody in tests without users: a middleware that puts an actor made in a line on the request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import override_settings

from trama.core.actor import NOBODY, Actor, Grant
from trama.territory import finding
from trama.territory.models import Area


class ActsAs:
    """Stands in for the middleware that builds the actor from a login."""

    actor: Actor = NOBODY

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = ActsAs.actor  # type: ignore[attr-defined]
        return self.get_response(request)


@contextmanager
def acting_in_place_of_logins() -> Iterator[None]:
    """Within this, whoever `ActsAs.actor` is makes every request."""
    chain = [
        f"{__name__}.ActsAs" if name.endswith(".ActorMiddleware") else name  # named, not imported: it lives above
        for name in settings.MIDDLEWARE
    ]
    with override_settings(MIDDLEWARE=chain):
        try:
            yield
        finally:
            ActsAs.actor = NOBODY


def acting(role: str, *areas: Area) -> Actor:
    """An actor who holds a role on these areas with all below them, or (without areas) everywhere."""
    if not areas:
        return Actor(user=1, name="Anna", grants=frozenset({Grant(role)}))
    ids: frozenset[int] = frozenset().union(*(finding.below(area.pk) for area in areas))
    return Actor(
        user=1,
        name="Anna",
        grants=frozenset(Grant(role, area.pk) for area in areas),
        areas=ids,
        areas_by_role=((role, ids),),
    )
