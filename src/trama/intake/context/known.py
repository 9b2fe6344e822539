"""What is known of the indicators that are here: their definitions, and that what counts people goes on doing so.

Neither another file nor another recipe makes a plain number of a count of people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from trama.intake.context.mapping import Named
from trama.intake.context.reading import Reading
from trama.intake.recipe import IndicatorSpec, RecipeError
from trama.territory.models import ContextIndicator

MOST = 1e15  # a larger number, or sum, is a slip: the world's yearly income in lire has as many figures


def free_code(code: str) -> str:
    """This code, or one like it that no indicator bears yet."""
    wanted, number = code, 1
    while ContextIndicator.objects.filter(code=wanted).exists():
        number += 1
        wanted = f"{code[:56]}_{number}"
    return wanted


def as_known(one: Named, item: ContextIndicator) -> None:
    """Take the definition of an indicator that is here."""
    for name in (
        "version", "name_it", "name_en", "description_it", "description_en", "unit_it", "unit_en", "theme", "decimals",
        "polarity", "adds_up", "centre", "compare_within", "position",
    ):  # fmt: skip
        setattr(one, name, getattr(item, name))
    one.code = item.code
    one.people = one.people or item.counts_people
    one.part_of = item.part_of or one.part_of


def as_counted(specs: Sequence[IndicatorSpec]) -> list[IndicatorSpec]:
    """The indicators of a step, those that count people here marked so, with that of which they are a part.

    Raises RecipeError where a part comes without its whole: who holds both could work out the rest.
    """
    rows = ContextIndicator.objects.filter(code__in=[spec.code for spec in specs], counts_people=True)
    known = {item.code: item for item in rows}
    counted = {spec.code for spec in specs if spec.people} | set(known)
    found = []
    for spec in specs:
        if (item := known.get(spec.code)) is not None:
            part_of = spec.part_of or item.part_of
            if part_of and part_of not in counted:
                raise RecipeError(
                    _("“%(name)s” is a part of “%(whole)s”: load both from one file, or neither.")
                    % {"name": item.name, "whole": _name_of(part_of)}
                )
            spec = replace(spec, people=True, adds_up=True, part_of=part_of, share=[])
        found.append(spec)
    return found


def _name_of(code: str) -> str:
    item = ContextIndicator.objects.filter(code=code).first()
    return item.name if item is not None else code


def why_not(spec: IndicatorSpec, value: float, text: str) -> str:
    """Why a number cannot be taken; empty if it can."""
    if not abs(value) <= MOST:
        return _too_large() % {"text": text[:40]}
    if spec.people and value != int(value):
        return _("“%(text)s” is not a whole number, and counts people: write how many came") % {"text": text[:40]}
    return ""


def _too_large() -> str:
    """What is said of a number, or a sum, that cannot be."""
    return _("“%(text)s” is larger than any number that is kept here: a slip?")


def leave_out_too_large(reading: Reading) -> None:
    """Refuse the sums that are larger than any number is."""
    for key, (value, _state) in list(reading.cells.items()):
        if value is not None and not abs(value) <= MOST:
            row, column = reading.rows.get(key, (0, ""))
            why = _too_large() % {"text": f"{value:.0e}"}
            reading.report.refuse(row, column, why, reading.names.get(key[0], ""))
            del reading.cells[key]
