"""The classical lattices, with the values printed for them; and esda on the same weights, where it is installed."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

from trama.insight.analysis import neighbours, spatial
from trama.insight.analysis.neighbours import Weights, from_lists, read_gal


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "data" / "statistica-spaziale-benchmark"


def gal(path: Path) -> Weights:
    return from_lists(read_gal(path.read_text(encoding="ascii"))).standardised()


def table(path: Path) -> dict[str, Any]:
    _meta, _ids, _shapes, columns = pyogrio.raw.read(path, read_geometry=False)
    return dict(zip(_meta["fields"], columns, strict=True))


def text_column(path: Path, name: str) -> list[float]:
    with path.open(encoding="ascii", newline="") as file:
        next(file)
        return [float(row[name]) for row in csv.DictReader(file)]


def test_homicides_around_st_louis(folder: Path) -> None:
    found = spatial.moran(table(folder / "stl" / "stl_hom.dbf")["HR8893"], gal(folder / "stl" / "stl.gal"))
    assert found.value == pytest.approx(0.244, abs=5e-4)
    assert found.expected == pytest.approx(-0.012987, abs=5e-7)
    assert found.p_normal == pytest.approx(0.00027148, abs=5e-9)
    assert found.p <= 0.005


def test_infant_deaths_in_north_carolina(folder: Path) -> None:
    data, weights = table(folder / "sids2" / "sids2.dbf"), gal(folder / "sids2" / "sids2.gal")
    found = spatial.moran(data["SIDR74"], weights)
    assert found.value == pytest.approx(0.248, abs=5e-4)
    assert found.p_normal == pytest.approx(0.00011583, abs=5e-9)
    of_rates = spatial.moran_of_rates(data["SID79"], data["BIR79"], weights)
    assert of_rates.value == pytest.approx(0.1662, abs=5e-5)
    assert of_rates.p_normal / 2 == pytest.approx(0.0042, abs=5e-5), "it is printed one-sided"
    assert spatial.moran_of_two(data["SIDR79"], data["SIDR74"], weights)[0] == pytest.approx(0.156, abs=5e-4)


def test_contrast_in_the_book(folder: Path) -> None:
    values = text_column(folder / "book" / "book.txt", "y")
    found = spatial.geary(values, gal(folder / "book" / "book.gal"))
    assert found.value == pytest.approx(0.3330108, abs=5e-8)
    assert found.p_normal == pytest.approx(9.2e-05, abs=5e-7)


def test_local_quadrants(folder: Path) -> None:
    values = text_column(folder / "desmith" / "desmith.txt", "z")
    found = spatial.lisa(values, gal(folder / "desmith" / "desmith.gal"))
    assert found.quadrants.tolist() == [4, 4, 4, 2, 3, 3, 1, 4, 3, 3]


def test_burglaries_in_columbus_with_neighbours_from_the_boundaries(folder: Path) -> None:
    meta, _ids, stored, columns = pyogrio.raw.read(folder / "columbus" / "columbus.shp")
    crime = dict(zip(meta["fields"], columns, strict=True))["CRIME"]
    shapes = shapely.from_wkb(stored)
    queen = neighbours.contiguity(shapes, gap=0)
    published = from_lists(read_gal((folder / "columbus" / "columbus.gal").read_text(encoding="ascii")))
    assert all(queen.neighbours_of(area) == sorted(published.neighbours_of(area)) for area in range(49))
    found = spatial.moran(crime, queen.standardised())
    assert found.value == pytest.approx(0.500189, abs=5e-7)
    assert found.expected == pytest.approx(-0.020833, abs=5e-7)
    assert found.variance_random == pytest.approx(0.00868929, abs=5e-9)
    rook = neighbours.contiguity(shapes, gap=0, corners=False)
    assert spatial.moran(crime, rook.standardised()).value == pytest.approx(0.523670, abs=5e-7)


@pytest.mark.filterwarnings("ignore")
def test_equal_to_esda_on_the_same_weights(folder: Path) -> None:
    """See requirements/oracles.txt."""
    esda = pytest.importorskip("esda")
    libpysal = pytest.importorskip("libpysal")
    values = np.asarray(table(folder / "stl" / "stl_hom.dbf")["HR8893"], dtype=float)
    mine = gal(folder / "stl" / "stl.gal")
    theirs = libpysal.weights.W({n: mine.neighbours_of(n) for n in range(mine.n)}, silence_warnings=True)
    one, other = spatial.moran(values, mine), esda.Moran(values, theirs)
    pairs = [(one.value, other.I), (one.variance_normal, other.VI_norm), (one.variance_random, other.VI_rand)]
    pairs += [(one.p_normal, other.p_norm), (one.p_random, other.p_rand)]
    contrast, their_contrast = spatial.geary(values, mine), esda.Geary(values, theirs)
    pairs += [(contrast.value, their_contrast.C), (contrast.variance_random, their_contrast.VC_rand)]
    for mine_is, theirs_is in pairs:
        assert mine_is == pytest.approx(theirs_is, rel=1e-9)
    local = spatial.lisa(values, mine, 9_999)
    their_local = esda.Moran_Local(values, theirs, permutations=9_999, seed=1)
    assert local.values.tolist() == pytest.approx(their_local.Is.tolist(), rel=1e-9)
    assert local.quadrants.tolist() == their_local.q.tolist()
    # Both are samples: five standard deviations of their difference.
    assert np.abs(local.p - their_local.p_sim).max() < 5 * (2 * 0.25 / 9_999) ** 0.5
