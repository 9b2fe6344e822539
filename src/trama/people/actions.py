"""Who works with the service: invited, given and relieved of roles, taken leave of."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.accounts import actions as accounts
from trama.accounts.choices import DEMONSTRATION_PASSWORD
from trama.accounts.models import User
from trama.core import facts, history
from trama.core.actor import SYSTEM, Actor
from trama.network.choices import Role
from trama.network.models import Membership, Organisation
from trama.territory.models import Area

# Roles of those who speak for an organisation or give it their time: they are held for one, the others on an area.
OF_ORGANISATIONS = frozenset({Role.ORG_CONTACT, Role.VOLUNTEER})


class NotPossible(ValueError):
    """Something that cannot be done, with the sentence to say."""


@transaction.atomic
def grant_role(
    actor: Actor,
    user: User,
    role: str,
    *,
    area: Area | None = None,
    organisation: Organisation | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Membership:
    """Give a role on an area (with all below it), for an organisation, or (neither) everywhere.

    A role that is held already stays as it is: granting it twice makes one row. Raises `NotPossible`.
    """
    if role not in Role.values:
        raise NotPossible(_("There is no role “%(role)s”.") % {"role": role})
    if role in OF_ORGANISATIONS and organisation is None:
        raise NotPossible(_("This role is held for an organisation: say which one."))
    if role not in OF_ORGANISATIONS and organisation is not None:
        raise NotPossible(_("This role is held on an area, not for an organisation."))
    if organisation is not None and area is not None:
        raise NotPossible(_("A role is held on an area or for an organisation: choose one of the two."))
    if not user.is_active:
        raise NotPossible(_("This account is closed."))
    if since and until and until < since:
        raise NotPossible(_("The role ends before it begins: which of the two days is right?"))
    same = Membership.objects.filter(user=user, role=role, area=area, organisation=organisation)
    held = same.filter(since=since, until=until).order_by("pk").first()
    if held is not None:
        return held
    membership = Membership.objects.create(
        user=user, role=role, area=area, organisation=organisation, since=since, until=until
    )
    history.record(actor, "granted_role", user, history.state_of(user), _held(membership))
    return membership


@transaction.atomic
def revoke_role(actor: Actor, membership: Membership, last_day: date | None = None) -> None:
    """End a role: after `last_day`, or (None) at once. One that never was in force leaves no row but the audit's."""
    if is_the_last_keepers(membership):
        raise NotPossible(_("This is the only administrator: make another one first."))
    user = membership.user
    yesterday = timezone.localdate() - timedelta(days=1)
    last = last_day or yesterday
    if membership.until is not None and membership.until <= last:
        return
    if membership.since is not None and last < membership.since:
        history.record(actor, "revoked_role", user, history.state_of(user), {**_held(membership), "began": False})
        membership.delete()
        return
    membership.until = last
    membership.save(update_fields=["until"])
    history.record(actor, "revoked_role", user, history.state_of(user), _held(membership))


def _held(membership: Membership) -> dict[str, Any]:
    """A role as the audit of the person keeps it, with names that are read without looking anything up."""
    where = {"area": membership.area, "organisation": membership.organisation}
    days = {"since": membership.since, "until": membership.until}
    named = {name: str(row) for name, row in where.items() if row is not None}
    return {"role": membership.role, **named, **{name: day for name, day in days.items() if day is not None}}


@transaction.atomic
def close_person(actor: Actor, user: User) -> None:
    """End all roles of a person and close the account. Raises `NotPossible` for oneself and for the last keeper."""
    if actor.user == user.pk:
        raise NotPossible(_("You cannot close your own account: ask another administrator."))
    if is_last_administrator(user):
        raise NotPossible(_("This is the only administrator: make another one first."))
    for membership in list(Membership.objects.filter(user=user).order_by("pk")):
        revoke_role(actor, membership)
    accounts.close_account(actor, user)


def is_the_last_keepers(membership: Membership) -> bool:
    """Whether without this role nobody would administer the installation."""
    everywhere = membership.area_id is None and membership.organisation_id is None
    return everywhere and membership.role == Role.DPO_ADMIN and is_last_administrator(membership.user)


def is_last_administrator(user: User) -> bool:
    """Whether nobody else administers the whole installation today."""
    keepers = Membership.objects.in_force().filter(
        role=Role.DPO_ADMIN, area=None, organisation=None, user__is_active=True, user__is_demonstration=False
    )
    return keepers.filter(user=user).exists() and not keepers.exclude(user=user).exists()


def invite(
    actor: Actor,
    site: str,
    username: str,
    *,
    email: str,
    first_name: str = "",
    last_name: str = "",
    role: dict[str, Any] | None = None,
) -> tuple[User, str]:
    """Make an account, with a first role (arguments of `grant_role`), and write to the person. Gives account and link.

    `site` is the address of this installation. Raises `accounts.AccountExists` and `NotPossible`.
    """
    with transaction.atomic():
        user = accounts.create_user(actor, username, email=email, first_name=first_name, last_name=last_name)
        if role is not None:
            grant_role(actor, user, **role)
        return user, send_invitation(actor, site, user)


def change_person(actor: Actor, user: User, *, email: str, first_name: str, last_name: str) -> User:
    """Change the name and the address of a person. Raises `accounts.AccountExists`."""
    return accounts.change_account(actor, user, email=email, first_name=first_name, last_name=last_name)


def note_audit_export(actor: Actor, filters: str) -> int:
    """Write that the audit was downloaded, and by which filter. Gives the number of this entry."""
    return history.record(actor, "exported", extra={"audit": filters or "*"}).number


def send_invitation(actor: Actor, site: str, user: User) -> str:
    """Write to a person, again if needed, with a link to set a password. Gives the link."""
    link = accounts.link_to_set_password(site, user)
    days = settings.PASSWORD_RESET_TIMEOUT // 86_400
    body = facts.facts().get(facts.BODY_NAME, "")
    context = {"person": user, "link": link, "site": site, "days": days, "body": body}
    with transaction.atomic():
        history.record(actor, "invited", user, history.state_of(user))
        if user.email:
            text = render_to_string("people/invitation.txt", context)
            transaction.on_commit(lambda: EmailMessage(_("Your account on Trama"), text, to=[user.email]).send())
    return link


# Each demonstration account: its role, its user name, and what it is called (names of roles, nobody's names).
DEMONSTRATION: tuple[tuple[Role, str, str], ...] = (
    (Role.COMMUNITY_WORKER, "operatrice", "Operatrice di comunità"),
    (Role.SOCIAL_WORKER, "assistente", "Assistente sociale"),
    (Role.TECHNICAL_COORDINATOR, "coordinatrice", "Coordinatrice tecnico-sociale"),
    (Role.PLAN_OFFICE, "piano", "Ufficio di piano"),
    (Role.DISTRICT_OFFICE, "quartiere", "Ufficio reti di quartiere"),
    (Role.TABLE_FACILITATOR, "facilitatore", "Facilitatore dei tavoli"),
    (Role.LOCAL_ANTENNA, "antenna", "Antenna del territorio"),
    (Role.MEDIATOR, "mediatrice", "Mediatrice sociale"),
    (Role.ORG_CONTACT, "referente", "Referente di un'associazione"),
    (Role.VOLUNTEER, "volontario", "Volontario"),
    (Role.CITIZEN, "cittadina", "Cittadina"),
    (Role.PARTNER_HEALTH, "salute", "Operatore dell'azienda sanitaria"),
    (Role.EVALUATOR, "valutatrice", "Valutatrice"),
    (Role.DPO_ADMIN, "amministratore", "Amministratore"),
)
# These work for the whole home territory (a district, a union); the others for one municipality of it.
OF_THE_HOME = frozenset({Role.TECHNICAL_COORDINATOR, Role.PLAN_OFFICE, Role.PARTNER_HEALTH, Role.EVALUATOR})


def create_demonstration_logins(
    home: Area, municipality: Area, organisation: Organisation
) -> list[tuple[str, str, str]]:
    """One account for each role, in a demonstration; repeating it changes nothing. Gives (role, user name, password).

    Raises `NotPossible` when the database is not a demonstration (the fact `demonstration` is stated first).
    """
    if not facts.is_demonstration():
        raise NotPossible(_("This is not a demonstration: demonstration accounts are not made here."))
    password = make_password(DEMONSTRATION_PASSWORD)  # one for all: it is printed on the login page
    made = []
    with transaction.atomic():
        for role, username, called in DEMONSTRATION:
            user = accounts.join_demonstration(SYSTEM, username, called, password)
            if role in OF_ORGANISATIONS:
                grant_role(SYSTEM, user, role, organisation=organisation)
            elif role == Role.DPO_ADMIN:
                grant_role(SYSTEM, user, role)
            else:
                grant_role(SYSTEM, user, role, area=home if role in OF_THE_HOME else municipality)
            made.append((str(role), username, DEMONSTRATION_PASSWORD))
    return made
