"""What a record has in other tables (codes, areas, contacts, participations …), read and written alike for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q

from trama.core import bulk
from trama.core.keys import among
from trama.directory.models import Promotion, ResourceCode, ResourceContact
from trama.experiences.models import ExperienceArea, ExperienceCode, ExperiencePlace, Funding, Participation
from trama.intake.registers.fields import Field, Kind, Registered
from trama.network.choices import ContactKind, Visibility
from trama.network.contacts import classify
from trama.network.models import OrganisationContact, OrganisationName, Seat, normalised
from trama.territory.models import PlaceCode

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


@dataclass(frozen=True)
class Around:
    """What is known around a contact: words beside it, and which values of its record the file says are for staff."""

    words: str = ""
    private: frozenset[str] | None = None

    def visibility(self, kind: str, value: str, label: str) -> str:
        """Who may see it: as the file says, else as it seems."""
        if self.private is None:
            return str(classify(kind, value, self.words, label=label))
        return str(Visibility.STAFF if " ".join(value.split()) in self.private else Visibility.PUBLIC)


@dataclass(frozen=True)
class Hanging:
    """Rows of another table that belong to a record: which columns tell them apart, and what all of them bear."""

    model: type[Model]
    owner: str
    columns: tuple[str, ...]
    fixed: dict[str, Any] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    unseen: Q | None = None  # rows that not everybody sees
    compared: Callable[[tuple[Any, ...]], Any] = lambda value: value

    def of(self, pks: Sequence[int]) -> dict[int, dict[tuple[Any, ...], int]]:
        """What records have: for each record its values with the keys of their rows."""
        found: dict[int, dict[tuple[Any, ...], int]] = {}
        manager: Any = self.model._default_manager
        for start in range(0, len(pks), SOME):
            rows = manager.filter(**{f"{self.owner}__in": among(pks[start : start + SOME])}, **self.fixed).order_by(
                "pk"
            )
            rows = rows.filter(kind__in=self.kinds) if self.kinds else rows
            for owner, pk, *values in rows.values_list(f"{self.owner}_id", "pk", *self.columns):
                found.setdefault(owner, {})[tuple(values)] = pk
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
        if self.kinds or self.model is OrganisationName or self.model is Seat:
            bulk.insert([self._made(owner, value, around) for owner, value, around in rows])
            return
        names = [f"{self.owner}_id", *self.columns, *self.fixed]
        fixed = tuple(self.fixed.values())
        bulk.insert_values(self.model, names, [(owner, *value, *fixed) for owner, value, _around in rows])

    def _made(self, owner: int, value: tuple[Any, ...], around: Around) -> Model:
        made = dict(zip(self.columns, value, strict=True)) | self.fixed | {f"{self.owner}_id": owner}
        if self.kinds:
            made["visibility"] = around.visibility(made["kind"], made["value"], made["label"])
        if self.model is OrganisationName:
            made["normalised_name"] = normalised(made["name"])[:250]
        return self.model(**made)

    def delete(self, pks: Sequence[int]) -> None:
        """Take rows away."""
        manager: Any = self.model._default_manager
        for start in range(0, len(pks), SOME):
            manager.filter(pk__in=among(pks[start : start + SOME])).delete()


def hanging_of(registered: Registered, one: Field) -> Hanging:
    """The table in which a field of a register stands."""
    key = registered.key
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
            return Hanging(model, owner, ("organisation_id", "role_id"), unseen=unseen)
        case Kind.NAMES:
            return Hanging(OrganisationName, "organisation", ("name",), compared=_as_named)
        case Kind.AREAS:
            return Hanging(ExperienceArea, "experience", ("area_id",))
        case Kind.PLACES:
            return Hanging(ExperiencePlace, "experience", ("place_id",), unseen=Q(place__is_public=False))
        case Kind.SEATS:
            return Hanging(Seat, "organisation", ("name", "address"))
        case Kind.FUNDING:
            return Hanging(Funding, "experience", ("year", "amount"), compared=_amounts)
    raise ValueError(one.key)
