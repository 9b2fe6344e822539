"""Loads of files: what was loaded, from where, with which outcome."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from trama.core.privacy import INTERNAL, Privacy, PrivacyClass


class Load(models.Model):
    """One load of a recipe or of a file, with its counts per step."""

    privacy: ClassVar[Privacy] = INTERNAL

    recipe = models.CharField(max_length=200)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    loaded_by = models.CharField(max_length=150, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
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

    @property
    def entries(self) -> list[int]:
        """The first and the last number of what it wrote into the audit; empty of loads that did not keep it."""
        kept: list[int] = self.outcome.get("entries", [])
        return kept

    def wrote(self, entry: int) -> bool:
        """Whether an entry of the audit is of this load."""
        return bool(self.entries) and self.entries[0] <= entry <= self.entries[1]


KEPT_FOR = 180  # days for which a load can be taken back


class LoadTrace(models.Model):
    """What a load wrote and what stood there before: enough to take it back, and gone when it is, or after a time."""

    privacy: ClassVar[Privacy] = Privacy(
        PrivacyClass.PERSONAL,
        purpose=_("to take back a load of data that was wrong"),
        legal_basis=_("GDPR art. 6(1)(e): task in the public interest (L. 328/2000)"),
        retention=_("180 days from the load, or until it is taken back"),
        eraser="intake.undoing.forget_old",
        personal_fields=frozenset({"rows"}),
    )

    load = models.OneToOneField(Load, on_delete=models.CASCADE, related_name="trace")
    content = models.JSONField(default=dict)  # of a load of indicators
    rows = models.BinaryField(default=b"")  # of any other: a packed `core.rewinding.Journal`

    class Meta:
        ordering = ("load_id",)
        verbose_name = _("trace of a load")
        verbose_name_plural = _("traces of loads")

    def __str__(self) -> str:
        return str(self.load_id)


MENDED_WITHIN = 30  # days for which the rows that a load left behind are kept


class RowsToMend(models.Model):
    """The rows of a file that were not loaded, or not with all their cells: to be mended, and gone after a time."""

    privacy: ClassVar[Privacy] = Privacy(
        PrivacyClass.PERSONAL,
        purpose=_("to mend the rows of a file that were not loaded, and to load them"),
        legal_basis=_("GDPR art. 6(1)(e): task in the public interest (L. 328/2000)"),
        retention=_("30 days from the load, or until it is taken back"),
        eraser="intake.undoing.forget_old",
        personal_fields=frozenset({"content", "causes"}),
    )

    load = models.OneToOneField(Load, on_delete=models.CASCADE, related_name="to_mend")
    count = models.PositiveIntegerField()
    causes: Any = models.JSONField(default=list)  # as `causes.counted` gives them, with texts of the file
    content = models.BinaryField()  # packed `registers.leftovers`

    class Meta:
        ordering = ("load_id",)
        verbose_name = _("rows to mend of a load")
        verbose_name_plural = _("rows to mend of loads")

    def __str__(self) -> str:
        return str(self.load_id)

    @property
    def kept_until(self) -> datetime:
        """When they go."""
        return self.load.started_at + timedelta(days=MENDED_WITHIN)
