"""What the page of an indicator is asked for, and what can be asked: years, kinds of area, wider areas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from trama.core import memo
from trama.core.actor import Actor
from trama.core.keys import whole
from trama.territory import finding
from trama.territory.choices import RANK
from trama.territory.finding import Node
from trama.territory.models import ContextIndicator, ContextValue

QUANTILES, NATURAL, EQUAL, OWN, AROUND = "quantiles", "natural", "equal", "own", "around"
METHODS = (QUANTILES, NATURAL, EQUAL, OWN)
MOST_BY_DEFAULT = 400  # areas of the level that a page opens with
LONGEST_TEXT = 80


@dataclass(frozen=True)
class Asked:
    """The choices as they stand in an address; empty where nothing was chosen."""

    year: str = ""
    level: str = ""
    under: str = ""
    area: str = ""
    classes: str = ""
    breaks: str = ""

    @classmethod
    def read(cls, query: Mapping[str, Any]) -> Asked:
        """From the parameters of an address; what is too long to be meant is cut."""
        names = cls.__dataclass_fields__
        return cls(**{name: str(query.get(name) or "").strip()[:LONGEST_TEXT] for name in names})

    def pairs(self) -> list[tuple[str, str]]:
        """As they stand in an address."""
        return [(name, value) for name in self.__dataclass_fields__ if (value := getattr(self, name))]

    def address(self, base: str, **changes: str) -> str:
        """`base` with these choices, some of them changed ("" takes one away)."""
        query = urlencode(replace(self, **changes).pairs())
        return f"{base}?{query}" if query else base


@dataclass(frozen=True)
class Offer:
    """Where and when an indicator is known: for each kind of area its areas, and how many rows each year has."""

    areas: dict[str, frozenset[int]] = field(default_factory=dict)
    years: dict[str, dict[int, int]] = field(default_factory=dict)

    @property
    def levels(self) -> list[str]:
        """The kinds of area, the widest first."""
        return sorted(self.areas, key=lambda kind: RANK.get(kind, 99))

    @property
    def all_years(self) -> list[int]:
        return sorted({year for years in self.years.values() for year in years})


def offer_of(actor: Actor, indicator: ContextIndicator) -> Offer:
    """Where and when an indicator is known, remembered until anything changes."""
    return memo.until_changed(("insight.context.offer", indicator.pk), actor, lambda: _offer(indicator))


def _offer(indicator: ContextIndicator) -> Offer:
    known = finding.nodes()
    areas: dict[str, set[int]] = {}
    years: dict[str, Counter[int]] = {}
    rows = ContextValue.objects.filter(indicator=indicator).order_by().values_list("area_id", "year")
    for pk, year in rows.iterator(chunk_size=5000):
        node = known.get(pk)
        if node is None:
            continue
        areas.setdefault(node.kind, set()).add(pk)
        years.setdefault(node.kind, Counter())[year] += 1
    return Offer({kind: frozenset(found) for kind, found in areas.items()}, {k: dict(v) for k, v in years.items()})


@dataclass(frozen=True)
class Chosen:
    """What is shown: always something that is known. `members` are the areas of the level, in the tree's order."""

    year: int
    level: str
    under: Node | None
    members: tuple[int, ...]
    area: Node | None
    unders: tuple[Node, ...]


def choose(indicator: ContextIndicator, offer: Offer, asked: Asked) -> Chosen | None:
    """What to show of what was asked; what does not exist gives way to what is nearest. None: nothing is known."""
    if not offer.areas:
        return None
    known = finding.nodes()
    node = known.get(finding.id_of(asked.area) or -1)
    level = asked.level if asked.level in offer.areas else _level(offer, node)
    area = node if node is not None and node.kind == level else None
    years = offer.years[level]
    wanted = whole(asked.year, 9999)
    year = wanted if wanted is not None and wanted in years else max(years)
    unders = _unders(offer.areas[level], known)
    under = next((one for one in unders if one.code == asked.under), None)
    if under is None and not asked.under:
        under = _home(indicator, offer.areas[level], area, unders, known)
    members = _members(level, under, offer.areas[level], known)
    if area is not None and area.id not in members:
        area = None
    return Chosen(year, level, under, members, area, unders)


def _level(offer: Offer, node: Node | None) -> str:
    """The kind of the area that was asked for; else the narrowest kind that a page can take in."""
    if node is not None and node.kind in offer.areas:
        return node.kind
    fitting = [kind for kind in offer.levels if 2 <= len(offer.areas[kind]) <= MOST_BY_DEFAULT]
    return fitting[-1] if fitting else offer.levels[0]


def above_of(pk: int, known: Mapping[int, Node]) -> list[Node]:
    """The areas above one, the nearest first."""
    found = []
    parent = known[pk].parent
    while parent is not None and parent in known:
        found.append(known[parent])
        parent = known[parent].parent
    return found


def _unders(areas: Iterable[int], known: Mapping[int, Node]) -> tuple[Node, ...]:
    """Every area above these, in the order of the tree."""
    found = {node.id: node for pk in areas for node in above_of(pk, known)}
    return tuple(sorted(found.values(), key=lambda node: node.position))


def _home(
    indicator: ContextIndicator,
    areas: frozenset[int],
    area: Node | None,
    unders: tuple[Node, ...],
    known: Mapping[int, Node],
) -> Node | None:
    """The narrowest area that holds all of these; of an index that ends at a border, one that does not cross it."""
    paths = [above_of(pk, known) for pk in areas]
    if indicator.compare_within:
        bounds = Counter(node.id for path in paths for node in path if node.kind == indicator.compare_within)
        own = [n for n in (above_of(area.id, known) if area else []) if n.kind == indicator.compare_within]
        if own:
            return own[0]
        if len(bounds) > 1:
            return known[max(bounds, key=lambda pk: (bounds[pk], -known[pk].position))]
    shared = Counter(node.id for path in paths for node in path)
    common = [node for node in unders if shared[node.id] == len(paths)]
    return max(common, key=lambda node: node.depth) if common else None


def _members(level: str, under: Node | None, with_rows: frozenset[int], known: Mapping[int, Node]) -> tuple[int, ...]:
    """The areas of a kind below one: those in force, and those that no longer are but of which something is known."""
    below = finding.below(under.id) if under is not None else None
    return tuple(
        pk
        for pk, node in known.items()
        if node.kind == level and (below is None or pk in below) and (node.in_force or pk in with_rows)
    )
