"""Two monitoring waves that are closed and one that is open, on the invented community and what is told around it.

What is younger than the first wave had an earlier edition then, with the same partners and the same numbers, so that
the first wave gives the totals of the survey of Bologna: 147, 165, more than 500, about 6,900.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from trama.core.actor import Actor
from trama.core.declarations import Scope, gathered
from trama.experiences.models import Experience, ExperienceArea, ExperienceCode, Participation
from trama.intake.demonstration.invented import SEED, Invented
from trama.monitoring.actions import Past, bring_closed_wave, bring_open_wave
from trama.monitoring.choices import OUTSIDE, Answer
from trama.monitoring.models import Wave
from trama.reports.actions import choose_closeups
from trama.reports.waves.closeups import may_be_shown
from trama.territory import finding

PROMOTER, RESEARCHER = "Ufficio di piano (dimostrativo)", "Istituto di ricerca (dimostrativo)"
SILENT, MOVED = 0.06, 0.2  # shares of the second wave: nobody answered; the numbers moved


def _first_ends(today: date) -> date:
    return date(today.year - 1, 6, 30)


def _second_ends(today: date) -> date:
    return date(today.year - 1, 12, 31)


def earlier_editions(made: Invented) -> dict[int, Experience]:
    """The editions that came before what began after the first wave: by the key of the later edition."""
    rng, end = random.Random(SEED + 1), _first_ends(made.today)  # noqa: S311
    later = [row for row in made.experiences if row.state == "published" and row.starts_on and row.starts_on > end]
    found = {}
    for number, row in enumerate(later):
        edition = Experience(
            name=f"{row.name} (prima edizione)"[:250],
            kind_id=row.kind_id,
            starts_on=end - timedelta(days=rng.randint(200, 700)),
            # Some went on for a while after the first wave.
            ends_on=end - timedelta(days=rng.randint(0, 20))
            if number % 3
            else end + timedelta(days=rng.randint(30, 90)),
            confirmed_on=end + timedelta(days=40),
            edited_at=datetime.combine(end + timedelta(days=40), time(10), tzinfo=UTC),
        )
        for name in ("summary", "state", "is_city_wide", "service_role_id", "volunteers", "volunteers_precision",
                     "beneficiaries", "beneficiaries_precision", "outputs", "critical_points", "area_id", "lon", "lat",
                     "is_demonstration", "source_id"):  # fmt: skip
            setattr(edition, name, getattr(row, name))
        edition.put_at(row.lon, row.lat)
        edition.ends_on = min(edition.ends_on or end, (row.starts_on or end) - timedelta(days=1))
        found[row.pk] = edition
    Experience.objects.bulk_create(found.values())
    tables: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (ExperienceArea, ("area_id",)),
        (ExperienceCode, ("facet", "code_id")),
        (Participation, ("organisation_id", "role_id")),
    )
    for model, names in tables:
        rows: Any = model._default_manager.filter(experience__in=list(found)).order_by("pk")
        model._default_manager.bulk_create(
            model(experience=found[row.experience_id], **{name: getattr(row, name) for name in names}) for row in rows
        )
    return found


def _fields(name: str, start: date, end: date, asked: date, answer_by: date) -> dict[str, Any]:
    return {
        "name": name,
        "promoter": PROMOTER,
        "researcher": RESEARCHER,
        "starts_on": start,
        "ends_on": end,
        "answer_by": answer_by,
        "opened_at": _at(asked),
    }


def _at(day: date) -> datetime:
    return datetime.combine(day, time(9, 30), tzinfo=UTC)


def write(actor: Actor, made: Invented, editions: dict[int, Experience]) -> None:
    """Write the three waves."""
    rng, today = random.Random(SEED + 2), made.today  # noqa: S311
    home = made.scene.home.pk
    monitored = gathered.monitored["experiences"]
    areas = finding.below(home)
    start, end = date(today.year - 2, 1, 1), _first_ends(today)
    records = _asked(Scope(areas, start, end))
    contents = monitored.content(records)
    first = [Past(pk, _said(rng), _at(end + timedelta(days=20 + pk % 60)), _way(pk), contents[pk]) for pk in records]
    fields = _fields("Primo monitoraggio", start, end, end + timedelta(days=15), end + timedelta(days=80))
    wave = bring_closed_wave(actor, {**fields, "closed_at": _at(end + timedelta(days=90))}, [home], first)
    _tell_from_near(actor, wave, contents)
    _second(actor, rng, today, home, [one.record for one in first])
    asked = today - timedelta(days=120)
    third = [
        Past(pk, Answer.CONFIRMED if sure else Answer.WAITING, _at(sure) if sure else None, _way(pk))
        for pk, sure in _confirmed_since(_asked(Scope(areas, date(today.year, 1, 1), today)), asked)
    ]
    fields = _fields("Terzo monitoraggio", date(today.year, 1, 1), today, asked, today + timedelta(days=21))
    bring_open_wave(actor, fields, [home], third)


def _second(actor: Actor, rng: random.Random, today: date, home: int, before: list[int]) -> None:
    """The second wave: some are silent, the numbers of some moved, what had ended is told."""
    monitored = gathered.monitored["experiences"]
    start, end = _first_ends(today) + timedelta(days=1), _second_ends(today)
    records = _asked(Scope(finding.below(home), start, end))
    contents = monitored.content(records)
    known = set(before)
    found = []
    for pk in records:
        content = contents[pk]
        if pk in known and rng.random() < SILENT:
            found.append(Past(pk, Answer.WAITING, content=content))
            continue
        number, how = content["beneficiaries"]
        moved = number is not None and number > 20 and rng.random() < MOVED
        if moved:
            content["beneficiaries"] = [round(number * rng.choice([0.8, 0.9, 1.1, 1.2, 1.3])), how]
        answer = Answer.UPDATED if moved else Answer.CONFIRMED
        found.append(Past(pk, answer, _at(end + timedelta(days=10 + pk % 25)), _way(pk), content))
    gone = sorted(known - set(records))
    told = monitored.content(gone)
    outside = [Past(pk, OUTSIDE, content=told[pk]) for pk in gone]
    fields = _fields("Secondo monitoraggio", start, end, end + timedelta(days=5), end + timedelta(days=40))
    wave = bring_closed_wave(actor, {**fields, "closed_at": _at(end + timedelta(days=45))}, [home], found, outside)
    _tell_from_near(actor, wave, contents)


def _tell_from_near(actor: Actor, wave: Wave, contents: dict[int, dict[str, Any]]) -> None:
    """Choose two experiences of which the report tells from near: those of which most is told."""
    told = [pk for pk in may_be_shown(wave) if contents[pk]["outputs"] and contents[pk]["organisations"]]
    told.sort(key=lambda pk: (-len(contents[pk]["outputs"]) - len(contents[pk]["summary"]), pk))
    choose_closeups(actor, wave, told[:2])


def _asked(scope: Scope) -> list[int]:
    rows = gathered.monitored["experiences"].in_scope(scope).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def _confirmed_since(records: list[int], day: date) -> list[tuple[int, date | None]]:
    rows = Experience.objects.filter(pk__in=records, confirmed_on__gte=day).order_by()
    sure = dict(rows.values_list("pk", "confirmed_on"))
    return [(pk, sure.get(pk)) for pk in records]


def _said(rng: random.Random) -> str:
    return rng.choice([Answer.CONFIRMED, Answer.CONFIRMED, Answer.UPDATED])


def _way(pk: int) -> str:
    return ("link", "link", "link", "phone", "paper")[pk % 5]
