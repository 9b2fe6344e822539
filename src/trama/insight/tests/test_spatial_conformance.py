"""The classical lattices, with the values printed for them; and esda on the same weights."""

from __future__ import annotations

import csv
import json
import subprocess
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


# What esda says of these values on these neighbours, which stand in a file; it runs in an environment of its own.
ASK_ESDA = """
import json, sys, warnings
warnings.simplefilter("ignore")
import esda, libpysal, numpy
values, lists = json.load(sys.stdin)
weights = libpysal.weights.W(dict(enumerate(lists)), silence_warnings=True)
weights.transform = "r"
moran, geary = esda.Moran(numpy.array(values), weights), esda.Geary(numpy.array(values), weights)
local = esda.Moran_Local(numpy.array(values), weights, permutations=9_999, seed=1)
json.dump({
    "moran": [moran.I, moran.VI_norm, moran.VI_rand, moran.p_norm, moran.p_rand],
    "geary": [geary.C, geary.VC_rand],
    "local": local.Is.tolist(), "quadrants": local.q.tolist(), "p": local.p_sim.tolist(),
}, sys.stdout)
"""


def test_equal_to_esda_on_the_same_weights(folder: Path, oracles: Path) -> None:
    values = np.asarray(table(folder / "stl" / "stl_hom.dbf")["HR8893"], dtype=float)
    mine = gal(folder / "stl" / "stl.gal")
    asked = json.dumps([values.tolist(), [[int(one) for one in mine.neighbours_of(n)] for n in range(mine.n)]])
    answer = subprocess.run([oracles, "-c", ASK_ESDA], input=asked, capture_output=True, text=True, check=True)
    theirs = json.loads(answer.stdout)
    one, contrast = spatial.moran(values, mine), spatial.geary(values, mine)
    moran = [one.value, one.variance_normal, one.variance_random, one.p_normal, one.p_random]
    assert moran == pytest.approx(theirs["moran"], rel=1e-9)
    assert [contrast.value, contrast.variance_random] == pytest.approx(theirs["geary"], rel=1e-9)
    local = spatial.lisa(values, mine, 9_999)
    assert local.values.tolist() == pytest.approx(theirs["local"], rel=1e-9)
    assert local.quadrants.tolist() == theirs["quadrants"]
    # Both are samples: five standard deviations of their difference.
    assert np.abs(local.p - np.array(theirs["p"])).max() < 5 * (2 * 0.25 / 9_999) ** 0.5
