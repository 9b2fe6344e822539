"""What the territory offers to the pages that gather, and `AreaDimension`, by which every register is told apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from trama.core import codes, facts, memo
from trama.core.actor import Actor
from trama.core.declarations import AreaSection, Searchable, declare
from trama.core.keys import among
from trama.core.registers import NONE, CodeDimension, Column, Dimension, FlagDimension, Register, Selection, Text
from trama.territory import finding, profile
from trama.territory.choices import AreaKind
from trama.territory.models import Area, AreaClosure, Place, PlaceCode
from trama.territory.permissions import is_writer
from trama.ui.numbers import number


# --- the area as a dimension of a register ------------------------------------------------------------------------
@dataclass(frozen=True)
class AreaDimension(Dimension):
    """The area of a record, as a filter, a column and an axis.

    `path` is the foreign key to the area, from the record or (with `relation`, the reverse name of a through table)
    from the rows of that table. `level` is the kind of area (`AreaKind`) to which records are rolled up when they are
    grouped: a record outside every area of that kind has None. Narrowing takes an area with everything below it.
    Grouped values are ids of areas; in addresses they are codes.
    """

    relation: str = ""
    level: str = ""

    def choices(self, actor: Actor) -> Sequence[tuple[str, str]]:
        known = [node for node in finding.nodes().values() if node.in_force]
        if self.level:
            return [(node.code, node.name) for node in known if node.kind == self.level]
        # Em spaces: a select drops ordinary blanks at the beginning of its options.
        return [(node.code, "\u2003" * node.depth + node.name) for node in known]

    def name(self, value: Any) -> str:
        return finding.name_of(value) or str(value)

    def address_of(self, value: Any) -> str:
        return finding.code_of(value) or str(value)

    def stored(self, value: str) -> Any:
        return finding.id_of(value)

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        wanted = [pk for pk in (self.stored(value) for value in values if value != NONE) if pk is not None]
        below = AreaClosure.objects.order_by().filter(ancestor__in=wanted).values("area")
        condition = self._lies_in(rows, below) if wanted else Q(pk__in=[])
        if NONE in values:
            somewhere = AreaClosure.objects.order_by()
            somewhere = somewhere.filter(ancestor_kind=self.level) if self.level else somewhere.filter(distance=0)
            condition |= ~Q(
                pk__in=rows.model._default_manager.order_by()
                .filter(self._lies_in(rows, somewhere.values("area")))
                .values("pk")
            )
        return rows.filter(condition)

    def _lies_in(self, rows: QuerySet[Any], areas: QuerySet[Any, Any]) -> Q:
        if not self.relation:
            return Q(**{f"{self.path}__in": areas})
        link = rows.model._meta.get_field(self.relation)
        through, record = link.related_model, link.field.attname
        return Q(pk__in=through._default_manager.order_by().filter(**{f"{self.path}__in": areas}).values(record))

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        path = f"{self.relation}__{self.path}" if self.relation else self.path
        if not self.level:
            return rows.annotate(**{alias: F(f"{path}_id")})
        of_level = FilteredRelation(f"{path}__up", condition=Q(**{f"{path}__up__ancestor_kind": self.level}))
        return rows.annotate(**{f"{alias}_up": of_level}).annotate(**{alias: F(f"{alias}_up__ancestor_id")})

    def order(self, values: Iterable[Any]) -> list[Any]:
        known = finding.nodes()
        return sorted(values, key=lambda value: known[value].position if value in known else len(known))


def area_dimensions(path: str = "area", relation: str = "") -> tuple[AreaDimension, ...]:
    """The dimensions by which a register of located records is told apart: any area, and one axis per level."""
    multiple = bool(relation)
    levels: tuple[tuple[str, Text], ...] = (
        (AreaKind.MUNICIPALITY, _("Municipality")),
        (AreaKind.DISTRICT, _("District")),
        (AreaKind.HAMLET, _("Hamlet")),
        (AreaKind.ZONE, _("Zone")),
        (AreaKind.NEIGHBOURHOOD, _("Neighbourhood")),
        (AreaKind.STATISTICAL_AREA, _("Statistical area")),
    )
    anywhere = AreaDimension("area", _("Area"), path, multiple=multiple, axis=False, relation=relation)
    by_level = [
        AreaDimension(str(kind), label, path, multiple=multiple, relation=relation, level=str(kind))
        for kind, label in levels
    ]
    return (anywhere, *by_level)


def without_place(register: Register, actor: Actor) -> int:
    """How many records of a register lie in no area at all: no area can count them. Nought where it knows no areas."""
    for dimension in register.dimensions:
        if isinstance(dimension, AreaDimension) and not dimension.level:
            return Selection(((dimension.key, (NONE,)),)).rows(register, actor).count()
    return 0


def holds_everything(area: Area) -> bool:
    """Whether an area is the territory of this installation, or holds it: what lies nowhere else is at home there."""
    home = finding.id_of(str(facts.facts().get(facts.HOME_AREA) or ""))
    return area.parent_id is None if home is None else home in finding.below(area.pk)


# --- the register of places ---------------------------------------------------------------------------------------
def visible_places(actor: Actor) -> QuerySet[Place]:
    """The places that the actor may see."""
    return Place.objects.visible_to(actor)


def place_url(pk: int) -> str:
    """The address of a place."""
    return reverse("territory:place", args=[pk])


def counted_places(count: int) -> str:
    """12 -> "12 places"."""
    return ngettext("%(n)s place", "%(n)s places", count) % {"n": number(count)}


def _counted_kinds(count: int) -> str:
    return ngettext("of %(n)s kind", "of %(n)s kinds", count) % {"n": number(count)}


def codes_of_places(facet: str, pks: Sequence[int]) -> Mapping[int, str]:
    """The roles (or the vulnerability factors) of places, in words."""
    order = {code.id: (position, code.label) for position, code in enumerate(codes.codes_of(facet, also_closed=True))}
    rows = PlaceCode.objects.filter(facet=facet, place__in=among(pks)).order_by().values_list("place_id", "code_id")
    found: dict[int, list[str]] = {}
    for pk, code in sorted(rows, key=lambda row: order.get(row[1], (99, ""))):
        found.setdefault(pk, []).append(order.get(code, (99, code))[1])
    return {pk: "; ".join(labels) for pk, labels in found.items()}


PLACES = Register(
    key="places",
    model=Place,
    title=_("Places"),
    counted=counted_places,
    visible=visible_places,
    dimensions=(
        CodeDimension("kind", _("Kind"), "kind", list="place_kind"),
        *area_dimensions(),
        CodeDimension("role", _("Role"), "codes", multiple=True, list="place_role", relation="codes"),
        CodeDimension(
            "factor",
            _("What makes it vulnerable"),
            "codes",
            multiple=True,
            list="vulnerability_factor",
            relation="codes",
            staff=True,
        ),
        FlagDimension("known", _("Known to the services"), "known_to_services", staff=True),
        FlagDimension("public", _("Shown to everybody"), "is_public", staff=True),
    ),
    columns=(
        Column("id", _("number"), "pk", numeric=True, on_page=False),
        Column("name", _("name"), "name"),
        Column("kind", _("kind"), "kind_id", codes.label),
        Column("roles", _("roles"), batch=lambda pks, actor: codes_of_places("place_role", pks)),
        Column("area", _("area"), "area__name"),
        Column("area_code", _("code of the area"), "area__code", on_page=False),
        Column("address", _("address"), "address"),
        Column("civic_key", _("key of the civic number"), "civic_key", on_page=False),
        Column("description", _("description"), "description", on_page=False),
        Column(
            "factors",
            _("what makes it vulnerable"),
            batch=lambda pks, actor: codes_of_places("vulnerability_factor", pks),
            on_page=False,
            staff=True,
        ),
        Column("known", _("known to the services"), "known_to_services", on_page=False, staff=True),
        Column("public", _("shown to everybody"), "is_public", on_page=False, staff=True),
        Column("lon", _("longitude"), "lon", on_page=False),
        Column("lat", _("latitude"), "lat", on_page=False),
        Column("confirmed_on", _("confirmed by the body"), "confirmed_on", on_page=False),
        Column("used_on", _("used with success"), "used_on", on_page=False),
        Column("edited_at", _("edited"), "edited_at", on_page=False),
        Column("source", _("source"), "source__title", on_page=False),
    ),
    orders={
        "name": (_("by name"), ("name",)),
        "kind": (_("by kind"), ("kind__position", "name")),
        "edited": (_("last edited first"), ("-edited_at", "name")),
    },
    card="territory/_place_card.html",
    url=place_url,
    for_list=lambda rows: rows.select_related("area", "kind").prefetch_related("codes"),
    spread=(("kind", _counted_kinds),),
    add_url="territory:place_add",
    may_add=is_writer,
)


# --- search -------------------------------------------------------------------------------------------------------
def _areas(pks: Sequence[int] | None) -> Iterator[tuple[int, str, str]]:
    rows = Area.objects.order_by("pk")
    rows = rows.filter(pk__in=pks) if pks is not None else rows
    kinds = dict(AreaKind.choices)
    for pk, name, other, kind, local in rows.values_list("pk", "name", "other_names", "kind", "local_code"):
        yield pk, name, f"{other} {kinds[kind]} {local}"


def _area_lines(pks: Sequence[int]) -> dict[int, str]:
    kinds = dict(AreaKind.choices)
    found = {}
    for pk in pks:
        path = finding.path_of(pk)
        if path:
            above = ", ".join(node.name for node in reversed(path[:-1]))
            found[pk] = f"{kinds[path[-1].kind]} · {above}" if above else str(kinds[path[-1].kind])
    return found


def _places(pks: Sequence[int] | None) -> Iterator[tuple[int, str, str]]:
    rows = Place.objects.order_by("pk")
    rows = rows.filter(pk__in=pks) if pks is not None else rows
    fields = ("pk", "name", "address", "description", "kind__label_it", "kind__label_en", "area__name")
    for pk, name, *texts in rows.values_list(*fields).iterator(chunk_size=2000):
        yield pk, name, " ".join(text for text in texts if text)


def _place_lines(pks: Sequence[int]) -> dict[int, str]:
    found = {}
    rows = Place.objects.filter(pk__in=pks).order_by()
    for pk, kind, area, text in rows.values_list("pk", "kind_id", "area__name", "description"):
        line = " · ".join(part for part in (codes.label(kind), area) if part)
        found[pk] = f"{line}. {Truncator(text).chars(140)}" if text else line
    return found


# --- the page of an area ------------------------------------------------------------------------------------------
def places_of(actor: Actor, area: Any) -> dict[str, Any]:
    """The places of an area, the first of them and how many there are of each kind."""
    return memo.until_changed(("territory.places", area.pk), actor, partial(_places_of, actor, area))


def _places_of(actor: Actor, area: Any) -> dict[str, Any]:
    below = AreaClosure.objects.filter(ancestor=area.pk).order_by().values("area")
    rows = visible_places(actor).filter(area__in=below)
    kinds: dict[str, int] = {}
    for kind in rows.order_by().values_list("kind_id", flat=True):
        kinds[kind] = kinds.get(kind, 0) + 1
    total = sum(kinds.values())
    order = {code.id: position for position, code in enumerate(codes.codes_of("place_kind", also_closed=True))}
    listed = list(rows.select_related("kind", "area").order_by("name", "pk")[:8]) if total else []
    return {
        "total": total,
        "counted": counted_places(total),
        "kinds": [
            {"label": codes.label(kind), "count": count, "query": f"area={area.code}&kind={kind.partition(':')[2]}"}
            for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], order.get(item[0], 99)))
        ],
        "places": listed,
        "more": max(0, total - 8),
        "area_code": area.code,
        "may_add": is_writer(actor),
    }


declare(
    PLACES,
    Searchable(
        model=Area,
        label=_("Areas"),
        entries=_areas,
        visible=lambda actor: Area.objects.visible_to(actor),
        url=lambda pk: reverse("portal:area", args=[finding.code_of(pk)]),
        lines=_area_lines,
        order=5,
    ),
    Searchable(
        model=Place,
        label=_("Places"),
        entries=_places,
        visible=visible_places,
        url=place_url,
        lines=_place_lines,
        order=40,
    ),
    AreaSection("people", _("Who lives here"), "territory/area/_written.html", profile.people, order=10),
    AreaSection("areas", _("What it is made of"), "territory/area/_areas.html", profile.made_of, order=15),
    AreaSection("places", _("Places"), "territory/area/_places.html", places_of, order=40),
)
