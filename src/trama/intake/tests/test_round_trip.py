"""What is exported can be brought back: here it changes nothing, elsewhere it makes the same records."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override

from trama.core.actor import NOBODY, SYSTEM, Actor
from trama.core.models import Source
from trama.core.registers import Selection
from trama.directory.models import Promotion, Resource, ResourceCode, ResourceContact
from trama.experiences.models import Experience, Funding, Participation
from trama.experiences.tests.factories import make_experience, make_funding, make_organisation
from trama.experiences.tests.lists import load_lists
from trama.intake.actions import load_recipe
from trama.intake.recipe import Recipe, RegisterStep
from trama.intake.registers.declared import REGISTERED
from trama.intake.registers.fields import as_compared
from trama.intake.verdicts import StepReport
from trama.network.models import Organisation, OrganisationContact, OrganisationName, Seat
from trama.territory.models import Area, Place, PlaceCode
from trama.territory.tests.factories import inside, make_area, make_city
from trama.ui import exports

pytestmark = pytest.mark.django_db
ORDER = ("organisations", "places", "resources", "experiences")
LONG = (
    "Perché “così” non è più com'era: città, società, €, ½ – "
    + "molto lungo; " * 400
    + '\nSeconda riga.\n\n\tTerza, con «virgole», "virgolette"; e punto e virgola.'
)
FORMULA = "=1+1"


@dataclass
class World:
    """What the records of the test stand in."""

    areas: dict[str, Area]
    source: Source
    here: dict[str, Any]
    dates: dict[str, date]


@pytest.fixture
def records() -> None:
    """Records with every field that a register has, and records with none but the needed ones."""
    load_lists()
    areas = make_city()
    make_area("Ovest", "hamlet", make_area("Ponte", code="PONTE"), code="PONTE-O")  # a name that two areas bear
    source = Source.objects.create(key="carta", title="Carta dei servizi")
    here = {"lon": 11.305123456789, "lat": inside(0, 0)[1], "area": areas["mill"]}
    world = World(areas, source, here, {"confirmed_on": date(2025, 3, 1), "used_on": date(2025, 4, 30)})
    full, hidden = _organisations(world)
    square = _places(world)
    _resources(world, full, hidden, square)
    _experiences(world, full, hidden, square)


def _organisations(world: World) -> tuple[Organisation, Organisation]:
    areas, source, here, dates = world.areas, world.source, world.here, world.dates
    east = inside(3, 1)
    full = make_organisation(
        "Circolo “Sole”, Ovest; APS", acronym="@SOLE", kind_id="organisation_kind:aps", is_ets=True, is_formal=True,
        is_public_body=False, description=LONG, tax_code="01234567890", runts_number="00012", founded_year=1898,
        address="-1 piano, via Roma 1", closed_on=date(2025, 12, 31), source=source, **here, **dates,
    )  # fmt: skip
    OrganisationName.objects.create(organisation=full, name="Il Sole")
    OrganisationName.objects.create(organisation=full, name="+Sole")
    Seat.objects.create(
        organisation=full,
        name="Sede di Est",
        address="via Est 3",
        opening="lun-ven 9-13",
        lon=east[0],
        lat=east[1],
        area=areas["east"],
    )
    Seat.objects.create(organisation=full, address="via Colle 5", area=areas["hill"])
    for kind, value, label, visibility in (
        ("phone", "+39 051 123456", "mattina", "public"),
        ("phone", "051 654321", "", "staff"),
        ("mobile", "333 1234567", "Maria", "public"),
        ("email", "info@sole.example", "", "public"),
        ("email", "maria.rossi@sole.example", "", "staff"),
        ("web", "https://sole.example/", "", "public"),
        ("social", "https://facebook.com/sole", "", "public"),
        ("person", "Maria Rossi", "presidente", "staff"),
    ):
        OrganisationContact.objects.create(
            organisation=full, kind=kind, value=value, label=label, visibility=visibility
        )
    hidden = make_organisation(
        "Casa delle donne", is_sensitive=True, kind_id="organisation_kind:odv", area=areas["east"]
    )
    make_organisation("Ufficio riservato", is_public=False, is_ets=False)
    make_organisation("ARAD e Arad OdV; Circolo", names_several=True)
    make_organisation(FORMULA)
    return full, hidden


def _places(world: World) -> Place:
    areas, source, here, dates = world.areas, world.source, world.here, world.dates
    square = Place.objects.create(
        name="'=Piazza", kind_id="place_kind:square", address="piazza 1", civic_key="C-17", description=LONG,
        is_public=False,
        known_to_services=True, source=source, **here, **dates,
    )  # fmt: skip
    for facet, value in (("place_role", "meeting"), ("place_role", "informal"), ("vulnerability_factor", "isolation")):
        _code(PlaceCode, "place", square, facet, value)
    Place.objects.create(name="Biblioteca", kind_id="place_kind:library", area=areas["city"], known_to_services=False)
    return square


def _resources(world: World, full: Organisation, hidden: Organisation, square: Place) -> None:
    source, here, dates = world.source, world.here, world.dates
    offer = Resource.objects.create(
        name="Doposcuola", description=LONG, activity_id="activity:italian_courses", access_id="access:open",
        state="draft",
        opening="lunedì 9-13;\nmartedì 9-13", address="via Roma 2", place=square, promoter_text="Il Sole & altri",
        promoter_to_split=True, directions_url="https://example.org/?a=1&b=2", is_sensitive=True,
        valid_from=date(2024, 1, 1),
        valid_to=date(2026, 12, 31), source=source, **here, **dates,
    )  # fmt: skip
    Promotion.objects.create(resource=offer, organisation=full, role_id="tie_role:promoter")
    Promotion.objects.create(resource=offer, organisation=hidden, role_id="tie_role:partner")
    _code(ResourceCode, "resource", offer, "target", 0)
    _code(ResourceCode, "resource", offer, "target", 1)
    ResourceContact.objects.create(
        resource=offer, kind="phone", value="051 222222", label="segreteria", visibility="staff"
    )
    Resource.objects.create(name="Mensa", state="closed")


def _experiences(world: World, full: Organisation, hidden: Organisation, square: Place) -> None:
    areas, source, dates = world.areas, world.source, world.dates
    lon, lat = inside(0, 0)
    first = make_experience(
        "Orti; e fiori", kind="project", areas=[areas["west"], areas["east"]], places=[square],
        organisations=[(full, "promoter"), (hidden, "partner"), (full, "manager")], volunteers=(2, "estimated"),
        beneficiaries=(120, "exact"), summary=LONG, outputs=LONG, critical_points="=cmd|' /C calc'!A0",
        is_good_practice=True,
        is_experiment=True, is_city_wide=False, is_sensitive=True, ends_on=date(2026, 6, 30),
        source_text="https://example.org",
        service_role_id=_first("service_role"), source=source, lon=lon, lat=lat, **dates,
    )  # fmt: skip
    Participation.objects.filter(experience=first, organisation=full).update(
        gives="stanze", receives="volontari", since=date(2024, 2, 3)
    )
    for facet in ("aim", "target", "need", "instrument", "public_service", "purpose", "theme"):
        _code_of_experience(first, facet)
    make_funding(first, 2024, 1000, fund="PNRR; missione 5", funder=full, note="prima rata")
    make_funding(first, 2025, 500)
    draft = make_experience(
        "Bozza", state="draft", summary="", starts_on=None, is_city_wide=True, areas=[areas["city"]]
    )
    make_experience("Orti, il seguito", parent=first, continues=draft, areas=[areas["hill"]], volunteers=0)


def _first(list_: str, place: int = 0) -> str:
    from trama.core import codes

    return str(codes.codes_of(list_)[place].id)


def _code(model: Any, owner: str, record: Any, facet: str, value: str | int) -> None:
    from trama.core import codes

    listed = codes.codes_of(facet)
    wanted = listed[value].id if isinstance(value, int) else listed[hash(value) % 1 + len(value) % 2].id
    model.objects.get_or_create(**{owner: record}, facet=facet, code_id=wanted)


def _code_of_experience(record: Experience, facet: str) -> None:
    from trama.experiences.models import ExperienceCode

    for place in (0, 1):
        ExperienceCode.objects.create(experience=record, facet=facet, code_id=_first(facet, place))


def write(key: str, form: str, folder: Path, actor: Actor = SYSTEM) -> Path:
    """The export of a whole register, as the page gives it."""
    register = REGISTERED[key].register
    columns = exports.columns_of(register, actor)
    path = folder / f"{key}.{form}"
    if form == "csv":
        text = "".join(exports.csv_text(register, Selection(), actor, columns))
        path.write_text(text, encoding="utf-8", newline="")
    else:
        path.write_bytes(exports.xlsx_bytes(register, Selection(), actor, columns))
    return path


def bring(key: str, path: Path) -> StepReport:
    """Load a file, each column as what its header says."""
    registered = REGISTERED[key]
    if path.suffix == ".csv":
        header = next(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
    else:
        from python_calamine import CalamineWorkbook

        header = [str(cell) for cell in CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[0]]
    known = {registered.headers[as_compared(label)]: label for label in header}
    assert len(known) == len(header), "no two columns mean the same"
    columns: dict[str, Any] = {field: label for field, label in known.items() if registered.by_key[field].loaded}
    step = RegisterStep("register", key, file=path.name, register=key, columns=columns)
    report = load_recipe(SYSTEM, Recipe(1, "giro", "Giro", [step]), path.parent, dry=False)
    return report.steps[0]


def told(folder: Path, actor: Actor = SYSTEM) -> dict[str, list[dict[str, str]]]:
    """Every register as it is exported, but for what an installation gives by itself: numbers and the last edit."""
    found = {}
    for key in ORDER:
        with override("it"):
            path = write(key, "csv", folder, actor)
            labels = {one.key: str(one.label) for one in REGISTERED[key].fields}
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
        names = {row[labels["id"]]: row[labels["name"]] for row in rows}
        for row in rows:
            for name in ("parent", "continues"):
                if name in labels:
                    row[labels[name]] = names.get(row[labels[name]], "")
            for name in ("id", "edited_at", "key"):
                row.pop(labels.get(name, ""), None)
        found[key] = sorted(rows, key=lambda row: row[labels["name"]])
    return found


@pytest.mark.parametrize(("form", "language"), [("csv", "it"), ("xlsx", "en")])
def test_here_every_row_is_the_same(records: None, tmp_path: Path, form: str, language: str) -> None:
    before = told(tmp_path)
    with override(language):
        for key in ORDER:
            step = bring(key, write(key, form, tmp_path))
            said = [
                (verdict.outcome, verdict.row, verdict.column, verdict.label, verdict.why)
                for verdict in step.verdicts
                if verdict.row
            ]
            assert (step.same, said) == (step.rows, []), key
    assert told(tmp_path) == before


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_elsewhere_they_become_the_same_records(records: None, tmp_path: Path, form: str) -> None:
    before, public = told(tmp_path), told(tmp_path, NOBODY)
    with override("it"):
        files = [write(key, form, tmp_path) for key in ORDER]
        Funding.objects.all().delete()
        Experience.objects.update(parent=None, continues=None)
        for model in (Experience, Resource, Seat, Organisation, Place, Source):
            model.objects.all().delete()
        make_experience("Un'altra, che qui porta un numero")
        Experience.objects.filter(name__startswith="Un'altra").delete()
        for key, path in zip(ORDER, files, strict=True):
            step = bring(key, path)
            assert (step.new, step.refused, step.those("possible"), step.those("duplicate")) == (
                step.rows,
                0,
                [],
                [],
            ), key
    for after, was in ((told(tmp_path), before), (told(tmp_path, NOBODY), public)):
        for key in ORDER:
            for row, earlier in zip(after[key], was[key], strict=True):
                assert row == earlier


def test_what_an_export_covers_never_comes_back_as_a_value(records: None, tmp_path: Path) -> None:
    before = told(tmp_path)
    with override("it"):
        for key in ORDER:
            step = bring(key, write(key, "csv", tmp_path, NOBODY))
            assert (step.new, step.updated, step.refused) == (0, 0, 0), (key, step.verdicts)
    assert told(tmp_path) == before
