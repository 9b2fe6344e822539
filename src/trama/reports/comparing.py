"""Two reports on the same area beside each other: which figures changed, are new, are gone; a sentence for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from trama.reports.document import Cell, Document, Paragraph, Table
from trama.reports.phrases import signed
from trama.ui.numbers import is_english

SUPPRESSED = "suppressed"
WORTH_A_SHARE = 20  # of less than this a percentage of change says more than there is


@dataclass(frozen=True)
class Placed:
    """A figure of a report with its place: table, row, column."""

    table: str
    row: str
    column: str
    cell: Cell
    year: str = ""
    several: bool = False  # whether its row has other figures, so that the column must be named

    @property
    def name(self) -> str:
        """What it is: "Risorse per attività: ginnastica"."""
        what = f"{self.table}: {self.row}"
        return f"{what} ({self.column})" if self.several else what


@dataclass(frozen=True)
class Change:
    """One change, in a sentence and as it was and is. `kind` is "changed", "new" or "gone"."""

    kind: str
    name: str
    sentence: str
    before: str = ""
    after: str = ""
    difference: str = ""
    section: str = ""


@dataclass(frozen=True)
class Comparison:
    """What differs between two reports."""

    changes: tuple[Change, ...]
    same: int  # figures that stayed as they were
    texts: tuple[tuple[str, str, str], ...]  # paragraphs that differ: key, before, after

    def of_kind(self, kind: str) -> list[Change]:
        """The changes of one kind."""
        return [change for change in self.changes if change.kind == kind]

    @property
    def changed(self) -> list[Change]:
        """Figures that are in both, and differ."""
        return self.of_kind("changed")

    @property
    def new(self) -> list[Change]:
        """Figures that only the later one has."""
        return self.of_kind("new")

    @property
    def gone(self) -> list[Change]:
        """Figures that only the earlier one has."""
        return self.of_kind("gone")


def figures_of(document: Document) -> dict[tuple[str, str, str], Placed]:
    """Every figure that can be found again, by table, row and column."""
    found: dict[tuple[str, str, str], Placed] = {}
    for table in document.tables():
        if table.key:
            for key, one in _figures(table):
                found.setdefault(key, one)
    return found


def _figures(table: Table) -> Iterator[tuple[tuple[str, str, str], Placed]]:
    compared = [key for key in table.columns if key and key != "year"]
    for line in table.lines:
        if not line.key:
            continue
        cells = dict(zip(table.columns, line.cells, strict=False))
        year = cells["year"].text if "year" in cells else table.year
        for place, key in enumerate(table.columns):
            if not key or key == "year" or place >= len(line.cells):
                continue
            cell = line.cells[place]
            if cell.value is None and not cell.status:
                continue
            kept = Placed(table.caption, line.name, table.heads[place + 1], cell, year, len(compared) > 1)
            yield (table.key, line.key, key), kept


def compare(before: Document, after: Document) -> Comparison:
    """What changed from an earlier report to a later one. Both are in one language."""
    old, new = figures_of(before), figures_of(after)
    changes, same = [], 0
    for key, now in new.items():
        was = old.get(key)
        if was is None:
            changes.append(_new(now))
        elif (was.cell.status, was.cell.text) == (now.cell.status, now.cell.text):
            same += 1  # as it is printed: nobody is told of a change that nobody sees
        else:
            changes.append(_changed(was, now))
    changes += [_gone(one) for key, one in old.items() if key not in new]
    return Comparison(tuple(changes), same, tuple(_texts(before, after)))


def _said(one: Placed) -> str:
    if one.cell.status == SUPPRESSED:
        return _("protected")
    return f"{one.cell.text} ({one.year})" if one.year else one.cell.text


def _new(now: Placed) -> Change:
    names = {"name": now.name, "value": _said(now)}
    return Change("new", now.name, _("%(name)s: new, %(value)s.") % names, after=_said(now), section=now.table)


def _gone(was: Placed) -> Change:
    names = {"name": was.name, "value": _said(was)}
    text = _("%(name)s: no longer there; it was %(value)s.") % names
    return Change("gone", was.name, text, before=_said(was), section=was.table)


def _changed(was: Placed, now: Placed) -> Change:
    before, after = _said(was), _said(now)
    names = {"name": now.name, "before": before, "after": after}
    if was.cell.value is None or now.cell.value is None:
        # Nothing is told about a figure that one of the two protects or lacks but that it is so.
        text = _("%(name)s: from %(before)s to %(after)s.") % names
        return Change("changed", now.name, text, before, after, "", now.table)
    difference = _difference(was.cell, now.cell)
    text = _("%(name)s: from %(before)s to %(after)s") % names
    sentence = f"{text} ({difference})." if difference else f"{text}."
    return Change("changed", now.name, sentence, before, after, difference, now.table)


def _difference(was: Cell, now: Cell) -> str:
    """By how much a figure changed: "+12 (+3,1 %)"; of estimates no exact difference is told."""
    if was.value is None or now.value is None or "estimated" in (was.status, now.status):
        return ""
    step = now.value - was.value
    if not step:
        return ""
    decimals = 0 if float(step).is_integer() and not now.form else 1
    text = signed(step, decimals)
    if abs(was.value) >= WORTH_A_SHARE and not now.form:
        blank = "" if is_english() else " "
        text = f"{text}; {signed(step / was.value * 100, 1)}{blank}%"
    return text


def whole_texts(document: Document) -> dict[str, str]:
    """Every text by its key, with the paragraphs that follow it without one: what was rewritten may have several."""
    found: dict[str, str] = {}
    last = ""
    for block in document.blocks:
        if not isinstance(block, Paragraph):
            last = ""
        elif block.key:
            last = block.key
            found[last] = block.text
        elif last:
            found[last] = f"{found[last]}\n\n{block.text}"
    return found


def _texts(before: Document, after: Document) -> Iterator[tuple[str, str, str]]:
    old, new = whole_texts(before), whole_texts(after)
    for key in [*new, *(key for key in old if key not in new)]:
        if old.get(key, "") != new.get(key, ""):
            yield key, old.get(key, ""), new.get(key, "")
