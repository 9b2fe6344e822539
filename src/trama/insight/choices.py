"""Closed lists of the numbers."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class IndexState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("an index", "draft")
    PUBLISHED = "published", pgettext_lazy("an index", "published")
    SUPERSEDED = "superseded", pgettext_lazy("an index", "replaced by a newer version")
    WITHDRAWN = "withdrawn", pgettext_lazy("an index", "withdrawn")


class IndexMethod(models.TextChoices):
    """How indicators are brought to one scale (`analysis.composite.Method`)."""

    AMPI = "ampi", _("between the lowest and the highest value, from 70 to 130 (AMPI)")
    MPI = "mpi", _("by distance from the mean of the areas (MPI)")


class IndexPenalty(models.TextChoices):
    """What is done with the imbalance of an area (`analysis.composite.Penalty`)."""

    PLUS = "plus", _("added: the index measures something bad")
    MINUS = "minus", _("taken away: the index measures something good")
    NONE = "none", _("left out: a simple mean")


class IndexGoalposts(models.TextChoices):
    """Where the scale begins and ends (`analysis.composite.Goalposts`)."""

    SET = "set", _("in each year by itself: years cannot be compared")
    YEARS = "years", _("over all the years together: years can be compared")
    GIVEN = "given", _("at values that I state for each indicator")


class IndexReference(models.TextChoices):
    """What scores 100 (AMPI alone)."""

    NONE = "none", _("nothing: 100 is half-way between the ends of the scale")
    MEAN = "mean", _("the mean of the areas")
    AREA = "area", _("the value of the whole area above")
    GIVEN = "given", _("a value that I state for each indicator")


class IndexDdof(models.IntegerChoices):
    """The divisor of the standard deviation."""

    WHOLE = 0, _("divided by their number (÷ m), as ISTAT writes it")
    SAMPLE = 1, _("divided by their number less one (÷ m − 1), as some programs do")
