from __future__ import annotations

import csv

import pytest

from trama.core import history
from trama.core.actor import SYSTEM
from trama.territory import finding, italy
from trama.territory.imports import load_municipalities
from trama.territory.models import Area, AreaClosure, Boundary, Population


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Imola", "037032"),
        ("imola", "037032"),
        ("037032", "037032"),
        ("37032", "037032"),
        ("Forli", "040012"),
        ("Bozen", "021008"),
        ("Bolzano/Bozen", "021008"),
        ("Reggio nell'Emilia", "035033"),
        ("Castro (BG)", "016065"),
        ("Castro, LE", "075096"),
        ("  Castel   San Pietro Terme ", "037020"),
    ],
)
def test_a_municipality_is_found_by_name_or_code(text: str, code: str) -> None:
    assert italy.find(text).code == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Castro", ["Castro (BG) 016065", "Castro (LE) 075096"]),
        ("Imloa", ["Imola (BO)"]),
        ("Bolonia", ["Bologna (BO)"]),
        ("Castro (TO)", ["Castro (TO)"]),
        ("999999", ["999999"]),
        ("qzxwk vvv", ["qzxwk vvv"]),
    ],
)
def test_a_name_that_is_shared_or_misspelt_is_answered_with_candidates(text: str, expected: list[str]) -> None:
    with pytest.raises(italy.UnknownMunicipality) as caught:
        italy.find(text)
    for part in expected:
        assert part in str(caught.value)


@pytest.mark.django_db
def test_a_union_of_municipalities_is_loaded_and_loading_it_again_changes_nothing() -> None:
    names = ["Imola", "Dozza", "Mordano"]
    verdicts = load_municipalities(SYSTEM, names, union="Circondario")
    assert [(verdict.name, verdict.outcome) for verdict in verdicts] == [(name, "new") for name in names]
    imola = Area.objects.get(code="037032")
    assert [node.name for node in finding.path_of(imola.pk)] == ["Emilia-Romagna", "Bologna", "Circondario", "Imola"]
    assert AreaClosure.objects.filter(ancestor__name="Circondario").count() == 4
    assert finding.area_at(11.7140, 44.3530) == imola.pk  # piazza Matteotti
    assert imola.surface_km2 == pytest.approx(205, abs=1.5)
    union = Boundary.objects.select_related("area").get(area__name="Circondario")
    surfaces = Area.objects.filter(code__in=["037032", "037025", "037045"]).values_list("surface_km2", flat=True)
    assert union.area.surface_km2 == pytest.approx(sum(surfaces), rel=1e-4)
    residents = Population.objects.get(area=imola, year=2023)
    assert residents.total == 69_121
    assert sum(residents.females[65:]) + sum(residents.males[65:]) == 17_611
    entries = history.verify().entries
    assert [verdict.outcome for verdict in load_municipalities(SYSTEM, names, union="Circondario")] == ["same"] * 3
    assert history.verify().entries == entries
    assert history.verify().problem == ""


@pytest.mark.django_db
def test_what_the_package_lacks_is_said_and_a_wider_sum_with_a_hole_is_not_made() -> None:
    (verdict,) = load_municipalities(SYSTEM, ["Montecopiolo"])
    assert verdict.outcome == "new"
    assert len(verdict.notes) == 1
    assert not Population.objects.filter(area__kind="region").exists()
    assert Boundary.objects.filter(area=verdict.area).exists()


@pytest.mark.django_db
def test_one_unknown_name_leaves_nothing_half_done() -> None:
    with pytest.raises(italy.UnknownMunicipality):
        load_municipalities(SYSTEM, ["Imola", "Imlaa"])
    assert not Area.objects.exists()


def test_residents_agree_with_the_shared_extract(shared) -> None:
    path = shared / "data" / "istat-popolazione-eta-comuni" / "popolazione_eta_2023_emilia_romagna.csv"
    wanted: dict[str, dict[int, tuple[int, int]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ages = wanted.setdefault(row["codice_istat"], {})
            ages[int(row["eta"])] = (int(row["femmine"]), int(row["maschi"]))
    assert len(wanted) == 328
    for code in ["037006", "037032", "035001", "040012", *sorted(wanted)[:20]]:
        found = {one.year: one for one in italy.residents([code])}[2023]
        ages = wanted[code]
        assert (found.females, found.males) == ([ages[n][0] for n in range(101)], [ages[n][1] for n in range(101)])
    together = {one.year: one for one in italy.residents(sorted(wanted))}[2023]
    assert together.total == 4_424_548


def test_boundaries_agree_with_the_shared_ones(shared) -> None:
    import pyogrio
    import shapely

    path = shared / "data" / "confini-comuni" / "limits_R_8_municipalities.geojson"
    meta, _ids, geometry, columns = pyogrio.raw.read(path, columns=["com_istat_code"])
    whole = dict(zip(columns[0], shapely.from_wkb(geometry), strict=True))
    assert meta["crs"] == "EPSG:4326"
    assert len(whole) == 330
    for code in ["037006", "037032", "035001", "099030"]:
        ours = italy.boundary(italy.find(code))
        union, overlap = ours.union(whole[code]).area, ours.intersection(whole[code]).area
        assert overlap / union > 0.97, code
