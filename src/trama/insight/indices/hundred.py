"""What 100 means in an index, and from where on a value lies clearly away from it: said and counted once for all."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from trama.insight.analysis import classes
from trama.insight.indices.reading import definition_of
from trama.insight.indices.shapes import Definition
from trama.insight.indices.wording import hundred
from trama.insight.models import IndexDefinition
from trama.territory.models import ContextIndicator, ContextValue
from trama.ui.numbers import number

PREFIX = "index_"  # of the codes of indicators that are indices made here (`actions.indices.published_code`)
FEWEST = 5  # areas that make a middle: among fewer nothing lies "clearly" away


def about_hundred(indicator: ContextIndicator) -> str:
    """What the centre of an index means: from its definition if it was made here, else in the words of its source."""
    if indicator.centre is None:
        return ""
    definition = _definition(indicator)
    if definition is not None:
        return hundred(definition)
    centre = number(indicator.centre)
    parts = [part.strip() for part in re.split(r"[.;]\s+|[.;]$", indicator.description)]
    said = [part for part in parts if re.search(rf"(?<!\d){re.escape(centre)}(?!\d)", part)]
    if said:
        return f"{said[0][:1].upper()}{said[0][1:]}."
    return _("What %(centre)s stands for, its source does not say.") % {"centre": centre}


def _definition(indicator: ContextIndicator) -> Definition | None:
    if not indicator.code.startswith(PREFIX):
        return None
    code = indicator.code.removeprefix(PREFIX).partition("__")[0]
    row = IndexDefinition.objects.filter(code=code, state="published").select_related("under").first()
    return definition_of(row) if row is not None else None


def width_around(values: Iterable[float], centre: float, decimals: int) -> float:
    """How far the middle class of the map reaches above and below the centre; 0 without values."""
    rounded = [round(value, decimals) for value in values]
    return round(classes.around(rounded, centre, decimals)[2] - centre, decimals) if rounded else 0.0


def width_of(indicator: ContextIndicator, kind: str, year: int) -> float:
    """The width of the middle class among all areas of a kind in a year; 0 where they are too few for a middle."""
    rows = ContextValue.objects.filter(indicator=indicator, area__kind=kind, year=year, value__isnull=False)
    values = [float(value) for value in rows.order_by().values_list("value", flat=True) if value is not None]
    if indicator.centre is None or len(values) < FEWEST:
        return 0.0
    return width_around(values, indicator.centre, indicator.decimals)


def clearly(centre: float, width: float, decimals: int) -> str:
    """What "clearly" means, in words, with the ends of the middle class."""
    places = decimals if any(not float(one).is_integer() for one in (centre - width, centre + width)) else 0
    return _(
        "“Clearly” means outside the middle class of the map, which goes from %(low)s to %(high)s: more than %(width)s "
        "points away from %(centre)s."
    ) % {
        "low": number(centre - width, places),
        "high": number(centre + width, places),
        "width": number(width, 0 if float(width).is_integer() else decimals),
        "centre": number(centre),
    }
