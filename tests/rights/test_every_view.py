"""Every role × every view × own and other territory, near misses included, against the table written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.template.backends.django import Template
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.rights.table import PUBLIC, TABLE, Case
from tests.rights.world import ACTORS, World, build
from trama.config import urls
from trama.core import memo
from trama.network import middleware
from trama.territory import finding

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
# What a page may write without anybody having acted: the session that carries a message or a token.
OF_A_VISIT = ("django_session", "monitoring_knock")  # wrong links are counted whoever tries them

# Whoever may gets one of these: the page, the way on, or the form back with what is to be mended.
ANSWERS = {200, 302, 303, 409, 422}


def views(patterns: list[Any] | None = None, space: str = "") -> Iterator[tuple[str, Any]]:
    """(name, view) of every address of ours that has a name."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from views(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern) and pattern.name and hasattr(pattern.callback, "page"):
            yield space + pattern.name, pattern.callback


VIEWS = dict(views())


def test_every_view_is_in_the_table_and_nothing_else() -> None:
    missing, gone = sorted(set(VIEWS) - set(TABLE)), sorted(set(TABLE) - set(VIEWS))
    assert missing == [], "say in tests/rights/table.py who may open them"
    assert gone == [], "these views are no more: take them out of tests/rights/table.py"


def test_every_view_that_is_open_without_a_login_is_named_so() -> None:
    assert {name for name, view in VIEWS.items() if view.page.public} == PUBLIC


@pytest.mark.parametrize("name", sorted(name for name, view in VIEWS.items() if view.page.writes))
def test_every_view_that_writes_is_also_sent_a_form(name: str) -> None:
    reads_and_leaves_a_trace = {"people:person", "people:audit_csv"}
    if name not in reads_and_leaves_a_trace:
        assert any(case.method == "POST" for case in TABLE.get(name, [])), "no POST in its cases"


def written(sql: str) -> bool:
    """Whether a statement changes what the database knows."""
    words = sql.lstrip("( \n").split(None, 1)
    return bool(words) and words[0].upper() in WRITES and not any(table in sql for table in OF_A_VISIT)


def address(world: World, name: str, case: Case) -> str:
    args: dict[str, Any] = {}
    for argument, value in case.args.items():
        args[argument] = value[1:] if value.startswith("=") else world.records[value].pk
    return reverse(name, kwargs=args) + case.query


def ask(world: World, actor: str, name: str, case: Case) -> tuple[str, list[str]]:
    """What the actor gets ("opens", "refused", "login", or the status), and what was written meanwhile."""
    client, statements = world.client(actor), []
    signed_in = deepcopy(client.cookies)

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if written(sql):
            statements.append(sql)
        return execute(sql, params, many, context)

    with transaction.atomic():
        with connection.execute_wrapper(listen):
            method = client.post if case.method == "POST" else client.get
            response = method(address(world, name, case), case.data)
            if response.streaming:
                b"".join(response.streaming_content)
        transaction.set_rollback(True)
    client.cookies = signed_in  # a session that was begun meanwhile is taken back too
    if statements:
        memo.forget_all()
    if response.status_code == 302 and response["Location"].startswith(reverse(settings.LOGIN_URL)):
        return "login", statements
    if response.status_code == 404:
        return "refused", statements
    return "opens" if response.status_code in ANSWERS else str(response.status_code), statements


def wanted(name: str, case: Case, actor: str) -> str:
    if actor in case.may:
        return "opens"
    nobody = actor in {"nobody", "demonstration account"}
    return "login" if nobody and name not in PUBLIC else "refused"


# Rights are decided in Python and in what is asked of the database. Everybody is tried on SQLite; on PostgreSQL, for
# what it answers: nobody, one who belongs to a body, one who writes in one town, one who reaches everything.
ASKED_OF_POSTGRESQL = ("nobody", "org_contact", "community_worker", "dpo_admin everywhere")


def refusal(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page that is not here, in short."""
    return HttpResponseNotFound()


def no_words(template: Template, context: Any = None, request: HttpRequest | None = None) -> str:
    """A page whose door is open, without its words."""
    return ""


@pytest.fixture(scope="module")
def world(taken_back: None) -> Iterator[World]:
    """The world, built once for these tests and taken back at the end: each asking is taken back on its own.

    So the roles of each are the same at every asking: they are read once (a fifth of the time of these tests).
    """
    made = build()
    for actor in ACTORS:
        made.client(actor)
    with mock.patch.object(middleware, "actor_of", cache(middleware.actor_of)):
        yield made


@pytest.mark.django_db
@pytest.mark.every_case
@pytest.mark.parametrize("name", sorted(set(TABLE) & set(VIEWS)))
def test_who_may_open_it(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    finding.forget()
    # That it is refused is enough here: thousands of whole pages that say so cost minutes (test_doors looks at one).
    monkeypatch.setattr(urls, "handler404", refusal, raising=False)
    actors = ACTORS if connection.vendor == "sqlite" else ASKED_OF_POSTGRESQL
    reads = not VIEWS[name].page.writes
    wrong = []
    for case in TABLE[name]:
        seen = False
        for actor in actors:
            expected = wanted(name, case, actor)
            with monkeypatch.context() as patches:
                # Who may open it is decided before a word is written. The first who may gets the whole page; the words
                # that each other one reads are looked at in test_doors, and role by role in tests/pages.
                if seen:
                    patches.setattr(Template, "render", no_words)
                got, statements = ask(world, actor, name, case)
            seen = seen or got == "opens"
            line = f"{case.method} {case.args} {case.query}: {actor}"
            if got != expected:
                wrong.append(f"{line} gets “{got}”, the table says “{expected}”")
            elif expected != "opens" and statements:
                wrong.append(f"{line} is refused, and yet {statements[0][:120]}")
            elif reads and statements:
                wrong.append(f"{line}: the view says that it only reads, and yet {statements[0][:120]}")
    assert wrong == [], "\n" + "\n".join(wrong)
