"""Numbers and days as people of the language write them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils import dateformat, formats, timezone
from django.utils.translation import get_language

DASH = "–"
FEW = 20  # of fewer a percentage has no decimals


def is_english() -> bool:
    """Whether the reader's language is English."""
    return (get_language() or "it").startswith("en")


def number(value: Any, decimals: int = 0) -> str:
    """6900 -> "6.900" (Italian) or "6,900" (English); None -> a dash."""
    if value is None or value == "":
        return DASH
    text = f"{float(value):,.{int(decimals)}f}"
    if text.lstrip("-").strip("0.,") == "" and text.startswith("-"):
        text = text[1:]
    return text if is_english() else text.translate(str.maketrans(",.", ".,"))


def percent(share: Any, decimals: int = 1) -> str:
    """A share 0 … 1 as a percentage: 0.595 -> "59,5 %" (Italian), "59.5%" (English)."""
    if share is None or share == "":
        return DASH
    return number(float(share) * 100, decimals) + ("%" if is_english() else " %")


def share_of(share: Any, base: float | None) -> str:
    """A share of so many: of a handful a decimal would promise what they cannot say ("33 %" of 3, "33,3 %" of 300)."""
    return percent(share, 0 if (base or 0) < FEW else 1)


def dated(value: date | datetime | None, form: str) -> str:
    """A day or a moment in one of Django's forms; in Italian names of days and months are written small."""
    if value is None:
        return DASH
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    text = dateformat.format(value, form)
    return text if is_english() else text.lower()


def day(value: date | datetime | None) -> str:
    """A day in words: "3 marzo 2026"."""
    if value is None:
        return DASH
    if isinstance(value, datetime):
        value = timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    text = formats.date_format(value, "j F Y")
    return text if is_english() else text.lower()  # Italian months are written small
