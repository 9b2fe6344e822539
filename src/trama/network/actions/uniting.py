"""One body under one name: two records merged, a string split into several, either taken back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import search
from trama.core.actor import Actor
from trama.core.history import record, state_of
from trama.network import permissions
from trama.network.choices import Reshaping
from trama.network.keeping import ChangedMeanwhile, locked, refresh_neighbours, refuse_unless
from trama.network.merging import Journal, in_the_way, move_links, share_links
from trama.network.merging import undo as undo_steps
from trama.network.models import Merge, Organisation, OrganisationName, Seat, normalised

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
    return seen == len(organisations) and all(permissions.may_unite(actor, one.area_id) for one in organisations)


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
        refuse_unless(may_merge(actor, kept, gone))
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
            gone=gone.pk,
            gone_name=gone.name,
            gone_key=gone.import_key,
            kept=kept.pk,
            rows=journal.steps,
            made_by_id=actor.user,
        )
        extra = {"merged": [None, gone.name], "merge": done.pk, "gone": gone.pk, "moved": moved, "rows": _digest(done)}
        record(actor, "merged", kept, before, extra)
        record(actor, "merged_away", gone, state_of(gone), {"kept": kept.pk, "merge": done.pk})
        _refresh_after(kept.pk, gone.pk)
    return done


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
        refuse_unless(may_merge(actor, kept))
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
        text = locked(text)
        known = [body for body in bodies if isinstance(body, Organisation)]
        refuse_unless(may_merge(actor, text) and (not known or may_merge(actor, *known)))
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
            gone_key=text.import_key,
            bodies=[body.pk for body in found],
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


def say_it_is_one(actor: Actor, organisation: Organisation) -> Organisation:
    """The name seems to name several bodies, and is that of one: nothing waits to be split."""
    with transaction.atomic():
        organisation = locked(organisation)
        refuse_unless(may_merge(actor, organisation))
        before = state_of(organisation)
        organisation.names_several, organisation.edited_at = False, timezone.now()
        organisation.save(update_fields=["names_several", "edited_at"])
        record(actor, "changed", organisation, before)
    return organisation


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


def _digest(done: Merge) -> str:
    """The hash of a journal, for the chain of the audit: what will be undone is what was done."""
    return hashlib.sha256(json.dumps(done.rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _refresh_after(*pks: int) -> None:
    search.refresh(Organisation, list(pks))
    for organisation in Organisation.objects.filter(pk__in=pks).order_by("pk"):
        refresh_neighbours(organisation)
