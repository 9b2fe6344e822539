"""The chapters on permanent tables, on neighbourhood labs and on groups: what this wave knows of them, or that it knows
nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core import codes, figures
from trama.core.declarations import Monitored, Tally
from trama.monitoring.models import Wave
from trama.reports.document import Block, Paragraph
from trama.reports.waves import exhibits, phrases
from trama.reports.waves.counted import Cut, Number, Row, as_told
from trama.ui.numbers import number

GROUP = "experience_kind:group"


def tables_blocks() -> Iterator[Block]:
    """Permanent tables: until an app declares what of them can be monitored, no wave knows any."""
    yield Paragraph(_("No permanent table is registered in this wave."), "lead", key="tables.none")
    yield Paragraph(
        _(
            "The wave looked at experiences. Tables of shared planning between the social service and the "
            "organisations, with their theme, their members and their rhythm, were not asked about: that none is "
            "counted does not mean that there is none."
        ),
        key="tables.why",
    )
    yield Paragraph("", key="tables.added")


def labs_blocks() -> Iterator[Block]:
    """Neighbourhood labs of the zone plan: the same."""
    yield Paragraph(_("No neighbourhood lab is registered in this wave."), "lead", key="labs.none")
    yield Paragraph(
        _(
            "The labs of the zone plan (priorities, people they are for, target zone, projects) were not asked about. "
            "Projects born in a lab count among the experiences, where their sheet was answered."
        ),
        key="labs.why",
    )
    yield Paragraph("", key="labs.added")


def groups_blocks(wave: Wave, monitored: Monitored, contents: Sequence[dict[str, Any]]) -> Iterator[Block]:
    """Groups of citizens: the experiences of that kind, with their themes and purposes."""
    groups = [one for one in contents if one.get("kind") == GROUP]
    if not groups:
        yield Paragraph(_("No group is registered in this wave."), "lead", key="groups.none")
        yield Paragraph(
            _(
                "Groups of citizens are experiences of the kind “%(kind)s”: on no sheet for which somebody answered it "
                "was chosen."
            )
            % {"kind": codes.label(GROUP)},
            key="groups.why",
        )
        yield Paragraph("", key="groups.added")
        return
    whole = {tally.key: number_of_tally(tally) for tally in monitored.tallies(groups) if not tally.group}
    text = ngettext("One of the experiences is a group", "%(n)s of the experiences are groups", len(groups))
    names = {
        "groups": text % {"n": number(len(groups))},
        "volunteers": phrases.volunteers(whole["volunteers"]),
        "reached": phrases.reached(whole["beneficiaries"]),
    }
    yield Paragraph(_("%(groups)s: %(volunteers)s, %(reached)s.") % names, "lead", key="groups.whole")
    yield Paragraph("", key="groups.added")
    for facet, label in (("theme", _("Themes of the groups")), ("purpose", _("Purposes of the groups"))):
        yield from exhibits.cut_blocks(wave, _cut(groups, facet, label), "groups")


def number_of_tally(tally: Tally) -> Number:
    """A figure worked out now from frozen contents, as told."""
    label, note = str(tally.label), str(tally.note)
    return as_told(tally.key, label, tally.number, tally.text, tally.base, tally.known, note)


def _cut(contents: Sequence[dict[str, Any]], facet: str, label: str) -> Cut:
    values = [one["codes"].get(facet, []) for one in contents]
    known, base = sum(bool(found) for found in values), len(contents)
    counted = Counter(code for found in values for code in found)
    rows = [
        Row(code, codes.label(code), Number("records", "", figures.written(count), base, known, count), count / known)
        for code, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]
    return Cut(facet, label, tuple(rows), base, known, several=sum(counted.values()) > known)
