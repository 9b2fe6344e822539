"""Who may see and change experiences."""

from __future__ import annotations

from django.db.models import Q

from trama.core.actor import Actor
from trama.network.permissions import may_edit as may_edit_organisation
from trama.territory.permissions import STAFF, may_write_in


def visible(actor: Actor) -> Q:
    """Published ones that name nobody sensitive, for all; drafts for staff of their areas, their author, their promoters."""
    if actor.everywhere(STAFF):
        return Q()
    rule = Q(state="published", is_sensitive=False)
    if actor.is_known:
        rule |= Q(author_id=actor.user) if actor.user else Q()
        rule |= Q(areas__area__in=actor.areas_with(STAFF))
        if actor.organisations:
            rule |= Q(participations__organisation__in=actor.organisations)
    return rule


def may_edit(actor: Actor, area_ids: frozenset[int], author_id: int | None, organisations: frozenset[int]) -> bool:
    """Writers of one of its areas, its author, and the contact persons of the organisations that carry it.

    `organisations` are those that promote or coordinate it; a partner reads, and does not change.
    """
    if actor.user is not None and actor.user == author_id:
        return True
    if not area_ids and may_write_in(actor, None):
        return True
    return any(may_write_in(actor, pk) for pk in area_ids) or any(
        may_edit_organisation(actor, None, pk) for pk in organisations
    )
