"""Closed lists of the territory."""

from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core.small_counts import THRESHOLD, fewer_than


class AreaKind(models.TextChoices):
    COUNTRY = "country", _("country")
    REGION = "region", _("region")
    PROVINCE = "province", _("province")
    UNION = "union", _("union of municipalities")
    AREA_AUTHORITY = "area_authority", _("social area authority")
    MUNICIPALITY = "municipality", _("municipality")
    DISTRICT = "district", _("district")
    HAMLET = "hamlet", _("hamlet")
    ZONE = "zone", _("zone")
    NEIGHBOURHOOD = "neighbourhood", _("neighbourhood")
    STATISTICAL_AREA = "statistical_area", _("statistical area")
    SECTION = "section", _("census section")


# From the widest to the narrowest: an area may only hold narrower ones.
RANK = {kind: number for number, kind in enumerate(AreaKind.values)}


class AreaOrigin(models.TextChoices):
    OFFICIAL = "official", _("official boundary")
    DISSOLVED = "dissolved", _("union of the areas below")
    DRAWN = "drawn", _("drawn by hand")
    POINT = "point", _("only a point")
    LISTED = "listed", _("only listed")


class ValueState(models.TextChoices):
    """Why a value is there or not (ISTAT's marks kept apart)."""

    VALUE = "value", _("value")
    ESTIMATED = "estimated", _("estimated")
    EXCLUDED = "excluded", _("area excluded by the source")
    NOT_APPLICABLE = "not_applicable", _("not applicable (-)")
    NOT_YET = "not_yet", _("not yet available (..)")
    NOT_COLLECTED = "not_collected", _("not collected (...)")
    TOO_SMALL = "too_small", _("too small to be significant (....)")
    MISSING = "missing", _("missing without a reason")
    WITHDRAWN = "withdrawn", _("withdrawn by who keeps these numbers")


SMALL_NOTE = f"< {THRESHOLD}"  # beside a count of people that is told to nobody; in no language


def reason_of(state: str, note: str = "") -> str:
    """Why there is no plain number, in words; empty where there is one."""
    if state == ValueState.TOO_SMALL and note == SMALL_NOTE:
        return _now("%(fewer)s: it is not told") % {"fewer": fewer_than(THRESHOLD)}
    return "" if state == ValueState.VALUE else str(ValueState(state).label)


class Polarity(models.TextChoices):
    NEUTRAL = "neutral", _("neutral")
    POSITIVE = "positive", _("higher is better")
    NEGATIVE = "negative", _("higher is worse")
