"""The three dates of a record: edited, confirmed by its owner, used with success; and when it has decayed."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Freshness(models.Model):
    """Three dates that mean three different things; who edits a record has not thereby confirmed it."""

    edited_at = models.DateTimeField(_("edited"), default=timezone.now)
    confirmed_on = models.DateField(_("confirmed by the body"), null=True, blank=True)
    used_on = models.DateField(_("used with success"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def to_confirm(self) -> bool:
        """Whether nobody confirmed this record within the term (`TRAMA_CONFIRM_WITHIN_DAYS`)."""
        return self.confirmed_on is None or self.confirmed_on < confirmation_limit()


def confirmation_limit(today: date | None = None) -> date:
    """The day before which a confirmation has decayed."""
    return (today or timezone.localdate()) - timedelta(days=settings.CONFIRM_WITHIN_DAYS)


def decayed(prefix: str = "") -> Q:
    """The condition under which a row is to be confirmed, as a filter."""
    return Q(**{f"{prefix}confirmed_on__isnull": True}) | Q(**{f"{prefix}confirmed_on__lt": confirmation_limit()})
