"""How context indicators are said: kinds of area in the plural, values with their unit, differences, typed breaks."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.insight.analysis.classes import MOST_OWN
from trama.territory.choices import AreaKind, Polarity
from trama.territory.models import ContextIndicator, ContextValue
from trama.territory.profile import THEMES, printed
from trama.ui.numbers import is_english, number

MINUS = "\N{MINUS SIGN}"


def theme_title(theme: str) -> str:
    """The heading of a theme."""
    return str(THEMES.get(theme) or theme.replace("_", " ").capitalize() or _("Other numbers"))


def counted_areas(kind: str, count: int) -> str:
    """12 -> "12 districts"."""
    names = {
        AreaKind.COUNTRY: ngettext("%(n)s country", "%(n)s countries", count),
        AreaKind.REGION: ngettext("%(n)s region", "%(n)s regions", count),
        AreaKind.PROVINCE: ngettext("%(n)s province", "%(n)s provinces", count),
        AreaKind.UNION: ngettext("%(n)s union of municipalities", "%(n)s unions of municipalities", count),
        AreaKind.AREA_AUTHORITY: ngettext("%(n)s social area authority", "%(n)s social area authorities", count),
        AreaKind.MUNICIPALITY: ngettext("%(n)s municipality", "%(n)s municipalities", count),
        AreaKind.DISTRICT: ngettext("%(n)s district", "%(n)s districts", count),
        AreaKind.HAMLET: ngettext("%(n)s hamlet", "%(n)s hamlets", count),
        AreaKind.ZONE: ngettext("%(n)s zone", "%(n)s zones", count),
        AreaKind.NEIGHBOURHOOD: ngettext("%(n)s neighbourhood", "%(n)s neighbourhoods", count),
        AreaKind.STATISTICAL_AREA: ngettext("%(n)s statistical area", "%(n)s statistical areas", count),
        AreaKind.SECTION: ngettext("%(n)s census section", "%(n)s census sections", count),
    }
    return names.get(AreaKind(kind), ngettext("%(n)s area", "%(n)s areas", count)) % {"n": number(count)}


def value_text(value: float, indicator: ContextIndicator) -> str:
    """A value with its unit."""
    return printed(value, ContextValue(indicator=indicator, version=indicator.version))


def short_text(value: float, indicator: ContextIndicator) -> str:
    """A value without a unit in words: "1.234", "12,3 %", "23.400 €"."""
    return value_text(value, indicator) if indicator.unit in ("%", "€") else number(value, indicator.decimals)


def signed(difference: float, indicator: ContextIndicator) -> str:
    """A difference with its sign: "+3,2 points" of percentages, "−1.200 €"."""
    text = number(abs(difference), indicator.decimals)
    nothing = not text.strip("0.,")
    sign = "" if nothing else ("+" if difference > 0 else MINUS)
    if indicator.unit == "%":
        return _("%(number)s points") % {"number": f"{sign}{text}"}
    return f"{sign}{value_text(abs(difference), indicator)}" if indicator.unit == "€" else f"{sign}{text}"


def polarity_text(indicator: ContextIndicator) -> str:
    """Whether more of it is better, in words."""
    return {
        Polarity.POSITIVE: _("the higher, the better"),
        Polarity.NEGATIVE: _("the higher, the worse"),
        Polarity.NEUTRAL: _("neither good nor bad by itself"),
    }[Polarity(indicator.polarity)]


def _parts_of(text: str) -> list[str]:
    return [part.strip(",") for part in re.split(r"[;\s]+", text.strip()) if part.strip(",")]


def _signs() -> tuple[str, str]:
    """The sign between thousands and the sign before decimals, as the interface prints them."""
    return (",", ".") if is_english() else (".", ",")


def _grouped() -> re.Pattern[str]:
    """A number with signs between its thousands: "20.000", "1.234.567,5"."""
    thousands, decimal = map(re.escape, _signs())
    return re.compile(
        rf"[-+\N{{MINUS SIGN}}]?[1-9][0-9]{{0,2}}({thousands}[0-9]{{3}})+({decimal}[0-9]{{1,8}})?", re.ASCII
    )


def ambiguous(text: str) -> str:
    """The first typed number that somebody else might read otherwise: "20.000" is twenty to an Englishman; or empty."""
    thousands, decimal = _signs()
    for part in _parts_of(text):
        if _grouped().fullmatch(part) and part.count(thousands) == 1 and decimal not in part:
            return part
    return ""


def breaks_of(text: str) -> list[float]:
    """Breaks as people type them ("90; 97,5; 110" or "90 97.5 110"; "20.000" as the interface prints it).

    Raises ValueError with a sentence.
    """
    problem = _("Write between one and %(most)s numbers with a semicolon between them, for example 90; 97,5; 110.") % {
        "most": MOST_OWN
    }
    found = []
    for part in _parts_of(text):
        if _grouped().fullmatch(part):
            thousands, decimal = _signs()
            found.append(float(part.replace(thousands, "").replace(decimal, ".").replace(MINUS, "-")))
        elif re.fullmatch(r"[-+\N{MINUS SIGN}]?[0-9]{1,12}([.,][0-9]{1,8})?", part, re.ASCII):
            found.append(float(part.replace(",", ".").replace(MINUS, "-")))
        else:
            raise ValueError(problem)
    if not 1 <= len(set(found)) <= MOST_OWN:
        raise ValueError(problem)
    return sorted(set(found))
