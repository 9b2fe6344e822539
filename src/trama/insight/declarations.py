"""What the numbers offer to the pages that gather: the years of an area on its page."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from trama.core import memo
from trama.core.actor import Actor
from trama.core.declarations import AreaSection, declare


def years_of(actor: Actor, area: Any) -> dict[str, Any] | None:
    """The indicators of an area that are known for several years; None when there is none."""
    return memo.until_changed(("insight.years", area.pk), actor, partial(_years_of, area))


def _years_of(area: Any) -> dict[str, Any] | None:
    # Numbers are drawn only here: a start of the program need not wait for what draws them.
    from trama.insight.context.of_area import over_the_years

    found = over_the_years(area)
    return {"years": found} if found is not None else None


declare(AreaSection("years", _("Over the years"), "insight/area/_years.html", years_of, order=12))
