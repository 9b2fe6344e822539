"""The field of colour of a class in a table: `{{ swatches|colour:row.paint }}`."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def colour(swatches: Mapping[str, SafeString], key: str) -> SafeString:
    """The drawing of a paint; nothing for one that has none."""
    return swatches.get(key, SafeString(""))
