"""The exports: the same rows as the list, in the same order, safe to open in a spreadsheet."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from trama.core import facts
from trama.core.actor import Actor, Grant
from trama.core.declarations import gathered
from trama.core.models import Code
from trama.territory.models import Place
from trama.ui import exports

pytestmark = pytest.mark.django_db


def fill(count: int = 30) -> None:
    kinds = list(Code.objects.filter(list="place_kind")[:3])
    for n in range(count):
        Place.objects.create(name=f"Luogo {n:02d}", kind=kinds[n % 3], description="=1+1" if n == 0 else "")
    Place.objects.create(name="Nascosto", kind=kinds[0], is_public=False)


def body(client: Client, form: str, query: str = "") -> bytes:
    answer = client.get(f"/territorio/luoghi/esporta.{form}{query}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_csv_json_and_list_hold_the_same_rows(client: Client) -> None:
    fill()
    kind = Code.objects.filter(list="place_kind").first()
    assert kind is not None
    query = f"?kind={kind.value}&order=name"
    rows = list(csv.reader(io.StringIO(body(client, "csv", query).decode("utf-8-sig"))))
    records = json.loads(body(client, "json", query))["records"]
    html = client.get(f"/territorio/luoghi/{query}").content.decode()
    column = list(records[0]).index("name")
    names = [row[column] for row in rows[1:]]
    assert len(names) == 10
    assert names == [record["name"] for record in records] == [f"Luogo {n:02d}" for n in range(0, 30, 3)]
    assert all(name in html for name in names)
    assert "Luogo 01" not in html


def test_formulas_are_disarmed_and_hidden_rows_stay_hidden(client: Client) -> None:
    fill()
    text = body(client, "csv").decode("utf-8-sig")
    assert "'=1+1" in text
    assert ",=1+1" not in text
    assert "Nascosto" not in text


def test_the_workbook_holds_the_same_rows_and_says_what_it_is(client: Client, tmp_path: object) -> None:
    import openpyxl

    fill()
    facts.set_fact(facts.DEMONSTRATION, True)
    book = openpyxl.load_workbook(io.BytesIO(body(client, "xlsx")))
    sheet, notes = book.worksheets
    assert sheet.max_row == 31
    values = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [v for row in values for v in row if isinstance(v, str) and v.startswith("=")] == ["=1+1"]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert notes["A1"].value == "Dimostrazione"


def test_an_unknown_form_is_not_found(client: Client) -> None:
    assert client.get("/territorio/luoghi/esporta.exe").status_code == 404


def test_a_demonstration_marks_the_file_name(client: Client) -> None:
    facts.set_fact(facts.DEMONSTRATION, True)
    answer = client.get("/territorio/luoghi/esporta.csv")
    assert "dimostrazione-places-" in answer["Content-Disposition"]


def test_what_is_for_staff_is_not_for_whoever_signed_in() -> None:
    register = gathered.registers["experiences"]
    staff_only = {column.key for column in register.columns if column.staff}
    assert staff_only
    for role, sees in (("citizen", False), ("volunteer", False), ("org_contact", False), ("social_worker", True)):
        actor = Actor(user=1, grants=frozenset({Grant(role)}))
        shown = {column.key for column in exports.columns_of(register, actor)}
        assert bool(shown & staff_only) is sees, role


def test_a_cell_with_a_semicolon_is_between_quotes() -> None:
    assert exports._quoted("Corso;=1+1;@SUM(1)") == '"Corso;=1+1;@SUM(1)"'
    assert exports._quoted("Corso") == "Corso"


MINUTE = datetime(2026, 3, 29, 0, 59, 7, tzinfo=UTC)  # before summer time begins in Italy
COLUMNS: list[Sequence[Any]] = [
    [None] * 6,
    ["=1+1"] * 6,
    ["a; b", "c", "", None, "d", "a; b"],
    ["x;=cmd", "y", "y", "y", "y", "y"],
    ["+39 051", "'mark", '"so" said', "two\nlines", "a, b", "plain"],
    ["-1", "-1", "-1", "-1", "-1", "1"],
    [1, -2, None, 3.5, -0.25, 0],
    [-7] * 6,
    [Decimal("1.50"), None, Decimal("-3"), Decimal("1.50"), Decimal("0"), None],
    [True, False, None, True, True, False],
    [True, 1, 1.0, 0, False, None],
    [MINUTE, MINUTE, None, MINUTE.replace(hour=1), MINUTE.replace(microsecond=5), datetime(2026, 1, 1, 10, 0)],  # noqa: DTZ001
    (date(2026, 1, 1), None, date(2026, 1, 1), None, None, None),
]


@pytest.mark.parametrize("values", COLUMNS)
def test_a_column_is_written_as_its_cells_one_by_one(values: Sequence[Any]) -> None:
    def cell(value: Any) -> str:
        text = str(exports.plain(value))
        return text if type(value) in (int, float) else exports._quoted(exports.safe_text(text))

    with timezone.override("Europe/Rome"):
        alone = [cell(value) for value in values]
        for at_once in (1, 2, 4, 6):
            parts = [exports._csv_fields(values[at : at + at_once]) for at in range(0, 6, at_once)]
            assert [field for part in parts for field in part] == alone, "however many records are written at once"
