"""Bologna: what clusters and what does not, and where the index is high and nothing is listed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from trama.core.actor import NOBODY, SYSTEM
from trama.core.declarations import gathered
from trama.insight import clustering, needs
from trama.insight.clustering import ALIKE, NO_PATTERN, Asked
from trama.intake import recipe
from trama.intake.actions import load_recipe
from trama.territory.models import ContextValue

pytestmark = [pytest.mark.conformance, pytest.mark.django_db]
LEVEL = "statistical_area"


@pytest.fixture(scope="module")
def bologna(root: Path, shared: Path, taken_back: None) -> None:
    load_recipe(SYSTEM, recipe.read(root / "recipes" / "bologna.toml"), shared / "data", dry=False)


@pytest.fixture(autouse=True)
def _italian(bologna: None) -> Any:
    with translation.override("it"):
        yield


def test_people_who_live_alone_cluster() -> None:
    found = clustering.examine(NOBODY, Asked("households_one_share", LEVEL, 2023))
    assert found.test.value == pytest.approx(0.573, abs=5e-4)
    assert (found.test.p, found.test.permutations, len(found.lines)) == (0.001, 999, 78)
    assert found.verdict == ALIKE
    assert clustering.sentence(found) == "Le aree vicine si somigliano."
    assert found.islands == ()
    assert {"Irnerio-1", "Marconi-2", "Malpighi-1"} <= {line.area.name for line in found.groups["high_among_high"]}


def test_overall_fragility_does_not() -> None:
    found = clustering.examine(NOBODY, Asked("fragility_overall", LEVEL, 2022))
    assert found.test.value == pytest.approx(0.074, abs=5e-4)
    assert found.test.p == pytest.approx(0.10, abs=0.03)
    assert (found.verdict, len(found.lines), len(found.values.unknown)) == (NO_PATTERN, 78, 12)
    assert clustering.sentence(found) == "Nessun raggruppamento evidente."
    assert (found.local, found.marked) == (None, 0), "no hot spot is looked for"


def test_the_page_of_what_does_not_cluster_draws_nothing(client: Client) -> None:
    page = client.get("/numeri/raggruppamenti/", {"indicator": "fragility_overall"}).content.decode()
    assert "Nessun raggruppamento evidente" in page
    assert "tr-choropleth" not in page
    page = client.get("/numeri/raggruppamenti/", {"indicator": "households_one_share"}).content.decode()
    assert "Le aree vicine si somigliano" in page
    assert "tr-choropleth" in page


def test_the_index_of_2022() -> None:
    rows = ContextValue.objects.filter(indicator__code="fragility_overall", year=2022, value__isnull=False)
    highest = [(row.area.name, row.value) for row in rows.select_related("area").order_by("-value", "area__name")[:5]]
    assert rows.count() == 78
    assert highest == [
        ("Via del Lavoro", 114),
        ("Mulino del Gomito", 110),
        ("CAAB", 108),
        ("Rigosa", 108),
        ("Piazza dell'Unita'", 107),
    ]


def test_need_beside_what_is_listed() -> None:
    register = gathered.registers["resources"]
    asked = needs.Asked("fragility_overall", LEVEL, 2022, "resources", per="households")
    found = needs.compare(NOBODY, register, asked)
    assert (len(found.compared), len(found.with_nothing)) == (78, 21)
    assert needs.nothing_sentence(found) == "In 21 aree su 78 non è censito niente."
    assert "CAAB" in {line.area.name for line in found.standing_out}
    rigosa = next(line for line in found.lines if line.area.name == "Rigosa")
    assert (rigosa.area.value, rigosa.need) == (108, 2)
    plain = needs.compare(NOBODY, register, needs.Asked("fragility_overall", LEVEL, 2022, "resources"))
    assert sum(line.count or 0 for line in plain.lines) == 594
    assert sum(line.count or 0 for line in plain.compared) == 594 - 7, "seven lie in areas that the index excludes"
