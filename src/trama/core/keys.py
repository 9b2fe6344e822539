"""Thousands of keys as one parameter: `filter(pk__in=among(keys))`. A list costs more than the rows it finds."""

from __future__ import annotations

import json
from collections.abc import Iterable

from django.db import connection
from django.db.models.expressions import RawSQL

FEW = 60  # up to so many a plain list is as quick


def among(keys: Iterable[int]) -> RawSQL | list[int]:
    """Keys of rows, for an `__in` condition: one array for the database to unfold, or the plain list when few."""
    wanted = list(keys)
    if len(wanted) <= FEW:
        return wanted
    if connection.vendor == "sqlite":
        return RawSQL("SELECT value FROM json_each(%s)", (json.dumps(wanted),))
    return RawSQL("SELECT unnest(%s::bigint[])", (wanted,))


LARGEST = 2**63 - 1  # what both databases hold as a whole number


def whole(text: object, most: int = LARGEST, least: int = 0) -> int | None:
    """A whole number that a stranger wrote in plain digits, within bounds; None for anything else."""
    written = str(text)
    # "²" is a digit to Python, and five thousand nines are refused by int() only at its end.
    if not written.isascii() or not written.isdigit() or len(written) > len(str(LARGEST)):
        return None
    value = int(written)
    return value if least <= value <= most else None
