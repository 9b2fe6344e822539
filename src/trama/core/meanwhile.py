"""Two people at the same form: what only the other changed is kept, what both changed differently is asked.

A form remembers what it showed when it was opened. When it comes back, each field is compared with that and with what
is stored now: nobody overwrites what they never saw.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.core import signing
from django.db.models import Model
from django.http import QueryDict
from django.utils.translation import gettext as _

from trama.core import history
from trama.core.actor import Actor
from trama.core.models import AuditEntry

SALT = "trama.meanwhile"
# Where a record stands is one thing, told by three fields.
WHERE = ("area", "lon", "lat")
LOOKED_AT = 50  # entries of the history in which the other's change is looked for


@dataclass(frozen=True)
class Conflict:
    """What two people changed differently: what the other wrote, who and when."""

    name: str
    label: str
    theirs: str
    who: str
    at: datetime | None


class MeanwhileForm(forms.Form):
    """A form on a stored record that another person may change while it is open."""

    # Fields that tell one thing only together.
    together: tuple[tuple[str, ...], ...] = (WHERE,)

    base = forms.CharField(required=False, widget=forms.HiddenInput)
    conflicts: tuple[Conflict, ...] = ()
    kept: tuple[str, ...] = ()

    def met(self) -> list[str]:
        """The fields in which two people can meet."""
        return [name for name in self.fields if name != "base"]

    def meet(self, record: Model, actor: Actor) -> bool:
        """Bring together what was typed and what is stored; gives whether the form may be saved as it stands now.

        `initial` holds what is stored. An unbound form is given what it shows to remember. What the actor chose to
        take from the other (`take`) is taken; what stays in conflict stands in `conflicts`, and when the form is sent
        again it is the actor's own that holds. `kept` holds the labels of what only the other changed.
        """
        now = {name: self._shown(name) for name in self.met()}
        if not self.is_bound:
            self.initial["base"] = signing.dumps(now, salt=SALT, compress=True)
            return False
        base = self._base(now)
        mine = {name: self._typed(name) for name in now}
        taken = set(self.data.getlist("take")) if isinstance(self.data, QueryDict) else set()
        groups = [[name for name in names if name in now] for names in self.together]
        grouped = {name for names in groups for name in names}
        merged, open_, kept = dict(mine), [], []
        for names in [*([name] for name in now if name not in grouped), *filter(None, groups)]:
            was, is_, typed = ([values.get(name) for name in names] for values in (base, now, mine))
            if names[0] in taken:
                merged |= {name: now[name] for name in names}
            elif is_ in (was, typed):
                continue
            elif typed == was:
                merged |= {name: now[name] for name in names}
                kept.append(names[0])
            elif isinstance(now[names[0]], list):
                # Of a list each value is a decision of its own: mine and theirs are added up.
                had, has, wants = (set(values[0] or []) for values in (was, is_, typed))
                merged[names[0]] = sorted((has | (wants - had)) - (had - wants))
            else:
                open_.append(names)
        self._write({**merged, "base": signing.dumps(now, salt=SALT, compress=True)} if open_ else merged)
        self.kept = tuple(self._label(name) for name in kept)
        self.conflicts = tuple(self._told(names, now, record, actor) for names in open_)
        return not self.conflicts

    def _base(self, now: dict[str, Any]) -> dict[str, Any]:
        """What the form showed when it was opened; what it does not remember is taken to be as it is now."""
        try:
            found = signing.loads(str(self.data.get("base") or ""), salt=SALT)
        except signing.BadSignature:
            return now
        return {**now, **found} if isinstance(found, dict) else now

    def _shown(self, name: str) -> Any:
        field = self.fields[name]
        return _plain(field, field.prepare_value(self.get_initial_for_field(field, name)))

    def _typed(self, name: str) -> Any:
        field = self.fields[name]
        return _plain(field, field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name)))

    def _write(self, values: dict[str, Any]) -> None:
        data = self.data.copy()  # type: ignore[attr-defined]
        for name, value in values.items():
            if value == self._typed(name) and name != "base":
                continue
            if isinstance(value, list) and isinstance(data, QueryDict):
                data.setlist(name, value)
            elif value is False:
                data.pop(name, None)
            else:
                data[name] = "on" if value is True else value
        self.data = data

    def _label(self, name: str) -> str:
        return str(self.fields[name].label)

    def _told(self, names: list[str], now: dict[str, Any], record: Model, actor: Actor) -> Conflict:
        columns = {column for name in names for column in (name, f"{name}_id")}
        entries = AuditEntry.objects.filter(kind=history.kind_of(record), object_id=str(record.pk))
        found = [entry for entry in entries.order_by("-number")[:LOOKED_AT] if columns & set(entry.changes)]
        entry = found[0] if found else None
        who = _("you, in another window") if entry and entry.user == actor.user else entry.user_name if entry else ""
        theirs = ", ".join(filter(None, (self._in_words(name, now[name]) for name in names))) or _("nothing")
        return Conflict(names[0], self._label(names[0]), theirs, who, entry.at if entry else None)

    def _in_words(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        return dict(_flat(getattr(self.fields[name], "choices", ()))).get(value, value) if value else ""


def said_of(form: MeanwhileForm) -> str:
    """What is said after saving: also what of another's changes was kept."""
    if not form.kept:
        return _("Saved.")
    return _("Saved. What somebody else changed meanwhile is kept: %(fields)s.") % {"fields": ", ".join(form.kept)}


def _flat(choices: Iterable[Any]) -> Iterable[tuple[str, str]]:
    for key, label in choices:
        if isinstance(label, (list, tuple)):
            yield from _flat(label)
        else:
            yield str(key), str(label)


def _plain(field: forms.Field, value: Any) -> Any:
    """A value in one form, whether it comes from the record or from what was sent."""
    if isinstance(value, bool) or isinstance(field, forms.BooleanField):
        return bool(value)
    if isinstance(field, forms.MultipleChoiceField):
        return sorted(str(item) for item in value or ())
    text = "" if value is None else str(value).replace("\r\n", "\n").strip()
    if isinstance(field, forms.FloatField) and text:
        try:
            return repr(float(text.replace(",", ".")))
        except ValueError:
            return text
    return text
