"""How a crosstab comes about: what may be asked, what the database is asked, and the table put together.

What leaves `compute` has passed `protection.protect`; nothing else builds a `Crosstab`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import facts, memo, small_counts
from trama.core.actor import SYSTEM, Actor
from trama.core.registers import NONE, Dimension, Measure, Register, Selection
from trama.insight.counting import Counts, Tally, counted, plain
from trama.insight.protection import Refused, protect, threshold_of
from trama.insight.shapes import OTHERS, RECORDS, Asked, Axis, Cell, Crosstab, Status, Value
from trama.territory.declarations import AreaDimension
from trama.ui.numbers import number


class CrosstabError(ValueError):
    """What was asked for cannot be counted; the message says why and what can be asked instead."""


def axes_of(register: Register, actor: Actor) -> list[Dimension]:
    """The dimensions by which this actor may count."""
    return [d for d in register.dimensions if d.axis and (not d.staff or actor.is_staff)]


def stated_axes(actor: Actor, register: Register) -> frozenset[str]:
    """The dimensions of which at least one record that the actor may see states something; until anything changes."""

    def look() -> frozenset[str]:
        rows = Selection().published(register, actor).rows(register, actor).order_by()
        axes = axes_of(register, actor)
        # One question for all: whether any record states each.
        asked = {
            f"states_{n}": Exists(axis.group(rows, "stated_value").filter(stated_value__isnull=False))
            for n, axis in enumerate(axes)
        }
        found = register.model._default_manager.order_by().annotate(**asked).values_list(*asked).first()
        return frozenset(axis.key for axis, states in zip(axes, found or (), strict=False) if states)

    return memo.until_changed(("insight.stated_axes", register.key), actor, look)


def compute(
    actor: Actor,
    register: Register,
    selection: Selection,
    rows_key: str,
    cols_key: str | None = None,
    measure_key: str = RECORDS,
    longest: int | None = None,
) -> Crosstab:
    """Count the records of a selection by one or two dimensions, protected.

    With `longest`, rows beyond the so many largest are gathered in one row "others"; `left_out` says how many they are.
    Raises CrosstabError for what cannot be counted.
    """
    rows_dimension = _dimension(actor, register, rows_key)
    cols_dimension = _dimension(actor, register, cols_key) if cols_key else None
    if cols_key and cols_key == rows_key:
        raise CrosstabError(
            _("Rows and columns are the same (“%(key)s”): choose two different ones.") % {"key": rows_dimension.label}
        )
    measure = _measure(register, measure_key)
    counts = counted(selection.rows(register, actor), rows_dimension, cols_dimension, measure, register)
    return laid_out(register, selection, (rows_dimension, cols_dimension), measure, counts, longest)


def laid_out(
    register: Register,
    selection: Selection,
    axes: tuple[Dimension, Dimension | None],
    measure: Measure,
    counts: Counts,
    longest: int | None = None,
) -> Crosstab:
    """What was counted, as a protected table. What is counted elsewhere (what a wave froze) leaves by here too.

    Raises CrosstabError for a table that cannot be protected.
    """
    asked = _asked(register, measure, axes, selection, counts)
    question = _Question(register, selection, *axes, measure, asked)
    try:
        if not asked.persons:
            return protect(_assembled(question, counts, longest))
        return _shortened(protect(_assembled(question, counts, None)), longest)
    except Refused as error:
        raise CrosstabError(str(error)) from error


@dataclass(frozen=True)
class _Question:
    """What was asked, with the declarations that it names."""

    register: Register
    selection: Selection
    rows: Dimension
    cols: Dimension | None
    measure: Measure
    asked: Asked


def _asked(
    register: Register,
    measure: Measure,
    axes: tuple[Dimension, Dimension | None],
    selection: Selection,
    counts: Counts,
) -> Asked:
    """The measure in words, with the threshold below which its counts are protected."""
    label = plural(register) if measure.key == RECORDS else str(measure.label)
    persons = measure.persons or (measure.key == RECORDS and counts.all.small > 0)
    narrowed = [register.dimension(key) for key, _values in selection.values]
    special = measure.special or any(one is not None and one.special for one in (*axes, *narrowed))
    threshold = threshold_of(special=special) if persons else 0
    summed = bool(measure.sum_of) and measure.expression is None
    return Asked(measure.key, label, str(measure.unit), str(measure.warning), threshold, summed)


def _dimension(actor: Actor, register: Register, key: str) -> Dimension:
    axes = axes_of(register, actor)
    for dimension in axes:
        if dimension.key == key:
            return dimension
    known = ", ".join(dimension.key for dimension in axes)
    raise CrosstabError(
        _("“%(key)s” is nothing by which %(register)s can be counted. Choose one of: %(known)s.")
        % {"key": key, "register": small(plural(register)), "known": known}
    )


def _measure(register: Register, key: str) -> Measure:
    for measure in register.all_measures():
        if measure.key == (key or RECORDS):
            return measure
    known = ", ".join(measure.key for measure in register.all_measures())
    raise CrosstabError(
        _("“%(key)s” is nothing that can be counted in %(register)s. Choose one of: %(known)s.")
        % {"key": key, "register": small(plural(register)), "known": known}
    )


def _assembled(question: _Question, counts: Counts, longest: int | None) -> Crosstab:
    register, rows, cols = question.register, question.rows, question.cols
    measure, asked = question.measure, question.asked
    in_order = rows.order([value for value in counts.by_row if value is not None])
    left_out = 0
    if longest is not None and len(in_order) > longest:
        largest = sorted(in_order, key=lambda value: (-_weight(counts.by_row[value], measure), str(value)))[:longest]
        kept = set(largest)
        left_out = len(in_order) - len(kept)
        in_order = [value for value in in_order if value in kept]
    col_values = cols.order([value for value in counts.by_col if value is not None]) if cols else []
    across: list[Any] = [*col_values, *([None] if None in counts.by_col else [])]
    down: list[Any] = list(in_order)
    tallies = [[counts.cells.get((r, c), Tally()) for c in across] for r in down]
    totals = [counts.by_row[r] for r in down]
    named = [_value(rows, value) for value in in_order]
    if left_out:
        whole, by_col = counts.beyond(in_order)
        tallies.append([by_col.get(c, Tally()) for c in across])
        totals.append(whole)
        named.append(Value(OTHERS, _("others (%(count)s)") % {"count": left_out}))
    if None in counts.by_row:
        tallies.append([counts.cells.get((None, c), Tally()) for c in across])
        totals.append(counts.by_row[None])
        named.append(Value(NONE, _("not stated")))
    known = facts.facts()
    return Crosstab(
        register=register.key,
        title=_title(register, asked, rows, cols),
        counted=register.counted(counts.all.records),
        rows=_axis(rows, named, counts.by_row, overlaps=counts.several_rows),
        cols=_axis(cols, [_value(cols, value) for value in across], counts.by_col, overlaps=counts.several_cols)
        if cols
        else None,
        measure=asked,
        cells=tuple(tuple(_cell(one, measure) for one in line) for line in tallies),
        row_totals=tuple(_cell(one, measure) for one in totals),
        col_totals=tuple(_cell(counts.by_col.get(c, Tally()), measure) for c in across),
        total=_cell(counts.all, measure),
        base=counts.all.records,
        filters=phrase_of_filters(register, question.selection),
        selection=question.selection,
        source=str(known.get(facts.BODY_NAME) or "Trama"),
        as_of=timezone.localdate(),
        cautions=_cautions(register, asked, rows, cols, counts.all),
        left_out=left_out,
        demonstration=bool(known.get(facts.DEMONSTRATION)),
    )


def _shortened(crosstab: Crosstab, longest: int | None) -> Crosstab:
    """A protected table with the rows of most records alone.

    Without a row of "others": it would be one more equation about what is hidden.
    """
    plain = [number for number, value in enumerate(crosstab.rows.values) if value.is_plain]
    if longest is None or len(plain) <= longest:
        return crosstab
    kept = set(sorted(plain, key=lambda number: (-(crosstab.row_totals[number].records or 0), number))[:longest])
    rows = [number for number, value in enumerate(crosstab.rows.values) if number in kept or not value.is_plain]
    return replace(
        crosstab,
        rows=replace(crosstab.rows, values=tuple(crosstab.rows.values[number] for number in rows)),
        cells=tuple(crosstab.cells[number] for number in rows),
        row_totals=tuple(crosstab.row_totals[number] for number in rows),
        left_out=len(plain) - len(kept),
    )


def _weight(one: Tally, measure: Measure) -> float:
    return float(one.records if measure.key == RECORDS else one.amount or 0)


def _value(dimension: Dimension, value: Any) -> Value:
    if value is None:
        return Value(NONE, _("not stated"))
    return Value(dimension.address_of(value), dimension.name(value))


def _axis(dimension: Dimension, values: Sequence[Value], totals: dict[Any, Tally], *, overlaps: bool) -> Axis:
    missing = totals.get(None, Tally()).records
    return Axis(
        dimension.key,
        str(dimension.label),
        dimension.multiple,
        dimension.filterable,
        tuple(values),
        missing,
        isinstance(dimension, AreaDimension),
        overlaps,
    )


def _cell(one: Tally, measure: Measure) -> Cell:
    if measure.key == RECORDS:
        # Records of which each stands for one person are a count of persons; among others nobody can tell them.
        persons = one.records if one.small == one.records else None
        return Cell(one.records, Status.VALUE, one.records, one.records, persons)
    if one.records and not one.known:
        return Cell(None, Status.NOT_APPLICABLE, one.records, 0)
    status = Status.ESTIMATED if one.estimated or (one.small and measure.persons) else Status.VALUE
    return Cell(plain(one.amount or 0), status, one.records, one.known, one.least if measure.persons else None)


def small(label: str) -> str:
    """A label inside a sentence: "Attività" -> "attività", "ETS" as it is."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def plural(register: Register) -> str:
    """What the records of a register are called: the words of "594 risorse" without the number."""
    words = re.sub(r"^[\d.,\s]+", "", register.counted(2)).strip()
    return words[:1].upper() + words[1:]


def _title(register: Register, asked: Asked, rows: Dimension, cols: Dimension | None) -> str:
    what = plural(register) if asked.counts_records else f"{asked.label} ({small(plural(register))})"
    if cols is None:
        return f"{what} {_by(rows)}"
    return _("%(what)s %(rows)s and %(cols)s") % {"what": what, "rows": _by(rows), "cols": _by(cols)}


def _by(dimension: Dimension) -> str:
    """ "by activity"; a label that says "for whom" stands as it is."""
    label = small(str(dimension.label))
    return label if label.startswith(("for ", "per ")) else _("by %(label)s") % {"label": label}


def phrase_of_filters(register: Register, selection: Selection) -> str:
    """The filters as a phrase: "District: Navile or Savena; text “coro”". Empty when nothing narrows."""
    parts = []
    for key, chosen in selection.values:
        dimension = register.dimension(key)
        if dimension is None:
            continue
        names = dict(dimension.choices(SYSTEM))
        labels = [_("not stated") if value == NONE else str(names.get(value, value)).strip() for value in chosen]
        parts.append(f"{small(str(dimension.label))}: {_(' or ').join(labels)}")
    if selection.text:
        parts.append(_("text “%(text)s”") % {"text": selection.text})
    return "; ".join(parts)


def _cautions(
    register: Register, asked: Asked, rows: Dimension, cols: Dimension | None, whole: Tally
) -> tuple[str, ...]:
    """What a reader must know before the figures are repeated elsewhere."""
    said: list[str] = []
    several = [
        small(str(dimension.label)) for dimension in (rows, cols) if dimension is not None and dimension.multiple
    ]
    if several:
        said.append(
            _("A record may appear under several values (%(labels)s): totals count each record once, and are not sums.")
            % {"labels": ", ".join(several)}
        )
    if not asked.counts_records and whole.known < whole.records:
        said.append(
            _("The number is known for %(known)s of %(base)s records; the others are not in the sums.")
            % {"known": number(whole.known), "base": number(whole.records)}
        )
    if asked.persons and not asked.counts_records and whole.small:
        said.append(_small_ones(whole))
    if whole.estimated:
        said.append(_("Figures marked ~ contain estimates (%(count)s records).") % {"count": number(whole.estimated)})
    if asked.persons:
        said.append(
            _("Counts below %(threshold)s are protected (•), with those from which they could be worked out.")
            % {"threshold": asked.threshold}
        )
        said.append(_("Protected figures are no noughts: somebody is there, and too few to be told."))
    said += [text for text in (asked.warning, str(register.caution)) if text]
    return tuple(said)


def _small_ones(whole: Tally) -> str:
    """How numbers of persons too small to be told stand in the sums."""
    below, special = small_counts.THRESHOLD, small_counts.SPECIAL_THRESHOLD
    return _(
        "Records with fewer than %(below)s persons (%(special)s where data are sensitive) count as %(as)s "
        "(%(as_special)s) each, whatever their number: they are %(count)s."
    ) % {
        "count": number(whole.small),
        "below": below,
        "special": special,
        "as": small_counts.counted_as(below),
        "as_special": small_counts.counted_as(special),
    }
