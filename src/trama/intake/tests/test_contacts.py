"""Counts of contacts: from the workbook of a desk to the page of an area, with nothing told of fewer than three."""

from __future__ import annotations

import io
import random
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from trama.core.actor import SYSTEM
from trama.core.facts import HOME_AREA, set_fact
from trama.intake.actions import load_recipe, undo_load
from trama.intake.context.cells import is_ahead, month_of, year_of
from trama.intake.models import Load
from trama.intake.recipe import RecipeError, parse
from trama.intake.tests.test_bad_input import words
from trama.intake.tests.test_indicator_pages import filled
from trama.intake.tests.test_pages import client_of
from trama.intake.verdicts import Report
from trama.territory.models import Area, ContextIndicator, ContextValue
from trama.territory.tests.factories import make_area

pytestmark = pytest.mark.django_db
ROWS = [
    ("Pedagna", "01/2026", "Sportello mobile", 12, 9),
    ("Pedagna", "marzo 2026", "Sportello mobile", 3, 1),
    ("Pedagna", "2026-02", "Snodo", 2, 1),
    ("Sesto", "10/01/2026", "Sportello mobile", 2, 0),
    ("Zolino", "15/02/2026", "Sportello mobile", 8, 7),
]


@pytest.fixture(scope="module")
def town(taken_back: None) -> Area:
    """A municipality with two neighbourhoods and a hamlet."""
    found = make_area("Borgo", "municipality", code="999001")
    set_fact(HOME_AREA, found.code)
    for name, kind in (("Pedagna", "neighbourhood"), ("Zolino", "neighbourhood"), ("Sesto", "hamlet")):
        make_area(name, kind, found, code=f"X-{name}")
    return found


def told(name: str, area: str) -> tuple[float | None, str] | None:
    row = ContextValue.objects.filter(indicator__name_it=name, area__name=area, year=2026).first()
    return (row.value, row.state) if row else None


def test_from_the_workbook_of_a_desk_to_the_page_of_the_area(town: Area) -> None:
    client = client_of("plan_office", town)
    assert "/caricamenti/modelli/contacts/modello.xlsx" in client.get("/caricamenti/registri/").content.decode()
    empty = client.get("/caricamenti/modelli/contacts/modello.xlsx").content
    head, example = CalamineWorkbook.from_filelike(io.BytesIO(empty)).get_sheet_by_index(0).to_python()
    assert head == ["Area", "Mese", "Sportello", "Contatti", "Di cui nuovi"]
    output = io.BytesIO()
    with xlsxwriter.Workbook(output) as book:
        sheet = book.add_worksheet("Contatti")
        book.add_worksheet("Spiegazioni")
        book.add_worksheet("Valori")
        for number, row in enumerate([head, [str(cell) for cell in example], *ROWS]):
            sheet.write_row(number, 0, row)
    sent = {"sent": SimpleUploadedFile("contatti.xlsx", output.getvalue()), "header_row": "1", "sheet": ""}
    address = client.post("/caricamenti/indicatori/", sent).headers["Location"]
    columns = filled(client.get(address).content.decode())
    assert [columns[f"role_{n}"] for n in range(5)] == ["area", "year", "part", "value", "value"]
    assert columns["kind"] == "any"
    client.post(address, columns | {"sum_up": "on"})
    names = filled(client.get(f"{address}nomi/").content.decode())
    source = {"source-title": "Contatti degli sportelli", "source-publisher": "ASP", "source-licence": "CC BY 4.0"}
    client.post(f"{address}nomi/", names | source)
    checked = client.get(f"{address}prova/").content.decode()
    assert "Carica davvero" in checked, words(checked)
    assert "è stato letto solo il foglio" not in words(checked), "its other sheets explain"
    client.post(f"{address}carica/")
    # Pedagna: 15 at the mobile desk, 2 at the other, which are told as “fewer than 3” and enter the sum as 2.
    assert told("Contatti", "Pedagna") == (17, "estimated")
    assert told("Contatti: Sportello mobile", "Pedagna") == (15, "value")
    assert told("Contatti: Snodo", "Pedagna") == (None, "too_small")
    assert told("Contatti", "Sesto") == (None, "too_small")
    assert told("Contatti", "Borgo") == (17 + 2 + 8, "estimated")
    assert told("Contatti: Sportello mobile, di cui nuovi", "Pedagna") == (10, "value")
    # Seven of eight are new: the one that is not is one person, and is not to be worked out.
    assert told("Contatti, di cui nuovi", "Zolino") == (6, "estimated")
    page = words(client.get("/territorio/X-Pedagna/").content.decode())
    assert "Contatti" in page
    assert "17" in page
    small = words(client.get("/territorio/X-Sesto/").content.decode())
    assert "meno di 3: non si dice" in small
    assert "troppo piccolo" not in small
    assert "% di Borgo" not in page, "no share of a sum of counts"
    again = client.post("/caricamenti/indicatori/", sent | {"sent": SimpleUploadedFile("c.xlsx", output.getvalue())})
    client.post(again.headers["Location"], columns | {"sum_up": "on"})
    names = filled(client.get(f"{again.headers['Location']}nomi/").content.decode())
    known = {value for name, value in names.items() if name.endswith("-known")}
    assert known == set(ContextIndicator.objects.values_list("code", flat=True))  # nothing is added a second time
    client.post(f"{again.headers['Location']}nomi/", names | source)
    recipe = client.get(f"{again.headers['Location']}ricetta.toml").content.decode()
    assert (recipe.count("part_of"), recipe.count("people = true")) == (3, 6)
    # The newer file of the year takes the place of the older one; and all of it can be taken back.
    load = Load.objects.get()
    assert client.post(f"/caricamenti/{load.pk}/annulla/", {"sure": "1"}).status_code == 302
    assert not ContextValue.objects.exists()
    assert not ContextIndicator.objects.exists()


RECIPE = """
format = 1
key = "c"
title = "Contatti"
[[sources]]
key = "c"
title = "Contatti"
[[steps]]
kind = "values"
name = "contatti"
source = "c"
file = "c.csv"
area = { column = "Area", kind = "any", sum_up_to = ["municipality"] }
year = "Mese"
"""


def recipe() -> str:
    found = RECIPE
    for desk in ("", "A", "B"):
        where = f'where = {{ Sportello = "{desk}" }}\n' if desk else ""
        for code, column, part in (("c", "Contatti", ""), ("n", "Di cui nuovi", f'part_of = "c{desk}"\n')):
            found += (
                f'[[steps.indicators]]\ncode = "{code}{desk}"\nname_it = "{column} {desk}"\n'
                f'name_en = "{column} {desk}"\nvalue = "{column}"\nadds_up = true\npeople = true\n{part}{where}'
            )
    return found


def published(folder: Path, rows: list[tuple[str, str, int, int]]) -> tuple[Report, list[tuple[object, ...]]]:
    lines = [f"{area};2026;{desk};{count};{new}" for area, desk, count, new in rows]
    (folder / "c.csv").write_text("\n".join(["Area;Mese;Sportello;Contatti;Di cui nuovi", *lines]), encoding="utf-8")
    report = load_recipe(SYSTEM, parse(recipe(), "c.toml"), folder, dry=False)
    rows_ = ContextValue.objects.order_by("indicator__code", "area__code", "year")
    return report, list(rows_.values_list("indicator__code", "area__code", "value", "state", "note"))


def test_what_is_published_does_not_depend_on_a_small_number(town: Area, tmp_path: Path) -> None:
    dice = random.Random(7)
    for _try in range(6):
        base = [(area, desk, dice.choice([0, 1, 4, 9, 30])) for area in ("Pedagna", "Zolino", "Sesto") for desk in "AB"]
        some = [(*row, dice.randint(0, row[2])) for row in base]
        other = []
        for area, desk, count, new in some:
            if 0 < count < 3:  # another small number, of which as many kinds of new ones
                other.append((area, desk, 3 - count, (3 - count) if new else 0))
            elif 0 < new < 3:
                other.append((area, desk, count, 3 - new))
            elif 0 < count - new < 3:
                other.append((area, desk, count, count - (3 - (count - new))))
            else:
                other.append((area, desk, count, new))
        assert published(tmp_path, some)[1] == published(tmp_path, other)[1], (some, other)


def refusals(report: Report) -> list[str]:
    return [verdict.why for step in report.steps for verdict in step.those("refused")]


def test_no_contact_is_less_than_none_or_still_to_come(town: Area, tmp_path: Path) -> None:
    report, values = published(tmp_path, [("Pedagna", "A", -4, 0), ("Zolino", "A", 9, 4)])
    assert "-4" in refusals(report)[0]
    assert "X-Pedagna" not in {area for code, area, *_rest in values if code == "c"}
    head, ahead = "Area;Mese;Sportello;Contatti;Di cui nuovi", timezone.localdate().year + 1
    (tmp_path / "c.csv").write_text(f"{head}\nZolino;03/{ahead};A;5;4\nZolino;{ahead - 1};A;6;0", encoding="utf-8")
    (why,) = refusals(load_recipe(SYSTEM, parse(recipe(), "c.toml"), tmp_path, dry=True))[:1]
    assert f"03/{ahead}" in why


@pytest.mark.parametrize(
    ("text", "ahead"),
    [
        ("11/2026", False),
        ("30/11/2026", False),
        ("2026-12-01", True),
        ("dic 2026", True),
        ("2026", False),
        ("2027", True),
    ],
)
def test_a_month_after_that_of_today_is_still_to_come(text: str, ahead: bool) -> None:
    assert is_ahead(year_of(text) or 0, month_of(text), date(2026, 11, 22)) is ahead


def test_the_numbers_of_a_year_are_replaced_and_can_be_taken_back(town: Area, tmp_path: Path) -> None:
    first = published(tmp_path, [("Pedagna", "A", 43, 9), ("Zolino", "A", 9, 4), ("Sesto", "A", 12, 4)])[1]
    report, values = published(tmp_path, [("Pedagna", "A", 43, 9), ("Zolino", "A", 30, 4)])
    standing = {(code, area): (value, state) for code, area, value, state, _note in values}
    assert standing["c", "X-Sesto"] == standing["nA", "X-Sesto"] == (None, "withdrawn")
    assert standing["c", "999001"] == (73, "value")
    assert {one.label for one in report.steps[0].those("gone")} == {"Sesto 2026"}
    told_ = {(one.area, one.old, one.new) for one in report.replaced if one.indicator.strip() == "Contatti"}
    assert ("Zolino", "9", "30") in told_
    assert "Pedagna" not in {area for area, _old, _new in told_}, "43 is 43"
    undo_load(SYSTEM, Load.objects.latest("pk"))
    rows = ContextValue.objects.order_by("indicator__code", "area__code", "year")
    assert list(rows.values_list("indicator__code", "area__code", "value", "state", "note")) == first
    # A file of which rows are refused withdraws nothing: nobody knows what they would have said.
    report, values = published(tmp_path, [("Pedagna", "A", 43, 9), ("Sestto", "A", 12, 4)])
    assert report.refused == 1
    assert ("c", "X-Sesto", 12.0, "value", "") in values


def test_the_province_is_not_the_town_of_its_name(town: Area, tmp_path: Path) -> None:
    make_area("Altrove", "province", code="999")
    report, values = published(tmp_path, [("Altrove", "A", 14, 0), ("Zolino", "A", 30, 4)])
    assert refusals(report) == ["l'area «Altrove» non si trova in Borgo: scrivine una che sia lì"]
    assert "999" not in {area for _code, area, *_rest in values}


def test_a_part_is_never_more_than_its_whole(town: Area, tmp_path: Path) -> None:
    report, values = published(tmp_path, [("Pedagna", "A", 5, 9), ("Zolino", "A", 9, 4)])
    assert report.refused == 1
    assert ("n", "X-Pedagna") not in {(code, area) for code, area, *_rest in values}


@pytest.mark.parametrize(
    ("text", "year"),
    [("03/2026", 2026), ("2026-03", 2026), ("2010-11", None), ("13/2026", None), ("2020/2021", None)],
)
def test_months_say_their_year(text: str, year: int | None) -> None:
    assert year_of(text) == year


def bring(client: Client, text: str) -> tuple[str, str]:
    """What a file becomes in the browser with every answer as proposed: the page of its dry run, and the recipe."""
    sent = {"sent": SimpleUploadedFile("c.csv", text.encode()), "header_row": "1", "sheet": ""}
    address = client.post("/caricamenti/indicatori/", sent).headers["Location"]
    client.post(address, filled(client.get(address).content.decode()))
    names = filled(client.get(f"{address}nomi/").content.decode())
    source = {"source-title": "Contatti", "source-publisher": "ASP", "source-licence": "CC BY 4.0"}
    client.post(f"{address}nomi/", names | source)
    page = words(client.get(f"{address}prova/").content.decode())
    recipe = client.get(f"{address}ricetta.toml").content.decode()
    client.post(f"{address}carica/", {"replace": "1"})
    return page, recipe


def test_what_counts_people_goes_on_doing_so_whatever_a_later_file_looks_like(town: Area) -> None:
    client = client_of("plan_office", town)
    head = "Area,Mese,Sportello,Contatti,Di cui nuovi\n"
    small = "Pedagna,01/2025,Snodo,1,0\nPedagna,02/2025,Snodo,1,0\n"
    bring(client, f"{head}{small}Zolino,01/2025,Snodo,8,4\nZolino,02/2025,Snodo,9,4\n")

    def of_pedagna() -> set[tuple[float | None, str]]:
        rows = ContextValue.objects.filter(area__name="Pedagna", year=2025, indicator__code="contatti")
        return set(rows.values_list("value", "state"))

    assert of_pedagna() == {(None, "too_small")}
    kept = dict(ContextIndicator.objects.values_list("code", "part_of"))
    assert kept["contatti_di_cui_nuovi"] == "contatti"
    for cells in ("8,4\nZolino,02/2025,Snodo,4.5,4", "4.5,4\nZolino,02/2025,Snodo,4.5,4.5"):
        page, recipe = bring(client, f"{head}{small}Zolino,01/2025,Snodo,{cells}\n")
        assert "«4.5» non è un numero intero" in page, page
        assert recipe.count("people = true") == recipe.count("[[steps.indicators]]") > 1
        assert 'part_of = "contatti"' in recipe
        assert of_pedagna() == {(None, "too_small")}
    assert set(ContextIndicator.objects.values_list("code", "part_of")) == set(kept.items())


def test_no_recipe_makes_a_plain_number_of_a_count_of_people(town: Area, tmp_path: Path) -> None:
    published(tmp_path, [("Pedagna", "A", 2, 1), ("Zolino", "A", 9, 4)])
    step = '[[steps.indicators]]\ncode = "{}"\nname_it = "C"\nname_en = "C"\nvalue = "{}"\n'
    load_recipe(SYSTEM, parse(RECIPE + step.format("c", "Contatti"), "c.toml"), tmp_path, dry=False)
    value = ContextValue.objects.get(indicator__code="c", area__code="X-Pedagna")
    assert (value.value, value.state) == (None, "too_small")
    with pytest.raises(
        RecipeError, match=r"parte di|part of"
    ):  # beside the whole that is here, the rest could be worked out
        load_recipe(SYSTEM, parse(RECIPE + step.format("n", "Di cui nuovi"), "c.toml"), tmp_path, dry=False)


def test_a_number_larger_than_any_is_refused(town: Area, tmp_path: Path) -> None:
    text = RECIPE + '[[steps.indicators]]\ncode = "z"\nname_it = "Z"\nname_en = "Z"\nvalue = "Z"\nadds_up = true\n'
    for cell in ("1e308", "900000000000000"):
        (tmp_path / "c.csv").write_text(f"Area;Mese;Z\nPedagna;2025;{cell}\nPedagna;2025;{cell}\nSesto;2025;3\n")
        report = load_recipe(SYSTEM, parse(text, "c.toml"), tmp_path, dry=False)
        assert report.refused
        assert set(ContextValue.objects.values_list("area__name", flat=True)) == {"Sesto", "Borgo"}


def test_a_dry_run_before_the_columns_are_chosen_says_what_to_choose(town: Area) -> None:
    sent = {"sent": SimpleUploadedFile("c.csv", b"Cosa,Testo\na,b\n"), "header_row": "1", "sheet": ""}
    client = client_of("plan_office", town)
    address = client.post("/caricamenti/indicatori/", sent).headers["Location"]
    page = words(client.get(f"{address}prova/").content.decode())
    assert "Scegli quale colonna dice l'area e almeno una con i numeri." in page
    assert "il passo" not in page
