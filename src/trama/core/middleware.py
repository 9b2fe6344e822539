"""Login is the default: a view that states nothing about itself is open to nobody who has not signed in.

An address that holds a NUL leads nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse

# Views of libraries that must answer before the login: the login itself, and what leads to it.
OPEN_MODULES = ("allauth.", "django.views.i18n", "django.conf.urls.i18n")


class PageMiddleware:
    """Asks for a login in front of every view that does not state its permission; refuses an address with a NUL."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        # Nothing bears such a name, and PostgreSQL fails at the mere question.
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise Http404
        if hasattr(view, "page") or str(getattr(view, "__module__", "")).startswith(OPEN_MODULES):
            return None
        if not request.actor.is_known:  # type: ignore[attr-defined]
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        return None
