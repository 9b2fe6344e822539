"""Who may see, make, open, close and reopen waves."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from trama.core.actor import STAFF, Actor
from trama.territory.models import AreaClosure

OPENERS = frozenset({"plan_office", "evaluator", "technical_coordinator", "dpo_admin"})
# Opening a frozen wave again undoes a public act: who plans answers for it, or who answers for the installation.
REOPENERS = frozenset({"plan_office", "dpo_admin"})
READERS = STAFF | {"evaluator"}
# Who evaluates does not move the targets by which one is judged.
PLANNERS = OPENERS - {"evaluator"}


def may_make(actor: Actor) -> bool:
    """Whether the actor may make a wave, somewhere."""
    return actor.holds(OPENERS)


def _reaches(actor: Actor, roles: Iterable[str], areas: Iterable[int]) -> bool:
    """Whether one of these roles is held on every one of these areas (there is at least one)."""
    wanted = frozenset(areas)
    return actor.everywhere(roles) or (bool(wanted) and wanted <= actor.areas_with(roles))


def may_keep(actor: Actor, areas: Iterable[int]) -> bool:
    """Whether the actor may make, open, remind and close a wave on these areas."""
    return _reaches(actor, OPENERS, areas)


def may_reopen(actor: Actor, areas: Iterable[int]) -> bool:
    """Whether the actor may open a closed wave again."""
    return _reaches(actor, REOPENERS, areas)


def may_plan(actor: Actor) -> bool:
    """Whether the actor may write a plan of objectives, somewhere."""
    return actor.holds(PLANNERS)


def may_plan_in(actor: Actor, area: int) -> bool:
    """Whether the actor may write the objectives of this territory."""
    return _reaches(actor, PLANNERS, [area])


def reads(actor: Actor) -> bool:
    """Whether the actor follows waves at all, somewhere."""
    return actor.holds(READERS)


def follows_all(actor: Actor, areas: Iterable[int]) -> bool:
    """Whether the actor follows a wave in all of its areas, and not in some of them alone."""
    return _reaches(actor, READERS, areas)


def visible_waves(actor: Actor) -> Q:
    """Closed waves for all; the others for the staff of their areas, of those below and of those above."""
    if actor.everywhere(READERS):
        return Q()
    rule = Q(state="closed")
    if areas := actor.areas_with(READERS):
        above = AreaClosure.objects.filter(area__in=areas).order_by().values("ancestor")
        rule |= Q(areas__area__in=areas) | Q(areas__area__in=above)
    return rule


def visible_sheets(actor: Actor) -> Q:
    """Sheets of the areas in which the actor works; what may harm if named is for the staff alone."""
    if actor.everywhere(STAFF):
        return Q()
    rule = Q(area__in=actor.areas_with(STAFF))
    if actor.everywhere(OPENERS):
        return rule | Q(is_sensitive=False)
    return rule | Q(area__in=actor.areas_with(OPENERS), is_sensitive=False)


def visible_plans(actor: Actor) -> Q:
    """Published plans of objectives for all; drafts for those who keep them and for the staff of their territory."""
    if actor.everywhere(READERS):
        return Q()
    return Q(state="published") | Q(area__in=actor.areas_with(READERS))
