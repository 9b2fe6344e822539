"""Maps in templates: `{% map … %}`, `{% map_legend … %}`, `{% map_picker … %}`. They load what they need themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.template.context import Context
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from trama.ui.registers import home_areas_address

register = template.Library()


def _words() -> str:
    """What the map says by itself, for its script. `{…}` is filled in there."""
    return json.dumps(
        {
            "cluster": _("{count} {things} here, zoom in"),
            "stack": _("{count} {things} here, show the list"),
            "shown": _("{count} {things} on the map"),
            "outside": _("{count} without a point"),
            "empty": _("No point to show"),
            "error": _("The map could not be loaded."),
            "retry": _("Try again"),
            "close": _("Close"),
            "more": _("and {count} more"),
            "zoom_in": _("Zoom in"),
            "zoom_out": _("Zoom out"),
            "two_fingers": _("Use two fingers to move the map"),
            "wheel": _("Hold Ctrl and turn the wheel to zoom"),
            "chosen": _("Point chosen: latitude {lat}, longitude {lon}"),
            "refused": _("The browser did not give your position. Touch the map where the place is."),
            "searching": _("Looking for your position…"),
            "far": _("The position found is uncertain by {metres} metres: check it on the map."),
            "point": _("Chosen point. It can be dragged."),
        },
        ensure_ascii=False,
    )


def _number_on_page(context: Context) -> int:
    """1 for the first map of a page, which also brings the script and the style."""
    request = context.get("request")
    if request is None:
        return 1
    request.trama_maps = getattr(request, "trama_maps", 0) + 1
    return int(request.trama_maps)


def _common(context: Context, label: Any, bounds: Any) -> dict[str, Any]:
    number = _number_on_page(context)
    return {
        "first": number == 1,
        "id": f"map-{number}",
        "label": str(label or _("Map")),
        "bounds": json.dumps(list(bounds)) if bounds else "",
        "tiles": settings.MAP_TILES,
        "attribution": settings.MAP_ATTRIBUTION,
        "words": _words(),
        "language": get_language() or settings.LANGUAGE_CODE,
    }


@register.inclusion_tag("ui/_map.html", takes_context=True, name="map")
def map_(
    context: Context,
    src: str = "",
    areas: str = "",
    table: str = "",
    label: Any = "",
    height: str = "half",
    bounds: Iterable[float] | None = None,
    things: Any = "",
    drawing: str = "",
) -> dict[str, Any]:
    """A map. At least one of `src` and `areas` is given.

    `src`: address of clusters (`ui.maps.answer`), with the filter in it.
    `areas`: address of a GeoJSON collection of boundaries whose features have name and, if they are to be looked at one
    by one, url, text and class (see map-areas.js); under points, by default the boundaries of the home territory.
    `table`: where the same data stand as a table; `label`: what the map shows, in words.
    `height`: tall, half or small; `bounds`: west, south, east, north to begin with (else all the points).
    `things`: what a point is, in the plural ("risorse").
    `drawing`: what is shown without a script, as SVG (`ui.choropleth`); else it is said where the table is.
    """
    return {
        **_common(context, label, bounds),
        "src": src,
        "areas": areas or (home_areas_address() if src else ""),
        "table": table,
        "height": height if height in {"tall", "half", "small"} else "half",
        "drawing": drawing,
        "things": str(things or _("records")),
    }


@register.inclusion_tag("ui/_map_legend.html")
def map_legend(classes: Iterable[Mapping[str, Any]], title: Any = "", note: Any = "") -> dict[str, Any]:
    """The legend of a coloured map: mappings with `class` (q1 … q5, d1 … d5, protected, excluded) and `label`."""
    return {"classes": [{"name": c["class"], "label": c["label"]} for c in classes], "title": title, "note": note}


@register.inclusion_tag("ui/_map_picker.html", takes_context=True)
def map_picker(
    context: Context,
    lon: BoundField,
    lat: BoundField,
    areas: str = "",
    bounds: Iterable[float] | None = None,
    label: Any = "",
) -> dict[str, Any]:
    """A map that fills two fields of a form, which stay visible: without a script they are typed."""
    return {
        **_common(context, label or _("Choose the point on the map"), bounds),
        "lon_field": lon.id_for_label,
        "lat_field": lat.id_for_label,
        "areas": areas or home_areas_address(),
    }
