"""How a wave was made and what it cannot say: coverage, completeness, doubts, corrections, fingerprint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.insight.crosstab import small
from trama.monitoring import freezing, reading
from trama.monitoring.choices import COVERED, OUTSIDE, Answer, Channel
from trama.monitoring.doubting import Doubts, counted_doubts
from trama.monitoring.models import FrozenRow, Sheet, Wave
from trama.reports.document import Block, Bullets, Cell, Chart, Heading, Line, Paragraph, Table, share_cell
from trama.reports.drawing import PHONE, bars_drawn
from trama.reports.phrases import listed
from trama.reports.waves import phrases
from trama.territory import finding
from trama.ui import charts
from trama.ui.charts import Bar
from trama.ui.numbers import FEW, day, number, percent


@dataclass
class Field:
    """How many of the covered sheets state a field."""

    key: str
    label: str
    filled: int
    base: int

    @property
    def may_be_empty(self) -> bool:
        """Whether nothing is missing where it is empty: what goes on has no end."""
        return self.key == "ends_on"

    @property
    def share(self) -> float:
        """The part that states it."""
        return self.filled / self.base if self.base else 0.0


@dataclass
class Quality:
    """What a wave asked, what it was told, and how much is complete or hard to believe. No sheet that may harm."""

    asked: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    areas: dict[int, Counter[str]] = field(default_factory=dict)
    channels: Counter[str] = field(default_factory=Counter)
    contents: dict[int, dict[str, Any]] = field(default_factory=dict)
    fields: list[Field] = field(default_factory=list)
    doubts: Doubts = field(default_factory=Doubts)

    @property
    def covered(self) -> int:
        """Sheets for which somebody answered."""
        return sum(self.answers[answer] for answer in COVERED)

    @property
    def silent(self) -> int:
        """Sheets for which nobody did."""
        return self.answers[Answer.WAITING]


def quality_of(wave: Wave, before: Wave | None) -> Quality:
    """Read it from what was frozen, `before` in the wave before it too; the ways of the answers from the sheets."""
    monitored, found = reading.monitored_of(wave), Quality()
    rows = FrozenRow.objects.filter(wave=wave, is_sensitive=False).exclude(answer=OUTSIDE).order_by("record")
    for record, area, answer, content in rows.values_list("record", "area", "answer", "content"):
        found.asked += 1
        found.answers[answer] += 1
        if area is not None:
            found.areas.setdefault(area, Counter())[answer] += 1
        if answer in COVERED and content:
            found.contents[record] = content
    ways = Sheet.objects.filter(wave=wave, answer__in=COVERED, is_sensitive=False).exclude(channel="").order_by()
    found.channels.update(ways.values_list("channel", flat=True))
    base = len(found.contents)
    for asked in monitored.fields:
        filled = sum(_is_filled(content.get(asked.key)) for content in found.contents.values())
        found.fields.append(Field(asked.key, str(asked.label), filled, base))
    found.doubts = counted_doubts(wave, monitored, found.contents, _earlier(before))
    return found


def _is_filled(value: Any) -> bool:
    return value[0] is not None if isinstance(value, list) else bool(value)


def _earlier(before: Wave | None) -> dict[int, dict[str, Any]]:
    """What was covered in the wave before, by record."""
    if before is None:
        return {}
    rows = FrozenRow.objects.filter(wave=before, answer__in=COVERED, is_sensitive=False).order_by()
    return dict(rows.values_list("record", "content"))


# --- blocks -------------------------------------------------------------------------------------------------------
def method_blocks(wave: Wave, quality: Quality) -> Iterator[Block]:
    """The chapter on method and limits."""
    yield Paragraph(_who(wave), "lead", key="method.who")
    yield Paragraph(_which(wave), key="method.which")
    yield Paragraph("", key="method.added")
    yield Heading(_("Who answered"), 2)
    yield Paragraph(answered(quality), key="method.answers")
    yield _answers_table(wave, quality)
    table = _coverage_table(wave, quality)
    if table is not None:
        yield table
    yield Heading(_("How complete the sheets are"), 2)
    yield Paragraph(_complete(quality), key="method.completeness")
    if quality.contents:
        yield _fields_chart(wave, quality)
        yield _fields_table(wave, quality)
    yield Heading(_("Values that are hard to believe"), 2)
    yield Paragraph(_doubted(quality), key="method.doubts")
    if quality.contents and quality.doubts.kinds:
        yield _doubts_table(wave, quality)
    yield Heading(_("Corrections"), 2)
    yield from _errata(wave)
    yield Heading(_("Limits"), 2)
    yield Paragraph(
        _(
            "Figures are not only figures: they weigh, and they invite comparisons. These describe a part of what "
            "happens, as those who carry it on told it; they are no ranking of areas, services or people."
        ),
        key="method.limits",
    )
    yield Heading(_("The fingerprint"), 2)
    yield Paragraph(_signed(wave), key="")


def _who(wave: Wave) -> str:
    names = {"wave": wave.name, "promoter": wave.promoter, "researcher": wave.researcher}
    if wave.researcher:
        return _("“%(wave)s” was promoted by %(promoter)s and carried out by %(researcher)s.") % names
    return _("“%(wave)s” was promoted by %(promoter)s.") % names


def _which(wave: Wave) -> str:
    areas = listed([name for area in sorted(wave.area_ids()) if (name := finding.name_of(area))])
    names = {
        "period": phrases.period(wave),
        "areas": areas,
        "what": str(reading.monitored_of(wave).title).lower(),
        "rule": str(wave.get_rule_display()),
    }
    text = _("It looks at the period %(period)s, in %(areas)s, and at these %(what)s: %(rule)s.") % names
    kinds = [name for value, name in reading.monitored_of(wave).kinds() if value in wave.kinds]
    if kinds:
        text += " " + _("Only these kinds: %(names)s.") % {"names": listed(kinds)}
    return text


def answered(quality: Quality, *, ways: bool = True) -> str:
    """How many sheets, for how many somebody answered, and by which `ways` the answers came."""
    names = {"n": number(quality.asked), "covered": number(quality.covered)}
    text = ngettext("One sheet was prepared", "%(n)s sheets were prepared", quality.asked) % names
    if quality.covered == quality.asked:
        parts = [_("%(text)s, and somebody answered for every one.") % {"text": text}]
    elif not quality.covered:
        parts = [_("%(text)s, and nobody answered for any.") % {"text": text}]
    else:
        told = ngettext("somebody answered for one", "somebody answered for %(covered)s", quality.covered) % names
        share = percent(quality.covered / quality.asked, 0)
        parts = [_("%(text)s; %(told)s (%(share)s).") % {"text": text, "told": told, "share": share}]
    if quality.silent:
        silent = ngettext(
            "One stayed without an answer: it is in no figure, which does not mean that it is no longer there.",
            "%(n)s stayed without an answer: they are in no figure, which does not mean that they are no longer there.",
            quality.silent,
        )
        parts.append(silent % {"n": number(quality.silent)})
    if quality.channels and ways:
        labels = dict(Channel.choices)
        came_by = [
            _("%(way)s (%(n)s)") % {"way": labels[way], "n": number(count)}
            for way, count in sorted(quality.channels.items(), key=lambda pair: (-pair[1], pair[0]))
        ]
        parts.append(_("The answers came by: %(ways)s.") % {"ways": listed(came_by)})
    return " ".join(parts)


def _answers_table(wave: Wave, quality: Quality) -> Table:
    labels = dict(Answer.choices)
    lines = []
    for answer in (*COVERED, Answer.WAITING, Answer.NOT_MINE):
        count = quality.answers[answer]
        share = count / quality.asked if quality.asked else 0.0
        cells = (Cell(number(count), count), share_cell(share, quality.asked))
        lines.append(Line(str(labels[answer]), cells, "value" if answer in COVERED else "apart", str(answer)))
    lines.append(Line(_("Sheets in all"), (Cell(number(quality.asked), quality.asked),), "total", "total"))
    return Table(
        caption=_("What was answered"),
        heads=(_("Answer"), _("Sheets"), _("Share")),
        lines=tuple(lines),
        subtitle=_("Base: all sheets but those whose naming may harm."),
        notes=(phrases.source_of(wave),),
        sheet=_("Answers"),
        key="answers",
        columns=("count", ""),
    )


def _coverage_table(wave: Wave, quality: Quality) -> Table | None:
    """Coverage by the areas directly below those of the wave."""
    counts, tops = _by_part(wave, quality), wave.area_ids()
    if len(counts) < 2:
        return None
    lines, least = [], min(found.total() for found in counts.values())
    for area, found in counts.items():
        asked, covered = sum(found.values()), sum(found[answer] for answer in COVERED)
        share = covered / asked if asked else 0.0
        cells = (Cell(number(asked), asked), Cell(number(covered), covered), share_cell(share, least))
        name = finding.name_of(area) or "–"
        if area in tops:
            name = _("%(area)s, no narrower area stated") % {"area": name}
        lines.append(Line(name, cells, key=str(area)))
    return Table(
        caption=_("For how many sheets somebody answered, by area"),
        heads=(_("Area"), _("Sheets"), _("Answered"), _("Share")),
        lines=tuple(lines),
        subtitle=_("Each sheet stands in its main area alone."),
        notes=(phrases.source_of(wave),),
        sheet=_("Coverage"),
        key="coverage",
        columns=("asked", "answered", ""),
    )


def _by_part(wave: Wave, quality: Quality) -> dict[int, Counter[str]]:
    """Answers by the child of the wave's areas in which a sheet lies, in the order of the tree."""
    tops = wave.area_ids()
    found: dict[int, Counter[str]] = {}
    for area, answers in quality.areas.items():
        path = [node.id for node in finding.path_of(area)]
        place = next((position for position, pk in enumerate(path) if pk in tops), None)
        if place is None:
            continue
        part = path[min(place + 1, len(path) - 1)]
        found.setdefault(part, Counter()).update(answers)
    order = {pk: position for position, pk in enumerate(finding.nodes())}
    return dict(sorted(found.items(), key=lambda pair: order.get(pair[0], len(order))))


def _to_be_stated(quality: Quality) -> list[Field]:
    return sorted((one for one in quality.fields if not one.may_be_empty), key=lambda one: -one.share)


def _complete(quality: Quality) -> str:
    if not quality.contents:
        return _("No sheet was answered: there is nothing to be complete.")
    ordered = _to_be_stated(quality)
    best, worst = ordered[0], ordered[-1]
    names = {
        "best": best.label,
        "best_share": percent(best.share, 0),
        "worst": worst.label,
        "worst_share": percent(worst.share, 0),
    }
    if best.share == worst.share:
        return _("Every field is stated by the same part of the sheets: %(best_share)s.") % names
    return (
        _("The field stated most often is “%(best)s” (%(best_share)s), the least often “%(worst)s” (%(worst_share)s).")
        % names
        + " "
        + _("What is not stated is counted as not stated, never as zero.")
    )


def _fields_chart(wave: Wave, quality: Quality) -> Chart:
    ordered = _to_be_stated(quality)
    items = [Bar(one.label, one.share, percent(one.share, 0)) for one in ordered]
    whole = [one for one in ordered if one.filled == one.base]
    title = ngettext(
        "One field of %(base)s is stated on every sheet",
        "%(n)s fields of %(base)s are stated on every sheet",
        len(whole),
    ) % {"n": number(len(whole)), "base": number(len(ordered))}
    if not whole:
        title = _("No field is stated on every sheet")
    figures = "; ".join(f"{one.label} {percent(one.share, 0)}" for one in ordered)
    return Chart(
        title=title,
        subtitle=_("Sheets that state each field"),
        alt=_("Bar chart, sheets that state each field: %(figures)s.") % {"figures": figures},
        specification=charts.bars(items),
        svg=bars_drawn(items),
        narrow=bars_drawn(items, PHONE),
        key="chart.completeness",
        table="completeness",
        base=_("Base: %(base)s sheets for which somebody answered.") % {"base": number(len(quality.contents))},
        source=phrases.source_of(wave),
    )


def _fields_table(wave: Wave, quality: Quality) -> Table:
    lines = [
        Line(
            _("%(field)s (empty where it goes on)") % {"field": one.label} if one.may_be_empty else one.label,
            (Cell(number(one.filled), one.filled), Cell(number(one.base), one.base), share_cell(one.share, one.base)),
            key=one.key,
        )
        for one in quality.fields
    ]  # fmt: skip
    return Table(
        caption=_("How complete each field is"),
        heads=(_("Field"), _("Stated"), _("Of"), _("Share")),
        lines=tuple(lines),
        notes=(phrases.source_of(wave),),
        sheet=_("Completeness"),
        key="completeness",
        columns=("stated", "", ""),
    )


def _doubted(quality: Quality) -> str:
    """How many sheets are hard to believe, kind by kind, each of how many that state what it looks at."""
    doubts = quality.doubts
    parts = [_("No value is hard to believe by the rules that the method note states.")]
    if doubts.sheets:
        text = ngettext(
            "On one sheet of %(base)s a value is hard to believe. It is counted as it was stated.",
            "On %(n)s sheets of %(base)s a value is hard to believe. They are counted as they were stated.",
            doubts.sheets,
        )
        parts = [text % {"n": number(doubts.sheets), "base": number(quality.covered)}]
        told = [
            _("%(kind)s (%(n)s of %(base)s)")
            % {"kind": small(one.label), "n": number(one.count), "base": number(one.base)}
            for one in doubts.kinds
            if one.count
        ]
        parts.append(_("In detail: %(kinds)s.") % {"kinds": "; ".join(told)})
    if doubts.right:
        text = ngettext(
            "One of them was looked at and found right.",
            "%(n)s of them were looked at and found right.",
            doubts.right,
        )
        parts.append(text % {"n": number(doubts.right)})
    blind = [small(one.label) for one in doubts.kinds if not one.base]
    if quality.contents and blind:
        parts.append(_("No sheet states what it takes to look at this: %(kinds)s.") % {"kinds": "; ".join(blind)})
    return " ".join(parts)


def _doubts_table(wave: Wave, quality: Quality) -> Table:
    doubts = quality.doubts
    # A column is told in one way: as its smallest base carries.
    lines, least = [], min(one.base or FEW for one in doubts.kinds)
    for one in doubts.kinds:
        cells = (Cell(number(one.count), one.count), Cell(number(one.base), one.base))
        share = share_cell(one.count / one.base, least) if one.base else Cell("")
        lines.append(Line(one.label, (*cells, share), key=one.key))
    base = len(quality.contents)
    cells = (Cell(number(doubts.sheets), doubts.sheets), Cell(number(base), base))
    lines.append(
        Line(
            _("Sheets with any of these"),
            (*cells, share_cell(doubts.sheets / base, min(base, least))),
            "total",
            "total",
        )
    )
    return Table(
        caption=_("Sheets with a value that is hard to believe"),
        heads=(_("What is hard to believe"), _("Sheets"), _("Of"), _("Share")),
        lines=tuple(lines),
        subtitle=_("Base: the sheets that state what it takes to look. One sheet may stand in several rows."),
        notes=(
            _("Small numbers of persons are looked at by their convention, so that no doubt tells the true one."),
            phrases.source_of(wave),
        ),
        sheet=_("Doubts"),
        key="doubts",
        columns=("count", "", ""),
        widths=(4, 1.2, 1.2, 1.2),
    )


def _errata(wave: Wave) -> Iterator[Block]:
    rows = list(wave.errata.all())
    if not rows:
        yield Paragraph(_("No correction has been written since the wave was closed."), key="method.errata")
        return
    text = ngettext(
        "One correction has been written since the wave was closed. The figures stay as they were frozen.",
        "%(n)s corrections have been written since the wave was closed. The figures stay as they were frozen.",
        len(rows),
    )
    yield Paragraph(text % {"n": number(len(rows))}, key="method.errata")
    yield Table(
        caption=_("Corrections"),
        heads=(_("What it is about"), _("Printed"), _("Right"), _("Why"), _("Of")),
        lines=tuple(
            Line(row.figure, (Cell(row.was), Cell(row.should_be), Cell(row.reason), Cell(day(row.written_on))))
            for row in rows
        ),
        sheet=_("Corrections"),
        texts=frozenset({1, 2, 3, 4}),
        widths=(2.4, 1.6, 1.6, 3.2, 1.6),
        key="errata",
    )


def _signed(wave: Wave) -> str:
    names = {"day": day(wave.closed_at), "hash": wave.fingerprint}
    text = _("Rows, figures and definitions were frozen on %(day)s. SHA-256 of all of it: %(hash)s.") % names
    if freezing.holds(wave):
        return f"{text} " + _("Worked out again when this report was made, it was the same.")
    return f"{text} " + _(
        "Worked out again when this report was made, it was ANOTHER: something has been altered since. Do not use "
        "these figures before it is known what."
    )


# --- the method note ----------------------------------------------------------------------------------------------
def note_blocks(wave: Wave) -> Iterator[Block]:
    """How every number is made."""
    yield Paragraph("", key="note.added")
    yield Bullets((*_what_is_counted(), *_how_it_is_told(wave)))
    fields = [str(asked.label) for asked in reading.monitored_of(wave).fields]
    yield Paragraph(_("Asked on every sheet: %(fields)s.") % {"fields": listed(fields, 20)}, key="note.fields")


def _what_is_counted() -> tuple[tuple[str, str], ...]:
    return (
        (
            _("What is counted."),
            _("Sheets for which somebody answered: confirmed, updated, or said to have ended."),
        ),
        (
            _("What is not."),
            _(
                "What nobody answered for, what was answered with “not mine”, and what may harm somebody if it is "
                "named. What nobody registered is in no sheet at all."
            ),
        ),
        (
            _("Areas."),
            _("What happens in several areas is counted in each of them, in those above them, and once in all."),
        ),
        (
            _("Organisations."),
            _("Each counts once, however many experiences it takes part in, after duplicates were resolved."),
        ),
        (
            _("Exact and estimated."),
            _(
                "“About” rounds a sum that holds estimates to two digits. “More than” is said of a sum that holds "
                "estimates and is not known for all: what is missing can only add to it."
            ),
        ),
        (
            _("People."),
            _("Volunteers and people reached are head-counts of activities: who takes part in two counts twice."),
        ),
    )


def _how_it_is_told(wave: Wave) -> tuple[tuple[str, str], ...]:
    return (
        (
            _("Several answers."),
            _(
                "Shares are of the sheets that state any value; what is not stated stands apart; no table is "
                "forced to 100."
            ),
        ),
        (
            _("Small counts."),
            _(
                "A sheet with fewer than 3 persons (fewer than 5 where they could tell of health, origin or "
                "justice) enters every sum with the same conventional number: no difference between tables, areas, "
                "waves or files tells the true one."
            ),
        ),
        (
            _("Hard to believe."),
            _(
                "Fewer people reached than volunteers; an end before the start, or before the period; at least "
                "%(times)s times the number of the wave before, or of the sheet before it was answered, or that many "
                "times less."
            )
            % {"times": wave.times_apart},
        ),
        (
            _("Frozen."),
            _(
                "Nothing that is changed in the registers after the closing changes this report. What turns out to "
                "be wrong is written beside it as a dated correction."
            ),
        ),
    )
