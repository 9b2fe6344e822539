"""The audit chain: what was done, by whom, when, and what changed; each entry is hashed with the one before.

A record's history is read from here. Fields that hold personal data are named, never quoted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from trama.core import bulk, search
from trama.core.actor import Actor
from trama.core.models import AuditEntry, AuditHead
from trama.core.privacy import Privacy

# Fields that say nothing to a reader of a history.
SILENT = frozenset({"id", "edited_at", "lon", "lat", "x", "y", "normalised_name", "content_hash", "import_key"})
MASK = "•"
NOTHING: tuple[Any, ...] = (None, "", [], {}, False)  # what need not be told of a new record
AT_ONCE = 2000  # links of the chain that are held together


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done to one record (or to none), to be written into the chain."""

    verb: str
    kind: str = ""
    object_id: str = ""
    label: str = ""
    changes: dict[str, Any] | None = None


# Most values of most records: a load asks of hundreds of thousands.
AS_THEY_ARE = frozenset({str, int, float, bool})


def kind_of(obj: models.Model | type[models.Model]) -> str:
    """The name under which records of this model stand in the audit and in the search: `app.model`."""
    return obj._meta.label_lower


def plain(value: Any) -> Any:
    """A value as JSON can hold it, the same on every database."""
    if value is None or type(value) in AS_THEY_ARE:
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, (bytes, memoryview)):
        return hashlib.sha256(bytes(value)).hexdigest()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


@cache
def _told_of(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(f.attname for f in model._meta.concrete_fields if f.attname not in SILENT)


def state_of(obj: models.Model) -> dict[str, Any]:
    """The fields of a record as they are now, to be compared with what they will be."""
    return {name: plain(getattr(obj, name)) for name in _told_of(type(obj))}


def differences(obj: models.Model, before: dict[str, Any] | None) -> dict[str, Any]:
    """What changed in `obj` since `before` (None: it is new), as `{field: [old, new]}`; personal fields are masked."""
    privacy: Privacy | None = getattr(obj, "privacy", None)
    masked = privacy.personal_fields if privacy else frozenset()
    changes: dict[str, Any] = {}
    for name in _told_of(type(obj)):
        value, was = getattr(obj, name), None
        if before is not None:
            value, was = plain(value), before.get(name)
            if value == was:
                continue
        elif value is None or (type(value) in AS_THEY_ARE and not value) or (value := plain(value)) in NOTHING:
            continue
        changes[name] = [MASK if was else None, MASK] if name in masked else [was, value]
    return changes


def record(
    actor: Actor,
    verb: str,
    obj: models.Model | None = None,
    before: dict[str, Any] | None = None,
    extra: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write one act into the chain, and refresh what can be found of the record. Call inside the transaction."""
    act = Act(verb=verb, changes=plain(extra or {}))
    if obj is not None:
        changes = {**differences(obj, before), **plain(extra or {})}
        act = Act(verb, kind_of(obj), str(obj.pk), str(obj)[:300], changes)
        search.refresh(type(obj), [obj.pk])
    return _one(actor, act)


def record_reading(actor: Actor, obj: models.Model, reason: str = "") -> AuditEntry:
    """Write that somebody opened a record of a person, and why; what was read is not repeated."""
    changes = {"reason": reason} if reason else {}
    return _one(actor, Act("read", kind_of(obj), str(obj.pk), str(obj)[:300], changes))


def _one(actor: Actor, act: Act) -> AuditEntry:
    (link,) = _chained(actor, [act])
    return AuditEntry(**dict(zip(LINK, link, strict=True)))


def record_many(actor: Actor, acts: Iterable[Act]) -> None:
    """Write many acts into the chain at once (a load of a file). The caller refreshes the search index."""
    waiting = iter(acts)
    with transaction.atomic():
        while some := list(islice(waiting, AT_ONCE)):
            _chained(actor, some)


Link = tuple[int, datetime, int | None, str, str, str, str, str, dict[str, Any], str, str]
LINK = (
    "number", "at", "user", "user_name", "verb", "kind", "object_id", "label", "changes", "previous", "hash",
)  # fmt: skip


def _chained(actor: Actor, acts: list[Act]) -> list[Link]:
    """Write acts behind the last one; gives the rows as they stand there."""
    with transaction.atomic():
        AuditHead.objects.get_or_create(pk=1)
        head = AuditHead.objects.select_for_update().get(pk=1)
        number, previous = head.number, head.hash
        links: list[Link] = []
        at = timezone.now().replace(microsecond=0)
        written = at.astimezone(UTC).isoformat()
        who = (actor.user, actor.name[:150])
        for act in acts:
            number += 1
            said = (*who, act.verb, act.kind, act.object_id, act.label[:300], act.changes or {})
            own = _hash(number, written, *said, previous)
            links.append((number, at, *said, previous, own))
            previous = own
        bulk.insert_values(AuditEntry, LINK, links)
        AuditHead.objects.filter(pk=1).update(number=number, hash=previous)
    return links


def last_number() -> int:
    """The number of the last entry of the chain; 0 where nothing was done yet."""
    return AuditHead.objects.filter(pk=1).values_list("number", flat=True).first() or 0


def hash_of(entry: AuditEntry) -> str:
    """The SHA-256 of an entry's content together with the hash of the entry before it."""
    return _hash(
        entry.number,
        entry.at.astimezone(UTC).isoformat(),
        entry.user,
        entry.user_name,
        entry.verb,
        entry.kind,
        entry.object_id,
        entry.label,
        entry.changes,
        entry.previous,
    )


_AS_TEXT = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def _hash(*content: Any) -> str:
    return hashlib.sha256(_AS_TEXT(content).encode()).hexdigest()


@dataclass(frozen=True)
class Verification:
    """What a walk along the chain found. `problem` is empty when every link holds."""

    entries: int
    last_hash: str
    problem: str = ""


def verify(using: str = "default") -> Verification:
    """Walk the whole chain: every hash recomputed, no number missing, and the end where the head says it is.

    `using` names the database: a copy is verified as the living one is.
    """
    previous, number = "", 0
    for entry in _in_order(using):
        number += 1
        if entry.number != number:
            return Verification(number - 1, previous, f"entry {number} is missing")
        if entry.previous != previous:
            return Verification(number - 1, previous, f"entry {number} does not follow the one before it")
        if entry.hash != hash_of(entry):
            return Verification(number - 1, previous, f"entry {number} was altered")
        previous = entry.hash
    head = AuditHead.objects.using(using).filter(pk=1).first()
    expected = (head.number, head.hash) if head else (0, "")
    if expected != (number, previous):
        return Verification(number, previous, f"the chain ends at entry {number}, its head says {expected[0]}")
    return Verification(number, previous)


def _in_order(using: str) -> Iterator[AuditEntry]:
    return AuditEntry.objects.using(using).order_by("number").iterator(chunk_size=2000)
