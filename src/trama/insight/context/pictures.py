"""The pictures of an indicator: the coloured map, a small map for each year, lines in time, small charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core import memo
from trama.core.actor import Actor
from trama.core.keys import among
from trama.insight.context.asked import Asked
from trama.insight.context.reading import Reading, base_text, finding_text, spread_text
from trama.insight.context.scale import Scale, scale_of
from trama.insight.context.series import Line, Point, Series, panels_of, title_of
from trama.insight.context.words import short_text
from trama.territory import finding
from trama.territory.choices import RANK, ValueState
from trama.territory.models import ContextIndicator, ContextValue
from trama.territory.sketches import sketch_of
from trama.ui import charts
from trama.ui.choropleth import EXCLUDED, MISSING, Mark, Paint, Sketch, choropleth, legend, states
from trama.ui.numbers import number

MOST_DRAWN = 1500  # areas of a map that a page carries
MOST_SMALL = 400  # areas of a small map
MOST_YEARS = 8
LINES = 980  # pixels of a chart of lines


@dataclass(frozen=True)
class Picture:
    """A drawing with its legend."""

    svg: SafeString
    legend: SafeString


def sketch_for(reading: Reading) -> Sketch | None:
    """The outlines of the areas of a reading with the borders of wider areas; None with too many or none drawn."""
    if not reading.rows or len(reading.rows) > MOST_DRAWN:
        return None
    sketch = sketch_of([row.area for row in reading.rows], _frames(reading))
    return sketch if sketch.outlines else None


def _frames(reading: Reading) -> list[int]:
    """The widest areas between that which holds all and those that are coloured."""
    chosen = reading.chosen
    below = finding.below(chosen.under.id) if chosen.under else None
    between = [n for n in chosen.unders if (below is None or n.id in below) and n != chosen.under]
    if not between:
        return []
    kind = min({node.kind for node in between}, key=lambda kind: RANK.get(kind, 99))
    frames = [node.id for node in between if node.kind == kind]
    return frames if 2 <= len(frames) < len(reading.rows) else []


def map_of(reading: Reading, asked: Asked, sketch: Sketch, prefix: str = "colours") -> Picture | None:
    """The areas coloured by class; None where they may not be compared or nothing is known."""
    if reading.scale is None:
        return None
    chosen = reading.chosen
    stay = {"level": chosen.level, "under": chosen.under.code if chosen.under else ""}
    marks = [
        Mark(
            row.area,
            row.paint,
            row.name,
            f"{row.text}, {row.reason}" if row.reason and row.value is not None else row.reason or row.text,
            asked.address("", area=row.code, **stay) + "#in-time",
            chosen.area is not None and row.area == chosen.area.id,
        )
        for row in reading.rows
    ]
    paints = {**reading.scale.paints, **states(EXCLUDED, MISSING)}
    drawn = [mark for mark in marks if mark.area in sketch.outlines]
    description = " ".join(
        [f"{base_text(reading)}.", reading.scale.said, spread_text(reading), _("The table has all figures.")]
    )
    svg = choropleth(
        sketch, drawn, paints, title=finding_text(reading), description=description, prefix=prefix, names=True
    )
    return Picture(svg, _legend(reading.scale, [row.paint for row in reading.rows], prefix))


def _legend(scale: Scale, used: Sequence[str], prefix: str) -> SafeString:
    """The classes with how many areas each has; what is excluded or not known only where it occurs."""
    paints: dict[str, Paint] = dict(scale.paints)
    paints |= {key: paint for key, paint in states(EXCLUDED, MISSING).items() if key in used}
    counts = {
        key: ngettext("%(n)s area", "%(n)s areas", used.count(key)) % {"n": number(used.count(key))} for key in paints
    }
    return legend(paints, counts, prefix=prefix)


# --- a small map for each year ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class SmallMaps:
    """Maps of several years with the same classes; `said`: how the classes were made, and which years are left out."""

    maps: tuple[tuple[int, str, SafeString, str], ...]  # year, address, drawing, base
    legend: SafeString
    said: str


def small_maps(actor: Actor, reading: Reading, asked: Asked, sketch: Sketch, reuse: str) -> SmallMaps | None:
    """One map for each of the last years, all with the same classes; `reuse`: the prefix of the map whose paths they
    draw again. None where there is only one year."""
    key = ("insight.context.years", reading.indicator.pk, asked, reuse)
    return memo.until_changed(key, actor, lambda: _small_maps(reading, asked, sketch, reuse), heavy=True)


def _small_maps(reading: Reading, asked: Asked, sketch: Sketch, reuse: str) -> SmallMaps | None:
    if reading.scale is None or len(reading.rows) > MOST_SMALL:
        return None
    indicator = reading.indicator
    names = {row.area: row.name for row in reading.rows}
    by_year: dict[int, dict[int, tuple[float | None, str]]] = {}
    rows = ContextValue.objects.filter(indicator=indicator, area__in=among(names), version=_version(reading)).order_by()
    for pk, year, value, state in rows.values_list("area_id", "year", "value", "state"):
        rounded = None if value is None else round(value, indicator.decimals)
        by_year.setdefault(year, {})[pk] = (rounded, state)
    years = sorted(year for year, found in by_year.items() if any(value is not None for value, _s in found.values()))
    shown = years[-MOST_YEARS:]
    if len(shown) < 2:
        return None
    every = [value for year in shown for value, _state in by_year[year].values() if value is not None]
    scale = scale_of(indicator, every, asked)
    if scale is None:
        return None
    maps = []
    for year in shown:
        marks = [_small_mark(pk, name, by_year[year].get(pk), scale) for pk, name in names.items()]
        known = sum(value is not None for value, _state in by_year[year].values())
        base = _("%(known)s of %(all)s") % {"known": number(known), "all": number(len(names))}
        svg = choropleth(
            sketch,
            marks,
            {**scale.paints, **states(EXCLUDED, MISSING)},
            title=f"{indicator.name}, {year}",
            description=_("A value for %(base)s areas.") % {"base": base},
            prefix=f"{reuse}-{year}",
            reuse=reuse,
        )
        maps.append((year, asked.address("", year=str(year), level=reading.chosen.level), svg, base))
    used = sorted({row.paint for row in reading.rows if row.paint in (EXCLUDED, MISSING)})
    paints = {**scale.paints, **states(*used)} if used else scale.paints
    said = _("The same classes in every year, made over the values of all of them together. %(how)s") % {
        "how": scale.said
    }
    if len(years) > len(shown):
        said += " " + _("The last %(n)s years of %(all)s.") % {"n": number(len(shown)), "all": number(len(years))}
    return SmallMaps(tuple(maps), legend(paints, prefix=f"{reuse}-years"), said)


def _small_mark(pk: int, name: str, found: tuple[float | None, str] | None, scale: Scale) -> Mark:
    value, state = found or (None, "")
    if value is None:
        return Mark(pk, EXCLUDED if state == ValueState.EXCLUDED else MISSING, name)
    return Mark(pk, scale.key_of(value), name)


def _version(reading: Reading) -> str:
    return next((row.version for row in reading.rows if row.value is not None), reading.indicator.version)


# --- lines in time ------------------------------------------------------------------------------------------------
def lines_chart(series: Series, indicator: ContextIndicator) -> charts.Chart:
    """The area against the one above and its siblings."""
    items = [charts.Line(line.name, _points(line.points)) for line in series.others]
    if series.above is not None:
        last = series.above.points[-1]
        items.append(
            charts.Line(series.above.name, _points(series.above.points), "above", short_text(last.value, indicator))
        )
    main = series.main
    items.append(charts.Line(main.name, _points(main.points), "chosen", short_text(main.points[-1].value, indicator)))
    unit = f" ({indicator.unit})" if indicator.unit else ""
    subtitle = f"{indicator.name}{unit}, {series.years[0]}–{series.years[-1]}"
    alt = _("Chart: %(title)s. The table has all figures.") % {"title": series.title}
    wide, narrow = (charts.lines(items, indicator.decimals, width) for width in (LINES, charts.NARROW))
    return charts.Chart(series.title, subtitle, alt, wide, narrow)


def _points(points: Sequence[Point]) -> list[tuple[int, float, str]]:
    return [(point.year, point.value, point.version) for point in points]


# --- small charts -------------------------------------------------------------------------------------------------
WIDTH, HEIGHT, PAD = 220, 76, 7


@dataclass(frozen=True)
class Panel:
    """A small chart of an area with its name, its last value and what happened."""

    name: str
    code: str
    svg: SafeString
    last: str
    said: str
    chosen: bool


def dashed_in(series: Series) -> Line | None:
    """What the dashed line of the small charts stands for: what all are compared with."""
    return series.main if series.stands_for_all else series.above


def panels(series: Series, indicator: ContextIndicator) -> list[Panel]:
    """A small chart for each sibling, all on the same scale, the area above as a dashed line."""
    lines = panels_of(series)
    above = dashed.points if (dashed := dashed_in(series)) else ()
    values = [point.value for line in lines for point in line.points] + [point.value for point in above]
    if not values:
        return []
    low, high = charts.span_of(values)
    return [
        Panel(
            line.name,
            line.code,
            small_chart(line, above, (series.years[0], series.years[-1]), (low, high), title_of(line, indicator)),
            short_text(line.points[-1].value, indicator),
            title_of(line, indicator),
            line.area == series.main.area,
        )
        for line in lines
    ]


def small_chart(
    line: Line, above: Sequence[Point], years: tuple[int, int], values: tuple[float, float], said: str
) -> SafeString:
    """A line without axes, its last point marked, over that of the area above, dashed; `said` is read in its place."""
    wide, high = WIDTH - 2 * PAD, HEIGHT - 2 * PAD
    span_x, span_y = (years[1] - years[0]) or 1, (values[1] - values[0]) or 1

    def placed(point: Point) -> tuple[float, float]:
        x = PAD + (point.year - years[0]) / span_x * wide
        y = PAD + (values[1] - point.value) / span_y * high if values[1] > values[0] else HEIGHT / 2
        return round(x, 1), round(y, 1)

    parts = [
        f'<path d="{path}" stroke="#8090a0" stroke-width="1.4" stroke-dasharray="4 3"/>'
        for path in _paths(above, placed)
    ]
    parts += [
        f'<path d="{path}" stroke="{charts.DEEP}" stroke-width="2.4" stroke-linejoin="round"/>'
        for path in _paths(line.points, placed)
    ]
    x, y = placed(line.points[-1])
    parts.append(f'<circle cx="{x}" cy="{y}" r="3.6" fill="{charts.DEEP}"/>')
    return SafeString(
        f'<svg class="tr-small-chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(said)}">'
        f'<path d="M{PAD} {HEIGHT - 1}H{WIDTH - PAD}" stroke="{charts.LINE}"/><g fill="none">{"".join(parts)}</g></svg>'
    )


def _paths(points: Sequence[Point], placed: Callable[[Point], tuple[float, float]]) -> list[str]:
    """A path for each run of points of one version of the definition."""
    runs: list[list[Point]] = []
    for point in points:
        if runs and runs[-1][-1].version == point.version:
            runs[-1].append(point)
        else:
            runs.append([point])
    return ["M" + "L".join("{} {}".format(*placed(point)) for point in run) for run in runs if len(run) > 1]
