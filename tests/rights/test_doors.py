"""What holds for every page: headers, login by default, no way out to elsewhere, no secret in the tree."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path

from tests.architecture.tree import short, tracked
from tests.rights.table import TABLE
from tests.rights.test_every_view import address
from tests.rights.world import ACTORS, World, build
from trama.accounts.models import User
from trama.core.actor import NOBODY
from trama.core.pages import WriteOnReadOnlyPage, anyone, page

pytestmark = pytest.mark.django_db


def check_headers(response: Any, where: str) -> None:
    policy = response.headers.get("Content-Security-Policy", "")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";") if rule.strip())
    assert set(rules) >= {"default-src", "script-src", "style-src", "object-src", "base-uri", "form-action"}, where
    for rule, sources in rules.items():
        assert "unsafe" not in sources, f"{where}: {rule} {sources}"
        assert "*" not in sources, f"{where}: {rule} {sources}"
    assert rules["object-src"] == rules["frame-ancestors"] == "'none'", where
    assert response.headers["X-Frame-Options"] == "DENY", where
    assert response.headers["X-Content-Type-Options"] == "nosniff", where
    assert response.headers["Referrer-Policy"] == "same-origin", where


@pytest.fixture(scope="module")
def world(taken_back: None) -> World:
    """The world, built once for these tests and taken back at the end: what a test does is taken back on its own."""
    made = build()
    for actor in ACTORS:
        made.client(actor)
    return made


def test_every_page_carries_the_strict_policy(world: World) -> None:
    client = world.client("dpo_admin everywhere")
    for name, cases in TABLE.items():
        case = next((c for c in cases if c.method == "GET" and "dpo_admin everywhere" in c.may), None)
        if case is not None:
            check_headers(client.get(address(world, name, case)), name)


@pytest.mark.parametrize(
    "where", ["/accedi/login/", "/accedi/password/reset/", "/persone/", "/no-such-page/", "/accedi/2fa/"]
)
def test_pages_of_libraries_and_refusals_carry_it_too(where: str) -> None:
    check_headers(Client().get(where), where)


def test_pages_of_one_person_are_not_kept_by_anything_on_the_way(world: World) -> None:
    response = world.client("social_worker").get("/persone/io/")
    assert "Cookie" in response.headers.get("Vary", "")


def test_a_view_that_says_nothing_of_itself_asks_for_a_login(settings: Any) -> None:
    def silent(request: HttpRequest) -> HttpResponse:
        return HttpResponse("inside")

    class Addresses:
        urlpatterns = [path("silent/", silent), path("accedi/login/", silent, name="account_login")]

    with override_settings(ROOT_URLCONF=Addresses):
        response = Client().get("/silent/?a=1")
        assert (response.status_code, response.headers["Location"]) == (302, "/accedi/login/?next=/silent/%3Fa%3D1")
        client = Client()
        client.force_login(User.objects.create(username="u"))
        assert client.get("/silent/").content == b"inside"


def ask(view: Any) -> Any:
    request = RequestFactory().get("/")
    request.actor = NOBODY  # type: ignore[attr-defined]
    return view(request)


def test_a_page_that_says_that_it_only_reads_cannot_write() -> None:
    @page(may=anyone)
    def liar(request: HttpRequest) -> HttpResponse:
        User.objects.create(username="made by a reader")
        return HttpResponse()

    with pytest.raises(WriteOnReadOnlyPage), transaction.atomic():
        ask(liar)
    assert not User.objects.filter(username="made by a reader").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM accounts_user",
        "  ( UPDATE accounts_user SET username = 'x'",
        "INSERT INTO accounts_user (username) VALUES ('x')",
        "WITH gone AS (SELECT 1) DELETE FROM accounts_user",
        "/* read */ DELETE FROM accounts_user",
        "-- read\nDELETE FROM accounts_user",
    ],
)
def test_no_way_of_writing_passes_for_reading(statement: str) -> None:
    User.objects.create(username="here")

    @page(may=anyone)
    def liar(request: HttpRequest) -> HttpResponse:
        with connection.cursor() as cursor:
            cursor.execute(statement)
        return HttpResponse()

    with pytest.raises((WriteOnReadOnlyPage, DatabaseError)), transaction.atomic():
        ask(liar)
    assert User.objects.filter(username="here").count() == 1


# --- what is hidden is named nowhere --------------------------------------------------------------------------------
HIDDEN = {
    # who reads → what of the world must not stand on any page
    "nobody": (
        "rifugio",
        "gruppo borgo",
        "bozza di",
        "bozza del",
        "bozza borgo",
        "bozza ponte",
        "delicat",
        "casa borgo",
        "333 borgo",
        "333 ponte",
    ),
    "citizen": (
        "rifugio",
        "gruppo borgo",
        "bozza di",
        "bozza del",
        "bozza borgo",
        "bozza ponte",
        "delicat",
        "casa borgo",
        "333 borgo",
        "333 ponte",
    ),
    "without a role": (
        "rifugio",
        "gruppo borgo",
        "bozza di",
        "bozza del",
        "bozza borgo",
        "bozza ponte",
        "delicat",
        "casa borgo",
        "333 borgo",
        "333 ponte",
    ),
    "evaluator": (
        "rifugio",
        "gruppo borgo",
        "bozza di",
        "bozza del",
        "bozza borgo",
        "bozza ponte",
        "delicat",
        "casa borgo",
        "333 borgo",
        "333 ponte",
    ),
    "contact of another": (
        "rifugio",
        "gruppo borgo",
        "bozza di",
        "bozza del",
        "bozza borgo",
        "bozza ponte",
        "delicat",
        "casa borgo",
        "333 ponte",
    ),
    "org_contact": ("rifugio", "gruppo borgo", "bozza di risorsa", "bozza borgo", "delicat", "casa borgo", "333 ponte"),
    "community_worker": (
        "rifugio ponte",
        "gruppo ponte",
        "bozza ponte",
        "delicata ponte",
        "delicato ponte",
        "casa ponte",
    ),
    "worker of a district": (
        "rifugio",
        "gruppo borgo",
        "bozza di",
        "bozza del",
        "bozza borgo",
        "bozza ponte",
        "delicat",
        "casa borgo",
    ),
}


@pytest.mark.parametrize("actor", sorted(HIDDEN))
def test_what_is_hidden_is_named_on_no_page_and_in_no_file(world: World, actor: str) -> None:
    client, found = world.client(actor), []
    for name, cases in TABLE.items():
        for case in cases:
            if case.method != "GET" or actor not in case.may or "xlsx" in str(case.args):
                continue
            response = client.get(address(world, name, case))
            body = b"".join(response.streaming_content) if response.streaming else response.content
            text = body.decode(errors="replace").lower()
            found += [f"{name} {case.args}: {word}" for word in HIDDEN[actor] if word in text]
    for where in ("/cerca/?q=rifugio", "/cerca/?q=gruppo", "/oggi/"):
        text = client.get(where).content.decode().lower()
        # The search repeats what was typed.
        typed = where.rpartition("=")[2]
        found += [f"{where}: {word}" for word in HIDDEN[actor] if word != typed and word in text]
    assert found == []


# --- secrets --------------------------------------------------------------------------------------------------------
SECRET = re.compile(
    r"(-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|eyJ[A-Za-z0-9_-]{20,}\.eyJ|"
    r"SECRET_KEY\s*=\s*[\"'][^\"']{20,})"
)


def test_no_secret_stands_in_the_repository() -> None:
    found = []
    for file in tracked():
        content = file.read_bytes()
        if b"\0" not in content[:8000] and SECRET.search(content.decode(errors="replace")):
            found.append(short(file))
        if file.name in {"secret.key", ".env"} or file.suffix in {".sqlite3", ".pem"}:
            found.append(short(file))
    assert found == []
