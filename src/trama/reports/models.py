"""Texts of a report written by hand, and profiles frozen as they were on a day."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from trama.core.actor import Actor
from trama.core.privacy import INTERNAL, PUBLIC, Privacy
from trama.monitoring.models import Wave
from trama.reports.choices import ProfileState
from trama.reports.permissions import visible_profiles, visible_texts
from trama.territory.models import Area


class WrittenTextQuerySet(models.QuerySet["WrittenText"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(visible_texts(actor))


class WrittenText(models.Model):
    """A paragraph of the report on an area or of a wave as an editor wrote it, beside the automatic one that was seen.

    It outlives every change of the figures: when the automatic text is another than `automatic`, the figures under the
    paragraph have changed since, and the editor is asked.
    """

    privacy: ClassVar[Privacy] = INTERNAL

    area = models.ForeignKey(
        Area, verbose_name=_("area"), null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    wave = models.ForeignKey(
        Wave, verbose_name=_("wave"), null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    language = models.CharField(_("language"), max_length=5)
    key = models.CharField(_("paragraph"), max_length=80)
    text = models.TextField(_("text"))
    automatic = models.TextField(_("automatic text that the editor saw"), blank=True)
    edited_at = models.DateTimeField(auto_now=True)

    objects = WrittenTextQuerySet.as_manager()

    class Meta:
        ordering = ("area_id", "wave_id", "language", "key")
        verbose_name = _("text of a report")
        verbose_name_plural = _("texts of reports")
        constraints = [
            models.UniqueConstraint(fields=["area", "language", "key"], name="a_paragraph_is_written_once"),
            models.UniqueConstraint(fields=["wave", "language", "key"], name="a_paragraph_of_a_wave_is_written_once"),
            models.CheckConstraint(
                condition=Q(area__isnull=True) ^ Q(wave__isnull=True), name="a_text_is_about_an_area_or_a_wave"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="a_written_text_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.area or self.wave} · {self.key}"


class CloseUp(models.Model):
    """A record of a wave that the editor chose to tell of in its report."""

    privacy: ClassVar[Privacy] = INTERNAL

    wave = models.ForeignKey(Wave, verbose_name=_("wave"), on_delete=models.CASCADE, related_name="+")
    place = models.PositiveSmallIntegerField(_("place"))
    record = models.PositiveBigIntegerField(_("record"))

    objects = WrittenTextQuerySet.as_manager()

    class Meta:
        ordering = ("wave_id", "place")
        verbose_name = _("close-up")
        verbose_name_plural = _("close-ups")
        constraints = [
            models.UniqueConstraint(fields=["wave", "place"], name="a_close_up_has_its_place"),
            models.UniqueConstraint(fields=["wave", "record"], name="a_record_is_told_of_once"),
        ]

    def __str__(self) -> str:
        return f"{self.wave} · {self.record}"


class ProfileQuerySet(models.QuerySet["Profile"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(visible_profiles(actor))


class Profile(models.Model):
    """The report on an area or of a wave, frozen on a day: its figures and texts never change again (see `Kept`)."""

    privacy: ClassVar[Privacy] = PUBLIC

    area = models.ForeignKey(
        Area, verbose_name=_("area"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    wave = models.ForeignKey(
        Wave, verbose_name=_("wave"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField(_("name"), max_length=200)
    state = models.CharField(_("state"), max_length=12, choices=ProfileState.choices, default=ProfileState.DRAFT)
    frozen_at = models.DateTimeField(_("frozen on"))
    fingerprint = models.CharField(_("SHA-256 of the content"), max_length=64)
    is_demonstration = models.BooleanField(_("demonstration"), default=False)

    objects = ProfileQuerySet.as_manager()

    class Meta:
        ordering = ("-frozen_at", "-id")
        verbose_name = _("frozen profile")
        verbose_name_plural = _("frozen profiles")
        constraints = [
            models.UniqueConstraint(fields=["area", "name"], name="a_profile_of_an_area_has_its_own_name"),
            models.UniqueConstraint(fields=["wave", "name"], name="a_profile_of_a_wave_has_its_own_name"),
            models.CheckConstraint(
                condition=Q(area__isnull=True) ^ Q(wave__isnull=True), name="a_profile_is_about_an_area_or_a_wave"
            ),
        ]
        indexes = [
            models.Index(fields=["area", "-frozen_at"], name="profiles_of_an_area"),
            models.Index(fields=["wave", "-frozen_at"], name="profiles_of_a_wave"),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.about}"

    @property
    def about(self) -> str:
        """The name of the area or of the wave."""
        return str((self.area or self.wave).name)  # type: ignore[union-attr]

    @property
    def is_published(self) -> bool:
        return self.state == ProfileState.PUBLISHED


class Kept(models.Model):
    """What a frozen profile holds, as canonical JSON: written once, never changed, never taken away alone."""

    privacy: ClassVar[Privacy] = INTERNAL

    profile = models.OneToOneField(Profile, on_delete=models.CASCADE, related_name="kept")
    content = models.TextField()

    class Meta:
        ordering = ("profile_id",)
        verbose_name = _("content of a frozen profile")
        verbose_name_plural = _("contents of frozen profiles")

    def __str__(self) -> str:
        return str(self.profile)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("a frozen profile does not change")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("a frozen profile does not change")
