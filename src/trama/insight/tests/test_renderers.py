"""One crosstab, many forms: the same numbers in the table, the CSV, the workbook, the JSON and the chart."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.utils import translation

from trama.core import facts
from trama.core.actor import NOBODY
from trama.core.registers import Selection
from trama.insight import files
from trama.insight.crosstab import compute
from trama.insight.pictures import chart_of, finding
from trama.insight.shapes import Crosstab
from trama.insight.tables import PERCENT, printed
from trama.insight.tests.factories import REGISTER, make_experience
from trama.territory.tests.factories import make_city, make_code

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _italian() -> Any:
    with translation.override("it"):
        yield


@pytest.fixture
def records() -> None:
    """Kinds a (1200 volunteers in 2 records), b (1 volunteer), c (40 estimated); one aim is a formula."""
    make_code("t_aim", "x", "=HYPERLINK(evil)")
    make_experience("a", ["x"], volunteers=700)
    make_experience("a", ["x", "y"], volunteers=500)
    make_experience("b", ["y"], volunteers=1)
    make_experience("c", [], volunteers=40, precision="estimated")


def crossed(measure: str = "records", cols: str | None = "aim") -> Crosstab:
    return compute(NOBODY, REGISTER, Selection(), "kind", cols, measure)


def workbook(found: Crosstab) -> Any:
    return openpyxl.load_workbook(io.BytesIO(files.xlsx_bytes(found)))


def test_an_estimate_bears_its_sign_in_the_workbook_too(records: None) -> None:
    make_experience("d", [], volunteers=90, precision="estimated")
    found = crossed("volunteers", None)
    sheet = workbook(found)["Tabella"]
    shown = {sheet.cell(row, 1).value: sheet.cell(row, 2) for row in range(5, sheet.max_row + 1)}
    table = printed(found)
    printed_ = {line.name: line.cells[0].text for line in (*table.lines, table.total)}
    rough = {name for name, text in printed_.items() if text.startswith("~")}
    assert rough, printed_
    assert rough != set(printed_)
    assert {name for name in printed_ if shown[name].number_format.startswith('"~ "')} == rough
    assert all(isinstance(shown[name].value, int | float) for name in rough)


def test_all_forms_hold_the_same_numbers(records: None) -> None:
    found = crossed()
    data = json.loads(files.json_text(found))
    by_json = {(line["row"], line["col"]): line["value"] for line in data["figures"]}
    lines = list(csv.DictReader(io.StringIO(files.csv_text(found).removeprefix("\ufeff"))))
    by_csv = {(line["kind"], line["aim"]): int(line["value"]) for line in lines}
    assert by_csv == by_json
    table = printed(found)
    rows = {line.name: [cell.text for cell in line.cells] for line in (*table.lines, table.total)}
    assert rows == {
        "a": ["2", "1", "0", "2"],
        "b": ["0", "1", "0", "1"],
        "c": ["0", "0", "1", "1"],
        "Totale": list("2214"),
    }
    keys = ["x", "y", "_missing", "_total"]
    assert [by_json["a", key] for key in keys] == [2, 1, 0, 2]
    assert [by_json["_total", key] for key in keys] == [2, 2, 1, 4]
    sheet = workbook(found)["Tabella"]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5, max_row=8)]
    assert cells == [["a", 2, 1, 0, 2], ["b", 0, 1, 0, 1], ["c", 0, 0, 1, 1], ["Totale", 2, 2, 1, 4]]
    assert data["base"] == 4
    assert data["cols"]["missing"] == 1
    chart = chart_of(found)
    assert chart is not None
    assert {v["text"] for v in chart.wide["data"]["values"]} == {"0", "1", "2"}


def test_protected_figures_stand_in_no_form(records: None) -> None:
    found = crossed("volunteers", None)
    texts = [files.csv_text(found), files.json_text(found), str(printed(found)), str(chart_of(found))]
    texts += [str(cell.value) for sheet in workbook(found) for row in sheet.iter_rows() for cell in row]
    assert found.suppressed == 2
    assert not any("'1'" in text or "1,suppressed" in text or '"value": 1,' in text for text in texts)
    lines = {line.row: line for line in files.lines(found)}
    assert (lines["b"].value, lines["b"].status) == (None, "suppressed")
    assert (lines["c"].value, lines["c"].status) == (None, "suppressed"), "or the total would give b away"
    assert (lines["a"].value, lines["_total"].value) == (1200, 1242), (
        "one person counts as two, so that nobody can tell"
    )
    assert [cell.text for line in printed(found).lines for cell in line.cells] == ["1.200", "•", "•"]
    sheet = workbook(found)["Tabella"]
    assert [sheet.cell(5 + n, 2).value for n in range(3)] == [1200, "protetto", "protetto"]
    chart = chart_of(found)
    assert chart is not None
    assert [value["value"] for value in chart.wide["data"]["values"]] == [1200, 0, 0]


def test_an_estimate_is_marked(records: None) -> None:
    found = compute(NOBODY, REGISTER, Selection((("kind", ("c",)),)), "kind", None, "volunteers")
    assert printed(found).lines[0].cells[0].text == "~ 40"
    assert next(files.lines(found)).status == "estimated"


def test_percentages_are_of_the_records_with_an_answer(records: None) -> None:
    found = compute(NOBODY, REGISTER, Selection(), "aim")
    table = printed(found)
    assert [[cell.text for cell in line.cells] for line in table.lines] == [
        ["2", "67 %"],
        ["2", "67 %"],
        ["1", "–"],
    ]
    assert [cell.text for cell in table.total.cells] == ["4", "su 3"]
    assert any("supera 100" in note for note in table.notes)
    by_column = printed(compute(NOBODY, REGISTER, Selection(), "aim", "kind"), show=PERCENT)
    assert [cell.text for cell in by_column.lines[0].cells] == ["100 %", "0 %", "–", "67 %"]
    assert [cell.text for cell in by_column.total.cells] == ["2", "1", "0", "3"]


def test_text_that_looks_like_a_formula_is_text(records: None) -> None:
    found = compute(NOBODY, REGISTER, Selection(), "aim")
    assert "'=HYPERLINK(evil)" in files.csv_text(found)
    cell = workbook(found)["Tabella"].cell(5, 1)
    assert (cell.value, cell.data_type) == ("=HYPERLINK(evil)", "s")


def test_a_demonstration_says_so_in_every_form(records: None) -> None:
    facts.set_fact(facts.DEMONSTRATION, True)
    found = crossed()
    assert json.loads(files.json_text(found))["demonstration"] is True
    assert files.csv_text(found).splitlines()[1].endswith(",1")
    assert any("Dimostrazione" in str(row[0].value) for row in workbook(found)["Note"].iter_rows())
    assert any("Dimostrazione" in note for note in printed(found).notes)
    assert files.file_name(found, "csv").startswith("dimostrazione-")


def test_cells_lead_to_the_records_that_they_count(records: None) -> None:
    found = compute(NOBODY, REGISTER, Selection((("practice", ("0",)),), order="name"), "kind", "aim")
    cells = printed(found, REGISTER).lines[0].cells
    assert cells[0].url.startswith("/esperienze/?")
    assert "practice=0&kind=a&aim=x&order=name" in cells[0].url
    assert cells[2].url == "", "nothing to show"
    missing = printed(found, REGISTER).lines[2].cells[2]
    assert "kind=c&aim=-" in missing.url
    both = compute(NOBODY, REGISTER, Selection((("aim", ("x", "y")),)), "aim")
    assert printed(both, REGISTER).lines[0].cells[0].url == "", "an address cannot say “has x or y, and has x”"


def test_a_chart_names_what_is_most_but_never_ranks_areas(records: None) -> None:
    assert finding(crossed(cols=None)) == "a: 2 su 4 (50 %), il gruppo più numeroso"
    city = make_city()
    make_experience("a", areas=[city["west"]])
    make_experience("a", areas=[city["west"]])
    make_experience("a", areas=[city["east"]])
    by_area = compute(NOBODY, REGISTER, Selection(), "district")
    assert finding(by_area) == by_area.title


def test_too_little_or_too_much_is_not_drawn(records: None) -> None:
    assert chart_of(compute(NOBODY, REGISTER, Selection((("kind", ("a",)),)), "kind")) is None
    for number in range(40):
        make_experience(f"k{number:02}")
    chart = chart_of(compute(NOBODY, REGISTER, Selection(), "kind"))
    assert chart is not None
    assert len(chart.wide["data"]["values"]) == 22
    assert "22" in chart.title
    assert chart_of(compute(NOBODY, REGISTER, Selection(), "kind", "aim")) is None


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    from trama.core.declarations import gathered

    monkeypatch.setitem(gathered.registers, "experiences", REGISTER)


def test_the_page_shows_the_phrase_the_table_and_the_chart(records: None, registered: None, client: Client) -> None:
    answer = client.get("/numeri/experiences/", {"rows": "kind", "practice": "0"}, headers={"accept-language": "it"})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Esperienze per tipo · buona pratica: no" in text
    assert "<caption" in text
    assert 'scope="row"' in text
    picture = text.split('<img src="/numeri/grafici/')[1].split('"')[0]
    drawn = client.get(f"/numeri/grafici/{picture}", headers={"accept-encoding": "identity"})
    assert drawn.status_code == 200
    assert drawn["Content-Type"] == "image/svg+xml"
    assert "immutable" in drawn["Cache-Control"]
    assert b"<svg" in drawn.content
    assert b"font/woff2" in drawn.content
    packed = client.get(f"/numeri/grafici/{picture}", headers={"accept-encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    for form in files.FORMS:
        got = client.get(f"/numeri/experiences/tabella.{form}", {"rows": "kind", "practice": "0"})
        assert got.status_code == 200
        assert form in got["Content-Disposition"]


def test_what_cannot_be_counted_is_said_on_the_page(records: None, registered: None, client: Client) -> None:
    answer = client.get("/numeri/experiences/", {"rows": "kind", "cols": "kind"})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert client.get("/numeri/experiences/tabella.csv", {"rows": "no"}).status_code == 400
    assert client.get("/numeri/nothing/").status_code == 404
    assert client.get("/numeri/experiences/tabella.exe").status_code == 404


def test_an_unknown_chart_is_not_found(client: Client) -> None:
    for name in ("0" * 32, "..%2f..%2fetc", "x"):
        assert client.get(f"/numeri/grafici/{name}.svg").status_code == 404


def test_an_empty_register_is_said_kindly(registered: None, client: Client) -> None:
    answer = client.get("/numeri/experiences/", {"rows": "kind"})
    assert answer.status_code == 200
    assert "tr-empty" in answer.content.decode()
    assert client.get("/numeri/").status_code == 200


def test_a_thousand_filters_leave_the_whole_in_the_downloads(records: None, registered: None, client: Client) -> None:
    for number in range(60):
        make_experience(f"k{number:02}")
    page = client.get("/numeri/experiences/", {"rows": "kind"}).content.decode()
    assert "altri (13)" in page
    got = client.get("/numeri/experiences/tabella.csv", {"rows": "kind"}).content.decode()
    assert len(got.splitlines()) == 1 + 63 + 1
