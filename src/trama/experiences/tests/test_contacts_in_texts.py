"""Mobiles and mail boxes in what hangs on an experience: read by the staff of its areas, covered for the others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from trama.core.actor import NOBODY
from trama.experiences import cells
from trama.experiences.models import Funding, Occurrence, Participation
from trama.experiences.reading import sheet
from trama.experiences.tests.factories import actor_with, make_experience
from trama.experiences.tests.lists import load_lists
from trama.network.tests.factories import organisation
from trama.territory.tests.factories import make_city

pytestmark = pytest.mark.django_db


def test_they_are_covered_for_who_is_not_of_the_staff_of_its_areas() -> None:
    load_lists()
    city = make_city()
    row = make_experience("Pranzo", areas=[city["west"]])
    one = organisation("Aperta", area=city["west"])
    Participation.objects.create(
        experience=row,
        organisation=one,
        role_id="tie_role:promoter",
        gives="sala 333 1234567",
        receives="aiuto 347 7654321",
    )
    Funding.objects.create(experience=row, year=2024, amount=10, note="chiedere a anna.rossi@gmail.com")
    for day, title, why in ((1, "Da 320 7514063", ""), (2, "", "ammalata, bruno.verdi@gmail.com")):
        at = timezone.now() + timedelta(days=day)
        Occurrence.objects.create(experience=row, starts_at=at, area=city["west"], title=title, cancelled_because=why)
    written = {"333 1234567", "347 7654321", "anna.rossi@gmail.com", "320 7514063", "bruno.verdi@gmail.com"}
    here, elsewhere = actor_with("community_worker", city["west"]), actor_with("community_worker", city["east"])
    for actor, read in ((here, written), (elsewhere, set()), (NOBODY, set())):
        told = [
            " ".join(str(of([row.pk], actor)) for of in (cells.organisations_of, cells.fundings_of, cells.dates_of))
        ]
        page = sheet(row, actor)
        dates = [(item["title"], item["why"]) for item in page["dates"]["coming"]]
        told.append(str((page["partners"], page["money"], dates)))
        for text in told:
            assert {one for one in written if one in text} == read
            assert "sala" in text, actor
