"""How a total is said in words, so that it promises no more than it knows: "6.900", "circa 6.900", "oltre 500"."""

from __future__ import annotations

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _


def phrase(
    total: float | None,
    any_estimated: bool,
    known: int | None = None,
    base: int | None = None,
    *,
    lower_bound: bool = False,
) -> str:
    """A total as it is to be printed.

    `known` of `base` records state the number; nothing known is "not known", never 0. With `any_estimated` the total is
    "about" so many. `lower_bound` says that what is missing can only make the total larger: then a total that is
    incomplete is "at least" so many, and one that is also estimated is "more than" a round number below it.
    """
    if total is None or (known is not None and known == 0 and (base is None or base > 0)):
        return pgettext("total", "not known")
    total = round(total)
    incomplete = known is not None and base is not None and known < base
    if lower_bound and incomplete:
        floor = round_below(total) if any_estimated else total
        if floor < total:
            return _("more than %(number)s") % {"number": written(floor)}
        return _("at least %(number)s") % {"number": written(total)}
    if any_estimated:
        return _("about %(number)s") % {"number": written(rounded(total))}
    return written(total)


def rounded(total: int) -> int:
    """An estimated total to two significant digits, so that it claims no more than it knows: 3648 -> 3600."""
    if total < 100:
        return total
    step: int = 10 ** (len(str(total)) - 2)
    return (total + step // 2) // step * step


def round_below(total: int) -> int:
    """The round number at or below a total, in steps of half its leading digit's unit: 512 -> 500, 1 260 -> 1 000.

    Totals under 20 are left as they are: rounding would say too little.
    """
    if total < 20:
        return total
    step: int = 5 * 10 ** (len(str(total)) - 2)
    return total // step * step


def written(number: float) -> str:
    """A whole number as the language of the reader writes it: 6900 -> "6.900" (Italian), "6,900" (English)."""
    text = f"{round(number):,}"
    return text if (get_language() or "it").startswith("en") else text.replace(",", ".")


def completeness(known: int, base: int) -> str:
    """How many of how many state a number, in words: "known for 135 of 147"."""
    return _("known for %(known)s of %(base)s") % {"known": written(known), "base": written(base)}
