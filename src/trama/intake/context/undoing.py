"""Taking back a load of indicators: what it wrote goes, what stood there before comes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from trama.core import history
from trama.insight.choices import IndexState
from trama.insight.models import IndexDefinition, IndexIngredient
from trama.intake.context.overwriting import Defined, Stated, Written, equal
from trama.intake.models import Load, LoadTrace
from trama.territory.models import ContextDefinition, ContextIndicator, ContextValue
from trama.ui.numbers import day, number

MOST_VALUES = 300_000  # of a load of which a trace is kept
Key = tuple[int, int, int]  # area, indicator, year
FIELDS = ("value", "state", "version", "note", "source_id")


@dataclass(frozen=True)
class Undone:
    """How many values went, how many came back, and how many indicators went with them."""

    removed: int
    put_back: int
    indicators: int


def trace_of(written: Sequence[Written], defined: Sequence[Defined]) -> dict[str, Any]:
    """What is kept of a load; empty when it wrote nothing, or too much to be kept."""
    if not (written or defined) or len(written) > MOST_VALUES:
        return {}
    values: dict[Key, tuple[Stated | None, Stated]] = {}
    for area, indicator, year, was, now in written:
        first = values.get((area, indicator, year))
        values[area, indicator, year] = (first[0] if first else was, now)
    definitions: dict[int, tuple[dict[str, Any] | None, dict[str, Any]]] = {}
    for indicator, before, after in defined:
        definitions[indicator] = (definitions[indicator][0] if indicator in definitions else before, after)
    return {
        "values": [[*key, was, now] for key, (was, now) in values.items()],
        "definitions": [[key, before, after] for key, (before, after) in definitions.items()],
    }


def why_not(load: Load) -> str:
    """Why a load cannot be taken back, as a sentence; empty when it can."""
    if load.undone:
        return _("This load was taken back already.")
    trace = LoadTrace.objects.filter(load=load).first()
    if trace is None:
        return _(
            "Only loads of indicators can be taken back, and only those that keep what stood there before: "
            "not this one."
        )
    if blockers := [*_later_loads(load, trace), *_indices(load, trace)]:
        return _("It cannot be taken back, since this depends on it: %(things)s.") % {"things": "; ".join(blockers)}
    if changed := _changed_since(trace):
        return _("It cannot be taken back: %(count)s of its values or definitions were changed afterwards.") % {
            "count": number(changed)
        }
    return ""


def _keys(trace: LoadTrace) -> set[Key]:
    return {(row[0], row[1], row[2]) for row in trace.content["values"]}


def _defined(trace: LoadTrace) -> set[int]:
    return {row[0] for row in trace.content["definitions"]}


def _touched(trace: LoadTrace) -> set[int]:
    return {key[1] for key in _keys(trace)} | _defined(trace)


def _later_loads(load: Load, trace: LoadTrace) -> Iterable[str]:
    """Later loads of the same values, or of an indicator that this one defined."""
    keys, defined = _keys(trace), _defined(trace)
    for other in LoadTrace.objects.filter(load_id__gt=load.pk).select_related("load").order_by("load_id").iterator(10):
        if keys & _keys(other) or defined & _touched(other):
            words = {"name": other.load.recipe, "day": day(other.load.started_at), "number": other.load_id}
            yield _("the later load “%(name)s” of %(day)s (no. %(number)s)") % words


def _indices(load: Load, trace: LoadTrace) -> Iterable[str]:
    made = [row[0] for row in trace.content["definitions"] if row[1] is None]
    return indices_of(_touched(trace), made, load.started_at)


def indices_of(touched: Iterable[int], made: Iterable[int], since: datetime) -> Iterable[str]:
    """Indices published with figures of these indicators; and those, drafts too, that use one that would go."""
    used = Q(
        state=IndexState.PUBLISHED,
        ingredients__indicator__in=list(touched),
        frozen__at__gte=since.replace(microsecond=0),
    )
    gone = Q(ingredients__indicator__in=list(made))
    found = IndexDefinition.objects.filter(used | gone).order_by("code", "version").distinct()
    for index in found:
        words = {"name": index.name, "version": index.version}
        if index.is_draft:
            yield _("the draft of the index “%(name)s”, which uses its indicator") % words
        else:
            yield _("the index “%(name)s”, version %(version)s") % words


def _changed_since(trace: LoadTrace) -> int:
    """How many values and definitions are no longer what the load wrote."""
    standing = _standing(trace)
    changed = 0
    for area, indicator, year, _was, now in trace.content["values"]:
        row = standing.get((area, indicator, year))
        said = (row.value, row.state, row.version, row.note, row.source_id) if row else None
        changed += said is None or said[1:] != tuple(now[1:]) or not equal(said[0], now[0])
    items = ContextIndicator.objects.in_bulk(_defined(trace))
    for indicator, _before, after in trace.content["definitions"]:
        item = items.get(indicator)
        changed += item is None or any(getattr(item, name) != value for name, value in after.items())
    return changed


def _standing(trace: LoadTrace) -> dict[Key, ContextValue]:
    rows = ContextValue.objects.filter(indicator__in={row[1] for row in trace.content["values"]}).order_by("pk")
    keys = _keys(trace)
    found = {(row.area_id, row.indicator_id, row.year): row for row in rows}
    return {key: row for key, row in found.items() if key in keys}


def take_back(load: Load) -> tuple[Undone, list[history.Act]]:
    """Take the values away and put back those before; inside the caller's transaction, after `why_not`."""
    trace = LoadTrace.objects.get(load=load)
    standing = _standing(trace)
    gone, back = [], []
    for area, indicator, year, was, _now in trace.content["values"]:
        row = standing[area, indicator, year]
        if was is None:
            gone.append(row.pk)
            continue
        for name, value in zip(FIELDS, was, strict=True):
            setattr(row, name, value)
        back.append(row)
    for start in range(0, len(gone), 500):
        ContextValue.objects.filter(pk__in=gone[start : start + 500]).delete()
    ContextValue.objects.bulk_update(back, ["value", "state", "version", "note", "source"], batch_size=300)
    acts, indicators = [], 0
    for indicator, before, _after in trace.content["definitions"]:
        item = ContextIndicator.objects.get(pk=indicator)
        was_state = history.state_of(item)
        if before is not None:
            for name, value in before.items():
                setattr(item, name, value)
            ContextDefinition.objects.filter(indicator=item, version=item.version).delete()
            item.save()
            acts.append(_act("changed", item, history.differences(item, was_state)))
        elif not item.values.exists() and not IndexIngredient.objects.filter(indicator=item).exists():
            acts.append(_act("deleted", item, {}))
            item.delete()
            indicators += 1
    trace.delete()
    return Undone(len(gone), len(back), indicators), acts


def _act(verb: str, item: ContextIndicator, changes: dict[str, Any]) -> history.Act:
    return history.Act(verb, history.kind_of(item), str(item.pk), str(item)[:300], changes)
