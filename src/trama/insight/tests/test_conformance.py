"""Bologna's resources by activity and district, as they stand in the official file, counted here by plain Python."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from trama.core import codes
from trama.core.actor import NOBODY
from trama.core.declarations import gathered
from trama.core.registers import Selection
from trama.core.search import fold
from trama.insight.crosstab import compute


def plain(name: str) -> str:
    """A name as files write it in several ways: letters alone."""
    return "".join(char for char in fold(name) if char.isalpha())


@pytest.mark.django_db
@pytest.mark.slow
def test_resources_of_bologna_by_activity_and_district(shared: Path, root: Path) -> None:
    file = shared / "data" / "bologna-risorse-sociali" / "mappa-delle-risorse-sociali.csv"
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened, delimiter=";"))
    expected = Counter((plain(row["ATTIVITA'"]), plain(row["QUARTIERE"])) for row in rows)
    assert sum(expected.values()) == 594
    codes.load_folders(settings.CODELISTS)
    call_command("load", str(root / "recipes" / "bologna.toml"), "--from", str(shared / "data"), verbosity=0)
    found = compute(NOBODY, gathered.registers["resources"], Selection(), "activity", "district")
    assert found.cols is not None
    counted = {
        (plain(row.name), plain(col.name)): cell.value
        for row, cells in zip(found.rows.values, found.cells, strict=True)
        for col, cell in zip(found.cols.values, cells, strict=True)
        if cell.value
    }
    assert (found.base, found.rows.missing, found.cols.missing) == (594, 0, 0)
    assert len(found.rows.values) == 26
    assert sorted(counted.values()) == sorted(expected.values())
    by_district = Counter[str]()
    for (_activity, district), number in expected.items():
        by_district[district] += number
    totals = {plain(col.name): cell.value for col, cell in zip(found.cols.values, found.col_totals, strict=True)}
    assert totals == dict(by_district)
