"""Who writes the texts of a report, who freezes and publishes it, who reads what is not published yet."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from trama.core.actor import STAFF, Actor
from trama.monitoring.models import WaveArea
from trama.monitoring.permissions import READERS, may_keep
from trama.territory.models import AreaClosure
from trama.territory.permissions import may_write_in

# Roles that answer for what the body says of its territory.
PUBLISHERS = frozenset({"plan_office", "technical_coordinator", "district_office"})


def is_staff(actor: Actor) -> bool:
    """Whether the actor works for the services, or evaluates them, anywhere."""
    return actor.holds(READERS)


def may_write(actor: Actor, area_id: int) -> bool:
    """Whether the actor writes the texts on this area, and freezes its profile."""
    return may_write_in(actor, area_id)


def may_publish(actor: Actor, area_id: int) -> bool:
    """Whether the actor shows a frozen profile of this area to everybody, or takes it back."""
    return actor.everywhere(PUBLISHERS) or area_id in actor.areas_with(PUBLISHERS)


def may_read_drafts(actor: Actor, area_id: int) -> bool:
    """Whether the actor reads the texts and the profiles of this area that are not published."""
    return actor.everywhere(STAFF) or area_id in actor.areas_with(STAFF)


def may_write_wave(actor: Actor, areas: Iterable[int]) -> bool:
    """Whether the actor writes, freezes and publishes the report of a wave on these areas: whoever keeps the wave."""
    return may_keep(actor, areas)


def may_read_wave_drafts(actor: Actor, areas: Iterable[int]) -> bool:
    """Whether the actor reads what of the report of a wave is not published: who follows it in one of its areas."""
    if actor.everywhere(READERS):
        return True
    followed = AreaClosure.objects.filter(area__in=actor.areas_with(READERS), ancestor__in=frozenset(areas))
    return followed.order_by().exists()


def _waves_followed(actor: Actor) -> Q:
    """The same as a rule on rows that name a wave."""
    if actor.everywhere(READERS):
        return Q(wave__isnull=False)
    followed = AreaClosure.objects.filter(area__in=actor.areas_with(READERS)).order_by().values("ancestor")
    return Q(wave__in=WaveArea.objects.filter(area__in=followed).order_by().values("wave"))


def visible_profiles(actor: Actor) -> Q:
    """Published profiles for all; the others for the staff of their area, or for those who follow the wave."""
    if actor.everywhere(STAFF):
        return Q()
    return Q(state="published") | Q(area_id__in=actor.areas_with(STAFF)) | _waves_followed(actor)


def visible_texts(actor: Actor) -> Q:
    """Texts written by hand, and what was chosen: for the staff of their area, or for those who follow the wave.

    What everybody reads is the frozen profile.
    """
    if actor.everywhere(STAFF):
        return Q()
    return Q(area_id__in=actor.areas_with(STAFF)) | _waves_followed(actor)
