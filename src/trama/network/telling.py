"""Texts that may carry somebody's contact, as the reader may see them (decision 0012): plain for the staff of their
area, covered for everybody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from trama.core.actor import Actor
from trama.core.columns import each_once
from trama.core.keys import among
from trama.network.contacts import without_personal
from trama.network.permissions import works_at_home
from trama.territory.permissions import STAFF, is_staff


def plain_of(model: Any, pks: Sequence[int], actor: Actor) -> frozenset[int]:
    """Those of some records, each with an area, of which the actor may read the personal contacts."""
    if actor.everywhere(STAFF):
        return frozenset(pks)
    if not is_staff(actor) or not pks:
        return frozenset()
    areas, home = actor.areas_with(STAFF), works_at_home(actor)
    rows = model._default_manager.filter(pk__in=among(pks)).order_by().values_list("pk", "area_id")
    return frozenset(pk for pk, area in rows if (home if area is None else area in areas))


def as_read(model: Any) -> Callable[[Sequence[int], Sequence[Any], Actor], Sequence[Any]]:
    """How a column of free texts is read (`Column.read_by`): only records whose text would change are looked at."""

    def read(pks: Sequence[int], values: Sequence[Any], actor: Actor) -> Sequence[Any]:
        if actor.everywhere(STAFF):
            return values
        told = each_once(values, lambda value: None if value is None else without_personal(value))
        changed = [place for place, value in enumerate(values) if told[place] != value]
        plain = plain_of(model, [pks[place] for place in changed], actor)
        for place in changed:
            if pks[place] in plain:
                told[place] = values[place]
        return told

    return read


def cover_unless(plain: bool) -> Callable[[str], str]:
    """What makes a text readable: nothing, or covering the personal contacts in it."""
    return str if plain else without_personal


class AsRead:
    """A record of which every text is told as the reader may see it."""

    def __init__(self, record: Any, *, plain: bool) -> None:
        self._record, self._cover = record, cover_unless(plain)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._record, name)
        return self._cover(value) if isinstance(value, str) else value
