"""Does what a plan says: records, what hangs on them, the bodies that they name; in the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from trama.core import bulk, codes
from trama.core.history import Act, differences, kind_of, state_of
from trama.core.keys import among
from trama.core.models import Source
from trama.experiences.choices import ExperienceState
from trama.experiences.models import Experience, ExperienceArea
from trama.intake.registers.details import BODY
from trama.intake.registers.hanging import Around, Hanging, hanging_of
from trama.intake.registers.planning import Plan, Update
from trama.intake.registers.reading import Asked
from trama.intake.steps.records import LOADED, shortened
from trama.intake.steps.run import Run
from trama.network.choices import KIND_FLAGS
from trama.network.models import Organisation, normalised
from trama.territory.models import Located

SOME = 1000


def write(run: Run, plan: Plan, source: Source | None) -> None:
    """Write everything that a plan says; the audit and the search are told through the run."""
    bodies = _bodies(run, plan, source)
    run.say(_("%(count)s new records …") % {"count": len(plan.new)})
    made = _new(run, plan, source)
    run.say(_("%(count)s records to update …") % {"count": len(plan.updates)})
    _update_all(run, plan.updates)
    run.say(_("Contacts, codes, areas and links …"))
    _hang(plan, made, bodies)
    touched = [*made.values(), *(update.pk for update in plan.updates)]
    if plan.registered.key == "experiences":
        _main_areas([update.pk for update in plan.updates])
    run.changed(plan.registered.model, touched)


# --- organisations that rows name -----------------------------------------------------------------------------------
def _bodies(run: Run, plan: Plan, source: Source | None) -> dict[str, int]:
    """The organisations that are new, by their names as compared."""
    make = bulk.maker(Organisation)
    made: dict[str, int] = {}
    for some in _parts(list(plan.bodies.new.items())):
        rows = [
            make(
                {
                    "name": text[:250],
                    "normalised_name": name,
                    "area_id": plan.bodies.areas.get(name),
                    "source_id": source.pk if source else None,
                    "import_key": shortened(f"{plan.prefix}:promoter:{name}"),
                }
            )
            for name, text in some
        ]
        made |= zip((name for name, _text in some), _insert(run, rows), strict=True)
    run.changed(Organisation, made.values())
    return made


def _parts(rows: list[Any]) -> Iterator[list[Any]]:
    """A few at a time: no more rows than these are held as objects."""
    return (rows[start : start + SOME] for start in range(0, len(rows), SOME))


def _insert(run: Run, rows: list[Any], areas: Iterable[int | None] = ()) -> list[int]:
    """Insert rows that bear a key, and tell of them; gives their own keys.

    `areas`: where the rows stand, if that follows from what hangs on them and is told there.
    """
    told = [differences(row, None) for row in rows]
    for row, area in zip(rows, areas, strict=False):
        row.area_id = area
    bulk.insert(rows)
    model, kind = type(rows[0]), kind_of(rows[0])
    keys = [row.import_key for row in rows]
    found: dict[str, int] = {}
    for start in range(0, len(keys), 500):
        some = model.objects.filter(import_key__in=keys[start : start + 500]).order_by()
        found |= some.values_list("import_key", "pk")
    run.acts += [
        Act(LOADED, kind, str(found[key]), str(row)[:300], changes)
        for key, row, changes in zip(keys, rows, told, strict=True)
    ]
    return [found[key] for key in keys]


# --- records --------------------------------------------------------------------------------------------------------
def _new(run: Run, plan: Plan, source: Source | None) -> dict[int, int]:
    """The new records, by the row that asked for each."""
    # An export of ours says of each record where it is known from; of any other file all rows are known from it.
    told = source is None or plan.complete
    sources = _sources({asked.source for asked, _key in plan.new}) if told else {}
    make = bulk.maker(plan.registered.model)
    made: dict[int, int] = {}
    for some in _parts(plan.new):
        rows = [_record(plan, make, asked, key, sources.get(asked.source, source)) for asked, key in some]
        first = [asked.hanging["areas"][0][0] if asked.hanging.get("areas") else None for asked, _key in some]
        pks = _insert(run, rows, first if plan.registered.key == "experiences" else ())
        made |= zip((asked.number for asked, _key in some), pks, strict=True)
    _link(plan, made)
    return made


def _sources(titles: set[str]) -> dict[str, Source]:
    """The sources that rows name by their titles; those that are not here yet are added."""
    known = {row.title: row for row in Source.objects.filter(title__in=sorted(titles - {""})).order_by("-pk")}
    for title in sorted(titles - {""} - set(known)):
        digest = hashlib.sha256(title.encode()).hexdigest()[:8]
        key = f"{slugify(title)[:40]}-{digest}"
        known[title], _made = Source.objects.get_or_create(key=key, defaults={"title": title})
    return known


def _link(plan: Plan, made: dict[int, int]) -> None:
    """Let records point to those that other rows of the file made."""
    linked = [(asked, made[asked.number]) for asked, _key in plan.new if asked.links]
    linked += [(update.asked, update.pk) for update in plan.updates if update.asked.links]
    model: Any = plan.registered.model
    for asked, pk in linked:
        model.objects.filter(pk=pk).update(**{name: made[row] for name, row in asked.links.items()})


def _record(plan: Plan, make: Callable[[dict[str, Any]], Any], asked: Asked, key: str, source: Source | None) -> Any:
    values = asked.values
    row = make({**values, "import_key": key, "source_id": source.pk if source else None})
    row.put_at(asked.values.get("lon"), asked.values.get("lat"))
    if isinstance(row, Organisation):
        row.normalised_name = normalised(row.name)[:250]
        flags = KIND_FLAGS.get(codes.all_codes()[row.kind_id].value) if row.kind_id else None
        for name in ("is_ets", "is_formal", "is_public_body"):
            if flags is not None and name not in values and not plan.complete:
                setattr(row, name, getattr(flags, name))
    if isinstance(row, Experience) and row.state == ExperienceState.PUBLISHED and lacks(asked):
        row.state = ExperienceState.DRAFT
    return row


def lacks(asked: Asked) -> list[str]:
    """What a new experience still needs before everybody may read it."""
    needed = {
        _("in a few words"): asked.values.get("summary"),
        _("from"): asked.values.get("starts_on"),
        _("where"): asked.hanging.get("areas"),
    }
    return [name for name, value in needed.items() if not value]


def _update_all(run: Run, updates: list[Update]) -> None:
    changing = {update.pk: update for update in updates if update.difference.values}
    also = [update.pk for update in updates if not update.difference.values]
    now = timezone.now()
    pks = sorted(changing)
    for start in range(0, len(pks), SOME):
        found = _model(updates).objects.filter(pk__in=among(pks[start : start + SOME])).order_by("pk")
        written = [(row, *_changed(row, changing[row.pk], now)) for row in found]
        run.acts += [
            Act(
                LOADED,
                kind_of(row),
                str(row.pk),
                str(row)[:300],
                _with_others(differences(row, before), changing[row.pk]),
            )
            for row, before, _names in written
        ]
        _store((row, names) for row, _before, names in written)
    by_pk = {update.pk: update for update in updates}
    for start in range(0, len(also), SOME):
        rows = _model(updates).objects.filter(pk__in=among(also[start : start + SOME])).order_by("pk")
        for row in rows:
            row.edited_at = now
            run.acts.append(Act(LOADED, kind_of(row), str(row.pk), str(row)[:300], _with_others({}, by_pk[row.pk])))
        _store((row, frozenset({"edited_at"})) for row in rows)


def _model(updates: list[Update]) -> Any:
    return updates[0].registered.model


def _changed(row: Any, update: Update, now: Any) -> tuple[dict[str, Any], frozenset[str]]:
    """Put the new values into a record: how it was before, and the names of the fields to be stored."""
    before = state_of(row)
    values = {name: becomes for name, (_was, becomes) in update.difference.values.items()}
    for name, value in values.items():
        if name not in {"lon", "lat"}:
            setattr(row, name, value)
    names = set(values) | {"edited_at"}
    if {"lon", "lat"} & set(values):
        row.put_at(values.get("lon", row.lon), values.get("lat", row.lat))
        names |= {"lon", "lat", "x", "y"}
    if isinstance(row, Organisation) and "name" in values:
        row.normalised_name = normalised(row.name)[:250]
        names.add("normalised_name")
    row.edited_at = now
    return before, frozenset(names)


def _with_others(changes: dict[str, Any], update: Update) -> dict[str, Any]:
    """The changes of a record with how many rows of other tables went and came: contacts are personal, so no more.

    They stand apart: beside the fields a history would take the numbers for keys of records.
    """
    gone, added, changed = update.difference.gone, update.difference.added, update.difference.changed
    counts = {
        key: [len(some.get(key, ())) + len(changed.get(key, ())) for some in (gone, added)]
        for key in sorted({*gone, *added, *changed})
    }
    return {**changes, "rows": counts} if counts else changes


def _store(rows: Iterable[tuple[Any, frozenset[str]]]) -> None:
    """Store the named fields of records: one statement for all that change in the same ones."""
    alike: dict[frozenset[str], list[Any]] = {}
    for row, names in rows:
        alike.setdefault(names, []).append(row)
    quote = connection.ops.quote_name
    for names, some in alike.items():
        fields = [item for item in type(some[0])._meta.concrete_fields if item.attname in names]
        sets = ", ".join(f"{quote(str(item.column))} = %s" for item in fields)
        table, key = quote(type(some[0])._meta.db_table), quote(type(some[0])._meta.pk.column)
        values = [
            [*(item.get_db_prep_save(getattr(row, item.attname), connection) for item in fields), row.pk]
            for row in some
        ]
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {table} SET {sets} WHERE {key} = %s", values)  # noqa: S608 - names of our own


# --- what hangs on them ---------------------------------------------------------------------------------------------
def _hang(plan: Plan, made: dict[int, int], bodies: dict[str, int]) -> None:
    """Rows of other tables: all those of new records, and of the others what comes and what goes."""
    tables: dict[str, Hanging] = {}
    going: dict[str, list[int]] = {}
    for update in plan.updates:
        for key, gone in update.difference.gone.items():
            going.setdefault(key, []).extend(gone)
    for key, pks in going.items():
        _table(plan, tables, key).delete(pks)
    _change(plan, tables, bodies)
    keys = dict.fromkeys(key for asked, _key in plan.new for key in asked.hanging)
    keys |= dict.fromkeys(key for update in plan.updates for key in update.difference.added)
    for key in keys:
        table = _table(plan, tables, key)
        table.insert(_coming(plan, table, key, made, bodies))


def _coming(
    plan: Plan, table: Hanging, key: str, made: dict[int, int], bodies: dict[str, int]
) -> Iterator[tuple[int, tuple[Any, ...], Around]]:
    """The rows of one field: of new records all, of others those that come; with what is known around them."""
    at, around = BODY.get(plan.registered.by_key[key].kind), Around()
    for asked, _key in plan.new:
        values: Iterable[tuple[Any, ...]] = asked.hanging.get(key, ())
        if at is not None:
            named = (
                (*value[:at], plan.bodies.key_of(value[at]), *value[at + 1 :]) if isinstance(value[at], str) else value
                for value in values
            )
            values = _linked(named, at, bodies)
        if table.single:
            values = {table.compared(value): value for value in values}.values()
        around = around_of(asked) if table.looks_around else around
        for value in values:
            yield made[asked.number], value, around
    for update in plan.updates:
        around = around_of(update.asked) if table.looks_around else around
        for value in _linked(update.difference.added.get(key, ()), at, bodies):
            yield update.pk, value, around


def around_of(asked: Asked) -> Around:
    """What is known around the values of a row."""
    words, area = f"{asked.label} {asked.values.get('promoter_text', '')}", asked.hanging.get("areas")
    invented = bool(asked.values.get("is_demonstration"))
    return Around(words, asked.private, area[0][0] if area else None, invented)


def _linked(values: Iterable[tuple[Any, ...]], at: int | None, bodies: dict[str, int]) -> Iterable[tuple[Any, ...]]:
    """The values with the organisations that were added in the stead of their names, which stand at this place."""
    if at is None:
        return values
    return [
        (*value[:at], bodies.get(value[at], value[at]), *value[at + 1 :]) if isinstance(value[at], str) else value
        for value in values
    ]


def _change(plan: Plan, tables: dict[str, Hanging], bodies: dict[str, int]) -> None:
    """Rows of other tables of which a detail changes."""
    changing: dict[str, dict[int, tuple[Any, ...]]] = {}
    for update in plan.updates:
        for key, changed in update.difference.changed.items():
            at = BODY.get(plan.registered.by_key[key].kind)
            becoming = _linked([becomes for _was, becomes in changed.values()], at, bodies)
            changing.setdefault(key, {}).update(zip(changed, becoming, strict=True))
    for key, values in changing.items():
        table = _table(plan, tables, key)
        manager: Any = table.model._default_manager
        pks = sorted(values)
        for start in range(0, len(pks), SOME):
            rows = list(manager.filter(pk__in=among(pks[start : start + SOME])).order_by("pk"))
            names = set(table.columns[-table.details :])
            for row in rows:
                for name, value in zip(table.columns, values[row.pk], strict=True):
                    setattr(row, name, value)
                if isinstance(row, Located):
                    row.put_at(row.lon, row.lat)
            names |= {"x", "y"} if issubclass(table.model, Located) else set()
            _store((row, frozenset(names)) for row in rows)


def _table(plan: Plan, tables: dict[str, Hanging], key: str) -> Hanging:
    if key not in tables:
        tables[key] = hanging_of(plan.registered, plan.registered.by_key[key])
    return tables[key]


def _main_areas(pks: list[int]) -> None:
    """The main area of an experience is the first of its areas."""
    for start in range(0, len(pks), SOME):
        some = pks[start : start + SOME]
        first: dict[int, int] = {}
        rows = ExperienceArea.objects.filter(experience__in=among(some)).order_by("pk")
        for owner, area in rows.values_list("experience_id", "area_id"):
            first.setdefault(owner, area)
        wrong = [
            row
            for row in Experience.objects.filter(pk__in=among(some)).order_by("pk").only("pk", "area_id")
            if row.area_id != first.get(row.pk) and first.get(row.pk)
        ]
        for row in wrong:
            row.area_id = first[row.pk]
        if wrong:
            _store((row, frozenset({"area_id"})) for row in wrong)
