"""Where an experience was born from and what it gave birth to: the family of a programme, as a tree in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone

from trama.core.actor import Actor
from trama.experiences.models import Experience

# A family larger than this is cut: nobody reads a page of thousands.
LARGEST = 500


@dataclass
class Node:
    """A member of the family, with what is part of it or continues it, the earliest first."""

    record: Experience
    is_part: bool = False
    continues: Experience | None = None
    is_self: bool = False
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Family:
    """The trees of a family and the years that they span. `last` is None while something goes on."""

    roots: list[Node]
    first: int | None
    last: int | None
    size: int
    cut: bool


def family_of(experience: Experience, actor: Actor) -> Family:
    """Everything that is tied to an experience by "part of" and "continues", as far as the actor may see it.

    A member that the actor may not see breaks the line: what lies beyond it is not shown.
    """
    members = _reachable(experience.pk, actor)
    nodes = {pk: Node(record, is_self=pk == experience.pk) for pk, record in members.items()}
    roots = []
    for pk, node in sorted(nodes.items(), key=lambda item: _order(item[1].record)):
        record = node.record
        node.continues = members.get(record.continues_id or 0)
        above = nodes.get(record.parent_id or 0)
        node.is_part = above is not None
        above = above or nodes.get(record.continues_id or 0)
        if above is None or _is_below(nodes, above, pk):
            roots.append(node)
        else:
            above.children.append(node)
    today = timezone.localdate()
    starts = [node.record.starts_on.year for node in nodes.values() if node.record.starts_on]
    ends = [node.record.ends_on for node in nodes.values()]
    open_end = any(end is None or end >= today for end in ends)
    last = None if open_end else max(end.year for end in ends if end)
    return Family(roots, min(starts, default=None), last, len(nodes), len(nodes) >= LARGEST)


def _order(record: Experience) -> tuple[date, str, int]:
    return (record.starts_on or date.max, record.name, record.pk)


def _is_below(nodes: dict[int, Node], node: Node, pk: int) -> bool:
    """Whether `pk` is among those above `node`, so that hanging it there would close a circle."""
    seen: set[int] = set()
    current: Node | None = node
    while current is not None and current.record.pk not in seen:
        if current.record.pk == pk:
            return True
        seen.add(current.record.pk)
        record = current.record
        current = nodes.get(record.parent_id or 0) or nodes.get(record.continues_id or 0)
    return False


def _reachable(start: int, actor: Actor) -> dict[int, Experience]:
    """The members of the family by id: one query per generation."""
    rows = Experience.objects.visible_to(actor).select_related("area").order_by("pk")
    found: dict[int, Experience] = {}
    level = {start}
    while level and len(found) < LARGEST:
        new = [row for row in rows.filter(pk__in=level) if row.pk not in found]
        found |= {row.pk: row for row in new[: LARGEST - len(found)]}
        ids = [row.pk for row in new]
        level = {pk for row in new for pk in (row.parent_id, row.continues_id) if pk}
        # What the actor may not see of these is left out when they are read.
        level |= set(_born(ids, "parent", "continues"))
        level -= set(found)
    return found


def _born(above: Sequence[int], *ties: str) -> list[int]:
    """The ids of what is tied to one of these by one of the fields: each field by its own index, which OR forgoes."""
    if not above:
        return []
    first, *others = (
        Experience.objects.order_by().filter(**{f"{tie}__in": above}).values_list("pk", flat=True) for tie in ties
    )
    return list(first.union(*others))


@dataclass(frozen=True)
class Relatives:
    """The nearest of an experience: what its own page shows."""

    parent: Experience | None
    continues: Experience | None
    copied_from: Experience | None
    parts: list[Experience]
    continued_by: list[Experience]
    copies: list[Experience]

    @property
    def any_tie(self) -> bool:
        """Whether there is a family to be shown."""
        return bool(self.parent or self.continues or self.parts or self.continued_by)


def relatives_of(experience: Experience, actor: Actor) -> Relatives:
    """What it was born from and what it gave birth to, as far as the actor may see it: two queries."""
    pk = experience.pk
    links = (experience.parent_id, experience.continues_id, experience.copied_from_id)
    above = {link for link in links if link is not None}
    tied = above | set(_born([pk], "parent", "continues", "copied_from"))
    seen = Experience.objects.visible_to(actor).filter(pk__in=tied).order_by("starts_on", "name", "pk")
    rows = {row.pk: row for row in seen} if tied else {}

    def those(**wanted: Any) -> list[Experience]:
        return [row for row in rows.values() if all(getattr(row, key) == value for key, value in wanted.items())]

    return Relatives(
        parent=rows.get(experience.parent_id or 0),
        continues=rows.get(experience.continues_id or 0),
        copied_from=rows.get(experience.copied_from_id or 0),
        parts=those(parent_id=pk),
        continued_by=those(continues_id=pk),
        copies=those(copied_from_id=pk),
    )


def flat(roots: Iterable[Node]) -> list[Experience]:
    """All the members, in the order in which they are read."""
    found: list[Experience] = []
    for node in roots:
        found += [node.record, *flat(node.children)]
    return found
