"""What every page needs: who acts, whether this is a demonstration, the name of the body, the background map."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from trama.core import facts
from trama.core.actor import NOBODY


def interface(request: HttpRequest) -> dict[str, Any]:
    """Context of the base template."""
    known = facts.facts()
    return {
        "actor": getattr(request, "actor", NOBODY),
        "is_demonstration": bool(known.get(facts.DEMONSTRATION)),
        "body_name": known.get(facts.BODY_NAME, ""),
        "search_text": "",  # a page of results overrides it
        "map_tiles": settings.MAP_TILES,
        "map_attribution": settings.MAP_ATTRIBUTION,
    }
