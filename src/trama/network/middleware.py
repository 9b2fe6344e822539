"""Puts the `Actor` on the request: the person, the roles held today, and the areas that these reach."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from trama.core.actor import NOBODY, Actor
from trama.network.acting import actor_of as actor_of


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
