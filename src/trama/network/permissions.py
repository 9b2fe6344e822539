"""Who may see and change organisations. One rule, `visible`, for one row and for many."""

from __future__ import annotations

from django.db.models import Q

from trama.core.actor import Actor
from trama.territory.permissions import STAFF, WRITERS, is_staff, may_write_in

__all__ = ["STAFF", "WRITERS", "is_staff", "may_edit", "may_see_private_contacts", "visible"]


def visible(actor: Actor) -> Q:
    """What is public, for all; what is sensitive or not public, for staff of its area and for its own people.

    An organisation without an area belongs to the whole installation: its hidden ones are for staff of everywhere.
    """
    if actor.everywhere(STAFF):
        return Q()
    rule = Q(is_public=True, is_sensitive=False)
    if actor.is_known:
        rule |= Q(area_id__in=actor.areas_with(STAFF)) | Q(pk__in=actor.organisations)
    return rule


def may_see_private_contacts(actor: Actor) -> bool:
    """Personal names, mobiles and personal mail boxes are for staff only."""
    return is_staff(actor)


def may_edit(actor: Actor, area_id: int | None, organisation_id: int | None) -> bool:
    """Writers of its area, and the organisation's own contact person."""
    if organisation_id is not None and any(
        grant.role == "org_contact" and grant.organisation == organisation_id for grant in actor.grants
    ):
        return True
    return may_write_in(actor, area_id)
