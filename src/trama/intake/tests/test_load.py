"""Loads of resources and areas: dry runs, repeats, updates, refusals, what vanished, what people corrected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from trama.core import history, search
from trama.core.actor import NOBODY, SYSTEM, Actor
from trama.core.models import AuditEntry, SearchEntry, Source
from trama.directory import actions as directory
from trama.directory.models import Promotion, Resource, ResourceContact
from trama.intake import files
from trama.intake.actions import NotLoaded, load_recipe
from trama.intake.models import Load
from trama.intake.recipe import RecipeError, parse
from trama.intake.tests.factories import AREAS_STEP, HEAD, RESOURCES, RESOURCES_STEP, town, write_areas, write_resources
from trama.intake.verdicts import Report
from trama.network import actions as organisations
from trama.network.models import Organisation
from trama.territory import boundaries
from trama.territory.models import Area, Boundary

pytestmark = pytest.mark.django_db
TEXT = HEAD + AREAS_STEP + RESOURCES_STEP


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    town()
    write_areas(tmp_path)
    write_resources(tmp_path)
    return tmp_path


def load(folder: Path, text: str = TEXT, **more: Any) -> Report:
    return load_recipe(SYSTEM, parse(text, "prova.toml"), folder, **{"dry": False, **more})


def test_a_dry_run_says_all_and_writes_nothing(folder: Path) -> None:
    before = (Area.objects.count(), AuditEntry.objects.count(), SearchEntry.objects.count())
    report = load(folder, dry=True)
    assert [(step.name, step.rows, step.new, step.refused) for step in report.steps] == [
        ("aree", 4, 6, 0),
        ("risorse", 5, 3, 2),
    ]
    assert (Area.objects.count(), AuditEntry.objects.count(), SearchEntry.objects.count()) == before
    assert not Resource.objects.exists()
    assert not Source.objects.filter(key="s").exists()
    assert not Load.objects.exists()


def test_what_the_dry_run_says_is_what_the_load_does(folder: Path) -> None:
    said, done = load(folder, dry=True), load(folder)
    assert [{**s.as_dict(), "seconds": 0} for s in said.steps] == [{**s.as_dict(), "seconds": 0} for s in done.steps]


def test_rows_become_resources(folder: Path) -> None:
    load(folder)
    course = Resource.objects.get(import_key="prova:r1")
    assert (course.name, course.description) == ("Corso di italiano", "Per chi arriva")
    assert course.activity_id == "activity:italian_courses"
    assert course.access_id == "access:open"
    assert course.area is not None
    assert course.area.name == "Via Mondo"
    assert course.source is not None
    assert course.source.title == "Dati di prova"
    contacts = set(ResourceContact.objects.filter(resource=course).values_list("kind", "value", "visibility"))
    assert ("mobile", "333 1234567", "staff") in contacts
    assert ("phone", "051 123456", "public") in contacts
    assert len(contacts) == 3


def test_promoters_are_matched_by_their_exact_name_and_marked_when_several(folder: Path) -> None:
    load(folder)
    one, other = (Resource.objects.get(import_key=f"prova:{key}") for key in ("r1", "r2"))
    assert one.promotions.get().organisation == other.promotions.get().organisation
    assert (one.promoter_text, other.promoter_text) == ("Associazione Armonie", "associazione  ARMONIE")
    several = Resource.objects.get(import_key="prova:r3")
    assert several.promoter_to_split
    assert several.promotions.get().organisation.names_several
    assert Organisation.objects.count() == 2


def test_a_point_elsewhere_than_the_file_says_is_a_verdict(folder: Path) -> None:
    report = load(folder, dry=True)
    noted = [(verdict.row, verdict.column) for verdict in report.steps[1].those("noted")]
    assert noted == [(3, "QUARTIERE")]


def test_refused_rows_are_named_with_row_and_column(folder: Path) -> None:
    report = load(folder, dry=True)
    refused = [(verdict.row, verdict.column) for verdict in report.steps[1].those("refused")]
    assert refused == [(5, "ATTIVITA'"), (6, "PUNTO")]


def test_a_strict_load_takes_all_or_nothing(folder: Path) -> None:
    with pytest.raises(NotLoaded) as raised:
        load(folder, strict=True)
    assert raised.value.report.refused == 2
    assert not Resource.objects.exists()
    assert Area.objects.count() == 1


def test_a_second_load_changes_nothing(folder: Path) -> None:
    load(folder)
    rows = list(Resource.objects.order_by("pk").values())
    entries = AuditEntry.objects.count()
    report = load(folder)
    assert report.changes == 0
    assert list(Resource.objects.order_by("pk").values()) == rows
    assert AuditEntry.objects.count() == entries + 1
    assert history.verify().problem == ""


def test_an_updated_file_updates_and_the_audit_says_what(folder: Path) -> None:
    load(folder)
    write_resources(folder, RESOURCES.replace("Mensa;", "Mensa del giovedì;").replace("051 123456", "051 999999"))
    report = load(folder)
    assert (report.steps[1].new, report.steps[1].updated, report.steps[1].fields["name"]) == (0, 1, 1)
    mensa = Resource.objects.get(import_key="prova:r2")
    entry = AuditEntry.objects.filter(kind="directory.resource", object_id=str(mensa.pk)).first()
    assert entry is not None
    assert entry.changes["name"] == ["Mensa", "Mensa del giovedì"]
    phones = ResourceContact.objects.filter(kind="phone").values_list("value", flat=True)
    assert list(phones) == ["051 999999"]
    assert Resource.objects.filter(search.matching(Resource, "giovedì")).exists()


def test_what_vanished_is_closed_by_date_and_never_deleted(folder: Path) -> None:
    load(folder)
    lines = RESOURCES.splitlines(keepends=True)
    write_resources(folder, "".join(line for line in lines if not line.startswith("r2;")))
    report = load(folder)
    assert len(report.steps[1].those("closed")) == 1
    gone = Resource.objects.get(import_key="prova:r2")
    assert gone.state == "closed"
    assert gone.valid_to is not None
    assert load(folder).changes == 0
    kept = load(folder, TEXT.replace('when_gone = "close"', ""), dry=True)
    assert len(kept.steps[1].those("gone")) == 1


def test_what_a_person_corrected_stays(folder: Path) -> None:
    load(folder)
    course = Resource.objects.get(import_key="prova:r1")
    before = history.state_of(course)
    course.name = "Corso di italiano del martedì"
    course.save()
    history.record(Actor(user=7, name="Operatrice"), "changed", course, before)
    report = load(folder)
    course.refresh_from_db()
    assert course.name == "Corso di italiano del martedì"
    assert report.steps[1].updated == 0
    assert any(
        (verdict.row == 2 and "mano" in verdict.why) or "hand" in verdict.why
        for verdict in report.steps[1].those("noted")
    )


def test_areas_are_dissolved_mended_and_well_named(folder: Path) -> None:
    load(folder)
    assert sorted(Area.objects.filter(kind="district").values_list("name", flat=True)) == ["Nord", "Sud"]
    mondo = Area.objects.get(name="Via Mondo")
    assert (mondo.code, mondo.local_code, mondo.parent.name) == ("999001-A1", "1", "Nord")  # type: ignore[union-attr]
    assert Boundary.objects.filter(valid_to__isnull=True).count() == 6


def test_a_redrawn_file_redraws_and_keeps_the_old_shape(folder: Path) -> None:
    load(folder)
    path = folder / "aree.geojson"
    path.write_text(path.read_text().replace("[11.33, ", "[11.331, "))
    report = load(folder)
    # The border between two areas moved: both are redrawn, the district that holds them stays as it was.
    assert report.steps[0].related["boundaries"] == 2
    redrawn = Boundary.objects.filter(valid_to__isnull=False).values_list("area__name", flat=True)
    assert sorted(redrawn) == ["Corte", "San Vitale"]


def test_one_step_alone(folder: Path) -> None:
    load(folder)
    assert [step.name for step in load(folder, only="risorse").steps] == ["risorse"]
    with pytest.raises(RecipeError, match="aree, risorse"):
        load(folder, only="resorse")


def test_a_missing_file_and_a_missing_column_leave_everything(folder: Path) -> None:
    with pytest.raises(RecipeError, match=r"altro\.csv"):
        load(folder, TEXT.replace("risorse.csv", "altro.csv"))
    with pytest.raises(RecipeError, match="ATTIVITA"):
        load(folder, TEXT.replace('"ATTIVITA\'"', '"ATTIVITÀ"'))
    assert Area.objects.count() == 1


def test_staff_contacts_stay_hidden_from_nobody(folder: Path) -> None:
    load(folder)
    assert Resource.objects.visible_to(NOBODY).count() == 3


def test_who_needs_no_answer_has_dry_run_and_load_for_the_work_of_one(folder: Path) -> None:
    seen = []

    def checked(report: Report) -> None:
        seen.append((report.changes, Load.objects.exists()))

    done = load(folder, dry=False, checked=checked)
    assert seen == [(done.changes, False)]
    assert done.changes
    assert Load.objects.exists()


def test_who_objects_to_the_report_takes_all_back(folder: Path) -> None:
    def checked(report: Report) -> None:
        raise RecipeError("no")

    with pytest.raises(RecipeError, match="no"):
        load(folder, dry=False, checked=checked)
    assert not Resource.objects.exists()


def test_a_kind_of_organisation_that_no_list_knows_is_refused_at_once(folder: Path) -> None:
    rule = 'kinds = [{ pattern = "^caritas", kind = "apz" }]'
    with pytest.raises(RecipeError, match=r"apz.*organisation_kind"):
        load(folder, f"{TEXT.rstrip()}\n{rule}\n")


def test_files_are_read_before_the_database_is_kept_from_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = len(connection.savepoint_ids)
    depths: list[int] = []
    for module, name in ((files, "read"), (boundaries, "read")):
        whole = getattr(module, name)

        def read(*given: Any, whole: Any = whole) -> Any:
            # The test itself is in a transaction: a load begins one within it.
            depths.append(len(connection.savepoint_ids))
            return whole(*given)

        monkeypatch.setattr(module, name, read)
    report = load(folder)
    assert len(depths) >= 2
    assert set(depths) == {outside}
    assert report.steps


def test_what_people_decided_of_promoters_holds_at_the_next_load(folder: Path) -> None:
    """Merged, renamed, split on the queue, split in the form of the resource: the same file brings none of it back."""
    text = RESOURCES.replace("associazione  ARMONIE", "Armonie OdV")
    write_resources(folder, text)
    load(folder)
    armonie, odv = (Organisation.objects.get(name=name) for name in ("Associazione Armonie", "Armonie OdV"))
    several = Organisation.objects.get(names_several=True)
    resource = Resource.objects.get(import_key="prova:r3")
    organisations.merge(SYSTEM, armonie, odv)
    armonie.refresh_from_db()
    organisations.save_organisation(SYSTEM, {"name": "Armonie di Borgo", "other_names": []}, armonie)
    done = organisations.split(SYSTEM, several, [Organisation.objects.get(pk=armonie.pk), "Circolo Nuovo"])
    resource.refresh_from_db()
    assert not resource.promoter_to_split

    def state() -> tuple[list[Any], ...]:
        return (
            list(Organisation.objects.order_by("pk").values()),
            list(Promotion.objects.order_by("pk").values("resource", "organisation", "role")),
            list(Resource.objects.order_by("pk").values()),
        )

    before = state()
    assert len(before[0]) == 2
    report = load(folder)
    assert (report.changes, state()) == (0, before)
    # Undone, the string is there again, and a load finds it.
    organisations.undo_merge(SYSTEM, done)
    assert load(folder).changes == 0
    assert Organisation.objects.filter(names_several=True).count() == 1
    # Written by hand in the form, one per line: the file no longer says who offers it.
    resource.refresh_from_db()
    role = Promotion.objects.filter(resource=resource).values_list("role", flat=True)[0]
    directory.save_resource(SYSTEM, {"promoters": [(armonie.pk, role)]}, resource)
    Organisation.objects.filter(names_several=True).delete()
    load(folder)
    assert list(resource.promotions.values_list("organisation", flat=True)) == [armonie.pk]
    assert Organisation.objects.count() == 1
