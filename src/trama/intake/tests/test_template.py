"""The empty workbooks: headers that a load knows, drop-downs from the lists, an example that is not loaded."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils.translation import gettext, override, pgettext
from python_calamine import CalamineWorkbook

from trama.core import codes
from trama.core.facts import HOME_AREA, set_fact
from trama.experiences.tests.lists import load_lists
from trama.intake import files
from trama.intake.recipe import RecipeError, RegisterStep, TableSpec
from trama.intake.registers import template
from trama.intake.registers.declared import REGISTERED
from trama.intake.registers.details import UNSAID
from trama.intake.registers.fields import as_compared
from trama.intake.registers.reading import open_reader
from trama.intake.rows import Row, Table
from trama.intake.tests.factories import town

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("key", sorted(REGISTERED))
def test_every_header_leads_back_to_its_field_in_both_languages(key: str) -> None:
    registered = REGISTERED[key]
    for language in ("it", "en"):
        with override(language):
            labels = [str(one.label) for one in template.fields_of(registered)]
            assert len(set(labels)) == len(labels)
            found = [registered.headers[as_compared(label)] for label in labels]
            assert found == [one.key for one in template.fields_of(registered)]


def test_a_workbook_offers_the_lists_explains_its_columns_and_its_example_is_not_loaded(tmp_path: Path) -> None:
    load_lists()
    town()
    target = tmp_path / "modello.xlsx"
    call_command("loads", "template", "experiences", str(target))
    book = CalamineWorkbook.from_path(str(target))
    data, about, values = book.sheet_names
    with override("it"):
        assert (about, values) == (pgettext("sheet", "Explanations"), pgettext("sheet", "Values"))
        example_word, yes = gettext("Example"), gettext("yes")
    head, example = book.get_sheet_by_name(data).to_python()[:2]
    assert head[0] == "titolo"
    assert str(example[0]).startswith(f"▸ {example_word}: ")
    explained = book.get_sheet_by_name(about).to_python()
    assert [row[0] for row in explained[1 : len(head) + 1]] == head
    assert [row[0] for row in explained if row[1] == yes] == ["titolo", "tipo"]
    listed = book.get_sheet_by_name(values).to_python()
    kinds = [code.label for code in codes.codes_of("experience_kind")]
    column = listed[0].index("tipo")
    assert [row[column] for row in listed[1 : len(kinds) + 1]] == kinds
    with zipfile.ZipFile(target) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    # The drop-down of the kind holds exactly the list, and refuses what is not in it.
    letter = "ABCDEFGHIJ"[head.index("tipo")]
    ranges = re.findall(
        rf'<dataValidation type="list"[^>]*sqref="{letter}2:{letter}5001"[^>]*><formula1>([^<]*)<', sheet
    )
    assert ranges == [f"'{values}'!${'ABCDEFGHIJ'[column]}$2:${'ABCDEFGHIJ'[column]}${len(kinds) + 1}"]
    assert sheet.count("<dataValidation ") >= 20
    with pytest.raises(RecipeError, match=data):
        files.read(target, TableSpec())


@pytest.mark.parametrize("language", ["it", "en"])
def test_every_example_is_what_its_column_takes(language: str) -> None:
    load_lists()
    set_fact(HOME_AREA, town().code)
    with override(language):
        for key, registered in REGISTERED.items():
            book = CalamineWorkbook.from_filelike(io.BytesIO(template.workbook(registered)))
            head, example = ([str(cell) for cell in row] for row in book.get_sheet_by_index(0).to_python()[:2])
            fields = [registered.headers[as_compared(label)] for label in head]
            cells = dict(zip(head, example, strict=True))
            step = RegisterStep("register", key, register=key, columns=dict(zip(fields, head, strict=True)))
            (asked,) = open_reader(step, Table(key, head, [Row(2, cells)])).rows()
            assert (asked.faults, asked.spared, asked.doubts) == ([], [], {}), key
            if key == "experiences":
                assert [value[2] for value in asked.hanging["organisations"]] == [
                    {"it": "una stanza", "en": "a room"}[language], UNSAID,
                ]  # fmt: skip


def test_the_example_row_alone_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("nome;tipo\n▸ Esempio: Orti;piazza\nPiazza Grande;piazza\n", encoding="utf-8")
    assert [row["nome"] for row in files.read(path, TableSpec()).rows] == ["Piazza Grande"]


def test_english_dates_and_numbers_are_written_as_such() -> None:
    load_lists()
    town()
    with override("en"):
        book = CalamineWorkbook.from_filelike(io.BytesIO(template.workbook(REGISTERED["resources"])))
    head, example = book.get_sheet_by_index(0).to_python()[:2]
    cells = dict(zip(head, example, strict=True))
    assert (type(cells["from"]).__name__, cells["longitude"]) == ("date", 11.3426)
