"""Small counts of persons in crosstabs of records; the published table on several answers."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.db.models import Q
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trama.core.actor import NOBODY
from trama.core.declarations import gathered
from trama.core.registers import NONE, Selection
from trama.experiences.models import Experience
from trama.experiences.tests.factories import make_organisation
from trama.insight import files
from trama.insight.crosstab import CrosstabError, compute
from trama.insight.protection import protect
from trama.insight.shapes import Asked, Axis, Cell, Crosstab, Status, Value
from trama.insight.tables import PROTECTED, printed
from trama.insight.tests.factories import REGISTER, make_experience
from trama.territory.tests.factories import make_code


@pytest.mark.django_db
def test_the_object_no_longer_knows_what_is_protected() -> None:
    for kind, volunteers in (("a", 1), ("b", 20), ("c", 30), ("d", 0)):
        make_experience(kind, volunteers=volunteers)
    found = compute(NOBODY, REGISTER, Selection(), "kind", None, "volunteers")
    assert [(cell.value, str(cell.status)) for cell in found.row_totals] == [
        (None, "suppressed"),
        (None, "suppressed"),
        (30, "value"),
        (0, "value"),
    ]
    assert found.suppressed == 2
    assert found.threshold == 3
    assert any("3" in sentence and "•" in sentence for sentence in found.cautions)


@pytest.mark.django_db
def test_counts_of_records_are_public() -> None:
    make_experience("a", volunteers=1)
    found = compute(NOBODY, REGISTER, Selection(), "kind")
    assert (found.row_totals[0].value, found.suppressed, found.threshold) == (1, 0, 0)


def told(selection: Selection, *asked: Any) -> str:
    """Everything that a table says, or that it is refused."""
    try:
        return files.json_text(compute(NOBODY, REGISTER, selection, *asked))
    except CrosstabError as error:
        return str(error)


@pytest.mark.django_db
def test_a_line_whose_records_add_up_is_a_sum_though_the_question_allows_several_answers() -> None:
    for aim, volunteers in (("x", 2), ("y", 7), ("z", 20)):
        make_experience("a", [aim], volunteers=volunteers)
    make_experience("b", ["x", "y"], volunteers=30)  # it alone stands in two lines
    found = compute(NOBODY, REGISTER, Selection(), "kind", "aim", "volunteers")
    assert found.cols is not None
    assert found.cols.overlaps
    line = dict(zip([value.key for value in found.cols.values], found.cells[0], strict=True))
    assert [cell.records for cell in (*found.cells[0], found.row_totals[0])] == [1, 1, 1, 3], "everybody reads it"
    assert line["x"].status is Status.SUPPRESSED
    # 29 less 7 less 20 would tell it.
    assert Status.SUPPRESSED in {line["y"].status, line["z"].status, found.row_totals[0].status}


numbers = st.none() | st.integers(0, 5) | st.integers(10, 40)
people = st.tuples(
    st.sampled_from("abc"), st.sets(st.sampled_from("xy")), st.sampled_from([2023, 2024]), numbers, st.integers(1, 2)
)


@pytest.mark.django_db
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(people, min_size=1, max_size=9))
def test_no_tables_together_tell_a_small_number(records: list[tuple[str, set[str], int, int | None, int]]) -> None:
    """By any axis, with any filter, of any year: small numbers put in the place of others change no table."""
    made = [
        make_experience(kind, sorted(aims), volunteers=number, starts_on=dt.date(year, 1, 1))
        for kind, aims, year, number, _other in records
    ]
    axes = [("kind", None), ("aim", None), ("year", None), ("kind", "year"), ("kind", "aim"), ("aim", "year")]
    filters = [
        (),
        (("kind", ("a",)),),
        (("kind", ("a", "b")),),
        (("year", ("2024",)),),
        (("aim", ("x",)), ("kind", ("b",))),
    ]
    questions = [(Selection(values), *pair, "volunteers") for values in filters for pair in axes]
    try:
        before = [told(*question) for question in questions]
        for one, (*_record, number, other) in zip(made, records, strict=True):
            if number in (1, 2):
                Experience.objects.filter(pk=one.pk).update(volunteers=other)
        assert [told(*question) for question in questions] == before
        for question in questions:
            try:
                found = compute(NOBODY, REGISTER, *question)
            except CrosstabError:
                continue
            assert not [cell for cell in found.figures() if cell.value is not None and 0 < cell.value < 3]
            assert not [cell for cell in found.figures() if cell.least is not None], "what readers are not given"
    finally:
        Experience.objects.all().delete()


@pytest.mark.django_db
def test_small_numbers_enter_sums_by_convention_and_say_so() -> None:
    make_experience("a", volunteers=1)
    make_experience("a", volunteers=30)
    make_experience("b", volunteers=50)
    found = compute(NOBODY, REGISTER, Selection(), "kind", None, "volunteers")
    assert [(cell.value, str(cell.status)) for cell in found.row_totals] == [(32, "estimated"), (50, "value")]
    with translation.override("en"):
        found = compute(NOBODY, REGISTER, Selection(), "kind", None, "volunteers")
    assert any("fewer than 3" in sentence and "count as 2" in sentence for sentence in found.cautions)


@pytest.mark.django_db
def test_what_tells_a_special_category_has_the_higher_threshold() -> None:
    for aim, volunteers in (("x", 4), ("y", 30), ("z", 40)):
        make_experience("a", [aim], volunteers=volunteers)
    special = replace(
        REGISTER,
        dimensions=tuple(replace(one, special=one.key == "aim") for one in REGISTER.dimensions),
        special=lambda: Q(codes__code="t_aim:x"),
    )
    by_aim = compute(NOBODY, special, Selection(), "aim", None, "volunteers")
    assert (by_aim.threshold, by_aim.suppressed) == (5, 2)
    narrowed = compute(NOBODY, special, Selection((("aim", ("y",)),)), "kind", None, "volunteers")
    assert narrowed.threshold == 5, "a filter tells it as well as an axis"
    by_kind = compute(NOBODY, special, Selection(), "kind", None, "volunteers")
    assert (by_kind.threshold, by_kind.total.value) == (3, 73), "4 persons of a special category count as 3 everywhere"
    assert compute(NOBODY, REGISTER, Selection(), "kind", None, "volunteers").total.value == 74


@pytest.mark.django_db
def test_a_table_of_nothing_but_small_counts_is_refused() -> None:
    make_experience("a", volunteers=1)
    with pytest.raises(CrosstabError, match="3"):
        compute(NOBODY, REGISTER, Selection(), "kind", None, "volunteers")


@pytest.mark.django_db
def test_informal_groups_of_one_are_persons() -> None:
    register = gathered.registers["organisations"]
    for kind, count in (("reference_person", 2), ("aps", 4), ("odv", 1), ("parish", 6)):
        for number in range(count):
            make_organisation(f"{kind} {number}", kind=make_code("organisation_kind", kind))
    found = compute(NOBODY, register, Selection(), "kind")
    by_kind = {value.key: cell for value, cell in zip(found.rows.values, found.row_totals, strict=True)}
    hidden = by_kind["reference_person"]
    assert (hidden.value, hidden.records, hidden.known, hidden.status) == (None, None, None, Status.SUPPRESSED)
    assert by_kind["parish"].value == 6
    assert by_kind["odv"].value == 1, "an association alone is public"
    assert found.suppressed == 2, "the two persons, and one figure by which they would be told"
    shares = {line.name: line.cells[1] for line in printed(found).lines}
    assert sum(cell.text == PROTECTED for cell in shares.values()) == 2, "no share tells what its number may not"
    assert compute(NOBODY, register, Selection((("kind", ("aps", "odv")),)), "kind").suppressed == 0


# Caritas, Rapporto povertà 2014, table 5: needs of persons who came to listening centres in 2013, in per cent of the
# persons with a need written down (Italian, foreign, all), several needs each; 8,017 persons without are left out.
PUBLISHED = {
    "poverty": (65.4, 55.3, 59.2),
    "work": (43.8, 49.5, 47.3),
    "housing": (14.6, 17.2, 16.2),
    "family": (13.1, 5.7, 8.6),
    "migration": (0.4, 8.4, 5.3),
    "school": (2.1, 5.3, 4.0),
    "health": (5.3, 3.8, 4.4),
    "addiction": (3.8, 0.9, 2.0),
    "prison": (2.9, 1.0, 1.7),
    "disability": (2.9, 0.5, 1.5),
    "other": (5.5, 2.7, 3.8),
}
MISSING = 8017


def published_table() -> Crosstab:
    italian, foreign = 38_600, 61_400  # in the proportion in which the two published columns make the third
    cells = [(round(italian * i / 100), round(foreign * f / 100)) for i, f, _all in PUBLISHED.values()]
    lost = (3017, 5000)

    def plain(value: int) -> Cell:
        return Cell(value, Status.VALUE, value, value)

    needs = [Value(key, key) for key in PUBLISHED]
    nationality = Axis("nationality", "Cittadinanza", False, True, (Value("it", "it"), Value("st", "st")), 0)
    return protect(
        Crosstab(
            register="contacts",
            title="",
            counted="",
            rows=Axis("need", "Bisogno", True, True, (*needs, Value(NONE, "-")), MISSING),
            cols=nationality,
            measure=Asked("records", "Persone", "", ""),
            cells=tuple((plain(i), plain(f)) for i, f in [*cells, lost]),
            row_totals=tuple(plain(i + f) for i, f in [*cells, lost]),
            col_totals=(plain(italian + lost[0]), plain(foreign + lost[1])),
            total=plain(italian + foreign + MISSING),
            base=italian + foreign + MISSING,
            filters="",
            selection=Selection(),
            source="",
            as_of=dt.date(2014, 1, 1),
            cautions=(),
        )
    )


def test_the_published_table_of_several_answers_comes_out() -> None:
    table = published_table()
    for number, shares in enumerate(PUBLISHED.values()):
        found = [table.share(number, 0), table.share(number, 1), table.share(number)]
        assert [share * 100 for share in found if share is not None] == pytest.approx(shares, abs=0.1)
    italians = sum((table.share(number, 0) or 0) for number in range(len(PUBLISHED)))
    everybody = sum((table.share(number) or 0) for number in range(len(PUBLISHED)))
    assert italians * 100 == pytest.approx(159.8, abs=0.05), "never made to add up to 100"
    assert everybody * 100 == pytest.approx(154.0, abs=0.3)
    assert table.base - table.answered() == MISSING
