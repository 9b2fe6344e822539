"""Waves: what was asked of whom, what was answered, and what was frozen at the end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trama.core.actor import Actor
from trama.core.declarations import Scope
from trama.core.privacy import INTERNAL, PUBLIC, Privacy, PrivacyClass
from trama.experiences.models import Experience
from trama.monitoring.choices import COVERED, Answer, Channel, Direction, PlanState, Rule, WaveState
from trama.monitoring.permissions import visible_plans, visible_sheets, visible_waves
from trama.network.models import Organisation
from trama.territory.models import Area, AreaClosure

GRACE_DAYS = 3  # a link works a little longer than answers are awaited
MIN_REST = 2  # days between two letters to the same person


class WaveQuerySet(models.QuerySet["Wave"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(visible_waves(actor)).distinct()


class Wave(models.Model):
    """A monitoring: a period, areas, what is asked; opened once, closed and frozen."""

    privacy: ClassVar[Privacy] = PUBLIC

    name = models.CharField(_("name"), max_length=200)
    promoter = models.CharField(_("promoted by"), max_length=200)
    researcher = models.CharField(_("carried out by"), max_length=200, blank=True)
    starts_on = models.DateField(_("period observed: from"))
    ends_on = models.DateField(_("period observed: until"))
    answer_by = models.DateField(_("answers until"))
    what = models.CharField(_("what is monitored"), max_length=40, default="experiences")
    kinds = models.JSONField(_("kinds"), default=list, blank=True)
    rule = models.CharField(_("which records"), max_length=10, choices=Rule.choices, default=Rule.ACTIVE)
    remind_after = models.PositiveSmallIntegerField(
        _("days between reminders"), default=10, validators=[MinValueValidator(3), MaxValueValidator(90)]
    )
    last_call = models.PositiveSmallIntegerField(
        _("last reminder, days before the end"), default=3, validators=[MaxValueValidator(30)]
    )
    # Thresholds: how many answers are hoped for, and from how many times apart two numbers are doubted.
    aim = models.PositiveSmallIntegerField(
        _("answers hoped for, in 100"), default=80, validators=[MaxValueValidator(100)]
    )
    times_apart = models.PositiveSmallIntegerField(
        _("times apart"), default=10, validators=[MinValueValidator(2), MaxValueValidator(100)]
    )
    # The address of this installation when it was opened: reminders that leave by themselves need it for their links.
    site = models.CharField(max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=WaveState.choices, default=WaveState.DRAFT)
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    fingerprint = models.CharField(_("SHA-256 of the content"), max_length=64, blank=True)
    definitions = models.JSONField(_("definitions"), default=dict, blank=True)
    is_demonstration = models.BooleanField(default=False, editable=False)

    objects = WaveQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_on", "-id")
        verbose_name = _("wave")
        verbose_name_plural = _("waves")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="a_wave_ends_after_it_starts",
                violation_error_message=_("The period ends before it starts: which of the two days is right?"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.state == WaveState.OPEN

    @property
    def is_closed(self) -> bool:
        return self.state == WaveState.CLOSED

    def area_ids(self) -> frozenset[int]:
        """The ids of its own areas."""
        return frozenset(row.area_id for row in self.areas.all())

    def scope(self) -> Scope:
        """What it looks at, with all that is below its areas."""
        below = AreaClosure.objects.filter(ancestor__in=self.area_ids()).order_by()
        areas = frozenset(below.values_list("area_id", flat=True))
        return Scope(areas, self.starts_on, self.ends_on, tuple(self.kinds), self.rule, self.times_apart)

    @property
    def links_until(self) -> date:
        """The last day on which its links work: the post is slow, and so some days after the last day for answers."""
        return self.answer_by + timedelta(days=GRACE_DAYS)

    def calendar(self, opened_on: date | None = None) -> list[date]:
        """The days on which who is silent is reminded: every so many days after the opening, and once before the end.

        For a wave in preparation: as if it opened on `opened_on` (today).
        """
        start = timezone.localdate(self.opened_at) if self.opened_at else opened_on or timezone.localdate()
        last = self.answer_by - timedelta(days=self.last_call)
        days = {start + timedelta(days=n) for n in range(self.remind_after, (last - start).days, self.remind_after)}
        return sorted({day for day in days if (last - day).days >= MIN_REST} | ({last} if last > start else set()))


class WaveArea(models.Model):
    """An area that a wave looks at, with everything below it."""

    privacy: ClassVar[Privacy] = PUBLIC

    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="areas")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("wave_id", "id")
        verbose_name = _("area of a wave")
        verbose_name_plural = _("areas of waves")
        constraints = [models.UniqueConstraint(fields=["wave", "area"], name="a_wave_has_an_area_once")]

    def __str__(self) -> str:
        return f"{self.wave_id} {self.area_id}"


class Questionnaire(models.Model):
    """A version of the additional questions of a wave; a version that was answered never changes."""

    privacy: ClassVar[Privacy] = PUBLIC

    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="questionnaires")
    version = models.PositiveSmallIntegerField(_("version"))
    questions = models.JSONField(_("questions"), default=list)
    source = models.CharField(_("from the file"), max_length=120, blank=True)
    made_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        ordering = ("wave_id", "-version")
        verbose_name = _("additional questions")
        verbose_name_plural = _("additional questions")
        constraints = [models.UniqueConstraint(fields=["wave", "version"], name="questions_have_one_version")]

    def __str__(self) -> str:
        return f"{self.wave_id} v{self.version}"


class SheetQuerySet(models.QuerySet["Sheet"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(visible_sheets(actor))

    def covered(self) -> Self:
        return self.filter(answer__in=COVERED)

    def silent(self) -> Self:
        return self.filter(answer=Answer.WAITING)


class Sheet(models.Model):
    """One record in one wave: whether somebody answered for it, how, and the answers to the additional questions."""

    # Free words of people: the audit names them, and does not repeat them.
    privacy: ClassVar[Privacy] = Privacy(PrivacyClass.INTERNAL, personal_fields=frozenset({"answers", "note"}))

    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="sheets")
    record = models.PositiveBigIntegerField(_("record"))
    title = models.CharField(_("title"), max_length=300)
    kind = models.CharField(_("kind"), max_length=60, blank=True)
    area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    is_sensitive = models.BooleanField(default=False)
    answer = models.CharField(_("answer"), max_length=10, choices=Answer.choices, default=Answer.WAITING)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answers = models.JSONField(_("additional answers"), default=dict, blank=True)
    answers_version = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(_("note"), max_length=300, blank=True)
    # The numbers that stood on it before the first answer changed any: against them a slip of the key shows.
    prefilled = models.JSONField(default=dict, blank=True)
    # What somebody looked at and found right though it was hard to believe: a hash of those values.
    checked = models.CharField(max_length=64, blank=True)

    objects = SheetQuerySet.as_manager()

    class Meta:
        ordering = ("wave_id", "title", "id")
        verbose_name = _("sheet of a wave")
        verbose_name_plural = _("sheets of waves")
        constraints = [models.UniqueConstraint(fields=["wave", "record"], name="a_record_has_one_sheet_in_a_wave")]
        indexes = [models.Index(fields=["wave", "area", "answer"], name="sheets_of_a_wave")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_waiting(self) -> bool:
        return self.answer == Answer.WAITING


class Invitation(models.Model):
    """A personal link to one sheet. The token is not here: only what it hashes to."""

    privacy: ClassVar[Privacy] = Privacy(
        PrivacyClass.PERSONAL,
        purpose=_("to ask who answers for an experience whether its sheet is still true"),
        legal_basis=_("GDPR art. 6(1)(e): task in the public interest"),
        retention=_("the address until the wave is closed; then only that a link was sent stays"),
        eraser="monitoring.actions.forget_recipients",
        personal_fields=frozenset({"email", "name"}),
    )

    sheet = models.ForeignKey(Sheet, on_delete=models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True)
    email = models.EmailField(_("e-mail"), blank=True)
    name = models.CharField(_("who"), max_length=200, blank=True)
    # In whose name it speaks: an organisation that carries the record, else the worker who handed the sheet over.
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    handed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    sent_at = models.DateTimeField(_("sent"), default=timezone.now)
    expires_at = models.DateTimeField(_("valid until"))
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    on_paper = models.BooleanField(default=False)
    # Its letter has not left yet: the mail server was not there, or the sending was broken off.
    is_unsent = models.BooleanField(default=False)

    class Meta:
        ordering = ("sheet_id", "-sent_at", "id")
        verbose_name = _("personal link")
        verbose_name_plural = _("personal links")

    def __str__(self) -> str:
        return f"{self.sheet_id} {self.sent_at:%Y-%m-%d}"

    @property
    def recipient(self) -> str:
        """Who was written to: the name and the mail box, or the mail box alone."""
        return f"{self.name} ({self.email})" if self.name else self.email


class Knock(models.Model):
    """How often somebody knocked within an hour: with wrong links from an address, or at one link."""

    privacy: ClassVar[Privacy] = INTERNAL

    door = models.CharField(max_length=64)  # a keyed hash: it says nothing of the address
    hour = models.DateTimeField()
    times = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("hour", "id")
        verbose_name = _("knock")
        verbose_name_plural = _("knocks")
        constraints = [models.UniqueConstraint(fields=["door", "hour"], name="knocks_are_counted_by_the_hour")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H} {self.times}"


class Frozen(models.Model):
    """What is written once: saving again or taking away alone is an error."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("what a wave froze does not change")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("what a wave froze does not change")


class FrozenRow(Frozen):
    """A record as it was when its wave closed."""

    privacy: ClassVar[Privacy] = INTERNAL

    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="rows")
    record = models.PositiveBigIntegerField()
    area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    is_sensitive = models.BooleanField(default=False)
    answer = models.CharField(max_length=10)  # an `Answer`, or `OUTSIDE`
    content = models.JSONField()
    answers = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)

    objects = SheetQuerySet.as_manager()

    class Meta:
        ordering = ("wave_id", "record")
        verbose_name = _("frozen record")
        verbose_name_plural = _("frozen records")
        constraints = [models.UniqueConstraint(fields=["wave", "record"], name="a_wave_freezes_a_record_once")]

    def __str__(self) -> str:
        return f"{self.wave_id} {self.record}"


class FrozenFigure(Frozen):
    """A figure as it was when its wave closed, in both languages; protected before it was frozen."""

    privacy: ClassVar[Privacy] = PUBLIC

    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="figures")
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=40)
    group = models.CharField(max_length=120, blank=True)
    value = models.CharField(max_length=120, blank=True)
    number = models.BigIntegerField(null=True)
    base = models.PositiveIntegerField()
    known = models.PositiveIntegerField()
    words = models.JSONField()  # {language: {label, text, note, group, value}}

    class Meta:
        ordering = ("wave_id", "position")
        verbose_name = _("frozen figure")
        verbose_name_plural = _("frozen figures")
        constraints = [models.UniqueConstraint(fields=["wave", "position"], name="a_wave_freezes_a_figure_once")]

    def __str__(self) -> str:
        return f"{self.wave_id} {self.key}"


class Erratum(models.Model):
    """A correction to a closed wave: what is wrong, what is right, why, and since when it is known."""

    privacy: ClassVar[Privacy] = PUBLIC

    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="errata")
    written_on = models.DateField(_("of"), default=timezone.localdate)
    figure = models.CharField(_("what it is about"), max_length=200)
    was = models.CharField(_("printed"), max_length=300)
    should_be = models.CharField(_("right"), max_length=300)
    reason = models.CharField(_("why"), max_length=500)

    class Meta:
        ordering = ("wave_id", "written_on", "id")
        verbose_name = _("erratum")
        verbose_name_plural = _("errata")

    def __str__(self) -> str:
        return self.figure


# --- objectives (S0.13) ---------------------------------------------------------------------------------------------
class ObjectivePlanQuerySet(models.QuerySet["ObjectivePlan"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(visible_plans(actor))


class ObjectivePlan(models.Model):
    """What a programme wants to reach, as a tree of objectives, each with the numbers by which one will see it."""

    privacy: ClassVar[Privacy] = PUBLIC

    name = models.CharField(_("name"), max_length=200)
    area = models.ForeignKey(Area, verbose_name=_("territory"), on_delete=models.PROTECT, related_name="+")
    # What is counted of experiences is counted of this one and of its parts.
    programme = models.ForeignKey(
        Experience,
        verbose_name=_("programme"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="objective_plans",
    )
    first_year = models.PositiveSmallIntegerField(
        _("from the year"), validators=[MinValueValidator(1990), MaxValueValidator(2100)]
    )
    last_year = models.PositiveSmallIntegerField(
        _("to the year"), null=True, blank=True, validators=[MinValueValidator(1990), MaxValueValidator(2100)]
    )
    note = models.TextField(_("in a few words"), blank=True)
    state = models.CharField(_("state"), max_length=10, choices=PlanState.choices, default=PlanState.DRAFT)
    is_demonstration = models.BooleanField(default=False, editable=False)

    objects = ObjectivePlanQuerySet.as_manager()

    class Meta:
        ordering = ("-first_year", "name", "id")
        verbose_name = _("plan of objectives")
        verbose_name_plural = _("plans of objectives")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_year__isnull=True) | Q(last_year__gte=F("first_year")),
                name="a_plan_ends_after_it_begins",
                violation_error_message=_("The plan ends before it begins: which of the two years is right?"),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Objective(models.Model):
    """What is to be reached; a part of another objective, or one of the first level."""

    privacy: ClassVar[Privacy] = PUBLIC

    plan = models.ForeignKey(ObjectivePlan, on_delete=models.CASCADE, related_name="objectives")
    parent = models.ForeignKey(
        "self", verbose_name=_("part of"), null=True, blank=True, on_delete=models.CASCADE, related_name="parts"
    )
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    text = models.CharField(_("objective"), max_length=300)
    note = models.TextField(_("what it means here"), blank=True)

    class Meta:
        ordering = ("plan_id", "position", "id")
        verbose_name = _("objective")
        verbose_name_plural = _("objectives")
        constraints = [models.CheckConstraint(condition=~Q(parent=F("id")), name="an_objective_is_no_part_of_itself")]

    def __str__(self) -> str:
        return self.text


class Yardstick(models.Model):
    """A number by which one sees whether an objective is reached: what is counted, from where, to where.

    `counted` is `register.measure`, or `context.CODE` of an indicator of context; `only` narrows a register to one
    value (`aim=strengthen_ties`).
    """

    privacy: ClassVar[Privacy] = PUBLIC

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="yardsticks")
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    counted = models.CharField(_("what is counted"), max_length=120)
    only = models.CharField(_("only those"), max_length=120, blank=True)
    direction = models.CharField(_("which way"), max_length=5, choices=Direction.choices, default=Direction.UP)
    start_value = models.FloatField(_("at the beginning"), null=True, blank=True)
    start_year = models.PositiveSmallIntegerField(_("in the year"), null=True, blank=True)
    target_value = models.FloatField(_("to be reached"), null=True, blank=True)
    target_year = models.PositiveSmallIntegerField(_("by the year"), null=True, blank=True)

    class Meta:
        ordering = ("objective_id", "position", "id")
        verbose_name = _("yardstick")
        verbose_name_plural = _("yardsticks")
        constraints = [
            models.UniqueConstraint(fields=["objective", "counted", "only"], name="an_objective_has_a_yardstick_once")
        ]

    def __str__(self) -> str:
        return f"{self.counted} {self.only}".strip()


class YearEnd(Frozen):
    """The objectives of a plan with their numbers as they stood when a year was closed."""

    privacy: ClassVar[Privacy] = PUBLIC

    plan = models.ForeignKey(ObjectivePlan, on_delete=models.PROTECT, related_name="year_ends")
    year = models.PositiveSmallIntegerField()
    kept_on = models.DateField(default=timezone.localdate)
    content = models.JSONField()
    fingerprint = models.CharField(max_length=64)

    class Meta:
        ordering = ("plan_id", "-year")
        verbose_name = _("closed year of a plan")
        verbose_name_plural = _("closed years of plans")
        constraints = [models.UniqueConstraint(fields=["plan", "year"], name="a_year_of_a_plan_is_closed_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.year}"
