"""Pages with nothing but maps, so that the map can be tested before and apart from the pages that carry it."""

from __future__ import annotations

import json
from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path

from trama.core.pages import anyone, page
from trama.ui import maps

PAGE = """{% load static maps %}<!doctype html>
<html lang="it"><head><meta charset="utf-8"><title>Mappa</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="{% static 'ui/trama.svg' %}" type="image/svg+xml">
<link rel="stylesheet" href="{% static 'css/bootstrap-italia.min.css' %}">
<link rel="stylesheet" href="{% static 'ui/trama.css' %}"></head>
<body><main class="tr-wrap"><h1>Mappa</h1>BODY<p>Sotto la mappa.</p></main></body></html>"""

BODIES = {
    "points": '{% map src="/points.json" table="/table/" label="I luoghi" things="luoghi" height="tall" %}',
    "both": '{% map src="/points.json" areas="/areas.json" table="/table/" label="I luoghi" things="luoghi" %}',
    "none": '{% map src="/points.json?name=nobody" areas="/areas.json" table="/table/" label="Nessuno" %}',
    "broken": '{% map src="/broken.json" table="/table/" label="Guasta" %}',
    "colours": '{% map areas="/colours.json" table="/table/" label="Famiglie per zona" %}'
    '{% map_legend classes title="Famiglie di una persona" note="Al 31 dicembre 2023" %}',
    "one": '{% map src="/points.json?name=Casa sola" areas="/areas.json" label="Casa sola" height="small" %}',
    "closed": '<input id="id_lon" aria-label="Longitudine"><input id="id_lat" aria-label="Latitudine">'
    "<details><summary>Il punto sulla mappa</summary>"
    '{% map_picker form.lon form.lat areas="/areas.json" %}</details>',
    "picker": '<form><label for="id_lon">Longitudine</label><input id="id_lon" name="lon">'
    '<label for="id_lat">Latitudine</label><input id="id_lat" name="lat">'
    '{% map_picker form.lon form.lat areas="/areas.json" %}</form>',
}
CLASSES = ["q1", "q2", "q3", "q4", "q5", "protected", "excluded", "q2", "q3"]
LEGEND = [
    *({"class": f"q{n}", "label": f"{n * 10} % e più"} for n in range(1, 6)),
    {"class": "protected", "label": "meno di 3: non si dice"},
    {"class": "excluded", "label": "fuori dal conto"},
]
# The south-western corner of the areas, three by three, each of these degrees wide and high.
CORNER, WIDE, HIGH = (11.25, 44.42), 0.06, 0.045


def square(column: int, line: int) -> list[list[float]]:
    """The ring of an area."""
    west, south = CORNER[0] + column * WIDE, CORNER[1] + line * HIGH
    east, north = west + WIDE, south + HIGH
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def features(coloured: bool) -> list[dict[str, Any]]:
    """Nine areas; coloured ones say something of themselves."""
    found = []
    for number in range(9):
        properties = {"name": f"Zona del Quartiere {number + 1}", "url": f"/zone/{number + 1}/"}
        if coloured:
            properties |= {"class": CLASSES[number], "text": f"{number * 10} famiglie"}
        geometry = {"type": "Polygon", "coordinates": [square(number % 3, number // 3)]}
        found.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return found


class _Field:
    def __init__(self, name: str) -> None:
        self.id_for_label = f"id_{name}"


@page(may=anyone)
def show(request: HttpRequest, name: str) -> HttpResponse:
    """A page with one map."""
    form = {"lon": _Field("lon"), "lat": _Field("lat")}
    context = Context({"request": request, "classes": LEGEND, "form": form})
    return HttpResponse(Template(PAGE.replace("BODY", BODIES[name])).render(context))


@page(may=anyone)
def points(request: HttpRequest) -> HttpResponse:
    """The clusters of the places, of one name if it is given."""
    rows = apps.get_model("territory", "Place").objects.all()
    if request.GET.get("name"):
        rows = rows.filter(name=request.GET["name"])
    return maps.answer(request, rows, url=lambda pk: f"/luoghi/{pk}/")


@page(may=anyone)
def areas(request: HttpRequest, coloured: bool) -> HttpResponse:
    """The nine areas."""
    return HttpResponse(
        json.dumps({"type": "FeatureCollection", "features": features(coloured)}), content_type="application/geo+json"
    )


@page(may=anyone)
def broken(request: HttpRequest) -> HttpResponse:
    """A server that is not well."""
    return HttpResponse("no", status=503)


@page(may=anyone)
def tile(request: HttpRequest, **place: int) -> HttpResponse:
    """A grey square, as a piece of a background map."""
    grey = '<rect width="256" height="256" fill="#ccc"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256">{grey}</svg>'
    return HttpResponse(svg, content_type="image/svg+xml")


@page(may=anyone)
def table(request: HttpRequest) -> HttpResponse:
    """Where a link leads."""
    return HttpResponse("<!doctype html><link rel='icon' href='data:,'><title>Tabella</title><h1>Tabella</h1>")


urlpatterns = [
    path("<str:name>.html", show),
    path("points.json", points),
    path("areas.json", areas, {"coloured": False}),
    path("colours.json", areas, {"coloured": True}),
    path("broken.json", broken),
    path("tile/<int:z>/<int:x>/<int:y>", tile),
    path("table/", table),
]
