"""How allauth and axes are fitted to our accounts: who may sign in, and what the audit keeps of it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from axes.backends import AxesStandaloneBackend
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

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

    error_messages = DefaultAccountAdapter.error_messages | dict.fromkeys(
        ("username_password_mismatch", "email_password_mismatch"),
        _("The user name (or e-mail) or the password is not right: look at both and try again."),
    )

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


class SecondProofAdapter(DefaultMFAAdapter):
    """Secrets of apps and recovery codes lie encrypted in the database: a copy of it opens no door."""

    def encrypt(self, text: str) -> str:
        return _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _seal().decrypt(encrypted_text.encode()).decode()


def _seal() -> Fernet:
    """The seal of this installation, made from its key."""
    key = hashlib.sha256(b"trama second proof\0" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def client_ip(request: HttpRequest) -> str | None:
    """The address of who calls, seen through the reverse proxy when there is one; a forged header changes nothing."""
    try:
        address: str = get_adapter(request).get_client_ip(request)
    except PermissionDenied:  # a request that came through no network
        return None
    return address


def guessed_account(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The account at which somebody guesses: one, whether it is called by its name or by its address."""
    given = credentials or request.POST
    typed = str(given.get("username") or given.get("email") or given.get("login") or "").strip().lower()
    found = User.objects.filter(Q(username__iexact=typed) | Q(email__iexact=typed)).order_by("pk").first()
    return found.username.lower() if typed and found is not None else typed


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: Any) -> HttpResponse:
    """The page for who tried too many passwords: says how long to wait, and what to do meanwhile."""
    return render(request, "account/locked_out.html", {"minutes": actions.LOCK_OUT_MINUTES}, status=429)
