"""The close-ups: experiences that the editor chose, told with what was frozen of them and what everybody may see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trama.core import codes
from trama.core.actor import NOBODY
from trama.core.declarations import Monitored, gathered
from trama.monitoring.choices import COVERED
from trama.monitoring.models import FrozenRow, Wave
from trama.network.models import Organisation
from trama.reports.document import Block, Cell, Heading, Line, Paragraph, Table
from trama.reports.phrases import listed
from trama.reports.waves import phrases
from trama.reports.waves.others import number_of_tally
from trama.territory import finding
from trama.ui.numbers import day

MOST = 2
FACETS = {
    "aim": gettext_lazy("Aims"),
    "target": gettext_lazy("For whom"),
    "need": gettext_lazy("Needs"),
    "instrument": gettext_lazy("Instruments"),
    "public_service": gettext_lazy("Public services connected"),
}


def may_be_shown(wave: Wave) -> dict[int, str]:
    """The records that may be told of: answered for, harmless when the wave closed, and public today. With their names.

    What was withdrawn or hidden since the closing stays in the figures, and is named nowhere.
    """
    rows = FrozenRow.objects.filter(wave=wave, answer__in=COVERED, is_sensitive=False).order_by("record")
    names = dict(rows.values_list("record", "content__name"))
    register = gathered.registers.get(wave.what)
    if register is None:
        return {}
    public = register.visible(NOBODY).filter(pk__in=rows.order_by().values("record")).order_by()
    return {record: names[record] for record in public.values_list("pk", flat=True) if names[record]}


def closeup_blocks(
    wave: Wave, monitored: Monitored, chosen: Sequence[int], contents: Mapping[int, dict[str, Any]]
) -> Iterator[Block]:
    """The chapter: a story and a table of facts for each. The story is the editor's to write."""
    shown = may_be_shown(wave) if chosen else {}
    told = [record for record in chosen if record in shown and record in contents]
    if not told:
        yield Paragraph(_("No close-up has been chosen yet."), key="closeups.none")
    yield Paragraph("", key="closeups.added")
    for record in told[:MOST]:
        content = contents[record]
        yield Heading(str(content["name"]), 2)
        yield Paragraph(_story(content), key=f"closeup.{record}.story")
        yield Paragraph("", key=f"closeup.{record}.added")
        yield _facts(wave, monitored, record, content)


def _story(content: dict[str, Any]) -> str:
    """What the sheet says in words: what it is, and what came of it. What was difficult is for who signs in."""
    parts = [_sentence(content.get("summary", ""))]
    if content.get("outputs"):
        parts.append(_("What came of it: %(text)s") % {"text": _sentence(content["outputs"])})
    return " ".join(part for part in parts if part) or _("The sheet says nothing in words.")


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if not text or text[-1] in ".!?…" else f"{text}."


def _facts(wave: Wave, monitored: Monitored, record: int, content: dict[str, Any]) -> Table:
    facts = [(label, text) for label, text in _lines(monitored, content) if text]
    return Table(
        caption=_("“%(name)s” in short") % {"name": content["name"]},
        heads=(_("What"), _("As it was stated")),
        lines=tuple(Line(label, (Cell(text),)) for label, text in facts),
        notes=(phrases.source_of(wave),),
        sheet=str(content["name"]),
        texts=frozenset({1}),
        widths=(1, 2.6),
        key=f"closeup.{record}",
    )


def _lines(monitored: Monitored, content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield _("Kind"), codes.label(content.get("kind"))
    yield _("When"), _when(content)
    yield _("Where"), _where(content)
    yield _("Role of the social service"), codes.label(content.get("service_role"))
    for facet, label in FACETS.items():
        yield str(label), listed([codes.label(code) for code in content.get("codes", {}).get(facet, [])])
    yield _("With whom"), listed(_partners(content))
    # The same protection as in every figure: a small number is not told of a single experience either.
    whole = {tally.key: number_of_tally(tally) for tally in monitored.tallies([content]) if not tally.group}
    for key in ("volunteers", "beneficiaries"):
        if key in whole:
            yield whole[key].label, whole[key].text


def _when(content: dict[str, Any]) -> str:
    start, end = (date.fromisoformat(content[key]) if content.get(key) else None for key in ("starts_on", "ends_on"))
    if start and end:
        return _("from %(start)s to %(end)s") % {"start": day(start), "end": day(end)}
    if start:
        return _("since %(start)s") % {"start": day(start)}
    return _("until %(end)s") % {"end": day(end)} if end else ""


def _where(content: dict[str, Any]) -> str:
    names = [name for area in content.get("areas", []) if (name := finding.name_of(area))]
    if content.get("city_wide"):
        names.append(_("the whole territory"))
    return listed(names)


def _partners(content: dict[str, Any]) -> list[str]:
    """Organisations that might be named when the wave closed, and may be today."""
    named = [part[0] for part in content.get("organisations", []) if not part[4]]
    rows = Organisation.objects.visible_to(NOBODY).filter(pk__in=named).order_by("name", "pk")
    return list(rows.values_list("name", flat=True))
