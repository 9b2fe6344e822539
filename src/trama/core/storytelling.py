"""The history of a record as sentences that people read, told from the audit chain.

"Il 3 marzo 2026 Anna Neri ha cambiato il titolo: «Corso» → «Corso di italiano»". Names of people are told to who signed
in only; a value that points to another record is told only to who may see that record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import formats, timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from trama.core import codes
from trama.core.actor import Actor
from trama.core.history import MASK, kind_of
from trama.core.models import AuditEntry, Code

Text = str | Promise
LONGEST = 160
# What an act is called; `%(who)s` is the person. A verb that is not here is told as a change.
TOLD: dict[str, tuple[Text, Text]] = {
    # verb: (with a name, without)
    "created": (gettext_lazy("%(who)s added this record"), gettext_lazy("This record was added")),
    "loaded": (gettext_lazy("%(who)s loaded this record from a file"), gettext_lazy("Loaded from a file")),
    "changed": (gettext_lazy("%(who)s changed this record"), gettext_lazy("This record was changed")),
    "published": (gettext_lazy("%(who)s published it"), gettext_lazy("Published")),
    "closed": (gettext_lazy("%(who)s closed it"), pgettext_lazy("history", "Closed")),
    "reopened": (gettext_lazy("%(who)s opened it again"), gettext_lazy("Opened again")),
    "confirmed": (gettext_lazy("%(who)s confirmed that it is right"), gettext_lazy("Confirmed as right")),
    "used": (gettext_lazy("%(who)s used it with success"), gettext_lazy("Used with success")),
    "contact_added": (gettext_lazy("%(who)s added a contact"), gettext_lazy("A contact was added")),
    "contact_removed": (gettext_lazy("%(who)s removed a contact"), gettext_lazy("A contact was removed")),
    "contact_changed": (
        gettext_lazy("%(who)s changed who sees a contact"),
        gettext_lazy("It was changed who sees a contact"),
    ),
    "seat_added": (gettext_lazy("%(who)s added a seat"), gettext_lazy("A seat was added")),
    "seat_changed": (gettext_lazy("%(who)s changed a seat"), gettext_lazy("A seat was changed")),
    "seat_removed": (gettext_lazy("%(who)s removed a seat"), gettext_lazy("A seat was removed")),
    "copied": (gettext_lazy("%(who)s copied it from another"), gettext_lazy("Copied from another")),
}


@dataclass(frozen=True)
class Told:
    """How a change that is no field of the model is told: its name, and the model that its values point to."""

    label: Text
    model: type[models.Model] | None = None
    choices: Mapping[str, Text] | None = None


@dataclass(frozen=True)
class Sentence:
    """One act: when, told in words, and what changed by it, one line per field."""

    at: datetime
    text: str
    details: tuple[str, ...] = ()


def history_of(
    obj: models.Model,
    actor: Actor,
    told: Mapping[str, Told] | None = None,
    *,
    verbs: Mapping[str, tuple[Text, Text]] | None = None,
    without: frozenset[str] = frozenset(),
    cover: Callable[[str], str] | None = None,
    owns: bool = False,
    limit: int = 50,
) -> list[Sentence]:
    """The history of a record, the latest act first.

    What was written before and after is for staff and for whom the record is theirs to change (`owns`): an old text may
    be one that was hidden, or a draft. Everybody else reads what was done and when.

    `told` names the changes that are no fields of its model; `verbs` adds to `TOLD`; `without` names fields that this
    actor is not to read about; `cover` takes out of a text what this actor is not to read.
    """
    entries = list(AuditEntry.objects.filter(kind=kind_of(obj), object_id=str(obj.pk)).order_by("-number")[:limit])
    known = {**_fields_of(type(obj)), **(told or {})}
    fields = {name: field for name, field in known.items() if name not in without}
    names = _Names(
        actor, cover, ((fields.get(name), change) for entry in entries for name, change in entry.changes.items())
    )
    words = {**TOLD, **(verbs or {})}
    told_whole = actor.is_staff or owns
    return [_tell(entry, fields if told_whole else {}, names, actor, words) for entry in entries]


def _tell(
    entry: AuditEntry,
    fields: Mapping[str, Told],
    names: _Names,
    actor: Actor,
    words: Mapping[str, tuple[Text, Text]],
) -> Sentence:
    who = entry.user_name if actor.is_known else ""
    known = words.get(entry.verb, words["changed"])
    sentence = str(known[0]) % {"who": who} if who else str(known[1])
    details = []
    for name, change in entry.changes.items():
        field = fields.get(name)
        if field is None or not isinstance(change, list) or len(change) != 2:
            continue
        line = _detail(field, change, names, new=entry.verb in {"created", "loaded"})
        if line:
            details.append(line)
    return Sentence(entry.at, sentence, tuple(details))


def _detail(field: Told, change: Sequence[Any], names: _Names, new: bool) -> str:
    """One line about one field: what it was and what it is."""
    label = str(field.label)
    label = label[:1].upper() + label[1:]
    if MASK in change:
        return _("%(field)s: changed (personal data, not kept in the history)") % {"field": label}
    before, after = names.of(field, change[0]), names.of(field, change[1])
    if not before and not after:
        return ""
    if not before:
        return f"{label}: {after}" if new else _("%(field)s: %(after)s") % {"field": label, "after": after}
    if not after:
        return _("%(field)s: taken away (it was %(before)s)") % {"field": label, "before": before}
    return _("%(field)s: %(before)s → %(after)s") % {"field": label, "before": before, "after": after}


def _fields_of(model: type[models.Model]) -> dict[str, Told]:
    """The fields of a model by the names under which the audit keeps them."""
    found: dict[str, Told] = {}
    for field in model._meta.concrete_fields:
        if not getattr(field, "editable", True) or field.primary_key:
            continue
        target = field.related_model if field.is_relation else None
        choices = {str(value): text for value, text in field.flatchoices} or None
        label = field.verbose_name
        if isinstance(target, type):
            if not isinstance(
                label, Promise
            ):  # the name of the field itself, in no language: that of what it points to
                label = target._meta.verbose_name or label
            found[field.attname] = Told(label, target)
        else:
            found[field.attname] = Told(label, choices=choices)
    return found


class _Names:
    """What values are called: codes by their labels, records by their names if the actor may see them."""

    def __init__(
        self, actor: Actor, cover: Callable[[str], str] | None, changes: Iterable[tuple[Told | None, Any]]
    ) -> None:
        self.actor, self.cover = actor, cover
        wanted: dict[type[models.Model], set[str]] = {}
        for field, change in changes:
            if field is None or field.model is None or not isinstance(change, list):
                continue
            for side in change:
                for value in side if isinstance(side, list) else [side]:
                    if value not in (None, "", MASK):
                        wanted.setdefault(field.model, set()).add(str(value))
        self.names = {model: self._look_up(model, keys) for model, keys in wanted.items()}

    def _look_up(self, model: type[models.Model], keys: set[str]) -> dict[str, str]:
        if model is Code:
            return {key: codes.label(key) for key in keys}
        rows: Any = model._default_manager.all()
        if hasattr(rows, "visible_to"):
            rows = rows.visible_to(self.actor)
        try:
            model._meta.get_field("name")
        except FieldDoesNotExist:
            found = rows.filter(pk__in=keys).order_by("pk")
            return {str(row.pk): str(row) for row in found}
        return {str(pk): name for pk, name in rows.filter(pk__in=keys).order_by("pk").values_list("pk", "name")}

    def of(self, field: Told, value: Any) -> str:
        """A value in words; empty for nothing, and for what the actor may not see."""
        if isinstance(value, list):
            return ", ".join(filter(None, (self.of(field, item) for item in value)))
        if value is None or value == "":
            return ""
        if field.model is not None:
            return self.names.get(field.model, {}).get(str(value), "")
        if field.choices:
            return str(field.choices.get(str(value), value))
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        return _quoted(self.cover(value) if self.cover and isinstance(value, str) and not _moment(value) else value)


def _quoted(value: Any) -> str:
    if isinstance(value, str):
        moment = _moment(value)
        if moment:
            return moment
        text = " ".join(value.split())
        return f"«{text}»" if len(text) <= LONGEST else f"«{text[: LONGEST - 1].rstrip()}…»"
    return str(value)


def _moment(text: str) -> str:
    """A day or a moment as it stands in the audit, in words; empty when the text is none."""
    try:
        day: date | datetime | None = parse_date(text) or parse_datetime(text)
    except ValueError:
        return ""
    if not day:
        return ""
    if isinstance(day, datetime):
        # A moment was kept with its hour for a reason: a date of an experience, say.
        text = formats.date_format(timezone.localtime(day) if timezone.is_aware(day) else day, "j F Y, G.i")
    else:
        text = formats.date_format(day, "j F Y")
    return text if (get_language() or "it").startswith("en") else text.lower()  # Italian months are written small
