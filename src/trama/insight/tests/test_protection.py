"""Small counts of persons: none is shown, none can be subtracted; the published table on several answers."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trama.core.actor import NOBODY
from trama.core.registers import NONE, Selection
from trama.insight.analysis.suppression import Table, bounds, hidden
from trama.insight.crosstab import compute
from trama.insight.protection import protect
from trama.insight.shapes import Asked, Axis, Cell, Crosstab, Status, Value
from trama.insight.tests.factories import REGISTER, make_experience


def with_margins(rows: list[list[int]]) -> Table:
    counts = [[*row, sum(row)] for row in rows]
    return Table([*counts, [sum(column) for column in zip(*counts, strict=True)]])


def test_nothing_small_nothing_hidden() -> None:
    assert hidden(with_margins([[3, 40], [0, 7]]), 3) == set()


def test_a_small_count_takes_one_more_in_its_row_and_column() -> None:
    assert hidden(with_margins([[10, 2, 30], [5, 6, 7], [8, 9, 20]]), 3) == {(0, 1), (0, 0), (1, 1), (1, 0)}


def test_a_single_column_hides_the_next_smallest() -> None:
    assert hidden(Table([[1], [20], [30], [51]]), 3) == {(0, 0), (1, 0)}


def test_two_ones_in_a_line_would_be_told_by_their_sum() -> None:
    away = hidden(Table([[1], [1], [20], [30], [52]]), 3)
    assert away == {(0, 0), (1, 0), (2, 0)}


def test_a_count_alone_in_its_line_hides_the_total_too() -> None:
    away = hidden(with_margins([[2, 0], [0, 40]]), 3)
    assert (0, 0) in away
    assert (0, 2) in away
    assert (2, 0) in away


counts = st.lists(
    st.lists(st.integers(0, 12) | st.integers(0, 3), min_size=1, max_size=5), min_size=1, max_size=6
).filter(lambda rows: len({len(row) for row in rows}) == 1)


@settings(max_examples=300, deadline=None)
@given(counts, st.sampled_from([3, 5]))
def test_no_small_count_is_left_or_can_be_bounded_below_the_threshold(rows: list[list[int]], threshold: int) -> None:
    table = with_margins(rows)
    away = hidden(table, threshold)
    places = [(i, j) for i in range(len(table.counts)) for j in range(len(table.counts[0]))]
    small = {place for place in places if 0 < table.at(place) < threshold}
    assert small <= away
    assert all(table.at(place) > 0 for place in away), "zeros are shown"
    high = bounds(table, list(table.lines()), away)[1]
    told = {place for place in small if high[place] < threshold}
    everything_hidden = all(place in away or table.at(place) == 0 for place in places)
    assert not told or everything_hidden


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
