"""Two people at the same record: each change is saved, and only what both changed differently is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from trama.core import history
from trama.core.actor import Actor
from trama.experiences import actions
from trama.experiences.models import Experience, Funding
from trama.network.models import visible_names
from trama.territory.models import Place


def data_of(experience: Experience, actor: Actor) -> dict[str, Any]:
    """What is stored, in the shape of `save_experience`'s data and plain as JSON; only what the actor may see of it."""
    data: dict[str, Any] = {name: history.plain(getattr(experience, name)) for name in actions.PLAIN}
    data["kind"] = experience.kind_id.partition(":")[2]
    data["service_role"] = (experience.service_role_id or "").partition(":")[2]
    seen = Experience.objects.visible_to(actor).filter(pk__in=[experience.parent_id, experience.continues_id])
    visible = set(seen.order_by().values_list("pk", flat=True))
    for name in actions.LINKS:
        if (pk := getattr(experience, f"{name}_id")) is None or pk in visible:
            data[name] = pk
    links = actions.links_of(experience)
    data["codes"] = {facet: sorted(code.partition(":")[2] for code in links[facet]) for facet in actions.FACETS}
    standing = Place.objects.filter(pk__in=links["places"]).order_by()
    shown = set(standing.visible_to(actor).values_list("pk", flat=True))
    data["places"] = [pk for pk in links["places"] if pk in shown]
    of_places = set(standing.values_list("area_id", flat=True))
    data["areas"] = [pk for pk in links["areas"] if pk not in of_places]
    names = visible_names((row[0] for row in links["participations"]), actor)
    parts = [
        dict(zip(("organisation", "role", "gives", "receives"), row, strict=False)) for row in links["participations"]
    ]
    data["participations"] = [
        {**part, "role": part["role"].partition(":")[2]} for part in parts if part["organisation"] in names
    ]
    money = Funding.objects.filter(experience=experience).order_by("id")
    payers = visible_names((row.funder_id for row in money if row.funder_id), actor)
    data["fundings"] = [
        {
            "funder": row.funder_id,
            "fund": row.fund,
            "year": row.year,
            "amount": history.plain(row.amount),
            "note": row.note,
        }
        for row in money
        if row.funder_id is None or row.funder_id in payers
    ]
    return data


@dataclass(frozen=True)
class Merged:
    """What became of a save: the record, and the fields that two people changed in different ways.

    `theirs` holds, for each such field, what the other person wrote; there the stored value is still theirs.
    """

    experience: Experience
    theirs: dict[str, Any]


@transaction.atomic
def save_merged(actor: Actor, mine: Mapping[str, Any], base: Mapping[str, Any], experience: Experience) -> Merged:
    """Save what the actor changed since `base` (what the form showed when it was opened), and only that.

    What somebody else changed meanwhile stays, unless it is the same field: that one is not written, and told.
    """
    row = actions.locked(experience)
    stored = data_of(row, actor)
    changed = {key for key in mine if key != "codes" and history.plain(mine[key]) != base.get(key)}
    theirs = {
        key: stored[key]
        for key in changed
        if key in stored and stored[key] != base.get(key) and stored[key] != history.plain(mine[key])
    }
    data = {key: mine[key] for key in changed - set(theirs)}
    codes_before, codes_now = base.get("codes") or {}, stored["codes"]
    facets = {}
    for facet, values in (mine.get("codes") or {}).items():
        was, now, wanted = set(codes_before.get(facet, [])), set(codes_now[facet]), set(values)
        # Of a list each value is a decision of its own: mine and theirs are added up.
        facets[facet] = sorted((now | (wanted - was)) - (was - wanted))
    if facets:
        data["codes"] = facets
    for name in ("volunteers", "beneficiaries"):
        # A number and how it is known are one thing.
        pair = (name, f"{name}_precision")
        if any(key in theirs for key in pair):
            theirs |= {key: stored[key] for key in pair}
            for key in pair:
                data.pop(key, None)
        elif any(key in data for key in pair):
            data |= {key: mine[key] for key in pair if key in mine}
    return Merged(actions.save_experience(actor, data, row), theirs)
