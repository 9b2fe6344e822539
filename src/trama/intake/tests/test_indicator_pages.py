"""A file of numbers in the browser: its columns, its names, its breaks, the load, and the recipe that does it again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from trama.core.actor import SYSTEM
from trama.core.facts import HOME_AREA, set_fact
from trama.intake.actions import load_recipe
from trama.intake.models import Load
from trama.intake.recipe import parse
from trama.intake.tests.factories import AREAS_STEP, HEAD, TOWN, town, write_areas
from trama.intake.tests.test_pages import client_of
from trama.territory.models import Area, ContextIndicator, ContextValue

pytestmark = pytest.mark.django_db
AREAS = ["VIA MONDO", "LA BIRRA", "SAN VITALE", "CORTE", "PONTE", "MULINO", "COLLE", "FORLI'", "RIVA", "FOSSO"]
INCOME = "Reddito pro capite"


@pytest.fixture
def home(tmp_path: Path) -> Area:
    area = town()
    set_fact(HOME_AREA, TOWN)
    write_areas(tmp_path, AREAS)
    load_recipe(SYSTEM, parse(HEAD + AREAS_STEP, "a.toml"), tmp_path, dry=False)
    Area.objects.filter(name__startswith="Forli").update(name="Forlì")
    return area


def rows() -> str:
    """Euro in 2021, thousands in 2022 but for CORTE and PONTE; FOSSO is excluded; the header breaks over two lines."""
    lines = [f'Anno;Codice Area;Area statistica;Flag Area Esclusa;"{INCOME} \nmediano";Indice di fragilità']
    for number, name in enumerate(AREAS, start=1):
        excluded = int(name == "FOSSO")
        first = "" if excluded else 20_000 + 100 * number
        later = "" if excluded else first + 150 if name in {"CORTE", "PONTE"} else f"{(first + 150) / 1000:.3f}"
        index = 0 if excluded else 95 + number
        lines.append(f"2021;{number};{name};{excluded};{first};{index}")
        lines.append(f"2022;{number:02};{name};{excluded};{str(later).replace('.', ',')};{index}")
    return "\ufeff\ufeff" + "\r\n".join(lines) + "\r\n"


def brought(client: Client, text: str | None = None, name: str = "redditi.csv") -> str:
    sent = SimpleUploadedFile(name, (text or rows()).encode())
    answer = client.post("/caricamenti/indicatori/", {"sent": sent, "header_row": "1", "sheet": ""})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.headers["Location"])


def filled(html: str) -> dict[str, Any]:
    """What a browser would send of the form of a page, untouched."""
    data: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name, kind = re.search(r'name="([^"]+)"', tag), re.search(r'type="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name is None or name[1] == "csrfmiddlewaretoken":
            continue
        if kind and kind[1] in {"checkbox", "radio"} and " checked" not in tag:
            continue
        data[name[1]] = value[1] if value else "on" if kind and kind[1] == "checkbox" else ""
    for name_, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        data[name_] = chosen[1] if chosen else ""
    return data


SOURCE = {"source-title": "Redditi", "source-publisher": "Comune", "source-licence": "CC BY 4.0"}


def test_from_the_file_to_the_numbers(home: Area, tmp_path: Path) -> None:
    client = client_of("plan_office", home)
    address = brought(client)
    columns = client.get(address).content.decode()
    sent = filled(columns)
    assert [sent[f"role_{n}"] for n in range(6)] == ["year", "area", "area_name", "excluded", "value", "value"]
    assert (sent["kind"], sent["by"], sent["decimal"]) == ("statistical_area", "local_code", ",")
    assert client.post(address, sent).headers["Location"] == f"{address}nomi/"
    names = filled(client.get(f"{address}nomi/").content.decode())
    assert (names["i0-unit_it"], names["i1-centre"], names["i1-compare_within"]) == ("€", "100.0", "municipality")
    assert client.post(f"{address}nomi/", names | SOURCE).headers["Location"] == f"{address}prova/"
    checked = client.get(f"{address}prova/").content.decode()
    assert "Via Mondo" in checked
    assert "20,25" in checked
    assert "Carica davvero" not in checked
    # Not before somebody decides: neither by the button, nor by its address.
    client.post(f"{address}carica/")
    assert not ContextValue.objects.exists()
    decided = filled(checked)
    assert (decided["b0-do"], float(decided["b0-factor"])) == ("multiply", 1000.0)
    client.post(f"{address}prova/", decided)
    checked = client.get(f"{address}prova/").content.decode()
    assert "Carica davvero" in checked
    recipe = client.get(f"{address}ricetta.toml").content.decode()
    assert "all_but" in recipe
    client.post(f"{address}carica/")
    income = ContextValue.objects.filter(indicator__name_it__startswith=INCOME)
    got = {row.area.name: row.value for row in income.filter(year=2022).select_related("area")}
    assert (got["Via Mondo"], got["Corte"], got["Fosso"]) == (pytest.approx(20_250), 20_550, None)
    stated = income.get(area__name="Via Mondo", year=2022)
    assert (stated.licence, stated.version, stated.unit) == ("CC BY 4.0", "1", "€")
    assert "1000" in stated.note
    zero = ContextValue.objects.get(area__name="Fosso", year=2021, indicator__centre=100)
    assert (zero.state, zero.value) == ("excluded", None)
    assert Load.objects.count() == 2  # the areas, and this one
    # The recipe does the same from the command line, and asks nothing.
    (tmp_path / "redditi.csv").write_text(rows(), encoding="utf-8")
    again = load_recipe(SYSTEM, parse(recipe, "r.toml"), tmp_path, dry=False)
    assert (again.breaks, again.changes, again.refused) == ([], 0, 0)


def test_what_nobody_else_put_aside_is_nobody_elses(home: Area) -> None:
    address = brought(client_of("plan_office", home))
    other = client_of("dpo_admin", None)
    for path in ("", "nomi/", "prova/", "ricetta.toml"):
        assert other.get(address + path).status_code == 404
    assert other.post(f"{address}carica/").status_code == 404


def test_what_is_wrong_is_said_beside_the_field(home: Area) -> None:
    client = client_of("plan_office", home)
    sent = {"sent": SimpleUploadedFile("foto.png", b"\x89PNG\r\n\x1a\n"), "header_row": "1"}
    assert "foto.png" in client.post("/caricamenti/indicatori/", sent).content.decode()
    address = brought(client)
    html = filled(client.get(address).content.decode())
    html |= {"role_0": "note", "role_4": "note", "role_5": "value"}
    answer = client.post(address, html).content.decode()
    assert 'id="id_fixed_year-error"' in answer
    html |= {"role_1": "note", "role_2": "note", "fixed_year": "2021"}
    assert "tr-errors" in client.post(address, html).content.decode()
    html |= {"role_1": "area", "role_2": "area"}
    assert 'id="id_role_2-error"' in client.post(address, html).content.decode()
    named = filled(client.get(f"{address}nomi/").content.decode()) | SOURCE
    for name in [name for name in named if name.endswith("-take")]:
        del named[name]
    assert client.post(f"{address}nomi/", named).status_code == 200


def test_an_indicator_that_is_here_keeps_its_definition(home: Area) -> None:
    ContextIndicator.objects.create(code="income", name_it="Reddito", name_en="Income", unit_it="€", unit_en="€")
    client = client_of("plan_office", home)
    address = brought(client)
    client.post(address, filled(client.get(address).content.decode()))
    names = filled(client.get(f"{address}nomi/").content.decode()) | SOURCE | {"i0-known": "income", "i0-name_it": "X"}
    del names["i1-take"]
    client.post(f"{address}nomi/", names)
    client.post(f"{address}prova/", filled(client.get(f"{address}prova/").content.decode()) | {"b0-do": "leave_out"})
    client.post(f"{address}carica/")
    item = ContextIndicator.objects.get()
    assert (item.version, item.definitions.count()) == ("1", 0)
    assert (item.name_it, item.values.filter(year=2021).count(), item.values.filter(year=2022).count()) == (
        "Reddito",
        10,
        3,
    )


def test_a_new_version_of_a_definition_that_is_here(home: Area) -> None:
    old = ContextIndicator.objects.create(
        code="income", name_it="Reddito", name_en="Income", unit_it="k€", unit_en="k€"
    )
    area = Area.objects.get(name="Corte")
    ContextValue.objects.create(indicator=old, area=area, year=2015, value=20.5)
    client = client_of("plan_office", home)
    address = brought(client)
    sent = filled(client.get(address).content.decode()) | {"sum_up": "on"}
    client.post(address, sent)
    assert "sum_up_to" in client.get(f"{address}ricetta.toml").content.decode()
    names = filled(client.get(f"{address}nomi/").content.decode()) | SOURCE | {"i0-known": "income"}
    del names["i1-take"]
    client.post(f"{address}nomi/", names | {"i0-version": "2022"})
    decided = filled(client.get(f"{address}prova/").content.decode())
    assert "b1-do" not in decided  # the old numbers in other units are no measure for the new ones
    client.post(f"{address}prova/", decided)
    client.post(f"{address}carica/")
    item = ContextIndicator.objects.get()
    assert (item.version, item.unit_it, item.definitions.get().version) == ("2022", "€", "1")
    assert {(row.year, row.unit) for row in item.values.filter(area=area)} == {(2015, "k€"), (2021, "€"), (2022, "€")}
