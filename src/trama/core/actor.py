"""Who acts: a small value object that everything speaks to. It knows no model, so a test makes one in a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

# Roles of people who work for the services: they see what is internal within their areas.
STAFF = frozenset(
    {
        "community_worker",
        "social_worker",
        "technical_coordinator",
        "plan_office",
        "district_office",
        "table_facilitator",
        "mediator",
        "partner_health",
        "dpo_admin",
    }
)


@dataclass(frozen=True)
class Grant:
    """One role, held on an area (with everything below it), on an organisation, or (both None) everywhere."""

    role: str
    area: int | None = None
    organisation: int | None = None


@dataclass(frozen=True)
class Actor:
    """The person (or nobody, or the system) behind a request or a command.

    `areas` are the ids of all the areas on which a role is held, those below included; `everywhere` is true when a
    role is held without an area and without an organisation.
    """

    user: int | None = None
    name: str = ""
    grants: frozenset[Grant] = frozenset()
    areas: frozenset[int] = frozenset()
    areas_by_role: tuple[tuple[str, frozenset[int]], ...] = ()
    system: bool = field(default=False)

    @property
    def is_known(self) -> bool:
        """Whether somebody signed in (or a command of the administrator) is acting."""
        return self.system or self.user is not None

    @property
    def is_staff(self) -> bool:
        """Whether the actor works for the services, anywhere."""
        return self.holds(STAFF)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(grant.role for grant in self.grants)

    @property
    def organisations(self) -> frozenset[int]:
        """The organisations for which this person speaks."""
        return frozenset(grant.organisation for grant in self.grants if grant.organisation is not None)

    def holds(self, roles: Iterable[str]) -> bool:
        """Whether one of `roles` is held, no matter where."""
        return self.system or not self.roles.isdisjoint(roles)

    def everywhere(self, roles: Iterable[str]) -> bool:
        """Whether one of `roles` is held on the whole installation."""
        wanted = frozenset(roles)
        return self.system or any(g.role in wanted and g.area is None and g.organisation is None for g in self.grants)

    def areas_with(self, roles: Iterable[str]) -> frozenset[int]:
        """The ids of the areas (those below included) on which one of `roles` is held."""
        wanted = frozenset(roles)
        found: set[int] = set()
        for role, areas in self.areas_by_role:
            if role in wanted:
                found |= areas
        return frozenset(found)


NOBODY = Actor()
SYSTEM = Actor(name="Trama", system=True)
