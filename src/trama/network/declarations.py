"""What the network offers to the pages that gather: the register of organisations, the search, "who is there"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from trama.core import cells, codes
from trama.core.actor import Actor
from trama.core.columns import in_one_cell
from trama.core.declarations import Alert, Alerts, AreaSection, Linked, Searchable, declare
from trama.core.freshness import confirmation_limit, decayed
from trama.core.keys import among
from trama.core.registers import NONE, ChoiceDimension, CodeDimension, Column, Dimension, FlagDimension, Register
from trama.network import permissions
from trama.network.choices import KIND_GROUPS, ContactKind, Visibility
from trama.network.contacts import without_personal
from trama.network.models import (
    Membership,
    Organisation,
    OrganisationContact,
    OrganisationName,
    OrganisationQuerySet,
    Proposal,
    Seat,
    Tie,
)
from trama.network.telling import as_read, cover_unless, plain_of
from trama.territory import finding
from trama.territory.declarations import area_dimensions, holds_everything
from trama.territory.models import AreaClosure, visible_places_named
from trama.territory.permissions import WRITERS
from trama.ui.numbers import number

KIND = "organisation_kind"


# --- dimensions -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class KindDimension(CodeDimension):
    """The kind of an organisation; what only groups kinds is no choice here."""

    def choices(self, actor: Actor) -> Sequence[tuple[str, str]]:
        return [choice for choice in super().choices(actor) if choice[0] not in KIND_GROUPS]


@dataclass(frozen=True)
class GroupDimension(CodeDimension):
    """Third sector, public, other formal, informal: the group above the kind. `path` leads to the kind."""

    def choices(self, actor: Actor) -> Sequence[tuple[str, str]]:
        return [choice for choice in super().choices(actor) if choice[0] in KIND_GROUPS]

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        wanted = {self.stored(value) for value in values if value != NONE}
        kinds = [code.id for code in codes.all_codes().values() if code.broader_id in wanted]
        condition = Q(**{f"{self.path}__in": kinds})
        if NONE in values:
            condition |= Q(**{f"{self.path}__isnull": True})
        return rows.filter(condition)

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        return rows.annotate(**{alias: F(f"{self.path}__broader_id")})


@dataclass(frozen=True)
class ToConfirmDimension(FlagDimension):
    """Whether nobody confirmed the record within the term."""

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        if "1" in values and "0" in values:
            return rows
        if "1" in values:
            return rows.filter(decayed())
        return rows.exclude(decayed()) if "0" in values else rows.none()

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        return rows.annotate(**{alias: Case(When(decayed(), then=Value(1)), default=Value(0))})


STANDS = (("open", pgettext_lazy("organisation", "active")), ("closed", pgettext_lazy("organisation", "closed")))


@dataclass(frozen=True)
class StandsDimension(ChoiceDimension):
    """Whether an organisation is there or was closed."""

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        condition = Q(pk__in=[])
        for value in values:
            if value in dict(STANDS):
                condition |= Q(closed_on__isnull=value == "open")
        return rows.filter(condition)

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        return rows.annotate(**{alias: Case(When(closed_on__isnull=True, then=Value("open")), default=Value("closed"))})


DIMENSIONS: tuple[Dimension, ...] = (
    KindDimension("kind", _("Kind"), "kind", list=KIND),
    GroupDimension("group", _("Group"), "kind", list=KIND),
    *area_dimensions("area"),
    FlagDimension("ets", _("Marked as third sector"), "is_ets"),
    FlagDimension("formal", _("Formally constituted"), "is_formal"),
    FlagDimension("public_body", _("Public body"), "is_public_body"),
    ToConfirmDimension("to_confirm", _("To confirm"), "confirmed_on"),
    StandsDimension("stands", _("State"), "closed_on", options=STANDS),
    FlagDimension("names_several", _("Names several bodies"), "names_several", staff=True),
    FlagDimension("sensitive", _("Naming it may harm"), "is_sensitive", staff=True, axis=False),
)


# --- columns --------------------------------------------------------------------------------------------------------
def joined(pairs: Iterable[tuple[int, Any]]) -> dict[int, str]:
    """Texts by record, joined, each once, in the order in which they come."""
    found: dict[int, dict[str, None]] = {}
    for pk, text in pairs:
        if text:
            found.setdefault(pk, {})[str(text)] = None
    return {pk: in_one_cell(texts) for pk, texts in found.items()}


class ContactLookup:
    """The contacts of some records that the actor may see: asked once for all the columns that show a kind of them."""

    def __init__(self, model: Any, parent: str) -> None:
        self.model, self.parent = model, parent
        # The list that was asked about last is held, so that no other can be taken for it.
        self.last: tuple[Any, Actor | None, dict[str, list[tuple[int, str]]]] = (None, None, {})

    def _found(self, pks: Sequence[int], actor: Actor) -> dict[str, list[tuple[int, str]]]:
        asked, by, found = self.last
        if asked is pks and by is actor:
            return found
        found = {}
        rows = self.model._default_manager.visible_to(actor).filter(**{f"{self.parent}__in": among(pks)}).order_by("id")
        for pk, kind, value, label in rows.values_list(f"{self.parent}_id", "kind", "value", "label"):
            found.setdefault(kind, []).append((pk, f"{value} ({label})" if label else value))
        self.last = (pks, actor, found)
        return found

    def of(self, *kinds: str) -> Any:
        """The contacts of some kinds, as a batch lookup of a column."""

        def batch(pks: Sequence[int], actor: Actor) -> Mapping[int, str]:
            found = self._found(pks, actor)
            return joined(pair for kind in kinds for pair in found.get(kind, ()))

        return batch

    def for_staff(self, pks: Sequence[int], actor: Actor) -> Mapping[int, str]:
        """Those contacts that only staff see: the values alone."""
        rows = self.model._default_manager.visible_to(actor).filter(**{f"{self.parent}__in": among(pks)})
        rows = rows.exclude(visibility=Visibility.PUBLIC).order_by("id")
        return joined(rows.values_list(f"{self.parent}_id", "value"))


def _other_names(pks: Sequence[int], actor: Actor) -> Mapping[int, str]:
    rows = OrganisationName.objects.filter(organisation__in=among(pks)).order_by("name", "id")
    return joined(rows.values_list("organisation_id", "name"))


# What belongs to a seat, in a cell; “address” where the one in brackets would be read wrongly.
SEAT: cells.Parts = (
    ("address", pgettext_lazy("in a cell", "address")),
    ("opening", pgettext_lazy("in a cell", "hours")),
    ("point", pgettext_lazy("in a cell", "point")),
    ("area", pgettext_lazy("in a cell", "area")),
    ("place", pgettext_lazy("in a cell", "place")),
)
BRACKETS = re.compile(r"[()]")
NOTHING = "–"  # where a seat has no address, or no name


def _seats(pks: Sequence[int], actor: Actor) -> Mapping[int, str]:
    """The other seats: “Sede di Est (via Est 3), hours: Monday 9-13, point: 44.49, 11.34, area: Est (EST)”."""
    rows = list(Seat.objects.filter(organisation__in=among(pks)).order_by("id"))
    names = visible_places_named((row.place_id for row in rows if row.place_id), actor) if rows else {}
    plain = plain_of(Organisation, sorted({row.organisation_id for row in rows}), actor)
    found: dict[int, list[str]] = {}
    for row in rows:
        cover = cover_unless(row.organisation_id in plain)
        own, written = cover(row.name), cover(row.address)
        apart = bool(BRACKETS.search(written)) or (not own and written == NOTHING)
        address = NOTHING if apart else written
        head = f"{own} ({address or NOTHING})" if own else address or NOTHING
        said = {
            "address": written if apart else "",
            "opening": cover(row.opening),
            "point": f"{row.lat}, {row.lon}" if row.lon is not None and row.lat is not None else "",
            "area": finding.named(row.area_id) or (NOTHING if row.lon is not None else ""),
            "place": names.get(row.place_id or 0, ""),
        }
        found.setdefault(row.organisation_id, []).append(cells.told(head, [(name, said[key]) for key, name in SEAT]))
    return {pk: in_one_cell(texts) for pk, texts in found.items()}


CONTACTS = ContactLookup(OrganisationContact, "organisation")
PHONES = (ContactKind.PHONE, ContactKind.MOBILE)
SITES = (ContactKind.WEB, ContactKind.SOCIAL)
COLUMNS: tuple[Column, ...] = (
    Column("id", _("number"), "pk", numeric=True, on_page=False),
    Column("name", _("name"), "name"),
    Column("acronym", _("acronym"), "acronym", on_page=False),
    Column("other_names", _("other names"), batch=_other_names, on_page=False),
    Column("kind", _("kind"), "kind_id", codes.label),
    Column("group", _("group"), "kind__broader_id", codes.label, on_page=False),
    Column("ets", _("third-sector body"), "is_ets", on_page=False),
    Column("formal", _("formally constituted"), "is_formal", on_page=False),
    Column("public_body", _("public body"), "is_public_body", on_page=False),
    Column("area", _("area"), "area__name"),
    Column("area_code", _("code of the area"), "area__code", on_page=False),
    Column("address", _("address"), "address"),
    Column("seats", _("other seats"), batch=_seats, on_page=False),
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
    Column("description", _("what it does"), "description", read_by=as_read(Organisation), on_page=False),
    Column("tax_code", _("tax code"), "tax_code", on_page=False),
    Column("runts_number", _("RUNTS number"), "runts_number", on_page=False),
    Column("founded_year", _("since"), "founded_year", numeric=False, on_page=False),
    Column("closed_on", _("closed on"), "closed_on", on_page=False),
    Column("lon", _("longitude"), "lon", on_page=False),
    Column("lat", _("latitude"), "lat", on_page=False),
    Column("confirmed_on", _("confirmed by the body"), "confirmed_on"),
    Column("used_on", _("used with success"), "used_on", on_page=False),
    Column("edited_at", _("edited"), "edited_at", on_page=False),
    Column("names_several", _("names several bodies"), "names_several", on_page=False, staff=True),
    Column("sensitive", _("naming it may harm"), "is_sensitive", on_page=False, staff=True),
    Column("public", _("shown to everybody"), "is_public", on_page=False, staff=True),
    Column("source", _("source"), "source__title", on_page=False),
    Column("demonstration", _("invented for the demonstration"), "is_demonstration", on_page=False),
)


# --- the register ---------------------------------------------------------------------------------------------------
def visible(actor: Actor) -> OrganisationQuerySet:
    """The organisations that the actor may see."""
    return Organisation.objects.visible_to(actor)


def url(pk: int) -> str:
    """The address of an organisation."""
    return reverse("network:organisation", args=[pk])


def counted(count: int) -> str:
    """165 -> "165 organisations"."""
    return ngettext("%(n)s organisation", "%(n)s organisations", count) % {"n": number(count)}


def _counted_kinds(count: int) -> str:
    return ngettext("%(n)s kind", "%(n)s kinds", count) % {"n": number(count)}


REGISTER = Register(
    key="organisations",
    model=Organisation,
    title=_("Who is there"),
    counted=counted,
    visible=visible,
    dimensions=DIMENSIONS,
    columns=COLUMNS,
    orders={
        "name": (_("by name"), ("name",)),
        "confirmed": (_("last confirmed first"), (F("confirmed_on").desc(nulls_last=True), "name")),  # type: ignore[dict-item]
        "edited": (_("last edited first"), ("-edited_at", "name")),
    },
    card="network/_card.html",
    url=url,
    for_list=lambda rows: rows.select_related("area", "kind"),
    spread=(("kind", _counted_kinds),),
    add_url="network:organisation_add",
    may_add=permissions.may_add,
    # An informal group of one is a person: counts of such alone are counts of persons.
    persons=Q(kind__in=["organisation_kind:single_citizen", "organisation_kind:reference_person"]),
    caution=_("Who is not written here may be there all the same: these are the organisations that somebody listed."),
)


# --- search ---------------------------------------------------------------------------------------------------------
def area_names() -> dict[int, str]:
    """For each area its name and the names of all above it, in one text: for the index."""
    known = finding.nodes()
    found: dict[int, str] = {}
    for pk, node in known.items():  # in the order of the tree: parents come first
        above = found.get(node.parent, "") if node.parent is not None else ""
        found[pk] = f"{above} {node.name}".strip()
    return found


def _entries(pks: Sequence[int] | None) -> Iterator[tuple[int, str, str]]:
    rows = Organisation.objects.order_by("pk")
    keys = list(pks) if pks is not None else list(rows.values_list("pk", flat=True))
    areas = area_names()
    fields = ("pk", "name", "acronym", "description", "address", "kind__label_it", "kind__label_en", "area_id")
    for start in range(0, len(keys), 1000):
        part = keys[start : start + 1000]
        names = OrganisationName.objects.filter(organisation__in=part).order_by("id")
        others = joined(names.values_list("organisation_id", "name"))
        for pk, name, *texts, area in rows.filter(pk__in=part).values_list(*fields):
            yield pk, name, " ".join(filter(None, [*texts, others.get(pk), areas.get(area)]))


def _lines(pks: Sequence[int]) -> dict[int, str]:
    found = {}
    rows = Organisation.objects.filter(pk__in=pks).order_by()
    for pk, kind, area, text in rows.values_list("pk", "kind_id", "area__name", "description"):
        line, text = " · ".join(filter(None, [codes.label(kind), area])), without_personal(text)
        found[pk] = f"{line}. {Truncator(text).chars(140)}" if text and line else line or Truncator(text).chars(140)
    return found


# --- the page of an area --------------------------------------------------------------------------------------------
def who_is_there(actor: Actor, area: Any) -> dict[str, Any] | None:
    """The organisations of an area by kind, those confirmed last, and how many wait for a confirmation."""
    below = AreaClosure.objects.filter(ancestor=area.pk).order_by().values("area")
    rows = visible(actor).filter(area__in=below).open()
    counts = dict(rows.order_by().values_list("kind_id").annotate(n=Count("pk")))
    total = sum(counts.values())
    groups = []
    for group in KIND_GROUPS:
        kinds = [
            {"label": code.label, "count": counts[code.id], "query": f"area={area.code}&kind={code.value}"}
            for code in codes.codes_of(KIND, also_closed=True)
            if code.broader_id == codes.key(KIND, group) and counts.get(code.id)
        ]
        if kinds:
            label, count = codes.label(codes.key(KIND, group)), sum(kind["count"] for kind in kinds)
            groups.append({"label": label, "count": count, "query": f"area={area.code}&group={group}", "kinds": kinds})
    unknown = total - sum(group["count"] for group in groups)
    nowhere = visible(actor).filter(area__isnull=True).open().order_by().count()
    newest = rows.filter(confirmed_on__gte=confirmation_limit()).order_by("-confirmed_on", "name", "pk")[:5]
    return {
        "total": total,
        "counted": counted(total),
        "groups": groups,
        "unknown": unknown,
        "unknown_query": f"area={area.code}&kind={NONE}",
        "newest": list(newest.values("pk", "name", "confirmed_on")),
        "to_confirm": rows.filter(decayed()).count(),
        "area_code": area.code,
        "nowhere": nowhere,
        "nowhere_said": _nowhere(total, nowhere, at_home=holds_everything(area)),
        "nowhere_query": f"area={NONE}&stands=open",
    }


def _nowhere(total: int, nowhere: int, *, at_home: bool) -> str:
    """How many organisations say no place: those of the territory itself, or those that no part of it can count."""
    words = {"counted": counted(total + nowhere), "n": number(nowhere)}
    if not nowhere:
        return ""
    if not at_home:
        return (
            ngettext(
                "%(n)s organisation of the territory has no stated place: it cannot be counted here.",
                "%(n)s organisations of the territory have no stated place: they cannot be counted here.",
                nowhere,
            )
            % words
        )
    if not total:
        return _now("%(counted)s, none with a stated place") % words
    return _now("%(counted)s, %(n)s without a stated place") % words


# --- what waits -----------------------------------------------------------------------------------------------------
MOST_COUNTED = 1000  # beyond that it no longer matters how many


def to_confirm(actor: Actor, register: Register, rows: QuerySet[Any], query: str) -> list[Alert]:
    """How many records wait for a confirmation in each of the areas that the actor answers for: one alert per area.

    `query` is what narrows the register to `rows`.
    """
    if actor.everywhere(WRITERS):
        held: Sequence[int | None] = [None]
    else:
        held = sorted({grant.area for grant in actor.grants if grant.role in WRITERS and grant.area is not None})
    alerts = []
    address = reverse(f"{register.model._meta.app_label}:{register.key}")
    for area in held[:3]:
        waiting = rows.filter(decayed()).order_by()
        if area is not None:
            waiting = waiting.filter(area__in=AreaClosure.objects.filter(ancestor=area).order_by().values("area"))
        count = waiting[:MOST_COUNTED].count()
        if count:
            title = _now("To confirm: %(counted)s") if count < MOST_COUNTED else _now("To confirm: over %(counted)s")
            place = f"area={finding.code_of(area)}&" if area is not None else ""
            detail = finding.name_of(area) if area is not None else ""
            title %= {"counted": register.counted(count)}
            alerts.append(Alert(title, f"{address}?{place}{query}&to_confirm=1", detail=detail))
    return alerts


def what_waits(actor: Actor) -> list[Alert]:
    """The organisations for which the actor speaks, when nobody confirmed them; those to confirm in their areas."""
    own = visible(actor).filter(pk__in=actor.organisations).open().filter(decayed()).order_by("name", "pk")
    asked = _now("Is it still right? %(name)s")
    alerts = [Alert(asked % {"name": name}, url(pk)) for pk, name in own.values_list("pk", "name")[:5]]
    return [*alerts, *_to_decide(actor), *to_confirm(actor, REGISTER, visible(actor).open(), "stands=open")]


def _to_decide(actor: Actor) -> list[Alert]:
    """How many pairs of names wait for the actor's word."""
    if not permissions.is_writer(actor):
        return []
    count = Proposal.objects.decidable_by(actor).open().order_by()[:MOST_COUNTED].count()
    if not count:
        return []
    title = ngettext("%(counted)s pair of names to decide", "%(counted)s pairs of names to decide", count)
    if count >= MOST_COUNTED:
        title = _now("over %(counted)s pairs of names to decide")
    return [Alert(title % {"counted": number(count)}, reverse("network:duplicates"))]


declare(
    REGISTER,
    Alerts("organisations", _("Who is there"), what_waits),
    Searchable(
        model=Organisation, label=_("Who is there"), entries=_entries, visible=visible, url=url, lines=_lines, order=10
    ),
    AreaSection("organisations", _("Who is there"), "network/_area.html", who_is_there, order=20),
    Linked(OrganisationName, "organisation", alike_by=("normalised_name",)),
    Linked(OrganisationContact, "organisation", alike_by=("kind", "value"), fills=("label",)),
    Linked(Seat, "organisation", alike_by=("address", "name"), fills=("place_id", "opening")),
    Linked(Membership, "organisation", alike_by=("user", "role", "area", "since", "until")),
    Linked(
        Tie,
        "one",
        with_ends="other",
        alike_by=("other", "role", "strength", "since", "closed_on"),
        fills=("purpose", "gives", "receives", "last_seen_on", "source_text"),
        shared=True,
    ),
    Linked(
        Tie,
        "other",
        with_ends="one",
        alike_by=("one", "role", "strength", "since", "closed_on"),
        fills=("purpose", "gives", "receives", "last_seen_on", "source_text"),
        shared=True,
    ),
    Linked(Proposal, "one", with_ends="other", either_way=True, fills=("decision", "decided_by_id", "decided_at")),
    Linked(Proposal, "other", with_ends="one", either_way=True, fills=("decision", "decided_by_id", "decided_at")),
)
