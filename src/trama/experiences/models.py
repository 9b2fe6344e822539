"""Experiences: projects, activities, groups, events and series. Who, where, for whom, with whom, how many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.utils.translation import gettext_lazy as _

from trama.core import figures, small_counts
from trama.core.actor import Actor
from trama.core.freshness import Freshness
from trama.core.models import Code, Source
from trama.core.privacy import PUBLIC, Privacy
from trama.experiences.choices import SPECIAL_CODES, ExperienceState, Outcome, Precision
from trama.experiences.permissions import visible, visible_practices
from trama.network.models import Organisation
from trama.territory.models import Area, Located, Place

MOST_PEOPLE = 1_000_000  # a larger number of volunteers or people reached is a typing error


def touches_special_data() -> Q:
    """The experiences by whose number of persons a special category of data would be told."""
    codes = ExperienceCode.objects.order_by().filter(experience=OuterRef("pk"), code__in=SPECIAL_CODES)
    return Q(Exists(codes))


class ExperienceQuerySet(models.QuerySet["Experience"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(visible(actor))

    def active_in(self, start: Any, end: Any) -> Self:
        """Experiences whose period touches the days from `start` to `end`; an open end counts as going on."""
        return self.filter(
            Q(starts_on__isnull=True) | Q(starts_on__lte=end), Q(ends_on__isnull=True) | Q(ends_on__gte=start)
        )

    def published(self) -> Self:
        return self.filter(state=ExperienceState.PUBLISHED)

    def in_areas(self, area_ids: Any) -> Self:
        """Experiences that take place in one of these areas (ids, or a query that gives them)."""
        rows = ExperienceArea.objects.order_by().filter(area__in=area_ids)
        return self.filter(pk__in=rows.values("experience"))

    def people(self) -> People:
        """Volunteers and people reached, summed over these experiences in one query, with how well they are known."""
        counts: dict[str, Any] = {"base": Count("pk")}
        for name in ("volunteers", "beneficiaries"):
            counts[f"{name}_total"] = Sum(small_counts.published(name, touches_special_data()))
            counts[f"{name}_least"] = Sum(small_counts.at_least(name, touches_special_data()))
            counts[f"{name}_small"] = Sum(small_counts.smallness(name, touches_special_data()))
            counts[f"{name}_known"] = Count(name)
            counts[f"{name}_estimated"] = Count("pk", filter=Q(**{f"{name}_precision": Precision.ESTIMATED}))
        found = self.order_by().aggregate(**counts)
        return People(
            *(
                Total(
                    found[f"{name}_total"] or 0,
                    found[f"{name}_known"],
                    found["base"],
                    bool(found[f"{name}_estimated"]),
                    found[f"{name}_least"] or 0,
                    found[f"{name}_small"] or 0,
                )
                for name in ("volunteers", "beneficiaries")
            )
        )


@dataclass(frozen=True)
class Total:
    """A sum with what it takes to say it honestly: known for how many of how many, and whether any is an estimate.

    Small numbers of persons enter `total` as a convention, whatever they are (`core.small_counts`): `small` says how
    many, `least` is the sum of which readers can be sure.
    """

    total: int
    known: int
    base: int
    any_estimated: bool
    least: int = 0
    small: int = 0

    @property
    def is_protected(self) -> bool:
        """Whether so few persons are counted that the sum may not be told."""
        return small_counts.is_small(self.least, small_counts.THRESHOLD)

    def phrase(self, *, lower_bound: bool) -> str:
        """The sum as it is printed. `lower_bound`: what is not known can only add to it."""
        if self.is_protected:
            return small_counts.protected()
        sure = lower_bound and self.known < self.base
        return figures.phrase(
            self.least if sure else self.total,
            self.any_estimated or bool(self.small and not sure),
            self.known,
            self.base,
            lower_bound=lower_bound,
        )


@dataclass(frozen=True)
class People:
    """The two sums of a set of experiences. Neither counts distinct persons."""

    volunteers: Total
    beneficiaries: Total


class Experience(Located, Freshness):
    """Something that is done with a community. The Bologna survey and the sheet of a zone plan are views on it.

    `area` is the area of its main place or the first of its areas; all of them are in `areas`.
    """

    privacy: ClassVar[Privacy] = PUBLIC

    name = models.CharField(_("title"), max_length=250)
    summary = models.TextField(_("in a few words"), blank=True)
    kind = models.ForeignKey(Code, verbose_name=_("kind"), on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=ExperienceState.choices, default=ExperienceState.DRAFT)
    is_city_wide = models.BooleanField(_("in the whole territory"), default=False)
    is_sensitive = models.BooleanField(_("naming it may harm"), default=False)
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    parent = models.ForeignKey(
        "self", verbose_name=_("part of"), null=True, blank=True, on_delete=models.PROTECT, related_name="parts"
    )
    continues = models.ForeignKey(
        "self",
        verbose_name=_("continues"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="continued_by",
    )
    copied_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="copies", editable=False
    )
    taken_from = models.ForeignKey(
        "Practice",
        verbose_name=_("taken up from the sheet"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="taken_up",
        editable=False,
    )
    service_role = models.ForeignKey(
        Code,
        verbose_name=_("role of the social service"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    volunteers = models.PositiveIntegerField(
        _("volunteers"), null=True, blank=True, validators=[MaxValueValidator(MOST_PEOPLE)]
    )
    volunteers_precision = models.CharField(
        _("how volunteers are known"), max_length=10, choices=Precision.choices, default=Precision.UNKNOWN
    )
    beneficiaries = models.PositiveIntegerField(
        _("people reached"), null=True, blank=True, validators=[MaxValueValidator(MOST_PEOPLE)]
    )
    beneficiaries_precision = models.CharField(
        _("how people reached are known"), max_length=10, choices=Precision.choices, default=Precision.UNKNOWN
    )
    outputs = models.TextField(_("what came of it"), blank=True)
    critical_points = models.TextField(_("what was difficult"), blank=True)
    is_good_practice = models.BooleanField(_("good practice"), default=False)
    is_experiment = models.BooleanField(_("experiment"), default=False)
    source_text = models.TextField(_("sources and links"), blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    is_demonstration = models.BooleanField(default=False, editable=False)
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    import_key = models.CharField(max_length=120, blank=True)

    objects = ExperienceQuerySet.as_manager()

    @property
    def is_of_body(self) -> bool:
        """Whether some organisation that everybody sees is named in it, that could confirm it."""
        return self.participations.filter(organisation__is_public=True, organisation__is_sensitive=False).exists()

    class Meta:
        ordering = ("-starts_on", "name", "id")
        verbose_name = _("experience")
        verbose_name_plural = _("experiences")
        constraints = [
            models.UniqueConstraint(
                fields=["import_key"], condition=~Q(import_key=""), name="an_experience_is_imported_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(starts_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="an_experience_ends_after_it_starts",
                violation_error_message=_("The end date comes before the start: which of the two is right?"),
            ),
            models.CheckConstraint(
                condition=Q(volunteers__isnull=False, volunteers_precision__in=["exact", "estimated"])
                | Q(volunteers__isnull=True, volunteers_precision="unknown"),
                name="volunteers_are_counted_or_not_known",
                violation_error_message=_("Say how many volunteers there were, or that it is not known."),
            ),
            models.CheckConstraint(
                condition=Q(beneficiaries__isnull=False, beneficiaries_precision__in=["exact", "estimated"])
                | Q(beneficiaries__isnull=True, beneficiaries_precision="unknown"),
                name="beneficiaries_are_counted_or_not_known",
                violation_error_message=_("Say how many people were reached, or that it is not known."),
            ),
            models.CheckConstraint(
                condition=~Q(parent=F("id")) & ~Q(continues=F("id")),
                name="an_experience_is_not_born_of_itself",
                violation_error_message=_("An experience cannot be part of itself, nor continue itself."),
            ),
        ]
        indexes = [
            models.Index(fields=["x", "y", "state", "is_sensitive"], name="experiences_on_the_map"),
            # Each order of the list, with what decides who may see a row: a far page is found in the index alone.
            models.Index(
                fields=["-starts_on", "name", "id", "state", "is_sensitive", "kind", "ends_on", "confirmed_on"],
                name="experiences_in_order",
            ),
            models.Index(fields=["name", "id", "state", "is_sensitive"], name="experiences_by_name"),
            models.Index(fields=["-edited_at", "id", "state", "is_sensitive"], name="experiences_by_edit"),
            models.Index(fields=["kind", "state", "is_sensitive"], name="experiences_by_kind"),
            models.Index(fields=["area", "state", "is_sensitive"], name="experiences_by_main_area"),
            # What is counted, in the order of the tables that hang on it. The state does not come first: lists would
            # then be sought in here, and sorted.
            models.Index(
                fields=[
                    "id",
                    "state",
                    "is_sensitive",
                    "volunteers",
                    "volunteers_precision",
                    "beneficiaries",
                    "beneficiaries_precision",
                ],
                name="experiences_counted",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.put_at(self.lon, self.lat)
        super().save(*args, **kwargs)


class ExperienceCode(models.Model):
    """A value of one of the open lists; the facet is the list's name.

    Facets: `aim`, `target`, `need`, `instrument`, `public_service`, `purpose`, `theme`.
    """

    privacy: ClassVar[Privacy] = PUBLIC

    experience = models.ForeignKey(Experience, on_delete=models.CASCADE, related_name="codes")
    facet = models.CharField(max_length=40)
    code = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("experience_id", "code_id")
        verbose_name = _("value of an experience")
        verbose_name_plural = _("values of experiences")
        constraints = [models.UniqueConstraint(fields=["experience", "code"], name="an_experience_bears_a_code_once")]
        indexes = [
            models.Index(fields=["code", "experience", "facet"], name="experiences_by_code"),
            # A crosstab joins the codes of a list to a hundred thousand experiences: from this index alone.
            models.Index(fields=["experience", "facet", "code"], name="codes_of_experiences"),
        ]

    def __str__(self) -> str:
        return self.code_id


class ExperienceArea(models.Model):
    """An area in which an experience takes place."""

    privacy: ClassVar[Privacy] = PUBLIC

    experience = models.ForeignKey(Experience, on_delete=models.CASCADE, related_name="areas")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("experience_id", "id")
        verbose_name = _("area of an experience")
        verbose_name_plural = _("areas of experiences")
        constraints = [models.UniqueConstraint(fields=["experience", "area"], name="an_experience_is_in_an_area_once")]
        indexes = [models.Index(fields=["area", "experience"], name="experiences_by_area")]

    def __str__(self) -> str:
        return f"{self.experience_id} {self.area_id}"


class ExperiencePlace(models.Model):
    """A place where an experience takes place."""

    privacy: ClassVar[Privacy] = PUBLIC

    experience = models.ForeignKey(Experience, on_delete=models.CASCADE, related_name="places")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="experiences")

    class Meta:
        ordering = ("experience_id", "id")
        verbose_name = _("place of an experience")
        verbose_name_plural = _("places of experiences")
        constraints = [models.UniqueConstraint(fields=["experience", "place"], name="an_experience_is_at_a_place_once")]

    def __str__(self) -> str:
        return f"{self.experience_id} {self.place_id}"


class Participation(models.Model):
    """An organisation in an experience, with its role and both sides of the exchange (S0.7). It makes the network."""

    privacy: ClassVar[Privacy] = PUBLIC

    experience = models.ForeignKey(Experience, on_delete=models.CASCADE, related_name="participations")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="participations")
    role = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="+")
    gives = models.CharField(_("what it gives"), max_length=300, blank=True)
    receives = models.CharField(_("what comes back"), max_length=300, blank=True)
    since = models.DateField(_("since"), null=True, blank=True)

    class Meta:
        ordering = ("experience_id", "id")
        verbose_name = _("participation in an experience")
        verbose_name_plural = _("participations in experiences")
        constraints = [
            models.UniqueConstraint(
                fields=["experience", "organisation", "role"], name="an_organisation_takes_part_once_in_a_role"
            )
        ]
        indexes = [models.Index(fields=["organisation", "experience"], name="experiences_of_an_organisation")]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.role_id} {self.experience_id}"


class Funding(models.Model):
    """Money for an experience: who, from which fund, in which year, how much (euro)."""

    privacy: ClassVar[Privacy] = PUBLIC

    experience = models.ForeignKey(Experience, on_delete=models.CASCADE, related_name="fundings")
    funder = models.ForeignKey(
        Organisation, verbose_name=_("funder"), null=True, blank=True, on_delete=models.PROTECT, related_name="fundings"
    )
    fund = models.CharField(_("fund"), max_length=200, blank=True)
    year = models.PositiveSmallIntegerField(_("year"), validators=[MinValueValidator(1950), MaxValueValidator(2100)])
    amount = models.DecimalField(_("amount in euro"), max_digits=12, decimal_places=2)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        ordering = ("experience_id", "year", "id")
        verbose_name = _("funding of an experience")
        verbose_name_plural = _("fundings of experiences")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="an_amount_is_not_negative",
                violation_error_message=_("An amount cannot be negative."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.experience_id} {self.year} {self.amount}"


class Occurrence(models.Model):
    """A date of an experience: a session, an event, a stop of the mobile desk."""

    privacy: ClassVar[Privacy] = PUBLIC

    experience = models.ForeignKey(Experience, on_delete=models.CASCADE, related_name="occurrences")
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    place = models.ForeignKey(
        Place, verbose_name=_("place"), null=True, blank=True, on_delete=models.PROTECT, related_name="occurrences"
    )
    area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=200, blank=True)
    cancelled_because = models.CharField(_("cancelled because"), max_length=200, blank=True)
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    is_demonstration = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ("starts_at", "id")
        verbose_name = _("date")
        verbose_name_plural = _("dates")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="a_date_ends_after_it_starts",
                violation_error_message=_("It ends before it starts: which of the two times is right?"),
            )
        ]
        indexes = [models.Index(fields=["starts_at", "experience"], name="dates_in_order")]

    def __str__(self) -> str:
        return self.title or str(self.starts_at)


# --- good practices -----------------------------------------------------------------------------------------------
PRACTICE_FACETS = ("theme", "aim", "target", "need")
PRACTICE_TEXTS = (
    "summary",
    "problem",
    "done",
    "people",
    "takes",
    "worked",
    "did_not_work",
    "conditions",
    "materials",
)


class PracticeQuerySet(models.QuerySet["Practice"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(visible_practices(actor))

    def published(self) -> Self:
        return self.filter(state=ExperienceState.PUBLISHED)


class Practice(Freshness):
    """A good-practice sheet: an experience told so that others can do it too (S1.6).

    Where it is, and whether naming it may harm, is said by the experience alone.
    """

    privacy: ClassVar[Privacy] = PUBLIC
    is_of_body: ClassVar[bool] = False  # it is confirmed by who works there, whoever carries the experience
    stands_at: ClassVar[str] = "experience"  # for the map (`ui.maps`)

    experience = models.ForeignKey(
        Experience, verbose_name=_("experience"), on_delete=models.PROTECT, related_name="practices"
    )
    name = models.CharField(_("title"), max_length=250)
    summary = models.TextField(_("in a few words"), blank=True)
    problem = models.TextField(_("which problem"), blank=True)
    done = models.TextField(_("what was done"), blank=True)
    people = models.TextField(_("who did it"), blank=True)
    takes = models.TextField(_("what it takes"), blank=True)
    worked = models.TextField(_("what worked"), blank=True)
    did_not_work = models.TextField(_("what did not work"), blank=True)
    conditions = models.TextField(_("conditions to do it again"), blank=True)
    materials = models.TextField(_("materials"), blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ExperienceState.choices, default=ExperienceState.DRAFT)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    is_demonstration = models.BooleanField(default=False, editable=False)

    objects = PracticeQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        verbose_name = _("good-practice sheet")
        verbose_name_plural = _("good-practice sheets")

    def __str__(self) -> str:
        return self.name


class PracticeCode(models.Model):
    """A value of one of the open lists by which sheets are found; the facet is the list's name."""

    privacy: ClassVar[Privacy] = PUBLIC

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="codes")
    facet = models.CharField(max_length=40)
    code = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("practice_id", "code_id")
        verbose_name = _("value of a good-practice sheet")
        verbose_name_plural = _("values of good-practice sheets")
        constraints = [models.UniqueConstraint(fields=["practice", "code"], name="a_sheet_bears_a_code_once")]

    def __str__(self) -> str:
        return self.code_id


class Evaluation(models.Model):
    """What an experiment wants to find out, what was seen, and what was decided of it (S0.28).

    Without an outcome it is a plan that is going on; an experience has one such at most. `figures` are those that its
    record stated on the day of the decision: `volunteers` and `beneficiaries` as [number or None, how known], and
    `dates` held.
    """

    privacy: ClassVar[Privacy] = PUBLIC

    experience = models.ForeignKey(
        Experience, verbose_name=_("experience"), on_delete=models.CASCADE, related_name="evaluations"
    )
    question = models.TextField(_("what one wants to find out"))
    signs = models.TextField(_("by what one will see it"), blank=True)
    due_on = models.DateField(_("to be decided by"), null=True, blank=True)
    findings = models.TextField(_("what was seen"), blank=True)
    outcome = models.CharField(_("decision"), max_length=10, choices=Outcome.choices, blank=True)
    reasons = models.TextField(_("reasons of the decision"), blank=True)
    decided_by = models.CharField(_("who decided"), max_length=150, blank=True)
    decided_on = models.DateField(_("decided on"), null=True, blank=True)
    figures = models.JSONField(default=dict, blank=True, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    class Meta:
        ordering = ("experience_id", "id")
        verbose_name = _("evaluation of an experiment")
        verbose_name_plural = _("evaluations of experiments")
        constraints = [
            models.UniqueConstraint(
                fields=["experience"], condition=Q(outcome=""), name="an_experiment_is_evaluated_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(outcome="", decided_on__isnull=True) | (~Q(outcome="") & Q(decided_on__isnull=False)),
                name="a_decision_has_its_day",
                violation_error_message=_("Say what was decided and when."),
            ),
        ]

    def __str__(self) -> str:
        return self.question[:80]
