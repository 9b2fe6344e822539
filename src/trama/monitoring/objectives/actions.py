"""Every change to plans of objectives: one transaction, the rows, the audit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import history
from trama.core.actor import Actor
from trama.core.legible import legible
from trama.monitoring.choices import PlanState
from trama.monitoring.models import Objective, ObjectivePlan, Yardstick, YearEnd
from trama.monitoring.objectives.counting import content_of, is_open
from trama.monitoring.permissions import may_plan_in, may_reopen

MOST_DEEP = 3  # levels of objectives: a deeper tree is read by nobody
PLAN = ("name", "programme", "first_year", "last_year", "note")
YARDSTICK = ("counted", "only", "direction", "start_value", "start_year", "target_value", "target_year")


def may_change(actor: Actor, plan: ObjectivePlan) -> bool:
    """Who plans, coordinates or answers for its territory; who evaluates it does not move its targets."""
    return may_plan_in(actor, plan.area_id)


def may_withdraw(actor: Actor, plan: ObjectivePlan) -> bool:
    """Whoever may open a closed wave again may take a closed year back."""
    return may_change(actor, plan) and may_reopen(actor, [plan.area_id])


def _locked(plan: ObjectivePlan, actor: Actor) -> ObjectivePlan:
    """The plan as it is now, kept from others until the transaction ends: everything hangs on it."""
    row = ObjectivePlan.objects.select_for_update(of=("self",)).select_related("area").get(pk=plan.pk)
    if not may_change(actor, row):
        raise PermissionDenied(_("You may not change this plan."))
    return row


def _saved(actor: Actor, row: Model, before: dict[str, Any] | None) -> None:
    row.full_clean()
    row.save()
    if before is None or history.differences(row, before):
        history.record(actor, "created" if before is None else "changed", row, before)


@transaction.atomic
def save_plan(actor: Actor, data: Mapping[str, Any], plan: ObjectivePlan | None = None) -> ObjectivePlan:
    """Write a plan: fields by name, `area` as an Area. Raises ValidationError by field, and PermissionDenied."""
    if not may_plan_in(actor, data["area"].pk):
        raise PermissionDenied(_("You may not change this plan."))
    row = _locked(plan, actor) if plan is not None else ObjectivePlan()
    before = history.state_of(row) if plan is not None else None
    row.area = data["area"]
    for name in PLAN:
        value = data.get(name)
        setattr(row, name, legible(value).strip() if isinstance(value, str) else value)
    row.note = row.note or ""
    _saved(actor, row, before)
    return row


@transaction.atomic
def set_state(actor: Actor, plan: ObjectivePlan, state: PlanState) -> ObjectivePlan:
    """Publish a plan, or take it back to draft."""
    row = _locked(plan, actor)
    if state == PlanState.PUBLISHED and not row.objectives.exists():
        raise ValidationError(_("Write at least one objective first."))
    if state == PlanState.PUBLISHED and not is_open(row):
        raise ValidationError(_("Its programme is not seen by everybody: publish that first, or count without it."))
    before = history.state_of(row)
    row.state = state
    row.save(update_fields=["state"])
    history.record(actor, "published" if state == PlanState.PUBLISHED else "unpublished", row, before)
    return row


@transaction.atomic
def delete_plan(actor: Actor, plan: ObjectivePlan) -> None:
    """Throw a draft away with its objectives. What was published, or has a closed year, stays."""
    row = _locked(plan, actor)
    if row.state != PlanState.DRAFT or row.year_ends.exists():
        raise ValidationError(_("Only a draft without closed years is thrown away."))
    _delete(actor, row)


def _delete(actor: Actor, row: Model) -> None:
    before = history.state_of(row)
    act = history.Act(
        "deleted", history.kind_of(row), str(row.pk), str(row), {k: [v, None] for k, v in before.items() if v}
    )
    row.delete()
    history.record_many(actor, [act])


# --- objectives -----------------------------------------------------------------------------------------------------
@transaction.atomic
def save_objective(
    actor: Actor, plan: ObjectivePlan, data: Mapping[str, Any], objective: Objective | None = None
) -> Objective:
    """Write an objective: `text`, `note`, `parent` (an Objective of the plan, or None)."""
    row = _locked(plan, actor)
    parent = data.get("parent")
    if objective is not None and parent is not None and parent.pk in _branch(objective):
        raise ValidationError({"parent": _("An objective cannot be part of itself.")})
    height = _height(objective) if objective is not None else 1
    if _depth(parent) + height > MOST_DEEP:
        raise ValidationError({"parent": _("Three levels are enough: put it under a wider one.")})
    found = objective or Objective(plan=row)
    before = history.state_of(found) if objective is not None else None
    if objective is None or found.parent_id != (parent.pk if parent else None):
        last = Objective.objects.filter(plan=row, parent=parent).aggregate(last=Max("position"))["last"]
        found.position = 0 if last is None else last + 1
    found.parent = parent
    found.text, found.note = " ".join(legible(data["text"]).split()), legible(data.get("note") or "").strip()
    _saved(actor, found, before)
    return found


def _branch(objective: Objective) -> set[int]:
    found = level = {objective.pk}
    while level:
        level = set(Objective.objects.filter(parent__in=level).order_by().values_list("pk", flat=True)) - found
        found = found | level
    return found


def _depth(objective: Objective | None) -> int:
    depth = 0
    while objective is not None:
        depth, objective = depth + 1, objective.parent
    return depth


def _height(objective: Objective) -> int:
    level, height = {objective.pk}, 0
    while level:
        level = set(Objective.objects.filter(parent__in=level).order_by().values_list("pk", flat=True))
        height += 1
    return height


@transaction.atomic
def move_up(actor: Actor, plan: ObjectivePlan, objective: Objective) -> None:
    """Put an objective before the one above it."""
    row = _locked(plan, actor)
    beside = list(Objective.objects.filter(plan=row, parent=objective.parent_id).order_by("position", "pk"))
    at = next(n for n, one in enumerate(beside) if one.pk == objective.pk)
    if at == 0:
        return
    before = history.state_of(beside[at])
    beside[at - 1], beside[at] = beside[at], beside[at - 1]
    for position, one in enumerate(beside):
        one.position = position
    Objective.objects.bulk_update(beside, ["position"])
    history.record(actor, "changed", beside[at - 1], before)


@transaction.atomic
def delete(actor: Actor, plan: ObjectivePlan, thing: Objective | Yardstick) -> None:
    """Take an objective (with its parts and yardsticks) or a yardstick away; the history keeps what it was."""
    _locked(plan, actor)
    _delete(actor, thing)


@transaction.atomic
def save_yardstick(
    actor: Actor, plan: ObjectivePlan, objective: Objective, data: Mapping[str, Any], yardstick: Yardstick | None = None
) -> Yardstick:
    """Write a yardstick of an objective: see the model for what its fields hold."""
    _locked(plan, actor)
    same = objective.yardsticks.filter(counted=data["counted"], only=data.get("only") or "")
    if same.exclude(pk=yardstick.pk if yardstick is not None else 0).exists():
        raise ValidationError({"counted": _("This objective follows this number already.")})
    row = yardstick or Yardstick(objective=objective, position=objective.yardsticks.count())
    before = history.state_of(row) if yardstick is not None else None
    for name in YARDSTICK:
        setattr(row, name, data.get(name) if data.get(name) is not None or "_" in name else "")
    for year, value in (("start_year", "start_value"), ("target_year", "target_value")):
        if getattr(row, value) is None:
            setattr(row, year, None)
    _saved(actor, row, before)
    return row


# --- the end of a year ----------------------------------------------------------------------------------------------
@transaction.atomic
def close_year(actor: Actor, plan: ObjectivePlan, year: int) -> YearEnd:
    """Keep the objectives and their numbers as they stand today as those of a year; what is kept does not change."""
    row = _locked(plan, actor)
    if row.state != PlanState.PUBLISHED:
        raise ValidationError(_("Publish the plan first: a year is closed for everybody."))
    last = min(row.last_year or 9999, timezone.localdate().year)
    if not row.first_year <= year <= last:
        raise ValidationError(_("Choose a year of the plan that is not still to come."))
    if row.year_ends.filter(year=year).exists():
        raise ValidationError(_("This year is closed already: what was kept does not change."))
    content = content_of(row)
    kept = YearEnd.objects.create(plan=row, year=year, content=content, fingerprint=fingerprint_of(content))
    history.record(actor, "closed_year", row, history.state_of(row), {"year": [None, year]})
    return kept


@transaction.atomic
def withdraw_year(actor: Actor, plan: ObjectivePlan, year: int, reason: str) -> None:
    """Take a closed year back, so that it can be closed again; the register of acts keeps reason and fingerprint."""
    row = _locked(plan, actor)
    if not may_withdraw(actor, row):
        raise PermissionDenied(_("You may not take a closed year back."))
    reason = legible(reason).strip()
    if not reason:
        raise ValidationError(_("Write why: a closed year was public."))
    kept = row.year_ends.filter(year=year)
    told = kept.values_list("fingerprint", flat=True).first()
    if told is None:
        raise ValidationError(_("This year is not closed."))
    kept._raw_delete(kept.db)  # what is frozen refuses to be deleted one by one; this is the one way back
    extra = {"year": [year, None], "fingerprint": [told, None], "reason": [None, reason[:500]]}
    history.record(actor, "withdrew_year", row, history.state_of(row), extra)


def fingerprint_of(content: dict[str, Any]) -> str:
    """SHA-256 of a content, whatever the order in which a database keeps its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
