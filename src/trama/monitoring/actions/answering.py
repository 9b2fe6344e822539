"""Answers: through a link, on paper, by telephone; handing a sheet to somebody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import bulk, history
from trama.core.actor import Actor
from trama.core.declarations import Monitored, gathered
from trama.monitoring import questions as asking
from trama.monitoring.actions.letters import line_of, write_one
from trama.monitoring.actions.making import NotPossible, questions_of, refuse_unless
from trama.monitoring.choices import Answer, Channel
from trama.monitoring.links import expiry, invite, new_token
from trama.monitoring.models import Invitation, Sheet, Wave
from trama.ui.numbers import day


class AnsweredMeanwhile(Exception):
    """Somebody answered while the form was open. `sheet` is as it stands now."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__("answered meanwhile")
        self.sheet = sheet


class ChangedMeanwhile(Exception):
    """Somebody changed the record between the look at it and the answer."""


def _locked(sheet: Sheet) -> Sheet:
    return Sheet.objects.select_for_update(of=("self",)).select_related("wave").get(pk=sheet.pk)


@transaction.atomic
def answer(
    actor: Actor,
    sheet: Sheet,
    what: str,
    *,
    channel: str,
    values: Mapping[str, Any] | None = None,
    ended_on: date | None = None,
    answers: Mapping[str, Any] | None = None,
    note: str = "",
    invitation: Invitation | None = None,
    seen: str | None = None,
    stood: Mapping[str, Any] | None = None,
) -> Sheet:
    """Take an answer: it changes the record and the sheet together, or nothing.

    `values` are those of the declared fields (`Asked`), `answers` those of the additional questions; `seen`
    is the moment (ISO) of the answer that whoever answers had before them, "none" if there was none, and `stood` what
    the record said then, by field. Raises ValidationError by field, NotPossible when the wave is not open or the link
    was used meanwhile, PermissionDenied, AnsweredMeanwhile when the answer is no longer the one that was seen, and
    ChangedMeanwhile when the record no longer says what it did.
    """
    row = _locked(sheet)
    if not row.wave.is_open:
        raise NotPossible(_("The wave is closed: answers are no longer taken."))
    monitored = gathered.monitored[row.wave.what]
    if not monitored.may_answer(actor, row.record):
        raise PermissionDenied
    if invitation is not None:
        _use(invitation, row)
    if seen and row.answered_at is not None and row.answered_at.isoformat() != seen:
        raise AnsweredMeanwhile(row)
    if stood is not None and what != Answer.NOT_MINE:
        _hold(monitored, row.record, stood)
    before = history.state_of(row)
    version, questions = questions_of(row.wave)
    if what != Answer.NOT_MINE:
        taken = asking.accepted(questions, answers or {}, needed=what != Answer.ENDED)
        row.answers, row.answers_version = taken, version
    if what == Answer.UPDATED and not row.prefilled:
        stood = monitored.content([row.record]).get(row.record, {})
        row.prefilled = {one.key: stood.get(one.key) for one in monitored.fields if one.kind == "count"}
    _write(actor, monitored, row, what, values or {}, ended_on)
    row.answer, row.channel, row.answered_at = what, channel, timezone.now()
    row.note = " ".join(note.replace("\x00", "").split())[:300]
    row.save()
    history.record(actor, "answered", row, before, {"by_way_of": [None, str(channel)]})
    return row


def _hold(monitored: Monitored, record: int, stood: Mapping[str, Any]) -> None:
    """Keep the record from others until the answer is written, if it still says what it did."""
    if monitored.model is not None:
        monitored.model._base_manager.select_for_update(of=("self",)).filter(pk=record).order_by().first()
    content = monitored.content([record]).get(record, {})
    if any(content.get(key) != value for key, value in stood.items()):
        raise ChangedMeanwhile


def _use(invitation: Invitation, sheet: Sheet) -> None:
    """Use a link up, and every other link to the same sheet."""
    held = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if held.sheet_id != sheet.pk:
        raise PermissionDenied
    if held.used_at is not None or held.expires_at <= timezone.now():
        raise NotPossible(_("This link was used already."))
    Invitation.objects.filter(sheet=sheet, used_at__isnull=True).update(used_at=timezone.now())


def _write(
    actor: Actor, monitored: Monitored, row: Sheet, what: str, values: Mapping[str, Any], ended_on: date | None
) -> None:
    if what == Answer.CONFIRMED:
        monitored.confirm(actor, row.record)
    elif what == Answer.UPDATED:
        _refuse_outside(row.wave, values)
        monitored.apply(actor, row.record, dict(values))
    elif what == Answer.ENDED:
        if ended_on is None:
            raise ValidationError({"ended_on": _("When did it end? The last day of that month is enough.")})
        if ended_on > timezone.localdate():
            raise ValidationError({"ended_on": _("This day is still to come: it has not ended yet.")})
        monitored.end(actor, row.record, ended_on)
    elif what != Answer.NOT_MINE:
        raise ValidationError(_("Choose one of the four answers."))


def _refuse_outside(wave: Wave, values: Mapping[str, Any]) -> None:
    """A start that was changed to a day after the period observed is none of this wave's."""
    start = values.get("starts_on")
    if start and date.fromisoformat(start) > wave.ends_on:
        said = _("This collection looks at the time until %(day)s: what begins later does not belong to it.")
        raise ValidationError({"starts_on": said % {"day": day(wave.ends_on)}})


def delegate(actor: Actor, sheet: Sheet, email: str, name: str, site: str) -> Invitation:
    """Send a link to somebody else who knows; they answer in the name of the worker who asks them.

    Raises NotPossible when the letter does not leave: it is sent again with the next ones.
    """
    row, invitation, token = _handed_over(actor, sheet, email, name)
    if not write_one(actor, row, invitation, token, site):
        raise NotPossible(_("The letter could not leave: the mail server does not answer. It is tried again later."))
    return invitation


@transaction.atomic
def _handed_over(actor: Actor, sheet: Sheet, email: str, name: str) -> tuple[Sheet, Invitation, str]:
    row = _locked(sheet)
    refuse_unless(actor.user is not None and gathered.monitored[row.wave.what].may_answer(actor, row.record))
    if not row.wave.is_open:
        raise NotPossible(_("It is not open: nobody is written to."))
    email = email.strip().lower()
    validate_email(email)
    before = history.state_of(row)
    if row.answer == Answer.NOT_MINE:
        row.answer, row.answered_at = Answer.WAITING, None
        row.save(update_fields=["answer", "answered_at"])
    more = {"email": email, "name": name.strip()[:200], "handed_by_id": actor.user, "is_unsent": True}
    token, invitation = invite(row, row.wave, **more)
    history.record(actor, "delegated", row, before)
    return row, invitation, token


@transaction.atomic
def hand_out(actor: Actor, sheets: Sequence[Sheet], site: str) -> list[tuple[Sheet, str]]:
    """Make links for sheets that go out on paper: gives each sheet with the address that its QR code holds."""
    wanted = [sheet.pk for sheet in sheets]
    rows = Sheet.objects.select_for_update(of=("self",)).select_related("wave", "area").filter(pk__in=wanted)
    locked_rows = {row.pk: row for row in rows.order_by("pk")}
    found, made, acts = [], [], []
    for row in (locked_rows[pk] for pk in wanted):
        refuse_unless(actor.user is not None and gathered.monitored[row.wave.what].may_answer(actor, row.record))
        if not row.wave.is_open:
            raise NotPossible(_("It is not open: there is nothing to fill in."))
        token, digest = new_token()
        made.append(Invitation(sheet=row, digest=digest, expires_at=expiry(row.wave), handed_by_id=actor.user,
                               on_paper=True))  # fmt: skip
        changes = {"by_way_of": [None, Channel.PAPER.value]}
        acts.append(history.Act("printed", history.kind_of(row), str(row.pk), row.title, changes))
        found.append((row, line_of(row, site, token)["link"]))
    bulk.insert(made)
    history.record_many(actor, acts)
    return found
