"""The invented community around the true one: credible, labelled, and always the same for the same day."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from trama.core import codes, small_counts
from trama.core.models import Source
from trama.core.search import fold
from trama.directory.models import Promotion, Resource, ResourceCode, ResourceContact
from trama.experiences.choices import SPECIAL_CODES
from trama.experiences.models import (
    Experience,
    ExperienceArea,
    ExperienceCode,
    ExperiencePlace,
    Funding,
    Occurrence,
    Participation,
)
from trama.intake.demonstration.numbers import some, spread
from trama.intake.demonstration.scene import Locality, Scene, data
from trama.intake.demonstration.told import codes_of
from trama.network.models import Organisation, OrganisationContact, Tie, normalised
from trama.territory.models import Place, PlaceCode

EXPERIENCES, ORGANISATIONS, VOLUNTEERS, BENEFICIARIES = 147, 165, 512, 6900
FEW = 5  # experiences with two volunteers
DRAFTS, RESOURCES, PLACES, TIES = 9, 120, 60, 28
SEED = 20210901


@dataclass
class Invented:
    """The invented records, with the locality of each."""

    scene: Scene
    today: date
    source: Source
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311
    organisations: list[Organisation] = field(default_factory=list)
    homes: dict[int, Locality] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    experiences: list[Experience] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)

    @property
    def story(self) -> dict[str, Any]:
        return data("invented")

    def locality(self) -> Locality:
        """A locality, the more populous ones more often."""
        weights = [locality.weight for locality in self.scene.localities]
        return self.rng.choices(self.scene.localities, weights)[0]

    def stamp(self) -> dict[str, Any]:
        """The three dates of a record: most are confirmed within the year, some long ago, some never."""
        now = timezone.now()
        draw = self.rng.random()
        edited = now - timedelta(days=self.rng.randint(3, 500), minutes=self.rng.randint(0, 600))
        confirmed = None
        if draw < 0.66:
            confirmed = self.today - timedelta(days=self.rng.randint(2, 300))
        elif draw < 0.9:
            confirmed = self.today - timedelta(days=self.rng.randint(400, 900))
        used = self.today - timedelta(days=self.rng.randint(1, 200)) if self.rng.random() < 0.4 else None
        return {"edited_at": edited, "confirmed_on": confirmed, "used_on": used}


def write(scene: Scene, source: Source, today: date, true_experiences: int, true_organisations: int) -> Invented:
    """Write the invented records; with the true ones they make the totals that the demonstration shows."""
    made = Invented(scene, today, source)
    _organisations(made, ORGANISATIONS - true_organisations)
    _places(made)
    _experiences(made, EXPERIENCES - true_experiences)
    _resources(made)
    _ties(made)
    return made


def _fill(made: Invented, pattern: str, locality: Locality, number: int) -> str:
    story = made.story
    plant = story["plants"][number % len(story["plants"])]
    values = {
        "of": locality.of,
        "at": locality.at,
        "plant": plant,
        "of_plant": _with_of(plant),
        "word": story["words"][number % len(story["words"])],
        "saint": story["saints"][number % len(story["saints"])],
        "street": story["streets"][number % len(story["streets"])],
    }
    return pattern.format(**values)


def _with_of(name: str) -> str:
    """“il Tiglio” becomes “del Tiglio”."""
    for article, joined in (("il ", "del "), ("lo ", "dello "), ("la ", "della "), ("l'", "dell'")):
        if name.startswith(article):
            return joined + name[len(article) :]
    return f"di {name}"


def _around(made: Invented, wanted: list[Locality]) -> Iterable[tuple[Locality, tuple[float, float] | None]]:
    return zip(wanted, made.scene.points(made.rng, wanted), strict=True)


# --- bodies -------------------------------------------------------------------------------------------------------
def _organisations(made: Invented, count: int) -> None:
    patterns = made.story["organisations"]
    names: dict[str, tuple[dict[str, Any], Locality]] = {}
    number = 0
    while len(names) < count:
        pattern = patterns[number % len(patterns)]
        locality = made.locality()
        name = _fill(made, pattern["name"], locality, made.rng.randrange(1000))
        number += 1
        if normalised(name) not in {normalised(other) for other in names}:
            names[name] = (pattern, locality)
    rows = list(names.items())
    for (name, (pattern, _home)), (locality, point) in zip(rows, _around(made, [r[1][1] for r in rows]), strict=True):
        made.organisations.append(_organisation(made, name, pattern, locality, point))
    hidden = _organisation(
        made, "Centro di ascolto contro la violenza La Porta", patterns[1], made.scene.localities[0], None
    )
    hidden.is_sensitive, hidden.description = True, "Accoglienza e ascolto in un luogo riservato."
    Organisation.objects.bulk_create([*made.organisations, hidden])
    made.homes = {row.pk: r[1][1] for row, r in zip(made.organisations, rows, strict=True)}
    OrganisationContact.objects.bulk_create(
        contact
        for number, row in enumerate(made.organisations)
        if row.is_formal
        for contact in _contacts(OrganisationContact, "organisation", row, number)
    )


def _organisation(
    made: Invented, name: str, pattern: dict[str, Any], locality: Locality, point: tuple[float, float] | None
) -> Organisation:
    row = Organisation(
        name=name,
        normalised_name=normalised(name)[:250],
        kind_id=codes.key("organisation_kind", pattern["kind"]),
        is_ets=pattern["ets"],
        is_formal=pattern["formal"],
        description=pattern["does"],
        founded_year=made.rng.choice(made.story["founded"]) if made.rng.random() < 0.8 else None,
        area=locality.area,
        is_demonstration=True,
        source=made.source,
        **made.stamp(),
    )
    row.put_at(*(point or (None, None)))
    return row


def _contacts(model: type[Any], owner: str, row: Any, number: int) -> list[Any]:
    """A mail box under a domain that can never exist, and a number that is given to nobody."""
    slug = re.sub(r"[^a-z0-9]+", "-", fold(row.name)).strip("-")[:40]
    found = [model(**{owner: row}, kind="email", value=f"info@{slug}.example", visibility="public")]
    if number % 2 == 0:
        found.append(model(**{owner: row}, kind="phone", value=f"0542 000{number % 1000:03}", visibility="public"))
    if number % 7 == 0:
        value = f"000 0000{number % 1000:03}"
        found.append(model(**{owner: row}, kind="mobile", value=value, label="coordinatrice", visibility="staff"))
    return found


# --- places -------------------------------------------------------------------------------------------------------
def _places(made: Invented) -> None:
    patterns = made.story["places"]
    wanted: dict[str, tuple[dict[str, Any], Locality]] = {}
    number = 0
    count = PLACES - Place.objects.count()
    while len(wanted) < count:
        pattern, locality = patterns[number % len(patterns)], made.locality()
        name = _fill(made, pattern["name"], locality, made.rng.randrange(1000))
        number += 1
        wanted.setdefault(name, (pattern, locality))
    rows = list(wanted.items())
    for (name, (pattern, _home)), (locality, point) in zip(rows, _around(made, [r[1][1] for r in rows]), strict=True):
        row = Place(
            name=name,
            kind_id=codes.key("place_kind", pattern["kind"]),
            area=locality.area,
            is_public=not pattern.get("internal", False),
            description="Luogo inventato per la dimostrazione.",
            source=made.source,
            **made.stamp(),
        )
        row.put_at(*(point or (None, None)))
        made.places.append(row)
    Place.objects.bulk_create(made.places)
    PlaceCode.objects.bulk_create(
        PlaceCode(place=row, facet=facet, code_id=codes.key(facet, value))
        for row, (_name, (pattern, _locality)) in zip(made.places, rows, strict=True)
        for facet, key in (("place_role", "roles"), ("vulnerability_factor", "factors"))
        for value in pattern.get(key, [])
    )


# --- experiences --------------------------------------------------------------------------------------------------
def _pairs(made: Invented, patterns: list[dict[str, Any]], count: int) -> list[tuple[dict[str, Any], Locality]]:
    """Patterns with localities, no pair twice, every pattern about as often."""
    pairs: list[tuple[dict[str, Any], Locality]] = []
    seen: set[tuple[str, str]] = set()
    number = 0
    while len(pairs) < count:
        pattern, locality = patterns[number % len(patterns)], made.locality()
        number += 1
        if (pattern["name"], locality.name) not in seen:
            seen.add((pattern["name"], locality.name))
            pairs.append((pattern, locality))
    return pairs


def _experiences(made: Invented, count: int) -> None:
    rng, patterns = made.rng, made.story["experiences"]
    pairs = _pairs(made, patterns, count + DRAFTS)
    # Some are for the whole territory: the first of these patterns, once each.
    for position, index in enumerate(sorted(rng.sample(range(count), 5))):
        pairs[index] = (patterns[(position * 5 + 3) % len(patterns)], made.scene.whole)
    for number, (pattern, (locality, point)) in enumerate(
        zip([pair[0] for pair in pairs], _around(made, [pair[1] for pair in pairs]), strict=True)
    ):
        made.experiences.append(_experience(made, pattern, locality, point, draft=number >= count))
    _count_people(made, pairs[:count])
    for index in some(rng, count, 0.05):
        made.experiences[index].is_good_practice = True
    made.experiences[count].is_sensitive = True
    Experience.objects.bulk_create(made.experiences)
    _link(made, pairs, count)
    ExperienceArea.objects.bulk_create(
        ExperienceArea(experience=row, area=locality.area)
        for row, (_pattern, locality) in zip(made.experiences, pairs, strict=True)
    )
    ExperienceCode.objects.bulk_create(
        code
        for row, (pattern, _locality) in zip(made.experiences, pairs, strict=True)
        for code in codes_of(pattern, row)
    )
    _take_part(made, pairs, count)
    _fund(made, count)
    _meet(made, pairs, count)


def _experience(
    made: Invented, pattern: dict[str, Any], locality: Locality, point: tuple[float, float] | None, *, draft: bool
) -> Experience:
    rng, today = made.rng, made.today
    starts = today - timedelta(days=rng.randint(20, 2400))
    ends = today + timedelta(days=rng.randint(45, 420)) if rng.random() < 0.45 else None
    row = Experience(
        name=_fill(made, pattern["name"], locality, 0),
        summary=pattern["summary"],
        kind_id=codes.key("experience_kind", pattern["kind"]),
        state="draft" if draft else "published",
        is_city_wide=locality is made.scene.whole,
        starts_on=starts,
        ends_on=ends,
        service_role_id=codes.key("service_role", rng.choice(["promoted", "coordinated", "fed", "fed", "took_part"]))
        if rng.random() < 0.92
        else None,
        outputs=pattern.get("outputs", "") if rng.random() < 0.6 else "",
        critical_points=pattern.get("critical", "") if rng.random() < 0.7 else "",
        area=locality.area,
        is_demonstration=True,
        source=made.source,
        **made.stamp(),
    )
    if not row.is_city_wide:
        row.put_at(*(point or (None, None)))
    return row


def _count_people(made: Invented, pairs: list[tuple[dict[str, Any], Locality]]) -> None:
    """Volunteers and people reached: some exact, some estimated, some not known, with the totals wanted."""
    rng = made.rng
    for name, key, total, unknown, estimated in (
        ("volunteers", "volunteers", VOLUNTEERS, 0.16, 0.35),
        ("beneficiaries", "reached", BENEFICIARIES, 0.09, 0.45),
    ):
        gaps = some(rng, len(pairs), unknown)
        known = [index for index in range(len(pairs)) if index not in gaps]
        ranges = [tuple(pairs[index][0][key]) for index in known]
        fewest = [_fewest(pairs[index][0], made.experiences[index]) for index in known]
        # A few small numbers show how these are protected; they are what they count as, so that the totals hold.
        small = [
            place for place, least in enumerate(fewest) if least == small_counts.THRESHOLD and ranges[place][0] < 3
        ]
        ranges = [
            (2, 2) if place in small[:FEW] else (max(low, least), max(high, least))
            for place, ((low, high), least) in enumerate(zip(ranges, fewest, strict=True))
        ]
        values = spread(rng, ranges, total)
        rough = some(rng, len(known), estimated)
        for position, (index, value) in enumerate(zip(known, values, strict=True)):
            setattr(made.experiences[index], name, value)
            precision = "estimated" if position in rough else "exact"
            setattr(made.experiences[index], f"{name}_precision", precision)


def _fewest(pattern: dict[str, Any], row: Experience) -> int:
    """The smallest number of persons that this experience may tell."""
    return small_counts.threshold(special=any(one.code_id in SPECIAL_CODES for one in codes_of(pattern, row)))


def _since(row: Experience) -> date:
    """The day from which an invented experience goes on: every one has it."""
    return row.starts_on or date.min


def _link(made: Invented, pairs: list[tuple[dict[str, Any], Locality]], count: int) -> None:
    """Copies of good practices, and experiences that continue an earlier one."""
    changed = []
    for good in [row for row in made.experiences[:count] if row.is_good_practice][:4]:
        pattern = pairs[made.experiences.index(good)][0]
        for row, (other, _locality) in zip(made.experiences[:count], pairs, strict=False):
            if other is pattern and row is not good and _since(row) > _since(good) and not row.copied_from_id:
                row.copied_from = good
                changed.append(row)
                break
    by_place: dict[str, Experience] = {}
    for row, (_pattern, locality) in zip(made.experiences[:count], pairs, strict=False):
        earlier = by_place.setdefault(locality.name, row)
        if earlier is not row and _since(row) > _since(earlier) and len(changed) < 9 and row not in changed:
            row.continues = earlier
            changed.append(row)
    Experience.objects.bulk_update(changed, ["copied_from", "continues"])


def _take_part(made: Invented, pairs: list[tuple[dict[str, Any], Locality]], count: int) -> None:
    """Who is in what: every body somewhere, bodies mostly near home, and a few experiences that name nobody."""
    rng = made.rng
    alone = some(rng, count, 0.04)
    open_to: list[list[Organisation]] = [[] for _row in made.experiences]
    near: dict[int, list[int]] = {}
    for index in range(count):
        if index not in alone:
            near.setdefault(pairs[index][1].municipality.pk, []).append(index)
    everywhere = [index for indexes in near.values() for index in indexes]
    bodies = list(made.organisations)
    rng.shuffle(bodies)
    for body in bodies:
        candidates = near.get(made.homes[body.pk].municipality.pk, everywhere)
        fewest = min(len(open_to[index]) for index in candidates)
        open_to[rng.choice([index for index in candidates if len(open_to[index]) == fewest])].append(body)
    for index, row_bodies in enumerate(open_to):
        wanted = 0 if index in alone else rng.choice([1, 2, 2, 3, 3, 4])
        home = pairs[index][1].municipality.pk
        pool = [
            body for body in made.organisations if made.homes[body.pk].municipality.pk == home
        ] or made.organisations
        while len(row_bodies) < min(wanted, len(pool)):
            body = rng.choice(pool)
            if body not in row_bodies:
                row_bodies.append(body)
    roles = ["promoter", "partner", "partner", "host", "supporter"]
    gifts = ["la sala e la cucina", "due volontarie a settimana", "il furgone", "le merende", "il passaparola", ""]
    returns = ["nuovi soci", "un murale sulla facciata", "visibilità", "amicizie", ""]
    Participation.objects.bulk_create(
        Participation(
            experience=row,
            organisation=body,
            role_id=codes.key("tie_role", roles[min(position, 4)]),
            gives=rng.choice(gifts),
            receives=rng.choice(returns),
            since=row.starts_on,
        )
        for row, row_bodies in zip(made.experiences, open_to, strict=True)
        for position, body in enumerate(row_bodies)
    )
    _at_places(made, pairs, count)


def _at_places(made: Invented, pairs: list[tuple[dict[str, Any], Locality]], count: int) -> None:
    rows = []
    for row, (_pattern, locality) in zip(made.experiences[:count], pairs, strict=False):
        near = [place for place in made.places if place.area_id == locality.area.pk and place.is_public]
        if near and made.rng.random() < 0.6:
            rows.append(ExperiencePlace(experience=row, place=made.rng.choice(near)))
    ExperiencePlace.objects.bulk_create(rows)


def _fund(made: Invented, count: int) -> None:
    rng, rows = made.rng, []
    funders = [body for body in made.organisations if body.kind_id == codes.key("organisation_kind", "foundation")]
    for index in some(rng, count, 0.32):
        experience = made.experiences[index]
        first = _since(experience).year
        for year in range(first, min(first + rng.randint(1, 3), made.today.year + 1)):
            money = Funding(experience=experience, year=year, note="Importo dimostrativo")
            money.funder = rng.choice(funders) if funders and rng.random() < 0.6 else None
            money.fund = rng.choice(["Bando di quartiere", "Fondo di comunità", "Cinque per mille", "Quote dei soci"])
            money.amount = Decimal(rng.randrange(600, 14_000, 100))
            rows.append(money)
    Funding.objects.bulk_create(rows)


def _meet(made: Invented, pairs: list[tuple[dict[str, Any], Locality]], count: int) -> None:
    """Dates of the next weeks (and of the last ones), on the weekday and at the hours of each kind of meeting."""
    rng, rows = made.rng, []
    placed = dict(ExperiencePlace.objects.filter(experience__in=made.experiences).values_list("experience", "place"))
    for index in [index for index in range(count) if pairs[index][0].get("hours")][:70]:
        experience, (pattern, locality) = made.experiences[index], pairs[index]
        ahead = (pattern["weekday"] - made.today.weekday()) % 7
        weekly = pattern["kind"] in {"activity", "group", "mobile_desk", "project"}
        weeks = [-2, -1, 0, 1, 2, 3] if weekly else [rng.choice([0, 1, 2, 3])]
        for week in weeks:
            day = made.today + timedelta(days=ahead + 7 * week)
            if day < _since(experience) or (experience.ends_on and day > experience.ends_on):
                continue
            start, end = (
                timezone.make_aware(datetime.combine(day, time.fromisoformat(text))) for text in pattern["hours"]
            )
            rows.append(
                Occurrence(
                    experience=experience,
                    starts_at=start,
                    ends_at=end,
                    area=locality.area,
                    place_id=placed.get(experience.pk),
                    cancelled_because="Maltempo o indisponibilità della sede" if rng.random() < 0.02 else "",
                    source=made.source,
                    is_demonstration=True,
                )
            )
    Occurrence.objects.bulk_create(rows)


# --- resources and ties -------------------------------------------------------------------------------------------
def _resources(made: Invented) -> None:
    rng, patterns = made.rng, made.story["resources"]
    pairs = _pairs(made, patterns, RESOURCES)
    for number, (pattern, (locality, point)) in enumerate(
        zip([pair[0] for pair in pairs], _around(made, [pair[1] for pair in pairs]), strict=True)
    ):
        row = Resource(
            name=_fill(made, pattern["name"], locality, number),
            description=pattern["description"],
            activity_id=codes.key("activity", pattern["activity"]),
            access_id=codes.key("access", pattern["access"]),
            opening=pattern["opening"] if rng.random() < 0.85 else "",
            area=locality.area,
            is_demonstration=True,
            source=made.source,
            **made.stamp(),
        )
        row.put_at(*(point or (None, None)))
        made.resources.append(row)
    promoters = []
    for row, (_pattern, locality) in zip(made.resources, pairs, strict=True):
        near = [b for b in made.organisations if made.homes[b.pk].municipality.pk == locality.municipality.pk]
        promoters.append(rng.choice(near or made.organisations) if rng.random() < 0.95 else None)
        row.promoter_text = promoters[-1].name if promoters[-1] else ""
    for row in made.resources[-3:]:
        row.state = "draft"
    Resource.objects.bulk_create(made.resources)
    Promotion.objects.bulk_create(
        Promotion(resource=row, organisation=body, role_id=codes.key("tie_role", "promoter"))
        for row, body in zip(made.resources, promoters, strict=True)
        if body is not None
    )
    ResourceCode.objects.bulk_create(
        ResourceCode(resource=row, facet="target", code_id=codes.key("target", value))
        for row, (pattern, _locality) in zip(made.resources, pairs, strict=True)
        for value in pattern["targets"]
    )
    ResourceContact.objects.bulk_create(
        contact
        for number, row in enumerate(made.resources)
        if number % 9
        for contact in _contacts(ResourceContact, "resource", row, number)
    )


def _ties(made: Invented) -> None:
    rng, rows = made.rng, list[Tie]()
    seen: set[tuple[int, int]] = set()
    while len(rows) < TIES:
        one, other = rng.sample(made.organisations, 2)
        if (one.pk, other.pk) in seen:
            continue
        seen.add((one.pk, other.pk))
        since = made.today - timedelta(days=rng.randint(200, 2500))
        rows.append(
            Tie(
                one=one,
                other=other,
                role_id=codes.key("tie_role", rng.choice(["partner", "host", "supporter"])),
                strength=rng.choice(["known", "met", "collaborates", "collaborates", "signed"]),
                purpose=rng.choice(["Feste di quartiere", "Uso della sala", "Volontari in comune", "Invio di persone"]),
                gives=rng.choice(["spazi", "volontari", "mezzi", ""]),
                receives=rng.choice(["pubblico", "competenze", "compagnia", ""]),
                since=since,
                last_seen_on=min(made.today, since + timedelta(days=rng.randint(0, 900))),
                source_text="Dato dimostrativo",
            )
        )
    Tie.objects.bulk_create(rows)
