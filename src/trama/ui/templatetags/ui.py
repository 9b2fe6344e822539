"""Template tags that every page uses: numbers in Italian form, icons, the three dates, states, form fields."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trama.core import codes
from trama.core.actor import NOBODY
from trama.ui import numbers
from trama.ui.menus import main_items, user_items

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of Bootstrap Italia. Without a label it is decoration, hidden from screen readers."""
    sprite = f"{_sprites()}#{name}"
    if label:
        return format_html('<svg class="tr-icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, sprite)
    return format_html('<svg class="tr-icon" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', sprite)


@cache
def _sprites() -> str:
    """The address of the icons: the same for the life of a process, asked dozens of times for a page."""
    return static("svg/sprites.svg")


@register.filter
def number(value: Any, decimals: int = 0) -> str:
    """6900 -> "6.900" (Italian), "6,900" (English); None -> a dash."""
    return numbers.number(value, decimals)


@register.filter
def percent(value: Any, decimals: int = 1) -> str:
    """0.595 -> "59,5 %"."""
    return numbers.percent(value, decimals)


@register.filter
def code_label(value: str | None) -> str:
    """The name of a code by its key."""
    return codes.label(value)


@register.filter
def dated(value: date | datetime | None, form: str) -> str:
    """A day or a moment in a form of Django's, with small names in Italian only."""
    return numbers.dated(value, form)


@register.filter
def day(value: date | datetime | None) -> str:
    """A day in words short enough for a table: "3 marzo 2026"."""
    return numbers.day(value)


@register.filter
def dict_get(mapping: Any, key: Any) -> Any:
    """A value of a dictionary by a variable key."""
    return mapping.get(key) if mapping else None


@register.inclusion_tag("ui/_freshness.html")
def freshness(record: Any) -> dict[str, Any]:
    """The three dates under a title: edited, confirmed by the body, used with success."""
    # A park confirms nothing, nor does an experience that names nobody: there it is who works there that looked.
    return {"record": record, "to_confirm": record.to_confirm, "of_body": getattr(record, "is_of_body", True)}


_STATES = {
    "draft": ("it-pencil", "draft"),
    "published": ("it-check-circle", "published"),
    "closed": ("it-locked", "closed"),
    "concluded": ("it-locked", "closed"),
    "to_confirm": ("it-clock", "to-confirm"),
}


@register.simple_tag
def state_badge(value: str, label: str = "") -> SafeString:
    """A state as a word with an icon, never a colour alone."""
    name, css = _STATES.get(value, ("it-info-circle", "plain"))
    words = label or (_("to confirm") if value == "to_confirm" else value)
    return format_html('<span class="tr-state tr-state-{}">{}<span>{}</span></span>', css, icon(name), words)


@register.inclusion_tag("ui/_field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """A field of a form: label, hint, control, errors beside it."""
    widget = bound.field.widget
    grouped = isinstance(widget, RadioSelect | CheckboxSelectMultiple) or getattr(widget, "is_group", False)
    # A group of choices has no id of its own to point to.
    identity = bound.id_for_label or bound.auto_id
    described = [f"{identity}-hint"] if bound.help_text else []
    if bound.errors:
        described.append(f"{identity}-error")
    attributes: dict[str, Any] = {}
    if not grouped:
        if described:
            attributes["aria-describedby"] = " ".join(described)
        if bound.errors:
            attributes["aria-invalid"] = "true"
        if not isinstance(widget, CheckboxInput):
            attributes["class"] = f"{widget.attrs.get('class', '')} tr-input".strip()
    return {
        "bound": bound,
        "identity": identity,
        "control": bound.as_widget(attrs=attributes),
        "grouped": grouped,
        "checkbox": isinstance(widget, CheckboxInput),
        "optional": not bound.field.required,
        "remark": getattr(bound.field, "remark", ""),
        "described": " ".join(described),
    }


@register.inclusion_tag("ui/_errors.html")
def errors(form: Any, opening: str = "") -> dict[str, Any]:
    """All errors of a form on top, each a link to its field; `opening` for a form that saves nothing."""
    listed = []
    for name, messages in form.errors.items():
        bound = form[name] if name in form.fields else None
        for message in messages:
            identity = (bound.id_for_label or f"{bound.auto_id}-group") if bound else ""
            listed.append({"label": bound.label if bound else "", "id": identity, "text": message})
    return {"listed": listed, "opening": opening}


@register.inclusion_tag("ui/_breadcrumb.html")
def breadcrumb(items: list[tuple[str, str]]) -> dict[str, Any]:
    """The way to this page: `[(name, address), …]`, the last one without an address."""
    return {"items": items}


@register.simple_tag(takes_context=True)
def main_menu(context: dict[str, Any]) -> SafeString:
    """The doors of the site."""
    return _items(context, main_items())


@register.simple_tag(takes_context=True)
def user_menu(context: dict[str, Any]) -> SafeString:
    """What a person who signed in may open beside the doors of the site."""
    actor = context.get("actor", NOBODY)
    shown = [item for item in user_items() if item.may(actor)]
    return format_html_join(
        "", '<a href="{}">{}</a>', ((address, item.label) for item in shown if (address := _address(item.url_name)))
    )


def _items(context: dict[str, Any], items: Any) -> SafeString:
    request = context.get("request")
    here = request.path if request else ""
    actor = context.get("actor", NOBODY)
    shown = [(a, item.label) for item in items if item.may(actor) and (a := _address(item.url_name))]
    # The deepest door that leads here: /territorio/luoghi/ is "places", not "the territory" too.
    current = max((a for a, _label in shown if here == a or (len(a) > 1 and here.startswith(a))), key=len, default="")
    marked = SafeString(' aria-current="page"')
    rows = [(address, marked if address == current else "", label) for address, label in shown]
    return format_html_join("", '<li><a href="{}"{}>{}</a></li>', rows)


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@register.simple_tag
def today() -> date:
    """The day it is."""
    return timezone.localdate()


NOTHING = gettext_lazy("none")


@register.simple_tag
def table_cell(columns: list[Any], position: int, value: Any, address: str) -> SafeString:
    """A cell of a register's table: the first one heads the row and leads to the record."""
    if position == 0:
        return format_html('<th scope="row"><a href="{}">{}</a></th>', address, value or _("without a name"))
    if value is None or value == "":
        return format_html("<td{}>{}</td>", SafeString(' class="tr-n"') if columns[position].numeric else "", "")
    if columns[position].numeric:
        # A number that may not be told is a word.
        told = value if isinstance(value, str) else numbers.number(value)
        return format_html('<td class="tr-n">{}</td>', told)
    if isinstance(value, bool):
        return format_html("<td>{}</td>", _("yes") if value else _("no"))
    if isinstance(value, date):
        return format_html("<td>{}</td>", numbers.day(value))
    text = str(value)
    return format_html("<td>{}</td>", text if len(text) <= 160 else text[:157].rstrip() + "…")
