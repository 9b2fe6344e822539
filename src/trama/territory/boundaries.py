"""Files of boundaries: GeoJSON, TopoJSON, GeoPackage and Shapefile, read into shapes in degrees of WGS84.

The reference system of the coordinates is never guessed: a file that does not state one is refused until one is given.
"""

from __future__ import annotations

import glob
import json
import logging
import math
import re
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from trama.core import apart, archives
from trama.core.legible import legible, shown
from trama.territory import geojson, layers

logger = logging.getLogger(__name__)
WGS84 = "EPSG:4326"
# How each kind of file begins. GDAL tells formats by content: what begins otherwise is never handed to it.
BEGINNINGS = {
    ".geojson": (b"{",),
    ".json": (b"{",),
    ".topojson": (b"{",),
    ".gpkg": (b"SQLite format 3\x00",),
    ".shp": (b"\x00\x00\x27\x0a",),
    ".zip": (b"PK",),
}


COMPANIONS = frozenset({".shx", ".dbf", ".prj", ".cpg"})  # what a Shapefile brings with it
MOST_BYTES = 64 * 1024 * 1024
MOST_JSON = 32 * 1024 * 1024  # what is read takes several times as much memory
MOST_FEATURES = 50_000
MOST_POINTS = 2_000_000
MOST_RECORDS = 400_000  # of JSON: eight for each feature
MOST_INSTRUCTIONS = 5_000_000  # of SQLite, to list what there is
SECONDS = 180  # by the clock, on a machine that has much to do


class FileRefused(ValueError):
    """A file that cannot be read as boundaries; the message says why and what would help."""


@dataclass(frozen=True)
class Feature:
    """One feature of a file: its number (from 1), its columns as text, its shape in WGS84 (not yet mended)."""

    number: int
    columns: dict[str, str]
    shape: Any


@dataclass(frozen=True)
class Read:
    """What a file holds, in which system it was, and what the reader should know."""

    features: list[Feature]
    columns: list[str]
    crs: str
    notes: list[str] = field(default_factory=list)


def read(path: Path, crs: str = "", layer: str = "") -> Read:
    """Read a file of boundaries. `crs` ("EPSG:32632") is needed where the file states none; given, it prevails."""
    _check_beginning(path)
    if path.suffix.lower() != ".zip":
        return _read(path, path.name, crs, layer)
    with tempfile.TemporaryDirectory(prefix="trama-") as folder:
        return _read(_unpacked(path, Path(folder)), path.name, crs, layer)


def _read(path: Path, name: str, crs: str, layer: str) -> Read:
    """Read a file that is laid out; `name` is what people call it."""
    _look_through(path, name)
    if path.suffix.lower() == ".gpkg":
        _look_at_tables(path, name)
    import shapely

    asked = [str(path), layer, str(MOST_FEATURES), str(MOST_POINTS)]
    try:
        with apart.answer(Path(layers.__file__), asked, SECONDS) as told:
            about = json.loads(told.readline())
            _check_answer(name, about, layer)
            rows = [json.loads(line) for line in told]
        shapes_ = shapely.from_wkb([row[1] for row in rows])
    except apart.NoAnswer as error:
        raise FileRefused(
            _("%(file)s takes more time or memory to read than any map does: export it again, as GeoJSON.")
            % {"file": shown(name)}
        ) from error
    except (shapely.errors.ShapelyError, ValueError) as error:
        if isinstance(error, FileRefused):
            raise
        raise _unreadable(name, str(error)) from error
    if not rows:
        raise FileRefused(_("%(file)s holds no shapes: export it again, with its areas.") % {"file": shown(name)})
    used, notes = _system(name, _stated(path, about["crs"]), crs)
    shapes_ = _in_degrees(shapes_, used)
    names = about["columns"]
    features = [
        Feature(number, {name: as_text(value) for name, value in zip(names, row[0], strict=True)}, shape)
        for number, (row, shape) in enumerate(zip(rows, shapes_, strict=True), start=1)
    ]
    return Read(features, names, used, notes)


def _check_answer(name: str, about: dict[str, Any], wanted: str) -> None:
    """Refuse, in words of ours, what could not be read or is too much."""
    words = {"file": shown(name), "count": MOST_FEATURES, "layer": shown(wanted)}
    match about.get("error"):
        case layers.BROKEN:
            raise _unreadable(name, about["why"])
        case layers.MANY_SHAPES:
            raise FileRefused(_("%(file)s holds more than %(count)s shapes: split it.") % words)
        case layers.MANY_POINTS:
            raise _too_many_points(name)
        case layers.LAYERS:
            raise _which_layer(words, about["layers"], wanted)


def _too_many_points(name: str) -> FileRefused:
    return FileRefused(
        _("The shapes of %(file)s have more than %(count)s points: simplify them, or split the file.")
        % {"file": shown(name), "count": MOST_POINTS}
    )


def _unreadable(name: str, why: str) -> FileRefused:
    logger.info("%s could not be read: %s", name, why)
    return FileRefused(
        _("%(file)s is broken or cut off: export it again, as GeoJSON or GeoPackage.") % {"file": shown(name)}
    )


def _check_beginning(path: Path, name: str = "") -> None:
    words = {"file": shown(name or path.name), "ending": shown(path.suffix), "known": ", ".join(sorted(BEGINNINGS))}
    beginnings = BEGINNINGS.get(path.suffix.lower())
    if beginnings is None:
        raise FileRefused(_("%(file)s: boundaries are read from %(known)s.") % words)
    if not path.is_file():
        raise FileRefused(_("There is no file %(file)s.") % {"file": path})
    size = path.stat().st_size
    if not size:
        raise FileRefused(_("%(file)s is empty: take the file again.") % words)
    most = MOST_JSON if beginnings == (b"{",) else MOST_BYTES
    if size > most:
        raise FileRefused(
            _("%(file)s is %(found)s MB big, more than %(size)s MB: split it, or simplify its shapes.")
            % {**words, "found": size >> 20, "size": most >> 20}
        )
    with path.open("rb") as file:
        start = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(beginnings):
        raise FileRefused(_("%(file)s is not what its name says (%(ending)s). Send the right file.") % words)


def _unpacked(path: Path, folder: Path) -> Path:
    """The one file of boundaries of an archive, laid out with what belongs to it."""
    name = shown(path.name)
    try:
        with archives.opened(path, path.name) as archive:
            for item in archives.entries(archive, path.name):
                inside = PurePosixPath(item.filename.replace("\\", "/")).name
                if Path(inside).suffix.lower() in BEGINNINGS.keys() | COMPANIONS:
                    with (folder / inside).open("wb") as copy:
                        copy.writelines(archives.blocks(archive, item))
    except archives.ArchiveRefused as error:
        raise FileRefused(str(error)) from error
    found = sorted(one for one in folder.iterdir() if one.suffix.lower() in BEGINNINGS)
    if len(found) != 1:
        raise FileRefused(
            _("%(file)s must hold one file of boundaries; it holds: %(found)s.")
            % {"file": name, "found": ", ".join(shown(one.name) for one in found) or _("none")}
        )
    _check_beginning(found[0])
    return found[0]


def _look_through(path: Path, name: str) -> None:
    """What can be said of a file before a library reads it: with the place, and in words of ours."""
    ending = path.suffix.lower()
    if BEGINNINGS[ending] == (b"{",):
        text = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        # Counted before it is read: each point is a list, each feature two or three records.
        if text.count(b"[") > MOST_POINTS or text.count(b",") > 3 * MOST_POINTS or text.count(b"{") > MOST_RECORDS:
            raise _too_many_points(name)
        try:
            geojson.check(geojson.parsed(text))
        except geojson.NotGeoJSON as error:
            raise FileRefused(f"{shown(name)}: {error}.") from error
    if ending == ".shp":
        beside = {one.suffix.lower() for one in path.parent.glob(f"{glob.escape(path.stem)}.*")}
        missing = [part for part in (".shx", ".dbf") if part not in beside]
        if missing:
            raise FileRefused(
                _("%(file)s: of a Shapefile also %(missing)s is needed, beside it and with the same name.")
                % {"file": shown(name), "missing": _(" and ").join(missing)}
            )


def _no_layer(name: str) -> FileRefused:
    return FileRefused(_("%(file)s has no layer with shapes: export it again, with its areas.") % {"file": shown(name)})


def _look_at_tables(path: Path, name: str) -> None:
    """Refuse a GeoPackage that lists nothing, or whose layers are questions (views) and no tables.

    The triggers that every GeoPackage has for its index never run here: nothing is written. What is broken, or takes
    too long even to be looked at, is left to the process that reads it.
    """
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as database:
            database.set_progress_handler(lambda: 1, MOST_INSTRUCTIONS)  # anything but 0 ends the question
            views = {
                str(row[0]).lower() for row in database.execute("SELECT name FROM sqlite_master WHERE type='view'")
            }
            if not any(view.startswith("gpkg_") for view in views):
                listed = [str(row[0]).lower() for row in database.execute("SELECT table_name FROM gpkg_contents")]
                listed_view = not views.isdisjoint(listed)
            else:
                listed, listed_view = [], True
    except (sqlite3.Error, ValueError):
        return
    if listed_view:
        raise FileRefused(
            _("%(file)s holds questions to a database (views) in place of layers: export its areas as a layer.")
            % {"file": shown(name)}
        )
    if not listed:
        raise _no_layer(name)


def _which_layer(words: dict[str, Any], found: list[str], wanted: str) -> FileRefused:
    """No layer, not the one that is named, or several and none is named."""
    words = {**words, "layers": ", ".join(shown(layer) for layer in found)}
    if not found:
        return FileRefused(_("%(file)s has no layer with shapes: export it again, with its areas.") % words)
    if wanted:
        return FileRefused(_("%(file)s has no layer “%(layer)s”; it has: %(layers)s.") % words)
    return FileRefused(
        _("%(file)s holds several layers (%(layers)s): say which one with --layer, or export that one alone.") % words
    )


def _stated(path: Path, crs: str | None) -> str:
    """The system that the file states. GeoJSON without a `crs` member is WGS84 by its standard (RFC 7946)."""
    if path.suffix.lower() in {".geojson", ".json", ".topojson"}:
        with path.open("rb") as file:
            start = file.read(4096)
        # A `crs` of null meant "unknown" before the standard; GDAL takes it for WGS84.
        if re.search(rb'"type"\s*:\s*"Topology"', start) or re.search(rb'"crs"\s*:\s*null', start):
            return ""
    return crs or ""


def _system(name: str, stated: str, given: str) -> tuple[str, list[str]]:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if not stated and not given:
        raise FileRefused(
            _(
                "%(file)s does not say in which reference system its coordinates are. Find out and say it, for example "
                "--crs EPSG:4326 (degrees), --crs EPSG:32632 or --crs EPSG:7791 (metres); in a recipe crs = “…”."
            )
            % {"file": shown(name)}
        )
    if not given:
        return stated, []
    try:
        wanted = CRS.from_user_input(given)
    except CRSError as error:
        raise FileRefused(_("“%(crs)s” is no reference system that we know.") % {"crs": given}) from error
    if stated and CRS.from_user_input(stated) != wanted:
        note = _("The file says %(stated)s, it is read as %(given)s because you said so.")
        return given, [note % {"stated": stated, "given": given}]
    return given, []


def _in_degrees(shapes: Any, crs: str) -> Any:
    if crs == WGS84:
        return shapes
    import shapely
    from pyproj import CRS, Transformer

    if CRS.from_user_input(crs) == CRS.from_user_input(WGS84):
        return shapes
    change = Transformer.from_crs(crs, WGS84, always_xy=True)
    return shapely.transform(shapes, lambda x, y: change.transform(x, y), interleaved=False)


def as_text(value: Any) -> str:
    """A cell of a file as text: whole numbers without a point, nothing for what is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() else str(value)
    return " ".join(legible(str(value)).split())


SMALL = frozenset(
    "a al alla alle ai agli con da dal dalla dalle dei del della delle dello degli di e ed in la le".split()  # noqa: SIM905
)
GRAVE = {"A'": "à", "E'": "è", "I'": "ì", "O'": "ò", "U'": "ù"}


def tidy(name: str) -> str:
    """A name written in capitals as one writes it ("PIAZZA DELL'UNITA'" → "Piazza dell'Unità"); others as they are."""
    if not name or name != name.upper() or not any(char.isalpha() for char in name):
        return name
    words = []
    for number, word in enumerate(name.split(" ")):
        if len(word) > 2 and word[-2:] in GRAVE:
            word = word[:-2].lower() + GRAVE[word[-2:]]
        lower = word.lower()
        if number and lower in SMALL:
            words.append(lower)
        elif _stays_capital(word):
            words.append(word)
        else:
            words.append(_capitalised(lower, first=number == 0))
    return " ".join(words)


def _stays_capital(word: str) -> bool:
    """Roman numbers, and what cannot be spoken as a word (CNR)."""
    return len(word) > 1 and word.isalpha() and (set(word) <= set("IVX") or not set(word) & set("AEIOUÀÈÉÌÒÙ"))


def _capitalised(word: str, *, first: bool) -> str:
    for mark in ("'", "’", "-", "."):
        if mark in word.strip(mark):
            parts = word.split(mark)
            elided = mark in "'’" and not first and parts[0] in {"dell", "all", "nell", "sull", "d", "l", "dall"}
            return mark.join(
                part if elided and number == 0 else _capitalised(part, first=True) for number, part in enumerate(parts)
            )
    return word[:1].upper() + word[1:]
