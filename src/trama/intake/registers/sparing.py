"""Which cells a row may be loaded without, where somebody said so: what is neither needed, nor a key, nor a mark.

A cell that says who a record is, where it stands, who may see it or how sure a number is spoils its row whatever was
said: without it the record would be another one, or would tell more than it may.
"""

from __future__ import annotations

from trama.intake.registers.fields import Field, Kind

OPTIONAL = frozenset({
    Kind.TEXT, Kind.LONG_TEXT, Kind.NAMES, Kind.COUNT, Kind.YEAR, Kind.DATE, Kind.DATES, Kind.YES_NO, Kind.CODE,
    Kind.CODES, Kind.LON, Kind.LAT, Kind.POINT, Kind.PHONES, Kind.EMAILS, Kind.SITES, Kind.SEATS, Kind.FUNDING,
})  # fmt: skip
KEYS = frozenset({"tax_code", "runts_number"})  # by which a body is recognised
MARKS = frozenset({"sensitive", "public", "known", "demonstration", "city_wide", "names_several", "to_split"})


def may_be_left_out(one: Field) -> bool:
    """Whether a cell of a field that cannot be read costs the cell alone, where somebody said so."""
    return not one.required and one.kind in OPTIONAL and one.key not in KEYS | MARKS
