"""Closed lists of experiences."""

from django.db import models
from django.utils.translation import pgettext_lazy


class ExperienceState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("state", "draft")
    PUBLISHED = "published", pgettext_lazy("state", "published")


class Precision(models.TextChoices):
    """How a count is known. "More than 500" is an estimate from below."""

    EXACT = "exact", pgettext_lazy("precision", "exact")
    ESTIMATED = "estimated", pgettext_lazy("precision", "estimated")
    UNKNOWN = "unknown", pgettext_lazy("precision", "not known")
