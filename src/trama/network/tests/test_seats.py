"""The other seats of an organisation: added, changed and taken away on their page, and told in the history."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from trama.core.models import AuditEntry
from trama.network.models import Seat
from trama.network.tests.factories import organisation, user
from trama.territory.tests.factories import inside, make_city

pytestmark = pytest.mark.django_db


def test_a_seat_is_added_changed_and_removed(client: Client) -> None:
    areas = make_city()
    record, other = organisation("Aperta", area=areas["mill"]), organisation("Altra", area=areas["mill"])
    client.force_login(user("community_worker", areas["west"]))
    page = reverse("network:organisation_seats", args=[record.pk])
    assert "Nessun’altra sede" in client.get(page).content.decode()

    empty = client.post(page, {"opening": "martedì 15-18"})
    assert "Scrivi l’indirizzo" in empty.content.decode()
    assert "martedì 15-18" in empty.content.decode()
    assert not Seat.objects.exists()

    lon, lat = inside(0, 0)
    answer = client.post(page, {"name": "Sala del circolo", "address": "via Vivaldi 76", "lon": lon, "lat": lat})
    assert answer.status_code == 302
    seat = Seat.objects.get()
    assert (seat.organisation, seat.area) == (record, areas["mill"])
    assert seat.x is not None

    assert 'value="Sala del circolo"' in client.get(page, {"seat": seat.pk}).content.decode()
    client.post(page, {"seat": seat.pk, "name": "Sala grande", "address": "via Vivaldi 76", "area": areas["hill"].name})
    seat.refresh_from_db()
    assert (seat.name, seat.area, seat.lon) == ("Sala grande", areas["hill"], None)
    shown = client.get(reverse("network:organisation", args=[record.pk])).content.decode()
    assert "Sala grande, via Vivaldi 76" in shown
    assert "ha cambiato una sede" in shown

    # A seat of another organisation is not reached through this page, nor one whose number is no number.
    near = reverse("network:organisation_seats", args=[other.pk])
    assert client.get(near, {"seat": seat.pk}).status_code == 404
    assert client.post(near, {"remove": seat.pk}).status_code == 404
    assert client.get(page, {"seat": "x"}).status_code == 404

    client.post(page, {"remove": seat.pk})
    assert not Seat.objects.exists()
    verbs = AuditEntry.objects.filter(verb__startswith="seat").order_by("number").values_list("verb", flat=True)
    assert list(verbs) == ["seat_added", "seat_changed", "seat_removed"]
