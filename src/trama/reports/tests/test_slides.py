"""Slides: what a document becomes, and whether the files are what they say (real titles, tables, alternative texts)."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation

from trama.monitoring import actions as monitoring
from trama.monitoring.models import Sheet
from trama.monitoring.tests.factories import make_open_wave, make_town
from trama.reports import printing
from trama.reports.choices import SLIDES
from trama.reports.document import (
    Bullets,
    Cell,
    Chart,
    Document,
    Figures,
    Heading,
    KeyFigure,
    Line,
    Map,
    Paragraph,
    Table,
)
from trama.reports.slides.deck import LINES, ROWS, Slide, deck_of
from trama.reports.tests.office import problems_of
from trama.ui import charts
from trama.ui.charts import Bar

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
TOTALS = Figures((KeyFigure("147", "esperienze", "note per tutte"), KeyFigure("oltre 500", "volontari")))
HOSTILE = 'Caffè <b>& "virgolette"\x0b'
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><circle cx="20" cy="20" r="9"/></svg>'


def table(rows: int, key: str = "", **more: Any) -> Table:
    lines = tuple(Line(f"Riga {number}", (Cell(str(number), number),)) for number in range(1, rows + 1))
    return Table(f"Tabella di {rows}", ("Nome", "Quanti"), lines, key=key, **more)


def chart(title: str, key: str) -> Chart:
    items = [Bar("Una voce dal nome molto lungo, che non sta in una riga sola", 3, "3"), Bar("Altra", None, "<3")]
    return Chart(
        title, "Misura", "Barre: una voce 3.", charts.bars(items), table=key, base="Base: 3 schede", source="Fonte: noi"
    )


def document(*blocks: Any, **more: Any) -> Document:
    fields: dict[str, Any] = {
        "title": "Prima rilevazione", "subtitle": "Rapporto", "body": "Unione", "date": "oggi", "language": "it",
        "summary": "Tre esperienze.", "demonstration": "Dimostrazione: inventato.", "stamp": "Congelato oggi.",
        "words": {"contents": "Indice", "made_with": "Fatto con Trama."},
    }  # fmt: skip
    return Document(blocks=blocks, **{**fields, **more})


WHOLE = document(
    Heading("In una pagina", 1, "page"),
    Paragraph("Si contano 147 esperienze.", "lead", "page.totals"),
    TOTALS,
    Paragraph("Non sono persone distinte.", "note"),
    Heading("Le esperienze", 1, "experiences"),
    Paragraph("Si contano 147 esperienze, dice chi scrive.", "lead", "experiences.whole"),
    TOTALS,
    table(3, notes=("Fonte: noi",)),
    Heading("Finalità", 2),
    Paragraph("Poi viene l'altra.", key="experiences.aim"),
    chart(f"Una voce: 3 {HOSTILE}", "aim"),
    table(2, key="aim"),
    Heading("Mappa", 2),
    Map("Ovunque", "Cerchi", "Una mappa.", DRAWING, base="Base: 3"),
    Heading("I tavoli", 1, "tables"),
    Paragraph("Nessun tavolo permanente è registrato.", "lead"),
    Paragraph("Non è stato chiesto."),
    Heading("Nota", 1, "note"),
    Bullets((("Che cosa.", "Schede."), ("Come.", "A voce."))),
    Paragraph("Chiesto a tutti."),
)


@pytest.fixture(autouse=True)
def _in_italian():
    with translation.override("it"):
        yield


def told(slides: list[Slide]) -> list[tuple[str, str]]:
    return [(slide.kind, slide.title) for slide in slides]


# --- the slides -----------------------------------------------------------------------------------------------------
def test_one_finding_on_each_slide_in_the_order_of_the_document():
    slides = deck_of(WHOLE)
    assert told(slides) == [
        ("cover", "Prima rilevazione"),
        ("contents", "Indice"),
        ("figures", "Si contano 147 esperienze."),
        # The same figures are not shown twice, the sentence of the editor is; it says what the table shows.
        ("table", "Si contano 147 esperienze, dice chi scrive."),
        ("picture", f"Una voce: 3 {HOSTILE}"),
        ("picture", "Ovunque"),
        ("text", "Nessun tavolo permanente è registrato."),
        ("text", "Nota"),
    ]
    by_title = {slide.title: slide for slide in slides}
    assert by_title["Indice"].items == [("", name) for name in ("In una pagina", "Le esperienze", "I tavoli", "Nota")]
    assert by_title["Si contano 147 esperienze."].foot_line == "Non sono persone distinte."
    picture = slides[4]
    assert (picture.chapter, picture.items) == ("Le esperienze", [("", "Poi viene l'altra.")])
    assert picture.foot_line == "Base: 3 schede. Fonte: noi."
    assert slides[3].foot_line == "Fonte: noi."
    assert by_title["Nota"].items == [("Che cosa.", "Schede."), ("Come.", "A voce."), ("", "Chiesto a tutti.")]


def test_what_is_too_long_goes_on_and_nothing_is_lost():
    long = " ".join(f"Frase numero {number} di un testo lungo che nessuno taglia." for number in range(60))
    slides = deck_of(document(Heading("Metodo", 1), Paragraph(long), Paragraph("Fine.")))
    texts = [slide for slide in slides if slide.kind == "text"]
    assert len(texts) > 1
    assert [slide.title for slide in texts] == [f"Metodo ({place}/{len(texts)})" for place in range(1, len(texts) + 1)]
    assert " ".join(words for slide in texts for _term, words in slide.items) == f"{long} Fine."
    assert all(sum(-(-len(words) // 100) for _term, words in slide.items) <= LINES + 1 for slide in texts)


def test_a_long_table_says_how_much_of_it_is_elsewhere():
    slides = [slide for slide in deck_of(document(table(2 * ROWS + 5))) if slide.kind == "table"]
    assert [len(slide.table.lines) for slide in slides if slide.table] == [ROWS, ROWS]
    assert slides[0].foot_line == ""
    assert slides[1].foot_line == "Altre 5 righe sono nel rapporto."
    wide = Table("T", tuple("abcdefgh"), (Line("x", tuple(Cell("1") for _n in range(7))),))
    narrow = next(slide.table for slide in deck_of(document(wide)) if slide.table)
    assert len(narrow.heads) == 1 + len(narrow.lines[0].cells) == 6


def test_a_sentence_alone_stands_large_and_a_name_alone_does_not():
    lead = "Ventisette delle esperienze sono gruppi: oltre 85 volontari, circa 630 persone raggiunte."
    blocks = (Heading("I gruppi", 1), Paragraph(lead, "lead"), chart("Socializzazione", ""), Heading("Vuoto", 1))
    assert told(deck_of(document(*blocks)))[1:] == [("statement", lead), ("picture", "Socializzazione")]


# --- the files ------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def pptx() -> zipfile.ZipFile:
    """The whole document as PPTX, made once: the press is another process."""
    return zipfile.ZipFile(io.BytesIO(printing.file_bytes(WHOLE, "pptx")))


def slide(package: zipfile.ZipFile, number: int) -> ET.Element:
    return ET.fromstring(package.read(f"ppt/slides/slide{number}.xml"))  # noqa: S314 - our own file


def words(element: ET.Element) -> str:
    return " ".join(one.text or "" for one in element.iter(f"{A}t"))


def altered(package: zipfile.ZipFile, name: str, was: str, now: str) -> zipfile.ZipFile:
    """The same package with one part altered."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as other:
        for one in package.namelist():
            text = package.read(one)
            if one == name:
                assert was.encode() in text
                text = text.replace(was.encode(), now.encode(), 1)
            other.writestr(one, text)
    return zipfile.ZipFile(output)


def test_the_package_is_what_the_standard_asks_and_the_looking_finds_what_is_not(pptx):
    assert problems_of(pptx) == []
    for name, was, now, said in (
        ("ppt/slides/slide4.xml", "</a:tblGrid>", '<a:gridCol w="x"/><a:oops/></a:tblGrid>', "<a:oops> is not known"),
        ("ppt/slides/slide4.xml", "<p:clrMapOvr>", "<p:timing/><p:clrMapOvr>", "<p:sld> holds p:cSld p:timing"),
        ("ppt/slides/slide5.xml", 'r:embed="rId2"', 'r:embed="rId9"', "uses rId9, which leads nowhere"),
        ("ppt/slides/_rels/slide5.xml.rels", "picture1.png", "picture9.png", "which is not there"),
        ("[Content_Types].xml", "presentationml.notesMaster+xml", "presentationml.notesSlide+xml", "is a notesMaster"),
    ):
        assert any(said in one for one in problems_of(altered(pptx, name, was, now))), said


def test_slides_are_found_by_their_titles_and_speak_the_language(pptx):
    root = ET.fromstring(pptx.read("ppt/presentation.xml"))  # noqa: S314 - our own file
    listed = [int(one.get("id", "0")) for one in root.iter(f"{P}sldId")]
    assert len(set(listed)) == len(listed) == len(deck_of(WHOLE))
    assert all(256 <= one < 2**31 for one in listed)
    both = pptx.read("ppt/presentation.xml") + pptx.read("ppt/slideMasters/slideMaster1.xml")
    masters = re.findall(rb'<p:sld(?:Master|Layout)Id id="(\d+)"', both)
    assert len(masters) == len(set(masters)) == 4
    for name in (one for one in pptx.namelist() if re.fullmatch(r"ppt/(slides|notesSlides)/[^/]+\.xml", one)):
        spoken = {one.get("lang") for one in ET.fromstring(pptx.read(name)).iter(f"{A}rPr")}  # noqa: S314
        assert spoken == {"it-IT"}, name
    layouts: dict[str, set[str | None]] = {}
    for number in range(1, len(listed) + 1):
        links = pptx.read(f"ppt/slides/_rels/slide{number}.xml.rels").decode()
        layout = re.findall(r"slideLayouts/(slideLayout\d\.xml)", links)
        assert len(layout) == 1
        kept = ET.fromstring(pptx.read(f"ppt/slideLayouts/{layout[0]}"))  # noqa: S314
        layouts[layout[0]] = {one.get("idx", one.get("type")) for one in kept.iter(f"{P}ph")}
        places = {one.get("idx", one.get("type")) for one in slide(pptx, number).iter(f"{P}ph")}
        assert places <= layouts[layout[0]], "what fills a place of the layout finds it there"
        assert all(
            one.get("descr", "").strip() for one in slide(pptx, number).iter(f"{P}cNvPr") if _shows(pptx, number, one)
        )
    twice = deck_of(document(Heading("Uno", 1), table(2), Heading("Due", 1), table(2), table(2), Heading("Tre", 1)))
    titles = [one.title for one in twice if one.kind == "table"]
    assert titles == ["Tabella di 2", "Tabella di 2 (Due)", "Tabella di 2 (Due, 2)"]


def _shows(package: zipfile.ZipFile, number: int, name: ET.Element) -> bool:
    """Whether it names a picture or a table: what needs words in its place."""
    kinds = [*slide(package, number).iter(f"{P}nvPicPr"), *slide(package, number).iter(f"{P}nvGraphicFramePr")]
    return name.get("id") in {one.get("id") for kind in kinds for one in kind.iter(f"{P}cNvPr")}


def test_titles_tables_and_pictures_are_real(pptx):
    slides = deck_of(WHOLE)
    for number, wanted in enumerate(slides, start=1):
        root = slide(pptx, number)
        titles = [
            shape for shape in root.iter(f"{P}sp")
            if any(one.get("type") in {"title", "ctrTitle"} for one in shape.iter(f"{P}ph"))
        ]  # fmt: skip
        assert [words(one) for one in titles] == [wanted.title.replace("\x0b", "")]
        ids = [one.get("id") for one in root.iter(f"{P}cNvPr")]
        assert len(ids) == len(set(ids))
        if number > 1:
            assert "Dimostrazione: inventato." in words(root)
            assert wanted.foot_line in words(root)
    grid = slide(pptx, 4)
    assert next(grid.iter(f"{A}tblPr")).get("firstRow") == "1"
    assert [[words(cell) for cell in row.iter(f"{A}tc")] for row in grid.iter(f"{A}tr")][:2] == [
        ["Nome", "Quanti"],
        ["Riga 1", "1"],
    ]
    pictures = [next(slide(pptx, number).iter(f"{P}pic")) for number in (5, 6)]
    assert [next(one.iter(f"{P}cNvPr")).get("descr") for one in pictures] == ["Barre: una voce 3.", "Una mappa."]
    assert [one for one in pptx.namelist() if one.startswith("ppt/media/")] == [
        "ppt/media/picture1.png",
        "ppt/media/picture2.png",
    ]
    assert "147" in words(slide(pptx, 3))
    # Who speaks has the figures behind a picture in the notes.
    notes = words(ET.fromstring(pptx.read("ppt/notesSlides/notesSlide5.xml")))  # noqa: S314
    assert "Barre: una voce 3." in notes
    assert "Riga 2: Quanti 2" in notes
    # Nothing reaches over the edge.
    for number in range(1, len(slides) + 1):
        for off, ext in zip(slide(pptx, number).iter(f"{A}off"), slide(pptx, number).iter(f"{A}ext"), strict=False):
            assert int(off.get("x", 0)) + int(ext.get("cx", 0) or 0) <= 12_192_000


def test_the_pdf_is_tagged_wide_and_has_a_page_for_each_slide(tmp_path):
    path = tmp_path / "slides.pdf"
    path.write_bytes(printing.file_bytes(replace(WHOLE, blocks=(*WHOLE.blocks, table(40))), "slides"))
    known = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Tagged:\s+yes", known)
    assert re.search(r"Page size:\s+960 x 540", known)
    assert re.search(rf"Pages:\s+{len(deck_of(WHOLE)) + 2}\n", known)
    said = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout
    assert 'Caffè <b>& "virgolette"' in said
    assert said.count("Dimostrazione: inventato.") == len(deck_of(WHOLE)) + 2


@pytest.mark.django_db
def test_a_wave_is_handed_on_as_slides_and_an_area_is_not(client: Client, tmp_path):
    town = make_town()
    wave = make_open_wave(town, "Prima")
    Sheet.objects.filter(wave=wave).update(answer="confirmed", channel="link")
    wave = monitoring.close_wave(town.keeper, wave)
    page = client.get(f"/rapporti/rilevazioni/{wave.pk}/").content.decode()
    for form, kind in SLIDES.items():
        address = f"/rapporti/rilevazioni/{wave.pk}/rapporto-it.{form}"
        assert address in page
        answer = client.get(address)
        assert (answer.status_code, answer["Content-Type"]) == (200, kind)
        assert f".{form}" in answer["Content-Disposition"]
        assert client.get(f"/rapporti/territorio/{town.areas['west'].code}/rapporto-it.{form}").status_code == 404
    with pytest.raises(CommandError, match="not of that of an area"):
        call_command("report", "territory", area=town.areas["west"].code, slides=str(tmp_path / "a.pdf"))
    with pytest.raises(CommandError, match="--slides writes a PDF"):
        call_command("report", "wave", wave=str(wave.pk), slides=str(tmp_path / "a.pptx"))
    call_command("report", "wave", wave=str(wave.pk), slides=str(tmp_path / "a.pdf"), out=[str(tmp_path / "a.pptx")])
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "a.pptx").read_bytes().startswith(b"PK")
