"""The plans of objectives of a programme, on its page."""

from __future__ import annotations

from typing import Any

from trama.core.actor import Actor
from trama.monitoring.models import ObjectivePlan


def plans_of(actor: Actor, record: Any) -> dict[str, Any] | None:
    """The plans of an experience that the actor may see; None where there is none."""
    rows = list(ObjectivePlan.objects.visible_to(actor).filter(programme=record.pk).order_by("-first_year", "pk"))
    return {"plans": rows} if rows else None
