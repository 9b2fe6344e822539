"""The year-end report of a plan of objectives: what was to be reached, the numbers, quarter by quarter (S0.13)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trama.core import facts
from trama.monitoring.models import ObjectivePlan, YearEnd
from trama.monitoring.objectives.changes import changes
from trama.monitoring.objectives.counting import content_of
from trama.monitoring.objectives.words import Told, told
from trama.reports.document import Block, Bullets, Cell, Document, Heading, Line, Paragraph, Table
from trama.ui.numbers import day


def objectives_report(plan: ObjectivePlan, language: str, end: YearEnd | None = None) -> Document:
    """The report on a plan with the numbers of today, or with those that a closed year kept; as everybody sees it."""
    with translation.override(language):
        content = end.content if end is not None else content_of(plan)
        found = told(content)
        before = plan.year_ends.filter(year__lt=end.year).order_by("-year").first() if end is not None else None
        kept = end.kept_on if end is not None else timezone.localdate()
        return Document(
            title=plan.name,
            subtitle=_("Objectives, year %(year)s") % {"year": end.year} if end is not None else _("Objectives, today"),
            body=str(facts.facts().get(facts.BODY_NAME) or "Trama"),
            date=day(kept),
            language=language,
            summary=_summary(plan, found),
            demonstration=_("Demonstration: part of these data is invented.") if plan.is_demonstration else "",
            blocks=tuple(_blocks(plan, found, content, end, before)),
            words={
                "page": _("page"),
                "of": _("of"),
                "contents": _("Contents"),
                "made_with": _("Made with Trama from the registers of the territory."),
            },
            stamp=_("Year closed on %(day)s. SHA-256 of what was kept: %(hash)s")
            % {"day": day(end.kept_on), "hash": end.fingerprint}
            if end is not None
            else "",
        )


def _summary(plan: ObjectivePlan, found: list[dict[str, Any]]) -> str:
    numbers = sum(len(one["yardsticks"]) for one in found)
    objectives = ngettext("one objective", "%(n)s objectives", len(found)) % {"n": len(found)}
    measured = ngettext("one number", "%(n)s numbers", numbers) % {"n": numbers}
    words = {"area": plan.area.name, "objectives": objectives, "numbers": measured}
    return _("%(area)s: %(objectives)s, %(numbers)s.") % words


def _blocks(
    plan: ObjectivePlan,
    found: list[dict[str, Any]],
    content: dict[str, Any],
    end: YearEnd | None,
    before: YearEnd | None,
) -> Iterator[Block]:
    yield Heading(_("In a page"), 1, "page")
    if plan.note:
        yield Paragraph(plan.note, "lead")
    yield _overview(found)
    yield Paragraph(
        _("Every number is counted from what is published in the registers, as everybody may read it: what is not "
          "written is not counted. • stands for so few people that it is not told."),
        "note",
    )  # fmt: skip
    if end is not None and before is not None:
        yield Heading(_("Since %(year)s") % {"year": before.year}, 1, "since")
        yield _since(before, end)
    for one in found:
        yield Heading(f"{one['number']} {one['text']}", 1 if not one["depth"] else 2, f"o{one['id']}", runs_on=True)
        if one["note"]:
            yield Paragraph(one["note"])
        for yardstick in one["yardsticks"]:
            yield from _yardstick(yardstick)
    yield Heading(_("How the numbers are counted"), 1, "method", runs_on=True)
    yield Bullets(tuple(_notes(found)))


def _overview(found: list[dict[str, Any]]) -> Table:
    lines: list[Line] = []
    for one in found:
        lines.append(Line(f"{one['number']} {one['text']}", role="group"))
        lines += [
            Line(y.label, (Cell(y.start or "–"), _now(y), Cell(y.target or "–"), Cell(y.way or "–")), key=f"y{y.id}")
            for y in one["yardsticks"]
        ]
    heads = (_("Number"), _("At the beginning"), _("Now"), _("To be reached"), _("On its way"))
    return Table(
        _("Objectives and numbers"), heads, tuple(lines), sheet=_("Objectives"), texts=frozenset({4}),
        widths=(2.6, 1, 0.9, 1, 1.7), key="objectives",
    )  # fmt: skip


def _now(one: Told) -> Cell:
    value, status, form = one.number
    return Cell(one.now, value, form, status)


def _since(before: YearEnd, end: YearEnd) -> Table:
    lines = tuple(
        Line(f"{one.number} {one.label}", (Cell(one.before), Cell(one.now), Cell(one.change or "–")))
        for one in changes(before.content, end.content)
    )
    notes = (_("A number also changes because more is registered than before: what is not written is not counted."),)
    caption = _("The numbers of %(first)s and of %(last)s") % {"first": before.year, "last": end.year}
    heads = (_("Number"), str(before.year), str(end.year), _("Difference"))
    return Table(caption, heads, lines, notes=notes, sheet=_("Since %(year)s") % {"year": before.year}, key="since")


def _yardstick(measured: Told) -> Iterator[Block]:
    said = [f"{measured.label}: {measured.now}."]
    if measured.way:
        said.append(f"{measured.way[:1].upper()}{measured.way[1:]}.")
    yield Paragraph(" ".join(said))
    for level in measured.levels:
        lines = tuple(
            Line(one["name"], (Cell(one["text"], one["value"], one["form"], one["status"]),), key=one["code"])
            for one in level["areas"]
        )
        caption = _("%(what)s, by %(level)s") % {"what": measured.label, "level": level["label"].lower()}
        yield Table(caption, (level["label"], _("Number")), lines, key=f"y{measured.id}.{level['key']}")


def _notes(found: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    seen = set()
    for one in found:
        for y in one["yardsticks"]:
            if y.label not in seen:
                seen.add(y.label)
                yield y.label, ". ".join(part.rstrip(".") for part in (y.source, y.direction, y.warning) if part) + "."
