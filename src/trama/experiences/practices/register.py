"""What good-practice sheets offer to the pages that gather: the register, the search, the area, what waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from trama.core import codes
from trama.core.actor import Actor
from trama.core.declarations import Alert, Alerts, AreaSection, Searchable
from trama.core.keys import among
from trama.core.registers import ChoiceDimension, CodeDimension, Column, Register
from trama.experiences import permissions
from trama.experiences.choices import ExperienceState
from trama.experiences.dimensions import ToConfirm, facet
from trama.experiences.models import (
    Experience,
    ExperienceArea,
    Practice,
    PracticeCode,
    PracticeQuerySet,
)
from trama.network.models import Membership
from trama.territory import finding
from trama.territory.declarations import AreaDimension, area_dimensions
from trama.territory.models import AreaClosure
from trama.territory.permissions import WRITERS
from trama.ui.numbers import number

MOST_LISTED = 5
ANYBODY = Q(state="published", is_sensitive=False)  # experiences that everybody reads


# --- where: that of the experience ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class OfExperience(AreaDimension):
    """The areas of the experience that a sheet tells of: a sheet lies nowhere by itself."""

    def _lies_in(self, rows: QuerySet[Any], areas: QuerySet[Any, Any]) -> Q:
        there = ExperienceArea.objects.order_by().filter(area__in=areas)
        return Q(experience__in=there.values("experience"))


def _areas() -> tuple[OfExperience, ...]:
    return tuple(
        OfExperience(
            one.key,
            one.label,
            "experience__areas__area",
            multiple=True,
            axis=one.axis,
            level=one.level,
            staff=one.staff,
        )
        for one in area_dimensions()
    )


# --- columns --------------------------------------------------------------------------------------------------------
def _places(pks: Sequence[int], actor: Actor) -> dict[int, str]:
    rows = ExperienceArea.objects.filter(experience__practices__in=among(pks)).order_by("id")
    found: dict[int, list[str]] = {}
    for pk, area in rows.values_list("experience__practices", "area_id"):
        if (name := finding.name_of(area)) and name not in found.setdefault(pk, []):
            found[pk].append(name)
    return {pk: "; ".join(names) for pk, names in found.items()}


def _codes_column(list_: str, label: Any, *, on_page: bool = True) -> Column:
    def batch(pks: Sequence[int], actor: Actor) -> Mapping[int, str]:
        rank = {code.id: (place, code.label) for place, code in enumerate(codes.codes_of(list_, also_closed=True))}
        rows = PracticeCode.objects.filter(practice__in=among(pks), facet=list_).order_by()
        found = sorted((rank.get(code, (0, code)), pk) for pk, code in rows.values_list("practice_id", "code_id"))
        labels: dict[int, list[str]] = {}
        for (_place, name), pk in found:
            labels.setdefault(pk, []).append(name)
        return {pk: "; ".join(names) for pk, names in labels.items()}

    return Column(list_, label, batch=batch, on_page=on_page)


def _experience(pks: Sequence[int], actor: Actor) -> dict[int, str]:
    """The experience that a sheet tells of; whoever sees the sheet sees it."""
    return dict(Practice.objects.filter(pk__in=among(pks)).order_by().values_list("pk", "experience__name"))


def taken_up_counts(pks: Sequence[int], actor: Actor) -> dict[int, int]:
    """In how many experiences that the actor may see each sheet was taken up."""
    rows = Experience.objects.visible_to(actor).filter(taken_from__in=among(pks)).order_by()
    return dict(rows.values_list("taken_from").annotate(n=Count("pk")))


def _text(key: str, label: Any) -> Column:
    return Column(key, label, key, on_page=False)


def _state(value: Any) -> str:
    return str(dict(ExperienceState.choices).get(value, value))


COLUMNS: tuple[Column, ...] = (
    Column("id", _("number"), "pk", numeric=True, on_page=False),
    Column("name", _("title"), "name"),
    Column("state", _("state"), "state", _state, staff=True),
    Column("areas", _("where"), batch=_places),
    Column("experience", _("experience"), batch=_experience),
    Column("experience_id", _("experience (number)"), "experience_id", numeric=True, on_page=False),
    _codes_column("theme", _("theme"), on_page=False),
    _codes_column("aim", _("aims")),
    _codes_column("target", _("for whom")),
    _codes_column("need", _("needs"), on_page=False),
    _text("summary", _("in a few words")),
    _text("problem", _("which problem")),
    _text("done", _("what was done")),
    _text("people", _("who did it")),
    _text("takes", _("what it takes")),
    _text("worked", _("what worked")),
    _text("did_not_work", _("what did not work")),
    _text("conditions", _("conditions to do it again")),
    _text("materials", _("materials")),
    Column("taken_up", _("taken up elsewhere"), batch=taken_up_counts, numeric=True),
    Column("confirmed_on", _("confirmed by the body"), "confirmed_on", on_page=False),
    Column("used_on", _("used with success"), "used_on", on_page=False),
    Column("edited_at", _("edited"), "edited_at", on_page=False),
)


# --- the register ---------------------------------------------------------------------------------------------------
def visible(actor: Actor) -> PracticeQuerySet:
    """The sheets that the actor may see."""
    return Practice.objects.visible_to(actor)


def url(pk: int) -> str:
    """The address of a sheet."""
    return reverse("experiences:practice", args=[pk])


def counted(count: int) -> str:
    """12 -> "12 good-practice sheets"."""
    return ngettext("%(n)s good-practice sheet", "%(n)s good-practice sheets", count) % {"n": number(count)}


def _for_list(rows: QuerySet[Any]) -> QuerySet[Any]:
    # What everybody sees: a card must not tell of drafts.
    elsewhere = Experience.objects.filter(ANYBODY, taken_from=OuterRef("pk")).order_by().values("taken_from")
    return rows.select_related("experience__area").annotate(
        taken_up_count=Subquery(elsewhere.annotate(n=Count("pk")).values("n"))
    )


REGISTER = Register(
    key="practices",
    model=Practice,
    title=_("Good practices"),
    counted=counted,
    visible=visible,
    dimensions=(
        *_areas(),
        facet("theme", _("Theme")),
        facet("aim", _("Aims")),
        facet("target", _("For whom"), special=True),
        facet("need", _("Needs"), special=True),
        CodeDimension("kind", _("Kind"), "experience__kind_id", list="experience_kind"),
        ToConfirm("to_confirm", _("To confirm"), "confirmed_on"),
        ChoiceDimension("state", _("State"), "state", staff=True, options=tuple(ExperienceState.choices)),
    ),
    columns=COLUMNS,
    orders={
        "edited": (_("last edited"), ("-edited_at",)),
        "name": (_("by title"), ("name",)),
    },
    card="experiences/_practice_card.html",
    url=url,
    for_list=_for_list,
    add_url="experiences:practice_add",
    may_add=permissions.may_add,
    beside=((_("two sheets side by side"), "experiences:practice_comparison"),),
    caution=_("What worked in one place may not work in another: read the conditions."),
)


# --- search ---------------------------------------------------------------------------------------------------------
def _entries(pks: Sequence[int] | None) -> Iterator[tuple[int, str, str]]:
    rows = Practice.objects.order_by("pk")
    if pks is not None:
        rows = rows.filter(pk__in=pks)
    hanging: dict[int, list[str]] = {}
    coded = PracticeCode.objects.order_by("id")
    if pks is not None:
        coded = coded.filter(practice__in=pks)
    for pk, label_it, label_en in coded.values_list("practice_id", "code__label_it", "code__label_en"):
        hanging.setdefault(pk, []).extend([label_it, label_en])
    texts = ("summary", "problem", "done", "people", "takes", "worked", "did_not_work", "conditions")
    fields = ("pk", "name", "experience__area__name", *texts)
    for pk, name, area, *said in rows.values_list(*fields):
        yield pk, name, " ".join([area or "", *said, *hanging.get(pk, [])])


def _lines(pks: Sequence[int]) -> dict[int, str]:
    found = {}
    rows = Practice.objects.filter(pk__in=pks).order_by()
    for pk, area, summary in rows.values_list("pk", "experience__area", "summary"):
        parts = [_now("Good practice"), finding.name_of(area) if area else ""]
        line = " · ".join(part for part in parts if part)
        found[pk] = f"{line}. {Truncator(summary).chars(140)}" if summary else line
    return found


# --- the page of an area --------------------------------------------------------------------------------------------
def of_area(actor: Actor, area: Any) -> dict[str, Any] | None:
    """The sheets that were written here, and what was taken up here from elsewhere; None where there is neither."""
    below = AreaClosure.objects.filter(ancestor=area.pk).order_by().values("area")
    here = ExperienceArea.objects.filter(area__in=below).order_by().values("experience")
    rows = Practice.objects.visible_to(actor).published().filter(experience__in=here)
    taken = Experience.objects.visible_to(actor).published().filter(pk__in=here, taken_from__isnull=False)
    listed = list(rows.select_related("experience__area").order_by("-edited_at", "pk")[:MOST_LISTED])
    sheets = Practice.objects.visible_to(actor).filter(pk__in=taken.order_by().values("taken_from"))
    known = {row.pk: row for row in sheets.select_related("experience__area").order_by("pk")}
    newest = [row for row in taken.order_by("-starts_on", "name", "pk")[:MOST_LISTED] if row.taken_from_id in known]
    if not listed and not newest:
        return None
    total = rows.count()
    state = "&state=published" if actor.is_staff else ""
    return {
        "items": listed,
        "counted": counted(total),
        "more": total - len(listed),
        "query": f"area={area.code}{state}",
        "taken": [{"row": row, "sheet": known[row.taken_from_id or 0]} for row in newest],
    }


# --- what waits -----------------------------------------------------------------------------------------------------
def what_waits(actor: Actor) -> list[Alert]:
    """Drafts of sheets that the actor began, and those that others sent to whoever publishes in these areas."""
    if actor.user is None:
        return []
    title, seen = _now("Sheet to finish: %(name)s"), Practice.objects.visible_to(actor)
    drafts = seen.filter(state=ExperienceState.DRAFT)
    mine = drafts.filter(author=actor.user).order_by("edited_at", "pk").values_list("pk", "name")[:3]
    alerts = [Alert(title % {"name": name}, reverse("experiences:practice_edit", args=[pk])) for pk, name in mine]
    if actor.holds(WRITERS):
        held = Membership.objects.in_force().order_by()
        sent = drafts.filter(author__in=held.filter(role="org_contact").values("user"))
        sent = sent.exclude(author__in=held.filter(role__in=WRITERS).values("user")).exclude(author=actor.user)
        sent = sent.exclude(problem="").exclude(done="").exclude(worked="")
        if not actor.everywhere(WRITERS):
            own = ExperienceArea.objects.filter(area__in=actor.areas_with(WRITERS)).order_by()
            sent = sent.filter(experience__in=own.values("experience"))
        title = _now("Sheet to publish: %(name)s")
        rows = sent.order_by("edited_at", "pk").values_list("pk", "name")[:3]
        alerts += [Alert(title % {"name": name}, url(pk)) for pk, name in rows]
    return alerts


DECLARED = (
    REGISTER,
    Searchable(
        model=Practice, label=_("Good practices"), entries=_entries, visible=visible, url=url, lines=_lines, order=25
    ),
    AreaSection("practices", _("Good practices"), "experiences/_practices_of_area.html", of_area, order=35),
    Alerts("practices", _("Good practices"), what_waits),
)
