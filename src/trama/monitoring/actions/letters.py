"""Letters with personal links: one per mail box, sent in steps that can be repeated; reminded; forgotten at the end."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from trama.core import facts, history
from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.monitoring.actions.making import NotPossible, locked, refuse_unless
from trama.monitoring.links import invite
from trama.monitoring.models import Invitation, Sheet, SheetQuerySet, Wave
from trama.monitoring.permissions import may_keep
from trama.monitoring.reading import TRYING, due, to_remind, unwritten

logger = logging.getLogger(__name__)
BATCH = 500
FAILURES = 3  # letters in a row that do not leave: the mail server is not there


@dataclass(frozen=True)
class Recipient:
    """Who is written to about a sheet: in the name of an organisation, or of the worker who handed it over."""

    email: str
    name: str
    organisation: int | None = None
    handed_by: int | None = None


@dataclass(frozen=True)
class Sent:
    """What a step of sending did: letters that left, letters that did not, mail boxes that still wait."""

    letters: int = 0
    failed: int = 0
    waiting: int = 0

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to go on with now."""
        return not self.waiting or bool(self.failed and not self.letters)


Wanted = dict[str, list[tuple[Sheet, Recipient]]]


def send_links(actor: Actor, wave: Wave, site: str, seconds: float | None = None) -> Sent:
    """Write to every referent of silent sheets who has no letter yet.

    `site` is the address of this installation, with a slash at its end. Broken off, or ended after about so many
    seconds, it goes on where it stopped.
    """
    return _send(actor, wave, site, unwritten(wave), reminding=False, seconds=seconds)


def remind(actor: Actor, wave: Wave, site: str, seconds: float | None = None) -> Sent:
    """Write again to all who are silent, but for those who had a letter in the last days."""
    return _send(actor, wave, site, to_remind(wave), reminding=True, seconds=seconds)


def remind_when_due(actor: Actor, wave: Wave, site: str, today: date | None = None) -> Sent:
    """Write again to who is silent since the last day of the calendar of reminders; on other days to nobody."""
    return _send(actor, wave, site, due(wave, today or timezone.localdate()), reminding=True)


def boxes(wave: Wave, sheets: SheetQuerySet) -> Wanted:
    """The mail boxes to which letters about these sheets go, with what each is asked about.

    A sheet that was handed to somebody is asked of them; else of its referents.
    """
    monitored = gathered.monitored[wave.what]
    found: Wanted = defaultdict(list)
    rows = list(sheets.order_by("pk"))
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        handed = _handed(part)
        referents = monitored.referents([sheet.record for sheet in part if sheet.pk not in handed])
        for sheet in part:
            known = [Recipient(one.email, one.name, one.organisation) for one in referents.get(sheet.record, [])]
            for recipient in [handed[sheet.pk]] if sheet.pk in handed else known:
                found[recipient.email].append((sheet, recipient))
    return dict(found)


def _handed(sheets: Sequence[Sheet]) -> dict[int, Recipient]:
    rows = Invitation.objects.filter(sheet__in=sheets, handed_by__isnull=False).exclude(email="").order_by("sent_at")
    return {row.sheet_id: Recipient(row.email, row.name, handed_by=row.handed_by_id) for row in rows}


def _send(
    actor: Actor, wave: Wave, site: str, sheets: SheetQuerySet, *, reminding: bool, seconds: float | None = None
) -> Sent:
    refuse_unless(may_keep(actor, wave.area_ids()))
    if not wave.is_open:
        raise NotPossible(_("It is not open: nobody is written to."))
    if site and not wave.site:
        # A wave that was brought from elsewhere learns where it lives: reminders that leave by themselves will need it.
        Wave.objects.filter(pk=wave.pk).update(site=site[:200])
        wave.site = site[:200]
    wanted = boxes(wave, sheets)
    until = None if seconds is None else time.monotonic() + seconds
    left = failed = in_a_row = done = 0
    connection = get_connection()
    try:
        for email, lines in wanted.items():
            if (done and until is not None and time.monotonic() > until) or in_a_row == FAILURES:
                break
            done += 1
            went = _write_to(actor, wave, site, email, lines, connection, reminding=reminding)
            left, failed = left + (went is True), failed + (went is False)
            in_a_row = in_a_row + 1 if went is False else 0
    finally:
        _close(connection)
    return Sent(left, failed, len(wanted) - done)


def _close(connection: Any) -> None:
    """Let go of the mail server; one that went away is no reason to lose what was done."""
    try:
        connection.close()
    except (OSError, SMTPException):
        logger.warning("the mail server went away")


def _write_to(
    actor: Actor, wave: Wave, site: str, email: str, wanted: Sequence[tuple[Sheet, Recipient]], connection: Any,
    *, reminding: bool,
) -> bool | None:  # fmt: skip
    """One letter with all the links of one mail box: whether it left, None if somebody else has just written it.

    The links are written down first, so that a letter never bears one that opens nothing; what does not leave is
    marked, and written again.
    """
    lines, made = [], []
    with transaction.atomic():
        if not locked(wave).is_open:
            raise NotPossible(_("It is not open: nobody is written to."))
        sheets = [sheet.pk for sheet, _one in wanted]
        fresh = Invitation.objects.filter(sheet__in=sheets, email=email, sent_at__gt=timezone.now() - TRYING)
        just_written = set(fresh.order_by().values_list("sheet", flat=True))
        for sheet, one in wanted:
            if sheet.pk in just_written:
                continue
            token, invitation = invite(sheet, wave, email=email, name=one.name, organisation_id=one.organisation,
                                       handed_by_id=one.handed_by, is_unsent=True)  # fmt: skip
            made.append(invitation)
            lines.append(line_of(sheet, site, token))
        if not made:
            return None
        verb = "reminded" if reminding else "sent_links"
        about = {"sheets": [None, [invitation.sheet_id for invitation in made]]}
        history.record(actor, verb, wave, history.state_of(wave), about)
    return _leaves(actor, wave, made, email, wanted[0][1].name, lines, connection, reminding=reminding)


def _leaves(
    actor: Actor, wave: Wave, made: Sequence[Invitation], email: str, name: str, lines: Sequence[dict[str, str]],
    connection: Any = None, *, reminding: bool = False,
) -> bool:  # fmt: skip
    """Hand a letter to the post; whether it left. What did not is noted, and waits."""
    try:
        handed = all(invitation.handed_by_id for invitation in made)
        letter(wave, email, name, lines, connection, reminding=reminding, handed=handed).send()
    except (OSError, SMTPException) as error:
        logger.warning("a letter of wave %s did not leave: %s", wave.pk, type(error).__name__)
        about = {"sheets": [None, [invitation.sheet_id for invitation in made]]}
        history.record(actor, "letter_failed", wave, history.state_of(wave), about)
        if connection is not None:
            _close(connection)
        return False
    Invitation.objects.filter(pk__in=[invitation.pk for invitation in made]).update(is_unsent=False)
    return True


def line_of(sheet: Sheet, site: str, token: str) -> dict[str, str]:
    """A line of a letter. What may harm if named is not named in the post."""
    title = "" if sheet.is_sensitive else sheet.title
    return {"title": title, "link": site.rstrip("/") + reverse("monitoring:by_link", args=[token])}


def letter(
    wave: Wave, email: str, name: str, lines: Sequence[dict[str, str]], connection: Any = None, *, reminding: bool,
    handed: bool = False,
) -> EmailMessage:  # fmt: skip
    """A letter in the language of the installation; `handed`: somebody who works there gave this address."""
    if hasattr(connection, "file_path"):
        connection = None  # a file for each letter, so that a newcomer sees them one by one
    with translation.override(settings.LANGUAGE_CODE):
        context = {"wave": wave, "name": name, "lines": lines, "reminding": reminding}
        context |= {"body": facts.facts().get(facts.BODY_NAME, ""), "contact": settings.CONTACT}
        context["handed"] = handed
        context["privacy"] = wave.site.rstrip("/") + reverse("portal:privacy") if wave.site else ""
        text = render_to_string("monitoring/letter.txt", context)
        subject = _("Is it still so? %(wave)s") % {"wave": wave.name}
        if reminding:
            subject = _("We are still waiting for your word: %(wave)s") % {"wave": wave.name}
    return EmailMessage(" ".join(subject.split()), text, to=[email], connection=connection)


def sample(wave: Wave, site: str) -> EmailMessage:
    """The letter that opening a wave would send, about one of its records, with no link that opens anything."""
    monitored = gathered.monitored[wave.what]
    first = monitored.in_scope(wave.scope()).order_by("pk").values_list("pk", flat=True)[:1]
    found = next(iter(monitored.described(list(first)).values()), None)
    title = found.title if found and not found.sensitive else ""
    line = {
        "title": title,
        "link": site.rstrip("/") + reverse("monitoring:by_link", args=["…"]).replace("%E2%80%A6", "…"),
    }
    with translation.override(settings.LANGUAGE_CODE):
        name = _("(name of the organisation)")
    wave.site = wave.site or site
    return letter(wave, name, name, [line], reminding=False)


def write_one(actor: Actor, sheet: Sheet, invitation: Invitation, token: str, site: str) -> bool:
    """A letter about one sheet to whom it was handed; whether it left."""
    wave = sheet.wave
    wave.site = wave.site or site
    return _leaves(actor, wave, [invitation], invitation.email, invitation.name, [line_of(sheet, site, token)])


@transaction.atomic
def forget_recipients(actor: Actor, wave: Wave) -> int:
    """Take the addresses and names of those who were written to away; gives of how many links."""
    row = locked(wave)
    refuse_unless(may_keep(actor, row.area_ids()))
    known = Invitation.objects.filter(sheet__wave=row).exclude(email="", name="")
    count = known.update(email="", name="")
    if count:
        history.record(actor, "forgot_recipients", row, history.state_of(row), {"links": [count, 0]})
    return count
