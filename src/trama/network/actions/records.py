"""An organisation written, closed, confirmed: the transaction, the rows, the audit entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core.actor import Actor
from trama.core.history import record, state_of
from trama.core.legible import legible
from trama.network import permissions
from trama.network.choices import KIND_FLAGS
from trama.network.keeping import (
    ChangedMeanwhile,
    locked,
    may,
    new_contact,
    refresh_neighbours,
    refuse_unless,
)
from trama.network.models import Organisation, OrganisationName
from trama.territory import finding
from trama.territory.finding import area_at

# What decides who sees a record and where it belongs: not for the contact person of the body.
KEPT = frozenset({"is_sensitive", "is_public", "names_several", "source_id", "import_key", "is_demonstration"})


FIELDS = KEPT | frozenset(
    {
        "name",
        "acronym",
        "kind_id",
        "is_ets",
        "is_formal",
        "is_public_body",
        "description",
        "tax_code",
        "runts_number",
        "address",
        "founded_year",
        "area_id",
        "lon",
        "lat",
    }
)


def save_organisation(
    actor: Actor,
    data: Mapping[str, Any],
    organisation: Organisation | None = None,
    *,
    expected: datetime | None = None,
) -> Organisation:
    """Add an organisation, or change one. Gives the organisation as it is stored.

    `data` holds fields of the model (foreign keys as `kind_id`, `area_id`), `other_names` (a list of texts, replacing
    those that are there) and `contacts` (a list of mappings for `add_contact`, added to those that are there). What
    `data` does not name stays. A point without an area finds its area; from the kind follow the flags nobody stated.
    Raises ValidationError when a constraint does not hold, PermissionDenied, and ChangedMeanwhile when the record is no
    longer as it was at `expected` (its `edited_at` when the person began).
    """
    unknown = set(data) - FIELDS - {"other_names", "contacts"}
    if unknown:
        raise TypeError(f"an organisation has no {', '.join(sorted(unknown))}")
    with transaction.atomic():
        new = organisation is None
        organisation = Organisation() if organisation is None else locked(organisation)
        if new:
            refuse_unless(permissions.may_add(actor))
        else:
            refuse_unless(may(actor, "edit", organisation))
            refuse_unless(not KEPT & set(data) or may(actor, "keep", organisation))
        if expected is not None and organisation.edited_at != expected:
            raise ChangedMeanwhile
        before = None if new else state_of(organisation)
        for name in FIELDS & set(data):
            setattr(organisation, name, data[name])
        _complete(organisation, data, before)
        if not new:
            _refuse_out_of_reach(actor, organisation, before)
        # Nobody may bring a record where they could not have written it.
        refuse_unless(may(actor, "edit", organisation))
        organisation.edited_at = timezone.now()
        organisation.full_clean(exclude=["normalised_name"])
        organisation.save()
        extra = _save_names(organisation, data["other_names"]) if "other_names" in data else {}
        for contact in data.get("contacts", ()):
            new_contact(organisation, **contact)
        record(actor, "created" if new else "changed", organisation, before, extra)
        if before and (before["name"], before["is_sensitive"]) != (organisation.name, organisation.is_sensitive):
            refresh_neighbours(organisation)
    return organisation


def _refuse_out_of_reach(actor: Actor, organisation: Organisation, before: Mapping[str, Any] | None) -> None:
    """Who speaks for a body, and does not keep it, moves it within its municipality and makes no public body of it."""
    was = dict(before or {})
    if permissions.abilities(actor, was.get("area_id"), organisation.pk)["keep"]:
        return
    if organisation.is_public_body and not was.get("is_public_body"):
        raise ValidationError({"kind": _("Only the services may say that it is a public body.")})
    if organisation.area_id != was.get("area_id") and was.get("area_id") is not None:
        towns = {
            next((node.id for node in finding.path_of(area) if node.kind == "municipality"), area)
            for area in (was["area_id"], organisation.area_id)
        }
        if len(towns) > 1:
            raise ValidationError({"area": _("In another municipality: ask the services, who will move it.")})


def close(actor: Actor, organisation: Organisation, day: date | None = None) -> Organisation:
    """The organisation is no more, from a day on (today); its records stay."""
    return _set(actor, "closed", "close", organisation, closed_on=day or timezone.localdate())


def reopen(actor: Actor, organisation: Organisation) -> Organisation:
    """It is there after all, or again."""
    return _set(actor, "reopened", "close", organisation, closed_on=None)


def confirm(actor: Actor, organisation: Organisation, day: date | None = None) -> Organisation:
    """The body itself says that what stands here is right (or an operator heard it from the body)."""
    return _set(actor, "confirmed", "confirm", organisation, confirmed_on=day or timezone.localdate())


def mark_used(actor: Actor, organisation: Organisation, day: date | None = None) -> Organisation:
    """Somebody turned to the organisation through this record, with success."""
    return _set(actor, "used", "mark_used", organisation, used_on=day or timezone.localdate())


def _complete(organisation: Organisation, data: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
    """What follows from what was stated: the area from the point, the flags from the kind."""
    organisation.name = " ".join(legible(organisation.name).split())
    moved = "lon" in data and organisation.lon is not None and organisation.lat is not None
    if moved and data.get("area_id") is None:
        organisation.area_id = area_at(organisation.lon, organisation.lat) or organisation.area_id  # type: ignore[arg-type]
    flags = KIND_FLAGS.get((organisation.kind_id or "").partition(":")[2])
    if flags is None:
        return
    changed = before is None or before.get("kind_id") != organisation.kind_id
    if data.get("is_ets") is None and (changed or organisation.is_ets is None):
        organisation.is_ets = flags.is_ets
    if data.get("is_formal") is None and (changed or organisation.is_formal is None):
        organisation.is_formal = flags.is_formal
    if changed and "is_public_body" not in data:
        organisation.is_public_body = flags.is_public_body


def _save_names(organisation: Organisation, names: Sequence[str]) -> dict[str, Any]:
    before = list(organisation.other_names.order_by("name").values_list("name", flat=True))
    after = sorted({" ".join(legible(name).split()) for name in names} - {""})
    if before == after:
        return {}
    organisation.other_names.all().delete()
    for name in after:
        OrganisationName(organisation=organisation, name=name).save()
    return {"other_names": [before, after]}


def _set(actor: Actor, verb: str, ability: str, organisation: Organisation, **fields: Any) -> Organisation:
    """Set dates that are no edit: `edited_at` stays what it was."""
    with transaction.atomic():
        organisation = locked(organisation)
        refuse_unless(may(actor, ability, organisation))
        before = state_of(organisation)
        for name, value in fields.items():
            setattr(organisation, name, value)
        organisation.save(update_fields=list(fields))
        record(actor, verb, organisation, before)
    return organisation


def touch(actor: Actor, verb: str, organisation: Organisation, extra: dict[str, Any]) -> None:
    """What belongs to the organisation was changed: its date moves and the audit says what."""
    organisation.edited_at = timezone.now()
    organisation.save(update_fields=["edited_at"])
    record(actor, verb, organisation, state_of(organisation), extra)
