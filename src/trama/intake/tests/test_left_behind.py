"""Rows that a load leaves behind: their reasons counted together, their workbook kept for a time and for few."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import xlsxwriter
from django.utils import timezone
from python_calamine import CalamineWorkbook

from trama.core.actor import SYSTEM
from trama.intake import causes, undoing
from trama.intake.actions import undo_load
from trama.intake.models import MENDED_WITHIN, Load, RowsToMend
from trama.intake.registers.footers import footers
from trama.intake.rows import Fault, Row, Table
from trama.intake.tests.test_bad_input import words
from trama.intake.tests.test_indicator_pages import filled
from trama.intake.tests.test_spreadsheets import HEAD, counts, of, sent, town, tried
from trama.network.models import Organisation
from trama.territory.models import Area

pytestmark = pytest.mark.django_db
__all__ = ["town"]
LIST = HEAD + "".join(
    f"Circolo {number};{area};;;;\n"
    for number, area in enumerate(["Borgo", "Bolona", "Bolona", "Bolona", "Borgo", "Zocca", "Borgo"])
)


def lines_of(content: bytes) -> list[list[str]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def test_reasons_that_differ_only_in_what_they_quote_are_one_cause() -> None:
    told = [("refused", row, "Fine", f"“{text}” is not a date") for row, text in enumerate(["x", "y", "x", "z"], 2)]
    told += [("refused", row, "Comune", "no area is called “Bolona”") for row in (9, 7, 12)]
    told += [("refused", 13, "Comune", "no area is called “Zocca”")]
    told += [("duplicate", row, "", f"row {row - 10} already speaks of this record") for row in range(20, 32)]
    same, dates, area, other = causes.counted(told)
    assert (same["why"], same["count"], same["rows"]) == ("row … already speaks of this record", 12, "20–31")
    assert (dates["why"], dates["rows"]) == ("“…” is not a date", "2–5")
    assert dates["texts"] == [["x", 2], ["y", 1], ["z", 1]]
    assert (area["why"], area["rows"], area["texts"]) == ("no area is called “Bolona”", "7, 9, 12", [])
    assert (other["why"], other["count"]) == ("no area is called “Zocca”", 1)
    assert "Bolona" not in str(causes.without_texts([area]))
    assert causes.folded(range(1, 200, 2))[1] == 40


def test_what_was_left_behind_stays_with_the_load_for_who_may_mend_it(town: Area) -> None:
    borgo = Area.objects.get(code="999001")
    worker = of("community_worker", borgo, "operatrice")
    address = sent(worker, LIST)
    page = words(tried(worker, address))
    assert "3 righe, colonna «Comune»: nessuna area si chiama «Bolona»" in page
    assert "3–5" in page
    done = worker.post(f"{address}carica/", follow=True)
    load = Load.objects.get()
    own = f"/caricamenti/{load.pk}/"
    # Who loads and keeps no territory sees the own load all the same, and no other.
    assert done.redirect_chain[-1][0] == own
    page = words(done.content.decode())
    until = timezone.localtime(load.started_at + timedelta(days=MENDED_WITHIN))
    assert f"fino al {until.day}" in page
    assert "nessuna area si chiama «Bolona»" in page
    rows = lines_of(worker.get(f"{own}da-correggere.xlsx").content)
    assert [row[1] for row in rows[1:]] == ["Circolo 1", "Circolo 2", "Circolo 3", "Circolo 5"]
    assert "Bolona" in rows[1][0]
    assert "Bolona" not in str(load.outcome)
    # Who may undo it, too; nobody else.
    office = of("plan_office", town, "piano")
    assert office.get(f"{own}da-correggere.xlsx").content
    colleague = of("community_worker", borgo, "collega")
    # The way back leads through pages that she may see.
    assert 'href="/caricamenti/"' in office.get("/caricamenti/registri/").content.decode()
    for path in ("/caricamenti/registri/", sent(worker, LIST)):
        assert 'href="/caricamenti/"' not in worker.get(path).content.decode()
    assert [colleague.get(path).status_code for path in (own, f"{own}da-correggere.xlsx")] == [404, 404]
    keeper = of("technical_coordinator", borgo, "coordinatrice")
    assert "Bolona" not in words(keeper.get(own).content.decode())
    assert keeper.get(f"{own}da-correggere.xlsx").status_code == 404
    # The days are over: it is not given before it is swept, and swept with the next file that anybody sends.
    Load.objects.update(started_at=timezone.now() - timedelta(days=MENDED_WITHIN, minutes=1))
    assert worker.get(f"{own}da-correggere.xlsx").status_code == 404
    page = words(worker.get(own).content.decode())
    assert "Bolona" not in page
    assert "nessuna area si chiama «…»" in page
    sent(worker, LIST)
    assert not RowsToMend.objects.exists()


def test_the_mended_workbook_of_a_load_comes_in(town: Area) -> None:
    client = of("plan_office", town)
    address = sent(client, LIST)
    tried(client, address)
    client.post(f"{address}carica/")
    load = Load.objects.get()
    mended = client.get(f"/caricamenti/{load.pk}/da-correggere.xlsx").content
    assert counts(tried(client, sent(client, mended, "da-correggere.xlsx")))["refused"] == 4
    undo_load(SYSTEM, load)
    assert not RowsToMend.objects.exists()
    undoing.forget_old()


SPARED = (
    "Denominazione;Comune;Fondata nel;Codice fiscale;Sito;Lat;Lon;Sensibile\n"
    "Circolo Uno;Borgo;boh;;;;;\n"
    "Circolo Due;Borgo;1998;;vedi bacheca;44,5o5;11.305;\n"
    "Circolo Tre;Borgo;presto;12;;;;\n"
    "Circolo Quattro;Borgo;presto;;;;;forse\n"
    ";Borgo;presto;;;;;\n"
)


def test_a_bad_cell_that_no_record_needs_costs_its_row_only_if_nobody_says_otherwise(town: Area) -> None:
    client = of("plan_office", town)
    address = sent(client, SPARED, register="organisations")
    data = filled(client.get(address).content.decode())
    wanted = {"column_2": "founded_year", "column_5": "lat", "column_6": "lon", "column_7": "sensitive"}
    page = tried(client, address, **wanted)
    assert (data["column_3"], counts(page)) == ("tax_code", {"refused": 5})
    assert "2 righe sono respinte solo per celle che non sono obbligatorie" in words(page)
    client.post(f"{address}decidi/", {"bad_cells": "leave_out"})
    page = client.get(f"{address}prova/?verdict=new").content.decode()
    # Keys, marks and what is required spoil their row all the same.
    assert counts(page) == {"new": 2, "refused": 3}
    assert "«boh» non è un anno" in words(page)
    assert "la cella resta fuori" in words(page)
    client.post(f"{address}decidi/", {"bad_cells": "refuse"})
    assert counts(client.get(f"{address}prova/").content.decode()) == {"refused": 5}
    client.post(f"{address}decidi/", {"bad_cells": "leave_out"})
    client.get(f"{address}prova/")
    assert "bad_cells" not in client.get(f"{address}ricetta.toml").content.decode()  # the next file is asked anew
    client.post(f"{address}carica/")
    two = Organisation.objects.get(name="Circolo Due")
    assert (two.founded_year, two.lon, two.contacts.count()) == (1998, None, 0)
    load = Load.objects.get()
    rows = lines_of(client.get(f"/caricamenti/{load.pk}/da-correggere.xlsx").content)
    assert [row[1] for row in rows[1:]] == ["Circolo Uno", "Circolo Due", "Circolo Tre", "Circolo Quattro", ""]
    assert rows[1][0].startswith("riga 2: caricata senza questa cella: Fondata nel: «boh»")
    for piece in ("vedi bacheca", "44,5o5"):
        assert piece in rows[2][0]
    assert "boh" not in str(load.outcome)
    # Mended, the cell comes to the record that is here.
    rows[1][3] = "1987"
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as mended:
        sheet = mended.add_worksheet()
        for number, row in enumerate(rows[:2]):
            sheet.write_row(number, 0, row)
    again = sent(client, book.getvalue(), "da-correggere.xlsx", "organisations")
    assert counts(tried(client, again)) == {"updated": 1}
    client.post(f"{again}carica/")
    assert Organisation.objects.get(name="Circolo Uno").founded_year == 1987


WRONG_CONTACTS = (
    "Denominazione;Comune;Telefono;E-mail\n"
    "Circolo Uno;Borgo;12;banda@@example\n"
    "Circolo Due;Borgo;n.d.;nessuno\n"
    "Circolo Tre;Borgo;051 123456 - int. 7;info@circolo\n"
    "Circolo Tre;Borgo;051 123456 - int. 7;info@circolo\n"
    "Circolo Quattro;Borgo;Mario Rossi;/\n"
    "Circolo Cinque;Borgo;1522;circolo@example.org\n"
    "Circolo Sei;Bolona;;\n"
    "Circolo Sette;Borgo;051 765432; -\n"
)


def test_what_is_no_telephone_and_no_mail_box_is_told_and_every_row_counts_once(town: Area) -> None:
    client = of("plan_office", town)
    address = sent(client, WRONG_CONTACTS, register="organisations")
    page = tried(client, address)
    assert counts(page) == {"new": 6, "duplicate": 1, "refused": 1}
    assert "«12» non è un numero di telefono" in words(page)
    page = client.get(f"{address}prova/?verdict=new").content.decode()
    assert "«banda@@example» non è un indirizzo e-mail" in words(page)
    assert not {"n.d.", "nessuno"} & set(words(page).split())
    # What each new row becomes: where it lies, and who sees its contacts.
    assert "Circolo TreBorgo · contatti: 1 per tutti, 0 solo per il personale" in words(page)
    assert "Circolo QuattroBorgo · contatti: 0 per tutti, 1 solo per il personale" in words(page)
    assert "Circolo DueBorgo · nessun contatto" in words(page)
    done = words(client.post(f"{address}carica/", follow=True).content.decode())
    assert "Righe da correggere: 3 (respinte: 1; caricate senza una cella: 2)." in done
    (step,) = Load.objects.get().outcome["steps"]
    assert step["rows"] == 8 == step["new"] + step["same"] + step["updated"] + step["refused"] + step["skipped"]
    assert RowsToMend.objects.get().count == 3
    kept = {
        one.name: sorted(f"{kind} {value}" for kind, value in one.contacts.values_list("kind", "value"))
        for one in Organisation.objects.filter(name__startswith="Circolo")
    }
    assert kept == {
        "Circolo Uno": [],
        "Circolo Due": [],
        "Circolo Tre": ["phone 051 123456"],
        "Circolo Quattro": ["person Mario Rossi"],
        "Circolo Cinque": ["email circolo@example.org", "phone 1522"],
        "Circolo Sette": ["phone 051 765432"],
    }
    rows = lines_of(client.get(f"/caricamenti/{Load.objects.get().pk}/da-correggere.xlsx").content)
    assert [row[1] for row in rows[1:]] == ["Circolo Uno", "Circolo Tre", "Circolo Sei"]


def table(text: str) -> Table:
    head, *lines = text.splitlines()
    columns = head.split(";")
    found = Table("elenco.csv", columns)
    for number, line in enumerate(lines, 2):
        cells = line.split(";")
        if len(cells) == len(columns) and any(cells):
            found.rows.append(Row(number, dict(zip(columns, cells, strict=True))))
        elif any(cells):
            found.broken[number] = cells
            found.faults.append(Fault(number, "", "cells"))
    return found


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("Nome;Via\nUno;a\nDue;b\n;\nDati riferiti ai soci;\nveri e presunti;\n", [5, 6]),
        ("Nome;Via\nUno;a\nDue;b\nFonte: Comune di Borgo;\n", [4]),
        ("Nome;Via\nUno;a\nTotale;2\nAggiornato al 3/9/2026\nFonte;Comune\n", [4, 5]),
        ("Nome;Via\nUno;a\n;* sede provvisoria\nDue;b\n", [3]),
        ("Nome;Via\nUno;a\nDue;b\nTre;\n", []),  # a record of which only the name is known
        ("Nome;Via\nUno;a\nDue;\nTre;\n;\nQuattro;\n", []),  # so are others: one cell says nothing
        ("Nome;Via\nUno;\nDue;\n;\nTre;\n", []),  # names alone
        ("Nome;Via\nFonte Viva;a\nNota Bene;b\nAggiornamento Insieme APS;via Roma\nUno;c\n", []),
    ],
)
def test_lines_below_a_table_are_told_from_records(text: str, notes: list[int]) -> None:
    assert list(footers(table(text), ["Nome"])) == notes


def test_notes_below_the_table_are_listed_and_taken_by_a_tick(town: Area) -> None:
    client = of("plan_office", town)
    lines = "Circolo Uno;Borgo;;;;\nCircolo Due;Borgo;;;;\nTotale;2;;;;\n\nFonte: albo comunale\nCircolo Tre;;;;;\n"
    address = sent(client, HEAD + lines, register="organisations")
    tried(client, address)
    page = client.get(f"{address}prova/?verdict=left").content.decode()
    assert counts(page) == {"new": 2, "left": 3}
    assert "Fonte: albo comunale una nota sotto la tabella" in words(page)
    client.post(f"{address}decidi/", {"row-7": "take"})
    assert counts(client.get(f"{address}prova/").content.decode()) == {"new": 3, "left": 2}
    client.post(f"{address}decidi/", {"forget": "1"})
    assert counts(client.get(f"{address}prova/").content.decode()) == {"new": 2, "left": 3}
    client.post(f"{address}decidi/", {"row-7": "take"})
    done = words(client.post(f"{address}carica/", follow=True).content.decode())
    assert Organisation.objects.filter(name__startswith="Circolo").count() == 3
    assert "Fonte: albo comunale: una nota sotto la tabella" in done
