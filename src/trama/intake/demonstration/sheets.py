"""Invented good-practice sheets of invented experiences, and what was taken up from them elsewhere."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from trama.experiences.models import PRACTICE_FACETS, PRACTICE_TEXTS, Experience, ExperienceCode, Practice, PracticeCode
from trama.intake.demonstration.invented import Invented


def write(made: Invented) -> list[Practice]:
    """Write the sheets. Each tells of the earliest published experience of its pattern; later ones took it up."""
    now = timezone.now()
    sheets, taken = [], []
    for number, item in enumerate(made.story["practices"]):
        told = sorted(
            (row for row in made.experiences if is_of(row, item["of"]) and row.state == "published"),
            key=lambda row: (row.starts_on or made.today, row.pk),
        )
        if not told:
            continue
        sheet = Practice.objects.create(
            experience=told[0],
            name=item["name"],
            state=item.get("state", "published"),
            edited_at=now - timedelta(days=40 * (number + 1)),
            confirmed_on=made.today - timedelta(days=35 * (number + 1)),
            used_on=made.today - timedelta(days=20) if item.get("taken_up") else None,
            is_demonstration=True,
            **{name: item.get(name, "") for name in PRACTICE_TEXTS},
        )
        sheets.append(sheet)
        for row in told[1 : 1 + item.get("taken_up", 0)]:
            row.taken_from = sheet
            taken.append(row)
    Experience.objects.bulk_update(taken, ["taken_from"])
    rows = ExperienceCode.objects.filter(experience__practices__in=sheets, facet__in=PRACTICE_FACETS).order_by("id")
    PracticeCode.objects.bulk_create(
        PracticeCode(practice_id=practice, facet=facet, code_id=code)
        for practice, facet, code in rows.values_list("experience__practices", "facet", "code_id")
    )
    return sheets


def is_of(row: Experience, pattern: str) -> bool:
    """Whether an experience was named by a pattern: what stands before the place."""
    return row.name.startswith(pattern.partition("{")[0])
