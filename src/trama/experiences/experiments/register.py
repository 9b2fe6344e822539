"""What experiments offer to the pages that gather: what was decided of them, and what waits for a decision."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now

from trama.core.actor import Actor
from trama.core.declarations import Alert
from trama.core.keys import among
from trama.experiences import permissions
from trama.experiences.choices import ExperienceState, Outcome
from trama.experiences.models import Evaluation, Experience
from trama.ui.numbers import day

MOST_WAITING = 5


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
