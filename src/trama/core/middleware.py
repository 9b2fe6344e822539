"""Login is the default: a view that states nothing about itself is open to nobody who has not signed in.

An address that holds a NUL leads nowhere. What who signed in has read stays in no browser. An address that only takes
a form sends who merely opens it to the page that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve

# Views of libraries that must answer before the login: the login itself, and what leads to it.
OPEN_MODULES = ("allauth.", "django.views.i18n", "django.conf.urls.i18n")


class PageMiddleware:
    """Asks for a login in front of every view that does not state its permission, and looks after what is answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and request.method in {"GET", "HEAD"} and request.path.endswith("/"):
            # Who signs in again after a while is led to where the form went, and could only read "not allowed".
            return HttpResponseRedirect(_page_above(request.path))
        # On a computer of many hands the next one must not find, with "back", what was read here. Whoever has no
        # session reads what everybody may read: that may be kept.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        # Nothing bears such a name, and PostgreSQL fails at the mere question.
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise Http404
        if hasattr(view, "page") or str(getattr(view, "__module__", "")).startswith(OPEN_MODULES):
            return None
        if not request.actor.is_known:  # type: ignore[attr-defined]
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        return None


def _page_above(path: str) -> str:
    """The nearest address above this one that leads somewhere: the page of the record that a form is about."""
    while path != "/":
        path = path.rstrip("/").rpartition("/")[0] + "/"
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return path
