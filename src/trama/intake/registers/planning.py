"""What loading a spreadsheet would do, row by row, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from trama.core.actor import Actor
from trama.core.facts import HOME_AREA, facts
from trama.core.keys import among
from trama.intake.permissions import may_load
from trama.intake.recipe import RegisterStep
from trama.intake.registers.areas import Areas
from trama.intake.registers.bodies import Bodies, Places
from trama.intake.registers.comparing import Comparing, Difference
from trama.intake.registers.details import PLACE
from trama.intake.registers.fields import Kind, Registered
from trama.intake.registers.matching import Known, Match, alike
from trama.intake.registers.reading import A_NOTE, A_TOTAL, SKIPPED, Asked, Reader, open_reader
from trama.intake.rows import Table
from trama.intake.steps.records import shortened, touched_by_people
from trama.territory import finding
from trama.territory.permissions import KEEPERS, STAFF, WRITERS

# What is said of a row.
NEW, SAME, UPDATED, POSSIBLE, DUPLICATE, REFUSED, LEFT = (
    "new", "same", "updated", "possible", "duplicate", "refused", "left",
)  # fmt: skip
OUTCOMES = (NEW, UPDATED, SAME, POSSIBLE, DUPLICATE, REFUSED, LEFT)
COMING = frozenset({NEW, UPDATED, SAME})  # rows of which the record is here after the load
PROBLEMS = frozenset({POSSIBLE, DUPLICATE, REFUSED})  # rows that stand in the workbook to be mended


@dataclass(slots=True)
class Told:
    """The verdict on one row."""

    row: int
    outcome: str
    label: str = ""
    record: int | None = None  # the record of which it speaks
    record_name: str = ""
    why: list[tuple[str, str]] = field(default_factory=list)  # column, sentence
    changes: list[tuple[str, str, str]] = field(default_factory=list)  # field, from, to
    lon: float | None = None
    lat: float | None = None
    exact: bool = False  # of a duplicate: it says nothing else than the first
    dropped: list[tuple[str, str]] = field(default_factory=list)  # cells without which it is loaded: column, why
    sparable: bool = False  # it is refused for cells alone without which it could be loaded
    takable: bool = False  # it looks like no record; somebody may say that it is one


@dataclass(slots=True)
class Update:
    """A record that is here and what becomes of it."""

    registered: Registered
    pk: int
    asked: Asked
    difference: Difference


@dataclass
class Plan:
    """Everything that a load of one spreadsheet would do."""

    registered: Registered
    table: Table
    told: list[Told] = field(default_factory=list)
    new: list[tuple[Asked, str]] = field(default_factory=list)  # with the key under which each is found again
    updates: list[Update] = field(default_factory=list)
    bodies: Bodies = field(default_factory=Bodies)
    prefix: str = ""
    complete: bool = False  # the file is an export for staff: an empty cell says that nothing is known

    def counts(self) -> dict[str, int]:
        """How many rows have each verdict."""
        found = dict.fromkeys(OUTCOMES, 0)
        for one in self.told:
            found[one.outcome] += 1
        return found


@dataclass
class Planner:
    """Compares the rows of one spreadsheet with what the actor may see and change."""

    actor: Actor
    step: RegisterStep
    prefix: str
    reader: Reader
    plan: Plan = field(init=False)

    def __post_init__(self) -> None:
        self.registered = self.reader.registered
        self.areas: Areas = self.reader.areas
        self.plan = Plan(self.registered, self.reader.table, prefix=self.prefix, complete=self.reader.for_staff)
        self.numbers: dict[int, int | None] = {}  # what rows bear as numbers here, by the identity of the row

    @cached_property
    def everywhere(self) -> bool:
        """Whether the actor writes in all areas, those outside of the home territory too."""
        return self.actor.everywhere(WRITERS | KEEPERS)

    @cached_property
    def loads_all(self) -> bool:
        """Whether the actor may load anything of the home territory: records without an area too."""
        return may_load(self.actor) or self.everywhere

    @cached_property
    def mine(self) -> frozenset[int]:
        """The areas in which the actor writes."""
        return self.actor.areas_with(WRITERS | KEEPERS if self.loads_all else WRITERS)

    @cached_property
    def known(self) -> Known:
        return Known.to(self.actor, self.registered, self.areas)

    # --- the whole
    def make(self) -> Plan:
        """The plan."""
        rows = self.reader.rows()
        home = finding.id_of(str(facts().get(HOME_AREA) or ""))
        sound: list[tuple[Asked, Told]] = []
        for asked in rows:
            told = self._told(asked)
            if self._stays_out(asked, told):
                continue
            told.dropped = asked.dropped
            if self.registered.key == "experiences":
                self._place(asked, home)
            sound.append((asked, told))
        self.plan.bodies = Bodies.of(self.actor, (asked for asked, _told in sound), everywhere=self.loads_all)
        if any(one.kind in PLACE or one.kind == Kind.PLACE for one, _headers in self.reader.columns):
            Places.to(self.actor).resolve(self.registered, (asked for asked, _told in sound))
        self._sort(sound)
        return self.plan

    def _stays_out(self, asked: Asked, told: Told) -> bool:
        """Whether a row is refused for what it says itself, or is no record."""
        if not asked.faults and not (asked.spared and self.step.bad_cells == "refuse"):
            return False
        marks = {
            SKIPPED: _("it speaks of another territory"),
            A_TOTAL: _("a row of totals"),
            A_NOTE: _("a note below the table"),
        }
        left = next((why for _column, why in asked.faults if why in marks), "")
        told.outcome = LEFT if left else REFUSED
        told.why = [("", marks[left])] if left else [*asked.faults, *asked.spared]
        told.sparable = not asked.faults
        told.takable = left in {A_TOTAL, A_NOTE}
        return True

    def _told(self, asked: Asked) -> Told:
        told = Told(asked.number, NEW, asked.label, lon=asked.values.get("lon"), lat=asked.values.get("lat"))
        self.plan.told.append(told)
        return told

    def _place(self, asked: Asked, home: int | None) -> None:
        """The areas of an experience: those that it states, else that of its point, else (city-wide) home."""
        found = asked.values.pop("area_id", None)
        if not asked.hanging.get("areas") and "areas" not in asked.doubts:
            area = found or (home if asked.values.get("is_city_wide") else None)
            if area:
                asked.hanging["areas"] = ((area,),)

    # --- whom each row speaks of
    def _sort(self, sound: list[tuple[Asked, Told]]) -> None:
        self._numbers_of_others(sound)
        taken: dict[int, Asked] = {}
        keys: dict[str, Asked] = {}
        matched: list[tuple[Asked, Told, Match]] = []
        unmatched: list[tuple[Asked, Told, str]] = []
        for asked, told in sound:
            key = self._key(asked)
            first = keys.setdefault(key, asked)
            if first is not asked:
                self._duplicate(told, asked, first)
                continue
            match = self.known.of(asked, key)
            if match is None:
                unmatched.append((asked, told, key))
            elif match.sure and match.pk in taken:
                self._duplicate(told, asked, taken[match.pk])
            elif match.sure:
                taken[match.pk] = asked
                matched.append((asked, told, match))
            else:
                self._possible(asked, told, key, match, matched, taken)
        found = alike(self.known, [asked for asked, _told, _key in unmatched], taken)
        for number, (asked, told, key) in enumerate(unmatched):
            match = found.get(number)
            if match is None:
                self._new(asked, told, key)
            else:
                self._possible(asked, told, key, match, matched, taken)
        self._resolve_records(sound, matched)
        self._compare(matched)

    # --- records that rows name by their numbers
    def _numbers_of_others(self, sound: list[tuple[Asked, Told]]) -> None:
        """Where most numbers are of other records here, the file is of another installation: they recognise nothing."""
        bearing = [asked for asked, _told in sound if asked.here is not None]
        self.numbers = {id(asked): asked.here for asked in bearing}
        known = sum(self.known.bears(asked) for asked in bearing)
        if known * 2 < len(bearing):
            for asked in bearing:
                asked.here = None

    def _resolve_records(self, sound: list[tuple[Asked, Told]], matched: list[tuple[Asked, Told, Match]]) -> None:
        """The numbers of other records: those of rows of this file, then (in a file of ours) those that are here."""
        fields = [one for one in self.registered.fields if one.kind == Kind.RECORD]
        here: dict[int | None, int] = {
            self.numbers[id(asked)]: match.pk for asked, _told, match in matched if id(asked) in self.numbers
        }
        coming = {self.numbers[id(asked)]: asked.number for asked, _key in self.plan.new if id(asked) in self.numbers}
        own = not self.numbers or any(asked.here is not None for asked, _told in sound)
        for asked, _told in sound:
            for one in fields:
                wanted = asked.values.pop(one.attribute, None)
                if wanted is None:
                    continue
                if wanted in coming:
                    asked.links[one.attribute] = coming[wanted]
                elif wanted in here or (own and wanted in self.known.rows):
                    asked.values[one.attribute] = here.get(wanted, wanted)
                else:
                    text = _("no record bears the number %(number)s here") % {"number": wanted}
                    asked.notes.append(("", f"{one.label}: {text}"))

    def _key(self, asked: Asked) -> str:
        return shortened(f"{self.prefix}:{asked.key or '#' + asked.own_key}")

    def _duplicate(self, told: Told, asked: Asked, first: Asked) -> None:
        told.outcome, told.exact = DUPLICATE, asked.is_like(first)
        text = _("it says the same as row %(row)s") if told.exact else _("row %(row)s already speaks of this record")
        told.why = [("", text % {"row": first.number})]

    def _possible(
        self,
        asked: Asked,
        told: Told,
        key: str,
        match: Match,
        matched: list[tuple[Asked, Told, Match]],
        taken: dict[int, Asked],
    ) -> None:
        """A record that may be the same: what the person said of it, else it waits."""
        decided = self.step.decisions.get(str(asked.number), "")
        said = decided if decided in {"same", "new", "leave"} else self.step.possible
        if said == "new":
            if key in self.known.by_import:  # the number in the source is another record's
                key = shortened(f"{self.prefix}:#{asked.own_key}")
            self._new(asked, told, key)
            return
        told.record, told.record_name = match.pk, self.known.rows[match.pk].name
        if said == "same" and match.pk in taken:
            self._duplicate(told, asked, taken[match.pk])
        elif said == "same":
            taken[match.pk] = asked
            matched.append((asked, told, Match(match.pk, sure=True, why=match.why)))
        else:
            left = decided == "leave"
            told.outcome = LEFT if left else POSSIBLE
            told.why = [("", _("left out, as somebody decided"))] if left else [("", match.why)]

    def _new(self, asked: Asked, told: Told, key: str) -> None:
        doubts = list(asked.doubts.values())
        if doubts:
            told.outcome, told.why = REFUSED, doubts
            return
        if key in self.known.hidden_keys:
            told.outcome = REFUSED
            told.why = [("", _("it is here already, among records that you may not change"))]
            return
        if refusal := self._not_mine(self._areas_of(asked)):
            told.outcome, told.why = REFUSED, [(asked.area_column, refusal)]
            return
        told.outcome, told.why = NEW, list(asked.notes)
        self.plan.new.append((asked, key))

    def _areas_of(self, asked: Asked) -> list[int]:
        area = asked.values.get("area_id")
        return [area] if area else [pk for (pk,) in asked.hanging.get("areas", ())]

    def _not_mine(self, areas: Iterable[int]) -> str:
        """Why the actor may not have a record in these areas; empty when they may."""
        wanted = list(areas)
        if self.everywhere or any(pk in self.mine for pk in wanted) or (self.loads_all and not wanted):
            return ""
        if not wanted:
            return _("it stands in no area: write in which of yours it is")
        return _("you do not write in %(area)s") % {"area": finding.name_of(wanted[0])}

    # --- what becomes of those that are here
    def _compare(self, matched: list[tuple[Asked, Told, Match]]) -> None:
        reader = self.reader
        # Whoever is staff of some areas does not see all that is hidden: what their file lacks is not taken away.
        complete = reader.for_staff and self.actor.everywhere(STAFF)
        comparing = Comparing(self.registered, self.areas, self.plan.bodies, reader.capitals, for_staff=complete)
        pks = [match.pk for _asked, _told, match in matched]
        differences = comparing.differences([(match.pk, asked) for asked, _told, match in matched])
        wanting = [pk for pk, one in zip(pks, differences, strict=True) if one]
        by_hand = touched_by_people(self.registered.model, wanting) if self.step.by_hand == "keep" else {}
        standing = self._standing(wanting)
        for (asked, told, match), difference in zip(matched, differences, strict=True):
            told.record, told.record_name = match.pk, self.known.rows[match.pk].name
            told.why = [*asked.notes]
            if doubts := [doubt for key, doubt in asked.doubts.items() if key not in difference.settled]:
                told.outcome, told.why = REFUSED, doubts
                continue
            told.why += [("", text) for text in comparing.kept(difference, by_hand.get(match.pk))]
            if not difference:
                told.outcome = SAME
                continue
            now, then = standing.get(match.pk, []), self._areas_of(asked)
            if refusal := self._not_mine(now) or (then and self._not_mine(then)):
                told.outcome, told.why = REFUSED, [(asked.area_column, str(refusal))]
                continue
            told.outcome, told.changes = UPDATED, comparing.in_words(difference)
            self.plan.updates.append(Update(self.registered, match.pk, asked, difference))

    def _standing(self, pks: list[int]) -> dict[int, list[int]]:
        """The areas in which records stand."""
        if self.everywhere:
            return {}
        found: dict[int, list[int]] = {}
        rows: Any = self.registered.model._default_manager.filter(pk__in=among(pks)).order_by()
        path = "areas__area_id" if self.registered.key == "experiences" else "area_id"
        for pk, area in rows.values_list("pk", path):
            found.setdefault(pk, []).extend([area] if area else [])
        return found


def make_plan(actor: Actor, step: RegisterStep, prefix: str, table: Table) -> Plan:
    """What loading a table as a step says would do, for this actor. Raises RecipeError."""
    return Planner(actor, step, prefix, open_reader(step, table)).make()


def to_mend(one: Told) -> bool:
    """Whether somebody may mend a row: it is not loaded, or not with all its cells."""
    return (one.outcome in PROBLEMS and not one.exact) or comes_short(one)


def comes_short(one: Told) -> bool:
    """Whether a row comes in without some of its cells."""
    return one.outcome in COMING and bool(one.dropped)
