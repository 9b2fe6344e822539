"""Sign-in through the body's identity provider, against a small one on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.test import Client

from trama.accounts.models import User
from trama.accounts.tests.factories import is_in, make_user
from trama.accounts.tests.provider import CLIENT, SECRET, Provider
from trama.core.models import AuditEntry
from trama.network.middleware import actor_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    one = Provider()
    app = {"provider_id": "oidc", "name": "Comune", "client_id": CLIENT, "secret": SECRET}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app | {"settings": {"server_url": one.url}}]}
    }
    yield one
    one.close()


def come_in(provider: Provider) -> tuple[Client, Any]:
    """Press the button, follow the provider, come back."""
    client = Client()
    assert "Entra con Comune" in client.get("/accedi/login/").content.decode()
    away = client.post("/accedi/oidc/oidc/login/")
    assert away["Location"].startswith(provider.url)
    back = requests.get(away["Location"], allow_redirects=False, timeout=5).headers["Location"]
    return client, client.get(back.removeprefix("http://testserver"), follow=True)


def test_a_known_person_is_recognised_by_the_address(provider: Provider) -> None:
    user = make_user()
    client, _ = come_in(provider)
    assert client.session["_auth_user_id"] == str(user.pk)
    assert User.objects.count() == 1
    assert AuditEntry.objects.filter(verb="signed_in", user=user.pk).exists()


def test_the_second_time_the_person_is_recognised_even_with_another_address(provider: Provider) -> None:
    user = make_user()
    come_in(provider)
    provider.claims["email"] = "other@comune.example"
    client, _ = come_in(provider)
    assert client.session["_auth_user_id"] == str(user.pk)


def test_an_address_that_the_provider_did_not_check_opens_nothing(provider: Provider) -> None:
    make_user()
    provider.claims["email_verified"] = False
    client, _ = come_in(provider)
    assert not is_in(client)


def test_an_unknown_person_is_told_kindly_and_gets_no_account(provider: Provider) -> None:
    client, response = come_in(provider)
    assert not is_in(client)
    assert not User.objects.exists()
    assert "non ti conosce ancora" in response.content.decode()


def test_where_the_body_wants_it_an_unknown_person_comes_in_without_any_role(provider: Provider, settings: Any) -> None:
    settings.OIDC_WELCOMES_NEW = True
    client, _ = come_in(provider)
    assert is_in(client)
    assert actor_of(User.objects.get().pk, "").grants == frozenset()
    assert AuditEntry.objects.filter(verb="created", kind="accounts.user").exists()


def test_a_closed_account_stays_closed(provider: Provider) -> None:
    make_user()
    come_in(provider)
    User.objects.update(is_active=False)
    client, response = come_in(provider)
    assert not is_in(client)
    assert "chiuso" in response.content.decode()


def test_whoever_turns_back_on_the_way_is_told_that_nothing_happened(provider: Provider) -> None:
    make_user()
    provider.refuses = True
    client, response = come_in(provider)
    assert not is_in(client)
    assert "Non sei entrato" in response.content.decode()


def test_an_answer_that_nobody_asked_for_opens_nothing(provider: Provider) -> None:
    make_user()
    client = Client()
    response = client.get("/accedi/oidc/oidc/login/callback/?code=a-code&state=forged")
    assert not is_in(client)
    assert "Non ha funzionato" in response.content.decode()


def test_a_link_from_elsewhere_does_not_start_it(provider: Provider) -> None:
    response = Client().get("/accedi/oidc/oidc/login/")
    assert response.status_code == 200, "the page with the button, not the way out"
    assert "Andrai alla pagina del tuo ente" in response.content.decode()


def test_without_settings_there_is_no_button() -> None:
    assert "del tuo ente" not in Client().get("/accedi/login/").content.decode()
