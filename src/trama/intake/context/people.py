"""Numbers of persons in a file of indicators: what is published of them never depends on a small one (decision 0009).

The rows of a desk, a month at a time, are added up by area and year. The rule speaks of the smallest thing that is
published, the number of an area, a year and one value of each column that tells rows apart (the desk): fewer than 3 is
“too small”, and enters every sum as 2; such a sum is an estimate. Of “contacts, of which new ones” the rest is a number
of persons too: where that is small, the new ones are told as all contacts but 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from trama.core.facts import HOME_AREA, facts
from trama.core.small_counts import THRESHOLD, counted_as, is_small
from trama.intake import files
from trama.intake.context.mapping import Named
from trama.intake.context.reading import Cell, Key, Reading
from trama.intake.recipe import AreaColumn, IndicatorSpec, RecipeError, ValuesStep
from trama.territory import finding
from trama.territory.choices import SMALL_NOTE, ValueState
from trama.territory.models import ContextValue

Combination = tuple[str, ...]  # what the columns that tell rows apart say


@dataclass
class Counted:
    """The persons of one indicator, by area and year, then by what tells rows apart."""

    spec: IndicatorSpec
    cells: dict[Key, dict[Combination, float]] = field(default_factory=dict)
    small: set[tuple[Key, Combination]] = field(default_factory=set)  # the file itself says no more than that
    estimated: set[Key] = field(default_factory=set)
    rows: dict[Key, tuple[int, str]] = field(default_factory=dict)


def home_of(indicators: Iterable[IndicatorSpec | Named]) -> str:
    """The code of the area in which people are counted: home. Empty where none of these counts any, or home is unsaid.

    An area above or outside that bears the name of a cell is not meant: the province is no town of its name.
    """
    home = str(facts().get(HOME_AREA) or "")
    return home if any(one.people for one in indicators) and finding.id_of(home) is not None else ""


def at_home(step: ValuesStep, area: AreaColumn) -> AreaColumn:
    """The column of areas of a step; of numbers of people they lie at home."""
    home = "" if area.within else home_of(step.indicators)
    return replace(area, within=home) if home else area


def left_over(reading: Reading, existing: dict[Key, ContextValue], source: int | None) -> list[Key]:
    """The numbers that an earlier file of this source states of the years of this one, and this one does not.

    None where rows are refused: nobody knows what they would have stated.
    """
    if source is None or reading.report.refused:
        return []
    counting = {spec.code for spec in reading.step.indicators if spec.people}
    years = {(code, year) for _area, code, year in reading.cells if code in counting} - reading.held
    told = {ValueState.VALUE, ValueState.ESTIMATED, ValueState.TOO_SMALL}
    return [key for key, row in existing.items() if key[1:] in years and row.source_id == source and row.state in told]


def take(reading: Reading, spec: IndicatorSpec, key: Key, cell: Cell, row: files.Row, column: str) -> None:
    """Add the number of a row to those of its area and year."""
    counted = reading.people.setdefault(spec.code, Counted(spec))
    value, state = cell
    if value is None and state != ValueState.TOO_SMALL:
        reading.cells.setdefault(key, cell)
        reading.rows.setdefault(key, (row.number, column))
        return
    combination = tuple(row[reading.columns[name]].strip() for name in _parts(reading))
    of_key = counted.cells.setdefault(key, {})
    of_key[combination] = of_key.get(combination, 0.0) + (value or 0.0)
    counted.rows.setdefault(key, (row.number, column))
    if value is None:
        counted.small.add((key, combination))
    if state == ValueState.ESTIMATED:
        counted.estimated.add(key)


def _parts(reading: Reading) -> tuple[str, ...]:
    """The columns that tell rows of an area and year apart."""
    return tuple(sorted({name for spec in reading.step.indicators if spec.people for name in spec.where}))


def publish(reading: Reading) -> None:
    """Put what may be told of the numbers of persons among the others."""
    for counted in reading.people.values():
        whole = _whole(reading, counted.spec)
        for key, cells in counted.cells.items():
            told = [_told(counted, whole, key, combination, value) for combination, value in cells.items()]
            reading.rows[key] = counted.rows[key]
            if whole is not None and _is_more(whole, key, cells):
                words = {"part": counted.spec.name_it, "whole": whole.spec.name_it}
                why = _("“%(part)s” adds up to more than “%(whole)s”, of which it is a part") % words
                row, column = counted.rows[key]
                reading.report.refuse(row, column, why, reading.names.get(key[0], ""))
            elif told == [None]:
                reading.cells[key] = (None, ValueState.TOO_SMALL)
                reading.notes[key] = SMALL_NOTE
            else:
                sure = key not in counted.estimated and told == list(cells.values())
                value = sum(counted_as(THRESHOLD) if one is None else one for one in told)
                reading.cells[key] = (value, ValueState.VALUE if sure else ValueState.ESTIMATED)


def in_sums(reading: Reading, key: Key, cell: Cell) -> Cell:
    """What a number counts as in the sums of the areas above."""
    if cell == (None, ValueState.TOO_SMALL) and key[1] in reading.people:
        return counted_as(THRESHOLD), ValueState.ESTIMATED
    return cell


def _whole(reading: Reading, spec: IndicatorSpec) -> Counted | None:
    """What an indicator is a part of."""
    if not spec.part_of:
        return None
    if spec.part_of not in {one.code for one in reading.step.indicators if one.people}:
        text = _("“%(code)s” is said to be a part of “%(whole)s”, which is no number of people of this step.")
        raise RecipeError(text % {"code": spec.code, "whole": spec.part_of})
    return reading.people.get(spec.part_of)


def _as_whole(whole: Counted, key: Key) -> Key:
    return key[0], whole.spec.code, key[2]


def _is_more(whole: Counted, key: Key, cells: dict[Combination, float]) -> bool:
    of_whole = whole.cells.get(_as_whole(whole, key), {})
    return any(
        combination in of_whole
        and value > of_whole[combination]
        and (_as_whole(whole, key), combination) not in whole.small
        for combination, value in cells.items()
    )


def _told(counted: Counted, whole: Counted | None, key: Key, combination: Combination, value: float) -> float | None:
    """What is told of one number of persons; None where it is small."""
    if (key, combination) in counted.small or is_small(value, THRESHOLD):
        return None
    everybody = whole.cells.get(_as_whole(whole, key), {}).get(combination) if whole is not None else None
    if everybody is not None and everybody >= THRESHOLD and is_small(everybody - value, THRESHOLD):
        value = everybody - counted_as(THRESHOLD)
        return None if is_small(value, THRESHOLD) else value
    return value
