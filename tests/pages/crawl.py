"""Walk through the site along its own links, as whoever is signed in, with some pages of every kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.urls import Resolver404, resolve

# In another language a page asks the database the same: that is tried on SQLite.
ASKS_THE_SAME = pytest.mark.skipif(connection.vendor != "sqlite", reason="the language changes no statement")
LANGUAGES = ["it", pytest.param("en", marks=ASKS_THE_SAME)]
# Addresses that end a visit, or that only answer a form.
NOT_FOLLOWED = ("account_logout", "set_language")


class Links(HTMLParser):
    """Addresses that a page names: links, pictures, scripts, styles, and what its scripts will ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.named: set[str] = set()
        self.fragments: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if not value:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.named.add(value)
            if name in {"href", "src", "hx-get"} or (name.startswith("data-") and value.startswith("/")):
                if value.startswith("#"):
                    self.fragments.add(value[1:])
                else:
                    self.found.append(value)


class Counted:
    """Counts the queries that a page makes; those that only open and close a transaction are left out."""

    def __init__(self) -> None:
        self.queries = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.queries += not sql.startswith(("SAVEPOINT", "RELEASE", "BEGIN"))
        return execute(sql, params, many, context)


@dataclass
class Walk:
    """What a walk met: pages opened by the name of their address, and what was wrong."""

    opened: dict[str, list[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    html: dict[str, str] = field(default_factory=dict)
    # How many queries each page made.
    queries: dict[str, int] = field(default_factory=dict)

    def representatives(self) -> Iterator[tuple[str, str]]:
        """(name, address) of one HTML page of every kind."""
        for name, addresses in sorted(self.opened.items()):
            for address in addresses:
                if address in self.html:
                    yield name, address
                    break


def name_of(address: str) -> str | None:
    """The name of an address of the site; None when there is no such address."""
    try:
        found = resolve(urlsplit(address).path)
    except Resolver404:
        return None
    return found.view_name or found.route


def walk(client: Client, start: list[str], language: str = "it", of_a_kind: int = 4) -> Walk:
    """Open what can be reached from the start pages, and note every address that does not answer as it should.

    Of every kind of page (the name of its address) `of_a_kind` are opened.
    """
    done = Walk()
    waiting, seen, kinds = list(start), set(start), Counter[str]()
    while waiting:
        address = waiting.pop(0)
        name = name_of(address)
        if name is None:
            done.wrong.append(f"{address}: no such address")
            continue
        if name in NOT_FOLLOWED or kinds[name] >= of_a_kind:
            continue
        kinds[name] += 1
        try:
            with connection.execute_wrapper(counter := Counted()):
                response = client.get(address, headers={"accept-language": language})
                body = response.getvalue()
            done.queries[address] = counter.queries
        except Exception as error:  # noqa: BLE001 - every page shall be walked, then all is told
            done.wrong.append(f"{address}: {type(error).__name__}: {error}")
            continue
        if response.status_code in {301, 302}:
            target = urljoin(address, response["location"])
            if target not in seen and not urlsplit(target).netloc:
                seen.add(target)
                waiting.append(target)
            continue
        if response.status_code != 200:
            done.wrong.append(f"{address}: {response.status_code}")
            continue
        done.opened.setdefault(name, []).append(address)
        if response.headers.get("content-type", "").startswith("text/html"):
            done.html[address] = body.decode()
            waiting += fresh(address, done, seen)
    return done


def fresh(address: str, done: Walk, seen: set[str]) -> list[str]:
    """The addresses of our own that a page names and that were not met before; static files are looked up at once."""
    links = Links()
    links.feed(done.html[address])
    if "<html" in done.html[address]:
        done.wrong += [f"{address}: nothing is called #{name}" for name in sorted(links.fragments - links.named - {""})]
    found, static = [], str(settings.STATIC_URL)
    for link in links.found:
        parts = urlsplit(urljoin(address, link))
        if parts.scheme or parts.netloc:
            continue
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        if target in seen:
            continue
        seen.add(target)
        if parts.path.startswith(static):
            if not finders.find(parts.path.removeprefix(static)):
                done.wrong.append(f"{address}: there is no {parts.path}")
        else:
            found.append(target)
    return found


def visit(username: str | None, language: str = "it", of_a_kind: int = 4) -> Walk:
    """Walk the whole site as somebody of the demonstration, or as nobody."""
    from trama.accounts.models import User

    client = Client(raise_request_exception=True)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    if username:
        client.force_login(User.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
    return walk(client, ["/"], language, of_a_kind)
