"""The words that a wave froze: names and order of codes, areas with what they lie in, questions.

What was renamed, moved or taken off a list since the wave closed is still called and placed here as it was then.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from trama.core import codes
from trama.core.actor import Actor
from trama.core.declarations import Text
from trama.core.registers import Dimension
from trama.monitoring.questions import Question, read
from trama.territory.choices import RANK, AreaKind
from trama.territory.declarations import AreaDimension

EVERYWHERE = "_everywhere"  # what happens in the whole territory; not the id of any area


@dataclass(frozen=True)
class Place:
    """An area as a wave froze it; `position` is its place in the order of the tree."""

    id: int
    code: str
    name: str
    kind: str
    parent: int | None
    position: int


class Words:
    """The definitions of a wave, ready to be asked."""

    def __init__(self, definitions: dict[str, Any]) -> None:
        self._codes: dict[str, list[str]] = definitions.get("codes", {})
        self._order = {code: number for number, code in enumerate(definitions.get("order", []))}
        self.places = {int(pk): Place(int(pk), *row) for pk, row in definitions.get("areas", {}).items()}
        self.by_code = {place.code: place for place in self.places.values()}
        self.questions: list[Question] = read(definitions.get("questions", []))

    def label(self, code: str) -> str:
        """The name of a code in the language of the reader."""
        found = self._codes.get(code)
        if found is None:
            return codes.label(code)
        return found[(get_language() or "it").startswith("en")]

    def position(self, code: str) -> int:
        """Where a code stands in its list."""
        return self._order.get(code, len(self._order))

    def path(self, area: int | None) -> list[Place]:
        """An area and all above it, the narrowest first."""
        found: list[Place] = []
        place = self.places.get(area) if area is not None else None
        while place is not None:
            found.append(place)
            place = self.places.get(place.parent) if place.parent is not None else None
        return found

    def tops(self, scope: frozenset[int]) -> frozenset[int]:
        """The areas that a wave looked at, without those that lie in another of them."""
        return frozenset(pk for pk in scope if not any(above.id in scope for above in self.path(pk)[1:]))

    def levels(self, scope: frozenset[int]) -> list[str]:
        """The kinds of areas inside those that the wave looked at, the widest first; sections are too many."""
        tops = self.tops(scope)
        inside = {
            place.kind
            for place in self.places.values()
            if place.id not in tops and any(above.id in tops for above in self.path(place.id))
        }
        return sorted(inside - {AreaKind.SECTION.value}, key=lambda kind: RANK.get(AreaKind(kind), 99))


@dataclass(frozen=True)
class FrozenDimension(Dimension):
    """An axis of frozen contents: values are keys of codes, keys of options, or texts."""

    words: Words | None = None
    list: str = ""
    options: tuple[tuple[str, Text], ...] = ()

    def choices(self, actor: Actor) -> Sequence[tuple[str, str]]:
        return [(value, str(label)) for value, label in self.options]

    def name(self, value: Any) -> str:
        if self.list and self.words is not None:
            return self.words.label(value)
        return str(dict(self.options).get(value, value))

    def address_of(self, value: Any) -> str:
        return str(value).partition(":")[2] if self.list else str(value)

    def stored(self, value: str) -> Any:
        return codes.key(self.list, value) if self.list else value

    def order(self, values: Iterable[Any]) -> builtins.list[Any]:
        if self.list and self.words is not None:
            return sorted(values, key=lambda value: (self.words.position(value), value))  # type: ignore[union-attr]
        positions = {value: number for number, (value, _label) in enumerate(self.options)}
        return sorted(values, key=lambda value: (positions.get(value, len(positions)), str(value).casefold()))


@dataclass(frozen=True)
class FrozenArea(AreaDimension):
    """An axis whose values are ids of areas as texts, or `EVERYWHERE`, which comes last."""

    words: Words | None = None

    def choices(self, actor: Actor) -> Sequence[tuple[str, str]]:
        places = sorted(self.words.places.values(), key=lambda place: place.position) if self.words else []
        return [(place.code, place.name) for place in places]

    def _place(self, value: Any) -> Place | None:
        return self.words.places.get(int(value)) if self.words and value != EVERYWHERE else None

    def name(self, value: Any) -> str:
        place = self._place(value)
        return place.name if place else _("In the whole territory")

    def address_of(self, value: Any) -> str:
        place = self._place(value)
        return place.code if place else EVERYWHERE

    def order(self, values: Iterable[Any]) -> list[Any]:
        def key(value: Any) -> int:
            place = self._place(value)
            return place.position if place else 1 << 30

        return sorted(values, key=key)
