"""Who may open what of plans of objectives: a part of the table."""

from __future__ import annotations

from collections.abc import Callable

from tests.rights.groups import EVERYBODY, NONE, OPENERS, REOPENERS, WAVE_FOLLOWERS, Case, form, get, post

TOWNS = ("borgo", "ponte")
# Who evaluates reads, and does not move the targets.
PLANNERS = {town: may - {"evaluator", "evaluator everywhere"} for town, may in OPENERS.items()}
# A draft is read by who works in its whole territory; a wave is followed by who works in a part of it too.
DRAFTS = {town: may - {"worker of a district"} for town, may in WAVE_FOLLOWERS.items()}


def kept(view: Callable[..., list[Case]], **args: str) -> list[Case]:
    """The same case in both towns, for who keeps the plan of each; `{town}` in an argument names it."""
    return [
        case
        for town in TOWNS
        for case in view(PLANNERS[town], **{name: text.format(town=town) for name, text in args.items()})
    ]


def posted(may: frozenset[str], **args: str) -> list[Case]:
    """One case that is sent."""
    return [post(may, **args)]


OBJECTIVES: dict[str, list[Case]] = {
    "monitoring:objective_plans": [get(EVERYBODY)],
    "monitoring:objective_plan": [
        get(may, pk=f"{state}plan of {town}")
        for town in TOWNS
        for state, may in (("", EVERYBODY), ("draft ", DRAFTS[town]))
    ],
    "monitoring:objective_year": [
        get(EVERYBODY, pk="plan of borgo", year="=2025"),
        get(NONE, pk="plan of borgo", year="=2024"),
    ],
    "monitoring:objective_plan_add": form(PLANNERS["borgo"]),
    "monitoring:objective_plan_edit": kept(form, pk="plan of {town}"),
    "monitoring:objective_plan_do": [
        *kept(posted, pk="plan of {town}", what="=close"),
        *(post(REOPENERS[town], pk=f"plan of {town}", what="=withdraw") for town in TOWNS),
        *kept(posted, pk="plan of {town}", what="=unpublish"),
        *kept(posted, pk="draft plan of {town}", what="=delete"),
        post(NONE, pk="plan of borgo", what="=nothing"),
    ],
    "monitoring:objective_add": kept(form, pk="plan of {town}"),
    "monitoring:objective_edit": [
        *kept(form, pk="plan of {town}", objective="objective of {town}"),
        # An objective of another plan is not reached through this one.
        *form(NONE, pk="plan of borgo", objective="objective of ponte"),
    ],
    "monitoring:objective_do": [
        *kept(posted, pk="plan of {town}", objective="objective of {town}", what="=up"),
        post(NONE, pk="plan of borgo", objective="objective of ponte", what="=delete"),
        post(NONE, pk="plan of borgo", objective="objective of borgo", what="=nothing"),
    ],
    "monitoring:yardstick_add": [
        *kept(form, pk="plan of {town}", objective="objective of {town}"),
        *form(NONE, pk="plan of borgo", objective="objective of ponte"),
    ],
    "monitoring:yardstick_edit": [
        *kept(form, pk="plan of {town}", yardstick="yardstick of {town}"),
        *form(NONE, pk="plan of borgo", yardstick="yardstick of ponte"),
    ],
    "monitoring:yardstick_delete": [
        *kept(posted, pk="plan of {town}", yardstick="yardstick of {town}"),
        post(NONE, pk="plan of borgo", yardstick="yardstick of ponte"),
    ],
    "reports:objectives_file": [
        get(EVERYBODY, pk="plan of borgo", language="=it", form="=xlsx"),
        get(DRAFTS["borgo"], pk="draft plan of borgo", language="=it", form="=xlsx"),
        get(NONE, pk="plan of borgo", language="=it", form="=exe"),
    ],
    "reports:objectives_year_file": [
        get(EVERYBODY, pk="plan of borgo", year="=2025", language="=it", form="=zip"),
        get(NONE, pk="plan of borgo", year="=2024", language="=it", form="=zip"),
    ],
}
