"""The report on a territory: what stands in it, that a screen reader can follow it, and that errors are sentences."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pikepdf
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from trama.core import facts, history
from trama.core.actor import NOBODY, SYSTEM
from trama.core.declarations import gathered
from trama.core.models import Source
from trama.experiences.models import Experience
from trama.insight.tests.factories import REGISTER, make_experience
from trama.network.tests.factories import organisation
from trama.reports import printing
from trama.reports.document import Cell, Chart, Document, Figures, Heading, Line, Map, Paragraph, Table
from trama.reports.territory import territory_report
from trama.territory.models import Area, ContextIndicator, ContextValue
from trama.territory.tests.factories import inside, make_city, make_place, make_population

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(monkeypatch: pytest.MonkeyPatch) -> dict[str, Area]:
    """A city of 20,200 people with two districts, a number of context, three experiences and a place."""
    monkeypatch.setitem(gathered.registers, "experiences", REGISTER)
    found = make_city()
    population = make_population(found["city"], 2023, 120, 80)
    population.source = Source.objects.create(
        key="istat", title="Popolazione per età", publisher="ISTAT", licence="CC BY 4.0", url="https://example.org/pop"
    )
    population.save()
    households = ContextIndicator.objects.create(
        code="households", name_it="Famiglie", name_en="Households", theme="households", adds_up=True
    )
    ContextValue.objects.create(
        area=found["city"], indicator=households, year=2022, value=9871, source=population.source
    )
    lon, lat = inside(1, 1)
    make_place("Piazza Grande", area=found["west"], lon=lon, lat=lat)
    make_experience("doposcuola", "ab", [found["west"]], 12, name="Compiti insieme")
    make_experience("doposcuola", "a", [found["west"], found["east"]], 30, "estimated")
    make_experience("festa", "", [found["east"]])
    facts.set_fact(facts.BODY_NAME, "Comune di Borgo")
    return found


def blocks(document: Document, kind: type) -> list[Any]:
    return [block for block in document.blocks if isinstance(block, kind)]


def table(document: Document, caption: str) -> Table:
    return next(one for one in document.tables() if one.caption == caption)


def rows(one: Table) -> dict[str, list[str]]:
    return {line.name: [cell.text for cell in line.cells] for line in one.lines}


def text_of(pdf: bytes, tmp_path: Path) -> str:
    path = tmp_path / "x.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True)
    return done.stdout


def test_what_stands_in_the_document(city: dict[str, Area]) -> None:
    document = territory_report(NOBODY, city["city"], "it")
    assert (document.title, document.body, document.language) == ("Borgo", "Comune di Borgo", "it")
    titles = [heading.text for heading in blocks(document, Heading) if heading.level == 1]
    assert titles == [
        "Borgo in una pagina",
        "Persone",
        "Numeri di contesto",
        "Chi e che cosa è registrato",
        "Fonti e metodo",
    ]
    figures = {figure.label: figure for figure in blocks(document, Figures)[0].items}
    assert figures["Residenti"].value == "20.200"
    assert figures["Di 65 anni e oltre"].value == "7.200", "36 years of age, 200 people each"
    ages = rows(table(document, "Residenti per classe di età"))
    assert ages["0–14"] == ["1.800", "1.200", "3.000", "14,9 %"]
    assert ages["Totale"] == ["12.120", "8.080", "20.200", "100,0 %"]
    assert rows(table(document, "Famiglie: i valori più recenti"))["Famiglie"][:2] == ["9.871", "2022"]
    kinds = rows(table(document, "Esperienze per tipo"))
    assert kinds == {"doposcuola": ["2", "67 %"], "festa": ["1", "33 %"], "Totale": ["3", "su 3"]}
    parts = rows(table(document, "Le aree che la compongono"))
    column = table(document, "Le aree che la compongono").heads.index("Esperienze") - 1
    assert {name: cells[column] for name, cells in parts.items()} == {"Ovest": "2", "Est": "2"}
    sources = rows(table(document, "Da dove vengono i numeri e i confini"))
    assert sources["Popolazione per età"][:2] == ["ISTAT", "CC BY 4.0"]


def test_pictures_say_in_words_what_they_show(city: dict[str, Area]) -> None:
    document = territory_report(NOBODY, city["city"], "it")
    pyramid = blocks(document, Chart)[0]
    assert "240" in pyramid.title, "7,200 of 65 and over for 3,000 under 15"
    assert "3.000" in pyramid.alt
    drawn = blocks(document, Map)[0]
    assert "Luoghi: 1" in drawn.alt
    assert drawn.svg.count("<path") >= 3
    assert ">Ovest<" in drawn.svg


def test_only_what_everybody_may_see(city: dict[str, Area]) -> None:
    make_experience("segreta", areas=[city["west"]], state="draft", name="Bozza")
    assert Experience.objects.count() == 4
    assert "segreta" not in rows(table(territory_report(NOBODY, city["city"], "it"), "Esperienze per tipo"))


def test_an_area_of_which_nothing_is_known_has_a_report_too(city: dict[str, Area]) -> None:
    bare = Area.objects.create(code="NUOVA", name="Frazione nuova", kind="hamlet")
    document = territory_report(NOBODY, bare, "it")
    assert blocks(document, Map) == []
    assert printing.pdf_bytes(document).startswith(b"%PDF")


def test_what_no_area_can_count_is_said_and_the_registers_of_the_parts_are_sources(city: dict[str, Area]) -> None:
    facts.set_fact(facts.HOME_AREA, "BORGO")
    for name in "ABC":
        organisation(name)
    parts = Source.objects.create(key="anagrafe", title="Anagrafe", publisher="Comune di Borgo")
    residents = ContextIndicator.objects.create(code="residents", name_it="R", name_en="R", adds_up=True)
    for key, surface in (("city", 8), ("west", 4), ("east", 4)):
        Area.objects.filter(pk=city[key].pk).update(surface_km2=surface)
        if key != "city":
            ContextValue.objects.create(area=city[key], indicator=residents, year=2023, value=10_000, source=parts)
    whole = territory_report(NOBODY, Area.objects.get(code="BORGO"), "it")
    said = " ".join(block.text for block in blocks(whole, Paragraph))
    assert "3 realtà, nessuna con un luogo indicato" in said
    assert "200 in meno (1,0 %)" in said
    assert {figure.label: figure.value for figure in blocks(whole, Figures)[0].items}["Realtà"] == "3"
    assert "Anagrafe" in rows(table(whole, "Da dove vengono i numeri e i confini"))
    assert "Anagrafe" in " ".join(table(whole, "Le aree che la compongono").notes)
    part = " ".join(block.text for block in blocks(territory_report(NOBODY, city["west"], "it"), Paragraph))
    assert "3 realtà senza un luogo indicato: qui non si possono contare." in part


def walk(node: Any) -> Any:
    """Every element of the tree of tags."""
    if isinstance(node, pikepdf.Array):
        for item in node:
            yield from walk(item)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from walk(node["/K"])


@pytest.mark.parametrize("language", ["it", "en"])
def test_the_pdf_can_be_followed_by_a_screen_reader(city: dict[str, Area], language: str) -> None:
    content = printing.pdf_bytes(territory_report(NOBODY, city["city"], language))
    with pikepdf.open(io.BytesIO(content)) as pdf:
        root = pdf.Root
        assert bool(root.MarkInfo.Marked)
        assert str(root.Lang) == language
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        with pdf.open_metadata() as metadata:
            assert metadata["dc:title"] == "Borgo"
            assert str(metadata["pdfuaid:part"]) == "1"
        elements = list(walk(root.StructTreeRoot.K))
        kinds = [str(element.S) for element in elements]
        figures = [element for element in elements if str(element.S) == "/Figure"]
        assert len(figures) >= 2
        assert all(str(figure.get("/Alt", "")) for figure in figures)
        assert kinds.count("/Table") >= 6
        assert kinds.count("/TH") > kinds.count("/Table")
        assert "/H1" in kinds
        assert "/H2" in kinds
        assert pdf.Root.get("/Outlines") is not None
        fonts = {str(font.BaseFont) for page in pdf.pages for font in page.Resources.get("/Font", {}).values()}
        assert fonts
        assert all("Titillium" in font for font in fonts), fonts


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_the_printed_text(city: dict[str, Area], tmp_path: Path) -> None:
    facts.set_fact(facts.DEMONSTRATION, True)
    text = text_of(printing.pdf_bytes(territory_report(NOBODY, city["city"], "it")), tmp_path)
    for wanted in (
        "Comune di Borgo",
        "Rapporto sul territorio",
        "20.200",
        "9.871",
        "CC BY 4.0",
        "Indice",
        "pagina 2 di",
    ):
        assert wanted in text, wanted
    pages = text.split("\f")
    assert all("Dimostrazione" in page for page in pages if page.strip()), "every page says so"
    assert "ciò che è stato censito, non ciò che esiste" in text
    english = text_of(printing.pdf_bytes(territory_report(NOBODY, city["city"], "en")), tmp_path)
    assert "Territory report" in english
    assert "20,200" in english
    assert "Residenti" not in english


def test_what_people_type_is_text_not_markup(city: dict[str, Area], tmp_path: Path) -> None:
    area = city["city"]
    area.name = '#panic("x") $ *Borgo* \\ "<&'
    area.save()
    content = printing.pdf_bytes(territory_report(NOBODY, area, "it"))
    with pikepdf.open(io.BytesIO(content)) as pdf, pdf.open_metadata() as metadata:
        assert metadata["dc:title"] == area.name


def test_what_no_font_shows_gives_way_to_a_sign(city: dict[str, Area], tmp_path: Path) -> None:
    area = city["city"]
    area.name = "Borgo 🎯 中文"
    area.save()
    title = Paragraph("Un'esperienza: Festa 👩‍👧 বাংলা è finita")
    report = territory_report(NOBODY, area, "it")
    written = replace(report, body="Comune 한국어 di Borgo", blocks=(*report.blocks, title))
    text = text_of(printing.pdf_bytes(written), tmp_path)
    assert "Borgo ▢ ▢▢" in text
    assert "Comune ▢▢▢ di Borgo" in text
    assert "Festa ▢▢ ▢▢▢▢▢ è finita" in text


def test_the_workbook_holds_every_table_and_the_notes(city: dict[str, Area]) -> None:
    document = territory_report(NOBODY, city["city"], "it")
    book = openpyxl.load_workbook(io.BytesIO(printing.xlsx_bytes(document)))
    assert len(book.sheetnames) == len(list(document.tables())) + 1
    sheet = book["Residenti"]
    values = {row[0].value: [cell.value for cell in row[1:]] for row in sheet.iter_rows(min_row=5)}
    assert values["0–14"][:3] == [1800, 1200, 3000]
    assert values["Totale"][2] == 20200
    # An estimate keeps its sign, and its cell is a number all the same.
    cells = (Cell("~ 40", 40, status="estimated"), Cell("40", 40))
    told = Table("Volontari", ("Scopo", "a", "b"), (Line("x", cells), Line("Totale", cells, "total")))
    sheet = openpyxl.load_workbook(io.BytesIO(printing.xlsx_bytes(replace(document, blocks=(told,)))))["Volontari"]
    found = [[(cell.value, cell.number_format) for cell in sheet[row][1:]] for row in (5, 6)]
    assert found == [[(40, '"~ "#,##0'), (40, "#,##0")]] * 2


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("report", "territory", *arguments, stdout=out)
    return out.getvalue()


def test_the_command(city: dict[str, Area], tmp_path: Path) -> None:
    pdf, xlsx = tmp_path / "r.pdf", tmp_path / "r.xlsx"
    said = run("--area", "BORGO", "--out", str(pdf), "--xlsx", str(xlsx), "--lang", "en")
    assert str(pdf) in said
    assert pdf.read_bytes().startswith(b"%PDF")
    assert xlsx.read_bytes().startswith(b"PK")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_errors_of_the_command_are_one_sentence(city: dict[str, Area], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no area with the code or the name “Nulla”"):
        run("--area", "Nulla", "--out", str(tmp_path / "r.pdf"))
    with pytest.raises(CommandError, match="there is no folder"):
        run("--area", "BORGO", "--out", str(tmp_path / "no" / "r.pdf"))
    with pytest.raises(CommandError, match="it is a folder"):
        run("--area", "BORGO", "--out", str(tmp_path))


def test_in_the_browser(city: dict[str, Area], client: Client) -> None:
    page = client.get("/rapporti/territorio/BORGO/").content.decode()
    assert "/rapporti/territorio/BORGO/rapporto-it.pdf" in page
    assert "3 esperienze" in page
    answer = client.get("/rapporti/territorio/BORGO/rapporto-en.pdf")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert client.get("/rapporti/territorio/BORGO/rapporto-it.xlsx").content.startswith(b"PK")
    assert client.get("/rapporti/").status_code == 200
    for wrong in ("NO/", "BORGO/rapporto-fr.pdf", "BORGO/rapporto-it.exe"):
        assert client.get(f"/rapporti/territorio/{wrong}").status_code == 404


def test_a_file_is_made_once_until_something_changes(
    city: dict[str, Area], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strangers may ask as often as they like: the press turns once."""
    made: list[str] = []

    def press(document: Document, form: str) -> bytes:
        made.append(form)
        return f"{form} {len(made)}".encode()

    monkeypatch.setattr("trama.reports.printing.file_bytes", press)
    address = "/rapporti/territorio/BORGO/rapporto-it.docx"
    assert [client.get(address).content for _time in range(3)] == [b"docx 1"] * 3
    history.record(SYSTEM, "changed", extra={"what": [None, "something"]})
    assert client.get(address).content == b"docx 2"
    assert made == ["docx", "docx"]
