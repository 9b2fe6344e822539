"""A broken file: how it is made, on which ways it can come in, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Files = dict[str, bytes]

HEAD = """
format = 1
key = "prova"
title = "Prova"
[[sources]]
key = "s"
title = "Dati di prova"
"""
BODIES = (
    HEAD
    + """
[[steps]]
kind = "organisations"
name = "enti"
source = "s"
file = "{file}"
key = "ID"
when_gone = "close"
point = {{ lat = "LAT", lon = "LON" }}
table = {{ {table} }}
[steps.columns]
name = "NOME"
kind = "TIPO"
founded_year = "ANNO"
"""
)
VALUES = (
    HEAD
    + """
[[steps]]
kind = "values"
name = "numeri"
source = "s"
file = "numeri.csv"
year = "ANNO"
area = { column = "AREA", kind = "statistical_area" }
table = { decimal = "," }
[[steps.indicators]]
code = "prova_famiglie"
name_it = "Famiglie"
name_en = "Households"
unit_it = "famiglie"
unit_en = "households"
adds_up = true
least = 0
value = "FAMIGLIE"
[[steps.indicators]]
code = "prova_soli"
name_it = "Famiglie di una persona"
name_en = "One-person households"
unit_it = "%"
unit_en = "%"
least = 0
most = 100
value = "SOLI"
"""
)
MAP = (
    HEAD
    + """
[[steps]]
kind = "areas"
name = "aree"
source = "s"
file = "{file}"
parent = "999001"
crs = "{crs}"
[[steps.levels]]
kind = "zone"
name = "NOME"
code = "COD"
prefix = "Z"
"""
)


def bodies(file: str = "enti.csv", table: str = "") -> str:
    """A recipe of organisations from a file."""
    return BODIES.format(file=file, table=table)


def zones(file: str = "aree.geojson", crs: str = "") -> str:
    """A recipe of zones from a file of boundaries."""
    return MAP.format(file=file, crs=crs)


@dataclass(frozen=True)
class Case:
    """One broken file.

    `it` and `en` are the pieces of the sentence that must be read: where it is, what it is, what to do. `taken` is how
    many records the good rows beside the bad one make; None for what is refused whole. `ways`: "web" (the page of
    loads), "load" (`trama load`), "areas" (`trama areas load`), "draw" (the page where an outline is pasted).
    """

    name: str
    make: Callable[[], Files]
    recipe: str | bytes
    it: tuple[str, ...]
    en: tuple[str, ...]
    taken: int | None = None
    ways: tuple[str, ...] = ("web", "load")
    options: dict[str, Any] = field(default_factory=dict)  # of `trama areas load`

    @cached_property
    def files(self) -> Files:
        """The files, made once for all ways."""
        return self.make()

    def __str__(self) -> str:
        return self.name
