"""Frozen records without a database, for tests that try many of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from trama.core.declarations import FrozenAxis, FrozenBody, FrozenCount, Monitored, gathered
from trama.monitoring.cuts.frame import read_frame, register_of
from trama.monitoring.cuts.telling import Source
from trama.monitoring.cuts.words import Words
from trama.monitoring.models import Wave

SPECIAL = "addiction"
# A city with two districts, one of which has a zone.
AREAS = {
    "1": ["C", "Città", "municipality", None, 0],
    "2": ["E", "Est", "district", 1, 1],
    "3": ["W", "Ovest", "district", 1, 2],
    "4": ["W1", "Mulino", "zone", 3, 3],
}


def monitored(axes: Sequence[FrozenAxis], counts: Sequence[FrozenCount]) -> Monitored:
    """Something to monitor that is no record of ours: contents name their own answers."""
    like: dict[str, Any] = {
        name: getattr(gathered.monitored["experiences"], name) for name in Monitored.__annotations__
    }
    own: dict[str, Any] = {
        "fields": (),
        "axes": tuple(axes),
        "counts": tuple(counts),
        "bodies": lambda one: one.get("bodies", ()),
        "places": lambda one: (one.get("areas", ()), False),
        "below": lambda one: 5 if SPECIAL in one.get("target", ()) else 3,
        "has_result": lambda one: True,
    }
    return Monitored(**(like | own))


class TownWave(Wave):
    """A closed wave of the whole city; never saved."""

    class Meta:
        proxy = True
        app_label = "monitoring"

    def area_ids(self) -> frozenset[int]:
        return frozenset({1})


def source(
    what: Monitored,
    contents: Iterable[Mapping[str, Any]],
    name: str = "Prima",
    questions: Sequence[Mapping[str, Any]] = (),
) -> Source:
    """What the tables of these contents are counted from; a content may hold `given`, its additional answers."""
    wave = TownWave(
        pk=1, name=name, promoter="Comune", state="closed", starts_on=date(2024, 1, 1), ends_on=date(2024, 12, 31)
    )
    words = Words({"areas": AREAS, "questions": questions})
    rows = [(dict(one), dict(one.get("given", {}))) for one in contents]
    frame = read_frame(wave, what, words, rows)
    return Source(wave, what, words, frame, register_of(wave, what, words, frame), len(rows), len(rows))


def axis(key: str, options: Sequence[str], *, several: bool = False, special: bool = False) -> FrozenAxis:
    """An axis whose answers stand in the content under its key."""
    named = tuple((option, option.capitalize()) for option in options)
    return FrozenAxis(key, key, lambda one: one.get(key, ()), several=several, special=special, options=named)


def body(number: int, group: str = "other", *, person: bool = False) -> FrozenBody:
    """An organisation of a content."""
    return FrozenBody(number, group, None, person)
