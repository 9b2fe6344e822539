"""Why a figure is protected, in plain words."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from trama.core import small_counts
from trama.core.pages import anyone, page
from trama.insight.tables import PROTECTED


@page(may=anyone)
@require_safe
def protection(request: HttpRequest) -> HttpResponse:
    """What the sign in a table means, what is hidden, and what can and cannot be worked out."""
    below, special = small_counts.THRESHOLD, small_counts.SPECIAL_THRESHOLD
    context = {
        "sign": PROTECTED,
        "below": below,
        "special": special,
        "as": small_counts.counted_as(below),
        "as_special": small_counts.counted_as(special),
    }
    return render(request, "insight/protection.html", context)
