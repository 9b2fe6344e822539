"""Waves that were not lived here: one that is closed already, or one whose sheets are partly answered."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from trama.core import bulk, facts, history
from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.monitoring import freezing
from trama.monitoring.actions.making import refuse_unless, sheet_for
from trama.monitoring.choices import Answer, Channel, WaveState
from trama.monitoring.links import expiry
from trama.monitoring.models import FrozenRow, Invitation, Sheet, Wave, WaveArea
from trama.monitoring.permissions import may_keep


@dataclass(frozen=True)
class Past:
    """A record as a past wave found it."""

    record: int
    answer: str
    at: datetime | None = None
    channel: str = Channel.LINK.value
    content: dict[str, Any] = field(default_factory=dict)


def _begin(actor: Actor, fields: Mapping[str, Any], areas: Sequence[int], found: Sequence[Past]) -> Wave:
    refuse_unless(may_keep(actor, areas))
    wave = Wave(is_demonstration=facts.is_demonstration(), **fields)
    wave.full_clean()
    wave.save()
    WaveArea.objects.bulk_create([WaveArea(wave=wave, area_id=pk) for pk in areas])
    described = gathered.monitored[wave.what].described([one.record for one in found])
    sheets = []
    for one in found:
        sheet = sheet_for(wave, one.record, described[one.record])
        sheet.answer, sheet.answered_at = str(one.answer), one.at
        sheet.channel = one.channel if one.at else ""
        sheets.append(sheet)
    bulk.insert(sheets)
    return wave


@transaction.atomic
def bring_closed_wave(
    actor: Actor, fields: Mapping[str, Any], areas: Sequence[int], found: Sequence[Past], outside: Sequence[Past] = ()
) -> Wave:
    """A wave closed on `fields["closed_at"]`, frozen as `found` tells; `outside`: what it no longer asked about."""
    wave = _begin(actor, fields, areas, found)
    hidden = gathered.monitored[wave.what].described([one.record for one in outside])
    sheets = {sheet.record: sheet for sheet in Sheet.objects.filter(wave=wave).order_by()}
    rows = []
    for one in [*found, *outside]:
        known = sheets.get(one.record)
        area = known.area_id if known else hidden[one.record].area
        sensitive = known.is_sensitive if known else hidden[one.record].sensitive
        digest = freezing.row_digest(one.record, one.answer, one.content, {})
        rows.append(
            FrozenRow(wave=wave, record=one.record, area_id=area, is_sensitive=sensitive, answer=str(one.answer),
                      content=one.content, answers={}, digest=digest)
        )  # fmt: skip
    bulk.insert(rows)
    wave.definitions = freezing.definitions_of(wave, [one.content for one in found])
    wave.save(update_fields=["definitions"])
    bulk.insert(freezing.figures_of(wave))
    wave.fingerprint, wave.state = freezing.fingerprint(wave), WaveState.CLOSED
    wave.save(update_fields=["fingerprint", "state"])
    extra = {"sheets": [0, len(found)], "fingerprint": [None, wave.fingerprint]}
    history.record_many(actor, [history.Act("brought", history.kind_of(wave), str(wave.pk), wave.name, extra)])
    return wave


@transaction.atomic
def bring_open_wave(actor: Actor, fields: Mapping[str, Any], areas: Sequence[int], found: Sequence[Past]) -> Wave:
    """A wave that is open, with the answers that came until now, and links that were sent on the day of its opening."""
    wave = _begin(actor, {**fields, "state": WaveState.OPEN}, areas, found)
    silent = {sheet.record: sheet for sheet in Sheet.objects.filter(wave=wave, answer=Answer.WAITING).order_by("pk")}
    links = [
        # The token of a letter that was sent elsewhere is known to nobody here; a reminder makes a new one.
        Invitation(sheet=silent[record], digest=secrets.token_hex(32), email=one.email, name=one.name,
                   organisation_id=one.organisation, sent_at=fields["opened_at"], expires_at=expiry(wave))
        for record, referents in gathered.monitored[wave.what].referents(list(silent)).items()
        for one in referents
    ]  # fmt: skip
    bulk.insert(links)
    extra = {"sheets": [0, len(found)]}
    history.record_many(actor, [history.Act("brought", history.kind_of(wave), str(wave.pk), wave.name, extra)])
    return wave
