"""The pages that gather: home, the page of an area, calendar, search, "my day", and the pages about the site itself."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import urlencode

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core import memo
from trama.core import search as full_text
from trama.core.actor import NOBODY, Actor
from trama.core.declarations import gathered
from trama.core.models import Source
from trama.core.pages import anyone, page, signed_in
from trama.core.privacy import PrivacyClass
from trama.core.registers import Selection
from trama.insight.context.catalogue import catalogue
from trama.insight.models import IndexDefinition
from trama.portal import gathering, ics
from trama.territory.drawings import of_children
from trama.territory.models import Area, Boundary
from trama.territory.permissions import is_writer, may_keep
from trama.ui import numbers
from trama.ui.registers import address_if_any, home_areas_address

PERIODS = (7, 14, 31, 62)  # days that the calendar shows at once
DAYS = 14


@page(may=anyone)
def home(request: HttpRequest) -> HttpResponse:
    """The map of the territory, four figures, what happens next, and the doors."""
    actor = request.actor  # type: ignore[attr-defined]
    area = gathering.home_area()
    registers = [gathered.registers[key] for key in ("experiences", "resources", "places") if key in gathered.registers]
    shown = next((r for r in registers if r.visible(actor).filter(x__isnull=False).exists()), None)
    app = shown.model._meta.app_label if shown else ""
    query = f"?{Selection().published(shown, actor).address()}" if shown else ""
    figures = gathering.figures(actor, home_only=True)
    context = {
        "area": area,
        "figures": figures,
        "figure_notes": list(dict.fromkeys(stated.figure.note for stated in figures if stated.figure.note)),
        "coming": gathering.by_day(gathering.next_days(actor)),
        "points_address": address_if_any(f"{app}:{shown.key}_points") + query if shown else "",
        "table_address": address_if_any(f"{app}:{shown.key}_table") + query if shown else "",
        "areas_address": home_areas_address(),
        "bounds": _bounds(area),
        "drawing": _drawing(actor, area),
        "doors": _doors(),
        "today": timezone.localdate(),
    }
    return render(request, "portal/home.html", context)


def _drawing(actor: Actor, area: Area | None) -> SafeString:
    """The areas of the territory as a drawing, for who has no script."""
    if area is None:
        return SafeString("")
    return memo.until_changed(("portal.drawing", area.pk), actor, lambda: of_children(area))


def _bounds(area: Area | None) -> tuple[float, ...] | None:
    """West, south, east, north of an area, for the first view of its map."""
    boundary = Boundary.objects.filter(area=area, valid_to__isnull=True).first() if area else None
    if boundary is None:
        return None
    return boundary.min_lon, boundary.min_lat, boundary.max_lon, boundary.max_lat


def _doors() -> list[tuple[str, str, str]]:
    doors = [
        ("network:organisations", _("Who is there"), _("associations, parishes, services, groups")),
        ("experiences:experiences", _("What is done"), _("projects, groups, events, labs")),
        ("directory:resources", _("What is on offer"), _("courses, desks, canteens, spaces")),
        ("territory:places", _("Places"), _("squares, centres, stops of the mobile desk")),
        ("portal:calendar", _("Calendar"), _("what happens in the next days")),
        ("insight:index", _("The territory in numbers"), _("tables and charts, with their sources")),
        ("portal:open_data", _("Open data"), _("take everything with you")),
    ]
    return [(address, title, text) for name, title, text in doors if (address := address_if_any(name))]


@page(may=anyone)
def area(request: HttpRequest, code: str) -> HttpResponse:
    """The primary file: everything that is known about one area."""
    actor = request.actor  # type: ignore[attr-defined]
    found = get_object_or_404(Area.objects.select_related("source"), code=code)
    written = gathering.page_of_area(request, found)
    context = {
        "area": found,
        "crumbs": written.crumbs,
        "sections": written.sections,
        "coming": gathering.by_day(gathering.not_over(written.coming)[:8]),
        "report_address": address_if_any("reports:territory", found.code),
        "edit_address": address_if_any("territory:area_edit", found.code) if may_keep(actor, found.pk) else "",
        "kind": found.get_kind_display(),
        "kept_of": gathering.narrower_home(found),
    }
    return render(request, "portal/area.html", context)


@page(may=anyone)
def search(request: HttpRequest) -> HttpResponse:
    """Everything that the actor may see and that a text finds."""
    actor = request.actor  # type: ignore[attr-defined]
    text = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:200]
    answer = full_text.forgiving(actor, text) if text else full_text.Forgiven([], ())
    registers = {register.model._meta.label_lower: register for register in gathered.registers.values()}
    groups = []
    asked = " ".join(answer.fewer) or _respelt(text, answer)
    for group in answer.found:
        register = registers.get(group.kind)
        every = gathering.register_address(register, Selection(text=asked).address()) if register else ""
        groups.append({"group": group, "all": every})
    context = {
        "search_text": text,
        "groups": groups,
        "total": sum(group.count for group in answer.found),
        # Only with something found: a word that stands in hidden records alone must not be offered.
        "corrected": answer.corrected,
        "fewer": answer.fewer,
        "doors": _doors(),
    }
    return render(request, "portal/search.html", context)


def _respelt(text: str, answer: full_text.Forgiven) -> str:
    """The text with which the lists of the registers find the same."""
    better = dict(answer.corrected)
    return " ".join(better.get(word, word) for word in full_text.words(text)) if better else text


@page(may=anyone)
def calendar(request: HttpRequest) -> HttpResponse:
    """What happens, day by day."""
    actor = request.actor  # type: ignore[attr-defined]
    first = _day(request.GET.get("from")) or timezone.localdate()
    asked = request.GET.get("days", "")
    days = next((length for length in PERIODS if str(length) == asked), DAYS)
    last = first + timedelta(days=days - 1)
    area = Area.objects.filter(code=request.GET.get("area", "").replace("\x00", "")).first()
    within = list(gathering.areas_within(area)) if area else None
    entries = gathering.calendar(actor, first, last, within)
    kept = {"area": area.code if area else "", "days": str(days) if days != DAYS else ""}
    subscription = reverse("portal:calendar_ics") + (f"?{urlencode({'area': area.code})}" if area else "")
    context = {
        "days": gathering.by_day(entries),
        "count": len(entries),
        "first": first,
        "last": last,
        "area": area,
        "earlier": _query(kept | {"from": (first - timedelta(days=days)).isoformat()}),
        "now": _query(kept),
        "later": _query(kept | {"from": (last + timedelta(days=1)).isoformat()}),
        "today": timezone.localdate(),
        "areas": gathering.areas_to_choose(area),
        "periods": [
            (length, ngettext("%(n)s day", "%(n)s days", length) % {"n": length}, length == days) for length in PERIODS
        ],
        "ics_address": subscription,
        "webcal_address": f"webcal://{request.get_host()}{subscription}",
    }
    return render(request, "portal/calendar.html", context)


@page(may=anyone)
def calendar_ics(request: HttpRequest) -> HttpResponse:
    """The calendar for whoever keeps one: from a month ago to half a year from now."""
    actor = request.actor  # type: ignore[attr-defined]
    today = timezone.localdate()
    area = Area.objects.filter(code=request.GET.get("area", "")).first()
    within = list(gathering.areas_within(area)) if area else None
    entries = gathering.calendar(actor, today - timedelta(days=31), today + timedelta(days=183), within)
    response = HttpResponse(ics.text(entries, request.build_absolute_uri("/")), content_type="text/calendar")
    response["Content-Disposition"] = 'attachment; filename="trama.ics"'
    return response


def _query(values: dict[str, str]) -> str:
    return "?" + urlencode({key: value for key, value in values.items() if value})


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if date(1900, 1, 1) <= found <= date(2200, 1, 1) else None


@page(may=signed_in)
def my_day(request: HttpRequest) -> HttpResponse:
    """What waits for me, what changed around me, what comes next, and one big "record"."""
    actor = request.actor  # type: ignore[attr-defined]
    context = {
        "alerts": gathering.alerts(actor),
        "recent": gathering.recent_changes(actor),
        "coming": gathering.by_day(gathering.next_days(actor, 7, 8, sorted(actor.areas) if actor.areas else None)),
        "record_address": address_if_any("experiences:experience_add") if gathering.may_record(actor) else "",
        "own": gathering.own_organisations(actor),
        "may_write": is_writer(actor),
        "today": timezone.localdate(),
    }
    return render(request, "portal/my_day.html", context)


# --- about the site -----------------------------------------------------------------------------------------------
@page(may=anyone)
def sources(request: HttpRequest) -> HttpResponse:
    """Where the facts come from, and under which licence."""
    return render(request, "portal/sources.html", {"sources": Source.objects.order_by("is_demonstration", "title")})


@page(may=anyone)
def privacy(request: HttpRequest) -> HttpResponse:
    """What kinds of data are kept, for what, for how long: read from the declarations of the models."""
    held: dict[PrivacyClass, list[tuple[str, object]]] = {kind: [] for kind in PrivacyClass}
    for model in apps.get_models():
        if model.__module__.startswith("trama.") and hasattr(model, "privacy"):
            held[model.privacy.kind].append((str(model._meta.verbose_name), model.privacy))
    personal = held[PrivacyClass.PERSONAL] + held[PrivacyClass.SPECIAL]
    return render(request, "portal/privacy.html", {"personal": personal, "contact": settings.CONTACT})


@page(may=anyone)
def accessibility(request: HttpRequest) -> HttpResponse:
    """The draft of the declaration of accessibility, to be completed by the body."""
    return render(request, "portal/accessibility.html", {"contact": settings.CONTACT})


@page(may=anyone)
def open_data(request: HttpRequest) -> HttpResponse:
    """Every register to be taken away, with its count and its columns."""
    rows = []
    for register in gathered.registers.values():
        app = register.model._meta.app_label
        links = [
            (form.upper(), address_if_any(f"{app}:{register.key}_export", form) + "?public=1")
            for form in ("csv", "xlsx", "json")
        ]
        counted = register.counted(register.visible(NOBODY).count())
        columns = [str(column.label) for column in register.columns if not column.staff]
        rows.append({"register": register, "counted": counted, "links": links, "columns": columns})
    context = {
        "rows": rows,
        "date": numbers.day(timezone.localdate()),
        "indicators": _indicator_files(),
        "indices": _index_files(),
    }
    return render(request, "portal/open_data.html", context)


FileLinks = list[tuple[str, str, list[tuple[str, str]]]]


def _indicator_files() -> FileLinks:
    """Every indicator with values that is not an index made here: name, page, addresses of its files."""
    found: FileLinks = []
    for theme in catalogue(NOBODY):
        for entry in theme.entries:
            if not entry.years or entry.indicator.theme == "index":
                continue
            code = entry.indicator.code
            links = [
                (form.upper(), reverse("insight:indicator_file", args=[code, form]) + "?years=all")
                for form in ("csv", "xlsx", "json")
            ]
            found.append((entry.indicator.name, reverse("insight:indicator", args=[code]), links))
    return found


def _index_files() -> FileLinks:
    """Every published index: name, page, addresses of its files."""
    found: FileLinks = []
    for row in IndexDefinition.objects.visible_to(NOBODY).filter(state="published").order_by("code"):
        place = [row.code, row.version]
        links = [(form.upper(), reverse("insight:index_file", args=[*place, form])) for form in ("csv", "xlsx", "json")]
        found.append((row.name, reverse("insight:index_version", args=place), links))
    return found
