"""A register: one declaration that gives the list, the map, the table, the export, the filters and the axes.

The same `Selection` (what stands in the address) narrows all of them, so that they always show the same set.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, FilteredRelation, Model, Q, QuerySet
from django.db.models.expressions import Combinable
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from trama.core import codes
from trama.core.actor import Actor
from trama.core.keys import whole

Text = str | Promise
NONE = "-"  # in an address: the records that have no value


@dataclass(frozen=True)
class Dimension:
    """Something by which records can be told apart: a filter, a column and an axis at once.

    `path` is the field of the record that holds the value. `multiple` says that a record may have several.
    """

    key: str
    label: Text
    path: str
    multiple: bool = False
    filterable: bool = True
    axis: bool = True
    staff: bool = False
    special: bool = False  # tells of a special category of data: counts of persons by it have the higher threshold

    def choices(self, actor: Actor) -> Sequence[tuple[str, str]]:
        """The values one may choose, as they stand in the address, with their names."""
        return []

    def chosen(self, value: str, actor: Actor) -> str:
        """The name of a value of the address that is none of the choices (there are too many to list them)."""
        return ""

    def name(self, value: Any) -> str:
        """The name of a grouped value (as `group` yields it)."""
        return str(value)

    def address_of(self, value: Any) -> str:
        """A grouped value as it stands in an address."""
        return str(value)

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        """The rows that have one of the values; `-` stands for "none at all"."""
        wanted = [self.stored(value) for value in values if value != NONE]
        condition = Q(**{f"{self.path}__in": wanted}) if wanted else Q(pk__in=[])
        if NONE in values:
            condition |= Q(**{f"{self.path}__isnull": True})
        return rows.filter(condition)

    def stored(self, value: str) -> Any:
        """A value of the address as the database holds it."""
        return value

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        """The rows with the value annotated as `alias`; None where there is none. May multiply rows if multiple."""
        annotated: QuerySet[Any] = rows.annotate(**{alias: F(self.path)})
        return annotated

    def order(self, values: Iterable[Any]) -> list[Any]:
        """The values in the order in which a table shows them."""
        return sorted(values, key=lambda value: self.name(value).casefold())


@dataclass(frozen=True)
class CodeDimension(Dimension):
    """A value of a code list, held in a foreign key to `core.Code`, or in several rows of a through table.

    With `relation` (the reverse name of the through table, whose rows have `facet` and `code`) it is multiple.
    """

    list: str = ""
    relation: str = ""

    def choices(self, actor: Actor) -> Sequence[tuple[str, str]]:
        return [(code.value, code.label) for code in codes.codes_of(self.list, also_closed=True)]

    def name(self, value: Any) -> str:
        return codes.label(value)

    def address_of(self, value: Any) -> str:
        return str(value).partition(":")[2]

    def stored(self, value: str) -> Any:
        return codes.key(self.list, value)

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        if not self.relation:
            return super().narrow(rows, values)
        through, record = _through(rows.model, self.relation)
        of_list = through._default_manager.filter(facet=self.list)
        wanted = of_list.filter(code__in=[self.stored(v) for v in values if v != NONE])
        condition = Q(pk__in=wanted.values(record))
        if NONE in values:
            condition |= ~Q(pk__in=of_list.values(record))
        return rows.filter(condition)

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        if not self.relation:
            return super().group(rows, alias)
        of_list = FilteredRelation(self.relation, condition=Q(**{f"{self.relation}__facet": self.list}))
        joined: QuerySet[Any] = rows.annotate(**{f"{alias}_rows": of_list})
        annotated: QuerySet[Any] = joined.annotate(**{alias: F(f"{alias}_rows__code_id")})
        return annotated

    def order(self, values: Iterable[Any]) -> builtins.list[Any]:
        positions = {code.id: number for number, code in enumerate(codes.codes_of(self.list, also_closed=True))}
        return sorted(values, key=lambda value: positions.get(value, len(positions)))


@dataclass(frozen=True)
class ChoiceDimension(Dimension):
    """A closed list that the code branches on (Django's TextChoices)."""

    options: tuple[tuple[str, Text], ...] = ()

    def choices(self, actor: Actor) -> Sequence[tuple[str, str]]:
        return [(value, str(label)) for value, label in self.options]

    def name(self, value: Any) -> str:
        return str(dict(self.options).get(value, value))

    def order(self, values: Iterable[Any]) -> list[Any]:
        positions = {value: number for number, (value, _label) in enumerate(self.options)}
        return sorted(values, key=lambda value: positions.get(value, len(positions)))


@dataclass(frozen=True)
class FlagDimension(Dimension):
    """Yes or no."""

    def choices(self, actor: Actor) -> Sequence[tuple[str, str]]:
        return [("1", str(_("yes"))), ("0", str(_("no")))]

    def name(self, value: Any) -> str:
        return str(_("yes") if value else _("no"))

    def address_of(self, value: Any) -> str:
        return "1" if value else "0"

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        # Any other word ("yes") would be read as "no": it finds nothing instead.
        return super().narrow(rows, [value for value in values if value in ("0", "1", NONE)])

    def stored(self, value: str) -> Any:
        return value == "1"


@dataclass(frozen=True)
class YearDimension(Dimension):
    """The year of a date."""

    def choices(self, actor: Actor) -> Sequence[tuple[str, str]]:
        return []

    def stored(self, value: str) -> Any:
        year = whole(value, 9999)
        return -1 if year is None else year

    def group(self, rows: QuerySet[Any], alias: str) -> QuerySet[Any]:
        annotated: QuerySet[Any] = rows.annotate(**{alias: F(f"{self.path}__year")})
        return annotated

    def narrow(self, rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        wanted = [self.stored(value) for value in values if value != NONE]
        condition = Q(**{f"{self.path}__year__in": wanted}) if wanted else Q(pk__in=[])
        if NONE in values:
            condition |= Q(**{f"{self.path}__isnull": True})
        return rows.filter(condition)


@dataclass(frozen=True)
class Measure:
    """What a table adds up. `expression` aggregates rows; `of_records` sums need one row per record and cell."""

    key: str
    label: Text
    expression: Combinable | None = None  # None: the records themselves, counted distinct
    unit: Text = ""
    warning: Text = ""
    sum_of: str = ""  # a numeric field to be summed, each record once per cell
    known: str = ""  # for sums: the field whose presence says that the number is known
    persons: bool = False  # counts persons: protected
    special: bool = False  # counts persons of a special category of data: protected below the higher threshold
    precision: str = ""  # for sums: the field that says "estimated" where the number is an estimate


@dataclass(frozen=True)
class Column:
    """A column of the table and of the exports: a field, or a batch lookup for what stands in other tables.

    `batch(pks, actor)` gives the text per record; it is asked once for a whole page or export.
    """

    key: str
    label: Text
    path: str = ""
    render: Callable[[Any], Any] | None = None
    # The values of some records (keys, values, who reads) where they depend on who reads.
    read_by: Callable[[Sequence[int], Sequence[Any], Actor], Sequence[Any]] | None = None
    batch: Callable[[Sequence[int], Actor], Mapping[int, Any]] | None = None
    numeric: bool = False
    on_page: bool = True  # shown in the table view; the exports carry all
    staff: bool = False


@dataclass(frozen=True)
class Register:
    """A register of records. See the module's text."""

    key: str  # also its place in addresses
    model: type[Model]
    title: Text
    counted: Callable[[int], str]  # 594 -> "594 risorse"
    visible: Callable[[Actor], QuerySet[Any]]
    dimensions: tuple[Dimension, ...]
    columns: tuple[Column, ...]
    orders: Mapping[str, tuple[Text, tuple[str, ...]]]  # key -> (label, order_by fields); the first is the default
    card: str  # template of one record in the list, gets `record`
    url: Callable[[int], str]
    title_path: str = "name"
    measures: tuple[Measure, ...] = ()
    for_list: Callable[[QuerySet[Any]], QuerySet[Any]] = field(default=lambda rows: rows)
    # Dimensions in which the result is counted in the sentence on top ("26 attività, 6 quartieri").
    spread: tuple[tuple[str, Callable[[int], str]], ...] = ()
    add_url: str = ""
    may_add: Callable[[Actor], bool] = field(default=lambda actor: False)
    # Which records stand for one person each (informal groups of one): counts of them alone are counts of persons.
    persons: Q | None = None
    # Which records touch special categories of data: their numbers of persons have the higher threshold everywhere.
    special: Callable[[], Q] | None = None
    # Pages that belong beside the list: name and name of the address.
    beside: tuple[tuple[Text, str], ...] = ()
    # What the reader must know about these rows ("a map of resources counts what was listed, not what exists").
    caution: Text = ""

    def dimension(self, key: str) -> Dimension | None:
        return next((dimension for dimension in self.dimensions if dimension.key == key), None)

    def all_measures(self) -> tuple[Measure, ...]:
        """The records themselves, then the declared measures."""
        return (Measure("records", self.title), *self.measures)


@dataclass(frozen=True)
class Selection:
    """What a person chose, as it stands in the address: values per dimension, a text, an order."""

    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    text: str = ""
    order: str = ""

    @classmethod
    def read(cls, register: Register, query: QueryDict | Mapping[str, Any], actor: Actor) -> Selection:
        """Read an address; what the register does not know is ignored."""
        getlist = query.getlist if isinstance(query, QueryDict) else lambda key: _as_list(query.get(key))
        values = []
        for dimension in register.dimensions:
            if not dimension.filterable or (dimension.staff and not actor.is_staff):
                continue
            # PostgreSQL refuses a NUL, wherever it stands; no value has one, so that nothing is found.
            given = (str(value).replace("\x00", "\ufffd") for value in getlist(dimension.key))
            chosen = tuple(dict.fromkeys(value for value in given if value))
            if chosen:
                values.append((dimension.key, chosen))
        order = next(iter(getlist("order")), "")
        text = " ".join(str(next(iter(getlist("q")), "")).replace("\x00", "").split())[:200]
        return cls(tuple(values), text, order if order in register.orders else "")

    @property
    def is_empty(self) -> bool:
        return not self.values and not self.text

    def of(self, key: str) -> tuple[str, ...]:
        return dict(self.values).get(key, ())

    def without(self, key: str, value: str | None = None) -> Selection:
        """The same choice less one value (or less a whole dimension, or less the text: key `q`)."""
        if key == "q":
            return Selection(self.values, "", self.order)
        left = []
        for name, chosen in self.values:
            kept = tuple(v for v in chosen if name != key or (value is not None and v != value))
            if kept:
                left.append((name, kept))
        return Selection(tuple(left), self.text, self.order)

    def with_(self, key: str, value: str) -> Selection:
        """The same choice with a dimension set to one value."""
        rest = self.without(key)
        return Selection((*rest.values, (key, (value,))), rest.text, rest.order)

    def published(self, register: Register, actor: Actor) -> Selection:
        """The same choice of what is published, unless a state was asked for: numbers do not count drafts in silence.

        Only staff see drafts; for everybody else nothing changes.
        """
        if register.dimension("state") is None or not actor.is_staff or self.of("state"):
            return self
        return self.with_("state", "published")

    def address(self, **more: Any) -> str:
        """The choice as a query string, without the question mark."""
        pairs: list[tuple[str, Any]] = [(key, value) for key, chosen in self.values for value in chosen]
        if self.text:
            pairs.append(("q", self.text))
        if self.order:
            pairs.append(("order", self.order))
        pairs += [(key, value) for key, value in more.items() if value not in (None, "")]
        return urlencode(pairs)

    def chips(self, register: Register, actor: Actor) -> list[dict[str, str]]:
        """What was chosen, in words, each with the address that drops it."""
        chips = []
        for key, chosen in self.values:
            dimension = register.dimension(key)
            if dimension is None:
                continue
            names = dict(dimension.choices(actor))
            for value in chosen:
                known = names.get(value) or dimension.chosen(value, actor) or value
                label = str(_("none")) if value == NONE else known.strip()
                rest = self.without(key, value)
                chips.append({"dimension": str(dimension.label), "label": label, "drop": rest.address()})
        return chips

    def unknown(self, register: Register, actor: Actor) -> list[dict[str, str]]:
        """What was chosen and is no value of its dimension: it finds nothing, and the page says why."""
        found = []
        for key, chosen in self.values:
            dimension = register.dimension(key)
            if dimension is None:
                continue
            listed = isinstance(dimension, (CodeDimension, ChoiceDimension, FlagDimension))
            names = dict(dimension.choices(actor)) if listed else {}
            for value in chosen:
                known = value in names or value == NONE if listed else dimension.stored(value) is not None
                if not known and value != NONE:
                    found.append({"dimension": str(dimension.label), "value": value[:80]})
        return found

    def rows(self, register: Register, actor: Actor) -> QuerySet[Any]:
        """The records chosen, of those the actor may see, unordered unless an order is given."""
        from trama.core import search

        rows = register.visible(actor)
        for key, chosen in self.values:
            dimension = register.dimension(key)
            if dimension is not None:
                rows = dimension.narrow(rows, chosen)
        if self.text:
            rows = rows.filter(search.matching(register.model, self.text, actor))
        return rows

    def ordered(self, register: Register, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows in the chosen order, or in the register's first."""
        key = self.order or next(iter(register.orders))
        return rows.order_by(*register.orders[key][1], "pk")

    def file_name(self, register: Register) -> str:
        """A name for an export of this choice, without ending."""
        parts = [register.key, *(slugify(value) for _key, chosen in self.values for value in chosen)]
        return "-".join(part for part in parts if part)[:80]


def counted_distinct() -> Count:
    """Records counted once, however many rows a grouping made of each."""
    return Count("pk", distinct=True)


def _through(model: type[Model], relation: str) -> tuple[type[Model], str]:
    link = model._meta.get_field(relation)
    return link.related_model, link.field.attname  # type: ignore[union-attr,return-value]


def _as_list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else [str(value)]
