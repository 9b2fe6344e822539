"""Need beside supply to be looked at and taken away: the map of two variables, the picture with names, table, file."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from trama.insight.analysis.thirds import HIGH, LOW
from trama.insight.area_files import AreaFile, Field
from trama.insight.area_values import printed, value_states
from trama.insight.cluster_pages import MOST_LINES, Drawn, area_address, frames_of
from trama.insight.needs import (
    NO_BASE,
    Line,
    Needs,
    base_of,
    counted_label,
    left_out,
    meaning,
    nothing_sentence,
    sentence,
    status_words,
    supply_label,
    title_of,
    warnings,
)
from trama.insight.scatter import Dot, scatter
from trama.insight.shapes import Status
from trama.insight.tables import PROTECTED
from trama.territory.sketches import sketch_of
from trama.ui import choropleth, drawing
from trama.ui.charts import NARROW, WIDE, Chart, figure
from trama.ui.choropleth import Mark, Paint
from trama.ui.numbers import number

MOST_DECIMALS = 4  # of a rate
FORMAT = 1  # of the JSON; raised when a key changes its meaning
# Need is the tone, from light to dark; supply the texture, from plain to lined: both can be read without colour.
TONES = ("#f7ecd9", "#e3a857", "#8a4207")
TEXTURES = ("", "dots", "lines")
INKS = ("#1f5c92", "#12406b", "#cfe3f5")


def words_of(found: Needs) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    """What the thirds are called: of need (or of the value, where it is no need by itself), and of supply."""
    supply = (_("little listed"), _("some listed"), _("much listed"))
    if found.neutral:
        return (_("low value"), _("middle value"), _("high value")), supply
    return (_("low need"), _("middle need"), _("high need")), supply


def paints_of(found: Needs) -> dict[str, Paint]:
    """The nine paints "1-1" … "3-3": need, then supply."""
    needs, supplies = words_of(found)
    return {
        f"{i + 1}-{j + 1}": Paint(TONES[i], f"{needs[i]}, {supplies[j]}", TEXTURES[j], INKS[i])  # type: ignore[arg-type]
        for i in range(3)
        for j in range(3)
    }


# --- the map ------------------------------------------------------------------------------------------------------
def drawn_map(found: Needs) -> Drawn | None:
    """The map of the two variables; None where no area has a boundary."""
    paints = paints_of(found)
    others = choropleth.states(choropleth.PROTECTED, choropleth.EXCLUDED, choropleth.MISSING)
    marks = [
        Mark(
            line.area.area,
            _paint(line),
            line.area.name,
            _said(found, line),
            area_address(line.area.code),
            chosen=line.stands_out,
        )
        for line in found.lines
    ]
    sketch = sketch_of([mark.area for mark in marks], frames_of([mark.area for mark in marks]))
    if not sketch.outlines:
        return None
    names = ", ".join(line.area.name for line in found.standing_out) or _("no area")
    svg = choropleth.choropleth(
        sketch,
        marks,
        paints | others,
        title=title_of(found),
        description=_("%(sentence)s %(names)s. The table has all areas.")
        % {"sentence": sentence(found), "names": names},
        prefix="needs",
        names=len(marks) <= 150,
    )
    used = {key: paint for key, paint in others.items() if any(mark.paint == key for mark in marks)}
    two = choropleth.bivariate_legend(paints, _need_title(found), supply_label(found), prefix="needs")
    rest = choropleth.legend(used, prefix="needs-others") if used else ""
    return Drawn(svg, SafeString(two + rest))  # both are safe


def _need_title(found: Needs) -> str:
    if found.turned:
        return _("%(indicator)s (low values: high need)") % {"indicator": found.values.indicator.name}
    return found.values.indicator.name


def _paint(line: Line) -> str:
    if line.compared:
        return line.key
    if line.status == Status.SUPPRESSED:
        return choropleth.PROTECTED
    return choropleth.EXCLUDED if line.area.state.startswith("excluded") else choropleth.MISSING


def _said(found: Needs, line: Line) -> str:
    if line.area.value is None:
        return line.area.reason
    return f"{printed(line.area.value, found.values)} · {supply_label(found)}: {supply_text(found, line)}"


def supply_text(found: Needs, line: Line) -> str:
    """What is listed as printed: a number, or the sign for why there is none."""
    if line.status == Status.SUPPRESSED:
        return PROTECTED
    if line.status in (Status.NOT_APPLICABLE, NO_BASE):
        return _("n.a.")
    sign = "~ " if line.status == Status.ESTIMATED else ""
    return sign + (figure(line.supply) if found.base is None else _rate(line.supply))


def _rate(value: float | None) -> str:
    """A rate with one decimal; a small one with as many as tell it from none."""
    decimals = 1
    while value and decimals < MOST_DECIMALS and float(f"{value:.{decimals}f}") == 0:
        decimals += 1
    return number(value, decimals)


def count_text(line: Line) -> str:
    """The count itself as printed."""
    if line.status == Status.SUPPRESSED or line.count is None:
        return PROTECTED if line.status == Status.SUPPRESSED else _("n.a.")
    return ("~ " if line.status == Status.ESTIMATED else "") + figure(line.count)


# --- the picture with names ---------------------------------------------------------------------------------------
def picture_of(found: Needs) -> dict[str, Any]:
    """The areas as points, and the addresses of the drawing in two widths with their sizes."""
    dots = [
        Dot(line.area.name, line.area.value, line.supply, line.stands_out)
        for line in found.compared
        if line.area.value is not None and line.supply is not None
    ]
    unit = f" ({found.values.unit})" if found.values.unit else ""
    axes = (f"{found.values.indicator.name}{unit}", supply_label(found), found.need_bounds, found.supply_bounds)
    names = ", ".join(line.area.name for line in found.standing_out[:12]) or _("no area")
    alt = _(
        "Picture: each of %(count)s areas is a point, %(indicator)s across, %(supply)s upward. %(sentence)s %(names)s. "
        "The table has all figures."
    ) % {
        "count": len(dots),
        "indicator": found.values.indicator.name,
        "supply": supply_label(found),
        "sentence": sentence(found),
        "names": names,
    }
    chart = Chart(sentence(found), base_of(found), alt, scatter(dots, *axes, WIDE), scatter(dots, *axes, NARROW))
    return {
        "chart": chart,
        "wide": drawing.chart_url(chart.wide),
        "narrow": drawing.chart_url(chart.narrow),
        "sizes": {"wide": (WIDE, 500), "narrow": (NARROW, 420)},
    }


# --- tables -------------------------------------------------------------------------------------------------------
def outstanding(found: Needs) -> list[dict[str, str]]:
    """The areas where need is high and little is listed, by name."""
    return [_printed(found, line) for line in found.standing_out]


def lines_on_page(found: Needs) -> tuple[list[dict[str, str]], int]:
    """The lines of the table as printed, in the order of the territory, and how many are left to the files."""
    lines = sorted(found.lines, key=lambda line: not line.stands_out) if len(found.lines) > MOST_LINES else found.lines
    return [_printed(found, line) for line in lines[:MOST_LINES]], max(0, len(found.lines) - MOST_LINES)


def _printed(found: Needs, line: Line) -> dict[str, str]:
    needs, supplies = words_of(found)
    together = (
        f"{needs[line.need]}, {supplies[line.listed]}" if line.need is not None and line.listed is not None else ""
    )
    reason = "" if line.compared else line.area.reason or status_words().get(line.status, "")
    return {
        "name": line.area.name,
        "url": area_address(line.area.code),
        "code": line.area.code,
        "value": number(line.area.value, found.values.indicator.decimals),
        "count": count_text(line),
        "base": number(line.base),
        "supply": supply_text(found, line),
        "together": together or reason,
        "apart": "" if line.compared else "1",
        "stands_out": "1" if line.stands_out else "",
        "protected": "1" if line.status == Status.SUPPRESSED else "",
    }


# --- the file -----------------------------------------------------------------------------------------------------
def as_file(found: Needs) -> AreaFile:
    """All areas, those left out too, each figure with its state."""
    columns = [
        Field("code", _("code"), "string"),
        Field("name", _("area"), "string"),
        Field("value", found.values.indicator.name, meaning=found.values.unit),
        Field("value_status", _("status of the value"), "string", among=value_states()),
        Field("count", counted_label(found), meaning=_("Empty where the status says that there is no figure.")),
        Field("count_status", _("status of the count"), "string", among=status_words()),
    ]
    if found.base is not None:
        columns += [Field("base", found.base.name), Field("per_1000", supply_label(found))]
    if found.only is not None:
        columns.append(Field("only", _("counted only"), "string", meaning=f"{found.only.title}: {found.only.label}"))
    thirds = {"low": _("low"), "middle": _("middle"), "high": _("high")}
    columns += [
        Field("need", _("third of need"), "string", among=thirds),
        Field("supply", _("third of supply"), "string", among=thirds),
        Field("stands_out", _("high need, low supply"), "integer"),
    ]
    return AreaFile(
        title_of(found),
        tuple(columns),
        tuple(_row(found, line) for line in found.lines),
        tuple(_about(found)),
        _document(found),
    )


THIRDS = ("low", "middle", "high")


def _row(found: Needs, line: Line) -> tuple[Any, ...]:
    of_base: tuple[Any, ...] = ()
    if found.base is not None:
        of_base = (line.base, None if line.supply is None else round(line.supply, 4))
    together: tuple[Any, ...] = (None, None, None)
    if line.need is not None and line.listed is not None:
        together = (THIRDS[line.need], THIRDS[line.listed], int(line.need == HIGH and line.listed == LOW))
    place = (line.area.code, line.area.name, line.area.value, line.area.state, line.count, line.status)
    only = () if found.only is None else (found.only.key,)
    return (*place, *of_base, *only, *together)


def _about(found: Needs) -> list[tuple[str, str]]:
    said = [(_("Answer"), f"{sentence(found)} {meaning(found)} {nothing_sentence(found)}"), (_("Base"), base_of(found))]
    said += [(_("Warning"), text) for text in warnings(found)]
    return said + [(_("Note"), text) for text in left_out(found)]


def _document(found: Needs) -> dict[str, Any]:
    values, base = found.values, found.base
    return {
        "format": FORMAT,
        "title": title_of(found),
        "sentence": sentence(found),
        "indicator": {
            "code": values.indicator.code,
            "name": values.indicator.name,
            "unit": values.unit,
            "version": values.indicator.version,
            "need_is": "low" if found.turned else "high",
        },
        "supply": {
            "register": found.register.key,
            "measure": found.crosstab.measure.key,
            "label": counted_label(found),
            "threshold": found.crosstab.threshold,
            "only": None if found.only is None else {"key": found.only.key, "label": found.only.label},
            "per_1000": None if base is None else {"key": base.key, "name": base.name, "year": base.year},
        },
        "level": values.level,
        "year": values.year,
        "within": values.within.code if values.within else None,
        "compared": len(found.compared),
        "all": len(found.lines),
        "with_nothing": len(found.with_nothing),
        "bounds": {"value": list(found.need_bounds), "supply": list(found.supply_bounds)},
        "by_chance": found.by_chance,
        "stand_out": [line.area.code for line in found.standing_out],
        "source": values.source,
        "date": found.crosstab.as_of.isoformat(),
        "warnings": warnings(found),
        "notes": left_out(found),
    }
