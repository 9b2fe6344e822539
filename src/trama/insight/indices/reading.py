"""An index from the database: a draft with the figures of today, a published one with those that were frozen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trama.core import memo
from trama.core.keys import among
from trama.insight.analysis.composite import Computed, compute
from trama.insight.choices import IndexReference
from trama.insight.indices.shapes import (
    MISSING,
    Definition,
    Domain,
    Figures,
    Index,
    Origin,
    Part,
    Place,
    states_of,
)
from trama.insight.models import FrozenIndex, IndexDefinition
from trama.territory.models import Area, ContextValue

FORMAT = 1  # of what is frozen; raised when a key changes its meaning
DIGITS = 10  # significant digits of a frozen result: what rounding in another processor cannot reach


def definition_of(row: IndexDefinition) -> Definition:
    """The definition as it stands in the database."""
    domains = tuple(
        Domain(one.name_it, one.name_en, one.key, one.weight) for one in row.domains.order_by("position", "id")
    )
    parts = tuple(
        Part(
            one.indicator.name_it,
            one.indicator.name_en,
            one.indicator.code,
            one.polarity,
            one.weight,
            one.domain.key if one.domain else "",
            one.low,
            one.high,
            one.reference,
            one.indicator.unit_it,
            one.indicator.unit_en,
            one.indicator.decimals,
            one.indicator.version,
        )
        for one in row.ingredients.select_related("indicator", "domain").order_by("position", "id")
    )
    return Definition(
        row.name_it,
        row.name_en,
        row.code,
        row.version,
        row.description_it,
        row.description_en,
        row.kind,
        row.under.code,
        row.under.name,
        tuple(sorted(row.years)),
        row.method,
        row.penalty,
        row.ddof,
        row.goalposts,
        row.reference,
        row.reference_year,
        domains,
        parts,
    )


def areas_of(row: IndexDefinition) -> list[tuple[int, str, str]]:
    """Key, code and name of the areas that get a value, by name."""
    found = Area.objects.in_force().below(row.under_id, itself=row.under.kind == row.kind).filter(kind=row.kind)
    return list(found.order_by("name", "code").values_list("pk", "code", "name"))


def figures_of(row: IndexDefinition, definition: Definition) -> Figures:
    """The figures of today. One query for all values, one for those of the area above."""
    areas = areas_of(row)
    shape = (len(definition.years), len(areas), len(definition.parts))
    values, states = np.full(shape, np.nan), np.full(shape, MISSING, dtype="U16")
    year_at = {year: number for number, year in enumerate(definition.years)}
    area_at = {pk: number for number, (pk, _code, _name) in enumerate(areas)}
    part_at = {part.indicator: number for number, part in enumerate(definition.parts)}
    found = (
        ContextValue.objects.filter(indicator__code__in=list(part_at), year__in=list(year_at), area__in=among(area_at))
        .order_by("pk")
        .values_list("area_id", "year", "indicator__code", "value", "state", *ORIGIN)
    )
    origins: dict[str, dict[str, Origin]] = {}
    for area, year, code, value, state, *origin in found:
        place = (year_at[year], area_at[area], part_at[code])
        values[place], states[place] = np.nan if value is None else value, state
        if origin[0]:
            origins.setdefault(code, {}).setdefault(origin[0], Origin(*origin))
    return Figures(
        tuple(Place(code, name) for _pk, code, name in areas),
        values,
        states,
        _reference(row, definition, values),
        {code: tuple(several[key] for key in sorted(several)) for code, several in sorted(origins.items())},
    )


ORIGIN = ("source__key", "source__title", "source__publisher", "source__licence", "source__url")


def _reference(row: IndexDefinition, definition: Definition, values: NDArray[np.float64]) -> Any:
    """What scores 100, by year and indicator, or None."""
    years, parts = len(definition.years), len(definition.parts)
    if definition.reference == IndexReference.GIVEN:
        stated = [np.nan if part.reference is None else part.reference for part in definition.parts]
        return np.tile(np.array(stated, dtype=float), (years, 1))
    if definition.reference == IndexReference.MEAN:
        found = np.full((years, parts), np.nan)
        for number, year in enumerate(values):
            rows = year[np.isfinite(year).all(axis=1)] if parts else year[:0]
            if len(rows):
                found[number] = rows.mean(axis=0)
    elif definition.reference == IndexReference.AREA:
        found = _values_above(row, definition)
    else:
        return None
    if definition.reference_year in definition.years:
        found[:] = found[definition.years.index(definition.reference_year)]
    return found


def _values_above(row: IndexDefinition, definition: Definition) -> NDArray[np.float64]:
    found = np.full((len(definition.years), len(definition.parts)), np.nan)
    codes = [part.indicator for part in definition.parts]
    rows = ContextValue.objects.filter(
        area=row.under_id, indicator__code__in=codes, year__in=definition.years, value__isnull=False
    )
    for code, year, value in rows.order_by("pk").values_list("indicator__code", "year", "value"):
        found[definition.years.index(year), codes.index(code)] = value
    return found


def live(row: IndexDefinition) -> Index:
    """The index with the figures of today. Raises CompositeError when they do not allow one."""
    definition = definition_of(row)
    figures = figures_of(row, definition)
    computed = compute(definition.formula(), figures.values, figures.reference)
    return Index(
        definition, figures, computed, computed.value, states_of(definition, figures.states, computed.complete)
    )


# --- what was frozen ----------------------------------------------------------------------------------------------
def rounded(value: float) -> float | None:
    """A result as it is frozen; None where there is none."""
    return None if not np.isfinite(value) else float(f"{value:.{DIGITS}g}")


def frozen_text(index: Index) -> str:
    """Definition, figures and results as JSON that is the same wherever it is written."""
    figures = index.figures
    content = {
        "format": FORMAT,
        "definition": asdict(index.definition),
        "areas": [[place.code, place.name] for place in figures.areas],
        "origins": {code: [asdict(one) for one in several] for code, several in figures.origins.items()},
        "figures": [[[_plain(v) for v in area] for area in year] for year in figures.values.tolist()],
        "states": figures.states.tolist(),
        "reference": None
        if figures.reference is None
        else [[_plain(v) for v in year] for year in figures.reference.tolist()],
        "results": [[rounded(v) for v in year] for year in index.values.tolist()],
        "result_states": index.states.tolist(),
        "domains": {
            key: [[rounded(v) for v in year] for year in score.value.tolist()]
            for key, score in index.computed.parts.items()
            if key
        },
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None


def hash_of(text: str) -> str:
    """SHA-256 of what is frozen."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def thawed(frozen: FrozenIndex) -> Index:
    """The index as it was published. Raises ValueError when what is kept is no longer what was frozen."""

    def read() -> Index:
        if hash_of(frozen.content) != frozen.content_hash:
            raise ValueError(f"what was published with index {frozen.definition_id} was altered")
        return _thawed(json.loads(frozen.content), frozen)

    return memo.remember(("insight.index", frozen.pk, frozen.content_hash), 3600, read, heavy=True)


def _thawed(content: dict[str, Any], frozen: FrozenIndex) -> Index:
    stated = dict(content["definition"])
    stated["years"] = tuple(stated["years"])
    stated["domains"] = tuple(Domain(**one) for one in stated["domains"])
    stated["parts"] = tuple(Part(**one) for one in stated["parts"])
    definition = Definition(**stated)
    shape = (len(definition.years), len(content["areas"]), len(definition.parts))
    figures = Figures(
        tuple(Place(*pair) for pair in content["areas"]),
        np.array(content["figures"], dtype=float).reshape(shape),
        np.array(content["states"], dtype="U16").reshape(shape),
        None if content["reference"] is None else np.array(content["reference"], dtype=float),
        {code: tuple(Origin(**one) for one in several) for code, several in content["origins"].items()},
    )
    # The steps are made again from the frozen figures; what was published is what is shown as the result.
    computed: Computed = compute(definition.formula(), figures.values, figures.reference)
    return Index(
        definition,
        figures,
        computed,
        np.array(content["results"], dtype=float),
        np.array(content["result_states"], dtype="U16"),
        frozen.at,
        frozen.content_hash,
    )


def index_of(row: IndexDefinition) -> Index:
    """A draft with the figures of today, what was published as it was frozen."""
    return live(row) if row.is_draft else thawed(row.frozen)


def agrees(index: Index) -> bool:
    """Whether the results that were frozen follow from the figures that were frozen, computed again now."""
    again = index.computed.value
    return bool(np.allclose(again, index.values, rtol=0, atol=1e-6, equal_nan=True))
