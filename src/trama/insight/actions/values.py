"""What a person does to single values of a context indicator: withdraw, put back, correct. Each with its reason."""

from __future__ import annotations

import math
from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from trama.core import history
from trama.core.actor import Actor
from trama.core.models import AuditEntry
from trama.territory.choices import ValueState
from trama.territory.models import ContextIndicator, ContextValue

LONGEST_NOTE = ContextValue._meta.get_field("note").max_length or 300
WITHDRAWN = "withdrawn_values"  # in the register of acts: what was withdrawn, by area


def _rows(indicator: ContextIndicator, year: int, areas: Collection[int] | None) -> list[ContextValue]:
    if indicator.is_computed:
        raise ValidationError(_("An index computes these values: withdraw the index, or correct what it is made of."))
    rows = ContextValue.objects.select_for_update().filter(indicator=indicator, year=year)
    rows = rows if areas is None else rows.filter(area__in=areas)
    return list(rows.select_related("area").order_by("pk"))


def _reason(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason:
        raise ValidationError(_("Say why: it stands beside the value, and in every file."))
    return reason


@transaction.atomic
def withdraw_values(
    actor: Actor, indicator: ContextIndicator, year: int, areas: Collection[int] | None, reason: str
) -> int:
    """Take the values of a year out, of these areas or (None) of all: they stand as withdrawn, with the reason.

    What they were stays in the register of acts and can be put back. Gives how many there were. Raises ValidationError.
    """
    reason = _reason(reason)
    rows = [row for row in _rows(indicator, year, areas) if row.value is not None]
    if not rows:
        raise ValidationError(_("There is no value to withdraw."))
    kept = {row.area.code: [row.value, row.state, row.note] for row in rows}
    for row in rows:
        row.value, row.state, row.note = None, ValueState.WITHDRAWN, reason[:LONGEST_NOTE]
    ContextValue.objects.bulk_update(rows, ["value", "state", "note"], batch_size=300)
    said = {"year": year, "reason": reason, WITHDRAWN: kept}
    history.record(actor, "withdrawn", indicator, history.state_of(indicator), said)
    return len(rows)


@transaction.atomic
def put_back(actor: Actor, indicator: ContextIndicator, year: int, areas: Collection[int] | None, reason: str) -> int:
    """State again what was withdrawn, as it was. Gives how many values. Raises ValidationError."""
    reason = _reason(reason)
    rows = [row for row in _rows(indicator, year, areas) if row.state == ValueState.WITHDRAWN]
    entries = AuditEntry.objects.filter(
        kind=history.kind_of(indicator), object_id=str(indicator.pk), verb="withdrawn"
    ).order_by("number")
    known: dict[str, list[object]] = {}
    for entry in entries:
        if entry.changes.get("year") == year:
            known |= entry.changes.get(WITHDRAWN, {})
    rows = [row for row in rows if row.area.code in known]
    if not rows:
        raise ValidationError(_("Nothing is withdrawn there."))
    for row in rows:
        row.value, row.state, row.note = known[row.area.code]  # type: ignore[assignment]
    ContextValue.objects.bulk_update(rows, ["value", "state", "note"], batch_size=300)
    said = {"year": year, "reason": reason, "put_back": sorted(row.area.code for row in rows)}
    history.record(actor, "undone", indicator, history.state_of(indicator), said)
    return len(rows)


@transaction.atomic
def correct_value(
    actor: Actor, indicator: ContextIndicator, year: int, area: int, number: float, reason: str
) -> ContextValue:
    """Put a number in the place of what is stated of an area in a year; the reason stands beside it.

    Raises ValidationError for what is no number, the same number, or a value that nobody has stated.
    """
    reason = _reason(reason)
    row = next(iter(_rows(indicator, year, [area])), None)
    if row is None:
        raise ValidationError(_("Nothing is stated of this area in this year: a correction needs what it corrects."))
    if not math.isfinite(number):
        raise ValidationError(_("Write a number."))
    if row.value == number:
        raise ValidationError(_("It is this number already."))
    was = [row.value, row.state, row.note]
    row.value, row.state = number, ValueState.VALUE
    row.note = (_("corrected by hand: %(reason)s") % {"reason": reason})[:LONGEST_NOTE]
    row.save(update_fields=["value", "state", "note"])
    said = {"year": year, "area": row.area.code, "reason": reason, "value": [was, [number, row.state, row.note]]}
    history.record(actor, "changed", indicator, history.state_of(indicator), said)
    return row
