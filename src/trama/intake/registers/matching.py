"""Which record that is here a row speaks of: surely, possibly, or none.

Surely: it bears our number and a name like the record's; it bears the key under which the source was loaded before;
the same tax code; the same name in the same place, and nothing that speaks against it. What is only alike is proposed
to a person: of organisations what the queue of duplicates would propose, of the others names that are nearly the same
in the same area.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from trama.core.actor import Actor
from trama.intake.registers.areas import Areas
from trama.intake.registers.fields import Registered
from trama.intake.registers.reading import Asked
from trama.network import duplicates
from trama.network.analysis import names
from trama.network.analysis.linkage import link
from trama.network.analysis.pairs import Party
from trama.network.choices import ContactKind
from trama.network.contacts import digits_of
from trama.network.models import normalised

LIKE_BY_NUMBER = 60.0  # of 100: how alike a name must be for our number to be believed
LIKE_ENOUGH = 90.0  # of 100: names of one area that a person shall look at
MOST_LIKE = 400  # records of one area that bear the beginning of a name
LEAST_PROBABLE = 0.3


@dataclass(frozen=True, slots=True)
class Here:
    """A record that is here, as far as it takes to recognise it."""

    pk: int
    name: str
    plain: str  # the name as it is compared
    area: int | None
    import_key: str
    tax_code: str = ""
    runts: str = ""


@dataclass(frozen=True)
class Match:
    """The record that a row speaks of; `sure` or to be decided by a person, and what speaks for it in words."""

    pk: int
    sure: bool
    why: str


@dataclass
class Known:
    """The records of a register that somebody may see, by all that rows may say of them."""

    registered: Registered
    areas: Areas
    rows: dict[int, Here] = field(default_factory=dict)
    by_import: dict[str, int] = field(default_factory=dict)
    by_name: dict[str, list[int]] = field(default_factory=dict)
    by_tax: dict[str, list[int]] = field(default_factory=dict)
    by_runts: dict[str, list[int]] = field(default_factory=dict)
    hidden_keys: frozenset[str] = frozenset()  # keys of records that the actor may not see

    @classmethod
    def to(cls, actor: Actor, registered: Registered, areas: Areas) -> Known:
        """What the actor may see of a register."""
        found = cls(registered, areas)
        model: Any = registered.model
        codes = ("tax_code", "runts_number") if registered.key == "organisations" else ()
        rows = model.objects.visible_to(actor).order_by("pk")
        for pk, name, area, key, *more in rows.values_list("pk", "name", "area_id", "import_key", *codes).iterator(
            chunk_size=5000
        ):
            tax, runts = more or ("", "")
            found.add(Here(pk, name, normalised(name), area, key, tax.upper(), runts))
        keys = model.objects.exclude(import_key="").order_by().values_list("import_key", flat=True)
        found.hidden_keys = frozenset(key for key in keys.iterator(chunk_size=5000) if key not in found.by_import)
        return found

    def add(self, row: Here) -> None:
        """Know one record more."""
        self.rows[row.pk] = row
        if row.import_key:
            self.by_import[row.import_key] = row.pk
        self.by_name.setdefault(row.plain, []).append(row.pk)
        if row.tax_code:
            self.by_tax.setdefault(row.tax_code, []).append(row.pk)
        if row.runts:
            self.by_runts.setdefault(row.runts, []).append(row.pk)

    # --- one row
    def of(self, asked: Asked, key: str) -> Match | None:
        """The record that a row names by a number, a key or a code, or by its name and place."""
        return self._by_number(asked) or self._by_key(asked, key) or self._by_code(asked) or self._by_name(asked)

    def bears(self, asked: Asked) -> bool:
        """Whether the record with the number of a row bears a name like the row's."""
        found = self._by_number(asked) if asked.here in self.rows else None
        return found is not None and found.sure

    def _by_number(self, asked: Asked) -> Match | None:
        row = self.rows.get(asked.here) if asked.here is not None else None
        if row is None:
            if asked.here is not None:
                asked.notes.append(("", _("no record bears the number %(number)s here") % {"number": asked.here}))
            return None
        from rapidfuzz import fuzz

        plain = normalised(asked.label)
        alike = plain == row.plain or fuzz.token_sort_ratio(plain, row.plain) >= LIKE_BY_NUMBER
        if alike:
            return Match(row.pk, sure=True, why=_("it bears its number"))
        return Match(row.pk, sure=False, why=_("it bears its number, and another name"))

    def _by_key(self, asked: Asked, key: str) -> Match | None:
        pk = self.by_import.get(key)
        if pk is None:
            return None
        from rapidfuzz import fuzz

        plain, row = normalised(asked.label), self.rows[pk]
        if asked.key and plain != row.plain and fuzz.token_sort_ratio(plain, row.plain) < LIKE_BY_NUMBER:
            # A list whose rows were numbered anew: the key says one record, the name another.
            other = next((self.rows[one] for one in self.by_name.get(plain, ()) if one != pk), None)
            if other is not None:
                text = _("the file gives it the number of “%(name)s” in the source, and this name: which is it?")
                return Match(other.pk, sure=False, why=text % {"name": row.name})
        return Match(pk, sure=True, why=_("loaded before from this source"))

    def _by_code(self, asked: Asked) -> Match | None:
        for name, known, why in (
            ("tax_code", self.by_tax, gettext_noop("same tax code")),
            ("runts_number", self.by_runts, gettext_noop("same RUNTS number")),
        ):
            bearing = known.get(str(asked.values.get(name) or ""), [])
            if bearing:
                return Match(bearing[0], sure=len(bearing) == 1, why=_(why))
        return None

    def _by_name(self, asked: Asked) -> Match | None:
        here = [pk for pk in self.by_name.get(normalised(asked.label), ()) if self._same_place(asked, self.rows[pk])]
        if not here:
            return None
        why = _("same name and place") if asked.values.get("area_id") else _("same name")
        return Match(here[0], sure=len(here) == 1, why=why)

    def _same_place(self, asked: Asked, row: Here) -> bool:
        """Whether a record and a row may stand in one place: one area lies in the other, or one of them tells none."""
        area = asked.values.get("area_id")
        if area is None and asked.hanging.get("areas"):
            return any(self._near(one, row.area) for (one,) in asked.hanging["areas"])
        return self._near(area, row.area)

    def _near(self, one: int | None, other: int | None) -> bool:
        return one is None or other is None or self.areas.lies_in(one, other) or self.areas.lies_in(other, one)


# --- what is alike ----------------------------------------------------------------------------------------------------
def alike(known: Known, rows: Sequence[Asked], taken: Iterable[int]) -> dict[int, Match]:
    """For rows that name no record: one that may be the same, by the place of the row in `rows`."""
    if not rows or not known.rows:
        return {}
    if known.registered.key == "organisations":
        return _alike_bodies(known, rows, frozenset(taken))
    return _alike_names(known, rows, frozenset(taken))


def _alike_bodies(known: Known, rows: Sequence[Asked], taken: frozenset[int]) -> dict[int, Match]:
    """What the queue of duplicates would propose, were the rows registered."""
    parties = [party for party in duplicates.registered() if party.key[0] in known.rows]  # type: ignore[index]
    count = len(parties)
    places = duplicates.municipalities()
    parties += [_party(number, one, places) for number, one in enumerate(rows)]
    found: dict[int, Match] = {}
    for one in link(parties).links:  # the most probable first
        low, high = sorted((one.one, one.other))
        if low >= count or high < count or one.probability < LEAST_PROBABLE:
            continue
        pk: Any = parties[low].key
        number = high - count
        if number in found or pk[0] in taken:
            continue
        evidence = duplicates.explained(parties[low], parties[high], one)
        if "other_code" in evidence:
            continue
        found[number] = Match(pk[0], sure=False, why="; ".join(duplicates.in_words(evidence)))
    return found


def _party(number: int, asked: Asked, places: dict[int, tuple[str, str]]) -> Party:
    values, hanging = asked.values, asked.hanging
    place, wider = places.get(values.get("area_id") or 0, ("", ""))
    phones = (digits_of(value) for kind, value, _label in hanging.get("phones", ()) if kind != ContactKind.PERSON)
    kind = values.get("kind_id")
    return Party(
        ("row", number),
        asked.label,
        values.get("acronym") or "",
        place,
        wider,
        " ".join(names.words_of(values.get("address") or "")),
        frozenset(digits for digits in phones if len(digits) >= 6),
        frozenset(value.strip().casefold() for _kind, value, _label in hanging.get("emails", ()) if "@" in value),
        frozenset(filter(None, (duplicates.site_of(value) for _kind, value, _label in hanging.get("sites", ())))),
        values.get("tax_code") or "",
        frozenset({kind} if kind else ()),
        # One file names a body once: two of its rows are no pair, and teach how alike two bodies can be.
        frozenset({"the file"}),
    )


def _alike_names(known: Known, rows: Sequence[Asked], taken: frozenset[int]) -> dict[int, Match]:
    """Names nearly the same in the same area, compared where they share a beginning of a word."""
    from rapidfuzz import fuzz

    near: dict[tuple[str, str], list[Here]] = {}
    municipality = {pk: place for pk, (place, _wider) in duplicates.municipalities().items()}
    for row in known.rows.values():
        for piece in _pieces(row.plain):
            near.setdefault((municipality.get(row.area or 0, ""), piece), []).append(row)
    found: dict[int, Match] = {}
    for number, asked in enumerate(rows):
        plain = normalised(asked.label)
        place = municipality.get(asked.values.get("area_id") or 0, "")
        best: tuple[float, Here] | None = None
        for piece in _pieces(plain):
            for row in near.get((place, piece), [])[:MOST_LIKE]:
                score = fuzz.token_sort_ratio(plain, row.plain, score_cutoff=LIKE_ENOUGH)
                if score and row.pk not in taken and (best is None or score > best[0]):
                    best = (score, row)
        if best is not None:
            same = plain == best[1].plain
            found[number] = Match(best[1].pk, sure=False, why=_("same name") if same else _("names nearly the same"))
    return found


def _pieces(plain: str) -> set[str]:
    """By what a name is found: the beginnings of its longest words."""
    return {word[:5] for word in sorted(plain.split(), key=len)[-3:]}
