"""Areas below a municipality from a boundary file; the levels above the narrowest are dissolved from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from trama.core.legible import shown
from trama.intake.recipe import AreasStep, LevelSpec, RecipeError, TableSpec
from trama.intake.rows import shown_columns
from trama.intake.steps.run import Run, title_case
from trama.intake.verdicts import StepReport
from trama.network.models import normalised
from trama.territory import actions, finding, imports, outlines, shapes
from trama.territory.actions import Drawing
from trama.territory.boundaries import Feature
from trama.territory.choices import RANK, AreaOrigin
from trama.territory.models import Area


@dataclass
class _Wanted:
    """An area that the file describes at one level."""

    level: LevelSpec
    code: str
    local_code: str
    name: str
    other_names: set[str]
    parent: str
    pieces: list[shapes.Mended] = field(default_factory=list)


def read_features(run: Run, step: AreasStep, report: StepReport) -> list[Feature]:
    """The shapes of a boundary file in degrees of WGS84; one that states no system of coordinates is refused."""
    found = run.shapes(step.file, step.crs)
    for note in found.notes:
        report.say("noted", note)
    return found.features


def load_areas(run: Run, step: AreasStep, report: StepReport) -> None:
    """Read the file, mend its shapes, and bring the areas of every level and their boundaries up to date."""
    if not step.levels or not step.parent:
        raise RecipeError(_("the step “%(name)s” must say “parent” and “levels”.") % {"name": step.name})
    parent = Area.objects.filter(code=step.parent).first()
    if parent is None:
        raise RecipeError(
            _("the step “%(name)s”: no area bears the code “%(code)s”; load the municipality first.")
            % {"name": step.name, "code": step.parent}
        )
    ranks = [RANK.get(level.kind, -1) for level in step.levels]
    if -1 in ranks or ranks != sorted(set(ranks)):
        raise RecipeError(
            _("the levels of “%(name)s” must go from the widest kind to the narrowest.") % {"name": step.name}
        )
    features = _usable(run, step, parent, report)
    wanted = _wanted(run, step, parent, features)
    areas = _bring_areas(run, step, report, parent, wanted)
    _draw(run, step, report, wanted, areas)
    _gone(run, step, report, parent, wanted)
    run.forget_areas()


def _usable(run: Run, step: AreasStep, parent: Area, report: StepReport) -> list[tuple[Feature, shapes.Mended]]:
    usable: list[tuple[Feature, shapes.Mended]] = []
    narrowest, around = step.levels[-1], outlines.shape_of(parent)
    for feature in read_features(run, step, report):
        report.rows += 1
        for column in [column for level in step.levels for column in (level.name, level.code)]:
            if column and column not in feature.columns:
                raise RecipeError(
                    _("%(file)s has no column “%(column)s”; it has: %(columns)s.")
                    % {"file": shown(step.file), "column": column, "columns": shown_columns([*feature.columns])}
                )
        label = feature.columns[narrowest.name]
        if not all(feature.columns[column].strip() for level in step.levels for column in [level.name]):
            report.refuse(feature.number, narrowest.name, _("there is no name"), label)
            continue
        try:
            mended = imports.usable(feature.shape, around, parent.name)
        except shapes.ShapeError as error:
            report.refuse(feature.number, "geometry", str(error), label)
            continue
        if mended.repair:
            report.say(
                "noted", _("shape repaired: %(what)s") % {"what": mended.repair}, row=feature.number, label=label
            )
        usable.append((feature, mended))
    return usable


def _wanted(
    run: Run, step: AreasStep, parent: Area, features: list[tuple[Feature, shapes.Mended]]
) -> dict[str, _Wanted]:
    """The areas of every level, by their codes, widest first."""
    found: dict[str, _Wanted] = {}
    spellings = {level.kind: _spellings(run, level) for level in step.levels}
    for level in step.levels:
        for feature, mended in features:
            above = parent.code
            for wider in step.levels[: step.levels.index(level)]:
                above = _code(parent, wider, feature)
            code = _code(parent, level, feature)
            if code not in found:
                raw = feature.columns[level.name].strip()
                name, others = _names(level, raw, spellings[level.kind])
                local = feature.columns[level.code].strip() if level.code else ""
                found[code] = _Wanted(level, code, local, name, others, above)
            found[code].pieces.append(mended)
    return found


def _code(parent: Area, level: LevelSpec, feature: Feature) -> str:
    text = feature.columns[level.code or level.name].strip()
    local = text if level.code else "".join(part[:4].upper() for part in normalised(text).split())
    return f"{parent.code}-{level.prefix}{local}"[:40]


def _spellings(run: Run, level: LevelSpec) -> dict[str, str]:
    """How another file writes these names well, by the name without case and accents."""
    if level.names is None:
        return {}
    table = run.table(level.names.file, TableSpec())
    column = table.column(level.names.column)
    return {normalised(row[column]): " ".join(row[column].split()) for row in table.rows}


def _names(level: LevelSpec, raw: str, spellings: dict[str, str]) -> tuple[str, set[str]]:
    """The name of an area, and the other ways in which files write it."""
    name = level.rename.get(raw) or spellings.get(normalised(raw)) or (title_case(raw) if level.title_case else raw)
    others = {raw, *level.other_names.get(raw, []), *level.other_names.get(name, [])}
    return name, {other for other in others if normalised(other) != normalised(name)}


def _bring_areas(
    run: Run, step: AreasStep, report: StepReport, parent: Area, wanted: dict[str, _Wanted]
) -> dict[str, Area]:
    areas = {area.code: area for area in Area.objects.filter(code__in=list(wanted)).order_by("pk")}
    areas[parent.code] = parent
    for code, item in wanted.items():
        values: dict[str, Any] = {
            "name": item.name,
            "kind": item.level.kind,
            "parent": areas[item.parent],
            "local_code": item.local_code,
            "source": run.source(step),
        }
        area = areas.get(code)
        others = "\n".join(sorted(item.other_names))
        if area is None:
            areas[code] = actions.add_area(run.actor, code=code, other_names=others, **values)
            report.new += 1
            continue
        kept = {line for line in area.other_names.splitlines() if line.strip()}
        values["other_names"] = "\n".join(sorted(kept | item.other_names))
        different = [name for name, value in values.items() if getattr(area, name) != value]
        if different:
            actions.change_area(run.actor, area, **{name: values[name] for name in different})
            report.updated += 1
            report.fields.update(different)
        else:
            report.same += 1
    return areas


def _draw(run: Run, step: AreasStep, report: StepReport, wanted: dict[str, _Wanted], areas: dict[str, Area]) -> None:
    import shapely

    drawings = []
    for code, item in wanted.items():
        pieces = [piece.shape for piece in item.pieces]
        narrowest = item.level is step.levels[-1]
        if narrowest and len(pieces) == 1:
            shape, repair = pieces[0], item.pieces[0].repair
        else:
            shape, repair = shapely.union_all(shapely.set_precision(pieces, shapes.GRID)), ""
        origin = AreaOrigin.OFFICIAL if narrowest else AreaOrigin.DISSOLVED
        drawings.append(Drawing(areas[code], shape, repair, origin, run.source(step)))
    before = {
        area.pk: area.boundaries.filter(valid_to__isnull=True).values_list("pk", flat=True).first()
        for area in areas.values()
    }
    moves = actions.draw_boundaries(run.actor, drawings)
    for drawing in drawings:
        now = drawing.area.boundaries.filter(valid_to__isnull=True).values_list("pk", flat=True).first()
        if now != before[drawing.area.pk]:
            report.related["boundaries"] = report.related.get("boundaries", 0) + 1
    if report.related.get("boundaries"):
        report.related["changed"] = report.related["boundaries"]
    for move in moves:
        report.say("noted", _("%(count)s %(label)s changed area") % {"count": move.count, "label": move.label})
    finding.forget()


def _gone(run: Run, step: AreasStep, report: StepReport, parent: Area, wanted: dict[str, _Wanted]) -> None:
    kinds = [level.kind for level in step.levels]
    rows = Area.objects.in_force().below(parent, itself=False).filter(kind__in=kinds, source=run.source(step))
    for area in rows.exclude(code__in=list(wanted)).order_by("-kind", "name"):
        if run.source(step) is None:
            continue
        if step.when_gone == "close":
            actions.close_area(run.actor, area)
            report.say("closed", _("no longer in the file: closed today"), label=area.name)
        else:
            report.say("gone", _("no longer in the file"), label=area.name)
