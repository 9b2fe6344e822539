"""Slides as plain data for the press, which sets them on sheets 16:9 (`typst/slides.typ`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from trama.reports.document import Chart, Document, Table, as_data
from trama.reports.slides.bars import bars_for_slide, bars_of
from trama.reports.slides.deck import Slide


def slides_data(document: Document, slides: Sequence[Slide]) -> dict[str, Any]:
    """What the press wants: the pictures as the blocks that it draws, and the slides that name them by number."""
    # The press draws the pictures of `blocks` in order, and lays them beside the data as picture-0.svg, picture-1.svg …
    pictures = tuple(slide.picture for slide in slides if slide.picture is not None)
    data = as_data(document) | {"blocks": _pictures(document, pictures)}
    number = 0
    told = []
    for slide in slides:
        one: dict[str, Any] = {
            "kind": slide.kind,
            "title": slide.title,
            "chapter": slide.chapter,
            "items": [list(item) for item in slide.items],
            "figures": [vars(item) for item in slide.figures],
            "foot": slide.foot_line,
        }
        if slide.picture is not None:
            one |= {"file": f"picture-{number}.svg", "alt": slide.picture.alt, "subtitle": slide.picture.subtitle}
            number += 1
        if slide.table is not None:
            one["table"] = _table(slide.table)
        told.append(one)
    return data | {"slides": told}


def _pictures(document: Document, pictures: Sequence[Any]) -> list[dict[str, Any]]:
    close = tuple(_closer(picture) if isinstance(picture, Chart) else picture for picture in pictures)
    blocks: list[dict[str, Any]] = as_data(replace(document, blocks=close))["blocks"]
    return blocks


def _closer(chart: Chart) -> Chart:
    """A chart of bars drawn anew in the shape of a slide; any other as it is."""
    bars = bars_of(chart)
    return replace(chart, svg=bars_for_slide(bars)) if bars else chart


def _table(table: Table) -> dict[str, Any]:
    width = len(table.heads)
    return {
        "heads": list(table.heads),
        "lines": [
            {
                "name": line.name,
                "cells": [*(cell.text for cell in line.cells), *[""] * (width - 1 - len(line.cells))],
                "role": line.role,
            }
            for line in table.lines
        ],
        "numeric": [place > 0 and place not in table.texts for place in range(width)],
        "widths": list(table.widths),
    }
