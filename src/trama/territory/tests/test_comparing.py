"""An index of one municipality is not compared across municipalities, nor across versions of its definition."""

from __future__ import annotations

from typing import Any

import pytest

from trama.core.actor import NOBODY
from trama.territory import outlines
from trama.territory.comparing import may_compare, same_definition
from trama.territory.models import Area, ContextDefinition, ContextIndicator, ContextValue
from trama.territory.profile import values_of
from trama.territory.tests.factories import make_area, make_city, square

pytestmark = pytest.mark.django_db


@pytest.fixture
def idise() -> ContextIndicator:
    return ContextIndicator.objects.create(
        code="t_idise", name_it="IDISE", name_en="IDISE", compare_within="municipality", centre=100
    )


def test_inside_one_municipality_and_across(idise: ContextIndicator) -> None:
    here = make_city()
    region = make_area("Emilia", "region")
    there = make_area("Ponte", "municipality", region)
    quarter = make_area("Borgata", "district", there)
    assert may_compare(idise, [here["mill"], here["hill"].pk, here["east"], here["city"]])
    assert may_compare(idise, [quarter])
    refused = may_compare(idise, [here["mill"], quarter, here["hill"]])
    assert not refused
    assert "Borgo, Ponte" in refused.sentence
    assert refused.groups == {here["city"].pk: [here["mill"].pk, here["hill"].pk], there.pk: [quarter.pk]}
    outside = may_compare(idise, [quarter, region])
    assert not outside
    assert "Emilia" in outside.sentence
    idise.compare_within = ""
    assert may_compare(idise, [here["mill"], quarter, region])


def test_one_question_whatever_the_number_of_areas(idise: ContextIndicator, django_assert_num_queries: Any) -> None:
    city = make_city()
    with django_assert_num_queries(1):
        assert may_compare(idise, [area.pk for area in city.values()])


def test_no_page_sets_it_beside_what_is_wider(idise: ContextIndicator) -> None:
    region = make_area("Emilia", "region")
    city = make_area("Ponte", "municipality", region)
    quarter = make_area("Borgata", "district", city)
    ContextValue.objects.create(area=region, indicator=idise, year=2021, value=100)
    ContextValue.objects.create(area=quarter, indicator=idise, year=2021, value=104)
    (value,) = values_of(quarter)
    assert value.above == ""
    ContextValue.objects.create(area=city, indicator=idise, year=2021, value=99)
    (value,) = values_of(quarter)
    assert "Ponte" in value.above
    ContextValue.objects.filter(area=city).update(version="2")
    (value,) = values_of(quarter)
    assert value.above == ""


def test_a_map_of_two_municipalities_is_not_coloured(idise: ContextIndicator) -> None:
    region = make_area("Emilia", "region", None, square(0, 0, 6, 1))
    for column in range(6):
        town = make_area(f"Comune {column}", "municipality", region, square(column, 0))
        ContextValue.objects.create(area=town, indicator=idise, year=2021, value=90 + column)
    said = outlines.collection(NOBODY, region, "", "t_idise")[0]
    assert '"class":""' in said
    assert '"class":"q1"' not in said
    Area.objects.filter(parent=region).update(note="x")
    ContextIndicator.objects.update(compare_within="region")
    assert '"class":"q1"' in outlines._collection(region, "", "t_idise")[0]


def test_versions_of_a_definition_are_not_one_series(idise: ContextIndicator) -> None:
    area = make_area("Borgo")
    old = ContextValue.objects.create(area=area, indicator=idise, year=2019, value=1, version="1")
    older = ContextValue.objects.create(area=area, indicator=idise, year=2017, value=1, version="1")
    new = ContextValue.objects.create(area=area, indicator=idise, year=2022, value=1, version="2")
    assert same_definition([old, older])
    refused = same_definition([new, old, older])
    assert not refused
    assert "2017–2019" in refused.sentence
    ContextDefinition.objects.create(indicator=idise, version="1", name_it="IDISE", name_en="IDISE", unit_it="‰")
    idise.version, idise.unit_it = "2", "%"
    idise.save()
    assert ContextValue.objects.get(pk=old.pk).unit == "‰"
    assert ContextValue.objects.get(pk=new.pk).unit == "%"
