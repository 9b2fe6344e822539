"""GeoJSON and TopoJSON of strangers, looked through before a library reads them: faults are said with their place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from trama.core.legible import shown

# How deep the lists of coordinates are: 1 is a list of two numbers.
DEPTHS = {"Point": 1, "MultiPoint": 2, "LineString": 2, "MultiLineString": 3, "Polygon": 3, "MultiPolygon": 4}


class NotGeoJSON(ValueError):
    """A text that is no GeoJSON; the message says where and why, without the name of the file."""


def _no_constant(name: str) -> Any:
    raise NotGeoJSON(_("“%(name)s” is no coordinate and no value: correct or leave out that feature") % {"name": name})


def parsed(text: str | bytes) -> Any:
    """What the text says. Raises NotGeoJSON."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except NotGeoJSON:
        raise
    except RecursionError as error:
        raise NotGeoJSON(_("it is nested too deep to be a map")) from error
    except json.JSONDecodeError as error:
        words = {"line": error.lineno, "column": error.colno}
        if error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated"):
            raise NotGeoJSON(_("it ends in the middle (line %(line)s): take the whole file") % words) from error
        raise NotGeoJSON(
            _("line %(line)s, column %(column)s: here it is no JSON; a comma, a bracket or a quote is wrong") % words
        ) from error
    except UnicodeDecodeError as error:
        raise NotGeoJSON(_("it is not written in UTF-8: save it again as UTF-8")) from error
    except ValueError as error:
        raise NotGeoJSON(_("it holds a number that is too long to be one")) from error


def check(found: Any) -> None:
    """Refuse what is no GeoJSON or TopoJSON of features, naming the feature that is wrong. Raises NotGeoJSON."""
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        raise NotGeoJSON(_("it is JSON, but no map: “type” is missing. Export it as GeoJSON"))
    match found["type"]:
        case "Topology":
            _check_topology(found)
        case "FeatureCollection":
            features = found.get("features")
            if not isinstance(features, list):
                raise NotGeoJSON(_("“features” is not a list. Export it again as GeoJSON"))
            for number, feature in enumerate(features, start=1):
                _check_feature(feature, number)
        case "Feature":
            _check_feature(found, 1)
        case _:
            _check_geometry(found, 1)


def _check_feature(feature: Any, number: int) -> None:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise NotGeoJSON(_("feature %(number)s is no feature. Export it again as GeoJSON") % {"number": number})
    if not isinstance(feature.get("properties") or {}, dict):
        raise NotGeoJSON(
            _("feature %(number)s: “properties” holds no named values. Export it again as GeoJSON") % {"number": number}
        )
    if feature.get("geometry") is not None:
        _check_geometry(feature["geometry"], number)


def _check_geometry(geometry: Any, number: int) -> None:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    words = {"number": number, "kind": shown(str(kind))}
    if kind == "GeometryCollection" and isinstance(geometry.get("geometries"), list):
        for part in geometry["geometries"]:
            _check_geometry(part, number)
        return
    if kind not in DEPTHS:
        raise NotGeoJSON(_("feature %(number)s: “%(kind)s” is no kind of shape. Export it again as GeoJSON") % words)
    if not _are_positions(geometry.get("coordinates"), DEPTHS[kind]):
        raise NotGeoJSON(
            _("feature %(number)s: its coordinates are not those of a %(kind)s (lists of pairs of numbers)") % words
        )


def _are_positions(found: Any, depth: int) -> bool:
    if not isinstance(found, list):
        return False
    if depth > 1:
        return all(_are_positions(item, depth - 1) for item in found)
    # bool is an int to Python, and no coordinate to anybody.
    return not found or (2 <= len(found) <= 4 and all(type(value) in (int, float) for value in found))


def _check_topology(found: dict[str, Any]) -> None:
    arcs, objects = found.get("arcs"), found.get("objects")
    if not isinstance(arcs, list) or not isinstance(objects, dict):
        raise NotGeoJSON(_("it calls itself TopoJSON, but has no lists of “arcs” and “objects”. Export it again"))
    for number, arc in enumerate(arcs):
        if not _are_positions(arc, 2):
            raise NotGeoJSON(_("the arc %(number)s is no list of points. Export it again") % {"number": number})
    for name, item in objects.items():
        for arc in _arcs_of(item, 0):
            if type(arc) is not int or not -len(arcs) <= arc < len(arcs):
                raise NotGeoJSON(
                    _("“%(name)s” is made of the arc %(arc)s, and there are %(count)s arcs. Export it again")
                    % {"name": shown(str(name)), "arc": shown(str(arc)), "count": len(arcs)}
                )


def _arcs_of(item: Any, depth: int) -> Iterator[Any]:
    """Every number of an arc that an object is made of."""
    if not isinstance(item, dict) or depth > 50:
        return
    for part in item.get("geometries") or []:
        yield from _arcs_of(part, depth + 1)
    yield from _flat(item.get("arcs") or [])


def _flat(found: Any) -> Iterator[Any]:
    if not isinstance(found, list):
        yield found
        return
    for item in found:
        yield from _flat(item)
