"""Random worlds counted as the database is asked about them, and record by record in plain Python."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Exists, OuterRef, Q, QuerySet

from trama.core import codes, small_counts
from trama.core.registers import ChoiceDimension, Measure
from trama.experiences.dimensions import KindOfOrganisation
from trama.experiences.models import Experience, ExperienceArea, ExperienceCode, Funding, Participation
from trama.insight import answers
from trama.insight.answers import Answers, Tally
from trama.insight.tests.factories import REGISTER
from trama.network.models import Organisation
from trama.territory.models import AreaClosure
from trama.territory.tests.factories import make_area, make_city, make_code

pytestmark = pytest.mark.django_db
Told = Callable[[Experience], set[Any]]


def _special() -> Q:
    return Q(Exists(ExperienceCode.objects.filter(experience=OuterRef("pk"), code="t_aim:d")))


WORLD = replace(
    REGISTER,
    dimensions=(
        *REGISTER.dimensions,
        ChoiceDimension("state", "Stato", "state"),
        KindOfOrganisation("organisation_kind", "Tipo di organizzazione", "participations", multiple=True),
    ),
    special=_special,
    persons=Q(name="one person"),
)
MEASURES = {measure.key: measure for measure in WORLD.all_measures()}


def make_world(chance: random.Random, size: int) -> None:
    """So many experiences with anything between none and several answers to everything."""
    areas = [*make_city().values(), make_area("Regione", "region")]
    kinds = [make_code("t_kind", value) for value in "pq"]
    aims = [make_code("t_aim", value) for value in "abcd"]
    other = [make_code("t_other", value) for value in "ab"]
    role = make_code("tie_role", "partner")
    bodies = [
        Organisation.objects.create(name=f"Ente {n}", kind=kind, is_public=n % 3 > 0, is_sensitive=n % 5 == 0)
        for n, kind in enumerate([make_code("organisation_kind", "x"), make_code("organisation_kind", "y"), None] * 3)
    ]

    def some(values: list[Any]) -> list[Any]:
        return chance.sample(values, chance.choice((0, 0, 1, 1, 2, len(values))))

    for number in range(size):
        volunteers = chance.choice((None, 0, 1, 2, 3, 4, 5, 40, 1000))
        one = Experience.objects.create(
            # Keys with gaps between them, as after deletions.
            pk=1000 + number * chance.choice((1, 1, 700)) if chance.random() < 0.3 else None,
            name=chance.choice(("one person", "several")),
            kind=chance.choice(kinds),
            state=chance.choice(("published", "draft")),
            is_good_practice=chance.random() < 0.5,
            starts_on=chance.choice((None, dt.date(1999, 12, 31), dt.date(2024, 1, 1))),
            volunteers=volunteers,
            volunteers_precision="unknown" if volunteers is None else chance.choice(("exact", "estimated")),
        )
        of = {"experience": one}
        ExperienceCode.objects.bulk_create(ExperienceCode(**of, facet="t_aim", code=code) for code in some(aims))
        ExperienceCode.objects.bulk_create(ExperienceCode(**of, facet="t_other", code=code) for code in some(other))
        ExperienceArea.objects.bulk_create(ExperienceArea(**of, area=area) for area in some(areas))
        Participation.objects.bulk_create(Participation(**of, organisation=body, role=role) for body in some(bodies))
        amounts = chance.choice(([], [], ["0"], ["100.25", "100.25"], ["3", "0.50"]))
        Funding.objects.bulk_create(Funding(**of, year=2024, amount=Decimal(amount)) for amount in amounts)
    codes.forget()


def told_by_hand() -> dict[str, Told]:
    """What each record answers, from its own rows."""

    def lying_in(level: str) -> Told:
        up = dict(AreaClosure.objects.filter(ancestor_kind=level).values_list("area_id", "ancestor_id"))
        return lambda one: {up[area] for area in one.areas.values_list("area_id", flat=True) if area in up}

    return {
        "kind": lambda one: {one.kind_id},
        "aim": lambda one: set(one.codes.filter(facet="t_aim").values_list("code_id", flat=True)),
        "district": lying_in("district"),
        "statistical_area": lying_in("statistical_area"),
        "year": lambda one: {one.starts_on.year} if one.starts_on else set(),
        "practice": lambda one: {int(one.is_good_practice)},
        "state": lambda one: {one.state},
        "organisation_kind": lambda one: {
            part.organisation.kind_id
            for part in one.participations.select_related("organisation")
            if part.organisation.kind_id and part.organisation.is_public and not part.organisation.is_sensitive
        },
    }


def told_of(one: Experience, measure: Measure) -> Tally:
    """One record as it enters the sums of a measure."""
    if measure.key == "records":
        return Tally(1, small=int(one.name == "one person"))
    if measure.key == "budget":
        amounts = [float(amount) for amount in one.fundings.values_list("amount", flat=True)]
        return Tally(1, sum(amounts), 1, 0, sum(amounts)) if amounts else Tally(1)
    if one.volunteers is None:
        return Tally(1)
    below = small_counts.threshold(special=one.codes.filter(code="t_aim:d").exists())
    estimated = int(one.volunteers_precision == "estimated")
    if small_counts.is_small(one.volunteers, below):
        return Tally(1, small_counts.counted_as(below), 1, estimated, 1, 1)
    return Tally(1, one.volunteers, 1, estimated, one.volunteers)


Known = dict[int, tuple[dict[str, Answers], dict[str, Tally]]]


def known_by_hand() -> Known:
    """What every record of the world answers, and how it enters each sum."""
    told = told_by_hand()
    return {
        one.pk: (
            {axis: tuple(sorted(tell(one), key=str)) or (None,) for axis, tell in told.items()},
            {key: told_of(one, measure) for key, measure in MEASURES.items()},
        )
        for one in Experience.objects.all()
    }


def by_hand(
    rows: QuerySet[Any], axes: tuple[str, ...], measure: str, known: Known
) -> dict[tuple[Answers, Answers], Tally]:
    """The same as `profiles`, one record after the other. A selection that names a record twice counts it twice."""
    found: dict[tuple[Answers, Answers], Tally] = {}
    for one in rows:
        told, tallies = known[one.pk]
        answered = [told[axis] for axis in axes]
        found.setdefault((answered[0], answered[1] if len(axes) > 1 else ()), Tally()).add(tallies[measure])
    return found


SELECTIONS: dict[str, Callable[[], QuerySet[Any]]] = {
    "all": Experience.objects.all,
    "published": lambda: Experience.objects.filter(state="published").order_by("-name"),
    "named twice": lambda: Experience.objects.filter(codes__facet="t_aim"),
    "distinct": lambda: Experience.objects.filter(codes__facet="t_aim").distinct(),
    "one": lambda: Experience.objects.filter(pk=Experience.objects.order_by("?").values("pk")[:1].get()["pk"]),
    "none": lambda: Experience.objects.filter(state="nowhere"),
    "impossible": Experience.objects.none,
}
AXES = [
    ("aim", "district"),
    ("statistical_area", "aim"),
    ("organisation_kind", "practice"),
    ("year", "organisation_kind"),
    ("kind", "state"),
    ("state", "district"),
    ("aim",),
    ("practice",),
]


@pytest.mark.parametrize("seed", [1, 2])
def test_any_world_is_counted_as_by_hand(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = random.Random(seed)
    make_world(chance, 40)
    known = known_by_hand()
    for name, selection in SELECTIONS.items():
        rows = selection()
        for axes in AXES:
            dimensions = [next(one for one in WORLD.dimensions if one.key == key) for key in axes]
            measure = MEASURES[chance.choice(("records", "volunteers", "budget"))]
            wanted = by_hand(rows, axes, measure.key, known)
            # By record and by value, with keys close together and far apart, as few and many records make it.
            for part, sparse in ((0, 0), (0, 10**9), (10**9, 0), (10**9, 10**9)):
                monkeypatch.setattr(answers, "PART", part)
                monkeypatch.setattr(answers, "PART_OF_JOINED", part)
                monkeypatch.setattr(answers, "SPARSE", sparse)
                found = answers.profiles(rows, dimensions, measure, WORLD)
                assert found == wanted, (name, axes, measure.key, part, sparse)


def test_sets_are_told_apart_however_many_answers_there_are() -> None:
    import numpy as np

    chance = random.Random(3)
    mine = [frozenset(chance.sample(range(200), chance.randrange(4))) for _record in range(500)]
    given = {
        answer: [np.array([place for place, one in enumerate(mine) if answer in one], dtype=np.int64)]
        for answer in range(200)
    }
    numbers, sets = answers._sets(len(mine), given)
    assert [frozenset(sets[number]) for number in numbers] == mine
    assert len({number for number, one in zip(numbers.tolist(), mine, strict=True) if not one}) == 1
