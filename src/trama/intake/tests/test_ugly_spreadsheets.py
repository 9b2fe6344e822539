"""Spreadsheets as offices keep them: rows counted anew each year, totals, numbers without their zero, notes."""

from __future__ import annotations

import io
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from python_calamine import CalamineWorkbook

from trama.intake.models import Load
from trama.intake.registers.areas import Areas
from trama.intake.registers.declared import REGISTERED
from trama.intake.registers.desk import _near
from trama.intake.registers.proposing import propose
from trama.intake.rows import Row, Table
from trama.intake.tests.test_bad_input import words
from trama.intake.tests.test_indicator_pages import filled
from trama.intake.tests.test_spreadsheets import HERE, counts, of, sent, town, tried
from trama.network.models import Organisation
from trama.territory.models import Area
from trama.territory.tests.factories import make_area

pytestmark = pytest.mark.django_db
__all__ = ["town"]


def table(head: str, *lines: str) -> Table:
    columns = head.split(";")
    rows = [Row(number, dict(zip(columns, line.split(";"), strict=True))) for number, line in enumerate(lines, 2)]
    return Table("elenco.csv", columns, rows)


def proposed(head: str, *lines: str) -> dict[str, str]:
    return {one.header: one.key for one in propose(table(head, *lines), REGISTERED["organisations"])}


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_was_exported_is_the_same_on_the_page(town: Area, form: str) -> None:
    borgo = Area.objects.get(name="Borgo")
    for name in ("Circolo di Mezzo", "CENTRO SOCIALE", "Lega"):
        Organisation.objects.create(name=name, area=borgo, address="VIA ROMA 1")
    client = of("plan_office", town)
    export = client.get(f"/realta/esporta.{form}")
    assert export.status_code == 200
    content = b"".join(export.streaming_content) if export.streaming else export.content
    page = tried(client, sent(client, content, f"realta.{form}"))
    assert counts(page)["same"] == Organisation.objects.count(), words(page)


def test_a_number_that_counts_the_rows_names_no_record() -> None:
    assert proposed("N.;Denominazione", "1;Auser", "2;Avis")["N."] == ""
    assert proposed("Codice;Denominazione", "1;Auser", "2;Avis", "3;Arci")["Codice"] == ""
    assert proposed("Codice;Denominazione", "17;Auser", "4;Avis", "230;Arci")["Codice"] == "key"


def test_a_list_numbered_anew_renames_nobody(town: Area) -> None:
    client = of("plan_office", town)
    for lines in ("A17;Circolo Rosa\nB4;Banda Verde\n", "A17;Banda Verde\nB4;Circolo Rosa\n"):
        address = sent(client, f"Codice;Denominazione\n{lines}", register="organisations")
        page = tried(client, address)
        if lines.startswith("A17;Circolo"):
            client.post(f"{address}carica/")
    assert (counts(page).get("possible"), counts(page).get("updated")) == (2, None)


def test_endless_columns_are_refused_before_they_are_read(town: Area) -> None:
    content = ";".join(f"colonna{number}" for number in range(300_000)).encode() + b"\n" + b";" * 299_999 + b"\n"
    client = of("plan_office", town)
    start = time.process_time()
    answer = client.post(HERE, {"sent": SimpleUploadedFile("largo.csv", content), "register": ""})
    assert "2000" in words(answer.content.decode())
    assert time.process_time() - start < 2


def test_totals_zeros_and_cells_that_say_nothing(town: Area) -> None:
    client = of("plan_office", town)
    lines = (
        "1;Circolo Azzurro;Borgo;542000000;n.d.;0;0\n"
        "2;Numero Verde;Borgo;800123456;-;;\n"
        "3;Cellulare;Borgo;3331234567;;;\n"
        "TOTALE;;;3;;;\n"
        ";Totale generale;;3;;;\n"
        "4;=A1+1;Borgo;-;x;;\n"
    )
    address = sent(client, f"N.;Denominazione;Comune;Telefono;Indirizzo;Lat;Lon\n{lines}", register="organisations")
    page = tried(client, address)
    assert (counts(page)["new"], counts(page)["left"], counts(page)["refused"]) == (3, 2, 1), words(page)
    assert "0542000000" in words(client.get(f"{address}prova/?verdict=new").content.decode())
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"{address}da-correggere.xlsx").content))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[1][1:] == ["4", "=A1+1", "Borgo", "-", "x", "", ""]
    mended = io.BytesIO(client.get(f"{address}da-correggere.xlsx").content).getvalue()
    client.post(f"{address}carica/")
    made = Organisation.objects.get(name="Circolo Azzurro")
    assert [one.value for one in made.contacts.all()] == ["0542000000"]
    assert (made.address, made.lon) == ("", None)
    assert [one.value for one in Organisation.objects.get(name="Numero Verde").contacts.all()] == ["800123456"]
    again = tried(client, sent(client, mended, "da-correggere.xlsx", "organisations"))
    assert counts(again)["refused"] == 1, words(again)
    gone = client.get(f"{address}prova/")
    assert gone.status_code == 404
    assert f"/caricamenti/{Load.objects.latest('pk').pk}/" in gone.content.decode()


def test_headings_that_stand_twice_are_numbered(town: Area) -> None:
    content = "Denominazione;Telefono;Telefono;Comune;Comune\nAuser;0542 11111;0542 22222;Borgo;Ponte\n"
    client = of("plan_office", town)
    address = sent(client, content, "doppie.csv")
    data = filled(client.get(address).content.decode())
    assert "Telefono (2)" in words(client.get(address).content.decode())
    assert [data[f"column_{number}"] for number in range(5)] == ["name", "phones", "phones", "area", "-"]
    tried(client, address)
    client.post(f"{address}carica/")
    made = Organisation.objects.get(name="Auser")
    assert (made.area_id, sorted(one.value for one in made.contacts.all())) == (
        Area.objects.get(name="Borgo").pk, ["0542 11111", "0542 22222"],
    )  # fmt: skip


def test_notes_are_proposed_as_nothing() -> None:
    found = proposed("Denominazione;NOTE;Annotazioni interne", "Auser;chiamare Rita;deve pagare", "Avis;x;y")
    assert (found["NOTE"], found["Annotazioni interne"]) == ("", "")


def test_short_words_are_proposed_and_general_ones_not(town: Area) -> None:
    imola = make_area("Imola", "municipality", town, code="999003")
    castel = make_area("Castel San Pietro Terme", "municipality", town, code="999004")
    kind, area = REGISTERED["organisations"].by_key["kind"], REGISTERED["organisations"].by_key["area"]
    areas = Areas.here()
    found = {text: _near(kind, text, areas) for text in ("A.P.S.", "asd", "Onlus", "Associazione", "O.D.V. (sez. A)")}
    assert found == {
        "A.P.S.": "aps", "asd": "sports_club", "Onlus": "other_ets", "Associazione": "", "O.D.V. (sez. A)": "odv",
    }  # fmt: skip
    assert _near(area, "Imola (BO)", areas) == imola.code
    assert _near(area, "Castel S.Pietro T.", areas) == castel.code
    assert _near(area, "Altrove", areas) == ""
