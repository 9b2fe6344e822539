"""Indices as data: what they are made of, and what was frozen when they were published."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from trama.core.actor import Actor
from trama.core.privacy import PUBLIC, Privacy
from trama.insight.choices import (
    IndexDdof,
    IndexGoalposts,
    IndexMethod,
    IndexPenalty,
    IndexReference,
    IndexState,
)
from trama.insight.permissions import visible_indices
from trama.territory.choices import AreaKind
from trama.territory.models import Area, ContextIndicator

# Single underscores inside: two of them part an index from its domain in the code of an indicator.
KEY = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*\Z"


class IndexQuerySet(models.QuerySet["IndexDefinition"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(visible_indices(actor))


class IndexDefinition(models.Model):
    """One version of the definition of an index: its areas, its years, its method. Its ingredients stand apart.

    A draft may be changed; what is published never is: a change is a new version (`actions.indices`).
    """

    privacy: ClassVar[Privacy] = PUBLIC

    code = models.CharField(
        _("short name"),
        max_length=24,
        validators=[RegexValidator(KEY, _("Small letters, digits and _ only, a letter first."))],
    )
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    state = models.CharField(_("state"), max_length=12, choices=IndexState.choices, default=IndexState.DRAFT)
    name_it = models.CharField(_("name in Italian"), max_length=150)
    name_en = models.CharField(_("name in English"), max_length=150, blank=True)
    description_it = models.TextField(_("what it is for, in Italian"), blank=True)
    description_en = models.TextField(_("what it is for, in English"), blank=True)
    kind = models.CharField(_("kind of areas"), max_length=20, choices=AreaKind.choices)
    under = models.ForeignKey(Area, verbose_name=_("areas of"), on_delete=models.PROTECT, related_name="+")
    years = models.JSONField(_("years"), default=list, blank=True)
    method = models.CharField(_("one scale"), max_length=8, choices=IndexMethod.choices, default=IndexMethod.AMPI)
    penalty = models.CharField(_("imbalance"), max_length=8, choices=IndexPenalty.choices, default=IndexPenalty.PLUS)
    ddof = models.PositiveSmallIntegerField(_("standard deviation"), choices=IndexDdof.choices, default=IndexDdof.WHOLE)
    goalposts = models.CharField(
        _("where the scale is taken"), max_length=8, choices=IndexGoalposts.choices, default=IndexGoalposts.YEARS
    )
    reference = models.CharField(
        _("what scores 100"), max_length=8, choices=IndexReference.choices, default=IndexReference.NONE
    )
    withdrawn_because = models.TextField(_("why it was withdrawn"), blank=True)
    # The year whose reference holds for all; empty: each year has its own.
    reference_year = models.PositiveSmallIntegerField(_("base year"), null=True, blank=True)
    indicator = models.ForeignKey(
        ContextIndicator, null=True, blank=True, on_delete=models.PROTECT, related_name="index_definitions"
    )

    objects = IndexQuerySet.as_manager()

    class Meta:
        ordering = ("code", "-version")
        verbose_name = _("index")
        verbose_name_plural = _("indices")
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="a_version_of_an_index_stands_once"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(state="published"), name="one_version_of_an_index_is_published"
            ),
            models.UniqueConstraint(fields=["code"], condition=Q(state="draft"), name="an_index_has_one_draft"),
            models.CheckConstraint(condition=Q(ddof__in=[0, 1]), name="a_deviation_is_divided_by_m_or_m_less_one"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code}, {self.version})"

    @property
    def name(self) -> str:
        return (self.name_en or self.name_it) if _is_english() else self.name_it

    @property
    def description(self) -> str:
        return (self.description_en or self.description_it) if _is_english() else self.description_it

    @property
    def is_draft(self) -> bool:
        return self.state == IndexState.DRAFT


class IndexDomain(models.Model):
    """A group of indicators of an index that gets a score of its own; the index is the mean of these scores."""

    privacy: ClassVar[Privacy] = PUBLIC

    definition = models.ForeignKey(IndexDefinition, on_delete=models.CASCADE, related_name="domains")
    key = models.CharField(max_length=24)
    name_it = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, blank=True)
    weight = models.FloatField(default=1.0)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("definition_id", "position", "id")
        verbose_name = _("domain of an index")
        verbose_name_plural = _("domains of indices")
        constraints = [
            models.UniqueConstraint(fields=["definition", "key"], name="a_domain_stands_once_in_an_index"),
            models.CheckConstraint(condition=Q(weight__gte=0), name="a_domain_weighs_nothing_or_more"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return (self.name_en or self.name_it) if _is_english() else self.name_it


class IndexIngredient(models.Model):
    """A context indicator in an index: whether more of it means more of what is measured, and how much it weighs."""

    privacy: ClassVar[Privacy] = PUBLIC

    definition = models.ForeignKey(IndexDefinition, on_delete=models.CASCADE, related_name="ingredients")
    indicator = models.ForeignKey(ContextIndicator, on_delete=models.PROTECT, related_name="+")
    domain = models.ForeignKey(IndexDomain, null=True, blank=True, on_delete=models.CASCADE, related_name="ingredients")
    polarity = models.SmallIntegerField(default=1)
    weight = models.FloatField(default=1.0)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    reference = models.FloatField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("definition_id", "position", "id")
        verbose_name = _("indicator of an index")
        verbose_name_plural = _("indicators of indices")
        constraints = [
            models.UniqueConstraint(fields=["definition", "indicator"], name="an_indicator_stands_once_in_an_index"),
            models.CheckConstraint(condition=Q(polarity__in=[-1, 1]), name="an_indicator_raises_or_lowers_an_index"),
            models.CheckConstraint(condition=Q(weight__gte=0), name="an_indicator_weighs_nothing_or_more"),
            models.CheckConstraint(
                condition=Q(low__isnull=True) | Q(high__isnull=True) | Q(low__lt=F("high")),
                name="a_lowest_value_is_under_the_highest",
            ),
        ]

    def __str__(self) -> str:
        return str(self.indicator)


class FrozenIndex(models.Model):
    """What was published with a version: definition, figures that went in, results. Never changed, never deleted."""

    privacy: ClassVar[Privacy] = PUBLIC

    definition = models.OneToOneField(IndexDefinition, on_delete=models.PROTECT, related_name="frozen")
    at = models.DateTimeField()
    # JSON as text, not as a JSON column: a database that writes numbers in its own way would break the hash.
    content = models.TextField()
    content_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("definition_id",)
        verbose_name = _("published index")
        verbose_name_plural = _("published indices")

    def __str__(self) -> str:
        return f"{self.definition_id} {self.content_hash[:12]}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("what was published with an index never changes")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("what was published with an index is never deleted")


def _is_english() -> bool:
    return (get_language() or "it").startswith("en")
