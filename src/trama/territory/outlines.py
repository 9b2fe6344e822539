"""The outlines of areas as GeoJSON for maps: small, made once, until something changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.urls import reverse

from trama.core import memo
from trama.core.actor import Actor
from trama.territory import shapes
from trama.territory.choices import reason_of
from trama.territory.comparing import may_compare
from trama.territory.demography import quintiles
from trama.territory.models import Area, Boundary, ContextIndicator, ContextValue
from trama.territory.profile import RESIDENTS, newest_residents, printed
from trama.ui.numbers import number


def collection(actor: Actor, area: Area, kind: str = "", value: str = "") -> tuple[str, str]:
    """The outlines of the children of an area (or of all areas of a `kind` below it) and a tag of their content.

    `value` adds to each what is said of it and its class of colour: "residents", or the code of an indicator. An area
    without children that are drawn gives its own outline.
    """
    return memo.until_changed(
        ("territory.outlines", area.pk, kind, value), actor, partial(_collection, area, kind, value)
    )


def _collection(area: Area, kind: str, value: str) -> tuple[str, str]:
    rows = Area.objects.in_force()
    rows = rows.below(area, itself=False).filter(kind=kind) if kind else rows.filter(parent=area)
    features = _features(rows, value)
    if not features and not kind:
        features = _features(Area.objects.filter(pk=area.pk), "")
    content = '{"type":"FeatureCollection","features":[' + ",".join(features) + "]}"
    return content, '"' + hashlib.sha256(content.encode()).hexdigest()[:24] + '"'


def _features(rows: Any, value: str) -> list[str]:
    found = list(
        Boundary.objects.filter(area__in=rows, valid_to__isnull=True)
        .order_by("area__name", "area_id")
        .values_list("area_id", "area__code", "area__name", "outline")
    )
    said = _said([pk for pk, *_rest in found], value) if value else {}
    features = []
    for pk, code, name, outline in found:
        properties = {"name": name, "url": reverse("portal:area", args=[code]), "code": code, **said.get(pk, {})}
        text = json.dumps(properties, ensure_ascii=False, separators=(",", ":"))
        # The outline is JSON already: it is not read only to be written again.
        features.append(f'{{"type":"Feature","properties":{text},"geometry":{outline or "null"}}}')
    return features


def _said(areas: Sequence[int], value: str) -> dict[int, dict[str, str]]:
    from django.utils.translation import gettext as _

    if value == RESIDENTS:
        residents = newest_residents(areas)
        surfaces = dict(Area.objects.filter(pk__in=areas).order_by().values_list("id", "surface_km2"))
        density = {pk: count / surface for pk, count in residents.items() if (surface := surfaces.get(pk))}
        classes = quintiles(density)
        return {
            pk: {"text": _("%(n)s residents") % {"n": number(count)}, "class": classes.get(pk, "")}
            for pk, count in residents.items()
        }
    indicator = ContextIndicator.objects.filter(code=value).first()
    if indicator is None:
        return {}
    newest: dict[int, ContextValue] = {}
    rows = ContextValue.objects.filter(area__in=areas, indicator=indicator).select_related("indicator")
    for row in rows.order_by("year"):
        newest[row.area_id] = row
    numbers = {pk: row.value for pk, row in newest.items() if row.value is not None}
    # What may not be compared is said of each area, but never coloured on one scale.
    classes = quintiles(numbers) if may_compare(indicator, numbers) else dict.fromkeys(numbers, "")
    return {
        pk: {"text": f"{printed(row.value, row)} ({row.year})", "class": classes[pk]}
        if row.value is not None
        else {"text": f"{reason_of(row.state, row.note)} ({row.year})", "class": "excluded"}
        for pk, row in newest.items()
    }


def shape_of(area: Area) -> Any | None:
    """The boundary of an area in force, as a shape; None if it has none."""
    wkb = Boundary.objects.filter(area=area, valid_to__isnull=True).values_list("wkb", flat=True).first()
    return shapes.from_wkb(wkb) if wkb is not None else None


MOST_POINTS = 1500  # of an outline that a hand can move


def own(area: Area) -> str:
    """The boundary of an area as GeoJSON to be redrawn by hand; a very detailed one is given simplified."""
    shape = shape_of(area)
    if shape is None:
        return '{"type":"FeatureCollection","features":[]}'
    import shapely

    whole = shapely.get_num_coordinates(shape) <= MOST_POINTS
    geometry = shapes.as_geojson(shape) if whole else shapes.outlines([shape])[0]
    return f'{{"type":"Feature","properties":{{"simplified":{json.dumps(not whole)}}},"geometry":{geometry}}}'
