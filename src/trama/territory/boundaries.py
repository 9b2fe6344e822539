"""Files of boundaries: GeoJSON, TopoJSON, GeoPackage and Shapefile, read into shapes in degrees of WGS84.

The reference system of the coordinates is never guessed: a file that does not state one is refused until one is given.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

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
    import pyogrio
    import shapely
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        layer = layer or _only_layer(path)
        meta, _ids, geometry, values = pyogrio.raw.read(path, layer=layer or None, force_2d=True)
    except (DataSourceError, DataLayerError) as error:
        raise FileRefused(_("%(file)s cannot be read: %(reason)s") % {"file": path.name, "reason": error}) from error
    if geometry is None or not len(geometry):
        raise FileRefused(_("%(file)s holds no shapes.") % {"file": path.name})
    used, notes = _system(path, _stated(path, meta["crs"]), crs)
    shapes_ = _in_degrees(shapely.from_wkb(geometry), used)
    names = [str(name) for name in meta["fields"]]
    features = [
        Feature(number + 1, {name: as_text(column[number]) for name, column in zip(names, values, strict=True)}, shape)
        for number, shape in enumerate(shapes_)
    ]
    return Read(features, names, used, notes)


def _check_beginning(path: Path) -> None:
    beginnings = BEGINNINGS.get(path.suffix.lower())
    if beginnings is None:
        known = ", ".join(sorted(BEGINNINGS))
        raise FileRefused(_("%(file)s: boundaries are read from %(known)s.") % {"file": path.name, "known": known})
    if not path.is_file():
        raise FileRefused(_("There is no file %(file)s.") % {"file": path})
    with path.open("rb") as file:
        start = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(beginnings):
        raise FileRefused(
            _("%(file)s is not what its name says (%(ending)s).") % {"file": path.name, "ending": path.suffix}
        )


def _only_layer(path: Path) -> str:
    import pyogrio

    layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
    if len(layers) > 1:
        raise FileRefused(
            _("%(file)s holds several layers (%(layers)s): say which one with --layer.")
            % {"file": path.name, "layers": ", ".join(layers)}
        )
    return layers[0] if layers else ""


def _stated(path: Path, crs: str | None) -> str:
    """The system that the file states. GeoJSON without a `crs` member is WGS84 by its standard (RFC 7946)."""
    if path.suffix.lower() in {".geojson", ".json", ".topojson"}:
        with path.open("rb") as file:
            start = file.read(4096)
        # A `crs` of null meant "unknown" before the standard; GDAL takes it for WGS84.
        if re.search(rb'"type"\s*:\s*"Topology"', start) or re.search(rb'"crs"\s*:\s*null', start):
            return ""
    return crs or ""


def _system(path: Path, stated: str, given: str) -> tuple[str, list[str]]:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if not stated and not given:
        raise FileRefused(
            _(
                "%(file)s does not say in which reference system its coordinates are. Find out and say it, for example "
                "--crs EPSG:4326 (degrees), --crs EPSG:32632 or --crs EPSG:7791 (metres)."
            )
            % {"file": path.name}
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
    return " ".join(str(value).split())


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
