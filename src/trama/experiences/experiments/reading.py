"""What the page of an experience tells of its experiment, and which experiments wait for somebody."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trama.core import figures, small_counts
from trama.core.actor import Actor
from trama.experiences.choices import SPECIAL_CODES, Precision
from trama.experiences.experiments import actions
from trama.experiences.models import Evaluation, Experience, ExperienceCode
from trama.territory.permissions import is_staff


def experiment_of(experience: Experience, actor: Actor, *, may_edit: bool) -> dict[str, Any] | None:
    """The evaluations of an experience as far as the actor reads them; None where there is nothing to say.

    Decisions are for everybody; what is still being tried, for the staff and for who may change the record.
    """
    rows = list(Evaluation.objects.filter(experience=experience).order_by("-pk"))
    inside = may_edit or is_staff(actor)
    decided = [row for row in rows if row.outcome]
    waiting = next((row for row in rows if not row.outcome), None) if inside else None
    if not decided and not (experience.is_experiment and inside):
        return None
    special = (
        ExperienceCode.objects.filter(experience=experience, code__in=SPECIAL_CODES).exists() if decided else False
    )
    below = 0 if inside else small_counts.threshold(special=special)
    return {
        "waiting": waiting,
        "is_late": bool(waiting and waiting.due_on and waiting.due_on < timezone.localdate()),
        "decided": [
            {"row": row, "figures": told(row.figures, below), "of": _day_of(row.figures) or row.decided_on}
            for row in decided
        ],
        "may_plan": experience.is_experiment and actions.may_plan(actor, experience),
        "may_decide": actions.may_decide(actor, experience),
        # The one that may be taken back is the last, when nothing new was planned since.
        "last": rows[0].pk if rows and rows[0].outcome else None,
    }


def _day_of(kept: dict[str, Any]) -> date | None:
    """The day on which the figures were taken: a decision may be written down later than it was taken."""
    try:
        return date.fromisoformat(str(kept.get("on") or ""))
    except ValueError:
        return None


def told(kept: dict[str, Any], below: int) -> list[tuple[Any, str]]:
    """The figures of the day of a decision in words; a number of persons under `below` is said to be small."""
    lines: list[tuple[Any, str]] = []
    for key, label in (("volunteers", _("Volunteers")), ("beneficiaries", _("People reached"))):
        number, known = kept.get(key) or (None, Precision.UNKNOWN)
        if small_counts.is_small(number, below):
            lines.append((label, small_counts.fewer_than(below)))
        else:
            lines.append((label, figures.phrase(number, known == Precision.ESTIMATED)))
    if kept.get("dates"):
        lines.append((_("Dates held"), figures.written(kept["dates"])))
    return lines
