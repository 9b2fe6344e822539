"""Tables of several answers: the base is persons, never answers; who does not answer is declared, and left out.

Caritas Italiana, Rapporto povertà 2014, table 5 (2013): needs of those met, of a hundred Italians, foreigners, all; the
columns add up to more than 100, and 8,017 persons without data stand outside of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from trama.core.registers import Measure
from trama.insight import files, tables
from trama.insight.shapes import RECORDS
from trama.monitoring.cuts.telling import Source, table_of
from trama.monitoring.tests.worlds import axis, monitored, source

pytestmark = pytest.mark.django_db

PRINTED = {
    "poverty": (65.4, 55.3, 59.2),
    "work": (43.8, 49.5, 47.3),
    "housing": (14.6, 17.2, 16.2),
    "family": (13.1, 5.7, 8.6),
    "immigration": (0.4, 8.4, 5.3),
    "education": (2.1, 5.3, 4.0),
    "health": (5.3, 3.8, 4.4),
    "addiction": (3.8, 0.9, 2.0),
    "prison": (2.9, 1.0, 1.7),
    "handicap": (2.9, 0.5, 1.5),
    "other": (5.5, 2.7, 3.8),
}
# What gives all three columns to the digit that is printed: 3,860 Italians and 6,140 foreigners with a need stated.
PERSONS = {"italian": 3860, "foreign": 6140}
FINER = {"education": (2.06, 5.26), "handicap": (2.93, 0.54)}
MISSING = 8017


def persons() -> Iterator[dict[str, Any]]:
    """The persons behind the table. Each need is laid around the circle of persons: each has one at least."""
    for column, (who, count) in enumerate(PERSONS.items()):
        needs: list[list[str]] = [[] for _person in range(count)]
        at = 0
        for need, shares in PRINTED.items():
            with_need = round(FINER.get(need, shares)[column] / 100 * count)
            for step in range(with_need):
                needs[(at + step) % count].append(need)
            at += with_need
        assert all(needs)
        for held in needs:
            yield {"need": held, "who": [who]}
    for _person in range(MISSING):
        yield {"who": ["foreign"]}


@pytest.fixture(scope="module")
def table_five() -> Source:
    what = monitored([axis("need", list(PRINTED), several=True), axis("who", list(PERSONS))], ())
    return source(what, persons())


def test_the_table_of_caritas_is_reproduced_to_the_digit(table_five: Source) -> None:
    axes = table_five.frame.axes
    found, _counts = table_of(table_five, "", axes["need"], axes["who"], Measure(RECORDS, ""))
    assert [value.key for value in found.rows.values] == [*PRINTED, "-"]
    for row, (need, printed) in enumerate(PRINTED.items()):
        shares = [found.share(row, 0), found.share(row, 1), found.share(row)]
        assert [round(100 * (share or 0), 1) for share in shares] == list(printed), need
    # Of a hundred persons there are more than a hundred answers, and nothing brings them back to a hundred.
    assert round(sum(100 * (found.share(row) or 0) for row in range(len(PRINTED)))) == 154
    assert round(sum(100 * (found.share(row, 0) or 0) for row in range(len(PRINTED)))) == 160
    # Without data: declared, and in no percentage.
    assert (found.rows.missing, found.base, found.answered()) == (MISSING, 18017, 10000)
    assert found.share(len(PRINTED)) is None
    assert any("8.017" in note or "10.000" in note for note in found.cautions)
    shown = tables.printed(found, None, tables.PERCENT)
    assert shown.lines[0].cells[2].text == "59,2 %"
    assert any("100" in note for note in shown.notes)


def test_every_format_says_how_many_answered(table_five: Source) -> None:
    axes = table_five.frame.axes
    found, _counts = table_of(table_five, "", axes["need"], None, Measure(RECORDS, ""))
    told = files.as_dict(found)
    assert (told["rows"]["several_answers"], told["rows"]["missing"], told["base"]) == (True, MISSING, 18017)
    by_row = {one["row"]: one for one in told["figures"]}
    assert by_row["work"]["share"] == pytest.approx(0.473, abs=0.0005)
    assert (by_row["_total"]["value"], by_row["_missing"]["value"]) == (18017, MISSING)
