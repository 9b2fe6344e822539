"""What people do with reports: write a paragraph, take the automatic one back, freeze, publish, throw away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import facts, history
from trama.core.actor import Actor
from trama.core.models import AuditEntry
from trama.monitoring.models import Wave
from trama.reports.choices import ProfileState
from trama.reports.keeping import content_of, fingerprint
from trama.reports.models import CloseUp, Kept, Profile, WrittenText
from trama.reports.subjects import Subject, field_of
from trama.reports.waves.closeups import MOST, may_be_shown


class NotPossible(ValueError):
    """Something that cannot be done, with the sentence to say."""


@transaction.atomic
def write_text(actor: Actor, subject: Subject, language: str, key: str, text: str, automatic: str) -> WrittenText:
    """Put a text in the place of an automatic one. `automatic` is what the editor saw beside it."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise NotPossible(_("A paragraph says something: to have the automatic text back, press the button for it."))
    about = field_of(subject)
    row = WrittenText.objects.select_for_update().filter(language=language, key=key, **about).first()
    before = history.state_of(row) if row is not None else None
    row = row or WrittenText(language=language, key=key, **about)
    row.text, row.automatic = text, automatic
    row.save()
    history.record(actor, "changed" if before else "created", row, before)
    return row


@transaction.atomic
def take_automatic(actor: Actor, row: WrittenText) -> None:
    """Throw a written text away: the automatic one stands again. What it said stays in the register of acts."""
    before = history.state_of(row)
    history.record(actor, "took_automatic_text", row, before, {"text": [row.text, None]})
    row.delete()


@transaction.atomic
def keep_text(actor: Actor, row: WrittenText, automatic: str) -> WrittenText:
    """Leave a written text as it is although the figures under it changed: nobody is asked until they change again."""
    before = history.state_of(row)
    row.automatic = automatic
    row.save()
    history.record(actor, "kept_text", row, before)
    return row


@transaction.atomic
def choose_closeups(actor: Actor, wave: Wave, records: Sequence[int]) -> None:
    """Tell of these records in the report of a wave, in this order. What was written of others stays kept."""
    chosen = list(dict.fromkeys(records))
    if len(chosen) > MOST:
        raise NotPossible(_("At most %(n)s: who reads a report has little time.") % {"n": MOST})
    if not may_be_shown(wave).keys() >= set(chosen):
        raise NotPossible(_("One of them cannot be told of: nobody answered for it, or not everybody may read it."))
    rows = CloseUp.objects.select_for_update().filter(wave=wave).order_by("place")
    before = [row.record for row in rows]
    if before == chosen:
        return
    rows.delete()
    CloseUp.objects.bulk_create([CloseUp(wave=wave, place=n, record=record) for n, record in enumerate(chosen, 1)])
    history.record(actor, "changed", wave, history.state_of(wave), {"close_ups": [before, chosen]})


def freeze(actor: Actor, subject: Subject, name: str) -> Profile:
    """Freeze a report as it is now, texts included. Raises `NotPossible` for a name that is taken."""
    name = " ".join(name.split())
    if not name:
        raise NotPossible(_("Give the profile a name, e.g. “Zone plan 2027”."))
    about = field_of(subject)
    if Profile.objects.filter(name=name, **about).exists():
        raise NotPossible(_("There is a profile of this name already: choose another one."))
    at = timezone.now().replace(microsecond=0)
    content = content_of(subject, name, at)  # takes a second: before the transaction, which keeps others waiting
    try:
        profile = Profile(name=name, frozen_at=at, fingerprint=fingerprint(content), **about)
        return _freeze(actor, profile, content)
    except IntegrityError as error:
        raise NotPossible(_("There is a profile of this name already: choose another one.")) from error


@transaction.atomic
def _freeze(actor: Actor, profile: Profile, content: str) -> Profile:
    profile.is_demonstration = facts.is_demonstration()
    profile.save()
    Kept.objects.create(profile=profile, content=content)
    history.record(actor, "frozen", profile, None, {"sha256": profile.fingerprint})
    return profile


@transaction.atomic
def publish(actor: Actor, profile: Profile) -> Profile:
    """Show a frozen profile to everybody."""
    return _set_state(actor, profile, ProfileState.PUBLISHED, "published")


@transaction.atomic
def withdraw(actor: Actor, profile: Profile) -> Profile:
    """Show a frozen profile to the services alone again."""
    return _set_state(actor, profile, ProfileState.DRAFT, "unpublished")


def _set_state(actor: Actor, profile: Profile, state: str, verb: str) -> Profile:
    if profile.state == state:
        return profile
    before = history.state_of(profile)
    profile.state = state
    profile.save(update_fields=["state"])
    history.record(actor, verb, profile, before)
    return profile


def once_published(profiles: Iterable[Profile]) -> set[int]:
    """Which of these profiles everybody could read once: who cited one must find out what became of it."""
    keys = [str(profile.pk) for profile in profiles]
    entries = AuditEntry.objects.filter(kind=history.kind_of(Profile), verb="published", object_id__in=keys)
    return {int(key) for key in entries.order_by().values_list("object_id", flat=True)}


@transaction.atomic
def throw_away(actor: Actor, profile: Profile) -> None:
    """Throw away a frozen profile that nobody outside the services has read; its hash stays in the register of acts.

    Raises `NotPossible` for one that is published, or once was.
    """
    row = Profile.objects.select_for_update().filter(pk=profile.pk).first()
    if row is None:
        return  # somebody else threw it away meanwhile
    if row.is_published:
        raise NotPossible(_("It is published: show it to the services alone first."))
    if once_published([row]):
        raise NotPossible(_("It was published once, and who cited it must be able to ask for it: it stays."))
    history.record(actor, "deleted", row, history.state_of(row), {"sha256": row.fingerprint})
    row.delete()
