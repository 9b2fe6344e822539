"""Any spreadsheet of records in the browser: what its columns mean, a verdict per row, the rows to mend, the load."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import shapely
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from python_calamine import CalamineWorkbook

from trama.accounts.models import User
from trama.core.actor import SYSTEM
from trama.core.facts import HOME_AREA, set_fact
from trama.core.models import AuditEntry
from trama.experiences.models import Experience
from trama.intake import files
from trama.intake.actions import load_recipe
from trama.intake.models import Load
from trama.intake.recipe import TableSpec, parse
from trama.intake.registers import cells
from trama.intake.registers.declared import REGISTERED
from trama.intake.registers.proposing import propose, which
from trama.intake.tests.broken import maps, packages, tables, workbooks
from trama.intake.tests.broken.case import Case
from trama.intake.tests.test_bad_input import LIBRARY, rows, words
from trama.intake.tests.test_indicator_pages import filled
from trama.network.models import Membership, Organisation
from trama.territory.models import Area, Place
from trama.territory.tests.factories import make_area

pytestmark = pytest.mark.django_db
HERE = "/caricamenti/registri/"
HEAD = "Denominazione;Comune;Codice Fiscale;Telefono;Tipologia;Coordinate\n"
LIST = (
    "Elenco delle realtà;;;;;\n;;;;;\n" + HEAD + "Circolo delle Ortensie;Borgo;92012340371;0542 12345 / 333 1234567;"
    "Associazione di promozione sociale;44.505, 11.305\n"
    "Circolo delle Ortensie;Borgo;92012340371;0542 12345;;\n"
    "Banda di Borgo APS;Borgo;;;APS (sez. B);\n"
    "Senza comune;Atlantide;;;;\n"
    ";Borgo;;;;\n"
    "Auser Ponte;Ponte;123;0542 24242;Organizzazione di volontariato;\n"
)


@pytest.fixture(scope="module")
def town(taken_back: None) -> Area:
    """Two municipalities in a union, which is home; one organisation that a list will name again."""
    union = make_area("Unione", "union", code="U1")
    set_fact(HOME_AREA, "U1")
    found = make_area("Borgo", "municipality", union, shapely.box(11.30, 44.50, 11.34, 44.52), code="999001")
    make_area("Ponte", "municipality", union, shapely.box(11.34, 44.50, 11.38, 44.52), code="999002")
    Organisation.objects.create(name="Banda di Borgo", area=found)
    return union


def of(role: str, area: Area, name: str = "piano") -> Client:
    user = User.objects.create(username=name)
    Membership.objects.create(user=user, role=role, area=area)
    client = Client()
    client.force_login(user)
    return client


def sent(client: Client, content: bytes | str, name: str = "elenco.csv", register: str = "") -> str:
    """Send a file; gives the address of its columns."""
    content = content.encode() if isinstance(content, str) else content
    answer = client.post(HERE, {"sent": SimpleUploadedFile(name, content), "register": register})
    assert answer.status_code == 302, words(answer.content.decode())
    return str(answer.headers["Location"])


def tried(client: Client, address: str, **more: str) -> str:
    """Take the columns and the words as they are proposed; gives the page of the dry run."""
    answer = client.post(address, filled(client.get(address).content.decode()) | more)
    assert answer.status_code == 302, words(answer.content.decode())
    if answer.headers["Location"].endswith("parole/"):
        page = client.get(answer.headers["Location"]).content.decode()
        client.post(answer.headers["Location"], filled(page))
    return client.get(f"{address}prova/").content.decode()


def counts(page: str) -> dict[str, int]:
    """The number of rows of each verdict, as the page shows it."""
    found = re.findall(r'<tr><th scope="row">(?:<a href="\?verdict=(\w+)#rows"[^>]*>)?[^<]*(?:</a>)?</th>'
                       r'<td class="tr-n">([\d.]+)</td>', page)  # fmt: skip
    return {key: int(count.replace(".", "")) for key, count in found if key}


def test_a_list_from_its_title_to_its_records(town: Area) -> None:
    client = of("plan_office", town)
    address = sent(client, LIST)
    data = filled(client.get(address).content.decode())
    assert [data[f"column_{n}"] for n in range(6)] == ["name", "area", "tax_code", "phones", "kind", "point"]
    page = tried(client, address)
    # “APS (sez. B)” was understood; the band is perhaps the one that is here.
    assert counts(page) == {"new": 1, "possible": 1, "duplicate": 1, "refused": 3}
    refused = words(client.get(f"{address}prova/?verdict=refused").content.decode())
    for piece in ("Atlantide", "123", "Denominazione"):
        assert piece in refused
    assert not Organisation.objects.filter(name="Circolo delle Ortensie").exists()
    # Nobody decided: it waits, and does not come in.
    client.post(f"{address}decidi/", {"row-6": "same"})
    page = client.get(f"{address}prova/?verdict=updated").content.decode()
    assert counts(page) == {"new": 1, "updated": 1, "duplicate": 1, "refused": 3}
    assert "Banda di Borgo → Banda di Borgo APS" in words(page)
    done = client.post(f"{address}carica/", follow=True).content.decode()
    assert "1 schede nuove" in words(done)
    made = Organisation.objects.get(name="Circolo delle Ortensie")
    assert (made.tax_code, made.area.name if made.area else "", made.kind_id, made.is_ets) == (
        "92012340371", "Borgo", "organisation_kind:aps", True,
    )  # fmt: skip
    assert sorted(made.contacts.values_list("kind", "value", "visibility")) == [
        ("mobile", "333 1234567", "staff"), ("phone", "0542 12345", "public"),
    ]  # fmt: skip
    band = Organisation.objects.get(name="Banda di Borgo APS")
    assert band.kind_id == "organisation_kind:aps"
    assert AuditEntry.objects.filter(verb="loaded", object_id=str(band.pk)).exists()
    # The next file with this header is understood at once, and finds the same records again.
    again = sent(client, LIST, "elenco-marzo.csv")
    assert "elenco" in words(client.get(again).content.decode()).split("Questo file")[1]
    assert counts(tried(client, again)) == {"same": 2, "duplicate": 1, "refused": 3}


def test_what_is_refused_comes_back_mended(town: Area, tmp_path: Path) -> None:
    client = of("plan_office", town)
    address = sent(client, LIST)
    tried(client, address)
    book = client.get(f"{address}da-correggere.xlsx").content
    (tmp_path / "book.xlsx").write_bytes(book)
    lines = CalamineWorkbook.from_path(str(tmp_path / "book.xlsx")).get_sheet_by_index(0).to_python()
    assert lines[0][:3] == ["Perché", "Denominazione", "Comune"]
    assert [line[1] for line in lines[1:]] == [
        "Circolo delle Ortensie", "Banda di Borgo APS", "Senza comune", "", "Auser Ponte",
    ]  # fmt: skip
    assert "codice fiscale" in lines[5][0]
    output = io.BytesIO()
    with xlsxwriter.Workbook(output) as mended:
        sheet = mended.add_worksheet()
        for number, line in enumerate([lines[0], [*lines[5][:3], "92000000001", *lines[5][4:]]]):
            sheet.write_row(number, 0, line)
    second = sent(client, output.getvalue(), "da-correggere.xlsx")
    assert filled(client.get(second).content.decode())["column_0"] == "-"  # the reason is no field
    assert counts(tried(client, second)) == {"new": 1}
    client.post(f"{second}carica/")
    assert Organisation.objects.get(name="Auser Ponte").tax_code == "92000000001"


def test_who_writes_in_one_area_brings_its_rows_alone(town: Area) -> None:
    borgo = Area.objects.get(code="999001")
    client = of("community_worker", borgo, "operatrice")
    address = sent(client, HEAD + "Circolo A;Borgo;;;;\nCircolo B;Ponte;;;;\nCircolo C;;;;;\n")
    page = tried(client, address)
    assert counts(page) == {"new": 1, "refused": 2}
    assert "non scrivi in Ponte" in words(client.get(f"{address}prova/?verdict=refused").content.decode())
    other = of("plan_office", town, "altra")
    for path in ("", "parole/", "prova/", "punti.json", "da-correggere.xlsx", "ricetta.toml", "avanzamento.json"):
        assert other.get(address + path).status_code == 404
    assert other.post(f"{address}carica/").status_code == 404
    client.post(f"{address}carica/")
    assert list(Organisation.objects.filter(name__startswith="Circolo").values_list("name", flat=True)) == ["Circolo A"]
    assert of("citizen", borgo, "cittadina").get(HERE).status_code in {302, 403, 404}


def test_decisions_on_all_and_on_one(town: Area) -> None:
    client = of("plan_office", town)
    here = Organisation.objects.get()
    lines = "Banda di Borgo APS;Borgo;;;;\nLa Banda di Borgo;Borgo;;;;\n"
    address = sent(client, HEAD + lines)
    assert counts(tried(client, address))["possible"] == 2
    client.post(f"{address}decidi/", {"all": "new"})
    assert counts(client.get(f"{address}prova/").content.decode()) == {"new": 2}
    client.post(f"{address}decidi/", {"row-3": "leave", "row-x": "same", "row-2": "nonsense"})
    assert counts(client.get(f"{address}prova/").content.decode()) == {"new": 1, "left": 1}
    client.post(f"{address}decidi/", {"row-3": "", "row-2": "same"})
    # One record cannot be two rows.
    client.post(f"{address}decidi/", {"all": "same"})
    found = counts(client.get(f"{address}prova/").content.decode())
    assert found == {"updated": 1, "duplicate": 1}
    client.post(f"{address}carica/")
    here.refresh_from_db()
    assert here.name == "Banda di Borgo APS"


def test_a_workbook_whose_second_sheet_is_meant(town: Area) -> None:
    output = io.BytesIO()
    with xlsxwriter.Workbook(output) as book:
        cover = book.add_worksheet("Copertina")
        cover.write_string(0, 0, "Scuole e biblioteche")
        sheet = book.add_worksheet("Dati")
        sheet.merge_range(0, 0, 0, 3, "Elenco aggiornato")
        for column, text in enumerate(["Nome", "Tipo", "Indirizzo", "Quartiere"]):
            sheet.write_string(2, column, text)
        for column, text in enumerate(["Biblioteca del Borgo", "Biblioteca", "via Roma 1", "Borgo"]):
            sheet.write_string(3, column, text)
    client = of("plan_office", town)
    address = sent(client, output.getvalue(), "luoghi.xlsx")
    page = client.get(address).content.decode()
    data = filled(page)
    assert (data["register"], data["sheet"], data["header_row"]) == ("places", "Dati", "3")
    assert counts(tried(client, address)) == {"new": 1}
    client.post(f"{address}carica/")
    place = Place.objects.get()
    assert (place.name, place.kind_id, place.address) == ("Biblioteca del Borgo", "place_kind:library", "via Roma 1")
    # As something else it is proposed anew.
    address = sent(client, output.getvalue(), "luoghi.xlsx")
    client.post(address, {"look": "1", "register": "resources", "sheet": "Dati", "header_row": "3"})
    assert filled(client.get(address).content.decode())["column_1"] == "activity"


def test_experiences_with_who_takes_part_and_people_about(town: Area) -> None:
    text = (
        "Titolo,Tipo,Comune,Inizio,Fine,Destinatari,Enti coinvolti,Beneficiari,Volontari,In breve\n"
        'Doposcuola,Progetto,Borgo,01/09/2024,30/06/2025,"Bambini e bambine; Adolescenti",'
        '"Banda di Borgo (promotore); Nuova Coop","circa 1.200",12,Compiti insieme\n'
        "Rovescio,Progetto,Borgo,2025-06-30,2024-09-01,,,,,\n"
        "Ignoto,Progetto,Borgo,primavera,,,,tanti,,\n"
    )
    client = of("plan_office", town)
    address = sent(client, text, "progetti.csv")
    assert filled(client.get(address).content.decode())["register"] == "experiences"
    page = tried(client, address, fixed_state="published")
    assert counts(page) == {"new": 1, "refused": 2}
    assert "Nuova Coop" in words(page)
    client.post(f"{address}carica/")
    row = Experience.objects.get()
    assert (row.state, row.beneficiaries, row.beneficiaries_precision, row.volunteers_precision) == (
        "published", 1200, "estimated", "exact",
    )  # fmt: skip
    assert row.area is not None
    assert row.area.name == "Borgo"
    assert sorted(row.codes.values_list("code_id", flat=True)) == ["target:adolescents", "target:children"]
    parts = {one.organisation.name: one.role_id for one in row.participations.select_related("organisation")}
    assert parts == {"Banda di Borgo": "tie_role:promoter", "Nuova Coop": "tie_role:partner"}


def test_the_recipe_of_the_page_does_the_same_from_the_command_line(town: Area, tmp_path: Path) -> None:
    client = of("plan_office", town)
    address = sent(client, LIST)
    tried(client, address)
    recipe = client.get(f"{address}ricetta.toml").content.decode()
    (tmp_path / "elenco.csv").write_text(LIST, encoding="utf-8")
    report = load_recipe(SYSTEM, parse(recipe, "r.toml"), tmp_path, dry=False)
    assert (report.steps[0].new, report.refused) == (1, 3)
    assert Load.objects.get().outcome["mapping"]["register"] == "organisations"
    found = client.get(f"{address}punti.json").json()
    assert (found["located"], found["points"][0][2]) == (1, 1)


def test_content_speaks_where_the_header_does_not(town: Area, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(
        "a;b;c;d;e;f\nUno;Borgo;051 123456;uno@due.it;44.5051;11.3051\n"
        "Due;Ponte;333 1234567;due@tre.it;44.5061;11.3061\n",
        encoding="utf-8",
    )
    table = files.read(tmp_path / "x.csv", TableSpec())
    assert [column.key for column in propose(table, REGISTERED["organisations"])] == [
        "", "area", "phones", "emails", "lat", "lon",
    ]  # fmt: skip
    assert which(["Titolo", "Data inizio", "Volontari", "Finalità"]) == "experiences"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("12", (12, False)),
        ("circa 1.200", (1200, True)),
        ("oltre 500", (500, True)),
        ("30 ca.", (30, True)),
        ("?", None),
    ],
)
def test_numbers_of_people_as_they_are_written(text: str, count: tuple[int, bool] | int) -> None:
    found = cells.count_of(text)
    assert (found and (found.number, found.estimated)) == (count or None)


def test_dates_and_codes_that_spreadsheets_spoil() -> None:
    one = REGISTERED["organisations"].by_key["tax_code"]
    assert cells.tax_code_of(one, "1234567890") == "01234567890"
    assert str(cells.day_of("3/9/24")) == "2024-09-03"
    assert cells.point_of("POINT(11.3 44.5)") == cells.point_of("44.5, 11.3") == (11.3, 44.5)
    for broken in ("31/02/2024", "autunno", ""):
        with pytest.raises(cells.Unreadable):
            cells.day_of(broken)


BROKEN = [case for group in (tables, workbooks, maps, packages) for case in group.CASES]


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_broken_files_are_refused_here_too(case: Case, town: Area) -> None:
    client = of("plan_office", town)
    before = rows()
    for name, content in case.files.items():
        answer = client.post(HERE, {"sent": SimpleUploadedFile(name, content), "register": "organisations"})
        assert answer.status_code in {200, 302}
        if answer.status_code == 302:
            address = answer.headers["Location"]
            page = client.get(address)
            assert page.status_code == 200
            assert LIBRARY.search(words(page.content.decode())) is None
            client.post(address, filled(page.content.decode()))
            checked = client.get(f"{address}prova/")
            assert checked.status_code == 200
            assert LIBRARY.search(words(checked.content.decode())) is None
        else:
            assert LIBRARY.search(words(answer.content.decode())) is None
    assert rows() == before


def test_nobody_puts_a_record_where_they_do_not_write(town: Area) -> None:
    make_area("Capitale", "province", code="999")  # above home there is no municipality of its name
    client = of("plan_office", town)
    address = sent(client, HEAD + "Circolo A;Borgo;;;;\nAuser Capitale;Capitale;;;;\nCircolo C;;;;;\n")
    assert counts(tried(client, address)) == {"new": 2, "refused": 1}
    assert "non scrivi in Capitale" in words(client.get(f"{address}prova/?verdict=refused").content.decode())
    client.post(f"{address}carica/")
    assert not Organisation.objects.filter(name="Auser Capitale").exists()
