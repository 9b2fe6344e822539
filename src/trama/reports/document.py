"""A document as a list of blocks, before it is paper: printed by Typst, written as a workbook, read by tests.

Texts are in the language of the reader already. Nothing here knows what the document is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Heading:
    """A title inside the document; level 1 begins a new page."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """`style` is "plain", "lead" (large) or "note" (set apart: how to read, what to beware of)."""

    text: str
    style: str = "plain"


@dataclass(frozen=True)
class Bullets:
    """A list; an item may begin with a term of its own."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class KeyFigure:
    """A number large, with what it is and what it takes to read it (of how many, when, from where)."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True)
class Figures:
    """Key figures beside each other."""

    items: tuple[KeyFigure, ...]


@dataclass(frozen=True)
class Cell:
    """A cell of a table: as printed, and as a number for the workbook (None: it is only a text)."""

    text: str
    value: float | None = None
    form: str = ""  # how the workbook prints the number: "" whole, "1" one decimal, "%" a share


@dataclass(frozen=True)
class Line:
    """A row of a table. `role` is "value", "apart" (not stated, others), "group" (a title between rows) or "total"."""

    name: str
    cells: tuple[Cell, ...] = ()
    role: str = "value"


@dataclass(frozen=True)
class Table:
    """A table with its caption; the first column names the rows, the others are numbers unless `texts` names them."""

    caption: str
    heads: tuple[str, ...]  # the first names the rows
    lines: tuple[Line, ...]
    subtitle: str = ""
    notes: tuple[str, ...] = ()
    sheet: str = ""  # the name of its sheet in the workbook
    texts: frozenset[int] = frozenset()  # columns of text, counted from 0 with the row names as 0
    widths: tuple[float, ...] = ()  # of the columns, in proportion; empty: the names take what the numbers leave


@dataclass(frozen=True)
class Chart:
    """A drawing: a Vega-Lite specification, with its finding, measure, and what is read in its place."""

    title: str
    subtitle: str
    alt: str
    specification: dict[str, Any]


@dataclass(frozen=True)
class Map:
    """A drawing that is SVG already."""

    title: str
    subtitle: str
    alt: str
    svg: str


Block = Heading | Paragraph | Bullets | Figures | Table | Chart | Map


@dataclass(frozen=True)
class Document:
    """A whole document. `words` are the few texts of the page itself (page, of, contents)."""

    title: str
    subtitle: str
    body: str
    date: str
    language: str
    blocks: tuple[Block, ...]
    demonstration: str = ""  # the sentence that says so, on the cover and on every page
    summary: str = ""
    words: dict[str, str] = field(default_factory=dict)

    def tables(self) -> Iterator[Table]:
        """The tables in order."""
        return (block for block in self.blocks if isinstance(block, Table))


def as_data(document: Document) -> dict[str, Any]:
    """The document as the press wants it: plain data, every block with its `type`."""
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "body": document.body,
        "date": document.date,
        "lang": document.language,
        "demonstration": document.demonstration,
        "summary": document.summary,
        "words": document.words,
        "blocks": [_block(block) for block in document.blocks],
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Heading():
            return {"type": "heading", "text": block.text, "level": block.level}
        case Paragraph():
            return {"type": "paragraph", "text": block.text, "style": block.style}
        case Bullets():
            return {"type": "bullets", "items": [list(item) for item in block.items]}
        case Figures():
            return {"type": "figures", "items": [vars(item) for item in block.items]}
        case Table():
            return _table(block)
        case Chart():
            drawn = {"title": block.title, "subtitle": block.subtitle, "alt": block.alt}
            return {"type": "picture", **drawn, "specification": block.specification}
        case Map():
            return {
                "type": "picture",
                "title": block.title,
                "subtitle": block.subtitle,
                "alt": block.alt,
                "svg": block.svg,
            }


def _table(table: Table) -> dict[str, Any]:
    width = len(table.heads)
    return {
        "type": "table",
        "caption": table.caption,
        "subtitle": table.subtitle,
        "heads": list(table.heads),
        "lines": [
            {"name": line.name, "cells": _padded([cell.text for cell in line.cells], width - 1), "role": line.role}
            for line in table.lines
        ],
        "notes": list(table.notes),
        "texts": sorted(table.texts),
        "widths": list(table.widths),
    }


def _padded(texts: Sequence[str], width: int) -> list[str]:
    return [*texts, *([""] * (width - len(texts)))]
