"""Who may see and change organisations. One rule, `visible`, for one row and for many."""

from __future__ import annotations

from django.db.models import Q

from trama.core.actor import Actor
from trama.core.facts import HOME_AREA, facts
from trama.territory import finding
from trama.territory.permissions import KEEPERS, STAFF, WRITERS, is_staff, is_writer, may_write_in

__all__ = [
    "KEEPERS",
    "STAFF",
    "WRITERS",
    "abilities",
    "contacts_shown",
    "is_staff",
    "is_writer",
    "may_add",
    "may_edit",
    "may_see_contacts_in",
    "may_seek",
    "may_unite",
    "speaks_for",
    "visible",
    "works_at_home",
    "writes_at_home",
]


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


def works_at_home(actor: Actor) -> bool:
    """Whether the actor works for the services of the whole territory that the installation is about."""
    home = finding.id_of(str(facts().get(HOME_AREA) or ""))
    return actor.everywhere(STAFF) or (home is not None and home in actor.areas_with(STAFF))


def may_see_contacts_in(actor: Actor, area_id: int | None) -> bool:
    """Personal contacts of a record are for the staff of its area; without an area, of the whole territory."""
    if area_id is None:
        return works_at_home(actor)
    return actor.everywhere(STAFF) or area_id in actor.areas_with(STAFF)


def contacts_shown(actor: Actor, area: str) -> Q:
    """The rule `may_see_contacts_in` for many contacts, of which the record's area stands at `area`."""
    if actor.everywhere(STAFF):
        return Q()
    rule = Q(visibility="public")
    if is_staff(actor):
        rule |= Q(**{f"{area}__in": actor.areas_with(STAFF)})
        if works_at_home(actor):
            rule |= Q(**{f"{area}__isnull": True})
    return rule


def may_add(actor: Actor) -> bool:
    """Whoever writes down what happens, somewhere; the form asks for an area of theirs."""
    return is_writer(actor)


def writes_at_home(actor: Actor) -> bool:
    """Whether the actor writes in the whole territory that the installation is about."""
    home = finding.id_of(str(facts().get(HOME_AREA) or ""))
    return actor.everywhere(WRITERS) or (home is not None and home in actor.areas_with(WRITERS))


def may_unite(actor: Actor, area_id: int | None) -> bool:
    """Who writes in its area says whether a record and another are one; of one without an area, who writes everywhere
    at home: names met in files have none, and somebody must be able to tidy them."""
    return may_write_in(actor, area_id) or (area_id is None and writes_at_home(actor))


def may_seek(actor: Actor) -> bool:
    """Who keeps the territory somewhere and writes there may have duplicates sought; each sees the pairs of theirs."""
    return is_writer(actor) and actor.holds(KEEPERS)


def speaks_for(actor: Actor, organisation_id: int | None) -> bool:
    """Whether the actor is the contact person of this organisation."""
    return organisation_id is not None and any(
        grant.role == "org_contact" and grant.organisation == organisation_id for grant in actor.grants
    )


def may_edit(actor: Actor, area_id: int | None, organisation_id: int | None) -> bool:
    """Writers of its area, and the organisation's own contact person."""
    return speaks_for(actor, organisation_id) or may_write_in(actor, area_id)


def abilities(actor: Actor, area_id: int | None, organisation_id: int | None) -> dict[str, bool]:
    """What the actor may do with an organisation of this area, for the page to offer."""
    edits, writes = may_edit(actor, area_id, organisation_id), may_write_in(actor, area_id)
    return {
        "edit": edits,
        "confirm": edits,
        "owns": speaks_for(actor, organisation_id),
        # What decides who sees the record, whether it stands, and whom it works with: for who writes in its area.
        "keep": writes,
        "close": writes,
        "mark_used": writes,
        "tie": writes,
        "see_private_contacts": may_see_contacts_in(actor, area_id) or speaks_for(actor, organisation_id),
        "see_ties": is_staff(actor) or speaks_for(actor, organisation_id),
    }
