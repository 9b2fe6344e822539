"""What a row would change of the record that it speaks of: fields, and rows of other tables; told in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from trama.core import codes
from trama.core.keys import among
from trama.intake.registers.areas import Areas
from trama.intake.registers.bodies import Bodies
from trama.intake.registers.details import BODY, PARTS, UNSAID, in_words
from trama.intake.registers.fields import Field, Kind, Registered
from trama.intake.registers.hanging import Hanging, hanging_of
from trama.intake.registers.reading import Asked
from trama.network.models import Organisation, normalised
from trama.territory import finding
from trama.territory.models import Place
from trama.ui.numbers import day

SOME = 2000
CLOSE = 1e-9  # degrees: two notations of one coordinate
LONG = 160  # characters of a text in “from → to”


@dataclass(slots=True)
class Difference:
    """What would change: `values` by attribute (from, to); of other tables what comes, goes and changes."""

    values: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    added: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    gone: dict[str, dict[int, tuple[Any, ...]]] = field(default_factory=dict)  # by the keys of the rows
    changed: dict[str, dict[int, tuple[tuple[Any, ...], tuple[Any, ...]]]] = field(default_factory=dict)  # from, to
    settled: set[str] = field(default_factory=set)  # doubts that the record itself settles

    def __bool__(self) -> bool:
        return bool(self.values or self.added or self.gone or self.changed)

    def told_apart(
        self,
        key: str,
        table: Hanging,
        wished: Iterable[tuple[Any, ...]],
        has: dict[int, tuple[Any, ...]],
        unseen: frozenset[int],
    ) -> None:
        """What comes, goes and changes of rows with details, of which several may be alike.

        Those that say the very same are taken together first, those of which most is said before the others.
        """
        left: dict[Any, list[int]] = {}
        for pk, value in has.items():
            left.setdefault(table.compared(value), []).append(pk)
        open_: list[tuple[Any, ...]] = []
        for value in sorted(_each_once(table, wished), key=lambda one: sum(item is UNSAID for item in one)):
            alike = left.get(table.compared(value), [])
            same = next((pk for pk in alike if _says(value, has[pk], table.details) == has[pk]), None)
            alike.remove(same) if same is not None else open_.append(value)
        for value in open_:
            if others := left.get(table.compared(value)):
                pk = others.pop(0)
                self.changed.setdefault(key, {})[pk] = (has[pk], _says(value, has[pk], table.details))
            else:
                self.added.setdefault(key, []).append(value)
        gone = {pk: has[pk] for pks in left.values() for pk in pks if pk not in unseen}
        if gone:
            self.gone[key] = gone


def _each_once(table: Hanging, wished: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return list({table.compared(value): value for value in wished}.values()) if table.single else list(wished)


def _says(value: tuple[Any, ...], has: tuple[Any, ...], details: int) -> tuple[Any, ...]:
    """A row as it will be: what tells it apart as it is, of the details those that are said."""
    first = len(has) - details
    said = (
        was if becomes is UNSAID or _equal(was, becomes) else becomes
        for was, becomes in zip(has[first:], value[first:], strict=True)
    )
    return (*has[:first], *said)


@dataclass
class Comparing:
    """Compares rows with the records that they speak of, many at a time."""

    registered: Registered
    areas: Areas
    bodies: Bodies
    capitals: frozenset[str] = frozenset()  # fields of which the file does not tell large letters from small ones
    tables: dict[str, Hanging] = field(default_factory=dict)
    for_staff: bool = False  # whether the file says all that only staff read: if not, that is never taken away
    unseen: dict[str, frozenset[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fields: dict[str, Field] = {}
        for one in self.registered.fields:
            if one.attribute:
                self.fields.setdefault(one.attribute, one)
        self.names: dict[int, str] = {}

    def differences(self, pairs: Sequence[tuple[int, Asked]]) -> list[Difference]:
        """What each row would change of its record."""
        found = []
        for start in range(0, len(pairs), SOME):
            found += self._some(pairs[start : start + SOME])
        return found

    def _some(self, pairs: Sequence[tuple[int, Asked]]) -> list[Difference]:
        pks = [pk for pk, _asked in pairs]
        attributes = sorted({name for _pk, asked in pairs for name in asked.values})
        keys = sorted({key for _pk, asked in pairs for key in (*asked.hanging, *asked.doubts)})
        manager: Any = self.registered.model._default_manager
        rows = manager.filter(pk__in=among(pks)).order_by().values_list("pk", *attributes)
        values = {pk: dict(zip(attributes, row, strict=True)) for pk, *row in rows}
        for key in keys:
            self.tables.setdefault(key, hanging_of(self.registered, self.registered.by_key[key]))
        hanging = {key: self.tables[key].of(pks) for key in keys}
        if not self.for_staff:
            self.unseen = {key: self.tables[key].unseen_of(pks) for key in keys}
        return [self._one(asked, values[pk], {key: hanging[key].get(pk, {}) for key in keys}) for pk, asked in pairs]

    def _one(self, asked: Asked, now: dict[str, Any], has: dict[str, dict[int, tuple[Any, ...]]]) -> Difference:
        found = Difference()
        moved = any(not _equal(now.get(name), asked.values[name]) for name in ("lon", "lat") if name in asked.values)
        for name, wanted in asked.values.items():
            one = self.fields.get(name)
            if name == "area_id" and (
                self.areas.lies_in(now[name], wanted) or (now[name] and not moved and not asked.area_stated)
            ):
                continue  # it stands there already, or in a part of it
            if now[name] and not asked.states(name):
                continue  # it only follows from other cells
            was = _as_read(one, now[name])
            if one is not None and one.key in self.capitals and str(was).casefold() == str(wanted).casefold():
                continue
            if not _equal(was, wanted):
                found.values[name] = (now[name], wanted)
        for key in asked.doubts:
            here = {normalised(finding.name_of(area)) for (area,) in has[key].values()}
            if here == {normalised(part) for part in asked.told[key]}:
                found.settled.add(key)
        for key, wished in asked.hanging.items():
            self._hanging(found, key, wished, has[key])
            if key in asked.vague:
                found.gone.pop(key, None)
        return found

    def _hanging(self, found: Difference, key: str, wished: tuple[Any, ...], has: dict[int, tuple[Any, ...]]) -> None:
        table, kind = self.tables[key], self.registered.by_key[key].kind
        if kind in BODY:
            wished = self._linked(wished, has.values(), BODY[kind])
        elif key == "areas":
            # A narrower area than the one that is stated is in it.
            here = set(has.values())
            wished = tuple(one for one in wished if one in here or not self._within(one[0], here))
        unseen = self.unseen.get(key, frozenset())
        if table.details:
            found.told_apart(key, table, wished, has, unseen)
            return
        now = {table.compared(value): pk for pk, value in has.items()}
        then = {table.compared(value): value for value in wished}
        if added := [value for name, value in then.items() if name not in now]:
            found.added[key] = added
        kept = set(then)
        if key == "areas":
            stated = [area for (area,) in wished]
            kept |= {value for value in here if any(self.areas.lies_in(value[0], area) for area in stated)}
            if not wished:
                return
        if gone := {pk: has[pk] for name, pk in now.items() if name not in kept and pk not in unseen}:
            found.gone[key] = gone

    def _linked(self, wished: tuple[Any, ...], has: Iterable[tuple[Any, ...]], at: int) -> tuple[tuple[Any, ...], ...]:
        """The values with the organisations that are meant in the stead of their names."""
        current = [value[at] for value in has]
        return tuple(
            (*value[:at], self.bodies.key_of(value[at], current), *value[at + 1 :])
            if isinstance(value[at], str)
            else value
            for value in wished
        )

    def _within(self, area: int, has: Iterable[tuple[Any, ...]]) -> bool:
        return any(self.areas.lies_in(one, area) for (one,) in has)

    # --- what people corrected
    def kept(self, difference: Difference, by_hand: frozenset[str] | None) -> list[str]:
        """Leave what somebody corrected by hand as it is; gives what is said of it."""
        if by_hand is None:
            return []
        said = []
        for name in [name for name in difference.values if name in by_hand]:
            del difference.values[name]
            said.append(_("“%(field)s” was corrected by hand and stays as it is") % {"field": self._label(name)})
        difference.gone.clear()
        difference.changed.clear()
        return said

    # --- in words
    def in_words(self, difference: Difference) -> list[tuple[str, str, str]]:
        """Field, from, to: of each thing that changes."""
        said = [
            (self._label(name), self._shown(name, was), self._shown(name, becomes))
            for name, (was, becomes) in difference.values.items()
        ]
        for key in dict.fromkeys([*difference.added, *difference.gone, *difference.changed]):
            label, changed = str(self.registered.by_key[key].label), difference.changed.get(key, {}).values()
            gone = [self._told(key, value) for value in difference.gone.get(key, {}).values()]
            gone += [self._told(key, was) for was, _becomes in changed]
            added = [self._told(key, value) for value in difference.added.get(key, ())]
            added += [self._told(key, becomes) for _was, becomes in changed]
            said.append((label, "; ".join(gone)[:LONG], "; ".join(added)[:LONG]))
        return said

    def _label(self, name: str) -> str:
        one = self.fields.get(name)
        if one is not None:
            return str(one.label)
        return str(self.registered.model._meta.get_field(name.removesuffix("_id")).verbose_name)  # type: ignore[union-attr]

    def _shown(self, name: str, value: Any) -> str:
        if value is None or value == "":
            return ""
        one = self.fields.get(name)
        if name == "area_id":
            return finding.name_of(value)
        if name == "place_id":
            return self._place(value)
        if one is not None and one.kind == Kind.CODE:
            return codes.label(value)
        if one is not None and one.kind == Kind.CHOICE:
            return str(dict(one.options).get(value, value))
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, date):
            return day(value)
        text = str(value)
        return text if len(text) <= LONG else f"{text[: LONG - 1]}…"

    def _told(self, key: str, value: tuple[Any, ...]) -> str:
        kind = self.registered.by_key[key].kind
        match kind:
            case Kind.CODES:
                return codes.label(value[0])
            case Kind.AREAS:
                return finding.name_of(value[0])
            case Kind.PLACES:
                return self._place(value[0])
            case Kind.NAMES:
                return str(value[0])
        if kind in PARTS and self.tables[key].details:
            return in_words(kind, value, self._name_of, self._place)
        if kind == Kind.ORGANISATIONS:
            return f"{self._name_of(value[0])} ({codes.label(value[1]).lower()})"
        return f"{value[1]} ({value[2]})" if value[2] else str(value[1])

    def _place(self, pk: int) -> str:
        return Place.objects.filter(pk=pk).order_by().values_list("name", flat=True).first() or ""

    def _name_of(self, body: int | str) -> str:
        if isinstance(body, str):
            return self.bodies.new.get(body, body)
        if body not in self.names:
            rows = Organisation.objects.filter(pk=body).order_by()
            self.names[body] = rows.values_list("name", flat=True).first() or ""
        return self.names[body]


def _equal(now: Any, wanted: Any) -> bool:
    if isinstance(now, float) and isinstance(wanted, float):
        return abs(now - wanted) <= CLOSE
    return bool(now == wanted)


def _as_read(one: Field | None, value: Any) -> Any:
    """A value that is here as it would be read from a cell: blanks around and double ones do not count."""
    if one is None or not isinstance(value, str):
        return value
    if one.kind == Kind.TEXT:
        return " ".join(value.split())
    return value.replace("\r\n", "\n").strip() if one.kind == Kind.LONG_TEXT else value
