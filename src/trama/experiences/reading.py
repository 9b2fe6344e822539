"""What the page of an experience shows, gathered in a bounded number of queries, as far as the actor may see it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from trama.core import codes, figures, small_counts
from trama.core.actor import Actor
from trama.core.models import Code
from trama.core.storytelling import Sentence, Told, history_of
from trama.experiences import actions, permissions
from trama.experiences.cells import plain_of
from trama.experiences.choices import SPECIAL_CODES, Outcome, Precision
from trama.experiences.dimensions import PHASES
from trama.experiences.experiments.reading import experiment_of
from trama.experiences.genealogy import relatives_of
from trama.experiences.models import (
    Experience,
    ExperienceArea,
    ExperienceCode,
    ExperiencePlace,
    Funding,
    Occurrence,
    Participation,
    Practice,
)
from trama.network.models import Organisation, visible_names
from trama.network.telling import cover_unless
from trama.territory import finding
from trama.territory.models import Area, Place
from trama.territory.permissions import is_staff

FACET_LABELS: dict[str, str | Promise] = {
    "aim": _("What for"),
    "target": _("For whom"),
    "purpose": _("Purpose"),
    "need": _("Needs"),
    "theme": _("Theme"),
    "public_service": _("Public services connected"),
    "instrument": _("Agreement"),
}
TOLD: dict[str, Told] = {
    **{facet: Told(label, Code) for facet, label in FACET_LABELS.items()},
    "areas": Told(_("areas"), Area),
    "places": Told(_("places"), Place),
    "organisations": Told(_("organisations"), Organisation),
    "funders": Told(_("funders"), Organisation),
    "fundings": Told(_("funding")),
    "occurrence": Told(_("date")),
    "decision": Told(_("decision"), choices=dict(Outcome.choices)),
    "taken_from_id": Told(_("taken up from the sheet"), Practice),
}
VERBS = {
    "unpublished": (_("%(who)s took it back to draft"), _("Taken back to draft")),
    "marked_good_practice": (_("%(who)s marked it as a good practice"), _("Marked as a good practice")),
    "unmarked_good_practice": (
        _("%(who)s no longer holds it for a good practice"),
        _("No longer marked as a good practice"),
    ),
    "planned_experiment": (
        _("%(who)s wrote what the experiment wants to find out"),
        _("What the experiment wants to find out was written"),
    ),
    "decided_experiment": (_("%(who)s wrote what becomes of the experiment"), _("It was decided of the experiment")),
    "reopened_experiment": (
        _("%(who)s took the decision on the experiment back"),
        _("The decision on the experiment was taken back"),
    ),
    "added_date": (_("%(who)s added a date"), _("A date was added")),
    "cancelled_date": (_("%(who)s called a date off"), _("A date was called off")),
}


def phase_of(experience: Experience) -> str:
    """Whether an experience goes on, is to come or is concluded today."""
    today = timezone.localdate()
    if experience.starts_on and experience.starts_on > today:
        return "upcoming"
    return "ended" if experience.ends_on and experience.ends_on < today else "ongoing"


def sheet(experience: Experience, actor: Actor) -> dict[str, Any]:
    """Everything on the page of an experience."""
    areas = list(ExperienceArea.objects.filter(experience=experience).order_by("id").values_list("area_id", flat=True))
    carriers = actions.carriers_of(experience)
    may_edit = permissions.may_edit(actor, frozenset(areas), experience.author_id, carriers, experience.state)
    phase, known = phase_of(experience), finding.nodes()
    cover = cover_unless(may_edit or bool(plain_of([experience.pk], actor)))
    return {
        "record": experience,
        "phase": phase,
        "phase_label": dict(PHASES)[phase],
        "areas": [(known[pk].name, reverse("portal:area", args=[known[pk].code])) for pk in areas if pk in known],
        "places": _places(experience, actor),
        "partners": _partners(experience, actor, cover),
        "facets": _facets(experience),
        "counts": counts_of(experience, actor, may_edit=may_edit),
        "money": _money(experience, actor, cover),
        "dates": _dates(experience, actor, cover),
        "family": relatives_of(experience, actor),
        "practices": list(Practice.objects.visible_to(actor).filter(experience=experience).order_by("name", "pk")),
        "taken_from": _taken_from(experience, actor),
        "experiment": experiment_of(experience, actor, may_edit=may_edit),
        "has_source": bool(experience.source_id or experience.source_text.strip()),
        "history": history(experience, actor, may_edit=may_edit),
        "points": reverse("experiences:experience_points", args=[experience.pk]) if experience.x is not None else "",
        "reads_inside": actor.is_known,
        "abilities": {
            "edit": may_edit,
            "publish": may_edit and permissions.may_place(actor, areas, carriers),
            "judge": permissions.may_judge(actor, areas),
            "copy": permissions.may_add(actor),
            "use": permissions.may_place(actor, areas, carriers),
            "staff": is_staff(actor),
        },
    }


def _taken_from(experience: Experience, actor: Actor) -> Practice | None:
    """The sheet from which it was taken up, if the actor may see it."""
    if experience.taken_from_id is None:
        return None
    rows = Practice.objects.visible_to(actor).select_related("experience__area")
    return rows.filter(pk=experience.taken_from_id).order_by("pk").first()


def _places(experience: Experience, actor: Actor) -> list[Place]:
    rows = ExperiencePlace.objects.filter(experience=experience).order_by("id")
    order = list(rows.values_list("place_id", flat=True))
    seen = {row.pk: row for row in Place.objects.visible_to(actor).filter(pk__in=order).order_by("pk")}
    return [seen[pk] for pk in order if pk in seen]


def _partners(experience: Experience, actor: Actor, cover: Callable[[str], str]) -> list[dict[str, Any]]:
    """The organisations that the actor may see, those who carry it first; each once, with all its roles."""
    rows = list(Participation.objects.filter(experience=experience).order_by("id"))
    names = visible_names((row.organisation_id for row in rows), actor)
    rank = {code.id: number for number, code in enumerate(codes.codes_of("tie_role", also_closed=True))}
    found: dict[int, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (rank.get(row.role_id, 99), names.get(row.organisation_id, ""), row.pk)):
        if row.organisation_id not in names:
            continue
        item = found.setdefault(
            row.organisation_id,
            {"pk": row.organisation_id, "name": names[row.organisation_id], "roles": [], "gives": [], "receives": [],
             "since": None},
        )  # fmt: skip
        item["roles"].append(codes.label(row.role_id).lower())
        item["gives"] += [cover(row.gives)] if row.gives else []
        item["receives"] += [cover(row.receives)] if row.receives else []
        item["since"] = min(filter(None, (item["since"], row.since)), default=None)
    return list(found.values())


def _facets(experience: Experience) -> list[dict[str, Any]]:
    rows = ExperienceCode.objects.filter(experience=experience).order_by("code_id").values_list("facet", "code_id")
    held: dict[str, set[str]] = {}
    for facet, code in rows:
        held.setdefault(facet, set()).add(code)
    return [
        {
            "key": facet,
            "label": label,
            "codes": [code for code in codes.codes_of(facet, also_closed=True) if code.id in held[facet]],
        }
        for facet, label in FACET_LABELS.items()
        if held.get(facet)
    ]


def counts_of(experience: Experience, actor: Actor, *, may_edit: bool) -> list[dict[str, Any]]:
    """Numbers of persons; small ones are read by staff and by those who wrote them, others read that they are small."""
    counts = []
    codes_held = ExperienceCode.objects.filter(experience=experience, code__in=SPECIAL_CODES).order_by()
    below = small_counts.threshold(special=codes_held.exists())
    for label, name in ((_("Volunteers"), "volunteers"), (_("People reached"), "beneficiaries")):
        number, known = getattr(experience, name), getattr(experience, f"{name}_precision")
        estimated = known == Precision.ESTIMATED
        if small_counts.is_small(number, below) and not (may_edit or actor.is_staff):
            counts.append({"label": label, "text": small_counts.fewer_than(below), "mark": small_counts.protected()})
            continue
        counts.append(
            {
                "label": label,
                "text": figures.phrase(number, estimated),
                "mark": "" if number is None else Precision(known).label,
            }
        )
    return counts


def _money(experience: Experience, actor: Actor, cover: Callable[[str], str]) -> dict[str, Any]:
    rows = list(Funding.objects.filter(experience=experience).order_by("year", "id"))
    names = visible_names((row.funder_id for row in rows if row.funder_id), actor)
    lines = [
        # The fund and the note of who is hidden would name it.
        {"year": row.year, "amount": row.amount}
        | (
            {
                "funder": names.get(row.funder_id or 0, ""),
                "fund": row.fund,
                "note": cover(row.note),
                "funder_id": row.funder_id,
            }
            if row.funder_id is None or row.funder_id in names
            else {"funder": "", "fund": "", "note": "", "funder_id": None}
        )
        for row in rows
    ]
    years: dict[int, Decimal] = {}
    for row in rows:
        years[row.year] = years.get(row.year, Decimal(0)) + row.amount
    return {
        "lines": lines,
        "years": sorted(years.items()) if 1 < len(years) < len(rows) else [],
        "total": sum(years.values(), Decimal(0)),
        "decimals": 2 if any(row.amount % 1 for row in rows) else 0,
    }


SHOWN_DATES = 12


def _dates(experience: Experience, actor: Actor, cover: Callable[[str], str]) -> dict[str, Any]:
    rows = Occurrence.objects.filter(experience=experience)
    now = timezone.now()
    coming = list(rows.filter(starts_at__gte=now).order_by("starts_at", "pk")[:SHOWN_DATES])
    past = list(rows.filter(starts_at__lt=now).order_by("-starts_at", "-pk")[:SHOWN_DATES])
    ids = {row.place_id for row in (*coming, *past) if row.place_id}
    seen = Place.objects.visible_to(actor).filter(pk__in=ids).order_by() if ids else Place.objects.none()
    places, known = dict(seen.values_list("pk", "name")), finding.nodes()

    def told(row: Occurrence) -> dict[str, Any]:
        where = places.get(row.place_id or 0) or (known[row.area_id].name if row.area_id in known else "")
        return {"row": row, "where": where, "title": cover(row.title), "why": cover(row.cancelled_because)}

    held = rows.filter(starts_at__lt=now, cancelled_because="").count() if len(past) == SHOWN_DATES else None
    return {
        "coming": [told(row) for row in coming],
        "past": [told(row) for row in past],
        "held": held if held is not None else sum(not row.cancelled_because for row in past),
    }


def history(experience: Experience, actor: Actor, *, may_edit: bool) -> list[Sentence]:
    """The history in sentences. What changed is told to staff and to those who write: nobody else reads of drafts."""
    return history_of(experience, actor, TOLD, verbs=VERBS, owns=may_edit)
