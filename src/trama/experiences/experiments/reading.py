"""What the page of an experience tells of its experiment, and which experiments wait for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core import figures, small_counts
from trama.core.actor import Actor
from trama.core.declarations import Alert
from trama.core.keys import among
from trama.experiences import permissions
from trama.experiences.choices import SPECIAL_CODES, ExperienceState, Outcome, Precision
from trama.experiences.experiments import actions
from trama.experiences.models import Evaluation, Experience, ExperienceCode
from trama.territory.permissions import is_staff
from trama.ui.numbers import day

MOST_WAITING = 5


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
        "decided": [{"row": row, "figures": told(row.figures, below)} for row in decided],
        "may_plan": experience.is_experiment and actions.may_plan(actor, experience),
        "may_decide": actions.may_decide(actor, experience),
        # The one that may be taken back is the last, when nothing new was planned since.
        "last": rows[0].pk if rows and rows[0].outcome else None,
    }


def told(kept: dict[str, Any], below: int) -> list[tuple[Any, str]]:
    """The figures of the day of a decision in words; a number of persons under `below` is said to be small."""
    lines: list[tuple[Any, str]] = []
    for key, label in (("volunteers", _("Volunteers")), ("beneficiaries", _("People reached"))):
        number, known = kept.get(key) or (None, Precision.UNKNOWN)
        if small_counts.is_small(number, below):
            lines.append((label, small_counts.fewer_than(below)))
        else:
            lines.append((label, figures.phrase(number, known == Precision.ESTIMATED)))
    lines.append((_("Dates held"), figures.written(kept.get("dates") or 0)))
    return lines


def outcome_of(pks: Sequence[int], actor: Actor) -> dict[int, str]:
    """What was decided last of each experiment, with the day."""
    rows = Evaluation.objects.filter(experience__in=among(pks)).exclude(outcome="").order_by("pk")
    said = dict(Outcome.choices)
    told = rows.values_list("experience_id", "outcome", "decided_on")
    return {pk: f"{said[Outcome(outcome)]} ({on:%Y-%m-%d})" for pk, outcome, on in told}


def what_waits(actor: Actor) -> list[Alert]:
    """Experiments whose day of decision has come, for those who decide in their areas; the longest overdue first."""
    if actor.user is None or not actor.holds(permissions.JUDGES):
        return []
    due = Evaluation.objects.filter(outcome="", due_on__lte=timezone.localdate())
    trials = Experience.objects.filter(is_experiment=True, state=ExperienceState.PUBLISHED)
    if not actor.everywhere(permissions.JUDGES):
        trials = trials.in_areas(actor.areas_with(permissions.JUDGES))
    rows = due.filter(experience__in=trials.order_by().values("pk")).select_related("experience")
    title = _now("Experiment to decide on: %(name)s")
    return [
        Alert(
            title % {"name": row.experience.name},
            reverse("experiences:experiment_decide", args=[row.experience_id]),
            level="late",
            due=row.due_on,
            detail=_now("was to be decided by %(day)s") % {"day": day(row.due_on)},
        )
        for row in rows.order_by("due_on", "pk")[:MOST_WAITING]
    ]
