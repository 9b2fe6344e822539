"""Every view states who may open it and whether it writes; what it states is enforced, not believed."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import connection
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from trama.core.actor import Actor

Predicate = Callable[[Actor], bool]


class WriteOnReadOnlyPage(RuntimeError):
    """A page that says that it only reads tried to change the database."""


READS = frozenset({"SELECT", "WITH", "EXPLAIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "DECLARE", "FETCH", "CLOSE"})
CHANGES = re.compile(r"\b(INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|MERGE\s+INTO)\b", re.IGNORECASE)


def _only_select(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    start = sql.lstrip("( \n").split(None, 1)[0].upper() if sql.strip() else ""
    # A common table expression may hide a change behind it; values never stand in the text, they are parameters.
    if start not in READS or (start == "WITH" and CHANGES.search(sql)):
        raise WriteOnReadOnlyPage(f"a page that only reads ran {start}")
    return execute(sql, params, many, context)


def anyone(actor: Actor) -> bool:
    """A public page: also nobody may open it, and sees what is public."""
    return True


def signed_in(actor: Actor) -> bool:
    """Whoever has a login."""
    return actor.is_known


@dataclass(frozen=True)
class Page:
    """What a view states of itself."""

    may: Predicate
    writes: bool

    @property
    def public(self) -> bool:
        return self.may is anyone


def page(*, may: Predicate = signed_in, writes: bool = False) -> Callable[[Callable[..., HttpResponseBase]], Any]:
    """State who may open a view (a predicate on the `Actor`) and whether it writes.

    Whoever may not: nobody is asked to sign in, somebody gets a 404, as if the page did not exist. A view that does
    not write runs under a guard of the database that refuses anything but reading.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Any:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            actor: Actor = request.actor  # type: ignore[attr-defined]
            if not may(actor):
                if not actor.is_known:
                    return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
                raise Http404
            if writes:
                return view(request, *args, **kwargs)
            with connection.execute_wrapper(_only_select):
                response = view(request, *args, **kwargs)
                if hasattr(response, "render") and callable(response.render):
                    response.render()
                return response

        guarded.page = Page(may=may, writes=writes)  # type: ignore[attr-defined]
        return guarded

    return decorate
