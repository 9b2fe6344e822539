"""How accounts come to be: by the administrator or by the body's identity provider, not by signing up."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """No open registration: who signs in was made known by an administrator, or comes through OpenID Connect."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
