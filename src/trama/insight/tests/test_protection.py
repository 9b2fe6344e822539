"""Small counts of persons in crosstabs of records; the published table on several answers."""

from __future__ import annotations

import datetime as dt

import pytest

from trama.core.actor import NOBODY
from trama.core.registers import NONE, Selection
from trama.insight.crosstab import compute
from trama.insight.protection import protect
from trama.insight.shapes import Asked, Axis, Cell, Crosstab, Status, Value
from trama.insight.tests.factories import REGISTER, make_experience


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
