"""Who may see and change experiences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, Q

from trama.core.actor import Actor
from trama.territory.permissions import STAFF, WRITERS, may_write_in

# Roles that may say of a practice that others should copy it.
JUDGES = frozenset({"plan_office", "technical_coordinator", "district_office"})
# Roles of an organisation in an experience whose contact person may change the record; a partner reads.
CARRIERS = frozenset({"tie_role:promoter", "tie_role:manager", "tie_role:coordinator"})
PUBLIC = Q(state="published", is_sensitive=False)


def visible(actor: Actor) -> Q:
    """Published ones that name nobody sensitive, for all.

    Drafts and sensitive ones for the staff of their areas, for their author, for the people of their organisations.
    What is public is told from the row itself, so that a list is read along an index; only for a hidden row the rest
    is asked, row by row (`EXISTS` repeats no row, where a join would).
    """
    if actor.everywhere(STAFF):
        return Q()
    rule = PUBLIC
    if actor.user is not None:
        rule |= _exists("Experience", pk=OuterRef("pk"), author=actor.user)
    if areas := actor.areas_with(STAFF):
        rule |= _exists("ExperienceArea", experience=OuterRef("pk"), area__in=areas)
    if actor.organisations:
        rule |= _exists("Participation", experience=OuterRef("pk"), organisation__in=actor.organisations)
    return rule


def visible_practices(actor: Actor) -> Q:
    """Published sheets of experiences that everybody reads, for all.

    Drafts, and those of hidden experiences, for who sees these from inside: the staff of their areas, the people of
    their organisations; a draft also for who began it, as long as they see its experience.
    """
    if actor.everywhere(STAFF):
        return Q()
    open_to_all = Q(experience__state="published", experience__is_sensitive=False)
    rule = open_to_all & Q(state="published")
    if actor.user is not None:
        rule |= Q(author=actor.user) & (open_to_all | Q(experience__author=actor.user))
    if areas := actor.areas_with(STAFF):
        rule |= _exists("ExperienceArea", experience=OuterRef("experience"), area__in=areas)
    if actor.organisations:
        rule |= _exists("Participation", experience=OuterRef("experience"), organisation__in=actor.organisations)
    return rule


def _exists(model: str, **conditions: Any) -> Q:
    rows = apps.get_model("experiences", model)._default_manager
    return Q(Exists(rows.order_by().filter(**conditions)))


def speaks_for(actor: Actor, organisations: Iterable[int]) -> bool:
    """Whether the actor is the contact person of one of these organisations."""
    wanted = frozenset(organisations)
    return any(grant.role == "org_contact" and grant.organisation in wanted for grant in actor.grants)


def may_add(actor: Actor) -> bool:
    """Whoever writes down what happens, somewhere; and the contact persons of organisations."""
    return actor.holds(WRITERS | {"org_contact"})


def may_place(actor: Actor, area_ids: Iterable[int], organisations: Iterable[int]) -> bool:
    """Whether the actor may have a record that stands in these areas and is carried by these organisations.

    Writers of one of the areas, and the contact persons of those who promote or coordinate it. A record without any
    area belongs to the whole installation.
    """
    areas = frozenset(area_ids)
    if not areas and may_write_in(actor, None):
        return True
    return any(may_write_in(actor, pk) for pk in areas) or speaks_for(actor, organisations)


def may_edit(
    actor: Actor, area_ids: frozenset[int], author_id: int | None, organisations: frozenset[int], state: str = "draft"
) -> bool:
    """Writers of one of its areas, the contact persons of the organisations that carry it, and who began the draft.

    `organisations` are those that promote or coordinate it; a partner reads, and does not change. Having begun a record
    gives no right over it once it is published: people move to other territories.
    """
    if state == "draft" and actor.user is not None and actor.user == author_id and may_add(actor):
        return True
    return may_place(actor, area_ids, organisations)


def may_judge(actor: Actor, area_ids: Iterable[int]) -> bool:
    """Whether the actor may mark a good practice: coordinators, plan and district offices, in one of its areas."""
    if actor.everywhere(JUDGES):
        return True
    return not frozenset(area_ids).isdisjoint(actor.areas_with(JUDGES))
