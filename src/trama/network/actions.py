"""Every change to organisations: the transaction, the rows, the audit entry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import bulk, search
from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.core.history import record, state_of
from trama.core.legible import legible
from trama.network import permissions
from trama.network.choices import KIND_FLAGS, Decision, Reshaping
from trama.network.contacts import classify
from trama.network.duplicates import Found, seek
from trama.network.merging import Journal, in_the_way, move_links, share_links
from trama.network.merging import undo as undo_steps
from trama.network.models import (
    Merge,
    Organisation,
    OrganisationContact,
    OrganisationName,
    Proposal,
    Seat,
    Tie,
    normalised,
)
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
        _forget_in_merges(contact)
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


# --- one body under one name ----------------------------------------------------------------------------------------
# What is chosen of one or of the other when two records become one; some go together.
CHOICES: dict[str, tuple[str, ...]] = {
    "name": ("name", "normalised_name"),
    "acronym": ("acronym",),
    "kind": ("kind_id",),
    "is_ets": ("is_ets",),
    "is_formal": ("is_formal",),
    "is_public_body": ("is_public_body",),
    "description": ("description",),
    "tax_code": ("tax_code",),
    "runts_number": ("runts_number",),
    "address": ("address",),
    "area": ("area_id", "lon", "lat", "x", "y"),
    "founded_year": ("founded_year",),
    "closed_on": ("closed_on",),
}


class CannotUndo(Exception):
    """Later acts rest on the merge. `reasons` says which, in sentences."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = list(reasons)


def may_merge(actor: Actor, *organisations: Organisation) -> bool:
    """Who writes in the area of each of them, and sees them, may say that they are one."""
    seen = Organisation.objects.visible_to(actor).filter(pk__in=[one.pk for one in organisations]).count()
    return seen == len(organisations) and all(_may(actor, "keep", one) for one in organisations)


def propose(actor: Actor, progress: Callable[[str], None] | None = None) -> Found:
    """Seek duplicates among all organisations anew. What people decided stays; the rest is replaced."""
    if not actor.everywhere(permissions.KEEPERS):
        raise PermissionDenied(_("Only who keeps the whole territory may seek duplicates."))
    found = seek(progress)
    with transaction.atomic():
        decided = Proposal.objects.exclude(decision="")
        known = {frozenset(pair) for pair in decided.order_by().values_list("one", "other")}
        Proposal.objects.filter(decision="").delete()
        there = set(Organisation.objects.order_by().values_list("pk", flat=True))
        rows = [
            Proposal(
                one_id=pair.one,
                other_id=pair.other,
                probability=round(pair.probability, 4),
                tier=pair.tier,
                evidence=list(pair.evidence),
            )
            for pair in found.pairs
            if {pair.one, pair.other} <= there and frozenset((pair.one, pair.other)) not in known
        ]
        bulk.insert(rows)
        extra = {"organisations": found.organisations, "pairs": len(rows), "learned_from_lists": found.learned}
        record(actor, "sought_duplicates", extra=extra)
    return found


def decide(actor: Actor, proposal: Proposal, decision: str) -> Proposal:
    """Remember what a person says of a pair: not the same, or later (or nothing any more)."""
    with transaction.atomic():
        proposal = Proposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
        _refuse_unless(may_merge(actor, proposal.one, proposal.other))
        if decision not in {Decision.DIFFERENT, Decision.LATER, ""}:
            raise ValueError(f"a decision of its own is made by merging: {decision}")
        before = state_of(proposal)
        proposal.decision, proposal.decided_by_id, proposal.decided_at = decision, actor.user, timezone.now()
        proposal.save(update_fields=["decision", "decided_by", "decided_at"])
        record(actor, "judged_pair", proposal, before)
    return proposal


def merge(
    actor: Actor,
    kept: Organisation,
    gone: Organisation,
    chosen: Mapping[str, str] | None = None,
    *,
    expected: tuple[datetime, datetime] | None = None,
) -> Merge:
    """Two records are one body: everything of `gone` becomes `kept`'s, and its address leads there.

    `chosen` says for keys of `CHOICES` whether the value of "kept" or of "gone" stays; without a word it is the one
    kept, or the other where that is empty. What is hidden stays hidden: the stricter of the two holds. Raises
    PermissionDenied, and ChangedMeanwhile when either is no longer as it was at `expected`.
    """
    if kept.pk == gone.pk:
        raise ValueError("a record cannot become itself")
    with transaction.atomic():
        rows = Organisation.objects.select_for_update(of=("self",)).filter(pk__in=[kept.pk, gone.pk]).order_by("pk")
        found = {row.pk: row for row in rows}
        if len(found) != 2:
            raise ChangedMeanwhile
        kept, gone = found[kept.pk], found[gone.pk]
        _refuse_unless(may_merge(actor, kept, gone))
        if expected is not None and (kept.edited_at, gone.edited_at) != expected:
            raise ChangedMeanwhile
        before, names = state_of(kept), [kept.name, gone.name]
        journal = Journal()
        values, left_address = _chosen_values(kept, gone, chosen or {})
        journal.change(kept, **values, edited_at=timezone.now())
        moved = move_links(journal, gone, kept)
        _keep_names(journal, kept, names)
        if left_address:
            journal.create(left_address)
        journal.remove(gone)
        if not kept.import_key and gone.import_key:
            # A load finds the body again under the key by which it once brought it in.
            journal.change(kept, import_key=gone.import_key, source_id=gone.source_id)
        done = Merge.objects.create(
            gone=gone.pk, gone_name=gone.name, kept=kept.pk, rows=journal.steps, made_by_id=actor.user
        )
        extra = {"merged": [None, gone.name], "merge": done.pk, "gone": gone.pk, "moved": moved, "rows": _digest(done)}
        record(actor, "merged", kept, before, extra)
        record(actor, "merged_away", gone, state_of(gone), {"kept": kept.pk, "merge": done.pk})
        _refresh_after(kept.pk, gone.pk)
    return done


def merge_groups(actor: Actor, groups: Sequence[tuple[Organisation, Sequence[Organisation]]]) -> int:
    """Merge each group into its first record, all or nothing. Gives how many records became part of another."""
    with transaction.atomic():
        for kept, gone in groups:
            for one in gone:
                merge(actor, kept, one)
    return sum(len(gone) for _kept, gone in groups)


def undo_merge(actor: Actor, done: Merge) -> None:
    """Take a merge or a split back, every row as it was. Raises CannotUndo with what rests on it."""
    with transaction.atomic():
        done = Merge.objects.select_for_update(of=("self",)).get(pk=done.pk)
        kept = Organisation.objects.select_for_update(of=("self",)).filter(pk=done.kept).first()
        if done.undone_at is not None:
            raise CannotUndo([_("it was undone already")])
        if kept is None:
            later = Merge.objects.in_force().filter(gone=done.kept).first()
            text = _("“%(name)s” was merged since: undo that first") % {"name": later.gone_name} if later else ""
            raise CannotUndo([text or _("the organisation is no longer there")])
        _refuse_unless(may_merge(actor, kept))
        if reasons := in_the_way(done.rows):
            raise CannotUndo(reasons)
        before = state_of(kept)
        undo_steps(done.rows)
        done.undone_at = timezone.now()
        done.save(update_fields=["undone_at"])
        gone = Organisation.objects.get(pk=done.gone)
        record(actor, "restored", gone, state_of(gone), {"merge": done.pk})
        if (now := Organisation.objects.filter(pk=done.kept).first()) is not None:
            record(actor, "merge_undone", now, before, {"merge": done.pk, "gone": done.gone})
        made = [
            step["pk"] for step in done.rows if step["did"] == "created" and step["model"] == "network.organisation"
        ]
        _refresh_after(done.kept, done.gone, *made)


def split(actor: Actor, text: Organisation, bodies: Sequence[Organisation | str]) -> Merge:
    """A record whose name names several bodies becomes these: known ones, or names of new ones.

    What it promotes and takes part in becomes everybody's; contacts, seats and money go to the first. Its address leads
    to the first. Raises ValueError for fewer than two, PermissionDenied.
    """
    with transaction.atomic():
        text = _locked(text)
        known = [body for body in bodies if isinstance(body, Organisation)]
        _refuse_unless(may_merge(actor, text) and (not known or may_merge(actor, *known)))
        wanted = {body.pk if isinstance(body, Organisation) else normalised(body) for body in bodies}
        if len(wanted) < 2 or len(wanted) != len(bodies) or text.pk in wanted:
            raise ValueError(_("Say at least two different bodies."))
        before, name, journal = state_of(text), text.name, Journal()
        found = [body if isinstance(body, Organisation) else _new_body(journal, text, body) for body in bodies]
        moved = share_links(journal, text, found)
        journal.remove(text)
        done = Merge.objects.create(
            what=Reshaping.SPLIT,
            gone=text.pk,
            gone_name=name,
            kept=found[0].pk,
            rows=journal.steps,
            made_by_id=actor.user,
        )
        extra = {"merge": done.pk, "bodies": [body.pk for body in found], "moved": moved, "rows": _digest(done)}
        record(actor, "split", text, before, extra)
        for body in found:
            verb = "changed" if body in known else "created"
            record(actor, verb, body, state_of(body) if body in known else None, {"split_from": [None, name]})
        _refresh_after(text.pk, *(body.pk for body in found))
    return done


def _new_body(journal: Journal, text: Organisation, name: str) -> Organisation:
    """A body named in a string: where and from where the string is, and no more hidden or shown than it."""
    body = Organisation(name=" ".join(name.split())[:250], area_id=text.area_id, source_id=text.source_id)
    body.is_public, body.is_sensitive, body.is_demonstration = text.is_public, text.is_sensitive, text.is_demonstration
    body.full_clean(exclude=["normalised_name"])
    journal.create(body)
    return body


def _chosen_values(
    kept: Organisation, gone: Organisation, chosen: Mapping[str, str]
) -> tuple[dict[str, Any], Seat | None]:
    """What the kept record will say, and a seat for an address that would be lost."""
    values: dict[str, Any] = {}
    for key, columns in CHOICES.items():
        empty = getattr(kept, columns[0]) in (None, "")
        if chosen.get(key) == "gone" or (key not in chosen and empty):
            values |= {column: getattr(gone, column) for column in columns}
    if gone.closed_on is None and "closed_on" not in chosen:
        values.pop("closed_on", None)
    values["is_public"] = kept.is_public and gone.is_public
    values["is_sensitive"] = kept.is_sensitive or gone.is_sensitive
    values["is_demonstration"] = kept.is_demonstration and gone.is_demonstration
    of_gone = values.get("address", kept.address) != gone.address
    loser = gone if of_gone else kept
    final = gone.address if not of_gone else values.get("address", kept.address)
    if not loser.address or normalised(loser.address) == normalised(final):
        return values, None
    seat = Seat(organisation_id=kept.pk, address=loser.address, area_id=loser.area_id, lon=loser.lon, lat=loser.lat)
    return values, seat


def _keep_names(journal: Journal, kept: Organisation, names: Sequence[str]) -> None:
    """Both names stay findable: those that are not the name are other names."""
    known = set(kept.other_names.values_list("normalised_name", flat=True)) | {normalised(kept.name)[:250]}
    for name in names:
        key = normalised(name)[:250]
        if key and key not in known:
            known.add(key)
            journal.create(OrganisationName(organisation_id=kept.pk, name=name))


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


def _digest(done: Merge) -> str:
    """The hash of a journal, for the chain of the audit: what will be undone is what was done."""
    return hashlib.sha256(json.dumps(done.rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _refresh_after(*pks: int) -> None:
    search.refresh(Organisation, list(pks))
    for organisation in Organisation.objects.filter(pk__in=pks).order_by("pk"):
        _refresh_neighbours(organisation)


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
