"""What a file of numbers says, cell by cell, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from trama.intake.recipe import ValuesStep
from trama.intake.verdicts import StepReport

Key = tuple[int, str, int]  # area, indicator, year
Cell = tuple[float | None, str]  # value, state


@dataclass
class Reading:
    """What the file says, by area, indicator and year."""

    step: ValuesStep
    report: StepReport
    columns: dict[str, str]
    machine: bool = False  # the file is a workbook: its numbers have a point, whatever its texts have
    cells: dict[Key, Cell] = field(default_factory=dict)
    rows: dict[Key, tuple[int, str]] = field(default_factory=dict)  # where each stands: row and column
    names: dict[int, str] = field(default_factory=dict)  # areas as the file writes them
    why: dict[str, str] = field(default_factory=dict)  # what to say of an area that is not here
    repeated: list[int] = field(default_factory=list)
    notes: dict[Key, str] = field(default_factory=dict)  # what a person decided about a number
    settled: set[Key] = field(default_factory=set)  # a person said to leave them as they are
    people: dict[str, Any] = field(default_factory=dict)  # by indicator the persons counted (`people.Counted`)
    held: set[tuple[str, int]] = field(default_factory=set)  # indicators and years in which numbers wait
