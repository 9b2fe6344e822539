"""How allauth and axes are fitted to our accounts: who may sign in, and what the audit keeps of it."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from axes.backends import AxesStandaloneBackend
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from trama.accounts import actions
from trama.accounts.models import User
from trama.accounts.permissions import may_sign_in


class Accounts(AuthenticationBackend):
    """Password by user name or e-mail. Who may not sign in is nobody, also with a session from before."""

    def user_can_authenticate(self, user: Any) -> bool:
        return may_sign_in(user)


class LockOut(AxesStandaloneBackend):
    """Stops whoever guesses passwords, before any password is looked at. It signs nobody in itself."""

    def get_user(self, user_id: int) -> User | None:
        return Accounts().get_user(user_id)


class AccountAdapter(DefaultAccountAdapter):
    """No open registration: who signs in was made known by an administrator, or comes through OpenID Connect."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: Any, **rest: Any) -> HttpResponse | None:
        # Every way in passes here: password, passkey, identity provider, a link to set the password.
        if not may_sign_in(user):
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **rest)

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        actions.note_sign_in(user)

    def set_password(self, user: Any, password: str) -> None:
        actions.set_password(user, password)


class SocialAdapter(DefaultSocialAccountAdapter):
    """People who come through the body's identity provider: known by e-mail, new ones if the body says so."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return bool(settings.OIDC_WELCOMES_NEW)

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        user = super().save_user(request, sociallogin, form)
        actions.note_arrival(user, sociallogin.account.provider)
        return user


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: Any) -> HttpResponse:
    """The page for who tried too many passwords: says how long to wait, and what to do meanwhile."""
    return render(request, "account/locked_out.html", {"minutes": actions.LOCK_OUT_MINUTES}, status=429)
