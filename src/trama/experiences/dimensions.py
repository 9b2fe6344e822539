"""By what experiences can be told apart: the dimensions of their register that are no plain field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, ExtractYear
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trama.core.actor import Actor
from trama.core.freshness import decayed
from trama.core.registers import (
    NONE,
    ChoiceDimension,
    CodeDimension,
    Dimension,
    FlagDimension,
    YearDimension,
)
from trama.experiences.choices import ExperienceState, Outcome, Precision
from trama.experiences.models import Evaluation, Experience, Participation
from trama.network.models import Organisation
from trama.territory.declarations import area_dimensions

# What is public of organisations: the register never tells where a hidden one stands, whoever asks.
PUBLIC_ORGANISATION = Q(organisation__is_public=True, organisation__is_sensitive=False)
# The same, told from the experience: a hidden one is counted nowhere, or a count of one experience would show it.
COUNTED_ORGANISATION = Q(participations__organisation__is_public=True, participations__organisation__is_sensitive=False)


@dataclass(frozen=True)
class StartYear(YearDimension):
    """The year in which an experience began."""

    def choices(self, actor: Actor) -> Sequence[tuple[str, str]]:
        # Two ends of an index: both at once (MIN and MAX together) would walk it whole.
        days = Experience.objects.visible_to(actor).filter(starts_on__isnull=False).values_list("starts_on", flat=True)
        first, last = days.order_by("starts_on").first(), days.order_by("-starts_on").first()
        if first is None or last is None:
            return []
        return [(str(year), str(year)) for year in range(last.year, first.year - 1, -1)]

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


_KINDS = CodeDimension("organisation_kind", "", "", list="organisation_kind")


@dataclass(frozen=True)
class KindOfOrganisation(Dimension):
    """The kinds of the organisations that take part, hidden ones apart."""

    codes: CodeDimension = _KINDS

    def choices(self, actor: Actor) -> Sequence[tuple[str, str]]:
        return self.codes.choices(actor)

    def name(self, value: Any) -> str:
        return self.codes.name(value)

    def address_of(self, value: Any) -> str:
        return self.codes.address_of(value)

    def stored(self, value: str) -> Any:
        return self.codes.stored(value)

    def order(self, values: Iterable[Any]) -> list[Any]:
        return self.codes.order(values)

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        parts = Participation.objects.order_by().filter(PUBLIC_ORGANISATION)
        kinds = [self.stored(value) for value in values if value != NONE]
        condition = Q(pk__in=parts.filter(organisation__kind__in=kinds).values("experience"))
        if NONE in values:
            condition |= ~Q(pk__in=parts.filter(organisation__kind__isnull=False).values("experience"))
        return rows.filter(condition)

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        named = Participation.objects.order_by().filter(PUBLIC_ORGANISATION, experience=OuterRef("pk"))
        annotated = rows.annotate(
            **{
                alias: Case(When(COUNTED_ORGANISATION, then=F("participations__organisation__kind_id"))),
                f"{alias}_seen": Case(When(COUNTED_ORGANISATION, then=Value(1)), default=Value(0)),
            }
        )
        # Beside organisations that are shown, a hidden one leaves no line "not stated".
        return annotated.filter(Q(**{f"{alias}_seen": 1}) | ~Exists(named))


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


@dataclass(frozen=True)
class Experiment(ChoiceDimension):
    """What was decided last of an experiment. Whether an evaluation is planned is read inside only, so not here."""

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        condition = Q(is_experiment=False) if NONE in values else Q(pk__in=[])
        known = [value for value in values if value in dict(self.options)]
        if known:
            trials = Experience.objects.order_by().filter(is_experiment=True)
            condition |= Q(pk__in=self.group(trials, "how_far").filter(how_far__in=known).values("pk"))
        return rows.filter(condition)

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        decided = Evaluation.objects.filter(experience=OuterRef("pk")).exclude(outcome="").order_by("-pk")
        how_far = Coalesce(Subquery(decided.values("outcome")[:1]), Value("open"))
        return rows.annotate(**{alias: Case(When(is_experiment=True, then=how_far))})


HOW_FAR = (("open", _("not decided yet")), *Outcome.choices)


def tree_of(roots: Iterable[int]) -> set[int]:
    """The ids of these experiences and of all their parts, at any depth: one query per level."""
    found = level = set(roots)
    while level:
        parts = Experience.objects.filter(parent__in=level).order_by().values_list("pk", flat=True)
        level = set(parts) - found
        found = found | level
    return found


def facet(list_: str, label: Any, *, special: bool = False) -> CodeDimension:
    """One of the multi-valued lists as a dimension."""
    return CodeDimension(list_, label, "codes", multiple=True, special=special, list=list_, relation="codes")


DIMENSIONS: tuple[Dimension, ...] = (
    CodeDimension("kind", _("Kind"), "kind_id", list="experience_kind"),
    *area_dimensions("area", "areas"),
    facet("target", _("For whom"), special=True),
    facet("aim", _("Aims")),
    facet("need", _("Needs"), special=True),
    Phase("phase", _("Moment"), "starts_on", options=PHASES),
    StartYear("year", _("Year of start"), "starts_on"),
    CodeDimension("service_role", _("Role of the social service"), "service_role_id", list="service_role"),
    KindOfOrganisation("organisation_kind", _("Kind of organisation"), "participations", multiple=True),
    facet("public_service", _("Public services connected")),
    facet("instrument", _("Instruments")),
    facet("purpose", _("Purpose")),
    facet("theme", _("Theme")),
    FlagDimension("good_practice", _("Good practice"), "is_good_practice"),
    Experiment("experiment", _("Experiments"), "is_experiment", options=HOW_FAR),
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
