"""Every change to organisations: the transaction, the rows, the audit entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import search
from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.core.history import record, state_of
from trama.core.legible import legible
from trama.network import permissions
from trama.network.choices import KIND_FLAGS
from trama.network.contacts import classify
from trama.network.models import Organisation, OrganisationContact, OrganisationName, Seat, Tie
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


class ChangedMeanwhile(Exception):
    """Somebody else saved the record after this form was opened. Nothing was written."""


def _refuse_unless(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied(_("You may not change this organisation."))


def _may(actor: Actor, what: str, organisation: Organisation) -> bool:
    return permissions.abilities(actor, organisation.area_id, organisation.pk)[what]


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
        organisation = Organisation() if organisation is None else _locked(organisation)
        if new:
            _refuse_unless(permissions.may_add(actor))
        else:
            _refuse_unless(_may(actor, "edit", organisation))
            _refuse_unless(not KEPT & set(data) or _may(actor, "keep", organisation))
        if expected is not None and organisation.edited_at != expected:
            raise ChangedMeanwhile
        before = None if new else state_of(organisation)
        for name in FIELDS & set(data):
            setattr(organisation, name, data[name])
        _complete(organisation, data, before)
        if not new:
            _refuse_out_of_reach(actor, organisation, before)
        # Nobody may bring a record where they could not have written it.
        _refuse_unless(_may(actor, "edit", organisation))
        organisation.edited_at = timezone.now()
        organisation.full_clean(exclude=["normalised_name"])
        organisation.save()
        extra = _save_names(organisation, data["other_names"]) if "other_names" in data else {}
        for contact in data.get("contacts", ()):
            _add_contact(organisation, **contact)
        record(actor, "created" if new else "changed", organisation, before, extra)
        if before and (before["name"], before["is_sensitive"]) != (organisation.name, organisation.is_sensitive):
            _refresh_neighbours(organisation)
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
        _refuse_unless(_may(actor, "edit", organisation))
        contact = _add_contact(organisation, kind, value, label, visibility)
        _touch(actor, "contact_added", organisation, {"contact": [None, contact.kind]})
    return contact


def remove_contact(actor: Actor, contact: OrganisationContact) -> None:
    """Take a contact away for good: nothing of it is kept, the history says only of which kind it was."""
    with transaction.atomic():
        kind, organisation = contact.kind, contact.organisation
        _refuse_unless(_may(actor, "edit", organisation))
        contact.delete()
        _touch(actor, "contact_removed", organisation, {"contact": [kind, None]})


def show_contact(actor: Actor, contact: OrganisationContact, visibility: str) -> OrganisationContact:
    """Say who sees a contact, against what its form suggests."""
    with transaction.atomic():
        _refuse_unless(_may(actor, "edit", contact.organisation))
        before, contact.visibility = contact.visibility, visibility
        contact.save(update_fields=["visibility"])
        _touch(actor, "contact_changed", contact.organisation, {"contact_visibility": [before, visibility]})
    return contact


def save_seat(actor: Actor, organisation: Organisation, data: Mapping[str, Any], seat: Seat | None = None) -> Seat:
    """Add a place where the organisation can be found, or change one; its area is found from its point."""
    with transaction.atomic():
        _refuse_unless(_may(actor, "edit", organisation))
        before = str(seat) if seat else None
        seat = seat or Seat(organisation=organisation)
        for name, value in data.items():
            setattr(seat, name, value)
        if seat.area_id is None and seat.lon is not None and seat.lat is not None:
            seat.area_id = area_at(seat.lon, seat.lat)
        seat.full_clean()
        seat.save()
        _touch(actor, "seat_changed" if before else "seat_added", organisation, {"seat": [before, str(seat)]})
    return seat


def remove_seat(actor: Actor, seat: Seat) -> None:
    """The organisation is no longer found there."""
    with transaction.atomic():
        name, organisation = str(seat), seat.organisation
        _refuse_unless(_may(actor, "edit", organisation))
        seat.delete()
        _touch(actor, "seat_removed", organisation, {"seat": [name, None]})


def add_tie(actor: Actor, one: Organisation, other: Organisation, data: Mapping[str, Any]) -> Tie:
    """State a lasting relation between two organisations (S0.2, S0.7), known from somewhere."""
    with transaction.atomic():
        _refuse_unless(_may(actor, "tie", one) or _may(actor, "tie", other))
        tie = Tie(one=one, other=other, **data)
        if tie.last_seen_on is None:
            tie.last_seen_on = timezone.localdate()
        tie.full_clean()
        tie.save()
        record(actor, "tied", tie)
    return tie


def see_tie(actor: Actor, tie: Tie, day: date | None = None) -> Tie:
    """The relation was seen alive on a day (today)."""
    with transaction.atomic():
        _refuse_unless(_may(actor, "tie", tie.one) or _may(actor, "tie", tie.other))
        before = state_of(tie)
        tie.last_seen_on = day or timezone.localdate()
        tie.save(update_fields=["last_seen_on"])
        record(actor, "seen", tie, before)
    return tie


def close_tie(actor: Actor, tie: Tie, day: date | None = None) -> Tie:
    """The relation ended."""
    with transaction.atomic():
        _refuse_unless(_may(actor, "tie", tie.one) or _may(actor, "tie", tie.other))
        before = state_of(tie)
        tie.closed_on = day or timezone.localdate()
        tie.full_clean()
        tie.save(update_fields=["closed_on"])
        record(actor, "closed", tie, before)
    return tie


# --- what the actions share -----------------------------------------------------------------------------------------
def _locked(organisation: Organisation) -> Organisation:
    """The row as it is now, kept from others until the transaction ends."""
    return Organisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)


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


def _add_contact(
    organisation: Organisation, kind: str, value: str, label: str = "", visibility: str = ""
) -> OrganisationContact:
    flags = KIND_FLAGS.get((organisation.kind_id or "").partition(":")[2])
    context = f"{organisation.name} {organisation.acronym} {organisation.area or ''}"
    informal = flags is not None and flags.is_formal is False
    seen = visibility or classify(kind, value, context, label=label, informal=informal)
    contact = OrganisationContact(
        organisation=organisation, kind=kind, value=value.strip(), label=label.strip(), visibility=seen
    )
    contact.full_clean()
    contact.save()
    return contact


def _refresh_neighbours(organisation: Organisation) -> None:
    """Index anew the records of the apps above in which this organisation is named: they may no longer be found by it.

    They are reached through the tables that point here and to something that can be found; no app above is imported.
    """
    for relation in Organisation._meta.related_objects:
        through = relation.related_model
        for field in through._meta.concrete_fields:
            target = field.related_model if isinstance(field, models.ForeignKey) else None
            if target is None or target is Organisation or target._meta.label_lower not in gathered.searchables:
                continue
            rows = through._default_manager.filter(**{relation.field.name: organisation}).order_by()
            keys = list(rows.exclude(**{field.name: None}).values_list(field.attname, flat=True).distinct())
            search.refresh(target, keys)


def _touch(actor: Actor, verb: str, organisation: Organisation, extra: dict[str, Any]) -> None:
    organisation.edited_at = timezone.now()
    organisation.save(update_fields=["edited_at"])
    record(actor, verb, organisation, state_of(organisation), extra)


def _set(actor: Actor, verb: str, ability: str, organisation: Organisation, **fields: Any) -> Organisation:
    """Set dates that are no edit: `edited_at` stays what it was."""
    with transaction.atomic():
        organisation = _locked(organisation)
        _refuse_unless(_may(actor, ability, organisation))
        before = state_of(organisation)
        for name, value in fields.items():
            setattr(organisation, name, value)
        organisation.save(update_fields=list(fields))
        record(actor, verb, organisation, before)
    return organisation
