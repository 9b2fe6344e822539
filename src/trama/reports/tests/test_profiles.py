"""Texts that outlive the figures, profiles that never change, comparisons counted by hand."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation

from trama.accounts.tests.factories import make_user
from trama.core import facts
from trama.core.actor import NOBODY, SYSTEM
from trama.core.declarations import gathered
from trama.core.models import AuditEntry
from trama.insight.tests.factories import REGISTER, make_experience
from trama.network.models import Membership
from trama.reports import actions, printing
from trama.reports.comparing import compare
from trama.reports.document import Document, Paragraph, Table, kept, restored
from trama.reports.editing import texts_of, with_written
from trama.reports.keeping import opened, verify
from trama.reports.models import Kept, Profile, WrittenText
from trama.reports.phrases import beside, grown, listed, signed, where
from trama.reports.territory import territory_report
from trama.reports.tests.office import problems_of
from trama.territory.choices import ValueState
from trama.territory.models import Area, ContextIndicator, ContextValue
from trama.territory.tests.factories import make_area, make_city, make_population

pytestmark = pytest.mark.django_db
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture
def city(monkeypatch: pytest.MonkeyPatch) -> Area:
    """A city of 200 people for each year of age, three experiences, and the share of its households of one."""
    monkeypatch.setitem(gathered.registers, "experiences", REGISTER)
    found = make_city()
    make_population(found["city"], 2023, 120, 80)
    alone = ContextIndicator.objects.create(
        code="households_one_share", name_it="Famiglie di una persona", name_en="Households of one",
        theme="households", unit_it="%", unit_en="%", decimals=1,
    )  # fmt: skip
    for year, share in ((2020, 50.0), (2022, 53.7)):
        ContextValue.objects.create(area=found["city"], indicator=alone, year=year, value=share)
    make_experience("doposcuola", areas=[found["west"]])
    make_experience("doposcuola", areas=[found["west"], found["east"]])
    make_experience("festa", areas=[found["east"]])
    return found["city"]


def texts(document: Document) -> dict[str, str]:
    return {block.key: block.text for block in document.blocks if isinstance(block, Paragraph) and block.key}


def report(area: Area, language: str = "it") -> Document:
    return territory_report(NOBODY, area, language)


# --- sentences ----------------------------------------------------------------------------------------------------
def test_words_agree_with_their_numbers() -> None:
    with translation.override("it"):
        assert listed(["a"]) == "a"
        assert listed(["rassegna", "evento"]) == "rassegna ed evento"
        assert listed([str(n) for n in range(12)], 3) == "0, 1, 2 e altre 9"
        assert grown(1000, 1129, 2022) == "129 in più che nel 2022 (+12,9 %)"
        assert grown(387_842, 387_971, 2022) == "129 in più che nel 2022", "0,03 % is no percentage"
        assert grown(7, 7, 2022) == "lo stesso numero del 2022"
        assert (
            beside(14.1, 13.5, "13,5 %", where("Bologna", "province")) == "più che nella provincia di Bologna (13,5 %)"
        )
        assert beside(100, 102, "102", "x") == "all'incirca come x (102)"
        assert where("Unione Valle", "union") == "in «Unione Valle»"
        assert where("Navile", "district") == "nel quartiere Navile"
        assert signed(-1.2, 1) == "−1,2"


def test_the_story_of_an_area_follows_its_numbers(city: Area) -> None:
    said = texts(report(city))
    assert said["people.size"] == "Nel 2023 qui abitano 20.200 persone. Donne: 60,0 %."
    assert said["people.ages"].startswith(
        "Su 100 residenti 15 hanno meno di 15 anni e 36 hanno 65 anni o più. Ogni 100"
    )
    assert said["context.households_one_share"] == (
        "Su 100 famiglie 54 sono di una persona sola (53,7 % nel 2022), in aumento dal 2020 (50,0 %)."
    )
    assert "i redditi" in said["page.unknown"]
    assert "le famiglie" not in said["page.unknown"]
    english = texts(report(city, "en"))
    assert set(english) == set(said), "a text has the same key in every language"
    assert "20,200 people live here" in english["people.size"]


@pytest.mark.parametrize(
    ("females", "males", "size"), [(0, 1, "qui abita una persona."), (1, 1, "qui abitano 2 persone.")]
)
def test_few_people_are_told_without_shares(females: int, males: int, size: str) -> None:
    alone = make_area("Sola", "hamlet")
    population = make_population(alone, 2023, 0, 0)
    population.males[70], population.females[3], population.total = males, females, females + males
    population.save()
    said = texts(report(alone))
    assert size in said["people.size"]
    assert "people.ages" not in said
    assert "%" not in said["people.size"]


def test_where_nothing_is_known_a_sentence_says_so_and_no_table_does() -> None:
    bare = make_area("Frazione dal nome lungo " * 6, "hamlet")
    document = report(bare)
    said = texts(document)
    assert "quante persone ci abitano" in said["page.unknown"]
    assert said["registered.empty"] == "Qui non è registrato nulla."
    assert all(cell.text not in ("", "–") for table in document.tables() for line in table.lines for cell in line.cells)
    assert printing.file_bytes(document, "docx").startswith(b"PK")


def test_a_value_that_is_not_there_says_why(city: Area) -> None:
    index = ContextIndicator.objects.create(
        code="idx", name_it="Indice", name_en="Index", theme="fragility", centre=100, polarity="negative"
    )
    for number, part in enumerate(Area.objects.filter(parent=city).order_by("pk")):
        state = ValueState.EXCLUDED if number else ValueState.VALUE
        ContextValue.objects.create(area=part, indicator=index, year=2022, value=None if number else 107.0, state=state)
    table = next(one for one in report(city).tables() if one.key.startswith("indices."))
    cells = [line.cells[0] for line in table.lines]
    assert sorted((cell.text, cell.value, cell.status) for cell in cells) == [
        ("107", 107.0, ""),
        ("esclusa", None, "excluded"),
    ]


# --- texts written by hand ----------------------------------------------------------------------------------------
def test_a_written_text_outlives_the_figures_and_asks_when_they_change(city: Area) -> None:
    before = report(city)
    seen = texts(before)["people.size"]
    actions.write_text(SYSTEM, city, "it", "people.size", "Siamo in ventimila.\n\nE cresciamo.", seen)
    drafted = with_written(SYSTEM, city, report(city))
    printed = [block.text for block in drafted.blocks if isinstance(block, Paragraph)]
    assert printed.index("E cresciamo.") == printed.index("Siamo in ventimila.") + 1
    assert with_written(NOBODY, city, report(city)) == report(city), "a draft is not for everybody"
    one = {text.key: text for text in texts_of(SYSTEM, city, report(city))}["people.size"]
    assert (one.is_written, one.figures_changed) == (True, False)

    make_population(city, 2024, 130, 90)
    one = {text.key: text for text in texts_of(SYSTEM, city, report(city))}["people.size"]
    assert one.figures_changed
    assert one.text == "Siamo in ventimila.\n\nE cresciamo."
    assert "22.220" in one.automatic
    assert one.written is not None
    actions.keep_text(SYSTEM, one.written, one.automatic)
    assert not next(text for text in texts_of(SYSTEM, city, report(city)) if text.key == "people.size").figures_changed
    actions.take_automatic(SYSTEM, one.written)
    assert WrittenText.objects.count() == 0
    verbs = list(AuditEntry.objects.order_by("number").values_list("verb", flat=True))
    assert verbs == ["created", "kept_text", "took_automatic_text"]


# --- frozen -------------------------------------------------------------------------------------------------------
def test_a_frozen_profile_keeps_its_figures(city: Area, client: Client) -> None:
    actions.write_text(SYSTEM, city, "it", "people.added", "Il nostro commento.", "")
    profile = actions.freeze(SYSTEM, city, " Piano  di zona ")
    assert profile.name == "Piano di zona"
    with pytest.raises(actions.NotPossible):
        actions.freeze(SYSTEM, city, "Piano di zona")
    address = f"/rapporti/profili/{profile.pk}/"
    assert client.get(address).status_code == 404, "a draft is for the services"
    actions.publish(SYSTEM, profile)
    first = client.get(f"{address}profilo-it.zip").content
    make_population(city, 2024, 130, 90)
    make_experience("festa", areas=[city])
    city.name = "Altro nome"
    city.save()
    assert client.get(f"{address}profilo-it.zip").content == first, "the same file whenever it is asked for"
    page = client.get(address).content.decode()
    assert profile.fingerprint in page
    assert "Il nostro commento." in page
    assert "20.200" in page
    assert "22.220" not in page
    assert verify(profile).holds
    with pytest.raises(TypeError):
        profile.kept.save()


def test_who_alters_a_frozen_profile_is_found_out(city: Area, client: Client) -> None:
    from trama.reports.keeping import fingerprint

    profile = actions.publish(SYSTEM, actions.freeze(SYSTEM, city, "Piano"))
    altered = profile.kept.content.replace("20.200", "30.300")
    Kept.objects.update(content=altered)
    assert "non è quello congelato" in verify(profile).problem
    # Also with the hash beside it made anew: the chain of the audit holds the first one.
    Profile.objects.update(fingerprint=fingerprint(altered))
    profile.refresh_from_db()
    assert "non conferma" in verify(profile).problem
    assert client.get(f"/rapporti/profili/{profile.pk}/profilo-it.pdf").status_code == 409
    page = client.get(f"/rapporti/profili/{profile.pk}/").content.decode()
    assert "Questo non è ciò che era stato congelato" in page
    assert "30.300" not in page


def test_only_a_draft_that_was_never_published_is_thrown_away(city: Area, client: Client) -> None:
    shown = actions.publish(SYSTEM, actions.freeze(SYSTEM, city, "Mostrato"))
    with pytest.raises(actions.NotPossible, match="pubblicato"):
        actions.throw_away(SYSTEM, shown)
    actions.withdraw(SYSTEM, shown)
    with pytest.raises(actions.NotPossible, match="citato"):
        actions.throw_away(SYSTEM, shown)
    office, stranger = make_user("piano"), make_user("ente")
    Membership.objects.create(user=office, role="plan_office", area=city)
    Membership.objects.create(user=stranger, role="evaluator", area=make_area("Lontano"))
    draft = actions.freeze(SYSTEM, city, "Di troppo")
    address = f"/rapporti/profili/{draft.pk}/butta-via/"
    client.force_login(stranger)
    assert client.post(address).status_code == 404
    client.force_login(office)
    for page in ("/rapporti/profili/", f"/rapporti/profili/{draft.pk}/", "/rapporti/", "/rapporti/territorio/BORGO/"):
        text = client.get(page).content.decode()
        assert address in text, page
        assert f"/rapporti/profili/{shown.pk}/butta-via/" not in text, "who cited it must find it"
    assert "Di troppo" in client.get(address).content.decode(), "it asks first"
    assert Profile.objects.count() == 2
    assert client.post(address, follow=True).status_code == 200
    assert list(Profile.objects.values_list("name", flat=True)) == ["Mostrato"]
    assert Kept.objects.count() == 1
    last = AuditEntry.objects.order_by("-number")[0]
    assert (last.verb, last.label, last.changes["sha256"]) == ("deleted", "Di troppo · Borgo", draft.fingerprint)
    assert actions.freeze(SYSTEM, city, "Di troppo").pk, "its name is free again"


def test_what_is_kept_is_the_whole_document(city: Area) -> None:
    document = report(city)
    assert restored(json.loads(json.dumps(kept(document)))) == document


def test_what_changed_is_counted_by_hand(city: Area, client: Client) -> None:
    profile = actions.publish(SYSTEM, actions.freeze(SYSTEM, city, "Prima"))
    make_experience("festa", areas=[city])
    make_experience("mercato", areas=[city])
    ContextValue.objects.filter(year=2022).update(value=54.1)
    result = compare(opened(profile, "it"), report(city))
    assert [change.sentence for change in result.changes] == [
        "Famiglie: gli ultimi anni: Famiglie di una persona (%): da 53,7 (2022) a 54,1 (2022) (+0,4).",
        "Gli indicatori dei registri: Esperienze attive: da 3 a 5 (+2).",
        "Gli indicatori dei registri: Esperienze senza partner: da 3 a 5 (+2).",
        "Esperienze per tipo: festa: da 1 a 2 (+1).",
        "Esperienze per tipo: mercato: nuovo, 1.",
        "Esperienze per tipo: Totale: da 3 a 5 (+2).",
    ]
    assert result.gone == []
    assert result.same > 10
    assert "context.households_one_share" in {key for key, _before, _after in result.texts}
    page = client.get(f"/rapporti/profili/{profile.pk}/confronto/").content.decode()
    assert "festa: da 1 a 2" in page
    assert "Testi diversi" not in page, "what the services are writing is not told yet"
    other = make_area("Altrove")
    far = actions.publish(SYSTEM, actions.freeze(SYSTEM, other, "Altro"))
    assert client.get(f"/rapporti/profili/{profile.pk}/confronto/?con={far.pk}").status_code == 404
    with pytest.raises(CommandError, match="not about the same"):
        call_command("report", "compare", str(profile.pk), str(far.pk))


# --- the files ----------------------------------------------------------------------------------------------------
def test_the_word_document_can_be_worked_on(city: Area) -> None:
    facts.set_fact(facts.DEMONSTRATION, True)
    document = report(city)
    with zipfile.ZipFile(io.BytesIO(printing.file_bytes(document, "docx"))) as package:
        assert problems_of(package) == []
        parts = {name: package.read(name) for name in package.namelist()}
    trees = {name: ET.fromstring(data) for name, data in parts.items() if name.endswith((".xml", ".rels"))}  # noqa: S314 – our own file
    body = trees["word/document.xml"]
    styles = [style.get(f"{WORD}val") for style in body.iter(f"{WORD}pStyle")]
    headings = [block for block in document.blocks if type(block).__name__ == "Heading"]
    assert sum(style in ("Heading1", "Heading2", "Heading3") for style in styles) == len(headings)
    defined = {style.get(f"{WORD}styleId") for style in trees["word/styles.xml"].iter(f"{WORD}style")}
    assert set(styles) <= defined
    assert any("TOC " in (code.text or "") for code in body.iter(f"{WORD}instrText"))
    tables = list(body.iter(f"{WORD}tbl"))
    assert len(tables) == len(list(document.tables())) + 1, "and the key figures"
    assert all(next(table.iter(f"{WORD}tr")).find(f"{WORD}trPr/{WORD}tblHeader") is not None for table in tables)
    drawn = [one for one in body.iter() if one.tag.endswith("}docPr")]
    assert drawn
    assert all(one.get("descr") for one in drawn)
    assert len([name for name in parts if name.startswith("word/media/")]) == len(drawn)
    assert "Dimostrazione" in parts["word/footer1.xml"].decode()
    assert b'w:val="it-IT"' in parts["word/styles.xml"]
    levels = [int(style[-1]) for style in styles if style and style.startswith("Heading")]
    assert all(later <= before + 1 for before, later in zip([0, *levels], levels, strict=False)), "no level is skipped"
    for table in tables:
        columns = len(list(table.iter(f"{WORD}gridCol")))
        for row in table.iter(f"{WORD}tr"):
            spans = [int(one.get(f"{WORD}val", "1")) for one in row.iter(f"{WORD}gridSpan")]
            assert len(row.findall(f"{WORD}tc")) + sum(spans) - len(spans) == columns
    marks = [*body.iter(f"{WORD}bookmarkStart")], drawn
    assert all(len({one.get("id") or one.get(f"{WORD}id") for one in kind}) == len(kind) for kind in marks)


def test_the_open_data_say_what_their_columns_are(city: Area) -> None:
    make_experience("raro", areas=[city], volunteers=2)
    protected = Table(
        "Volontari", ("Tipo", "=Volontari"),
        tuple(line for line in _lines({"doposcuola": (12, ""), "=raro": (None, "suppressed")})), key="people",
    )  # fmt: skip
    document = report(city)
    document = Document(**{**vars(document), "blocks": (*document.blocks, protected)})
    with zipfile.ZipFile(io.BytesIO(printing.file_bytes(document, "zip"))) as package:
        described = json.loads(package.read("datapackage.json"))
        read = {name: package.read(name).decode("utf-8") for name in package.namelist()}
    for resource in described["resources"]:
        rows = list(csv.reader(io.StringIO(read[resource["path"]])))
        assert rows[0] == [field["name"] for field in resource["schema"]["fields"]], resource["name"]
        kinds = [field["type"] for field in resource["schema"]["fields"]]
        for row in rows[1:]:
            assert len(row) == len(kinds)
            assert all(
                float(cell) is not None for cell, kind in zip(row, kinds, strict=True) if kind == "number" and cell
            )
    people = next(path for path in read if path.endswith("-people.csv"))
    assert list(csv.reader(io.StringIO(read[people])))[1:] == [
        ["doposcuola", "value", "doposcuola", "12", "value"],
        ["'=raro", "value", "=raro", "", "suppressed"],
    ]


def _lines(values: dict[str, tuple[float | None, str]]) -> Any:
    from trama.reports.document import Cell, Line

    return [Line(name, (Cell("•" if v is None else str(v), v, status=s),), key=name) for name, (v, s) in values.items()]


def test_the_command_freezes_and_compares(city: Area, tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("report", "territory", "--area", "BORGO", "--freeze", "Prima", stdout=out)
    profile = Profile.objects.get()
    assert profile.fingerprint in out.getvalue()
    path = tmp_path / "p.zip"
    call_command("report", "frozen", str(profile.pk), "--out", str(path), stdout=out)
    assert path.read_bytes().startswith(b"PK")
    make_experience("festa", areas=[city])
    said = io.StringIO()
    call_command("report", "compare", str(profile.pk), "today", stdout=said)
    assert "festa: da 1 a 2" in said.getvalue()
    with pytest.raises(CommandError, match="pdf, docx, xlsx or zip"):
        call_command("report", "territory", "--area", "BORGO", "--out", str(tmp_path / "r.odt"))
