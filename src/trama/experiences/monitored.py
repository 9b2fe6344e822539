"""What of an experience a wave asks again, whom it asks, and what it freezes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from trama.core import codes, figures, memo, small_counts
from trama.core.actor import Actor
from trama.core.declarations import (
    Asked,
    Described,
    FrozenAxis,
    FrozenBody,
    FrozenCount,
    FrozenDoubt,
    Monitored,
    Referent,
    Scope,
    Tally,
    declare,
)
from trama.experiences import actions
from trama.experiences.choices import SPECIAL_CODES, Precision
from trama.experiences.declarations import NOT_PERSONS
from trama.experiences.models import (
    Experience,
    ExperienceArea,
    ExperienceCode,
    ExperienceQuerySet,
    Funding,
    Participation,
    Total,
)
from trama.experiences.permissions import CARRIERS
from trama.network.choices import ContactKind
from trama.network.contacts import EMAIL
from trama.network.following import Moves
from trama.network.models import Membership, Organisation, OrganisationContact
from trama.territory import finding
from trama.ui.numbers import number

FIELDS = (
    Asked("summary", _("In a few words"), "long"),
    Asked("starts_on", _("Since when"), "date"),
    Asked("ends_on", _("Until when"), "date", _("Leave it empty if it goes on.")),
    Asked("volunteers", _("Volunteers"), "count", _("How many people gave a hand in the period.")),
    Asked("beneficiaries", _("People reached"), "count", _("How many people took part or were helped in the period.")),
    Asked("outputs", _("What came of it"), "long", _("No names of persons, nothing about their health.")),
    Asked("critical_points", _("What was difficult"), "long", _("No names of persons, nothing about their health.")),
)
COUNTS = ("volunteers", "beneficiaries")
FACETS = ("aim", "target", "need", "instrument", "public_service")


# --- which records, and of whom -----------------------------------------------------------------------------------
def in_scope(scope: Scope) -> ExperienceQuerySet:
    """Published experiences of these areas (any of theirs), by the rule of inclusion."""
    rows = Experience.objects.published().in_areas(scope.areas)
    if scope.rule == "begun":
        rows = rows.filter(starts_on__gte=scope.start, starts_on__lte=scope.end)
    else:
        rows = rows.active_in(scope.start, scope.end)
    if scope.kinds:
        rows = rows.filter(kind__in=[codes.key("experience_kind", kind) for kind in scope.kinds])
    return rows


def described(pks: Sequence[int]) -> dict[int, Described]:
    """The title, the main area and the kind of each."""
    rows = Experience.objects.filter(pk__in=pks).order_by().values_list("pk", "name", "area", "kind", "is_sensitive")
    return {pk: Described(name, area, str(kind).partition(":")[2], hidden) for pk, name, area, kind, hidden in rows}


def referents(pks: Sequence[int]) -> dict[int, list[Referent]]:
    """Who answers for each: the contact persons of the organisations that carry it, else these organisations' boxes."""
    carried: dict[int, list[int]] = defaultdict(list)
    parts = Participation.objects.filter(experience__in=pks, role__in=CARRIERS).order_by("pk")
    for experience, organisation in parts.values_list("experience", "organisation"):
        carried[experience].append(organisation)
    wanted = {organisation for found in carried.values() for organisation in found}
    names = dict(Organisation.objects.filter(pk__in=wanted).order_by().values_list("pk", "name"))
    boxes = _boxes(wanted)
    return {
        pk: [Referent(box, names[body], body) for body in dict.fromkeys(bodies) for box in boxes.get(body, [])]
        for pk, bodies in carried.items()
    }


def _boxes(organisations: Iterable[int]) -> dict[int, list[str]]:
    boxes: dict[int, list[str]] = defaultdict(list)
    held = Membership.objects.in_force().filter(
        role="org_contact", organisation__in=organisations, user__is_active=True
    )
    for body, box in held.exclude(user__email="").order_by("pk").values_list("organisation", "user__email"):
        boxes[body].append(box.strip().lower())
    listed = OrganisationContact.objects.filter(organisation__in=organisations, kind=ContactKind.EMAIL).order_by("pk")
    for body, text in listed.values_list("organisation", "value"):
        found = EMAIL.findall(text)
        if found and not boxes[body]:
            boxes[body].append(found[0].lower())
    return {body: list(dict.fromkeys(found)) for body, found in boxes.items() if found}


def may_answer(actor: Actor, pk: int) -> bool:
    """Whoever may change the experience answers for it."""
    record = Experience.objects.visible_to(actor).filter(pk=pk).order_by().first()
    return record is not None and actions.may_edit(actor, record)


# --- answers ------------------------------------------------------------------------------------------------------
def _record(pk: int) -> Experience:
    return Experience.objects.get(pk=pk)


def confirm(actor: Actor, pk: int) -> None:
    """It is all as it stands."""
    actions.confirm(actor, _record(pk))


@transaction.atomic
def apply(actor: Actor, pk: int, values: dict[str, Any]) -> None:
    """Write what was changed on a sheet, and that the record is true today."""
    data: dict[str, Any] = {}
    for asked in FIELDS:
        if asked.key not in values:
            continue
        value = values[asked.key]
        if asked.kind == "count":
            data[asked.key], data[f"{asked.key}_precision"] = value
        elif asked.kind == "date":
            data[asked.key] = date.fromisoformat(value) if value else None
        else:
            data[asked.key] = value
    # Old records lack what publishing asks for today: the sheet asks no more than it shows.
    record = actions.save_experience(actor, data, _record(pk), importing={})
    actions.confirm(actor, record)


def end(actor: Actor, pk: int, day: date) -> None:
    """It has ended, on this day."""
    apply(actor, pk, {"ends_on": day.isoformat()})


# --- contents -----------------------------------------------------------------------------------------------------
def content(pks: Sequence[int]) -> dict[int, dict[str, Any]]:
    """All that a wave freezes of each: numbers, dates, words and keys. No name of an organisation or of a person."""
    found: dict[int, dict[str, Any]] = {}
    for row in Experience.objects.filter(pk__in=pks).order_by("pk"):
        found[row.pk] = {
            "name": row.name,
            "kind": row.kind_id,
            "summary": row.summary,
            "city_wide": row.is_city_wide,
            "sensitive": row.is_sensitive,
            "starts_on": row.starts_on.isoformat() if row.starts_on else None,
            "ends_on": row.ends_on.isoformat() if row.ends_on else None,
            "service_role": row.service_role_id,
            "volunteers": [row.volunteers, row.volunteers_precision],
            "beneficiaries": [row.beneficiaries, row.beneficiaries_precision],
            "outputs": row.outputs,
            "critical_points": row.critical_points,
            "area": row.area_id,
            "areas": [],
            "codes": {},
            "organisations": [],
            "money": [],
        }
    for pk, area in (
        ExperienceArea.objects.filter(experience__in=pks).order_by("area").values_list("experience", "area")
    ):
        found[pk]["areas"].append(area)
    rows = ExperienceCode.objects.filter(experience__in=pks).order_by("code")
    for pk, facet, code in rows.values_list("experience", "facet", "code"):
        found[pk]["codes"].setdefault(facet, []).append(code)
    parts = Participation.objects.filter(experience__in=pks).order_by("organisation", "role")
    body = "organisation__"
    fields = ("organisation", "role", f"{body}kind", f"{body}is_ets", f"{body}is_sensitive", f"{body}is_public")
    for pk, *part, sensitive, shown in parts.values_list("experience", *fields):
        found[pk]["organisations"].append([*part, sensitive or not shown])
    money = Funding.objects.filter(experience__in=pks).order_by("year", "id")
    for pk, fund, year, amount in money.values_list("experience", "fund", "year", "amount"):
        found[pk]["money"].append([fund, year, format(amount.normalize(), "f")])
    return found


def _threshold(one: dict[str, Any]) -> int:
    held = {code for values in one["codes"].values() for code in values}
    return small_counts.threshold(special=not held.isdisjoint(SPECIAL_CODES))


def published(one: dict[str, Any], key: str) -> int | None:
    """A number of persons as it enters every published sum: a small one by its convention, whatever it is."""
    value, below = one[key][0], _threshold(one)
    if value is None:
        return None
    return small_counts.counted_as(below) if small_counts.is_small(value, below) else int(value)


def _total(contents: Sequence[dict[str, Any]], key: str) -> Total:
    total = known = least = small = 0
    rough = False
    for one in contents:
        value, precision = one[key]
        if value is None:
            continue
        known += 1
        rough = rough or precision == Precision.ESTIMATED
        is_small = small_counts.is_small(value, _threshold(one))
        total += published(one, key) or 0
        least += 1 if is_small else value
        small += is_small
    return Total(total, known, len(contents), rough, least, small)


def _named(one: dict[str, Any]) -> list[Any]:
    """The organisations of a content that may be counted before everybody: not those that are hidden."""
    return [part for part in one["organisations"] if not part[4]]


def _is_public(kind: str | None) -> bool:
    code = codes.all_codes().get(kind or "")
    return code is not None and "organisation_kind:public_body" in (code.id, code.broader_id)


def _tally(key: str, label: Any, count: int, base: int, known: int, **more: Any) -> Tally:
    return Tally(key, label, count, figures.written(count), base, known, **more)


def _whole(contents: Sequence[dict[str, Any]], **cut: Any) -> Iterator[Tally]:
    """The figures of the practice, for all these contents or for those of one value of a cut."""
    base = len(contents)
    naming = sum(bool(_named(one)) for one in contents)
    bodies = {part[0]: part for one in contents for part in _named(one)}
    third = sum(part[3] is True for part in bodies.values())
    yield _tally("records", _("Experiences"), base, base, base, **cut)
    yield _tally("organisations", _("Organisations"), len(bodies), base, naming, **cut)
    if not cut:
        public = sum(part[3] is not True and _is_public(part[2]) for part in bodies.values())
        yield _tally("organisations_ets", _("of these, third-sector bodies"), third, base, naming)
        yield _tally("organisations_other", _("of these, others"), len(bodies) - third - public, base, naming)
        yield _tally("organisations_public", _("of these, public bodies"), public, base, naming)
    for key, label in (("volunteers", _("Volunteers")), ("beneficiaries", _("People reached"))):
        total = _total(contents, key)
        hidden = total.is_protected or (base > 0 and not total.known)
        yield Tally(
            key,
            label,
            None if hidden else total.total,
            total.phrase(lower_bound=key == "volunteers"),
            base,
            total.known,
            note=NOT_PERSONS if key == "beneficiaries" else "",
            **cut,
        )


def tallies(contents: Sequence[dict[str, Any]]) -> list[Tally]:
    """Every figure of a wave: the whole, by area (those above included), and the cuts of the practice.

    An experience in two districts is in both, and once in the total.
    """
    found = list(_whole(contents))
    by_area: dict[int, list[dict[str, Any]]] = defaultdict(list)
    nodes = finding.nodes()
    for one in contents:
        reached = {node.id for area in one["areas"] or [one["area"]] for node in finding.path_of(area)}
        for area in reached:
            by_area[area].append(one)
    for area in (pk for pk in nodes if pk in by_area):
        found += _whole(by_area[area], group=_("Area"), value=str(area), value_label=nodes[area].name)
    found += _cuts(contents)
    return found


def _cuts(contents: Sequence[dict[str, Any]]) -> Iterator[Tally]:
    """Counts of experiences: public things, none of which tells of a person."""
    labels = {
        "aim": _("Aims"),
        "target": _("For whom"),
        "need": _("Needs"),
        "instrument": _("Instruments"),
        "public_service": _("Public services connected"),
    }
    for facet, label in labels.items():
        yield from _cut(label, [one["codes"].get(facet, []) for one in contents])
    single = {"service_role": _("Role of the social service"), "kind": _("Kind of experience")}
    for key, label in single.items():
        yield from _cut(label, [[one[key]] if one[key] else [] for one in contents])
    # A body whose naming may harm is told by its kind alone: it is no part of this cut.
    kinds = [sorted({part[2] for part in _named(one) if part[2]}) for one in contents]
    yield from _cut(_("Kind of organisation that takes part"), kinds)
    yield _tally(
        "funded", _("With money stated"), sum(bool(one["money"]) for one in contents), len(contents), len(contents)
    )


def _cut(label: Any, values: Sequence[Sequence[str]]) -> Iterator[Tally]:
    known = sum(bool(found) for found in values)
    counted = Counter(code for found in values for code in found)
    for code, count in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        yield _tally(
            "records",
            _("Experiences"),
            count,
            len(values),
            known,
            group=label,
            value=code,
            value_label=codes.label(code),
        )


# --- doubts -------------------------------------------------------------------------------------------------------
def _fewer_people(one: dict[str, Any], earlier: dict[str, Any] | None, scope: Scope) -> bool | None:
    volunteers, people = one["volunteers"][0], one["beneficiaries"][0]
    return None if volunteers is None or people is None else people < volunteers


def _ends_before_start(one: dict[str, Any], earlier: dict[str, Any] | None, scope: Scope) -> bool | None:
    start, stop = one["starts_on"], one["ends_on"]
    return stop < start if start and stop else None


def _ended_before_period(one: dict[str, Any], earlier: dict[str, Any] | None, scope: Scope) -> bool | None:
    stop = one["ends_on"]
    return stop < scope.start.isoformat() if stop else None


def _far_apart(key: str, one: dict[str, Any], earlier: dict[str, Any] | None, scope: Scope) -> bool | None:
    now, was = one[key][0], earlier[key][0] if earlier else None
    return None if not now or not was else now >= scope.times * was or was >= scope.times * now


def _any_far_apart(one: dict[str, Any], earlier: dict[str, Any] | None, scope: Scope) -> bool | None:
    looks = [_far_apart(key, one, earlier, scope) for key in COUNTS]
    return None if looks == [None, None] else any(looks)


DOUBTED = (
    FrozenDoubt("fewer_people", _("Fewer people reached than volunteers"), _fewer_people),
    FrozenDoubt("ends_before_start", _("It ends before it starts"), _ends_before_start),
    FrozenDoubt("ended_before_period", _("It ended before the period began"), _ended_before_period),
    FrozenDoubt(
        "far_apart", _("At least %(times)s times the number known before, or that many times less"), _any_far_apart
    ),
)


def doubts(one: dict[str, Any], earlier: dict[str, Any] | None, scope: Scope) -> list[tuple[str, str]]:
    """What is hard to believe of an experience, each with the field to look at."""
    found = []
    if _fewer_people(one, earlier, scope):
        numbers = {"people": number(one["beneficiaries"][0]), "volunteers": number(one["volunteers"][0])}
        swapped = _now("%(people)s, fewer than the volunteers (%(volunteers)s): are the two numbers swapped?")
        found.append(("beneficiaries", swapped % numbers))
    if _ends_before_start(one, earlier, scope):
        found.append(("ends_on", _now("It ends before it starts: which of the two days is right?")))
    if _ended_before_period(one, earlier, scope):
        found.append(("ends_on", _now("It ended before the period began: does it belong here?")))
    for key in COUNTS:
        if earlier is None or not _far_apart(key, one, earlier, scope):
            continue
        now, was = one[key][0], earlier[key][0]
        said = {"was": number(was), "now": number(now), "times": scope.times}
        if now >= was:
            found.append((key, _now("%(was)s → %(now)s, at least %(times)s times as much: a zero too many?") % said))
        else:
            found.append((key, _now("%(was)s → %(now)s, at least %(times)s times less: a zero lost?") % said))
    return found


# --- cuts ---------------------------------------------------------------------------------------------------------
PERSONS = ("organisation_kind:single_citizen", "organisation_kind:reference_person")


def bodies(one: dict[str, Any]) -> list[FrozenBody]:
    """The organisations that may be counted before everybody, each once, with its group and its kind."""
    found = {}
    public = memo.remember("experiences.public_kinds", 60, _public_kinds)
    for body, _role, kind, is_ets, _hidden in _named(one):
        group = "ets" if is_ets is True else "public" if kind in public else "other"
        found[body] = FrozenBody(body, group, kind, kind in PERSONS)
    return list(found.values())


def _public_kinds() -> frozenset[str]:
    return frozenset(code.id for code in codes.codes_of("organisation_kind", also_closed=True) if _is_public(code.id))


def _stated(key: str) -> FrozenCount:
    label, unit = {
        "volunteers": (_("Volunteers"), _("volunteers")),
        "beneficiaries": (_("People reached"), _("people")),
    }[key]
    return FrozenCount(
        key,
        label,
        lambda one: (one[key][0], one[key][1] == Precision.ESTIMATED),
        unit,
        NOT_PERSONS if key == "beneficiaries" else "",
        lower_bound=key == "volunteers",
    )


def _money(one: dict[str, Any]) -> tuple[float | None, bool]:
    return (float(sum(Decimal(amount) for _fund, _year, amount in one["money"])) if one["money"] else None, False)


def _facet(list_: str, label: Any, *, special: bool = False, spare: bool = False) -> FrozenAxis:
    return FrozenAxis(
        list_,
        label,
        lambda one: one["codes"].get(list_, ()),
        several=True,
        special=special,
        list=list_,
        spare=spare,
    )


def _single(key: str, label: Any, list_: str) -> FrozenAxis:
    return FrozenAxis(key, label, lambda one: (one[key],) if one[key] else (), list=list_)


def _funds(one: dict[str, Any]) -> dict[str, float]:
    """What each fund gave, funds as they were written; money of which nobody wrote the fund has one of its own."""
    found: dict[str, float] = defaultdict(float)
    for fund, _year, amount in one["money"]:
        found[" ".join(fund.split()) or "?"] += float(amount)
    return found


GROUPS = (("ets", _("Third-sector bodies")), ("public", _("Public bodies")), ("other", _("Other actors")))
AXES = (
    FrozenAxis(
        "organisation_kind",
        _("Kind of organisation"),
        several=True,
        options=GROUPS,
        of_body=lambda body: body.group,
    ),
    _single("service_role", _("Role of the social service"), "service_role"),
    _facet("aim", _("Aims")),
    _facet("target", _("For whom"), special=True),
    _facet("need", _("Needs"), special=True),
    FrozenAxis(
        "resources",
        _("Resources activated"),
        several=True,
        list="organisation_kind",
        of_body=lambda body: body.kind,
    ),
    _facet("public_service", _("Public services connected")),
    _facet("instrument", _("Instruments")),
    FrozenAxis(
        "funding",
        _("Funding"),
        lambda one: tuple(_funds(one)),
        several=True,
        options=(("?", _("Fund not named")),),
        parts={"money": _funds},
    ),
    _single("kind", _("Kind of experience"), "experience_kind"),
    _facet("purpose", _("Purpose"), spare=True),
    _facet("theme", _("Theme"), spare=True),
)


def definitions() -> dict[str, Any]:
    """The words of the lists as they are today, in both languages and in their order, and what is asked."""
    lists = (*FACETS, "purpose", "theme", "experience_kind", "service_role", "organisation_kind", "tie_role")
    found = [code for list_ in lists for code in codes.codes_of(list_, also_closed=True)]
    return {
        "fields": [asked.key for asked in FIELDS],
        "codes": {code.id: [code.label_it, code.label_en] for code in found},
        "order": [code.id for code in found],
    }


declare(
    Monitored(
        key="experiences",
        title=_("Experiences"),
        model=Experience,
        counted=lambda n: ngettext("%(n)s experience", "%(n)s experiences", n) % {"n": number(n)},
        fields=FIELDS,
        kinds=lambda: [(code.value, code.label) for code in codes.codes_of("experience_kind")],
        in_scope=in_scope,
        described=described,
        content=content,
        referents=referents,
        url=lambda pk: reverse("experiences:experience", args=[pk]),
        may_answer=may_answer,
        confirm=confirm,
        apply=apply,
        end=end,
        tallies=tallies,
        doubts=doubts,
        doubted=DOUBTED,
        measures=(
            ("records", _("Experiences"), lambda one: 1),
            ("volunteers", _("Volunteers"), lambda one: published(one, "volunteers")),
            ("beneficiaries", _("People reached"), lambda one: published(one, "beneficiaries")),
        ),
        distinct=(("organisations", _("Organisations"), lambda one: frozenset(part[0] for part in _named(one))),),
        definitions=definitions,
        axes=AXES,
        counts=(
            _stated("volunteers"),
            _stated("beneficiaries"),
            FrozenCount("money", _("Funding, euro"), _money, _("euro"), persons=False, lower_bound=True),
        ),
        bodies=bodies,
        today=lambda: Moves().now,
        places=lambda one: (one["areas"] or ([one["area"]] if one["area"] else []), bool(one["city_wide"])),
        below=_threshold,
        has_result=lambda one: bool(one["outputs"]),
    )
)
