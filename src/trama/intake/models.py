"""Loads of files: what was loaded, from where, with which outcome."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from trama.core.privacy import INTERNAL, Privacy


class Load(models.Model):
    """One load of a recipe or of a file, with its counts per step."""

    privacy: ClassVar[Privacy] = INTERNAL

    recipe = models.CharField(max_length=200)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    loaded_by = models.CharField(max_length=150, blank=True)
    outcome = models.JSONField(default=dict)

    class Meta:
        ordering = ("-started_at", "-id")
        verbose_name = _("load")
        verbose_name_plural = _("loads")

    def __str__(self) -> str:
        return self.recipe

    @property
    def undone(self) -> dict[str, str]:
        """Who took it back and when; empty while it stands."""
        said: dict[str, str] = self.outcome.get("undone", {})
        return said

    @property
    def undone_at(self) -> datetime | None:
        return datetime.fromisoformat(self.undone["at"]) if self.undone else None


class LoadTrace(models.Model):
    """What a load of indicators wrote and what stood there before: enough to take it back, and gone when it is."""

    privacy: ClassVar[Privacy] = INTERNAL

    load = models.OneToOneField(Load, on_delete=models.CASCADE, related_name="trace")
    content = models.JSONField(default=dict)

    class Meta:
        ordering = ("load_id",)
        verbose_name = _("trace of a load")
        verbose_name_plural = _("traces of loads")

    def __str__(self) -> str:
        return str(self.load_id)
