"""One cell of a file of numbers: a number, or the reason why there is none.

ISTAT's marks are kept apart as ISTAT defines them: "-" the phenomenon does not exist, or the denominator is nothing;
".." not yet available; "..." it exists but was not collected; "...." too small to be significant. Office programs turn
"..." into one sign and "-" into a dash: both are known. An empty cell has no reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from datetime import date

MARKS = {
    "-": "not_applicable",
    "–": "not_applicable",
    "—": "not_applicable",
    "..": "not_yet",
    "...": "not_collected",
    "…": "not_collected",
    "....": "too_small",
    "….": "too_small",
}
# Words for "nothing is stated", without a reason.
NOTHING = frozenset(
    ["", ":", "n.d.", "nd", "n.d", "n/d", "#n/d", "na", "n.a.", "n/a", "#n/a", "nan", "null", "none", "s.d.", "(null)"]
)
# The status of an observation as SDMX lists it (CL_OBS_STATUS): what is not here is an ordinary value.
OBSERVATION = {
    "E": "estimated",
    "F": "estimated",
    "I": "estimated",
    "L": "not_collected",
    "M": "not_applicable",
    "N": "too_small",
    "O": "missing",
    "H": "missing",
    "Q": "missing",
    "S": "missing",
}
ORDINARY = frozenset(["", "A", "B", "D", "G", "K", "P", "U", "V", "W", "R"])
FLAG = re.compile(r"^(?P<number>.*\d)\s*(?:\((?P<one>[a-z]{1,3})\)|\s(?P<two>[a-z]{1,2}))$")
ESTIMATES = frozenset("efs")  # letters of Eurostat: estimated, forecast, estimated by Eurostat
BLANKS = re.compile(r"[\s\u00a0\u202f'’%€]")


def read_cell(
    text: str, decimal: str = ".", missing: Collection[str] = (), *, machine: bool = False
) -> tuple[float | None, str]:
    """The number of a cell and its state ("value", "estimated", or why there is none). ValueError for nonsense.

    `decimal` is the decimal sign of texts; `machine`: the cell may come from a workbook, where a number has a point.
    """
    clean = text.strip()
    if clean in MARKS and clean not in missing:
        return None, MARKS[clean]
    if clean in missing or clean.casefold() in NOTHING:
        return None, "missing"
    state = "value"
    if (flagged := FLAG.match(clean)) is not None:
        letters = flagged["one"] or flagged["two"]
        clean = flagged["number"]
        state = "estimated" if ESTIMATES & set(letters) else "value"
    return number_of(clean, decimal, machine=machine), state


def number_of(text: str, decimal: str = ".", *, machine: bool = False) -> float:
    """A number as files write it: "1.234,5", "1 234.5", "59,5 %", "1'234", "2.1E+4", "-3", "−3". Else ValueError."""
    clean = BLANKS.sub("", text).replace("−", "-")
    if machine and re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", clean):
        return _finite(clean)
    group, point = (r"\.", ",") if decimal == "," else (",", r"\.")
    if not re.fullmatch(rf"[+-]?(\d+|\d{{1,3}}({group}\d{{3}})+)?({point}\d+)?([eE][+-]?\d+)?", clean) or not re.search(
        r"\d", clean
    ):
        raise ValueError(text)
    return _finite(clean.replace(group[-1], "").replace(",", "."))


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def year_of(text: str) -> int | None:
    """The year of a cell: "2021", "2021-01-01", "31/12/2021", "03/2021", "marzo 2021"; None when there is none.

    Two years ("2020/2021", "2019-2021", "2010-11") are a period, not a year.
    """
    clean = text.strip()
    if (found := re.fullmatch(r"(\d{4})(\.0+)?", clean)) is not None:
        return _plausible(int(found[1]))
    if (found := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})([T ].*)?", clean)) is not None:
        return _day(found[1], found[2], found[3])
    if (found := re.fullmatch(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})", clean)) is not None:
        return _day(found[3], found[2], found[1])
    if (found := re.fullmatch(r"(\d{1,2})[/.\-](\d{4})", clean)) is not None:
        return _day(found[2], found[1], "1")
    if (found := re.fullmatch(r"\d{2}(\d{2})-(\d{2})", clean)) is not None and int(found[2]) != int(found[1]) + 1:
        return _day(clean[:4], found[2], "1")
    years = re.findall(r"(?<!\d)(\d{4})(?!\d)", clean)
    if len(years) == 1 and not re.search(r"\d", clean.replace(years[0], "")):
        return _plausible(int(years[0]))
    return None


MONTH_NAMES = (
    ("gennaio", "january"), ("febbraio", "february"), ("marzo", "march"), ("aprile", "april"), ("maggio", "may"),
    ("giugno", "june"), ("luglio", "july"), ("agosto", "august"), ("settembre", "september"), ("ottobre", "october"),
    ("novembre", "november"), ("dicembre", "december"),
)  # fmt: skip


def month_of(text: str) -> int | None:
    """The month of a cell of which `year_of` gives the year: "03/2026", "2026-03-01", "marzo 2026"; else None."""
    clean = text.strip().casefold()
    for pattern in (r"\d{4}-(\d{1,2})(?:-\d{1,2}(?:[t ].*)?)?", r"(?:\d{1,2}[/.\-])?(\d{1,2})[/.\-]\d{4}"):
        if (found := re.fullmatch(pattern, clean)) is not None:
            return int(found[1])
    for word in re.findall(r"[^\W\d_]{3,}", clean):
        for number, names in enumerate(MONTH_NAMES, start=1):
            if any(name.startswith(word) for name in names):
                return number
    return None


def is_ahead(year: int, month: int | None, today: date) -> bool:
    """Whether a year, or a month of it, begins after today."""
    return (year, month or 0) > (today.year, today.month)


def _day(year: str, month: str, day: str) -> int | None:
    try:
        return _plausible(date(int(year), int(month), int(day)).year)
    except ValueError:
        return None


def _plausible(year: int) -> int | None:
    return year if 1800 < year < 2200 else None


def code_of(text: str) -> str:
    """A code as SDMX writes it with its label ("037006: Bologna"), without the label."""
    head, sign, _label = text.partition(": ")
    return head.strip() if sign and re.fullmatch(r"[A-Za-z0-9_\-]+", head.strip()) else text.strip()
