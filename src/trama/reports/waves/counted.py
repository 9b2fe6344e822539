"""The frozen figures of a wave as its report wants them: as they are printed, with base and completeness.

Nothing is counted here anew. A number that the text rounds ("more than 500") is handed on rounded: a workbook tells no
more than the page does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trama.core import figures
from trama.insight.shapes import Status
from trama.monitoring import reading
from trama.monitoring.models import Wave
from trama.reports.document import Cell

NOT_DIGITS = re.compile(r"\D")


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
    """One value of a cut; `share` is of the records that state any value."""

    key: str
    name: str
    number: Number

    @property
    def share(self) -> float | None:
        """The part of the records with an answer, 0 … 1."""
        return self.number.value / self.number.known if self.number.value is not None and self.number.known else None


@dataclass(frozen=True)
class Cut:
    """Records by the values of one list, in the order in which they were frozen: the most frequent first."""

    key: str  # the name of the list
    label: str
    rows: tuple[Row, ...]
    base: int
    known: int

    @property
    def missing(self) -> int:
        """How many records state no value."""
        return self.base - self.known

    @property
    def several(self) -> bool:
        """Whether a record may have several values: then shares add up to more than 100."""
        return sum(row.number.value or 0 for row in self.rows) > self.known


@dataclass(frozen=True)
class Place:
    """An area with its figures by key; what happens in several areas stands in each."""

    area: int
    name: str
    numbers: dict[str, Number]


@dataclass(frozen=True)
class Counted:
    """All figures of a wave."""

    whole: dict[str, Number]
    places: tuple[Place, ...]
    cuts: dict[str, Cut]


def counted(wave: Wave) -> Counted:
    """The frozen figures of a closed wave, in the language that is set."""
    whole, groups = reading.figures(wave)
    places: list[Place] = []
    cuts: dict[str, Cut] = {}
    for label, rows in groups:
        if rows[0]["code"].isdecimal():
            places += _places(rows)
        else:
            cut = _cut(label, rows)
            cuts[cut.key] = cut
    return Counted({row["key"]: number_of(row) for row in whole}, tuple(places), cuts)


def number_of(row: dict[str, Any]) -> Number:
    """A figure as `monitoring.reading` gives it."""
    return as_told(row["key"], row["label"], row["number"], row["text"], row["base"], row["known"], row["note"])


def as_told(key: str, label: str, exact: int | None, text: str, base: int, known: int, note: str = "") -> Number:
    """A figure that knows no more than its text: 512 told as "more than 500" is 500, and an estimate."""
    if exact is None:
        return Number(key, label, text, base, known, None, str(Status.SUPPRESSED) if known else "missing", note)
    digits = NOT_DIGITS.sub("", text)
    status = "" if text == figures.written(exact) else str(Status.ESTIMATED)
    return Number(key, label, text, base, known, int(digits) if digits else None, status, note)


def _places(rows: Sequence[dict[str, Any]]) -> list[Place]:
    found: dict[int, Place] = {}
    for row in rows:
        area = int(row["code"])
        found.setdefault(area, Place(area, row["value"], {})).numbers[row["key"]] = number_of(row)
    return list(found.values())


def _cut(label: str, rows: Sequence[dict[str, Any]]) -> Cut:
    lines = tuple(Row(row["code"], row["value"], number_of(row)) for row in rows)
    return Cut(rows[0]["code"].partition(":")[0], label, lines, rows[0]["base"], rows[0]["known"])
