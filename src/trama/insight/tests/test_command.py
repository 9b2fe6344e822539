"""`trama crosstab`: answers, and errors that list what could have been asked."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from trama.core.declarations import gathered
from trama.insight.tests.factories import REGISTER, make_experience

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _register(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(gathered.registers, "experiences", REGISTER)
    make_experience("a", ["x"])
    make_experience("a", [])
    make_experience("b", ["x"])


def run(*arguments: Any) -> str:
    out = io.StringIO()
    call_command("crosstab", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_json_csv_xlsx_and_plain_text(tmp_path: Path) -> None:
    data = json.loads(run("experiences", "--rows", "kind", "--cols", "aim", "--json"))
    assert (data["base"], data["rows"]["key"], data["cols"]["missing"]) == (3, "kind", 1)
    assert run("experiences", "--rows", "kind", "--csv").count("\n") == 4
    text = run("experiences", "--rows", "kind")
    assert "Esperienze per tipo" in text
    assert run("experiences", "--rows", "kind", "--xlsx", str(tmp_path / "t.xlsx")) == ""
    assert (tmp_path / "t.xlsx").stat().st_size > 1000


def test_filters_narrow() -> None:
    data = json.loads(run("experiences", "--rows", "kind", "--filter", "aim=x", "--filter", "kind=a", "--json"))
    assert data["base"] == 1
    assert json.loads(run("experiences", "--rows", "kind", "--filter", "aim=-", "--json"))["base"] == 1


def test_without_rows_it_says_what_can_be_counted() -> None:
    text = run("experiences")
    assert "aim" in text
    assert "volunteers" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing", "--rows", "kind"], "experiences"),
        (["experiences", "--rows", "colour"], "kind, aim"),
        (["experiences", "--rows", "kind", "--cols", "kind"], "Tipo"),
        (["experiences", "--rows", "kind", "--measure", "joy"], "records, volunteers"),
        (["experiences", "--rows", "kind", "--filter", "aim"], "KEY=VALUE"),
        (["experiences", "--rows", "kind", "--filter", "colour=red"], "kind, aim"),
        (["experiences", "--rows", "kind", "--filter", "aim=zzz"], "x"),
        (["experiences", "--rows", "kind", "--xlsx", "/nowhere/at/all.xlsx"], "cannot be written"),
    ],
)
def test_errors_are_one_sentence_that_helps(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*arguments)
