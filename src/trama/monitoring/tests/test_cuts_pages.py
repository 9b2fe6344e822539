"""The pages and files of a wave's numbers: what they show, what they refuse, and that no small number stands in any."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator

import openpyxl
import pytest
from django.test import Client

from trama.core import memo
from trama.core.small_counts import counted_as
from trama.experiences.models import Experience
from trama.experiences.tests.factories import make_experience
from trama.monitoring import actions
from trama.monitoring.cuts import files
from trama.monitoring.models import FrozenRow, Sheet, Wave
from trama.monitoring.tests.factories import Town, make_open_wave, make_town

pytestmark = pytest.mark.django_db
CROSSED = (
    "rows=area",
    "rows=area&cols=kind",
    "rows=aim&cols=area&measure=volunteers",
    "rows=target&measure=beneficiaries&area=BORGO-O",
    "rows=resources&measure=organisations&show=percent",
)


@pytest.fixture
def town() -> Town:
    town = make_town()
    Experience.objects.filter(pk=town.experiences[0].pk).update(volunteers=2, beneficiaries=7411)
    Experience.objects.filter(pk=town.experiences[2].pk).update(volunteers=1, volunteers_precision="exact")
    town.experiences.append(
        make_experience(
            "Sportello",
            areas=[town.areas["west"]],
            codes=[("target", "addiction"), ("aim", "inclusion")],
            volunteers=4,
            beneficiaries=(3, "estimated"),
        )
    )
    return town


def closed(town: Town, name: str = "Prima") -> Wave:
    wave = make_open_wave(town, name)
    Sheet.objects.filter(wave=wave).update(answer="confirmed")
    return actions.close_wave(town.keeper, wave)


def routes(wave: Wave) -> Iterator[str]:
    base = f"/rilevazioni/{wave.pk}/"
    yield from (base, f"{base}tabelle/", f"{base}tabelle/?area=BORGO-O")
    for form in files.FORMS:
        yield f"{base}tabelle/tutte.{form}"
        yield f"{base}tabelle/tutte.{form}?area=BORGO-E"
    for query in CROSSED:
        yield f"{base}tabelle/incrocio/?{query}"
        yield from (f"{base}tabelle/incrocio/tabella.{form}?{query}" for form in ("csv", "xlsx", "json"))


def answered(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    if ".xlsx" in address:
        book = openpyxl.load_workbook(io.BytesIO(response.content))
        return json.dumps([[str(cell.value) for cell in row] for sheet in book for row in sheet.iter_rows()])
    text = re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken[^:]*: *)"[^"]+"', "", response.content.decode())
    drawn = sorted(set(re.findall(r"/numeri/grafici/(\w+)\.svg", text)))  # named by all that they draw
    return "\n".join([text, *drawn])


def test_no_page_and_no_file_of_a_wave_changes_with_a_small_number(town: Town, client: Client) -> None:
    wave = closed(town)
    before = {address: answered(client, address) for address in routes(wave)}
    others = {0: ("volunteers", 1), 2: ("volunteers", 2), 3: ("volunteers", 1)}
    for number, (key, value) in others.items():
        _put(wave, town.experiences[number].pk, key, value)
    _put(wave, town.experiences[3].pk, "beneficiaries", 1)
    assert [address for address, text in before.items() if answered(client, address) != text] == []
    # The comparison sees what it should see: a number that may be told.
    _put(wave, town.experiences[0].pk, "beneficiaries", 8412)
    assert answered(client, f"/rilevazioni/{wave.pk}/tabelle/") != before[f"/rilevazioni/{wave.pk}/tabelle/"]


def _put(wave: Wave, record: int, key: str, value: int) -> None:
    row = FrozenRow.objects.get(wave=wave, record=record)
    row.content[key][0] = value
    FrozenRow.objects.filter(pk=row.pk).update(content=row.content)
    memo.forget_all()


def test_the_page_shows_every_cut_with_its_base_and_leads_to_its_files(town: Town, client: Client) -> None:
    wave = closed(town)
    page = client.get(f"/rilevazioni/{wave.pk}/tabelle/").content.decode()
    assert page.count('class="mo-cut"') >= 12
    assert "indicato da 1 su 4" in page
    assert "Schede chieste" in page
    assert f"/rilevazioni/{wave.pk}/tabelle/tutte.csv" in page
    # From the page of the wave one comes here, and its areas are those of the tables.
    front = client.get(f"/rilevazioni/{wave.pk}/").content.decode()
    assert f'href="/rilevazioni/{wave.pk}/tabelle/"' in front
    assert "Esperienze per quartiere" in front
    for wrong in ("?area=PONTE", "?area=%00"):
        assert client.get(f"/rilevazioni/{wave.pk}/tabelle/{wrong}").status_code == 404
    assert client.get(f"/rilevazioni/{wave.pk}/tabelle/tutte.pdf").status_code == 404


def test_a_crossing_that_cannot_be_asked_is_refused_in_a_sentence(town: Town, client: Client) -> None:
    address = f"/rilevazioni/{closed(town).pk}/tabelle/incrocio/"
    for query in ("rows=area&cols=area", "rows=nothing", "rows=area&measure=nothing", "rows=area&area=PONTE"):
        page, file = client.get(f"{address}?{query}"), client.get(f"{address}tabella.csv?{query}")
        assert (page.status_code, file.status_code) == (400, 400), query
        assert 'role="alert"' in page.content.decode()


def test_the_csv_has_the_columns_that_its_schema_names(town: Town, client: Client) -> None:
    base = f"/rilevazioni/{closed(town).pk}/tabelle/tutte"
    lines = list(csv.DictReader(io.StringIO(client.get(f"{base}.csv").content.decode("utf-8-sig"))))
    schema = client.get(f"{base}.schema.json").json()
    assert [field["name"] for field in schema["fields"]] == list(lines[0])
    found = {(line["cut"], line["value_of_cut"], line["measure"]): line for line in lines}
    assert len(found) == len(lines)  # the primary key holds
    target = found["target", "addiction", "volunteers"]
    assert (target["status"], target["value"], target["several_answers"]) == ("suppressed", "", "1")
    assert found["area", "_total", "volunteers"]["value"] == str(8 + 2 * counted_as(3) + counted_as(5))
    assert {line["status"] for line in lines} <= set(schema["fields"][8]["constraints"]["enum"])
    assert client.get(f"{base}.json").json()["figures"][0]["cut"] == "area"


def test_a_file_of_a_closed_wave_is_made_once_for_all_until_something_changes(town: Town, client, monkeypatch):
    wave, made = closed(town), []
    content = files.content
    monkeypatch.setattr(files, "content", lambda *given: made.append(given[2]) or content(*given))
    base = f"/rilevazioni/{wave.pk}/tabelle/tutte"
    first, again = (client.get(f"{base}.csv").content for _time in range(2))
    assert (first == again, made) == (True, ["csv"])
    assert client.get(f"{base}.csv?area=BORGO-E").content != first
    monitored_again = actions.reopen_wave(town.keeper, wave, "Mancava una scheda")
    Sheet.objects.filter(wave=wave, title="Pranzo").update(answer="waiting")
    actions.close_wave(town.keeper, monitored_again)
    assert client.get(f"{base}.csv").content != first
    assert made == ["csv"] * 3
