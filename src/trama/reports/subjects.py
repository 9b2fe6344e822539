"""What a report is about: an area, or a wave. What differs between the two stands here, and the rest asks this."""

from __future__ import annotations

from django.urls import reverse

from trama.core.actor import NOBODY, Actor
from trama.monitoring.models import Wave
from trama.reports import permissions
from trama.reports.document import Document
from trama.reports.models import CloseUp, Profile
from trama.reports.territory import territory_report
from trama.reports.waves.report import wave_report
from trama.territory.models import Area

Subject = Area | Wave
AREA, WAVE = "territorio", "rilevazioni"  # as addresses say it


def subject_of(profile: Profile) -> Subject:
    """What a frozen profile is about."""
    found = profile.area or profile.wave
    assert found is not None  # noqa: S101 - the database sees to it
    return found


def field_of(subject: Subject) -> dict[str, Subject]:
    """The field of a row that names it."""
    return {"wave": subject} if isinstance(subject, Wave) else {"area": subject}


def kind_of(subject: Subject) -> str:
    """The part of an address that says what it is."""
    return WAVE if isinstance(subject, Wave) else AREA


def code_of(subject: Subject) -> str:
    """The part of an address that says which."""
    return str(subject.pk) if isinstance(subject, Wave) else subject.code


def address_of(subject: Subject) -> str:
    """The page of its report."""
    if isinstance(subject, Wave):
        return reverse("reports:wave", args=[subject.pk])
    return reverse("reports:territory", args=[subject.code])


def document_of(subject: Subject, language: str) -> Document:
    """Its report as everybody may read it, with automatic texts. Raises `waves.report.NotClosed`."""
    if isinstance(subject, Wave):
        return wave_report(subject, language, chosen(subject))
    return territory_report(NOBODY, subject, language)


def chosen(wave: Wave) -> list[int]:
    """The records of which the report of a wave tells from near."""
    return list(CloseUp.objects.filter(wave=wave).order_by("place").values_list("record", flat=True))


# --- rights -------------------------------------------------------------------------------------------------------
def may_write(actor: Actor, subject: Subject) -> bool:
    """Whether the actor writes its texts, and freezes its report."""
    if isinstance(subject, Wave):
        return permissions.may_write_wave(actor, subject.area_ids())
    return permissions.may_write(actor, subject.pk)


def may_publish(actor: Actor, subject: Subject) -> bool:
    """Whether the actor shows a frozen report to everybody, or takes it back."""
    if isinstance(subject, Wave):
        return permissions.may_write_wave(actor, subject.area_ids())
    return permissions.may_publish(actor, subject.pk)


def may_read_drafts(actor: Actor, subject: Subject) -> bool:
    """Whether the actor reads texts and profiles that are not published."""
    if isinstance(subject, Wave):
        return permissions.may_read_wave_drafts(actor, subject.area_ids())
    return permissions.may_read_drafts(actor, subject.pk)
