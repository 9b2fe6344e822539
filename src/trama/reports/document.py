"""A document as a list of blocks, before it is paper: printed by Typst, written as a workbook, read by tests.

Texts are in the language of the reader already. Nothing here knows what the document is about.

Who lays a document out in another way (pages, slides) takes `parts(document)`: the blocks under each heading, each part
with its level and its key. A picture (`Chart`, `Map`) is whole in itself: its `title` says the finding, `subtitle` what
is measured, `base` of how many, `source` from where, `alt` is read in its place, and `table` names the `key` of the
`Table` that holds its figures (`table_of`). A `Paragraph` carries what the editor wrote when the document comes out of
`editing.with_written`. A document of a demonstration says so in `demonstration`, which must stand on every page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from trama.ui.numbers import FEW, share_of


@dataclass(frozen=True)
class Heading:
    """A title inside the document; level 1 begins a new page, but for short chapters that run on.

    `key` names the chapter, whatever the language.
    """

    text: str
    level: int = 2
    key: str = ""
    runs_on: bool = False


@dataclass(frozen=True)
class Paragraph:
    """`style` is "plain", "lead" (large) or "note" (set apart: how to read, what to beware of).

    A paragraph with a `key` may be rewritten by hand (`editing`); the key stays the same from one making to the next.
    Without a text it is a place where text can be added, and is not printed.
    """

    text: str
    style: str = "plain"
    key: str = ""


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
    form: str = ""  # how the workbook prints the number: "" whole, "1" one decimal, "%" a share, "%0" of a handful
    status: str = ""  # why there is no number, or what it is worth: "suppressed", "estimated", "excluded" …


def share_cell(share: float | None, base: float | None) -> Cell:
    """A share of so many, with as many decimals as they carry, in every form."""
    form = "%" if (base or 0) >= FEW else "%0"
    return Cell(share_of(share, base), None if share is None else round(share, 6), form)


@dataclass(frozen=True)
class Line:
    """A row of a table. `role` is "value", "apart" (not stated, others), "group" (a title between rows) or "total"."""

    name: str
    cells: tuple[Cell, ...] = ()
    role: str = "value"
    key: str = ""  # by which the same row is found in a later making: a code, never a name


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
    key: str = ""  # by which the same table is found in a later making; empty: its figures are not compared
    year: str = ""  # of its figures, where they have one in common and no column says it
    columns: tuple[str, ...] = ()  # keys of the columns that are compared, "" for the others; row names not counted


@dataclass(frozen=True)
class Chart:
    """A drawing: a Vega-Lite specification, with its finding, measure, and what is read in its place."""

    title: str
    subtitle: str
    alt: str
    specification: dict[str, Any]
    svg: str = ""  # the same, where it was drawn already: then no engine is started for it
    narrow: str = ""  # and drawn for a telephone
    key: str = ""
    table: str = ""  # the key of the table that holds its figures
    base: str = ""  # of how many, in a sentence
    source: str = ""


@dataclass(frozen=True)
class Map:
    """A drawing that is SVG already."""

    title: str
    subtitle: str
    alt: str
    svg: str
    key: str = ""
    table: str = ""
    base: str = ""
    source: str = ""


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
    stamp: str = ""  # what a frozen one says of itself: its name, its day, its hash

    def tables(self) -> Iterator[Table]:
        """The tables in order."""
        return (block for block in self.blocks if isinstance(block, Table))


@dataclass(frozen=True)
class Part:
    """What stands under one heading, until the next of any level. The first part may have none (`level` 0)."""

    title: str
    level: int
    key: str
    blocks: tuple[Block, ...]


def parts(document: Document) -> list[Part]:
    """The printed blocks of a document under their headings, in order."""
    found: list[tuple[Heading, list[Block]]] = [(Heading(document.title, 0), [])]
    for block in shown(document):
        if isinstance(block, Heading):
            found.append((block, []))
        else:
            found[-1][1].append(block)
    return [Part(head.text, head.level, head.key, tuple(blocks)) for head, blocks in found if blocks or head.level]


def table_of(document: Document, picture: Chart | Map) -> Table | None:
    """The table that holds the figures of a picture."""
    return next((table for table in document.tables() if table.key and table.key == picture.table), None)


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
        "stamp": document.stamp,
        "blocks": [_block(block) for block in shown(document)],
    }


def shown(document: Document) -> Iterator[Block]:
    """The blocks that are printed: a paragraph without a text is only a place for one."""
    for block in document.blocks:
        if not isinstance(block, Paragraph) or block.text:
            yield block


# --- kept, and taken up again -------------------------------------------------------------------------------------
KINDS: dict[str, type[Block]] = {
    kind.__name__.lower(): kind for kind in (Heading, Paragraph, Bullets, Figures, Table, Chart, Map)
}


def kept(document: Document) -> dict[str, Any]:
    """The whole document as plain data, from which `restored` makes the same document."""
    data = {name: value for name, value in vars(document).items() if name != "blocks"}
    blocks = [{"kind": type(block).__name__.lower(), **asdict(block)} for block in document.blocks]
    for block in blocks:
        if "texts" in block:
            block["texts"] = sorted(block["texts"])
    return {**data, "blocks": blocks}


def restored(data: dict[str, Any]) -> Document:
    """The document that was `kept`."""
    fields = {name: value for name, value in data.items() if name != "blocks"}
    return Document(**fields, blocks=tuple(_restored(dict(block)) for block in data["blocks"]))


def _restored(data: dict[str, Any]) -> Block:
    kind = KINDS[data.pop("kind")]
    if kind is Figures:
        return Figures(tuple(KeyFigure(**item) for item in data["items"]))
    if kind is Bullets:
        return Bullets(tuple((term, text) for term, text in data["items"]))
    if kind is Table:
        lines = tuple(
            Line(**{**line, "cells": tuple(Cell(**cell) for cell in line["cells"])}) for line in data["lines"]
        )
        several = {name: tuple(data[name]) for name in ("heads", "notes", "widths", "columns")}
        return Table(**{**data, **several, "lines": lines, "texts": frozenset(data["texts"])})
    return kind(**data)


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Heading():
            return {"type": "heading", "text": block.text, "level": block.level, "runs_on": block.runs_on}
        case Paragraph():
            return {"type": "paragraph", "text": block.text, "style": block.style}
        case Bullets():
            return {"type": "bullets", "items": [list(item) for item in block.items]}
        case Figures():
            return {"type": "figures", "items": [vars(item) for item in block.items]}
        case Table():
            return _table(block)
        case Chart():
            drawn = {"svg": block.svg} if block.svg else {"specification": block.specification}
            return {"type": "picture", **_picture(block), **drawn}
        case Map():
            return {"type": "picture", **_picture(block), "svg": block.svg}


def _picture(block: Chart | Map) -> dict[str, str]:
    return {"title": block.title, "subtitle": block.subtitle, "alt": block.alt, "foot": foot_of(block)}


def foot_of(picture: Chart | Map) -> str:
    """What stands under a picture: of how many, and from where."""
    return " ".join(part if part.endswith(".") else f"{part}." for part in (picture.base, picture.source) if part)


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
