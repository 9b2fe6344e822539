"""The pages of context indicators: how many of how many, why not, compared with what; files; years; odd addresses."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation

from trama.core import memo
from trama.core.actor import NOBODY
from trama.core.models import Source
from trama.insight.context import files
from trama.insight.context.asked import Asked
from trama.insight.context.reading import Reading, finding_text, reading_of
from trama.insight.context.series import series_of
from trama.insight.context.words import breaks_of, signed
from trama.insight.declarations import years_of
from trama.territory import finding
from trama.territory.models import Area, AreaClosure, ContextIndicator, ContextValue
from trama.territory.tests.factories import make_area, make_population, square
from trama.ui.charts import span_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    memo.forget_all()
    finding.forget()
    with translation.override("en"):
        yield
    memo.forget_all()


def city(name: str, row: int) -> tuple[Area, list[Area]]:
    """A municipality with six districts in a line."""
    whole = make_area(name, "municipality", None, square(0, row, 6, 1), code=name.upper())
    parts = [make_area(f"{name} {n}", "district", whole, square(n, row), code=f"{name.upper()}-{n}") for n in range(6)]
    return whole, parts


def indicator(code: str = "alone", **fields: object) -> ContextIndicator:
    fields = {
        "name_it": code,
        "name_en": code,
        "unit_it": "%",
        "unit_en": "%",
        "decimals": 1,
        "theme": "households",
        **fields,
    }
    return ContextIndicator.objects.create(code=code, **fields)


SOURCE = {"key": "s", "title": "Anagrafe", "publisher": "Comune", "licence": "CC BY 4.0"}


@pytest.fixture
def alone() -> ContextIndicator:
    """Of six districts: four values in 2022 (one estimated), one excluded, one of which nothing was loaded."""
    found = indicator()
    whole, parts = city("Borgo", 0)
    source = Source.objects.create(**SOURCE)
    for year, values in ((2020, [8, 18, 28, 38]), (2022, [10, 20, 30, 40])):
        for n, value in enumerate(values):
            state = "estimated" if n == 3 and year == 2022 else "value"
            ContextValue.objects.create(
                indicator=found, area=parts[n], year=year, value=value, state=state, source=source
            )
        ContextValue.objects.create(indicator=found, area=whole, year=year, value=values[1] + 5, source=source)
    ContextValue.objects.create(indicator=found, area=parts[4], year=2022, state="excluded", source=source)
    return found


def read(of: ContextIndicator, **asked: str) -> Reading:
    found = reading_of(NOBODY, of, Asked(**asked))
    assert found is not None
    return found


def page(of: ContextIndicator, query: str = "") -> str:
    response = Client().get(reverse("insight:indicator", args=[of.code]) + query, headers={"accept-language": "en"})
    assert response.status_code == 200
    return response.content.decode()


def test_values_their_states_and_what_they_are_compared_with(alone: ContextIndicator) -> None:
    found = read(alone)
    assert (found.chosen.year, found.chosen.level, found.chosen.under and found.chosen.under.name) == (
        2022,
        "district",
        "Borgo",
    )
    rows = {row.name: row for row in found.rows}
    assert rows["Borgo 0"].compared == "\N{MINUS SIGN}15.0 points"
    assert rows["Borgo 2"].compared == "+5.0 points"
    assert "Borgo (25.0%)" in found.compared_with
    assert (rows["Borgo 3"].value, rows["Borgo 3"].reason) == (40.0, "estimated")
    assert (rows["Borgo 4"].value, rows["Borgo 4"].paint, rows["Borgo 4"].reason) == (
        None,
        "excluded",
        "area excluded by the source",
    )
    assert (rows["Borgo 5"].paint, rows["Borgo 5"].state) == ("missing", "not_loaded")
    assert dict(found.without()) == {"area excluded by the source": 1, "no figure was loaded": 1}


def test_a_page_says_how_many_of_how_many_when_and_from_where(alone: ContextIndicator) -> None:
    text = page(alone)
    assert "A value for 4 of 6 districts, 2022" in text
    assert "1 is estimated" in text
    assert "Anagrafe" in text
    assert "CC BY 4.0" in text
    # Classes and their base are stated; four values make two classes.
    assert "2 classes with about as many areas in each" in text
    table = text[text.index('<section id="table"') :]
    assert table.count('<th scope="row">') == 6
    assert ">0%<" not in table


def test_a_page_obeys_the_strict_policy_and_every_id_stands_once(alone: ContextIndicator) -> None:
    text = page(alone, "?area=BORGO-1")
    assert " style=" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert sorted(ids) == sorted(set(ids))
    assert set(re.findall(r'fill="url\(#([^)]+)\)"', text)) <= set(ids)
    assert set(re.findall(r'<use href="#([^"]+)"', text)) <= set(ids)
    assert set(re.findall(r'href="#([a-z-]+)"', text)) <= set(ids)


ODD = [
    "year=abc",
    "year=²",
    "year=99999999999999999999999",
    "level=planet",
    "level=municipality",
    "under=*",
    "under=NOWHERE",
    "area=NOWHERE",
    "area=BORGO",
    "classes=magic",
    "classes=own",
    "classes=own&breaks=abc",
    "classes=own&breaks=1;2;3;4;5;6",
    "classes=own&breaks=15;25",
    "classes=around",
    "classes=natural",
    "classes=equal",
    "breaks=" + "9" * 500,
    "year=2020&year=2022",
]


def test_no_address_breaks_the_page(alone: ContextIndicator) -> None:
    client = Client()
    for query in ODD:
        assert client.get(f"/numeri/indicatori/alone/?{query}").status_code == 200, query
        assert client.get(f"/numeri/indicatori/alone/tabella.csv?{query}").status_code == 200, query


def test_what_does_not_exist_is_not_found(alone: ContextIndicator) -> None:
    for address in (
        "/numeri/indicatori/nothing/",
        f"/numeri/indicatori/{alone.code}/tabella.exe",
        "/numeri/indicatori/a%00b/",
    ):
        assert Client().get(address).status_code == 404


def test_mistyped_breaks_are_said_beside_their_field(alone: ContextIndicator) -> None:
    text = page(alone, "?classes=own&breaks=dieci")
    assert 'aria-invalid="true"' in text
    assert "semicolon" in text
    assert "Classes with breaks chosen by whoever reads: 15.0; 25.0." in page(alone, "?classes=own&breaks=15;25")


def test_an_index_of_one_municipality_is_refused_across_and_shown_within() -> None:
    idise = indicator("idise", centre=100, unit_it="", unit_en="", decimals=0, compare_within="municipality")
    _borgo, parts = city("Borgo", 0)
    _ponte, others = city("Ponte", 2)
    for n, area in enumerate([*parts, *others[:3]]):
        ContextValue.objects.create(indicator=idise, area=area, year=2021, value=95 + n)
    within = read(idise)
    assert within.chosen.under is not None
    assert (within.chosen.under.name, within.refused, len(within.known)) == ("Borgo", "", 6)
    assert finding_text(within) == "Of 6 areas 0 are over 101, 4 under 99"
    across = read(idise, under="*")
    assert "only be compared inside the same" in across.refused
    assert across.scale is None
    assert {row.compared for row in across.rows} == {""}
    text = page(idise, "?under=*")
    assert "cannot stand side by side" in text
    assert "tr-choropleth" not in text
    assert "<table" not in text
    assert "under=PONTE" in text
    refused = Client().get(reverse("insight:indicator_file", args=["idise", "csv"]) + "?under=*")
    assert refused.status_code == 400
    assert "tr-choropleth" in page(idise, "?under=PONTE")


def test_an_index_is_coloured_on_both_sides_of_its_centre() -> None:
    index = indicator("index", centre=100, unit_it="", unit_en="", decimals=0)
    _borgo, parts = city("Borgo", 0)
    for area, value in zip(parts, [86, 95, 100, 103, 104, 114], strict=True):
        ContextValue.objects.create(indicator=index, area=area, year=2021, value=value)
    found = read(index)
    assert [row.paint for row in found.rows] == ["1", "2", "3", "3", "4", "5"]
    assert found.scale is not None
    assert found.scale.labels == ("up to 90", "91–96", "97–103", "104–109", "110 and more")
    assert [row.compared for row in found.rows][:2] == ["\N{MINUS SIGN}14", "\N{MINUS SIGN}5"]


def test_two_definitions_in_one_year_are_not_coloured_together(alone: ContextIndicator) -> None:
    ContextValue.objects.filter(area__code="BORGO-0", year=2022).update(version="2")
    found = read(alone)
    assert found.scale is None
    assert "version 2: 1 area" in found.caution


def test_numbers_that_are_printed_alike_have_the_same_class(alone: ContextIndicator) -> None:
    ContextValue.objects.filter(area__code="BORGO-0", year=2022).update(value=20.04)
    ContextValue.objects.filter(area__code="BORGO-1", year=2022).update(value=19.96)
    rows = {row.code: row for row in read(alone).rows}
    assert rows["BORGO-0"].text == rows["BORGO-1"].text == "20.0%"
    assert rows["BORGO-0"].paint == rows["BORGO-1"].paint


# --- years --------------------------------------------------------------------------------------------------------
def test_years_of_an_area_beside_the_one_above_and_its_siblings(alone: ContextIndicator) -> None:
    asked = Asked(area="BORGO-0")
    reading = read(alone, area="BORGO-0")
    series = series_of(NOBODY, reading, asked)
    assert series is not None
    assert series.title == "Borgo 0: from 8.0% in 2020 to 10.0% in 2022 (+2.0 points)"
    assert series.above is not None
    assert series.above.name == "Borgo"
    assert [line.name for line in series.others] == ["Borgo 1", "Borgo 2", "Borgo 3", "Borgo 4"]
    text = page(alone, "?area=BORGO-0")
    assert text.count("tr-small-chart") == 4  # the excluded one has no line
    assert text.count('aria-labelledby="colours-20') == 2  # a small map for each year


def test_where_no_area_stands_for_all_counts_are_summed_and_shares_have_a_middle(alone: ContextIndicator) -> None:
    ContextValue.objects.filter(area__code="BORGO").delete()
    series = series_of(NOBODY, read(alone), Asked())
    assert series is not None
    assert series.title == "middle value of 4 areas: from 23.0% in 2020 to 25.0% in 2022 (+2.0 points)"
    ContextIndicator.objects.update(adds_up=True, unit_en="households", decimals=0)
    counts = ContextIndicator.objects.get()
    memo.forget_all()
    series = series_of(NOBODY, read(counts), Asked())
    assert series is not None
    assert series.title == "sum of 4 areas: from 92 in 2020 to 100 in 2022 (+8.7 %)"


def test_a_line_breaks_where_the_definition_changes(alone: ContextIndicator) -> None:
    ContextValue.objects.filter(year=2022).update(version="2")
    series = series_of(NOBODY, read(alone, area="BORGO-0"), Asked(area="BORGO-0"))
    assert series is not None
    assert "version 1: 2020; version 2: 2022" in series.caution
    assert "by another definition" in series.title
    assert "points" not in series.title


def test_the_page_of_an_area_shows_its_years_and_leads_to_the_indicator(alone: ContextIndicator) -> None:
    area = Area.objects.get(code="BORGO-0")
    context = years_of(NOBODY, area)
    assert context is not None
    (told,) = context["years"].told
    assert (told.first, told.last, told.change, context["years"].above) == ("8.0%", "10.0%", "+2.0 points", "Borgo")
    assert years_of(NOBODY, Area.objects.get(code="BORGO-4")) is None  # one year, and excluded
    text = Client().get("/territorio/BORGO-0/").content.decode()
    assert "/numeri/indicatori/alone/?area=BORGO-0" in text


# --- files and command line ---------------------------------------------------------------------------------------
def test_files_state_a_status_and_never_a_nought_for_what_is_missing(alone: ContextIndicator) -> None:
    Area.objects.filter(code="BORGO-1").update(name="=1+1")
    finding.forget()
    memo.forget_all()
    address = reverse("insight:indicator_file", args=["alone", "csv"])
    lines = list(csv.DictReader(io.StringIO(Client().get(address).content.decode("utf-8-sig"))))
    assert {(line["area_code"], line["value"], line["status"]) for line in lines} == {
        ("BORGO-0", "10.0", "value"),
        ("BORGO-1", "20.0", "value"),
        ("BORGO-2", "30.0", "value"),
        ("BORGO-3", "40.0", "estimated"),
        ("BORGO-4", "", "excluded"),
        ("BORGO-5", "", "not_loaded"),
    }
    assert {line["area"] for line in lines if line["area_code"] == "BORGO-1"} == {"'=1+1"}
    every = list(csv.DictReader(io.StringIO(Client().get(address + "?years=all").content.decode("utf-8-sig"))))
    assert len(every) == 12
    schema = json.loads(Client().get(address.replace(".csv", ".schema.json")).content)
    assert [field["name"] for field in schema["fields"]] == list(lines[0])
    statuses = next(f["constraints"]["enum"] for f in schema["fields"] if f["name"] == "status")
    assert {line["status"] for line in lines} <= set(statuses)
    content = json.loads(Client().get(address.replace(".csv", ".json")).content)
    assert content["base"]["known"] == 4
    values = {value["area_code"]: value["value"] for value in content["values"]}
    assert [values[f"BORGO-{n}"] for n in range(6)] == [10.0, 20.0, 30.0, 40.0, None, None]


def test_a_workbook_holds_numbers_reasons_and_notes(alone: ContextIndicator) -> None:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(files.content(read(alone), "xlsx")))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0][:8] == ["Indicator", "Version", "Code", "Area", "Part of", "Kind of area", "Year", "Value"]
    assert len(rows[0]) == len(files.COLUMNS)
    assert {row[9] for row in rows[1:]} == {
        "value",
        "estimated",
        "area excluded by the source",
        "no figure was loaded",
    }
    assert [row[7] for row in rows[1:]] == [10, 20, 30, 40, "", ""]
    notes = {row[0]: row[1] for row in book.get_sheet_by_index(1).to_python()}
    assert notes["Base"].startswith("A value for 4 of 6 districts")


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("indicator", *arguments, "--lang", "en", stdout=out)
    return out.getvalue()


def test_the_command_line_gives_what_the_page_gives(alone: ContextIndicator) -> None:
    assert "alone" in run()
    found = json.loads(run("alone", "--level", "district", "--year", "2020", "--json"))
    assert [value["value"] for value in found["values"]] == [8.0, 18.0, 28.0, 38.0, None, None]
    assert "area excluded by the source" in run("alone")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "no indicator"),
        (["alone", "--level", "planet"], "municipality, district"),
        (["alone", "--year", "1999"], "2020, 2022"),
        (["alone", "--under", "NOWHERE"], "no area"),
        (["alone", "--classes", "magic"], "quantiles"),
        (["alone", "--classes", "own", "--breaks", "x"], "semicolon"),
        (["alone", "--breaks", "1;2"], "--classes own"),
    ],
)
def test_the_command_line_says_what_can_be_asked(alone: ContextIndicator, arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=re.escape(said)):
        run(*arguments)


# --- the list and the empty states --------------------------------------------------------------------------------
def test_the_list_says_years_coverage_and_source(alone: ContextIndicator) -> None:
    text = Client().get("/numeri/indicatori/", headers={"accept-language": "en"}).content.decode()
    assert "4 of 6 districts" in text
    assert "1 of 1 municipality" in text
    assert "Anagrafe (CC BY 4.0)" in text


def test_without_indicators_the_pages_say_where_they_come_from() -> None:
    text = Client().get("/numeri/indicatori/", headers={"accept-language": "en"}).content.decode()
    assert "There is no indicator of the territory yet" in text
    bare = indicator("bare")
    assert "No value of this indicator was loaded yet" in page(bare)
    assert Client().get(reverse("insight:indicator_file", args=["bare", "csv"])).status_code == 404


def test_an_area_without_boundary_stands_in_the_table(alone: ContextIndicator) -> None:
    whole = Area.objects.get(code="BORGO")
    bare = make_area("Borgo nuovo", "district", whole, code="BORGO-9")
    ContextValue.objects.create(indicator=alone, area=bare, year=2022, value=50)
    text = page(alone)
    assert "One area has no boundary and stands only in the table." in text
    assert AreaClosure.objects.filter(area=bare, ancestor=whole).exists()


def test_typed_breaks_are_read_as_people_write_them() -> None:
    assert breaks_of("90; 97,5; 110") == breaks_of("110 97.5, 90") == [90.0, 97.5, 110.0]
    assert breaks_of("\N{MINUS SIGN}1 0") == [-1.0, 0.0]
    for text in ("", "1;2;3;4;5", "90,97,103", "1e9", "nan"):
        with pytest.raises(ValueError, match="semicolon"):
            breaks_of(text)


def test_a_difference_has_its_sign() -> None:
    share = ContextIndicator(unit_en="%", decimals=1)
    money = ContextIndicator(unit_en="€", decimals=0)
    assert signed(3.21, share) == "+3.2 points"
    assert signed(-0.04, share) == "0.0 points"
    assert signed(-1200, money) == "\N{MINUS SIGN}€1,200"


@pytest.mark.parametrize(
    ("language", "typed", "read_as"),
    [
        ("it", "20.000;25.000", [20000, 25000]),
        ("it", "1.234.567,5 97,5", [97.5, 1234567.5]),
        ("it", "97.5; 110", [97.5, 110]),
        ("en", "20,000; 25,000", [20000, 25000]),
        ("en", "20.000", [20]),
        ("en", "90, 97.5, 110", [90, 97.5, 110]),
    ],
)
def test_breaks_are_read_as_the_interface_prints_numbers(language: str, typed: str, read_as: list[float]) -> None:
    with translation.override(language):
        assert breaks_of(typed) == read_as


def test_breaks_say_how_they_were_read_and_what_was_not_used(alone: ContextIndicator) -> None:
    assert "“20,000” the comma was read as the sign between thousands" in page(alone, "?classes=own&breaks=20,000")
    assert "Outside the values, which go from 10.0 to 40.0: 20,000.0" in page(alone, "?classes=own&breaks=20,000")
    assert "“abc” was not understood" in page(alone, "?classes=quantiles&breaks=abc")
    assert "“abc” was not understood" in page(alone, "?breaks=abc")
    italian = Client().get("/numeri/indicatori/alone/?breaks=abc", headers={"accept-language": "it"})
    assert "«abc» non si capisce" in italian.content.decode()
    assert "Your own breaks are not used" in page(alone, "?classes=quantiles&breaks=15;25")
    assert "chosen by whoever reads: 15.0; 25.0." in page(alone, "?breaks=15;25")


def test_a_count_says_its_sum_first() -> None:
    count = indicator("residents", adds_up=True, unit_it="", unit_en="", decimals=0)
    whole, parts = city("Borgo", 0)
    source = Source.objects.create(**SOURCE)
    for n, area in enumerate(parts):
        ContextValue.objects.create(indicator=count, area=area, year=2023, value=100 + n, source=source)
    assert finding_text(read(count)) == "residents: 615 in all, the sum of 6 areas"
    assert "Two registers" not in page(count)
    population = make_population(whole, 2023, 3, 3)
    population.source = Source.objects.create(key="istat", title="Per età", publisher="ISTAT")
    population.save()
    memo.forget_all()
    assert "606 residents (Per età, ISTAT; 2023)" in page(count)
    assert "615 (Anagrafe, Comune; 2023), 9 more (1.5 %)" in page(count)


def test_a_change_of_nothing_is_not_drawn_as_a_fall() -> None:
    low, high = span_of([5905.0, 5907.0])
    assert high - low == pytest.approx(590.6)
    assert (low + high) / 2 == pytest.approx(5906)
    assert span_of([10.0, 40.0]) == (10.0, 40.0)
    assert span_of([0.0, 0.0]) == (0.0, 0.0)


def test_a_share_of_few_households_is_told_with_care(alone: ContextIndicator) -> None:
    households = indicator("households", adds_up=True, unit_it="", unit_en="", decimals=0)
    for code, count in (("BORGO-0", 6), ("BORGO-1", 50)):
        ContextValue.objects.create(indicator=households, area=Area.objects.get(code=code), year=2022, value=count)
    assert "With fewer than 50 households one more or less moves the value: Borgo 0 (6)." in page(alone)
    assert "With fewer than 50" not in page(alone, "?year=2020")
