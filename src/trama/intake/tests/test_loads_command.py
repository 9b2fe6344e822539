"""The command line: a spreadsheet with the recipe of another one, the rows to be mended, a load taken back."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from python_calamine import CalamineWorkbook

from trama.core import history
from trama.core.actor import SYSTEM
from trama.experiences.tests.lists import load_lists
from trama.intake.models import Load
from trama.intake.tests.factories import town
from trama.territory.models import Place

pytestmark = pytest.mark.django_db
RECIPE = """
format = 1
key = "luoghi"
title = "Luoghi del comune"
[[steps]]
kind = "register"
name = "luoghi"
register = "places"
file = "dell-anno-scorso.csv"
columns = { name = "Nome", kind = "Tipo" }
"""


def told(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_another_file_is_loaded_mended_and_taken_back(tmp_path: Path) -> None:
    load_lists()
    town()
    recipe, sent, mended = tmp_path / "r.toml", tmp_path / "di-quest-anno.csv", tmp_path / "da-correggere.xlsx"
    recipe.write_text(RECIPE, encoding="utf-8")
    sent.write_text("Nome;Tipo\nPiazza Grande;square\nIl parco;boh\n", encoding="utf-8")
    call = ("load", str(recipe), "--file", str(sent), "--refused", str(mended))
    told(*call, "--dry-run")
    assert not Place.objects.exists()
    told(*call)
    assert [place.name for place in Place.objects.all()] == ["Piazza Grande"]
    head, *rows = CalamineWorkbook.from_path(str(mended)).get_sheet_by_index(0).to_python()
    assert (head[1:], [row[1:] for row in rows]) == (["Nome", "Tipo"], [["Il parco", "boh"]])
    assert "boh" in str(rows[0][0])
    load = Load.objects.get()
    assert f"{load.pk}" in told("loads")
    place = Place.objects.get()
    told("loads", "undo", str(load.pk), "--dry-run")
    history.record(SYSTEM, "confirmed", place)
    with pytest.raises(CommandError, match="Piazza Grande"):
        told("loads", "undo", str(load.pk), "--yes")
    assert Place.objects.exists()


def test_a_load_is_taken_back_by_its_number(tmp_path: Path) -> None:
    load_lists()
    town()
    (tmp_path / "r.toml").write_text(RECIPE, encoding="utf-8")
    sent = tmp_path / "a.csv"
    sent.write_text("Nome;Tipo\nPiazza Grande;square\n", encoding="utf-8")
    told("load", str(tmp_path / "r.toml"), "--file", str(sent))
    told("loads", "undo", str(Load.objects.get().pk), "--yes")
    assert not Place.objects.exists()
    for arguments in (("undo", "999"), ("undo", str(Load.objects.get().pk), "--yes")):
        with pytest.raises(CommandError):
            told("loads", *arguments)


def test_a_spreadsheet_becomes_a_recipe(tmp_path: Path) -> None:
    load_lists()
    town()
    sent, recipe = tmp_path / "luoghi.csv", tmp_path / "luoghi.toml"
    lines = "Nome;Tipo;Telefono;Telefono\nIl parco;Parchi;;\nPiazza Grande;Piazza;051 1;\nLa scuola;boh;;\n"
    sent.write_text(f"Luoghi del comune;;;\n{lines}", encoding="utf-8")
    said = told("loads", "propose", str(sent), "--write", str(recipe))
    assert re.search(r"Nome\s+name\s", said)
    assert re.search(r"Telefono \(2\)\s+–", said)
    text = recipe.read_text(encoding="utf-8")
    assert ('kind = "Tipo"' in text, '# "boh" = ""' in text, Place.objects.exists()) == (True, True, False)
    with pytest.raises(CommandError):
        told("loads", "propose", str(sent), "--write", str(recipe))  # it is not overwritten
    recipe.write_text(
        text.replace("# [steps.values.kind]", "[steps.values.kind]").replace('# "boh" = ""', '"boh" = "school"')
    )
    told("load", str(recipe), "--from", str(tmp_path))
    assert Place.objects.get(name="La scuola").kind_id == "place_kind:school"
    assert "nome" in told("loads", "propose", str(sent), "--register", "organisations").casefold()
