"""What the steps of a load share: the sources, the areas of the recipe, and what goes into the audit and the search."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from trama.core import codes
from trama.core.actor import Actor
from trama.core.history import Act
from trama.core.models import Code, Source
from trama.intake import files
from trama.intake.context.cells import code_of
from trama.intake.context.overwriting import Defined, Written
from trama.intake.recipe import ANY, AreaColumn, CodeSpec, Recipe, RecipeError, Rule, SourceSpec, Step
from trama.intake.verdicts import StepReport
from trama.network.models import normalised
from trama.territory import boundaries
from trama.territory.models import Area, AreaClosure

SMALL_WORDS = frozenset(
    [
        "a",
        "ad",
        "al",
        "alla",
        "alle",
        "allo",
        "ai",
        "agli",
        "da",
        "dal",
        "dalla",
        "dei",
        "del",
        "della",
        "delle",
        "dello",
        "degli",
        "di",
        "e",
        "ed",
        "in",
        "nel",
        "nella",
        "su",
        "sul",
        "sulla",
    ]
)
ROMAN = re.compile(r"^[IVXLCDM]{1,6}$")


def title_case(text: str) -> str:
    """A text in capitals as Italian writes names: “VIA DEL PRATELLO” becomes “Via del Pratello”."""
    if text != text.upper():
        return " ".join(text.split())
    words = []
    for number, word in enumerate(text.split()):
        lower = word.lower()
        if number and lower in SMALL_WORDS:
            words.append(lower)
        elif ROMAN.match(word) and word not in {"DI", "MI"} and (number or len(word) > 1):
            words.append(word)
        else:
            words.append(re.sub(r"(^|[\s'’.\-(])([^\W\d_])", lambda m: m[1] + m[2].upper(), lower))
    return " ".join(words)


@dataclass
class Run:
    """One load under way. Rows are written as the steps go; whoever started it commits or takes all back."""

    actor: Actor
    recipe: Recipe
    folder: Path
    dry: bool = False
    today: date = field(default_factory=date.today)
    say: Callable[[str], None] = lambda text: None
    sources: dict[str, Source] = field(default_factory=dict)
    roots: list[int] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    to_index: dict[type[Model], list[int]] = field(default_factory=dict)
    # What the steps of numbers wrote, with what stood there before: a load of indicators can be taken back.
    written: list[Written] = field(default_factory=list)
    defined: list[Defined] = field(default_factory=list)
    # Plans of spreadsheets that were made before the transaction, with the last act that was known then.
    plans: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)  # what is kept with the load beside its counts
    _areas: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    _tables: dict[tuple[str, object], files.Table] = field(default_factory=dict)
    _shapes: dict[tuple[str, str], boundaries.Read] = field(default_factory=dict)
    _used: list[files.Table] = field(default_factory=list)

    # --- files
    def path(self, name: str) -> Path:
        """The file of this name in the folder of the load."""
        return files.find(self.folder, name)

    def table(self, name: str, spec: object) -> files.Table:
        """A file as rows; read once."""
        key = (name, spec)
        if key not in self._tables:
            self._tables[key] = files.read(self.path(name), spec)  # type: ignore[arg-type]
        if not any(table is self._tables[key] for table in self._used):
            self._used.append(self._tables[key])
        return self._tables[key]

    def shapes(self, name: str, crs: str) -> boundaries.Read:
        """A file of boundaries; read once."""
        key = (name, crs)
        if key not in self._shapes:
            try:
                self._shapes[key] = boundaries.read(self.path(name), crs)
            except boundaries.FileRefused as error:
                raise RecipeError(str(error)) from error
        return self._shapes[key]

    def begin(self) -> None:
        """Before each step: which files it reads is asked anew."""
        self._used = []

    def unreadable(self) -> bool:
        """Whether rows of the files of this step could not be read: then nobody knows which records they were."""
        return any(table.faults for table in self._used)

    def tell(self, report: StepReport) -> None:
        """After each step: the rows of its files that could not be read are refused, what was put right is noted."""
        for table in self._used:
            for fault in table.faults:
                report.rows += 1
                report.refuse(fault.row, fault.column, fault.why, table.sheet)
            for note in table.notes:
                report.say("noted", note.why, row=note.row, column=note.column, label=table.called)

    # --- sources and codes
    def source(self, step: Step) -> Source | None:
        """The source of a step."""
        return self.sources.get(step.source)

    def prepare(self) -> None:
        """Bring the sources and the codes of the recipe up to date."""
        # A spreadsheet of somebody names its source; it says nothing new of one that is here.
        update = any(step.kind != "register" for step in self.recipe.steps)
        for spec in self.recipe.sources:
            here = None if update else Source.objects.filter(key=spec.key).first()
            self.sources[spec.key] = here or _bring_source(spec)
        added = [_code(spec) for spec in self.recipe.codes]
        known = set(Code.objects.filter(pk__in=[code.pk for code in added]).values_list("pk", flat=True))
        Code.objects.bulk_create([code for code in added if code.pk not in known])
        codes.forget()

    # --- audit and search
    def changed(self, model: type[Model], pks: Iterable[int]) -> None:
        """Rows whose words in the search index are to be brought up to date."""
        self.to_index.setdefault(model, []).extend(pks)

    # --- areas
    def forget_areas(self) -> None:
        """After a step that wrote areas."""
        self._areas.clear()

    def area_ids(self) -> list[int]:
        """The areas of this recipe: its municipalities and all below them (all areas, when it names none)."""
        if not self.roots:
            return list(Area.objects.order_by("pk").values_list("pk", flat=True))
        found = AreaClosure.objects.filter(ancestor__in=self.roots).order_by("area_id")
        return list(found.values_list("area_id", flat=True).distinct())

    def _index(self, kind: str, by: str, within: str = "") -> dict[str, list[int]]:
        key = f"{kind}:{by}:{within}"
        if key not in self._areas:
            index: dict[str, list[int]] = {}
            rows = Area.objects.in_force().order_by("pk")
            rows = rows if kind == ANY else rows.filter(kind=kind)
            # No list of keys where all areas are meant: there may be as many as there are municipalities.
            rows = rows.filter(pk__in=self.area_ids()) if self.roots else rows
            if within:
                rows = rows.below(self._wide(within))
            for area in rows:
                if by == "name":
                    names = {area.name, *area.other_names.splitlines()}
                    keys = {normalised(name) for name in names if name.strip()}
                else:
                    keys = {_bare(area.code if by == "code" else area.local_code)}
                for item in keys:
                    index.setdefault(item, []).append(area.pk)
            self._areas[key] = index
        return self._areas[key]

    def _wide(self, code: str) -> Area:
        found = Area.objects.filter(code=code).first()
        if found is None:
            raise RecipeError(_("no area has the code “%(code)s”.") % {"code": code})
        return found

    def areas_called(self, text: str, kind: str, by: str = "name", within: str = "") -> list[int]:
        """The areas of a kind that bear this name (or code) among those of the recipe."""
        wanted = normalised(text) if by == "name" else _bare(text)
        return self._index(kind, by, within).get(wanted, [])

    def find_area(self, text: str, kind: str, by: str = "name") -> int | None:
        """The area of a kind that bears this name (or code) among those of the recipe; None when none or several do."""
        found = self.areas_called(text, kind, by)
        return found[0] if len(found) == 1 else None

    def area_of(self, spec: AreaColumn, text: str) -> int | None:
        """The area that a cell means."""
        if (code := spec.names.get(text.strip())) is not None:
            named = self.areas_called(code, spec.kind, "code", spec.within)
            if len(named) != 1:
                raise RecipeError(_("no area has the code “%(code)s”.") % {"code": code})
            return named[0]
        found = self.areas_called(text, spec.kind, spec.by, spec.within)
        return found[0] if len(found) == 1 else None

    def why_no_area(self, spec: AreaColumn, text: str) -> str:
        """Why a cell means no area, and what may have been meant."""
        words = {"name": text.strip()[:80]}
        if not words["name"]:
            return _("the cell that names the area is empty")
        if len(self.areas_called(text, spec.kind, spec.by, spec.within)) > 1:
            return _("several areas are called “%(name)s”: say within which territory") % words
        if spec.within and self.areas_called(text, spec.kind, spec.by):
            words["wide"] = self._wide(spec.within).name
            return _("the area “%(name)s” does not lie in %(wide)s: write one that does") % words
        # Only where it costs little: a national file may name thousands of areas that are not here.
        if spec.by == "name" and len(self._index(spec.kind, spec.by, spec.within)) < 1000:
            near = difflib.get_close_matches(normalised(text), list(self._index(spec.kind, spec.by, spec.within)), n=1)
            if near:
                (pk, *_more) = self._index(spec.kind, spec.by, spec.within)[near[0]]
                words["near"] = Area.objects.values_list("name", flat=True).get(pk=pk)
                return _("no area is called “%(name)s”: did you mean “%(near)s”?") % words
        if spec.by == "name":
            return _("no area is called “%(name)s”") % words
        return _("no area has the code “%(name)s”") % words


def _bare(code: str) -> str:
    """A code as it is compared: integers and zero-padded ones alike, without the label that SDMX may append."""
    return code_of(code).removesuffix(".0").lstrip("0").casefold() or "0"


def _bring_source(spec: SourceSpec) -> Source:
    values = {
        "title": spec.title,
        "publisher": spec.publisher,
        "url": spec.url,
        "licence": spec.licence,
        "published_on": _day(spec, spec.published_on),
        "retrieved_on": _day(spec, spec.retrieved_on),
        "note": spec.note,
    }
    source, _new = Source.objects.update_or_create(key=spec.key, defaults=values)
    return source


def _day(spec: SourceSpec, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise RecipeError(
            _("the source “%(key)s”: “%(text)s” is not a date (write 2024-08-16).") % {"key": spec.key, "text": text}
        ) from error


def _code(spec: CodeSpec) -> Code:
    return Code(
        id=codes.key(spec.list, spec.value),
        list=spec.list,
        value=spec.value,
        label_it=spec.label_it,
        label_en=spec.label_en,
        description=spec.description,
        position=1000,
    )


def skipped(rules: list[Rule], columns: dict[str, str], row: files.Row) -> Rule | None:
    """The rule by which a row is left out, if any; `columns` gives the column of the file for that of each rule."""
    for rule in rules:
        if row[columns[rule.column]].strip() in rule.values:
            return rule
    return None


def note_skips(report: StepReport, rule: Rule, row: files.Row) -> None:
    """Count a row that the recipe leaves out, and say why once for each rule."""
    report.skipped += 1
    why = rule.why or _("left out by the recipe (%(column)s)") % {"column": rule.column}
    if not any(verdict.why == why for verdict in report.those("noted")):
        report.say(
            "noted", why, row=row.number, column=rule.column, label=row[rule.column] if rule.column in row.cells else ""
        )
