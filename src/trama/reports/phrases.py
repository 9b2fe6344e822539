"""Small pieces of sentences that agree in number and kind: where, how much more, how it compares, lists."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from trama.territory.choices import AreaKind
from trama.ui.numbers import is_english, number

# A difference smaller than this share of the value is none.
SLIGHT = 0.03
NAMES_IN_A_SENTENCE = 8

IN_KIND = {
    AreaKind.COUNTRY: gettext_lazy("in %(name)s"),
    AreaKind.REGION: gettext_lazy("in the region %(name)s"),
    AreaKind.PROVINCE: gettext_lazy("in the province of %(name)s"),
    AreaKind.UNION: gettext_lazy("in the union %(name)s"),
    AreaKind.AREA_AUTHORITY: gettext_lazy("in the social area %(name)s"),
    AreaKind.MUNICIPALITY: gettext_lazy("in the municipality of %(name)s"),
    AreaKind.DISTRICT: gettext_lazy("in the district %(name)s"),
    AreaKind.HAMLET: gettext_lazy("in the hamlet of %(name)s"),
    AreaKind.ZONE: gettext_lazy("in the zone %(name)s"),
    AreaKind.NEIGHBOURHOOD: gettext_lazy("in the neighbourhood %(name)s"),
    AreaKind.STATISTICAL_AREA: gettext_lazy("in the statistical area %(name)s"),
    AreaKind.SECTION: gettext_lazy("in the census section %(name)s"),
}


def where(name: str, kind: str) -> str:
    """An area after "in": "nel comune di Bologna"; a name that says its own kind stands in quotation marks."""
    own = str(dict(AreaKind.choices).get(kind, "")).split(" ", 1)[0].casefold()
    first = name.split(" ", 1)[0].casefold()
    pattern = IN_KIND.get(AreaKind(kind)) if kind in AreaKind.values else None
    if pattern is None or first in (own, "città"):
        return _("in “%(name)s”") % {"name": name}
    return str(pattern) % {"name": name}


IS_KIND = {
    AreaKind.COUNTRY: gettext_lazy("%(name)s is a country"),
    AreaKind.REGION: gettext_lazy("%(name)s is a region"),
    AreaKind.PROVINCE: gettext_lazy("%(name)s is a province"),
    AreaKind.UNION: gettext_lazy("%(name)s is a union of municipalities"),
    AreaKind.AREA_AUTHORITY: gettext_lazy("%(name)s is a social area authority"),
    AreaKind.MUNICIPALITY: gettext_lazy("%(name)s is a municipality"),
    AreaKind.DISTRICT: gettext_lazy("%(name)s is a district"),
    AreaKind.HAMLET: gettext_lazy("%(name)s is a hamlet"),
    AreaKind.ZONE: gettext_lazy("%(name)s is a zone"),
    AreaKind.NEIGHBOURHOOD: gettext_lazy("%(name)s is a neighbourhood"),
    AreaKind.STATISTICAL_AREA: gettext_lazy("%(name)s is a statistical area"),
    AreaKind.SECTION: gettext_lazy("%(name)s is a census section"),
}


def what(name: str, kind: str) -> str:
    """What an area is: "Bologna è un comune"."""
    return str(IS_KIND[AreaKind(kind)]) % {"name": name}


def listed(parts: Sequence[str], most: int = NAMES_IN_A_SENTENCE) -> str:
    """ "a", "a e b", "a, b e c", "a, b, c e altre 5"."""
    shown = list(parts[:most])
    if len(parts) > most + 1:
        return _and(shown, _("%(count)s more") % {"count": number(len(parts) - most)})
    shown = list(parts[: most + 1])
    if len(shown) < 2:
        return "".join(shown)
    return _and(shown[:-1], shown[-1])


def _and(first: Sequence[str], last: str) -> str:
    names = {"first": ", ".join(first), "last": last}
    if last[:1].casefold() in ("e", "è", "é"):
        return pgettext("before a word that begins with e", "%(first)s and %(last)s") % names
    return _("%(first)s and %(last)s") % names


def compared(value: float, other: float) -> int:
    """1 when a value is clearly higher than another, -1 when clearly lower, 0 when they are about the same."""
    if abs(value - other) <= SLIGHT * max(abs(value), abs(other)):
        return 0
    return 1 if value > other else -1


def beside(value: float, other: float, text: str, place: str) -> str:
    """How a value stands to that of another area: "di più che nel comune di Bologna (51,9 %)"."""
    words = {
        1: _("higher than %(where)s (%(value)s)"),
        0: _("about the same as %(where)s (%(value)s)"),
        -1: _("lower than %(where)s (%(value)s)"),
    }
    return words[compared(value, other)] % {"where": place, "value": text}


def trend(first: float, last: float) -> str:
    """ "rising", "falling" or "stable", in words that agree with nothing."""
    return {1: _("rising"), 0: _("stable"), -1: _("falling")}[compared(last, first)]


def grown(first: float, last: float, since: int) -> str:
    """How a count changed since a year: "2.000 in più che nel 2022 (+0,5 %)"; "quanti nel 2022"."""
    difference = round(last - first)
    if difference == 0:
        return _("as many as in %(year)s") % {"year": since}
    share = signed((last - first) / first * 100, 1) if first else ""
    pattern = _("%(count)s more than in %(year)s") if difference > 0 else _("%(count)s fewer than in %(year)s")
    text = pattern % {"count": number(abs(difference)), "year": since}
    said = share.strip("+−0.,") != ""  # a change of a few in many thousands is no percentage
    return f"{text} ({share}{'' if is_english() else ' '}%)" if said else text


def signed(value: float, decimals: int = 0) -> str:
    """A difference with its sign: "+0,5", "−1,2"."""
    text = number(abs(value), decimals)
    if text.strip("0.,") == "":
        return text
    return f"{'+' if value > 0 else '−'}{text}"


def capital(text: str) -> str:
    """A sentence begins with a capital letter."""
    return text[:1].upper() + text[1:]
