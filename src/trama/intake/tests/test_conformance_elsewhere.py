"""Torino by its official files, Imola and the Colline Matildiche by the national package alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db.models import Sum

from trama.core.actor import SYSTEM
from trama.intake import recipe
from trama.intake.actions import load_recipe
from trama.intake.verdicts import Report
from trama.territory.models import Area, AreaClosure, Boundary, ContextValue, Place, Population

pytestmark = [pytest.mark.conformance, pytest.mark.django_db]


def loaded(name: str, root: Path, folder: Path) -> Report:
    return load_recipe(SYSTEM, recipe.read(root / "recipes" / f"{name}.toml"), folder, dry=False)


def value(area: Area, code: str, year: int) -> ContextValue:
    return ContextValue.objects.get(area=area, indicator__code=code, year=year)


def test_torino(root: Path, shared: Path) -> None:
    report = loaded("torino", root, shared / "data" / "torino-quartieri-2011")
    steps = {step.name: step for step in report.steps}
    assert (steps["circoscrizioni"].new, steps["quartieri"].new) == (8, 23)
    repaired = Boundary.objects.filter(area__kind="neighbourhood").exclude(repair="")
    assert repaired.count() == 15
    assert len(steps["quartieri"].those("noted")) == 15
    residents = ContextValue.objects.filter(indicator__code="residents", year=2011)
    assert (residents.count(), residents.aggregate(all=Sum("value"))["all"]) == (23, 870_420)
    assert value(Area.objects.get(name="Centro", kind="neighbourhood"), "residents", 2011).value == 37_410
    # Libraries of other towns of the province are left out; what is kept lies in Torino.
    assert steps["biblioteche"].skipped > 0
    inside = AreaClosure.objects.filter(ancestor__code="001272").values("area")
    assert Place.objects.exclude(area__in=inside).count() == 0
    assert report.refused == 0, [verdict for step in report.steps for verdict in step.those("refused")]


def test_the_national_package_alone(root: Path, tmp_path: Path) -> None:
    loaded("imola", root, tmp_path)
    loaded("colline-matildiche", root, tmp_path)
    imola = Area.objects.get(code="037032")
    people = Population.objects.get(area=imola, year=2023)
    assert people.total == 69_121
    assert sum(people.females[65:]) + sum(people.males[65:]) == 17_611
    assert Area.objects.filter(parent__name="Nuovo Circondario Imolese").count() == 10
    assert Area.objects.filter(parent__name="Unione Colline Matildiche").count() == 3
    assert json.loads(Boundary.objects.get(area__name="Unione Colline Matildiche").outline)["type"] in {
        "Polygon",
        "MultiPolygon",
    }
    assert loaded("imola", root, tmp_path).changes == 0
