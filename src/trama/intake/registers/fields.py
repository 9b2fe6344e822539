"""What a spreadsheet may bring into a register: its fields, what they are called, and how a recipe names them.

The declarations stand in `declared`. A recipe's step of kind `register` fills fields by their keys:
`columns = { name = "Denominazione" }`; the template workbook, the page that proposes what columns mean and the reader
of the cells all work from the same fields. Columns of our own exports are fields too, so that what was exported can be
brought back; those that are only told (`loaded=False`) are known and left alone.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import override

from trama.core import codes
from trama.core.registers import Register
from trama.core.search import fold

Text = str | Promise


class Kind(StrEnum):
    """What the cells of a field hold. It decides how they are read, checked, proposed and explained."""

    NUMBER_HERE = "number_here"  # the number that a record of ours bears
    KEY = "key"  # the number or code that the source gives to each row
    TEXT = "text"
    LONG_TEXT = "long_text"
    NAMES = "names"  # several, parted by semicolons
    COUNT = "count"  # a whole number, "circa 30" too
    YEAR = "year"
    DATE = "date"
    YES_NO = "yes_no"
    CODE = "code"  # a value of the list `list`, by its label or its value
    CODES = "codes"  # several, parted by semicolons
    CHOICE = "choice"  # one of `options`
    AREA = "area"  # by name
    AREA_CODE = "area_code"
    AREAS = "areas"  # several, by name
    AREA_CODES = "area_codes"  # several, by code
    LON = "lon"
    LAT = "lat"
    POINT = "point"  # latitude and longitude in one cell
    PHONES = "phones"
    EMAILS = "emails"
    SITES = "sites"
    PERSONS = "persons"
    PRIVATE = "private"  # those of the contacts that only staff see
    # Each with its details (`details`):
    SEATS = "seats"  # "name (address)", or an address
    SOURCE = "source"  # the title of what the record is known from
    ORGANISATIONS = "organisations"  # names, each with its role in brackets
    FUNDING = "funding"  # "2025: 1000; 2026: 500"
    DATES = "dates"  # "2026-03-01 17:00–19:00"
    PLACE = "place"  # the name of a registered one
    PLACES = "places"  # several
    RECORD = "record"  # the number of another record of the register
    TOLD = "told"  # stands in our exports only


SEVERAL = frozenset({Kind.NAMES, Kind.CODES, Kind.AREAS, Kind.AREA_CODES, Kind.SEATS, Kind.PRIVATE,
                     Kind.PHONES, Kind.EMAILS, Kind.SITES, Kind.PERSONS,
                     Kind.ORGANISATIONS, Kind.PLACES, Kind.FUNDING, Kind.DATES})  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One thing that a row may say of a record.

    `key` names it in recipes, and is that of the register's column where it is exported. `attribute` is the field of
    the model that it fills (empty where other tables hold it). `names` are further headers under which files bear it,
    in any letter case.
    """

    key: str
    kind: Kind
    label: Text
    help: Text = ""
    names: tuple[str, ...] = ()
    required: bool = False
    attribute: str = ""
    list: str = ""
    options: tuple[tuple[str, Text], ...] = ()
    example: Text = ""
    exported: bool = False
    left_out: tuple[str, ...] = ()  # codes that only group others

    @property
    def loaded(self) -> bool:
        """Whether a load writes it."""
        return self.kind != Kind.TOLD

    @property
    def several(self) -> bool:
        """Whether a cell may hold several values, parted by semicolons."""
        return self.kind in SEVERAL

    def choices(self) -> builtins.list[tuple[str, str]]:
        """The values that it takes, as they stand in a recipe, with their names; none for what is free."""
        if self.list:
            return [(code.value, code.label) for code in codes.codes_of(self.list) if code.value not in self.left_out]
        return [(value, str(label)) for value, label in self.options]

    def labels(self) -> tuple[str, str]:
        """What it is called, in Italian and in English."""
        with override("it"):
            italian = str(self.label)
        with override("en"):
            return italian, str(self.label)


@dataclass(frozen=True)
class Registered:
    """A register with the fields that files may bring."""

    register: Register
    title: Text
    one: Text  # "an organisation"
    fields: tuple[Field, ...]
    # Fields by which two rows that bear the same name are told apart.
    apart: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.register.key

    @property
    def model(self) -> type[Model]:
        return self.register.model

    @cached_property
    def by_key(self) -> dict[str, Field]:
        """The fields by their keys."""
        return {one.key: one for one in self.fields}

    @cached_property
    def headers(self) -> dict[str, str]:
        """For each header that is known, as compared, the key of its field: our own labels first, in both languages."""
        known: dict[str, str] = {}
        for one in self.fields:
            for label in one.labels():
                known.setdefault(as_compared(label), one.key)
        for one in self.fields:
            for name in (one.key, *one.names):
                known.setdefault(as_compared(name), one.key)
        return known

    def loaded(self) -> Iterator[Field]:
        """The fields that a load may write, in the order of a template."""
        return (one for one in self.fields if one.loaded)

    def required(self) -> list[Field]:
        """The fields without which a record cannot be."""
        return [one for one in self.fields if one.required]


def as_compared(header: str) -> str:
    """A header as it is compared: no accents, capitals, signs or double blanks; “N. Tel.” is “n tel”."""
    return " ".join("".join(char if char.isalnum() else " " for char in fold(header)).split())
