"""The calendar in the form that calendars of phones and offices read (RFC 5545), times in UTC."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, timedelta

from django.utils import timezone

from trama.core.declarations import CalendarEntry


def text(entries: Iterable[CalendarEntry], root: str) -> bytes:
    """The entries as a calendar; `root` is the address of the site, for the links."""
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//Trama//community work//IT")
    calendar.add("version", "2.0")
    for entry in entries:
        event = Event()
        key = hashlib.sha256(f"{entry.url} {entry.starts.isoformat()} {entry.title}".encode()).hexdigest()[:24]
        event.add("uid", f"{key}@trama")
        event.add("dtstamp", timezone.now().astimezone(UTC))
        event.add("dtstart", entry.starts.astimezone(UTC))
        event.add("dtend", (entry.ends or entry.starts + timedelta(hours=1)).astimezone(UTC))
        event.add("summary", entry.title)
        if entry.place:
            event.add("location", entry.place)
        event.add("url", root.rstrip("/") + entry.url)
        if entry.cancelled:
            event.add("status", "CANCELLED")
        calendar.add_component(event)
    return calendar.to_ical()
