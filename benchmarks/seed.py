"""A large invented installation for the benchmarks: 10,000 organisations, 10,000 resources, 100,000 experiences.

Run in a process of its own with TRAMA_HOME set: `python -m benchmarks.seed`. The same seed gives the same rows.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

ORGANISATIONS, RESOURCES, EXPERIENCES, PLACES = 10_000, 10_000, 100_000, 2_000
WEST, SOUTH, EAST, NORTH = 11.24, 44.43, 11.42, 44.55
WORD_TEXT = """
orto laboratorio incontro cammino festa scuola lettura cucina teatro musica bosco cortile piazza mercato nonni bambini
giovani famiglie vicini quartiere solidarietà ascolto sportello lavoro casa salute cura compagnia lingua italiano cucito
riparazione biblioteca parco calcio danza pranzo condiviso memoria futuro digitale orientamento
"""
WORDS = WORD_TEXT.split()


def title(dice: random.Random, number: int) -> str:
    """An invented title of three words and a number."""
    return f"{' '.join(dice.sample(WORDS, 3)).capitalize()} {number}"


def main() -> None:
    """Fill the database of TRAMA_HOME."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trama.config.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction

    call_command("prepare", verbosity=0)
    dice = random.Random(2026)
    with transaction.atomic():
        areas = _areas()
        places = _places(dice, areas)
        organisations = _organisations(dice, areas)
        _resources(dice, areas, organisations)
        _experiences(dice, areas, places, organisations)
    _index()


def _areas() -> list[int]:
    import shapely

    from trama.core import facts
    from trama.core.actor import SYSTEM
    from trama.territory import actions
    from trama.territory.imports import load_municipalities
    from trama.territory.models import Area, ContextIndicator, ContextValue

    load_municipalities(SYSTEM, ["037006"])
    city = Area.objects.get(code="037006")
    facts.set_fact(facts.HOME_AREA, city.code)
    facts.set_fact(facts.DEMONSTRATION, True)
    leaves, drawings = [], []
    step_x, step_y = (EAST - WEST) / 9, (NORTH - SOUTH) / 10
    for d in range(6):
        district = actions.add_area(SYSTEM, name=f"Quartiere {d + 1}", kind="district", parent=city, code=f"B-D{d}")
        for z in range(3):
            zone = actions.add_area(
                SYSTEM, name=f"Zona {d + 1}.{z + 1}", kind="zone", parent=district, code=f"B-Z{d}{z}"
            )
            for s in range(5):
                number = d * 15 + z * 5 + s
                x, y = WEST + (number % 9) * step_x, SOUTH + (number // 9) * step_y
                name = f"Area statistica {number + 1}"
                leaf = actions.add_area(SYSTEM, name=name, kind="statistical_area", parent=zone, code=f"B-S{number}")
                drawings.append(actions.Drawing(leaf, shapely.box(x, y, x + step_x, y + step_y)))
                leaves.append(leaf.pk)
    actions.draw_boundaries(SYSTEM, drawings)
    indicator = ContextIndicator.objects.create(
        code="households", name_it="Famiglie", name_en="Households", adds_up=True
    )
    ContextValue.objects.bulk_create(
        ContextValue(area_id=pk, indicator=indicator, year=year, value=1000 + n * 7 + year - 2016)
        for n, pk in enumerate(leaves)
        for year in range(2016, 2024)
    )
    return leaves


def _point(dice: random.Random) -> tuple[float, float]:
    return dice.uniform(WEST, EAST), dice.uniform(SOUTH, NORTH)


def _located(dice: random.Random, leaves: list[int]) -> dict[str, Any]:
    from trama.territory.models import mercator

    lon, lat = _point(dice)
    column = min(int((lon - WEST) / ((EAST - WEST) / 9)), 8)
    row = min(int((lat - SOUTH) / ((NORTH - SOUTH) / 10)), 9)
    x, y = mercator(lon, lat)
    return {"lon": lon, "lat": lat, "x": x, "y": y, "area_id": leaves[row * 9 + column]}


def _values(list_: str) -> list[str]:
    from trama.core.models import Code

    return list(Code.objects.filter(list=list_).order_by("position").values_list("pk", flat=True))


def _write(model: Any, rows: Iterable[Any]) -> None:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == 2000:
            model.objects.bulk_create(batch)
            batch = []
    model.objects.bulk_create(batch)


def _places(dice: random.Random, leaves: list[int]) -> list[int]:
    from trama.territory.models import Place

    kinds = _values("place_kind")
    _write(
        Place, (Place(name=title(dice, n), kind_id=dice.choice(kinds), **_located(dice, leaves)) for n in range(PLACES))
    )
    return list(Place.objects.order_by("pk").values_list("pk", flat=True))


def _organisations(dice: random.Random, leaves: list[int]) -> list[int]:
    from trama.network.models import Organisation, normalised

    kinds = _values("organisation_kind")

    def rows() -> Iterator[Organisation]:
        for n in range(ORGANISATIONS):
            name = f"Associazione {title(dice, n)}"
            yield Organisation(
                name=name,
                normalised_name=normalised(name),
                kind_id=dice.choice(kinds),
                is_ets=dice.random() < 0.6,
                is_formal=dice.random() < 0.9,
                is_sensitive=dice.random() < 0.01,
                confirmed_on=date(2026, 1, 1) + timedelta(days=dice.randrange(300)) if dice.random() < 0.5 else None,
                **_located(dice, leaves),
            )

    _write(Organisation, rows())
    return list(Organisation.objects.order_by("pk").values_list("pk", flat=True))


def _resources(dice: random.Random, leaves: list[int], organisations: list[int]) -> None:
    from trama.directory.models import Promotion, Resource, ResourceCode

    activities, accesses, targets, role = (
        _values("activity"),
        _values("access"),
        _values("target"),
        _values("tie_role")[0],
    )

    def rows() -> Iterator[Resource]:
        for n in range(RESOURCES):
            yield Resource(
                name=title(dice, n),
                description=" ".join(dice.choices(WORDS, k=25)),
                activity_id=dice.choice(activities),
                access_id=dice.choice(accesses),
                opening="lunedì 9-12" if dice.random() < 0.3 else "",
                promoter_text=f"Associazione {n % 900}",
                **_located(dice, leaves),
            )

    _write(Resource, rows())
    keys = list(Resource.objects.order_by("pk").values_list("pk", flat=True))
    _write(
        Promotion, (Promotion(resource_id=pk, organisation_id=dice.choice(organisations), role_id=role) for pk in keys)
    )
    _write(
        ResourceCode,
        (ResourceCode(resource_id=pk, facet="target", code_id=c) for pk in keys for c in dice.sample(targets, 2)),
    )


def _experiences(dice: random.Random, leaves: list[int], places: list[int], organisations: list[int]) -> None:
    from trama.experiences.models import Experience, ExperienceArea, ExperienceCode, ExperiencePlace, Participation

    kinds, roles, ties = _values("experience_kind"), _values("service_role"), _values("tie_role")
    facets = {facet: _values(facet) for facet in ("aim", "target", "need")}

    def rows() -> Iterator[Experience]:
        for n in range(EXPERIENCES):
            start = date(2018, 1, 1) + timedelta(days=dice.randrange(3100))
            volunteers = dice.randrange(30) if dice.random() < 0.7 else None
            reached = dice.randrange(400) if dice.random() < 0.8 else None
            yield Experience(
                name=title(dice, n),
                summary=" ".join(dice.choices(WORDS, k=20)),
                kind_id=dice.choice(kinds),
                state="published" if dice.random() < 0.95 else "draft",
                is_city_wide=dice.random() < 0.03,
                is_good_practice=dice.random() < 0.02,
                starts_on=start,
                ends_on=start + timedelta(days=dice.randrange(900)) if dice.random() < 0.7 else None,
                service_role_id=dice.choice(roles),
                volunteers=volunteers,
                volunteers_precision="unknown" if volunteers is None else dice.choice(["exact", "estimated"]),
                beneficiaries=reached,
                beneficiaries_precision="unknown" if reached is None else dice.choice(["exact", "estimated"]),
                **_located(dice, leaves),
            )

    _write(Experience, rows())
    keys = list(Experience.objects.order_by("pk").values_list("pk", "area_id"))
    _write(ExperienceArea, (ExperienceArea(experience_id=pk, area_id=area) for pk, area in keys))
    _write(
        ExperienceCode,
        (
            ExperienceCode(experience_id=pk, facet=facet, code_id=code)
            for pk, _area in keys
            for facet, values in facets.items()
            for code in dice.sample(values, dice.randint(1, 2))
        ),
    )
    _write(
        Participation,
        (
            Participation(experience_id=pk, organisation_id=organisation, role_id=dice.choice(ties))
            for pk, _area in keys
            for organisation in dice.sample(organisations, dice.randint(0, 2))
        ),
    )
    _write(ExperiencePlace, (ExperiencePlace(experience_id=pk, place_id=dice.choice(places)) for pk, _ in keys[::5]))


def _index() -> None:
    from django.db import connection, transaction

    from trama.core import history, search
    from trama.core.actor import SYSTEM

    with transaction.atomic():
        search.rebuild()
        history.record_many(SYSTEM, [history.Act("loaded", label="benchmark")])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    main()
