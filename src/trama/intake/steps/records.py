"""One record per row: cells become fields, points find their areas, what changed is told from what did not."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from trama.core import bulk, codes
from trama.core.history import Act, differences, kind_of, state_of
from trama.core.models import AuditEntry
from trama.intake import files
from trama.intake.recipe import AreaColumn, PointSpec, RecipeError, RecordsStep
from trama.intake.steps.run import Run, note_skips, skipped, title_case
from trama.intake.verdicts import StepReport
from trama.network.choices import ContactKind
from trama.network.contacts import Reach, classify, read_addresses, read_emails, read_phones
from trama.territory.finding import areas_at
from trama.territory.models import Area, AreaClosure

LOADED = "loaded"  # the verb of every row that a load writes: what bears another verb was changed by a person
CHUNK = 400


@dataclass
class Draft:
    """A record as a row states it."""

    row: files.Row
    key: str
    fields: dict[str, Any]
    lon: float | None = None
    lat: float | None = None
    area: int | None = None
    contacts: tuple[tuple[str, str, str, str], ...] = ()
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class Sheet:
    """A file under reading: its rows, its columns as the recipe calls them, and the report."""

    run: Run
    step: RecordsStep
    report: StepReport
    table: files.Table
    columns: dict[str, str]
    # What was asked of this sheet already: many rows bear the same few texts.
    known: dict[tuple[str, str], Any] = field(default_factory=dict)

    def once(self, what: str, text: str, compute: Callable[[], Any]) -> Any:
        """An answer that depends on a text alone, computed once for the whole file."""
        key = (what, text)
        if key not in self.known:
            self.known[key] = compute()
        return self.known[key]

    def cell(self, row: files.Row, column: str) -> str:
        """The text of a cell, without blanks around it; an empty name of a column gives an empty text."""
        return row[self.columns[column]].strip() if column else ""

    def text(self, row: files.Row, name: str) -> str:
        """The text of a field: one column, or several joined by a comma."""
        wanted = self.step.columns.get(name)
        if wanted is None:
            return self.step.fixed.get(name, "")
        parts = [self.cell(row, column) for column in ([wanted] if isinstance(wanted, str) else wanted)]
        joined = ", ".join(part for part in parts if part)
        return title_case(joined) if name in self.step.title_case else joined

    def code(self, row: files.Row, name: str, list_: str) -> str | None:
        """The code of a field: by the recipe's table of values, else by the value or the label in the list."""
        text = self.text(row, name)
        if not text:
            return None
        value = self.step.values.get(name, {}).get(text)

        def look() -> Any:
            return codes.all_codes().get(codes.key(list_, value)) if value else codes.find(list_, text)

        found = self.once(f"code {name}", text, look)
        if found is None:
            column = self.step.columns.get(name, name)
            why = _("“%(text)s” is not in the list “%(list)s”") % {"text": value or text, "list": list_}
            self.report.refuse(row.number, column if isinstance(column, str) else column[0], why, text)
            raise Refused
        return str(found.id)


class Refused(Exception):
    """The row is not loaded; the report says why."""


def open_sheet(run: Run, step: RecordsStep, report: StepReport, known: frozenset[str]) -> Sheet:
    """The file of a step, with every column that the recipe names looked up; `known` are the fields it may fill."""
    table = run.table(step.file, step.table)
    for name in [*step.columns, *step.values, *step.fixed, *step.title_case]:
        if name not in known:
            raise RecipeError(
                _("the step “%(step)s” cannot fill “%(field)s”; it can fill: %(known)s.")
                % {"step": step.name, "field": name, "known": ", ".join(sorted(known))}
            )
    wanted: list[str] = [step.key] if isinstance(step.key, str) else list(step.key)
    for value in step.columns.values():
        wanted += [value] if isinstance(value, str) else value
    wanted += [check.column for check in step.check] + [rule.column for rule in step.skip]
    if step.point:
        wanted += [step.point.column, step.point.lon, step.point.lat]
    if step.contacts:
        wanted += [
            step.contacts.phone,
            step.contacts.email,
            step.contacts.web,
            step.contacts.social,
            step.contacts.person,
        ]
    if step.area:
        wanted.append(step.area.column)
    columns = {name: table.column(name) for name in wanted if name}
    return Sheet(run, step, report, table, columns)


def read_drafts(sheet: Sheet, fill: Callable[[Sheet, files.Row], dict[str, Any]]) -> list[Draft]:
    """Every row that can be loaded; the others have their verdict in the report."""
    drafts: list[Draft] = []
    seen: dict[str, int] = {}
    for row in sheet.table.rows:
        sheet.report.rows += 1
        rule = skipped(sheet.step.skip, sheet.columns, row)
        if rule is not None:
            note_skips(sheet.report, rule, row)
            continue
        try:
            key = _key(sheet, row, seen)
            _check_cells(sheet, row)
            draft = Draft(row, key, fill(sheet, row))
            if sheet.step.point:
                draft.lon, draft.lat = _point(sheet, row, sheet.step.point)
        except Refused:
            continue
        drafts.append(draft)
    sheet.report.refused_keys = set(seen) - {draft.key for draft in drafts}
    return _placed(sheet, drafts)


# What a spreadsheet shows where it could not compute, in English and in Italian.
ERROR = re.compile(r"#(?:DIV/0!|REF!|RIF!|VALUE!|VALORE!|NAME\?|NOME\?|NUM!|NULL!|NULLO!|N/A|N/D|ERR\w*)")


def _check_cells(sheet: Sheet, row: files.Row) -> None:
    """Refuse a row in which a cell that is to be loaded holds the error of a spreadsheet."""
    for column in sheet.columns.values():
        cell = row[column]
        if cell.startswith("#") and ERROR.fullmatch(cell.strip()):
            why = _("the cell holds an error of the spreadsheet (%(text)s): correct it there")
            sheet.report.refuse(row.number, column, why % {"text": cell.strip()})
            raise Refused


LONGEST_KEY = 120


def shortened(key: str, most: int = LONGEST_KEY) -> str:
    """A key of at most so many signs. It need not be read by people: its end gives way to what stands for the whole."""
    return key if len(key) <= most else f"{key[: most - 21]}#{hashlib.sha256(key.encode()).hexdigest()[:20]}"


def _key(sheet: Sheet, row: files.Row, seen: dict[str, int]) -> str:
    wanted = [sheet.step.key] if isinstance(sheet.step.key, str) else sheet.step.key
    if not any(wanted):
        raise RecipeError(_("the step “%(name)s” names no key.") % {"name": sheet.step.name})
    text = "|".join(sheet.cell(row, column) for column in wanted)
    if not text.strip("|"):
        sheet.report.refuse(row.number, wanted[0], _("the key is empty"))
        raise Refused
    key = shortened(f"{sheet.step.prefix or sheet.run.recipe.key}:{text}")
    if key in seen:
        sheet.report.refuse(row.number, wanted[0], _("row %(row)s bears the same key") % {"row": seen[key]}, text)
        raise Refused
    seen[key] = row.number
    return key


def _point(sheet: Sheet, row: files.Row, spec: PointSpec) -> tuple[float | None, float | None]:
    """Longitude and latitude of a row, or two times None when it states no point."""
    decimal = sheet.step.table.decimal
    if spec.column:
        text = sheet.cell(row, spec.column)
        parts = [part for part in re.split(r"[,;\s]+", text) if part]
        column = spec.column
    else:
        text = f"{sheet.cell(row, spec.lat)} {sheet.cell(row, spec.lon)}".strip()
        parts = [sheet.cell(row, spec.lat), sheet.cell(row, spec.lon)] if text else []
        column = spec.lat
    if not parts:
        return None, None
    try:
        numbers = [files.number(part, decimal) for part in parts]
        one, other = numbers
    except ValueError:
        one = other = None
    lat, lon = (one, other) if not spec.column or spec.order.startswith("lat") else (other, one)
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        sheet.report.refuse(row.number, column, _no_point(text, lat, lon))
        raise Refused
    return lon, lat


def _no_point(text: str, lat: float | None, lon: float | None) -> str:
    words = {"text": text[:60]}
    if lat is not None and lon is not None and max(abs(lat), abs(lon)) > 1000:
        return (
            _("“%(text)s” looks like metres: a point is given in degrees (latitude and longitude, WGS84), convert it")
            % words
        )
    if lat is not None and lon is not None and abs(lon) <= 90 and abs(lat) <= 180:
        return _("“%(text)s” is not a point: latitude and longitude seem to be exchanged") % words
    return _("“%(text)s” is not a point: write latitude and longitude in degrees, like 44.4949 and 11.3426") % words


def _placed(sheet: Sheet, drafts: list[Draft]) -> list[Draft]:
    """The drafts with their areas, found from the points in one step, or from the name that the row states."""
    run, step, report = sheet.run, sheet.step, sheet.report
    with_point = [draft for draft in drafts if draft.lon is not None]
    found = areas_at([d.lon for d in with_point if d.lon is not None], [d.lat for d in with_point if d.lat is not None])
    for draft, area in zip(with_point, found, strict=True):
        draft.area = area
    home = set(run.area_ids()) if run.roots else None
    kept: list[Draft] = []
    exchanged = _exchanged(with_point, home)
    for draft in drafts:
        label = str(draft.fields.get("name", draft.key))
        if draft.area is None and step.area:
            draft.area = _stated(sheet, draft, step.area)
        if draft.key in exchanged:
            why = _("longitude and latitude are exchanged: the point would lie in %(place)s") % {
                "place": exchanged[draft.key]
            }
            report.refuse(draft.row.number, _point_column(step), why, label)
            report.refused_keys.add(draft.key)
            continue
        if draft.lon is not None and home is not None and draft.area not in home:
            if step.within == "skip":
                report.skipped += 1
                report.say("noted", _("outside the municipality: left out"), row=draft.row.number, label=label)
                continue
            report.say("noted", _("the point lies outside the areas of the recipe"), row=draft.row.number, label=label)
        kept.append(draft)
    _check_stated(sheet, kept)
    return kept


def _point_column(step: RecordsStep) -> str:
    return (step.point.column or step.point.lat) if step.point else ""


def _exchanged(drafts: list[Draft], home: set[int] | None) -> dict[str, str]:
    """The keys of rows whose point falls into no known area, but into one when longitude and latitude change places."""
    lost = [draft for draft in drafts if draft.area is None and draft.lon is not None and draft.lat is not None]
    lost = [draft for draft in lost if abs(draft.lon or 0) <= 90]
    found = areas_at([draft.lat for draft in lost if draft.lat is not None], [d.lon for d in lost if d.lon is not None])
    names = dict(Area.objects.filter(pk__in={area for area in found if area}).values_list("pk", "name"))
    return {
        draft.key: names[area]
        for draft, area in zip(lost, found, strict=True)
        if area is not None and (home is None or area in home)
    }


def _stated(sheet: Sheet, draft: Draft, spec: AreaColumn) -> int | None:
    text = sheet.cell(draft.row, spec.column)
    area = sheet.run.area_of(spec, text) if text else None
    if text and area is None:
        sheet.report.say(
            "noted", _("no area is called “%(name)s”") % {"name": text}, row=draft.row.number, column=spec.column
        )
    return area


def _check_stated(sheet: Sheet, drafts: list[Draft]) -> None:
    """The area that a row states must be the one in which its point lies; where it is not, the report says so."""
    if not sheet.step.check:
        return
    areas = {draft.area for draft in drafts if draft.area}
    above: dict[tuple[int, str], int] = {}
    links = AreaClosure.objects.filter(area__in=areas).order_by("pk")
    for area, ancestor, kind in links.values_list("area_id", "ancestor_id", "ancestor_kind"):
        above[(area, kind)] = ancestor
    names = dict(Area.objects.filter(pk__in=set(above.values())).values_list("pk", "name"))
    for draft in drafts:
        for check in sheet.step.check:
            text = sheet.cell(draft.row, check.column)
            if not text or draft.area is None:
                continue
            wanted = sheet.run.find_area(text, check.kind)
            lies_in = above.get((draft.area, check.kind))
            if wanted == lies_in and wanted is not None:
                continue
            why = _("the file says “%(stated)s”, the point lies in “%(found)s”") % {
                "stated": text,
                "found": names.get(lies_in or 0, "?"),
            }
            sheet.report.say(
                "noted", why, row=draft.row.number, column=check.column, label=str(draft.fields.get("name", ""))
            )


# --- contacts -----------------------------------------------------------------------------------------------------
def read_contacts(sheet: Sheet, draft: Draft, context: str) -> None:
    """Put the contacts of a row into its draft: several numbers in a cell are told apart, each with who may see it."""
    spec = sheet.step.contacts
    if spec is None:
        return
    found: list[Reach] = []
    found += read_phones(sheet.cell(draft.row, spec.phone)) if spec.phone else []
    found += read_emails(sheet.cell(draft.row, spec.email)) if spec.email else []
    found += read_addresses(sheet.cell(draft.row, spec.web)) if spec.web else []
    found += read_addresses(sheet.cell(draft.row, spec.social), ContactKind.SOCIAL) if spec.social else []
    if spec.person and sheet.cell(draft.row, spec.person):
        found.append(Reach(ContactKind.PERSON, sheet.cell(draft.row, spec.person)[:300]))
    # A dry run counts contacts, it shows none: who may see them is not asked.
    draft.contacts = tuple(
        sorted(
            (
                str(reach.kind),
                reach.value[:300],
                reach.label[:120],
                "" if sheet.run.dry else str(classify(reach.kind, reach.value, context, label=reach.label)),
            )
            for reach in set(found)
        )
    )


def sync_contacts(
    run: Run, report: StepReport, model: type[Any], owner: str, drafts: dict[int, Draft], touched: frozenset[int]
) -> None:
    """Bring the contacts of the loaded records up to date; those of records that people corrected only grow."""
    existing: dict[int, dict[tuple[str, str], Any]] = {}
    for start in range(0, len(drafts), CHUNK):
        chunk = list(drafts)[start : start + CHUNK]
        for item in model.objects.filter(**{f"{owner}__in": chunk}).order_by("pk"):
            existing.setdefault(getattr(item, owner), {})[(item.kind, item.value)] = item
    new: list[Any] = []
    added, gone = 0, []
    for pk, draft in drafts.items():
        had = existing.get(pk, {})
        wanted = {(kind, value): (label, visibility) for kind, value, label, visibility in draft.contacts}
        for (kind, value), (label, visibility) in wanted.items():
            if (kind, value) not in had:
                added += 1
                if not run.dry:
                    new.append(model(**{owner: pk}, kind=kind, value=value, label=label, visibility=visibility))
        if pk not in touched:
            gone += [item.pk for key, item in had.items() if key not in wanted]
    bulk.insert(new)
    for start in range(0, len(gone), CHUNK):
        model.objects.filter(pk__in=gone[start : start + CHUNK]).delete()
    if added or gone:
        report.related["contacts"] = added + len(gone)
        report.related["changed"] = report.related.get("changed", 0) + added + len(gone)


# --- writing ------------------------------------------------------------------------------------------------------
def touched_by_people(model: type[Model], pks: Iterable[int]) -> dict[int, frozenset[str]]:
    """The fields of these records that somebody changed by hand: a load does not overwrite them."""
    found: dict[int, set[str]] = {}
    ids = [str(pk) for pk in pks]
    for start in range(0, len(ids), CHUNK):
        entries = AuditEntry.objects.filter(kind=kind_of(model), object_id__in=ids[start : start + CHUNK])
        for pk, changes in entries.exclude(verb=LOADED).order_by("number").values_list("object_id", "changes"):
            found.setdefault(int(pk), set()).update(changes)
    return {pk: frozenset(names) for pk, names in found.items()}


@dataclass
class Written:
    """What `sync` made of the drafts: the record of each key, and which records people had corrected."""

    pk_of: dict[str, int]
    drafts: dict[int, Draft]
    touched: frozenset[int]
    changed: list[int]
    by_hand: dict[int, frozenset[str]] = field(default_factory=dict)


def sync(run: Run, step: RecordsStep, report: StepReport, model: type[Any], drafts: list[Draft]) -> Written:
    """Create what is new, update what the file says otherwise, leave the rest; the audit gets a row for each change."""
    prefix = f"{step.prefix or run.recipe.key}:"
    source = run.source(step)
    existing = {row.import_key: row for row in model.objects.filter(import_key__startswith=prefix).order_by("pk")}
    by_hand = touched_by_people(model, [row.pk for row in existing.values()])
    new: list[Any] = []
    changed: list[tuple[Any, dict[str, Any]]] = []
    names: set[str] = set()
    for draft in drafts:
        values = {**draft.fields, "lon": draft.lon, "lat": draft.lat, "area_id": draft.area, "source": source}
        row = existing.pop(draft.key, None)
        if row is None:
            row = model(import_key=draft.key, **{k: v for k, v in values.items() if k not in {"lon", "lat"}})
            row.put_at(draft.lon, draft.lat)
            new.append(row)
            continue
        before = _update(row, values, by_hand.get(row.pk, frozenset()), report, draft)
        if before is None:
            report.same += 1
        else:
            changed.append((row, before))
            names.update(values)
    bulk.insert(new)
    keys = _keys(model, prefix)
    for row in new:
        row.pk, row._state.adding = keys[row.import_key], False
    if changed:
        columns = [name.removesuffix("_id") for name in names] + ["x", "y", "edited_at"]
        model.objects.bulk_update([row for row, _before in changed], sorted(set(columns)), batch_size=200)
    report.new, report.updated = len(new), len(changed)
    rows = [*new, *(row for row, _before in changed)]
    if not run.dry:
        run.acts += [_act(row, None) for row in new] + [_act(row, before) for row, before in changed]
    run.changed(model, [row.pk for row in rows])
    _gone(run, step, report, model, existing)
    pk_of = _keys(model, prefix)
    drafts_by_pk = {pk_of[draft.key]: draft for draft in drafts}
    return Written(pk_of, drafts_by_pk, frozenset(by_hand), [row.pk for row in rows], by_hand)


def _keys(model: type[Any], prefix: str) -> dict[str, int]:
    rows = model.objects.filter(import_key__startswith=prefix).order_by("pk")
    return dict(rows.values_list("import_key", "pk"))


def _act(row: Any, before: dict[str, Any] | None) -> Act:
    return Act(LOADED, kind_of(row), str(row.pk), str(row)[:300], differences(row, before))


def _update(
    row: Any, values: dict[str, Any], by_hand: frozenset[str], report: StepReport, draft: Draft
) -> dict[str, Any] | None:
    """Put the values into the record; gives how it was before, or None when nothing differs."""
    different = {}
    for name, value in values.items():
        attribute = "source_id" if name == "source" else name
        wanted = value.pk if name == "source" and value is not None else value
        if getattr(row, attribute) == wanted:
            continue
        if attribute in by_hand:
            why = _("“%(field)s” was corrected by hand and stays as it is") % {"field": _field_name(row, name)}
            report.say("noted", why, row=draft.row.number, label=str(row))
            continue
        different[name] = value
    if not different:
        return None
    before = state_of(row)
    for name, value in different.items():
        if name not in {"lon", "lat"}:
            setattr(row, name, value)
    if "lon" in different or "lat" in different:
        row.put_at(values["lon"], values["lat"])
    for name in different:
        report.fields[name.removesuffix("_id")] += 1
    report.say(
        "updated",
        ", ".join(sorted(_field_name(row, name) for name in different)),
        row=draft.row.number,
        label=str(row),
    )
    return before


def _field_name(row: Any, name: str) -> str:
    return str(row._meta.get_field(name.removesuffix("_id")).verbose_name)


def _gone(run: Run, step: RecordsStep, report: StepReport, model: type[Any], rows: dict[str, Any]) -> None:
    """Records that the file no longer bears: reported, and closed by date when the recipe says so; never deleted."""
    closes = step.when_gone == "close" and hasattr(model, "valid_to") and hasattr(model, "state")
    if closes and run.unreadable():
        closes = False
        report.say("noted", _("nothing is closed, since rows of the file could not be read"))
    closed = []
    for key, row in rows.items():
        if key in report.refused_keys:
            continue  # its row is there, and refused
        if closes and row.state != "closed":
            before = state_of(row)
            row.valid_to, row.state = max(run.today, row.valid_from or run.today), "closed"
            closed.append(row)
            report.say("closed", _("no longer in the file: closed today"), label=str(row))
            if not run.dry:
                run.acts.append(_act(row, before))
        elif not closes or row.state != "closed":
            report.say("gone", _("no longer in the file"), label=str(row))
    if closed:
        model.objects.bulk_update(closed, ["valid_to", "state"], batch_size=200)
        run.changed(model, [row.pk for row in closed])
