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


class Outcome(models.TextChoices):
    """What was decided of an experiment (S0.28)."""

    EXTEND = "extend", pgettext_lazy("outcome", "to be extended to other areas")
    ADOPT = "adopt", pgettext_lazy("outcome", "becomes ordinary service")
    CONTINUE = "continue", pgettext_lazy("outcome", "goes on as an experiment")
    STOP = "stop", pgettext_lazy("outcome", "not carried on")


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
