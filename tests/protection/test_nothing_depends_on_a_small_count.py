"""Every route by which numbers leave, asked twice: with a small number of persons, and with another in its place.

The answers must be the same to the last letter. What changes nothing cannot be worked out: not from a table, a filter,
a date, a picture or a file, nor from any two of them taken together. Where the answers may not be compared as bytes
(PDF, workbooks) what they hold is compared.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from trama.core import memo
from trama.core.actor import NOBODY
from trama.core.declarations import gathered
from trama.core.registers import Selection
from trama.core.small_counts import counted_as
from trama.experiences.models import Experience
from trama.experiences.tests.factories import indexed, make_experience
from trama.insight.crosstab import CrosstabError, compute
from trama.reports.printing import docx_bytes, pdf_bytes, xlsx_bytes
from trama.reports.territory import territory_report
from trama.territory.models import Area
from trama.territory.tests.factories import make_city

pytestmark = pytest.mark.django_db
# Numbers that stand nowhere else on any page.
AXES = ("kind", "aim", "target", "district", "year", "kind&cols=district", "aim&cols=kind", "district&cols=target")
LARGE = {"volunteers": 7411, "beneficiaries": 8623}


@pytest.fixture
def world() -> dict[str, Any]:
    """A small number in a small area, one beside larger ones, one in an experience for people whom it would brand."""
    city = make_city()
    made = {
        "alone": make_experience(
            "Nido", kind="project", areas=[city["mill"]], codes=[("aim", "sociality")], volunteers=1, beneficiaries=1
        ),
        "beside": make_experience(
            "Orto",
            kind="activity",
            areas=[city["hill"]],
            codes=[("aim", "sociality"), ("target", "elderly")],
            volunteers=2,
            beneficiaries=30,
            starts_on=date(2023, 5, 1),
        ),
        "special": make_experience(
            "Sportello",
            kind="activity",
            areas=[city["east"]],
            codes=[("target", "addiction")],
            volunteers=4,
            beneficiaries=3,
        ),
        "large": make_experience("Festa", kind="event", areas=[city["east"]], codes=[("target", "elderly")], **LARGE),
        "more": make_experience(
            "Coro", kind="project", areas=[city["hill"], city["east"]], volunteers=12, beneficiaries=50
        ),
    }
    indexed(*made.values())
    return city | made


def routes(world: dict[str, Any]) -> Iterator[str]:
    """Every address that shows, draws or gives numbers of experiences, with filters that single each of them out."""
    yield from ("/", "/esperienze/", "/esperienze/tabella/", "/esperienze/mappa/", "/esperienze/mappa/punti.json")
    yield from ("/numeri/", "/cerca/?q=nido", "/esperienze/?q=nido", "/calendario/")
    yield from (f"/territorio/{area.code}/" for area in world.values() if isinstance(area, Area))
    yield from (f"/esperienze/{one.pk}/" for one in world.values() if isinstance(one, Experience))
    yield from (f"/esperienze/esporta.{form}" for form in ("csv", "json"))
    for axes in ("kind", "kind&cols=district"):
        yield f"/numeri/experiences/?rows={axes}&measure=volunteers"
        yield f"/numeri/experiences/?rows={axes}&measure=beneficiaries&show=percent&area=BORGO-O"
    yield "/numeri/experiences/tabella.csv?rows=kind&measure=volunteers"
    yield "/numeri/experiences/tabella.schema.json?rows=kind&measure=volunteers"
    for measure in ("volunteers", "beneficiaries"):
        for axes in AXES:
            for narrowed in ("", "&area=BORGO-O", "&area=BORGO-O-1", "&year=2024", "&q=nido", "&kind=activity"):
                yield f"/numeri/experiences/tabella.json?rows={axes}&measure={measure}{narrowed}"


def asked(client: Client, address: str) -> str:
    """What a route answers, with the pictures that it draws."""
    response = client.get(address)
    assert response.status_code in (200, 400), address
    body = response.getvalue() if response.streaming else response.content
    text = body.decode("utf-8")
    drawn = [
        client.get(found).content.decode("utf-8")
        for found in sorted(set(re.findall(r"/numeri/grafici/\w+\.svg", text)))
    ]
    # A token against forged forms is new each time, and an export says when it was made.
    text = re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken[^:]*: *)"[^"]+"', "", text)
    text = re.sub(r"\d\d:\d\d(:\d\d)?", "", text)
    return "\n".join([str(response.status_code), text, *drawn])


def everything(world: dict[str, Any], client: Client) -> dict[str, str]:
    memo.forget_all()
    found = {address: asked(client, address) for address in routes(world)}
    for axes in ("kind", "kind&cols=district"):
        for measure in ("volunteers", "beneficiaries"):
            address = f"/numeri/experiences/tabella.xlsx?rows={axes}&measure={measure}"
            found[address] = cells(client.get(address).content)
    found["/esperienze/esporta.xlsx"] = cells(client.get("/esperienze/esporta.xlsx").content)
    out = io.StringIO()
    call_command("profile", "BORGO-O-1", "--json", stdout=out)
    found["trama profile"] = out.getvalue()
    out = io.StringIO()
    call_command("crosstab", "experiences", "--rows", "kind", "--measure", "volunteers", stdout=out)
    found["trama crosstab"] = out.getvalue()
    for code in ("BORGO", "BORGO-O-1"):
        report = territory_report(NOBODY, Area.objects.get(code=code), "it")
        found[f"report {code}"] = re.sub(r"\d\d:\d\d", "", repr(report))
        found[f"report {code}, workbook"] = cells(xlsx_bytes(report))
    return found


def cells(content: bytes) -> str:
    book = openpyxl.load_workbook(io.BytesIO(content))
    lines = [[str(cell.value) for cell in row] for sheet in book for row in sheet.iter_rows()]
    return re.sub(r"\d\d:\d\d", "", json.dumps(lines, ensure_ascii=False))


def test_no_route_depends_on_a_small_count(world: dict[str, Any], client: Client) -> None:
    with translation.override("it"):
        before = everything(world, client)
        for name, numbers in {"alone": (2, 2), "beside": (1, 30), "special": (1, 2)}.items():
            Experience.objects.filter(pk=world[name].pk).update(volunteers=numbers[0], beneficiaries=numbers[1])
        after = everything(world, client)
        told = [address for address, text in before.items() if after[address] != text]
        assert told == []
    # The comparison sees what it should see: a number that may be told changes these.
    Experience.objects.filter(pk=world["large"].pk).update(volunteers=9137, beneficiaries=9241)
    memo.forget_all()
    shown = ("/", "/esperienze/esporta.json", "/numeri/experiences/?rows=kind&measure=volunteers")
    with translation.override("it"):
        assert [address for address in shown if asked(client, address) == before[address]] == []


def test_a_protected_cell_has_a_status_in_every_form(world: dict[str, Any], client: Client) -> None:
    """The one small count of projects and activities in the west is a cell of this table."""
    found = compute(NOBODY, gathered.registers["experiences"], Selection(), "kind", "statistical_area", "volunteers")
    assert found.suppressed
    question = "rows=kind&cols=statistical_area&measure=volunteers"
    page = client.get(f"/numeri/experiences/?{question}").content.decode("utf-8")
    assert "•" in page
    assert 'class="visually-hidden">' in page
    text = client.get(f"/numeri/experiences/tabella.csv?{question}").content.decode("utf-8")
    hidden = [line.split(",") for line in text.splitlines() if ",suppressed," in line]
    assert len(hidden) == found.suppressed
    assert {line[4] for line in hidden} == {""}, "no figure; never a nought"
    schema = client.get(f"/numeri/experiences/tabella.schema.json?{question}").json()
    status = next(field for field in schema["fields"] if field["name"] == "status")
    assert "suppressed" in status["constraints"]["enum"]
    assert [field["name"] for field in schema["fields"]] == text.lstrip("\ufeff").splitlines()[0].split(",")


def test_a_record_tells_everybody_that_its_number_is_small(world: dict[str, Any], client: Client) -> None:
    page = client.get(f"/esperienze/{world['alone'].pk}/", headers={"accept-language": "en"}).content.decode("utf-8")
    assert re.search(r"(meno di|fewer than) 3", page)
    page = client.get(f"/esperienze/{world['special'].pk}/").content.decode("utf-8")
    assert re.search(r"(meno di|fewer than) 5", page)
    rows = client.get("/esperienze/esporta.json").getvalue().decode("utf-8")
    assert str(LARGE["volunteers"]) in rows


def test_two_selections_that_differ_by_one_record(world: dict[str, Any]) -> None:
    """What subtracting two published totals gives for a small number is the convention, never the number."""
    register = gathered.registers["experiences"]
    whole = compute(NOBODY, register, Selection(), "kind", None, "volunteers").total.value
    rest = 0
    for kind in ("activity", "event", "project"):
        for year in ("2023", "2024"):
            try:
                one = compute(
                    NOBODY, register, Selection((("kind", (kind,)), ("year", (year,)))), "kind", None, "volunteers"
                )
            except CrosstabError:
                continue
            rest += int(one.total.value or 0)
    assert whole is not None
    # Two selections were refused: each holds one small number. Any other small number would have given the same.
    assert whole - rest == counted_as(3) + counted_as(5)
    Experience.objects.filter(pk=world["beside"].pk).update(volunteers=1)
    memo.forget_all()
    assert compute(NOBODY, register, Selection(), "kind", None, "volunteers").total.value == whole


def test_papers_can_be_made_of_protected_figures(world: dict[str, Any]) -> None:
    report = territory_report(NOBODY, Area.objects.get(code="BORGO-O-1"), "it")
    assert pdf_bytes(report).startswith(b"%PDF")
    assert docx_bytes(report)
