from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from django.core.management import CommandError, call_command
from pyproj import Transformer

from trama.core.actor import SYSTEM
from trama.core.models import AuditEntry
from trama.territory import boundaries, finding
from trama.territory.boundaries import FileRefused, tidy
from trama.territory.imports import Level, area_called, load_areas, load_municipalities
from trama.territory.models import Area, Boundary
from trama.territory.tests.factories import inside, make_area, square

ZONE = (Level("zone", "NOME", "COD"),)


def collection(*features: tuple[dict[str, Any], Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": columns, "geometry": json.loads(shapely.to_geojson(shape))}
            for columns, shape in features
        ],
        **more,
    }


def written(folder: Path, found: Any, name: str = "zone.geojson") -> Path:
    path = folder / name
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def two_zones(**more: Any) -> dict[str, Any]:
    return collection(
        ({"COD": 1, "NOME": "VIA DEL MULINO"}, square(0, 0)), ({"COD": 2, "NOME": "COLLE"}, square(1, 0)), **more
    )


@pytest.fixture
def city() -> Area:
    return make_area("Borgo", "municipality", shape=square(0, 0, 4, 4), code="B")


# --- reading ------------------------------------------------------------------------------------------------------
def in_metres(shape: Any) -> Any:
    change = Transformer.from_crs("EPSG:4326", "EPSG:32632", always_xy=True)
    return shapely.transform(shape, lambda x, y: change.transform(x, y), interleaved=False)


@pytest.mark.parametrize("name", ["zone.gpkg", "zone.shp"])
def test_a_geopackage_and_a_shapefile_in_metres_come_out_in_degrees(tmp_path: Path, name: str) -> None:
    import numpy as np

    path = tmp_path / name
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array([in_metres(square(0, 0))], dtype=object)),
        field_data=[np.array([7]), np.array(["Città"], dtype=object)],
        fields=["COD", "NOME"],
        geometry_type="Polygon",
        crs="EPSG:32632",
    )
    read = boundaries.read(path)
    assert read.features[0].columns == {"COD": "7", "NOME": "Città"}
    assert read.features[0].shape.bounds == pytest.approx(square(0, 0).bounds, abs=1e-5)
    if name.endswith(".shp"):
        path.with_suffix(".prj").unlink()
        with pytest.raises(FileRefused, match="--crs"):
            boundaries.read(path)
        given = boundaries.read(path, crs="EPSG:32632")
        assert given.features[0].shape.bounds == pytest.approx(square(0, 0).bounds, abs=1e-5)


def test_a_topojson_states_no_system_so_it_is_asked_for(tmp_path: Path) -> None:
    ring = [[round(x, 4), round(y, 4)] for x, y in square(0, 0).exterior.coords]
    topology = {
        "type": "Topology",
        "arcs": [ring],
        "objects": {
            "zone": {
                "type": "GeometryCollection",
                "geometries": [{"type": "Polygon", "arcs": [[0]], "properties": {"COD": "1", "NOME": "Colle"}}],
            }
        },
    }
    path = written(tmp_path, topology, "zone.topojson")
    with pytest.raises(FileRefused, match="--crs"):
        boundaries.read(path)
    read = boundaries.read(path, crs="EPSG:4326")
    assert read.features[0].shape.equals(square(0, 0))
    with pytest.raises(FileRefused, match="EPSG:9"):
        boundaries.read(path, crs="EPSG:9")


def test_geojson_is_wgs84_unless_it_says_otherwise(tmp_path: Path) -> None:
    assert boundaries.read(written(tmp_path, two_zones())).crs == "EPSG:4326"
    metres = collection(
        ({"COD": 1, "NOME": "Colle"}, in_metres(square(0, 0))),
        crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}},
    )
    read = boundaries.read(written(tmp_path, metres))
    assert read.features[0].shape.bounds == pytest.approx(square(0, 0).bounds, abs=1e-5)
    with pytest.raises(FileRefused, match="--crs"):
        boundaries.read(written(tmp_path, {"crs": None, **two_zones()}))


def test_what_is_no_file_of_boundaries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=r"zone\.txt"):
        boundaries.read(written(tmp_path, {}, "zone.txt"))
    with pytest.raises(FileRefused, match="nothing"):
        boundaries.read(tmp_path / "nothing.geojson")
    disguised = tmp_path / "zone.geojson"
    disguised.write_text("<OGRVRTDataSource></OGRVRTDataSource>")
    with pytest.raises(FileRefused, match="geojson"):
        boundaries.read(disguised)
    with pytest.raises(FileRefused):
        boundaries.read(written(tmp_path, {"type": "FeatureCollection", "features": []}))


@pytest.mark.parametrize(
    ("capitals", "name"),
    [
        ("PIAZZA DELL'UNITA'", "Piazza dell'Unità"),
        ("VIA DEL VIVAIO", "Via del Vivaio"),
        ("OSPEDALE SANT'ORSOLA", "Ospedale Sant'Orsola"),
        ("CADRIANO-CALAMOSCO", "Cadriano-Calamosco"),
        ("LA BIRRA", "La Birra"),
        ("XXI APRILE", "XXI Aprile"),
        ("CNR", "CNR"),
        ("S. VITALE", "S. Vitale"),
        ("Già scritto bene", "Già scritto bene"),
        ("", ""),
    ],
)
def test_names_in_capitals_are_written_as_one_writes_them(capitals: str, name: str) -> None:
    assert tidy(capitals) == name


# --- loading ------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_areas_are_loaded_then_the_same_then_changed(tmp_path: Path, city: Area) -> None:
    path = written(tmp_path, two_zones())
    dry = load_areas(SYSTEM, path, city, ZONE, dry_run=True)
    assert [(v.name, v.outcome) for v in dry.verdicts] == [("Via del Mulino", "new"), ("Colle", "new")]
    assert Area.objects.count() == 1
    assert not AuditEntry.objects.exists()
    load_areas(SYSTEM, path, city, ZONE)
    mill = Area.objects.get(code="B-Z1")
    assert (mill.name, mill.local_code, mill.other_names) == ("Via del Mulino", "1", "VIA DEL MULINO")
    assert finding.area_at(*inside(0, 0)) == mill.pk
    entries = AuditEntry.objects.count()
    assert {v.outcome for v in load_areas(SYSTEM, path, city, ZONE).verdicts} == {"same"}
    assert AuditEntry.objects.count() == entries
    grown = collection(({"COD": 1, "NOME": "VIA DEL MULINO"}, square(0, 0, 1, 2)))
    loaded = load_areas(SYSTEM, written(tmp_path, grown), city, ZONE)
    assert [(v.name, v.outcome) for v in loaded.verdicts] == [("Via del Mulino", "changed")]
    assert "Colle" in loaded.notes[0]
    assert Boundary.objects.filter(area=mill).count() == 2


@pytest.mark.django_db
def test_one_refused_feature_leaves_nothing_half_done_unless_asked(tmp_path: Path, city: Area) -> None:
    far = collection(
        ({"COD": 1, "NOME": "Vicina"}, square(0, 0)),
        ({"COD": 2, "NOME": "Lontana"}, square(50, 0)),
        ({"COD": 3, "NOME": "Scambiata"}, shapely.transform(square(1, 1), lambda x, y: (y, x), interleaved=False)),
        ({"COD": 4, "NOME": "Metri"}, in_metres(square(1, 1))),
        ({"COD": None, "NOME": "Senza codice"}, square(2, 2)),
    )
    path = written(tmp_path, far)
    loaded = load_areas(SYSTEM, path, city, ZONE)
    reasons = {v.name: v.notes[0] for v in loaded.refused}
    assert set(reasons) == {"Lontana", "Scambiata", "Metri", "Senza codice"}
    assert "11.8050" in reasons["Lontana"]
    assert "Borgo" in reasons["Lontana"]
    assert reasons["Scambiata"] != reasons["Lontana"].replace("11.8050", "44.5150")
    assert "--crs" in reasons["Metri"]
    assert Area.objects.count() == 1
    load_areas(SYSTEM, path, city, ZONE, skip_refused=True)
    assert sorted(Area.objects.values_list("name", flat=True)) == ["Borgo", "Vicina"]


@pytest.mark.django_db
def test_wider_levels_are_the_union_of_the_narrower(tmp_path: Path, city: Area) -> None:
    rows = collection(
        ({"A": "1", "Z": "X", "Q": "Nord"}, square(0, 0)),
        ({"A": "2", "Z": "X", "Q": "Nord"}, square(1, 0)),
        ({"A": "3", "Z": "Y", "Q": "Nord"}, square(0, 1, 2, 1)),
        ({"A": "4", "Z": "W", "Q": "Sud"}, square(2, 0)),
    )
    levels = (Level("district", "Q"), Level("zone", "Z", names={"X": "Ics"}), Level("statistical_area", "A"))
    loaded = load_areas(SYSTEM, written(tmp_path, rows), city, levels)
    assert [v.name for v in loaded.verdicts] == ["Nord", "Sud", "Ics", "Y", "W", "1", "2", "3", "4"]
    north = Boundary.objects.get(area__name="Nord")
    assert shapely.from_wkb(bytes(north.wkb)).equals(square(0, 0, 2, 2))
    assert [node.name for node in finding.path_of(Area.objects.get(name="2").pk)] == ["Borgo", "Nord", "Ics", "2"]
    torn = collection(
        ({"A": "1", "Z": "X", "Q": "Nord"}, square(0, 0)), ({"A": "2", "Z": "X", "Q": "Sud"}, square(1, 0))
    )
    refused = load_areas(SYSTEM, written(tmp_path, torn), city, levels).refused
    assert "Nord" in refused[0].notes[0]
    assert "Sud" in refused[0].notes[0]


@pytest.mark.django_db
def test_the_area_above_stands_in_a_column(tmp_path: Path, city: Area) -> None:
    north = make_area("San Nord", "district", city, local_code="N1")
    rows = collection(
        ({"COD": 1, "NOME": "Uno", "SU": "SAN NORD"}, square(0, 0)),
        ({"COD": 2, "NOME": "Due", "SU": "N1"}, square(1, 0)),
        ({"COD": 3, "NOME": "Tre", "SU": "Est"}, square(2, 0)),
    )
    loaded = load_areas(SYSTEM, written(tmp_path, rows), city, ZONE, parent_column="SU", skip_refused=True)
    assert [(v.name, "Est" in "".join(v.notes)) for v in loaded.refused] == [("Tre", True)]
    assert sorted(Area.objects.filter(parent=north).values_list("name", flat=True)) == ["Due", "Uno"]
    assert area_called("borgo") == city
    with pytest.raises(FileRefused, match="QUARTIERE"):
        load_areas(SYSTEM, written(tmp_path, rows), city, ZONE, parent_column="QUARTIERE")


@pytest.mark.django_db
def test_overlaps_are_said_not_refused(tmp_path: Path, city: Area) -> None:
    rows = collection(({"COD": 1, "NOME": "Uno"}, square(0, 0, 2, 1)), ({"COD": 2, "NOME": "Due"}, square(1, 0)))
    loaded = load_areas(SYSTEM, written(tmp_path, rows), city, ZONE)
    notes = {v.name: v.notes for v in loaded.verdicts}
    assert notes["Uno"] == []
    assert "100%" in notes["Due"][0]


@pytest.mark.django_db
def test_the_command_says_each_verdict_and_fails_without_changing_anything(tmp_path: Path, city: Area) -> None:
    out = StringIO()
    options = {"parent": "B", "kind": "zone", "name": "NOME", "code": "COD", "stdout": out}
    call_command("areas", "load", str(written(tmp_path, two_zones())), **options)
    assert "B-Z1" in out.getvalue()
    assert "Via del Mulino" in out.getvalue()
    bad = written(tmp_path, collection(({"COD": 9, "NOME": "Lontana"}, square(50, 0))))
    with pytest.raises(CommandError, match="1"):
        call_command("areas", "load", str(bad), **options)
    with pytest.raises(CommandError, match="XYZ"):
        call_command("areas", "load", str(bad), **{**options, "parent": "XYZ"})
    with pytest.raises(CommandError, match="Imola"):
        call_command("areas", "municipality", "Imloa")
    tree = StringIO()
    call_command("areas", "tree", stdout=tree)
    assert [line.split("  [")[0] for line in tree.getvalue().splitlines()] == ["Borgo", "  Colle", "  Via del Mulino"]


# --- the real files -----------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_fifteen_of_the_quarters_of_torino_are_mended_and_each_says_why(shared: Path) -> None:
    load_municipalities(SYSTEM, ["Torino"])
    path = shared / "data" / "torino-quartieri-2011" / "ex_quartieri_wsg84.geojson"
    city = Area.objects.get(code="001272")
    loaded = load_areas(SYSTEM, path, city, [Level("neighbourhood", "DENOM", "ID_QUART")])
    assert len(loaded.verdicts) == 23
    assert len([v for v in loaded.verdicts if v.repair]) == 15
    rows = list(Boundary.objects.filter(area__kind="neighbourhood"))
    assert sum(bool(row.repair) for row in rows) == 15
    assert all(shapely.from_wkb(bytes(row.wkb)).is_valid for row in rows)
    surface = sum(Area.objects.filter(kind="neighbourhood").values_list("surface_km2", flat=True))
    # The shapes as they stand in the file measure 127.72 km²: mending loses next to nothing.
    assert surface == pytest.approx(127.72, rel=5e-4)


@pytest.mark.django_db
def test_bologna_has_six_districts_eighteen_zones_and_ninety_areas(shared: Path) -> None:
    load_municipalities(SYSTEM, ["Bologna"])
    path = shared / "data" / "bologna-aree-statistiche" / "aree-statistiche.geojson"
    city = Area.objects.get(code="037006")
    levels = [
        Level("district", "quartiere", "cod_quar"),
        Level("zone", "zona", "cod_zona"),
        Level("statistical_area", "area_statistica", "codice_area_statistica"),
    ]
    loaded = load_areas(SYSTEM, path, city, levels)
    kinds = [v.area.kind for v in loaded.verdicts]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"district": 6, "zone": 18, "statistical_area": 90}
    areas = Area.objects.filter(kind="statistical_area")
    # The README states 140.84 km² on the plane of EPSG:32632, whose scale errs by less than one in a thousand.
    assert sum(areas.values_list("surface_km2", flat=True)) == pytest.approx(140.84, rel=1e-3)
    outlines = [
        shapely.from_geojson(text) for text in Boundary.objects.filter(area__in=areas).values_list("outline", flat=True)
    ]
    union = shapely.union_all(outlines)
    assert union.geom_type == "Polygon"
    # Where the file itself gives two neighbours different borders (18 areas do), slivers of metres stay.
    assert sum(shape.area for shape in outlines) == pytest.approx(union.area, rel=1e-4)
    assert sum(hole.length for hole in union.interiors) < 0.01


# --- files that are made to do harm -------------------------------------------------------------------------------
AS_ENDLESS = """ AS
WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT (x+1)%1000000 FROM c)
SELECT x AS OGC_FID, NULL AS geom, 'a' AS COD FROM c WHERE x<0
"""


def geopackage(folder: Path, then: str) -> Path:
    import sqlite3

    path = folder / "zone.gpkg"
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb([square(0, 0)]),
        field_data=[],
        fields=[],
        geometry_type="Polygon",
        crs="EPSG:4326",
    )
    database = sqlite3.connect(path)
    database.executescript(then)
    database.close()
    return path


@pytest.mark.parametrize(
    "then",
    [
        "CREATE VIEW aree" + AS_ENDLESS + "; UPDATE gpkg_contents SET table_name='AREE';",  # noqa: S608
        "ALTER TABLE gpkg_contents RENAME TO kept; CREATE VIEW gpkg_contents" + AS_ENDLESS + ";",
    ],
    ids=["a layer", "the list of layers"],
)
def test_a_view_without_end_is_refused_before_a_library_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    monkeypatch.setattr(boundaries.apart, "answer", None)  # no process is begun
    with pytest.raises(FileRefused, match=r"views|viste"):
        boundaries.read(geopackage(tmp_path, then))


def test_a_library_that_never_comes_back_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundaries, "_look_at_tables", lambda path, name: None)
    monkeypatch.setattr(boundaries, "SECONDS", 4)
    then = "CREATE VIEW aree" + AS_ENDLESS + "; UPDATE gpkg_contents SET table_name='aree';"  # noqa: S608
    then += "UPDATE gpkg_geometry_columns SET table_name='aree';"
    with pytest.raises(FileRefused, match=r"time or memory|tempo o memoria"):
        boundaries.read(geopackage(tmp_path, then))


def test_too_many_points_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundaries.geojson, "parsed", None)
    path = tmp_path / "zone.geojson"
    path.write_text('{"type":"MultiPoint","coordinates":[' + "[1,2]," * boundaries.MOST_POINTS + "[1,2]]}")
    with pytest.raises(FileRefused, match=r"points|punti"):
        boundaries.read(path)
