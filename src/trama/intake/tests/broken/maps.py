"""Broken files of boundaries."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trama.intake.tests.broken.case import Case, Files, zones

WAYS = ("web", "load", "areas")
ALL_WAYS = (*WAYS, "draw")
WEST, SOUTH = 11.30, 44.50


def ring(west: float = WEST, south: float = SOUTH, side: float = 0.01) -> list[list[float]]:
    """The ring of a square inside the municipality."""
    east, north = round(west + side, 4), round(south + side, 4)
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def polygon(points: Any) -> dict[str, Any]:
    """A polygon of one ring."""
    return {"type": "Polygon", "coordinates": [points]}


def feature(geometry: Any, code: int = 1, name: str = "Prima", **more: Any) -> dict[str, Any]:
    """A zone."""
    return {"type": "Feature", "properties": {"COD": code, "NOME": name, **more}, "geometry": geometry}


GOOD = feature(polygon(ring()))


def collection(*features: Any, **more: Any) -> Callable[[], Files]:
    """A file of these zones."""
    text = json.dumps({"type": "FeatureCollection", "features": list(features), **more})
    return lambda: {"aree.geojson": text.encode()}


def text(content: str, name: str = "aree.geojson") -> Callable[[], Files]:
    """A file with this text."""
    return lambda: {name: content.encode()}


def second(geometry: Any) -> Callable[[], Files]:
    """A good zone, and one of this shape."""
    return collection(GOOD, feature(geometry, 2, "Seconda"))


def _written(driver: str, ending: str, crs: str | None = "EPSG:4326", without: tuple[str, ...] = ()) -> Files:
    """A file that GDAL writes, with what belongs to it."""
    import numpy as np
    import pyogrio
    import shapely

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"aree.{ending}"
        pyogrio.raw.write(
            path,
            geometry=shapely.to_wkb(np.array([shapely.Polygon(ring())])),
            field_data=[np.array(["1"], dtype=object), np.array(["Prima"], dtype=object)],
            fields=["COD", "NOME"],
            geometry_type="Polygon",
            driver=driver,
            crs=crs,
        )
        return {one.name: one.read_bytes() for one in Path(folder).iterdir() if one.suffix not in without}


def shapefile(*without: str, half: bool = False) -> Callable[[], Files]:
    """A Shapefile, without some of its parts."""

    def make() -> Files:
        files = _written("ESRI Shapefile", "shp", without=without)
        if half:
            files["aree.shp"] = files["aree.shp"][:120]
        return files

    return make


def geopackage(*, half: bool = False) -> Callable[[], Files]:
    """A GeoPackage that is cut off, or one without layers."""

    def make() -> Files:
        if half:
            content = _written("GPKG", "gpkg")["aree.gpkg"]
            return {"aree.gpkg": content[: len(content) // 2]}
        import sqlite3

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "aree.gpkg"
            path.write_bytes(_written("GPKG", "gpkg")["aree.gpkg"])
            database = sqlite3.connect(path)
            database.create_function("ST_IsEmpty", 1, lambda shape: 0)
            for name in ("gpkg_contents", "gpkg_geometry_columns", "gpkg_ogr_contents"):
                database.execute(f"DELETE FROM {name}")  # noqa: S608
            database.execute("DROP TABLE aree")
            database.commit()
            database.close()
            return {"aree.gpkg": path.read_bytes()}

    return make


def packed(*names: tuple[str, bytes]) -> Callable[[], Files]:
    """An archive of boundaries."""

    def make() -> Files:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in names:
                archive.writestr(name, content)
        return {"aree.zip": target.getvalue()}

    return make


TOPOLOGY = {
    "type": "Topology",
    "arcs": [ring()],
    "objects": {"aree": {"type": "GeometryCollection", "geometries": [
        {"type": "Polygon", "arcs": [[7]], "properties": {"COD": 1, "NOME": "Prima"}}]}},
}  # fmt: skip
BOW = [[11.31, 44.50], [11.32, 44.51], [11.32, 44.50], [11.31, 44.51], [11.31, 44.50]]
METRES = ring(686_000, 4_928_000, 500)
SWAPPED = [[lat, lon] for lon, lat in ring()]

ROWS = [
    Case(
        "longitude and latitude exchanged",
        second(polygon(SWAPPED)),
        zones(),
        ("Seconda", "latitudine sono scambiate"),
        ("Seconda", "longitude and latitude are exchanged"),
        1,
        ALL_WAYS,
    ),
    Case(
        "metres for degrees",
        second(polygon(METRES)),
        zones(),
        ("Seconda", "metri", "EPSG:32632"),
        ("Seconda", "metres", "EPSG:32632"),
        1,
        ALL_WAYS,
    ),
    Case("no shape", second(None), zones(), ("Seconda", "La forma non c'è"), ("Seconda", "There is no shape"), 1, WAYS),
    Case(
        "an empty shape",
        second({"type": "Polygon", "coordinates": []}),
        zones(),
        ("Seconda", "La forma non c'è"),
        ("Seconda", "There is no shape"),
        1,
        ALL_WAYS,
    ),
    Case(
        "a point for an area",
        second({"type": "Point", "coordinates": [11.305, 44.505]}),
        zones(),
        ("Seconda", "un punto"),
        ("Seconda", "a point"),
        1,
        ALL_WAYS,
    ),
    Case(
        "outside the municipality",
        second(polygon(ring(12.5, 41.9))),
        zones(),
        ("Seconda", "fuori"),
        ("Seconda", "outside"),
        1,
        ALL_WAYS,
    ),
    Case(
        "an outline that crosses itself",
        second(polygon(BOW)),
        zones(),
        ("Seconda", "il contorno incrocia se stesso"),
        ("Seconda", "the outline crosses itself"),
        2,
        ALL_WAYS,
    ),
]
WHOLE = [
    Case(
        "features that are no list",
        text('{"type": "FeatureCollection", "features": {"a": 1}}'),
        zones(),
        ("aree.geojson", "«features» non è un elenco"),
        ("aree.geojson", "“features” is not a list"),
        ways=ALL_WAYS,
    ),
    Case(
        "a feature that is none",
        collection(GOOD, 5),
        zones(),
        ("aree.geojson", "elemento 2"),
        ("aree.geojson", "feature 2"),
        ways=ALL_WAYS,
    ),
    Case(
        "coordinates that are words",
        second(polygon([["a", "b"]])),
        zones(),
        ("aree.geojson", "elemento 2", "Polygon"),
        ("aree.geojson", "feature 2", "Polygon"),
        ways=ALL_WAYS,
    ),
    Case(
        "a kind of shape that is none",
        second({"type": "Cerchio", "coordinates": [1, 2]}),
        zones(),
        ("aree.geojson", "elemento 2", "Cerchio"),
        ("aree.geojson", "feature 2", "Cerchio"),
        ways=ALL_WAYS,
    ),
    Case(
        "NaN for a coordinate",
        text(json.dumps({"type": "FeatureCollection", "features": [GOOD]}).replace("11.3,", "NaN,")),
        zones(),
        ("aree.geojson", "NaN"),
        ("aree.geojson", "NaN"),
        ways=ALL_WAYS,
    ),
    Case(
        "a map nested without end",
        text('{"type":' + '{"type":' * 100_000),
        zones(),
        ("aree.geojson", "annidato"),
        ("aree.geojson", "nested too deep"),
        ways=ALL_WAYS,
    ),
    Case(
        "half a map",
        text(json.dumps({"type": "FeatureCollection", "features": [GOOD]})[:150]),
        zones(),
        ("aree.geojson", "finisce a metà"),
        ("aree.geojson", "ends in the middle"),
        ways=ALL_WAYS,
    ),
    Case(
        "a map without areas",
        collection(),
        zones(),
        ("aree.geojson",),
        ("aree.geojson",),
        ways=WAYS,
    ),
    Case(
        "JSON that is no map",
        text('{"ID": 1}'),
        zones(),
        ("aree.geojson", "«type»", "GeoJSON"),
        ("aree.geojson", "“type”", "GeoJSON"),
        ways=ALL_WAYS,
    ),
    Case(
        "a map without the column of names",
        collection({**GOOD, "properties": {"COD": 1, "TITOLO": "Prima"}}),
        zones(),
        ("aree.geojson", "NOME", "TITOLO"),
        ("aree.geojson", "NOME", "TITOLO"),
        ways=WAYS,
    ),
    Case(
        "arcs that are not there",
        text(json.dumps(TOPOLOGY), "aree.topojson"),
        zones("aree.topojson", "EPSG:4326"),
        ("aree.topojson", "arco 7", "archi sono 1"),
        ("aree.topojson", "arc 7", "there are 1 arcs"),
        ways=WAYS,
        options={"crs": "EPSG:4326"},
    ),
    Case(
        "a GeoPackage without layers",
        geopackage(),
        zones("aree.gpkg"),
        ("aree.gpkg", "nessun livello"),
        ("aree.gpkg", "no layer"),
        ways=WAYS,
    ),
    Case(
        "half a GeoPackage",
        geopackage(half=True),
        zones("aree.gpkg"),
        ("aree.gpkg", "rotto"),
        ("aree.gpkg", "broken"),
        ways=WAYS,
    ),
    Case(
        "a picture renamed",
        lambda: {"aree.gpkg": b"\x89PNG\r\n\x1a\n"},
        zones("aree.gpkg"),
        ("aree.gpkg non è quello che dice",),
        ("aree.gpkg is not what its name says",),
        ways=WAYS,
    ),
    Case(
        "a Shapefile without its table",
        shapefile(".dbf"),
        zones("aree.shp"),
        ("aree.shp", ".dbf"),
        ("aree.shp", ".dbf"),
        ways=WAYS,
    ),
    Case(
        "a Shapefile without its index",
        shapefile(".shx"),
        zones("aree.shp"),
        ("aree.shp", ".shx"),
        ("aree.shp", ".shx"),
        ways=WAYS,
    ),
    Case(
        "a Shapefile that names no reference system",
        shapefile(".prj"),
        zones("aree.shp"),
        ("aree.shp non dice in quale sistema di riferimento", "EPSG:32632"),
        ("aree.shp does not say in which reference system", "EPSG:32632"),
        ways=WAYS,
    ),
    Case("half a Shapefile", shapefile(half=True), zones("aree.shp"), ("aree.shp",), ("aree.shp",), ways=WAYS),
    Case(
        "a reference system that is none",
        shapefile(".prj"),
        zones("aree.shp", "EPSG:1"),
        ("EPSG:1",),
        ("EPSG:1",),
        ways=WAYS,
        options={"crs": "EPSG:1"},
    ),
]
# An archive of boundaries is opened by `trama areas load` alone: on the other ways it is opened before.
PACKED = [
    Case(
        "an archive without boundaries",
        packed(("leggimi.txt", b"ciao")),
        "",
        ("aree.zip", "nessuno"),
        ("aree.zip", "it holds: none"),
        ways=("areas",),
    ),
    Case(
        "an archive that leads out of its folder",
        packed(("../../aree.geojson", b"{}")),
        "",
        ("«aree.zip»", "../../aree.geojson", "fuori dalla sua cartella"),
        ("“aree.zip”", "../../aree.geojson", "out of its folder"),
        ways=("areas",),
    ),
    Case(
        "an archive that becomes too big",
        packed(("aree.geojson", bytes(13 * 1024 * 1024))),
        "",
        ("«aree.zip»", "13 MB"),
        ("“aree.zip”", "13 MB"),
        ways=("areas",),
    ),
    Case(
        "a broken archive",
        lambda: {"aree.zip": b"PK\x03\x04ciao"},
        "",
        ("«aree.zip»", "rotto"),
        ("“aree.zip”", "broken"),
        ways=("areas",),
    ),
]
CASES = [*ROWS, *WHOLE, *PACKED]
