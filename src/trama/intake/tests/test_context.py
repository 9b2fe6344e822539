"""Numbers about areas from files of every shape: what is read, what is guessed, what is kept with each number."""

from __future__ import annotations

import zipfile
from io import StringIO
from pathlib import Path

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from trama.core.actor import SYSTEM
from trama.intake import files
from trama.intake.actions import NotLoaded, load_recipe
from trama.intake.context.cells import code_of, number_of, read_cell, year_of
from trama.intake.context.mapping import Mapping, Named, decision_lines, recipe_of
from trama.intake.context.proposing import decimal_sign, propose, propose_indicators
from trama.intake.recipe import Decision, RecipeError, TableSpec, ValuesStep, parse
from trama.intake.rows import clean_header
from trama.intake.tests.factories import AREAS_STEP, HEAD, town, write_areas
from trama.intake.verdicts import Report, StepReport
from trama.territory.models import Area, AreaClosure, ContextDefinition, ContextIndicator, ContextValue

NAMES = ["VIA MONDO", "LA BIRRA", "SAN VITALE", "CORTE", "PONTE", "MULINO", "COLLE", "SANT'ANNA", "RIVA", "FOSSO"]


# --- cells ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "value", "state"),
    [
        ("-", None, "not_applicable"),
        ("..", None, "not_yet"),
        ("...", None, "not_collected"),
        ("…", None, "not_collected"),
        ("....", None, "too_small"),
        ("", None, "missing"),
        (" n.d. ", None, "missing"),
        (":", None, "missing"),
        ("-3,5", -3.5, "value"),
        ("1.234,5", 1234.5, "value"),
        ("1 234", 1234.0, "value"),
        ("59,5 %", 59.5, "value"),
        ("12,3 (e)", 12.3, "estimated"),
        ("12,3 p", 12.3, "value"),
    ],
)
def test_marks_are_kept_apart(text: str, value: float | None, state: str) -> None:
    assert read_cell(text, ",") == (value, state)


def test_numbers_are_never_guessed() -> None:
    assert number_of("1,234.5") == 1234.5
    assert number_of("20.858", ",") == 20858
    assert number_of("20.858", ",", machine=True) == 20.858  # a workbook's own number
    for text, decimal in (("1.5", ","), ("1,5", "."), ("1.23.4", ","), ("molte", "."), ("1e999", "."), ("+", ".")):
        with pytest.raises(ValueError, match=r".*"):
            number_of(text, decimal)


def test_years_and_codes() -> None:
    said = ["2021", "2021.0", "2021-01-01", "31/12/2021", "anno 2021", "2020/2021", "2021-13-01", "12", "ieri"]
    assert [year_of(text) for text in said] == [2021, 2021, 2021, 2021, 2021, None, None, None, None]
    said = ["037006: Bologna", "037006", "San Vitale: zona"]
    assert [code_of(text) for text in said] == ["037006", "037006", "San Vitale: zona"]


@pytest.mark.parametrize(
    ("cells", "sign", "certain"),
    [
        (["1,5", "22"], ",", True),
        (["22.104", "20.84"], ".", True),
        (["1.234.567"], ",", True),
        (["1.234", "12.000", "7"], ",", False),
        (["1.234", "12000"], ".", False),
        (["3", "4"], ".", True),
    ],
)
def test_the_decimal_sign(tmp_path: Path, cells: list[str], sign: str, certain: bool) -> None:
    (tmp_path / "a.csv").write_text("n;x\n" + "".join(f"{cell};x\n" for cell in cells), encoding="utf-8")
    assert decimal_sign(files.read(tmp_path / "a.csv", TableSpec(";")), ["n"]) == (sign, certain)


# --- files ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def city(tmp_path: Path, db: None) -> Path:
    town()
    write_areas(tmp_path, NAMES)
    load_recipe(SYSTEM, parse(HEAD + AREAS_STEP, "a.toml"), tmp_path, dry=False)
    return tmp_path


def understood(path: Path, header_row: int = 1) -> Mapping:
    table = files.read(path, TableSpec(header_row=header_row))
    mapping = propose(table, Mapping(path.name, header_row=header_row))
    mapping.source = {"key": "prova", "title": "Prova", "licence": "CC BY 4.0"}
    mapping.indicators = propose_indicators(table, mapping)
    return mapping


def loaded(mapping: Mapping, folder: Path) -> StepReport:
    (step,) = load_recipe(SYSTEM, parse(recipe_of(mapping), "r.toml"), folder, dry=False).steps
    return step


def value(code: str, area: str, year: int = 2022) -> tuple[float | None, str]:
    row = ContextValue.objects.get(indicator__code=code, area__name=area, year=year)
    return row.value, row.state


def test_sdmx(city: Path) -> None:
    lines = ["DATAFLOW,FREQ,REF_AREA: Territorio,DATA_TYPE,SEX,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MULT"]
    for number, status, text in ((1, "A", "2.5"), (2, "E: stimato", "3.5"), (3, "L", ""), (4, "N", "-"), (5, "Z", "1")):
        lines.append(f"IT1:X(1.0),A,{number:03}: Area,POP,9,2022,{text},{status},3")
    (city / "pop.csv").write_text("\n".join(lines), encoding="utf-8")
    mapping = understood(city / "pop.csv")
    assert mapping.sdmx
    assert {mapping.column(role) for role in ("area", "year", "value", "state", "multiplier")} == {
        "REF_AREA: Territorio",
        "TIME_PERIOD",
        "OBS_VALUE",
        "OBS_STATUS",
        "UNIT_MULT",
    }
    step = loaded(mapping, city)
    (code,) = [one.code for one in mapping.indicators]
    assert value(code, "Via Mondo") == (2500, "value")
    assert value(code, "La Birra") == (3500, "estimated")
    assert value(code, "San Vitale") == (None, "not_collected")
    assert value(code, "Corte") == (None, "not_applicable")  # the mark in the cell is the source's own word
    assert value(code, "Ponte") == (1000, "value")
    assert any("“Z”" in verdict.why or "«Z»" in verdict.why for verdict in step.those("noted"))


def test_sdmx_never_sums_its_rows(city: Path) -> None:
    lines = ["DATAFLOW;REF_AREA;SEX;TIME_PERIOD;OBS_VALUE"]
    lines += [f"X;{area};{sex};2022;{count}" for area in range(1, 6) for sex, count in (("M", 4), ("F", 6), ("T", 10))]
    (city / "sex.csv").write_text("\n".join(lines), encoding="utf-8")
    mapping = understood(city / "sex.csv")
    loaded(mapping, city)
    got = {one.where["SEX"]: value(one.code, "Via Mondo")[0] for one in mapping.indicators}
    assert got == {"M": 4, "F": 6, "T": 10}


def test_a_workbook_with_a_title_above_and_numbers_as_text(city: Path) -> None:
    with xlsxwriter.Workbook(str(city / "reddito.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Tavola 1. Redditi, anno 2022"])
        sheet.write_row(2, 0, ["Area statistica", "Reddito medio 2021", "Reddito medio 2022"])
        for number, name in enumerate(NAMES):
            sheet.write_row(3 + number, 0, [name, 20_000.5 + number, f"21.{number:03},25"])
    mapping = understood(city / "reddito.xlsx", header_row=3)
    assert mapping.years == {"Reddito medio 2021": "2021", "Reddito medio 2022": "2022"}
    mapping.decimal = ","
    loaded(mapping, city)
    (one,) = mapping.indicators
    assert value(one.code, "La Birra", 2021) == (20_001.5, "value")
    assert value(one.code, "La Birra", 2022) == (21_001.25, "value")


def test_an_open_document(city: Path) -> None:
    rows = [["Anno", "Area", "Famiglie"], *([2022, name, 100 + n] for n, name in enumerate(NAMES))]
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
            if isinstance(cell, int)
            else f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    space = "urn:oasis:names:tc:opendocument:xmlns"
    text = (
        f'<?xml version="1.0"?><office:document-content xmlns:office="{space}:office:1.0" '
        f'xmlns:table="{space}:table:1.0" xmlns:text="{space}:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Foglio1">{cells}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(city / "famiglie.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", text)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    mapping = understood(city / "famiglie.ods")
    loaded(mapping, city)
    assert mapping.indicators[0].adds_up
    assert value(mapping.indicators[0].code, "Sant'Anna") == (107, "value")


def test_an_old_encoding_a_broken_header_and_a_separator_too_many(city: Path) -> None:
    text = 'Area statistica;Anno;"Età media \r\nresidenti";\r\n'
    text += "".join(f"{name};2022;{40 + n},5;;\r\n" for n, name in enumerate(NAMES))
    (city / "eta.csv").write_bytes(text.encode("iso-8859-1"))
    mapping = understood(city / "eta.csv")
    assert (mapping.columns("value"), mapping.decimal) == (["Età media residenti"], ",")
    loaded(mapping, city)
    assert value(mapping.indicators[0].code, "Sant'Anna") == (47.5, "value")


# --- areas, states, bounds ------------------------------------------------------------------------------------------
STEP = """
[[steps]]
kind = "values"
name = "valori"
source = "s"
file = "v.csv"
area = { column = "Area", kind = "statistical_area", unknown = "UNKNOWN" }
year = "Anno"
table = { decimal = "," }
[[steps.indicators]]
code = "t_v"
name_it = "Reddito"
name_en = "Income"
unit_it = "€"
unit_en = "€"
value = "N"
"""


def take(
    city: Path, text: str, *, more: str = "", unknown: str = "refuse", dry: bool = False, step: str = STEP
) -> Report:
    (city / "v.csv").write_text(text, encoding="utf-8")
    return load_recipe(SYSTEM, parse(HEAD + step.replace("UNKNOWN", unknown) + more, "v.toml"), city, dry=dry)


def test_areas_that_are_not_here(city: Path) -> None:
    text = "Anno;Area;N\n2022;Via Mundo;5\n2022;Altrove;6\n2022;Altrove;7\n2022;;8\n2022;Corte;9\n"
    (step,) = take(city, text, dry=True).steps
    assert "Via Mondo" in step.those("refused")[0].why
    assert (step.refused, step.unknown) == (4, {"Via Mundo": 1, "Altrove": 2, "": 1})
    (step,) = take(city, text, unknown="skip").steps
    assert (step.refused, step.skipped, step.new) == (0, 4, 1)


def test_two_cities_with_an_area_of_the_same_name(city: Path) -> None:
    other = Area.objects.create(code="999002", name="Altro Borgo", kind="municipality")
    twin = Area.objects.create(code="X", name="Corte", kind="statistical_area", parent=other)
    AreaClosure.objects.create(area=twin, ancestor=twin, ancestor_kind=twin.kind, distance=0)
    AreaClosure.objects.create(area=twin, ancestor=other, ancestor_kind=other.kind, distance=1)
    AreaClosure.objects.create(area=other, ancestor=other, ancestor_kind=other.kind, distance=0)
    text = "Anno;Area;N\n2022;Corte;9\n"
    assert take(city, text, dry=True).refused == 1
    take(city, text, step=STEP.replace("unknown", 'within = "999002", unknown'))
    assert ContextValue.objects.get().area == twin


def test_what_repeats_and_what_contradicts(city: Path) -> None:
    (step,) = take(city, "Anno;Area;N\n2022;Corte;9,5\n2022;Corte;9,5\n2022;Corte;8\n").steps
    assert [verdict.row for verdict in step.those("refused")] == [4]
    assert any(verdict.row == 3 for verdict in step.those("noted"))
    assert value("t_v", "Corte") == (9.5, "value")


def test_bounds_and_the_other_decimal_sign(city: Path) -> None:
    step = STEP + "least = 0\nmost = 100\n"
    report = take(city, "Anno;Area;N\n2022;Corte;-1\n2022;Ponte;101\n2022;Riva;1.5\n2022;Fosso;50\n", step=step)
    assert [verdict.row for verdict in report.steps[0].those("refused")] == [2, 3, 4]
    assert ContextValue.objects.count() == 1


# --- versions and decisions -----------------------------------------------------------------------------------------
def test_a_definition_that_changes_takes_a_version(city: Path) -> None:
    take(city, "Anno;Area;N\n2021;Corte;9\n")
    with pytest.raises(RecipeError, match="t_v"):
        take(city, "Anno;Area;N\n2022;Corte;9\n", step=STEP.replace('unit_it = "€"', 'unit_it = "migliaia di €"'))
    second = STEP.replace('unit_it = "€"', 'unit_it = "migliaia di €"\nversion = "2"')
    take(city, "Anno;Area;N\n2022;Corte;9\n", step=second)
    stated = {row.year: (row.version, row.unit, row.licence) for row in ContextValue.objects.all()}
    assert stated == {2021: ("1", "€", ""), 2022: ("2", "migliaia di €", "")}
    assert ContextDefinition.objects.get().version == "1"
    assert ContextIndicator.objects.get().version == "2"


def long(factor: float, year: int = 2022) -> str:
    first = "".join(f"2021;{name};{20_000 + 100 * n}\n" for n, name in enumerate(NAMES))
    later = "".join(
        f"{year};{name};{(20_500 + 100 * n) * factor:.3f}\n".replace(".", ",") for n, name in enumerate(NAMES)
    )
    return f"Anno;Area;N\n{first}{later}"


@pytest.mark.parametrize(
    ("do", "expected"),
    [
        ("multiply", (20_500.0, "value")),
        ("keep", (20.5, "value")),
        ("exclude", (None, "excluded")),
        ("leave_out", None),
    ],
)
def test_a_decision_is_kept_in_the_recipe(city: Path, do: str, expected: tuple[float | None, str] | None) -> None:
    with pytest.raises(NotLoaded):
        take(city, long(0.001))
    assert not ContextValue.objects.exists()
    more = "\n" + "\n".join(decision_lines(Decision("t_v", 2022, do, 1000.0)))
    for _turn in range(2):  # the second time nothing is asked, and nothing changes
        report = take(city, long(0.001), more=more)
        assert (report.breaks, report.refused) == ([], 0)
        stated = ContextValue.objects.filter(area__name="Via Mondo", year=2022)
        assert [(row.value, row.state) for row in stated] == ([expected] if expected else [])
    assert report.changes == 0
    # When the publisher mends the file, the decision does not pass in silence.
    if do == "multiply":
        assert take(city, long(1), more=more, dry=True).breaks[0].factor == pytest.approx(0.001)


def test_decisions_are_checked(city: Path) -> None:
    for line in ('indicator = "x"', 'do = "raddoppia"', "factor = 0.0"):
        key = line.split(" = ", maxsplit=1)[0]
        lines = [item for item in decision_lines(Decision("t_v", 2022, "multiply", 10.0)) if not item.startswith(key)]
        with pytest.raises(RecipeError, match=r"v\.toml"):
            take(city, long(1), more="\n" + "\n".join([*lines, line]))


def test_a_sum_without_the_numbers_that_wait_is_no_sum(city: Path) -> None:
    step = STEP.replace("unknown = ", 'sum_up_to = ["district"], unknown = ').replace(
        'value = "N"', 'value = "N"\nadds_up = true'
    )
    report = take(city, long(0.001), step=step, dry=True)
    assert report.breaks
    (one,) = report.steps
    assert one.new == 10 + 2  # 2021 in ten areas and two districts; nothing of 2022


def test_the_command_line_writes_the_recipe(city: Path) -> None:

    (city / "v.csv").write_text(long(0.001), encoding="utf-8")
    said = StringIO()
    call_command("indicators", str(city / "v.csv"), "--write", str(city / "ricetta.toml"), stdout=said)
    assert "[[steps.decisions]]" in said.getvalue()  # what to write about the numbers that jump
    recipe = parse((city / "ricetta.toml").read_text(encoding="utf-8"), "ricetta.toml")
    assert load_recipe(SYSTEM, recipe, city).breaks[0].year == 2022
    with pytest.raises(CommandError, match=r"ricetta\.toml"):
        call_command("indicators", str(city / "v.csv"), "--write", str(city / "ricetta.toml"), stdout=said)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=3, max_size=3))
def test_whatever_a_header_holds_the_recipe_can_be_read(texts: list[str]) -> None:
    area, column, part = (clean_header(text) for text in texts)  # as every header is read
    mapping = Mapping("a.csv", roles={area: "area", f"{column}n": "value"}, kind="municipality", fixed_year=2022)
    mapping.source = {"key": "k", "title": column or "t", "licence": part}
    named = Named("c", f"{part}x", "x", value=f"{column}n", where={part: column}, columns={})
    mapping.indicators = [named]
    mapping.decisions = [Decision("c", 2022, "multiply", 1000.0, [part])]
    (step,) = parse(recipe_of(mapping), "r.toml").steps
    assert isinstance(step, ValuesStep)
    assert (step.area and step.area.column, step.indicators[0].value) == (mapping.column("area"), f"{column}n")
    assert (step.indicators[0].where, step.decisions[0].areas) == ({part: column}, [part])
