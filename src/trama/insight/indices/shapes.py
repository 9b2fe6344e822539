"""An index in plain shapes: its definition, what goes in, what comes out. No database here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trama.insight.analysis.composite import (
    Computed,
    Formula,
    Goalposts,
    Ingredient,
    Method,
    Penalty,
)
from trama.ui.numbers import is_english

VALUE, ESTIMATED, EXCLUDED, MISSING = "value", "estimated", "excluded", "missing"


@dataclass(frozen=True)
class Named:
    """Something with a name in two languages; the English one may be empty."""

    name_it: str
    name_en: str = ""

    @property
    def name(self) -> str:
        return (self.name_en or self.name_it) if is_english() else self.name_it


@dataclass(frozen=True)
class Domain(Named):
    """A group of indicators with a score of its own."""

    key: str = ""
    weight: float = 1.0


@dataclass(frozen=True)
class Part(Named):
    """An indicator in an index. `version` is that of the indicator's own definition when it was read."""

    indicator: str = ""
    polarity: int = 1
    weight: float = 1.0
    domain: str = ""
    low: float | None = None
    high: float | None = None
    reference: float | None = None
    unit_it: str = ""
    unit_en: str = ""
    decimals: int = 0
    version: str = "1"

    @property
    def unit(self) -> str:
        return (self.unit_en or self.unit_it) if is_english() else self.unit_it


@dataclass(frozen=True)
class Definition(Named):
    """Everything that decides an index. `under` is the code of the area whose areas of a `kind` get a value."""

    code: str = ""
    version: int = 1
    description_it: str = ""
    description_en: str = ""
    kind: str = ""
    under: str = ""
    under_name: str = ""
    years: tuple[int, ...] = ()
    method: str = "ampi"
    penalty: str = "plus"
    ddof: int = 0
    goalposts: str = "years"
    reference: str = "none"
    reference_year: int | None = None
    domains: tuple[Domain, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def description(self) -> str:
        return (self.description_en or self.description_it) if is_english() else self.description_it

    def formula(self) -> Formula:
        """What the analysis computes with."""
        ingredients = tuple(
            Ingredient(part.indicator, part.polarity, part.weight, part.domain, part.low, part.high)
            for part in self.parts
        )
        return Formula(
            ingredients,
            Method(self.method),
            Penalty(self.penalty),
            self.ddof,
            Goalposts(self.goalposts),
            tuple((domain.key, domain.weight) for domain in self.domains),
        )

    def domain(self, key: str) -> Domain:
        """A domain by its key; the index itself where there are none."""
        return next((one for one in self.domains if one.key == key), Domain(self.name_it, self.name_en))


@dataclass(frozen=True)
class Place:
    """An area as the index names it."""

    code: str
    name: str


@dataclass(frozen=True)
class Origin:
    """A source of the figures."""

    key: str
    title: str
    publisher: str = ""
    licence: str = ""
    url: str = ""


@dataclass(frozen=True)
class Figures:
    """What goes in: `values` (years, areas, indicators) with NaN where there is none, and the state of each.

    `reference` (years, indicators) is what scores 100, or None. `origins` are the sources, by indicator.
    """

    areas: tuple[Place, ...]
    values: NDArray[np.float64]
    states: NDArray[np.str_]
    reference: NDArray[np.float64] | None = None
    origins: dict[str, tuple[Origin, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Index:
    """A definition, its figures and its results. `values` and `states` are (years, areas), NaN where no value.

    Of a published one `frozen_at` and `content_hash` say what stands behind it; of a draft they are empty.
    """

    definition: Definition
    figures: Figures
    computed: Computed
    values: NDArray[np.float64]
    states: NDArray[np.str_]
    frozen_at: datetime | None = None
    content_hash: str = ""

    @property
    def years(self) -> tuple[int, ...]:
        return self.definition.years

    def at(self, year: int | None) -> int:
        """The position of a year; the newest with any value where none is asked or there is no such year."""
        if year in self.years:
            return self.years.index(year)
        known = [n for n in range(len(self.years)) if np.isfinite(self.values[n]).any()]
        return max(known, key=lambda n: self.years[n], default=0)

    def origins(self) -> list[Origin]:
        """Every source once, in the order of their titles."""
        found = {origin.key: origin for several in self.figures.origins.values() for origin in several}
        return sorted(found.values(), key=lambda origin: origin.title)


def states_of(definition: Definition, states: Any, complete: Any) -> NDArray[np.str_]:
    """The state of each result: excluded where the source excluded the area, estimated where a figure is."""
    found = np.full(complete.shape, MISSING, dtype="U16")
    found[complete] = VALUE
    found[complete & (states == ESTIMATED).any(axis=2)] = ESTIMATED
    found[~complete & (states == EXCLUDED).any(axis=2)] = EXCLUDED
    return found
