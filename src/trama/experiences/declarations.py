"""What experiences offer to the pages that gather: the register and the search."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import get_language, ngettext, pgettext_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from trama.core import codes, figures, memo, small_counts
from trama.core.actor import Actor
from trama.core.declarations import (
    Alert,
    Alerts,
    AreaSection,
    CalendarEntries,
    CalendarEntry,
    Linked,
    RecordSection,
    Searchable,
    declare,
)
from trama.core.freshness import decayed
from trama.core.keys import among
from trama.core.registers import (
    Column,
    Measure,
    Register,
)
from trama.experiences import permissions
from trama.experiences.cells import dates_of, fundings_of, grouped, organisations_of, places_of
from trama.experiences.choices import ExperienceState, Precision
from trama.experiences.dimensions import COUNTED_ORGANISATION, DIMENSIONS, PUBLIC_ORGANISATION, phase_is
from trama.experiences.experiments import register as experiments
from trama.experiences.models import (
    Experience,
    ExperienceArea,
    ExperienceCode,
    ExperiencePlace,
    ExperienceQuerySet,
    Funding,
    Occurrence,
    Participation,
    Total,
    touches_special_data,
)
from trama.experiences.practices import register as practices
from trama.network.contacts import without_personal
from trama.network.models import Membership, visible_names
from trama.territory import finding
from trama.territory.models import AreaClosure, Place
from trama.territory.permissions import WRITERS
from trama.ui.numbers import day, number

NOT_PERSONS = _("The sum counts a person as often as they took part: it is not a number of distinct persons.")
MEASURES = (
    Measure(
        "organisations",
        _("Organisations involved"),
        Count("participations__organisation", distinct=True, filter=COUNTED_ORGANISATION),
        unit=_("organisations"),
        warning=_("Each organisation counts once, however many experiences it takes part in."),
    ),
    Measure(
        "volunteers",
        _("Volunteers"),
        unit=_("volunteers"),
        warning=NOT_PERSONS,
        sum_of="volunteers",
        known="volunteers",
        precision="volunteers_precision",
        persons=True,
    ),
    Measure(
        "beneficiaries",
        _("People reached"),
        unit=_("people"),
        warning=NOT_PERSONS,
        sum_of="beneficiaries",
        known="beneficiaries",
        precision="beneficiaries_precision",
        persons=True,
    ),
    Measure("funding", _("Funding"), unit=_("euro"), sum_of="fundings__amount", known="fundings__amount"),
)


# --- columns ------------------------------------------------------------------------------------------------------
def persons_told(name: str) -> Callable[[Sequence[int], Actor], Mapping[int, Any]]:
    """Numbers of persons as the actor may read them: small ones are for staff, the others read that they are small."""

    def batch(pks: Sequence[int], actor: Actor) -> Mapping[int, Any]:
        rows = Experience.objects.filter(pk__in=among(pks), **{f"{name}__isnull": False}).order_by()
        found: dict[int, Any] = dict(rows.values_list("pk", name))
        if actor.is_staff:
            return found
        small = [pk for pk, value in found.items() if small_counts.is_small(value, small_counts.SPECIAL_THRESHOLD)]
        special = set(
            Experience.objects.filter(touches_special_data(), pk__in=among(small))
            .order_by()
            .values_list("pk", flat=True)
        )
        for pk in small:
            found[pk] = small_counts.told(found[pk], small_counts.threshold(special=pk in special))
        return found

    return batch


_last = threading.local()


def _codes_of(pks: Sequence[int]) -> dict[str, list[tuple[int, str]]]:
    """The codes of some experiences by facet. One query for all the columns of a chunk, which bring the same list."""
    held = getattr(_last, "codes", None)
    if held is None or held[0] is not pks:
        found: dict[str, list[tuple[int, str]]] = {}
        rows = ExperienceCode.objects.filter(experience__in=among(pks)).order_by()
        for facet, pk, code in rows.values_list("facet", "experience_id", "code_id"):
            found.setdefault(facet, []).append((pk, code))
        _last.codes = held = (pks, found)
    return held[1]


def _codes_column(list_: str) -> Any:
    def batch(pks: Sequence[int], actor: Actor) -> Mapping[int, str]:
        # The order of the list, not of the keys: sorted here, where the list is in memory.
        rank = {code.id: (number, code.label) for number, code in enumerate(codes.codes_of(list_, also_closed=True))}
        found = [(rank.get(code, (0, code)), pk) for pk, code in _codes_of(pks).get(list_, [])]
        return grouped((pk, label) for (_number, label), pk in sorted(found))

    return batch


def areas_of(pks: Sequence[int], actor: Actor) -> dict[int, str]:
    """The names of the areas of some experiences."""
    rows = (
        ExperienceArea.objects.filter(experience__in=among(pks)).order_by("id").values_list("experience_id", "area_id")
    )
    known = finding.nodes()
    return grouped((pk, known[area].name) for pk, area in rows if area in known)


def _area_codes(pks: Sequence[int], actor: Actor) -> dict[int, str]:
    """The codes of the areas, in the order of their names: two areas may bear one name."""
    rows = ExperienceArea.objects.filter(experience__in=among(pks)).order_by("id")
    known = finding.nodes()
    pairs = rows.values_list("experience_id", "area_id")
    return grouped((pk, known[area].code) for pk, area in pairs if area in known)


def _number_of(field: str) -> Any:
    """The number of another experience, if the actor may see it."""

    def batch(pks: Sequence[int], actor: Actor) -> dict[int, int]:
        rows = Experience.objects.filter(pk__in=among(pks), **{f"{field}__isnull": False}).order_by()
        pairs = dict(rows.values_list("pk", f"{field}_id"))
        shown = Experience.objects.visible_to(actor).filter(pk__in=among(sorted(set(pairs.values()))))
        seen = set(shown.order_by().values_list("pk", flat=True))
        return {pk: other for pk, other in pairs.items() if other in seen}

    return batch


def _facet_column(list_: str, label: Any, *, on_page: bool = False) -> Column:
    return Column(list_, label, batch=_codes_column(list_), on_page=on_page)


def _choice(options: Mapping[Any, Any]) -> Any:
    """A renderer of closed values: each is translated once per language, not once per row."""

    @cache
    def said(language: str | None, value: Any) -> str:
        return str(options.get(value, value))

    return lambda value: said(get_language(), value)


YES_NO = _choice({True: pgettext_lazy("answer", "yes"), False: pgettext_lazy("answer", "no")})

COLUMNS: tuple[Column, ...] = (
    Column("id", _("number"), "pk", numeric=True, on_page=False),
    Column("name", _("title"), "name"),
    Column("kind", _("kind"), "kind_id", codes.label),
    Column("state", _("state"), "state", _choice(dict(ExperienceState.choices)), staff=True),
    Column("areas", _("where"), batch=areas_of),
    Column("area_codes", _("codes of the areas"), batch=_area_codes, on_page=False),
    Column("places", _("places"), batch=places_of, on_page=False),
    Column("city_wide", _("in the whole territory"), "is_city_wide", YES_NO, on_page=False),
    Column("starts_on", _("from"), "starts_on"),
    Column("ends_on", _("until"), "ends_on"),
    Column("dates", _("single dates"), batch=dates_of, on_page=False),
    Column("organisations", _("organisations"), batch=organisations_of, on_page=False),
    _facet_column("target", _("for whom"), on_page=True),
    _facet_column("aim", _("aims")),
    _facet_column("need", _("needs")),
    Column("service_role", _("role of the social service"), "service_role_id", codes.label, on_page=False),
    _facet_column("public_service", _("public services connected")),
    _facet_column("instrument", _("instruments")),
    _facet_column("purpose", _("purpose")),
    _facet_column("theme", _("theme")),
    Column("volunteers", _("volunteers"), batch=persons_told("volunteers"), numeric=True),
    Column(
        "volunteers_precision",
        _("volunteers: how known"),
        "volunteers_precision",
        _choice(dict(Precision.choices)),
        on_page=False,
    ),
    Column("beneficiaries", _("people reached"), batch=persons_told("beneficiaries"), numeric=True),
    Column(
        "beneficiaries_precision",
        _("people reached: how known"),
        "beneficiaries_precision",
        _choice(dict(Precision.choices)),
        on_page=False,
    ),
    Column("funding", _("funding per year, in euro"), batch=fundings_of, on_page=False),
    Column("summary", _("in a few words"), "summary", on_page=False),
    Column("outputs", _("what came of it"), "outputs", on_page=False),
    Column("critical_points", _("what was difficult"), "critical_points", on_page=False, staff=True),
    Column("good_practice", _("good practice"), "is_good_practice", YES_NO, on_page=False),
    Column("experiment", _("experiment"), "is_experiment", YES_NO, on_page=False),
    Column("experiment_outcome", _("what was decided of the experiment"), batch=experiments.outcome_of, on_page=False),
    Column("sensitive", _("naming it may harm"), "is_sensitive", YES_NO, on_page=False, staff=True),
    Column("parent", _("part of (number)"), batch=_number_of("parent"), numeric=True, on_page=False),
    Column("continues", _("continues (number)"), batch=_number_of("continues"), numeric=True, on_page=False),
    Column("copied_from", _("on the model of (number)"), batch=_number_of("copied_from"), numeric=True, on_page=False),
    Column("lon", _("longitude"), "lon", numeric=True, on_page=False),
    Column("lat", _("latitude"), "lat", numeric=True, on_page=False),
    Column("confirmed_on", _("confirmed by the body"), "confirmed_on", on_page=False),
    Column("used_on", _("used with success"), "used_on", on_page=False),
    Column("edited_at", _("edited"), "edited_at", on_page=False),
    Column("sources", _("sources and links"), "source_text", on_page=False),
    Column("source", _("known from"), "source__title", on_page=False),
    Column("demonstration", _("invented for the demonstration"), "is_demonstration", YES_NO, on_page=False),
)


# --- the register -------------------------------------------------------------------------------------------------
def visible(actor: Actor) -> ExperienceQuerySet:
    """The experiences that the actor may see."""
    return Experience.objects.visible_to(actor)


def url(pk: int) -> str:
    """The address of an experience."""
    return reverse("experiences:experience", args=[pk])


def counted(count: int) -> str:
    """594 -> "594 experiences"."""
    return ngettext("%(n)s experience", "%(n)s experiences", count) % {"n": number(count)}


def _for_list(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_related("area").annotate(
        organisations_count=Count("participations__organisation", distinct=True, filter=COUNTED_ORGANISATION)
    )


REGISTER = Register(
    key="experiences",
    model=Experience,
    title=_("What is done"),
    counted=counted,
    visible=visible,
    dimensions=DIMENSIONS,
    columns=COLUMNS,
    orders={
        "newest": (_("newest first"), ("-starts_on", "name")),
        "name": (_("by title"), ("name",)),
        "edited": (_("last edited"), ("-edited_at",)),
    },
    card="experiences/_card.html",
    url=url,
    measures=MEASURES,
    special=touches_special_data,
    for_list=_for_list,
    add_url="experiences:experience_add",
    may_add=permissions.may_add,
    beside=((_("good practices"), "experiences:practices"),),
    caution=_("What is not written here may exist all the same: these are the experiences that somebody told."),
)


# --- search -------------------------------------------------------------------------------------------------------
def _path(known: Mapping[int, finding.Node], area: int | None) -> Iterator[str]:
    """The names of an area and of all above it."""
    while area is not None and (node := known.get(area)) is not None:
        yield node.name
        area = node.parent


def _entries(pks: Sequence[int] | None) -> Iterator[tuple[int, str, str]]:
    known = finding.nodes()
    rows = Experience.objects.order_by("pk")
    keys = list(pks) if pks is not None else list(rows.values_list("pk", flat=True))
    for start in range(0, len(keys), 1000):
        part = keys[start : start + 1000]
        hanging: dict[int, list[str]] = {}
        for pk, label_it, label_en in (
            ExperienceCode.objects.filter(experience__in=part)
            .order_by("id")
            .values_list("experience_id", "code__label_it", "code__label_en")
        ):
            hanging.setdefault(pk, []).extend([label_it, label_en])
        for pk, area in (
            ExperienceArea.objects.filter(experience__in=part).order_by("id").values_list("experience_id", "area_id")
        ):
            hanging.setdefault(pk, []).extend(_path(known, area))
        # Only what everybody may see is searched for: a hit must not tell that a hidden body or place is involved.
        places = ExperiencePlace.objects.filter(experience__in=part, place__is_public=True).order_by("id")
        parts = Participation.objects.filter(PUBLIC_ORGANISATION, experience__in=part).order_by("id")
        named = [
            *places.values_list("experience_id", "place__name"),
            *parts.values_list("experience_id", "organisation__name"),
        ]
        for pk, name in named:
            hanging.setdefault(pk, []).append(name)
        fields = ("pk", "name", "summary", "outputs", "kind__label_it", "kind__label_en")
        for pk, name, *texts in rows.filter(pk__in=part).values_list(*fields):
            yield pk, name, " ".join([*texts, *hanging.get(pk, [])])


def _lines(pks: Sequence[int]) -> dict[int, str]:
    found, areas = {}, finding.nodes()
    rows = Experience.objects.filter(pk__in=pks).order_by()
    coming = Occurrence.objects.filter(experience__in=pks, starts_at__gte=timezone.now(), cancelled_because="")
    soonest = dict(coming.order_by().values_list("experience_id").annotate(first=Min("starts_at")))
    for pk, kind, area, starts, summary in rows.values_list("pk", "kind_id", "area_id", "starts_on", "summary"):
        parts = [
            codes.label(kind),
            areas[area].name if area in areas else "",
            _now("since %(year)s") % {"year": starts.year} if starts else "",
            _now("next date: %(when)s") % {"when": day(timezone.localtime(soonest[pk]))} if pk in soonest else "",
        ]
        line = " · ".join(part for part in parts if part)
        found[pk] = f"{line}. {Truncator(summary).chars(140)}" if summary else line
    return found


# --- the page of an area ------------------------------------------------------------------------------------------
def what_is_done(actor: Actor, area: Any) -> dict[str, Any] | None:
    """What goes on in an area today: by kind and by aim, with whom it counts, and what began last."""
    return memo.until_changed(("experiences.area", area.pk), actor, lambda: _what_is_done(actor, area))


def _what_is_done(actor: Actor, area: Any) -> dict[str, Any]:
    below = AreaClosure.objects.filter(ancestor=area.pk).order_by().values("area")
    rows = visible(actor).published().in_areas(below)
    ongoing = rows.filter(phase_is("ongoing", timezone.localdate()))
    # Staff see drafts in the list: the link counts what is counted here.
    within = f"area={area.code}&state=published" if actor.is_staff else f"area={area.code}"
    address = f"{within}&phase=ongoing"
    people = ongoing.people()
    total = people.volunteers.base
    named = ExperienceCode.objects.order_by().filter(facet="aim", experience__in=ongoing.order_by().values("pk"))
    groups = (
        (_("By kind"), "experience_kind", "kind", ongoing.order_by().values_list("kind_id").annotate(n=Count("pk"))),
        (_("What for"), "aim", "aim", named.values_list("code_id").annotate(n=Count("experience", distinct=True))),
    )
    return {
        "total": total,
        "counted": counted(total),
        "ended": rows.count() - total,
        "groups": [(title, _listed(list_, dict(counts), f"{address}&{key}=")) for title, list_, key, counts in groups],
        "volunteers": _spoken(people.volunteers, lower_bound=True),
        "beneficiaries": _spoken(people.beneficiaries, lower_bound=False),
        "newest": list(ongoing.order_by("-starts_on", "name", "pk").values("pk", "name", "kind_id", "starts_on")[:5]),
        "address": address,
        "within": within,
        "area_code": area.code,
        "may_add": permissions.may_add(actor),
    }


def _listed(list_: str, counts: Mapping[str, int], address: str) -> list[dict[str, Any]]:
    return [
        {"label": code.label, "count": counts[code.id], "query": f"{address}{code.value}"}
        for code in codes.codes_of(list_, also_closed=True)
        if counts.get(code.id)
    ]


def _spoken(total: Total, *, lower_bound: bool) -> dict[str, str]:
    return {"text": total.phrase(lower_bound=lower_bound), "known": figures.completeness(total.known, total.base)}


# --- the page of an organisation ------------------------------------------------------------------------------------
MOST_LISTED = 20


def of_organisation(actor: Actor, organisation: Any) -> dict[str, Any] | None:
    """The experiences in which an organisation takes part, and with whom, as far as the actor may see them."""
    mine = Participation.objects.filter(organisation=organisation.pk).order_by()
    rows = visible(actor).filter(pk__in=mine.values("experience"))
    count = rows.count()
    if not count:
        return None
    listed = list(rows.order_by("-starts_on", "name", "pk").select_related("area")[:MOST_LISTED])
    roles: dict[int, list[str]] = {}
    for pk, role in mine.filter(experience__in=[row.pk for row in listed]).values_list("experience_id", "role_id"):
        roles.setdefault(pk, []).append(codes.label(role))
    others = Participation.objects.filter(experience__in=rows.order_by().values("pk")).exclude(
        organisation=organisation.pk
    )
    together = others.order_by().values_list("organisation_id").annotate(n=Count("experience", distinct=True))
    best = list(together.order_by("-n", "organisation_id")[: MOST_LISTED * 2])
    names = visible_names((pk for pk, _n in best), actor)
    return {
        "items": [{"row": row, "roles": ", ".join(sorted(roles.get(row.pk, []))).lower()} for row in listed],
        "more": count - len(listed),
        "query": f"organisation={organisation.pk}",
        "partners": [{"pk": pk, "name": names[pk], "count": n} for pk, n in best if pk in names][:10],
    }


# --- the page of a place --------------------------------------------------------------------------------------------
def of_place(actor: Actor, place: Any) -> dict[str, Any] | None:
    """The experiences at a place that the actor may see, and the next dates there."""
    here = ExperiencePlace.objects.filter(place=place.pk).order_by().values("experience")
    rows = visible(actor).published().filter(pk__in=here)
    listed = list(rows.order_by("-starts_on", "name", "pk")[: MOST_LISTED + 1])
    coming = Occurrence.objects.filter(place=place.pk, starts_at__gte=timezone.now(), cancelled_because="")
    coming = coming.filter(experience__in=visible(actor).published().order_by().values("pk"))
    dates = list(coming.select_related("experience").order_by("starts_at", "pk")[:5])
    for row in dates:
        row.title = without_personal(row.title)
    if not listed and not dates:
        return None
    return {"items": listed[:MOST_LISTED], "has_more": len(listed) > MOST_LISTED, "dates": dates}


# --- the calendar and what waits ------------------------------------------------------------------------------------
def dates_between(actor: Actor, first: date, last: date, areas: Sequence[int] | None) -> list[CalendarEntry]:
    """The dates of experiences that the actor may see, from the first day to the last."""
    zone = timezone.get_current_timezone()
    start, end = datetime.combine(first, time.min, zone), datetime.combine(last, time.max, zone)
    rows = Occurrence.objects.filter(starts_at__gte=start, starts_at__lte=end).order_by("starts_at", "pk")
    if areas is not None:
        rows = rows.filter(area__in=areas)
    dates = list(rows.select_related("place"))
    names = dict(
        visible(actor).filter(pk__in={row.experience_id for row in dates}).order_by().values_list("pk", "name")
    )
    shown = Place.objects.visible_to(actor).filter(pk__in={row.place_id for row in dates if row.place_id}).order_by()
    places, known = dict(shown.values_list("pk", "name")), finding.nodes()
    return [
        CalendarEntry(
            starts=row.starts_at,
            ends=row.ends_at,
            title=f"{names[row.experience_id]}: {without_personal(row.title)}"
            if row.title
            else names[row.experience_id],
            place=places.get(row.place_id or 0) or (known[row.area_id].name if row.area_id in known else ""),
            url=url(row.experience_id),
            area=row.area_id,
            cancelled=bool(row.cancelled_because),
            note=without_personal(row.cancelled_because),
        )
        for row in dates
        if row.experience_id in names
    ]


def _to_publish(actor: Actor) -> list[Alert]:
    """Drafts, complete by now, of contact persons who may not publish them: for whoever may, in their areas."""
    if not actor.holds(WRITERS):
        return []
    held = Membership.objects.in_force().order_by()
    writers = held.filter(role__in=WRITERS).values("user")
    # Who began a draft that their own organisation carries publishes it without anybody.
    spoken = held.filter(user=OuterRef(OuterRef("author")), organisation__isnull=False).values("organisation")
    carried = Participation.objects.filter(
        experience=OuterRef("pk"), role__in=permissions.CARRIERS, organisation__in=spoken
    )
    drafts = Experience.objects.filter(state=ExperienceState.DRAFT, starts_on__isnull=False)
    drafts = drafts.exclude(summary="").exclude(author=actor.user).exclude(author__in=writers)
    drafts = drafts.filter(author__in=held.filter(role="org_contact").values("user"))
    if not actor.everywhere(WRITERS):
        drafts = drafts.in_areas(actor.areas_with(WRITERS))
    title = _now("To publish: %(name)s")
    rows = drafts.exclude(Exists(carried)).select_related("author").order_by("edited_at", "pk")
    return [
        Alert(title % {"name": row.name}, url(row.pk), detail=_now("sent by %(who)s") % {"who": row.author.called})
        for row in rows[:5]
        if row.author is not None
    ]


def what_waits(actor: Actor) -> list[Alert]:
    """Drafts that the actor has begun, and published experiences that wait for their word."""
    if actor.user is None:
        return []
    now = timezone.now()
    alerts = _to_publish(actor)
    mine = Experience.objects.filter(author=actor.user).order_by()
    drafts = mine.filter(state=ExperienceState.DRAFT)
    for pk, name, edited in drafts.order_by("edited_at", "pk").values_list("pk", "name", "edited_at")[:5]:
        days = (now - edited).days
        detail = ngettext("left %(n)s day ago", "left %(n)s days ago", days) % {"n": days} if days else _now("of today")
        title = _now("Draft to finish: %(name)s") % {"name": name}
        alerts.append(Alert(title, reverse("experiences:experience_edit", args=[pk]), detail=detail))
    carried = Participation.objects.filter(
        organisation__in=actor.organisations, role__in=permissions.CARRIERS
    ).order_by()
    waiting = Experience.objects.filter(Q(author=actor.user) | Q(pk__in=carried.values("experience")))
    waiting = waiting.published().filter(phase_is("ongoing", timezone.localdate())).filter(decayed())
    # A new record is not nagged about: it is asked again when it has had time to grow old.
    waiting = waiting.filter(Q(confirmed_on__isnull=False) | Q(edited_at__lt=now - timedelta(days=90)))
    for pk, name, confirmed in waiting.order_by("confirmed_on", "pk").values_list("pk", "name", "confirmed_on")[:5]:
        detail = _now("confirmed on %(day)s") % {"day": day(confirmed)} if confirmed else _now("never confirmed")
        alerts.append(Alert(_now("Is it still right? %(name)s") % {"name": name}, url(pk), detail=detail))
    return alerts


declare(
    REGISTER,
    Searchable(
        model=Experience, label=_("What is done"), entries=_entries, visible=visible, url=url, lines=_lines, order=20
    ),
    AreaSection("experiences", _("What is done"), "experiences/_area.html", what_is_done, order=30),
    RecordSection(
        "experiences",
        "network.organisation",
        _("What it takes part in"),
        "experiences/_of_organisation.html",
        of_organisation,
        order=30,
    ),
    RecordSection(
        "experiences_here", "territory.place", _("What happens here"), "experiences/_of_place.html", of_place, order=10
    ),
    CalendarEntries("experiences", _("What is done"), dates_between),
    Alerts("experiences", _("Experiences"), what_waits),
    Alerts("experiments", _("Experiments"), experiments.what_waits),
    Linked(Participation, "organisation", fills=("gives", "receives", "since"), shared=True),
    Linked(Funding, "funder"),
    *practices.DECLARED,
)
