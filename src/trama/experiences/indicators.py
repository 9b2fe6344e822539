"""Every number that experiences can give. The records are those that the actor may see and that are published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core import figures, memo
from trama.core.actor import Actor
from trama.core.declarations import Figure, Indicator, declare
from trama.experiences.declarations import NOT_PERSONS
from trama.experiences.dimensions import PUBLIC_ORGANISATION
from trama.experiences.models import Experience, ExperienceQuerySet, Participation, People, Total

Areas = frozenset[int] | None
Period = tuple[date, date] | None


def active(actor: Actor, area_ids: Areas, period: Period) -> ExperienceQuerySet:
    """Published experiences whose period touches the given days (today), in these areas.

    An experience without an end goes on; one without any date counts as going on, since nobody said that it ended.
    """
    start, end = period or (timezone.localdate(), timezone.localdate())
    rows = Experience.objects.visible_to(actor).published().active_in(start, end)
    return rows if area_ids is None else rows.in_areas(area_ids)


def _count(actor: Actor, area_ids: Areas, period: Period) -> int:
    """How many there are: most of the figures of an area rest on it, and a report asks for all of them."""
    key = ("experiences.active", area_ids, period)
    return memo.until_changed(key, actor, lambda: active(actor, area_ids, period).count())


def _people(actor: Actor, area_ids: Areas, period: Period) -> People:
    """Volunteers and people reached, which are summed together."""
    key = ("experiences.people", area_ids, period)
    return memo.until_changed(key, actor, lambda: active(actor, area_ids, period).people())


def _figure(value: float, text: str, period: Period, **more: Any) -> Figure:
    as_of = period[1] if period else timezone.localdate()
    return Figure(value=value, text=text, as_of=as_of, source=_now("register of experiences"), **more)


def active_experiences(actor: Actor, area_ids: Areas, period: Period) -> Figure:
    """Experiences going on; one that touches several areas counts once."""
    number = _count(actor, area_ids, period)
    return _figure(number, figures.written(number), period, base=number, known=number)


def organisations_involved(actor: Actor, area_ids: Areas, period: Period) -> Figure:
    """Distinct organisations, known for the experiences that name at least one."""
    rows = active(actor, area_ids, period)
    parts = Participation.objects.filter(PUBLIC_ORGANISATION, experience__in=rows.order_by().values("pk")).order_by()
    number = parts.values("organisation").distinct().count()
    known = parts.values("experience").distinct().count()
    return _figure(number, figures.written(number), period, base=_count(actor, area_ids, period), known=known)


def volunteers(actor: Actor, area_ids: Areas, period: Period) -> Figure:
    """The volunteers stated. Who does not state them can only add to them: an incomplete sum is a lower bound."""
    total = _people(actor, area_ids, period).volunteers
    return _said(total, period, lower_bound=True)


def beneficiaries(actor: Actor, area_ids: Areas, period: Period) -> Figure:
    """The people reached as stated; not distinct persons, so that no bound can be told."""
    total = _people(actor, area_ids, period).beneficiaries
    return _said(total, period, lower_bound=False)


def _said(total: Total, period: Period, *, lower_bound: bool) -> Figure:
    # Nothing known is no number, unless there is nothing to be known; too few persons are none that may be told.
    value = None if (total.base and not total.known) or total.is_protected else total.total
    return _figure(
        value,  # type: ignore[arg-type]
        total.phrase(lower_bound=lower_bound),
        period,
        base=total.base,
        known=total.known,
        note=str(NOT_PERSONS),
        protected=total.is_protected,
    )


def completeness_of_counts(actor: Actor, area_ids: Areas, period: Period) -> Figure:
    """Share (percent) of the experiences that state both volunteers and people reached, exactly or by estimate."""
    rows = active(actor, area_ids, period)
    base = _count(actor, area_ids, period)
    known = rows.filter(volunteers__isnull=False, beneficiaries__isnull=False).count()
    if not base:
        return Figure(None, _now("no experiences"), 0, 0, period[1] if period else timezone.localdate())
    share = 100 * known / base
    return _figure(share, f"{figures.written(share)} %", period, base=base, known=known)


def good_practices(actor: Actor, area_ids: Areas, period: Period) -> Figure:
    """Experiences marked as good practices."""
    rows = active(actor, area_ids, period)
    number = rows.filter(is_good_practice=True).count()
    base = _count(actor, area_ids, period)
    return _figure(number, figures.written(number), period, base=base, known=base)


def without_partners(actor: Actor, area_ids: Areas, period: Period) -> Figure:
    """Experiences in which no organisation is named."""
    rows = active(actor, area_ids, period)
    named = Participation.objects.filter(PUBLIC_ORGANISATION).order_by()
    number = rows.exclude(pk__in=named.values("experience")).count()
    base = _count(actor, area_ids, period)
    return _figure(number, figures.written(number), period, base=base, known=base)


def _declared(
    code: str,
    label: Any,
    unit: Any,
    description: Any,
    compute: Callable[[Actor, Areas, Period], Figure],
    order: int,
    *,
    on_home: bool = False,
) -> Indicator:
    return Indicator(code, label, unit, description, compute, register="experiences", on_home=on_home, order=order)


declare(
    _declared(
        "EXP-01",
        _("active experiences"),
        _("experiences"),
        _(
            "Published experiences that are going on in the period (today, if none is given). No end date: it goes on. "
            "An experience in several areas counts once."
        ),
        active_experiences,
        10,
        on_home=True,
    ),
    _declared(
        "EXP-02",
        _("organisations involved"),
        _("organisations"),
        _(
            "Organisations that take part in at least one active experience, each counted once; hidden ones are not "
            "counted. Known for the experiences that name somebody."
        ),
        organisations_involved,
        20,
    ),
    _declared(
        "EXP-03",
        _("volunteers"),
        _("volunteers"),
        _(
            "Sum of the volunteers stated by the active experiences, exact and estimated. When some state none, it is "
            "a lower bound. Who volunteers in two experiences counts twice."
        ),
        volunteers,
        30,
        on_home=True,
    ),
    _declared(
        "EXP-04",
        _("people reached"),
        _("people"),
        _(
            "Sum of the people reached stated by the active experiences, exact and estimated. It is not a number of "
            "distinct persons."
        ),
        beneficiaries,
        40,
        on_home=True,
    ),
    _declared(
        "EXP-05",
        _("completeness of the counts"),
        _("percent"),
        _("Share of the active experiences that state both their volunteers and the people reached."),
        completeness_of_counts,
        50,
    ),
    _declared(
        "EXP-06",
        _("good practices"),
        _("experiences"),
        _("Active experiences that a coordinator marked as worth copying."),
        good_practices,
        60,
    ),
    _declared(
        "EXP-07",
        _("experiences without partners"),
        _("experiences"),
        _("Active experiences in which no organisation is named: alone, or incomplete."),
        without_partners,
        70,
    ),
)
