"""Loads of records taken back whole: every row as it was, or a list of what rests on it and nothing written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from trama.core import history, search
from trama.core.actor import SYSTEM
from trama.core.facts import HOME_AREA, set_fact
from trama.core.models import AuditEntry, SearchEntry
from trama.directory.models import Resource, ResourceContact
from trama.intake import undoing
from trama.intake.actions import CannotUndo, load_recipe, undo_load
from trama.intake.models import Load, LoadTrace
from trama.intake.recipe import parse
from trama.intake.tests.factories import (
    AREAS_STEP,
    HEAD,
    RESOURCES,
    RESOURCES_STEP,
    TOWN,
    town,
    write_areas,
    write_resources,
)
from trama.intake.tests.test_pages import client_of
from trama.network import actions as network
from trama.network.models import Organisation, Tie
from trama.network.tests.factories import organisation as make_organisation
from trama.territory.models import Area, Place

pytestmark = pytest.mark.django_db
PLACES_STEP = """
[[steps]]
kind = "places"
name = "luoghi"
source = "s"
file = "luoghi.csv"
table = { separator = ";" }
key = "id"
point = { lon = "lon", lat = "lat" }
columns = { name = "nome" }
fixed = { kind = "square" }
"""
TEXT = HEAD + AREAS_STEP + RESOURCES_STEP + PLACES_STEP
NEWER = (
    RESOURCES.replace("Mensa;", "Mensa del giovedì;")
    .replace("051 123456", "051 999999")
    .replace(
        "Accesso libero\nr3",
        'Accesso libero\nr9;"44.505, 11.305";Nord;Coro;Corsi di italiano;;;Coro di Prova;Accesso libero\nr3',
    )
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    set_fact(HOME_AREA, TOWN)
    Place.objects.create(name="Vecchia piazza", kind_id="place_kind:square", area=town(), lon=11.305, lat=44.505)
    search.rebuild()
    write_areas(tmp_path)
    write_resources(tmp_path)
    (tmp_path / "luoghi.csv").write_text("id;nome;lon;lat\n1;Piazza Grande;11.315;44.505\n", encoding="utf-8")
    return tmp_path


def load(folder: Path, text: str = TEXT) -> Load:
    load_recipe(SYSTEM, parse(text, "prova.toml"), folder, dry=False)
    return Load.objects.order_by("-pk")[0]


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table into which a load may write, and what can be found, as the database holds it."""
    found = {}
    with connection.cursor() as cursor:
        for model in [*undoing.traced(), SearchEntry]:
            columns = ", ".join(
                connection.ops.quote_name(f.column) for f in model._meta.concrete_fields if f.name != "id"
            )
            cursor.execute(f"SELECT {columns} FROM {model._meta.db_table}")  # noqa: S608
            found[model._meta.label_lower] = sorted(map(str, cursor.fetchall()))
    return found


def refused(load: Load) -> undoing.Refusal:
    before, entries = everything(), AuditEntry.objects.count()
    with pytest.raises(CannotUndo) as raised:
        undo_load(SYSTEM, load)
    assert (everything(), AuditEntry.objects.count()) == (before, entries)
    return raised.value.refusal


def test_all_that_a_load_made_and_moved_is_as_it_was(folder: Path) -> None:
    before = everything()
    first = load(folder)
    old = Place.objects.get(name="Vecchia piazza")
    assert old.area is not None
    assert old.area.name == "Via Mondo", "the record that was there moved into the new area"
    between = everything()
    write_resources(folder, NEWER)
    second = load(folder)
    assert everything() != between
    undo_load(SYSTEM, second)
    assert everything() == between
    undo_load(SYSTEM, first)
    assert everything() == before
    assert not LoadTrace.objects.exists()
    assert history.verify().problem == ""
    gone = AuditEntry.objects.filter(verb="deleted", kind="directory.resource").values_list("label", flat=True)
    assert sorted(gone) == ["Coro", "Corso di italiano", "Mensa", "Sportello"]
    back = AuditEntry.objects.filter(verb="changed", kind="directory.resource").values_list("changes", flat=True)
    assert {"name": ["Mensa del giovedì", "Mensa"], "load": second.pk} in back
    assert not Resource.objects.filter(search.matching(Resource, "giovedì")).exists()
    # And it can be brought in again.
    assert load(folder).outcome["steps"][1]["new"] == 4


def test_what_people_did_since_is_listed_and_nothing_is_written(folder: Path) -> None:
    first = load(folder)
    course = Resource.objects.get(import_key="prova:r1")
    body = Organisation.objects.get(name="Associazione Armonie")
    network.confirm(SYSTEM, body)
    write_resources(folder, NEWER)
    second = load(folder)
    listed = refused(first)
    urls = {blocker.url for blocker in listed.blockers}
    assert urls >= {f"/realta/{body.pk}/", f"/risorse/{course.pk}/", f"/caricamenti/{second.pk}/"}
    mensa = Resource.objects.get(import_key="prova:r2")
    # A field that was changed again stands in the way of the second; one that it did not touch does not.
    Resource.objects.filter(pk=mensa.pk).update(name="Mensa del venerdì")
    assert [blocker.url for blocker in refused(second).blockers] == [f"/risorse/{mensa.pk}/"]
    Resource.objects.filter(pk=mensa.pk).update(name="Mensa del giovedì", opening="sempre")
    undo_load(SYSTEM, second)
    mensa.refresh_from_db()
    assert (mensa.name, mensa.opening) == ("Mensa", "sempre")


def test_what_was_linked_since_is_listed(folder: Path) -> None:
    found = load(folder)
    body = Organisation.objects.get(name="Associazione Armonie")
    other = make_organisation("Altra")
    network.add_tie(SYSTEM, other, body, {"role_id": "tie_role:promoter"})
    here = Place.objects.create(name="Dopo", kind_id="place_kind:square", area=Area.objects.get(name="Corte"))
    urls = [blocker.url for blocker in refused(found).blockers]
    assert f"/territorio/luoghi/{here.pk}/" in urls
    assert any(url in urls for url in (f"/realta/{other.pk}/", f"/realta/{body.pk}/"))
    # One that was joined with another since: that is undone first.
    here.delete()
    done = network.merge(SYSTEM, other, body)
    listed = {blocker.url: blocker.text for blocker in refused(found).blockers}
    assert "Armonie" in listed[f"/realta/{other.pk}/"]
    network.undo_merge(SYSTEM, done)
    Tie.objects.all().delete()
    undo_load(SYSTEM, found)
    assert not Organisation.objects.exclude(pk=other.pk).exists()


def test_a_contact_that_a_load_took_away_comes_back(folder: Path) -> None:
    load(folder)
    write_resources(folder, RESOURCES.replace("333 1234567", ""))
    second = load(folder)
    assert not ResourceContact.objects.filter(value="333 1234567").exists()
    undo_load(SYSTEM, second)
    assert ResourceContact.objects.filter(value="333 1234567").exists()


def test_the_page_says_what_goes_and_takes_it_back(folder: Path) -> None:
    found = load(folder)
    client = client_of("plan_office", Area.objects.get(code=TOWN))
    address = f"/caricamenti/{found.pk}/annulla/"
    html = client.get(address).content.decode()
    assert "risorse" in html
    assert client.post(address).status_code == 302
    assert Resource.objects.exists()
    course = Resource.objects.get(import_key="prova:r1")
    history.record(SYSTEM, "confirmed", course)
    answer = client.post(address, {"sure": "1"})
    assert (answer.status_code, f'href="/risorse/{course.pk}/"' in answer.content.decode()) == (409, True)


def test_nothing_is_kept_of_a_load_that_wrote_nothing_nor_for_ever(folder: Path) -> None:
    first = load(folder)
    again = load(folder)
    assert [kept.load_id for kept in LoadTrace.objects.all()] == [first.pk]
    assert undoing.refusal(again, SYSTEM) is not None
    Load.objects.filter(pk=first.pk).update(started_at="2020-01-01T00:00:00Z")
    undoing.forget_old()
    refusal = undoing.refusal(Load.objects.get(pk=first.pk), SYSTEM)
    assert refusal is not None
    assert "180" in refusal.reason
