"""Every change to resources: the transaction, the rows, the audit entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core.actor import Actor
from trama.core.history import record, state_of
from trama.core.legible import legible
from trama.directory import permissions
from trama.directory.choices import ResourceState
from trama.directory.models import Promotion, Resource, ResourceCode, ResourceContact, carriers_of
from trama.network.actions import ChangedMeanwhile
from trama.network.contacts import classify
from trama.network.matching import match_organisation, names_several
from trama.network.models import Organisation
from trama.territory.finding import area_at

TARGET = "target"
PROMOTER = "tie_role:promoter"
# What decides who sees a record: not for the contact person of a promoter.
KEPT = frozenset({"is_sensitive", "promoter_to_split", "source_id", "import_key", "is_demonstration"})
FIELDS = KEPT | frozenset(
    {
        "name",
        "description",
        "activity_id",
        "access_id",
        "state",
        "opening",
        "address",
        "place_id",
        "promoter_text",
        "directions_url",
        "valid_from",
        "valid_to",
        "area_id",
        "lon",
        "lat",
    }
)


def _refuse_unless(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied(_("You may not change this resource."))


def _may(actor: Actor, what: str, resource: Resource) -> bool:
    return permissions.abilities(actor, resource.area_id, carriers_of(resource))[what]


def save_resource(
    actor: Actor,
    data: Mapping[str, Any],
    resource: Resource | None = None,
    *,
    expected: datetime | None = None,
) -> Resource:
    """Add a resource, or change one. Gives the resource as it is stored.

    `data` holds fields of the model (foreign keys as `activity_id`, `area_id`), `targets` (keys of codes of the list
    `target`), `promoters` (pairs of organisation id and key of `tie_role`, replacing those that are there) and
    `contacts` (mappings for `add_contact`, added to those that are there). What `data` does not name stays. A point
    without an area finds its area; a place lends its point. A promoter written as text is looked up under its exact
    name, or marked when it seems to name several bodies; a resource of a sensitive body is sensitive unless stated.
    Raises ValidationError when a constraint does not hold, PermissionDenied, and ChangedMeanwhile when the record is no
    longer as it was at `expected` (its `edited_at` when the person began).
    """
    unknown = set(data) - FIELDS - {"targets", "promoters", "contacts"}
    if unknown:
        raise TypeError(f"a resource has no {', '.join(sorted(unknown))}")
    with transaction.atomic():
        new = resource is None
        resource = Resource() if resource is None else _locked(resource)
        if new:
            _refuse_unless(permissions.may_add(actor))
        else:
            _refuse_unless(_may(actor, "edit", resource))
            _refuse_unless(not KEPT & set(data) or _may(actor, "keep", resource))
        if expected is not None and resource.edited_at != expected:
            raise ChangedMeanwhile
        before = None if new else state_of(resource)
        for name in FIELDS & set(data):
            setattr(resource, name, data[name])
        promoters = _promoters(resource, data)
        _complete(resource, data, promoters)
        resource.edited_at = timezone.now()
        resource.full_clean()
        resource.save()
        extra = _save_targets(resource, data["targets"]) if "targets" in data else {}
        extra |= _save_promoters(resource, promoters) if promoters is not None else {}
        for contact in data.get("contacts", ()):
            _add_contact(resource, **contact)
        # Nobody may bring a record where they could not have written it.
        _refuse_unless(_may(actor, "edit", resource))
        record(actor, "created" if new else "changed", resource, before, extra)
    return resource


def publish(actor: Actor, resource: Resource) -> Resource:
    """Show a draft to everybody, or open again what was closed."""
    return _set(actor, "published", "publish", resource, state=ResourceState.PUBLISHED)


def close(actor: Actor, resource: Resource, day: date | None = None) -> Resource:
    """The resource is offered no more, from a day on (today); its record stays."""
    day = day or timezone.localdate()
    if resource.valid_from and day < resource.valid_from:
        raise ValidationError({"valid_to": _("The end date comes before the start: which of the two is right?")})
    return _set(actor, "closed", "close", resource, state=ResourceState.CLOSED, valid_to=day)


def confirm(actor: Actor, resource: Resource, day: date | None = None) -> Resource:
    """Who offers it says that what stands here is right (or an operator heard it from them)."""
    return _set(actor, "confirmed", "confirm", resource, confirmed_on=day or timezone.localdate())


def mark_used(actor: Actor, resource: Resource, day: date | None = None) -> Resource:
    """Somebody was sent there through this record, with success."""
    return _set(actor, "used", "mark_used", resource, used_on=day or timezone.localdate())


def mask(actor: Actor, resource: Resource) -> Resource:
    """Naming it may harm, as naming who offers it does: from now on staff alone sees it."""
    return _set(actor, "changed", "keep", resource, is_sensitive=True)


def add_contact(
    actor: Actor, resource: Resource, kind: str, value: str, label: str = "", visibility: str = ""
) -> ResourceContact:
    """Add a way to reach the resource; who sees it is decided by what it is, unless stated."""
    with transaction.atomic():
        _refuse_unless(_may(actor, "edit", resource))
        contact = _add_contact(resource, kind, value, label, visibility)
        _touch(actor, "contact_added", resource, {"contact": [None, contact.kind]})
    return contact


def remove_contact(actor: Actor, contact: ResourceContact) -> None:
    """Take a contact away for good: nothing of it is kept, the history says only of which kind it was."""
    with transaction.atomic():
        kind, resource = contact.kind, contact.resource
        _refuse_unless(_may(actor, "edit", resource))
        contact.delete()
        _touch(actor, "contact_removed", resource, {"contact": [kind, None]})


def show_contact(actor: Actor, contact: ResourceContact, visibility: str) -> ResourceContact:
    """Say who sees a contact, against what its form suggests."""
    with transaction.atomic():
        _refuse_unless(_may(actor, "edit", contact.resource))
        before, contact.visibility = contact.visibility, visibility
        contact.save(update_fields=["visibility"])
        _touch(actor, "contact_changed", contact.resource, {"contact_visibility": [before, visibility]})
    return contact


# --- what the actions share -----------------------------------------------------------------------------------------
def _locked(resource: Resource) -> Resource:
    return Resource.objects.select_for_update(of=("self",)).get(pk=resource.pk)


def _promoters(resource: Resource, data: Mapping[str, Any]) -> list[tuple[int, str]] | None:
    """Who promotes it, as stated, or as the one body that bears exactly the name written; None: nothing was said."""
    if "promoters" in data:
        return list(dict.fromkeys((int(organisation), role) for organisation, role in data["promoters"]))
    if "promoter_text" not in data or not resource.promoter_text:
        return None
    if names_several(resource.promoter_text):
        resource.promoter_to_split = data.get("promoter_to_split", True)
        return None
    resource.promoter_to_split = data.get("promoter_to_split", False)
    known = match_organisation(resource.promoter_text)
    return [(known.pk, PROMOTER)] if known is not None else None


def _complete(resource: Resource, data: Mapping[str, Any], promoters: Sequence[tuple[int, str]] | None) -> None:
    resource.name = " ".join(legible(resource.name).split())
    if resource.place_id and "place_id" in data and data.get("lon") is None:
        place = resource.place
        if place is not None:
            resource.lon, resource.lat = place.lon, place.lat
            resource.area_id = data.get("area_id") or place.area_id
            resource.address = resource.address or place.address
    elif "lon" in data and resource.lon is not None and resource.lat is not None and data.get("area_id") is None:
        resource.area_id = area_at(resource.lon, resource.lat) or resource.area_id
    if promoters and "is_sensitive" not in data:
        named = [organisation for organisation, _role in promoters]
        resource.is_sensitive |= Organisation.objects.filter(pk__in=named, is_sensitive=True).exists()


def _save_targets(resource: Resource, targets: Iterable[str]) -> dict[str, Any]:
    before = sorted(resource.codes.filter(facet=TARGET).order_by().values_list("code_id", flat=True))
    after = sorted(set(targets))
    if before == after:
        return {}
    resource.codes.filter(facet=TARGET).exclude(code__in=after).delete()
    rows = [ResourceCode(resource=resource, facet=TARGET, code_id=code) for code in after if code not in before]
    for row in rows:
        row.full_clean()
    ResourceCode.objects.bulk_create(rows)
    return {"targets": [before, after]}


def _save_promoters(resource: Resource, promoters: Sequence[tuple[int, str]]) -> dict[str, Any]:
    rows = resource.promotions.order_by("id").values_list("organisation_id", "role_id")
    before, after = list(rows), list(promoters)
    if sorted(before) == sorted(after):
        return {}
    for organisation, role in before:
        if (organisation, role) not in after:
            resource.promotions.filter(organisation=organisation, role=role).delete()
    for organisation, role in after:
        if (organisation, role) not in before:
            row = Promotion(resource=resource, organisation_id=organisation, role_id=role)
            row.full_clean()
            row.save()
    # Ids, not names: who reads the history may not be allowed to see some of them.
    return {"promoters": [[pk for pk, _role in before], [pk for pk, _role in after]]}


def _add_contact(resource: Resource, kind: str, value: str, label: str = "", visibility: str = "") -> ResourceContact:
    names = " ".join(resource.promotions.order_by("id").values_list("organisation__name", flat=True))
    context = f"{resource.name} {resource.promoter_text} {names} {resource.area or ''}"
    seen = visibility or classify(kind, value, context, label=label)
    contact = ResourceContact(resource=resource, kind=kind, value=value.strip(), label=label.strip(), visibility=seen)
    contact.full_clean()
    contact.save()
    return contact


def _touch(actor: Actor, verb: str, resource: Resource, extra: dict[str, Any]) -> None:
    resource.edited_at = timezone.now()
    resource.save(update_fields=["edited_at"])
    record(actor, verb, resource, state_of(resource), extra)


def _set(actor: Actor, verb: str, ability: str, resource: Resource, **fields: Any) -> Resource:
    """Set a state or a date: that is no edit, `edited_at` stays what it was."""
    with transaction.atomic():
        resource = _locked(resource)
        _refuse_unless(_may(actor, ability, resource))
        before = state_of(resource)
        for name, value in fields.items():
            setattr(resource, name, value)
        resource.save(update_fields=list(fields))
        record(actor, verb, resource, before)
    return resource
