"""Passkeys and the code of an app in a real browser, with a virtual key: the strict content policy lets them work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trama.accounts.tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def with_a_key(page: Any) -> None:
    """Give the tab a virtual key that stores passkeys and always agrees."""
    protocol = page.context.new_cdp_session(page)
    protocol.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_added_and_opens_the_door_without_a_password(open_page: Callable[..., Any]) -> None:
    make_user()
    # A passkey belongs to a name: browsers accept none for a bare address.
    page = open_page("/accedi/login/?next=/accedi/2fa/webauthn/add/")
    address = page.url.replace("127.0.0.1", "localhost")
    page.goto(address)
    with_a_key(page)
    page.fill("[name=login]", "maria.rossi")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Entra", exact=True).click()
    page.wait_for_url("**/reauthenticate/**")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Continua").click()
    page.wait_for_url("**/webauthn/add/")
    page.fill("[name=name]", "telefono dell'ufficio")
    page.check("[name=passwordless]")
    page.get_by_role("button", name="Aggiungi la chiave").click()
    page.wait_for_url("**/recovery-codes/")
    site = page.url.split("/accedi")[0]
    page.goto(f"{site}/accedi/2fa/webauthn/")
    assert page.get_by_text("telefono dell'ufficio").first.is_visible()

    page.goto(f"{site}/accedi/logout/")
    page.get_by_role("button", name="Esci").last.click()
    page.goto(f"{site}/accedi/login/?next=/persone/io/")
    page.get_by_role("button", name="Entra con una chiave").click()
    page.get_by_role("heading", name="Maria Rossi").wait_for()
    assert page.url.endswith("/persone/io/")


def test_a_key_that_does_not_answer_is_said_in_words(open_page: Callable[..., Any]) -> None:
    page = open_page("/accedi/login/")
    page.goto(page.url.replace("127.0.0.1", "localhost"))
    with_a_key(page)  # it holds no passkey of this site
    page.get_by_role("button", name="Entra con una chiave").click()
    page.get_by_text("La chiave non ha risposto").wait_for()
