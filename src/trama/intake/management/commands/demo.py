"""`trama demo`: a real territory with a living community, true where it names a source, invented where it says so."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from trama.core.actor import SYSTEM
from trama.intake import emptying
from trama.intake.actions import NotEmpty, build_demonstration
from trama.intake.recipe import RecipeError


class Command(BaseCommand):
    help = (
        "Build the demonstration: the Nuovo Circondario Imolese with its real boundaries and residents, what public "
        "sources tell of the Imola community, and around it an invented community, labelled so. Repeating it changes "
        "nothing."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--municipality", default="", metavar="NAME",
                            help="the like for any Italian municipality, by name or ISTAT code")  # fmt: skip
        parser.add_argument("--reset", action="store_true", help="empty the database first (accounts of people stay)")
        parser.add_argument("--yes", action="store_true", help="empty it also when it holds real records")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["reset"] and emptying.holds_real_records() and not options["yes"]:
            held = ", ".join(f"{count} {name}" for name, count in emptying.holdings().items())
            raise CommandError(
                _("This database holds real records (%(held)s). To take them all away, add --yes to --reset.")
                % {"held": held}
            )
        try:
            logins, built = build_demonstration(
                SYSTEM, options["municipality"], reset=options["reset"], progress=self._say
            )
        except (NotEmpty, RecipeError) as error:
            raise CommandError(str(error)) from error
        if not built:
            self.stdout.write(_("The demonstration is there already: nothing changed."))
            return
        self.stdout.write(self.style.SUCCESS(_("The demonstration is ready.")))
        if options["verbosity"] > 0:
            width = max(len(name) for _role, name, _password in logins)
            self.stdout.write(_("Logins (password of all: %(password)s):") % {"password": logins[0][2]})
            for role, name, _password in logins:
                self.stdout.write(f"  {name.ljust(width)}  {role}")

    def _say(self, text: str) -> None:
        self.stderr.write(f"  {text}", self.style.NOTICE)
        self.stderr.flush()
