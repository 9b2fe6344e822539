"""What the territory offers to the pages that gather, and `AreaDimension`, by which every register is told apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from trama.core.actor import Actor
from trama.core.registers import NONE, Dimension, Text
from trama.territory import finding
from trama.territory.choices import AreaKind
from trama.territory.models import AreaClosure


# --- the area as a dimension of a register ------------------------------------------------------------------------
@dataclass(frozen=True)
class AreaDimension(Dimension):
    """The area of a record, as a filter, a column and an axis.

    `path` is the foreign key to the area, from the record or (with `relation`, the reverse name of a through table)
    from the rows of that table. `level` is the kind of area (`AreaKind`) to which records are rolled up when they are
    grouped: a record outside every area of that kind has None. Narrowing takes an area with everything below it.
    Grouped values are ids of areas; in addresses they are codes.
    """

    relation: str = ""
    level: str = ""

    def choices(self, actor: Actor) -> Sequence[tuple[str, str]]:
        known = [node for node in finding.nodes().values() if node.in_force]
        if self.level:
            return [(node.code, node.name) for node in known if node.kind == self.level]
        # Em spaces: a select drops ordinary blanks at the beginning of its options.
        return [(node.code, "\u2003" * node.depth + node.name) for node in known]

    def name(self, value: Any) -> str:
        return finding.name_of(value) or str(value)

    def address_of(self, value: Any) -> str:
        return finding.code_of(value) or str(value)

    def stored(self, value: str) -> Any:
        return finding.id_of(value)

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        wanted = [pk for pk in (self.stored(value) for value in values if value != NONE) if pk is not None]
        below = AreaClosure.objects.order_by().filter(ancestor__in=wanted).values("area")
        condition = self._lies_in(rows, below) if wanted else Q(pk__in=[])
        if NONE in values:
            somewhere = AreaClosure.objects.order_by()
            somewhere = somewhere.filter(ancestor_kind=self.level) if self.level else somewhere.filter(distance=0)
            condition |= ~Q(
                pk__in=rows.model._default_manager.order_by()
                .filter(self._lies_in(rows, somewhere.values("area")))
                .values("pk")
            )
        return rows.filter(condition)

    def _lies_in(self, rows: QuerySet[Any], areas: QuerySet[Any, Any]) -> Q:
        if not self.relation:
            return Q(**{f"{self.path}__in": areas})
        link = rows.model._meta.get_field(self.relation)
        through, record = link.related_model, link.field.attname
        return Q(pk__in=through._default_manager.order_by().filter(**{f"{self.path}__in": areas}).values(record))

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        path = f"{self.relation}__{self.path}" if self.relation else self.path
        if not self.level:
            return rows.annotate(**{alias: F(f"{path}_id")})
        of_level = FilteredRelation(f"{path}__up", condition=Q(**{f"{path}__up__ancestor_kind": self.level}))
        return rows.annotate(**{f"{alias}_up": of_level}).annotate(**{alias: F(f"{alias}_up__ancestor_id")})

    def order(self, values: Iterable[Any]) -> list[Any]:
        known = finding.nodes()
        return sorted(values, key=lambda value: known[value].position if value in known else len(known))


def area_dimensions(path: str = "area", relation: str = "") -> tuple[AreaDimension, ...]:
    """The dimensions by which a register of located records is told apart: any area, and one axis per level."""
    multiple = bool(relation)
    levels: tuple[tuple[str, Text], ...] = (
        (AreaKind.MUNICIPALITY, _("Municipality")),
        (AreaKind.DISTRICT, _("District")),
        (AreaKind.HAMLET, _("Hamlet")),
        (AreaKind.ZONE, _("Zone")),
        (AreaKind.NEIGHBOURHOOD, _("Neighbourhood")),
        (AreaKind.STATISTICAL_AREA, _("Statistical area")),
    )
    anywhere = AreaDimension("area", _("Area"), path, multiple=multiple, axis=False, relation=relation)
    by_level = [
        AreaDimension(str(kind), label, path, multiple=multiple, relation=relation, level=str(kind))
        for kind, label in levels
    ]
    return (anywhere, *by_level)
