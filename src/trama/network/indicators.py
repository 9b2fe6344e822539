"""Every number that the network can give, about the organisations that the actor may see and that are not closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core import figures
from trama.core.actor import Actor
from trama.core.declarations import Figure, Indicator, Text, declare
from trama.core.freshness import decayed
from trama.network.models import Organisation

Areas = frozenset[int] | None
Period = tuple[date, date] | None


def standing(actor: Actor, area_ids: Areas) -> QuerySet[Organisation]:
    """The organisations that are there, in these areas."""
    rows = Organisation.objects.visible_to(actor).open().order_by()
    return rows if area_ids is None else rows.filter(area__in=area_ids)


def figure_of(value: float | None, text: str, base: int, known: int, note: str = "") -> Figure:
    """A figure of today, from the register of organisations."""
    source = _now("register of organisations")
    return Figure(value, text, base=base, known=known, as_of=timezone.localdate(), source=source, note=note)


def organisations(actor: Actor, area_ids: Areas, period: Period) -> Figure:
    """How many organisations there are; each counts once."""
    count = standing(actor, area_ids).count()
    return figure_of(count, figures.written(count), count, count)


def ets(actor: Actor, area_ids: Areas, period: Period) -> Figure:
    """How many of them are third-sector bodies, among those of which it is known."""
    return _flagged(actor, area_ids, "is_ets", True)


def informal(actor: Actor, area_ids: Areas, period: Period) -> Figure:
    """How many of them are not formally constituted, among those of which it is known."""
    return _flagged(actor, area_ids, "is_formal", False)


def _flagged(actor: Actor, area_ids: Areas, flag: str, wanted: bool) -> Figure:
    rows = standing(actor, area_ids)
    base = rows.count()
    known = rows.filter(**{f"{flag}__isnull": False}).count()
    count = rows.filter(**{flag: wanted}).count()
    # What is not known can only add to them.
    text = figures.phrase(count, False, known, base, lower_bound=True)
    return figure_of(count if known or not base else None, text, base, known)


def confirmed_share(actor: Actor, area_ids: Areas, period: Period) -> Figure:
    """Percentage of the organisations whose record was confirmed within the term."""
    rows = standing(actor, area_ids)
    base = rows.count()
    if not base:
        return figure_of(None, _now("no organisations"), 0, 0)
    share = 100 * rows.exclude(decayed()).count() / base
    return figure_of(share, f"{round(share)} %", base, base)


def _indicator(
    code: str, label: Text, unit: Text, text: Text, compute: Callable[[Actor, Areas, Period], Figure], order: int
) -> Indicator:
    return Indicator(
        code,
        label,
        unit,
        text,
        compute,
        register="organisations",
        on_home=code == "NET-01",
        order=order,
    )


declare(
    _indicator(
        "NET-01",
        _("Organisations"),
        _("organisations"),
        _("Organisations and groups in the register that are not closed. Each counts once, wherever it is active."),
        organisations,
        20,
    ),
    _indicator(
        "NET-02",
        _("Bodies marked as third sector"),
        _("organisations"),
        _(
            "Those of them whose record says that they are third-sector bodies (RUNTS), whatever their kind. "
            "Where it is not known, they are not counted."
        ),
        ets,
        120,
    ),
    _indicator(
        "NET-03",
        _("Organisations not formally constituted"),
        _("organisations"),
        _(
            "Those of them whose record says that they are not formally constituted, whatever their kind: groups, "
            "networks of neighbours, persons of reference."
        ),
        informal,
        121,
    ),
    _indicator(
        "NET-04",
        _("Organisations confirmed within the term"),
        "%",
        _("Of a hundred organisations, those whose record the body confirmed within the term."),
        confirmed_share,
        122,
    ),
)
