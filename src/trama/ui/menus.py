"""The doors of the site: addresses are named, not imported, so that the look stays below what it leads to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from trama.core.actor import STAFF, Actor
from trama.core.pages import anyone, signed_in


@dataclass(frozen=True)
class Item:
    """One door: shown when the address exists and the actor may open it."""

    label: str | Promise
    url_name: str
    may: Callable[[Actor], bool] = anyone


MAIN = (
    Item(_("The territory"), "territory:areas"),
    Item(_("Who is there"), "network:organisations"),
    Item(_("What is on offer"), "directory:resources"),
    Item(_("What is done"), "experiences:experiences"),
    Item(_("Places"), "territory:places"),
    Item(_("Calendar"), "portal:calendar"),
    Item(_("Numbers"), "insight:index"),
)


# Who writes down what happens (`territory.permissions.WRITERS`, which the look does not import).
WRITERS = STAFF - {"partner_health", "dpo_admin"}


def _administers(actor: Actor) -> bool:
    return actor.holds({"dpo_admin"})


def _loads(actor: Actor) -> bool:
    return actor.holds({"plan_office", "technical_coordinator", "dpo_admin"})


def _coordinates(actor: Actor) -> bool:
    return actor.holds({"dpo_admin", "technical_coordinator"})


def _writes(actor: Actor) -> bool:
    return actor.holds(WRITERS)


def _monitors(actor: Actor) -> bool:
    return actor.is_staff or actor.holds({"evaluator"})


USER = (
    Item(_("My account"), "people:me", signed_in),
    Item(_("One actor, one name"), "network:duplicates", _writes),
    Item(_("People and roles"), "people:people", _coordinates),
    Item(_("Monitoring"), "monitoring:waves", _monitors),
    Item(_("Loads of data"), "intake:loads", _loads),
    Item(_("Register of acts"), "people:audit", _administers),
)


def main_items() -> tuple[Item, ...]:
    """The doors of the main menu."""
    return MAIN


def user_items() -> tuple[Item, ...]:
    """The doors of who signed in."""
    return USER
