"""Objectives of a programme: the tree, the numbers area by area, the closed year, the report; who reads and changes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from trama.core.actor import NOBODY, SYSTEM
from trama.core.models import AuditEntry
from trama.experiences.models import Experience
from trama.experiences.tests.factories import actor_with, make_experience
from trama.experiences.tests.lists import load_lists
from trama.monitoring.choices import Direction, PlanState
from trama.monitoring.models import Objective, ObjectivePlan, Yardstick
from trama.monitoring.objectives import actions
from trama.monitoring.objectives.changes import changes
from trama.monitoring.objectives.counting import content_of, levels_below
from trama.monitoring.objectives.forms import PlanForm, TypedNumber, YardstickForm
from trama.monitoring.objectives.words import reached, told, way_of
from trama.network.models import Membership
from trama.reports import printing
from trama.reports.document import Table
from trama.reports.objectives import objectives_report
from trama.territory.models import Area, ContextIndicator, ContextValue
from trama.territory.tests.factories import make_city

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year


@pytest.fixture
def city() -> dict[str, Area]:
    load_lists()
    return make_city()


@pytest.fixture
def programme(city: dict[str, Area]) -> Experience:
    """Two parts of it in the west, one in the east; one experience that is not its own."""
    whole = make_experience("Comunità resiliente", kind="programme", areas=[city["city"]])
    for name, area, people, aim in (
        ("Pranzo", "west", 40, "strengthen_ties"),
        ("Camminata", "west", 12, "inclusion"),
        ("Orto", "east", 2, "strengthen_ties"),
    ):
        make_experience(name, areas=[city[area]], parent=whole, volunteers=people, codes=[("aim", aim)])
    make_experience("Altro", areas=[city["west"]], volunteers=100, codes=[("aim", "strengthen_ties")])
    return whole


def plan_of(city: dict[str, Area], programme: Experience | None, **more: Any) -> ObjectivePlan:
    data = {"name": "Obiettivi", "area": city["city"], "programme": programme, "first_year": YEAR - 1, **more}
    return actions.save_plan(SYSTEM, data)


def objective(plan: ObjectivePlan, text: str, parent: Objective | None = None, **counted: Any) -> Objective:
    made = actions.save_objective(SYSTEM, plan, {"text": text, "parent": parent})
    if counted:
        actions.save_yardstick(SYSTEM, plan, made, {"direction": Direction.UP, "only": "", **counted})
    return made


def totals(content: dict[str, Any]) -> list[list[Any]]:
    return [[one["total"]["value"] for one in item["yardsticks"]] for item in content["objectives"]]


def by_area(content: dict[str, Any], which: int = 0) -> dict[str, tuple[Any, str]]:
    levels = content["objectives"][which]["yardsticks"][0]["levels"]
    return {area["name"]: (area["value"], area["status"]) for level in levels for area in level["areas"]}


def test_numbers_are_counted_in_the_programme_in_all_and_area_by_area(
    city: dict[str, Area], programme: Experience
) -> None:
    plan = plan_of(city, programme)
    first = objective(plan, "Legami", counted="experiences.records", only="aim=strengthen_ties")
    objective(plan, "Nei quartieri", first, counted="experiences.records")
    content = content_of(plan)
    assert [(item["number"], item["depth"]) for item in content["objectives"]] == [("1", 0), ("1.1", 1)]
    # By hand: of its three parts two bear the aim; the programme itself counts among what is done.
    assert totals(content) == [[2], [4]]
    places = by_area(content)
    assert (places[city["west"].name], places[city["east"].name]) == ((1, "value"), (1, "value"))
    assert levels_below(city["city"].pk), "a territory has its parts"
    assert totals(content_of(plan_of(city, None, name="Tutto"))) == []


def test_numbers_of_few_persons_are_protected_and_hidden_records_count_nowhere(
    city: dict[str, Area], programme: Experience
) -> None:
    make_experience("Nascosta", areas=[city["west"]], parent=programme, volunteers=500, is_sensitive=True)
    plan = plan_of(city, programme)
    objective(plan, "Volontari", counted="experiences.volunteers")
    content = content_of(plan)
    places = by_area(content)
    assert places[city["east"].name] == (None, "suppressed")
    assert "500" not in json.dumps(content)
    found = told(content, plan)[0]["yardsticks"][0]
    assert {area["name"]: area["text"] for level in found.levels for area in level["areas"]}[city["east"].name] == "•"


def test_an_indicator_of_the_territory_is_a_number_too(city: dict[str, Area]) -> None:
    indicator = ContextIndicator.objects.create(code="alone", name_it="Vivono soli", name_en="Alone", decimals=1)
    for area, year, value in (("city", YEAR - 2, 30.0), ("city", YEAR - 1, 31.5), ("west", YEAR - 1, 28.0)):
        ContextValue.objects.create(indicator=indicator, area=city[area], year=year, value=value)
    plan = plan_of(city, None)
    objective(plan, "Meno soli", counted="context.alone", direction=Direction.DOWN, start_value=30.0, target_value=29.0)
    content = content_of(plan)
    assert totals(content) == [[31.5]]
    assert by_area(content)[city["east"].name] == (None, "missing")
    found = told(content, plan)[0]["yardsticks"][0]
    assert (found.label, found.now, found.way) == ("Vivono soli", "31,5", "1,5 in più dell'inizio; 2,5 al traguardo")
    assert found.source.endswith(str(YEAR - 1))


@pytest.mark.parametrize(
    ("now", "target", "direction", "there"),
    [
        (10, 10, "up", True),
        (9, 10, "up", False),
        (9, 10, "down", True),
        (None, 10, "up", None),
        (9, 10, "watch", None),
        (9, None, "up", None),
    ],
)
def test_reached_means_in_the_direction_that_was_wanted(
    now: float | None, target: float | None, direction: str, there: bool | None
) -> None:
    assert reached(now, target, direction) is there
    assert way_of(None, 4.0, None, "up", None) == ""


def test_a_closed_year_stays_as_it_was_and_the_next_is_put_beside_it(
    city: dict[str, Area], programme: Experience
) -> None:
    plan = plan_of(city, programme)
    objective(plan, "Legami", counted="experiences.records", target_value=10.0)
    with pytest.raises(ValidationError, match="Pubblica"):
        actions.close_year(SYSTEM, plan, YEAR - 1)
    actions.set_state(SYSTEM, plan, PlanState.PUBLISHED)
    first = actions.close_year(SYSTEM, plan, YEAR - 1)
    for wrong in (YEAR - 1, YEAR + 1, YEAR - 2):
        with pytest.raises(ValidationError):
            actions.close_year(SYSTEM, plan, wrong)
    make_experience("Nuova", areas=[city["east"]], parent=programme)
    AuditEntry.objects.all()  # the numbers of today are remembered until an act is written
    actions.save_plan(
        SYSTEM, {"name": "Altro nome", "area": city["city"], "programme": programme, "first_year": YEAR - 1}, plan
    )
    second = actions.close_year(SYSTEM, plan, YEAR)
    first.refresh_from_db()
    assert (totals(first.content), totals(second.content)) == ([[4]], [[5]])
    assert first.fingerprint == actions.fingerprint_of(first.content)
    with pytest.raises(TypeError):
        first.save()
    assert [(one.before, one.now, one.change) for one in changes(first.content, second.content)] == [("4", "5", "+1")]
    with pytest.raises(ValidationError):
        actions.delete_plan(SYSTEM, plan)


def test_the_report_of_a_year_holds_the_numbers_in_both_languages(city: dict[str, Area], programme: Experience) -> None:
    plan = plan_of(city, programme)
    objective(plan, "Legami", counted="experiences.records")
    actions.set_state(SYSTEM, plan, PlanState.PUBLISHED)
    end = actions.close_year(SYSTEM, plan, YEAR)
    italian, english = (objectives_report(plan, language, end) for language in ("it", "en"))
    assert (italian.subtitle, english.subtitle) == (f"Obiettivi, anno {YEAR}", f"Objectives, year {YEAR}")
    tables = [block for block in italian.blocks if isinstance(block, Table)]
    assert [line.cells[1].text for line in tables[0].lines if line.role == "value"] == ["4"]
    assert {line.name: line.cells[0].value for line in tables[1].lines}[city["west"].name] == 2
    assert end.fingerprint in italian.stamp


def test_an_objective_with_an_emoji_is_printed(city: dict[str, Area]) -> None:
    plan = plan_of(city, None)
    objective(plan, "Legami 🎯 più forti")
    assert printing.pdf_bytes(objectives_report(plan, "it")).startswith(b"%PDF")


def test_objectives_are_three_levels_deep_moved_and_taken_away(city: dict[str, Area]) -> None:
    plan = plan_of(city, None)
    one, two = objective(plan, "Uno"), objective(plan, "Due")
    inner = objective(plan, "Dentro", two)
    deep = objective(plan, "In fondo", inner, counted="experiences.records")
    with pytest.raises(ValidationError, match="Tre livelli"):
        objective(plan, "Troppo", deep)
    with pytest.raises(ValidationError, match="se stesso"):
        actions.save_objective(SYSTEM, plan, {"text": "Due", "parent": deep}, two)
    with pytest.raises(ValidationError, match="Tre livelli"):
        actions.save_objective(SYSTEM, plan, {"text": "Due", "parent": one}, two)
    actions.move_up(SYSTEM, plan, two)
    assert [item["text"] for item in content_of(plan)["objectives"]] == ["Due", "Dentro", "In fondo", "Uno"]
    actions.delete(SYSTEM, plan, inner)
    assert (Objective.objects.count(), Yardstick.objects.count()) == (2, 0)
    assert AuditEntry.objects.filter(verb="deleted", kind="monitoring.objective").count() == 1


def test_who_plans_in_the_territory_changes_and_drafts_are_read_there(city: dict[str, Area]) -> None:
    here, elsewhere = actor_with("plan_office", city["city"]), actor_with("plan_office", city["east"], user=1001)
    worker = actor_with("community_worker", city["city"], user=1002)
    data = {"name": "Obiettivi", "area": city["city"], "programme": None, "first_year": YEAR}
    plan = actions.save_plan(here, data)
    for actor in (elsewhere, worker):
        with pytest.raises(PermissionDenied):
            actions.save_plan(actor, data, plan)
    seen = {actor: ObjectivePlan.objects.visible_to(actor).exists() for actor in (NOBODY, worker, elsewhere)}
    assert seen == {NOBODY: False, worker: True, elsewhere: False}


@pytest.fixture
def planner(city: dict[str, Area], client: Any, django_user_model: Any) -> Iterator[Any]:
    user = django_user_model.objects.create_user("anna", password=None)
    Membership.objects.create(user=user, role="plan_office", area=city["city"])
    client.force_login(user)
    return client


def test_a_plan_is_written_published_closed_and_taken_away_in_the_browser(
    city: dict[str, Area], programme: Experience, planner: Any
) -> None:
    add = reverse("monitoring:objective_plan_add")
    assert planner.post(add, {"name": ""}).status_code == 422
    answer = planner.post(
        add, {"name": "Obiettivi", "area": city["city"].pk, "programme": programme.pk, "first_year": YEAR}
    )
    plan = ObjectivePlan.objects.get()
    assert answer.url == reverse("monitoring:objective_add", args=[plan.pk])
    answer = planner.post(answer.url, {"text": "Rafforzare i legami"})
    made = Objective.objects.get()
    measure = reverse("monitoring:yardstick_add", args=[plan.pk, made.pk])
    assert answer.url == measure
    wrong = {"counted": "experiences.records", "only": "organisations|kind=odv", "direction": "up"}
    assert "scegli" in planner.post(measure, wrong).text.lower() or planner.post(measure, wrong).status_code == 422
    good = {
        "counted": "experiences.records",
        "only": "experiences|aim=strengthen_ties",
        "direction": "up",
        "target_value": "3",
    }
    page = reverse("monitoring:objective_plan", args=[plan.pk])
    assert planner.post(measure, good).url == page
    text = planner.get(page).text
    assert "1 al traguardo" in text
    assert f"programme={programme.pk}" in text
    do = [reverse("monitoring:objective_plan_do", args=[plan.pk, what]) for what in ("publish", "close")]
    planner.post(do[0])
    assert not planner.post(do[1], {"year": str(YEAR)}, follow=True).context["ends"], "nobody said to be sure"
    assert planner.post(do[1], {"year": str(YEAR), "sure": "1"}).url == reverse(
        "monitoring:objective_year", args=[plan.pk, YEAR]
    )
    planner.logout()
    year = reverse("monitoring:objective_year", args=[plan.pk, YEAR])
    assert "Rafforzare i legami" in planner.get(year).text
    assert (
        reverse("monitoring:objective_plan", args=[plan.pk])
        in planner.get(reverse("experiences:experience", args=[programme.pk])).text
    )
    file = planner.get(reverse("reports:objectives_year_file", args=[plan.pk, YEAR, "it", "xlsx"]))
    book = openpyxl.load_workbook(io.BytesIO(file.content), read_only=True)
    cells = [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    assert any("Rafforzare i legami" in str(cell) for cell in cells)
    assert planner.get(reverse("reports:objectives_file", args=[plan.pk, "it", "exe"])).status_code == 404


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("200.000", 200_000), ("1.200", 1_200), ("1.200,5", 1_200.5), ("44,5", 44.5), ("12", 12), ("1,2", 1.2)],
)
def test_numbers_are_read_as_people_write_them(typed: str, stored: float) -> None:
    assert TypedNumber().clean(typed) == stored
    assert TypedNumber().clean(TypedNumber().prepare_value(float(stored))) == stored


@pytest.mark.parametrize("typed", ["1.5", "1e308", "nan", "inf", "tanti", "1,200,3", "-"])
def test_what_is_no_number_is_asked_again(typed: str) -> None:
    with pytest.raises(ValidationError, match="in cifre"):
        TypedNumber().clean(typed)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start_value": "50", "target_value": "10"}, "target_value"),
        ({"direction": "down", "start_value": "10", "target_value": "50"}, "target_value"),
        ({"target_value": "-3"}, "target_value"),
        ({"start_value": "1", "start_year": "2026", "target_value": "3", "target_year": "2025"}, "target_year"),
        ({"target_year": "2030"}, "target_value"),
    ],
)
def test_a_target_lies_where_it_is_wanted(change: dict[str, str], field: str) -> None:
    load_lists()
    form = YardstickForm(None, {"counted": "experiences.records", "direction": "up", **change})
    assert not form.is_valid()
    assert list(form.errors) == [field]


def test_who_evaluates_does_not_move_the_targets_and_a_moved_one_is_told(city: dict[str, Area], planner: Any) -> None:
    plan = plan_of(city, None)
    made = objective(plan, "Legami", counted="experiences.records", target_value=78.0)
    with pytest.raises(PermissionDenied):
        actions.save_objective(actor_with("evaluator", city["city"], user=1003), plan, {"text": "Altro"})
    data = {"counted": "experiences.records", "only": "", "direction": "up"}
    with pytest.raises(ValidationError, match="segue già"):
        actions.save_yardstick(SYSTEM, plan, made, data)
    actions.save_yardstick(SYSTEM, plan, made, {**data, "target_value": 60.0}, Yardstick.objects.get())
    assert "il traguardo era 78 fino al" in planner.get(reverse("monitoring:objective_plan", args=[plan.pk])).text


def test_a_closed_year_is_taken_back_with_a_reason_that_stays(city: dict[str, Area]) -> None:
    plan = plan_of(city, None)
    objective(plan, "Legami", counted="experiences.records")
    actions.set_state(SYSTEM, plan, PlanState.PUBLISHED)
    kept = actions.close_year(SYSTEM, plan, YEAR)
    coordinator = actor_with("technical_coordinator", city["city"])
    with pytest.raises(PermissionDenied):
        actions.withdraw_year(coordinator, plan, YEAR, "Traguardo sbagliato.")
    office = actor_with("plan_office", city["city"], user=1001)
    with pytest.raises(ValidationError, match="perché"):
        actions.withdraw_year(office, plan, YEAR, " ")
    actions.withdraw_year(office, plan, YEAR, "Traguardo sbagliato.")
    assert not plan.year_ends.exists()
    entry = AuditEntry.objects.get(verb="withdrew_year")
    assert (entry.changes["fingerprint"][0], entry.changes["reason"][1]) == (kept.fingerprint, "Traguardo sbagliato.")
    actions.close_year(office, plan, YEAR)


def test_of_a_programme_that_is_hidden_nothing_is_told(city: dict[str, Area], programme: Experience) -> None:
    plan = plan_of(city, programme)
    objective(plan, "Legami", counted="experiences.records")
    Experience.objects.filter(pk=programme.pk).update(is_sensitive=True)
    found = told(content_of(plan), plan)[0]["yardsticks"][0]
    assert (found.now, found.url) == ("non si sa", "")
    with pytest.raises(ValidationError, match="visibile a tutti"):
        actions.set_state(SYSTEM, plan, PlanState.PUBLISHED)
    evaluator = actor_with("plan_office", city["city"], user=1001)
    Experience.objects.filter(pk=programme.pk).update(area=None)
    programme.areas.all().delete()
    options = dict(PlanForm(evaluator, plan).fields["programme"].choices)  # type: ignore[attr-defined]
    assert options[programme.pk] == "un programma che non vedi"
