"""`trama user`: people with a login, from the command line."""

from __future__ import annotations

import getpass
import os
import sys
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from trama.accounts import actions as accounts
from trama.accounts.models import User
from trama.core.actor import SYSTEM
from trama.network.choices import Role
from trama.network.models import Membership
from trama.people import actions
from trama.people.forms import areas_called, organisations_called, suggestion

EXAMPLES = """examples:
  trama user add maria.rossi --email maria.rossi@comune.example --name "Maria Rossi" --admin
  trama user role maria.rossi plan_office --area 037032
  trama user role anna.neri org_contact --organisation "Centro sociale La Stalla" --until 2027-06-30
  trama user role maria.rossi plan_office --area 037032 --end
  trama user list"""


class Command(BaseCommand):
    help = "Add people, give and end roles, list who holds what (repeating a command changes nothing)."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        from argparse import RawDescriptionHelpFormatter

        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.epilog, parser.formatter_class = EXAMPLES, RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The three things that can be done."""
        tasks = parser.add_subparsers(dest="task", required=True, metavar="add|role|list")
        add = tasks.add_parser("add", help="add a person; a link to choose a password is printed and sent by e-mail")
        add.add_argument("username", help="the name to sign in with, for example maria.rossi")
        add.add_argument("--email", default="", help="where the link is sent")
        add.add_argument("--name", default="", metavar="'FIRST LAST'", help="first and last name")
        add.add_argument(
            "--admin", action="store_true", help="give the role of administrator of the whole installation"
        )
        add.add_argument(
            "--password", action="store_true", help="ask for a password now (or read it from TRAMA_PASSWORD)"
        )
        add.add_argument("--invite", action="store_true", help="send the link again to somebody who is already there")
        add.add_argument("--site", default="", metavar="ADDRESS", help="address of the site, for the link")
        role = tasks.add_parser("role", help="give a role to a person, or end it (--end)")
        role.add_argument("username")
        role.add_argument("role", choices=Role.values, metavar="ROLE", help=", ".join(Role.values))
        role.add_argument("--area", default="", metavar="CODE", help="code or name of an area; nothing: everywhere")
        role.add_argument("--organisation", default="", metavar="NAME", help="name or number of an organisation")
        role.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="first day")
        role.add_argument("--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help="last day")
        role.add_argument("--end", action="store_true", help="end the role now")
        tasks.add_parser("list", help="who has an account, and which roles")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do one of the three."""
        try:
            with transaction.atomic():
                {"add": self._add, "role": self._role, "list": self._list}[options["task"]](options)
        except actions.NotPossible as reason:
            raise CommandError(str(reason)) from None

    def _add(self, options: dict[str, Any]) -> None:
        username, email = options["username"], options["email"]
        user = User.objects.filter(username__iexact=username).first()
        if user is not None and not user.is_active:
            raise CommandError(f"The account {username} is closed: choose another user name.")
        if user is None:
            first, _, last = options["name"].partition(" ")
            try:
                user = accounts.create_user(SYSTEM, username, email=email, first_name=first, last_name=last)
            except accounts.AccountExists:
                raise CommandError(f"Somebody else already has the address {email}.") from None
            self.stdout.write(f"{username} was added.")
            new = True
        else:
            self.stdout.write(f"{username} is already there: nothing changed in the account.")
            new = False
        if options["admin"]:
            actions.grant_role(SYSTEM, user, Role.DPO_ADMIN)
            self.stdout.write(f"{username} administers the whole installation.")
        if options["password"]:
            accounts.set_password(user, self._password(user))
            self.stdout.write("The password is set.")
        elif new or options["invite"]:
            site = options["site"] or _default_site()
            link = actions.send_invitation(SYSTEM, site, user)
            sent = f", and sent to {user.email}" if user.email else ""
            self.stdout.write(f"Link to choose a password (works once{sent}):\n  {link}")

    def _password(self, user: User) -> str:
        from django.contrib.auth.password_validation import validate_password
        from django.core.exceptions import ValidationError

        given = os.environ.get("TRAMA_PASSWORD")
        if given is None and sys.stdin.isatty():
            given = getpass.getpass(f"Password for {user.username}: ")
        if not given:
            raise CommandError("No password: type it at the prompt, or give it in TRAMA_PASSWORD.")
        try:
            validate_password(given, user)
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from None
        return given

    def _role(self, options: dict[str, Any]) -> None:
        user = User.objects.filter(username__iexact=options["username"]).first()
        if user is None:
            raise CommandError(f"Nobody is called {options['username']}: see “trama user list”.")
        area = _one("area", areas_called(options["area"]), options["area"]) if options["area"] else None
        wanted = options["organisation"]
        organisation = _one("organisation", organisations_called(wanted), wanted) if wanted else None
        if not options["end"]:
            held = actions.grant_role(
                SYSTEM,
                user,
                options["role"],
                area=area,
                organisation=organisation,
                since=options["since"],
                until=options["until"],
            )
            self.stdout.write(f"{user.username} is {_words(held)}.")
            return
        held_now = Membership.objects.filter(user=user, role=options["role"], area=area, organisation=organisation)
        running = [m for m in held_now.order_by("pk") if m.until is None or m.until >= timezone.localdate()]
        for membership in running:
            words = _words(membership)
            actions.revoke_role(SYSTEM, membership)
            self.stdout.write(f"{user.username} is no longer {words}.")
        if not running:
            self.stdout.write(f"{user.username} did not hold this role: nothing changed.")

    def _list(self, options: dict[str, Any]) -> None:
        people = User.objects.order_by("-is_active", "username").prefetch_related(
            "memberships__area", "memberships__organisation"
        )
        for user in people:
            state = "" if user.is_active else " (closed)"
            self.stdout.write(f"{user.username}{state}  {user.get_full_name()}  {user.email}".rstrip())
            for membership in user.memberships.all():
                self.stdout.write(f"    {_words(membership)}")
        if not people:
            self.stdout.write("Nobody yet. The first administrator: trama user add NAME --email ADDRESS --admin")


def _one(kind: str, rows: Any, text: str) -> Any:
    found = list(rows[:6])
    if not found:
        raise CommandError(f"No {kind} is called “{text}”.")
    if len(found) > 1:
        raise CommandError(f"More than one {kind} is called “{text}”: " + "; ".join(map(suggestion, found)))
    return found[0]


def _words(held: Membership) -> str:
    where = "everywhere"
    if held.organisation is not None:
        where = f"for {suggestion(held.organisation)}"
    elif held.area is not None:
        where = f"on {suggestion(held.area)}"
    days = [f"from {held.since}" if held.since else "", f"until {held.until}" if held.until else ""]
    return " ".join(part for part in (held.role, where, *days) if part)


def _default_site() -> str:
    from django.conf import settings

    hosts = [host for host in settings.ALLOWED_HOSTS if host not in {"127.0.0.1", "localhost", "[::1]"}]
    return f"https://{hosts[0].lstrip('.')}" if hosts else "http://127.0.0.1:8000"
