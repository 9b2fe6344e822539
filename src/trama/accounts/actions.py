"""What happens to accounts: made, changed, signed in, closed. Each act stands in the audit."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.urls import reverse

from trama.accounts.choices import DEMONSTRATION_PASSWORD
from trama.accounts.models import User
from trama.core import history
from trama.core.actor import Actor

LOCK_OUT_MINUTES = round(settings.AXES_COOLOFF_TIME * 60)  # minutes


class AccountExists(ValueError):
    """Somebody else already has this user name or this e-mail."""


def acting(user: User) -> Actor:
    """Who a user is to the audit, before roles are looked up."""
    return Actor(user=user.pk, name=user.called)


@transaction.atomic
def create_user(actor: Actor, username: str, *, email: str = "", first_name: str = "", last_name: str = "",
                password: str | None = None) -> User:  # fmt: skip
    """Make an account. Without a password nobody can sign in to it until a link to set one is used.

    Raises `AccountExists` when the user name or the e-mail is taken, no matter in which letter case.
    """
    if User.objects.filter(username__iexact=username).exists():
        raise AccountExists("username")
    if email and User.objects.filter(email__iexact=email).exists():
        raise AccountExists("email")
    user = User(username=username, email=email, first_name=first_name, last_name=last_name)
    user.password = make_password(password)
    user.save()
    _know_address(user)
    history.record(actor, "created", user)
    return user


@transaction.atomic
def change_account(actor: Actor, user: User, *, email: str, first_name: str, last_name: str) -> User:
    """Change the name and the address of a person. Raises `AccountExists` when the e-mail is another's."""
    if email and User.objects.filter(email__iexact=email).exclude(pk=user.pk).exists():
        raise AccountExists("email")
    before = history.state_of(user)
    user.email, user.first_name, user.last_name = email, first_name, last_name
    user.save(update_fields=["email", "first_name", "last_name"])
    EmailAddress.objects.filter(user=user).exclude(email__iexact=email).delete()
    _know_address(user)
    history.record(actor, "changed", user, before)
    return user


def _know_address(user: User) -> None:
    """The address is known to be right because an administrator wrote it: allauth need not ask for a proof."""
    if user.email:
        EmailAddress.objects.get_or_create(
            user=user, email=user.email.lower(), defaults={"verified": True, "primary": True}
        )


@transaction.atomic
def close_account(actor: Actor, user: User) -> User:
    """Close an account and empty what it holds of the person; the audit keeps what was done, under its number.

    Whoever is signed in with it is out at the next page.
    """
    before = history.state_of(user)
    for model in (EmailAddress, Authenticator, SocialAccount):
        model.objects.filter(user=user).delete()
    user.username = f"account-{user.pk}"
    user.first_name = user.last_name = user.email = ""
    user.is_active = user.is_demonstration = False
    user.last_login = None
    user.set_unusable_password()
    user.save()
    history.record(actor, "closed", user, before)
    return user


@transaction.atomic
def set_password(user: User, password: str) -> None:
    """A person sets the own password."""
    user.set_password(password)
    user.save(update_fields=["password"])
    _note(user, "changed_password")


def note_sign_in(user: User) -> None:
    """Somebody came in."""
    _note(user, "signed_in")


def note_arrival(user: User, provider: str) -> None:
    """Somebody came in through the identity provider for the first time."""
    _note(user, "created", {"provider": provider})


def _note(user: User, verb: str, changes: dict[str, Any] | None = None) -> None:
    act = history.Act(verb, history.kind_of(user), str(user.pk), user.username, changes)
    history.record_many(acting(user), [act])


def link_to_set_password(site: str, user: User) -> str:
    """The address where a person sets a first (or a new) password: it works once, and for some days."""
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
    return f"{site.rstrip('/')}{path}"


@transaction.atomic
def join_demonstration(actor: Actor, username: str, called: str, password: str) -> User:
    """An account of the demonstration (`password` is a hash): made, or put back to what the login page says of it."""
    user = User.objects.filter(username=username).first()
    if user is not None and not user.is_demonstration:
        raise AccountExists("username")
    if user is None:
        user = User.objects.create(username=username, first_name=called, password=password, is_demonstration=True)
        history.record(actor, "created", user)
        return user
    before = history.state_of(user)
    user.first_name, user.last_name, user.email, user.is_active = called, "", "", True
    if not check_password(DEMONSTRATION_PASSWORD, user.password):
        user.password = password
    if history.differences(user, before):
        user.save()
        history.record(actor, "changed", user, before)
    return user
