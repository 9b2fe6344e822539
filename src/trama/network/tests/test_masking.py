"""A sensitive organisation leaves no trace, in any output, before whom it is hidden from."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from trama.core import search
from trama.core.actor import NOBODY, SYSTEM
from trama.network.declarations import who_is_there
from trama.network.tests.factories import contact, organisation, user
from trama.territory.tests.factories import inside, make_city

pytestmark = pytest.mark.django_db
SECRET = "Rosaspina"
OUTPUTS = ("", "_table", "_map", "_points")


@pytest.fixture
def areas() -> dict[str, Any]:
    areas = make_city()
    lon, lat = inside(0, 0)
    hidden = organisation(
        f"Centro {SECRET}", "other_ets", "ets", area=areas["mill"], is_sensitive=True, lon=lon, lat=lat
    )
    contact(hidden, "email", f"info@{SECRET.lower()}.org", visibility="public")
    organisation("Bocciofila", "aps", "ets", area=areas["mill"], lon=lon, lat=lat)
    return areas


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    return content.decode()


def addresses() -> list[str]:
    exports = [reverse("network:organisations_export", args=[form]) for form in ("csv", "xlsx", "json")]
    return [*(reverse(f"network:organisations{name}") for name in OUTPUTS), *exports]


def client_of(role: str, area: Any) -> Client:
    client = Client()
    if role:
        client.force_login(user(role, area))
    return client


@pytest.mark.parametrize(
    ("role", "area", "told"),
    [
        ("", "", False),
        ("citizen", "west", False),
        ("community_worker", "east", False),
        ("community_worker", "west", True),
    ],
)
def test_no_output_of_the_register_names_it(areas: dict[str, Any], role: str, area: str, told: bool) -> None:
    client = client_of(role, areas.get(area))
    for address in addresses():
        # The beginning of the name finds it, and is not itself the name when the page repeats what was typed.
        for query in ("", f"?q={SECRET[:-2]}", "?kind=other_ets", "?area=BORGO-O"):
            lowered = text_of(client.get(address + query)).casefold()
            if told and not query and "_map" not in address and "mappa" not in address:
                assert SECRET.casefold() in lowered, address
            if not told:
                assert SECRET.casefold() not in lowered, address + query


def test_counts_leave_it_out(areas: dict[str, Any]) -> None:
    client = Client()
    assert "1 realtà" in text_of(client.get(reverse("network:organisations")))
    section = who_is_there(NOBODY, areas["city"])
    assert section is not None
    assert section["total"] == 1
    told = who_is_there(SYSTEM, areas["city"])
    assert told is not None
    assert told["total"] == 2


def test_search_finds_it_only_for_whom_it_is_shown(areas: dict[str, Any]) -> None:
    found, _query = search.search(NOBODY, SECRET)
    assert found == []
    found, _query = search.search(SYSTEM, SECRET)
    assert [(kind.count, kind.hits[0].title) for kind in found] == [(1, f"Centro {SECRET}")]


def test_look_alikes_leave_it_out(areas: dict[str, Any]) -> None:
    address = reverse("network:alike")
    assert SECRET not in text_of(
        client_of("community_worker", areas["east"]).get(address, {"name": f"Centro {SECRET}"})
    )
    assert SECRET in text_of(client_of("community_worker", areas["west"]).get(address, {"name": f"Centro {SECRET}"}))
    lines = reverse("network:alike_lines")
    text = text_of(client_of("community_worker", areas["east"]).get(lines, {"promoters": f"Centro {SECRET}"}))
    assert "non è nel registro" in text  # as if it were not there
