"""Who may see and change resources."""

from __future__ import annotations

from django.db.models import Q

from trama.core.actor import Actor
from trama.network.permissions import is_staff, may_see_contacts_in, speaks_for
from trama.territory.permissions import STAFF, is_writer, may_write_in

__all__ = [
    "abilities",
    "is_staff",
    "may_add",
    "may_edit",
    "may_see_contacts_in",
    "may_write_in",
    "visible",
]


def visible(actor: Actor) -> Q:
    """Published ones that name nobody sensitive, for all; the others for staff of their area and for their promoters.

    Who promotes it does not matter here: a resource has a mark of its own, set when a masked organisation is named in
    it; when an organisation is masked later, its page shows which of its resources everybody still sees.
    """
    if actor.everywhere(STAFF):
        return Q()
    rule = Q(state__in=["published", "closed"], is_sensitive=False)
    if actor.is_known:
        rule |= Q(area_id__in=actor.areas_with(STAFF))
        if actor.organisations:
            rule |= Q(promotions__organisation__in=actor.organisations)
    return rule


def may_add(actor: Actor) -> bool:
    """Writers, and the contact persons of organisations (for what their own organisation offers)."""
    return is_writer(actor) or any(grant.role == "org_contact" and grant.organisation for grant in actor.grants)


def may_edit(actor: Actor, area_id: int | None, organisations: frozenset[int]) -> bool:
    """Writers of its area, and the contact persons of the organisations that promote it."""
    return may_write_in(actor, area_id) or any(speaks_for(actor, pk) for pk in organisations)


def abilities(actor: Actor, area_id: int | None, organisations: frozenset[int]) -> dict[str, bool]:
    """What the actor may do with a resource of this area and these promoters, for the page to offer."""
    edits, writes = may_edit(actor, area_id, organisations), may_write_in(actor, area_id)
    owns = any(speaks_for(actor, pk) for pk in organisations)
    return {
        "edit": edits,
        "confirm": edits,
        "owns": owns,
        "publish": edits,
        "close": edits,
        "keep": writes,
        "mark_used": writes,
        "see_private_contacts": may_see_contacts_in(actor, area_id) or owns,
    }
