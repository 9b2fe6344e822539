"""Letters with personal links: sent once per mail box, reminded, forgotten when the wave is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from trama.core import facts, history
from trama.core.actor import Actor
from trama.core.declarations import Referent, gathered
from trama.monitoring.actions.making import NotPossible, locked, refuse_unless
from trama.monitoring.links import invite
from trama.monitoring.models import Invitation, Sheet, Wave
from trama.monitoring.permissions import may_keep
from trama.monitoring.reading import to_remind

BATCH = 500


def send_links(actor: Actor, wave: Wave, site: str) -> int:
    """Write to every referent of silent sheets who has no link yet; gives how many letters went out.

    `site` is the address of this installation, with a slash at its end. Interrupted, it goes on where it stopped.
    """
    refuse_unless(may_keep(actor, wave.area_ids()))
    silent = (
        Sheet.objects.filter(wave=wave)
        .silent()
        .exclude(pk__in=Invitation.objects.filter(sheet__wave=wave).exclude(email="").order_by().values("sheet"))
    )
    return _send(actor, wave, site, list(silent.order_by("pk")), reminding=False)


def remind(actor: Actor, wave: Wave, site: str) -> int:
    """Write again to who is silent since the last letter; the new link is as good as the old one."""
    refuse_unless(may_keep(actor, wave.area_ids()))
    return _send(actor, wave, site, list(to_remind(wave).order_by("pk")), reminding=True)


def _send(actor: Actor, wave: Wave, site: str, sheets: Sequence[Sheet], *, reminding: bool) -> int:
    if not wave.is_open:
        raise NotPossible(_("It is not open: nobody is written to."))
    letters: dict[str, list[tuple[Sheet, Referent]]] = defaultdict(list)
    monitored = gathered.monitored[wave.what]
    for start in range(0, len(sheets), BATCH):
        part = sheets[start : start + BATCH]
        found = monitored.referents([sheet.record for sheet in part])
        for sheet in part:
            for referent in found.get(sheet.record, []):
                letters[referent.email].append((sheet, referent))
    for email, wanted in letters.items():
        _write_to(actor, wave, site, email, wanted, reminding=reminding)
    return len(letters)


@transaction.atomic
def _write_to(
    actor: Actor, wave: Wave, site: str, email: str, wanted: Sequence[tuple[Sheet, Referent]], *, reminding: bool
) -> None:
    """One letter with all the links of one mail box; it leaves when the rows are written."""
    lines = []
    for sheet, referent in wanted:
        token, _invitation = invite(sheet, wave, email=email, name=referent.name, organisation_id=referent.organisation)
        lines.append(line_of(sheet, site, token))
    verb = "reminded" if reminding else "sent_links"
    history.record(actor, verb, wave, history.state_of(wave), {"sheets": [None, [sheet.pk for sheet, _one in wanted]]})
    send(wave, email, wanted[0][1].name, lines, reminding=reminding)


def line_of(sheet: Sheet, site: str, token: str) -> dict[str, str]:
    """A line of a letter. What may harm if named is not named in the post."""
    title = "" if sheet.is_sensitive else sheet.title
    return {"title": title, "link": site.rstrip("/") + reverse("monitoring:by_link", args=[token])}


def send(wave: Wave, email: str, name: str, lines: Sequence[dict[str, str]], *, reminding: bool) -> None:
    """Send one letter, in the language of the installation, when the transaction is through."""
    with translation.override(settings.LANGUAGE_CODE):
        context = {"wave": wave, "name": name, "lines": lines, "reminding": reminding}
        context["body"] = facts.facts().get(facts.BODY_NAME, "")
        text = render_to_string("monitoring/letter.txt", context)
        subject = _("Is it still so? %(wave)s") % {"wave": wave.name}
        if reminding:
            subject = _("We are still waiting for your word: %(wave)s") % {"wave": wave.name}
    transaction.on_commit(lambda: EmailMessage(" ".join(subject.split()), text, to=[email]).send())


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
