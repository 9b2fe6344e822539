"""A clustering to be looked at and taken away: the map of its groups, its table, its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from trama.insight.area_files import AreaFile, Field
from trama.insight.area_values import EXCLUDED_ELSEWHERE, AreaValues, printed, value_states
from trama.insight.clustering import (
    GROUP_LABELS,
    GROUPS,
    Clustering,
    Line,
    cautions,
    checks,
    marked_sentence,
    meaning,
    sentence,
    statistics,
)
from trama.territory import finding
from trama.territory.sketches import sketch_of
from trama.ui.choropleth import EXCLUDED, Mark, Paint, choropleth, legend
from trama.ui.numbers import number

FORMAT = 1  # of the JSON; raised when a key changes its meaning
MOST_LINES = 400  # of the table on the page; the files have all
# Told apart without colour too: dark, lined, dotted light, dotted dark.
LOOKS = {
    "high_among_high": ("#8a4207", "", ""),
    "low_among_low": ("#9cc4e4", "lines", "#1f5c92"),
    "high_among_low": ("#f0b980", "dots", "#6b3305"),
    "low_among_high": ("#d5e6f4", "dots", "#12406b"),
    "": ("#e7e2d5", "", ""),
}
NO_GROUP = "no-group"  # the key of the paint


@dataclass(frozen=True)
class Drawn:
    """A map with its legend; nothing where no area can be drawn."""

    svg: SafeString
    legend: SafeString


def title_of(found: Clustering) -> str:
    """The finding as a title: "Famiglie di una persona, 2023: le aree vicine si somigliano"."""
    said = sentence(found).rstrip(".")
    return f"{found.values.title}: {said[:1].lower()}{said[1:]}"


# --- the map ------------------------------------------------------------------------------------------------------
def drawn_groups(found: Clustering) -> Drawn | None:
    """The map of the groups; None where no group stands, for then there is nothing to be shown."""
    if not found.marked:
        return None
    paints = {group or NO_GROUP: _paint(group) for group in LOOKS}
    paints |= {EXCLUDED: Paint("#ffffff", _("left out of the count"), "dots")}
    marks = [_mark(found, line) for line in found.lines]
    marks += [Mark(a.area, EXCLUDED, a.name, a.reason, area_address(a.code)) for a in found.values.unknown]
    counts: dict[str, int] = {}
    for mark in marks:
        counts[mark.paint] = counts.get(mark.paint, 0) + 1
    sketch = sketch_of([mark.area for mark in marks], frames_of([mark.area for mark in marks]))
    groups = "; ".join(
        f"{GROUP_LABELS[group]}: {', '.join(line.area.name for line in lines)}"
        for group, lines in found.groups.items()
        if lines
    )
    svg = choropleth(
        sketch,
        marks,
        paints,
        title=title_of(found),
        description=_("%(groups)s. The table has all areas.") % {"groups": groups},
        prefix="groups",
        names=len(marks) <= 150,
    )
    used = {key: paint for key, paint in paints.items() if key in counts}
    shown = {key: f"({number(count)})" for key, count in counts.items()}
    return Drawn(svg, legend(used, shown, prefix="groups"))


def _paint(group: str) -> Paint:
    fill, texture, ink = LOOKS[group]
    return Paint(fill, str(GROUP_LABELS[group]), texture, ink or "#7d8b99")  # type: ignore[arg-type]


def _mark(found: Clustering, line: Line) -> Mark:
    text = f"{printed(line.area.value, found.values)} · {line.group_label}"
    return Mark(line.area.area, line.group or NO_GROUP, line.area.name, text, area_address(line.area.code))


def area_address(code: str) -> str:
    """The page of an area."""
    return reverse("portal:area", args=[code])


def frames_of(areas: Sequence[int]) -> list[int]:
    """The areas above whose borders help to find the way: the widest that are more than one; none if there are none."""
    paths = [finding.path_of(area)[:-1] for area in areas]
    depth = max((len(path) for path in paths), default=0)
    for level in range(depth):
        found = {path[level].id for path in paths if len(path) > level}
        if len(found) > 1:
            return sorted(found)
    return []


# --- the table ----------------------------------------------------------------------------------------------------
def lines_on_page(found: Clustering) -> tuple[list[dict[str, Any]], int]:
    """The lines of the table as printed, and how many are left to the files; those of a group are never left out."""
    lines = list(found.lines)
    if len(lines) > MOST_LINES:
        grouped = [line for line in lines if line.group]
        room = max(0, MOST_LINES - len(grouped))
        kept = {line.area.area for line in (*grouped, *[line for line in lines if not line.group][:room])}
        lines = [line for line in lines if line.area.area in kept]
    shown = [
        {
            "name": line.area.name,
            "url": area_address(line.area.code),
            "value": number(line.area.value, found.values.indicator.decimals),
            "around": number(line.around, found.values.indicator.decimals),
            "neighbours": number(line.neighbours),
            "group": line.group_label if found.local is not None else "",
            "stands": bool(line.group),
        }
        for line in lines
    ]
    return shown, len(found.lines) - len(shown)


# --- the file -----------------------------------------------------------------------------------------------------
def as_file(found: Clustering) -> AreaFile:
    """All areas, those left out too, each with its state; and what was tested."""
    states = value_states() | {"no_boundary": _("the area has no boundary")}
    groups = {"none": _("no group stands")} | {key: str(GROUP_LABELS[key]) for key in GROUPS.values()}
    columns = (
        Field("code", _("code"), "string"),
        Field("name", _("area"), "string"),
        Field("value", found.values.indicator.name, meaning=found.values.unit),
        Field("status", _("status"), "string", among=states),
        Field("neighbours", _("neighbours"), "integer"),
        Field("neighbours_mean", _("mean of the neighbours")),
        Field("group", _("group"), "string", _("Empty where no group was looked for."), groups),
        Field("p", _("p (two-sided)"), meaning=_("Before the correction for many tests.")),
        Field("local_i", _("local I")),
    )
    lines = {line.area.area: line for line in found.lines}
    rows = []
    for area in found.values.areas:
        line = lines.get(area.area)
        if line is None:
            state = "no_boundary" if area.value is not None else area.state
            rows.append((area.code, area.name, area.value, state, None, None, None, None, None))
            continue
        local = (line.group or "none", line.p, line.local) if found.local is not None else (None, None, None)
        rows.append((area.code, area.name, area.value, area.state, line.neighbours, line.around, *local))
    return AreaFile(
        _("Clusters of %(what)s") % {"what": found.values.title},
        tuple(columns),
        tuple(rows),
        tuple(_about(found)),
        _document(found),
    )


def _about(found: Clustering) -> list[tuple[str, str]]:
    said = [(_("Answer"), f"{sentence(found)} {meaning(found)} {marked_sentence(found)}".strip())]
    said += [(_("Base"), found.values.base()), (_("Unit"), found.values.unit or "–")]
    said += [(_("How it was checked"), text) for text in checks(found)]
    said += [(term, text) for term, text in statistics(found)]
    said += [(_("Note"), text) for text in cautions(found)]
    return said


def _document(found: Clustering) -> dict[str, Any]:
    test, weights, values = found.test, found.weights, found.values
    return {
        "format": FORMAT,
        "title": title_of(found),
        "answer": found.verdict,
        "sentence": sentence(found),
        "indicator": _indicator(values),
        "level": values.level,
        "year": values.year,
        "within": values.within.code if values.within else None,
        "base": {"with_value": len(values.known), "all": len(values.areas), "tested": len(found.lines)},
        "weights": {
            "rule": found.asked.rule,
            "reach": weights.reach,
            "standardised": "row",
            "mean_neighbours": weights.mean_neighbours,
            "islands": list(found.islands),
        },
        "moran": {
            "i": test.value,
            "expected": test.expected,
            "variance_normal": test.variance_normal,
            "variance_random": test.variance_random,
            "z_normal": test.z_normal,
            "z_random": test.z_random,
            "p_normal": test.p_normal,
            "p": test.p,
            "permutations": test.permutations,
            "seed": test.seed,
        },
        "geary_c": found.geary,
        "local": None
        if found.local is None
        else {
            "permutations": found.local.permutations,
            "seed": found.local.seed,
            "correction": "Benjamini-Hochberg",
            "level": found.local.level,
            "limit": found.local.limit,
            "groups": {group: [line.area.code for line in found.groups[group]] for group in GROUPS.values()},
        },
        "source": values.source,
        "notes": [*checks(found), *(f"{term}: {text}" for term, text in statistics(found)), *cautions(found)],
    }


def _indicator(values: AreaValues) -> dict[str, Any]:
    one = values.indicator
    return {"code": one.code, "name": one.name, "unit": values.unit, "version": one.version}


def is_left_out_elsewhere(found: Clustering) -> bool:
    """Whether some area is left out only because another indicator excludes it."""
    return any(area.state == EXCLUDED_ELSEWHERE for area in found.values.unknown)
