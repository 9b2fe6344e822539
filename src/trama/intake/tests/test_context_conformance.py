"""Official files read as their publishers give them: columns guessed, breaks found exactly, numbers as published."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from django.db.models import Sum

from trama.core.actor import SYSTEM
from trama.intake import files, recipe
from trama.intake.actions import NotLoaded, load_recipe
from trama.intake.context.deciding import decision_for, proposed
from trama.intake.context.mapping import Mapping, recipe_of
from trama.intake.context.proposing import propose, propose_indicators
from trama.intake.recipe import TableSpec, parse
from trama.intake.verdicts import Report
from trama.territory.models import Area, ContextIndicator, ContextValue

pytestmark = [pytest.mark.conformance, pytest.mark.django_db]
PLACES = """
format = 1
key = "posti"
title = "Posti"
[[steps]]
kind = "municipality"
name = "comuni"
municipalities = ["037006", "037032", "001272", "040012", "035001", "035033", "035046"]
"""
FRAGILITY = "bologna-indici-fragilita/indici-di-fragilita-dal-2021.csv"


@pytest.fixture(scope="module")
def bologna(root: Path, shared: Path, taken_back: None) -> Path:
    """The areas of Bologna and some municipalities; gives the folder of the data."""
    data = shared / "data"
    load_recipe(SYSTEM, parse(PLACES, "posti.toml"), data, dry=False)
    whole = recipe.read(root / "recipes" / "bologna.toml")
    for step in ("comune", "aree"):
        load_recipe(SYSTEM, whole, data, dry=False, only=step)
    return data


def understood(path: Path, take: Iterable[str] = ()) -> Mapping:
    """What the columns are taken for, without anybody correcting; of the indicators those wanted, by their column."""
    table = files.read(path, TableSpec())
    mapping = propose(table, Mapping(path.name))
    mapping.source = {"key": path.stem[:60], "title": path.stem, "licence": "CC BY 4.0"}
    mapping.indicators = propose_indicators(table, mapping)
    wanted = list(take)
    if wanted:
        for one in mapping.indicators:
            one.take = (one.value or next(iter(one.columns.values()))) in wanted
    return mapping


def tried(mapping: Mapping, folder: Path, *, dry: bool = True) -> Report:
    return load_recipe(SYSTEM, parse(recipe_of(mapping), "r.toml"), folder, dry=dry)


def told(report: Report) -> dict[str, tuple[str, int, float, int, int]]:
    return {
        one.column: (one.kind, one.year, round(one.factor, 1), len(one.rows), len(one.others)) for one in report.breaks
    }


def test_the_breaks_of_the_fragility_file(bologna: Path) -> None:
    mapping = understood(bologna / FRAGILITY)
    assert (mapping.kind, mapping.column("area"), mapping.column("year")) == (
        "statistical_area",
        "Cod Area Statistica",
        "Anno",
    )
    assert mapping.column("excluded") == "Flag Area Esclusa"
    for one in mapping.indicators:
        one.take = one.value != "Gruppo"  # a number of a cluster is none to be measured
    report = tried(mapping, bologna)
    # Exactly these: incomes in thousands; residents divided by a thousand and cut in 64 areas of those not excluded; an
    # index that became a percentage; and a share whose definition changed. Nothing else in 22 columns.
    assert told(report) == {
        "Popolazione residente": ("scale", 2022, 1000.0, 64, 14),
        "% minori in famiglie monogenitoriali sul totale minori": ("level", 2022, 4.5, 78, 0),
        "Reddito pro capite mediano delle famiglie": ("scale", 2022, 1000.0, 78, 0),
        "BIL": ("scale", 2022, 10.0, 78, 0),
    }
    residents = next(one for one in report.breaks if one.column == "Popolazione residente")
    assert {"Aeroporto", "Scandellara", "San Luca", "Savena Abbandonato", "Roveri"} <= set(residents.other_names)
    via_mondo = next(row for row in residents.rows if row.name == "Via Mondo")
    assert (via_mondo.value, via_mondo.beside, via_mondo.beside_year) == (7, 7944, 2021)
    # 7,944 became 7: digits were lost, so that to multiply is not what is proposed.
    assert {one.column: proposed(one) for one in report.breaks} == {
        "Popolazione residente": "leave_out",
        "% minori in famiglie monogenitoriali sul totale minori": "",
        "Reddito pro capite mediano delle famiglie": "multiply",
        "BIL": "multiply",
    }
    with pytest.raises(NotLoaded, match="4"):
        tried(mapping, bologna, dry=False)
    assert not ContextValue.objects.filter(source__key="indici-di-fragilita-dal-2021").exists()


def test_decided_once_and_asked_no_more(bologna: Path) -> None:
    mapping = understood(bologna / FRAGILITY, ["Reddito pro capite mediano delle famiglie", "Popolazione residente"])
    doing = {"Popolazione residente": "leave_out", "Reddito pro capite mediano delle famiglie": "multiply"}
    mapping.decisions = [decision_for(one, doing[one.column]) for one in tried(mapping, bologna).breaks]
    assert tried(mapping, bologna, dry=False).breaks == []
    incomes = ContextValue.objects.filter(indicator__name_it="Reddito pro capite mediano delle famiglie")
    via_mondo = Area.objects.get(name="Via Mondo", kind="statistical_area")
    assert incomes.get(area=via_mondo, year=2021).value == 18_868
    assert incomes.get(area=via_mondo, year=2022).value == pytest.approx(19_495)
    assert incomes.filter(year=2022, state="excluded").count() == 12
    residents = ContextValue.objects.filter(indicator__name_it="Popolazione residente", year=2022)
    assert residents.filter(value__isnull=False).count() == 14
    again = tried(mapping, bologna, dry=False)
    assert (again.breaks, again.changes) == ([], 0)


def test_a_later_file_is_measured_by_what_is_stated(bologna: Path, tmp_path: Path) -> None:
    """The next edition as the city publishes it: thousands, but two areas in euro, and zeros for excluded areas."""
    column = "Reddito pro capite mediano delle famiglie"
    mapping = understood(bologna / FRAGILITY, [column])
    mapping.decisions = [decision_for(one, "multiply") for one in tried(mapping, bologna).breaks]
    tried(mapping, bologna, dry=False)
    stated = {
        row.area.local_code: row.value
        for row in ContextValue.objects.filter(indicator__name_it=column, year=2022).select_related("area")
    }
    lines = [f"Anno;Cod Area Statistica;{column}"]
    in_euro = sorted(code for code, value in stated.items() if value is not None)[3:5]
    for code, value in sorted(stated.items()):
        written = "0" if value is None else f"{value * 1.02:.1f}" if code in in_euro else f"{value * 1.02 / 1000:.3f}"
        lines.append(f"2023;{code};{written}")
    path = tmp_path / "indici-2023.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    later = understood(path)
    later.source = mapping.source
    report = tried(later, tmp_path)
    found = {(one.kind, one.factor): (len(one.rows), len(one.others)) for one in report.breaks}
    assert found == {("scale", 1000.0): (76, 2), ("zero", 0.0): (12, 2)}


def test_incomes_by_area_have_no_break(bologna: Path) -> None:
    for name, rows, strangers in (
        ("redditi-per-area-statistica.csv", 1196, {"SENZA FISSA DIMORA", "NON RESIDENTI NELL'ANNO DI IMPOSTA"}),
        ("reddito-mediano-per-area-statistica.csv", 544, {"SENZA FISSA DIMORA", "CASERME ROSSE-MANIFA"}),
    ):
        report = tried(understood(bologna / "bologna-redditi" / name), bologna)
        (step,) = report.steps
        assert (step.rows, report.breaks) == (rows, [])
        assert {text.upper() for text in step.unknown} <= strangers
    median = understood(bologna / "bologna-redditi" / "reddito-mediano-per-area-statistica.csv")
    assert "Reddito imponibile mediano dei contribuenti residenti" in median.columns("value")


def test_households_by_size(bologna: Path) -> None:
    name = "famiglie-residenti-per-quartiere-zona-area-statistica-e-ampiezza-della-famiglia-.csv"
    mapping = understood(bologna / "bologna-popolazione-famiglie" / name)
    assert (mapping.column("part"), mapping.by) == ("Dimensione Familiare", "local_code")
    report = tried(mapping, bologna, dry=False)
    (step,) = report.steps
    assert (step.rows, report.breaks) == (2178, [])
    rows = ContextValue.objects.filter(year=2023, source__key=mapping.source["key"])
    sums = {
        code: rows.filter(indicator__code=code).aggregate(all=Sum("value"))["all"]
        for code in ("numero_famiglie", "numero_famiglie_1", "numero_famiglie_2", "numero_famiglie_3_e_oltre")
    }
    assert sums["numero_famiglie"] == sum(sums.values()) / 2
    assert sums["numero_famiglie_1"] == 113_319  # of 113,904: 585 households are of no area, and are refused
    via_mondo = rows.get(indicator__code="numero_famiglie", area__name="Via Mondo")
    assert via_mondo.value == 4728


def test_residents_with_years_in_columns_and_two_marks(bologna: Path) -> None:
    name = "popolazione-per-quartiere-zona-sesso-eta-cittadinanza-provincia-di-nascita-serie.csv"
    mapping = understood(bologna / "bologna-popolazione-famiglie" / name)
    assert (mapping.kind, len(mapping.years)) == ("zone", 38)
    for position, one in enumerate(mapping.indicators):
        one.take = position == 0
    report = tried(mapping, bologna, dry=False)
    assert set(report.steps[0].unknown) == {"Senza fissa dimora"}
    total = ContextValue.objects.filter(source__key=mapping.source["key"], year=2023).aggregate(all=Sum("value"))["all"]
    assert 388_000 < total < 392_017


@pytest.mark.parametrize("name", ["ivsm_2018_comuni_richiedenti.csv", "decreto-fl-30-12-2021-all-1.csv"])
def test_vulnerability_of_municipalities(bologna: Path, name: str) -> None:
    mapping = understood(bologna / "ivsm-2018-comuni" / name)
    assert (mapping.kind, mapping.by, mapping.unknown) == ("municipality", "code", "skip")
    for one in mapping.indicators:
        one.take = one.columns == {"2018": one.columns.get("2018", "")} and one.code == "ivsm"
        one.code = f"ivsm_{len(name)}" if one.take else one.code
    report = tried(mapping, bologna, dry=False)
    assert (report.breaks, report.refused) == ([], 0)
    values = ContextValue.objects.filter(indicator__code=f"ivsm_{len(name)}", year=2018)
    got = {row.area.name: row.value for row in values.select_related("area")}
    assert got["Bologna"] == pytest.approx(98.48879937, abs=1e-4)
    assert got["Imola"] == pytest.approx(98.61674675, abs=1e-4)
    assert got["Forlì"] == pytest.approx(99.33336154, abs=1e-4)
    assert "Albinea" not in got  # it did not apply: nothing is invented for it
    assert ContextIndicator.objects.get(code=f"ivsm_{len(name)}").centre == 100


def test_incomes_of_municipalities_whose_rows_end_with_a_separator_too_many(bologna: Path) -> None:
    wanted = ["Reddito imponibile - Frequenza", "Reddito imponibile - Ammontare in euro"]
    name = "Redditi_e_principali_variabili_IRPEF_su_base_comunale_CSV_2021.csv"
    mapping = understood(bologna / "mef-irpef-comuni-2021" / name, wanted)
    assert (mapping.kind, mapping.column("area"), mapping.column("year")) == (
        "municipality",
        "Codice Istat Comune",
        "Anno di imposta",
    )
    report = tried(mapping, bologna, dry=False)
    (step,) = report.steps
    assert (step.rows, report.refused, report.breaks) == (7905, 0, [])
    means = {}
    for code in ("037006", "001272", "037032", "035001", "040012"):
        values = ContextValue.objects.filter(area__code=code, year=2021, source__key=mapping.source["key"])
        people = values.get(indicator__unit_it="persone").value
        euro = values.get(indicator__unit_it="€").value
        assert people is not None
        assert euro is not None
        means[code] = round(euro / people)
    assert means == {"037006": 27_853, "001272": 25_760, "037032": 24_053, "035001": 29_421, "040012": 22_818}


def test_institutions_by_province(bologna: Path) -> None:
    mapping = understood(bologna / "istat-nonprofit-2023" / "istat_nonprofit_2023_province.csv")
    assert (mapping.kind, mapping.column("area")) == ("province", "codice_provincia")
    report = tried(mapping, bologna, dry=False)
    assert (report.refused, report.breaks) == (0, [])
    row = ContextValue.objects.get(indicator__name_it="Istituzioni", area__name="Bologna", area__kind="province")
    assert (row.value, row.year) == (6572, 2023)
    torino = ContextValue.objects.get(indicator__name_it="Dipendenti", area__name="Torino", area__kind="province")
    assert torino.value == 40_121
