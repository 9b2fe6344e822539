"""The tree of areas, areas by hand on the map, outlines for maps, and the pages of places."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Max, Min
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST

from trama.core.actor import Actor
from trama.core.declarations import sections_of
from trama.core.meanwhile import said_of
from trama.core.models import Code
from trama.core.pages import anyone, page
from trama.core.search import SIMILAR_ENOUGH, fold
from trama.core.storytelling import Told, history_of
from trama.territory import actions, finding, outlines
from trama.territory.choices import RANK, AreaKind
from trama.territory.declarations import codes_of_places
from trama.territory.forms import AreaForm, DrawForm, PlaceForm
from trama.territory.models import Area, Boundary, Place
from trama.territory.permissions import is_keeper, is_staff, is_writer, keeps_everywhere, may_keep, may_write_in
from trama.ui.registers import address_if_any

SHOWN = 600  # areas on one page of the tree
TOLD = {
    "place_role": Told(gettext_lazy("roles"), Code),
    "vulnerability_factor": Told(gettext_lazy("what makes it vulnerable"), Code),
}
VERBS = {
    "relocated": (
        gettext_lazy("%(who)s redrew an area: the place lies in another one now"),
        gettext_lazy("An area was redrawn: the place lies in another one now"),
    )
}


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _say(form: Form, error: ValidationError) -> None:
    """Put what an action refused beside the fields of the form."""
    if hasattr(error, "error_dict"):
        for name, errors in error.error_dict.items():
            form.add_error(name if name in form.fields else None, errors)
    else:
        form.add_error(None, error)


# --- the tree -----------------------------------------------------------------------------------------------------
@page(may=anyone)
def areas(request: HttpRequest) -> HttpResponse:
    """The tree of areas, all of it while it is small, or what a text finds in it."""
    text = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:100]
    known = [node for node in finding.nodes().values() if node.in_force]
    kinds = dict(AreaKind.choices)
    total = len(known)
    if text:
        wanted = fold(text)
        shown = [node for node in known if wanted in fold(node.name) or wanted == fold(node.code)]
        alike = not shown
        if alike:
            shown = _alike(known, wanted)
    else:
        alike = False
        shown = known if total <= SHOWN else [node for node in known if RANK[node.kind] <= RANK[AreaKind.MUNICIPALITY]]
    rows = [
        {
            "node": node,
            "kind": kinds[node.kind],
            "above": "" if not text else ", ".join(above.name for above in reversed(finding.path_of(node.id)[:-1])),
        }
        for node in shown[:SHOWN]
    ]
    context = {
        "rows": rows,
        "steps": _steps(shown[:SHOWN]) if not text else [],
        "text": text,
        "alike": alike and bool(shown),
        "total": total,
        "left_out": len(shown) - len(rows),
        "deeper": not text and total > len(shown),
        "may_add": keeps_everywhere(_actor(request)),
    }
    return render(request, "territory/areas.html", context)


def _alike(known: list[finding.Node], wanted: str) -> list[finding.Node]:
    """The areas whose names are nearest to a text that is part of none: typing errors are forgiven."""
    from rapidfuzz import fuzz, process

    names = {node.id: fold(node.name) for node in known}
    near = process.extract(wanted, names, scorer=fuzz.ratio, score_cutoff=SIMILAR_ENOUGH, limit=8)
    by_id = {node.id: node for node in known}
    return [by_id[pk] for _name, _score, pk in near]


def _steps(nodes: list[finding.Node]) -> list[dict[str, Any]]:
    """The nodes as a nested list is written: what to open and to close around each."""
    kinds = dict(AreaKind.choices)
    steps = []
    for number, node in enumerate(nodes):
        after = nodes[number + 1].depth if number + 1 < len(nodes) else nodes[0].depth
        steps.append(
            {
                "node": node,
                "kind": kinds[node.kind],
                "opens": after > node.depth,
                "closes": range(max(0, node.depth - after)),
            }
        )
    return steps


@gzip_page
@page(may=anyone)
def children_geojson(request: HttpRequest, code: str) -> HttpResponse:
    """The outlines of the children of an area: `?kind=` for all of a kind below it, `?value=` for colours."""
    area = get_object_or_404(Area, code=code)
    kind = request.GET.get("kind", "")
    value = request.GET.get("value", "")[:60]
    content, tag = outlines.collection(_actor(request), area, kind if kind in RANK else "", value)
    return _tagged(request, content, tag)


def _tagged(request: HttpRequest, content: str, tag: str) -> HttpResponse:
    # Behind gzip the tag is weak; both forms are the same content.
    if tag in request.headers.get("If-None-Match", ""):
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(content, content_type="application/geo+json")
    response["ETag"] = tag
    response["Cache-Control"] = "private, max-age=60"
    return response


# --- areas by hand ------------------------------------------------------------------------------------------------
def _kept_area(request: HttpRequest, code: str) -> Area:
    """The area, if the actor keeps it; else it is not there."""
    area = get_object_or_404(Area.objects.select_related("parent"), code=code)
    if not may_keep(_actor(request), area.pk):
        raise Http404
    return area


def _path(area: int | None) -> list[tuple[str, str]]:
    return [(node.name, address_if_any("portal:area", node.code)) for node in finding.path_of(area)]


def _crumbs(area: Area | None, last: str) -> list[tuple[str, str]]:
    path = _path(area.pk) if area else []
    return [(_("The territory"), reverse("territory:areas")), *path, (last, "")]


def _area_form(request: HttpRequest, area: Area | None, parent: Area | None, title: str) -> HttpResponse:
    form = AreaForm(_actor(request), area, parent, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if area is None:
                made = actions.add_area(_actor(request), parent=parent, **form.fields_of_area())
                messages.success(request, _("Saved. Now you can draw its boundary."))
                return redirect("territory:area_draw", made.code)
            saved = actions.change_area(_actor(request), area, **form.fields_of_area())
            messages.success(request, _("Saved."))
            return redirect("portal:area", saved.code)
        except ValidationError as error:
            _say(form, error)
            if area is not None:
                area.refresh_from_db()
    context = {
        "form": form,
        "area": area,
        "parent": parent,
        "title": title,
        "crumbs": _crumbs(area or parent, title),
        "areas_address": reverse("territory:children_geojson", args=[parent.code]) if parent else "",
        "bounds": bounds_of(area) or bounds_of(parent),
    }
    return render(request, "territory/area_form.html", context)


@page(may=is_keeper, writes=True)
def area_add(request: HttpRequest, code: str) -> HttpResponse:
    """A new area inside another."""
    parent = _kept_area(request, code)
    return _area_form(request, None, parent, _("Add an area in %(name)s") % {"name": parent.name})


@page(may=keeps_everywhere, writes=True)
def area_add_top(request: HttpRequest) -> HttpResponse:
    """A new area that is part of no other."""
    return _area_form(request, None, None, _("Add an area"))


@page(may=is_keeper, writes=True)
def area_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change what is written of an area."""
    area = _kept_area(request, code)
    return _area_form(request, area, area.parent, _("Change"))


@page(may=is_keeper, writes=True)
@require_POST
def area_close(request: HttpRequest, code: str) -> HttpResponse:
    """Let an area end today."""
    area = _kept_area(request, code)
    try:
        actions.close_area(_actor(request), area)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("territory:area_edit", code)
    messages.success(request, _("%(name)s is closed: what was written of it stays.") % {"name": area.name})
    return redirect("portal:area", code)


@page(may=is_keeper, writes=True)
def area_draw(request: HttpRequest, code: str) -> HttpResponse:
    """Draw the boundary of an area, or draw it anew."""
    area = _kept_area(request, code)
    form = DrawForm(area, request.POST or None)
    if request.method == "POST" and form.is_valid():
        _boundary, moves = actions.draw_boundary(_actor(request), area, form.cleaned_data["shape"])
        messages.success(request, _("The boundary of %(name)s is drawn.") % {"name": area.name})
        for remark in form.remarks:
            messages.warning(request, remark)
        for move in moves:
            text = _("%(count)s records (%(what)s) lie in another area now.")
            messages.info(request, text % {"count": move.count, "what": move.label})
        return redirect("portal:area", code)
    context = {
        "form": form,
        "area": area,
        "title": _("Draw %(name)s") % {"name": area.name},
        "crumbs": _crumbs(area, _("Draw")),
        "shape_address": reverse("territory:area_shape", args=[code]),
        "around_address": reverse("territory:children_geojson", args=[area.parent.code]) if area.parent else "",
        "bounds": bounds_of(area) or bounds_of(area.parent),
        "words": _words(),
        "drawn": Boundary.objects.filter(area=area, valid_to__isnull=True).exists(),
    }
    return render(request, "territory/area_draw.html", context)


def _words() -> str:
    """What the map on which one draws says, for its script."""
    return json.dumps(
        {
            "first": _("Touch the map at the first corner."),
            "corners": _("Corners: {count}. Three are the least."),
            "enough": _("Corners: {count}. Close the outline when it is done."),
            "few": _("An outline needs at least three corners."),
            "written": _("The outline is closed: you can move its corners, then save."),
            "zoom_in": _("Zoom in"),
            "zoom_out": _("Zoom out"),
            "two_fingers": _("Use two fingers to move the map"),
            "wheel": _("Hold Ctrl and turn the wheel to zoom"),
        },
        ensure_ascii=False,
    )


@gzip_page
@page(may=anyone)
def area_shape(request: HttpRequest, code: str) -> HttpResponse:
    """The boundary of one area as GeoJSON."""
    return HttpResponse(outlines.own(get_object_or_404(Area, code=code)), content_type="application/geo+json")


def bounds_of(area: Area | None) -> list[float] | None:
    """West, south, east, north of an area: of its boundary, or of a kilometre around its point."""
    if area is None:
        return None
    found = Boundary.objects.filter(area=area, valid_to__isnull=True).aggregate(
        west=Min("min_lon"), south=Min("min_lat"), east=Max("max_lon"), north=Max("max_lat")
    )
    if found["west"] is not None:
        return [round(found[side], 5) for side in ("west", "south", "east", "north")]
    if area.lon is None or area.lat is None:
        return None
    return [area.lon - 0.012, area.lat - 0.009, area.lon + 0.012, area.lat + 0.009]


# --- places -------------------------------------------------------------------------------------------------------
def _place(request: HttpRequest, pk: int) -> Place:
    rows = Place.objects.visible_to(_actor(request)).select_related("kind", "area", "source")
    return get_object_or_404(rows, pk=pk)


def _written_place(request: HttpRequest, pk: int) -> Place:
    place = _place(request, pk)
    if not may_write_in(_actor(request), place.area_id):
        raise Http404
    return place


@page(may=anyone)
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one place."""
    actor, record = _actor(request), _place(request, pk)
    staff = is_staff(actor)
    near = None
    if record.lon is not None and record.lat is not None:
        near = [record.lon - 0.006, record.lat - 0.0045, record.lon + 0.006, record.lat + 0.0045]
    context = {
        "record": record,
        "crumbs": [(_("Places"), reverse("territory:places")), (record.name, "")],
        "area_path": [
            (node.name, address_if_any("portal:area", node.code)) for node in finding.path_of(record.area_id)
        ],
        "roles": codes_of_places("place_role", [pk]).get(pk, ""),
        "factors": codes_of_places("vulnerability_factor", [pk]).get(pk, "") if staff else "",
        "staff": staff,
        "may_write": is_writer(actor) and may_write_in(actor, record.area_id),
        "sections": [
            (section, render_to_string(section.template, content, request))
            for section, content in sections_of(record, actor)
        ],
        "history": history_of(
            record,
            actor,
            TOLD,
            verbs=VERBS,
            without=frozenset() if staff else frozenset({"vulnerability_factor", "known_to_services"}),
        ),
        "bounds": near,
        "areas_address": _neighbours_address(record.area),
        "point_address": reverse("territory:place_point", args=[pk]) if near else "",
    }
    return render(request, "territory/place.html", context)


def _neighbours_address(area: Area | None) -> str:
    """Where the outlines of an area and of its neighbours are."""
    if area is None:
        return ""
    return reverse("territory:children_geojson", args=[finding.code_of(area.parent_id) or area.code])


@page(may=anyone)
def place_point(request: HttpRequest, pk: int) -> HttpResponse:
    """The point of one place, as a map asks for points."""
    from trama.ui import maps

    record = _place(request, pk)
    return maps.answer(request, Place.objects.filter(pk=record.pk))


def _place_form(request: HttpRequest, record: Place | None, title: str) -> HttpResponse:
    actor = _actor(request)
    form = PlaceForm(actor, record, request.POST or None)
    if (form.is_bound if record is None else form.meet(record, actor)) and form.is_valid():
        try:
            if record is None:
                saved = actions.add_place(actor, **form.fields_of_place())
            else:
                saved = actions.change_place(actor, record, **form.fields_of_place())
            messages.success(request, _("Saved: it lies in %(area)s.") % {"area": finding.name_of(saved.area_id)})
            if form.kept:
                messages.info(request, said_of(form))
            return redirect("territory:place", saved.pk)
        except ValidationError as error:
            _say(form, error)
    crumbs = [(_("Places"), reverse("territory:places"))]
    if record is not None:
        crumbs.append((record.name, reverse("territory:place", args=[record.pk])))
    context = {"form": form, "record": record, "title": title, "crumbs": [*crumbs, (title, "")], **_around(request)}
    return render(request, "territory/place_form.html", context)


def _around(request: HttpRequest) -> dict[str, Any]:
    """The outlines and the bounds with which the map of a form begins: those of the area asked for, or of home."""
    from trama.core import facts

    code = request.GET.get("area", "") or facts.facts().get(facts.HOME_AREA, "")
    area = Area.objects.filter(code=code).first() if code else None
    if area is None:
        area = Area.objects.filter(parent__isnull=True).order_by("id").first()
    return {
        "areas_address": reverse("territory:children_geojson", args=[area.code]) if area else "",
        "bounds": bounds_of(area),
    }


@page(may=is_writer, writes=True)
def place_add(request: HttpRequest) -> HttpResponse:
    """A new place."""
    return _place_form(request, None, _("Add a place"))


@page(may=is_writer, writes=True)
def place_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a place."""
    return _place_form(request, _written_place(request, pk), _("Change"))


@page(may=is_writer, writes=True)
@require_POST
def place_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """State that what is written of a place is right today."""
    actions.confirm_place(_actor(request), _written_place(request, pk))
    messages.success(request, _("Confirmed as of today."))
    return redirect("territory:place", pk)
