"""Households, income and the other numbers of context: sentences, tables of years, lines that show the change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.reports.document import Block, Cell, Heading, Line, Map, Paragraph, Table
from trama.reports.drawing import Trace, lines_drawn
from trama.reports.phrases import beside, grown, listed, trend, where
from trama.reports.series import Point, Series
from trama.territory import profile
from trama.territory.choices import ValueState
from trama.ui.numbers import number

YEARS_FOR_A_LINE = 4
LINES_DRAWN = 6  # at most so many small drawings
YEARS_SHOWN = 6


# --- sentences ----------------------------------------------------------------------------------------------------
def _of_hundred(code: str, count: int) -> str:
    """ "Of 100 households 52 are of one person alone", for the shares of which a plain sentence is known."""
    match code:
        case "households_one_share":
            text = ngettext(
                "Of 100 households %(n)s is of one person alone",
                "Of 100 households %(n)s are of one person alone",
                count,
            )
        case "residents_foreign_share":
            text = ngettext(
                "Of 100 residents %(n)s is a foreign citizen", "Of 100 residents %(n)s are foreign citizens", count
            )
        case "over_80_share":
            text = ngettext("Of 100 residents %(n)s is over 80", "Of 100 residents %(n)s are over 80", count)
        case "low_income_share":
            text = ngettext(
                "Of 100 households %(n)s has an income below 13,000 euro",
                "Of 100 households %(n)s have an income below 13,000 euro",
                count,
            )
        case "graduates_share":
            text = ngettext(
                "Of 100 residents between 25 and 44 %(n)s has a degree",
                "Of 100 residents between 25 and 44 %(n)s have a degree",
                count,
            )
        case "rented_share":
            text = ngettext(
                "Of 100 dwellings that are lived in %(n)s is rented",
                "Of 100 dwellings that are lived in %(n)s are rented",
                count,
            )
        case _:
            return ""
    return text % {"n": number(count)}


def value_text(one: Series, value: float | None) -> str:
    """A value with its unit, as the language writes it."""
    from trama.territory.models import ContextValue

    return profile.printed(value, ContextValue(indicator=one.indicator)) if value is not None else "–"


def sentence(one: Series) -> str:
    """An indicator in a sentence: its newest value, how it changed, how it stands to the area above.

    Known shares are told as so many of a hundred; anything else after its name and a colon, which agrees with all.
    """
    known = one.known
    if not known:
        return _missing(one)
    last, first = known[-1], known[0]
    assert last.value is not None  # noqa: S101
    estimated = _(", estimated") if last.state == ValueState.ESTIMATED else ""
    names = {"name": one.indicator.name, "value": value_text(one, last.value), "year": last.year}
    told = _of_hundred(one.indicator.code, round(last.value)) if 1 <= last.value <= 99 else ""
    if told:
        text = _("%(told)s (%(value)s in %(year)s%(estimated)s)") % {**names, "told": told, "estimated": estimated}
    else:
        text = _("%(name)s: %(value)s in %(year)s%(estimated)s") % {**names, "estimated": estimated}
    parts = [text]
    if len(known) > 1:
        parts.append(_since(one, first, last))
    other = one.above.get(last.year)
    if other is not None and not one.is_index:
        place = where(one.above_name, one.above_kind)
        parts.append(beside(last.value, other, value_text(one, other), place))
    text = ", ".join(parts) + "."
    if one.newest.value is None:
        text += " " + _missing(one)
    return text


def _since(one: Series, first: Point, last: Point) -> str:
    assert last.value is not None  # noqa: S101
    assert first.value is not None  # noqa: S101
    if one.indicator.adds_up:
        return grown(first.value, last.value, first.year)
    names = {"trend": trend(first.value, last.value), "year": first.year, "value": value_text(one, first.value)}
    return _("%(trend)s since %(year)s (%(value)s)") % names


def _missing(one: Series) -> str:
    """A value that is not there is said, with the reason that the source gives."""
    newest = one.newest
    names = {"name": one.indicator.name, "year": newest.year}
    reasons: dict[str, str] = {
        ValueState.EXCLUDED: _("%(name)s: the source leaves this area out in %(year)s."),
        ValueState.NOT_APPLICABLE: _("%(name)s: not applicable in %(year)s."),
        ValueState.NOT_YET: _("%(name)s: not yet available for %(year)s."),
        ValueState.NOT_COLLECTED: _("%(name)s: not collected in %(year)s."),
        ValueState.TOO_SMALL: _("%(name)s: too small to be significant in %(year)s."),
        ValueState.WITHDRAWN: _("%(name)s: the value of %(year)s was withdrawn."),
    }
    return reasons.get(newest.state, _("%(name)s: not known for %(year)s.")) % names


def theme_blocks(found: dict[str, Series]) -> Iterator[Block]:
    """A section per theme: a paragraph per indicator, the table of years, small lines where there are years enough."""
    themes: dict[str, list[Series]] = {}
    for one in found.values():
        if not one.is_index:
            themes.setdefault(one.indicator.theme, []).append(one)
    for theme, group in themes.items():
        title = str(profile.THEMES.get(theme) or theme.replace("_", " ").capitalize() or _("Other numbers"))
        yield Heading(title, 2)
        for one in group:
            yield Paragraph(sentence(one), key=f"context.{one.indicator.code}")
        yield Paragraph("", key=f"context.{theme or 'other'}.added")
        yield from _drawn(group, title)
        newest, years = newest_table(group, title, theme), years_table(group, title)
        if years is not None and len(group) == 1 and group[0].known[-1] is group[0].newest:
            # One row of years says all that one row of the newest value would.
            keys = (*[""] * (len(years.heads) - 2), "value")
            said = ". ".join(part for part in (_origin(group[0].newest), years.subtitle) if part)
            yield replace(years, key=newest.key, columns=keys, year=years.heads[-1], subtitle=said)
            continue
        yield newest
        if years is not None:
            yield years


# --- pictures -----------------------------------------------------------------------------------------------------
def _drawn(group: list[Series], title: str) -> Iterator[Block]:
    traces = []
    for one in group:
        if len(one.known) >= YEARS_FOR_A_LINE and not one.indicator.adds_up:
            points = [(point.year, point.value) for point in one.known if point.value is not None]
            above = sorted(one.above.items())
            traces.append(Trace(one.indicator.name, points, above, one.above_name, _texts(one)))
    if not traces:
        return
    shown = traces[:LINES_DRAWN]
    years = sorted({year for trace in shown for year, _value in trace.points})
    subtitle = _("From %(first)s to %(last)s; each drawing has its own scale") % {
        "first": years[0],
        "last": years[-1],
    }
    alt = " ".join(
        _("%(name)s: from %(first)s to %(last)s.")
        % {
            "name": trace.name,
            "first": trace.text(trace.points[0][1]),
            "last": trace.text(trace.points[-1][1]),
        }
        for trace in shown
    )
    yield Map(_("%(theme)s over the years") % {"theme": title}, subtitle, alt, lines_drawn(shown))


def _texts(one: Series) -> Callable[[float], str]:
    return lambda value: value_text(one, value)


# --- tables -------------------------------------------------------------------------------------------------------
def newest_table(group: list[Series], title: str, theme: str) -> Table:
    """The newest value of each indicator, with year, the same number of the area above, and source."""
    above = listed(sorted({one.above_name for one in group if one.above_name}))
    origins = {_origin(one.newest) for one in group}
    # One source for all stands above the table, not on every line.
    together = len(origins) == 1
    heads = [_("Indicator"), _("Value"), _("Year"), *([above] if above else []), *([] if together else [_("Source")])]
    lines = []
    for one in group:
        point = one.newest
        state = "" if point.state == ValueState.VALUE else point.state
        text = value_text(one, point.value)
        if state:
            word = str(dict(ValueState.choices)[state])
            text = f"{text} ({word})" if point.value is not None else word
        cells = [
            Cell(text, None if point.value is None else round(point.value, 4), _form(one), state),
            Cell(str(point.year), point.year, "year"),
        ]
        if above:
            other = one.above.get(point.year)
            cells.append(
                Cell("" if other is None else value_text(one, other), None if other is None else round(other, 4), "1")
            )
        if not together:
            cells.append(Cell(_origin(point)))
        lines.append(Line(one.indicator.name, tuple(cells), key=one.key))
    last = len(heads) - 1
    missing = _("A missing or excluded value is no zero: it says why it is missing.")
    said = [*(origins if together else []), *([missing] if any(one.newest.value is None for one in group) else [])]
    return Table(
        caption=_("%(theme)s: the newest values") % {"theme": title},
        heads=tuple(heads),
        lines=tuple(lines),
        subtitle=". ".join(part for part in said if part),
        sheet=title,
        texts=frozenset() if together else frozenset({last}),
        widths=_widths(bool(above), together),
        key=f"context.{theme}",
        columns=("value", "year", *[""] * (last - 2)),
    )


def _widths(above: bool, together: bool) -> tuple[float, ...]:
    return (4.4, 2.2, 0.9, *([2.0] if above else []), *([] if together else [3.4]))


def _origin(point: Point) -> str:
    """The source, and what was decided about the number when it was brought in."""
    return f"{point.source} ({point.note})" if point.note else point.source


def _form(one: Series) -> str:
    return "1" if one.indicator.decimals else ""


def years_table(group: list[Series], title: str) -> Table | None:
    """The values of the last years, where more than one year is known."""
    several = [one for one in group if len(one.known) > 1]
    years = sorted({point.year for one in several for point in one.known})[-YEARS_SHOWN:]
    if len(years) < 2:
        return None
    lines, gaps = [], False
    for one in several:
        values = [one.of_year(year) for year in years]
        cells = [
            Cell(_without_unit(one, value), None if value is None else round(value, 4), _form(one)) for value in values
        ]
        gaps = gaps or None in values
        unit = one.indicator.unit
        name = f"{one.indicator.name} ({unit})" if unit in ("%", "€") else one.indicator.name
        lines.append(Line(name, tuple(cells), key=one.key))
    return Table(
        caption=_("%(theme)s: the last years") % {"theme": title},
        heads=(_("Indicator"), *(str(year) for year in years)),
        lines=tuple(lines),
        subtitle=_("An empty cell: the source states no value for that year.") if gaps else "",
        sheet=_("%(theme)s, years") % {"theme": title},
        key="",
    )


def _without_unit(one: Series, value: float | None) -> str:
    return "" if value is None else number(value, one.indicator.decimals)
