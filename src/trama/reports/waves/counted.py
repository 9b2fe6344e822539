"""The frozen figures of a wave as its report wants them: as they are printed, with base and completeness.

Nothing is counted here anew. A number that the text rounds ("more than 500") is handed on rounded: a workbook tells no
more than the page does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trama.core import figures
from trama.core.actor import NOBODY
from trama.insight.shapes import Status
from trama.monitoring import cuts, reading
from trama.monitoring.models import Wave
from trama.reports.document import Cell
from trama.territory.models import Area

NOT_DIGITS = re.compile(r"\D")
EVERYWHERE = "_everywhere"  # what is for the whole territory stands in the cut by area as a value of its own


@dataclass(frozen=True)
class Number:
    """A figure: as printed, and as much of it as the text tells (`value`, None where nothing may be told)."""

    key: str
    label: str
    text: str
    base: int
    known: int
    value: int | None = None
    status: str = ""  # as in the cells of a document
    note: str = ""

    @property
    def cell(self) -> Cell:
        """The figure in a table."""
        return Cell(self.text, self.value, status=self.status)

    @property
    def is_complete(self) -> bool:
        """Whether every record states it."""
        return self.known == self.base


@dataclass(frozen=True)
class Row:
    """One value of a cut; `share` is of the records that state any value, `others` are its further figures by key."""

    key: str
    name: str
    number: Number
    share: float | None = None
    others: Mapping[str, Number] = field(default_factory=dict)


@dataclass(frozen=True)
class Cut:
    """Records by the values of one list, the most frequent first. `total` counts each record once."""

    key: str
    label: str
    rows: tuple[Row, ...]
    base: int
    known: int
    several: bool = False  # whether a record may have several values: then shares add up to more than 100
    total: Mapping[str, Number] = field(default_factory=dict)
    is_question: bool = False

    @property
    def missing(self) -> int:
        """How many records state no value."""
        return self.base - self.known


@dataclass(frozen=True)
class Place:
    """An area with its figures by key; what happens in several areas stands in each. `area` 0: the whole territory."""

    area: int
    name: str
    numbers: Mapping[str, Number]


@dataclass(frozen=True)
class Counted:
    """All figures of a wave; `everywhere` is what happens in the whole territory."""

    whole: dict[str, Number]
    places: tuple[Place, ...]
    everywhere: Place | None
    cuts: dict[str, Cut]


def counted(wave: Wave) -> Counted:
    """The figures of a closed wave as everybody may read them, in the language that is set."""
    whole = {row["key"]: number_of(row) for row in reading.figures(wave)[0]}
    found: dict[str, Cut] = {}
    places: list[Place] = []
    for cut in cuts.cuts(wave, NOBODY):
        if cut.key == "area":
            places = _places(cut)
        else:
            found[cut.key] = _cut(cut)
    everywhere = next((place for place in places if not place.area), None)
    return Counted(whole, tuple(place for place in places if place.area), everywhere, found)


def number_of(row: Mapping[str, Any]) -> Number:
    """A figure of the whole as `monitoring.reading` gives it."""
    return as_told(row["key"], row["label"], row["number"], row["text"], row["base"], row["known"], row["note"])


def as_told(key: str, label: str, exact: float | None, text: str, base: int, known: int, note: str = "") -> Number:
    """A figure that knows no more than its text: 512 told as "more than 500" is 500, and an estimate."""
    if exact is None:
        return Number(key, label, text, base, known, None, str(Status.SUPPRESSED) if known else "missing", note)
    digits = NOT_DIGITS.sub("", text)
    status = "" if text == figures.written(exact) else str(Status.ESTIMATED)
    return Number(key, label, text, base, known, int(digits) if digits else None, status, note)


def _told(number: cuts.Number) -> Number:
    """A figure of a cut: as it is said in a sentence, so that no table is more exact than the text beside it."""
    base = number.known + number.unknown
    if number.value is None:
        hidden = str(Status.SUPPRESSED) if number.is_protected else "missing"
        return Number(number.key, number.label, number.phrase, base, number.known, None, hidden, number.note)
    return as_told(number.key, number.label, number.value, number.phrase, base, number.known, number.note)


def _cut(cut: cuts.Cut) -> Cut:
    rows = [
        Row(one.key, one.label, _told(one.count), one.share, {key: _told(other) for key, other in one.numbers.items()})
        for one in cut.categories
        if one.count.value
    ]
    rows.sort(key=lambda row: -(row.number.value or 0))  # those of the same number stay in the order of their list
    total = {key: _told(one) for key, one in cut.total.numbers.items()}
    return Cut(cut.key, cut.label, tuple(rows), cut.base, cut.said, cut.several, total, cut.is_question)


def _places(cut: cuts.Cut) -> list[Place]:
    codes = [one.key for one in cut.categories]
    areas = dict(Area.objects.filter(code__in=codes).order_by().values_list("code", "pk"))
    return [
        Place(areas.get(one.key, 0), one.label,
              {"records": _told(one.count)} | {key: _told(other) for key, other in one.numbers.items()})
        for one in cut.categories
        if one.key in areas or one.key == EVERYWHERE
    ]  # fmt: skip
