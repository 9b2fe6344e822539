"""The official files of Bologna, against figures that were computed independently from the same files."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db.models import Sum

from trama.core.actor import SYSTEM
from trama.directory.models import Promotion, Resource
from trama.intake import recipe
from trama.intake.actions import load_recipe
from trama.intake.verdicts import Report
from trama.territory.models import Area, Boundary, ContextValue

pytestmark = [pytest.mark.conformance, pytest.mark.django_db]


def loaded(name: str, root: Path, folder: Path) -> Report:
    return load_recipe(SYSTEM, recipe.read(root / "recipes" / f"{name}.toml"), folder, dry=False)


@pytest.fixture(scope="module")
def bologna(root: Path, shared: Path, taken_back: None) -> Report:
    """Bologna is loaded once for all these tests, and taken back at the end."""
    return loaded("bologna", root, shared / "data")


@pytest.fixture
def via_mondo(bologna: Report) -> Area:
    return Area.objects.get(name="Via Mondo", kind="statistical_area")


def value(area: Area, code: str, year: int) -> ContextValue:
    return ContextValue.objects.get(area=area, indicator__code=code, year=year)


def test_the_areas(bologna: Report) -> None:
    assert Area.objects.filter(kind="district").count() == 6
    assert Area.objects.filter(kind="zone").count() == 18
    assert Area.objects.filter(kind="statistical_area").count() == 90
    assert (
        Boundary.objects.filter(valid_to__isnull=True, area__kind__in=["district", "zone", "statistical_area"]).count()
        == 114
    )
    surface = Area.objects.filter(kind="statistical_area").aggregate(all=Sum("surface_km2"))["all"]
    assert surface == pytest.approx(140.84, abs=0.1)


def test_the_resources(bologna: Report) -> None:
    assert Resource.objects.count() == 594
    assert Resource.objects.order_by().values("activity").distinct().count() == 26
    assert len({text for text in Resource.objects.values_list("promoter_text", flat=True) if text}) == 302
    assert Resource.objects.filter(promoter_text="").count() == 11
    assert Resource.objects.filter(promotions=None).count() == 11
    assert Promotion.objects.count() == 583
    step = next(step for step in bologna.steps if step.name == "risorse")
    assert (step.new, step.refused, step.verdicts) == (594, 0, [])


def test_every_point_lies_in_the_area_and_the_district_that_the_file_states(bologna: Report) -> None:
    assert Resource.objects.filter(area__kind="statistical_area").count() == 594
    assert Resource.objects.order_by().values("area").distinct().count() == 61
    step = next(step for step in bologna.steps if step.name == "risorse")
    assert [verdict for verdict in step.verdicts if verdict.column == "QUARTIERE"] == []


def test_via_mondo(via_mondo: Area) -> None:
    assert value(via_mondo, "households", 2023).value == 4728
    assert value(via_mondo, "households_one_share", 2023).value == pytest.approx(59.5, abs=0.05)
    resources = Resource.objects.filter(area=via_mondo).count()
    assert resources == 6
    assert resources / 4.728 == pytest.approx(1.3, abs=0.05)


def test_where_no_resource_is_listed(bologna: Report) -> None:
    for name in ("La Birra", "Ponte Savena-La Bastia", "Roveri", "CAAB"):
        assert Resource.objects.filter(area=Area.objects.get(name=name, kind="statistical_area")).count() == 0
    assert value(Area.objects.get(name="La Birra"), "households", 2023).value == 1012


def test_resources_in_areas_that_the_index_excludes(bologna: Report) -> None:
    excluded = ContextValue.objects.filter(indicator__code="fragility_overall", state="excluded")
    assert (excluded.filter(year=2021).count(), excluded.filter(year=2022).count()) == (11, 12)
    assert Resource.objects.filter(area__in=excluded.filter(year=2022).values("area")).count() == 7


def test_households_of_the_whole_city(bologna: Report) -> None:
    rows = ContextValue.objects.filter(area__kind="statistical_area", year=2023)
    sums = {
        code: rows.filter(indicator__code=code).aggregate(all=Sum("value"))["all"]
        for code in ("households_one", "households_two", "households_three_more")
    }
    city = Area.objects.get(code="037006")
    # The file counts 113,904, 49,841 and 47,840; the difference are households without an area.
    assert sums["households_one"] <= 113_904
    assert sum(sums.values()) == value(city, "households", 2023).value
    step = next(step for step in bologna.steps if step.name == "famiglie")
    assert (step.rows, step.skipped, step.refused) == (2178, 24, 0)


def test_units_and_exclusions_of_the_fragility_file(bologna: Report, via_mondo: Area) -> None:
    assert value(via_mondo, "income_per_head_median", 2021).value == 18_868
    assert value(via_mondo, "income_per_head_median", 2022).value == pytest.approx(19_495)
    assert not ContextValue.objects.filter(indicator__code="residents_area", year=2022).exists()
    assert value(via_mondo, "fragility_overall", 2022).value == 104
    incomes = ContextValue.objects.filter(indicator__code="income_per_head_median", value__isnull=False)
    assert min(incomes.values_list("value", flat=True)) > 5_000


def test_residents_of_the_zones(bologna: Report) -> None:
    rows = ContextValue.objects.filter(indicator__code="residents", year=2023, area__kind="zone")
    assert rows.count() == 18
    total = rows.aggregate(all=Sum("value"))["all"]
    # 392,017 in the file, of which some have no fixed abode and belong to no zone.
    assert 388_000 < total < 392_017
    districts = ContextValue.objects.filter(indicator__code="residents", year=2023, area__kind="district")
    assert districts.aggregate(all=Sum("value"))["all"] == total


def test_loading_bologna_again_changes_nothing(bologna: Report, root: Path, shared: Path) -> None:
    report = loaded("bologna", root, shared / "data")
    assert [(step.name, step.new, step.updated) for step in report.steps if step.changes] == []
