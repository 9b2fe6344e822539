"""Things that hang on a record with more than a name: who takes part and gives what, who pays, seats, single dates.

One cell holds several of them, each as `core.cells` writes it. A detail that is not there at all stays as it is here
(`UNSAID`); one with nothing behind its colon is emptied.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any

from django.db.models import CharField, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import cells as grammar
from trama.core import codes
from trama.core.columns import out_of_one_cell
from trama.experiences.cells import DATE, FUNDING, PARTICIPATION
from trama.experiences.models import Funding, Occurrence, Participation
from trama.intake.registers import cells
from trama.intake.registers.cells import UNKNOWN, Unreadable
from trama.intake.registers.fields import Kind
from trama.network.declarations import SEAT
from trama.network.models import Seat
from trama.territory import finding


class Unsaid(Enum):
    """What a cell does not say of a thing that it names."""

    UNSAID = "unsaid"


UNSAID = Unsaid.UNSAID
PARTS: dict[Kind, grammar.Parts] = {
    Kind.ORGANISATIONS: PARTICIPATION,
    Kind.FUNDING: FUNDING,
    Kind.SEATS: SEAT,
    Kind.DATES: DATE,
}
# What stands at each place of a value.
COLUMNS: dict[Kind, tuple[str, ...]] = {
    Kind.ORGANISATIONS: ("body", "role", "gives", "receives", "since"),
    Kind.FUNDING: ("year", "amount", "funder", "fund", "note"),
    Kind.SEATS: ("name", "address", "opening", "lon", "lat", "area", "place"),
    Kind.DATES: ("starts_at", "ends_at", "place", "area", "title", "cancelled_because"),
}
# At which place of a value stands an organisation, or a place: by its name, until it is known which is meant.
BODY: dict[Kind, int] = {Kind.ORGANISATIONS: 0, Kind.FUNDING: 2}
PLACE: dict[Kind, int] = {Kind.PLACES: 0, Kind.SEATS: 6, Kind.DATES: 2}
MOST = 1000  # things in one cell
MONEY = re.compile(r"^(?P<year>\d{4})\s*:\s*(?P<amount>.+)$")
DAY = r"\d{4}[/.\-]\d{1,2}[/.\-]\d{1,2}|\d{1,2}[/.\-]\d{1,2}[/.\-](?:\d{4}|\d{2})"
HOUR = r"\d{1,2}(?:[:.]\d{2}){0,2}(?:\.\d{1,6})?Z?"
PERIOD = re.compile(
    rf"^(?P<day>{DAY})(?:[T,\s]+(?:ore|alle|h\.?|at)?\s*(?P<from>{HOUR})"
    rf"(?:\s*[–—-]\s*(?:(?P<last>{DAY})\s+)?(?P<to>{HOUR}))?)?$",
    re.I,
)
CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?:[:.](\d{2}))?(?:\.(\d{1,6}))?")


@cache
def _names_of(kind: Kind) -> dict[str, str]:
    """The names of the parts of a kind; lazy words are slow to compare cell by cell."""
    return grammar.named(PARTS[kind])


@dataclass
class Details:
    """Reads the cells that hold such things; `body` and `area` find what is meant by a name."""

    body: Callable[[str], tuple[str, str]]
    area: Callable[[str], int]
    notes: list[str] = field(default_factory=list)

    def of(self, kind: Kind, text: str) -> tuple[tuple[Any, ...], ...]:
        """The values of a cell, each as the columns of its table (`hanging`)."""
        found = out_of_one_cell(text)
        if len(found) > MOST:
            raise Unreadable(_("the cell holds %(count)s values") % {"count": len(found)})
        names = _names_of(kind)
        return tuple(self._one(kind, *grammar.read(part, names)) for part in found)

    def _one(self, kind: Kind, head: str, said: dict[str, str]) -> tuple[Any, ...]:
        match kind:
            case Kind.ORGANISATIONS:
                return self._participation(head, said)
            case Kind.FUNDING:
                return self._funding(head, said)
            case Kind.SEATS:
                return self._seat(head, said)
        return self._date(head, said)

    def told(self) -> list[str]:
        """What was put right since this was asked last."""
        notes, self.notes = self.notes, []
        return notes

    def _participation(self, head: str, said: dict[str, str]) -> tuple[Any, ...]:
        if not said:
            return (*self.body(head), UNSAID, UNSAID, UNSAID)
        texts = (self._text(Participation, said, name) for name in ("gives", "receives"))
        return (*self.body(head), *texts, _or_none(said, "since", cells.day_of))

    def _funding(self, head: str, said: dict[str, str]) -> tuple[Any, ...]:
        """Euro per year: "2025: 1000", "2026: 500,50, from: Comune, fund: PNRR"."""
        match = MONEY.match(head)
        try:
            amount = _amount(match["amount"]) if match else None
        except (InvalidOperation, ValueError):
            amount = None
        if match is None or amount is None or not 1950 <= int(match["year"]) <= 2100:
            raise Unreadable(_("“%(text)s” is not euro per year: write it like 2026: 1500") % {"text": head[:40]})
        texts = (self._text(Funding, said, name) for name in ("fund", "note"))
        return (int(match["year"]), amount, _or_none(said, "funder", _name), *texts)

    def _seat(self, head: str, said: dict[str, str]) -> tuple[Any, ...]:
        """A seat: "Sede di Est (via Est 3)", "via Nord 1"; "–" stands for no name, or no address."""
        name, behind = cells.named_of(head)
        if not behind:
            name, behind = "", name
        address = said.get("address", "" if behind in UNKNOWN else behind)
        seat = {"name": cells.text_of("" if name in UNKNOWN else name), "address": cells.text_of(address)}
        point: tuple[Any, Any] = (UNSAID, UNSAID)
        if "point" in said:
            point = cells.point_of(said["point"]) if said["point"] else (None, None)
            if point[0] is not None and not (-90 <= point[1] <= 90 and -180 <= point[0] <= 180):
                raise Unreadable(_("latitude and longitude are no point on the earth"))
        return (
            self._text(Seat, seat, "name"), self._text(Seat, seat, "address"), self._text(Seat, said, "opening"),
            *point, _or_none(said, "area", self.area), _or_none(said, "place", _name),
        )  # fmt: skip

    def _date(self, head: str, said: dict[str, str]) -> tuple[Any, ...]:
        start, end = period_of(head)
        where = (_or_none(said, "place", _name), _or_none(said, "area", self.area))
        texts = (self._text(Occurrence, said, name) for name in ("title", "cancelled_because"))
        return (start, end, *where, *texts)

    def _text(self, model: type[Model], said: dict[str, str], name: str) -> str | Unsaid:
        if name not in said:
            return UNSAID
        column = model._meta.get_field(name)
        most = column.max_length if isinstance(column, CharField) else None
        if most and len(said[name]) > most:
            words = {"text": f"{said[name][:30]}…", "count": most}
            self.notes.append(_("“%(text)s” is longer than %(count)s signs, and was cut there") % words)
        return said[name][:most]


def _or_none(said: dict[str, str], name: str, read: Callable[[str], Any]) -> Any:
    """A detail that may be empty: what it is, None where the cell says that there is none, or UNSAID."""
    if name not in said:
        return UNSAID
    return read(said[name]) if said[name] and said[name] not in UNKNOWN else None


def _name(text: str) -> str:
    return cells.text_of(text)[:400]


def _amount(text: str) -> Decimal | None:
    bare = re.sub(r"[€\s]|euro", "", text, flags=re.I)
    if re.fullmatch(r"\d{1,3}(\.\d{3})*,\d{1,2}|\d+,\d{1,2}|\d{1,3}(\.\d{3})+", bare):
        bare = bare.replace(".", "").replace(",", ".")
    found = Decimal(bare)
    return found.quantize(Decimal("0.01")) if 0 <= found < Decimal("1e10") else None


def dates_in(text: str) -> list[tuple[datetime, datetime | None]]:
    """The days and hours of a cell of single dates. Raises Unreadable."""
    return [period_of(grammar.read(part, grammar.named(DATE))[0]) for part in out_of_one_cell(text)]


# --- days and hours -------------------------------------------------------------------------------------------------
def period_of(text: str) -> tuple[datetime, datetime | None]:
    """From when until when: "2026-03-01 17:00–19:00", "1/3/2026 ore 17", "2026-03-01 22:00–2026-03-02 01:00"."""
    match = PERIOD.match(cells.text_of(text))
    try:
        if match is None:
            raise ValueError(text)
        first = cells.day_of(match["day"])
        start = _at(first, match["from"] or "0")
        end = _at(cells.day_of(match["last"]) if match["last"] else first, match["to"]) if match["to"] else None
    except ValueError as error:
        words = {"text": text[:40], "example": "2026-03-01 17:00–19:00"}
        raise Unreadable(_("“%(text)s” is no day with its hours: write it like %(example)s") % words) from error
    if end is not None and end < start:
        raise Unreadable(_("“%(text)s” ends before it starts") % {"text": text[:40]})
    return start, end


def _at(day: date, hours: str) -> datetime:
    match = CLOCK.match(hours)
    if match is None:
        raise ValueError(hours)
    hour, minute, second = (int(part or 0) for part in match.group(1, 2, 3))
    clock = time(hour, minute, second, int((match[4] or "0").ljust(6, "0")))
    told = datetime.combine(day, clock)
    # In universal time: moments of an hour that comes twice are never equal to those of another zone.
    return told.replace(tzinfo=UTC) if hours.upper().endswith("Z") else timezone.make_aware(told).astimezone(UTC)


# --- in words ---------------------------------------------------------------------------------------------------------
def in_words(kind: Kind, value: tuple[Any, ...], body: Callable[[Any], str], place: Callable[[Any], str]) -> str:
    """A value as a cell would tell it; `body` and `place` give the names of organisations and places."""
    said: dict[str, Any] = dict(zip(COLUMNS[kind], (None if one is UNSAID else one for one in value), strict=True))
    match kind:
        case Kind.ORGANISATIONS:
            head = f"{body(said['body'])} ({codes.label(said['role']).lower()})"
        case Kind.FUNDING:
            head = f"{said['year']}: {said['amount']}"
        case Kind.SEATS:
            head = f"{said['name']} ({said['address'] or '–'})" if said["name"] else said["address"] or "–"
        case _:
            head = grammar.period(said["starts_at"], said["ends_at"])
    shown = {name: str(one) for name, one in said.items() if one is not None}
    if kind == Kind.SEATS:
        shown.pop("address")
        shown["point"] = f"{said['lat']}, {said['lon']}" if said["lon"] is not None else ""
    for name, told in (("funder", body), ("place", place), ("area", finding.name_of)):
        if said.get(name) is not None:
            shown[name] = told(said[name])
    return grammar.told(head, [(label, shown.get(key, "")) for key, label in PARTS[kind]])
