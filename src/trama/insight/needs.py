"""Need beside supply: a context indicator of areas beside what the registers list in them.

Counts come from `crosstab.compute` alone, so that counts of persons are protected here as everywhere: an area whose
count is protected has no number here, no class and no point in the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core import memo
from trama.core.actor import Actor
from trama.core.registers import CodeDimension, Register, Selection
from trama.insight.analysis.thirds import HIGH, LOW, third_of, thirds
from trama.insight.area_values import FEWEST, AreaValue, AreaValues, NothingToSay, values_of
from trama.insight.context.notes import published_text
from trama.insight.crosstab import CrosstabError, axes_of, compute, small, stated_axes
from trama.insight.shapes import RECORDS, Crosstab, Status
from trama.insight.tables import demonstration_note
from trama.territory.choices import Polarity
from trama.territory.models import ContextIndicator, ContextValue, Population
from trama.ui.numbers import day, number

PER = 1000
POPULATION = "population"  # residents by age, as a base
USUAL_BASES = ("households", "residents", "residents_area", POPULATION)  # the first that is known is proposed
NO_BASE = "no_base"  # status: the base is not known, or nought
VERY_FEW = 2  # records of an area
FEW = 100  # households or residents: with fewer, one record more or less changes everything


@dataclass(frozen=True)
class Asked:
    """What is asked: the indicator of need, and what is counted beside it, plain or per 1,000 of a base."""

    indicator: str
    level: str
    year: int
    register: str
    measure: str = RECORDS
    per: str = ""
    within: str = ""
    also_excluded: bool = False
    only: str = ""  # "dimension:value" of the register: of all records those alone that have it


@dataclass(frozen=True)
class Only:
    """What the count is narrowed to: a value of a dimension of the register, with their names."""

    dimension: str
    value: str
    title: str
    label: str

    @property
    def key(self) -> str:
        """As it stands in an address."""
        return f"{self.dimension}:{self.value}"


@dataclass(frozen=True)
class Base:
    """What is divided by: its name, unit, year, and its value in each area (by pk)."""

    key: str
    name: str
    unit: str
    year: int
    of: dict[int, float]


@dataclass(frozen=True)
class Line:
    """An area: need, what is listed (`count`, `supply` after division), and the thirds both fall in.

    `need` is the third of need, where HIGH is more need whatever the direction of the indicator; both thirds are None
    where a figure is not known. `status` is that of the count: a value of Status, or NO_BASE.
    """

    area: AreaValue
    count: float | None
    base: float | None
    supply: float | None
    status: str
    need: int | None = None
    listed: int | None = None

    @property
    def compared(self) -> bool:
        return self.need is not None

    @property
    def stands_out(self) -> bool:
        """High need, low listed supply."""
        return self.need == HIGH and self.listed == LOW

    @property
    def key(self) -> str:
        """Of the nine fields: "3-1" is high need and low supply."""
        return f"{self.need + 1}-{self.listed + 1}" if self.need is not None and self.listed is not None else ""


@dataclass(frozen=True)
class Needs:
    """The whole answer. `turned`: a low value of the indicator is much need."""

    asked: Asked
    values: AreaValues
    register: Register
    crosstab: Crosstab
    base: Base | None
    lines: tuple[Line, ...]
    need_bounds: tuple[float, float]
    supply_bounds: tuple[float, float]
    turned: bool
    only: Only | None = None

    @property
    def compared(self) -> tuple[Line, ...]:
        """The areas of which both figures are known."""
        return tuple(line for line in self.lines if line.compared)

    @property
    def standing_out(self) -> tuple[Line, ...]:
        """High need, low listed supply, by name: this is no ranking."""
        return tuple(sorted((line for line in self.lines if line.stands_out), key=lambda line: line.area.name))

    @property
    def by_chance(self) -> float:
        """How many areas would stand out if need and supply had nothing to do with each other."""
        compared = self.compared
        high = sum(line.need == HIGH for line in compared)
        low = sum(line.listed == LOW for line in compared)
        return high * low / len(compared)

    @property
    def with_nothing(self) -> tuple[Line, ...]:
        """The areas compared in which nothing is listed."""
        return tuple(line for line in self.compared if line.count == 0)

    @property
    def neutral(self) -> bool:
        """Whether the indicator itself does not say which way need lies."""
        return self.values.indicator.polarity == Polarity.NEUTRAL


# --- what may be asked --------------------------------------------------------------------------------------------
def registers_at(registers: Sequence[Register], level: str, actor: Actor) -> list[Register]:
    """The registers that can be counted by areas of a level."""
    return [one for one in registers if any(axis.key == level for axis in axes_of(one, actor))]


def narrowings(register: Register, actor: Actor) -> list[Only]:
    """To what the count of a register can be narrowed: the values of its code lists that any record states."""
    stated = stated_axes(actor, register)
    return [
        Only(axis.key, value, str(axis.label), label)
        for axis in axes_of(register, actor)
        if isinstance(axis, CodeDimension) and axis.filterable and axis.key in stated
        for value, label in axis.choices(actor)
    ]


def bases_at(level: str, year: int) -> list[Base]:
    """What can be divided by at a level: counts that add up, and residents, each in the year nearest to this one."""
    rows = ContextValue.objects.filter(indicator__adds_up=True, area__kind=level, value__isnull=False)
    found: dict[int, dict[int, dict[int, float]]] = {}
    for indicator, stated, area, value in rows.order_by().values_list("indicator_id", "year", "area_id", "value"):
        found.setdefault(indicator, {}).setdefault(stated, {})[area] = value or 0.0
    bases = []
    for one in ContextIndicator.objects.filter(pk__in=list(found)).order_by("position", "code"):
        nearest = _nearest(found[one.pk], year)
        if nearest is not None:
            bases.append(Base(one.code, one.name, one.unit or small(one.name), nearest, found[one.pk][nearest]))
    people: dict[int, dict[int, float]] = {}
    for stated, area, total in (
        Population.objects.filter(area__kind=level).order_by().values_list("year", "area_id", "total")
    ):
        people.setdefault(stated, {})[area] = total
    nearest = _nearest(people, year)
    if nearest is not None:
        bases.append(Base(POPULATION, _("Residents by age"), _("residents"), nearest, people[nearest]))
    return bases


def _nearest(years: dict[int, dict[int, float]], year: int) -> int | None:
    """The nearest year in which enough areas have a figure; of two equally near the earlier one."""
    enough = [one for one, areas in years.items() if len(areas) >= FEWEST]
    return min(enough, key=lambda one: (abs(one - year), one)) if enough else None


def usual_base(bases: Sequence[Base]) -> str:
    """The base that is proposed; empty when none is known."""
    known = {base.key for base in bases}
    return next((key for key in USUAL_BASES if key in known), "")


# --- the answer ---------------------------------------------------------------------------------------------------
def compare(actor: Actor, register: Register, asked: Asked) -> Needs:
    """Need beside supply; remembered until anything changes. Raises NothingToSay."""

    def attempt() -> Needs | NothingToSay:
        try:
            return _compared(actor, register, asked)
        except NothingToSay as error:
            return error

    found = memo.until_changed(("insight.needs", asked), actor, attempt, heavy=True)
    if isinstance(found, NothingToSay):
        raise NothingToSay(str(found))
    return found


def _compared(actor: Actor, register: Register, asked: Asked) -> Needs:
    indicator = ContextIndicator.objects.filter(code=asked.indicator).first()
    if indicator is None:
        raise NothingToSay(_("There is no indicator with the code “%(code)s”.") % {"code": asked.indicator})
    values = values_of(indicator, asked.level, asked.year, asked.within, also_excluded=asked.also_excluded)
    only = next((one for one in narrowings(register, actor) if one.key == asked.only), None)
    if asked.only and only is None:
        raise NothingToSay(_("The register cannot be narrowed to “%(only)s”.") % {"only": asked.only[:80]})
    selection = Selection(((only.dimension, (only.value,)),) if only else ()).published(register, actor)
    try:
        crosstab = compute(actor, register, selection, asked.level, None, asked.measure)
    except CrosstabError as error:
        raise NothingToSay(str(error)) from error
    base = None
    if asked.per:
        base = next((one for one in bases_at(asked.level, asked.year) if one.key == asked.per), None)
        if base is None:
            raise NothingToSay(_("Of these areas there is no such base to divide by: choose another one."))
    raw = _raw_lines(values, crosstab, base)
    known = [line for line in raw if line.area.value is not None and line.supply is not None]
    _enough(known, unplaced_sentence(crosstab))
    turned = indicator.polarity == Polarity.POSITIVE
    need_bounds = thirds([line.area.value for line in known if line.area.value is not None])
    supply_bounds = thirds([line.supply for line in known if line.supply is not None])
    lines = tuple(_classed(line, need_bounds, supply_bounds, turned=turned) for line in raw)
    return Needs(asked, values, register, crosstab, base, lines, need_bounds, supply_bounds, turned, only)


def _raw_lines(values: AreaValues, crosstab: Crosstab, base: Base | None) -> list[Line]:
    cells = {value.key: cell for value, cell in zip(crosstab.rows.values, crosstab.row_totals, strict=True)}
    found = []
    for area in values.areas:
        cell = cells.get(area.code)
        # An area that is not in the table has no record at all: that is a nought, not a gap.
        count = 0 if cell is None else cell.value
        status = str(Status.VALUE) if cell is None else str(cell.status)
        divisor = base.of.get(area.area) if base else None
        supply = count
        if base is not None and count is not None:
            supply = count / divisor * PER if divisor else None
            status = status if divisor else NO_BASE
        found.append(Line(area, count, divisor, supply, status))
    return found


def _enough(known: Sequence[Line], unplaced: str) -> None:
    if len(known) < FEWEST:
        words = {"count": number(len(known)), "fewest": FEWEST}
        raise NothingToSay(
            _("Of only %(count)s areas both figures are known; with fewer than %(fewest)s nothing can be said.") % words
        )
    if len({line.area.value for line in known}) == 1:
        raise NothingToSay(_("All areas have the same value: none has more need than another."))
    if all(line.count == 0 for line in known):
        nothing = _("Nothing is listed in any of these areas: there is no supply to be put beside the need.")
        raise NothingToSay(" ".join(filter(None, (nothing, unplaced))))
    if len({line.supply for line in known}) == 1:
        raise NothingToSay(_("As much is listed in every area: none has less supply than another."))


def _classed(line: Line, need_bounds: tuple[float, float], supply_bounds: tuple[float, float], *, turned: bool) -> Line:
    value, supply = line.area.value, line.supply
    if value is None or supply is None:
        return line
    # Turned, a value at a bound must still fall with its equals into the lesser need.
    bounds = (-need_bounds[1], -need_bounds[0])
    need = third_of(-value, bounds) if turned else third_of(value, need_bounds)
    return Line(line.area, line.count, line.base, supply, line.status, need, third_of(supply, supply_bounds))


# --- in words -----------------------------------------------------------------------------------------------------
def counted_label(found: Needs) -> str:
    """What is counted: "Risorse", or "Risorse (corsi di italiano)" where the count is narrowed."""
    label = found.crosstab.measure.label
    return f"{label} ({small(found.only.label)})" if found.only is not None else label


def supply_label(found: Needs) -> str:
    """What is counted, and per what: "Risorse ogni 1.000 famiglie"."""
    label = counted_label(found)
    if found.base is None:
        return label
    return _("%(what)s per 1,000 %(unit)s") % {"what": label, "unit": found.base.unit}


def title_of(found: Needs) -> str:
    """ "Indice complessivo di fragilità, 2022, accanto a: risorse ogni 1.000 famiglie"."""
    return _("%(indicator)s beside: %(supply)s") % {
        "indicator": found.values.title,
        "supply": small(supply_label(found)),
    }


def sentence(found: Needs) -> str:
    """What the figures say, in one sentence, which says too to what the count is narrowed."""
    said = _sentence(found)
    if found.only is None:
        return said
    words = {"said": said.removesuffix("."), "title": small(found.only.title), "label": found.only.label}
    return _("%(said)s; counted is only %(title)s “%(label)s”.") % words


def _sentence(found: Needs) -> str:
    words = {"count": number(len(found.standing_out)), "all": number(len(found.compared))}
    if not found.standing_out:
        return _("In none of %(all)s areas the highest third of need meets the lowest third of listed supply.") % words
    if found.neutral:
        text = ngettext(
            "In %(count)s of %(all)s areas the value is high and little is listed.",
            "In %(count)s of %(all)s areas the value is high and little is listed.",
            len(found.standing_out),
        )
        return text % words
    text = ngettext(
        "In %(count)s of %(all)s areas need is high and little is listed.",
        "In %(count)s of %(all)s areas need is high and little is listed.",
        len(found.standing_out),
    )
    return text % words


def meaning(found: Needs) -> str:
    """What high and little mean, and how many areas there would be by chance."""
    compared = found.compared
    high = sum(line.need == HIGH for line in compared)
    low = sum(line.listed == LOW for line in compared)
    words = {
        "high": number(high),
        "low": number(low),
        "all": number(len(compared)),
        "third": number(len(compared) / 3, 0),
        "count": number(found.by_chance, 0),
    }
    said = _("High: the %(high)s of %(all)s areas with the highest values; little: the %(low)s with the lowest supply.")
    if found.turned:
        said = _(
            "High need: the %(high)s of %(all)s areas with the lowest values; little: the %(low)s with the lowest "
            "supply."
        )
    ties = _(
        "A third would be %(third)s: areas with the same value are kept together, so that there are more or fewer."
    )
    chance = _(
        "If the two had nothing to do with each other there would be about %(count)s (%(high)s × %(low)s : %(all)s)."
    )
    uneven = any(abs(count - len(compared) / 3) >= 1 for count in (high, low))
    return " ".join(text % words for text in (said, *([ties] if uneven else []), chance))


def nothing_sentence(found: Needs) -> str:
    """In how many areas nothing is listed."""
    words = {"count": number(len(found.with_nothing)), "all": number(len(found.compared))}
    if not found.with_nothing:
        return _("Something is listed in each of the %(all)s areas.") % words
    text = ngettext(
        "In %(count)s of the %(all)s areas nothing is listed.",
        "In %(count)s of the %(all)s areas nothing is listed.",
        len(found.with_nothing),
    )
    return text % words


def unplaced_sentence(crosstab: Crosstab) -> str:
    """How many of how many records lie in no area of the level, and so are counted nowhere; empty where all do."""
    missing = crosstab.rows.missing
    if not missing:
        return ""
    return ngettext(
        "%(missing)s of %(all)s records has no area of this kind and is counted in none.",
        "%(missing)s of %(all)s records have no area of this kind and are counted in none.",
        missing,
    ) % {"missing": number(missing), "all": number(crosstab.base)}


def few_sentence(found: Needs) -> str:
    """That most areas in which anything is listed have one or two records: the thirds rest on them. Else empty."""
    if not found.crosstab.measure.counts_records:
        return ""
    some = [line.count for line in found.compared if line.count]
    few = sum(count <= VERY_FEW for count in some)
    if not few or few * 2 < len(some):
        return ""
    said = ngettext(
        "In %(few)s of the %(all)s areas in which anything is listed there are one or two records only: the thirds "
        "rest on them, and one record more or less moves an area into another third.",
        "In %(few)s of the %(all)s areas in which anything is listed there are one or two records only: the thirds "
        "rest on them, and one record more or less moves an area into another third.",
        few,
    )
    return said % {"few": number(few), "all": number(len(some))}


def warnings(found: Needs) -> list[str]:
    """What must be known before the answer is repeated elsewhere; the first of them stands on top of the page."""
    said = [
        _(
            "A list is not the reality: where little is listed, little may have been reported. These areas are a "
            "question to be put to those who know them, not a ranking."
        )
    ]
    if few := few_sentence(found):
        said[0] = f"{said[0]} {few}"
    if found.neutral:
        said.append(
            _("This number does not say by itself whether much of it is a need: here high values are looked at.")
        )
    said.append(_("What is listed in an area may serve other areas too, and the other way round."))
    unplaced = unplaced_sentence(found.crosstab)
    said += [unplaced] if unplaced else []
    if found.base is not None and any(line.base is not None and line.base < FEW for line in found.lines):
        said.append(published_text())
    if found.base is not None:
        small_ones = [line.area.name for line in found.compared if line.base is not None and line.base < FEW]
        if small_ones:
            said.append(
                _("With fewer than %(few)s %(unit)s one record more or less changes everything: %(names)s.")
                % {"few": FEW, "unit": found.base.unit, "names": ", ".join(small_ones[:20])}
            )
    said += [text for text in found.crosstab.cautions if text not in said]
    return [*said, demonstration_note()] if found.crosstab.demonstration else said


def left_out(found: Needs) -> list[str]:
    """Who is not compared, and why, by name."""
    said = [
        _("Left out – %(reason)s: %(names)s.") % {"reason": reason, "names": ", ".join(names[:30])}
        for reason, names in found.values.reasons()
    ]
    for status, reason in status_words().items():
        names = [line.area.name for line in found.lines if line.area.value is not None and line.status == status]
        if names and status not in (Status.VALUE, Status.ESTIMATED):
            said.append(_("Left out – %(reason)s: %(names)s.") % {"reason": reason, "names": ", ".join(names[:30])})
    return said


def status_words() -> dict[str, str]:
    """The statuses of a count, in words."""
    return {
        str(Status.VALUE): _("value"),
        str(Status.ESTIMATED): _("contains estimates"),
        str(Status.SUPPRESSED): _("protected: too few persons"),
        str(Status.NOT_APPLICABLE): _("the number is not known"),
        NO_BASE: _("the base is not known"),
    }


def base_of(found: Needs) -> str:
    """How many of how many, when, from where: of both figures."""
    counted = (found.crosstab.counted, day(found.crosstab.as_of), found.crosstab.source)
    parts = [
        _("%(known)s of %(all)s areas (%(level)s)")
        % {
            "known": number(len(found.compared)),
            "all": number(len(found.values.areas)),
            "level": found.values.level_label,
        },
        f"{found.values.indicator.name}: {found.values.year}, {found.values.source or '–'}",
        f"{counted_label(found)}: {', '.join(filter(None, counted))}",
    ]
    if found.base is not None:
        parts.append(_("divided by: %(base)s, %(year)s") % {"base": small(found.base.name), "year": found.base.year})
    return " · ".join(parts)
