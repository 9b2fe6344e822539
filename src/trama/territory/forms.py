"""What people type about areas and places, checked kindly."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core import codes
from trama.core.actor import Actor
from trama.core.meanwhile import MeanwhileForm
from trama.core.models import Code
from trama.territory import finding, outlines, shapes
from trama.territory.choices import RANK, AreaKind
from trama.territory.models import Area, Boundary, Place
from trama.territory.permissions import KEEPERS, WRITERS, is_staff

OFFERED = 1500
VULNERABLE = "place_role:vulnerable"


def _lon() -> forms.FloatField:
    return forms.FloatField(
        label=_("Longitude"),
        required=False,
        min_value=-180,
        max_value=180,
        widget=forms.TextInput({"inputmode": "decimal"}),
    )


def _lat() -> forms.FloatField:
    return forms.FloatField(
        label=_("Latitude"),
        required=False,
        min_value=-85,
        max_value=85,
        widget=forms.TextInput({"inputmode": "decimal"}),
    )


def _check_point(form: forms.Form) -> None:
    lon, lat = form.cleaned_data.get("lon"), form.cleaned_data.get("lat")
    if (lon is None) != (lat is None) and not {"lon", "lat"} & set(form.errors):
        form.add_error("lat" if lat is None else "lon", _now("A point has both a longitude and a latitude."))


def area_choices(actor: Actor, roles: frozenset[str]) -> list[tuple[str, str]]:
    """The areas in which one of the roles is held, as the tree stands; the code is what is chosen."""
    mine = None if actor.everywhere(roles) else actor.areas_with(roles)
    known = [node for node in finding.nodes().values() if node.in_force and (mine is None or node.id in mine)]
    return [(node.code, "\u2003" * node.depth + node.name) for node in known[:OFFERED]]


# --- places -------------------------------------------------------------------------------------------------------
class PlaceForm(MeanwhileForm):
    """A place: its name, its kind and where it is are enough."""

    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("As people call it, e.g. Piazza di Zolino"))
    kind = forms.ChoiceField(label=_("What it is"))
    roles = forms.MultipleChoiceField(
        label=_("What it is for the community"), required=False, widget=forms.CheckboxSelectMultiple
    )
    address = forms.CharField(label=_("Address"), max_length=200, required=False, help_text=_("E.g. via Tinti 1"))
    lon, lat = _lon(), _lat()
    area = forms.ChoiceField(
        label=_("Area"), required=False, help_text=_("If you choose the point, the area is found by itself.")
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=4000,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("What happens there, who meets there. No names of private persons."),
    )
    factors = forms.MultipleChoiceField(
        label=_("What makes it vulnerable"), required=False, widget=forms.CheckboxSelectMultiple
    )
    known_to_services = forms.TypedChoiceField(
        label=_("Did the services know it already?"),
        required=False,
        choices=(("", _("not stated")), ("yes", _("yes")), ("no", _("no"))),
        coerce=lambda said: said == "yes",
        empty_value=None,
        help_text=_("A place of first contact, where people are met whom no service knows, says no."),
    )
    is_public = forms.BooleanField(
        label=_("Show it to everybody"),
        required=False,
        initial=True,
        help_text=_("A vulnerable place is shown to staff only, whatever is chosen here."),
    )

    def __init__(self, actor: Actor, place: Place | None, *args: Any, **kwargs: Any) -> None:
        self.actor, self.place = actor, place
        kwargs.setdefault("initial", _initial_place(place) if place else {})
        super().__init__(*args, **kwargs)
        chosen: list[tuple[str, Any]] = [("", _now("choose"))]
        self.fields["kind"].choices = chosen + _choices("place_kind")  # type: ignore[attr-defined]
        self.fields["roles"].choices = _choices("place_role")  # type: ignore[attr-defined]
        self.fields["factors"].choices = _choices("vulnerability_factor")  # type: ignore[attr-defined]
        offered = area_choices(actor, WRITERS)
        if place is not None and place.area_id and finding.code_of(place.area_id) not in dict(offered):
            offered.insert(0, (finding.code_of(place.area_id), finding.name_of(place.area_id)))
        self.fields["area"].choices = [("", _now("found from the point")), *offered]  # type: ignore[attr-defined]
        if not is_staff(actor):
            for name in ("factors", "known_to_services"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        _check_point(self)
        if self.errors:
            return data
        area = finding.id_of(data["area"]) if data.get("area") else None
        moved = self.place is None or (self.place.lon, self.place.lat) != (data.get("lon"), data.get("lat"))
        if data.get("lon") is not None and (moved or area is None):
            area = finding.area_at(data["lon"], data["lat"]) or area
        if area is None:
            self.add_error("area", _now("Where is it? Choose the point on the map, or the area."))
        elif not self.actor.everywhere(WRITERS) and area not in self.actor.areas_with(WRITERS):
            self.add_error("area", _now("You may write only in your own areas; this is %s.") % finding.name_of(area))
        self.area_id = area
        return data

    def fields_of_place(self) -> dict[str, Any]:
        """What was typed, as the actions take it."""
        data = dict(self.cleaned_data)
        data.pop("base", None)  # what the form was opened with (`core.meanwhile`)
        known = codes.all_codes()
        listed: dict[str, Any] = {
            name: [known[key] for key in data.pop(name, [])] for name in ("roles", "factors") if name in data
        }
        if "factors" not in listed and self.place is not None:
            had = Code.objects.filter(pk__in=self.place.codes.filter(facet="vulnerability_factor").values("code"))
            listed["factors"] = list(had)
        if listed.get("factors") or any(code.id == VULNERABLE for code in listed.get("roles", ())):
            data["is_public"] = False
        data.pop("area", None)
        return {**data, **listed, "kind": known[data["kind"]], "area_id": self.area_id}


def _choices(list_: str) -> list[tuple[str, Any]]:
    return [(code.id, code.label) for code in codes.codes_of(list_)]


def _initial_place(place: Place) -> dict[str, Any]:
    held = list(place.codes.values_list("facet", "code_id"))
    fields = ("name", "address", "lon", "lat", "description", "is_public")
    return {
        **{name: getattr(place, name) for name in fields},
        "known_to_services": {None: "", True: "yes", False: "no"}[place.known_to_services],
        "kind": place.kind_id,
        "area": finding.code_of(place.area_id),
        "roles": [code for facet, code in held if facet == "place_role"],
        "factors": [code for facet, code in held if facet == "vulnerability_factor"],
    }


# --- areas --------------------------------------------------------------------------------------------------------
class AreaForm(forms.Form):
    """An area: its name and its kind are enough; its boundary is drawn on the next page."""

    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("E.g. Sasso Morelli"))
    kind = forms.ChoiceField(label=_("What it is"))
    parent = forms.ChoiceField(label=_("Part of"), required=False)
    lon, lat = _lon(), _lat()
    local_code = forms.CharField(label=_("Code that the municipality uses"), max_length=40, required=False)
    other_names = forms.CharField(
        label=_("Other names"),
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("One per line: by them files that are loaded find it."),
    )
    valid_from = forms.DateField(label=_("Since"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=forms.Textarea({"rows": 2}))

    def __init__(self, actor: Actor, area: Area | None, parent: Area | None, *args: Any, **kwargs: Any) -> None:
        self.actor, self.area, self.above = actor, area, parent
        kwargs.setdefault("initial", _initial_area(area) if area else {"kind": _likely_kind(parent)})
        super().__init__(*args, **kwargs)
        widest = RANK[parent.kind] if parent else -1
        self.fields["kind"].choices = [(k, label) for k, label in AreaKind.choices if RANK[k] > widest]  # type: ignore[attr-defined]
        if area is None:
            del self.fields["parent"]
        else:
            offered = area_choices(actor, KEEPERS)
            if parent is not None and parent.code not in dict(offered):
                offered.insert(0, (parent.code, parent.name))
            self.fields["parent"].choices = [("", _now("nothing wider")), *offered]  # type: ignore[attr-defined]
            self.fields["kind"].choices = AreaKind.choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        _check_point(self)
        return data

    def fields_of_area(self) -> dict[str, Any]:
        """What was typed, as the actions take it."""
        data = dict(self.cleaned_data)
        if "parent" in data:
            data["parent"] = Area.objects.filter(code=data["parent"]).first() if data["parent"] else None
        return data


def _likely_kind(parent: Area | None) -> str:
    if parent is None:
        return AreaKind.REGION
    return AreaKind.HAMLET if RANK[parent.kind] < RANK[AreaKind.HAMLET] else AreaKind.STATISTICAL_AREA


def _initial_area(area: Area) -> dict[str, Any]:
    fields = ("name", "kind", "lon", "lat", "local_code", "other_names", "valid_from", "note")
    return {
        **{name: getattr(area, name) for name in fields},
        "parent": area.parent.code if area.parent else "",
    }


class DrawForm(forms.Form):
    """The boundary of an area as GeoJSON: written by the map, or pasted."""

    shape = forms.CharField(
        label=_("Outline as GeoJSON"),
        max_length=5_000_000,
        widget=forms.Textarea({"rows": 6, "spellcheck": "false"}),
        help_text=_("A polygon with longitude and latitude in degrees (WGS84). The map writes it here."),
    )

    def __init__(self, area: Area, *args: Any, **kwargs: Any) -> None:
        self.area = area
        self.remarks: list[str] = []
        super().__init__(*args, **kwargs)

    def clean_shape(self) -> Any:
        """The shape, usable; what is odd about it stands in `remarks`."""
        try:
            found = shapes.from_geojson(self.cleaned_data["shape"])
            shapes.check_degrees(found)
            mended = shapes.mended(found)
        except shapes.ShapeError as error:
            raise forms.ValidationError(str(error)) from error
        self._check_parent(mended.shape)
        if mended.repair:
            self.remarks.append(_now("The outline was mended: %(repair)s.") % {"repair": mended.repair})
        self._look_at_brothers(mended.shape)
        return found

    def _check_parent(self, shape: Any) -> None:
        parent = self.area.parent
        around = outlines.shape_of(parent) if parent else None
        if parent is None or around is None:
            return
        if not shape.intersects(around):
            if shapes.swapped(shape).intersects(around):
                raise forms.ValidationError(_now("Longitude and latitude are exchanged: longitude comes first."))
            raise forms.ValidationError(_now("The outline lies wholly outside %(name)s.") % {"name": parent.name})
        outside = 1 - shapes.shared_part(shape, around)
        if outside >= 0.01:
            text = _now("%(share)s %% of it lies outside %(name)s.")
            self.remarks.append(text % {"share": round(outside * 100), "name": parent.name})

    def _look_at_brothers(self, shape: Any) -> None:
        west, south, east, north = shape.bounds
        near = Boundary.objects.filter(
            valid_to__isnull=True,
            area__parent=self.area.parent_id,
            area__kind=self.area.kind,
            min_lon__lte=east,
            max_lon__gte=west,
            min_lat__lte=north,
            max_lat__gte=south,
        )
        for boundary in near.exclude(area=self.area).select_related("area").order_by("area__name"):
            share = shapes.shared_part(shape, shapes.from_wkb(boundary.wkb))
            if share >= 0.005:
                text = _now("%(share)s %% of it lies also in %(name)s.")
                self.remarks.append(text % {"share": max(1, round(share * 100)), "name": boundary.area.name})
