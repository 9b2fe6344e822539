"""How and where an organisation is reached: contacts and seats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from trama.core.actor import Actor
from trama.network.actions.records import touch
from trama.network.keeping import may, new_contact, refuse_unless
from trama.network.models import Merge, Organisation, OrganisationContact, Seat
from trama.territory.finding import area_at


def add_contact(
    actor: Actor,
    organisation: Organisation,
    kind: str,
    value: str,
    label: str = "",
    visibility: str = "",
) -> OrganisationContact:
    """Add a way to reach the organisation; who sees it is decided by what it is, unless stated."""
    with transaction.atomic():
        refuse_unless(may(actor, "edit", organisation))
        contact = new_contact(organisation, kind, value, label, visibility)
        touch(actor, "contact_added", organisation, {"contact": [None, contact.kind]})
    return contact


def remove_contact(actor: Actor, contact: OrganisationContact) -> None:
    """Take a contact away for good: nothing of it is kept, the history says only of which kind it was."""
    with transaction.atomic():
        kind, organisation = contact.kind, contact.organisation
        refuse_unless(may(actor, "edit", organisation))
        _forget_in_merges(contact)
        contact.delete()
        touch(actor, "contact_removed", organisation, {"contact": [kind, None]})


def show_contact(actor: Actor, contact: OrganisationContact, visibility: str) -> OrganisationContact:
    """Say who sees a contact, against what its form suggests."""
    with transaction.atomic():
        refuse_unless(may(actor, "edit", contact.organisation))
        before, contact.visibility = contact.visibility, visibility
        contact.save(update_fields=["visibility"])
        touch(actor, "contact_changed", contact.organisation, {"contact_visibility": [before, visibility]})
    return contact


def _forget_in_merges(contact: OrganisationContact) -> None:
    """A contact that is taken away for good stands in no journal either: undoing a merge will not bring it back."""
    label = contact._meta.label_lower
    for done in Merge.objects.filter(rows__icontains=label).order_by("pk"):
        steps = [
            step
            for step in done.rows
            if step["model"] != label
            or (step["pk"] != contact.pk and (step.get("row") or {}).get("value") != contact.value)
        ]
        if len(steps) != len(done.rows):
            Merge.objects.filter(pk=done.pk).update(rows=steps)


def save_seat(actor: Actor, organisation: Organisation, data: Mapping[str, Any], seat: Seat | None = None) -> Seat:
    """Add a place where the organisation can be found, or change one; its area is found from its point."""
    with transaction.atomic():
        refuse_unless(may(actor, "edit", organisation))
        before = str(seat) if seat else None
        seat = seat or Seat(organisation=organisation)
        for name, value in data.items():
            setattr(seat, name, value)
        if seat.area_id is None and seat.lon is not None and seat.lat is not None:
            seat.area_id = area_at(seat.lon, seat.lat)
        seat.full_clean()
        seat.save()
        touch(actor, "seat_changed" if before else "seat_added", organisation, {"seat": [before, str(seat)]})
    return seat


def remove_seat(actor: Actor, seat: Seat) -> None:
    """The organisation is no longer found there."""
    with transaction.atomic():
        name, organisation = str(seat), seat.organisation
        refuse_unless(may(actor, "edit", organisation))
        seat.delete()
        touch(actor, "seat_removed", organisation, {"seat": [name, None]})
