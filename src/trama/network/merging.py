"""Two records become one, or one becomes several, row by row, with a journal from which all of it can be undone.

What points to an organisation is declared by the apps that own it (`core.declarations.Linked`): nothing above is
imported here. The journal holds, in the order of what was done, rows created, rows changed and rows taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, cast

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from trama.core.declarations import Linked, links_to
from trama.network.models import Organisation, OrganisationName, Proposal

Row = dict[str, Any]
# Dates that later acts move on their own: what was done since is no reason to refuse.
LIVELY = frozenset({"edited_at", "confirmed_on", "used_on"})


def _stored(value: Any) -> Any:
    """A value of a field as JSON can hold it, without losing anything (microseconds, decimals)."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def row_of(obj: models.Model) -> Row:
    """All the fields of a record as they are stored."""
    return {f.attname: _stored(f.value_from_object(obj)) for f in obj._meta.concrete_fields}


def _read(model: type[models.Model], values: Mapping[str, Any]) -> Row:
    known = {f.attname: f for f in model._meta.concrete_fields}
    return {
        name: value if value is None or known[name].is_relation else known[name].to_python(value)
        for name, value in values.items()
    }


def column_of(model: type[models.Model], name: str) -> str:
    """The column of a field: that of a foreign key `organisation` is `organisation_id`."""
    return cast("models.Field[Any, Any]", model._meta.get_field(name)).attname


@dataclass
class Journal:
    """What was done to rows, in order; each step is `{"did", "model", "pk", …}`."""

    steps: list[dict[str, Any]] = field(default_factory=list)

    def create(self, obj: models.Model) -> None:
        """Save a new record."""
        obj.save(force_insert=True)
        obj.refresh_from_db()
        self.steps.append({"did": "created", "model": obj._meta.label_lower, "pk": obj.pk, "row": row_of(obj)})

    def change(self, obj: models.Model, **values: Any) -> None:
        """Set fields (by column names) of a record, whatever its `save` would do beside; nothing when they are so."""
        before = row_of(obj)
        for name, value in values.items():
            setattr(obj, name, value)
        after = row_of(obj)
        changes = {name: [before[name], after[name]] for name in after if after[name] != before[name]}
        if changes:
            now = _read(type(obj), {name: change[1] for name, change in changes.items()})
            type(obj)._default_manager.filter(pk=obj.pk).update(**now)
            self.steps.append({"did": "changed", "model": obj._meta.label_lower, "pk": obj.pk, "fields": changes})

    def remove(self, obj: models.Model) -> None:
        """Take a record away; nothing may point to it any more."""
        self.steps.append({"did": "removed", "model": obj._meta.label_lower, "pk": obj.pk, "row": row_of(obj)})
        type(obj)._default_manager.filter(pk=obj.pk).delete()


# --- links move -------------------------------------------------------------------------------------------------------
def move_links(journal: Journal, gone: Organisation, kept: Organisation) -> dict[str, int]:
    """Everything that points to `gone` points to `kept`. Gives how many rows moved, by model."""
    moved: dict[str, int] = {}
    for linked in links_to(Organisation):
        rows = linked.model._default_manager.filter(**{linked.field: gone.pk}).order_by("pk")
        for row in rows:
            if move(journal, linked, row, kept.pk):
                moved[linked.model._meta.label_lower] = moved.get(linked.model._meta.label_lower, 0) + 1
    _nothing_left(gone)
    return moved


def keys_onto(target: type[models.Model]) -> list[tuple[type[models.Model], str]]:
    """Every foreign key that points to a model, also those without a name on this side: (model, field)."""
    return [
        (model, key.name)
        for model in apps.get_models()
        for key in model._meta.concrete_fields
        if isinstance(key, models.ForeignKey) and key.related_model is target
    ]


def _nothing_left(gone: Organisation) -> None:
    """Refuse to go on when an app points here and did not declare it: its rows would be lost."""
    for model, name in keys_onto(Organisation):
        if model._default_manager.filter(**{name: gone.pk}).exists():
            raise RuntimeError(f"{model._meta.label}.{name} is not declared as Linked")


def move(journal: Journal, linked: Linked, row: models.Model, to: int) -> bool:
    """Let one row point to `to`; False when it was taken away because the same is there, or it would join one body."""
    column = column_of(linked.model, linked.field)
    if linked.with_ends and _column(row, linked.with_ends) == to:
        journal.remove(row)
        return False
    there = _the_same(linked, row, to)
    if there is None:
        journal.change(row, **{column: to})
        return True
    blanks = {name: getattr(row, name) for name in linked.fills if getattr(there, name) in (None, "")}
    journal.change(there, **blanks)
    journal.remove(row)
    return False


def _column(row: models.Model, name: str) -> Any:
    return getattr(row, column_of(type(row), name))


def _the_same(linked: Linked, row: models.Model, to: int) -> models.Model | None:
    """A row that says the same of `to` already, or with which a unique constraint would refuse this one."""
    groups = [
        constraint.fields
        for constraint in linked.model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and linked.field in constraint.fields
    ]
    groups += [(linked.field, *linked.alike_by)] if linked.alike_by else []
    for names in groups:
        wanted = {name: to if name == linked.field else _column(row, name) for name in names}
        same = Q(**{name: value for name, value in wanted.items() if value is not None})
        same &= Q(**{f"{name}__isnull": True for name, value in wanted.items() if value is None})
        if linked.with_ends and linked.with_ends in wanted:
            turned = {**wanted, linked.field: wanted[linked.with_ends], linked.with_ends: to}
            same |= Q(**turned) if linked.either_way else Q()
        found = linked.model._default_manager.filter(same).exclude(pk=row.pk).order_by("pk").first()
        if found is not None:
            return found
    return None


def share_links(journal: Journal, text: Organisation, bodies: Sequence[Organisation]) -> dict[str, int]:
    """What points to a string of several bodies points to them: to each where it is shared, else to the first."""
    moved: dict[str, int] = {}
    for linked in links_to(Organisation):
        column = column_of(linked.model, linked.field)
        for row in linked.model._default_manager.filter(**{linked.field: text.pk}).order_by("pk"):
            values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
            for body in bodies[1:] if linked.shared else ():
                ends = linked.with_ends and _column(row, linked.with_ends) == body.pk
                if not ends and _the_same(linked, row, body.pk) is None:
                    journal.create(linked.model(**{**values, column: body.pk}))
            if linked.settles:
                other, flag = linked.settles.split(".")
                journal.change(getattr(row, other), **{flag: False})
            if move(journal, linked, row, bodies[0].pk):
                moved[linked.model._meta.label_lower] = moved.get(linked.model._meta.label_lower, 0) + 1
    _nothing_left(text)
    return moved


# --- undoing ----------------------------------------------------------------------------------------------------------
def in_the_way(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """What people did since that rests on these steps: sentences; empty when they can be undone."""
    found: list[str] = []
    created = {(step["model"], step["pk"]) for step in steps if step["did"] == "created"}
    net = _last_values(steps)
    for (label, pk), fields in net.items():
        model = apps.get_model(label)
        if model is Proposal:
            continue  # made anew at each search: nobody's work rests on it
        row = model._default_manager.filter(pk=pk).first()
        if row is None:
            # What people took away since stays away; but the record that was kept must be there.
            if model is Organisation:
                found.append(_("the organisation number %(pk)s is no longer there") % {"pk": pk})
            continue
        now = row_of(row)
        for name, after in fields.items():
            if name not in LIVELY and now[name] != after:
                label_of = model._meta.get_field(name).verbose_name
                found.append(
                    _("%(what)s “%(which)s”: “%(field)s” was changed since")
                    % {"what": model._meta.verbose_name, "which": row, "field": label_of}
                )
    for label, pk in sorted(created):
        if apps.get_model(label) is Organisation:
            found += _new_links(pk, steps)
    found += _taken_places(steps)
    return found


def _last_values(steps: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], Row]:
    """What each row that is there after the steps must still say: its last values of what was changed or created."""
    net: dict[tuple[str, int], Row] = {}
    for step in steps:
        key = (step["model"], step["pk"])
        if step["did"] == "created":
            net[key] = dict(step["row"])
        elif step["did"] == "changed":
            net.setdefault(key, {}).update({name: change[1] for name, change in step["fields"].items()})
        else:
            net.pop(key, None)
    return net


def _new_links(pk: int, steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rows that point to a body made by a split and were made since."""
    known = {(step["model"], step["pk"]) for step in steps}
    found: list[str] = []
    for linked in links_to(Organisation):
        rows = linked.model._default_manager.filter(**{linked.field: pk}).order_by("pk")
        new = [row for row in rows if (linked.model._meta.label_lower, row.pk) not in known]
        words = _("%(what)s “%(which)s” was added since")
        found += [words % {"what": linked.model._meta.verbose_name, "which": row} for row in new]
    return found


def _taken_places(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rows that were taken away and whose place another has taken since (a key that stands once)."""
    found = []
    net = _last_values(steps)
    for step in steps:
        if step["did"] != "removed":
            continue
        model = apps.get_model(step["model"])
        if model._default_manager.filter(pk=step["pk"]).exists():
            found.append(
                _("%(what)s number %(pk)s is there again") % {"what": model._meta.verbose_name, "pk": step["pk"]}
            )
        key = step["row"].get("import_key")
        others = model._default_manager.filter(import_key=key) if key else None
        ours = [pk for label, pk in net if label == step["model"]]
        if others is not None and others.exclude(pk__in=ours).exists():
            found.append(_("a load brought “%(which)s” in again") % {"which": step["row"].get("name", key)})
        for name, value in step["row"].items():
            target = model._meta.get_field(name.removesuffix("_id") if name.endswith("_id") else name)
            inside = isinstance(target, models.ForeignKey) and target.related_model is not Organisation
            if inside and value is not None and not target.related_model._default_manager.filter(pk=value).exists():
                found.append(
                    _("what “%(which)s” belonged to is no longer there")
                    % {"which": step["row"].get("name", step["pk"])}
                )
    return found


def undo(steps: Sequence[Mapping[str, Any]]) -> None:
    """Take the steps back, the last first. Rows that people took away since stay away."""
    for step in reversed(steps):
        model = apps.get_model(step["model"])
        rows = model._default_manager.filter(pk=step["pk"])
        if step["did"] == "removed":
            model(**_read(model, step["row"])).save_base(raw=True, force_insert=True)
        elif step["did"] == "created":
            if model is OrganisationName:
                # Names are written anew whenever a record is saved: the same name is meant, not the same row.
                key = {name: step["row"][name] for name in ("organisation_id", "normalised_name")}
                rows = model._default_manager.filter(Q(pk=step["pk"]) | Q(**key))
            rows.delete()
        elif (row := rows.first()) is not None:
            now = row_of(row)
            back = {name: before for name, (before, after) in step["fields"].items() if now[name] == after}
            if back:
                rows.update(**_read(model, back))
