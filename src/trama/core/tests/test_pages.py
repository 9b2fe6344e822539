"""A page that says that it only reads cannot write; who may not open it is told nothing."""

import pytest
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from trama.accounts.models import User
from trama.core.actor import NOBODY, Actor, Grant
from trama.core.models import Fact
from trama.core.pages import Page, WriteOnReadOnlyPage, anyone, page, signed_in

SOMEBODY = Actor(user=1, name="Anna", grants=frozenset({Grant("citizen")}))


def ask(view: object, actor: Actor) -> HttpResponse:
    request = RequestFactory().get("/x/?a=1")
    request.actor = actor  # type: ignore[attr-defined]
    return view(request)  # type: ignore[operator,no-any-return]


@page(may=anyone)
def writes_in_secret(request: HttpRequest) -> HttpResponse:
    Fact.objects.create(key="x", value=1)
    return HttpResponse("done")


@page(may=anyone, writes=True)
def writes_openly(request: HttpRequest) -> HttpResponse:
    Fact.objects.create(key="x", value=1)
    return HttpResponse("done")


@page()
def for_who_signed_in(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(Fact.objects.count()))


@page(may=lambda actor: actor.holds({"dpo_admin"}))
def for_administrators(request: HttpRequest) -> HttpResponse:
    return HttpResponse("secret")


@pytest.mark.django_db
def test_a_reading_page_cannot_write() -> None:
    with pytest.raises(WriteOnReadOnlyPage), transaction.atomic():
        ask(writes_in_secret, NOBODY)
    assert not Fact.objects.filter(key="x").exists()
    assert ask(writes_openly, NOBODY).status_code == 200


@pytest.mark.django_db
def test_nobody_is_sent_to_sign_in_and_comes_back() -> None:
    answer = ask(for_who_signed_in, NOBODY)
    assert answer.status_code == 302
    assert "next=/x/%3Fa%3D1" in answer["Location"]
    assert ask(for_who_signed_in, SOMEBODY).status_code == 200


def test_who_signed_in_and_may_not_gets_a_404() -> None:
    with pytest.raises(Http404):
        ask(for_administrators, SOMEBODY)


def test_a_page_states_what_it_is() -> None:
    assert writes_openly.page == Page(may=anyone, writes=True)
    assert writes_openly.page.public
    assert for_who_signed_in.page.may is signed_in


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/territorio/a%00b/", "/esperienze/?kind=%00", "/ricerca/?q=orto%00"])
def test_an_address_with_a_nul_leads_nowhere_on_either_database(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


@pytest.mark.django_db
def test_what_who_signed_in_reads_stays_in_no_browser(client: Client) -> None:
    assert "no-store" not in client.get("/territorio/").get("Cache-Control", "")
    client.force_login(User.objects.create(username="anna"))
    assert client.get("/territorio/")["Cache-Control"] == "no-store"
    assert client.get("/oggi/")["Cache-Control"] == "no-store"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("/esperienze/7/fai/used/", "/esperienze/7/"),
        ("/realta/7/", ""),
        ("/caricamenti/nuovo/0-abc/", "/caricamenti/nuovo/"),
        ("/esperienze/7/salva.json", ""),
    ],
)
def test_who_opens_what_only_takes_a_form_is_led_to_its_page(client: Client, address: str, leads_to: str) -> None:
    client.force_login(User.objects.create(username="anna"))
    answer = client.get(address)
    if leads_to:
        assert (answer.status_code, answer["Location"]) == (302, leads_to)
    else:
        assert answer.status_code in {404, 405}
    assert client.put(leads_to or address).status_code in {403, 404, 405}
