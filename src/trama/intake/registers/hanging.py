"""What a record has in other tables (codes, areas, contacts, participations …), read and written alike for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q

from trama.core import bulk
from trama.core.keys import among
from trama.directory.models import Promotion, ResourceCode, ResourceContact
from trama.experiences.models import (
    Experience,
    ExperienceArea,
    ExperienceCode,
    ExperiencePlace,
    Funding,
    Occurrence,
    Participation,
)
from trama.intake.registers.details import UNSAID
from trama.intake.registers.fields import Field, Kind, Registered
from trama.network.choices import ContactKind, Visibility
from trama.network.contacts import classify
from trama.network.models import OrganisationContact, OrganisationName, Seat, normalised
from trama.territory.finding import areas_at
from trama.territory.models import Place, PlaceCode

SOME = 2000
CONTACT_KINDS = {
    Kind.PHONES: (ContactKind.PHONE, ContactKind.MOBILE),
    Kind.EMAILS: (ContactKind.EMAIL,),
    Kind.SITES: (ContactKind.WEB, ContactKind.SOCIAL),
    Kind.PERSONS: (ContactKind.PERSON,),
}
CONTACTS: dict[str, tuple[type[Model], str]] = {
    "organisations": (OrganisationContact, "organisation"),
    "resources": (ResourceContact, "resource"),
}
CODES: dict[str, tuple[type[Model], str]] = {
    "resources": (ResourceCode, "resource"),
    "experiences": (ExperienceCode, "experience"),
    "places": (PlaceCode, "place"),
}
BODIES: dict[str, tuple[type[Model], str]] = {
    "resources": (Promotion, "resource"),
    "experiences": (Participation, "experience"),
}


def _as_named(value: tuple[Any, ...]) -> Any:
    return normalised(value[0])


def _contact(value: tuple[Any, ...]) -> Any:
    """A contact is the same whatever kind of telephone it was taken for, and whatever was said beside it."""
    return " ".join(value[1].split()).casefold()


def _amounts(value: tuple[Any, ...]) -> Any:
    return (value[0], value[1].normalize())


def _seat(value: tuple[Any, ...]) -> Any:
    return tuple(" ".join(text.split()) for text in value[:2])


@dataclass(frozen=True)
class Around:
    """What is known around a row: words beside it, and which values of its record the file says are for staff; the
    area of the record, and whether it is invented."""

    words: str = ""
    private: frozenset[str] | None = None
    area: int | None = None
    invented: bool = False

    def visibility(self, kind: str, value: str, label: str) -> str:
        """Who may see it: as the file says, else as it seems."""
        if self.private is None:
            return str(classify(kind, value, self.words, label=label))
        return str(Visibility.STAFF if " ".join(value.split()) in self.private else Visibility.PUBLIC)


@dataclass(frozen=True)
class Hanging:
    """Rows of another table that belong to a record: which columns tell them apart, and what all of them bear.

    Of rows with details the columns begin with what tells them apart (`compared` takes that), and the details follow;
    several may be alike, unless the table forbids it (`single`).
    """

    model: type[Model]
    owner: str
    columns: tuple[str, ...]
    fixed: dict[str, Any] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    unseen: Q | None = None  # rows that not everybody sees
    compared: Callable[[tuple[Any, ...]], Any] = lambda value: value
    details: int = 0  # how many of the columns, the last ones
    single: bool = True

    def of(self, pks: Sequence[int]) -> dict[int, dict[int, tuple[Any, ...]]]:
        """What records have: for each record the keys of its rows with their values."""
        found: dict[int, dict[int, tuple[Any, ...]]] = {}
        manager: Any = self.model._default_manager
        for start in range(0, len(pks), SOME):
            rows = manager.filter(**{f"{self.owner}__in": among(pks[start : start + SOME])}, **self.fixed).order_by(
                "pk"
            )
            rows = rows.filter(kind__in=self.kinds) if self.kinds else rows
            for owner, pk, *values in rows.values_list(f"{self.owner}_id", "pk", *self.columns):
                found.setdefault(owner, {})[pk] = tuple(values)
        return found

    def unseen_of(self, pks: Sequence[int]) -> frozenset[int]:
        """The keys of those rows of records that not everybody sees: a file for the public says nothing of them."""
        manager: Any = self.model._default_manager
        found: set[int] = set()
        for start in range(0, len(pks), SOME) if self.unseen is not None else ():
            rows = manager.filter(self.unseen, **{f"{self.owner}__in": among(pks[start : start + SOME])}, **self.fixed)
            found.update(rows.order_by().values_list("pk", flat=True))
        return frozenset(found)

    def insert(self, rows: Iterable[tuple[int, tuple[Any, ...], Around]]) -> None:
        """Write new rows: owner, values, and what is known around them (for who may see a contact)."""
        if self.looks_around or self.model is OrganisationName:
            told, make = list(rows), bulk.maker(self.model)
            made = [self._made(make, owner, value, around) for owner, value, around in told]
            if self.model in {Seat, Occurrence}:
                self._place(made, [around.area for _owner, _value, around in told])
            bulk.insert(made)
            return
        names = [f"{self.owner}_id", *self.columns, *self.fixed]
        fixed = tuple(self.fixed.values())
        plain = [self.model._meta.get_field(name.removesuffix("_id")).get_default() for name in self.columns]  # type: ignore[union-attr]

        def said(value: tuple[Any, ...]) -> tuple[Any, ...]:
            if UNSAID not in value:
                return value
            return tuple(default if one is UNSAID else one for one, default in zip(value, plain, strict=True))

        bulk.insert_values(self.model, names, ((owner, *said(value), *fixed) for owner, value, _around in rows))

    @property
    def looks_around(self) -> bool:
        """Whether what is known around a value says something of it."""
        return bool(self.kinds) or self.model in {Seat, Occurrence}

    def _made(self, make: Callable[[dict[str, Any]], Any], owner: int, value: tuple[Any, ...], around: Around) -> Model:
        told = {name: one for name, one in zip(self.columns, value, strict=True) if one is not UNSAID}
        made = told | self.fixed | {f"{self.owner}_id": owner}
        if self.kinds:
            made["visibility"] = around.visibility(made["kind"], made["value"], made["label"])
        if self.model is OrganisationName:
            made["normalised_name"] = normalised(made["name"])[:250]
        row = make(made)
        if self.model is Occurrence:
            row.is_demonstration = around.invented
        if self.model in {Seat, Occurrence} and "area_id" not in told:
            row.area_id = UNSAID
        return row

    def _place(self, rows: Sequence[Any], near: Sequence[int | None]) -> None:
        """The areas of new seats and dates that state none: of the point; of the place, else of the experience."""
        wanting = [place for place, row in enumerate(rows) if row.area_id is UNSAID]
        if self.model is Seat:
            for row in rows:
                row.put_at(row.lon, row.lat)
            placed = [place for place in wanting if rows[place].lon is not None]
            found = areas_at([rows[place].lon for place in placed], [rows[place].lat for place in placed])
            areas = dict(zip(placed, found, strict=True))
        else:
            of_places = _areas_of(Place, (rows[place].place_id for place in wanting if rows[place].place_id))
            of_records = _areas_of(Experience, (rows[place].experience_id for place in wanting))
            areas = {
                place: of_places.get(rows[place].place_id) or near[place] or of_records.get(rows[place].experience_id)
                for place in wanting
            }
        for place in wanting:
            rows[place].area_id = areas.get(place)

    def delete(self, pks: Sequence[int]) -> None:
        """Take rows away."""
        manager: Any = self.model._default_manager
        for start in range(0, len(pks), SOME):
            manager.filter(pk__in=among(pks[start : start + SOME])).delete()


def _areas_of(model: type[Model], pks: Iterable[int]) -> dict[int, int | None]:
    manager: Any = model._default_manager
    return dict(manager.filter(pk__in=among(sorted(set(pks)))).order_by().values_list("pk", "area_id"))


def hanging_of(registered: Registered, one: Field) -> Hanging:
    """The table in which a field of a register stands."""
    key = registered.key
    columns: tuple[str, ...]
    if one.kind in CONTACT_KINDS:
        model, owner = CONTACTS[key]
        kinds = tuple(str(kind) for kind in CONTACT_KINDS[one.kind])
        unseen = ~Q(visibility=Visibility.PUBLIC)
        return Hanging(model, owner, ("kind", "value", "label"), kinds=kinds, compared=_contact, unseen=unseen)
    match one.kind:
        case Kind.CODES:
            model, owner = CODES[key]
            return Hanging(model, owner, ("code_id",), {"facet": one.list})
        case Kind.ORGANISATIONS:
            model, owner = BODIES[key]
            unseen = Q(organisation__is_public=False) | Q(organisation__is_sensitive=True)
            if key == "resources":
                return Hanging(model, owner, ("organisation_id", "role_id"), unseen=unseen)
            columns = ("organisation_id", "role_id", "gives", "receives", "since")
            return Hanging(model, owner, columns, unseen=unseen, compared=lambda value: value[:2], details=3)
        case Kind.NAMES:
            return Hanging(OrganisationName, "organisation", ("name",), compared=_as_named)
        case Kind.AREAS:
            return Hanging(ExperienceArea, "experience", ("area_id",))
        case Kind.PLACES:
            return Hanging(ExperiencePlace, "experience", ("place_id",), unseen=Q(place__is_public=False))
        case Kind.SEATS:
            columns = ("name", "address", "opening", "lon", "lat", "area_id", "place_id")
            return Hanging(Seat, "organisation", columns, compared=_seat, details=5, single=False)
        case Kind.FUNDING:
            columns = ("year", "amount", "funder_id", "fund", "note")
            return Hanging(Funding, "experience", columns, compared=_amounts, details=3, single=False)
        case Kind.DATES:
            columns = ("starts_at", "ends_at", "place_id", "area_id", "title", "cancelled_because")
            return Hanging(Occurrence, "experience", columns, compared=lambda value: value[0], details=5, single=False)
    raise ValueError(one.key)
