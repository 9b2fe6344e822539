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


# Whom or what an experience is for, where telling it of a person would tell a special category of data or a sentence
# (GDPR art. 9 and 10): health, origin, sexual orientation, justice. Codes of the lists `target` and `need`.
SPECIAL_CODES = (
    "target:disability",
    "target:addiction",
    "target:immigration",
    "target:women_from_abroad",
    "target:refugees",
    "target:cas_guests",
    "target:lgbtqia",
    "need:immigration",
    "need:health",
    "need:addiction",
    "need:disability",
    "need:justice",
    "need:DEN01",
    "need:DEN02",
    "need:DEN03",
    "need:DEN04",
    "need:DEN05",
    "need:DEN06",
    "need:DEN07",
)
