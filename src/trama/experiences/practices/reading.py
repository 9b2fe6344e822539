"""What the page of a sheet and the comparison of two show, as far as the actor may see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from trama.core import codes
from trama.core.actor import Actor
from trama.core.models import Code
from trama.core.storytelling import Sentence, Told, history_of
from trama.experiences import permissions
from trama.experiences import reading as experiences
from trama.experiences.models import PRACTICE_FACETS, Experience, ExperienceArea, Practice, PracticeCode
from trama.experiences.practices import actions
from trama.territory import finding

TEXTS: dict[str, str | Promise] = {
    "problem": _("Which problem"),
    "done": _("What was done"),
    "people": _("Who did it"),
    "takes": _("What it takes"),
    "worked": _("What worked"),
    "did_not_work": _("What did not work"),
    "conditions": _("Conditions to do it again"),
}
FACETS: dict[str, str | Promise] = {
    "theme": _("Theme"),
    "aim": _("What for"),
    "target": _("For whom"),
    "need": _("Needs"),
}
TOLD = {
    **{facet: Told(label, Code) for facet, label in FACETS.items()},
    "taken_up": Told(_("where"), Experience),
}
VERBS = {
    **experiences.VERBS,
    "taken_up": (_("%(who)s took it up elsewhere"), _("Taken up elsewhere")),
    "used": (_("%(who)s took it up, and it worked there too"), _("Taken up with success")),
}


def history(practice: Practice, actor: Actor, *, may_edit: bool) -> list[Sentence]:
    """The history in sentences; what changed is told to staff and to those who write."""
    return history_of(practice, actor, TOLD, verbs=VERBS, owns=may_edit)


def areas_of(experience: Experience) -> list[tuple[str, str]]:
    """The areas of an experience: name, address."""
    rows = ExperienceArea.objects.filter(experience=experience).order_by("id").values_list("area_id", flat=True)
    known = finding.nodes()
    return [(known[pk].name, reverse("portal:area", args=[known[pk].code])) for pk in rows if pk in known]


def facets_of(practice: Practice) -> dict[str, list[Code]]:
    """The codes of a sheet by facet, in the order of their lists."""
    held: dict[str, set[str]] = {}
    for facet, code in PracticeCode.objects.filter(practice=practice).order_by().values_list("facet", "code_id"):
        held.setdefault(facet, set()).add(code)
    return {
        facet: [code for code in codes.codes_of(facet, also_closed=True) if code.id in held[facet]]
        for facet in PRACTICE_FACETS
        if held.get(facet)
    }


def taken_up_by(practice: Practice, actor: Actor) -> list[Experience]:
    """The experiences made from a sheet that the actor may see, the newest first."""
    rows = Experience.objects.visible_to(actor).filter(taken_from=practice).select_related("area")
    return list(rows.order_by("-edited_at", "pk")[:50])


def sheet(practice: Practice, actor: Actor) -> dict[str, Any]:
    """Everything on the page of a sheet."""
    experience = practice.experience
    may_edit = actions.may_edit(actor, practice)
    return {
        "record": practice,
        "experience": experience,
        "areas": areas_of(experience),
        "texts": [(label, getattr(practice, key), key) for key, label in TEXTS.items() if getattr(practice, key)],
        "facets": [(FACETS[key], key, found) for key, found in facets_of(practice).items()],
        "counts": experiences.counts_of(experience, actor, may_edit=may_edit),
        "taken_up": taken_up_by(practice, actor),
        "history": history(practice, actor, may_edit=may_edit),
        "abilities": {
            "edit": may_edit,
            "publish": may_edit and actions.may_publish(actor, experience),
            "copy": permissions.may_add(actor),
            "use": actions.took_it_up(actor, practice),
        },
    }


# --- two beside each other ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Line:
    """One aspect of two sheets: for each what it says, as parts; `shared` are the parts that both say."""

    label: str | Promise
    sides: tuple[tuple[str, ...], tuple[str, ...]]
    shared: frozenset[str] = frozenset()
    is_text: bool = False

    @property
    def differs(self) -> bool:
        """Whether the two do not say the same."""
        return sorted(self.sides[0]) != sorted(self.sides[1])


def compared(one: Practice, other: Practice, actor: Actor) -> list[Line]:
    """Two sheets aspect by aspect, those in which they differ first; what neither says is left out."""
    pair = (one, other)
    lines = [_listed(_("Where"), *([name for name, _address in areas_of(row.experience)] for row in pair))]
    coded = [facets_of(row) for row in pair]
    lines += [
        _listed(label, *([code.label for code in found.get(key, [])] for found in coded))
        for key, label in FACETS.items()
    ]
    counts = [experiences.counts_of(row.experience, actor, may_edit=actions.may_edit(actor, row)) for row in pair]
    for first, second in zip(*counts, strict=True):
        lines.append(Line(first["label"], (_count(first), _count(second))))
    for key, label in TEXTS.items():
        texts = tuple((text,) if (text := getattr(row, key).strip()) else () for row in pair)
        lines.append(Line(label, (texts[0], texts[1]), is_text=True))
    return sorted((line for line in lines if any(line.sides)), key=lambda line: not line.differs)


def _count(count: dict[str, Any]) -> tuple[str, ...]:
    return (f"{count['text']} ({count['mark']})",) if count["mark"] else ()


def _listed(label: str | Promise, one: Iterable[str], other: Iterable[str]) -> Line:
    sides = (tuple(one), tuple(other))
    return Line(label, sides, frozenset(sides[0]) & frozenset(sides[1]))
