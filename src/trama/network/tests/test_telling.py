"""Personal contacts inside texts are for the staff of the record's area: on its page, and in every export."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from trama.network.models import Membership, Seat
from trama.network.tests.factories import organisation, user
from trama.territory.tests.factories import make_city

pytestmark = pytest.mark.django_db
WRITTEN = ("333 1234567", "anna.rossi@gmail.com", "347 7654321", "bruno.verdi@gmail.com")


def told(client: Client, pk: int) -> list[str]:
    """The page of an organisation, and all that the three exports hold."""
    found = [client.get(reverse("network:organisation", args=[pk])).content.decode()]
    for form in ("csv", "xlsx", "json"):
        answer = client.get(reverse("network:organisations_export", args=[form]))
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if form == "xlsx":
            rows = [sheet.values for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets]
            found.append(" ".join(str(cell) for values in rows for row in values for cell in row))
        else:
            found.append(content.decode())
    return found


def test_staff_of_another_area_reads_covered_texts_everywhere() -> None:
    areas = make_city()
    row = organisation("Aperta", area=areas["mill"], description=f"Chiamare {WRITTEN[0]} o {WRITTEN[1]}")
    seat = {"name": f"Da Anna {WRITTEN[2]}", "address": "via Est 3", "opening": f"Scrivere a {WRITTEN[3]}"}
    Seat.objects.create(organisation=row, **seat)
    for who, area, reads in (("here", "west", True), ("elsewhere", "east", False), ("", "", False)):
        client = Client()
        if who:
            person = user(who)
            Membership.objects.create(user=person, role="community_worker", area=areas[area])
            client.force_login(person)
        for text in told(client, row.pk):
            assert [one in text for one in WRITTEN] == [reads] * 4, (who, text[:200])
            assert "via Est 3" in text
