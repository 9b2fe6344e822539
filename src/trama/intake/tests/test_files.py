"""Files as cities publish them: marks, line breaks in headers, commas for points, sheets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trama.intake import files
from trama.intake.recipe import RecipeError, TableSpec
from trama.intake.steps.run import title_case


def table(tmp_path: Path, text: str, name: str = "a.csv", **spec: str) -> files.Table:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8"))
    return files.read(path, TableSpec(**spec))


def test_two_marks_and_a_broken_header(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        '\ufeff\ufeffQuartiere;"Reddito mediano dei contribuenti \nresidenti"\r\nNord;"10\n20"\r\n\r\nSud;3\r\n',
    )
    assert found.columns == ["Quartiere", "Reddito mediano dei contribuenti residenti"]
    assert [(row.number, row["Quartiere"]) for row in found.rows] == [(2, "Nord"), (4, "Sud")]
    assert found.rows[0][found.column("reddito mediano dei contribuenti residenti")] == "10\n20"


def test_an_unknown_column_names_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"Zona.*Anno, Area"):
        table(tmp_path, "Anno,Area\n1,2\n").column("Zona")


def test_a_row_of_another_length_is_a_fault_of_that_row(tmp_path: Path) -> None:
    found = table(tmp_path, "a;b\n1;2\n1;2;3\n4\n5;6;;\n")
    assert [(fault.row, fault.why.split(":")[0]) for fault in found.faults] == [
        (3, "ha 3 celle, l'intestazione ne ha 2"),
        (4, "ha 1 celle, l'intestazione ne ha 2"),
    ]
    # One separator too many at the end of a row says nothing.
    assert [row.number for row in found.rows] == [2, 5]


def test_older_encodings_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("città;è\n1;2\n".encode("cp1252"))
    assert files.read(tmp_path / "a.csv", TableSpec()).columns == ["città", "è"]
    with pytest.raises(RecipeError, match="utf-8"):
        files.read(tmp_path / "a.csv", TableSpec(encoding="utf-8"))


def test_sheets_and_json_give_the_same_rows(tmp_path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("Dati")
        sheet.write_row(0, 0, ["Codice\narea", "Valore"])
        sheet.write_row(1, 0, [7, 2.5])
    (tmp_path / "a.json").write_text(json.dumps({"dati": {"righe": [{"Codice area": 7, "Valore": 2.5}]}}))
    one = files.read(tmp_path / "a.xlsx", TableSpec(sheet="Dati"))
    other = files.read(tmp_path / "a.json", TableSpec(records="dati.righe"))
    assert one.rows == other.rows == [files.Row(2, {"Codice area": "7", "Valore": "2.5"})]


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1.234,5", ",", 1234.5),
        ("7,7065065000000015", ",", 7.7065065),
        ("1,234.5", ".", 1234.5),
        ("20113.93", ".", 20113.93),
        (" 59,5 % ", ",", 59.5),
        ("-3", ".", -3.0),
        ("", ".", None),
    ],
)
def test_numbers_are_read_as_files_write_them(text: str, decimal: str, value: float | None) -> None:
    assert files.number(text, decimal) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "decimal"), [("n.d.", "."), ("1,5", "."), ("12 o 13", "."), ("1.2.3", "."), ("nan", ".")]
)
def test_what_is_no_number_is_no_number(text: str, decimal: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        files.number(text, decimal)


@given(st.floats(min_value=-1e9, max_value=1e9).map(lambda value: round(value, 4)))
def test_a_number_comes_back_from_either_writing(value: float) -> None:
    english = f"{value:,.4f}"
    assert files.number(english, ".") == pytest.approx(value)
    assert files.number(english.replace(",", " ").replace(".", ","), ",") == pytest.approx(value)


def test_a_file_that_stands_twice_is_refused(tmp_path: Path) -> None:
    for name, text in (("uno", "a"), ("due", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.csv").write_text(text)
    with pytest.raises(RecipeError, match=r"x\.csv"):
        files.find(tmp_path, "x.csv")
    (tmp_path / "due" / "x.csv").write_text("a")
    assert files.find(tmp_path, "x.csv").name == "x.csv"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("VIA DEL PRATELLO", "Via del Pratello"),
        ("XXI APRILE", "XXI Aprile"),
        ("OSPEDALE SANT'ORSOLA", "Ospedale Sant'Orsola"),
        ("GALVANI-1", "Galvani-1"),
        ("Ponte Savena-La Bastia", "Ponte Savena-La Bastia"),
    ],
)
def test_capitals_become_names(text: str, wanted: str) -> None:
    assert title_case(text) == wanted


def test_a_nul_in_a_cell_is_left_out(tmp_path: Path) -> None:
    assert [row["nome"] for row in table(tmp_path, "nome;nota\nOr\0to;x\n").rows] == ["Orto"]
