"""Every change to experiences: one transaction, the rows, the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import codes, facts, history
from trama.core.actor import Actor
from trama.core.legible import legible
from trama.core.models import Code
from trama.experiences import permissions
from trama.experiences.choices import ExperienceState, Precision
from trama.experiences.models import (
    Experience,
    ExperienceArea,
    ExperienceCode,
    ExperiencePlace,
    Funding,
    Occurrence,
    Participation,
    Practice,
    PracticeCode,
)
from trama.network import actions as network
from trama.network.models import Organisation
from trama.territory import finding
from trama.territory.models import Place
from trama.territory.permissions import is_writer, may_write_in

# The facets of an experience; each is the name of a code list.
FACETS = ("aim", "target", "need", "instrument", "public_service", "purpose", "theme")
_PART = ("organisation_id", "role_id", "gives", "receives", "since")
PLAIN = (
    "name",
    "summary",
    "is_city_wide",
    "is_sensitive",
    "starts_on",
    "ends_on",
    "volunteers",
    "volunteers_precision",
    "beneficiaries",
    "beneficiaries_precision",
    "outputs",
    "critical_points",
    "is_experiment",
    "source_text",
)
LINKS = ("parent", "continues")
# What a copy takes with it: how it is done, for whom and why. Numbers, money, partners and dates are others' own.
PRACTICE = ("summary", "is_experiment", "is_sensitive")


class ChangedMeanwhile(Exception):
    """Somebody else saved the record after this form was opened. Nothing was written."""

    def __init__(self, experience: Experience) -> None:
        super().__init__(_("Somebody else changed this record in the meantime."))
        self.experience = experience


# --- who may ------------------------------------------------------------------------------------------------------
def area_ids_of(experience: Experience) -> frozenset[int]:
    """The ids of all the areas of an experience."""
    ids = set(ExperienceArea.objects.filter(experience=experience).order_by().values_list("area_id", flat=True))
    return frozenset(ids | ({experience.area_id} if experience.area_id else set()))


def carriers_of(experience: Experience) -> frozenset[int]:
    """The ids of the organisations that promote, manage or coordinate it."""
    rows = Participation.objects.filter(experience=experience, role__in=permissions.CARRIERS).order_by()
    return frozenset(rows.values_list("organisation_id", flat=True))


def may_edit(actor: Actor, experience: Experience) -> bool:
    """Whether the actor may change this experience."""
    return permissions.may_edit(
        actor, area_ids_of(experience), experience.author_id, carriers_of(experience), experience.state
    )


def may_publish(actor: Actor, experience: Experience | None) -> bool:
    """Whether the actor may show this draft to everybody; of one that is not there yet: whether they write at all."""
    if experience is None:
        return is_writer(actor)
    return permissions.may_place(actor, area_ids_of(experience), carriers_of(experience))


def may_judge(actor: Actor, experience: Experience) -> bool:
    """Whether the actor may mark this experience as a good practice."""
    return permissions.may_judge(actor, area_ids_of(experience))


def _refuse_unless(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied(_("You may not change this experience."))


# --- saving -------------------------------------------------------------------------------------------------------
@transaction.atomic
def save_experience(
    actor: Actor,
    data: Mapping[str, Any],
    experience: Experience | None = None,
    *,
    expected: datetime | None = None,
    importing: Mapping[str, Any] | None = None,
) -> Experience:
    """Write an experience, new or known, with all that hangs on it. What `data` does not name stays as it is.

    `data` holds fields by their names; `kind` and `service_role` as values of their lists; `codes` as
    `{facet: [values]}`; `areas` and `places` as lists of ids; `participations` as mappings with `organisation` (id) or
    `name` (of a new one), `role`, `gives`, `receives`, `since`; `fundings` as mappings with `funder` (id), `fund`,
    `year`, `amount`, `note`. `importing` sets what only loads set (`import_key`, `source`, `state`,
    `is_demonstration`…): a load may publish what is incomplete, and completeness is printed beside every number.

    Raises ValidationError by field, PermissionDenied, and ChangedMeanwhile when the record is no longer as it was at
    `expected` (its `edited_at` when the person began).
    """
    before: dict[str, Any] | None = None
    was: dict[str, Any] = {}
    if experience is None:
        _refuse_unless(permissions.may_add(actor))
        experience = Experience(author_id=actor.user)
    else:
        experience = Experience.objects.select_for_update(of=("self",)).get(pk=experience.pk)
        if expected is not None and experience.edited_at != expected:
            raise ChangedMeanwhile(experience)
        _refuse_unless(may_edit(actor, experience))
        before, was = history.state_of(experience), links_of(experience)
    _set_fields(experience, data, importing or {})
    areas, places = _where(actor, experience, data)
    _refuse_born_of_itself(experience)
    if experience.state == ExperienceState.PUBLISHED and importing is None:
        _require_enough(experience, areas)
    experience.full_clean(exclude=["kind", "service_role", "parent", "continues", "author", "area", "source"])
    experience.save()
    _write_codes(experience, data.get("codes"))
    _write_ids(experience, ExperienceArea, "area", areas)
    _write_ids(experience, ExperiencePlace, "place", places)
    _write_participations(actor, experience, data.get("participations"))
    _write_fundings(actor, experience, data.get("fundings"))
    if experience.state == ExperienceState.PUBLISHED:
        # Nobody publishes beyond what they answer for, nor moves a published record out of it.
        _refuse_unless(permissions.may_place(actor, areas, carriers_of(experience)))
    now = links_of(experience)
    extra = {key: [was.get(key, []), now[key]] for key in now if was.get(key, []) != now[key]}
    if before is not None and not extra and not history.differences(experience, before):
        return experience
    experience.edited_at = timezone.now()
    Experience.objects.filter(pk=experience.pk).update(edited_at=experience.edited_at)
    history.record(actor, "created" if before is None else "changed", experience, before, extra)
    return experience


def _tidy(name: str, value: Any) -> Any:
    """A text without the signs that nobody sees (PostgreSQL refuses NULs); a title with single blanks."""
    if not isinstance(value, str):
        return value
    value = legible(value)
    return " ".join(value.split()) if name == "name" else value


def _set_fields(experience: Experience, data: Mapping[str, Any], importing: Mapping[str, Any]) -> None:
    for name in PLAIN:
        if name in data:
            setattr(experience, name, _tidy(name, data[name]))
    for name, list_ in (("kind", "experience_kind"), ("service_role", "service_role")):
        if name in data:
            setattr(experience, f"{name}_id", _code(list_, data[name], name) if data[name] else None)
    for name in LINKS:
        if name in data:
            other = data[name]
            setattr(experience, f"{name}_id", other.pk if isinstance(other, Experience) else other)
    for name in ("volunteers", "beneficiaries"):
        if name in data and data[name] is None:
            setattr(experience, f"{name}_precision", Precision.UNKNOWN)
    for name, value in importing.items():
        setattr(experience, name, value)
    if not experience.kind_id:
        raise ValidationError({"kind": _("Say what it is: a project, an activity, a group, an event…")})
    if not experience.name:
        raise ValidationError({"name": _("Give it a title: the one that people use for it.")})


def _code(list_: str, value: Any, field: str) -> str:
    key = value.pk if isinstance(value, Code) else str(value)
    key = key if key.startswith(f"{list_}:") else codes.key(list_, key)
    if key not in codes.all_codes() and not Code.objects.filter(pk=key).exists():
        raise ValidationError({field: _("“%(value)s” is not in the list.") % {"value": str(value)[:60]}})
    return key


def _where(actor: Actor, experience: Experience, data: Mapping[str, Any]) -> tuple[list[int], list[int]]:
    """All the areas, the main one first, and all the places; sets the point and the main area of the record."""
    old_places = [] if experience.pk is None else _ids(ExperiencePlace, "place_id", experience)
    old_areas = [] if experience.pk is None else _ids(ExperienceArea, "area_id", experience)
    if not {"areas", "places", "lon", "lat", "is_city_wide"} & set(data):
        return old_areas, old_places
    places = list(dict.fromkeys(data["places"])) if "places" in data else old_places
    if places != old_places:
        # A place that the actor cannot see, the actor cannot take away.
        seen = Place.objects.visible_to(actor).filter(pk__in=old_places).order_by()
        shown = set(seen.values_list("pk", flat=True))
        places = list(dict.fromkeys([*places, *(pk for pk in old_places if pk not in shown)]))
    standing = {row.pk: row for row in Place.objects.filter(pk__in={*places, *old_places}).order_by()}
    if missing := [pk for pk in places if pk not in standing]:
        raise ValidationError({"places": _("There is no place number %(pk)s.") % {"pk": missing[0]}})
    if "lon" in data and "lat" in data and data["lon"] is not None and data["lat"] is not None:
        experience.put_at(data["lon"], data["lat"])
    elif "places" in data or "lon" in data:
        # The point of a place that is not public would tell where it is.
        located = (standing[pk] for pk in places if standing[pk].lon is not None and standing[pk].is_public)
        first = next(located, None)
        experience.put_at(first.lon, first.lat) if first else experience.put_at(None, None)
    of_places = [standing[pk].area_id for pk in places if standing[pk].area_id]
    if "areas" in data:
        chosen = list(dict.fromkeys(data["areas"]))
    else:
        left = {standing[pk].area_id for pk in old_places if pk in standing} - set(of_places)
        chosen = [pk for pk in old_areas if pk not in left]
    if unknown := [pk for pk in chosen if pk not in finding.nodes()]:
        raise ValidationError({"areas": _("There is no area number %(pk)s.") % {"pk": unknown[0]}})
    found = None
    if experience.lon is not None and experience.lat is not None and not of_places:
        found = finding.area_at(experience.lon, experience.lat)
    areas = list(dict.fromkeys([*of_places, *([found] if found and not chosen else []), *chosen]))
    if not areas and experience.is_city_wide:
        areas = [home] if (home := _home_area()) else []
    experience.area_id = areas[0] if areas else None
    return areas, places


def _home_area() -> int | None:
    home = facts.facts().get(facts.HOME_AREA)
    return home if isinstance(home, int) else finding.id_of(str(home)) if home else None


def _ids(model: type[Any], field: str, experience: Experience) -> list[int]:
    return list(model.objects.filter(experience=experience).order_by("id").values_list(field, flat=True))


def _refuse_born_of_itself(experience: Experience) -> None:
    """A part cannot hold its own whole, at any depth; the same for what continues what."""
    if experience.pk is None:
        return
    for name, sentence in (
        ("parent", _("It would be part of itself: what you chose is one of its own parts.")),
        ("continues", _("It would continue itself: what you chose comes after it.")),
    ):
        seen, above = {experience.pk}, getattr(experience, f"{name}_id")
        while above is not None:
            if above in seen:
                raise ValidationError({name: sentence})
            seen.add(above)
            above = Experience.objects.filter(pk=above).order_by().values_list(f"{name}_id", flat=True).first()


def _write_ids(experience: Experience, model: type[Any], field: str, wanted: list[int]) -> None:
    known = _ids(model, f"{field}_id", experience)
    if known == wanted:
        return
    # Written again in the wanted order: the first one is the main one.
    model.objects.filter(experience=experience).delete()
    model.objects.bulk_create([model(experience=experience, **{f"{field}_id": pk}) for pk in wanted])


def _write_codes(experience: Experience, wanted: Mapping[str, Iterable[str]] | None) -> None:
    for facet, values in (wanted or {}).items():
        if facet not in FACETS:
            raise ValidationError(_("“%(facet)s” is not something an experience is told apart by.") % {"facet": facet})
        keys = list(dict.fromkeys(_code(facet, value, facet) for value in values))
        rows = ExperienceCode.objects.filter(experience=experience, facet=facet)
        known = set(rows.order_by().values_list("code_id", flat=True))
        rows.exclude(code__in=keys).delete()
        ExperienceCode.objects.bulk_create(
            [ExperienceCode(experience=experience, facet=facet, code_id=key) for key in keys if key not in known]
        )


def _write_participations(actor: Actor, experience: Experience, wanted: Iterable[Mapping[str, Any]] | None) -> None:
    if wanted is None:
        return
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    for item in wanted:
        organisation = item.get("organisation") or _new_organisation(actor, item, experience)
        pk = organisation.pk if isinstance(organisation, Organisation) else organisation
        role = _code("tie_role", item.get("role") or "partner", "participations")
        rows[(pk, role)] = {
            name: item[name].strip()[:300] if isinstance(item[name], str) else item[name]
            for name in ("gives", "receives", "since")
            if name in item
        }
    # What the actor cannot see, the actor cannot take away.
    seen = Organisation.objects.visible_to(actor).order_by()
    known = {
        (row.organisation_id, row.role_id): row
        for row in Participation.objects.filter(experience=experience, organisation__in=seen.values("pk"))
    }
    gone = [row.pk for key, row in known.items() if key not in rows]
    Participation.objects.filter(pk__in=gone).delete()
    allowed = set(seen.filter(pk__in={pk for pk, _role in rows}).values_list("pk", flat=True))
    for (pk, role), fields in rows.items():
        if pk not in allowed:
            raise ValidationError({"participations": _("There is no organisation number %(pk)s.") % {"pk": pk}})
        row = known.get((pk, role)) or Participation(experience=experience, organisation_id=pk, role_id=role)
        if row.pk is None or any(getattr(row, name) != value for name, value in fields.items()):
            for name, value in fields.items():
                setattr(row, name, value)
            row.save()


def _new_organisation(actor: Actor, item: Mapping[str, Any], experience: Experience) -> Organisation:
    name = " ".join(legible(str(item.get("name") or "")).split())
    if not name:
        raise ValidationError({"participations": _("Write the name of the organisation.")})
    # It belongs to the area of the experience, or to the first of its areas in which the actor writes.
    candidates = [experience.area_id, *_ids(ExperienceArea, "area_id", experience)]
    area = next((pk for pk in candidates if may_write_in(actor, pk)), None)
    if area is None and not may_write_in(actor, None):
        sentence = _("To add “%(name)s” as a new organisation, first say in which of your areas this happens.")
        raise ValidationError({"participations": sentence % {"name": name[:80]}})
    return network.save_organisation(actor, {"name": name, "area_id": area})


def _write_fundings(actor: Actor, experience: Experience, wanted: Iterable[Mapping[str, Any]] | None) -> None:
    if wanted is None:
        return
    seen = Organisation.objects.visible_to(actor).order_by().values("pk")
    standing = Funding.objects.filter(experience=experience).filter(Q(funder__isnull=True) | Q(funder__in=seen))
    rows = []
    for item in wanted:
        funder = item.get("funder")
        row = Funding(
            experience=experience,
            funder_id=funder.pk if isinstance(funder, Organisation) else funder,
            fund=(item.get("fund") or "").strip(),
            year=item.get("year"),  # type: ignore[misc]  # None is refused by the next lines
            amount=item.get("amount"),
            note=(item.get("note") or "").strip(),
        )
        try:
            row.full_clean(exclude=["experience", "funder"])
        except ValidationError as error:
            raise ValidationError({"fundings": error.messages}) from error
        rows.append(row)
    # As with partners: what the actor cannot see stays.
    if [_money(row) for row in standing.order_by("id")] != [_money(row) for row in rows]:
        Funding.objects.filter(pk__in=list(standing.values_list("pk", flat=True))).delete()
        Funding.objects.bulk_create(rows)


def _money(row: Funding) -> tuple[Any, ...]:
    return (row.funder_id, row.fund, row.year, row.amount, row.note)


def links_of(experience: Experience) -> dict[str, list[Any]]:
    """What hangs on a record, as the audit keeps it: keys and numbers, no names."""
    found: dict[str, list[Any]] = {facet: [] for facet in FACETS}
    rows = ExperienceCode.objects.filter(experience=experience).order_by("code_id")
    for facet, code in rows.values_list("facet", "code_id"):
        found.setdefault(facet, []).append(code)
    found["areas"] = _ids(ExperienceArea, "area_id", experience)
    found["places"] = _ids(ExperiencePlace, "place_id", experience)
    parts = Participation.objects.filter(experience=experience).order_by("organisation_id", "role_id")
    found["organisations"] = list(dict.fromkeys(parts.values_list("organisation_id", flat=True)))
    found["participations"] = [list(row) for row in parts.values_list(*_PART)]
    money = Funding.objects.filter(experience=experience).order_by("id")
    found["funders"] = list(dict.fromkeys(row.funder_id for row in money if row.funder_id))
    found["fundings"] = [f"{row.year}: {row.amount.normalize():f} €" for row in money]
    found["funding_notes"] = [[row.fund, row.note] for row in money if row.fund or row.note]
    return found


# --- its life -----------------------------------------------------------------------------------------------------
def missing_for_publishing(experience: Experience, areas: Iterable[int] | None = None) -> dict[str, str]:
    """What a draft still needs before everybody reads it, by field, each as a sentence."""
    missing = {}
    if not experience.summary.strip():
        missing["summary"] = _("One line that says what happens, for somebody who has never heard of it.")
    if not experience.starts_on:
        missing["starts_on"] = _("When it began, or will begin: the first of the month is enough.")
    if not (list(areas) if areas is not None else area_ids_of(experience)):
        missing["areas"] = _("Where it happens: an area, a place, or the whole territory.")
    return missing


def _require_enough(experience: Experience, areas: Iterable[int] | None = None) -> None:
    missing = missing_for_publishing(experience, areas)
    if missing:
        raise ValidationError(missing)


def _changed(actor: Actor, verb: str, experience: Experience, may: bool, **fields: Any) -> Experience:
    """Set some fields of a locked record and write the act."""
    _refuse_unless(may)
    before = history.state_of(experience)
    for name, value in fields.items():
        setattr(experience, name, value)
    experience.save(update_fields=list(fields))
    history.record(actor, verb, experience, before)
    return experience


def locked(experience: Experience) -> Experience:
    """The row as it is now, kept from others until the transaction ends."""
    return Experience.objects.select_for_update(of=("self",)).get(pk=experience.pk)


@transaction.atomic
def publish(actor: Actor, experience: Experience) -> Experience:
    """Show a draft to everybody. Raises ValidationError by field when something is still missing."""
    row = locked(experience)
    areas = area_ids_of(row)
    _refuse_unless(may_edit(actor, row))
    _require_enough(row, areas)
    # Who began a draft for a territory that is not theirs may keep it, not publish it.
    may = permissions.may_place(actor, areas, carriers_of(row))
    now = timezone.now()
    return _changed(actor, "published", row, may, state=ExperienceState.PUBLISHED, edited_at=now)


@transaction.atomic
def unpublish(actor: Actor, experience: Experience) -> Experience:
    """Take an experience back to draft."""
    row = locked(experience)
    now = timezone.now()
    return _changed(actor, "unpublished", row, may_edit(actor, row), state=ExperienceState.DRAFT, edited_at=now)


@transaction.atomic
def confirm(actor: Actor, experience: Experience) -> Experience:
    """The body says that the record is true today."""
    row = locked(experience)
    return _changed(actor, "confirmed", row, may_edit(actor, row), confirmed_on=timezone.localdate())


@transaction.atomic
def mark_used(actor: Actor, experience: Experience) -> Experience:
    """Whoever writes in its areas, or speaks for who carries it, says that somebody used it with success."""
    row = locked(experience)
    may = permissions.may_place(actor, area_ids_of(row), carriers_of(row))
    return _changed(actor, "used", row, may, used_on=timezone.localdate())


@transaction.atomic
def mark_good_practice(actor: Actor, experience: Experience, good: bool = True) -> Experience:
    """Say, or no longer say, that others should copy it."""
    row = locked(experience)
    verb = "marked_good_practice" if good else "unmarked_good_practice"
    return _changed(actor, verb, row, may_judge(actor, row), is_good_practice=good)


@transaction.atomic
def copy_as_template(
    actor: Actor, experience: Experience, area: int | None = None, sheet: Practice | None = None, name: str = ""
) -> Experience:
    """A new draft with the practice of another experience, in another area; told in the words of its sheet, if given.

    It takes what is done, why and for whom; not the numbers, the money, the dates, nor what partners committed to.
    """
    _refuse_unless(permissions.may_add(actor))
    _refuse_unless(Experience.objects.visible_to(actor).filter(pk=experience.pk).exists())
    if area is not None and area not in finding.nodes():
        raise ValidationError({"areas": _("There is no area number %(pk)s.") % {"pk": area}})
    copy = Experience(
        name=name or _("%(name)s (copy)") % {"name": experience.name[:230]},
        kind_id=experience.kind_id,
        author_id=actor.user,
        area_id=area,
    )
    for field in PRACTICE:
        setattr(copy, field, getattr(experience, field))
    copy.copied_from = experience
    if sheet is not None:
        copy.summary, copy.taken_from = sheet.summary or copy.summary, sheet
    copy.save()
    rows = ExperienceCode.objects.filter(experience=experience).order_by("id")
    # Services and instruments are commitments of that territory.
    kept = dict(rows.exclude(facet__in=["public_service", "instrument"]).values_list("code_id", "facet"))
    if sheet is not None:
        kept |= dict(PracticeCode.objects.filter(practice=sheet).order_by("id").values_list("code_id", "facet"))
    ExperienceCode.objects.bulk_create(
        [ExperienceCode(experience=copy, facet=facet, code_id=code) for code, facet in kept.items()]
    )
    if area is not None:
        ExperienceArea.objects.create(experience=copy, area_id=area)
    history.record(actor, "copied", copy, None, {key: [[], value] for key, value in links_of(copy).items() if value})
    return copy


@transaction.atomic
def delete_draft(actor: Actor, experience: Experience) -> None:
    """Throw a draft away. What was published is never deleted, only taken back."""
    row = locked(experience)
    _refuse_unless(may_edit(actor, row))
    if row.state != ExperienceState.DRAFT:
        raise ValidationError(_("Only drafts are thrown away; take it back to draft first."))
    if row.parts.exists() or row.continued_by.exists():
        raise ValidationError(_("Other experiences are born of this one: free them first."))
    if row.practices.exists():
        raise ValidationError(_("A good-practice sheet tells of it: throw that away first."))
    before = history.state_of(row)
    pk, kind, label = row.pk, history.kind_of(row), str(row)
    row.delete()
    lost = {name: [value, None] for name, value in before.items() if value}
    history.record_many(actor, [history.Act("deleted", kind, str(pk), label, lost)])
    from trama.core import search

    search.refresh(Experience, [pk])


# --- dates --------------------------------------------------------------------------------------------------------
@transaction.atomic
def add_occurrence(actor: Actor, experience: Experience, data: Mapping[str, Any]) -> Occurrence:
    """Add a date: `starts_at`, `ends_at`, `place` (id), `area` (id), `title`."""
    _refuse_unless(may_edit(actor, experience))
    place = data.get("place")
    row = Occurrence(
        experience=experience,
        starts_at=data.get("starts_at"),  # type: ignore[misc]  # None is refused below
        ends_at=data.get("ends_at"),
        place_id=place.pk if isinstance(place, Place) else place,
        area_id=data.get("area"),
        title=(data.get("title") or "").strip(),
        source=data.get("source"),
        is_demonstration=bool(data.get("is_demonstration")),
    )
    if row.area_id is None:
        found = Place.objects.filter(pk=row.place_id or 0).order_by().values_list("area_id", flat=True).first()
        row.area_id = found or experience.area_id
    row.full_clean(exclude=["experience", "place", "area", "source"])
    row.save()
    history.record(actor, "added_date", experience, history.state_of(experience), {"occurrence": [None, _said(row)]})
    return row


@transaction.atomic
def cancel_occurrence(actor: Actor, occurrence: Occurrence, reason: str) -> Occurrence:
    """Call a date off, saying why: it stays in the calendar, struck through."""
    row = Occurrence.objects.select_for_update(of=("self",)).select_related("experience").get(pk=occurrence.pk)
    _refuse_unless(may_edit(actor, row.experience))
    reason = " ".join(reason.split())
    if not reason:
        raise ValidationError({"reason": _("Say why: whoever was coming will ask.")})
    row.cancelled_because = reason[:200]
    row.save(update_fields=["cancelled_because"])
    extra = {"occurrence": [_said(row), reason[:200]]}
    history.record(actor, "cancelled_date", row.experience, history.state_of(row.experience), extra)
    return row


def _said(row: Occurrence) -> str:
    return timezone.localtime(row.starts_at).isoformat(timespec="minutes")
