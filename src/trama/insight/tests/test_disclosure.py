"""The audit against every table that could be: small tables are enumerated, whole number by whole number."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trama.insight.analysis.disclosure import Sum, Table, cube, grid, interval, is_safe, unsafe
from trama.insight.analysis.suppression import CannotBeProtected, hidden


def with_margins(rows: list[list[int]]) -> list[list[int]]:
    counts = [[*row, sum(row)] for row in rows]
    return [*counts, [sum(column) for column in zip(*counts, strict=True)]]


def fits(table: Table, values: list[float]) -> bool:
    """Whether these numbers agree with all that ties the table."""
    for one in table.sums:
        if sum(values[part] for part in one.parts) != values[one.total]:
            return False
    for union in table.unions:
        rest = values[union.total] - (values[union.apart] if union.apart is not None else 0)
        if rest > sum(values[part] for part in union.parts) or any(values[part] > rest for part in union.parts):
            return False
    return True


def possible(table: Table, away: set[int], place: int, most: int) -> set[int]:
    """All values that the number at `place` has in some table that agrees with what is shown, hidden ones up to `most`.

    Written without any of what is tested: it tries every table.
    """
    places = sorted(away)
    found = set()
    for guess in product(range(1, most + 1), repeat=len(places)):
        values = list(table.values)
        for where, value in zip(places, guess, strict=True):
            values[where] = value
        if fits(table, values):
            found.add(values[place])
    return {int(value) for value in found}


def small_of(table: Table, threshold: int) -> list[int]:
    return [place for place, value in enumerate(table.values) if 0 < value < threshold]


tiny = st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=2), min_size=2, max_size=2)


@settings(max_examples=25)
@given(tiny, st.booleans())
def test_the_network_says_what_trying_every_table_says(rows: list[list[int]], more: bool) -> None:
    table = grid(with_margins(rows))
    assert table.arcs is not None
    away = {place for place in range(4) if table.values[place] > 0} if more else set(small_of(table, 3)) & set(range(4))
    for place in away:
        tried = possible(table, away, place, 10)
        assert is_safe(table, away, place, 2) == any(value >= table.values[place] + 2 for value in tried)


@settings(max_examples=12)
@given(tiny)
def test_the_programme_says_what_trying_every_table_says(rows: list[list[int]]) -> None:
    counts = with_margins(rows)
    union = [max(rows[0][j], rows[1][j]) for j in range(2)]
    counts[2] = [*union, max(sum(union), counts[0][2], counts[1][2])]
    for table in (grid(counts, rows_add=False), grid(counts, rows_add=False, cols_add=False)):
        if not fits(table, list(table.values)):
            continue
        away = {place for place in range(4) if table.values[place] > 0}
        for place in sorted(away)[:2]:
            tried = possible(table, away, place, 10)
            assert is_safe(table, away, place, 2) == any(value >= table.values[place] + 2 for value in tried)


def tables(most: int) -> st.SearchStrategy[list[list[int]]]:
    """Rows of up to six counts, as many in each; `most` counts in all."""
    number = st.integers(0, 12) | st.integers(0, 3)
    sizes = [(rows, cols) for rows in range(1, 8) for cols in range(1, 7) if rows * cols <= most]
    return st.sampled_from(sizes).flatmap(
        lambda size: st.lists(st.lists(number, min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0])
    )


@settings(max_examples=100)
@given(tables(42), st.sampled_from([3, 5]))
def test_no_small_count_is_left_and_none_can_be_told(rows: list[list[int]], threshold: int) -> None:
    table = (
        grid(with_margins(rows)) if len(rows[0]) > 1 else grid([[row[0]] for row in rows] + [[sum(r[0] for r in rows)]])
    )
    small = small_of(table, threshold)
    away = hidden(table, small, threshold - 1)
    assert set(small) <= away
    assert all(table.values[place] > 0 for place in away), "zeros are shown"
    assert not unsafe(table, away, small, threshold - 1)


@settings(max_examples=15)
@given(tables(16))
def test_the_network_and_the_programme_agree(rows: list[list[int]]) -> None:
    table = grid(with_margins(rows))
    small = small_of(table, 3)
    away = hidden(table, small, 2)
    for place in small[:3]:
        low, high = interval(table, away, place, 1)
        assert high >= table.values[place] + 2
        assert low < high


def test_a_table_of_three_dimensions() -> None:
    table = cube([[[1, 5, 9], [7, 9, 8]], [[4, 6, 7], [8, 12, 5]], [[5, 4, 9], [6, 6, 6]]])
    assert table.arcs is None, "no network: there whole tables need a programme"
    small = small_of(table, 3)
    away = hidden(table, small, 2)
    assert not unsafe(table, away, small, 2)
    assert not is_safe(table, set(small), small[0], 2), "alone it is the rest of its line"
    total = len(table.values) - 1
    assert total not in away, "the whole is still told"


def test_a_line_of_fractions_is_no_way_out() -> None:
    """Over the reals each of three could be 2.5; no table of counts has that."""
    table = Table((2, 2, 2), (), (), frozenset())
    odd = Table((1, 1, 1, 2, 2, 2), (Sum(3, (0, 1)), Sum(4, (1, 2)), Sum(5, (0, 2))), (), frozenset({3, 4, 5}))
    assert odd.arcs is None, "a ring of three is no network"
    assert interval(odd, {0, 1, 2}, 0) == (1, 1)
    assert is_safe(table, {0}, 0, 2), "a number tied by nothing may be anything"


def test_what_cannot_be_protected_is_said() -> None:
    # A reader who knows that the hidden total is a single figure's double: nothing else can be hidden.
    tied = Table((2, 2, 0), (Sum(1, (0, 2)), Sum(0, (1, 2))), (), frozenset())
    assert hidden(tied, [0], 2) == {0, 1}
    fixed = Table((2, 0, 2), (Sum(0, (1,)),), (), frozenset())
    with pytest.raises(CannotBeProtected):
        hidden(fixed, [0], 2)


def test_nothing_small_nothing_hidden() -> None:
    assert hidden(grid(with_margins([[3, 40], [4, 7]])), [], 2) == set()


def test_two_ones_in_a_line_would_be_told_by_their_sum() -> None:
    table = grid([[1], [1], [20], [30], [52]])
    assert hidden(table, [0, 1], 2) == {0, 1, 2}


def test_a_count_alone_in_its_line_hides_the_total_too() -> None:
    away = hidden(grid(with_margins([[2, 0], [0, 40]])), [0, 2, 6], 2)
    assert {0, 2, 6} <= away


def test_several_answers_add_up_in_one_direction_only() -> None:
    """Columns of records with one answer in the rows are sums, whatever the rows are: subtraction works there."""
    counts = [[2, 30, 31], [20, 25, 40], [22, 55, 71]]
    table = grid(counts, rows_add=True, cols_add=False)
    assert not is_safe(table, {0}, 0, 2)
    away = hidden(table, [0], 2)
    assert 3 in away or 6 in away
    assert not unsafe(table, away, [0], 2)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sets(st.sampled_from("abc")), st.sampled_from("xy"), st.integers(0, 6)), max_size=12))
def test_tables_of_several_answers_are_safe_or_refused(records: list[tuple[set[str], str, int]]) -> None:
    def total(rows: str | None, col: str | None) -> int:
        return sum(
            n for answers, where, n in records if (rows is None or rows in (answers or "-")) and col in (None, where)
        )

    lines = [[total(row, col) for col in ("x", "y", None)] for row in ("a", "b", "c", "-", None)]
    table = grid(lines, rows_add=False, missing_row=True)
    assert fits(table, list(table.values)), "the ties are true of real tables"
    small = small_of(table, 3)
    away = hidden(table, small, 2)
    assert set(small) <= away
    assert not unsafe(table, away, small, 2)
