"""Names of organisations and of places in the cells of a spreadsheet: who is meant, and who is new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from trama.core.actor import Actor
from trama.core.keys import among
from trama.intake.registers.details import BODY, PLACE, UNSAID
from trama.intake.registers.fields import Kind, Registered
from trama.intake.registers.reading import Asked
from trama.network.matching import match_all, names_several
from trama.network.models import Organisation, normalised
from trama.territory.models import Place

FIELDS = {"promoters": 0, "organisations": 0, "funding": BODY[Kind.FUNDING]}  # and where the name stands
LONGEST_NOTE = 300


@dataclass
class Bodies:
    """The organisations that rows name: those that are here by their name as compared, and those to be added."""

    here: dict[str, int] = field(default_factory=dict)
    bearing: dict[str, list[int]] = field(default_factory=dict)  # several that bear one name
    new: dict[str, str] = field(default_factory=dict)  # name as compared → as written
    areas: dict[str, int | None] = field(default_factory=dict)  # of the new ones

    @classmethod
    def of(cls, actor: Actor, rows: Iterable[Asked], *, everywhere: bool) -> Bodies:
        """Those that these rows name; what names several bodies is told in the notes of its row, and linked to none."""
        found = cls()
        naming = [(asked, key) for asked in rows for key in FIELDS if asked.hanging.get(key)]
        told = {value[FIELDS[key]] for asked, key in naming for value in asked.hanging[key]}
        texts = sorted(name for name in told if isinstance(name, str))
        plain = {text: normalised(text)[:250] for text in texts}
        matched = match_all(texts)
        seen = _seen(actor, [pk for pk in matched.values() if pk is not None])
        several = found._several(actor, [text for text, pk in matched.items() if pk is None], plain)
        for text, pk in matched.items():
            if pk is not None and pk in seen:
                found.here[plain[text]] = pk
            elif plain[text] and not several[text] and plain[text] not in found.bearing:
                found.new.setdefault(plain[text], text)
        for asked, key in naming:
            found._read(asked, key, plain, several, everywhere=everywhere)
        found.new = {name: text for name, text in found.new.items() if name in found.areas}
        return found

    def _several(self, actor: Actor, texts: list[str], plain: dict[str, str]) -> dict[str, bool]:
        """Which of these name several bodies; and, kept apart, names that several organisations bear."""
        wanted = sorted({plain[text] for text in texts})
        for start in range(0, len(wanted), 500):
            rows = Organisation.objects.visible_to(actor).filter(normalised_name__in=wanted[start : start + 500])
            for name, pk in rows.order_by("pk").values_list("normalised_name", "pk"):
                self.bearing.setdefault(name, []).append(pk)
        return {text: names_several(text) for text in texts}

    def _read(
        self, asked: Asked, key: str, plain: dict[str, str], several: dict[str, bool], *, everywhere: bool
    ) -> None:
        wished: list[tuple[Any, ...]] = []
        at = FIELDS[key]
        for value in asked.hanging[key]:
            text = value[at]
            if not isinstance(text, str):
                wished.append(value)
                continue
            name = plain[text]
            linked = (*value[:at], name, *value[at + 1 :])
            if name in self.here or name in self.bearing:
                wished.append(linked)
            elif several.get(text) or not name:
                if key == "promoters" and "promoter_to_split" not in asked.values:
                    asked.values["promoter_to_split"] = True
                    asked.derived.add("promoter_to_split")
                words = {"text": text[:60]}
                asked.notes.append(("", _("“%(text)s” seems to name several bodies: it is linked to none") % words))
                if key == "funding":
                    wished.append(_noted(value, text))
            else:
                wished.append(linked)
                area = asked.values.get("area_id") or next((pk for (pk,) in asked.hanging.get("areas", ())), None)
                # Who writes everywhere adds bodies of the whole territory; the others those of the areas they write in.
                self.areas.setdefault(name, None if everywhere else area)
        if key == "promoters" and "promoter_text" not in asked.values:
            asked.values["promoter_text"] = "; ".join(text for text, _role in asked.hanging[key])[:400]
            asked.derived.add("promoter_text")
        asked.hanging[key] = tuple(wished)

    def key_of(self, name: str, current: Iterable[int] = ()) -> int | str:
        """The organisation that bears a name: of several the one that the record has already, else the first.

        Of one that is to be added the name itself.
        """
        if name in self.here:
            return self.here[name]
        bearing = self.bearing.get(name)
        if bearing:
            return next((pk for pk in bearing if pk in set(current)), bearing[0])
        return name


def _noted(value: tuple[Any, ...], text: str) -> tuple[Any, ...]:
    """A funding of which the payer is linked to nobody: its words stay in the note."""
    year, amount, _funder, fund, note = value
    said = [note] if isinstance(note, str) and note else []
    return year, amount, None, fund, "; ".join([text, *said])[:LONGEST_NOTE]


def _seen(actor: Actor, pks: list[int]) -> set[int]:
    rows = Organisation.objects.visible_to(actor).filter(pk__in=among(sorted(set(pks)))).order_by()
    return set(rows.values_list("pk", flat=True))


@dataclass
class Places:
    """The registered places by their names."""

    bearing: dict[str, list[tuple[int, int | None]]] = field(default_factory=dict)  # key, area

    @classmethod
    def to(cls, actor: Actor) -> Places:
        """Those that the actor may see; by their names, and by their names with their addresses."""
        found = cls()
        rows: Any = Place.objects.visible_to(actor).order_by("pk").values_list("pk", "name", "area_id", "address")
        for pk, name, area, address in rows:
            for text in {normalised(name), normalised(f"{name} {address}")}:
                found.bearing.setdefault(text, []).append((pk, area))
        return found

    def resolve(self, registered: Registered, rows: Iterable[Asked]) -> None:
        """Put the places that are meant in the stead of their names."""
        fields = [one for one in registered.fields if one.kind in PLACE]
        single = [one.attribute for one in registered.fields if one.kind == Kind.PLACE]
        for asked in rows:
            for name in single:
                if isinstance(text := asked.values.get(name), str):
                    del asked.values[name]
                    if found := self._one(asked, text):
                        asked.values[name] = found
            for one in fields:
                if one.key in asked.hanging:
                    values = asked.hanging[one.key]
                    asked.hanging[one.key] = tuple(self._found(asked, values, PLACE[one.kind]))
                    if len(asked.hanging[one.key]) < len(values):
                        asked.vague.add(one.key)

    def _found(self, asked: Asked, values: Iterable[tuple[Any, ...]], at: int) -> Iterator[tuple[Any, ...]]:
        for value in values:
            if not isinstance(value[at], str):
                yield value
                continue
            found = self._one(asked, value[at])
            if found is not None or len(value) > 1:
                yield (*value[:at], UNSAID if found is None else found, *value[at + 1 :])

    def _one(self, asked: Asked, text: str) -> int | None:
        """The place of this name; what is not known, or borne by several elsewhere, is told in the notes."""
        bearing = self.bearing.get(normalised(text), [])
        if len(bearing) > 1:
            areas = {pk for (pk,) in asked.hanging.get("areas", ())} | {asked.values.get("area_id")}
            bearing = [one for one in bearing if one[1] in areas] or bearing
        if len(bearing) == 1:
            return bearing[0][0]
        why = (
            _("several places are called “%(name)s”: it is linked to none")
            if bearing
            else _("no place is called “%(name)s”: it is linked to none")
        )
        asked.notes.append(("", why % {"name": text[:60]}))
        return None
