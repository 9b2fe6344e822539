"""An invented plan of objectives of the municipality, with the year before already closed."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

from trama.core.actor import Actor
from trama.intake.demonstration.invented import Invented
from trama.intake.demonstration.scene import Scene
from trama.monitoring.choices import PlanState
from trama.monitoring.models import Objective, ObjectivePlan, Yardstick, YearEnd
from trama.monitoring.objectives.actions import (
    YARDSTICK,
    fingerprint_of,
    save_objective,
    save_plan,
    save_yardstick,
    set_state,
)
from trama.monitoring.objectives.counting import content_of
from trama.territory.models import ContextIndicator

GROWN = 0.8  # the share of today's numbers that the closed year is told to have had


def write(actor: Actor, stage: Scene, made: Invented) -> ObjectivePlan:
    """Write the plan, its objectives and their numbers, and close the year before."""
    story, year = made.story["objectives"], made.today.year
    data = {"name": story["name"], "note": story["note"], "area": stage.municipality, "programme": None}
    plan = save_plan(actor, {**data, "first_year": year - 1, "last_year": year + 1})
    ObjectivePlan.objects.filter(pk=plan.pk).update(is_demonstration=True)
    plan.refresh_from_db()
    wanted: list[tuple[Yardstick, dict[str, Any]]] = []
    for item in story["tree"]:
        _branch(actor, plan, item, None, wanted)
    set_state(actor, plan, PlanState.PUBLISHED)
    now = content_of(plan)
    _aims(now, wanted, year)
    earlier = _smaller(now)
    YearEnd.objects.create(
        plan=plan, year=year - 1, kept_on=date(year, 1, 12), content=earlier, fingerprint=fingerprint_of(earlier)
    )
    return plan


def _branch(
    actor: Actor, plan: ObjectivePlan, item: dict[str, Any], parent: Objective | None,
    wanted: list[tuple[Yardstick, dict[str, Any]]],
) -> None:  # fmt: skip
    objective = save_objective(actor, plan, {"text": item["text"], "note": item.get("note", ""), "parent": parent})
    for one in item["yardsticks"]:
        counted = one["counted"]
        if counted == "context":
            indicator = ContextIndicator.objects.filter(values__area__isnull=False).order_by("position", "code").first()
            if indicator is None:
                continue
            counted = f"context.{indicator.code}"
        data: dict[str, Any] = dict.fromkeys(YARDSTICK)
        data |= {"counted": counted, "only": one.get("only", ""), "direction": one["direction"]}
        wanted.append((save_yardstick(actor, plan, objective, data), one))
    for part in item.get("parts", ()):
        _branch(actor, plan, part, objective, wanted)


def _aims(content: dict[str, Any], wanted: list[tuple[Yardstick, dict[str, Any]]], year: int) -> None:
    """Where each number began and where it should be, as shares of what it is today."""
    known = {one["id"]: one for item in content["objectives"] for one in item["yardsticks"]}
    for row, one in wanted:
        value = known[row.pk]["total"]["value"]
        if value is not None and "to" in one:
            row.start_value, row.start_year = float(_fewer(value)), year - 1
            row.target_value, row.target_year = float(round(value * one["to"])), year + 1
            row.save()
            known[row.pk] |= {"start": [row.start_value, year - 1], "target": [row.target_value, year + 1]}


def _smaller(content: dict[str, Any]) -> dict[str, Any]:
    """The same tree with fewer of everything that was counted: an earlier state, invented like the rest."""
    earlier = deepcopy(content)
    for item in earlier["objectives"]:
        for one in item["yardsticks"]:
            if one["counted"].startswith("context."):
                continue
            for cell in [one["total"], *(area for level in one["levels"] for area in level["areas"])]:
                if cell["value"]:
                    cell["value"] = _fewer(cell["value"])
    return earlier


def _fewer(value: float) -> float:
    """What is told of a year before; what is small already stays as it is."""
    return max(3, int(value * GROWN)) if value >= 3 else value
