"""Loads of records taken back whole: what would go, what rests on it since, and the rows as they were before.

What a load wrote is noted by the database (`core.rewinding`), whichever step wrote it. A record that the load brought
in goes again, unless somebody has worked on it or something later points to it; a field that it changed gets its former
value, unless it was changed again. What stands in the way is listed; then nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import ForeignObjectRel, Model, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core import history, search
from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.core.models import AuditEntry, Code, Fact, Source
from trama.core.rewinding import Journal, Key, Keys, noting
from trama.core.rewinding import as_it_is as rows_now
from trama.core.rewinding import put_back as rows_back
from trama.intake.context import undoing as indicators
from trama.intake.models import KEPT_FOR, MENDED_WITHIN, Load, LoadTrace, RowsToMend
from trama.monitoring.choices import Answer
from trama.monitoring.models import FrozenRow, Sheet, Wave
from trama.network.models import Merge, Organisation, Proposal
from trama.territory.models import Area, ContextIndicator, ContextValue
from trama.ui.numbers import day, number

APPS = ("territory", "network", "directory", "experiences")
NEVER_LOADED = frozenset({"network.proposal", "network.merge", "network.seeking", "network.membership"})
# What others may use without asking: it stays when somebody does.
SHARED: tuple[type[Model], ...] = (Source, Code, Fact, ContextIndicator)
# Dates that later acts move on their own: what was done since is no reason to refuse.
LIVELY = frozenset({"edited_at", "confirmed_on", "used_on"})
READING = frozenset({"read", "exported"})  # acts that leave a record as it is
TAKEN_BACK = "load"  # in the audit of a record: the number of the load that was taken back from under it
SHOWN = 100  # things in the way that are listed by name
SOME = 500


# --- keeping ------------------------------------------------------------------------------------------------------
def traced() -> list[type[Model]]:
    """The tables into which a load may write."""
    found = [model for app in APPS for model in apps.get_app_config(app).get_models()]
    return [Source, Code, Fact, *(model for model in found if model._meta.label_lower not in NEVER_LOADED)]


def trace(*, wanted: bool) -> AbstractContextManager[Journal | None]:
    """Note what is written within the block; not of a dry run."""
    return noting(traced()) if wanted else nullcontext()


def keep(load: Load, journal: Journal | None, content: dict[str, Any]) -> None:
    """Keep what is needed to take a load back, if it wrote anything."""
    forget_old()
    if content:
        LoadTrace.objects.create(load=load, content=content)
    elif journal is not None and len(journal):
        LoadTrace.objects.create(load=load, rows=journal.pack())


def forget_old() -> None:
    """Let go of what stood before loads that are too old to be taken back, and of rows that nobody mended in time."""
    now = timezone.now()
    LoadTrace.objects.filter(load__started_at__lt=now - timedelta(days=KEPT_FOR)).delete()
    RowsToMend.objects.filter(load__started_at__lt=now - timedelta(days=MENDED_WITHIN)).delete()


# --- what is in the way -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Blocker:
    """Something that rests on a load, in words, and where it stands."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why a load cannot be taken back: a sentence, what is in the way, and how many things more."""

    reason: str
    blockers: tuple[Blocker, ...] = ()
    more: int = 0

    def __str__(self) -> str:
        return "; ".join([self.reason, *(blocker.text for blocker in self.blockers)])


@dataclass
class Loaded:
    """A load with its journal; what is asked of it by the questions below."""

    load: Load
    journal: Journal
    actor: Actor
    stays: dict[type[Model], set[Key]] = field(default_factory=dict)

    def created(self, model: type[Model]) -> Keys:
        return self.journal.of(model).created


def refusal(load: Load, actor: Actor) -> Refusal | None:
    """Why a load cannot be taken back today; None when it can."""
    if load.undone:
        return Refusal(_("This load was taken back already."))
    kept = LoadTrace.objects.filter(load=load).first()
    if kept is None:
        return Refusal(_no_trace(load))
    if not kept.rows:
        why = indicators.why_not(load)
        return Refusal(why) if why else None
    loaded = _opened(load, kept, actor)
    if loaded.journal.engine != connection.vendor:
        return Refusal(_("It was made on another kind of database: it cannot be taken back here."))
    found = _in_the_way(loaded)
    blockers = tuple(islice(found, SHOWN))
    if not blockers:
        return None
    reason = _("It cannot be taken back, since this came later and rests on it:")
    return Refusal(reason, blockers, sum(1 for _one in found))


def _no_trace(load: Load) -> str:
    if timezone.now() - load.started_at > timedelta(days=KEPT_FOR):
        text = _("It is older than %(days)s days: what stood there before it is no longer kept.")
        return text % {"days": number(KEPT_FOR)}
    return _("It wrote nothing, or nothing is kept of what stood there before: it cannot be taken back.")


def _opened(load: Load, kept: LoadTrace, actor: Actor) -> Loaded:
    return Loaded(load, Journal.unpack(kept.rows), actor)


def _in_the_way(loaded: Loaded) -> Iterator[Blocker]:
    yield from _worked_on(loaded)
    yield from _changed_again(loaded)
    yield from _linked(loaded)
    yield from _in_waves(loaded)
    yield from _gone_ends(loaded)
    touched = {int(key) for key in _touched_indicators(loaded)}
    made = [int(key) for key in loaded.created(ContextIndicator)]
    for text in indicators.indices_of(touched, made, loaded.load.started_at):
        yield Blocker(text)


def _registered(model: type[Model]) -> bool:
    """Whether records of a model have pages and a history of their own."""
    return model._meta.label_lower in gathered.searchables


def _said(model: type[Model], keys: Iterable[Key], actor: Actor) -> dict[Key, Blocker]:
    """How records are called, and where they stand; those that the actor may not see are not named."""
    searchable = gathered.searchables[model._meta.label_lower]
    wanted = list(keys)
    found: dict[Key, Blocker] = {}
    for start in range(0, len(wanted), SOME):
        for row in searchable.visible(actor).filter(pk__in=wanted[start : start + SOME]):
            found[row.pk] = Blocker(f"{model._meta.verbose_name} “{row}”", searchable.url(row.pk))
    hidden = Blocker(_("%(what)s that you may not see") % {"what": model._meta.verbose_name})
    return {key: found.get(key, hidden) for key in wanted}


def _worked_on(loaded: Loaded) -> Iterator[Blocker]:
    """Records that the load made and on which somebody has acted since, or a later load."""
    later = [other for other in Load.objects.filter(pk__gt=loaded.load.pk).order_by("pk") if other.entries]
    by_loads: dict[int, int] = {}
    since = loaded.load.entries[-1] if loaded.load.entries else 0
    for model, written in loaded.journal.rows.items():
        if not written.created or not _registered(model) or model in SHARED:
            continue
        acts = _later_acts(model, written.created, since)
        by_people: dict[int, AuditEntry] = {}
        for act in acts:
            load = next((load for load in later if load.wrote(act.number)), None)
            if load is None:
                by_people[int(act.object_id)] = act
            elif not load.undone:
                by_loads[load.pk] = by_loads.get(load.pk, 0) + 1
        for chunk in _chunks(sorted(by_people)):
            said = _said(model, chunk, loaded.actor)
            for key in chunk:
                act = by_people[key]
                if act.verb == "merged_away":
                    yield _no_longer_there(model, key)
                    continue
                words = {"what": said[key].text, "day": day(act.at), "who": act.user_name or "–"}
                yield Blocker(_("%(what)s: changed on %(day)s by %(who)s") % words, said[key].url)
    for load in later:
        if load.pk in by_loads:
            words = {"name": load.recipe, "number": str(load.pk), "count": number(by_loads[load.pk])}
            text = _("the later load “%(name)s” (no. %(number)s) acted on its records %(count)s times: undo that first")
            yield Blocker(text % words, reverse("intake:load", args=[load.pk]))


def _later_acts(model: type[Model], keys: Keys, since: int) -> Iterator[AuditEntry]:
    """What was done to these records since an entry of the audit, but for what only takes loads back."""
    later = AuditEntry.objects.filter(kind=history.kind_of(model), number__gt=since).exclude(verb__in=READING)
    rows: Iterable[AuditEntry]
    if len(keys) <= SOME:
        rows = later.filter(object_id__in=[str(key) for key in keys]).order_by("number")
    else:
        rows = later.order_by("number").iterator(2000)
    undone = set(Merge.objects.exclude(undone_at=None).order_by().values_list("pk", flat=True))
    for row in rows:
        # A record that somebody took away since stays away: nothing rests on it. Nor on what was undone in its turn.
        told = row.verb != "deleted" and TAKEN_BACK not in row.changes and row.changes.get("merge") not in undone
        if told and int(row.object_id) in keys:
            yield row


def _changed_again(loaded: Loaded) -> Iterator[Blocker]:
    """Fields that the load changed and that are no longer what it made them."""
    for model, written in loaded.journal.rows.items():
        if model in SHARED:
            continue
        columns = sorted({name for fields in written.changed.values() for name in fields})
        named = {str(f.column): str(f.verbose_name) for f in model._meta.concrete_fields}
        for chunk in _chunks(list(written.changed)):
            now = rows_now(model, chunk, columns)
            for key in chunk:
                if key not in now:
                    if _registered(model):
                        yield _no_longer_there(model, key)
                    continue
                other = [
                    name
                    for name, (_before, after) in written.changed[key].items()
                    if name not in LIVELY and now[key][name] != after
                ]
                if other:
                    yield _of_row(loaded, model, key, _("changed since: %(what)s") % {"what": named[other[0]]})


def _no_longer_there(model: type[Model], key: Key) -> Blocker:
    merge = Merge.objects.in_force().filter(gone=key).first() if model is Organisation else None
    if merge is not None:
        url = gathered.searchables[model._meta.label_lower].url(merge.kept)
        return Blocker(_("“%(name)s” was joined with another: undo that first") % {"name": merge.gone_name}, url)
    return Blocker(_("%(what)s number %(key)s is no longer there") % {"what": model._meta.verbose_name, "key": key})


def _of_row(loaded: Loaded, model: type[Model], key: Key, what: str) -> Blocker:
    """Something to say of a row, under the name of the record to which it belongs."""
    row = model._base_manager.filter(pk=key).first()
    owner = _owner(row) if row is not None else None
    if owner is None:
        return Blocker(f"{model._meta.verbose_name} {row or key}: {what}")
    said = _said(type(owner), [owner.pk], loaded.actor)[owner.pk]
    part = "" if type(owner) is model else f"{model._meta.verbose_name}, "
    return Blocker(f"{said.text}: {part}{what}", said.url)


def _owner(row: Model, but: str = "") -> Model | None:
    """The record with a page to which a row belongs: itself, or the first one to which it points."""
    if _registered(type(row)):
        return row
    for one in row._meta.concrete_fields:
        if one.is_relation and one.name != but and one.related_model and _registered(one.related_model):
            found: Model | None = getattr(row, one.name)
            if found is not None:
                return found
    return None


# --- links --------------------------------------------------------------------------------------------------------
def _linked(loaded: Loaded) -> Iterator[Blocker]:
    """Rows of others that point to what the load made; shared words and sources stay for them instead."""
    for model, written in loaded.journal.rows.items():
        if not written.created:
            continue
        for relation in model._meta.get_fields(include_hidden=True):
            if not isinstance(relation, ForeignObjectRel) or relation.related_model is Proposal:
                continue  # pairs that may be one are sought anew: nobody's work rests on them
            for pk, key in _pointing(loaded, relation, written.created):
                if model in SHARED:
                    loaded.stays.setdefault(model, set()).add(key)
                else:
                    yield _link(loaded, model, key, relation, pk)


def _pointing(loaded: Loaded, relation: ForeignObjectRel, keys: Keys) -> Iterator[tuple[Key, Key]]:
    """(row, record) for the rows of a table that point to some records and were not made to by the load."""
    model: Any = relation.related_model
    one = relation.field
    if one.many_to_many or model._meta.proxy:
        return
    mine = loaded.journal.of(model)
    for condition in keys.conditions(one.attname):
        rows: QuerySet[Any] = model._base_manager.filter(condition).order_by("pk").values_list("pk", one.attname)
        for pk, key in rows.iterator(5000):
            changed = mine.changed.get(pk)
            if pk not in mine.created and not (changed and one.column in changed):
                yield pk, key


def _link(loaded: Loaded, model: type[Model], key: Key, relation: ForeignObjectRel, pk: Key) -> Blocker:
    row = relation.related_model._base_manager.get(pk=pk)
    owner = _owner(row, but=relation.field.name)
    target = model._base_manager.get(pk=key)
    to = _owner(target)
    words = {"what": f"{row._meta.verbose_name}", "other": f"{model._meta.verbose_name} “{to or target}”"}
    if owner is None:
        url = gathered.searchables[to._meta.label_lower].url(to.pk) if to is not None else ""
        return Blocker(_("%(other)s: %(what)s, added since") % words, url)
    said = _said(type(owner), [owner.pk], loaded.actor)[owner.pk]
    return Blocker(_("%(who)s is linked to the %(other)s") % {**words, "who": said.text}, said.url)


def _gone_ends(loaded: Loaded) -> Iterator[Blocker]:
    """What would come back and cannot: its place is taken, or what it points to is no longer there."""
    for model, written in loaded.journal.rows.items():
        there = rows_now(model, list(written.removed), []) if written.removed else {}
        for key in there:
            yield _of_row(loaded, model, key, _("it is there again"))
        for one in model._meta.concrete_fields:
            if not one.is_relation or one.related_model is None:
                continue
            column = str(one.column)
            before = {fields[column][0] for fields in written.changed.values() if column in fields}
            before |= {row[column] for key, row in written.removed.items() if key not in there}
            target: Any = one.related_model
            wanted = [key for key in before - {None} if key not in loaded.journal.of(target).removed]
            for chunk in _chunks(sorted(wanted)):
                found = rows_now(target, chunk, [])
                for key in chunk:
                    if key not in found:
                        yield _no_longer_there(target, key)


# --- waves --------------------------------------------------------------------------------------------------------
def _in_waves(loaded: Loaded) -> Iterator[Blocker]:
    """Waves that asked about a record of the load, or froze what it wrote."""
    registers = {register.key: register.model for register in gathered.registers.values()}
    for wave in Wave.objects.order_by("pk"):
        model = registers.get(wave.what)
        written = loaded.journal.rows.get(model) if model else None
        if written is None:
            continue
        asked = _among(Sheet.objects.filter(wave=wave), written.created)
        asked += _among(FrozenRow.objects.filter(wave=wave), written.created) if not asked else 0
        if wave.closed_at is not None and wave.closed_at > loaded.load.started_at and not asked:
            asked = _among(FrozenRow.objects.filter(wave=wave), Keys(written.changed))
        if not wave.is_closed and not asked:
            answered = Sheet.objects.filter(wave=wave, answered_at__gt=loaded.load.started_at)
            asked = _among(answered.exclude(answer=Answer.WAITING), Keys(written.changed))
        if asked:
            text = ngettext(
                "the wave “%(name)s” holds one of its records",
                "the wave “%(name)s” holds %(count)s of its records",
                asked,
            )
            words = {"name": wave.name, "count": number(asked)}
            yield Blocker(text % words, reverse("monitoring:wave", args=[wave.pk]))


def _among(rows: QuerySet[Any], keys: Keys) -> int:
    return sum(rows.filter(condition).count() for condition in keys.conditions("record"))


def _touched_indicators(loaded: Loaded) -> set[Any]:
    """The indicators of which the load wrote a value or a definition."""
    values, definitions = loaded.journal.of(ContextValue), loaded.journal.of(ContextIndicator)
    found: set[Any] = {*definitions.created, *definitions.changed}
    for condition in values.created.conditions("pk"):
        rows = ContextValue.objects.filter(condition).order_by()
        found.update(rows.values_list("indicator_id", flat=True).distinct())
    for chunk in _chunks(list(values.changed)):
        rows = ContextValue.objects.filter(pk__in=chunk).order_by()
        found.update(rows.values_list("indicator_id", flat=True).distinct())
    return found


def _chunks(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(keys), SOME):
        yield keys[start : start + SOME]


# --- what would happen --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Line:
    """One kind of record: how many go, how many get their former values, how many come back."""

    label: str
    gone: int
    changed: int
    back: int


def what_goes(load: Load) -> list[Line]:
    """What taking a load back does, by kind of record; the records first, then what hangs on them."""
    kept = LoadTrace.objects.filter(load=load).first()
    if kept is None or not kept.rows:
        return []
    rows = Journal.unpack(kept.rows).rows
    ordered = sorted(rows, key=lambda model: (not _registered(model), list(rows).index(model)))
    return [
        Line(
            str(model._meta.verbose_name_plural),
            len(rows[model].created),
            len(rows[model].changed),
            len(rows[model].removed),
        )
        for model in ordered
    ]


# --- taking back --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class TakenBack:
    """How many rows went, got their former values, came back; and the records whose words are to be found anew."""

    gone: int
    changed: int
    back: int
    touched: dict[type[Model], list[Any]]


def take_back(load: Load, actor: Actor) -> tuple[TakenBack, list[history.Act]]:
    """Every row as it was; inside the caller's transaction, after `refusal`. The caller writes the acts."""
    kept = LoadTrace.objects.get(load=load)
    if not kept.rows:
        undone, told = indicators.take_back(load)
        return TakenBack(undone.removed + undone.indicators, undone.put_back, 0, {}), told
    loaded = _opened(load, kept, actor)
    for _blocker in _linked(loaded):
        pass  # asked for what is shared and stays
    journal = loaded.journal
    acts = [act for model in journal.rows for act in _acts_of_created(loaded, model)]
    touched = _touched_records(loaded)
    before = {
        model: {row.pk: history.state_of(row) for chunk in _chunks(keys) for row in _rows(model, chunk)}
        for model, keys in touched.items()
    }
    pairs = loaded.created(Organisation)
    for name in ("one_id", "other_id"):
        for condition in pairs.conditions(name):
            Proposal.objects.filter(condition).delete()
    rows_back(journal, loaded.stays)
    for model, keys in touched.items():
        for chunk in _chunks(keys):
            for row in _rows(model, chunk):
                changes = {**history.differences(row, before[model].get(row.pk)), TAKEN_BACK: load.pk}
                verb = "changed" if row.pk in before[model] else "restored"
                acts.append(history.Act(verb, history.kind_of(row), str(row.pk), str(row)[:300], changes))
    kept.delete()
    RowsToMend.objects.filter(load=load).delete()
    gone = sum(len(written.created) for written in journal.rows.values()) - sum(map(len, loaded.stays.values()))
    changed = sum(len(written.changed) for written in journal.rows.values())
    back = sum(len(written.removed) for written in journal.rows.values())
    for model in journal.rows:
        if _registered(model):
            touched[model] = [*touched.get(model, []), *journal.of(model).created]
    return TakenBack(gone, changed, back, touched), acts


def find_anew(done: TakenBack) -> None:
    """Bring the search up to date for what was taken back."""
    for model, keys in done.touched.items():
        for chunk in _chunks(sorted(keys)):
            search.refresh(model, list(chunk))


def _rows(model: type[Model], keys: Sequence[Any]) -> QuerySet[Any]:
    return model._base_manager.filter(pk__in=keys).order_by("pk")


def _acts_of_created(loaded: Loaded, model: type[Model]) -> Iterator[history.Act]:
    """That the records which the load made are no longer there."""
    if not (_registered(model) or model is ContextIndicator):
        return
    kind, extra = history.kind_of(model), {TAKEN_BACK: loaded.load.pk}
    for chunk in _chunks(list(loaded.created(model).without(loaded.stays.get(model, ())))):
        for row in _rows(model, chunk):
            yield history.Act("deleted", kind, str(row.pk), str(row)[:300], extra)


def _touched_records(loaded: Loaded) -> dict[type[Model], list[Any]]:
    """The records with a history that stay and become other: their own fields, or what hangs on them."""
    found: dict[type[Model], set[Any]] = {}
    for model, written in loaded.journal.rows.items():
        if _registered(model):
            found.setdefault(model, set()).update(written.changed, written.removed)
        owners = [
            one
            for one in model._meta.concrete_fields
            if one.is_relation and one.related_model and _registered(one.related_model)
        ]
        for one in owners if not _registered(model) else ():
            target: Any = one.related_model
            if target is Area:
                continue  # what lies in an area is no part of it
            keys = found.setdefault(target, set())
            keys.update(row[str(one.column)] for row in written.removed.values())
            for condition in written.created.conditions("pk"):
                keys.update(model._base_manager.filter(condition).order_by().values_list(one.attname, flat=True))
            keys.update(_owners_of_changed(model, one.attname, written.changed))
    return {
        model: sorted(key for key in keys - {None} if key not in loaded.created(model))
        for model, keys in found.items()
        if keys
    }


def _owners_of_changed(model: type[Model], name: str, changed: Iterable[Key]) -> Iterator[Any]:
    for chunk in _chunks(list(changed)):
        yield from model._base_manager.filter(pk__in=chunk).order_by().values_list(name, flat=True)
