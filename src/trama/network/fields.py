"""Form fields that records of the network and of the directory share: the area by typing, the point, the contacts."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core.actor import Actor
from trama.core.models import Code
from trama.network.choices import ContactKind, Visibility
from trama.network.contacts import EMAIL, Reach, is_address, read_addresses, read_emails, read_phones
from trama.territory import finding
from trama.territory.permissions import WRITERS

MOST_OFFERED = 1500


# --- the area, by typing --------------------------------------------------------------------------------------------
class Offered(forms.TextInput):
    """A text with what may be meant offered while one types (a datalist: no script)."""

    def __init__(self, offered: list[str] | None = None, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.offered = offered or []

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        listed = f"{name}-offered"
        field = super().render(name, value, {**(attrs or {}), "list": listed, "autocomplete": "off"}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((text,) for text in self.offered))
        return format_html("{}<datalist{}>{}</datalist>", field, flatatt({"id": listed}), options)


def area_text(area_id: int | None) -> str:
    """An area as it is typed: its name, and that of the area above."""
    path = finding.path_of(area_id)
    return f"{path[-1].name}, {path[-2].name}" if len(path) > 1 else path[-1].name if path else ""


class AreaField(forms.CharField):
    """An area by its name ("Pedagna, Imola", also "Pedagna (Imola)") or code. Cleans to the id of the area, or None."""

    widget = Offered

    def offer(self, actor: Actor) -> None:
        """Offer the areas in which the actor may write."""
        mine = None if actor.everywhere(WRITERS) else actor.areas_with(WRITERS)
        known = [n for n in finding.nodes().values() if n.in_force and (mine is None or n.id in mine)]
        self.widget.offered = [area_text(node.id) for node in known[:MOST_OFFERED]]

    def prepare_value(self, value: Any) -> Any:
        return area_text(value) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        before, now = (finding.typed(str(value or "")) for value in (self.prepare_value(initial), data))
        return super().has_changed(before, now)

    def clean(self, value: Any) -> Any:
        text = " ".join(str(super().clean(value) or "").split())
        if not text:
            return None
        known = [node for node in finding.nodes().values() if node.in_force]
        found = {node.id for node in known if node.code.casefold() == text.casefold()}
        wanted = finding.typed(text)
        found = found or {node.id for node in known if finding.typed(area_text(node.id)) == wanted}
        found = found or {node.id for node in known if finding.typed(node.name) == wanted}
        if len(found) == 1:
            return found.pop()
        if found:
            options = "; ".join(sorted(area_text(pk) for pk in found))
            raise ValidationError(_now("There are several: which one? %(options)s") % {"options": options})
        raise ValidationError(_now("No area is called “%(text)s”: choose one of those offered.") % {"text": text})


def lon_field() -> forms.FloatField:
    """Longitude in degrees."""
    return forms.FloatField(label=_("Longitude"), required=False, min_value=-180, max_value=180)


def lat_field() -> forms.FloatField:
    """Latitude in degrees."""
    return forms.FloatField(label=_("Latitude"), required=False, min_value=-85, max_value=85)


def place_of(form: forms.Form, before: Any) -> dict[str, Any]:
    """The area and the point that a form states, as the actions take them.

    A point that moved finds its area anew, unless another area was typed as well.
    """
    lon, lat, area = (form.cleaned_data.get(name) for name in ("lon", "lat", "area"))
    moved = before is None or (before.lon, before.lat) != (lon, lat)
    retyped = "area" in form.changed_data
    if lon is not None and moved and not retyped:
        area = None
    return {"lon": lon, "lat": lat, "area_id": area}


def check_place(form: forms.Form, actor: Actor, *, needs_area: bool) -> None:
    """A point has two coordinates; a record stands where the actor may write."""
    lon, lat = form.cleaned_data.get("lon"), form.cleaned_data.get("lat")
    if (lon is None) != (lat is None):
        form.add_error("lat" if lat is None else "lon", _now("A point has both a longitude and a latitude."))
        return
    if "area" in form.errors:
        return
    area = form.cleaned_data.get("area")
    if area is None and lon is not None and lat is not None:
        area = finding.area_at(lon, lat)
        if area is None and needs_area:
            form.add_error("area", _now("The point lies in no known area: write the area."))
            return
    if not needs_area or actor.everywhere(WRITERS):
        return
    if area is None:
        form.add_error("area", _now("Where is it? Write the area, or choose the point on the map."))
    elif area not in actor.areas_with(WRITERS):
        form.add_error("area", _now("You may write only in your own areas."))


# --- codes ----------------------------------------------------------------------------------------------------------
def grouped_choices(codes: list[Code], empty: str | Promise = "") -> list[Any]:
    """Codes as the options of a select: those above others name the groups."""
    above = {code.broader_id for code in codes if code.broader_id}
    groups: dict[str, list[tuple[str, str]]] = {}
    labels = {code.id: code.label for code in codes}
    for code in codes:
        if code.broader_id:
            groups.setdefault(code.broader_id, []).append((code.id, code.label))
        elif code.id not in above:
            groups.setdefault("", []).append((code.id, code.label))
    choices: list[Any] = [("", empty)] if empty else []
    for group, options in groups.items():
        choices += options if group == "" else [(labels.get(group, group), options)]
    return choices


# --- contacts, on the first form --------------------------------------------------------------------------------------
CONTACT_FIELDS = ("phones", "emails", "sites")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def check_phones(text: str) -> None:
    """Each line holds a number, or says whose the one above is."""
    if any(reach.kind == ContactKind.PERSON for reach in read_phones(text)):
        raise forms.ValidationError(NO_PHONE)


def check_emails(text: str) -> None:
    """Each line holds an address."""
    if any(not EMAIL.search(line) for line in _lines(text)):
        raise forms.ValidationError(NO_EMAIL)


def check_sites(text: str) -> None:
    """Each line holds an address of a page; words beside it do no harm."""
    for line in _lines(text):
        found = read_addresses(line)
        if not found or not all(is_address(reach.value) for reach in found):
            raise forms.ValidationError(NO_SITE)


NO_PHONE = _("There is no telephone number in it: write its digits, e.g. 0542 606711.")
NO_EMAIL = _("This is no e-mail address: one has an @ in it, e.g. info@example.org.")
NO_SITE = _("This is no address of a site: write it as e.g. https://www.example.org.")


def contact_fields() -> dict[str, forms.Field]:
    """Three plain fields that read several contacts each."""
    area = forms.Textarea(attrs={"rows": 2})
    return {
        "phones": forms.CharField(
            label=_("Telephone"),
            required=False,
            max_length=300,
            widget=area,
            validators=[check_phones],
            help_text=_("One per line, e.g. 0542 606711 switchboard. Mobiles are shown to staff only."),
        ),
        "emails": forms.CharField(
            label=_("E-mail"),
            required=False,
            max_length=300,
            widget=forms.Textarea(attrs={"rows": 2}),
            validators=[check_emails],
            help_text=_("E.g. info@example.org. Personal mail boxes are shown to staff only."),
        ),
        "sites": forms.CharField(
            label=_("Web site and social pages"),
            required=False,
            max_length=600,
            widget=forms.Textarea(attrs={"rows": 2}),
            validators=[check_sites],
            help_text=_("One address per line, e.g. https://www.example.org"),
        ),
    }


def read_contacts(form: forms.Form) -> list[Reach]:
    """The contacts typed in the three fields."""
    found: list[Reach] = []
    for name, read in (("phones", read_phones), ("emails", read_emails), ("sites", read_addresses)):
        text = form.cleaned_data.get(name) or ""
        found += read(text) if text.strip() else []
    return found


def as_contacts(found: list[Reach]) -> list[dict[str, str]]:
    """Contacts as the actions take them."""
    return [{"kind": reach.kind, "value": reach.value, "label": reach.label} for reach in found]


class ContactForm(forms.Form):
    """One way to reach somebody. Who sees it follows from what it is, unless stated."""

    kind = forms.ChoiceField(label=_("What it is"), choices=ContactKind.choices)
    value = forms.CharField(label=_("Contact"), max_length=300, help_text=_("E.g. 0542 606711, info@example.org"))
    label = forms.CharField(
        label=_("Of whom, or when"),
        required=False,
        max_length=120,
        help_text=_("E.g. switchboard, Monday to Friday 9–13"),
    )
    visibility = forms.ChoiceField(
        label=_("Who sees it"),
        required=False,
        choices=(("", _("it follows from what it is (when in doubt, staff only)")), *Visibility.choices),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind, value = data.get("kind"), (data.get("value") or "").strip()
        if not value:
            return data
        if kind in (ContactKind.PHONE, ContactKind.MOBILE) and len(re.findall(r"\d", value)) < 3:
            self.add_error("value", NO_PHONE)
        elif kind == ContactKind.EMAIL and not EMAIL.search(value):
            self.add_error("value", NO_EMAIL)
        elif kind == ContactKind.WEB and not is_address(value):
            self.add_error("value", NO_SITE)
        return data
