"""What the tables of a wave are counted from: each frozen record's answers, numbers and organisations, as arrays.

Numbers of persons enter as the record publishes them (`core.small_counts`): from here on the small ones are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np
from django.utils.functional import lazy
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from trama.core import small_counts
from trama.core.declarations import FrozenAxis, FrozenBody, FrozenCount, Monitored
from trama.core.registers import Dimension, Measure, Register, Selection
from trama.insight.counting import Counts, Tally, added_up
from trama.monitoring.choices import QuestionType
from trama.monitoring.cuts.words import EVERYWHERE, FrozenArea, FrozenDimension, Words
from trama.monitoring.models import FrozenRow, Wave
from trama.monitoring.questions import CHOOSING, Question, is_asked, trees
from trama.territory.choices import AreaKind

Answers = tuple[Any, ...]
ORGANISATIONS = "organisations"
NAMING = "_naming"  # whether a record names an organisation that may be counted
ALL = object()
NUMBERS = (QuestionType.NUMBER, QuestionType.WHOLE)
BOUNDS = (10, 50, 100, 500)  # of the classes in which the answers to a number question are told


@dataclass(frozen=True)
class Axis:
    """An axis with what each record answers; `asked` is None where every record was asked."""

    dimension: Dimension
    answers: Callable[[dict[str, Any], dict[str, Any]], Sequence[str]]
    of_body: Callable[[FrozenBody], str | None] | None = None
    asked: Callable[[dict[str, Any]], bool] | None = None
    spare: bool = False
    question: str = ""
    parts: Mapping[str, Callable[[dict[str, Any]], Mapping[str, float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Amount:
    """A number that is added up; `below` says from where on its small values may be told, 0 for no persons."""

    measure: Measure
    stated: Callable[[dict[str, Any], dict[str, Any]], tuple[float | None, bool]]
    lower_bound: bool = False


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


# --- the axes of a wave -------------------------------------------------------------------------------------------
def axes_of(wave: Wave, monitored: Monitored, words: Words) -> list[Axis]:
    """By what the tables of a wave can be cut, in the order of the practice: where, who, how, for whom, when."""
    scope = wave.area_ids()
    found = [_area_axis(kind, words, scope, monitored, first=not n) for n, kind in enumerate(words.levels(scope))]
    found += [_declared(axis, words) for axis in monitored.axes]
    found.append(_moment(wave))
    by_key = {question.key: question for question in words.questions}
    return [*found, *(axis for question in words.questions if (axis := _asked_axis(question, by_key)))]


def _area_axis(kind: str, words: Words, scope: frozenset[int], monitored: Monitored, *, first: bool) -> Axis:
    """The areas of one kind, and what happens in the whole territory: counted once, whatever the kind."""
    above = {place.id for area in scope for place in words.path(area)}
    up = {
        pk: next((str(place.id) for place in words.path(pk) if place.kind == kind), EVERYWHERE if pk in above else None)
        for pk in words.places
    }

    def answers(one: dict[str, Any], _given: dict[str, Any]) -> list[str]:
        areas, whole = monitored.places(one)
        reached = {up.get(area) for area in areas} - {None}
        return [value for value in (reached | {EVERYWHERE} if whole else reached) if value]

    # The first kind is what the practice calls "by district": it has one key whatever the areas are called.
    key = "area" if first else kind
    label = capfirst(AreaKind(kind).label)
    dimension = FrozenArea(key, label, "", multiple=True, filterable=False, words=words)
    return Axis(dimension, answers, spare=not first)


def _declared(axis: FrozenAxis, words: Words) -> Axis:
    dimension = FrozenDimension(
        axis.key,
        axis.label,
        "",
        multiple=axis.several,
        filterable=False,
        special=axis.special,
        words=words,
        list=axis.list,
        options=axis.options,
    )
    return Axis(dimension, lambda one, _given: axis.answers(one), axis.of_body, spare=axis.spare, parts=axis.parts)


def _moment(wave: Wave) -> Axis:
    """Whether a record was going on when the period of the wave ended."""
    last = wave.ends_on.isoformat()
    options = (("ongoing", _("going on")), ("ended", _("concluded")), ("upcoming", _("to come")))

    def answers(one: dict[str, Any], _given: dict[str, Any]) -> tuple[str, ...]:
        start, stop = one.get("starts_on"), one.get("ends_on")
        if not start and not stop:
            return ()
        return ("ended",) if stop and stop <= last else ("upcoming",) if start and start > last else ("ongoing",)

    label = _("Phase at the end of the period")
    return Axis(FrozenDimension("phase", label, "", filterable=False, options=options), answers)


def _asked_axis(question: Question, by_key: dict[str, Question]) -> Axis | None:
    """The axis of an additional question: options in their order, numbers in classes; texts and days have none."""
    if question.type in CHOOSING:
        # What would be read as a sign of ours in an address is numbered.
        keys = {value: value if value[:1].isalnum() else f"o{n}" for n, value in enumerate(question.options, start=1)}
        options = tuple((key, _later(partial(question.option, value))) for value, key in keys.items())
    elif question.type in NUMBERS:
        keys, options = {}, classes()
    else:
        return None

    def answers(_one: dict[str, Any], given: dict[str, Any]) -> list[str]:
        value = given.get(question.key)
        if not question.options:
            return [] if value is None else [class_of(value)]
        return [keys[chosen] for chosen in (value if isinstance(value, list) else [value]) if chosen in keys]

    def asked(given: dict[str, Any]) -> bool:
        return is_asked(question, given, by_key)

    dimension = FrozenDimension(
        f"q_{question.key}",
        _later(partial(_text_of, question)),
        "",
        multiple=question.type == QuestionType.MANY,
        filterable=False,
        options=options,
    )
    return Axis(dimension, answers, asked=asked if trees(question) else None, question=question.key)


def _text_of(question: Question) -> str:
    return question.text


def _said(text: Callable[[], str]) -> str:
    return text()


_later = lazy(_said, str)  # a text in the language of whoever reads it, not of whoever counted first


def classes() -> tuple[tuple[str, Any], ...]:
    """The classes of the answers to a number question. The first above zero hides whether a number is a small one."""
    found: list[tuple[str, Any]] = [
        ("negative", _("below 0")),
        ("0", "0"),
        ("1", format_lazy(_("more than 0, less than {to}"), to=BOUNDS[0])),
    ]
    for start, stop in pairwise(BOUNDS):
        found.append((str(start), format_lazy(_("from {start} to less than {to}"), start=start, to=stop)))
    return (*found, (str(BOUNDS[-1]), format_lazy(_("{start} and more"), start=BOUNDS[-1])))


def class_of(value: float) -> str:
    """The class of a number."""
    if value <= 0:
        return "negative" if value < 0 else "0"
    return str(max((bound for bound in BOUNDS if bound <= value), default=1))


def amounts_of(monitored: Monitored, words: Words) -> list[Amount]:
    """What is added up: what the app declares, and the numbers that the wave itself asked for.

    Nobody knows whether such a number counts persons: it is protected as if it did.
    """
    found = [_declared_amount(count) for count in monitored.counts]
    for question in words.questions:
        if question.type in NUMBERS:
            label = _later(partial(_text_of, question))
            measure = Measure(f"q_{question.key}", label, persons=True, sum_of="answers")
            found.append(Amount(measure, _given(question.key)))
    return found


def _declared_amount(count: FrozenCount) -> Amount:
    measure = Measure(
        count.key, count.label, unit=count.unit, warning=count.warning, persons=count.persons, sum_of=count.key
    )
    return Amount(measure, lambda one, _answers: count.stated(one), count.lower_bound)


def _given(key: str) -> Callable[[dict[str, Any], dict[str, Any]], tuple[float | None, bool]]:
    return lambda _one, answers: (answers.get(key), False)


# --- reading ------------------------------------------------------------------------------------------------------
def read_frame(
    wave: Wave, monitored: Monitored, words: Words, rows: Iterable[tuple[dict[str, Any], dict[str, Any]]]
) -> Frame:
    """The frame of these records (content, additional answers), which are read once."""
    axes = {axis.dimension.key: axis for axis in axes_of(wave, monitored, words)}
    amounts = {amount.measure.key: amount for amount in amounts_of(monitored, words)}
    frame = Frame(0, axes, amounts)
    known: dict[str, dict[Answers, int]] = {key: {} for key in axes}
    index: dict[str, list[int]] = {key: [] for key in axes}
    asked: dict[str, list[bool]] = {key: [] for key, axis in axes.items() if axis.asked}
    numbers: dict[str, list[tuple[float, int, int, int]]] = {key: [] for key in amounts}
    filled: dict[str, list[bool]] = {key: [] for key in (*(one.key for one in monitored.fields), "result")}
    bodies_by_id: dict[int, FrozenBody] = {}
    named: list[tuple[int, int]] = []
    paths = {pk: [place.id for place in words.path(pk)] for pk in words.places}
    for content, given in rows:
        bodies = monitored.bodies(content)
        named += [(body.id, frame.size) for body in bodies]
        bodies_by_id.update((body.id, body) for body in bodies)
        for key, axis in axes.items():
            if axis.of_body is None:
                profile = tuple(sorted({value for value in axis.answers(content, given) if value})) or (None,)
                index[key].append(known[key].setdefault(profile, len(known[key])))
            if axis.asked:
                asked[key].append(axis.asked(given))
            for number, parted in axis.parts.items():
                held = frame.parts.setdefault((key, number), [])
                held += [(frame.size, value, part) for value, part in parted(content).items()]
        below = monitored.below(content)
        for key, amount in amounts.items():
            value, estimated = amount.stated(content, given)
            numbers[key].append((0, 0, 0, below) if value is None else (value, 1, int(estimated), below))
        for above in {above for area in monitored.places(content)[0] for above in paths.get(area, [])}:
            frame.inside.setdefault(above, []).append(frame.size)
        for field_ in monitored.fields:
            value = content.get(field_.key)
            filled[field_.key].append(bool(value[0] is not None if isinstance(value, list) else value))
        filled["result"].append(monitored.has_result(content))
        frame.size += 1
    _take_bodies(frame, bodies_by_id, named)
    for key, axis in axes.items():
        if axis.of_body is not None:
            index[key], known[key] = _profiles_of_bodies(frame, axis.of_body)
    frame.profiles = {key: list(found) for key, found in known.items()}
    frame.index = {key: np.array(found, dtype=np.int64) for key, found in index.items()}
    frame.asked = {key: np.array(found, dtype=bool) for key, found in asked.items()}
    frame.filled = {key: np.array(found, dtype=bool) for key, found in filled.items()}
    for key, stated in numbers.items():
        measure, frame.numbers[key] = _published(amounts[key].measure, stated)
        amounts[key] = replace(amounts[key], measure=measure)
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
    first = frame.index[rows.dimension.key][places]
    profiles = frame.profiles[rows.dimension.key]
    others: list[Answers] = frame.profiles[cols.dimension.key] if cols else [()]
    second = frame.index[cols.dimension.key][places] if cols else np.zeros(len(places), dtype=np.int64)
    pairs, inverse = np.unique(first * len(others) + second, return_inverse=True)
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


def _give_parts(frame: Frame, places: Any, axes: tuple[Axis, Axis | None], measure: Measure, counts: Counts) -> None:
    """Where answers have parts of a number, each is given its part instead of the whole."""
    taken = set(places.tolist())
    rows, cols = axes
    for axis, other, totals in ((rows, cols, counts.by_row), (cols, rows, counts.by_col)):
        parts = frame.parts.get((axis.dimension.key, measure.key)) if axis else None
        if parts is None:
            continue
        counts.several_rows = counts.several_cols = True
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
    pair = down * max(1, len(across_answers)) + across
    whole = np.unique(np.stack([pair, named]), axis=1) if len(named) else np.zeros((2, 0), dtype=np.int64)
    starts = np.flatnonzero(np.diff(whole[0], prepend=-1)).tolist()
    for start, stop in pairwise([*starts, whole.shape[1]]):
        key = int(whole[0, start])
        yield (
            (down_answers[key // max(1, len(across_answers))], across_answers[key % max(1, len(across_answers))]),
            whole[1, start:stop].tolist(),
        )


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
