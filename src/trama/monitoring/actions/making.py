"""Making a wave, its questions, and opening it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import bulk, facts, history
from trama.core.actor import Actor
from trama.core.declarations import Scope, gathered
from trama.monitoring import questions as asking
from trama.monitoring.choices import Answer, WaveState
from trama.monitoring.models import Questionnaire, Sheet, Wave, WaveArea
from trama.monitoring.permissions import may_keep
from trama.territory import finding

FIELDS = ("name", "promoter", "researcher", "starts_on", "ends_on", "answer_by", "kinds", "rule", "remind_after",
          "last_call", "aim", "times_apart")  # fmt: skip
BATCH = 500


class NotPossible(ValueError):
    """Something that cannot be done now, with the sentence to say."""


def refuse_unless(allowed: bool) -> None:
    """Raise PermissionDenied unless it is allowed."""
    if not allowed:
        raise PermissionDenied(_("You may not do this with this wave."))


def locked(wave: Wave) -> Wave:
    """The wave as it is now, kept from others until the transaction ends."""
    return Wave.objects.select_for_update(of=("self",)).get(pk=wave.pk)


def count_scope(wave: Wave) -> int:
    """How many records a wave would ask about if it were opened now."""
    return gathered.monitored[wave.what].in_scope(wave.scope()).count()


def count_of(what: str, areas: Iterable[int], start: Any, end: Any, kinds: Sequence[str], rule: str) -> int:
    """The same before anything is saved; `areas` without those below them."""
    below = frozenset(pk for area in areas for pk in finding.below(area))
    return gathered.monitored[what].in_scope(Scope(below, start, end, tuple(kinds), rule)).count()


@transaction.atomic
def save_wave(actor: Actor, data: Mapping[str, Any], wave: Wave | None = None) -> Wave:
    """Write a wave that is in preparation: its fields by name, `areas` as ids. Raises ValidationError by field."""
    before = None
    areas = list(dict.fromkeys(data["areas"]))
    if not areas:
        raise ValidationError({"areas": _("Say where: at least one area.")})
    refuse_unless(may_keep(actor, areas))
    if wave is None:
        wave = Wave(is_demonstration=facts.is_demonstration(), what=data.get("what") or "experiences")
        if wave.what not in gathered.monitored:
            raise ValidationError(_("Nothing of this kind can be monitored."))
    else:
        wave = locked(wave)
        refuse_unless(may_keep(actor, wave.area_ids()))
        if wave.state != WaveState.DRAFT:
            raise NotPossible(_("It is open: what it asks of whom does not change any more."))
        before = history.state_of(wave)
    for name in FIELDS:
        if name in data:
            setattr(wave, name, data[name])
    wave.full_clean()
    wave.save()
    was = sorted(wave.area_ids())
    WaveArea.objects.filter(wave=wave).exclude(area__in=areas).delete()
    WaveArea.objects.bulk_create([WaveArea(wave=wave, area_id=pk) for pk in areas if pk not in was])
    extra = {"areas": [was, sorted(areas)]} if was != sorted(areas) else {}
    history.record(actor, "changed" if before else "created", wave, before, extra)
    return wave


@transaction.atomic
def delete_wave(actor: Actor, wave: Wave) -> None:
    """Throw away a wave that was never opened."""
    row = locked(wave)
    refuse_unless(may_keep(actor, row.area_ids()))
    if row.state != WaveState.DRAFT:
        raise NotPossible(_("It was opened: it can be closed, not thrown away."))
    history.record(actor, "deleted", row, history.state_of(row))
    row.delete()


@transaction.atomic
def save_questions(actor: Actor, wave: Wave, questions: Sequence[asking.Question], source: str = "") -> Questionnaire:
    """Write the additional questions; `source` names the file they came from.

    While somebody may have answered a version, a new one is made instead.
    """
    row = locked(wave)
    refuse_unless(may_keep(actor, row.area_ids()))
    if row.state not in {WaveState.DRAFT, WaveState.OPEN}:
        raise NotPossible(_("It is closed: its questions stand as they were asked."))
    asking.check(questions)
    last = Questionnaire.objects.filter(wave=row).order_by("-version").first()
    stored = asking.written(questions)
    if last is not None and last.questions == stored:
        return last
    if last is not None and row.state == WaveState.DRAFT:
        last.questions, last.made_at, last.source = stored, timezone.now(), source[:120]
        last.save()
    else:
        number = last.version + 1 if last else 1
        last = Questionnaire.objects.create(wave=row, version=number, questions=stored, source=source[:120])
    history.record(
        actor, "asked", row, history.state_of(row), {"questions": [None, len(stored)], "version": last.version}
    )
    return last


def questions_of(wave: Wave) -> tuple[int, list[asking.Question]]:
    """The version of the additional questions in force, and the questions; 0 and none when there are none."""
    last = Questionnaire.objects.filter(wave=wave).order_by("-version").first()
    return (last.version, asking.read(last.questions)) if last is not None else (0, [])


@transaction.atomic
def open_wave(actor: Actor, wave: Wave, site: str = "") -> Wave:
    """Open a wave: a sheet for every record in its scope. The links are sent by `send_links`.

    `site` is the address of this installation, which reminders that leave by themselves will need.
    """
    row = locked(wave)
    refuse_unless(may_keep(actor, row.area_ids()))
    if row.state != WaveState.DRAFT:
        raise NotPossible(_("It has been opened already."))
    if row.answer_by < timezone.localdate():
        raise NotPossible(_("The day until which answers are awaited is past: choose a later one."))
    monitored = gathered.monitored[row.what]
    records = list(monitored.in_scope(row.scope()).order_by("pk").values_list("pk", flat=True))
    if not records:
        raise NotPossible(_("Nothing falls into this wave: look at the areas, the period and the kinds."))
    for start in range(0, len(records), BATCH):
        part = records[start : start + BATCH]
        bulk.insert([sheet_for(row, pk, one) for pk, one in monitored.described(part).items()])
    before = history.state_of(row)
    row.state, row.opened_at, row.site = WaveState.OPEN, timezone.now(), site[:200]
    row.save(update_fields=["state", "opened_at", "site"])
    history.record(actor, "opened", row, before, {"sheets": [0, len(records)]})
    return row


def sheet_for(wave: Wave, record: int, one: Any) -> Sheet:
    """The sheet of a record, not answered; not saved."""
    return Sheet(
        wave=wave,
        record=record,
        title=one.title[:300],
        kind=one.kind,
        area_id=one.area,
        is_sensitive=one.sensitive,
        answer=Answer.WAITING.value,
    )
