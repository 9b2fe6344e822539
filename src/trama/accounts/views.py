"""Ways in that the libraries offer and we do not: they are not there."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from trama.core.pages import anyone, page


@page(may=anyone)
def absent(request: HttpRequest, **rest: Any) -> HttpResponse:
    """Nobody signs up, changes an address or joins accounts alone: an administrator does."""
    raise Http404
