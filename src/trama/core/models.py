"""Code lists, sources, the audit chain, the search index and the facts of an installation: no domain word."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from trama.core.privacy import INTERNAL, PUBLIC, Privacy, PrivacyClass


class Code(models.Model):
    """A value of an open list. Its key is `list:value`, so that rows that point to it can be read as they stand.

    Values are closed by date, never deleted.
    """

    privacy: ClassVar[Privacy] = PUBLIC

    id = models.CharField(primary_key=True, max_length=80)
    list = models.CharField(max_length=40)
    value = models.CharField(max_length=60)
    label_it = models.CharField(max_length=200)
    label_en = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    broader = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="narrower")
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("list", "position", "id")
        verbose_name = _("code")
        verbose_name_plural = _("codes")
        constraints = [
            models.UniqueConstraint(fields=["list", "value"], name="a_value_stands_once_in_its_list"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the language of the reader."""
        return self.label_en if (get_language() or "it").startswith("en") else self.label_it


class Source(models.Model):
    """Where a fact comes from: printed beside every figure."""

    privacy: ClassVar[Privacy] = PUBLIC

    key = models.CharField(max_length=120, unique=True)
    title = models.CharField(max_length=300)
    publisher = models.CharField(max_length=200, blank=True)
    url = models.URLField(max_length=500, blank=True)
    licence = models.CharField(max_length=120, blank=True)
    published_on = models.DateField(null=True, blank=True)
    retrieved_on = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)
    is_demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ("title", "id")
        verbose_name = _("source")
        verbose_name_plural = _("sources")

    def __str__(self) -> str:
        return self.title


class AuditEntry(models.Model):
    """One act. Rows are only ever added; each carries the hash of the one before, so that a removed row shows."""

    privacy: ClassVar[Privacy] = Privacy(
        PrivacyClass.PERSONAL,
        purpose=_("accountability of changes and of readings of personal records"),
        legal_basis=_("GDPR art. 5(2), art. 32"),
        retention=_("as the retention plan of the body says; never shorter than the records it speaks of"),
        eraser="none: entries are kept whole, and name users by their account",
    )

    number = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    user = models.PositiveBigIntegerField(null=True, blank=True)
    user_name = models.CharField(max_length=150, blank=True)
    verb = models.CharField(max_length=60)
    kind = models.CharField(max_length=80, blank=True)
    object_id = models.CharField(max_length=80, blank=True)
    label = models.CharField(max_length=300, blank=True)
    changes = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("-number",)
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [models.Index(fields=["kind", "object_id"], name="audit_of_a_record")]

    def __str__(self) -> str:
        return f"{self.number} {self.verb} {self.label}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        raise TypeError("audit entries are written by core.history alone")

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("audit entries are never deleted")


class AuditHead(models.Model):
    """The last link of the chain: it makes a cut at the end show, and serialises those who write."""

    privacy: ClassVar[Privacy] = INTERNAL

    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")

    class Meta:
        ordering = ("id",)
        verbose_name = _("head of the audit")
        verbose_name_plural = _("heads of the audit")

    def __str__(self) -> str:
        return f"{self.number} {self.hash}"


class SearchEntry(models.Model):
    """What can be found of a record: its title, and the stems of its words (see `core.search`).

    Who may see it is asked of the record itself, each time.
    """

    privacy: ClassVar[Privacy] = INTERNAL

    kind = models.CharField(max_length=80)
    object_id = models.BigIntegerField()
    title = models.CharField(max_length=300)
    title_stems = models.TextField(blank=True)
    stems = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)
        verbose_name = _("search entry")
        verbose_name_plural = _("search entries")
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="a_record_is_indexed_once")]

    def __str__(self) -> str:
        return self.title


class SearchTerm(models.Model):
    """A word as it is written somewhere, with its stem: from it typing errors are guessed."""

    privacy: ClassVar[Privacy] = INTERNAL

    word = models.CharField(max_length=60, primary_key=True)
    stem = models.CharField(max_length=60)

    class Meta:
        ordering = ("word",)
        verbose_name = _("search word")
        verbose_name_plural = _("search words")

    def __str__(self) -> str:
        return self.word


class Fact(models.Model):
    """A fact about this installation (is it a demonstration? what is the home territory?)."""

    privacy: ClassVar[Privacy] = INTERNAL

    key = models.CharField(max_length=60, primary_key=True)
    value = models.JSONField()

    class Meta:
        ordering = ("key",)
        verbose_name = _("fact of the installation")
        verbose_name_plural = _("facts of the installation")

    def __str__(self) -> str:
        return self.key
