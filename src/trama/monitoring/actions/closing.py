"""Closing a wave in steps that can be repeated, opening it again, and saying what was wrong in it."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import bulk, history
from trama.core.actor import Actor
from trama.monitoring import freezing
from trama.monitoring.actions.letters import forget_recipients
from trama.monitoring.actions.making import NotPossible, locked, refuse_unless
from trama.monitoring.choices import COVERED, OUTSIDE, WaveState
from trama.monitoring.models import Erratum, FrozenFigure, FrozenRow, Sheet, Wave
from trama.monitoring.permissions import may_keep, may_reopen
from trama.monitoring.reading import wave_before

BATCH = 500


def close_wave(
    actor: Actor, wave: Wave, progress: Callable[[int, int], None] | None = None, seconds: float | None = None
) -> Wave:
    """Close a wave: no more answers, then freeze its rows batch by batch, then its figures, and sign all of it.

    Every batch is a transaction of its own. Interrupted anywhere, closing again goes on with what is not frozen yet;
    the last step happens whole or not at all. With `seconds` it stops by itself after about so long: the wave that is
    given back is then still being closed.
    """
    _begin(actor, wave)
    until = None if seconds is None else time.monotonic() + seconds
    done, total = frozen_of(wave)
    while True:
        if until is not None and time.monotonic() > until:
            wave.refresh_from_db()
            return wave
        frozen = FrozenRow.objects.filter(wave=wave).order_by().values("record")
        sheets = list(Sheet.objects.filter(wave=wave).exclude(record__in=frozen).order_by("record")[:BATCH])
        if not sheets:
            break
        with transaction.atomic():
            freezing.freeze_rows(wave, sheets)
        done += len(sheets)
        if progress is not None:
            progress(done, total)
    _freeze_outside(wave)
    return _finish(actor, wave)


def frozen_of(wave: Wave) -> tuple[int, int]:
    """How many of the records of a wave that is being closed are frozen, and of how many."""
    rows = FrozenRow.objects.filter(wave=wave).exclude(answer=OUTSIDE)
    return rows.count(), Sheet.objects.filter(wave=wave).count()


def _freeze_outside(wave: Wave) -> None:
    """What the wave before covered and this one did not ask about, batch by batch."""
    before = wave_before(wave)
    if before is None:
        return
    frozen = FrozenRow.objects.filter(wave=wave).order_by().values("record")
    rows = FrozenRow.objects.filter(wave=before, answer__in=COVERED).exclude(record__in=frozen).order_by("record")
    while records := list(rows.values_list("record", flat=True)[:BATCH]):
        with transaction.atomic():
            freezing.freeze_outside(wave, records)


@transaction.atomic
def _begin(actor: Actor, wave: Wave) -> None:
    row = locked(wave)
    refuse_unless(may_keep(actor, row.area_ids()))
    if row.state == WaveState.CLOSING:
        return
    if row.state != WaveState.OPEN:
        raise NotPossible(_("Only an open wave can be closed."))
    before = history.state_of(row)
    row.state = WaveState.CLOSING
    row.save(update_fields=["state"])
    history.record(actor, "began_closing", row, before)


@transaction.atomic
def _finish(actor: Actor, wave: Wave) -> Wave:
    row = locked(wave)
    if row.state == WaveState.CLOSED:
        return row
    before = history.state_of(row)
    row.definitions = freezing.definitions_of(row, freezing.counted(row))
    row.save(update_fields=["definitions"])
    bulk.insert(freezing.figures_of(row))
    row.fingerprint = freezing.fingerprint(row)
    row.state, row.closed_at = WaveState.CLOSED, timezone.now()
    row.save(update_fields=["state", "closed_at", "fingerprint"])
    forget_recipients(actor, row)
    # The definitions are hundreds of words: the fingerprint stands for them.
    act = {"state": [WaveState.CLOSING.value, row.state], "fingerprint": [None, row.fingerprint]}
    history.record(actor, "closed", row, history.state_of(row) | {"state": before["state"]}, act)
    return row


@transaction.atomic
def reopen_wave(actor: Actor, wave: Wave, reason: str) -> Wave:
    """Open a closed wave again: what it froze goes, and the register of acts keeps its fingerprint and the reason."""
    row = locked(wave)
    refuse_unless(may_reopen(actor, row.area_ids()))
    if row.state != WaveState.CLOSED:
        raise NotPossible(_("Only a closed wave can be opened again."))
    reason = " ".join(reason.split())
    if not reason:
        raise ValidationError({"reason": _("Say why: the figures have been read by others.")})
    gone = {"fingerprint": [row.fingerprint, None], "reason": reason[:500], "state": [row.state, WaveState.OPEN.value]}
    for model in (FrozenRow, FrozenFigure):
        rows = model._default_manager.filter(wave=row).order_by()
        rows._raw_delete(rows.db)
    row.state, row.closed_at, row.fingerprint, row.definitions = WaveState.OPEN, None, "", {}
    row.answer_by = max(row.answer_by, timezone.localdate())
    row.save()
    history.record(actor, "reopened", row, history.state_of(row), gone)
    return row


@transaction.atomic
def write_erratum(actor: Actor, wave: Wave, *, figure: str, was: str, should_be: str, reason: str) -> Erratum:
    """Say beside a closed wave what is wrong in it, what is right, and why. What was frozen stays as it is."""
    row = locked(wave)
    refuse_unless(may_keep(actor, row.area_ids()))
    if row.state != WaveState.CLOSED:
        raise NotPossible(_("An open wave is corrected in its records."))
    erratum = Erratum(
        wave=row, figure=figure.strip(), was=was.strip(), should_be=should_be.strip(), reason=reason.strip()
    )
    erratum.full_clean()
    erratum.save()
    history.record(actor, "corrected", erratum, None)
    return erratum
