"""Files that have one column for each area: recognised, read, broken like any other, corrected on the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from trama.core.actor import SYSTEM
from trama.intake.actions import load_recipe
from trama.intake.context.mapping import decision_lines, recipe_of
from trama.intake.recipe import Decision, RecipeError, parse
from trama.intake.tests.test_context import NAMES, city, loaded, understood, value
from trama.intake.tests.test_indicator_pages import SOURCE, brought, filled, home
from trama.intake.tests.test_pages import client_of
from trama.territory.models import Area, ContextValue

__all__ = ["city", "home"]  # fixtures
pytestmark = pytest.mark.django_db


def wide(folder: Path, lines: list[str], name: str = "quartieri.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def row(*first: str, start: float, step: float = 10) -> str:
    numbers = [f"{start + step * n:g}".replace(".", ",") for n in range(len(NAMES))]
    return ";".join([*first, *numbers])


def test_a_column_for_each_area_and_a_row_for_each_indicator_and_year(city: Path) -> None:
    head = ";".join(["Indicatore", "Anno", *[name.title() for name in NAMES]])
    lines = [head]
    for year in ("2021", "2022"):
        lines += [row("Famiglie residenti", year, start=900), row("Quota di laureati (%)", year, start=10.5, step=1)]
    lines[-1] = lines[-1].replace("10,5", "..", 1)
    mapping = understood(wide(city, lines))
    assert (mapping.column("year"), mapping.column("indicator"), mapping.column("area")) == ("Anno", "Indicatore", "")
    assert len(mapping.columns("area_value")) == len(NAMES)
    assert (mapping.kind, mapping.by, mapping.decimal, mapping.unknown) == ("statistical_area", "name", ",", "refuse")
    first, second = mapping.indicators
    assert (first.name_it, first.unit_it, first.adds_up) == ("Famiglie residenti", "famiglie", True)
    assert (second.unit_it, second.adds_up, second.decimals) == ("%", False, 1)
    report = loaded(mapping, city)
    assert (report.rows, report.new, report.refused) == (4, 40, 0)
    assert value(first.code, "Corte", 2021) == (930, "value")
    assert value(second.code, "La Birra") == (11.5, "value")
    assert value(second.code, "Via Mondo") == (None, "not_yet")
    assert loaded(mapping, city).new == 0, "the same again changes nothing"


def test_only_years_and_headers_that_are_no_areas(city: Path) -> None:
    names = [name.title() for name in NAMES[:8]]
    lines = [";".join(["Anno", *names, "Totale"]), "2022;" + ";".join(["5"] * 8) + ";40", "2023;" + "7;" * 8 + "56"]
    mapping = understood(wide(city, lines, "minori.csv"))
    assert mapping.roles["Totale"] == "area_value", "it may be an area written otherwise: the dry run asks"
    (one,) = mapping.indicators
    assert one.from_file
    one.code, one.name_it, one.name_en = "minors", "Minori", "Minors"
    (step,) = load_recipe(SYSTEM, parse(recipe_of(mapping), "r.toml"), city).steps
    (wrong,) = [verdict for verdict in step.verdicts if verdict.outcome == "refused"]
    assert (wrong.row, wrong.column, wrong.label) == (1, "Totale", "Totale"), "once, not in each row"
    mapping.unknown = "skip"
    assert loaded(mapping, city).new == 16
    mapping.roles["Totale"] = "note"
    mapping.names = {}
    assert loaded(mapping, city).same == 16
    # A code that is no name: a municipality's headers are years elsewhere, and years are no areas.
    plain = understood(wide(city, ["Area;2021;2022;2023", *[f"{name};1;2;3" for name in NAMES]], "anni.csv"))
    assert (plain.column("area"), plain.columns("area_value")) == ("Area", [])


def test_a_break_of_scale_is_found_and_decided_there_too(city: Path) -> None:
    head = ";".join(["Anno", *[name.title() for name in NAMES]])
    lines = [head, row("2021", start=20_000, step=100), row("2022", start=20.5, step=0.1)]
    mapping = understood(wide(city, lines, "redditi.csv"))
    (one,) = mapping.indicators
    one.code, one.name_it, one.name_en = "income", "Reddito", "Income"
    one.adds_up = False
    (step,) = load_recipe(SYSTEM, parse(recipe_of(mapping), "r.toml"), city).steps
    (found,) = step.breaks
    assert (found.year, round(found.factor), len(found.rows)) == (2022, 1000, len(NAMES))
    assert {line.column for line in found.rows} == {name.title() for name in NAMES}
    assert not ContextValue.objects.exists()
    recipe = recipe_of(mapping) + "\n" + "\n".join(decision_lines(Decision("income", 2022, "multiply", 1000.0)))
    load_recipe(SYSTEM, parse(recipe, "r.toml"), city, dry=False)
    assert value("income", "Via Mondo") == (20_500, "value")
    both = recipe.replace("area = { headers", 'area = { column = "Anno", headers')
    with pytest.raises(RecipeError, match="headers"):
        load_recipe(SYSTEM, parse(both, "r.toml"), city)


def test_from_the_page_to_the_numbers(home: Area) -> None:
    client = client_of("plan_office", home)
    areas = ["Via Mondo", "La Birra", "San Vitale", "Corte"]
    address = brought(client, "Indicatore;" + ";".join(areas) + "\nFamiglie;100;200;300;400\nMinori;5;6;7;8\n", "q.csv")
    sent = filled(client.get(address).content.decode())
    assert [sent[f"role_{n}"] for n in range(5)] == ["indicator", *["area_value"] * 4]
    assert "fixed_year" in client.post(address, sent).content.decode(), "no column states the year: it is asked for"
    both = client.post(address, sent | {"fixed_year": "2022", "role_1": "value"}).content.decode()
    assert "Se le intestazioni dicono le aree" in both
    assert client.post(address, sent | {"fixed_year": "2022"}).headers["Location"] == f"{address}nomi/"
    names = filled(client.get(f"{address}nomi/").content.decode())
    assert client.post(f"{address}nomi/", names | SOURCE).headers["Location"] == f"{address}prova/"
    assert "8 valori" in client.get(f"{address}prova/").content.decode()
    done = client.post(f"{address}carica/", follow=True).content.decode()
    assert "8 valori e 2 definizioni" in done
    got = ContextValue.objects.filter(indicator__name_it="Minori", year=2022).values_list("area__name", "value")
    assert dict(got) == {"Via Mondo": 5, "La Birra": 6, "San Vitale": 7, "Corte": 8}
