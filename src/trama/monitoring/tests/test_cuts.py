"""The numbers of a wave: what stands in every cut, what is told of totals, and what is kept apart."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import translation

from trama.core import codes, memo
from trama.core.actor import NOBODY
from trama.core.models import Code
from trama.experiences.models import Experience, Participation
from trama.experiences.tests.factories import actor_with, make_experience, make_funding, make_organisation
from trama.insight.crosstab import CrosstabError
from trama.monitoring import actions, freezing
from trama.monitoring.cuts import Cut, crossing, cuts, quality
from trama.monitoring.models import Sheet, Wave
from trama.monitoring.questions import Question
from trama.monitoring.tests.factories import Town, make_open_wave, make_town, make_wave
from trama.network import actions as network
from trama.territory import finding
from trama.territory.models import Area
from trama.territory.tests.factories import make_area

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


def test_with_several_areas_every_record_has_its_place(town: Town) -> None:
    ponte = Experience.objects.get(name="Altrove")
    town.keeper = actor_with("plan_office", user=2001)
    wave = closed(town, areas=[town.areas["city"].pk, ponte.area_id])
    told = cuts(wave, NOBODY)[0]
    by_name = {category.label: category.count.value for category in told.categories}
    # By the two municipalities; what the whole of one does is not of the whole territory.
    assert by_name == {"Borgo": 4, "Ponte": 1}
    assert (told.label, told.said, told.base, told.silent) == ("Comune", 5, 5, None)
    # By the level below, the areas that have none of it stand there themselves.
    below = crossing(wave, NOBODY, "district")
    counted = {value.name: cell.value for value, cell in zip(below.rows.values, below.row_totals, strict=True)}
    assert counted == {"Borgo": 1, "Est": 2, "Ovest": 2, "Ponte": 1}
    assert below.rows.missing == 0


def test_in_an_area_with_parts_of_two_kinds_each_record_has_its_place(town: Town) -> None:
    zone = make_area("Pedagna", "zone", town.areas["city"])
    make_experience("Orti", areas=[zone], organisations=[(town.club, "promoter")])
    told = cuts(closed(town), NOBODY)[0]
    by_name = {category.label: category.count.value for category in told.categories}
    assert by_name == {"Est": 2, "Ovest": 2, "Pedagna": 1, "In tutto il territorio": 1}
    assert (told.label, told.said, told.base) == ("Area", 5, 5)


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


def test_a_merge_before_the_close_counts_one_and_one_after_it_changes_nothing_that_was_frozen(town: Town) -> None:
    twin = make_organisation("Circolo", is_ets=True, kind_id="organisation_kind:aps")
    Participation.objects.create(experience=town.experiences[2], organisation=twin, role_id="tie_role:partner")
    second = make_organisation("Biblioteca civica", is_ets=True)
    Participation.objects.create(experience=town.experiences[1], organisation=second, role_id="tie_role:partner")
    coordinator = actor_with("technical_coordinator", user=2001)
    network.merge(coordinator, town.club, twin)
    wave = closed(town)
    with translation.override("en"):
        before = by_key(cuts(wave, NOBODY))["area"]
    assert before.total.numbers["organisations"].value == 5
    assert not any("united" in note for note in before.notes)
    network.merge(coordinator, town.library, second)
    wave.refresh_from_db()
    assert freezing.holds(wave)
    with translation.override("en"):
        after = by_key(cuts(wave, NOBODY))["area"]
        crossed = crossing(wave, NOBODY, "area", measure="organisations")
    assert after.total.numbers["organisations"].value == crossed.total.value == 5
    assert all(any("united" in note for note in notes) for notes in (after.notes, crossed.cautions))


QUESTIONS = [
    Question("where", "Dove si fa?", "many", ("in sede", "in strada", "a casa")),
    Question("open", "È aperta a tutti?", "one", ("sì", "no")),
    Question("why", "Perché no?", "one", ("spazi", "assicurazione"), after="open", on="no"),
    Question("young", "Quanti volontari sotto i 30 anni?", "number"),
    Question("hours", "Ore alla settimana", "number"),
    Question("words", "Altro", "text"),
]


def test_additional_questions_have_tables_too(town: Town) -> None:
    wave = make_wave(town)
    actions.save_questions(town.keeper, wave, QUESTIONS)
    wave = actions.open_wave(town.keeper, wave)
    given: list[dict[str, Any]] = [
        {"where": ["in sede", "in strada"], "open": "no", "why": "spazi", "young": 1, "hours": 2.5},
        {"where": ["in sede"], "open": "sì", "young": 12, "hours": 30},
        {"open": "no", "young": 0},
        {},
    ]
    for experience, answers in zip(town.experiences, given, strict=True):
        Sheet.objects.filter(wave=wave, record=experience.pk).update(answer="confirmed", answers=answers)
    wave = actions.close_wave(town.keeper, wave)
    told = by_key(cuts(wave, NOBODY))
    assert [key for key in told if key.startswith("q_")] == ["q_where", "q_open", "q_why", "q_young", "q_hours"]
    where = told["q_where"]
    assert {one.label: one.count.value for one in where.categories} == {"in sede": 2, "in strada": 1}
    assert (where.said, where.base, where.several, where.is_question) == (2, 4, True, True)
    # A question that depends on another has been asked of some only: they are its base.
    assert (told["q_why"].base, told["q_why"].said) == (2, 1)
    # Numbers are told in classes; a sum that may count persons holds a small number by its convention.
    assert lines(told["q_young"]) == {"0": 1, "1": 1, "10": 1}
    total = told["area"].total.numbers
    assert (total["q_young"].value, total["q_young"].status, total["q_young"].known) == (14, "estimated", 3)
    assert (total["q_hours"].value, total["q_hours"].known) == (32.5, 2)
    crossed = crossing(wave, NOBODY, "q_where", "area")
    assert [value.name for value in crossed.rows.values] == ["in sede", "in strada", "non indicato"]


def test_one_area_is_told_with_what_lies_below_it_and_an_unknown_one_is_not(town: Town) -> None:
    wave = closed(town)
    west = by_key(cuts(wave, NOBODY, "BORGO-O"))
    assert (west["area"].base, west["aim"].said) == (2, 0)
    assert quality(wave, NOBODY, "BORGO-O").base == 2
    with pytest.raises(CrosstabError):
        cuts(wave, NOBODY, "PONTE")


def test_what_may_harm_if_named_is_in_no_number(town: Town) -> None:
    Experience.objects.filter(pk=town.experiences[1].pk).update(is_sensitive=True)
    wave = closed(town)
    assert by_key(cuts(wave, NOBODY))["area"].base == 3
    shelter = make_organisation("Rifugio", is_sensitive=True)
    hidden = make_organisation("Gruppo", is_public=False)
    for body in (shelter, hidden):
        Participation.objects.create(experience=town.experiences[0], organisation=body, role_id="tie_role:partner")
    other = closed(town, name="Seconda")
    for found in (wave, other):
        assert by_key(cuts(found, NOBODY))["area"].total.numbers["organisations"].value == 4


def test_names_places_and_order_stay_as_they_were_frozen(town: Town) -> None:
    wave = closed(town)
    Code.objects.filter(pk="aim:inclusion").update(label_it="Un altro nome", position=99)
    Area.objects.filter(pk=town.areas["west"].pk).update(name="Ponente", parent=None)
    codes.forget()
    finding.forget()
    memo.forget_all()
    told = by_key(cuts(wave, NOBODY))
    assert told["aim"].categories[0].label == "Promuovere inclusione sociale"
    assert [one.label for one in told["area"].categories] == ["Est", "Ovest", "In tutto il territorio"]
    with translation.override("en"):
        assert by_key(cuts(wave, NOBODY))["aim"].categories[0].label == "Promote social inclusion"


def test_an_open_wave_is_read_by_the_staff_and_says_that_it_is_provisional(town: Town) -> None:
    wave = make_open_wave(town)
    Sheet.objects.filter(wave=wave, record__in=[one.pk for one in town.experiences[:2]]).update(answer="confirmed")
    with translation.override("en"):
        found = by_key(cuts(wave, town.keeper))["area"]
    assert found.base == 2
    assert "provisional" in found.notes[0]
    stranger = actor_with("plan_office", town.areas["hill"], user=3000)
    for actor in (NOBODY, actor_with("org_contact", user=3001)):
        with pytest.raises(PermissionDenied):
            cuts(wave, actor)
    assert cuts(wave, stranger)  # the plan office of an area below it follows it
    with pytest.raises(PermissionDenied):
        cuts(make_wave(town, "In preparazione"), town.keeper)


def test_quality_stands_beside_the_numbers(town: Town) -> None:
    wave = make_open_wave(town)
    Sheet.objects.filter(wave=wave).exclude(record=town.experiences[0].pk).update(answer="confirmed")
    wave = actions.close_wave(town.keeper, wave)
    good = quality(wave, NOBODY)
    assert (good.asked, good.answered, good.silent, good.base, good.without_result) == (4, 3, 1, 3, 2)
    fields = {one.key: (one.filled, one.base) for one in good.fields}
    assert fields["volunteers"] == (2, 3)
    assert any("3" in note and "4" in note for note in by_key(cuts(wave, NOBODY))["need"].notes)
