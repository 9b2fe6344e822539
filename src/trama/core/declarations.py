"""The shapes that apps declare and that upper floors gather. A new app appears everywhere by declaring these.

Each app puts its declarations into the module `declarations.py` (numbers into `indicators.py`); `CoreConfig.ready`
imports these modules, nothing else has to be wired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.functional import Promise

from trama.core.actor import Actor
from trama.core.registers import Register

Text = str | Promise


@dataclass(frozen=True)
class Searchable:
    """What can be found: `entries(pks)` yields `(pk, title, text)` for the rows to be indexed (None: all)."""

    model: type[Model]
    label: Text
    entries: Callable[[Sequence[int] | None], Iterator[tuple[int, str, str]]]
    visible: Callable[[Actor], QuerySet[Any]]
    url: Callable[[int], str]
    # Given the found ids, one line about each, to be shown under its title.
    lines: Callable[[Sequence[int]], dict[int, str]] | None = None
    order: int = 100


@dataclass(frozen=True)
class CalendarEntry:
    """One thing that happens at a time and a place."""

    starts: datetime
    ends: datetime | None
    title: str
    place: str
    url: str
    area: int | None = None
    cancelled: bool = False
    note: str = ""


@dataclass(frozen=True)
class CalendarEntries:
    """What happens between two days, as far as the actor may see it; `areas` narrows to these ids."""

    key: str
    label: Text
    between: Callable[[Actor, date, date, Sequence[int] | None], Iterable[CalendarEntry]]


@dataclass(frozen=True)
class Alert:
    """Something that waits for the actor."""

    title: str
    url: str
    level: str = "attention"  # or "late"
    due: date | None = None
    detail: str = ""


@dataclass(frozen=True)
class Alerts:
    """What waits for an actor, most pressing first; must be cheap, it is asked at every "my day"."""

    key: str
    label: Text
    of: Callable[[Actor], Sequence[Alert]]


@dataclass(frozen=True)
class AreaSection:
    """A section of the page of an area. `context(actor, area)` gives what its template needs, None to leave it out."""

    key: str
    title: Text
    template: str
    context: Callable[[Actor, Any], dict[str, Any] | None]
    order: int = 100


@dataclass(frozen=True)
class RecordSection:
    """A section that an app adds to the page of a record of an app below it (experiences to an organisation's).

    `model_label` is the record's `app.model`, "" for records of any kind; `context(actor, record)` gives what the
    template needs, None to leave the section out. The template gets the context and `record`, `actor`.
    """

    key: str
    model_label: str
    title: Text
    template: str
    context: Callable[[Actor, Any], dict[str, Any] | None]
    order: int = 100


@dataclass(frozen=True)
class Linked:
    """Rows of `model` that point with `field` to a record of an app below: they follow it when two records become one.

    A row that a unique constraint refuses beside one that is there already is taken away, and what it says and the
    other does not (`fills`) is written into the other. `with_ends` names the other end of a row that joins two such
    records: one that would join a record with itself is taken away. `alike_by` names fields that make two rows the
    same where no constraint says so. When one record is split into several, the row is repeated for each of them if
    `shared`, else it goes to the first; and `settles` names a flag of the other record (“resource.promoter_to_split”)
    that waited for just that.
    """

    model: type[Model]
    field: str
    fills: tuple[str, ...] = ()
    with_ends: str = ""
    either_way: bool = False  # the two ends may be exchanged
    alike_by: tuple[str, ...] = ()
    shared: bool = False
    settles: str = ""

    @property
    def key(self) -> str:
        return f"{self.model._meta.label_lower}.{self.field}"


@dataclass(frozen=True)
class Figure:
    """One number with what it takes to read it: of how many, as of when, from where."""

    value: float | None
    text: str  # as it is to be printed ("oltre 500", "6.900")
    base: int | None = None
    known: int | None = None  # for how many of the base the number is known
    as_of: date | None = None
    source: str = ""
    note: str = ""
    protected: bool = False  # so few persons that the number may not be told: `value` is None, `text` says so

    @property
    def completeness(self) -> float | None:
        """The share of the base for which the number is known, 0 … 1."""
        return None if not self.base or self.known is None else self.known / self.base


@dataclass(frozen=True)
class Indicator:
    """A number that an app can give. `compute(actor, area_ids, period)` returns a Figure.

    `area_ids` are the ids of an area and of all below it (None: everywhere); `period` is a pair of days or None.
    """

    code: str
    label: Text
    unit: Text
    description: Text
    compute: Callable[[Actor, frozenset[int] | None, tuple[date, date] | None], Figure]
    register: str = ""  # the register whose list is what this number counts
    on_home: bool = False
    order: int = 100


@dataclass(frozen=True)
class Scope:
    """What a wave looks at: areas (all of these ids, those below included), the days observed, kinds, a rule."""

    areas: frozenset[int]
    start: date
    end: date
    kinds: tuple[str, ...] = ()  # none: all
    rule: str = "active"  # "active" in the period, or "begun" in it
    times: int = 10  # a number that is so many times the last one, or so many times less, is doubted


@dataclass(frozen=True)
class Asked:
    """A field that a wave asks again. `kind`: "text", "long", "date", or "count" (persons, and how they are known).

    A count is a pair `[number or None, "exact" | "estimated" | "unknown"]`, a date an ISO text, all else a text.
    """

    key: str
    label: Text
    kind: str = "text"
    hint: Text = ""


@dataclass(frozen=True)
class Described:
    """How a sheet of a wave is spoken of and where it belongs."""

    title: str
    area: int | None
    kind: str
    sensitive: bool


@dataclass(frozen=True)
class Referent:
    """Who may be asked about a record: a mail box, and the organisation in whose name it speaks."""

    email: str
    name: str
    organisation: int


@dataclass(frozen=True)
class Tally:
    """One figure of a wave, worked out from frozen contents alone: as a number and as it is printed."""

    key: str
    label: Text
    number: int | None
    text: str
    base: int
    known: int
    note: Text = ""
    group: Text = ""  # what the figure is cut by, "" for the whole
    value: str = ""  # the value of the cut, as the contents hold it
    value_label: str = ""


@dataclass(frozen=True)
class FrozenBody:
    """An organisation that a frozen content names: its group is "ets", "public" or "other"."""

    id: int
    group: str
    kind: str | None = None
    is_person: bool = False  # it is one person: a count of such bodies alone is a count of persons


@dataclass(frozen=True)
class FrozenAxis:
    """By what frozen contents can be told apart: `answers` gives what a content states, nothing where it is silent.

    Answers are keys of codes where `list` names the list that orders them, else keys of `options`, else texts. With
    `of_body` the organisations of a content answer, each with one value, and `answers` is not asked.
    """

    key: str
    label: Text
    answers: Callable[[dict[str, Any]], Sequence[str]] = lambda one: ()
    several: bool = False
    special: bool = False  # tells of a special category of data: counts of persons by it have the higher threshold
    list: str = ""
    options: tuple[tuple[str, Text], ...] = ()
    of_body: Callable[[FrozenBody], str | None] | None = None
    spare: bool = False  # left out of the list of cuts where no content states it
    # By the key of a number: what of it belongs to each answer (of an experience's money, what each fund gave).
    parts: Mapping[str, Callable[[dict[str, Any]], Mapping[str, float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class FrozenCount:
    """A number that contents state: `stated` gives it (None: not known) and whether it is an estimate.

    `lower_bound`: what is not known can only add to a total ("more than 500").
    """

    key: str
    label: Text
    stated: Callable[[dict[str, Any]], tuple[float | None, bool]]
    unit: Text = ""
    warning: Text = ""
    persons: bool = True
    lower_bound: bool = False


@dataclass(frozen=True)
class FrozenDoubt:
    """One way in which a content may be hard to believe; `%(times)s` in the label is that of the wave.

    `look(content, earlier, scope)` says whether it is, None where the content does not state what it takes to say so.
    """

    key: str
    label: Text
    look: Callable[[dict[str, Any], dict[str, Any] | None, Scope], bool | None]


@dataclass(frozen=True)
class Monitored:
    """What of an app can be monitored in a wave. `monitoring` knows nothing of the records but this.

    Contents are plain JSON, keyed by the id of the record; figures, doubts and comparisons are made of contents alone,
    so that they can be made again years later from what a wave froze. A content says `starts_on` and `ends_on` (ISO
    days or None), by which a comparison tells what began and ended from what nobody had asked about, `name`, and
    `sensitive`: what may harm if named is in no figure that everybody reads.
    """

    key: str
    title: Text
    counted: Callable[[int], str]  # 147 -> "147 experiences"
    fields: tuple[Asked, ...]
    kinds: Callable[[], Sequence[tuple[str, str]]]
    in_scope: Callable[[Scope], QuerySet[Any]]
    described: Callable[[Sequence[int]], dict[int, Described]]
    content: Callable[[Sequence[int]], dict[int, dict[str, Any]]]
    referents: Callable[[Sequence[int]], dict[int, list[Referent]]]
    url: Callable[[int], str]
    # Whether the actor may answer for this record today; whoever may not learns nothing of it.
    may_answer: Callable[[Actor, int], bool]
    confirm: Callable[[Actor, int], None]
    # Raises ValidationError by field; writes the values that were changed, and that the record is true today.
    apply: Callable[[Actor, int, dict[str, Any]], None]
    end: Callable[[Actor, int, date], None]
    tallies: Callable[[Sequence[dict[str, Any]]], list[Tally]]
    # The sentences that say what is hard to believe, by field; `earlier` is what the last wave froze.
    doubts: Callable[[dict[str, Any], dict[str, Any] | None, Scope], list[tuple[str, str]]]
    # What is compared between waves: key, label, and the published number of a content (None: not known).
    measures: tuple[tuple[str, Text, Callable[[dict[str, Any]], int | None]], ...]
    # What is counted distinct over all contents: key, label, and the things that a content names.
    distinct: tuple[tuple[str, Text, Callable[[dict[str, Any]], frozenset[int]]], ...]
    # The frozen words that a content's codes stood for: `codes` (key: [Italian, English]), `order` (keys of codes).
    definitions: Callable[[], dict[str, Any]]
    # By what tables of a wave are cut, and what is added up in them. Areas, the moment, questions come by themselves.
    axes: tuple[FrozenAxis, ...] = ()
    counts: tuple[FrozenCount, ...] = ()
    # The organisations that a content names and everybody may count.
    bodies: Callable[[dict[str, Any]], Sequence[FrozenBody]] = lambda one: ()
    # What a thing that is counted distinct is today, once records were united or divided: made once, asked of each.
    today: Callable[[], Callable[[int], Sequence[int]]] | None = None
    # The areas of a content, and whether it happens in the whole territory.
    places: Callable[[dict[str, Any]], tuple[Sequence[int], bool]] = lambda one: ((), False)
    # The smallest number of persons that may be told of a content.
    below: Callable[[dict[str, Any]], int] = lambda one: 3
    # The records themselves: by it the page of a record finds what its waves asked, and an answer holds its row.
    model: type[Model] | None = None
    # The kinds of `doubts`, to be counted.
    doubted: tuple[FrozenDoubt, ...] = ()
    # What came of it: whether a content says any result.
    has_result: Callable[[dict[str, Any]], bool] = lambda one: True


@dataclass
class Gathered:
    """All that the installed apps declared."""

    registers: dict[str, Register] = field(default_factory=dict)
    searchables: dict[str, Searchable] = field(default_factory=dict)
    calendars: dict[str, CalendarEntries] = field(default_factory=dict)
    alerts: dict[str, Alerts] = field(default_factory=dict)
    sections: dict[str, AreaSection] = field(default_factory=dict)
    record_sections: dict[str, RecordSection] = field(default_factory=dict)
    indicators: dict[str, Indicator] = field(default_factory=dict)
    links: dict[str, Linked] = field(default_factory=dict)
    monitored: dict[str, Monitored] = field(default_factory=dict)


gathered = Gathered()


def declare(
    *things: Register
    | Searchable
    | CalendarEntries
    | Alerts
    | AreaSection
    | RecordSection
    | Indicator
    | Linked
    | Monitored,
) -> None:
    """Add declarations to what is gathered. Declaring the same key twice is an error."""
    for thing in things:
        match thing:
            case Register():
                _add(gathered.registers, thing.key, thing)
            case Searchable():
                _add(gathered.searchables, thing.model._meta.label_lower, thing)
            case CalendarEntries():
                _add(gathered.calendars, thing.key, thing)
            case Alerts():
                _add(gathered.alerts, thing.key, thing)
            case AreaSection():
                _add(gathered.sections, thing.key, thing)
            case RecordSection():
                _add(gathered.record_sections, thing.key, thing)
            case Indicator():
                _add(gathered.indicators, thing.code, thing)
            case Linked():
                _add(gathered.links, thing.key, thing)
            case Monitored():
                _add(gathered.monitored, thing.key, thing)


def sections_of(record: Model, actor: Actor) -> list[tuple[RecordSection, dict[str, Any]]]:
    """The sections that apps above add to the page of this record, in order, each with its context."""
    label = record._meta.label_lower
    found = []
    for section in sorted(gathered.record_sections.values(), key=lambda section: section.order):
        if section.model_label in ("", label):
            context = section.context(actor, record)
            if context is not None:
                found.append((section, {**context, "record": record, "actor": actor}))
    return found


def links_to(model: type[Model]) -> list[Linked]:
    """What apps declare to point to records of this model, in the order of their declaration."""
    return [
        linked
        for linked in gathered.links.values()
        if linked.model._meta.get_field(linked.field).related_model is model
    ]


def _add(into: dict[str, Any], key: str, thing: Any) -> None:
    if key in into:
        raise ValueError(f"“{key}” is declared twice")
    into[key] = thing
