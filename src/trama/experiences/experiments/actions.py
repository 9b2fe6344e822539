"""Every change to the evaluation of an experiment: one transaction, the rows, the audit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import history
from trama.core.actor import Actor
from trama.core.legible import legible
from trama.experiences import actions as experiences
from trama.experiences.choices import ExperienceState
from trama.experiences.models import Evaluation, Experience, Occurrence
from trama.experiences.practices.reach import reach_in

PLAN = ("question", "signs", "due_on", "findings")
FEWEST_LETTERS = 15  # of a reason: "x" is none
DECISION = ("findings", "outcome", "reasons", "decided_by", "decided_on")


def may_plan(actor: Actor, experience: Experience) -> bool:
    """Whoever may change the experience may say what it tries out and what was seen."""
    return experiences.may_edit(actor, experience)


def may_decide(actor: Actor, experience: Experience) -> bool:
    """Plan and district offices and coordinators of one of its areas decide what becomes of it."""
    return experience.state == ExperienceState.PUBLISHED and experiences.may_judge(actor, experience)


def open_of(experience: Experience) -> Evaluation | None:
    """The evaluation that waits for its decision."""
    return Evaluation.objects.filter(experience=experience, outcome="").order_by("pk").first()


def _locked(experience: Experience) -> Experience:
    """The experience as it is now, kept from others until the transaction ends: what it tries out hangs on it."""
    return Experience.objects.select_for_update(of=("self",)).get(pk=experience.pk)


def _write(evaluation: Evaluation, data: Mapping[str, Any], names: tuple[str, ...]) -> None:
    said: dict[str, str] = {}
    for name in names:
        value = data.get(name)
        if isinstance(value, str):
            value = legible(value).strip()
            if told := reach_in(value):
                said[name] = told
        setattr(evaluation, name, value if value is not None or name.endswith("_on") else "")
    if said:
        raise ValidationError(said)


@transaction.atomic
def save_plan(actor: Actor, experience: Experience, data: Mapping[str, Any]) -> Evaluation:
    """Write what an experiment wants to find out, by what it will be seen, by when, and what was seen so far.

    Raises ValidationError by field, and PermissionDenied.
    """
    row = _locked(experience)
    if not may_plan(actor, row):
        raise PermissionDenied(_("You may not change this experience."))
    if not row.is_experiment:
        raise ValidationError(_("The record does not say that it is an experiment: say so there first."))
    evaluation = open_of(row)
    before = history.state_of(evaluation) if evaluation is not None else None
    evaluation = evaluation or Evaluation(experience=row, author_id=actor.user)
    _write(evaluation, data, PLAN)
    if not evaluation.question:
        raise ValidationError({"question": _("Write what you want to find out: without it nothing can be decided.")})
    evaluation.full_clean(exclude=["experience", "author"])
    evaluation.save()
    if before is None or history.differences(evaluation, before):
        history.record(actor, "created" if before is None else "changed", evaluation, before)
        if before is None:
            history.record(actor, "planned_experiment", row, history.state_of(row))
    return evaluation


@transaction.atomic
def decide(actor: Actor, experience: Experience, data: Mapping[str, Any]) -> Evaluation:
    """Say what becomes of an experiment, why, who decided it and when; the figures of that day are kept with it.

    Raises ValidationError by field, and PermissionDenied.
    """
    row = _locked(experience)
    if not may_decide(actor, row):
        raise PermissionDenied(_("You may not decide on this experiment."))
    evaluation = open_of(row)
    if evaluation is None:
        raise ValidationError(_("Nothing waits for a decision: first say what the experiment wants to find out."))
    before = history.state_of(evaluation)
    _write(evaluation, data, DECISION)
    needed = {
        "outcome": _("Choose what becomes of it."),
        "findings": _("Write what was seen: it is what the decision rests on."),
        "reasons": _("Write why, in two lines: whoever reads it in a year was not there."),
        "decided_by": _("Write who decided: an office or a table, no name of a person."),
        "decided_on": _("Write the day of the decision."),
    }
    missing = {name: said for name, said in needed.items() if not getattr(evaluation, name)}
    if evaluation.decided_on is not None and evaluation.decided_on > timezone.localdate():
        missing["decided_on"] = _("This day is still to come.")
    elif evaluation.decided_on is not None and row.starts_on is not None and evaluation.decided_on < row.starts_on:
        missing["decided_on"] = _("On this day the experiment had not begun yet.")
    if "reasons" not in missing and len(evaluation.reasons) < FEWEST_LETTERS:
        missing["reasons"] = needed["reasons"]
    if missing:
        raise ValidationError(missing)
    evaluation.figures = figures_of(row)
    evaluation.full_clean(exclude=["experience", "author"])
    evaluation.save()
    Experience.objects.filter(pk=row.pk).update(edited_at=timezone.now())
    history.record(actor, "decided", evaluation, before)
    decision = {"decision": [None, evaluation.outcome]}
    history.record(actor, "decided_experiment", row, history.state_of(row), decision)
    return evaluation


@transaction.atomic
def take_back(actor: Actor, experience: Experience) -> Evaluation:
    """Take the last decision back: the evaluation waits again, and its history keeps what had been decided."""
    row = _locked(experience)
    if not may_decide(actor, row):
        raise PermissionDenied(_("You may not decide on this experiment."))
    last = Evaluation.objects.filter(experience=row).order_by("-pk").first()
    if last is None or not last.outcome:
        raise ValidationError(_("The last evaluation has no decision to take back."))
    before = history.state_of(last)
    last.outcome, last.decided_on, last.figures = "", None, {}
    last.save()
    history.record(actor, "reopened", last, before)
    history.record(actor, "reopened_experiment", row, history.state_of(row), {"decision": [before["outcome"], None]})
    return last


def figures_of(experience: Experience) -> dict[str, Any]:
    """The numbers that its record states today, as a decision keeps them (see `Evaluation`)."""
    held = Occurrence.objects.filter(experience=experience, cancelled_because="", starts_at__lt=timezone.now())
    return {
        "volunteers": [experience.volunteers, experience.volunteers_precision],
        "beneficiaries": [experience.beneficiaries, experience.beneficiaries_precision],
        "dates": held.count(),
        "on": timezone.localdate().isoformat(),
    }
