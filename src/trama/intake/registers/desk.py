"""A spreadsheet of records on its way in, between one page and the next: put aside, understood, tried, loaded."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from django.db.models import Max, Min
from django.utils.text import slugify
from django.utils.translation import gettext as _

from trama.core.actor import Actor
from trama.core.keys import among
from trama.core.search import fold
from trama.intake import actions, causes, files, staging, undoing
from trama.intake.context.desk import own_key
from trama.intake.recipe import RecipeError, parse
from trama.intake.registers import cells, leftovers
from trama.intake.registers import mapping as mappings
from trama.intake.registers.areas import Areas, kind_of_header
from trama.intake.registers.becoming import kept_of
from trama.intake.registers.declared import REGISTERED
from trama.intake.registers.fields import Field, Kind, as_compared
from trama.intake.registers.footers import footers
from trama.intake.registers.mapping import Mapping, as_before, recipe_of, remembered
from trama.intake.registers.peeking import sheet_and_header, spec_of
from trama.intake.registers.planning import OUTCOMES, comes_short, to_mend
from trama.intake.registers.proposing import is_ours, propose, which
from trama.intake.registers.reading import BLANK
from trama.intake.rows import Table
from trama.territory import finding
from trama.territory.models import Boundary

KINDS = (".csv", ".txt", ".tsv", ".xlsx", ".xls", ".ods", ".json")
TRIAL, ROWS, PROGRESS = ".trial.json", ".trial.jsonl", ".progress.json"
MOST_WORDS = 80  # texts of one file that are asked about
SHOWN = 50  # rows of a page
MOST_NAMES = 20_000  # of areas, among which one that is written alike is sought
AROUND = 0.3  # degrees around the territory in which points are shown


@dataclass(frozen=True)
class Trial:
    """What a dry run found: how many rows of each verdict, and what else would be written."""

    counts: dict[str, int]
    bodies: int  # organisations that would be added
    body_names: list[str]
    points: int
    mark: str  # of the recipe that was tried
    causes: list[dict[str, Any]] = field(default_factory=list)  # for which rows are not loaded, counted together
    sparable: int = 0  # rows that could be loaded without the cells that cannot be read
    dropped: int = 0  # rows that are loaded without some
    takable: int = 0  # rows that look like no records
    to_mend: int = 0  # rows that stand in the workbook to be mended

    @property
    def rows(self) -> int:
        return sum(self.counts.values())

    @property
    def changes(self) -> int:
        return self.counts["new"] + self.counts["updated"]


@dataclass(frozen=True)
class Word:
    """A text of the file that says nothing here, and in how many cells it stands."""

    field: Field
    text: str
    count: int
    near: str  # the value that may be meant


@dataclass
class Desk:
    """What lies aside under a token: the folder, and what was said of the file."""

    token: str
    folder: Path
    mapping: Mapping

    def table(self) -> Table:
        """The file as a table."""
        return files.read(files.find(self.folder, self.mapping.file), self.mapping.table)

    def keep(self, mapping: Mapping) -> None:
        """Keep the mapping, and the recipe that follows from it; a trial of another one is no longer one."""
        self.mapping = mapping
        mappings.keep(self.folder, mapping)
        (self.folder / staging.RECIPE).write_text(recipe_of(mapping, decisions=True), encoding="utf-8")

    def recipe(self) -> str:
        """The recipe that loads the next file alike."""
        return recipe_of(self.mapping)

    def choose(self, *, register: str, sheet: str, header_row: int) -> None:
        """Look at the file anew: as another register, another sheet, another row of headers. Raises RecipeError."""
        said = self.mapping
        fresh = Mapping(said.file, register, sheet, said.sheets, header_row, records=said.records, title=said.title)
        self.keep(_understood(self.folder, fresh))

    # --- words
    def words(self) -> list[Word]:
        """Texts in columns of lists and areas that mean nothing here, those that stand most often first."""
        table, found = self.table(), []
        areas = Areas.here()
        notes = {} if self.mapping.ours else footers(table, self.mapping.taken().get("name", []))
        rows = [row for row in table.rows if row.number not in notes]
        for key, headers in self.mapping.taken().items():
            one = self.mapping.registered.by_key[key]
            # Of a list of other territories too, nobody is asked about each of their areas.
            asked = {Kind.CODE, Kind.CODES} | ({Kind.AREA, Kind.AREAS} if self.mapping.unknown == "refuse" else set())
            if one.kind not in asked:
                continue
            counts: Counter[str] = Counter()
            for header in headers:
                counts.update(row.cells[header].strip() for row in rows)
            unknown = _unknown(one, counts, areas, kind_of_header(headers[0]))
            found += [Word(one, text, count, _near(one, text, areas)) for text, count in unknown.items()]
        return sorted(found, key=lambda word: -word.count)[:MOST_WORDS]

    # --- dry run
    def trial(self, actor: Actor) -> Trial:
        """The dry run, done if it was not yet. Raises RecipeError when the file cannot be understood so."""
        mark = self._mark()
        path = self.folder / TRIAL
        if path.is_file():
            kept = Trial(**json.loads(path.read_text(encoding="utf-8")))
            if kept.mark == mark:
                return kept
        report = actions.load_recipe(actor, parse(recipe_of(self.mapping, decisions=True), staging.RECIPE), self.folder)
        (step,) = report.steps
        plan = step.plan
        unread = (leftovers.unread(fault.row, fault.column, fault.why) for fault in plan.table.faults)
        told = sorted([*plan.told, *unread], key=lambda one: one.row)
        counts = dict.fromkeys(OUTCOMES, 0) | Counter(one.outcome for one in told)
        names = sorted(plan.bodies.new.values())
        points = sum(one.lon is not None and one.lat is not None for one in told)
        coming = {asked.number: asked for asked, _key in plan.new}
        with (self.folder / ROWS).open("w", encoding="utf-8") as file:
            for one in told:
                # The verdict stands first, so that a page reads only the lines that it shows.
                more: dict[str, Any] = {"to_mend": to_mend(one)}
                if (asked := coming.get(one.row)) is not None:
                    more["becomes"] = kept_of(plan.registered, asked)
                line = json.dumps(asdict(one) | more, ensure_ascii=False)
                file.write(f"{one.outcome}\t{line}\n")
        trial = Trial(
            counts, len(names), names[:20], points, mark, causes.of_report(report),
            sparable=sum(one.sparable for one in told), dropped=sum(map(comes_short, told)),
            takable=sum(one.takable for one in told), to_mend=sum(map(to_mend, told)),
        )  # fmt: skip
        path.write_text(json.dumps(asdict(trial), ensure_ascii=False), encoding="utf-8")
        return trial

    def forget_trial(self) -> None:
        """Have the next page try anew."""
        (self.folder / TRIAL).unlink(missing_ok=True)

    def _mark(self) -> str:
        told = recipe_of(self.mapping, decisions=True)
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def rows(self, outcome: str = "") -> Iterator[str]:
        """The lines of a dry run, of one verdict or of all: as JSON."""
        with (self.folder / ROWS).open(encoding="utf-8") as file:
            for line in file:
                said, _tab, rest = line.partition("\t")
                if outcome in ("", said):
                    yield rest

    def page(self, outcome: str, number: int) -> list[dict[str, Any]]:
        """The verdicts of one page (from 1)."""
        start = (number - 1) * SHOWN
        return [json.loads(line) for place, line in enumerate(self.rows(outcome)) if start <= place < start + SHOWN]

    def points(self) -> list[tuple[float, float, str, str, int]]:
        """Where rows that would come in lie, in or near the territory: longitude, latitude, name, verdict, row."""
        found = []
        around = _around()
        for line in self.rows():
            if '"lon": null' in line:
                continue
            one = json.loads(line)
            if one["lat"] is None or one["outcome"] in ("refused", "left"):
                continue
            if around is None or (around[0] <= one["lon"] <= around[2] and around[1] <= one["lat"] <= around[3]):
                found.append((one["lon"], one["lat"], one["label"], one["outcome"], one["row"]))
        return found

    # --- what a person decides
    def decide(self, said: dict[str, str]) -> None:
        """Keep what was decided of single rows: "same", "new", "leave", "take"; empty to be asked again."""
        known = {row: what for row, what in {**self.mapping.decisions, **said}.items() if what}
        self.keep(replace(self.mapping, decisions=known))

    def forget_decisions(self) -> None:
        """Ask again of every row."""
        self.keep(replace(self.mapping, decisions={}))

    def spare(self, *, cells: bool) -> None:
        """Whether rows come in without the cells that cannot be read, where those are not needed."""
        self.keep(replace(self.mapping, bad_cells="leave_out" if cells else "refuse"))

    def decide_all(self, what: str) -> None:
        """What becomes of all rows that are possibly the same and were not decided singly."""
        self.keep(replace(self.mapping, possible=what))

    # --- progress
    def say(self, text: str) -> None:
        """Write down how far a load is."""
        (self.folder / PROGRESS).write_text(json.dumps({"said": text}, ensure_ascii=False), encoding="utf-8")

    def said(self) -> str:
        """How far a load is; empty when none runs."""
        try:
            return str(json.loads((self.folder / PROGRESS).read_text(encoding="utf-8"))["said"])
        except (OSError, ValueError, KeyError):
            return ""


def _around() -> tuple[float, float, float, float] | None:
    """West, south, east, north of the home area with some room; None where it has no boundary."""
    rows = Boundary.objects.filter(area__in=among(sorted(Areas.here().home)), valid_to__isnull=True)
    found = rows.aggregate(a=Min("min_lon"), b=Min("min_lat"), c=Max("max_lon"), d=Max("max_lat"))
    if found["a"] is None:
        return None
    return found["a"] - AROUND, found["b"] - AROUND, found["c"] + AROUND, found["d"] + AROUND


def _unknown(one: Field, counts: Counter[str], areas: Areas, kind: str) -> Counter[str]:
    """Of the texts of a column those that say nothing here."""
    found: Counter[str] = Counter()
    for text, count in counts.items():
        if not text or fold(text) in BLANK or cells.is_covered(text):
            continue
        try:
            parts = cells.parts_of(text) if one.several else [text]
        except cells.Unreadable:
            continue
        for part in parts:
            try:
                if one.list:
                    for _key in cells.codes_of(one.list, part, {}) if one.several else [cells.code_of(one.list, part)]:
                        pass
                else:
                    areas.one(part, kind)
            except cells.Unreadable:
                found[part] += count
    return found


# What offices write for the kinds of the Italian code lists, without points and blanks.
SHORT_FOR = {
    "ass promozione sociale": "aps", "associazione promozione sociale": "aps", "asd": "sports_club",
    "ssd": "sports_club", "polisportiva": "sports_club", "onlus": "other_ets", "ong": "other_ets",
    "ass volontariato": "odv", "associazione di volontariato": "odv", "organizzazione volontariato": "odv",
    "coop sociale": "social_enterprise", "cooperativa sociale": "social_enterprise", "soms": "mutual_aid",
}  # fmt: skip
PROVINCE = re.compile(r"\s*[(\[,-]?\s*\b[A-Z]{2}\b\s*[)\]]?\s*$")
WRITTEN_SHORT = (
    (re.compile(r"\bs(?:an|\.)\s*(?=\S)", re.I), "san "), (re.compile(r"\bt\.?$", re.I), "terme"),
    (re.compile(r"\bc\.\s*", re.I), "castel "),
)  # fmt: skip


def _near(one: Field, text: str, areas: Areas) -> str:
    """The value of a list, or the code of an area, whose name is most like a text; empty where none is."""
    if not one.list:
        return _near_area(text, areas)
    from rapidfuzz import fuzz, process

    names: dict[str, str] = dict(one.choices())
    plain = as_compared(text.replace(".", ""))
    words = set(plain.split())
    if said := next((key for key in names if key in words), ""):
        return said  # “APS (sez. B)”, “A.P.S.”
    if said := next((key for short, key in SHORT_FOR.items() if f" {short} " in f" {plain} " and key in names), ""):
        return said
    folded = {key: as_compared(name) for key, name in names.items()}
    if sum(words <= set(name.split()) for name in folded.values()) > 1 or (len(words) == 1 and words <= GENERAL):
        return ""  # “Associazione” says nothing of which
    best = process.extractOne(plain, folded, scorer=fuzz.token_set_ratio, score_cutoff=80)
    return str(best[2]) if best else ""


GENERAL = frozenset(
    {"associazione", "associazioni", "ente", "organizzazione", "gruppo", "societa", "azienda", "centro"}
)


def _near_area(text: str, areas: Areas) -> str:
    """The code of the area that a text with the sign of a province, or in short, most probably means."""
    bare = PROVINCE.sub("", text).strip()
    for written in (bare, _in_full(bare)):
        if len(found := areas.called(written)) == 1:
            return finding.code_of(found[0])
    if len(areas.by_name) > MOST_NAMES:
        return ""
    from rapidfuzz import fuzz, process

    best = process.extractOne(as_compared(_in_full(bare)), list(areas.by_name), scorer=fuzz.ratio, score_cutoff=85)
    found = areas.called(best[0]) if best else []
    return finding.code_of(found[0]) if len(found) == 1 else ""


def _in_full(text: str) -> str:
    for pattern, word in WRITTEN_SHORT:
        text = pattern.sub(word, text)
    return text


def put_aside(actor: Actor, upload: Any, *, register: str = "", sheet: str = "", header_row: int = 0) -> Desk:
    """Put a file aside and guess what its columns mean. Raises RecipeError, and then keeps nothing."""
    if not upload.name.lower().endswith(KINDS):
        raise RecipeError(
            _("“%(name)s” is no table: send a .xlsx, .xls, .ods or .csv file.") % {"name": upload.name[:80]}
        )
    undoing.forget_old()  # whoever sends files is a good moment to let go of old ones
    sent = staging.stage(actor.user, b"", [upload])
    folder = staging.staged(actor.user, sent.token)
    assert folder is not None  # noqa: S101
    try:
        (name,) = [path.name for path in folder.iterdir() if path.name != staging.RECIPE]
        desk = Desk(sent.token, folder, looked_at(folder / name, register, sheet, header_row))
        desk.keep(desk.mapping)
    except BaseException:
        staging.drop(sent.token)
        raise
    return desk


def looked_at(path: Path, register: str = "", sheet: str = "", header_row: int = 0) -> Mapping:
    """What the columns of a file probably mean; register, sheet and row of the header are found if nobody says them."""
    some = [REGISTERED[register]] if register else []
    found, row = sheet_and_header(path, sheet, some)
    spec = spec_of(path, found, header_row or row)
    fresh = Mapping(path.name, register, found, header_row=spec.header_row, records=spec.records)
    fresh.title = path.stem[:200]
    return _understood(path.parent, fresh)


def _understood(folder: Path, mapping: Mapping) -> Mapping:
    """The mapping with what its columns probably mean; as for the last file with the same header, if there was one."""
    table = files.read(files.find(folder, mapping.file), mapping.table)
    asked = mapping.register
    mapping.register = asked or which(table.columns, mapping.file)
    mapping.columns = propose(table, mapping.registered)
    mapping.rows = len(table.rows)
    mapping.sheets = table.sheets if len(table.sheets) > 1 else []
    mapping.sheet = table.sheet if len(table.sheets) > 1 else mapping.sheet
    mapping.faults = [(fault.row, fault.why) for fault in table.faults[:5]]
    mapping.ours = is_ours(table.columns, mapping.registered)
    mapping.by_hand = "replace" if mapping.ours else "keep"
    mapping.key = own_key(slugify(mapping.title)[:80] or mapping.register, mapping.title, mapping.publisher)
    mapping.prefix = f"{mapping.register}-{mapping.key}"[:80]
    before = remembered(table.columns)
    if before is not None and asked in ("", before.outcome["mapping"]["register"]):
        as_before(mapping, before)
    return mapping


def find(actor: Actor, token: str) -> Desk | None:
    """What this person put aside under this token; None when there is nothing (any more)."""
    folder = staging.staged(actor.user, token)
    mapping = mappings.kept(folder) if folder else None
    return Desk(token, folder, mapping) if folder and mapping else None


def load(actor: Actor, desk: Desk) -> Any:
    """Load for real what the dry run has shown, in one transaction. Gives the report. Raises RecipeError."""
    return actions.load_staged(actor, desk.token, progress=desk.say)
