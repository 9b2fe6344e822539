"""What a load says of each row: new, the same, updated, refused because…; counted per step, listed if it matters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Verdict:
    """One row of which there is something to say. `row` counts as a spreadsheet does: the header is row 1."""

    step: str
    outcome: str  # "new", "updated", "refused", "noted", "gone", "closed", "possible", "duplicate", "dropped"
    row: int = 0
    column: str = ""
    label: str = ""
    why: str = ""


@dataclass(frozen=True)
class BrokenRow:
    """A number that does not fit: where it stands, and what it was set beside (no year: the areas of its own year)."""

    row: int
    area: str  # as the file writes it
    value: float
    beside: float
    beside_year: int
    name: str = ""  # of the area
    beside_here: bool = False  # what it was set beside stands in the same file
    column: str = ""


@dataclass
class ScaleBreak:
    """A break of scale of an indicator in a year, with its rows, and what a person decided about it ("" : nothing yet).

    `kind`: "scale" (a power of ten), "level" (all areas jump alike), "zero" (a zero that is no number). Multiplied by
    `factor` the numbers fit. `compared`: how many areas of that year could be looked at.
    """

    code: str
    name: str
    year: int
    kind: str
    factor: float
    column: str
    compared: int
    rows: list[BrokenRow] = field(default_factory=list)
    others: list[str] = field(default_factory=list)  # areas of that year that do fit, as the file writes them
    other_names: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What names it in a form."""
        return f"{self.code}.{self.year}.{self.kind}.{self.factor:g}"

    @property
    def lone(self) -> bool:
        """Whether one value alone jumps: it may be a slip, in its year or in the one beside it."""
        return len(self.rows) == 1 and self.kind != "zero"

    @property
    def cut(self) -> bool:
        """Whether digits were lost: 7,934 became 7, not 7.934. Multiplied, the numbers would be wrong."""
        if self.kind != "scale" or self.factor < 10 or any(row.value != int(row.value) for row in self.rows):
            return False
        return any(row.beside % self.factor for row in self.rows)


@dataclass(frozen=True)
class Replaced:
    """A value that stands there already, and what the file puts in its place; the sources by their titles."""

    area: str
    indicator: str
    year: int
    old: str
    new: str
    old_source: str
    new_source: str


@dataclass
class StepReport:
    """The counts of one step."""

    name: str
    kind: str
    file: str = ""
    rows: int = 0
    new: int = 0
    same: int = 0
    updated: int = 0
    skipped: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    verdicts: list[Verdict] = field(default_factory=list)
    # Keys of rows that are refused: their records stand in the file all the same, and are not gone.
    refused_keys: set[str] = field(default_factory=set)
    related: dict[str, int] = field(default_factory=dict)
    breaks: list[ScaleBreak] = field(default_factory=list)  # those about which nobody decided
    unknown: Counter[str] = field(default_factory=Counter)  # names of areas that are not here, with their rows
    seconds: float = 0.0
    # Values that stand there already and become others: how many, how many of each other source, and the first of them.
    overwritten: int = 0
    other_sources: Counter[str] = field(default_factory=Counter)
    replaced: list[Replaced] = field(default_factory=list)
    plan: Any = None  # of a spreadsheet: what becomes of each row (`registers.planning.Plan`)

    def say(self, outcome: str, why: str = "", *, row: int = 0, column: str = "", label: str = "") -> None:
        """Add a verdict on a row."""
        self.verdicts.append(Verdict(self.name, outcome, row, column, label[:200], why))

    def refuse(self, row: int, column: str, why: str, label: str = "") -> None:
        """A row that is not loaded, and why."""
        self.say("refused", why, row=row, column=column, label=label)

    def those(self, outcome: str) -> list[Verdict]:
        """The verdicts of one outcome."""
        return [verdict for verdict in self.verdicts if verdict.outcome == outcome]

    @property
    def refused(self) -> int:
        """How many rows are refused (a row with two faults is one row)."""
        return len({verdict.row for verdict in self.those("refused")})

    @property
    def gone(self) -> int:
        return len(self.those("gone")) + len(self.those("closed"))

    @property
    def changes(self) -> int:
        """How many records are written."""
        return self.new + self.updated + len(self.those("closed")) + self.related.get("changed", 0)

    def as_dict(self) -> dict[str, Any]:
        """The counts, as they are kept with the load and in the audit."""
        return {
            "name": self.name,
            "kind": self.kind,
            "file": self.file,
            "rows": self.rows,
            "new": self.new,
            "same": self.same,
            "updated": self.updated,
            "skipped": self.skipped,
            "refused": self.refused,
            "gone": len(self.those("gone")),
            "closed": len(self.those("closed")),
            "notes": len(self.those("noted")),
            "overwritten": self.overwritten,
            "other_sources": dict(self.other_sources),
            "fields": dict(self.fields),
            "related": dict(self.related),
            "seconds": round(self.seconds, 2),
        }


@dataclass
class Report:
    """The whole load."""

    recipe: str
    title: str
    steps: list[StepReport] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # files of an archive that nothing reads

    @property
    def refused(self) -> int:
        return sum(step.refused for step in self.steps)

    @property
    def changes(self) -> int:
        return sum(step.changes for step in self.steps)

    @property
    def all_refused(self) -> bool:
        """Whether rows were read, and not one of them was taken."""
        return self.refused > 0 and not any(step.new + step.same + step.updated for step in self.steps)

    @property
    def breaks(self) -> list[ScaleBreak]:
        """The breaks of scale about which nobody decided yet, of all steps."""
        return [found for step in self.steps for found in step.breaks]

    @property
    def overwritten(self) -> int:
        """How many values that stand there already become others."""
        return sum(step.overwritten for step in self.steps)

    @property
    def other_sources(self) -> Counter[str]:
        """How many values of which other source would be replaced."""
        return sum((step.other_sources for step in self.steps), Counter())

    @property
    def replaced(self) -> list[Replaced]:
        """The first of the values that become others."""
        return [one for step in self.steps for one in step.replaced]

    def verdicts(self) -> list[Verdict]:
        """All verdicts, in the order of the steps."""
        return [verdict for step in self.steps for verdict in step.verdicts]
