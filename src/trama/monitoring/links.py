"""Personal links: a token that is known to its bearer alone, and how often one may knock."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from trama.core.actor import NOBODY, Actor, Grant
from trama.core.declarations import gathered
from trama.monitoring.models import Invitation, Knock, Sheet, Wave
from trama.network.acting import actor_of

WRONG_IN_AN_HOUR = 30  # links that lead nowhere, from one address
OPENED_IN_AN_HOUR = 120  # times that one link may be opened or sent


def new_token() -> tuple[str, str]:
    """A token of 192 bits, and what it is known by here."""
    token = secrets.token_urlsafe(24)
    return token, digest_of(token)


def digest_of(token: str) -> str:
    """The hash under which a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def expiry(wave: Wave) -> datetime:
    """When the links of a wave stop working: some days after the last day for answers."""
    return datetime.combine(wave.links_until, time(23, 59), tzinfo=UTC)


def invite(sheet: Sheet, wave: Wave, **fields: Any) -> tuple[str, Invitation]:
    """A new link to a sheet; the token is given back here and nowhere else."""
    token, digest = new_token()
    return token, Invitation.objects.create(sheet=sheet, digest=digest, expires_at=expiry(wave), **fields)


def knocked(door: str, limit: int) -> bool:
    """Count one more knock at a door in this hour; whether it is more than allowed."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    key = salted_hmac("trama.monitoring.links", door, algorithm="sha256").hexdigest()
    Knock.objects.filter(hour__lt=hour - timedelta(hours=24)).delete()
    row, _made = Knock.objects.get_or_create(door=key, hour=hour)
    Knock.objects.filter(pk=row.pk).update(times=F("times") + 1)
    return row.times + 1 > limit


@dataclass(frozen=True)
class Found:
    """What a link opens, or (with `reason`) the word for why it opens nothing."""

    invitation: Invitation | None = None
    actor: Actor = NOBODY
    reason: str = ""
    late: Sheet | None = None  # a link that did open this sheet, and does so no more


def opened_by(token: str, address: str) -> Found:
    """What a token opens today. Whoever tries many wrong ones from one address is asked to wait.

    Reasons: "slow" (too many tries), "unknown", "used", "expired", "closed", "not_yours".
    """
    rows = Invitation.objects.select_related("sheet__wave", "organisation").filter(digest=digest_of(token))
    invitation = rows.order_by().first()
    if invitation is None:
        return Found(reason="slow" if knocked(f"address:{address}", WRONG_IN_AN_HOUR) else "unknown")
    if knocked(f"link:{invitation.digest}", OPENED_IN_AN_HOUR):
        return Found(reason="slow")
    reason = _refusal(invitation)
    if reason:
        return Found(reason=reason, late=invitation.sheet)
    actor = bearer(invitation)
    if not gathered.monitored[invitation.sheet.wave.what].may_answer(actor, invitation.sheet.record):
        # The organisation no longer carries it, or the worker who handed it over no longer answers for that area.
        return Found(reason="not_yours")
    return Found(invitation, actor)


def _refusal(invitation: Invitation) -> str:
    if invitation.used_at is not None:
        return "used"
    if not invitation.sheet.wave.is_open:
        return "closed"
    return "expired" if invitation.expires_at <= timezone.now() else ""


def bearer(invitation: Invitation) -> Actor:
    """Who answers through a link: the contact person of that organisation, or whom a worker handed the sheet to.

    It has no account, holds nothing but this, and its name in the audit says by which way it came.
    """
    wave = invitation.sheet.wave.name
    body = invitation.organisation
    if body is not None:
        name = _("%(who)s (by link, %(wave)s)") % {"who": body.name[:60], "wave": wave[:50]}
        return Actor(name=name, grants=frozenset({Grant("org_contact", organisation=body.pk)}))
    if invitation.handed_by_id is None:
        return NOBODY
    lender = actor_of(invitation.handed_by_id, "")
    name = _("link handed over by a worker (%(wave)s)") % {"wave": wave[:50]}
    return replace(lender, user=None, name=name)
