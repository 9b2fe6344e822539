"""A document as a page: its blocks under their headings, for the templates."""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from trama.reports.document import (
    Bullets,
    Chart,
    Document,
    Figures,
    Heading,
    Line,
    Map,
    Paragraph,
    Table,
    foot_of,
    shown,
)
from trama.ui.drawing import chart_url

LONG = 25  # lines of a table that is folded on the page


@dataclass
class Section:
    """What stands under a heading of the first level; `blocks` are pairs of a kind and what the template reads."""

    title: str
    key: str = ""
    blocks: list[tuple[str, Any]] = field(default_factory=list)


def sections_of(document: Document) -> list[Section]:
    """The whole document in order."""
    sections: list[Section] = []
    beside = {block.table for block in document.blocks if isinstance(block, Chart | Map) and block.table}
    for block in shown(document):
        if isinstance(block, Heading) and block.level == 1:
            sections.append(Section(block.text, block.key))
            continue
        if not sections:
            sections.append(Section(document.title))
        sections[-1].blocks.append(_block(block, beside))
    return sections


def _block(block: Any, beside: Collection[str]) -> tuple[str, Any]:
    match block:
        case Heading():
            return "heading", block
        case Paragraph():
            return "paragraph", block
        case Bullets():
            return "bullets", block
        case Figures():
            return "figures", block
        case Table():
            return "table", {
                "table": block,
                "lines": [_line(block, line) for line in block.lines],
                # What a drawing shows already is unfolded by who wants the figures.
                "long": len(block.lines) > LONG or block.key in beside,
                "heads": [(head, _is_number(block, place)) for place, head in enumerate(block.heads)],
            }
        case Chart() | Map():
            return "picture", {"picture": block, "foot": foot_of(block), **_drawn(block)}
    raise TypeError(f"no block: {block!r}")


def _drawn(picture: Chart | Map) -> dict[str, str]:
    """The addresses of a drawing: what is drawn already is an image in the page, the rest is drawn when asked for."""
    if not picture.svg:
        assert isinstance(picture, Chart)  # noqa: S101
        return {"wide": chart_url(picture.specification)}
    narrow = picture.narrow if isinstance(picture, Chart) else ""
    return {"wide": _inline(picture.svg)} | ({"narrow": _inline(narrow)} if narrow else {})


def _inline(svg: str) -> str:
    # An image has none of the fonts of the page: it takes one without serifs that the reader has.
    svg = svg.replace('font-family="Titillium Web"', 'font-family="Titillium Web, Arial, sans-serif"', 1)
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _line(table: Table, line: Line) -> dict[str, Any]:
    cells = [(cell.text, _is_number(table, place)) for place, cell in enumerate(line.cells, start=1)]
    cells += [("", False)] * (len(table.heads) - 1 - len(cells))
    return {"name": line.name, "role": line.role, "cells": cells}


def _is_number(table: Table, place: int) -> bool:
    return place > 0 and place not in table.texts
