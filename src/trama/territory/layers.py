"""Reads one layer of a file of boundaries in a process of its own, with little memory and little time.

A GeoPackage is a database, and what calls itself a layer there may be a question without end; its library lets no other
thread work meanwhile. Called as a script, it imports nothing of Trama; it answers with one line of JSON on what there
is, then one for each feature: its values, and its shape as hexadecimal WKB.
"""

from __future__ import annotations

import json
import math
import os
import sys
from typing import Any

MEMORY = 1536 * 1024 * 1024  # bytes of address space; the libraries alone take a third
SECONDS = 60  # of processor time
WRITTEN = 400 * 1024 * 1024  # bytes of answer
POINT = 16  # bytes of a point in two dimensions
BROKEN, LAYERS, MANY_SHAPES, MANY_POINTS = "broken", "layers", "many shapes", "many points"


def bound(memory: int = MEMORY, seconds: int = SECONDS) -> None:
    """Let this process take no more than this; where the system knows no such bounds, the parent's must do."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (WRITTEN, WRITTEN))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _value(value: Any) -> Any:
    """A cell as JSON holds it: numbers as numbers, anything else as text."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None if value is None or math.isnan(value) else str(value)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")


def main(path: str, wanted: str, most_shapes: int, most_points: int) -> None:
    """Write what the layer holds to the standard output."""
    import pyogrio
    from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

    try:
        layers = [str(layer) for layer, kind in pyogrio.list_layers(path) if kind is not None]
        if (wanted and wanted not in layers) or (not wanted and len(layers) != 1):
            _say({"error": LAYERS, "layers": layers[:30]})
            return
        meta, _ids, shapes, columns = pyogrio.raw.read(
            path, layer=wanted or layers[0], force_2d=True, max_features=most_shapes + 1
        )
    except (DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, CRSError, ValueError) as error:
        _say({"error": BROKEN, "why": str(error)[:300]})
        return
    shapes = [] if shapes is None else shapes
    if len(shapes) > most_shapes:
        _say({"error": MANY_SHAPES})
        return
    if sum(len(shape) for shape in shapes if shape is not None) > most_points * POINT:
        _say({"error": MANY_POINTS})
        return
    _say({"crs": meta["crs"], "columns": [str(name) for name in meta["fields"]]})
    for number, shape in enumerate(shapes):
        _say([[_value(column[number]) for column in columns], None if shape is None else shape.hex()])


if __name__ == "__main__":
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each of its threads would take addresses
    bound()
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
