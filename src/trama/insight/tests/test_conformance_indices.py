"""Bologna's official fragility indices: what of them can be checked with what the city publishes, and no more.

The file states no formula. What follows from its figures: the overall index is 30, 40 and 30 per cent of the three
domains, within the rounding to whole numbers, and no other weights in steps of five fit; and our MPI+ of the three
demographic indicators orders the areas as the published demographic index does.
"""

from __future__ import annotations

import csv
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command

from trama.core.actor import SYSTEM
from trama.insight.actions import indices as actions
from trama.insight.analysis.composite import Formula, Ingredient, Method, compute
from trama.insight.indices.reading import agrees, index_of
from trama.insight.indices.shapes import Definition, Domain, Part

DOMAINS = tuple(f"Indice potenziale fragilità {name}" for name in ("demografica", "sociale", "economica"))
OVERALL = "Indice complessivo fragilità"
DEMOGRAPHIC = {
    "Variazione popolazione ultimi 5 anni": -1,
    "Tasso incremento demografico medio": -1,
    "Perc residenti oltre 80 anni": 1,
}


@pytest.fixture(scope="module")
def rows(shared: Path) -> list[dict[str, str]]:
    """The areas that have an index, of both years."""
    file = shared / "data" / "bologna-indici-fragilita" / "indici-di-fragilita-dal-2021.csv"
    with file.open(encoding="utf-8-sig", newline="") as opened:
        found = list(csv.DictReader(opened, delimiter=";"))
    return [row for row in found if row["Flag Area Esclusa"] == "0" and row[OVERALL]]


def column(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


def test_the_overall_index_is_a_weighted_mean_of_the_domains_and_its_weights_follow_from_the_figures(
    rows: list[dict[str, str]],
) -> None:
    domains = np.stack([column(rows, name) for name in DOMAINS], axis=1)
    assert len(domains) == 157
    # Both sides are rounded to whole numbers: half a point here, and half a point of each domain there.
    fitting = [
        (a, b, 100 - a - b)
        for a, b in product(range(0, 101, 5), repeat=2)
        if a + b <= 100 and np.abs(domains @ np.array([a, b, 100 - a - b]) / 100 - column(rows, OVERALL)).max() <= 1
    ]
    assert fitting == [(30, 40, 30)]


@pytest.mark.parametrize("year", ["2021", "2022"])
def test_our_mpi_of_the_demographic_indicators_follows_the_published_one(rows: list[dict[str, str]], year: str) -> None:
    chosen = [row for row in rows if row["Anno"] == year]
    formula = Formula(tuple(Ingredient(key, sign) for key, sign in DEMOGRAPHIC.items()), method=Method.MPI)
    ours = compute(formula, np.stack([column(chosen, key) for key in DEMOGRAPHIC], axis=1)[None]).value[0]
    published = column(chosen, DOMAINS[0])
    assert np.corrcoef(ours, published)[0, 1] > 0.99
    # A simple mean follows it less: the published index does add something for imbalance.
    standardised = (
        compute(formula, np.stack([column(chosen, key) for key in DEMOGRAPHIC], axis=1)[None]).parts[""].mean[0]
    )
    assert np.corrcoef(ours, published)[0, 1] > np.corrcoef(standardised, published)[0, 1]


@pytest.mark.django_db
@pytest.mark.slow
def test_an_index_of_indices_of_bologna_from_the_loaded_data(shared: Path, root: Path) -> None:
    call_command("load", str(root / "recipes" / "bologna.toml"), "--from", str(shared / "data"), verbosity=0)
    # The published domains, weighted as above, with given ends of the scale 70 and 130: they stay as they are.
    names = ("demographic", "social", "economic")
    index = Definition(
        "Fragilità complessiva rifatta",
        code="rifatta",
        kind="statistical_area",
        under="037006",
        years=(2021, 2022),
        penalty="none",
        goalposts="given",
        domains=tuple(Domain(name, "", name, weight) for name, weight in zip(names, (3, 4, 3), strict=True)),
        parts=tuple(Part(name, indicator=f"fragility_{name}", domain=name, low=70, high=130) for name in names),
    )
    row = actions.save_index(SYSTEM, index)
    actions.publish_index(SYSTEM, row)
    found = index_of(row)
    assert agrees(found)
    assert np.isfinite(found.values).sum(axis=1).tolist() == [79, 78]
    assert (found.states == "excluded").sum(axis=1).tolist() == [11, 12]
    highest = {found.figures.areas[n].name for n in np.argsort(-np.nan_to_num(found.values[1]))[:5]}
    assert {"Via del Lavoro", "Mulino del Gomito", "Rigosa", "CAAB"} <= highest
