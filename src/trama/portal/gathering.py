"""What the pages of the portal gather from the declarations of the apps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from trama.core import facts, memo
from trama.core.actor import Actor
from trama.core.declarations import Alert, CalendarEntry, Figure, Indicator, gathered
from trama.core.models import AuditEntry
from trama.core.registers import Register, Selection
from trama.network.models import visible_names
from trama.territory import finding
from trama.territory.choices import RANK, AreaKind
from trama.territory.models import Area, AreaClosure
from trama.ui.registers import address_if_any

AREA_DAYS = 30  # how far the page of an area looks ahead


def home_area() -> Area | None:
    """The territory that this installation is about: the one it was told, else the first of the tree."""
    code = facts.facts().get(facts.HOME_AREA)
    if code:
        found = Area.objects.filter(code=code).first()
        if found is not None:
            return found
    return Area.objects.filter(parent__isnull=True).order_by("id").first()


def narrower_home(area: Area) -> Area | None:
    """The territory that is kept here, where it is but a part of this area; else None."""
    home = home_area()
    if home is None or home.pk == area.pk:
        return None
    return home if AreaClosure.objects.filter(ancestor=area.pk, area=home.pk).exists() else None


MOST_AREAS = 600


def areas_to_choose(chosen: Area | None) -> list[tuple[str, str, bool]]:
    """The areas of a drop-down list: code, name with its place in the tree, whether it is the chosen one."""
    known = [node for node in finding.nodes().values() if node.in_force]
    if len(known) > MOST_AREAS:
        known = [node for node in known if RANK[node.kind] <= RANK[AreaKind.MUNICIPALITY]][:MOST_AREAS]
    rows = [(node.code, "\u2003" * node.depth + node.name, bool(chosen and node.id == chosen.pk)) for node in known]
    if chosen is not None and not any(marked for _code, _name, marked in rows):
        rows.insert(0, (chosen.code, chosen.name, True))
    return rows


def areas_within(area: Area) -> frozenset[int]:
    """The ids of an area and of all below it."""
    return frozenset(AreaClosure.objects.filter(ancestor=area.pk).values_list("area", flat=True))


@dataclass(frozen=True)
class Stated:
    """An indicator with its figure and the list that it counts."""

    indicator: Indicator
    figure: Figure
    address: str = ""


def figures(actor: Actor, area: Area | None = None, *, home_only: bool = False) -> list[Stated]:
    """The declared indicators, computed for an area (None: everywhere), in their order."""
    chosen = sorted((i for i in gathered.indicators.values() if i.on_home or not home_only), key=lambda i: i.order)

    def compute() -> list[Stated]:
        within = areas_within(area) if area is not None else None
        return [Stated(i, i.compute(actor, within, None), _list_address(i.register, area, actor)) for i in chosen]

    return memo.until_changed(("figures", area.pk if area else 0, home_only), actor, compute)


def register_address(register: Register, query: str = "") -> str:
    """The address of a register's list."""
    from trama.ui.registers import address_if_any

    app = register.model._meta.app_label
    address = address_if_any(f"{app}:{register.key}")
    return address + (f"?{query}" if query and address else "")


def _list_address(key: str, area: Area | None, actor: Actor) -> str:
    register = gathered.registers.get(key)
    if register is None:
        return ""
    selection = Selection().published(register, actor)
    if area is not None and register.dimension("area"):
        selection = selection.with_("area", area.code)
    return register_address(register, selection.address())


def calendar(actor: Actor, first: date, last: date, areas: list[int] | None = None) -> list[CalendarEntry]:
    """What happens from `first` to `last`, of all apps, in order of time."""
    entries = [entry for source in gathered.calendars.values() for entry in source.between(actor, first, last, areas)]
    return sorted(entries, key=lambda entry: (entry.starts, entry.title))


def by_day(entries: list[CalendarEntry]) -> list[tuple[date, list[CalendarEntry]]]:
    """Entries under their day."""

    def day(entry: CalendarEntry) -> date:
        return timezone.localtime(entry.starts).date()

    return [(when, list(found)) for when, found in groupby(entries, key=day)]


def next_days(actor: Actor, days: int = 14, most: int = 6, areas: list[int] | None = None) -> list[CalendarEntry]:
    """The next things that happen and that were not cancelled."""
    today = timezone.localdate()
    return not_over(calendar(actor, today, today + timedelta(days=days), areas))[:most]


def not_over(entries: list[CalendarEntry]) -> list[CalendarEntry]:
    """What has not ended by now; what states no end is taken to last two hours."""
    now = timezone.now()
    return [entry for entry in entries if (entry.ends or entry.starts + timedelta(hours=2)) >= now]


def may_record(actor: Actor) -> bool:
    """Whether the actor may write down an experience: workers, and who speaks for an organisation."""
    register = gathered.registers.get("experiences")
    return register is not None and register.may_add is not None and register.may_add(actor)


def own_organisations(actor: Actor) -> list[tuple[str, str]]:
    """Name and address of the organisations for which the actor speaks."""
    names = visible_names(actor.organisations, actor)
    return [(name, address_if_any("network:organisation", pk)) for pk, name in names.items()]


def alerts(actor: Actor) -> list[Alert]:
    """What waits for an actor: what is late first, then by due date."""
    found = [alert for source in gathered.alerts.values() for alert in source.of(actor)]
    return sorted(found, key=lambda alert: (alert.level != "late", alert.due or date.max, alert.title))


@dataclass(frozen=True)
class Recent:
    """Something that changed, on a record that the actor may see."""

    at: datetime
    who: str
    verb: str
    label: str
    address: str
    others: int = 0  # records written in the same breath, as a load of a file does


def recent_changes(actor: Actor, most: int = 10) -> list[Recent]:
    """What people changed last on records that the actor may see: a line per record, one for what a load wrote at once.

    What the installation did by itself (the demonstration, a load from the command line) is nobody's news.
    """
    by_kind = {r.model._meta.label_lower: r for r in gathered.registers.values()}
    of_people = AuditEntry.objects.filter(kind__in=by_kind, user__isnull=False).exclude(object_id="")
    seen: dict[tuple[str, str], AuditEntry] = {}
    for entry in of_people.order_by("-number")[: most * 12]:
        if entry.object_id.isdigit():
            seen.setdefault((entry.kind, entry.object_id), entry)
    allowed: dict[str, set[int]] = {}
    for kind, register in by_kind.items():
        ids = [int(pk) for k, pk in seen if k == kind]
        allowed[kind] = set(register.visible(actor).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
    together: dict[tuple[object, ...], list[AuditEntry]] = {}
    for (kind, pk), entry in seen.items():
        if int(pk) in allowed[kind]:
            together.setdefault((entry.at, entry.user, kind, entry.verb), []).append(entry)
    return [
        Recent(
            first.at,
            first.user_name,
            first.verb,
            first.label,
            by_kind[first.kind].url(int(first.object_id)),
            len(others),
        )
        for first, *others in list(together.values())[:most]
    ]


@dataclass(frozen=True)
class Written:
    """The page of an area as it is kept until something changes: where it stands, its sections, the days to come."""

    crumbs: list[tuple[str, str]]
    sections: list[dict[str, str]]
    coming: list[CalendarEntry]
    maps: int  # how many maps the sections hold: the first of a page brings the script


def page_of_area(request: HttpRequest, area: Area) -> Written:
    """What the page of an area shows to this actor; written anew after any change, at the latest after ten minutes."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    written = memo.until_changed(("portal.area", area.pk), actor, lambda: _written(request, actor, area), heavy=True)
    request.trama_maps = written.maps  # type: ignore[attr-defined]
    return written


def _written(request: HttpRequest, actor: Actor, area: Area) -> Written:
    from trama.ui.registers import address_if_any

    above = Area.objects.filter(down__area=area, down__distance__gt=0).order_by("-down__distance")
    crumbs = [(name, address_if_any("portal:area", code)) for code, name in above.values_list("code", "name")]
    today = timezone.localdate()
    coming = calendar(actor, today, today + timedelta(days=AREA_DAYS), list(areas_within(area)))
    return Written([*crumbs, (area.name, "")], _sections(request, actor, area), coming, _maps_of(request))


def _maps_of(request: HttpRequest) -> int:
    return int(getattr(request, "trama_maps", 0))


def _sections(request: HttpRequest, actor: Actor, area: Area) -> list[dict[str, str]]:
    """The sections that have something to say, as HTML. They read only: what is kept holds no form."""
    found = []
    for section in sorted(gathered.sections.values(), key=lambda s: s.order):
        context = section.context(actor, area)
        if context is not None:
            html = render_to_string(section.template, {"area": area, **context}, request)
            found.append({"key": section.key, "title": str(section.title), "html": html})
    return found
