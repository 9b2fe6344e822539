"""Who may see and change resources."""

from __future__ import annotations

from django.db.models import Q

from trama.core.actor import Actor
from trama.network.permissions import may_edit as may_edit_organisation
from trama.territory.permissions import STAFF, may_write_in


def visible(actor: Actor) -> Q:
    """Published ones that name nobody sensitive, for all; the others for staff of their area and for their promoters."""
    if actor.everywhere(STAFF):
        return Q()
    rule = Q(state__in=["published", "closed"], is_sensitive=False)
    if actor.is_known:
        rule |= Q(area_id__in=actor.areas_with(STAFF))
        if actor.organisations:
            rule |= Q(promotions__organisation__in=actor.organisations)
    return rule


def may_edit(actor: Actor, area_id: int | None, organisations: frozenset[int]) -> bool:
    """Writers of its area, and the contact persons of the organisations that promote it."""
    return may_write_in(actor, area_id) or any(may_edit_organisation(actor, None, pk) for pk in organisations)
