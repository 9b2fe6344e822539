"""What a record publishes of a small number of persons: that it is small, and nothing else.

A record that states fewer persons than its threshold is "fewer than 3" in every public place, and enters every sum as
the same conventional number whatever it holds. Every published figure is therefore a function of what records publish:
no comparison of tables, filters, dates or areas can tell one small number from another, because changing one changes
nothing (`docs/decisions/0009-nothing-published-depends-on-a-small-count.md`).
"""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, IntegerField, Q, Value, When
from django.utils.translation import gettext as _

THRESHOLD = 3  # the minimum of the Sistan rules (G.U. 14 January 2019, n. 11, art. 5)
SPECIAL_THRESHOLD = 5  # where a special category of data is told (GDPR art. 9 and 10)


def threshold(*, special: bool) -> int:
    """The smallest number of persons that may be told."""
    return SPECIAL_THRESHOLD if special else THRESHOLD


def counted_as(below: int) -> int:
    """What a number below this threshold counts as in sums: 2 for 1 … 2, 3 for 1 … 4."""
    return (below + 1) // 2


def is_small(value: float | None, below: int) -> bool:
    """Whether a number may not be told. Zero may: it tells of nobody."""
    return value is not None and 0 < value < below


def fewer_than(below: int) -> str:
    """What is said in place of a small number."""
    return _("fewer than %(number)s") % {"number": below}


def protected() -> str:
    """What is said of a figure that may not be told, where there is room for a word."""
    return _("protected")


def told(value: int | None, below: int) -> int | str | None:
    """A number as everybody may read it."""
    return fewer_than(below) if is_small(value, below) else value


def _cases(path: str, special: Q | None, then: dict[int, int], default: Any) -> Case:
    whens = []
    if special is not None:
        # What is small anyway comes first in time: the record's other tables are asked for few records.
        condition = Q(**{f"{path}__gt": 0, f"{path}__lt": SPECIAL_THRESHOLD}) & special
        whens.append(When(condition, then=Value(then[SPECIAL_THRESHOLD])))
    whens.append(When(**{f"{path}__gt": 0, f"{path}__lt": THRESHOLD}, then=Value(then[THRESHOLD])))
    return Case(*whens, default=default, output_field=IntegerField())


def published(path: str, special: Q | None = None) -> Case:
    """The number of persons in the field `path` as it enters sums; `special` says which records touch such data."""
    then = {below: counted_as(below) for below in (THRESHOLD, SPECIAL_THRESHOLD)}
    return _cases(path, special, then, F(path))


def marked(path: str, special: Q | None = None) -> Case:
    """The same, negative where it stands for a small number: one question to the record for both."""
    then = {below: -counted_as(below) for below in (THRESHOLD, SPECIAL_THRESHOLD)}
    return _cases(path, special, then, F(path))


def smallness(path: str, special: Q | None = None) -> Case:
    """1 for the records whose number in `path` may not be told, else 0."""
    return _cases(path, special, {THRESHOLD: 1, SPECIAL_THRESHOLD: 1}, Value(0))


def at_least(path: str, special: Q | None = None) -> Case:
    """What readers can be sure of: a number as it is, or 1 for a small one."""
    return _cases(path, special, {THRESHOLD: 1, SPECIAL_THRESHOLD: 1}, F(path))
