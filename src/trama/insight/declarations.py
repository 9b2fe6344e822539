"""What the numbers offer to the pages that gather: the years of an area on its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from trama.core import memo
from trama.core.actor import Actor
from trama.core.declarations import AreaSection, Searchable, declare
from trama.core.keys import among
from trama.insight.choices import IndexState
from trama.insight.models import IndexDefinition
from trama.territory.models import ContextIndicator, ContextValue
from trama.territory.profile import THEMES


def years_of(actor: Actor, area: Any) -> dict[str, Any] | None:
    """The indicators of an area that are known for several years; None when there is none."""
    return memo.until_changed(("insight.years", area.pk), actor, partial(_years_of, area))


def _years_of(area: Any) -> dict[str, Any] | None:
    # Numbers are drawn only here: a start of the program need not wait for what draws them.
    from trama.insight.context.of_area import over_the_years

    found = over_the_years(area)
    return {"years": found} if found is not None else None


def _indicators(pks: Sequence[int] | None) -> Iterator[tuple[int, str, str]]:
    rows = ContextIndicator.objects.exclude(theme="index")
    rows = rows if pks is None else rows.filter(pk__in=among(pks))
    for one in rows.order_by("pk"):
        theme = str(THEMES.get(one.theme, one.theme))
        text = (one.name_it, one.name_en, one.description_it, one.description_en, theme, one.code.replace("_", " "))
        yield one.pk, one.name_it, " ".join(text)


def _indicator_lines(pks: Sequence[int]) -> dict[int, str]:
    rows = ContextIndicator.objects.filter(pk__in=among(pks))
    return {one.pk: str(THEMES.get(one.theme) or one.theme) for one in rows}


def _indices(pks: Sequence[int] | None) -> Iterator[tuple[int, str, str]]:
    rows = IndexDefinition.objects.exclude(state__in=[IndexState.SUPERSEDED, IndexState.WITHDRAWN])
    rows = rows if pks is None else rows.filter(pk__in=among(pks))
    for one in rows.order_by("pk").prefetch_related("ingredients__indicator"):
        parts = (part.indicator.name_it for part in one.ingredients.all())
        yield one.pk, one.name_it, " ".join((one.name_it, one.name_en, one.description_it, one.description_en, *parts))


def _index_lines(pks: Sequence[int]) -> dict[int, str]:
    rows = IndexDefinition.objects.filter(pk__in=among(pks)).select_related("under")
    return {one.pk: f"{one.under.name}, {one.get_state_display()}" for one in rows}


def _index_url(pk: int) -> str:
    code, version = IndexDefinition.objects.values_list("code", "version").get(pk=pk)
    return reverse("insight:index_version", args=[code, version])


def _with_values(_actor: Actor) -> QuerySet[ContextIndicator]:
    values = ContextValue.objects.filter(indicator=OuterRef("pk")).order_by()
    return ContextIndicator.objects.filter(Exists(values))


declare(
    Searchable(
        model=ContextIndicator,
        label=_("Indicators"),
        entries=_indicators,
        visible=_with_values,
        url=lambda pk: reverse("insight:indicator", args=[ContextIndicator.objects.get(pk=pk).code]),
        lines=_indicator_lines,
        order=60,
    ),
    Searchable(
        model=IndexDefinition,
        label=_("Indices"),
        entries=_indices,
        visible=lambda actor: IndexDefinition.objects.visible_to(actor).exclude(
            state__in=[IndexState.SUPERSEDED, IndexState.WITHDRAWN]
        ),
        url=_index_url,
        lines=_index_lines,
        order=65,
    ),
)
declare(AreaSection("years", _("Over the years"), "insight/area/_years.html", years_of, order=12))
