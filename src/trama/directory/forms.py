"""What people type about resources, checked kindly."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core import codes
from trama.core.actor import Actor
from trama.core.meanwhile import MeanwhileForm
from trama.directory import permissions
from trama.directory.choices import ResourceState
from trama.directory.models import Promotion, Resource, carriers_of, promoter_texts, promoters_of
from trama.network.fields import (
    AreaField,
    as_contacts,
    check_place,
    contact_fields,
    grouped_choices,
    lat_field,
    lon_field,
    place_of,
    read_contacts,
)
from trama.network.matching import match_all, names_several
from trama.network.models import Organisation, visible_names
from trama.network.permissions import speaks_for
from trama.territory.permissions import is_writer

PROMOTER = "tie_role:promoter"


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class ResourceForm(MeanwhileForm):
    """A resource in a few questions; the title is enough to begin."""

    name = forms.CharField(
        label=_("What is offered"),
        max_length=250,
        help_text=_("E.g. Italian course for mothers, Sesto Imolese library"),
    )
    activity = forms.ChoiceField(label=_("Activity"), required=False)
    promoters = forms.CharField(
        label=_("Who offers it"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "One body per line, by its name in the register; its part in brackets if it is another, e.g. Caritas (host)"
        ),
    )
    area = AreaField(
        label=_("Area"),
        required=False,
        max_length=250,
        help_text=_("Begin to write, e.g. Pedagna; or choose the point below"),
    )
    address = forms.CharField(label=_("Address"), required=False, max_length=200, help_text=_("E.g. via Vivaldi 76"))
    lon, lat = lon_field(), lat_field()
    opening = forms.CharField(
        label=_("When"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("E.g. Tuesday and Thursday 15–17, closed in August"),
    )
    description = forms.CharField(
        label=_("What one finds there"),
        required=False,
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Two lines that a neighbour would understand. No names of private persons."),
    )
    targets = forms.MultipleChoiceField(label=_("For whom"), required=False, widget=forms.CheckboxSelectMultiple)
    access = forms.ChoiceField(label=_("How one gets in"), required=False)
    directions_url = forms.URLField(
        label=_("Link to the directions"), required=False, max_length=600, assume_scheme="https"
    )
    valid_from, valid_to = _day(_("Offered from")), _day(_("Offered until"))
    state = forms.ChoiceField(
        label=_("State"),
        choices=(
            (ResourceState.PUBLISHED, _("published: everybody sees it")),
            (ResourceState.DRAFT, _("draft: staff and who offers it see it")),
        ),
        widget=forms.RadioSelect,
        initial=ResourceState.PUBLISHED,
    )
    is_sensitive = forms.BooleanField(
        label=_("Naming it may harm"),
        required=False,
        help_text=_("It is shown to staff and to who offers it, to nobody else."),
    )
    promoter_to_split = forms.BooleanField(
        label=_("The promoter as written names several bodies, to be split"), required=False
    )

    MAIN = ("activity", "promoters")
    THEN = ("opening", "description", "targets", "access")
    MORE = ("directions_url", "valid_from", "valid_to")
    KEEP = ("is_sensitive", "promoter_to_split")

    def __init__(self, actor: Actor, resource: Resource | None, *args: Any, **kwargs: Any) -> None:
        self.actor, self.resource = actor, resource
        self.chosen: list[tuple[int, str]] = []
        self.unknown: list[str] = []
        kwargs.setdefault("initial", _initial(resource, actor) if resource else _beginning(actor))
        super().__init__(*args, **kwargs)
        self.written = promoter_texts([resource.pk], actor).get(resource.pk, "") if resource else ""
        for name in ("activity", "access"):
            self.fields[name].choices = grouped_choices(codes.codes_of(name), _("not stated"))  # type: ignore[attr-defined]
        self.fields["targets"].choices = _target_choices()  # type: ignore[attr-defined]
        self.fields["area"].offer(actor)  # type: ignore[attr-defined]
        self.fields["promoters"].widget.attrs |= {
            "hx-get": reverse("network:alike_lines"),
            "hx-trigger": "input changed delay:500ms, picked",
            "hx-target": "#alike",
            "hx-sync": "this:replace",
        }
        keep = is_writer(actor)
        if resource is None:
            self.fields.update(contact_fields())
        else:
            keep = permissions.abilities(actor, resource.area_id, carriers_of(resource))["keep"]
        for name in () if keep else self.KEEP:
            del self.fields[name]
        if resource is not None and resource.state == ResourceState.CLOSED:
            del self.fields["state"]

    def _bound(self, names: tuple[str, ...]) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]

    @property
    def main(self) -> list[forms.BoundField]:
        return self._bound(self.MAIN)

    @property
    def then(self) -> list[forms.BoundField]:
        return self._bound(self.THEN)

    @property
    def more(self) -> list[forms.BoundField]:
        return self._bound(self.MORE)

    @property
    def keep(self) -> list[forms.BoundField]:
        return self._bound(("state", *self.KEEP))

    @property
    def contacts(self) -> list[forms.BoundField]:
        return self._bound(("phones", "emails", "sites"))

    @property
    def more_has_errors(self) -> bool:
        return any(bound.errors for bound in self.more)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "promoters" in data:
            self.chosen, self.unknown = read_promoters(data["promoters"], self.actor)
            if self.unknown and self.written:
                names = "; ".join(self.unknown)
                text = _now("Not in the register: %(names)s. Add it there first, or take the line away.")
                self.add_error("promoters", text % {"names": names})
        start, end = data.get("valid_from"), data.get("valid_to")
        if start and end and end < start:
            self.add_error("valid_to", _now("The end date comes before the start: which of the two is right?"))
        owned = any(speaks_for(self.actor, pk) for pk, _role in self.chosen)
        check_place(self, self.actor, needs_area=not owned)
        if not is_writer(self.actor) and not owned and "promoters" not in self.errors:
            self.add_error("promoters", _now("Write your own organisation among those who offer it."))
        return data

    def data_for_action(self) -> dict[str, Any]:
        """What was typed, as `actions.save_resource` takes it."""
        data = self.cleaned_data
        plain = ("name", "address", "opening", "description", "directions_url", "valid_from", "valid_to", "targets")
        result: dict[str, Any] = {name: data[name] for name in plain}
        result |= place_of(self, self.resource)
        result |= {"activity_id": data["activity"] or None, "access_id": data["access"] or None}
        result["promoters"] = [*self.chosen, *_unseen(self.resource, self.actor)]
        if self.unknown:
            result["promoter_text"] = "; ".join(self.unknown)[:400]
        if "state" in self.fields:
            result["state"] = data["state"]
        if self.resource is None:
            result["contacts"] = as_contacts(read_contacts(self))
        if "is_sensitive" in self.fields and ("is_sensitive" in self.changed_data or self.resource is not None):
            result["is_sensitive"] = data["is_sensitive"]
        if "promoter_to_split" in self.fields:
            several = len(self.unknown) > 1 or any(names_several(name) for name in self.unknown)
            result["promoter_to_split"] = data["promoter_to_split"] or several
        return result


def read_promoters(text: str, actor: Actor) -> tuple[list[tuple[int, str]], list[str]]:
    """The organisations named one per line, with their roles; and the lines that name none that the actor sees."""
    lines = []
    for line in filter(None, (" ".join(line.split()) for line in text.splitlines())):
        found = re.fullmatch(r"(.+?)\s*\(([^()]+)\)", line)
        role = codes.find("tie_role", found[2]) if found else None
        lines.append((found[1], role.id, line) if found and role else (line, PROMOTER, line))
    known = match_all(name for name, _role, _line in lines)
    seen = visible_names((pk for pk in known.values() if pk is not None), actor)
    promoters, unknown = [], []
    for name, role_id, line in lines:
        pk = known[name]
        if pk is not None and pk in seen:
            promoters.append((pk, role_id))
        else:
            unknown.append(line)
    return list(dict.fromkeys(promoters)), unknown


def _unseen(resource: Resource | None, actor: Actor) -> list[tuple[int, str]]:
    """The promoters that the actor may not see: who edits does not take away what was not shown."""
    if resource is None:
        return []
    seen = Organisation.objects.visible_to(actor).order_by().values("pk")
    rows = Promotion.objects.filter(resource=resource).exclude(organisation__in=seen).order_by("id")
    return list(rows.values_list("organisation_id", "role_id"))


def _target_choices() -> list[tuple[str, str]]:
    """The areas of users, each followed by its finer groups."""
    known = codes.codes_of("target")
    wide = [code for code in known if code.broader_id is None]
    return [
        (code.id, code.label if code.broader_id is None else f"– {code.label}")
        for above in wide
        for code in [above, *(code for code in known if code.broader_id == above.id)]
    ]


def _beginning(actor: Actor) -> dict[str, Any]:
    """Who speaks for one organisation begins with its name."""
    owned = visible_names((g.organisation for g in actor.grants if g.role == "org_contact" and g.organisation), actor)
    return {"promoters": "\n".join(owned.values())}


def _initial(resource: Resource, actor: Actor) -> dict[str, Any]:
    lines = [
        name if role == PROMOTER else f"{name} ({codes.label(role)})"
        for _pk, name, role in promoters_of([resource.pk], actor).get(resource.pk, [])
    ]
    plain = ("name", "address", "opening", "description", "directions_url", "valid_from", "valid_to", "lon", "lat")
    return {
        **{name: getattr(resource, name) for name in (*plain, *ResourceForm.KEEP, "state")},
        "activity": resource.activity_id or "",
        "access": resource.access_id or "",
        "area": resource.area_id,
        "promoters": "\n".join(lines),
        "targets": list(resource.codes.filter(facet="target").order_by("code").values_list("code_id", flat=True)),
    }
