"""Every address of ours states who may open it and whether it writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from trama.core.pages import Page

# Views of libraries that are reached before or beside our pages; everything else in the tree of addresses is ours.
LIBRARIES = ("allauth.", "django.views.i18n", "django.conf.urls.i18n")


def addresses(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(address, view) of the tree of addresses, without what a library includes from an address file of its own."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            file = pattern.urlconf_name
            if not str(getattr(file, "__name__", file)).startswith(LIBRARIES):
                yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


def module_of(view: Any) -> str:
    """Where a view was written, whatever wraps it."""
    return str(getattr(getattr(view, "view_class", view), "__module__", ""))


def test_every_view_states_who_may_and_whether_it_writes() -> None:
    every = addresses(get_resolver().url_patterns)
    ours = {route: view for route, view in every if not module_of(view).startswith(LIBRARIES)}
    assert ours
    assert [route for route, view in ours.items() if not isinstance(getattr(view, "page", None), Page)] == []


def test_every_name_of_an_address_is_given_once() -> None:
    names: dict[str, str] = {}
    twice = []

    def walk(patterns: list[Any], space: str, prefix: str) -> None:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, f"{space}{pattern.namespace}:" if pattern.namespace else space, route)
            elif pattern.name:
                name = space + pattern.name
                if module_of(pattern.callback).startswith("trama.") and names.setdefault(name, route) != route:
                    twice.append(f"{name}: {names[name]} and {route}")

    walk(get_resolver().url_patterns, "", "")
    assert twice == []
