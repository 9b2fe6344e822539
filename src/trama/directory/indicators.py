"""Every number that the directory can give, about the published resources that the actor may see."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core import figures
from trama.core.actor import Actor
from trama.core.declarations import Figure, Indicator, declare
from trama.core.freshness import decayed
from trama.directory.choices import ResourceState
from trama.directory.declarations import CAUTION
from trama.directory.models import Resource
from trama.territory.models import AreaClosure, ContextValue
from trama.ui.numbers import number

Areas = frozenset[int] | None
Period = tuple[date, date] | None
# The context indicator that counts households; a load of the data of a municipality gives it this code.
HOUSEHOLDS = "households"


def listed(actor: Actor, area_ids: Areas) -> QuerySet[Resource]:
    """The published resources in these areas."""
    rows = Resource.objects.visible_to(actor).filter(state=ResourceState.PUBLISHED).order_by()
    return rows if area_ids is None else rows.filter(area__in=area_ids)


def resources(actor: Actor, area_ids: Areas, period: Period) -> Figure:
    """How many resources are listed; each counts once."""
    count = listed(actor, area_ids).count()
    return _figure(count, figures.written(count), count, count, str(CAUTION))


def per_thousand_households(actor: Actor, area_ids: Areas, period: Period) -> Figure:
    """Resources per 1,000 households: 1,000 × resources ÷ households, where both are known.

    Households are taken in the latest year in which they are known, at the widest areas that state them; resources
    outside those areas (hospitals, parks, areas excluded by the source) do not enter, and the figure says how many do.
    """
    rows = listed(actor, area_ids)
    base = rows.count()
    households, year, stating = _households(area_ids)
    if not households:
        return _figure(None, _now("households not known"), base, 0)
    known = rows.filter(area__in=AreaClosure.objects.filter(ancestor__in=stating).order_by().values("area")).count()
    value = 1000 * known / households
    note = _now("%(households)s households in %(year)s. %(caution)s") % {
        "households": number(households),
        "year": year,
        "caution": CAUTION,
    }
    return _figure(value, number(value, 1), base, known, note)


def _households(area_ids: Areas) -> tuple[float, int, list[int]]:
    """Households, their year and the areas that state them: the widest ones, so that nobody counts twice."""
    values = ContextValue.objects.filter(indicator__code=HOUSEHOLDS, value__isnull=False).order_by()
    if area_ids is not None:
        values = values.filter(area__in=area_ids)
    year = values.order_by("-year").values_list("year", flat=True).first()
    if year is None:
        return 0.0, 0, []
    stated = dict(values.filter(year=year).values_list("area_id", "value"))
    inner = AreaClosure.objects.filter(area__in=list(stated), ancestor__in=list(stated), distance__gt=0).order_by()
    covered = set(inner.values_list("area_id", flat=True))
    widest = [pk for pk in stated if pk not in covered]
    return sum(float(stated[pk] or 0) for pk in widest), year, widest


def confirmed_share(actor: Actor, area_ids: Areas, period: Period) -> Figure:
    """Percentage of the resources listed whose record was confirmed within the term."""
    rows = listed(actor, area_ids)
    base = rows.count()
    if not base:
        return _figure(None, _now("no resources"), 0, 0)
    share = 100 * rows.exclude(decayed()).count() / base
    return _figure(share, f"{number(share)} %", base, base)


def _figure(value: float | None, text: str, base: int, known: int, note: str = "") -> Figure:
    source = _now("register of resources")
    return Figure(value, text, base=base, known=known, as_of=timezone.localdate(), source=source, note=note)


declare(
    Indicator(
        "DIR-01",
        _("Resources listed"),
        _("resources"),
        _("Published resources and services in the register. What nobody listed is not counted."),
        resources,
        register="resources",
        order=15,
    ),
    Indicator(
        "DIR-02",
        _("Resources per 1,000 households"),
        _("per 1,000 households"),
        _("1,000 × resources ÷ resident households, in the areas whose households are known."),
        per_thousand_households,
        register="resources",
        order=110,
    ),
    Indicator(
        "DIR-03",
        _("Resources confirmed within the term"),
        "%",
        _("Of a hundred resources listed, those that who offers them confirmed within the term."),
        confirmed_share,
        register="resources",
        order=111,
    ),
)
