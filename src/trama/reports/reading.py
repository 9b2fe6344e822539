"""A document as a page: its blocks under their headings, for the templates."""

from __future__ import annotations

import base64
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
    for block in shown(document):
        if isinstance(block, Heading) and block.level == 1:
            sections.append(Section(block.text, block.key))
            continue
        if not sections:
            sections.append(Section(document.title))
        sections[-1].blocks.append(_block(block))
    return sections


def _block(block: Any) -> tuple[str, Any]:
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
                "long": len(block.lines) > LONG,
                "heads": [(head, _is_number(block, place)) for place, head in enumerate(block.heads)],
            }
        case Chart():
            shown = {"wide": chart_url(block.specification)}
            if block.narrow:
                shown["narrow"] = chart_url(block.narrow)
            return "picture", {"picture": block, "foot": foot_of(block), **shown}
        case Map():
            # An image of its own keeps what it draws out of the page; its names are read in its alternative text.
            drawn = base64.b64encode(block.svg.encode()).decode()
            return "picture", {"picture": block, "foot": foot_of(block), "drawn": f"data:image/svg+xml;base64,{drawn}"}
    raise TypeError(f"no block: {block!r}")


def _line(table: Table, line: Line) -> dict[str, Any]:
    cells = [(cell.text, _is_number(table, place)) for place, cell in enumerate(line.cells, start=1)]
    cells += [("", False)] * (len(table.heads) - 1 - len(cells))
    return {"name": line.name, "role": line.role, "cells": cells}


def _is_number(table: Table, place: int) -> bool:
    return place > 0 and place not in table.texts
