"""What the tables of a wave are counted from: each frozen record's answers, numbers and organisations, as arrays.

Numbers of persons enter as the record publishes them (`core.small_counts`): from here on the small ones are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice, pairwise
from typing import Any

import numpy as np
from django.utils.translation import gettext_lazy as _

from trama.core import small_counts
from trama.core.declarations import FrozenBody, Monitored
from trama.core.registers import Measure, Register, Selection
from trama.insight.counting import Counts, Tally, added_up
from trama.monitoring.cuts.axes import Amount, Axis, amounts_of, axes_of
from trama.monitoring.cuts.words import FrozenArea, Words
from trama.monitoring.models import FrozenRow, Wave

Answers = tuple[Any, ...]
ORGANISATIONS = "organisations"
NAMING = "_naming"  # whether a record names an organisation that may be counted
ALL = object()
CHUNK = 250  # so few contents at once that collecting garbage among them costs little: a quarter of the whole otherwise


@dataclass
class Numbers:
    """A number of every record: the published one (0 where there is none), and 0 or 1 for each of the others."""

    value: Any
    known: Any
    estimated: Any
    least: Any
    small: Any


@dataclass
class Frame:
    """The records of a wave. `profiles` of an axis are the sets of answers that occur, `index` which a record gave."""

    size: int
    axes: dict[str, Axis]
    amounts: dict[str, Amount]
    profiles: dict[str, list[Answers]] = field(default_factory=dict)
    index: dict[str, Any] = field(default_factory=dict)
    numbers: dict[str, Numbers] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    # By axis and number: record, answer, what of the number belongs to that answer.
    parts: dict[tuple[str, str], list[tuple[int, str, float]]] = field(default_factory=dict)
    # The organisations, each once; and which of them (`named`) is named in which record (`named_in`).
    bodies: list[FrozenBody] = field(default_factory=list)
    named: Any = None
    named_in: Any = None
    pairs: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    # For each area the records that lie in it or below it.
    inside: dict[int, list[int]] = field(default_factory=dict)
    filled: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def everywhere(self) -> Any:
        """The positions of all records."""
        return np.arange(self.size)

    def within(self, area: int | None) -> Any:
        """The positions of the records of an area, or of all."""
        return self.everywhere if area is None else np.array(self.inside.get(area, []), dtype=np.int64)


# --- reading ------------------------------------------------------------------------------------------------------
def read_frame(
    wave: Wave, monitored: Monitored, words: Words, rows: Iterable[tuple[dict[str, Any], dict[str, Any]]]
) -> Frame:
    """The frame of these records (content, additional answers), which are read once."""
    reader = _Reader(wave, monitored, words)
    waiting = iter(rows)
    while chunk := list(islice(waiting, CHUNK)):
        reader.take(chunk)
    return reader.frame_of_all()


class _Reader:
    """Takes records in chunks, question by question: twenty thousand of them in a second or so."""

    def __init__(self, wave: Wave, monitored: Monitored, words: Words) -> None:
        self.monitored, self.words = monitored, words
        axes = {axis.dimension.key: axis for axis in axes_of(wave, monitored, words)}
        self.frame = Frame(0, axes, {amount.measure.key: amount for amount in amounts_of(monitored, words)})
        self.known: dict[str, dict[Answers, int]] = {key: {} for key in axes}
        # Answers as they stand in contents, unsorted, and the set that they make.
        self.raw: dict[str, dict[Answers, int]] = {key: {} for key in axes}
        self.index: dict[str, list[int]] = {key: [] for key in axes}
        self.asked: dict[str, list[bool]] = {key: [] for key, axis in axes.items() if axis.asked}
        self.numbers: dict[str, list[tuple[float, int, int, int]]] = {key: [] for key in self.frame.amounts}
        self.filled: dict[str, list[bool]] = {key: [] for key in (*(one.key for one in monitored.fields), "result")}
        self.bodies: dict[int, FrozenBody] = {}
        self.named: list[tuple[int, int]] = []
        self.above: dict[tuple[int, ...], frozenset[int]] = {}

    def take(self, chunk: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        """The next records."""
        start, contents = self.frame.size, [content for content, _given in chunk]
        for key, axis in self.frame.axes.items():
            if axis.of_body is None:
                self._answers(key, axis, chunk)
            if axis.asked:
                self.asked[key] += [axis.asked(given) for _content, given in chunk]
            for number, parted in axis.parts.items():
                held = self.frame.parts.setdefault((key, number), [])
                for record, content in enumerate(contents, start):
                    held += [(record, value, part) for value, part in parted(content).items()]
        below = [self.monitored.below(content) for content in contents]
        for key, amount in self.frame.amounts.items():
            stated = (amount.stated(content, given) for content, given in chunk)
            self.numbers[key] += [
                (0, 0, 0, least) if value is None else (value, 1, int(estimated), least)
                for (value, estimated), least in zip(stated, below, strict=True)
            ]
        for record, content in enumerate(contents, start):
            for body in self.monitored.bodies(content):
                self.bodies[body.id] = body
                self.named.append((body.id, record))
            for area in self._above(tuple(self.monitored.places(content)[0])):
                self.frame.inside.setdefault(area, []).append(record)
        for one in self.monitored.fields:
            values = (content.get(one.key) for content in contents)
            self.filled[one.key] += [bool(v[0] is not None if isinstance(v, list) else v) for v in values]
        self.filled["result"] += [self.monitored.has_result(content) for content in contents]
        self.frame.size += len(chunk)

    def _answers(self, key: str, axis: Axis, chunk: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        raw, known, index, answers = self.raw[key], self.known[key], self.index[key], axis.answers
        for content, given in chunk:
            said = tuple(answers(content, given))
            number = raw.get(said)
            if number is None:
                profile = tuple(sorted({value for value in said if value})) or (None,)
                number = raw[said] = known.setdefault(profile, len(known))
            index.append(number)

    def _above(self, areas: tuple[int, ...]) -> frozenset[int]:
        """These areas and all in which they lie."""
        found = self.above.get(areas)
        if found is None:
            found = frozenset(place.id for area in areas for place in self.words.path(area))
            self.above[areas] = found
        return found

    def frame_of_all(self) -> Frame:
        """What was taken, as arrays."""
        frame = self.frame
        _take_bodies(frame, self.bodies, self.named)
        for key, axis in frame.axes.items():
            if axis.of_body is not None:
                self.index[key], self.known[key] = _profiles_of_bodies(frame, axis.of_body)
        frame.profiles = {key: list(found) for key, found in self.known.items()}
        frame.index = {key: np.array(found, dtype=np.int64) for key, found in self.index.items()}
        frame.asked = {key: np.array(found, dtype=bool) for key, found in self.asked.items()}
        frame.filled = {key: np.array(found, dtype=bool) for key, found in self.filled.items()}
        for key, stated in self.numbers.items():
            measure, frame.numbers[key] = _published(frame.amounts[key].measure, stated)
            frame.amounts[key] = replace(frame.amounts[key], measure=measure)
        return frame


def _take_bodies(frame: Frame, bodies: dict[int, FrozenBody], named: list[tuple[int, int]]) -> None:
    frame.bodies = list(bodies.values())
    at = {body.id: number for number, body in enumerate(frame.bodies)}
    frame.named = np.array([at[body] for body, _record in named], dtype=np.int64)
    frame.named_in = np.array([record for _body, record in named], dtype=np.int64)
    naming, nothing = np.zeros(frame.size), np.zeros(frame.size)
    naming[frame.named_in] = 1
    frame.numbers[NAMING] = Numbers(nothing, naming, nothing, nothing, nothing)


def _profiles_of_bodies(
    frame: Frame, of_body: Callable[[FrozenBody], str | None]
) -> tuple[list[int], dict[Answers, int]]:
    """What each record answers by its organisations. An organisation is the same in all of them: as it was last."""
    of_each = [of_body(body) for body in frame.bodies]
    said: list[set[str]] = [set() for _record in range(frame.size)]
    for number, record in zip(frame.named.tolist(), frame.named_in.tolist(), strict=True):
        if (value := of_each[number]) is not None:
            said[record].add(value)
    known: dict[Answers, int] = {}
    profiles = (tuple(sorted(values)) or (None,) for values in said)
    return [known.setdefault(profile, len(known)) for profile in profiles], known


def _published(measure: Measure, stated: Sequence[tuple[float, int, int, int]]) -> tuple[Measure, Numbers]:
    """The numbers (value, known, estimated, below) as the records publish them.

    A number that the wave itself asked for counts no persons where somebody answered with a fraction or below zero.
    """
    table = np.array(stated, dtype=float).reshape(-1, 4)
    value, known, estimated, below = (table[:, column] for column in range(4))
    if measure.persons and ((value < 0) | (value != np.floor(value))).any():
        measure = replace(measure, persons=False)
    small = (value > 0) & (value < below) if measure.persons else np.zeros(len(value), dtype=bool)
    told = value.copy()
    for level in np.unique(below[small]):
        told[small & (below == level)] = small_counts.counted_as(int(level))
    return measure, Numbers(told, known, estimated, np.where(small, 1.0, value), small.astype(float))


# --- counting -----------------------------------------------------------------------------------------------------
def counted(frame: Frame, places: Any, rows: Axis, cols: Axis | None, measure: Measure) -> Counts:
    """The tallies of the records at these positions by one or two axes."""
    if measure.key == ORGANISATIONS:
        return _distinct(frame, places, rows, cols)
    profiles = frame.profiles[rows.dimension.key]
    others: list[Answers] = frame.profiles[cols.dimension.key] if cols else [()]
    pairs, inverse = _pairs(frame, places, rows, cols, len(others))
    columns = [np.bincount(inverse, minlength=len(pairs))]
    if measure.key in frame.numbers:
        numbers = frame.numbers[measure.key]
        stated = (numbers.value, numbers.known, numbers.estimated, numbers.least, numbers.small)
        columns += [np.bincount(inverse, weights=column[places], minlength=len(pairs)) for column in stated]
    found = {}
    for pair, records, *more in zip(pairs.tolist(), *(column.tolist() for column in columns), strict=True):
        tally = Tally(records)
        if more:
            value, known, estimated, least, small = more
            tally = Tally(records, value if known else None, int(known), int(estimated), least, int(small))
        found[profiles[pair // len(others)], others[pair % len(others)]] = tally
    counts = added_up(found)
    _give_parts(frame, places, (rows, cols), measure, counts)
    return counts


def _pairs(frame: Frame, places: Any, rows: Axis, cols: Axis | None, width: int) -> tuple[Any, Any]:
    """Which answers occur together, and which of these each record gave; of all records it is kept."""
    key = rows.dimension.key
    is_kept = places is frame.everywhere and cols is None
    if is_kept and key in frame.pairs:
        return frame.pairs[key]
    second = frame.index[cols.dimension.key][places] if cols else 0
    found = np.unique(frame.index[key][places] * width + second, return_inverse=True)
    if is_kept:
        frame.pairs[key] = found
    return found


def _give_parts(frame: Frame, places: Any, axes: tuple[Axis, Axis | None], measure: Measure, counts: Counts) -> None:
    """Where answers have parts of a number, each is given its part instead of the whole."""
    rows, cols = axes
    for axis, other, totals in ((rows, cols, counts.by_row), (cols, rows, counts.by_col)):
        parts = frame.parts.get((axis.dimension.key, measure.key)) if axis else None
        if parts is None:
            continue
        counts.several_rows = counts.several_cols = True
        taken = set(places.tolist())
        whole: dict[Any, float] = {}
        crossed: dict[tuple[Any, Any], float] = {}
        for record, value, part in parts:
            if record not in taken:
                continue
            whole[value] = whole.get(value, 0) + part
            for answer in _answer(frame, other, record) if other else ():
                key = (value, answer) if axis is rows else (answer, value)
                crossed[key] = crossed.get(key, 0) + part
        for value, amount in whole.items():
            totals[value].amount = totals[value].least = amount
        for key, amount in crossed.items():
            counts.cells[key].amount = counts.cells[key].least = amount


def _answer(frame: Frame, axis: Axis, record: int) -> Answers:
    key = axis.dimension.key
    return frame.profiles[key][int(frame.index[key][record])]


def _distinct(frame: Frame, places: Any, rows: Axis, cols: Axis | None) -> Counts:
    """Organisations, each once in every cell and total. An axis of organisations tells them apart themselves."""
    counts = counted(frame, places, rows, cols, Measure(NAMING, ""))
    # One organisation may stand in several groups, unless the groups are of organisations.
    counts.several_rows, counts.several_cols = rows.of_body is None, cols is not None and cols.of_body is None
    groups: dict[tuple[Any, Any], set[int]] = {}
    for (down, across), bodies in _together(frame, places, rows, cols):
        for row in down:
            groups.setdefault((row, ALL), set()).update(bodies)
            for col in across:
                groups.setdefault((row, col), set()).update(bodies)
        for col in across:
            groups.setdefault((ALL, col), set()).update(bodies)
        groups.setdefault((ALL, ALL), set()).update(bodies)
    counts.all = _tally(frame, counts.all, groups.get((ALL, ALL)))
    counts.by_row = {row: _tally(frame, one, groups.get((row, ALL))) for row, one in counts.by_row.items()}
    counts.by_col = {col: _tally(frame, one, groups.get((ALL, col))) for col, one in counts.by_col.items()}
    counts.cells = {key: _tally(frame, one, groups.get(key)) for key, one in counts.cells.items()}
    return counts


def _together(
    frame: Frame, places: Any, rows: Axis, cols: Axis | None
) -> Iterator[tuple[tuple[Answers, Answers], list[int]]]:
    """Which organisations stand together with the same answers."""
    chosen = np.zeros(frame.size, dtype=bool)
    chosen[places] = True
    taken = chosen[frame.named_in]
    named, where = frame.named[taken], frame.named_in[taken]
    down, down_answers = _answers_of_names(frame, rows, named, where)
    across, across_answers = _answers_of_names(frame, cols, named, where)
    pairs = down * len(across_answers) + across
    # One number for the answers and the organisation: sorted at once.
    whole = np.unique(pairs * max(1, len(frame.bodies)) + named)
    answers, bodies = np.divmod(whole, max(1, len(frame.bodies)))
    starts = np.flatnonzero(np.diff(answers, prepend=-1)).tolist()
    for start, stop in pairwise([*starts, len(whole)]):
        first, second = divmod(int(answers[start]), len(across_answers))
        yield (down_answers[first], across_answers[second]), bodies[start:stop].tolist()


def _answers_of_names(frame: Frame, axis: Axis | None, named: Any, where: Any) -> tuple[Any, list[Answers]]:
    """The answers to an axis that go with each naming of an organisation, as numbers and what they stand for."""
    if axis is None:
        return np.zeros(len(named), dtype=np.int64), [()]
    if axis.of_body is None:
        return frame.index[axis.dimension.key][where], frame.profiles[axis.dimension.key]
    of_body = [(axis.of_body(body),) for body in frame.bodies]
    known = list(dict.fromkeys(of_body))
    numbers = {answer: number for number, answer in enumerate(known)}
    return np.array([numbers[answer] for answer in of_body], dtype=np.int64)[named], known


def _tally(frame: Frame, one: Tally, bodies: set[int] | None) -> Tally:
    """How many organisations, with how many persons they are where each of them is one person."""
    found = bodies or set()
    persons = len(found) if all(frame.bodies[number].is_person for number in found) else 0
    return Tally(one.records, float(len(found)) if one.known else None, one.known, 0, float(persons))


def stands_for_persons(counts: Counts) -> bool:
    """Whether some count of organisations counts nothing but single persons."""
    tallies = [counts.all, *counts.by_row.values(), *counts.by_col.values(), *counts.cells.values()]
    return any(tally.least for tally in tallies)


# --- what insight needs to know -----------------------------------------------------------------------------------
def register_of(wave: Wave, monitored: Monitored, words: Words, frame: Frame) -> Register:
    """The wave as a register, so that its tables are laid out, protected and printed like all others."""
    anywhere = FrozenArea("area", _("Area"), "", multiple=True, axis=False, words=words)
    dimensions = [axis.dimension for axis in frame.axes.values()]
    return Register(
        key=f"wave-{wave.pk}",
        model=FrozenRow,
        title=monitored.title,
        counted=monitored.counted,
        visible=lambda actor: FrozenRow.objects.none(),
        dimensions=(anywhere, *(replace(one, axis=True) for one in dimensions)),
        columns=(),
        orders={},
        card="",
        url=lambda pk: "",
        measures=tuple(amount.measure for amount in frame.amounts.values()),
    )


def narrowed_to(words: Words, area: str) -> tuple[Selection, int | None]:
    """The choice of an area by its code, and its id; of no area without a code. Raises KeyError for an unknown one."""
    if not area:
        return Selection(), None
    return Selection((("area", (area,)),)), words.by_code[area].id
