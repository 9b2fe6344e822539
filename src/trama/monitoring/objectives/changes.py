"""What changed between two closed years of a plan, yardstick by yardstick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from trama.core.models import AuditEntry
from trama.monitoring.models import ObjectivePlan, Yardstick
from trama.monitoring.objectives.words import indicators, label_of, text_of
from trama.territory.models import ContextIndicator
from trama.ui.numbers import day, number


@dataclass(frozen=True)
class Change:
    """A number in the earlier and in the later year, and what lies between them in words."""

    number: str
    label: str
    before: str
    now: str
    change: str


def changes(before: dict[str, Any], now: dict[str, Any]) -> list[Change]:
    """Every yardstick of the later content, beside itself in the earlier one: the same if it counts the same thing."""
    earlier = {(one["counted"], one["only"]): one for item in before["objectives"] for one in item["yardsticks"]}
    known = indicators(now)
    found = []
    for item in now["objectives"]:
        for one in item["yardsticks"]:
            indicator = known.get(one["counted"].partition(".")[2])
            was = earlier.get((one["counted"], one["only"]))
            found.append(
                Change(
                    item["number"],
                    label_of(one["counted"], one["only"], indicator),
                    text_of(was["total"], indicator) if was is not None else _("not followed yet"),
                    text_of(one["total"], indicator),
                    _between(was, one, indicator),
                )
            )
    return found


def moved_targets(plan: ObjectivePlan) -> dict[int, str]:
    """Of each yardstick whose target was changed: what it was before, and since when it is another; in words."""
    mine = [str(pk) for pk in Yardstick.objects.filter(objective__plan=plan).order_by().values_list("pk", flat=True)]
    entries = AuditEntry.objects.filter(kind="monitoring.yardstick", verb="changed", object_id__in=mine)
    found = {}
    for entry in entries.order_by("number"):
        was = (entry.changes.get("target_value") or [None])[0]
        if was is not None:
            words = {"was": number(float(was), 0 if float(was).is_integer() else 1), "day": day(entry.at)}
            found[int(entry.object_id)] = _("the target was %(was)s until %(day)s") % words
    return found


def _between(was: dict[str, Any] | None, one: dict[str, Any], indicator: ContextIndicator | None) -> str:
    first, last = (was or {"total": {"value": None}})["total"]["value"], one["total"]["value"]
    if first is None or last is None:
        return ""
    if was is not None and was.get("year") is not None and was.get("year") == one.get("year"):
        return _("the same official figure: no newer one was published")
    change = float(last - first)
    if not change:
        return _("unchanged")
    decimals = indicator.decimals if indicator is not None else 0 if change.is_integer() else 1
    return f"{'+' if change > 0 else '−'}{number(abs(change), decimals)}"
