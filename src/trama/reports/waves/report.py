"""The report of a closed wave, in the order of the Bologna presentation of 2020: method and limits; the experiences,
the permanent tables, the labs, the groups; the whole and the outlook; close-ups; the method note; the sources.

The chapters have keys (`CHAPTERS`) that slides, tests and tables of contents take hold of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import prefetch_related_objects
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from trama.core import facts
from trama.monitoring import comparing, reading
from trama.monitoring.comparing import Comparison
from trama.monitoring.models import Wave
from trama.reports.document import Block, Document, Heading, Paragraph
from trama.reports.waves import phrases
from trama.reports.waves.closeups import closeup_blocks
from trama.reports.waves.counted import Counted, counted
from trama.reports.waves.experiences import experience_blocks, key_figures, not_persons, spread
from trama.reports.waves.method import Quality, answered, method_blocks, note_blocks, quality_of
from trama.reports.waves.others import groups_blocks, labs_blocks, tables_blocks
from trama.reports.waves.sources import source_blocks
from trama.reports.waves.whole import since_then, whole_blocks
from trama.ui.numbers import day

SUMMED_UP = ("service_role", "aim", "target", "public_service")  # the cuts of which the first page speaks
SHORT = ("labs", "groups", "closeups", "sources")  # they go on where the chapter before them ends
CHAPTERS = ("page", "method", "experiences", "tables", "labs", "groups", "whole", "closeups", "note", "sources")


class NotClosed(ValueError):
    """A wave that is not closed has no report; the message says what to do."""


def wave_report(wave: Wave, language: str, closeups: Sequence[int] = ()) -> Document:
    """The report of a closed wave in a language ("it" or "en"), as everybody may read it. Raises NotClosed.

    `closeups` are the records that the editor chose to tell of.
    """
    with translation.override(language):
        if not wave.is_closed:
            raise NotClosed(
                _("“%(wave)s” is not closed: its report is there the moment it closes.") % {"wave": wave.name}
            )
        known = facts.facts()
        body = str(known.get(facts.BODY_NAME) or wave.promoter)
        prefetch_related_objects([wave], "areas")  # asked for by every map and table
        found, before = counted(wave), reading.wave_before(wave)
        monitored = reading.monitored_of(wave)
        invented = wave.is_demonstration or bool(known.get(facts.DEMONSTRATION))
        return Document(
            title=wave.name,
            subtitle=_("Monitoring report"),
            body=body,
            date=day(timezone.localdate()),
            language=language,
            summary=_("%(period)s: %(totals)s.")
            % {"period": _capital(phrases.period(wave)), "totals": phrases.totals(monitored, found.whole)},
            demonstration=_("Demonstration: part of these data is invented.") if invented else "",
            blocks=tuple(_blocks(wave, before, body, found, closeups)),
            words={
                "page": _("page"),
                "of": _("of"),
                "contents": _("Contents"),
                "made_with": _("Made with Trama from what the wave froze."),
            },
            stamp=_("Figures frozen on %(day)s. SHA-256 of what was frozen: %(hash)s")
            % {"day": day(wave.closed_at), "hash": wave.fingerprint},
        )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def chapter(key: str) -> Heading:
    """The heading of a chapter."""
    titles = {
        "page": _("The wave in a page"),
        "method": _("Method and limits"),
        "experiences": _("The experiences"),
        "tables": _("The permanent tables"),
        "labs": _("The neighbourhood labs"),
        "groups": _("The groups"),
        "whole": _("The whole and the outlook"),
        "closeups": _("Close-ups"),
        "note": _("Method note"),
        "sources": _("Sources and licences"),
    }
    return Heading(titles[key], 1, key, runs_on=key in SHORT)


def _blocks(wave: Wave, before: Wave | None, body: str, found: Counted, closeups: Sequence[int]) -> Iterator[Block]:
    monitored, quality = reading.monitored_of(wave), quality_of(wave, before)
    compared = comparing.compare(before, wave) if before is not None else None
    contents = list(quality.contents.values())
    yield chapter("page")
    yield from _in_a_page(wave, found, quality, compared)
    yield chapter("method")
    yield from method_blocks(wave, quality)
    yield chapter("experiences")
    yield from experience_blocks(wave, monitored, found)
    yield chapter("tables")
    yield from tables_blocks()
    yield chapter("labs")
    yield from labs_blocks()
    yield chapter("groups")
    yield from groups_blocks(wave, monitored, contents)
    yield chapter("whole")
    yield from whole_blocks(compared, found.whole, quality)
    yield chapter("closeups")
    yield from closeup_blocks(wave, monitored, closeups, quality.contents)
    yield chapter("note")
    yield from note_blocks(wave)
    yield chapter("sources")
    yield from source_blocks(wave, quality.contents.keys(), body)


def _in_a_page(wave: Wave, found: Counted, quality: Quality, compared: Comparison | None) -> Iterator[Block]:
    """What somebody reads who reads no more than a page: the totals, where, who, what for, what changed."""
    monitored, whole = reading.monitored_of(wave), found.whole
    if not whole["records"].value:
        yield Paragraph(_("The wave counts no experience: nobody answered for any."), "lead", key="page.totals")
        return
    text = _("In the period %(period)s the monitoring counts %(totals)s.")
    names = {"period": phrases.period(wave), "totals": phrases.totals(monitored, whole)}
    yield Paragraph(text % names, "lead", key="page.totals")
    yield key_figures(whole)
    yield not_persons("page")
    yield Paragraph(answered(quality, ways=False), key="page.answers")
    if found.places:
        yield Paragraph(spread(wave, found), key="page.where")
    for key in SUMMED_UP:
        cut = found.cuts.get(key)
        if cut is not None and phrases.leading(cut) is not None:
            yield Paragraph(phrases.sentence(cut), key=f"page.{key}")
    if compared is not None:
        yield Paragraph(since_then(compared), key="page.change")
    yield Paragraph("", key="page.added")
