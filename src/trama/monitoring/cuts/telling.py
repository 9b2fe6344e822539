"""The numbers of a wave as they are told: every cut with its base, what is missing, and how good it is.

All of them are made of what the wave froze, by the one way on which small counts of persons are protected
(`insight.crosstab.laid_out`). They are the same for everybody who may see the wave.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from django.core.exceptions import PermissionDenied
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from trama.core import figures, memo, small_counts
from trama.core.actor import Actor
from trama.core.declarations import Monitored, gathered
from trama.core.registers import Measure, Register, Selection
from trama.insight.counting import Counts, Tally
from trama.insight.crosstab import CrosstabError, laid_out
from trama.insight.shapes import RECORDS, Cell, Crosstab, Status
from trama.insight.tables import text_of
from trama.monitoring import freezing
from trama.monitoring.choices import COVERED, WaveState
from trama.monitoring.cuts.axes import Axis
from trama.monitoring.cuts.frame import (
    ORGANISATIONS,
    Frame,
    counted,
    narrowed_to,
    read_frame,
    register_of,
    stands_for_persons,
)
from trama.monitoring.cuts.words import Words
from trama.monitoring.models import FrozenRow, Sheet, Wave
from trama.monitoring.permissions import reads
from trama.network.choices import Reshaping
from trama.network.models import Merge
from trama.ui.numbers import number, percent

KEPT = 600  # seconds for which the numbers of a closed wave are remembered: they do not change


@dataclass(frozen=True)
class Number:
    """One figure. `text` is for a table ("1.200", "~ 6.940", "•"), `phrase` for a sentence ("oltre 500").

    `value` is None where it is protected or not known; `status` is one of `insight.shapes.Status`. Of the records
    behind it `exact` and `estimated` state the number, `unknown` do not.
    """

    key: str
    label: str
    unit: str
    value: float | None
    text: str
    phrase: str
    status: str
    exact: int = 0
    estimated: int = 0
    unknown: int = 0
    note: str = ""

    @property
    def known(self) -> int:
        return self.exact + self.estimated

    @property
    def is_protected(self) -> bool:
        return self.status == Status.SUPPRESSED


@dataclass(frozen=True)
class Category:
    """A value of a cut: how many records, which share of those that answered, and the other numbers by their key."""

    key: str
    label: str
    count: Number
    share: float | None
    numbers: Mapping[str, Number]


@dataclass(frozen=True)
class Cut:
    """The records of a wave by one thing. Categories are in the order of their list; a total counts each record once.

    `said` of `base` records answer; with `several` answers the shares add up to more than 1, and are left so.
    """

    key: str
    title: str
    label: str
    base: int
    said: int
    categories: tuple[Category, ...]
    silent: Category | None  # the records that do not say
    total: Category
    several: bool
    is_area: bool
    notes: tuple[str, ...]
    tables: Mapping[str, Crosstab]
    refused: Mapping[str, str] = field(default_factory=dict)  # why a number has no table
    is_question: bool = False

    @property
    def missing(self) -> int:
        """How many do not say."""
        return self.base - self.said

    @property
    def completeness(self) -> float | None:
        """Which share of the records says."""
        return self.said / self.base if self.base else None


@dataclass(frozen=True)
class Filled:
    """How many records state a field."""

    key: str
    label: str
    filled: int
    base: int

    @property
    def share(self) -> float | None:
        return self.filled / self.base if self.base else None


@dataclass(frozen=True)
class Quality:
    """How good the numbers of a wave are (data quality: what was not verified, without result, field by field)."""

    asked: int
    answered: int
    base: int  # records counted: answered for, and such that naming them harms nobody
    with_result: int
    fields: tuple[Filled, ...]

    @property
    def silent(self) -> int:
        """The sheets for which nobody answered."""
        return self.asked - self.answered

    @property
    def without_result(self) -> int:
        return self.base - self.with_result


@dataclass(frozen=True)
class Choices:
    """The axes, the measures and the areas of a wave, each as (key, label)."""

    axes: list[tuple[str, str]]
    measures: list[tuple[str, str]]
    areas: list[tuple[str, str]]


# --- reading ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Source:
    """A wave, read once: what all its tables are counted from."""

    wave: Wave
    monitored: Monitored
    words: Words
    frame: Frame
    register: Register
    asked: int
    answered: int

    @property
    def provisional(self) -> bool:
        return not self.wave.is_closed


def may_read(wave: Wave, actor: Actor) -> bool:
    """Whether the actor may read the numbers: of a closed wave everybody, of an open one the staff that follows it."""
    if not Wave.objects.visible_to(actor).filter(pk=wave.pk).exists():
        return False
    return wave.is_closed or (wave.state != WaveState.DRAFT and reads(actor))


def source_of(wave: Wave, actor: Actor) -> Source:
    """What the numbers of a wave are counted from. Raises PermissionDenied for who may not read them."""
    if not may_read(wave, actor):
        raise PermissionDenied(_("You may not do this with this wave."))
    if not wave.is_closed:
        return _read(wave)
    return memo.remember(("monitoring.source", wave.pk, wave.fingerprint), KEPT, lambda: _read(wave), heavy=True)


def _read(wave: Wave) -> Source:
    monitored = gathered.monitored[wave.what]
    rows = _frozen if wave.is_closed else _live
    definitions = wave.definitions
    if "areas" not in definitions:
        definitions = freezing.definitions_of(wave, (content for content, _given in rows(wave)))
    words = Words(definitions)
    frame = read_frame(wave, monitored, words, rows(wave))
    sheets = Sheet.objects.filter(wave=wave).order_by()
    register = register_of(wave, monitored, words, frame)
    return Source(wave, monitored, words, frame, register, sheets.count(), sheets.covered().count())


def _frozen(wave: Wave) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    rows = FrozenRow.objects.filter(wave=wave, answer__in=COVERED, is_sensitive=False).order_by("record")
    if not wave.definitions.get("questions"):  # nobody was asked anything: nothing to read
        for content in rows.values_list("content", flat=True).iterator(chunk_size=2000):
            if content:
                yield content, {}
        return
    for content, answers in rows.values_list("content", "answers").iterator(chunk_size=2000):
        if content:
            yield content, answers


def _live(wave: Wave) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What was answered for until now, as the records stand."""
    sheets = Sheet.objects.filter(wave=wave, is_sensitive=False).covered().order_by("record")
    given = dict(sheets.values_list("record", "answers"))
    records = list(given)
    for start in range(0, len(records), 500):
        contents = gathered.monitored[wave.what].content(records[start : start + 500])
        for record, content in contents.items():
            if not content.get("sensitive"):
                yield content, given[record]


# --- tables -------------------------------------------------------------------------------------------------------
def measures_of(source: Source) -> list[Measure]:
    """What can be counted in the tables of a wave."""
    whole, *others = source.register.all_measures()
    warning = _("Each organisation counts once, however many experiences it takes part in.")
    organisations = Measure(ORGANISATIONS, _("Organisations"), unit=_("organisations"), warning=warning)
    return [whole, *([organisations] if source.frame.bodies else []), *others]


def table_of(
    source: Source, area: str, rows: Axis, cols: Axis | None, measure: Measure, longest: int | None = None
) -> tuple[Crosstab, Counts]:
    """One protected table, and what it was counted from, which goes nowhere. Raises CrosstabError."""
    frame = source.frame
    selection, within = _narrowed(source, area)
    places = frame.within(within)
    for axis in (rows, cols):
        if axis is not None and axis.asked:
            places = places[frame.asked[axis.dimension.key][places]]
    counts = counted(frame, places, rows, cols, measure)
    if measure.key == ORGANISATIONS and stands_for_persons(counts):
        measure = replace(measure, persons=True)
    axes = (rows.dimension, cols.dimension if cols else None)
    found = laid_out(source.register, selection, axes, measure, counts, longest)
    return _dressed(source, found, (rows, cols), places), counts


def _narrowed(source: Source, area: str) -> tuple[Selection, int | None]:
    try:
        return narrowed_to(source.words, area)
    except KeyError as error:
        raise CrosstabError(_("This wave knows no area “%(code)s”.") % {"code": area}) from error


def _dressed(source: Source, found: Crosstab, axes: tuple[Axis, Axis | None], places: Any) -> Crosstab:
    """A table with where it comes from, of what day, and how complete it is."""
    wave = source.wave
    said = [_said_note(source, axis, places) for axis in axes if axis is not None]
    quality = [_("Somebody answered for %(n)s of %(total)s sheets: the figures are of these.")]
    answered = quality[0] % {"n": number(source.answered), "total": number(source.asked)}
    notes = [*found.cautions, *said, answered]
    if source.provisional:
        notes.insert(0, _("The wave is still open: these figures are provisional."))
    day = wave.closed_at.date() if wave.closed_at else found.as_of
    return replace(
        found,
        source=f"{wave.promoter}, {wave.name}",
        as_of=day,
        cautions=tuple(notes),
        demonstration=wave.is_demonstration,
    )


def _said_note(source: Source, axis: Axis, places: Any) -> str:
    """How many of these records answer to an axis: the completeness that stands beside every number."""
    base, said = len(places), _said(source.frame, axis, places)
    label = str(axis.dimension.label)
    told = {
        "label": label,
        "said": number(said),
        "base": number(base),
        "share": percent(said / base if base else None, 0),
    }
    note = _("“%(label)s” is stated by %(said)s of %(base)s (%(share)s).") % told
    if axis.asked is not None:
        note += " " + _("Only these were asked: it depends on another answer.")
    return note


def _said(frame: Frame, axis: Axis, places: Any) -> int:
    profiles = frame.profiles[axis.dimension.key]
    silent = profiles.index((None,)) if (None,) in profiles else -1
    return int(np.count_nonzero(frame.index[axis.dimension.key][places] != silent))


def crossing(
    wave: Wave,
    actor: Actor,
    rows: str,
    cols: str = "",
    measure: str = RECORDS,
    area: str = "",
    longest: int | None = None,
) -> Crosstab:
    """The records of a wave by one or two of its axes, protected. Raises CrosstabError for what cannot be told."""
    source = source_of(wave, actor)
    axes = source.frame.axes
    for key in (rows, cols):
        if key and key not in axes:
            raise CrosstabError(_("“%(key)s” is nothing by which this wave can be cut.") % {"key": key})
    if rows == cols:
        raise CrosstabError(_("Rows and columns are the same: choose two different ones."))
    chosen = next((one for one in measures_of(source) if one.key == measure), None)
    if chosen is None:
        raise CrosstabError(_("“%(key)s” is nothing that this wave counts.") % {"key": measure})
    found = table_of(source, area, axes[rows], axes[cols] if cols else None, chosen, longest)[0]
    notes = _united_since(source) if measure == ORGANISATIONS else ()
    return replace(found, cautions=(*found.cautions, *notes))


def choices(wave: Wave, actor: Actor) -> Choices:
    """What can be chosen in the tables of a wave."""
    source = source_of(wave, actor)
    scope = wave.area_ids()
    inside = [
        place
        for place in sorted(source.words.places.values(), key=lambda place: place.position)
        if place.id in source.frame.inside and any(above.id in scope for above in source.words.path(place.id)[1:])
    ]
    return Choices(
        axes=[(key, str(axis.dimension.label)) for key, axis in source.frame.axes.items()],
        measures=[(one.key, str(one.label)) for one in measures_of(source)],
        # Em spaces: a select drops ordinary blanks at the beginning of its options.
        areas=[(one.code, "\u2003" * (len(source.words.path(one.id)) - 2) + one.name) for one in inside],
    )


# --- cuts ---------------------------------------------------------------------------------------------------------
def cuts(wave: Wave, actor: Actor, area: str = "") -> list[Cut]:
    """Every cut of a wave, of all of it or of one area (by its code) with what lies below.

    First the areas, then who, how, for whom, with what, when; then the additional questions. Raises PermissionDenied.
    """
    source = source_of(wave, actor)
    make = partial(cuts_of, source, area)
    if source.provisional:
        return make()
    key = ("monitoring.cuts", wave.pk, wave.fingerprint, area, get_language())
    found = memo.remember(key, KEPT, make, heavy=True)
    notes = _united_since(source)
    return [replace(cut, notes=(*cut.notes, *notes)) for cut in found] if notes else found


def _united_since(source: Source) -> tuple[str, ...]:
    """Organisations that were counted as two and are one today: what was frozen stays, and is said."""
    merged = Merge.objects.in_force().filter(what=Reshaping.MERGED)
    gone = set(merged.order_by().values_list("gone", flat=True))
    count = sum(body.id in gone for body in source.frame.bodies)
    if not count or source.provisional:
        return ()
    said = ngettext(
        "Since the wave was closed one of these organisations has been united with another: here it counts by itself.",
        "Since the wave was closed %(n)s of these organisations have been united with others: here they count by "
        "themselves.",
        count,
    )
    return (said % {"n": number(count)},)


def cuts_of(source: Source, area: str) -> list[Cut]:
    """Every cut of what was read."""
    places = source.frame.within(_narrowed(source, area)[1])
    found = []
    for axis in source.frame.axes.values():
        if axis.spare and (
            axis.dimension.key in source.words.levels(source.wave.area_ids()) or not _said(source.frame, axis, places)
        ):
            continue
        found.append(_cut(source, area, axis))
    return found


def _cut(source: Source, area: str, axis: Axis) -> Cut:
    tables: dict[str, Crosstab] = {}
    tallies: dict[str, Counts] = {}
    refused: dict[str, str] = {}
    for measure in measures_of(source):
        try:
            tables[measure.key], tallies[measure.key] = table_of(source, area, axis, None, measure)
        except CrosstabError as error:
            refused[measure.key] = str(error)
    whole = tables[RECORDS]
    measures = {measure.key: measure for measure in measures_of(source)}
    teller = _Teller(source, axis, tables, tallies, measures)
    lines = [teller.category(value.key, value.name) for value in whole.rows.values]
    silent = next((line for line, value in zip(lines, whole.rows.values, strict=True) if value.is_missing), None)
    base = tallies[RECORDS].all.records
    return Cut(
        key=axis.dimension.key,
        title=whole.title,
        label=str(axis.dimension.label),
        base=base,
        said=base - (whole.rows.missing or 0),
        categories=tuple(line for line, value in zip(lines, whole.rows.values, strict=True) if not value.is_missing),
        silent=silent,
        total=teller.total(),
        several=axis.dimension.multiple,
        is_area=whole.rows.is_area,
        notes=whole.cautions,
        tables=tables,
        refused=refused,
        is_question=bool(axis.question),
    )


@dataclass(frozen=True)
class _Teller:
    """Makes categories of the protected tables of a cut; of what was counted it tells only how well it is known."""

    source: Source
    axis: Axis
    tables: Mapping[str, Crosstab]
    tallies: Mapping[str, Counts]
    measures: Mapping[str, Measure]

    def category(self, key: str, label: str) -> Category:
        share, numbers = None, {}
        for name, table in self.tables.items():
            row = next((n for n, value in enumerate(table.rows.values) if value.key == key), None)
            if row is None:
                continue
            numbers[name] = self._number(name, table.row_totals[row], self._tally(name, key))
            if name == RECORDS:
                share = table.share(row)
        return Category(key, label, numbers.pop(RECORDS), share, numbers)

    def total(self) -> Category:
        numbers = {name: self._number(name, table.total, self.tallies[name].all) for name, table in self.tables.items()}
        return Category("_total", _("Total"), numbers.pop(RECORDS), None, numbers)

    def _tally(self, name: str, key: str) -> Tally | None:
        dimension = self.axis.dimension
        for value, tally in self.tallies[name].by_row.items():
            if ("-" if value is None else dimension.address_of(value)) == key:
                return tally
        return None  # the row of what is gathered

    def _number(self, name: str, cell: Cell, tally: Tally | None) -> Number:
        measure, amount = self.measures[name], self.source.frame.amounts.get(name)
        estimated = tally.estimated if tally else 0
        known, records = cell.known or 0, cell.records or 0
        return Number(
            key=name,
            label=str(measure.label),
            unit=str(measure.unit),
            value=cell.value,
            text=text_of(cell),
            phrase=_phrase(cell, tally, lower_bound=bool(amount and amount.lower_bound)),
            status=str(cell.status),
            exact=known - estimated,
            estimated=estimated,
            unknown=records - known,
            note=str(measure.warning),
        )


def _phrase(cell: Cell, tally: Tally | None, *, lower_bound: bool) -> str:
    """A figure as it is said: "oltre 500", "circa 6.900", "protetto"."""
    if cell.status is Status.SUPPRESSED:
        return small_counts.protected()
    if tally is None or cell.value is None:
        return figures.phrase(cell.value, cell.status is Status.ESTIMATED)
    sure = lower_bound and tally.known < tally.records
    return figures.phrase(
        tally.least if sure else cell.value,
        bool(tally.estimated) or bool(tally.small and not sure),
        tally.known if lower_bound else None,
        tally.records if lower_bound else None,
        lower_bound=lower_bound,
    )


# --- quality ------------------------------------------------------------------------------------------------------
def quality(wave: Wave, actor: Actor, area: str = "") -> Quality:
    """How complete the numbers of a wave are, of all of it or of one area."""
    source = source_of(wave, actor)
    places = source.frame.within(_narrowed(source, area)[1])
    filled = {key: int(np.count_nonzero(found[places])) for key, found in source.frame.filled.items()}
    base = len(places)
    fields = tuple(Filled(one.key, str(one.label), filled[one.key], base) for one in source.monitored.fields)
    return Quality(source.asked, source.answered, base, filled["result"], fields)
