"""Closed lists of experiences."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ExperienceState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("state", "draft")
    PUBLISHED = "published", pgettext_lazy("state", "published")


class Precision(models.TextChoices):
    """How a count is known. "More than 500" is an estimate from below."""

    EXACT = "exact", _("exact")
    ESTIMATED = "estimated", _("estimated")
    UNKNOWN = "unknown", _("not known")
