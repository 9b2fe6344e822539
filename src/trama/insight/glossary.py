"""The words of the pages of numbers that a reader may not know, each explained in one sentence."""

from __future__ import annotations

from django.utils.translation import gettext as _


def words(*keys: str) -> list[tuple[str, str]]:
    """The words with these keys that there are, each with its meaning, in alphabetical order."""
    known = _of_figures() | _of_areas() | _of_indices()
    return sorted((known[key] for key in dict.fromkeys(keys)), key=lambda pair: pair[0].casefold())


Words = dict[str, tuple[str, str]]


def _of_figures() -> Words:
    return {
        "base": (
            _("How many of how many"),
            _("Beside each figure stands on how many areas or records it rests, and how many there are in all."),
        ),
        "median": (
            _("Middle value"),
            _("All values put in order, the one in the middle: half lie below it, half above. Also called median."),
        ),
        "classes": (
            _("Class"),
            _("A step of the colours of a map: areas with similar values have the same colour."),
        ),
        "quantiles": (
            _("Quantiles"),
            _("Classes with about as many areas in each, however far apart the values are."),
        ),
        "natural": (
            _("Natural breaks"),
            _("Classes cut where the values leave the widest gaps, so that areas of one class resemble each other."),
        ),
        "index": (
            _("Index"),
            _("Several numbers put into one. What 100 means differs from index to index, and is said with each."),
        ),
        "points": (
            _("Points"),
            _("The difference of two percentages: from 50 % to 53 % it grows by 3 points."),
        ),
    }


def _of_areas() -> Words:
    return {
        "excluded": (
            _("Excluded area"),
            _("The source itself leaves the area out and states no number of it: often few people live there."),
        ),
        "estimated": (
            _("Estimated"),
            _("The number was not counted but reckoned by its source; a figure with the sign ~ contains such numbers."),
        ),
        "record": (
            _("Record"),
            _("What was written down once of an organisation, a resource, an experience or a place."),
        ),
        "protected": (
            _("Protected (•)"),
            _("A count of so few persons that somebody might be recognised: it is not shown, here or in the files."),
        ),
        "share": (
            _("Share"),
            _("How many in a hundred of the records that say it; those that do not say it stand apart."),
        ),
        "neighbours": (
            _("Neighbouring areas"),
            _("Areas whose borders touch, unless another rule is chosen above."),
        ),
        "chance": (
            _("By chance"),
            _("As it would be if the same values were dealt out over the areas like cards."),
        ),
        "third": (
            _("Third"),
            _("The areas put in order of their value and divided into three parts as equal as can be."),
        ),
    }


def _of_indices() -> Words:
    return {
        "fifth": (
            _("Fifth"),
            _("The areas put in order of their value and divided into five groups as equal as can be."),
        ),
        "scale": (
            _("Common scale"),
            _("Euros and percentages cannot be added: each number is first brought to points between fixed ends."),
        ),
        "imbalance": (
            _("Imbalance"),
            _("How far the numbers of one area lie from their mean; the standard deviation measures it."),
        ),
        "ampi": (
            _("AMPI, MPI"),
            _(
                "Two published ways to put numbers into one (ISTAT uses them): AMPI by the distance from fixed ends, "
                "MPI by the distance from the mean."
            ),
        ),
        "hash": (
            _("SHA-256"),
            _("A fingerprint reckoned from the content: if a single character changes, it is another one."),
        ),
        "licence": (
            _("CC BY"),
            _("A licence: whoever names the source may use the figures again."),
        ),
    }
