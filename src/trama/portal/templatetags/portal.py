"""Template tags of the portal."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag(takes_context=True)
def area_section(context: template.Context, section: dict[str, Any]) -> SafeString:
    """A declared section, its own context laid over that of the page."""
    found = context.template.engine.get_template(section["template"])  # type: ignore[union-attr]
    with context.push(**section, section=section):
        return mark_safe(found.render(context))
