"""What experiences offer to the pages that gather: the register and the search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Count, F, FilteredRelation, Max, Min, Q, QuerySet, Value, When
from django.db.models.functions import ExtractYear
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from trama.core import codes
from trama.core.actor import Actor
from trama.core.declarations import Searchable, declare
from trama.core.freshness import decayed
from trama.core.registers import (
    NONE,
    ChoiceDimension,
    CodeDimension,
    Column,
    Dimension,
    FlagDimension,
    Measure,
    Register,
    YearDimension,
)
from trama.experiences import permissions
from trama.experiences.choices import ExperienceState, Precision
from trama.experiences.models import (
    Experience,
    ExperienceArea,
    ExperienceCode,
    ExperiencePlace,
    Funding,
    Participation,
)
from trama.network.models import Organisation
from trama.territory import finding
from trama.territory.declarations import area_dimensions
from trama.territory.models import Place
from trama.ui.numbers import number

# What is public of organisations: the register never tells where a hidden one stands, whoever asks.
PUBLIC_ORGANISATION = Q(organisation__is_public=True, organisation__is_sensitive=False)


# --- dimensions ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class StartYear(YearDimension):
    """The year in which an experience began."""

    def choices(self, actor: Actor) -> Sequence[tuple[str, str]]:
        found = Experience.objects.visible_to(actor).order_by().aggregate(first=Min("starts_on"), last=Max("starts_on"))
        if found["first"] is None:
            return []
        return [(str(year), str(year)) for year in range(found["last"].year, found["first"].year - 1, -1)]

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        condition = Q(starts_on__isnull=True) if NONE in values else Q(pk__in=[])
        for value in values:
            year = self.stored(value) if value != NONE else -1
            if 1 <= year <= 9999:
                # Two days instead of a function of the date, so that the index answers.
                condition |= Q(starts_on__gte=date(year, 1, 1), starts_on__lte=date(year, 12, 31))
        return rows.filter(condition)

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        return rows.annotate(**{alias: ExtractYear("starts_on")})

    def order(self, values: Iterable[Any]) -> list[Any]:
        return sorted(values, key=lambda value: (value is None, value or 0))


PHASES = (("ongoing", _("going on")), ("upcoming", _("to come")), ("ended", _("concluded")))


def phase_is(phase: str, today: date) -> Q:
    """The condition "on this day the experience is going on", "is to come", "is concluded". No date: it goes on."""
    started = Q(starts_on__isnull=True) | Q(starts_on__lte=today)
    not_ended = Q(ends_on__isnull=True) | Q(ends_on__gte=today)
    return {"ongoing": started & not_ended, "upcoming": Q(starts_on__gt=today), "ended": Q(ends_on__lt=today)}[phase]


@dataclass(frozen=True)
class Phase(ChoiceDimension):
    """Whether it is going on today, is to come, or is concluded."""

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        condition, today = Q(pk__in=[]), timezone.localdate()
        for value in values:
            if value in dict(PHASES):
                condition |= phase_is(value, today)
        return rows.filter(condition)

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        today = timezone.localdate()
        cases = [When(phase_is(key, today), then=Value(key)) for key in ("ended", "upcoming")]
        return rows.annotate(**{alias: Case(*cases, default=Value("ongoing"))})


@dataclass(frozen=True)
class ToConfirm(FlagDimension):
    """Whether nobody has confirmed the record within the term."""

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        if "1" in values and "0" in values:
            return rows
        if "1" in values:
            return rows.filter(decayed())
        return rows.exclude(decayed()) if "0" in values else rows.filter(pk__in=[])

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        return rows.annotate(**{alias: Case(When(decayed(), then=Value(1)), default=Value(0))})


def _numbers(values: Sequence[str]) -> list[int]:
    return [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 19]


@dataclass(frozen=True)
class OfOrganisation(Dimension):
    """The organisations that take part, by id. Hidden ones narrow to nothing: nobody learns where they are."""

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        parts = Participation.objects.order_by()
        named = parts.filter(PUBLIC_ORGANISATION, organisation__in=_numbers(values))
        condition = Q(pk__in=named.values("experience"))
        if NONE in values:
            condition |= ~Q(pk__in=parts.values("experience"))
        return rows.filter(condition)

    def chosen(self, value: str, actor: Actor) -> str:
        found = Organisation.objects.visible_to(actor).filter(pk__in=_numbers([value])).order_by()
        return found.values_list("name", flat=True).first() or ""


@dataclass(frozen=True)
class KindOfOrganisation(CodeDimension):
    """The kinds of the organisations that take part, hidden ones apart."""

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        parts = Participation.objects.order_by().filter(PUBLIC_ORGANISATION)
        kinds = [self.stored(value) for value in values if value != NONE]
        condition = Q(pk__in=parts.filter(organisation__kind__in=kinds).values("experience"))
        if NONE in values:
            condition |= ~Q(pk__in=parts.filter(organisation__kind__isnull=False).values("experience"))
        return rows.filter(condition)

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        shown = Q(participations__organisation__is_public=True, participations__organisation__is_sensitive=False)
        parts = FilteredRelation("participations", condition=shown)
        return rows.annotate(**{f"{alias}_rows": parts}).annotate(**{alias: F(f"{alias}_rows__organisation__kind_id")})


@dataclass(frozen=True)
class OfProgramme(Dimension):
    """What is part of an experience, at any depth, itself included; by id."""

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        condition = Q(pk__in=sorted(tree_of(_numbers(values))))
        if NONE in values:
            condition |= Q(parent__isnull=True)
        return rows.filter(condition)

    def chosen(self, value: str, actor: Actor) -> str:
        found = Experience.objects.visible_to(actor).filter(pk__in=_numbers([value])).order_by()
        return found.values_list("name", flat=True).first() or ""


def tree_of(roots: Iterable[int]) -> set[int]:
    """The ids of these experiences and of all their parts, at any depth: one query per level."""
    found = level = set(roots)
    while level:
        parts = Experience.objects.filter(parent__in=level).order_by().values_list("pk", flat=True)
        level = set(parts) - found
        found = found | level
    return found


def facet(list_: str, label: Any) -> CodeDimension:
    """One of the multi-valued lists as a dimension."""
    return CodeDimension(list_, label, "codes", multiple=True, list=list_, relation="codes")


DIMENSIONS: tuple[Dimension, ...] = (
    CodeDimension("kind", _("Kind"), "kind_id", list="experience_kind"),
    *area_dimensions("area", "areas"),
    facet("target", _("For whom")),
    facet("aim", _("Aims")),
    facet("need", _("Needs")),
    Phase("phase", _("Moment"), "starts_on", options=PHASES),
    StartYear("year", _("Year of start"), "starts_on"),
    CodeDimension("service_role", _("Role of the social service"), "service_role_id", list="service_role"),
    KindOfOrganisation(
        "organisation_kind", _("Kind of organisation"), "participations", multiple=True, list="organisation_kind"
    ),
    facet("public_service", _("Public services connected")),
    facet("instrument", _("Instruments")),
    facet("purpose", _("Purpose")),
    facet("theme", _("Theme")),
    FlagDimension("good_practice", _("Good practice"), "is_good_practice"),
    FlagDimension("city_wide", _("In the whole territory"), "is_city_wide"),
    ChoiceDimension(
        "volunteers_known", _("Volunteers: how known"), "volunteers_precision", options=tuple(Precision.choices)
    ),
    ChoiceDimension(
        "beneficiaries_known",
        _("People reached: how known"),
        "beneficiaries_precision",
        options=tuple(Precision.choices),
    ),
    ToConfirm("to_confirm", _("To confirm"), "confirmed_on"),
    ChoiceDimension("state", _("State"), "state", staff=True, options=tuple(ExperienceState.choices)),
    OfOrganisation("organisation", _("Organisation"), "participations__organisation", multiple=True, axis=False),
    OfProgramme("programme", _("Programme"), "parent", axis=False),
)

NOT_PERSONS = _("The sum counts a person as often as they took part: it is not a number of distinct persons.")
MEASURES = (
    Measure(
        "organisations",
        _("Organisations involved"),
        Count("participations__organisation", distinct=True),
        unit=_("organisations"),
        warning=_("Each organisation counts once, however many experiences it takes part in."),
    ),
    Measure(
        "volunteers",
        _("Volunteers"),
        unit=_("volunteers"),
        warning=NOT_PERSONS,
        sum_of="volunteers",
        known="volunteers",
        precision="volunteers_precision",
        persons=True,
    ),
    Measure(
        "beneficiaries",
        _("People reached"),
        unit=_("people"),
        warning=NOT_PERSONS,
        sum_of="beneficiaries",
        known="beneficiaries",
        precision="beneficiaries_precision",
        persons=True,
    ),
    Measure("funding", _("Funding"), unit=_("euro"), sum_of="fundings__amount", known="fundings__amount"),
)


# --- columns ------------------------------------------------------------------------------------------------------
def _grouped(pairs: Iterable[tuple[int, Any]]) -> dict[int, str]:
    """Texts by record, joined, each once, in the order in which they come."""
    found: dict[int, dict[str, None]] = {}
    for pk, text in pairs:
        if text:
            found.setdefault(pk, {})[str(text)] = None
    return {pk: "; ".join(texts) for pk, texts in found.items()}


def _codes_column(list_: str) -> Any:
    def batch(pks: Sequence[int], actor: Actor) -> Mapping[int, str]:
        # The order of the list, not of the keys: sorted here, where the list is in memory.
        rank = {code.id: (number, code.label) for number, code in enumerate(codes.codes_of(list_, also_closed=True))}
        rows = ExperienceCode.objects.filter(facet=list_, experience__in=pks).order_by()
        found = [(rank.get(code, (0, code)), pk) for pk, code in rows.values_list("experience_id", "code_id")]
        return _grouped((pk, label) for (_number, label), pk in sorted(found))

    return batch


def areas_of(pks: Sequence[int], actor: Actor) -> dict[int, str]:
    """The names of the areas of some experiences."""
    rows = ExperienceArea.objects.filter(experience__in=pks).order_by("id").values_list("experience_id", "area_id")
    return _grouped((pk, finding.name_of(area)) for pk, area in rows)


def _places_of(pks: Sequence[int], actor: Actor) -> dict[int, str]:
    rows = ExperiencePlace.objects.filter(experience__in=pks, place__in=Place.objects.visible_to(actor).order_by())
    return _grouped(rows.order_by("id").values_list("experience_id", "place__name"))


def organisations_of(pks: Sequence[int], actor: Actor) -> dict[int, str]:
    """The organisations that the actor may see, with their roles."""
    seen = Organisation.objects.visible_to(actor).order_by()
    rows = Participation.objects.filter(experience__in=pks, organisation__in=seen).order_by("id")
    named = rows.values_list("experience_id", "organisation__name", "role_id")
    return _grouped((pk, f"{name} ({codes.label(role).lower()})") for pk, name, role in named)


def _money_of(pks: Sequence[int], actor: Actor) -> dict[int, str]:
    rows = (
        Funding.objects.filter(experience__in=pks).order_by("year", "id").values_list("experience_id", "year", "amount")
    )
    return _grouped((pk, f"{year}: {amount}") for pk, year, amount in rows)


def _facet_column(list_: str, label: Any, *, on_page: bool = False) -> Column:
    return Column(list_, label, batch=_codes_column(list_), on_page=on_page)


def _choice(options: Mapping[str, Any]) -> Any:
    return lambda value: str(options.get(value, value))


COLUMNS: tuple[Column, ...] = (
    Column("id", _("number"), "pk", numeric=True, on_page=False),
    Column("name", _("title"), "name"),
    Column("kind", _("kind"), "kind_id", codes.label),
    Column("state", _("state"), "state", _choice(dict(ExperienceState.choices)), on_page=False, staff=True),
    Column("areas", _("where"), batch=areas_of),
    Column("places", _("places"), batch=_places_of, on_page=False),
    Column("city_wide", _("in the whole territory"), "is_city_wide", on_page=False),
    Column("starts_on", _("from"), "starts_on"),
    Column("ends_on", _("until"), "ends_on"),
    Column("organisations", _("organisations"), batch=organisations_of, on_page=False),
    _facet_column("target", _("for whom"), on_page=True),
    _facet_column("aim", _("aims")),
    _facet_column("need", _("needs")),
    Column("service_role", _("role of the social service"), "service_role_id", codes.label, on_page=False),
    _facet_column("public_service", _("public services connected")),
    _facet_column("instrument", _("instruments")),
    _facet_column("purpose", _("purpose")),
    _facet_column("theme", _("theme")),
    Column("volunteers", _("volunteers"), "volunteers", numeric=True),
    Column(
        "volunteers_precision",
        _("volunteers: how known"),
        "volunteers_precision",
        _choice(dict(Precision.choices)),
        on_page=False,
    ),
    Column("beneficiaries", _("people reached"), "beneficiaries", numeric=True),
    Column(
        "beneficiaries_precision",
        _("people reached: how known"),
        "beneficiaries_precision",
        _choice(dict(Precision.choices)),
        on_page=False,
    ),
    Column("funding", _("funding per year, in euro"), batch=_money_of, on_page=False),
    Column("summary", _("in a few words"), "summary", on_page=False),
    Column("outputs", _("what came of it"), "outputs", on_page=False),
    Column("critical_points", _("what was difficult"), "critical_points", on_page=False, staff=True),
    Column("good_practice", _("good practice"), "is_good_practice", on_page=False),
    Column("experiment", _("experiment"), "is_experiment", on_page=False),
    Column("parent", _("part of (number)"), "parent_id", numeric=True, on_page=False),
    Column("continues", _("continues (number)"), "continues_id", numeric=True, on_page=False),
    Column("lon", _("longitude"), "lon", numeric=True, on_page=False),
    Column("lat", _("latitude"), "lat", numeric=True, on_page=False),
    Column("confirmed_on", _("confirmed by the body"), "confirmed_on", on_page=False),
    Column("used_on", _("used with success"), "used_on", on_page=False),
    Column("edited_at", _("edited"), "edited_at", on_page=False),
    Column("sources", _("sources and links"), "source_text", on_page=False),
    Column("demonstration", _("invented for the demonstration"), "is_demonstration", on_page=False),
)


# --- the register -------------------------------------------------------------------------------------------------
def visible(actor: Actor) -> QuerySet[Experience]:
    """The experiences that the actor may see."""
    return Experience.objects.visible_to(actor)


def url(pk: int) -> str:
    """The address of an experience."""
    return reverse("experiences:experience", args=[pk])


def counted(count: int) -> str:
    """594 -> "594 experiences"."""
    return ngettext("%(n)s experience", "%(n)s experiences", count) % {"n": number(count)}


def _for_list(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_related("area").annotate(
        organisations_count=Count("participations__organisation", distinct=True)
    )


REGISTER = Register(
    key="experiences",
    model=Experience,
    title=_("What is done"),
    counted=counted,
    visible=visible,
    dimensions=DIMENSIONS,
    columns=COLUMNS,
    orders={
        "newest": (_("newest first"), ("-starts_on", "name")),
        "name": (_("by title"), ("name",)),
        "edited": (_("last edited"), ("-edited_at",)),
    },
    card="experiences/_card.html",
    url=url,
    measures=MEASURES,
    for_list=_for_list,
    add_url="experiences:experience_add",
    may_add=permissions.may_add,
    caution=_("What is not written here may exist all the same: these are the experiences that somebody told."),
)


# --- search -------------------------------------------------------------------------------------------------------
def _entries(pks: Sequence[int] | None) -> Iterator[tuple[int, str, str]]:
    rows = Experience.objects.order_by("pk")
    keys = list(pks) if pks is not None else list(rows.values_list("pk", flat=True))
    for start in range(0, len(keys), 1000):
        part = keys[start : start + 1000]
        hanging: dict[int, list[str]] = {}
        for pk, label_it, label_en in (
            ExperienceCode.objects.filter(experience__in=part)
            .order_by("id")
            .values_list("experience_id", "code__label_it", "code__label_en")
        ):
            hanging.setdefault(pk, []).extend([label_it, label_en])
        for pk, area in (
            ExperienceArea.objects.filter(experience__in=part).order_by("id").values_list("experience_id", "area_id")
        ):
            hanging.setdefault(pk, []).extend(node.name for node in finding.path_of(area))
        # Only what everybody may see is searched for: a hit must not tell that a hidden body or place is involved.
        places = ExperiencePlace.objects.filter(experience__in=part, place__is_public=True).order_by("id")
        parts = Participation.objects.filter(PUBLIC_ORGANISATION, experience__in=part).order_by("id")
        named = [
            *places.values_list("experience_id", "place__name"),
            *parts.values_list("experience_id", "organisation__name"),
        ]
        for pk, name in named:
            hanging.setdefault(pk, []).append(name)
        fields = ("pk", "name", "summary", "outputs", "kind__label_it", "kind__label_en")
        for pk, name, *texts in rows.filter(pk__in=part).values_list(*fields):
            yield pk, name, " ".join([*texts, *hanging.get(pk, [])])


def _lines(pks: Sequence[int]) -> dict[int, str]:
    found = {}
    rows = Experience.objects.filter(pk__in=pks).order_by()
    for pk, kind, area, starts, summary in rows.values_list("pk", "kind_id", "area_id", "starts_on", "summary"):
        parts = [
            codes.label(kind),
            finding.name_of(area),
            _now("since %(year)s") % {"year": starts.year} if starts else "",
        ]
        line = " · ".join(part for part in parts if part)
        found[pk] = f"{line}. {Truncator(summary).chars(140)}" if summary else line
    return found


declare(
    REGISTER,
    Searchable(
        model=Experience, label=_("What is done"), entries=_entries, visible=visible, url=url, lines=_lines, order=20
    ),
)
