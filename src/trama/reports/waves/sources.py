"""The last chapter: where the records and the outlines come from, and how the figures may be used again."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.utils.translation import gettext as _

from trama.core.actor import NOBODY
from trama.core.declarations import gathered
from trama.core.models import Source
from trama.monitoring.models import Wave
from trama.reports.document import Block, Cell, Line, Paragraph, Table
from trama.territory import finding
from trama.territory.models import Boundary
from trama.ui.numbers import day


def source_blocks(wave: Wave, records: Collection[int], body: str) -> Iterator[Block]:
    """The wave itself first, then what its records and its map name as their source, each with its licence."""
    lines = [
        Line(
            wave.name,
            (Cell(wave.promoter), Cell(_("open data, see below")), Cell(day(wave.closed_at)), Cell("")),
            key="wave",
        )
    ]
    for source in Source.objects.filter(pk__in=_keys(wave, records)).order_by("title", "id"):
        dated = source.published_on or source.retrieved_on
        when = day(dated) if dated else _("not stated")
        cells = (Cell(source.publisher), Cell(source.licence), Cell(when), Cell(source.url))
        lines.append(Line(source.title, cells, key=source.key))
    yield Table(
        caption=_("Where the records and the outlines come from"),
        heads=(_("Source"), _("Publisher"), _("Licence"), _("Date"), _("Address")),
        lines=tuple(lines),
        sheet=_("Sources"),
        key="sources",
        texts=frozenset({1, 2, 3, 4}),
        widths=(3.4, 2.6, 1.9, 2.3, 3.6),
    )
    yield Paragraph(
        _(
            "The figures and tables of this report are open data (Italian digital administration code, art. 52, "
            "paragraph 2): they may be used again by naming %(body)s, the wave and the day on which it was frozen. The "
            "records and outlines keep the licences of their sources."
        )
        % {"body": body},
        key="sources.licence",
    )
    yield Paragraph("", key="sources.added")


def _keys(wave: Wave, records: Collection[int]) -> set[int]:
    """Sources of the records that everybody may see, and of the outlines on the map."""
    keys: set[int] = set()
    register = gathered.registers.get(wave.what)
    if register is not None and any(field.name == "source" for field in register.model._meta.fields):
        wanted = set(records)
        rows = register.visible(NOBODY).filter(source__isnull=False).order_by().values_list("pk", "source")
        keys |= {source for pk, source in rows if pk in wanted}
    below: set[int] = set()
    for area in wave.area_ids():
        below |= set(finding.below(area))
    shown = Boundary.objects.filter(area__in=below, valid_to__isnull=True, source__isnull=False).order_by()
    return keys | set(shown.values_list("source", flat=True).distinct())
