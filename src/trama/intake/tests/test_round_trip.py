"""What is exported comes back: here it changes nothing, elsewhere every field of every record is there again.

The fields are asked of the models: one that is added later and forgotten in the exports, or in what a load can fill,
fails here, unless it stands among those that stay at home, with the reason.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Field, ForeignKey, Model
from django.utils.translation import override

from trama.core import codes
from trama.core.actor import NOBODY, SYSTEM, Actor
from trama.core.history import plain
from trama.core.models import AuditEntry, Code, Source
from trama.core.registers import Selection
from trama.directory.models import Promotion, Resource, ResourceCode, ResourceContact
from trama.experiences.models import (
    Experience,
    ExperienceArea,
    ExperienceCode,
    ExperiencePlace,
    Funding,
    Occurrence,
    Participation,
)
from trama.experiences.tests.factories import actor_with as somebody
from trama.experiences.tests.factories import make_experience, make_organisation
from trama.experiences.tests.lists import load_lists
from trama.intake import files
from trama.intake.actions import load_recipe, undo_load
from trama.intake.models import Load
from trama.intake.recipe import Recipe, RegisterStep, TableSpec
from trama.intake.registers.declared import REGISTERED
from trama.intake.registers.fields import as_compared
from trama.intake.registers.planning import make_plan
from trama.intake.verdicts import StepReport
from trama.network.models import Organisation, OrganisationContact, OrganisationName, Seat
from trama.territory.models import Area, Place, PlaceCode
from trama.territory.tests.factories import inside, make_area, make_city
from trama.ui import exports

pytestmark = pytest.mark.django_db
ORDER = ("places", "organisations", "resources", "experiences")  # what others name comes before them
HANGING: dict[type[Model], dict[type[Model], str]] = {
    Place: {PlaceCode: "place"},
    Organisation: {OrganisationName: "organisation", OrganisationContact: "organisation", Seat: "organisation"},
    Resource: {ResourceCode: "resource", Promotion: "resource", ResourceContact: "resource"},
    Experience: {
        ExperienceArea: "experience",
        ExperienceCode: "experience",
        ExperiencePlace: "experience",
        Participation: "experience",
        Funding: "experience",
        Occurrence: "experience",
    },
}
AT_HOME = {
    "id": "numbers are given by each installation",
    "edited_at": "when it was written here",
    "import_key": "by which the loads of this installation find it again",
    "Experience.author": "an account of this installation",
    "Experience.taken_from": "a sheet of a good practice: sheets are no part of the register",
    "Occurrence.source": "a date that comes back is known from what its record is known from",
    "network.Membership": "roles of the accounts of this installation",
    "network.Tie": "of two bodies, for staff alone: told on their pages",
    "network.Proposal": "possible duplicates among the records of this installation",
    "monitoring": "waves, and what was planned, of this installation",
    "experiences.Practice": "sheets have their own pages and files",
    "experiences.Evaluation": "what was decided of an experiment; its outcome is told, and decided anew elsewhere",
}
LONG = (
    "Perché “così” non è più com'era: città, società, €, ½ – "
    + "molto lungo; " * 400
    + '\nSeconda riga.\n\n\tTerza, con «virgole», "virgolette"; e punto e virgola.'
)
TEXT = 'Orti, "dà: poco"; (e) fiori, nota: “molti”'  # all that parts and marks texts in a cell


# --- records with everything ----------------------------------------------------------------------------------------
@pytest.fixture
def world() -> dict[str, Any]:
    """Of each register a record with every field, and with all that can hang on it; and whom it takes for that."""
    load_lists()
    areas = make_city()
    make_area("Ovest", "hamlet", make_area("Ponte", code="PONTE"), code="PONTE-O")  # a name that two areas bear
    lon, lat = inside(0, 0)
    made: dict[str, Any] = {"areas": areas, "source": Source.objects.create(key="carta", title="Carta; dei servizi")}
    made["common"] = {"source": made["source"], "confirmed_on": date(2025, 3, 1), "used_on": date(2025, 4, 30),
                      "lon": lon, "lat": lat, "area": areas["mill"]}  # fmt: skip
    _places(made)
    _organisations(made)
    _resources(made)
    _experiences(made)
    return made


def _key(list_: str, place: int = 0) -> str:
    return str(codes.codes_of(list_)[place].id)


def _places(made: dict[str, Any]) -> None:
    made["place"] = Place.objects.create(
        name="Biblioteca", kind_id="place_kind:library", address="via Est 3", civic_key="037006-12/A",
        description=LONG, is_public=False, known_to_services=False, **made["common"],
    )  # fmt: skip
    for facet in ("place_role", "vulnerability_factor"):
        PlaceCode.objects.create(place=made["place"], facet=facet, code_id=_key(facet))
    made["twin"] = Place.objects.create(
        name="Biblioteca", kind_id="place_kind:library", address="via Colle 9", area=made["areas"]["mill"]
    )
    Place.objects.create(name="'=Piazza", kind_id="place_kind:square")


def _organisations(made: dict[str, Any]) -> None:
    east, areas = inside(3, 1), made["areas"]
    full = made["full"] = make_organisation(
        "Orti, dal: 1999 (partner)", acronym="@SOLE", kind_id="organisation_kind:aps", is_ets=False, is_formal=True,
        is_public_body=True, is_sensitive=True, is_public=False, names_several=True, is_demonstration=True,
        description=TEXT, tax_code="01234567890", runts_number="00012", founded_year=1898, address="via Roma 1",
        closed_on=date(2025, 12, 31), **made["common"],
    )  # fmt: skip
    for name in ('"Il Sole"; APS', "+Sole"):
        OrganisationName.objects.create(organisation=full, name=name)
    for kind, value, label, visibility in (
        ("phone", "051 654321", "", "staff"),
        ("phone", "+39 051 123456", "mattina", "public"),
        ("mobile", "333 1234567", "Maria", "public"),
        ("email", "info@sole.example", "", "public"),
        ("email", "maria@sole.example", "", "staff"),
        ("web", "https://sole.example/", "", "public"),
        ("social", "https://facebook.com/sole", "", "public"),
        ("person", "Maria Rossi", "presidente", "staff"),
    ):
        OrganisationContact.objects.create(
            organisation=full, kind=kind, value=value, label=label, visibility=visibility
        )
    seats = (
        ("Sede (nuova)", "via Est 3 (interno 2)", TEXT, *east, areas["east"], made["twin"]),
        ("", "via Nord 5 (cortile)", "", None, None, areas["hill"], None),
        ("", "via Colle 5", "lunedì; martedì 9-13", *east, areas["hill"], made["place"]),
        ("Magazzino", "", "", *east, None, None),  # a point in an area, and no area
        ("Magazzino", "", "", None, None, areas["east"], None),
    )
    for name, address, opening, lon, lat, area, place in seats:
        Seat.objects.create(organisation=full, name=name, address=address, opening=opening, lon=lon, lat=lat,
                            area=area, place=place)  # fmt: skip
    made["payer"] = make_organisation("Comune di Borgo")
    make_organisation("=1+1", area=areas["west"])
    make_organisation("ARAD e Arad OdV; Circolo", names_several=True)


def _resources(made: dict[str, Any]) -> None:
    offer = made["offer"] = Resource.objects.create(
        name="Doposcuola", description=TEXT, activity_id="activity:italian_courses", access_id="access:open",
        state="draft", opening="lunedì 9-13;\nmartedì 9-13", address="via Roma 2", place=made["twin"],
        promoter_text="Il Sole & altri", promoter_to_split=True, directions_url="https://example.org/?a=1&b=2",
        is_sensitive=True, valid_from=date(2024, 1, 1), valid_to=date(2026, 12, 31), is_demonstration=True,
        **made["common"],
    )  # fmt: skip
    Resource.objects.create(name="Mensa", state="closed")
    Promotion.objects.create(resource=offer, organisation=made["full"], role_id="tie_role:promoter")
    Promotion.objects.create(resource=offer, organisation=made["payer"], role_id="tie_role:partner")
    ResourceCode.objects.create(resource=offer, facet="target", code_id=_key("target"))
    ResourceContact.objects.create(resource=offer, kind="phone", value="051 222222", label="sede", visibility="public")


def _experiences(made: dict[str, Any]) -> None:
    areas, draft = made["areas"], make_experience("La prima", state="draft")
    model = make_experience("Il modello", areas=[areas["east"]])
    whole = make_experience("L'insieme", areas=[areas["city"]])
    full = made["experience"] = make_experience(
        "Orti; e fiori", kind="project", areas=[areas["mill"], areas["east"]], places=[made["twin"], made["place"]],
        volunteers=(2, "estimated"), beneficiaries=(120, "exact"), summary=LONG, outputs=LONG,
        critical_points="=cmd|' /C calc'!A0", is_good_practice=True, is_experiment=True, is_city_wide=True,
        is_sensitive=True, ends_on=date(2026, 6, 30), source_text=TEXT, service_role_id=_key("service_role"),
        parent=whole, continues=draft, copied_from=model, is_demonstration=True, **made["common"],
    )  # fmt: skip
    for facet in ("aim", "target", "need", "instrument", "public_service", "purpose", "theme"):
        ExperienceCode.objects.create(experience=full, facet=facet, code_id=_key(facet))
    for body, role, gives, receives, since in (
        (made["full"], "promoter", TEXT, " con spazi attorno ", date(2024, 2, 3)),
        (made["full"], "partner", "", '"fra virgolette"', None),
        (made["payer"], "partner", "", "", None),
    ):
        Participation.objects.create(
            experience=full, organisation=body, role_id=f"tie_role:{role}", gives=gives, receives=receives, since=since
        )
    for funder, fund, year, amount, note in (
        (made["payer"], "PNRR; missione 5, nota: B", 2024, "1000.50", TEXT), (None, "", 2024, "1000.50", ""),
        (None, "", 2024, "1000.50", ""), (made["full"], "", 2024, "1000.50", ""), (None, "8 per mille", 2023, 0, ""),
    ):  # fmt: skip
        Funding.objects.create(experience=full, funder=funder, fund=fund, year=year, amount=amount, note=note)
    for start, end, place, area, title, cancelled in (
        (datetime(2026, 3, 1, 16, tzinfo=UTC), datetime(2026, 3, 1, 18, 30, tzinfo=UTC), made["twin"], areas["east"],
         TEXT, "pioggia, titolo: no"),
        (datetime(2026, 3, 1, 16, tzinfo=UTC), None, made["place"], areas["mill"], "", ""),
        (datetime(2026, 3, 8, 21, tzinfo=UTC), datetime(2026, 3, 9, 1, tzinfo=UTC), None, None, "di notte", ""),
        # The hour that comes twice when summer time ends, the first time and the second.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC), None, areas["mill"], "",
         ""),
        (datetime(2026, 10, 25, 1, 30, 15, 250000, tzinfo=UTC), None, None, areas["mill"], "", ""),
    ):  # fmt: skip
        Occurrence.objects.create(experience=full, starts_at=start, ends_at=end, place=place, area=area, title=title,
                                  cancelled_because=cancelled, is_demonstration=True)  # fmt: skip


# --- what is compared -----------------------------------------------------------------------------------------------
def travelling(model: type[Model], owner: str = "") -> Iterator[Field[Any, Any]]:
    """The fields of a model that an export brings elsewhere."""
    for one in model._meta.concrete_fields:
        if one.name not in AT_HOME and f"{model.__name__}.{one.name}" not in AT_HOME and one.name != owner:
            yield one


def told(row: Model, owner: str = "") -> dict[str, Any]:
    """The fields of a row, with what it points to by what it is called."""
    found = {}
    for one in travelling(type(row), owner):
        value = getattr(row, one.name)
        if isinstance(value, Model):
            value = _called(value)
        found[one.name] = plain(value)
    return found


def _called(row: Model) -> str:
    match row:
        case Area() | Code():
            return str(row.pk)  # they stay
        case Place():
            return f"{row.name} {row.address}"
    return str(row)


def state() -> dict[str, list[Any]]:
    """Every record of every register with all that hangs on it."""
    found: dict[str, list[Any]] = {}
    for model, hanging in HANGING.items():
        for row in model._default_manager.order_by("pk"):
            one: dict[str, Any] = told(row)
            for other, owner in hanging.items():
                rows = other._default_manager.filter(**{owner: row})
                one[other.__name__] = sorted((told(item, owner) for item in rows), key=repr)
            found.setdefault(model.__name__, []).append(one)
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def test_every_table_that_hangs_on_a_record_travels_or_stays_for_a_reason() -> None:
    for model, own in HANGING.items():
        for link in model._meta.get_fields(include_hidden=True):
            other = getattr(link, "related_model", None)
            if not link.auto_created or link.concrete or not isinstance(other, type) or other in HANGING:
                continue
            elsewhere = any(other in hanging for hanging in HANGING.values())
            stays = AT_HOME.get(other._meta.label) or AT_HOME.get(other._meta.app_label)
            assert other in own or elsewhere or stays, other._meta.label


def test_the_records_of_the_test_fill_every_field_that_travels(world: dict[str, Any]) -> None:
    full = (world["place"], world["full"], world["offer"], world["experience"])
    assert {type(row) for row in full} == set(HANGING) == {one.model for one in REGISTERED.values()}
    for row in full:
        rows: dict[tuple[type[Model], str], list[Any]] = {(type(row), ""): [row]}
        for other, owner in HANGING[type(row)].items():
            rows[other, owner] = list(other._default_manager.filter(**{owner: row}))
        for (model, owner), some in rows.items():
            for field in travelling(model, owner):
                blank = (None, "", field.get_default())
                values = [getattr(one, field.attname) for one in some]
                assert any(value not in blank for value in values), f"{model._meta.label}.{field.name}"


# --- there and back -------------------------------------------------------------------------------------------------
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


def shown(folder: Path, actor: Actor) -> dict[str, list[dict[str, str]]]:
    """Every register as it is exported, but for what an installation gives by itself: numbers and the last edit."""
    found = {}
    for key in ORDER:
        with override("it"):
            path = write(key, "csv", folder, actor)
            labels = {one.key: str(one.label) for one in REGISTERED[key].fields}
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
        names = {row[labels["id"]]: row[labels["name"]] for row in rows}
        for row in rows:
            for name in ("parent", "continues", "copied_from"):
                if name in labels:
                    row[labels[name]] = names.get(row[labels[name]], "")
            for name in ("id", "edited_at", "key"):
                row.pop(labels.get(name, ""), None)
        found[key] = sorted(rows, key=lambda row: row[labels["name"]])
    return found


def bring_json(key: str, folder: Path, actor: Actor = SYSTEM) -> StepReport:
    """Load the JSON export of a register."""
    registered = REGISTERED[key]
    path = folder / f"{key}.json"
    told = json.loads(path.read_text(encoding="utf-8"))["columns"]
    columns = {one.key: one.key for one in registered.fields if one.key in told and one.loaded}
    step = RegisterStep(
        "register", key, file=path.name, register=key, columns=dict(columns), table=TableSpec(records="records")
    )
    return load_recipe(actor, Recipe(1, "giro", "Giro", [step]), folder, dry=False).steps[0]


def sent(key: str, form: str, folder: Path, actor: Actor = SYSTEM) -> Path:
    if form != "json":
        return write(key, form, folder, actor)
    register = REGISTERED[key].register
    path = folder / f"{key}.json"
    columns = exports.columns_of(register, actor)
    path.write_text("".join(exports.json_text(register, Selection(), actor, columns)), encoding="utf-8")
    return path


def _empty() -> None:
    """Away with everything; and the numbers that come next are others."""
    Experience.objects.update(parent=None, continues=None, copied_from=None)
    for model in (Experience, Resource, Organisation, Place, Source):
        model._default_manager.all().delete()
    for number in range(7):
        Place.objects.create(name=f"Altro {number}", kind_id="place_kind:square")
        make_organisation(f"Altra {number}")
    Place.objects.all().delete()
    Organisation.objects.all().delete()


@pytest.mark.parametrize(("form", "language"), [("csv", "it"), ("xlsx", "en"), ("json", "it")])
def test_elsewhere_every_field_is_as_it_was(world: dict[str, Any], tmp_path: Path, form: str, language: str) -> None:
    before, public = state(), shown(tmp_path, NOBODY)
    with override(language):
        for key in ORDER:
            sent(key, form, tmp_path)
        _empty()
        for key in ORDER:
            step = bring_json(key, tmp_path) if form == "json" else bring(key, tmp_path / f"{key}.{form}")
            assert (step.new, [one for one in step.verdicts if one.row]) == (step.rows, []), step.verdicts
    assert shown(tmp_path, NOBODY) == public
    after = state()
    for name in before:
        for was, now in zip(before[name], after[name], strict=True):
            assert now == was


@pytest.mark.parametrize("form", ["csv", "json"])
def test_here_it_changes_nothing_whoever_exported_it(world: dict[str, Any], tmp_path: Path, form: str) -> None:
    # Shown to everybody, with bodies and places that are not.
    Experience.objects.update(is_sensitive=False, state="published")
    Resource.objects.update(is_sensitive=False, state="published")
    before = state()
    for actor in (SYSTEM, NOBODY):
        for key in ORDER:
            sent(key, form, tmp_path, actor)
            step = bring_json(key, tmp_path) if form == "json" else bring(key, tmp_path / f"{key}.{form}")
            assert (step.same or 0) == step.rows > 0, (key, step.verdicts)
    assert state() == before


# --- what is changed in a spreadsheet ---------------------------------------------------------------------------------
def _cells(path: Path) -> dict[str, dict[str, str]]:
    return {row["titolo"]: row for row in csv.DictReader(io.StringIO(path.read_text("utf-8-sig")))}


def _mended(path: Path, name: str, **cells: str) -> None:
    rows = _cells(path)
    rows[name] |= cells
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[name]))
        writer.writeheader()
        writer.writerows(rows.values())


def test_a_detail_that_is_changed_changes_alone(world: dict[str, Any], tmp_path: Path) -> None:
    record = make_experience("Letture", organisations=[(world["payer"], "promoter")], areas=[world["areas"]["east"]])
    Participation.objects.filter(experience=record).update(gives="una stanza", receives="lettori")
    Funding.objects.create(experience=record, year=2024, amount=10, funder=world["full"], fund="A", note="resta")
    Occurrence.objects.create(experience=record, starts_at=datetime(2026, 3, 1, 16, tzinfo=UTC), title="prima")
    ExperiencePlace.objects.create(experience=record, place=world["twin"])
    keys = {model: model._default_manager.get(experience=record).pk for model in (Participation, Funding, Occurrence)}
    before = state()
    with override("it"):
        path = write("experiences", "csv", tmp_path)
        assert _cells(path)["Letture"]["realtà"] == ("Comune di Borgo (promotore), dà: una stanza, riceve: lettori")
        _mended(
            path, "Letture",
            # Two places are called so: which is meant is not known, and none is taken away.
            luoghi="Biblioteca",
            **{"realtà": "Comune di Borgo (promotore), dà: due stanze; Casa nuova (partner), dà: tempo",
               "date singole": "1/3/2026 ore 17-19, luogo: biblioteca (via est 3), titolo:",
               "finanziamenti per anno, in euro": "2024: 10, da: Fondazione Prato, fondo: B"},
        )  # fmt: skip
        step = bring("experiences", path)
    assert (step.updated, step.refused, step.related["organisations"]) == (1, 0, 2)
    first, second = Participation.objects.filter(experience=record).order_by("pk")
    assert (first.pk, first.gives, first.receives) == (keys[Participation], "due stanze", "lettori")
    assert (second.organisation.name, second.role_id, second.gives) == ("Casa nuova", "tie_role:partner", "tempo")
    money = Funding.objects.get(experience=record)
    assert (money.pk, money.funder.name, money.fund, money.note) == (  # type: ignore[union-attr]
        keys[Funding], "Fondazione Prato", "B", "resta",
    )  # fmt: skip
    held = Occurrence.objects.get(experience=record)
    assert (held.pk, held.title, held.place) == (keys[Occurrence], "", world["place"])
    assert held.ends_at == datetime(2026, 3, 1, 18, tzinfo=UTC)
    entry = AuditEntry.objects.get(kind="experiences.experience", object_id=str(record.pk))
    assert entry.changes == {"rows": {"dates": [1, 1], "funding": [1, 1], "organisations": [1, 2]}}
    # Nothing else was touched.
    others = [{name: [one for one in rows if one["name"] != "Letture"] for name, rows in found.items()}
              for found in (before, state())]  # fmt: skip
    new = {"Casa nuova", "Fondazione Prato"}
    others[1]["Organisation"] = [one for one in others[1]["Organisation"] if one["name"] not in new]
    assert others[0] == others[1]
    undo_load(SYSTEM, Load.objects.latest("pk"))
    assert state() == before


def test_what_is_hidden_reaches_no_public_export(world: dict[str, Any], tmp_path: Path) -> None:
    """The funds, the places and the bodies that the public may not see are in no column of what it may export."""
    record = make_experience("Letture", areas=[world["areas"]["east"]], organisations=[(world["full"], "promoter")])
    Participation.objects.filter(experience=record).update(gives="stanza segreta")
    Funding.objects.create(experience=record, year=2024, amount=10, funder=world["full"], fund="fondo segreto",
                           note="nota segreta")  # fmt: skip
    Occurrence.objects.create(experience=record, starts_at=datetime(2026, 3, 1, 16, tzinfo=UTC), place=world["place"])
    ExperiencePlace.objects.create(experience=record, place=world["place"])
    Seat.objects.create(organisation=world["payer"], address="via Nord 1", place=world["place"],
                        opening="chiedere a Maria, 333 7654321")  # fmt: skip
    Resource.objects.create(name="Prestito", place=world["place"])
    Place.objects.filter(pk=world["place"].pk).update(name="Luogo segreto")
    secrets = ("segret", world["full"].name, "333 7654321")
    for form in ("csv", "json"):
        for actor in (NOBODY, SYSTEM):
            files = "".join(sent(key, form, tmp_path, actor).read_text("utf-8-sig") for key in ORDER)
            assert [secret in files for secret in secrets] == [actor is SYSTEM] * len(secrets)
    with override("it"):
        assert "2024: 10.00" in sent("experiences", "csv", tmp_path, NOBODY).read_text("utf-8-sig")
        assert json.loads(sent("places", "json", tmp_path, NOBODY).read_text("utf-8"))["records"][0]["civic_key"] == ""


def test_a_file_of_some_areas_takes_away_nothing_of_the_others(world: dict[str, Any], tmp_path: Path) -> None:
    """Who works in some areas is staff, and yet does not see what is hidden elsewhere."""
    Organisation.objects.filter(pk=world["full"].pk).update(area=world["areas"]["hill"])
    record = make_experience(
        "Letture",
        areas=[world["areas"]["east"]],
        organisations=[(world["full"], "promoter"), (world["payer"], "partner")],
    )
    worker = somebody("community_worker", world["areas"]["east"])
    with override("it"):
        path = write("experiences", "csv", tmp_path, worker)
        assert _cells(path)["Letture"]["realtà"] == "Comune di Borgo (partner)"
        header = list(_cells(path)["Letture"])
        fields = {REGISTERED["experiences"].headers[as_compared(label)]: label for label in header}
        columns: dict[str, Any] = {
            key: label for key, label in fields.items() if REGISTERED["experiences"].by_key[key].loaded
        }
        step = RegisterStep("register", "x", file=path.name, register="experiences", columns=columns)
        plan = make_plan(worker, step, "giro", files.read(path, TableSpec()))
    told = next(one for one in plan.told if one.label == "Letture")
    assert (told.record, told.outcome, told.changes) == (record.pk, "same", [])


def test_links_lead_to_registers_alone() -> None:
    """What a record of a register points to is told by its name: of these kinds alone a name is known."""
    known = {Area, Code, Source, *HANGING}
    for model, hanging in HANGING.items():
        for one, owner in {model: "", **hanging}.items():
            for field in travelling(one, owner):
                assert not isinstance(field, ForeignKey) or field.related_model in known, f"{one.__name__}.{field.name}"
