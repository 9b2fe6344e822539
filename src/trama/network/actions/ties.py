"""Lasting relations between two organisations (S0.2, S0.7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from trama.core.actor import Actor
from trama.core.history import record, state_of
from trama.network.keeping import may, refuse_unless
from trama.network.models import Organisation, Tie


def add_tie(actor: Actor, one: Organisation, other: Organisation, data: Mapping[str, Any]) -> Tie:
    """State a lasting relation between two organisations (S0.2, S0.7), known from somewhere."""
    with transaction.atomic():
        refuse_unless(may(actor, "tie", one) or may(actor, "tie", other))
        tie = Tie(one=one, other=other, **data)
        if tie.last_seen_on is None:
            tie.last_seen_on = timezone.localdate()
        tie.full_clean()
        tie.save()
        record(actor, "tied", tie)
    return tie


def see_tie(actor: Actor, tie: Tie, day: date | None = None) -> Tie:
    """The relation was seen alive on a day (today)."""
    with transaction.atomic():
        refuse_unless(may(actor, "tie", tie.one) or may(actor, "tie", tie.other))
        before = state_of(tie)
        tie.last_seen_on = day or timezone.localdate()
        tie.save(update_fields=["last_seen_on"])
        record(actor, "seen", tie, before)
    return tie


def close_tie(actor: Actor, tie: Tie, day: date | None = None) -> Tie:
    """The relation ended."""
    with transaction.atomic():
        refuse_unless(may(actor, "tie", tie.one) or may(actor, "tie", tie.other))
        before = state_of(tie)
        tie.closed_on = day or timezone.localdate()
        tie.full_clean()
        tie.save(update_fields=["closed_on"])
        record(actor, "closed", tie, before)
    return tie
