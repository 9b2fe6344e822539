"""Loads of indicators beside what stands already: what is replaced is told, what was loaded can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from trama.core.actor import SYSTEM
from trama.core.facts import HOME_AREA, set_fact
from trama.core.models import AuditEntry, Source
from trama.insight.actions.indices import publish_index, save_index
from trama.insight.indices.shapes import Definition, Part
from trama.intake import printing
from trama.intake.actions import NotLoaded, load_recipe, undo_load
from trama.intake.context.forms import DecisionForm
from trama.intake.models import Load, LoadTrace
from trama.intake.recipe import RecipeError, parse
from trama.intake.tests.factories import AREAS_STEP, HEAD, TOWN, town, write_areas
from trama.intake.tests.test_indicator_pages import filled
from trama.intake.tests.test_pages import client_of
from trama.intake.verdicts import BrokenRow, Report, ScaleBreak
from trama.territory.models import Area, ContextIndicator, ContextValue

pytestmark = pytest.mark.django_db
AREAS = ["VIA MONDO", "LA BIRRA", "SAN VITALE", "CORTE"]


@pytest.fixture
def home(tmp_path: Path) -> Area:
    area = town()
    set_fact(HOME_AREA, TOWN)
    write_areas(tmp_path, AREAS)
    load_recipe(SYSTEM, parse(HEAD + AREAS_STEP, "a.toml"), tmp_path, dry=False)
    return area


def recipe(source: str, code: str = "homes", extra: str = "") -> str:
    return f"""
format = 1
key = "{source}"
title = "{source}"
[[sources]]
key = "{source}"
title = "Fonte {source}"
[[steps]]
kind = "values"
name = "numbers"
file = "numbers.csv"
source = "{source}"
area = {{ column = "area", kind = "statistical_area" }}
fixed_year = 2021
[[steps.indicators]]
code = "{code}"
name_it = "Case"
name_en = "Homes"
value = "homes"
decimals = 3
{extra}
"""


def bring(folder: Path, source: str, numbers: list[float], *, code: str = "homes", **how: bool) -> Report:
    lines = ["area;homes", *(f"{name};{value}" for name, value in zip(AREAS, numbers, strict=False))]
    (folder / "numbers.csv").write_text("\n".join(lines), encoding="utf-8")
    return load_recipe(SYSTEM, parse(recipe(source, code), "r.toml"), folder, **{"dry": False, **how})


def standing() -> dict[str, tuple[float | None, str]]:
    rows = ContextValue.objects.filter(indicator__code="homes").select_related("area", "source")
    return {row.area.name: (row.value, row.source.key if row.source else "") for row in rows}


def test_what_is_replaced_is_told_with_both_sources(home: Area, tmp_path: Path) -> None:
    bring(tmp_path, "one", [11, 12, 13])
    same = bring(tmp_path, "one", [11, 12.5, 13])
    assert (same.overwritten, same.other_sources) == (1, {})
    report = bring(tmp_path, "two", [11, 13, 13, 14], dry=True)
    assert (report.overwritten, dict(report.other_sources)) == (1, {"Fonte one": 3})
    (told,) = report.replaced  # not those that only come from another source: 11 → 11
    assert told.area == "La Birra"
    assert (told.old, told.new, told.old_source, told.new_source) == ("12,5", "13", "Fonte one", "Fonte two")
    assert "Fonte one" in printing.table(report)
    with pytest.raises(NotLoaded, match="Fonte one"):
        bring(tmp_path, "two", [11, 13, 13, 14], replace=False)
    assert standing()["La Birra"] == (12.5, "one")


def test_a_load_is_taken_back_with_what_stood_there_before(home: Area, tmp_path: Path) -> None:
    bring(tmp_path, "one", [11, 12, 13])
    before = standing()
    bring(tmp_path, "two", [11, 20, 13, 14])
    first, second = Load.objects.order_by("pk")[1:]
    with pytest.raises(ValidationError, match=rf"\. {second.pk}\)"):
        undo_load(SYSTEM, first)
    client = client_of("plan_office", home)
    assert "Annulla questo caricamento" in client.get(f"/caricamenti/{second.pk}/").content.decode()
    client.post(f"/caricamenti/{second.pk}/annulla/")
    assert standing() != before, "not without a word"
    client.post(f"/caricamenti/{second.pk}/annulla/", {"sure": "1"})
    assert standing() == before
    assert AuditEntry.objects.filter(verb="undone", object_id=str(second.pk)).count() == 1
    assert "Annulla questo caricamento" not in client.get(f"/caricamenti/{second.pk}/").content.decode()
    with pytest.raises(ValidationError):
        undo_load(SYSTEM, second)
    # What the load made, and nothing else states, goes with it.
    undo_load(SYSTEM, first)
    assert not ContextIndicator.objects.exists()
    assert not LoadTrace.objects.filter(load__in=[first, second]).exists()


def test_what_changed_afterwards_stays(home: Area, tmp_path: Path) -> None:
    bring(tmp_path, "one", [11, 12, 13])
    ContextValue.objects.filter(area__name="Corte").update(value=99)
    ContextValue.objects.filter(area__name="La Birra").update(value=99)
    with pytest.raises(ValidationError):
        undo_load(SYSTEM, Load.objects.order_by("-pk")[0])
    assert ContextValue.objects.count() == 3


def test_a_definition_is_put_back(home: Area, tmp_path: Path) -> None:
    bring(tmp_path, "one", [11, 12, 13])
    text = recipe("two").replace("decimals = 3", 'version = "2"\nunit_it = "n."')
    load_recipe(SYSTEM, parse(text, "r.toml"), tmp_path, dry=False)
    item = ContextIndicator.objects.get()
    assert (item.version, item.unit_it, item.definitions.count()) == ("2", "n.", 1)
    undo_load(SYSTEM, Load.objects.order_by("-pk")[0])
    item.refresh_from_db()
    assert (item.version, item.unit_it, item.decimals, item.definitions.count()) == ("1", "", 3, 0)


def test_what_an_index_computes_is_never_brought(home: Area, tmp_path: Path) -> None:
    bring(tmp_path, "one", [11, 12, 13, 14])
    definition = Definition(
        code="care",
        name_it="Cura",
        kind="statistical_area",
        under=TOWN,
        years=(2021,),
        parts=(Part("Case", indicator="homes"),),
    )
    row = save_index(SYSTEM, definition)
    frozen = publish_index(SYSTEM, row)
    mine = dict(ContextValue.objects.filter(indicator__code="index_care").values_list("area__name", "value"))
    assert len(mine) == 4
    for dry in (True, False):
        with pytest.raises(RecipeError, match="Cura"):
            bring(tmp_path, "two", [1, 2, 3, 4], code="index_care", dry=dry)
    assert dict(ContextValue.objects.filter(indicator__code="index_care").values_list("area__name", "value")) == mine
    with pytest.raises(RecipeError):
        load_recipe(SYSTEM, parse(recipe("three", "index_new", 'theme = "index"'), "r.toml"), tmp_path, dry=False)
    # Nor is what it was made of taken from under it.
    assert frozen.definition.state == "published"
    with pytest.raises(ValidationError, match="Cura"):
        undo_load(SYSTEM, Load.objects.order_by("-pk")[0])
    assert Source.objects.filter(key="one").exists()


def test_a_near_name_is_accepted_on_the_page_and_kept_in_the_recipe(home: Area) -> None:
    ContextIndicator.objects.create(code="index_case", theme="index", name_it="Un indice", name_en="An index")
    Source.objects.create(key="mio", title="Di altri", publisher="Altri")
    client = client_of("plan_office", home)
    lines = ["Area;Anno;Reddito", *(f"{name};2021;{value}" for name, value in zip(AREAS, (11, 12, 13), strict=False))]
    sent = SimpleUploadedFile("mio.csv", "\n".join([*lines, "CORTTE;2021;14"]).encode())
    answer = client.post("/caricamenti/indicatori/", {"sent": sent, "header_row": "1", "sheet": ""})
    address = str(answer.headers["Location"])
    client.post(address, filled(client.get(address).content.decode()))
    html = client.get(f"{address}nomi/").content.decode()
    assert "Un indice" not in html, "what an index computes is not offered"
    said = {"source-title": "Redditi", "source-publisher": "Comune", "source-licence": "-none-"}
    assert client.post(f"{address}nomi/", filled(html) | said | {"i0-known": "index_case"}).status_code == 200
    assert client.post(f"{address}nomi/", filled(html) | said).status_code == 302
    html = client.get(f"{address}prova/").content.decode()
    assert "La licenza di questi numeri non è dichiarata" in html
    corte = Area.objects.get(name="Corte")
    client.post(f"{address}prova/", {"names": "1", "area-name_0": corte.code})
    recipe_text = client.get(f"{address}ricetta.toml").content.decode()
    assert f'CORTTE = "{corte.code}"' in recipe_text
    assert 'key = "mio-2"' in recipe_text, "the source of others keeps its key"
    client.post(f"{address}carica/")
    assert ContextValue.objects.get(area=corte).value == 14


def test_of_one_value_that_jumps_nothing_is_proposed() -> None:
    rows = [BrokenRow(5, "CORTE", 2500.0, 25.0, 2021, "Corte", True)]
    form = DecisionForm(None, ScaleBreak("homes", "Case", 2022, "scale", 0.01, "Case", 4, rows), "b0")
    assert form.initial["do"] == ""
    assert [name for name, _label in form.fields["do"].choices][:3] == ["leave_out", "leave_out_beside", "keep"]
    bound = DecisionForm({"b0-do": "leave_out_beside"}, form.found, "b0")
    assert bound.is_valid()
    assert (bound.decision().year, bound.decision().do, bound.decision().areas) == (2021, "leave_out", ["CORTE"])
