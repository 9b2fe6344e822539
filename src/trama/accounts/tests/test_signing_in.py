from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.core import mail
from django.test import Client

from trama.accounts import actions
from trama.accounts.models import User
from trama.accounts.tests.factories import PASSWORD, code_of, is_in, make_user, sign_in
from trama.core.actor import SYSTEM
from trama.core.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "login", ["maria.rossi", "MARIA.ROSSI", "maria.rossi@comune.example", "Maria.Rossi@Comune.Example"]
)
def test_by_user_name_or_address_in_any_case(login: str) -> None:
    make_user()
    client, response = sign_in(login)
    assert is_in(client)
    assert response["Location"] == "/oggi/"


def test_coming_in_stands_in_the_audit() -> None:
    user = make_user()
    sign_in("maria.rossi")
    entry = AuditEntry.objects.get(verb="signed_in")
    assert (entry.user, entry.user_name, entry.label) == (user.pk, "Maria Rossi", "maria.rossi")


@pytest.mark.parametrize(("login", "password"), [("maria.rossi", "wrong"), ("nobody", PASSWORD), ("maria.rossi", "")])
def test_a_wrong_pair_opens_nothing_and_says_so_in_italian(login: str, password: str) -> None:
    make_user()
    client, response = sign_in(login, password)
    assert not is_in(client)
    assert response.status_code == 200
    assert "Accesso non riuscito" in response.content.decode()


def test_the_answer_does_not_say_whether_the_name_exists() -> None:
    make_user()
    known = sign_in("maria.rossi", "wrong")[1].content.decode()
    unknown = sign_in("maria.bianchi", "wrong")[1].content.decode()

    def bare(page: str) -> str:
        return re.sub(r'value="[^"]*"', "", page)

    assert bare(known) == bare(unknown)


def test_a_closed_account_opens_nothing() -> None:
    user = make_user()
    inside, _ = sign_in("maria.rossi")
    actions.close_account(SYSTEM, user)
    assert inside.get("/oggi/").status_code == 302
    for login in ("maria.rossi", f"account-{user.pk}"):
        assert not is_in(sign_in(login)[0])


def test_an_account_that_is_only_shut_says_that_it_is_closed() -> None:
    User.objects.filter(pk=make_user().pk).update(is_active=False)
    client, response = sign_in("maria.rossi")
    assert not is_in(client)
    assert "chiuso" in client.get(response["Location"]).content.decode()


# --- guessing -------------------------------------------------------------------------------------------------------
def test_guessing_is_stopped_with_a_kind_page() -> None:
    make_user()
    for _ in range(7):
        _, response = sign_in("maria.rossi", "wrong")
        assert response.status_code == 200
    client, response = sign_in("maria.rossi", "wrong")
    assert response.status_code == 429
    page = response.content.decode()
    assert "Troppi tentativi" in page
    assert "15 minuti" in page
    client, response = sign_in("maria.rossi", PASSWORD)
    assert not is_in(client), "during the wait not even the right password is looked at"


@pytest.mark.parametrize(
    ("login", "password"), [("a" * 255, "x"), ("a@" + "b" * 100_000, "x"), ("maria.rossi", "x" * 1025)]
)
def test_what_is_too_long_to_be_a_login_is_neither_looked_at_nor_kept(login: str, password: str) -> None:
    make_user()
    client, response = sign_in(login, password)
    assert response.status_code == 200
    assert not is_in(client)
    assert "più di" in response.content.decode()
    assert not AccessAttempt.objects.exists()


def test_the_longest_login_is_looked_at() -> None:
    _, response = sign_in("a" * 254, "x" * 1024)
    assert "più di" not in response.content.decode()
    assert AccessAttempt.objects.count() == 1


def test_guessing_by_name_and_by_address_is_counted_together() -> None:
    make_user()
    for _ in range(4):
        sign_in("maria.rossi", "wrong")
        _, response = sign_in("Maria.Rossi@comune.example", "wrong")
    assert response.status_code == 429
    assert not is_in(sign_in("maria.rossi")[0])
    assert not is_in(sign_in("maria.rossi@comune.example")[0])


def test_guessing_at_one_person_does_not_lock_out_another() -> None:
    make_user()
    make_user("anna.neri")
    for _ in range(9):
        sign_in("maria.rossi", "wrong")
    assert is_in(sign_in("anna.neri")[0])


def test_the_wait_ends(time_machine: Any) -> None:
    make_user()
    for _ in range(9):
        sign_in("maria.rossi", "wrong")
    time_machine.move_to(time.time() + 16 * 60)
    assert is_in(sign_in("maria.rossi")[0])


def test_seven_mistakes_are_forgotten_once_one_is_in() -> None:
    make_user()
    for _ in range(7):
        sign_in("maria.rossi", "wrong")
    assert is_in(sign_in("maria.rossi")[0])
    for _ in range(7):
        sign_in("maria.rossi", "wrong")
    assert is_in(sign_in("maria.rossi")[0])


def test_a_forged_header_does_not_make_a_new_guesser() -> None:
    make_user()
    client = Client()
    for number in range(8):
        response = client.post(
            "/accedi/login/",
            {"login": "maria.rossi", "password": "wrong"},
            headers={"x-forwarded-for": f"10.0.0.{number}"},
        )
    assert response.status_code == 429


# --- what is not offered --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["nobody", "somebody"])
@pytest.mark.parametrize(
    "address",
    ["signup/", "email/", "confirm-email/", "confirm-email/abc/", "login/code/confirm/", "3rdparty/"],
)
def test_nobody_signs_up_or_changes_the_address_alone(address: str, who: str) -> None:
    client = Client()
    if who == "somebody":
        client.force_login(make_user())
    people = User.objects.count()
    data = {"email": "x@example.org", "username": "x", "password1": PASSWORD, "password2": PASSWORD}
    assert client.get(f"/accedi/{address}").status_code == 404
    assert client.post(f"/accedi/{address}", data).status_code == 404
    assert User.objects.count() == people


# --- where one goes -------------------------------------------------------------------------------------------------
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_leads_nowhere_else(target: str) -> None:
    make_user()
    _, response = sign_in("maria.rossi", next=target)
    assert response["Location"] == "/oggi/"


def test_signing_in_leads_to_the_page_that_was_asked_for() -> None:
    make_user()
    client = Client()
    asked = client.get("/persone/io/")
    assert asked["Location"] == "/accedi/login/?next=/persone/io/"
    page = client.get(asked["Location"]).content.decode()
    assert 'name="next" value="/persone/io/"' in page
    _, response = sign_in("maria.rossi", next="/persone/io/", client=client)
    assert response["Location"] == "/persone/io/"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_out_and_choosing_a_language_lead_nowhere_else(target: str) -> None:
    client = Client()
    client.force_login(make_user())
    chosen = client.post("/lingua/setlang/", {"language": "en", "next": target})
    assert "evil" not in chosen.get("Location", "")
    assert "alert" not in chosen.get("Location", "")
    out = client.post("/accedi/logout/", {"next": target})
    assert out["Location"] == "/"
    assert not is_in(client)


def test_opening_the_page_to_sign_out_signs_nobody_out() -> None:
    client = Client()
    client.force_login(make_user())
    assert client.get("/accedi/logout/").status_code == 200
    assert is_in(client)


# --- passwords ------------------------------------------------------------------------------------------------------
def link_in(message: Any) -> str:
    found = re.search(r"https?://[^/]+(/\S+)", message.body)
    assert found
    return found.group(1)


def test_a_forgotten_password_is_chosen_again_by_a_link_that_works_once() -> None:
    make_user()
    client = Client()
    client.post("/accedi/password/reset/", {"email": "maria.rossi@comune.example"})
    (message,) = mail.outbox
    assert message.subject == "Trama: scegli una nuova password"
    assert "maria.rossi" in message.body
    link = link_in(message)
    form = client.get(link, follow=True)
    address = form.request["PATH_INFO"]
    short = client.post(address, {"password1": "short", "password2": "short"})
    assert "12 caratteri" in short.content.decode()
    client.post(address, {"password1": "new green wooden chairs", "password2": "new green wooden chairs"})
    assert is_in(sign_in("maria.rossi", "new green wooden chairs")[0])
    assert not is_in(sign_in("maria.rossi", PASSWORD)[0])
    assert "Questo link non vale più" in Client().get(link, follow=True).content.decode()
    assert AuditEntry.objects.filter(verb="changed_password", label="maria.rossi").exists()


def test_a_link_is_good_for_three_days(time_machine: Any) -> None:
    link = actions.link_to_set_password("http://testserver", make_user())
    time_machine.move_to(time.time() + 3 * 86_400 + 60)
    assert "Questo link non vale più" in Client().get(link, follow=True).content.decode()


def test_an_unknown_address_gets_the_same_answer_and_no_mail() -> None:
    make_user()
    known = Client().post("/accedi/password/reset/", {"email": "maria.rossi@comune.example"})
    unknown = Client().post("/accedi/password/reset/", {"email": "nobody@comune.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert len(mail.outbox) == 1


def test_a_changed_password_signs_other_browsers_out() -> None:
    make_user()
    (here, _), (there, _) = sign_in("maria.rossi"), sign_in("maria.rossi")
    new = "new green wooden chairs"
    here.post("/accedi/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert here.get("/oggi/").status_code == 200
    assert there.get("/oggi/").status_code == 302
    assert any("Trama" in message.subject for message in mail.outbox), "the person is told"


# --- second proof ---------------------------------------------------------------------------------------------------
def with_app(username: str = "maria.rossi") -> tuple[User, str, list[str]]:
    """Somebody who uses an app: the secret of the app, and the recovery codes."""
    user = make_user(username)
    client, _ = sign_in(username)
    asked = client.get("/accedi/2fa/totp/activate/")
    assert asked["Location"].startswith("/accedi/reauthenticate/"), "who changes the locks shows the key first"
    client.post(asked["Location"], {"password": PASSWORD})
    page = client.get("/accedi/2fa/totp/activate/")
    secret = page.context["form"].secret
    done = client.post("/accedi/2fa/totp/activate/", {"code": code_of(secret)})
    assert done["Location"] == "/accedi/2fa/recovery-codes/"
    codes = re.findall(r"<code>(\w+)</code>", client.get(done["Location"]).content.decode())
    assert len(codes) == 10
    return user, secret, codes


def test_with_an_app_the_password_alone_opens_nothing(time_machine: Any) -> None:
    _, secret, _ = with_app()
    client, response = sign_in("maria.rossi")
    assert not is_in(client)
    assert response["Location"] == "/accedi/2fa/authenticate/"
    page = client.get("/accedi/2fa/authenticate/").content.decode()
    assert "Seconda prova" in page
    assert client.get("/oggi/").status_code == 302
    wrong = client.post("/accedi/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200
    assert not is_in(client)
    time_machine.move_to(time.time() + 60)  # the code of the activation works once
    client.post("/accedi/2fa/authenticate/", {"code": code_of(secret)})
    assert is_in(client)


def test_a_recovery_code_opens_once() -> None:
    _, _, codes = with_app()
    client, _ = sign_in("maria.rossi")
    client.post("/accedi/2fa/authenticate/", {"code": codes[0]})
    assert is_in(client)
    client, _ = sign_in("maria.rossi")
    client.post("/accedi/2fa/authenticate/", {"code": codes[0]})
    assert not is_in(client)


def test_the_codes_are_written_down_with_care() -> None:
    user, secret, codes = with_app()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator WHERE user_id = %s", [user.pk])
        kept = " ".join(str(row[0]) for row in cursor.fetchall())
    assert secret not in kept
    assert not any(code in kept for code in codes)


def test_every_page_of_the_second_proof_speaks_italian() -> None:
    with_app()
    client, _ = sign_in("maria.rossi")
    page = client.get("/accedi/2fa/authenticate/").content.decode()
    assert 'lang="it"' in page
    for english in ("Sign in", "Authenticator", "Security key", "Code:", "Two-Factor"):
        assert english not in page


# --- closing --------------------------------------------------------------------------------------------------------
def test_closing_an_account_empties_what_it_holds_of_the_person() -> None:
    user, _, _ = with_app()
    actions.close_account(SYSTEM, user)
    user.refresh_from_db()
    assert (user.username, user.first_name, user.last_name, user.email) == (f"account-{user.pk}", "", "", "")
    assert not user.has_usable_password()
    assert not user.is_active
    from django.db import connection

    for table in ("account_emailaddress", "mfa_authenticator", "socialaccount_socialaccount"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE user_id = %s", [user.pk])  # noqa: S608
            assert cursor.fetchone()[0] == 0, table
    assert AuditEntry.objects.get(verb="closed").object_id == str(user.pk)
    assert AuditEntry.objects.filter(user_name="Maria Rossi").exists(), "what was done stays"


def test_a_name_or_an_address_is_given_once_in_any_case() -> None:
    make_user()
    with pytest.raises(actions.AccountExists):
        actions.create_user(SYSTEM, "Maria.Rossi")
    with pytest.raises(actions.AccountExists):
        actions.create_user(SYSTEM, "other", email="MARIA.ROSSI@comune.example")


# --- what the browser keeps ------------------------------------------------------------------------------------------
def test_the_cookies_are_closed() -> None:
    make_user()
    client, _ = sign_in("maria.rossi")
    session = client.cookies["trama_session"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert session["max-age"] == "" or int(session["max-age"]) <= 12 * 3600
    assert client.get("/accedi/logout/").cookies["trama_csrf"]["samesite"] == "Lax"


def test_behind_https_cookies_travel_by_https_alone(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    asked = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN"]
    done = subprocess.run(
        [sys.executable, "-c", f"from trama.config import settings as s; print([getattr(s, n) for n in {asked}])"],
        env={**os.environ, "TRAMA_HOME": str(tmp_path), "TRAMA_HTTPS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[True, True, 31536000, False]"
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0, "the key is for its owner alone"
