"""Numbers about areas, read from files of every shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from trama.core.actor import SYSTEM
from trama.intake.actions import load_recipe
from trama.intake.recipe import parse
from trama.intake.tests.factories import AREAS_STEP, HEAD, town, write_areas
from trama.intake.verdicts import StepReport
from trama.territory.models import ContextIndicator, ContextValue

pytestmark = pytest.mark.django_db
LONG = """
[[steps]]
kind = "values"
name = "valori"
source = "s"
file = "valori.csv"
table = { separator = ";" }
area = { column = "Area", kind = "statistical_area", sum_up_to = ["district"] }
year = "Anno"
skip = [{ column = "Area", values = ["non indicata"], why = "senza area" }]
"""
HOUSEHOLDS = """
[[steps.indicators]]
code = "t_households"
name_it = "Famiglie"
name_en = "Households"
adds_up = true
value = "N"
[[steps.indicators]]
code = "t_one"
name_it = "Sole"
name_en = "Alone"
adds_up = true
value = "N"
where = { Size = "1" }
[[steps.indicators]]
code = "t_share"
name_it = "Quota"
name_en = "Share"
share = ["t_one", "t_households"]
"""


def load(tmp_path: Path, steps: str, text: str, dry: bool = False) -> StepReport:
    if not ContextIndicator.objects.exists() and not (tmp_path / "aree.geojson").exists():
        town()
        write_areas(tmp_path)
    (tmp_path / "valori.csv").write_text(text, encoding="utf-8")
    return load_recipe(SYSTEM, parse(HEAD + AREAS_STEP + steps, "v.toml"), tmp_path, dry=dry).steps[1]


def value(code: str, area: str, year: int = 2023) -> ContextValue:
    return ContextValue.objects.get(indicator__code=code, area__name=area, year=year)


def test_rows_are_summed_and_shares_taken_also_above(tmp_path: Path) -> None:
    text = "Anno;Area;Size;N\n2023;Via Mondo;1;60\n2023;VIA MONDO;2;40\n"
    text += "2023;La Birra;1;10\n2023;La Birra;2;90\n2023;non indicata;1;7\n"
    report = load(tmp_path, LONG + HOUSEHOLDS, text)
    assert (report.rows, report.skipped, report.refused) == (5, 1, 0)
    assert (value("t_households", "Via Mondo").value, value("t_share", "Via Mondo").value) == (100, 60)
    assert (value("t_households", "Nord").value, value("t_share", "Nord").value) == (200, 35)
    again = load(tmp_path, LONG + HOUSEHOLDS, text)
    assert (again.changes, again.same) == (0, report.new)
    fewer = load(tmp_path, LONG + HOUSEHOLDS, text.replace("2023;Via Mondo;1;60\n", ""))
    assert (fewer.updated > 0, len(fewer.those("gone"))) == (True, 1)
    assert ContextValue.objects.filter(indicator__code="t_one", area__name="Via Mondo").exists()


def test_years_in_columns(tmp_path: Path) -> None:
    step = LONG.replace('year = "Anno"', "years_in_columns = true\nonly_years = [2022, 2023]")
    step += '[[steps.indicators]]\ncode = "t_r"\nname_it = "R"\nname_en = "R"\nadds_up = true\n'
    load(tmp_path, step, "Area;2021;2022;2023\nVia Mondo;1;2;3\nVia Mondo;10;20;30\n")
    assert (value("t_r", "Via Mondo", 2022).value, value("t_r", "Via Mondo").value) == (22, 33)
    assert not ContextValue.objects.filter(year=2021).exists()


def test_scales_exclusions_and_years_that_cannot_be_used(tmp_path: Path) -> None:
    step = (
        LONG
        + """
[[steps.indicators]]
code = "t_income"
name_it = "Reddito"
name_en = "Income"
value = "Reddito"
scale = { 2022 = 1000 }
excluded = { column = "Flag", values = ["1"] }
[[steps.indicators]]
code = "t_people"
name_it = "Residenti"
name_en = "Residents"
value = "Pop"
except_years = { 2022 = "troncati" }
"""
    )
    text = "Anno;Area;Flag;Reddito;Pop\n2021;Via Mondo;0;20416;7944\n2022;Via Mondo;0;22.7;7\n"
    text += "2022;Corte;1;;3\n2021;Corte;0;...;\n"
    report = load(tmp_path, step, text)
    assert value("t_income", "Via Mondo", 2022).value == pytest.approx(22700)
    assert (value("t_income", "Corte", 2022).state, value("t_income", "Corte", 2022).value) == ("excluded", None)
    assert value("t_income", "Corte", 2021).state == "not_collected"
    assert value("t_people", "Corte", 2021).state == "missing"
    assert not ContextValue.objects.filter(indicator__code="t_people", year=2022).exists()
    assert any("troncati" in verdict.why for verdict in report.those("noted"))


def test_what_cannot_be_read_is_refused_with_row_and_column(tmp_path: Path) -> None:
    text = "Anno;Area;Size;N\n2023;Altrove;1;5\nieri;Corte;1;5\n2023;Corte;1;molte\n"
    report = load(tmp_path, LONG + HOUSEHOLDS, text)
    assert [(v.row, v.column) for v in report.those("refused")] == [(2, "Area"), (3, "Anno"), (4, "N"), (4, "N")]
    assert report.refused == 3
    assert not ContextValue.objects.exists()


def test_a_value_stated_twice_is_refused(tmp_path: Path) -> None:
    step = LONG + '[[steps.indicators]]\ncode = "t_i"\nname_it = "I"\nname_en = "I"\nvalue = "N"\n'
    report = load(tmp_path, step, "Anno;Area;N\n2023;Corte;1\n2023;Corte;2\n")
    assert [verdict.row for verdict in report.those("refused")] == [3]
    assert value("t_i", "Corte").value == 1
