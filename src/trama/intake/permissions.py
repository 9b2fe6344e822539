"""Who may bring in data, and who may read what was brought in."""

from __future__ import annotations

from trama.core.actor import Actor
from trama.core.facts import HOME_AREA, facts
from trama.territory import finding
from trama.territory.permissions import KEEPERS, is_keeper, is_writer


def may_see_loads(actor: Actor) -> bool:
    """Whoever keeps the territory, anywhere."""
    return is_keeper(actor)


def may_load(actor: Actor) -> bool:
    """A load may touch everything: whoever keeps the whole installation, or the whole of its home territory."""
    if actor.everywhere(KEEPERS):
        return True
    home = facts().get(HOME_AREA)
    area = finding.id_of(str(home)) if home else None
    return area is not None and area in actor.areas_with(KEEPERS)


def may_bring_records(actor: Actor) -> bool:
    """A spreadsheet of records: also whoever writes in some area, of which only rows in their areas are taken."""
    return may_load(actor) or is_writer(actor)


def may_see_own_loads(actor: Actor) -> bool:
    """Whoever may see loads, and whoever brings some: of these only their own (`may_see_load`)."""
    return may_see_loads(actor) or may_bring_records(actor)


def is_own(actor: Actor, user: int | None) -> bool:
    """Whether the actor is the user who loaded it."""
    return actor.user is not None and user == actor.user


def may_see_load(actor: Actor, user: int | None) -> bool:
    """A load of a user: whoever keeps the territory, and who loaded it."""
    return may_see_loads(actor) or is_own(actor, user)


def may_mend(actor: Actor, user: int | None) -> bool:
    """The rows that a load of a user left behind are for that user, and for who may take the load back."""
    return may_load(actor) or is_own(actor, user)
