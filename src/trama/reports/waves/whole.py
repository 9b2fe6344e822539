"""The chapter on the whole and the outlook: how the figures stand to each other, what changed, what comes next."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trama.monitoring.comparing import APART, CHANGED, CONTINUED, ENDED, FOUND, LOST, NEW, Change, Comparison
from trama.monitoring.models import Wave
from trama.reports.document import Block, Cell, Chart, Heading, Line, Paragraph, Table
from trama.reports.drawing import PHONE, bars_drawn
from trama.reports.phrases import listed
from trama.reports.waves import phrases
from trama.reports.waves.counted import Number
from trama.reports.waves.method import Quality
from trama.ui import charts
from trama.ui.charts import Bar
from trama.ui.numbers import number, percent

WEAK = 0.6  # a field stated on fewer sheets is named in the outlook
FATES = {
    NEW: gettext_lazy("new: began after the first period"),
    CONTINUED: gettext_lazy("went on as they were"),
    CHANGED: gettext_lazy("went on, changed"),
    ENDED: gettext_lazy("came to an end"),
    LOST: gettext_lazy("not covered this time: nobody answered"),
    FOUND: gettext_lazy("covered for the first time: they were there before"),
    APART: gettext_lazy("outside what one of the two waves looked at: not compared"),
}


def whole_blocks(compared: Comparison | None, whole: dict[str, Number], quality: Quality) -> Iterator[Block]:
    """The chapter."""
    yield Paragraph(_together(whole), "lead", key="whole.together")
    yield Paragraph("", key="whole.added")
    yield Heading(_("Compared with the wave before"), 2)
    if compared is None:
        yield Paragraph(
            _("It is the first wave: there is none before it to compare it with. The next one will be."),
            key="whole.first",
        )
    else:
        yield from _compared(compared)
    yield Heading(_("Outlook"), 2)
    yield Paragraph(_outlook(quality), key="whole.outlook")
    yield Paragraph("", key="outlook.added")


def _together(whole: dict[str, Number]) -> str:
    """How the figures stand to each other: means of what is told, of the sheets that state it."""
    records, reached, bodies = whole["records"], whole.get("beneficiaries"), whole.get("organisations")
    if not records.value:
        return _("There is nothing to put together: nobody answered.")
    parts = []
    if reached is not None and reached.value is not None and reached.known:
        mean = number(round(reached.value / reached.known))
        text = ngettext(
            "The one experience that says how many people it reached counts %(mean)s.",
            "The %(known)s experiences that say how many people they reached count about %(mean)s each, on average.",
            reached.known,
        )
        parts.append(text % {"known": number(reached.known), "mean": mean})
    if bodies is not None and bodies.value:
        text = _("For every 100 experiences there are %(n)s different organisations.")
        parts.append(text % {"n": number(round(100 * bodies.value / records.value))})
    parts.append(_("A mean hides differences: a party and a group of ten are both one experience."))
    return " ".join(parts)


def _outlook(quality: Quality) -> str:
    parts = []
    if quality.silent:
        text = ngettext(
            "Next time somebody must be found for one sheet that stayed without an answer.",
            "Next time somebody must be found for the %(n)s sheets that stayed without an answer.",
            quality.silent,
        )
        parts.append(text % {"n": number(quality.silent)})
    weak = [one for one in quality.fields if one.base and one.share < WEAK and not one.may_be_empty]
    if weak:
        names = [
            _("“%(name)s” (%(share)s)") % {"name": one.label, "share": percent(one.share, 0)}
            for one in sorted(weak, key=lambda one: one.share)
        ]
        parts.append(_("The fields to ask about with more care: %(names)s.") % {"names": listed(names)})
    if to_check := quality.doubts.sheets - quality.doubts.right:
        text = ngettext("One sheet has a value to check.", "%(n)s sheets have a value to check.", to_check)
        parts.append(text % {"n": number(to_check)})
    parts.append(
        _("A wave that is repeated with the same questions tells what changes; a single one tells how things stand.")
    )
    return " ".join(parts)


# --- compared -----------------------------------------------------------------------------------------------------
def since_then(found: Comparison) -> str:
    """What became of the experiences of two waves, in a sentence."""
    before = found.earlier
    names = {"wave": before.name, "period": phrases.period(before), "fates": listed(_fates(found))}
    return _("The wave before, “%(wave)s”, looked at the period %(period)s. Since then: %(fates)s.") % names


def _compared(found: Comparison) -> Iterator[Block]:
    before, wave = found.earlier, found.later
    yield Paragraph(since_then(found), key="compare.whole")
    if found.differs:
        yield Paragraph(
            _(
                "The two waves do not look at the same. Compared is only what both looked at: what lies outside one "
                "of them is in no total of this comparison."
            ),
            "note",
            key="compare.scope",
        )
    for change in found.changes:
        yield Paragraph(change.text, key=f"compare.{change.key}")
    yield Paragraph(
        _(
            "The reality changed where something began, ended, or states another number in both waves. The coverage "
            "changed where what was there in both periods was answered for in one only, or states a number in one "
            "only. The two add up to the whole change."
        ),
        "note",
        key="compare.how",
    )
    yield _fates_chart(before, wave, found)
    yield _fates_table(before, wave, found)
    yield _changes_table(before, wave, found)
    yield Paragraph("", key="compare.added")


def _fates(found: Comparison) -> list[str]:
    """What became of the experiences of two waves, in words that agree with their numbers."""
    went_on = found.counts[CONTINUED] + found.counts[CHANGED]
    counts = (
        (found.counts[NEW], _("none is new"), ngettext("%(n)s is new", "%(n)s are new", found.counts[NEW])),
        (went_on, _("none went on"), ngettext("%(n)s went on", "%(n)s went on", went_on)),
        (found.counts[ENDED], _("none ended"), ngettext("%(n)s ended", "%(n)s ended", found.counts[ENDED])),
    )
    parts = [many % {"n": number(count)} if count else none for count, none, many in counts]
    if lost := found.counts[LOST]:
        parts.append(ngettext("for %(n)s nobody answered", "for %(n)s nobody answered", lost) % {"n": number(lost)})
    if again := found.counts[FOUND]:
        text = ngettext(
            "%(n)s was there before and is covered for the first time",
            "%(n)s were there before and are covered for the first time",
            again,
        )
        parts.append(text % {"n": number(again)})
    if apart := found.counts[APART]:
        text = ngettext(
            "%(n)s lies outside what one of the two waves looked at, and is not compared",
            "%(n)s lie outside what one of the two waves looked at, and are not compared",
            apart,
        )
        parts.append(text % {"n": number(apart)})
    return parts


def _fates_of(found: Comparison) -> list[tuple[str, str]]:
    """The fates that are told: being outside only where the waves looked at different things."""
    told = found.differs or found.counts[APART] > 0
    return [(fate, str(label)) for fate, label in FATES.items() if fate != APART or told]


def _source(before: Wave, wave: Wave) -> str:
    return _("Source: %(before)s and %(wave)s, %(promoter)s") % {
        "before": before.name,
        "wave": wave.name,
        "promoter": wave.promoter,
    }


def _fates_chart(before: Wave, wave: Wave, found: Comparison) -> Chart:
    rows = [(label.partition(":")[0].capitalize(), found.counts[fate]) for fate, label in _fates_of(found)]
    figures = "; ".join(f"{name} {number(count)}" for name, count in rows)
    title = listed(_fates(found)[:3])
    items = [Bar(name, count, number(count)) for name, count in rows]
    return Chart(
        title=f"{title[:1].upper()}{title[1:]}",
        subtitle=_("Experiences by what became of them between the two waves"),
        alt=_("Bar chart, what became of the experiences: %(figures)s.") % {"figures": figures},
        specification=charts.bars(items),
        svg=bars_drawn(items),
        narrow=bars_drawn(items, PHONE),
        key="chart.fates",
        table="fates",
        base=_("Base: the %(n)s experiences of either wave.") % {"n": number(sum(found.counts.values()))},
        source=_source(before, wave),
    )


def _fates_table(before: Wave, wave: Wave, found: Comparison) -> Table:
    lines = [
        Line(label, (Cell(number(found.counts[fate]), found.counts[fate]),), key=fate)
        for fate, label in _fates_of(found)
    ]
    total = sum(found.counts.values())
    lines.append(Line(_("Experiences of either wave"), (Cell(number(total), total),), "total", "total"))
    return Table(
        caption=_("What became of them"),
        heads=(_("Between the two waves"), _("Experiences")),
        lines=tuple(lines),
        notes=(_source(before, wave),),
        sheet=_("What became of them"),
        key="fates",
        columns=("count",),
        widths=(5, 1.4),
    )


def _changes_table(before: Wave, wave: Wave, found: Comparison) -> Table:
    names = found.follows_names
    return Table(
        caption=_("Each change, split in its parts"),
        heads=(
            _("Total"),
            before.name,
            wave.name,
            _("the reality changed"),
            _("the coverage changed"),
            *([_("names were united or divided")] if names else []),
        ),
        lines=tuple(Line(change.label, _change_cells(change, names), key=change.key) for change in found.changes),
        notes=(_("People reached are not distinct persons."), _source(before, wave)),
        sheet=_("Changes"),
        key="changes",
        columns=("was", "now", "reality", "coverage", *(["united"] if names else [])),
        widths=(2.4, *[1.8] * (5 if names else 4)),
    )


def _change_cells(change: Change, names: bool) -> tuple[Cell, ...]:
    if not change.told:
        return tuple(Cell(_("protected"), status="suppressed") for _place in range(5 if names else 4))
    parts = [(change.signed_reality, change.reality), (change.signed_coverage, change.coverage)]
    if names:
        parts.append((change.signed_united, change.united))
    return (Cell(change.was_text), Cell(change.now_text), *(Cell(text, change.value(part)) for text, part in parts))
