"""The pages of a register: list, table, map and exports of the same selection, from one declaration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page

from trama.core import facts, memo, search
from trama.core.actor import NOBODY, Actor
from trama.core.pages import anyone, page
from trama.core.registers import NONE, Column, Dimension, Register, Selection
from trama.ui import exports, maps, numbers

PAGE = 25
TABLE_PAGE = 50
# Beyond this many values a drop-down list is no help any more.
MOST_CHOICES = 600


def register_urls(register: Register) -> list[URLPattern]:
    """The addresses of a register, named after its key: list, `_table`, `_map`, `_points`, `_export`.

    Declare them before the app's own `<int:pk>/`.
    """

    @page(may=anyone)
    def listing(request: HttpRequest) -> HttpResponse:
        return _cleaned(request) or _list(request, register)

    @page(may=anyone)
    def table(request: HttpRequest) -> HttpResponse:
        return _cleaned(request) or _table(request, register)

    @page(may=anyone)
    def on_map(request: HttpRequest) -> HttpResponse:
        return _cleaned(request) or _map(request, register)

    @page(may=anyone)
    def points(request: HttpRequest) -> HttpResponse:
        return _points(request, register)

    @page(may=anyone)
    def export(request: HttpRequest, form: str) -> HttpResponse | StreamingHttpResponse:
        return _export(request, register, form)

    key = register.key
    return [
        path("", listing, name=key),
        path("tabella/", table, name=f"{key}_table"),
        path("mappa/", on_map, name=f"{key}_map"),
        path("mappa/punti.json", gzip_page(points), name=f"{key}_points"),
        path("esporta.<str:form>", export, name=f"{key}_export"),
    ]


def _cleaned(request: HttpRequest) -> HttpResponse | None:
    """The way to the same page without the fields that a form sent empty; None if there are none."""
    if request.method not in ("GET", "HEAD") or not any("" in values for _key, values in request.GET.lists()):
        return None
    kept = [(key, value) for key, values in request.GET.lists() for value in values if value]
    # The path as it was matched, on this host: `//` at its beginning would lead to another one.
    path = "/" + request.path.lstrip("/")
    return redirect(path + (f"?{urlencode(kept)}" if kept else ""))


# --- what every view of a register shows --------------------------------------------------------------------------
@dataclass(frozen=True)
class View:
    """One of the ways in which a register shows the same selection."""

    key: str
    label: str
    icon: str
    address: str


def _namespace(request: HttpRequest, register: Register) -> str:
    """Where the addresses of a register live: beside this page, or (seen from the crosstab) with its model."""
    beside = request.resolver_match.namespace if request.resolver_match else ""
    return register.model._meta.app_label if beside == "insight" else beside


def _address(request: HttpRequest, register: Register, suffix: str = "", selection: Selection | None = None) -> str:
    namespace = _namespace(request, register)
    name = f"{namespace}:{register.key}{suffix}" if namespace else f"{register.key}{suffix}"
    query = selection.address() if selection is not None else ""
    return reverse(name) + (f"?{query}" if query else "")


def _views(request: HttpRequest, register: Register, selection: Selection) -> list[View]:
    query = selection.address()
    views = [
        View("list", _("List"), "it-list", _address(request, register, "", selection)),
        View("map", _("Map"), "it-map-marker", _address(request, register, "_map", selection)),
        View("table", _("Table"), "it-card", _address(request, register, "_table", selection)),
    ]
    crosstab = address_if_any("insight:crosstab", register.key)
    if crosstab:
        views.append(View("crosstab", _("Crosstab"), "it-chart-line", crosstab + (f"?{query}" if query else "")))
    return views


def address_if_any(name: str, *args: object) -> str:
    """An address of an app above this one, when it is installed."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def _count(register: Register, selection: Selection, actor: Actor) -> int:
    key = ("count", register.key, Selection(selection.values, selection.text))
    return memo.until_changed(key, actor, lambda: selection.rows(register, actor).count())


def sentence(register: Register, selection: Selection, actor: Actor) -> str:
    """The selection counted in words: "594 risorse, 26 attività, 6 quartieri"."""

    def compute() -> str:
        count = _count(register, selection, actor)
        rows = selection.rows(register, actor)
        parts = [register.counted(count) + (_not_public(register, selection, rows) if actor.is_staff else "")]
        for key, counted in register.spread:
            dimension = register.dimension(key)
            if dimension is None:
                continue
            grouped = dimension.group(rows, "spread_value")
            number = grouped.filter(spread_value__isnull=False).values("spread_value").distinct().count()
            if number:
                parts.append(counted(number))
        return ", ".join(parts)

    return memo.until_changed(("sentence", register.key, Selection(selection.values, selection.text)), actor, compute)


def _not_public(register: Register, selection: Selection, rows: QuerySet[Any]) -> str:
    """How many of the records that staff count are drafts, and how many others nobody else sees."""
    hidden = rows.order_by().exclude(pk__in=register.visible(NOBODY).order_by().values("pk")).distinct().count()
    state = register.dimension("state")
    drafts = 0
    if hidden and state is not None and not selection.of("state"):
        drafts = state.narrow(rows, ["draft"]).order_by().distinct().count()
    elif state is not None:
        return ""
    said = []
    if drafts:
        said.append(ngettext("one of them a draft", "%(n)s of them drafts", drafts) % {"n": numbers.number(drafts)})
    if hidden > drafts:
        others = hidden - drafts
        text = ngettext("one of them seen by staff only", "%(n)s of them seen by staff only", others)
        said.append(text % {"n": numbers.number(others)})
    return f" ({', '.join(said)})" if said else ""


def context_of(request: HttpRequest, register: Register, current: str) -> tuple[Selection, dict[str, Any]]:
    """What the top of every view of a register needs: the sentence, the chips, the filters, the switch, the exports."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    selection = Selection.read(register, request.GET, actor)
    if current == "crosstab":
        selection = selection.published(register, actor)
    count = _count(register, selection, actor)
    query = selection.address()
    forms: list[tuple[str, str]] = []
    namespace = _namespace(request, register)
    if current != "crosstab":
        name = f"{namespace}:{register.key}_export" if namespace else f"{register.key}_export"
        forms = [(form, reverse(name, args=[form]) + (f"?{query}" if query else "")) for form in exports.FORMS]
    # Only with something found: a word that stands in hidden records alone must not be offered.
    corrected = search.understand(selection.text, actor).corrected if selection.text and count else ()
    return selection, {
        "register": register,
        "selection": selection,
        "count": count,
        "sentence": sentence(register, selection, actor),
        "chips": selection.chips(register, actor),
        "corrected": corrected,
        "unknown": selection.unknown(register, actor),
        "views": _views(request, register, selection) if namespace else [],
        "current": current,
        "filters": filter_fields(register, selection, actor),
        "orders": [(key, label) for key, (label, _fields) in register.orders.items()],
        "order": selection.order or next(iter(register.orders)),
        "exports": forms,
        "query": query,
        "without_text": selection.without("q").address(),
        "extra_fields": "",
        "here": request.path,
        "may_add": bool(register.add_url) and register.may_add(actor),
        "add_address": reverse(register.add_url) if register.add_url else "",
        "beside": [(label, address) for label, name in register.beside if (address := address_if_any(name))],
    }


def filter_fields(register: Register, selection: Selection, actor: Actor) -> list[dict[str, Any]]:
    """A drop-down list per dimension that has values to choose from."""
    fields = []
    for dimension in register.dimensions:
        if not dimension.filterable or (dimension.staff and not actor.is_staff):
            continue
        options = _options(register, dimension, actor)
        if not options:
            continue
        chosen = selection.of(dimension.key)
        fields.append(
            {
                "key": dimension.key,
                "label": dimension.label,
                "options": _marked(options, chosen[:1]),
                "others": chosen[1:],
            }
        )
    return fields


def _options(register: Register, dimension: Dimension, actor: Actor) -> SafeString:
    """The options of a drop-down list, none of them marked; empty if there are none, or too many."""

    def compute() -> SafeString:
        choices = list(dimension.choices(actor))
        if not choices or len(choices) > MOST_CHOICES:
            return SafeString("")
        rows = [("", _("all")), *choices, (NONE, _("not stated"))]
        return format_html_join("", '<option value="{}">{}</option>', rows)

    rights = (actor.user, actor.system)
    return memo.remember(("options", register.key, dimension.key, rights, get_language()), 30, compute)


def _marked(options: SafeString, chosen: Sequence[str]) -> SafeString:
    """The same options with the chosen one selected."""
    for value in chosen:
        # What is replaced and what replaces it are both escaped; the rest was written by `_options`.
        tag = format_html('<option value="{}"', value)
        options = SafeString(options.replace(f"{tag}>", f"{tag} selected>", 1))
    return options


# --- the views ----------------------------------------------------------------------------------------------------
def page_of(
    register: Register, selection: Selection, actor: Actor, count: int, number: str | None, size: int
) -> tuple[list[int], Page[int]]:
    """The keys of one page of a register, remembered until something changes, and the page itself.

    The count is known already; deep pages read only the index.
    """
    paginator = Paginator(range(count), size)
    current = paginator.get_page(number)

    def compute() -> list[int]:
        rows = selection.ordered(register, selection.rows(register, actor)).values_list("pk", flat=True)
        return list(rows[current.start_index() - 1 : current.end_index()]) if count else []

    keys = memo.until_changed(("page", register.key, selection, current.number, size), actor, compute)
    return keys, current


def _list(request: HttpRequest, register: Register) -> HttpResponse:
    selection, context = context_of(request, register, "list")
    actor: Actor = request.actor  # type: ignore[attr-defined]
    keys, current = page_of(register, selection, actor, context["count"], request.GET.get("page"), PAGE)
    found = {record.pk: record for record in register.for_list(register.model._default_manager.filter(pk__in=keys))}
    context |= {"records": [found[key] for key in keys if key in found], "page": current, "pages": _pages(current)}
    return render(request, "ui/register_list.html", context)


def _table(request: HttpRequest, register: Register) -> HttpResponse:
    selection, context = context_of(request, register, "table")
    actor: Actor = request.actor  # type: ignore[attr-defined]
    keys, current = page_of(register, selection, actor, context["count"], request.GET.get("page"), TABLE_PAGE)
    columns = [column for column in exports.columns_of(register, actor) if column.on_page]
    lines = exports.lines(register, columns, keys, actor)
    body = [(register.url(key), line) for key, line in zip(keys, lines, strict=True)]
    context |= {"columns": columns, "lines": body, "page": current, "pages": _pages(current)}
    return render(request, "ui/register_table.html", context)


def _map(request: HttpRequest, register: Register) -> HttpResponse:
    selection, context = context_of(request, register, "map")
    context["points_address"] = _address(request, register, "_points", selection)
    context["table_address"] = _address(request, register, "_table", selection)
    context["areas_address"] = home_areas_address()
    return render(request, "ui/register_map.html", context)


def home_areas_address() -> str:
    """Where the outlines of the home territory are, when there is one."""
    home = facts.facts().get(facts.HOME_AREA)
    return address_if_any("territory:children_geojson", home) if home else ""


def _points(request: HttpRequest, register: Register) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    selection = Selection.read(register, request.GET, actor)
    asked = maps.Asked.read(request.GET)
    key = ("points", register.key, Selection(selection.values, selection.text), asked)

    def compute() -> str:
        rows = selection.rows(register, actor)
        return maps.content(rows, asked, title=register.title_path, url=register.url)

    return HttpResponse(memo.until_changed(key, actor, compute, 120, heavy=True), content_type="application/json")


def _export(request: HttpRequest, register: Register, form: str) -> HttpResponse | StreamingHttpResponse:
    if form not in exports.FORMS:
        raise Http404
    # Open data are what everybody may see, whoever takes them.
    actor: Actor = NOBODY if "public" in request.GET else request.actor  # type: ignore[attr-defined]
    selection = Selection.read(register, request.GET, actor)
    return exports.respond(register, selection, actor, form)


def _pages(current: Any) -> Iterator[Any]:
    return current.paginator.get_elided_page_range(current.number, on_each_side=1, on_ends=1)


def json_rows(register: Register, columns: Sequence[Column], keys: Sequence[int], actor: Actor) -> JsonResponse:
    """A few records as JSON (for the popups of a map)."""
    lines = exports.lines(register, columns, keys, actor)
    return JsonResponse({"rows": [dict(zip([c.key for c in columns], line, strict=True)) for line in lines]})
