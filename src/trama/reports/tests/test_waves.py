"""The report of a wave: its order, its words, its protection, what an editor does with it, and who reads what."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation

from trama.core.actor import SYSTEM
from trama.core.declarations import gathered
from trama.experiences.choices import Precision
from trama.experiences.models import Experience
from trama.experiences.tests.factories import actor_with, make_experience
from trama.monitoring import actions as monitoring
from trama.monitoring.models import FrozenRow, Sheet, Wave
from trama.monitoring.tests.factories import Town, make_open_wave, make_town
from trama.reports import actions, printing
from trama.reports.document import (
    Bullets,
    Chart,
    Document,
    Heading,
    Map,
    Paragraph,
    Table,
    kept,
    parts,
    restored,
    share_cell,
)
from trama.reports.document import table_of as data_of
from trama.reports.editing import numbers_of_nowhere, texts_of, with_written
from trama.reports.keeping import opened, verify
from trama.reports.models import CloseUp, Kept, Profile, WrittenText
from trama.reports.subjects import document_of
from trama.reports.tests.office import problems_of
from trama.reports.waves import phrases
from trama.reports.waves.closeups import may_be_shown
from trama.reports.waves.counted import Cut, Number, Row
from trama.reports.waves.report import CHAPTERS, NotClosed, wave_report
from trama.ui.numbers import FEW

pytestmark = pytest.mark.django_db
SMALL = "Gruppo piccolo"


@pytest.fixture
def town() -> Town:
    """Three experiences; one for two persons, one that names may harm, one that is a group."""
    found = make_town()
    west, east = found.areas["west"], found.areas["east"]
    aims = [("aim", "inclusion"), ("aim", "strengthen_ties")]
    make_experience(SMALL, areas=[west], organisations=[(found.club, "promoter")], beneficiaries=2, codes=aims)
    make_experience("Casa protetta", areas=[east], organisations=[(found.library, "promoter")], is_sensitive=True)
    Experience.objects.filter(name="Letture").update(
        kind="experience_kind:group",
        summary="Si legge ad alta voce",
        outputs="Un libro",
        critical_points="Lite in sala",
    )
    return found


def closed(town: Town, name: str = "Prima", **fields: Any) -> Wave:
    wave = make_open_wave(town, name, **fields)
    Sheet.objects.filter(wave=wave).update(answer="confirmed", channel="link")
    return monitoring.close_wave(town.keeper, wave)


def words(document: Document) -> dict[str, str]:
    return {block.key: block.text for block in document.blocks if isinstance(block, Paragraph) and block.key}


def table(document: Document, key: str) -> Table:
    return next(one for one in document.tables() if one.key == key)


def rows(one: Table) -> dict[str, list[str]]:
    return {line.key: [cell.text for cell in line.cells] for line in one.lines}


def everything(document: Document) -> str:
    """All that a document says, but for the fingerprint of the wave."""
    return re.sub("[0-9a-f]{64}", "", json.dumps(kept(document), sort_keys=True, ensure_ascii=False))


# --- what stands in it ----------------------------------------------------------------------------------------------
def test_the_chapters_stand_in_the_order_of_the_practice(town: Town) -> None:
    document = wave_report(closed(town), "it")
    chapters = [block for block in document.blocks if isinstance(block, Heading) and block.level == 1]
    assert tuple(block.key for block in chapters) == CHAPTERS
    assert [block.text for block in chapters][1:7] == [
        "Metodo e limiti", "Le esperienze", "I tavoli permanenti", "I laboratori di quartiere", "I gruppi",
        "L'insieme e le prospettive",
    ]  # fmt: skip
    text = words(document)
    assert text["page.totals"].endswith("4 esperienze, 2 realtà, almeno 20 volontari e circa 240 persone raggiunte.")
    assert text["tables.none"] == "Nessun tavolo permanente è registrato in questa rilevazione."
    assert text["groups.whole"].startswith("Una delle esperienze è un gruppo: ")
    assert "4 schede, e per ognuna qualcuno ha risposto" in text["method.answers"], "the one that may harm is not told"
    assert text["whole.first"].startswith("È la prima rilevazione")
    assert restored(json.loads(json.dumps(kept(document)))) == document
    assert [part.key for part in parts(document) if part.level == 1] == list(CHAPTERS)


def test_in_english_too(town: Town) -> None:
    document = wave_report(closed(town), "en")
    said = words(document)["page.totals"]
    assert said.endswith("4 experiences, 2 organisations, at least 20 volunteers and about 240 people reached.")
    everywhere = everything(document)
    for italian in ("esperienze", "Nessun", "schede", "Fonte:"):
        assert italian not in everywhere


def test_every_picture_says_its_finding_base_source_and_has_its_data_beside_it(town: Town) -> None:
    for place, role in enumerate(["fed"] * 6 + ["promoted"] * 4 + ["coordinated"] * 2):
        make_experience(f"Corso {place}", areas=[town.areas["west"]], codes=[("aim", "inclusion")],
                        service_role_id=f"service_role:{role}")  # fmt: skip
    document = wave_report(closed(town), "it")
    pictures = [block for block in document.blocks if isinstance(block, Chart | Map)]
    keys = {"map.areas", "chart.completeness", "chart.sector", "chart.experiences.service_role"}
    assert {one.key for one in pictures} >= keys
    for one in pictures:
        assert all((one.title, one.alt, one.base, one.source, data_of(document, one))), one.key
        assert "Prima, Ufficio di piano" in one.source
    drawn = next(one for one in pictures if isinstance(one, Map))
    assert drawn.svg.count("<circle") == 2
    assert "arrivano" in drawn.title, "no area is named the first"
    assert 'role="' not in drawn.svg
    assert "style=" not in drawn.svg


def test_a_table_of_several_answers_keeps_its_base_and_is_not_forced_to_a_hundred(town: Town) -> None:
    found = table(wave_report(closed(town), "it"), "experiences.aim")
    told = rows(found)
    assert (told["inclusion"][:2], told["strengthen_ties"][:2]) == (["1", "100 %"], ["1", "100 %"])
    assert told["missing"] == ["3"]
    assert told["total"][0] == "4"
    assert "l'unica scheda su 4 che lo dichiara" in found.subtitle
    assert "più di 100" in found.subtitle


def test_of_a_handful_no_share_has_decimals_in_any_form(town: Town) -> None:
    document = wave_report(closed(town), "it")
    assert rows(table(document, "completeness"))["volunteers"] == ["2", "4", "50 %"]
    with translation.override("it"):
        assert [share_cell(1 / 3, base).text for base in (3, 19, 20, 300)] == ["33 %", "33 %", "33,3 %", "33,3 %"]
    book = openpyxl.load_workbook(io.BytesIO(printing.file_bytes(document, "xlsx")))
    shares = [cell for sheet in book for row in sheet.iter_rows() for cell in row if "%" in cell.number_format]
    assert {cell.number_format for cell in shares} == {"0%"}
    for other in (FEW, FEW - 1):
        assert share_cell(0.5, other).form == ("%" if other == FEW else "%0")


def test_all_kinds_of_doubt_are_told_each_of_how_many_in_every_form(town: Town) -> None:
    lunch, school, tales = town.experiences
    first = closed(town)
    told = rows(table(wave_report(first, "it"), "doubts"))
    # Nothing was known before: no sheet can be far from it, and that is said.
    assert told["far_apart"] == ["0", "0", ""]
    backwards = next(kind for kind in gathered.monitored["experiences"].doubted if kind.key == "ends_before_start")
    assert backwards.look({"starts_on": "2025-02-01", "ends_on": "2025-01-31"}, None, first.scope()) is True
    assert (told["fewer_people"][:2], told["total"][:2]) == (["0", "2"], ["0", "4"])
    Experience.objects.filter(pk=lunch.pk).update(volunteers=12, beneficiaries=4)
    Experience.objects.filter(pk=school.pk).update(beneficiaries=400)
    second = make_open_wave(town, "Seconda", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
    Experience.objects.filter(pk=school.pk).update(ends_on="2024-06-30")
    # What stood on a sheet before its answer is an earlier number too: "Letture" had said nothing in the first wave.
    Experience.objects.filter(pk=tales.pk).update(beneficiaries=900, beneficiaries_precision=Precision.EXACT)
    Sheet.objects.filter(wave=second, record=tales.pk).update(prefilled={"beneficiaries": [90, "exact"]})
    seen = Sheet.objects.get(wave=second, record=school.pk)
    monitoring.find_right(town.keeper, seen)
    Sheet.objects.filter(wave=second).update(answer="confirmed", channel="link")
    document = wave_report(monitoring.close_wave(town.keeper, second), "it")
    told = rows(table(document, "doubts"))
    assert told == {
        "fewer_people": ["1", "2", "50 %"],
        "ends_before_start": ["0", "1", "0 %"],
        "ended_before_period": ["1", "1", "100 %"],
        "far_apart": ["3", "4", "75 %"],
        "total": ["3", "4", "75 %"],
    }
    text = words(document)["method.doubts"]
    assert "3 schede su 4" in text
    assert "meno persone raggiunte che volontari (1 su 2)" in text
    assert "Una di queste è stata guardata" in text
    assert all("almeno 10 volte" in said.casefold() for said in forms(document).values())
    for form, part in (("docx", "word/document.xml"), ("pptx", "ppt/slides/")):
        package = zipfile.ZipFile(io.BytesIO(printing.file_bytes(document, form)))
        assert problems_of(package) == []
        inside = " ".join(package.read(name).decode() for name in package.namelist() if name.startswith(part))
        assert "Meno persone raggiunte che volontari" in inside


def test_only_a_closed_wave_has_a_report(town: Town) -> None:
    with pytest.raises(NotClosed, match="non è chiusa"):
        wave_report(make_open_wave(town), "it")


def test_what_was_altered_says_so(town: Town) -> None:
    wave = closed(town)
    row = FrozenRow.objects.filter(wave=wave).order_by("record").first()
    assert row is not None
    FrozenRow.objects.filter(pk=row.pk).update(content=row.content | {"name": "Altro"})
    said = " ".join(block.text for block in wave_report(wave, "it").blocks if isinstance(block, Paragraph))
    assert "era UN ALTRO" in said


def test_corrections_stand_beside_the_figures(town: Town) -> None:
    wave = closed(town)
    monitoring.write_erratum(town.keeper, wave, figure="Volontari", was="20", should_be="21", reason="Una svista")
    document = wave_report(wave, "it")
    assert words(document)["method.errata"].startswith("Dalla chiusura è stata scritta una correzione.")
    assert [cell.text for cell in table(document, "errata").lines[0].cells][:3] == ["20", "21", "Una svista"]
    assert rows(table(document, "figures"))["volunteers"][0] == "almeno 20"


# --- words ----------------------------------------------------------------------------------------------------------
def number(value: int | None, text: str = "", known: int = 1) -> Number:
    return Number("records", "Esperienze", text or str(value), 1, known, value)


def test_words_agree_with_their_numbers() -> None:
    with translation.override("it"):
        assert phrases.organisations(number(0)) == "nessuna realtà"
        assert phrases.organisations(number(1)) == "una realtà"
        assert phrases.volunteers(number(500, "oltre 500")) == "oltre 500 volontari"
        assert phrases.volunteers(number(1)) == "1 volontario"
        assert phrases.volunteers(number(None)) == "volontari in numero protetto"
        assert phrases.volunteers(number(None, known=0)) == "volontari di cui non si sa il numero"
        assert phrases.reached(number(0)) == "nessuna persona raggiunta"
        assert phrases.reached(number(1)) == "1 persona raggiunta"


@pytest.mark.parametrize(
    ("counts", "base", "said"),
    [
        ((12, 5, 3), 22, ("La finalità più frequente è «a»: 12 su 20 (60 %). Seguono «b» (5) e «c» (3). "
                          "2 schede non lo dichiarano.")),
        ((12, 5, 4, 4), 21, "La finalità più frequente è «a»: 12 su 21 (57 %). Segue «b» (5)."),
        ((6, 6), 13, "Nessuna voce spicca: «a» (6) e «b» (6). Una scheda non lo dichiara."),
        ((12,), 12, "Tutte quelle che lo dichiarano dicono «a»."),
        ((2, 1), 3, "Lo dichiarano solo 3 schede: troppo poche per dire che cosa è frequente."),
        ((1,), 1, "Lo dichiara una sola scheda: troppo poco per dire che cosa è frequente."),
        ((), 3, "Nessuna scheda lo dichiara: finalità."),
    ],
)  # fmt: skip
def test_a_cut_is_told_as_far_as_it_carries(counts: tuple[int, ...], base: int, said: str) -> None:
    known = sum(counts) if base >= sum(counts) else base
    lines = [
        Row(name, name, Number("records", "", str(count), base, known, count), count / known)
        for name, count in zip("abcd", counts, strict=False)
    ]
    with translation.override("it"):
        assert phrases.sentence(Cut("aim", "Finalità", tuple(lines), base, known)) == said


# --- compared -------------------------------------------------------------------------------------------------------
def test_the_second_wave_tells_what_changed_and_what_was_only_covered_otherwise(town: Town) -> None:
    closed(town)
    second = make_open_wave(town, "Seconda", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
    Sheet.objects.filter(wave=second).exclude(title="Doposcuola").update(answer="confirmed")
    monitoring.close_wave(town.keeper, second)
    document = wave_report(Wave.objects.get(pk=second.pk), "it")
    text = words(document)
    fates = "nessuna è nuova, 3 sono proseguite, nessuna si è conclusa e per 1 nessuno ha risposto."
    assert text["page.change"].endswith(fates)
    assert "perché è cambiato ciò che è stato rilevato" in text["compare.records"]
    assert rows(table(document, "fates"))["not_covered"] == ["1"]
    assert rows(table(document, "changes"))["records"] == ["4", "3", "0", "−1"]
    assert "1 rimasta" in text["method.answers"].replace("Una è ", "1 ")


# --- protection -----------------------------------------------------------------------------------------------------
def forms(document: Document) -> dict[str, str]:
    """What the forms that are made here say, but for the fingerprint; PDF and DOCX print the same document."""
    book = openpyxl.load_workbook(io.BytesIO(printing.file_bytes(document, "xlsx")))
    cells = [[str(cell.value) for cell in row] for sheet in book for row in sheet.iter_rows()]
    package = zipfile.ZipFile(io.BytesIO(printing.file_bytes(document, "zip")))
    files = {name: package.read(name).decode() for name in sorted(package.namelist())}
    said = {"document": everything(document), "xlsx": str(cells), "zip": str(files)}
    return {form: re.sub("[0-9a-f]{64}", "", text) for form, text in said.items()}


def test_a_small_number_is_the_same_in_every_form_whatever_it_is(town: Town) -> None:
    """A report in which two persons are one says nothing else, in no form and in no close-up."""
    made = []
    for persons in (2, 1):
        # Two volunteers: that a single person was reached, fewer than they are, is a doubt that would tell the number.
        Experience.objects.filter(name=SMALL).update(
            beneficiaries=persons, volunteers=2, volunteers_precision=Precision.EXACT
        )
        wave = closed(town, "Prima")
        record = FrozenRow.objects.get(wave=wave, content__name=SMALL).record
        document = wave_report(wave, "it", [record])
        assert rows(table(document, f"closeup.{record}"))
        made.append(forms(document))
        Wave.objects.filter(pk=wave.pk).delete()
    assert made[0] == made[1]


def test_what_was_told_as_a_round_number_is_round_in_the_workbook_and_in_the_open_data(town: Town) -> None:
    document = wave_report(closed(town), "it")
    package = zipfile.ZipFile(io.BytesIO(printing.file_bytes(document, "zip")))
    name = next(one for one in package.namelist() if one.endswith("-figures.csv"))
    read = {row["key"]: row for row in csv.DictReader(io.StringIO(package.read(name).decode()))}
    assert (read["beneficiaries"]["valore"], read["beneficiaries"]["valore_status"]) == ("240", "estimated")
    assert read["records"]["valore"] == "4"


def test_nothing_that_may_harm_is_in_it_and_nothing_that_only_who_signs_in_reads(town: Town) -> None:
    wave = closed(town)
    tales = FrozenRow.objects.get(wave=wave, content__name="Letture").record
    actions.choose_closeups(SYSTEM, wave, [tales])
    text = everything(document_of(wave, "it"))
    assert "Un libro" in text
    assert "Lite in sala" not in text
    assert "Casa protetta" not in text


# --- close-ups ------------------------------------------------------------------------------------------------------
def test_close_ups_are_chosen_among_what_everybody_may_read(town: Town) -> None:
    wave = closed(town)
    by_name = {name: record for record, name in may_be_shown(wave).items()}
    assert set(by_name) == {"Pranzo", "Doposcuola", "Letture", SMALL}
    hidden = Experience.objects.get(name="Casa protetta").pk
    with pytest.raises(actions.NotPossible):
        actions.choose_closeups(SYSTEM, wave, [hidden])
    with pytest.raises(actions.NotPossible):
        actions.choose_closeups(SYSTEM, wave, list(by_name.values())[:3])
    actions.choose_closeups(SYSTEM, wave, [by_name["Letture"], by_name["Pranzo"]])
    document = document_of(wave, "it")
    told = [block.text for block in document.blocks if isinstance(block, Heading) and block.level == 2][-2:]
    assert told == ["Letture", "Pranzo"]
    facts = {line.name: line.cells[0].text for line in table(document, f"closeup.{by_name['Pranzo']}").lines}
    assert (facts["Con chi"], facts["Volontari"], facts["Persone raggiunte"]) == ("Circolo", "12", "circa 200")
    # Withdrawn since, it is named nowhere; its numbers stay in the figures.
    Experience.objects.filter(pk=by_name["Pranzo"]).update(state="draft")
    again = document_of(wave, "it")
    assert "Pranzo" not in everything(again)
    assert rows(table(again, "figures")) == rows(table(document, "figures"))


def test_the_page_of_close_ups(town: Town, client: Client) -> None:
    wave = closed(town)
    address = f"/rapporti/rilevazioni/{wave.pk}/da-vicino/"
    assert client.get(address).status_code in (302, 404)
    client.force_login(_user(town))
    first, second = sorted(may_be_shown(wave))[:2]
    twice = client.post(address, {"first": first, "second": first})
    assert "È la stessa della prima" in twice.content.decode()
    assert client.post(address, {"first": second, "second": first}).status_code == 302
    assert list(CloseUp.objects.filter(wave=wave).order_by("place").values_list("record", flat=True)) == [second, first]
    client.post(address, {"first": "0", "second": first})
    assert list(CloseUp.objects.filter(wave=wave).values_list("record", flat=True)) == [first]


def _user(town: Town) -> Any:
    from trama.accounts.models import User
    from trama.network.models import Membership

    user = User.objects.create(username="piano", email="piano@example.org")
    Membership.objects.create(user=user, role="plan_office", area=town.areas["city"])
    return user


# --- texts, frozen and published ------------------------------------------------------------------------------------
def test_a_written_paragraph_keeps_its_place_and_asks_when_the_figures_change(town: Town) -> None:
    wave = closed(town)
    seen = words(wave_report(wave, "it"))["page.totals"]
    actions.write_text(SYSTEM, wave, "it", "page.totals", "Siamo in tanti.\n\nE contenti.", seen)
    actions.write_text(SYSTEM, wave, "it", "tables.added", "Dei tavoli diremo l'anno prossimo.", "")
    document = with_written(SYSTEM, wave, wave_report(wave, "it"))
    assert words(document)["page.totals"] == "Siamo in tanti."
    assert words(document)["tables.added"] == "Dei tavoli diremo l'anno prossimo."
    assert words(wave_report(wave, "it"))["page.totals"] == seen, "the automatic one is not touched"
    last = document.blocks[-1]
    assert isinstance(last, Paragraph)
    assert "«La rilevazione in una pagina»" in last.text
    assert numbers_of_nowhere(f"{seen} Sono 999, non 1.234.", wave_report(wave, "it")) == ["999", "1.234"]
    monitoring.reopen_wave(town.keeper, wave, "Mancava una scheda")
    Sheet.objects.filter(wave=wave, title="Pranzo").update(answer="waiting")
    again = monitoring.close_wave(town.keeper, Wave.objects.get(pk=wave.pk))
    fresh = wave_report(again, "it")
    assert words(with_written(SYSTEM, again, fresh))["page.totals"] == "Siamo in tanti."
    found = {text.key: text for text in texts_of(SYSTEM, again, fresh)}
    assert found["page.totals"].figures_changed
    assert not found["tables.added"].figures_changed


def test_the_report_is_frozen_published_and_then_what_everybody_reads(town: Town, client: Client) -> None:
    wave = closed(town)
    actions.write_text(SYSTEM, wave, "it", "page.totals", "Parola del piano.", "")
    page = f"/rapporti/rilevazioni/{wave.pk}/"
    assert "Parola del piano" not in client.get(page).content.decode()
    profile = actions.freeze(SYSTEM, wave, "Edizione di giugno")
    assert verify(profile).holds
    assert words(opened(profile, "it"))["page.totals"] == "Parola del piano."
    assert profile.fingerprint != wave.fingerprint
    assert "Parola del piano" not in client.get(page).content.decode()
    assert client.get(f"/rapporti/profili/{profile.pk}/").status_code == 404
    actions.publish(SYSTEM, profile)
    shown = client.get(page).content.decode()
    assert "Parola del piano" in shown
    assert f"/rapporti/profili/{profile.pk}/profilo-it.pdf" in shown
    actions.withdraw(SYSTEM, profile)
    assert "Parola del piano" not in client.get(page).content.decode()
    with pytest.raises(actions.NotPossible):
        actions.freeze(SYSTEM, wave, "Edizione di giugno")


def test_texts_are_read_by_who_follows_the_wave(town: Town) -> None:
    wave = closed(town)
    actions.write_text(SYSTEM, wave, "it", "page.added", "Bozza.", "")
    near, far = actor_with("evaluator", town.areas["west"], user=2100), actor_with("plan_office", user=2101)
    assert WrittenText.objects.visible_to(near).count() == 1
    other = make_town_elsewhere()
    assert WrittenText.objects.visible_to(actor_with("plan_office", other, user=2102)).count() == 0
    assert WrittenText.objects.visible_to(far).count() == 1


def make_town_elsewhere() -> Any:
    from trama.territory.tests.factories import make_area

    return make_area("Lontano")


# --- ways in --------------------------------------------------------------------------------------------------------
def test_the_page_shows_the_report_with_its_pictures_and_leads_to_its_forms(town: Town, client: Client) -> None:
    wave = closed(town)
    text = client.get(f"/rapporti/rilevazioni/{wave.pk}/").content.decode()
    assert "almeno 20 volontari" in text
    assert "data:image/svg+xml;base64," in text
    for form in ("pdf", "docx", "xlsx", "zip"):
        assert f"/rapporti/rilevazioni/{wave.pk}/rapporto-it.{form}" in text
    assert f"/rapporti/rilevazioni/{wave.pk}/" in client.get(f"/rilevazioni/{wave.pk}/").content.decode()
    assert f"/rapporti/rilevazioni/{wave.pk}/" in client.get("/rapporti/").content.decode()


def test_a_file_is_printed_once_for_all_who_ask(town: Town, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    wave, made = closed(town), []
    monkeypatch.setattr(printing, "file_bytes", lambda document, form: made.append(form) or b"x")
    address = f"/rapporti/rilevazioni/{wave.pk}/rapporto-it.xlsx"
    assert [client.get(address).content for _time in range(2)] == [b"x", b"x"]
    assert made == ["xlsx"]
    actions.choose_closeups(SYSTEM, wave, list(may_be_shown(wave))[:1])
    client.get(address)
    assert made == ["xlsx", "xlsx"], "another close-up is another report"
    # So are the files of what was frozen of it; they are looked at for changes whenever they are asked for.
    actions.freeze(SYSTEM, wave, "Giugno")
    edition = Profile.objects.get()
    actions.publish(SYSTEM, edition)
    address = f"/rapporti/profili/{edition.pk}/profilo-it.xlsx"
    assert [client.get(address).content for _time in range(2)] == [b"x", b"x"]
    assert len(made) == 3
    Kept.objects.filter(profile=edition).update(content="{}")
    assert client.get(address).status_code == 409


def test_an_open_wave_says_when_its_report_comes(town: Town, client: Client) -> None:
    wave = make_open_wave(town)
    address = f"/rapporti/rilevazioni/{wave.pk}/"
    assert client.get(address).status_code == 404
    client.force_login(_user(town))
    assert "appena la rilevazione si chiude" in client.get(address).content.decode()
    assert client.get(f"{address}rapporto-it.pdf").status_code == 404


def test_the_command_line(town: Town, tmp_path: Any) -> None:
    wave = closed(town)
    out = tmp_path / "rapporto.xlsx"
    call_command("report", "wave", wave=str(wave.pk), out=[str(out)])
    assert openpyxl.load_workbook(out)["Le cifre della rilevazione"]["B5"].value == 4
    call_command("report", "wave", wave="prima", out=[str(tmp_path / "x.zip")])
    for options, said in (
        ({"wave": "99999", "out": [str(out)]}, "There is no wave"),
        ({"out": [str(out)]}, "Say which wave"),
        ({"wave": str(wave.pk)}, "Say what to make"),
        ({"wave": str(make_open_wave(town, "Aperta").pk), "out": [str(out)]}, "is not closed"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("report", "wave", **options)


def test_lists_stay_lists(town: Town) -> None:
    note = next(block for block in wave_report(closed(town), "it").blocks if isinstance(block, Bullets))
    assert any("convenzionale" in text for _term, text in note.items)
