"""The numbers of a wave: what stands in every cut, what is told of totals, and what is kept apart."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from trama.core.actor import NOBODY
from trama.experiences.models import Experience
from trama.experiences.tests.factories import make_experience, make_funding, make_organisation
from trama.monitoring import actions
from trama.monitoring.cuts import Cut, crossing, cuts
from trama.monitoring.models import Sheet, Wave
from trama.monitoring.tests.factories import Town, make_open_wave, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    """The town of the other tests, with what its cuts tell apart."""
    town = make_town()
    Experience.objects.filter(pk=town.experiences[0].pk).update(service_role="service_role:promoted")
    school = make_organisation("Scuola", kind_id="organisation_kind:school", is_ets=False)
    group = make_organisation("Vicini", kind_id="organisation_kind:neighbour_network", is_ets=False)
    fair = make_experience(
        "Festa di tutti",
        kind="event",
        areas=[town.areas["city"]],
        organisations=[(town.club, "partner"), (school, "host"), (group, "partner")],
        codes=[("aim", "inclusion"), ("aim", "strengthen_ties"), ("target", "elderly"), ("public_service", "school")],
        service_role_id="service_role:fed",
        is_city_wide=True,
        volunteers=(63, "estimated"),
        beneficiaries=(700, "estimated"),
        starts_on=date(2024, 5, 1),
        ends_on=date(2024, 5, 2),
        outputs="Una festa",
    )
    make_funding(fair, 2024, 1500, fund="PON Metro")
    town.experiences.append(fair)
    return town


def closed(town: Town, **fields: Any) -> Wave:
    wave = make_open_wave(town, **fields)
    Sheet.objects.filter(wave=wave).update(answer="confirmed")
    return actions.close_wave(town.keeper, wave)


def by_key(found: list[Cut]) -> dict[str, Cut]:
    return {cut.key: cut for cut in found}


def lines(cut: Cut) -> dict[str, float | None]:
    return {category.key: category.count.value for category in cut.categories}


def test_every_cut_of_the_practice_stands_in_its_order_with_its_base(town: Town) -> None:
    found = cuts(closed(town), NOBODY)
    practice = ["area", "organisation_kind", "service_role", "aim", "target", "need", "resources", "public_service"]
    assert [cut.key for cut in found] == [*practice, "instrument", "funding", "kind", "phase"]
    told = by_key(found)
    # An experience in two districts is in both and once in the total; the one of the whole city stands by itself.
    assert lines(told["area"]) == {"BORGO-E": 2, "BORGO-O": 2, "_everywhere": 1}
    assert (told["area"].total.count.value, told["area"].is_area, told["area"].several) == (4, True, True)
    # In the order of the list, not of the letters or of the counts.
    assert list(lines(told["service_role"])) == ["promoted", "fed"]
    assert list(lines(told["aim"])) == ["inclusion", "strengthen_ties"]
    assert (told["aim"].base, told["aim"].said, told["aim"].missing) == (4, 1, 3)
    assert told["aim"].silent is not None
    assert told["aim"].silent.count.value == 3
    assert any("1" in note and "4" in note and "25" in note for note in told["aim"].notes)
    assert lines(told["phase"]) == {"ongoing": 3, "ended": 1}
    assert lines(told["funding"]) == {"PON Metro": 1}
    assert told["funding"].categories[0].numbers["money"].value == 1500


def test_organisations_are_counted_distinct_and_told_apart_themselves(town: Town) -> None:
    told = by_key(cuts(closed(town), NOBODY))
    kinds = {one.key: one.numbers["organisations"].value for one in told["organisation_kind"].categories}
    assert kinds == {"ets": 2, "public": 1, "other": 1}
    assert told["organisation_kind"].total.numbers["organisations"].value == 4
    # The other figure of the same line: experiences in which one of them takes part.
    assert lines(told["organisation_kind"]) == {"ets": 4, "public": 1, "other": 1}
    areas = {one.key: one.numbers["organisations"].value for one in told["area"].categories}
    assert areas == {"BORGO-E": 2, "BORGO-O": 2, "_everywhere": 3}
    crossed = crossing(Wave.objects.get(), NOBODY, "area", "organisation_kind", "organisations")
    assert [cell.value for cell in crossed.cells[2]] == [1, 1, 1]


def test_totals_are_told_as_well_as_they_are_known(town: Town) -> None:
    wave = closed(town)
    total = by_key(cuts(wave, NOBODY))["area"].total.numbers
    volunteers, reached = total["volunteers"], total["beneficiaries"]
    assert (volunteers.exact, volunteers.estimated, volunteers.unknown) == (2, 1, 1)
    assert volunteers.phrase == "oltre 80"
    assert (reached.phrase, reached.text, reached.value) == ("circa 940", "~ 940", 940)
    assert "distint" in reached.note
    frozen = {one.key: one.words["it"]["text"] for one in wave.figures.filter(group="")}
    assert (frozen["volunteers"], frozen["beneficiaries"]) == (volunteers.phrase, reached.phrase)
