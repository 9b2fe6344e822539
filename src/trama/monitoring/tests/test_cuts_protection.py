"""Nothing that a wave publishes tells a small number of persons: not by one table, not by any two of them.

Three things are tried. That what is published does not change when small numbers do, whatever the filter and format.
That within a table no small count can be told closer than the threshold, by the exact audit of `insight`. And that from
no pair of tables (two filters, two axes, two waves of which one record differs) an attacker comes to a number of
persons, who knows which records stand behind each figure, perhaps every larger number too, and has the same exact
programme; what comes out whatever the number is, is none. Each is then turned on a protection that is broken on
purpose, and must find what it looks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st

from trama.core.declarations import FrozenCount
from trama.core.registers import Measure
from trama.insight import crosstab as laying
from trama.insight import files as crosstab_files
from trama.insight import protection
from trama.insight.analysis.disclosure import Sum, Table, interval, unsafe
from trama.insight.analysis.suppression import CannotBeProtected
from trama.insight.analysis.suppression import hidden as to_hide
from trama.insight.crosstab import CrosstabError
from trama.insight.shapes import Crosstab, Status
from trama.monitoring.cuts import files, frame, telling
from trama.monitoring.cuts.telling import Source, table_of
from trama.monitoring.tests.worlds import SPECIAL, axis, body, monitored, source

pytestmark = pytest.mark.django_db

WHAT = monitored(
    [
        axis("aim", ("ties", "needs"), several=True),
        axis("role", ("led", "fed")),
        axis("target", ("elderly", SPECIAL), several=True, special=True),
    ],
    (FrozenCount("people", "people", lambda one: (one["people"], False), lower_bound=True),),
)
AXES, PLACES = ("area", "aim", "role", "target"), ("", "E", "W", "W1")
World = list[dict[str, Any]]
# Shrinking tries thousands of tables: what is found is small enough as it is.
quick = settings(
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

one_record = st.fixed_dictionaries(
    {
        "areas": st.lists(st.sampled_from([2, 3, 4]), min_size=1, max_size=2, unique=True),
        "aim": st.lists(st.sampled_from(["ties", "needs"]), max_size=2, unique=True),
        "role": st.sampled_from([(), ("led",), ("fed",)]),
        "target": st.sampled_from([(), ("elderly",), (SPECIAL,), ("elderly", SPECIAL)]),
        "people": st.sampled_from([None, 0, 1, 1, 2, 2, 3, 4, 5, 9, 30]),
        "bodies": st.sampled_from([[], [body(1, "ets")], [body(2), body(3, person=True)], [body(4, person=True)]]),
    }
)
worlds = st.lists(one_record, min_size=3, max_size=7)
asked = st.tuples(st.sampled_from(PLACES), st.sampled_from(AXES), st.sampled_from(("", *AXES)))


def record(area: int, people: int, role: str = "led", *aims: str) -> dict[str, Any]:
    return {"areas": [area], "aim": list(aims), "role": (role,), "target": (), "people": people, "bodies": []}


def is_small(one: dict[str, Any]) -> bool:
    return one["people"] is not None and 0 < one["people"] < WHAT.below(one)


def people_of(of: Source) -> Measure:
    return next(one for one in telling.measures_of(of) if one.key == "people")


def table(of: Source, place: str, rows: str, cols: str) -> Crosstab | None:
    """A table of persons, or None where it is refused."""
    axes = of.frame.axes
    try:
        return table_of(of, place, axes[rows], axes[cols] if cols and cols != rows else None, people_of(of))[0]
    except CrosstabError:
        return None


@lru_cache(1000)
def found_before(table: Table, small: tuple[int, ...], width: float) -> frozenset[int] | None:
    try:
        return frozenset(to_hide(table, small, width))
    except CannotBeProtected:
        return None


@pytest.fixture(autouse=True)
def _a_table_is_protected_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is hidden hangs on the numbers of the table alone, and is dear to find."""

    def again(table: Table, small: Sequence[int], width: float) -> set[int]:
        away = found_before(table, tuple(small), width)
        if away is None:
            raise CannotBeProtected
        return set(away)

    monkeypatch.setattr(protection, "hidden", again)


# --- what changes nothing cannot be worked out ----------------------------------------------------------------------
def everything(of: Source, questions: Sequence[tuple[str, str, str]]) -> dict[Any, Any]:
    """What leaves of a wave: all its cuts in a place, some crossings, in every format that is text."""
    told: dict[Any, Any] = {}
    for place in {place for place, _rows, _cols in questions}:
        told[place] = telling.cuts_of(of, place)
        told |= {(place, form): files.content(of.wave, told[place], form) for form in ("csv", "json", "schema.json")}
    for question in questions:
        told[question] = found = table(of, *question)
        told[question, "files"] = found and [
            crosstab_files.content(found, form) for form in ("csv", "json", "schema.json")
        ]
    return told


@settings(quick, max_examples=8)
@given(worlds, st.lists(asked, min_size=2, max_size=3), st.data())
def test_nothing_changes_with_a_small_number(
    world: World, questions: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    other = deepcopy(world)
    for one in filter(is_small, other):
        one["people"] = data.draw(st.integers(1, WHAT.below(one) - 1))
    assume(other != world)
    assert everything(source(WHAT, world), questions) == everything(source(WHAT, other), questions)


def test_the_comparison_sees_a_number_that_may_be_told() -> None:
    questions = [("", "area", ""), ("E", "role", "aim")]
    before = everything(source(WHAT, [record(2, 9), record(3, 2), record(2, 30, "fed")]), questions)
    after = everything(source(WHAT, [record(2, 10), record(3, 2), record(2, 30, "fed")]), questions)
    assert [key for key in before if not str(key).count("schema") and before[key] == after[key]] == []


# --- within one table -----------------------------------------------------------------------------------------------
@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Crosstab, Crosstab]]:
    """Every table that is laid out: before it was protected, and after."""
    found: list[tuple[Crosstab, Crosstab]] = []

    def protect(naked: Crosstab) -> Crosstab:
        found.append((naked, protection.protect(naked)))
        return found[-1][1]

    monkeypatch.setattr(laying, "protect", protect)
    return found


def in_lines(crosstab: Crosstab) -> list[list[Any]]:
    lines = [[*row, whole] for row, whole in zip(crosstab.cells, crosstab.row_totals, strict=True)]
    return [*lines, [*crosstab.col_totals, crosstab.total]]


def too_close(naked: Crosstab, published: Crosstab) -> list[int]:
    """The small counts of a table that can be told closer than its threshold, or are told, by the exact audit."""
    before = [cell for line in in_lines(naked) for cell in line]
    after = [cell for line in in_lines(published) for cell in line]
    hidden = {place for place, cell in enumerate(after) if cell.status is Status.SUPPRESSED}
    small = [place for place, cell in enumerate(before) if 0 < (cell.least or 0) < naked.threshold]
    told = [place for place in small if place not in hidden]
    tied = protection._tied(in_lines(naked), naked)
    return told + unsafe(tied, hidden, [place for place in small if place in hidden], naked.threshold - 1)


@settings(quick, max_examples=12)
@given(worlds, st.lists(asked, min_size=2, max_size=4))
def test_within_a_table_no_small_count_is_told_closely(
    seen: list[tuple[Crosstab, Crosstab]], world: World, questions: list[tuple[str, str, str]]
) -> None:
    of = source(WHAT, world)
    seen.clear()
    for place, rows, cols in questions:
        table(of, place, rows, cols)
    for naked, published in seen:
        assert too_close(naked, published) == []


BESIDE = [record(2, 1), record(3, 9, "fed"), record(3, 30), record(2, 12, "fed")]


def test_the_audit_finds_a_table_that_hides_the_small_counts_alone(
    seen: list[tuple[Crosstab, Crosstab]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert table(source(WHAT, BESIDE), "", "area", "role") is not None
    assert too_close(*seen[-1]) == []
    monkeypatch.setattr(protection, "hidden", lambda _table, small, _width: set(small))
    assert table(source(WHAT, BESIDE), "", "area", "role") is not None
    assert too_close(*seen[-1]) != []


# --- any two tables -------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Told:
    """A figure of a table: whose numbers it adds up, and what is told of it (None: it is protected)."""

    records: frozenset[int]
    value: float | None


def told_of(of: Source, places: Any, found: Crosstab, names: Sequence[int]) -> list[Told]:
    """Every figure of a table with the records behind it; `names` are what the attacker calls them."""
    held: dict[tuple[str, str], set[int]] = {}
    for place in places.tolist():
        ways = []
        for one in (found.rows, found.cols):
            answers = of.frame.profiles[one.key][int(of.frame.index[one.key][place])] if one else ()
            dimension = of.frame.axes[one.key].dimension if one else None
            keys = ["-" if value is None else dimension.address_of(value) for value in answers] if dimension else []
            ways.append([*keys, ""])
        for key in product(*ways):
            held.setdefault(key, set()).add(names[place])
    rows = [value.key for value in found.rows.values] + [""]
    cols = [*((value.key for value in found.cols.values) if found.cols else ()), ""]
    return [
        Told(frozenset(held.get((row, col), ())), cell.value)
        for row, line in zip(rows, in_lines(found), strict=True)
        for col, cell in zip(cols, line, strict=True)
    ]


def worked_out(figures: Sequence[Told], known: dict[int, float], small: dict[int, int]) -> dict[frozenset[int], float]:
    """The protected figures whose number comes out exactly, to who has the numbers of the records `known`.

    All others are whole and at least 1; of those of `small` it is known below what they lie.
    """
    values: list[float] = []
    hidden: set[int] = set()

    def put(value: float | None) -> int:
        values.append(0 if value is None else value)
        if value is None:
            hidden.add(len(values) - 1)
        return len(values) - 1

    at = {one: put(None) for figure in figures for one in figure.records if one not in known}
    sums = [Sum(put(below), (at[one], put(None))) for one, below in small.items() if one in at]
    places = {}
    for figure in figures:
        parts = tuple(at[one] for one in figure.records if one in at)
        if parts:
            rest = sum(known.get(one, 0) for one in figure.records)
            total = put(None if figure.value is None else figure.value - rest)
            sums.append(Sum(total, parts))
            if figure.value is None:
                places[figure.records] = (total, rest)
    system = Table(tuple(values), tuple(sums))
    found = {}
    for records, (place, rest) in places.items():
        low, high = interval(system, hidden, place, 1, whole=True)
        if low == high:
            found[records] = low + rest
    return found


Questions = Sequence[tuple[str, str, str]]
Numbers = dict[frozenset[int], float]


def names_of(worlds: Sequence[World]) -> list[list[int]]:
    """What the attacker calls each record: the one that differs in another wave is a record of its own there."""
    return [
        [n if one == worlds[0][n] else 100 * which + n for n, one in enumerate(world)]
        for which, world in enumerate(worlds)
    ]


def read(worlds: Sequence[World], names: Sequence[Sequence[int]], questions: Questions) -> list[Told]:
    """What one table of each world tells."""
    figures: list[Told] = []
    for world, called, (place, rows, cols) in zip(worlds, names, questions, strict=True):
        of = source(WHAT, world)
        found = table(of, place, rows, cols)
        if found is not None:
            figures += told_of(of, of.frame.within(telling._narrowed(of, place)[1]), found, called)
    return figures


def attack(
    worlds: Sequence[World], names: Sequence[Sequence[int]], questions: Questions, *, knows: bool
) -> tuple[Numbers, Numbers]:
    """What comes out of one table of each world, and the true numbers; `knows`: all that is no small number."""
    known: dict[int, float] = {}
    small: dict[int, int] = {}
    truth: dict[int, float] = {}
    for name, one in named(worlds, names):
        truth[name] = one["people"] or 0
        if not truth[name] or (knows and not is_small(one)):
            known[name] = truth[name]
        elif knows:
            small[name] = WHAT.below(one)
    out = worked_out(read(worlds, names, questions), known, small)
    return out, {records: sum(truth[one] for one in records) for records in out}


def gives_away(worlds: Sequence[World], questions: Questions, *, knows: bool) -> list[frozenset[int]]:
    """The protected figures with a small number in them that an attack tells.

    That an answer is right tells nothing where the same one comes out when it is wrong: what stands for all small
    numbers is right for some of them, and a sum so for several choices of its parts (2 and 3, 1 and 4). So the small
    numbers are made as low and as high as they can be, which changes every sum that holds one. An answer hangs on what
    the tables tell, and on what the attacker knows anyway: where both times they tell the same as before, whatever is
    answered is wrong once.
    """
    names = names_of(worlds)
    extremes = [[[{**one, **at(one)} for one in world] for world in worlds] for at in (lowest, highest)]
    told = read(worlds, names, questions)
    if all(read(others, names, questions) == told for others in extremes):
        return []
    # A figure that is hidden for another's sake, and holds no small number, is no secret.
    secret = {name for name, one in named(worlds, names) if is_small(one)}
    out, truth = attack(worlds, names, questions, knows=knows)
    found = [one for one, value in out.items() if value == truth[one] and one & secret]
    for others in extremes:
        again, new = attack(others, names, questions, knows=knows)
        found = [one for one in found if again.get(one) != out[one] or new[one] == out[one]]
    return found


def named(worlds: Sequence[World], names: Sequence[Sequence[int]]) -> list[tuple[int, dict[str, Any]]]:
    return [pair for called, world in zip(names, worlds, strict=True) for pair in zip(called, world, strict=True)]


def lowest(one: dict[str, Any]) -> dict[str, Any]:
    return {"people": 1} if is_small(one) else {}


def highest(one: dict[str, Any]) -> dict[str, Any]:
    return {"people": WHAT.below(one) - 1} if is_small(one) else {}


# A sum that 2 and 3 make, as 1 and 4 do: what stands for both is right of either.
BY_CHANCE = [
    record(2, 2, "led", "ties"),
    {**record(2, 3, "led", "ties"), "target": (SPECIAL,)},
    record(3, 9, "fed", "ties", "needs"),
    record(3, 30, "fed", "needs"),
]
ACROSS: Questions = (("", "area", ""), ("", "aim", ""))


@settings(quick, max_examples=30)
@example(BY_CHANCE, record(2, 9), 9, ACROSS, False)
@example(BY_CHANCE, record(2, 9), 9, ACROSS, True)
# In the second wave the record that was small is not; it is hidden there because the other is.
@example([record(2, 1), record(2, 1, "led", "ties")], record(2, 3), 0, (("", "area", ""), ("", "area", "aim")), False)
@given(worlds, one_record, st.integers(0, 9), st.tuples(asked, asked), st.booleans())
def test_no_two_tables_give_a_number_of_persons_away(
    world: World, other: dict[str, Any], which: int, questions: Questions, knows: bool
) -> None:
    second = deepcopy(world)
    if which < len(world):  # else the same wave twice: two filters, two axes
        second[which] = other
    assert gives_away((world, second), questions, knows=knows) == []


def honest(measure: Measure, stated: Any) -> Any:
    """A broken protection: small numbers stand in the sums as they are."""
    found, numbers = WORKING(measure, stated)
    return found, replace(numbers, value=frame.np.array(stated, dtype=float).reshape(-1, 4)[:, 0])


WORKING = frame._published
ALONE = [record(2, 1, "led", "ties"), record(3, 9, "fed", "ties", "needs"), record(3, 30, "fed", "needs")]
DIFFERENCES: dict[str, tuple[tuple[World, World], Questions]] = {
    "two filters": ((ALONE, ALONE), (("", "area", ""), ("W", "role", ""))),
    "two axes": ((ALONE, ALONE), ACROSS),
    "two waves": ((ALONE, [{**ALONE[0], "people": None}, *ALONE[1:]]), (("", "area", ""), ("", "area", ""))),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_the_attack_finds_a_number_that_two_tables_give_away_and_none_of_them_alone(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, questions = DIFFERENCES[name]
    names = names_of(both)
    alone = [attack(*(part[n : n + 1] for part in (both, names, questions)), knows=False)[0] for n in (0, 1)]
    assert alone == [{}, {}]
    # As it is, the attack comes to a number too: the one that stands for all small numbers.
    assert attack(both, names, questions, knows=False)[0][frozenset({0})] == 2
    assert gives_away(both, questions, knows=False) == gives_away(both, questions, knows=True) == []
    monkeypatch.setattr(frame, "_published", honest)
    assert frozenset({0}) in gives_away(both, questions, knows=False)
    assert frozenset({0}) in gives_away(both, questions, knows=True)


def test_an_answer_that_is_right_by_chance_gives_nothing_away(monkeypatch: pytest.MonkeyPatch) -> None:
    both, both_led = (BY_CHANCE, BY_CHANCE), frozenset({0, 1})
    out, truth = attack(both, names_of(both), ACROSS, knows=False)
    assert out[both_led] == truth[both_led] == 5
    assert gives_away(both, ACROSS, knows=False) == []
    monkeypatch.setattr(frame, "_published", honest)
    assert both_led in gives_away(both, ACROSS, knows=False)


# --- organisations that are one person -------------------------------------------------------------------------------
def test_organisations_that_are_one_person_each_are_counted_as_persons() -> None:
    alone = [{**record(2, 9), "bodies": [body(3, person=True)]}, {**record(3, 9), "bodies": [body(1), body(2)]}]
    of = source(WHAT, alone)
    found, _counts = table_of(of, "", of.frame.axes["area"], None, Measure("organisations", "organisations"))
    # An organisation may stand in both districts: 2 of 3 in the other leave open whether there are 1, 2 or 3 here.
    assert [cell.status for cell in found.row_totals] == [Status.SUPPRESSED, Status.VALUE]
    assert found.total.value == 3
