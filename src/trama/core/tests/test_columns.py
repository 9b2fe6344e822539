"""Many rows as columns: the same values as Django's own, each made once."""

from datetime import date, timedelta

import pytest

from trama.core import codes
from trama.core.columns import by_column, each_once
from trama.core.models import AuditEntry, Code

pytestmark = pytest.mark.django_db


def test_columns_hold_what_values_list_holds() -> None:
    Code.objects.filter(list="place_kind").update(valid_from=date(2020, 2, 29))
    paths = ["pk", "valid_from", "valid_to", "broader__label_it", "position"]
    rows = Code.objects.order_by("pk")
    assert len(rows) > 20
    columns = by_column(rows, paths)
    assert list(zip(*columns, strict=True)) == list(rows.values_list(*paths))
    assert date(2020, 2, 29) in columns[1]


def test_moments_bear_their_zone() -> None:
    from trama.core.actor import SYSTEM
    from trama.core.history import Act, record_many

    record_many(SYSTEM, [Act("loaded", label="x")])
    rows = AuditEntry.objects.order_by("number")
    at = list(rows.values_list("at", flat=True))
    assert [list(column) for column in by_column(rows, ["at"])] == [at]
    assert by_column(rows, ["at"])[0][0].utcoffset() == timedelta(0)
    number, told = by_column(rows, ["number", "at"], minutes=True)
    assert list(number) == list(rows.values_list("number", flat=True))
    assert [moment.replace(second=0, microsecond=0) for moment in told] == [
        moment.replace(second=0, microsecond=0) for moment in at
    ]


def test_rows_stand_in_the_order_asked_for() -> None:
    Code.objects.filter(list="place_kind").update(valid_from=date(2020, 2, 29))
    known = list(Code.objects.filter(list="place_kind").values_list("pk", flat=True)[:3])
    asked = [known[2], "no:such", known[0]]
    pks, days = by_column(Code.objects.filter(pk__in=known).order_by("pk"), ["pk", "valid_from"], asked)
    assert list(pks) == [known[2], None, known[0]]
    assert list(days) == [date(2020, 2, 29), None, date(2020, 2, 29)]


def test_no_rows_are_empty_columns() -> None:
    for rows in (Code.objects.none(), Code.objects.filter(pk=codes.key("no", "such"))):
        assert [list(column) for column in by_column(rows, ["pk", "valid_from"])] == [[], []]


def test_each_value_is_rendered_once_and_kinds_are_told_apart() -> None:
    asked: list[object] = []

    def render(value: object) -> str:
        asked.append(value)
        return repr(value)

    assert each_once([1, True, 1, 0, False, None, None], render) == ["1", "True", "1", "0", "False", "None", "None"]
    assert len(asked) == 5
