"""Every number against a case counted by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone, translation

from trama.core.actor import NOBODY, SYSTEM
from trama.core.declarations import gathered
from trama.experiences.tests.factories import make_experience, make_organisation
from trama.territory.finding import below
from trama.territory.tests.factories import make_city

pytestmark = pytest.mark.django_db


def number(code, actor=NOBODY, areas=None, period=None):
    with translation.override("en"):
        return gathered.indicators[code].compute(actor, areas, period)


@pytest.fixture
def city():
    """Counted by hand.

    Active today, public: A (west, exact 5 and 30), B (west and east, estimated 10, people unknown), C (east, nothing
    known, nobody named). Beside them: D ended in 2024, E draft, F sensitive, G of next year.
    """
    city = make_city()
    one, two, three = make_organisation("1"), make_organisation("2"), make_organisation("3", is_sensitive=True)
    make_experience(
        "A",
        areas=[city["mill"]],
        organisations=[(one, "promoter"), (two, "partner")],
        volunteers=5,
        beneficiaries=30,
        is_good_practice=True,
    )
    make_experience(
        "B",
        areas=[city["west"], city["east"]],
        organisations=[(two, "host"), (two, "partner"), (three, "partner")],
        volunteers=(10, "estimated"),
    )
    make_experience("C", areas=[city["east"]])
    make_experience(
        "D",
        areas=[city["west"]],
        organisations=[(make_organisation(), "partner")],
        starts_on=date(2023, 1, 1),
        ends_on=date(2024, 6, 30),
        volunteers=100,
        beneficiaries=1000,
    )
    make_experience("E", areas=[city["west"]], state="draft", volunteers=100, beneficiaries=1000)
    make_experience("F", areas=[city["west"]], is_sensitive=True, volunteers=1, beneficiaries=1)
    make_experience("G", areas=[city["west"]], starts_on=timezone.localdate() + timedelta(days=300), volunteers=100)
    return city


def test_exp_01_active_experiences(city):
    figure = number("EXP-01")
    assert (figure.value, figure.text, figure.base, figure.as_of) == (3, "3", 3, timezone.localdate())
    assert number("EXP-01", areas=below(city["west"].pk)).value == 2
    assert number("EXP-01", areas=below(city["city"].pk)).value == 3, "an experience in two areas counts once"
    assert number("EXP-01", areas=frozenset()).value == 0
    assert number("EXP-01", SYSTEM).value == 4, "who may see the sensitive one counts it"
    assert number("EXP-01", period=(date(2024, 1, 1), date(2024, 6, 30))).value == 4, "with D"
    assert number("EXP-01", period=(date(2024, 7, 1), date(2024, 12, 31))).value == 3


def test_exp_02_organisations_are_counted_distinct(city):
    figure = number("EXP-02")
    assert (figure.value, figure.base, figure.known) == (2, 3, 2)
    assert number("EXP-02", areas=below(city["east"].pk)).value == 1
    assert number("EXP-02", SYSTEM, areas=below(city["east"].pk)).value == 1, "a hidden one shows in no count"


def test_exp_03_volunteers_are_a_lower_bound_when_some_do_not_say(city):
    figure = number("EXP-03")
    assert (figure.value, figure.text, figure.known, figure.base) == (15, "at least 15", 2, 3)
    assert figure.completeness == pytest.approx(2 / 3)
    west = number("EXP-03", areas=below(city["west"].pk))
    assert (west.value, west.text) == (15, "about 15")
    assert number("EXP-03", areas=below(city["mill"].pk)).text == "5"


def test_exp_04_people_reached_are_not_distinct_persons(city):
    figure = number("EXP-04")
    assert (figure.value, figure.text, figure.known, figure.base) == (30, "30", 1, 3)
    assert "distinct" in figure.note
    east = number("EXP-04", areas=below(city["east"].pk))
    assert (east.value, east.text, east.known, east.base) == (None, "not known", 0, 2)


def test_exp_05_completeness(city):
    figure = number("EXP-05")
    assert (figure.value, figure.text) == (pytest.approx(100 / 3), "33 %")
    assert number("EXP-05", areas=frozenset()).value is None


def test_exp_06_good_practices(city):
    assert number("EXP-06").value == 1
    assert number("EXP-06", areas=below(city["east"].pk)).value == 0


def test_exp_07_without_partners(city):
    assert (number("EXP-07").value, number("EXP-07").base) == (1, 3)


def test_totals_as_the_first_monitoring_printed_them(db):
    """147 experiences, more than 500 volunteers, about 6,900 people: said as the survey said them."""
    from trama.experiences.models import Experience

    for place in range(147):
        volunteers = {"volunteers": (4, "estimated")} if place < 128 else {}
        make_experience(beneficiaries=(47 if place < 138 else 46, "estimated"), **volunteers)
    assert Experience.objects.count() == 147
    with translation.override("it"):
        compute = {
            code: gathered.indicators[code].compute(NOBODY, None, None) for code in ("EXP-01", "EXP-03", "EXP-04")
        }
    assert compute["EXP-01"].text == "147"
    assert (compute["EXP-03"].value, compute["EXP-03"].text) == (512, "oltre 500")
    assert (compute["EXP-04"].value, compute["EXP-04"].text) == (6900, "circa 6.900")
