"""Invented indicators of context and an index of them, so that maps, series and comparisons have something to show."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date

from trama.core import history, search
from trama.core.actor import Actor
from trama.core.models import Source
from trama.insight.actions.indices import publish_index, save_index
from trama.insight.indices.shapes import Definition, Part
from trama.intake.demonstration.invented import SEED
from trama.intake.demonstration.scene import Scene
from trama.territory.choices import Polarity, ValueState
from trama.territory.models import Area, ContextIndicator, ContextValue

YEARS = 4


@dataclass(frozen=True)
class Invention:
    """An indicator that nobody measured: what it would be, about which number, and how it moves in a year."""

    code: str
    theme: str
    name_it: str
    name_en: str
    description_it: str
    unit_it: str
    unit_en: str
    decimals: int
    polarity: Polarity
    middle: float
    spread: float
    a_year: float


INVENTED = (
    Invention(
        "demo_solo", "households",
        "Famiglie di una sola persona (dimostrazione)", "One-person households (demonstration)",
        "Quante famiglie su 100 sono di una sola persona. Numeri inventati per la dimostrazione.",
        "ogni 100 famiglie", "per 100 households", 1, Polarity.NEGATIVE, 37.0, 5.0, 0.4,
    ),
    Invention(
        "demo_income", "income", "Reddito medio dichiarato (dimostrazione)", "Average declared income (demonstration)",
        "Reddito imponibile per contribuente. Numeri inventati per la dimostrazione.",
        "euro", "euros", 0, Polarity.POSITIVE, 22_800.0, 1_900.0, 420.0,
    ),
    Invention(
        "demo_neet", "work", "Giovani che non studiano e non lavorano (dimostrazione)",
        "Young people neither in school nor at work (demonstration)",
        "Quanti giovani fra 15 e 29 anni su 100 non studiano e non lavorano. Numeri inventati per la dimostrazione.",
        "ogni 100 giovani", "per 100 young people", 1, Polarity.NEGATIVE, 12.0, 2.5, -0.3,
    ),
    Invention(
        "demo_nursery", "education", "Posti nei servizi per la prima infanzia (dimostrazione)",
        "Places in early-childhood services (demonstration)",
        "Posti ogni 100 bambini sotto i tre anni. Numeri inventati per la dimostrazione.",
        "ogni 100 bambini", "per 100 children", 1, Polarity.POSITIVE, 34.0, 6.0, 0.9,
    ),
)  # fmt: skip


def write(actor: Actor, scene: Scene, source: Source, today: date) -> None:
    """Indicators of the municipalities (or, within one, of its quarters) over some years, and an index of them."""
    of_towns = scene.home.pk != scene.municipality.pk
    areas = {(row := one.municipality if of_towns else one.area).pk: row for one in scene.localities}
    kind = scene.municipality.kind if of_towns else scene.localities[0].area.kind
    among = sorted((area for area in areas.values() if area.kind == kind), key=lambda area: area.code)
    years = tuple(range(today.year - YEARS, today.year))
    acts = []
    for position, told in enumerate(INVENTED):
        indicator = ContextIndicator.objects.create(
            code=told.code,
            theme=told.theme,
            name_it=told.name_it,
            name_en=told.name_en,
            description_it=told.description_it,
            description_en="Invented for the demonstration.",
            unit_it=told.unit_it,
            unit_en=told.unit_en,
            decimals=told.decimals,
            polarity=told.polarity,
            position=500 + position,
        )
        ContextValue.objects.bulk_create(_values(told, indicator, among, years, source))
        acts.append(
            history.Act(
                "created", history.kind_of(indicator), str(indicator.pk), told.name_it, history.state_of(indicator)
            )
        )
    history.record_many(actor, acts)
    search.refresh(ContextIndicator)
    signs = {Polarity.POSITIVE: 1, Polarity.NEGATIVE: -1}
    definition = Definition(
        "Condizioni di vita (dimostrazione)",
        "Living conditions (demonstration)",
        code="demo_living",
        description_it="Quattro numeri inventati in uno solo, per mostrare come si fa un indice e come si legge.",
        description_en="Four invented numbers in a single one, to show how an index is made and read.",
        kind=kind,
        under=scene.home.code,
        years=years,
        penalty="minus",
        parts=tuple(Part(told.name_it, told.name_en, told.code, signs[told.polarity]) for told in INVENTED),
    )
    publish_index(actor, save_index(actor, definition))


def _values(
    told: Invention, indicator: ContextIndicator, areas: list[Area], years: tuple[int, ...], source: Source
) -> list[ContextValue]:
    """A level of its own for each area, a little noise each year; one value estimated, none other left out."""
    rng = random.Random(f"{SEED}-{told.code}")  # noqa: S311
    rows = []
    for number, area in enumerate(areas):
        level = rng.gauss(told.middle, told.spread / 2)
        for year in years:
            value = level + told.a_year * (year - years[0]) + rng.gauss(0, told.spread / 12)
            guessed = number == len(areas) - 1 and year == years[-1]
            rows.append(
                ContextValue(
                    area=area,
                    indicator=indicator,
                    year=year,
                    value=round(max(value, 0), told.decimals),
                    state=ValueState.ESTIMATED if guessed else ValueState.VALUE,
                    source=source,
                )
            )
    return rows
