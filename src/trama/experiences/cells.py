"""What hangs on experiences, one thing after the other in one cell: who takes part, who pays, the single dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import pgettext_lazy

from trama.core import cells, codes
from trama.core.actor import Actor
from trama.core.columns import in_one_cell
from trama.core.keys import among
from trama.experiences.models import Experience, ExperiencePlace, Funding, Occurrence, Participation
from trama.network.models import visible_names
from trama.network.permissions import works_at_home
from trama.network.telling import cover_unless
from trama.territory import finding
from trama.territory.models import visible_places_named
from trama.territory.permissions import STAFF, is_staff

PARTICIPATION: cells.Parts = (
    ("gives", pgettext_lazy("in a cell", "gives")),
    ("receives", pgettext_lazy("in a cell", "receives")),
    ("since", pgettext_lazy("in a cell", "since")),
)
FUNDING: cells.Parts = (
    ("funder", pgettext_lazy("in a cell, who pays", "from")),
    ("fund", pgettext_lazy("in a cell", "fund")),
    ("note", pgettext_lazy("in a cell", "note")),
)
DATE: cells.Parts = (
    ("place", pgettext_lazy("in a cell", "place")),
    ("area", pgettext_lazy("in a cell", "area")),
    ("title", pgettext_lazy("in a cell", "title")),
    ("cancelled_because", pgettext_lazy("in a cell, a date", "cancelled")),
)

NOTHING = "–"


def plain_of(pks: Sequence[int], actor: Actor) -> frozenset[int]:
    """Those of some experiences of which the actor may read personal contacts in texts: as staff of their areas."""
    if actor.everywhere(STAFF):
        return frozenset(pks)
    if not is_staff(actor) or not pks:
        return frozenset()
    rows = Experience.objects.filter(pk__in=among(pks)).order_by()
    found = set(rows.filter(areas__area__in=actor.areas_with(STAFF)).values_list("pk", flat=True))
    if works_at_home(actor):
        found |= set(rows.filter(is_city_wide=True).values_list("pk", flat=True))
    return frozenset(found)


def grouped(pairs: Iterable[tuple[int, Any]]) -> dict[int, str]:
    """Texts by record, joined, each once, in the order in which they come."""
    found: dict[int, dict[str, None]] = {}
    for pk, text in pairs:
        if text:
            found.setdefault(pk, {})[str(text)] = None
    return {pk: in_one_cell(texts) for pk, texts in found.items()}


def _each(pairs: Iterable[tuple[int, str]]) -> dict[int, str]:
    """The same where two things may be told by the same words: both stand there."""
    found: dict[int, list[str]] = {}
    for pk, text in pairs:
        found.setdefault(pk, []).append(text)
    return {pk: in_one_cell(texts) for pk, texts in found.items()}


def places_of(pks: Sequence[int], actor: Actor) -> dict[int, str]:
    """The places of some experiences, as far as the actor may see them."""
    rows = list(
        ExperiencePlace.objects.filter(experience__in=among(pks))
        .order_by("id")
        .values_list("experience_id", "place_id")
    )
    names = visible_places_named((place for _pk, place in rows), actor) if rows else {}
    return grouped((pk, names[place]) for pk, place in rows if place in names)


def organisations_of(pks: Sequence[int], actor: Actor) -> dict[int, str]:
    """The organisations that the actor may see, with their roles, what they give and what comes back."""
    rows = list(
        Participation.objects.filter(experience__in=among(pks))
        .order_by("id")
        .values_list("experience_id", "organisation_id", "role_id", "gives", "receives", "since")
    )
    # Asked apart: joined with the rule of who sees whom, the database reads every organisation for every row.
    names = visible_names((row[1] for row in rows), actor)
    roles = {role: codes.label(role).lower() for role in {row[2] for row in rows}}
    told: list[tuple[int, str]] = []
    plain = plain_of([row[0] for row in rows if row[3] or row[4]], actor)
    for pk, one, role, gives, receives, since in rows:
        if one not in names:
            continue
        cover = cover_unless(pk in plain)
        head, parts = f"{names[one]} ({roles[role]})", []
        if gives or receives or since:
            said = {"gives": cover(gives), "receives": cover(receives), "since": since.isoformat() if since else ""}
            parts = [(name, said[key]) for key, name in PARTICIPATION]
        told.append((pk, cells.told(head, parts)))
    return grouped(told)


def fundings_of(pks: Sequence[int], actor: Actor) -> dict[int, str]:
    """Euro per year, who pays and from which fund: “2024: 1000.00, from: Comune, fund: PNRR, note: first part”.

    The fund and the note of who is hidden would name it: then the year and the amount stand alone.
    """
    rows = list(
        Funding.objects.filter(experience__in=among(pks))
        .order_by("year", "id")
        .values_list("experience_id", "year", "amount", "funder_id", "fund", "note")
    )
    names = visible_names((row[3] for row in rows if row[3]), actor)
    told: list[tuple[int, str]] = []
    plain = plain_of([row[0] for row in rows if row[5]], actor)
    for pk, year, amount, funder, fund, note in rows:
        said = {"funder": names.get(funder, ""), "fund": fund, "note": cover_unless(pk in plain)(note)}
        if funder is not None and funder not in names:
            said = dict.fromkeys(said, "")
        told.append((pk, cells.told(f"{year}: {amount}", [(name, said[key]) for key, name in FUNDING])))
    return _each(told)


def dates_of(pks: Sequence[int], actor: Actor) -> Mapping[int, str]:
    """The single dates: “2026-03-01 17:00–19:00, place: Library, area: Est (EST), title: First evening”."""
    rows = list(
        Occurrence.objects.filter(experience__in=among(pks))
        .order_by("starts_at", "id")
        .values_list("experience_id", "starts_at", "ends_at", "place_id", "area_id", "title", "cancelled_because")
    )
    names = visible_places_named((row[3] for row in rows if row[3]), actor) if rows else {}
    areas = {pk: finding.named(pk) or NOTHING for pk in {row[4] for row in rows}}
    told: list[tuple[int, str]] = []
    plain = plain_of([row[0] for row in rows if row[5] or row[6]], actor)
    for pk, start, end, place, area, title, cancelled in rows:
        cover = cover_unless(pk in plain)
        said = {
            "place": names.get(place, ""),
            "area": areas[area],
            "title": cover(title),
            "cancelled_because": cover(cancelled),
        }
        told.append((pk, cells.told(cells.period(start, end), [(name, said[key]) for key, name in DATE])))
    return _each(told)
