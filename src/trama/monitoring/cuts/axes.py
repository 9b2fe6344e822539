"""By what the tables of a wave are cut, and what is added up in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

from django.utils.functional import lazy
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from trama.core.declarations import FrozenAxis, FrozenBody, FrozenCount, Monitored
from trama.core.registers import Dimension, Measure
from trama.monitoring.choices import QuestionType
from trama.monitoring.cuts.words import EVERYWHERE, FrozenArea, FrozenDimension, Place, Words
from trama.monitoring.models import Wave
from trama.monitoring.questions import CHOOSING, Question, is_asked, trees
from trama.territory.choices import AreaKind

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


# --- the axes of a wave -------------------------------------------------------------------------------------------
def axes_of(wave: Wave, monitored: Monitored, words: Words) -> list[Axis]:
    """By what the tables of a wave can be cut, in the order of the practice: where, who, how, for whom, when."""
    scope = words.tops(wave.area_ids())
    # Several areas are first told by themselves: what lies in them is not of one kind, and in some nothing does.
    kinds = [*([""] if len(scope) > 1 else []), *words.levels(scope)]
    found = [_area_axis(kind, words, scope, monitored, first=not n) for n, kind in enumerate(kinds)]
    found += [_declared(axis, words) for axis in monitored.axes]
    found.append(_moment(wave))
    by_key = {question.key: question for question in words.questions}
    return [*found, *(axis for question in words.questions if (axis := _asked_axis(question, by_key)))]


def _area_axis(kind: str, words: Words, scope: frozenset[int], monitored: Monitored, *, first: bool) -> Axis:
    """The areas of one kind (without one: those that the wave looked at), so that no record is without its place.

    What happens in the whole territory is counted once, whatever the kind. Where an area has no part of the kind, the
    area stands there itself; in the first table so does a part of another kind.
    """
    paths = [frozenset(place.id for place in words.path(area)) for area in scope]
    whole = frozenset.intersection(*paths) if paths else frozenset()
    rows = {pk: _row_of(words.path(pk), kind, scope, whole, first=first) for pk in words.places}
    several = len(scope) > 1

    def answers(one: dict[str, Any], _given: dict[str, Any]) -> list[str]:
        areas, city_wide = monitored.places(one)
        reached = {rows.get(area) for area in areas} - {None}
        if city_wide and not (several and reached):
            reached.add(EVERYWHERE)
        return [value for value in reached if value]

    # The first kind is what the practice calls "by district": it has one key whatever the areas are called.
    key = "area" if first else kind
    shown = {words.places[int(row)].kind for row in rows.values() if row and row != EVERYWHERE}
    named = kind
    if first and shown:
        named = shown.pop() if len(shown) == 1 else ""
    label = capfirst(AreaKind(named).label) if named else _("Area")
    dimension = FrozenArea(key, label, "", multiple=True, filterable=False, words=words)
    return Axis(dimension, answers, spare=not first)


def _row_of(path: list[Place], kind: str, scope: frozenset[int], whole: frozenset[int], *, first: bool) -> str | None:
    """In which row an area is told. `path` is the area and all above it; `whole` are the areas that hold the scope."""
    if path[0].id in whole:
        return EVERYWHERE
    top = next((number for number, above in enumerate(path) if above.id in scope), None)
    found = top if not kind else next((number for number, above in enumerate(path) if above.kind == kind), None)
    if found is None and top is not None and (top == 0 or first):
        found = max(0, top - 1)
    return str(path[found].id) if found is not None else None


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
