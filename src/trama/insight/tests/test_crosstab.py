"""Crosstabs against tables counted by hand: several answers, missing ones, areas rolled up, sums once per cell."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from trama.core import memo
from trama.core.actor import NOBODY, SYSTEM
from trama.core.registers import Selection
from trama.experiences.models import Funding
from trama.insight.crosstab import CrosstabError, axes_of, compute, stated_axes
from trama.insight.shapes import Crosstab, Status
from trama.insight.tables import printed
from trama.insight.tests.factories import REGISTER, make_experience
from trama.territory.tests.factories import make_area, make_city

pytestmark = pytest.mark.django_db
EVERYTHING = Selection()


def table(found: Crosstab) -> dict[str, list[Any]]:
    """Row key -> the values of its cells, then its total."""
    return {
        value.key: [cell.value for cell in found.cells[number]] + [found.row_totals[number].value]
        for number, value in enumerate(found.rows.values)
    }


def columns(found: Crosstab) -> list[str]:
    return [value.key for value in found.cols.values] if found.cols else []


@pytest.fixture
def community() -> dict[str, Any]:
    """Six experiences.

    one: project, aims a+b, in Mulino and Colle (both in the west), 10 volunteers
    two: project, aim a, in Mulino and in the city as a whole, 20 volunteers estimated
    three: event, aim b, in the east, volunteers unknown
    four: event, no aim, city as a whole, 5 volunteers
    five: project, aims a+b, in the west and in the east, 7 volunteers
    six: a draft that nobody but its people may see
    """
    city = make_city()
    made = {
        "one": make_experience("project", "ab", [city["mill"], city["hill"]], 10),
        "two": make_experience("project", "a", [city["mill"], city["city"]], 20, "estimated"),
        "three": make_experience("event", "b", [city["east"]]),
        "four": make_experience("event", "", [city["city"]], 5),
        "five": make_experience("project", "ab", [city["west"], city["east"]], 7),
        "six": make_experience("project", "a", [city["east"]], 99, state="draft"),
    }
    return {**city, **made}


def test_one_dimension_with_one_answer(community: dict[str, Any]) -> None:
    found = compute(NOBODY, REGISTER, EVERYTHING, "kind")
    assert table(found) == {"event": [2], "project": [3]}
    assert (found.base, found.total.value, found.rows.missing) == (5, 5, 0)
    assert found.share(0) == pytest.approx(2 / 5)
    assert found.protected


def test_several_answers_count_each_record_once_in_the_totals(community: dict[str, Any]) -> None:
    found = compute(NOBODY, REGISTER, EVERYTHING, "aim")
    assert table(found) == {"a": [3], "b": [3], "-": [1]}
    assert found.total.value == 5, "six answers and one without, of five records"
    assert found.rows.missing == 1
    assert found.answered() == 4
    assert found.share(0) == pytest.approx(3 / 4), "of the records with an answer, not of the answers"
    assert found.share(0) + found.share(1) == pytest.approx(1.5)
    assert found.share(2) is None
    assert any("finalità" in sentence for sentence in found.cautions)


def test_two_dimensions_one_with_several_answers(community: dict[str, Any]) -> None:
    found = compute(NOBODY, REGISTER, EVERYTHING, "aim", "kind")
    assert columns(found) == ["event", "project"]
    assert table(found) == {"a": [0, 3, 3], "b": [1, 2, 3], "-": [1, 0, 1]}
    assert [cell.value for cell in found.col_totals] == [2, 3], "no sums: the projects are three, not five"
    assert found.answered(0) == 1
    assert found.share(1, 0) == pytest.approx(1 / 1)
    assert found.share(1, 1) == pytest.approx(2 / 3)
    turned = compute(NOBODY, REGISTER, EVERYTHING, "kind", "aim")
    assert table(turned) == {"event": [0, 1, 1, 2], "project": [3, 2, 0, 3]}
    assert [cell.value for cell in turned.col_totals] == [3, 3, 1]
    assert (turned.base, turned.total.value) == (5, 5)


def test_areas_are_rolled_up_and_each_record_counts_once_in_a_district(community: dict[str, Any]) -> None:
    found = compute(NOBODY, REGISTER, EVERYTHING, "district")
    # One stands in two areas of the west: once. Two stands in the west and in the city: it is not "without a district".
    assert table(found) == {"BORGO-O": [3], "BORGO-E": [2], "-": [1]}
    assert (found.total.value, found.rows.missing, found.answered()) == (5, 1, 4)
    assert {value.name for value in found.rows.values} >= {"Ovest", "Est"}


def test_two_dimensions_with_several_answers_each(community: dict[str, Any]) -> None:
    found = compute(NOBODY, REGISTER, EVERYTHING, "district", "aim")
    assert columns(found) == ["a", "b", "-"]
    assert table(found) == {"BORGO-O": [3, 2, 0, 3], "BORGO-E": [1, 2, 0, 2], "-": [0, 0, 1, 1]}
    assert [cell.value for cell in found.col_totals] == [3, 3, 1]
    assert found.total.value == 5


def test_a_sum_adds_each_record_once_per_cell(community: dict[str, Any]) -> None:
    found = compute(NOBODY, REGISTER, EVERYTHING, "district", None, "volunteers")
    assert table(found) == {"BORGO-O": [37], "BORGO-E": [7], "-": [5]}
    assert found.total.value == 42, "10 + 20 + 5 + 7, each once"
    by_key = {value.key: cell for value, cell in zip(found.rows.values, found.row_totals, strict=True)}
    assert [by_key[key].status for key in ("BORGO-O", "BORGO-E", "-")] == [Status.ESTIMATED, Status.VALUE, Status.VALUE]
    assert (by_key["BORGO-E"].records, by_key["BORGO-E"].known) == (2, 1)
    assert any("4" in sentence and "5" in sentence for sentence in found.cautions), "known for four of five"
    assert found.share(0) is None, "a share of a sum over several answers would mean nothing"


def test_a_sum_of_which_nothing_is_known_is_no_zero(community: dict[str, Any]) -> None:
    found = compute(NOBODY, REGISTER, Selection((("aim", ("b",)), ("kind", ("event",)))), "kind", None, "volunteers")
    assert found.row_totals[0].status is Status.NOT_APPLICABLE
    assert found.row_totals[0].value is None
    assert found.base == 1


def test_equal_amounts_of_one_record_all_count(community: dict[str, Any]) -> None:
    for _again in range(2):
        Funding.objects.create(experience=community["one"], year=2024, amount=Decimal("100.50"))
    Funding.objects.create(experience=community["five"], year=2024, amount=Decimal("50"))
    found = compute(NOBODY, REGISTER, EVERYTHING, "aim", None, "budget")
    assert table(found) == {"a": [251], "b": [251], "-": [None]}
    assert (found.total.value, found.total.known) == (251, 2)


def test_filters_narrow_and_are_said(community: dict[str, Any]) -> None:
    selection = Selection((("area", ("BORGO-O",)), ("kind", ("project",))))
    found = compute(NOBODY, REGISTER, selection, "aim")
    assert table(found) == {"a": [3], "b": [2]}
    assert found.filters == "area: Ovest; tipo: project"


def test_drafts_are_counted_only_for_who_sees_them(community: dict[str, Any]) -> None:
    assert compute(NOBODY, REGISTER, EVERYTHING, "kind").base == 5
    assert compute(SYSTEM, REGISTER, EVERYTHING, "kind").base == 6


def test_flags_years_and_dimensions_of_staff(community: dict[str, Any]) -> None:
    make_experience("event", is_good_practice=True, starts_on=dt.date(2024, 5, 1))
    assert table(compute(NOBODY, REGISTER, EVERYTHING, "practice")) == {"0": [5], "1": [1]}
    assert table(compute(NOBODY, REGISTER, EVERYTHING, "year")) == {"2024": [1], "-": [5]}
    assert "wide" not in [dimension.key for dimension in axes_of(REGISTER, NOBODY)]
    with pytest.raises(CrosstabError, match="wide"):
        compute(NOBODY, REGISTER, EVERYTHING, "wide")
    assert table(compute(SYSTEM, REGISTER, EVERYTHING, "wide")) == {"0": [7]}


def test_nothing_to_count() -> None:
    for cols in (None, "aim"):
        found = compute(NOBODY, REGISTER, EVERYTHING, "kind", cols)
        assert found.is_empty
        assert (found.rows.values, found.total.value) == ((), 0)
    found = compute(NOBODY, REGISTER, Selection((("area", ("XXX",)),)), "kind", None, "volunteers")
    assert found.is_empty


def test_what_cannot_be_counted_is_said_with_what_can() -> None:
    with pytest.raises(CrosstabError, match=r"colour.*kind, aim, municipality"):
        compute(NOBODY, REGISTER, EVERYTHING, "colour")
    with pytest.raises(CrosstabError, match="«Tipo»"):
        compute(NOBODY, REGISTER, EVERYTHING, "kind", "kind")
    with pytest.raises(CrosstabError, match="records, volunteers, budget"):
        compute(NOBODY, REGISTER, EVERYTHING, "kind", None, "happiness")
    with pytest.raises(CrosstabError, match="area"):
        compute(NOBODY, REGISTER, EVERYTHING, "area")  # a filter, not an axis


def test_a_long_table_gathers_the_rest_without_counting_twice() -> None:
    for number in range(6):
        for _again in range(6 - number):
            make_experience(f"k{number}", ["x", f"y{number}"], volunteers=5)
    whole = compute(NOBODY, REGISTER, EVERYTHING, "kind")
    short = compute(NOBODY, REGISTER, EVERYTHING, "kind", "aim", longest=2)
    assert len(whole.rows.values) == 6
    assert [value.key for value in short.rows.values] == ["k0", "k1", "+"]
    assert short.left_out == 4
    assert [cell.value for cell in short.row_totals] == [6, 5, 10]
    assert short.total.value == 21
    by_aim = compute(NOBODY, REGISTER, EVERYTHING, "aim", longest=2)
    assert table(by_aim) == {"x": [21], "y0": [6], "+": [15]}, "y1 … y5: 5 + 4 + 3 + 2 + 1 records, each once"
    crossed = compute(NOBODY, REGISTER, EVERYTHING, "aim", "kind", longest=1)
    assert table(crossed) == {"x": [6, 5, 4, 3, 2, 1, 21], "+": [6, 5, 4, 3, 2, 1, 21]}
    persons = compute(NOBODY, REGISTER, EVERYTHING, "kind", None, "volunteers", longest=2)
    assert [value.key for value in persons.rows.values] == ["k0", "k1"], "no row of others beside protected counts"
    assert persons.left_out == 4


def test_questions_to_the_database_are_few(community: dict[str, Any]) -> None:
    def counting(*axes: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            compute(NOBODY, REGISTER, EVERYTHING, *axes)
        # The end of the audit chain, by which what is remembered is known to hold, costs next to nothing.
        asked = [query["sql"] for query in queries if "core_audithead" not in query["sql"]]
        assert len(asked) <= 12, "names of areas and codes are kept in memory"
        return sum("experiences_experience" in sql for sql in asked)

    assert counting("kind", "practice") == 1
    assert counting("kind", "aim") == 2, "one for the records, one for each question with several answers"
    assert counting("district", "aim") == 3
    assert counting("district", "aim", "volunteers") == 3


def test_an_area_outside_the_level_is_not_stated() -> None:
    region = make_area("Regione", "region")
    make_experience(areas=[region])
    assert table(compute(NOBODY, REGISTER, EVERYTHING, "district")) == {"-": [1]}


def test_areas_added_up_here_are_what_the_database_joins() -> None:
    city = make_city()
    for aims, where, volunteers in (("ab", "mill", 10), ("a", "hill", 20), ("b", "east", None), ("", "city", 5)):
        make_experience("project", aims, [city[where]], volunteers)
    make_experience("event", "a", [], 3)
    asked = [("aim", "district"), ("district", "aim"), ("district",), ("kind", "district")]
    alone = [compute(NOBODY, REGISTER, EVERYTHING, *axes) for axes in asked]
    # A draft that nobody sees, in two areas: from now on records may stand in several districts.
    make_experience("event", "a", [city["mill"], city["east"]], state="draft")
    memo.forget_all()
    assert [compute(NOBODY, REGISTER, EVERYTHING, *axes) for axes in asked] == alone


def test_only_what_somebody_states_is_offered(community: dict[str, Any]) -> None:
    stated = stated_axes(NOBODY, REGISTER)
    assert {"kind", "aim", "district"} <= stated
    assert "hamlet" not in stated
    table = printed(compute(NOBODY, REGISTER, EVERYTHING, "hamlet"))
    assert "0" not in table.total.cells[-1].text
