"""What the directory offers to the pages that gather: the register of resources, the search, "what is on offer"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, FilteredRelation, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from trama.core import codes
from trama.core.actor import Actor
from trama.core.columns import by_column, in_one_cell
from trama.core.declarations import Alert, Alerts, AreaSection, Linked, RecordSection, Searchable, declare
from trama.core.freshness import confirmation_limit, decayed
from trama.core.keys import among
from trama.core.registers import (
    NONE,
    ChoiceDimension,
    CodeDimension,
    Column,
    Dimension,
    FlagDimension,
    Measure,
    Register,
)
from trama.directory import permissions
from trama.directory.choices import ResourceState
from trama.directory.models import (
    Promotion,
    Promotions,
    Resource,
    ResourceCode,
    ResourceContact,
    promoter_texts,
    promoters_of,
)
from trama.network.choices import ContactKind
from trama.network.contacts import without_personal
from trama.network.declarations import (
    KIND,
    PHONES,
    SITES,
    ContactLookup,
    GroupDimension,
    ToConfirmDimension,
    area_names,
    joined,
    to_confirm,
)
from trama.network.models import Organisation, now_at
from trama.network.telling import as_read
from trama.territory.declarations import area_dimensions
from trama.territory.models import AreaClosure, visible_places_named
from trama.ui.numbers import number

CAUTION = _("A map of resources counts what was listed, not what exists.")
# What is public of promoters: the register never tells what a hidden one promotes, whoever asks.
PUBLIC_PROMOTER = Q(organisation__is_public=True, organisation__is_sensitive=False)
COUNTED_PROMOTER = Q(promotions__organisation__is_public=True, promotions__organisation__is_sensitive=False)


# --- dimensions -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class PromoterGroup(GroupDimension):
    """The groups of the organisations that promote a resource, hidden ones apart."""

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        wanted = {self.stored(value) for value in values if value != NONE}
        kinds = [code.id for code in codes.all_codes().values() if code.broader_id in wanted]
        shown = Promotion.objects.filter(PUBLIC_PROMOTER).order_by()
        condition = Q(pk__in=shown.filter(organisation__kind__in=kinds).values("resource"))
        if NONE in values:
            condition |= ~Q(pk__in=shown.filter(organisation__kind__isnull=False).values("resource"))
        return rows.filter(condition)

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        # The condition of a join can hold neither a subquery nor another join: the few hidden ones are named.
        hidden = Promotion.objects.exclude(PUBLIC_PROMOTER).order_by().values_list("pk", flat=True)
        shown = FilteredRelation("promotions", condition=~Q(promotions__id__in=[0, *hidden]))
        return rows.annotate(**{f"{alias}_rows": shown}).annotate(
            **{alias: F(f"{alias}_rows__organisation__kind__broader_id")}
        )


@dataclass(frozen=True)
class PromoterDimension(Dimension):
    """The organisations that promote a resource, by id; hidden ones narrow to nothing."""

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        asked = [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 19]
        # An address that was kept names a record that may since be part of another.
        wanted = [now_at(pk) or pk for pk in asked]
        shown = Promotion.objects.filter(PUBLIC_PROMOTER).order_by()
        condition = Q(pk__in=shown.filter(organisation__in=wanted).values("resource"))
        if NONE in values:
            condition |= ~Q(pk__in=Promotion.objects.order_by().values("resource"))
        return rows.filter(condition)

    def chosen(self, value: str, actor: Actor) -> str:
        if not (value.isascii() and value.isdigit() and len(value) < 19):
            return ""
        found = Organisation.objects.visible_to(actor).filter(pk=now_at(int(value)) or int(value)).order_by()
        return found.values_list("name", flat=True).first() or ""


@dataclass(frozen=True)
class FilledDimension(FlagDimension):
    """Whether a text was written at all."""

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        condition = Q(pk__in=[])
        if "1" in values:
            condition |= ~Q(**{self.path: ""})
        if "0" in values:
            condition |= Q(**{self.path: ""})
        return rows.filter(condition)

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        return rows.annotate(**{alias: Case(When(**{self.path: ""}, then=Value(0)), default=Value(1))})


DIMENSIONS: tuple[Dimension, ...] = (
    CodeDimension("activity", _("Activity"), "activity", list="activity"),
    *area_dimensions("area"),
    CodeDimension("target", _("For whom"), "codes", multiple=True, list="target", relation="codes"),
    CodeDimension("access", _("Access"), "access", list="access"),
    PromoterGroup("promoter_group", _("Who offers it"), "promotions__organisation__kind", multiple=True, list=KIND),
    FilledDimension("with_hours", _("Opening hours stated"), "opening"),
    ToConfirmDimension("to_confirm", _("To confirm"), "confirmed_on"),
    ChoiceDimension("state", _("State"), "state", options=tuple(ResourceState.choices), staff=True),
    FlagDimension("to_split", _("Promoter to be split"), "promoter_to_split", staff=True),
    FlagDimension("sensitive", _("Naming it may harm"), "is_sensitive", staff=True, axis=False),
    PromoterDimension("promoter", _("Promoter"), "promotions__organisation", multiple=True, axis=False),
)
MEASURES = (
    Measure(
        "promoters",
        _("Distinct promoters"),
        Count("promotions__organisation", filter=COUNTED_PROMOTER, distinct=True),
        unit=_("organisations"),
        warning=_(
            "An organisation counts once, however many resources it promotes; only those recognised by name count."
        ),
    ),
    Measure(
        "promoter_texts",
        _("Distinct promoters as written"),
        Count("promoter_text", filter=~Q(promoter_text=""), distinct=True),
        unit=_("texts"),
        warning=_(
            "Texts as the source wrote them: one body may be written in several ways, and one text name several."
        ),
    ),
)


# --- columns --------------------------------------------------------------------------------------------------------
def _targets(pks: Sequence[int], actor: Actor) -> Mapping[int, str]:
    # The order of the list, not of the keys: sorted here, where the list is in memory.
    rank = {code.id: (place, code.label) for place, code in enumerate(codes.codes_of("target", also_closed=True))}
    rows = ResourceCode.objects.filter(facet="target", resource__in=among(pks)).order_by()
    resources, borne = by_column(rows, ["resource_id", "code_id"])
    # The codes of a resource as one number: thousands of records bear the same few sets.
    bit = {code: 1 << place for place, code in enumerate({*rank, *borne})}
    found = dict.fromkeys(resources, 0)
    for pk, code in zip(resources, map(bit.__getitem__, borne), strict=True):
        found[pk] |= code
    texts = {
        chosen: "; ".join(
            label for _place, label in sorted(rank.get(code, (0, code)) for code in bit if bit[code] & chosen)
        )
        for chosen in set(found.values())
    }
    return {pk: texts[chosen] for pk, chosen in found.items()}


class PromoterLookup:
    """The promoters of some resources that the actor may see: asked once for the columns that need them."""

    def __init__(self) -> None:
        # The list that was asked about last is held, so that no other can be taken for it.
        self.last: tuple[Any, Actor | None, Any] = (None, None, None)

    def _found(self, pks: Sequence[int], actor: Actor) -> Promotions:
        asked, by, found = self.last
        if asked is not pks or by is not actor:
            found = Promotions(pks, actor)
            self.last = (pks, actor, found)
        return found

    def names(self, pks: Sequence[int], actor: Actor) -> Mapping[int, str]:
        """The promoters that the actor may see, with their role where it is not simply to promote."""
        links = self._found(pks, actor)
        pairs = list(zip(links.organisations, links.roles, strict=True))
        named = [pair for pair in dict.fromkeys(pairs) if pair[0] in links.names]
        roles = {role for _pk, role in named} - {"tie_role:promoter"}
        behind = {"tie_role:promoter": "", **{role: f" ({codes.label(role).lower()})" for role in roles}}
        told: dict[tuple[int, str], str] = {}
        for pair in named:
            name, role = links.names[pair[0]], pair[1]
            # “Casa (partner)” that promotes: without its role the word in its name would be taken for it.
            if name.endswith(")") and not behind[role] and codes.find("tie_role", name[name.rfind("(") + 1 : -1]):
                told[pair] = in_one_cell([f"{name} ({codes.label(role).lower()})"])
            else:
                told[pair] = in_one_cell([name + behind[role]])
        found: dict[int, str] = {}
        for resource, text in zip(links.resources, map(told.get, pairs), strict=True):
            if text is not None:
                found[resource] = f"{found[resource]}; {text}" if resource in found else text
        return found

    def texts(self, pks: Sequence[int], actor: Actor) -> Mapping[int, str]:
        """The promoter as it was written, where it names nobody hidden."""
        return promoter_texts(pks, actor, self._found(pks, actor).hidden())


def _places(pks: Sequence[int], actor: Actor) -> Mapping[int, str]:
    """The places at which resources are offered, if the actor may see them."""
    rows = Resource.objects.filter(pk__in=among(pks), place__isnull=False).order_by()
    held = dict(rows.values_list("pk", "place_id"))
    names = visible_places_named(held.values(), actor) if held else {}
    return {pk: names[place] for pk, place in held.items() if place in names}


PROMOTERS = PromoterLookup()
CONTACTS = ContactLookup(ResourceContact, "resource")
COLUMNS: tuple[Column, ...] = (
    Column("id", _("number"), "pk", numeric=True, on_page=False),
    Column("name", _("title"), "name"),
    Column("activity", _("activity"), "activity_id", codes.label),
    Column("targets", _("for whom"), batch=_targets, on_page=False),
    Column("access", _("access"), "access_id", codes.label, on_page=False),
    Column(
        "state", _("state"), "state", lambda value: str(dict(ResourceState.choices)[value]), on_page=False, staff=True
    ),
    Column("promoters", _("promoters"), batch=PROMOTERS.names),
    Column("promoter_text", _("promoter, as written"), batch=PROMOTERS.texts, on_page=False),
    Column("to_split", _("promoter to be split"), "promoter_to_split", on_page=False, staff=True),
    Column("area", _("area"), "area__name"),
    Column("area_code", _("code of the area"), "area__code", on_page=False),
    Column("address", _("address"), "address"),
    Column("place", _("registered place"), batch=_places, on_page=False),
    Column("opening", _("opening hours"), "opening", read_by=as_read(Resource)),
    Column("phones", _("telephone"), batch=CONTACTS.of(*PHONES)),
    Column("emails", _("e-mail"), batch=CONTACTS.of(ContactKind.EMAIL)),
    Column("sites", _("sites"), batch=CONTACTS.of(*SITES), on_page=False),
    Column(
        "persons",
        _("contact person"),
        batch=CONTACTS.of(ContactKind.PERSON),
        on_page=False,
        staff=True,
    ),
    Column("private_contacts", _("contacts for staff only"), batch=CONTACTS.for_staff, on_page=False, staff=True),
    Column("description", _("description"), "description", read_by=as_read(Resource), on_page=False),
    Column("directions", _("directions"), "directions_url", on_page=False),
    Column("valid_from", _("from"), "valid_from", on_page=False),
    Column("valid_to", _("until"), "valid_to", on_page=False),
    Column("lon", _("longitude"), "lon", on_page=False),
    Column("lat", _("latitude"), "lat", on_page=False),
    Column("confirmed_on", _("confirmed by the body"), "confirmed_on", on_page=False),
    Column("used_on", _("used with success"), "used_on", on_page=False),
    Column("edited_at", _("edited"), "edited_at", on_page=False),
    Column("sensitive", _("naming it may harm"), "is_sensitive", on_page=False, staff=True),
    Column("source", _("source"), "source__title", on_page=False),
    Column("demonstration", _("invented for the demonstration"), "is_demonstration", on_page=False),
)


# --- the register ---------------------------------------------------------------------------------------------------
def visible(actor: Actor) -> QuerySet[Resource]:
    """The resources that the actor may see."""
    return Resource.objects.visible_to(actor)


def url(pk: int) -> str:
    """The address of a resource."""
    return reverse("directory:resource", args=[pk])


def counted(count: int) -> str:
    """594 -> "594 resources"."""
    return ngettext("%(n)s resource", "%(n)s resources", count) % {"n": number(count)}


def _counted_activities(count: int) -> str:
    return ngettext("%(n)s activity", "%(n)s activities", count) % {"n": number(count)}


def _counted_districts(count: int) -> str:
    return ngettext("%(n)s district", "%(n)s districts", count) % {"n": number(count)}


REGISTER = Register(
    key="resources",
    model=Resource,
    title=_("What is on offer"),
    counted=counted,
    visible=visible,
    dimensions=DIMENSIONS,
    columns=COLUMNS,
    orders={
        "name": (_("by title"), ("name",)),
        "activity": (_("by activity"), ("activity__position", "name")),
        "edited": (_("last edited first"), ("-edited_at", "name")),
    },
    card="directory/_card.html",
    url=url,
    measures=MEASURES,
    for_list=lambda rows: rows.select_related("area", "activity", "access"),
    spread=(("activity", _counted_activities), ("district", _counted_districts)),
    add_url="directory:resource_add",
    may_add=permissions.may_add,
    caution=CAUTION,
)


# --- search ---------------------------------------------------------------------------------------------------------
def _entries(pks: Sequence[int] | None) -> Iterator[tuple[int, str, str]]:
    rows = Resource.objects.order_by("pk")
    keys = list(pks) if pks is not None else list(rows.values_list("pk", flat=True))
    areas = area_names()
    fields = (
        "pk",
        "name",
        "description",
        "opening",
        "address",
        "activity__label_it",
        "activity__label_en",
        "place__name",
        "place__is_public",
        "promoter_text",
        "area_id",
    )
    for start in range(0, len(keys), 1000):
        part = keys[start : start + 1000]
        # Only what everybody may see is searched for: a hit must not tell that a hidden body is behind a resource.
        promotions = Promotion.objects.filter(resource__in=part)
        hidden = set(promotions.exclude(PUBLIC_PROMOTER).order_by().values_list("resource_id", flat=True))
        named = promotions.filter(PUBLIC_PROMOTER).order_by("id").values_list("resource_id", "organisation__name")
        targets = ResourceCode.objects.filter(resource__in=part).order_by("id")
        words = targets.values_list("resource_id", "code__label_it", "code__label_en")
        hanging = joined([*named, *((pk, f"{it} {en}") for pk, it, en in words)])
        for pk, name, *texts, place, shown, written, area in rows.filter(pk__in=part).values_list(*fields):
            texts += [place if shown else "", "" if pk in hidden else written, hanging.get(pk), areas.get(area)]
            yield pk, name, " ".join(filter(None, texts))


def _lines(pks: Sequence[int]) -> dict[int, str]:
    found = {}
    rows = Resource.objects.filter(pk__in=pks).order_by()
    for pk, activity, area, text in rows.values_list("pk", "activity_id", "area__name", "description"):
        line, text = " · ".join(filter(None, [codes.label(activity), area])), without_personal(text)
        found[pk] = f"{line}. {Truncator(text).chars(140)}" if text and line else line or Truncator(text).chars(140)
    return found


MOST_SHOWN = 20


# --- the pages of an area and of an organisation --------------------------------------------------------------------
def on_offer(actor: Actor, area: Any) -> dict[str, Any] | None:
    """The resources of an area by activity, those confirmed last, and how many wait for a confirmation."""
    below = AreaClosure.objects.filter(ancestor=area.pk).order_by().values("area")
    rows = visible(actor).filter(area__in=below, state=ResourceState.PUBLISHED)
    counts = dict(rows.order_by().values_list("activity_id").annotate(n=Count("pk")))
    total = sum(counts.values())
    activities = [
        {"label": code.label, "count": counts[code.id], "query": f"area={area.code}&activity={code.value}"}
        for code in codes.codes_of("activity", also_closed=True)
        if counts.get(code.id)
    ]
    newest = rows.filter(confirmed_on__gte=confirmation_limit()).order_by("-confirmed_on", "name", "pk")[:5]
    return {
        "total": total,
        "counted": counted(total),
        "activities": sorted(activities, key=lambda item: -item["count"]),
        "unknown": counts.get(None, 0),
        "unknown_query": f"area={area.code}&activity={NONE}",
        "newest": list(newest.values("pk", "name", "confirmed_on")),
        "to_confirm": rows.filter(decayed()).count(),
        "area_code": area.code,
        "caution": CAUTION,
    }


def offered_by(actor: Actor, organisation: Any) -> dict[str, Any] | None:
    """What an organisation offers, and with whom; None when nothing is listed."""
    promotions = Promotion.objects.filter(organisation=organisation.pk)
    roles = dict(promotions.order_by("id").values_list("resource_id", "role_id"))
    rows = visible(actor).filter(pk__in=list(roles)).select_related("activity", "area").order_by("name", "pk")
    shown = list(rows[:MOST_SHOWN])
    resources = [{"record": row, "role": codes.label(roles[row.pk])} for row in shown]
    if not resources:
        return None
    partners: dict[int, tuple[str, int]] = {}
    for named in promoters_of([row.pk for row in shown], actor).values():
        for pk, name, _role in named:
            if pk != organisation.pk:
                partners[pk] = (name, partners.get(pk, ("", 0))[1] + 1)
    return {
        "resources": resources,
        "exposed": [row for row in shown if organisation.is_sensitive and not row.is_sensitive],
        "may_mask": {row.pk for row in shown if permissions.may_write_in(actor, row.area_id)},
        "more": max(0, rows.count() - len(resources)),
        "query": f"promoter={organisation.pk}",
        "partners": [
            {"pk": pk, "name": name, "count": count}
            for pk, (name, count) in sorted(partners.items(), key=lambda item: (-item[1][1], item[1][0]))
        ],
    }


def of_place(actor: Actor, place: Any) -> dict[str, Any] | None:
    """What is offered at a place; None when nothing is listed."""
    rows = visible(actor).filter(place=place.pk, state=ResourceState.PUBLISHED).order_by("name", "pk")
    shown = list(rows.select_related("activity")[: MOST_SHOWN + 1])
    return {"resources": shown[:MOST_SHOWN], "has_more": len(shown) > MOST_SHOWN} if shown else None


def what_waits(actor: Actor) -> list[Alert]:
    """The resources that wait for a confirmation where the actor writes."""
    published = visible(actor).filter(state=ResourceState.PUBLISHED)
    return to_confirm(actor, REGISTER, published, "state=published")


declare(
    REGISTER,
    Alerts("resources", _("What is on offer"), what_waits),
    RecordSection(
        "resources_here", "territory.place", _("What is offered here"), "directory/_of_place.html", of_place, order=20
    ),
    Searchable(
        model=Resource, label=_("What is on offer"), entries=_entries, visible=visible, url=url, lines=_lines, order=15
    ),
    AreaSection("resources", _("What the territory offers"), "directory/_area.html", on_offer, order=30),
    RecordSection(
        "resources",
        "network.organisation",
        _("What it offers"),
        "directory/_of_organisation.html",
        offered_by,
        order=10,
    ),
    Linked(Promotion, "organisation", shared=True, settles="resource.promoter_to_split"),
)
