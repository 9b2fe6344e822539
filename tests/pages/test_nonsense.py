"""Whatever stands in an address of a register: it answers, with nothing if need be, and never breaks."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rights import world
from trama.core.declarations import gathered

pytestmark = pytest.mark.django_db
NONSENSE = ("²", "9" * 5000, "9" * 19, "-1", "0", "-", "٣", "zzz", "\x00", "\u202e", "'", "%", "1e9", "NaN", "del")
REGISTERS = ("organisations", "resources", "experiences", "places")
VIEWS = ("list", "table", "points", "points of a box", "export", "crosstab", "crosstab as a file")


@pytest.fixture(scope="module")
def visitor(taken_back: None) -> Client:
    """A visitor of a world that is built once for these tests."""
    world.build()
    return Client()


def address_of(key: str, view: str) -> str:
    name = f"{gathered.registers[key].model._meta.app_label}:{key}"
    return {
        "list": lambda: reverse(name) + "?",
        "table": lambda: reverse(f"{name}_table") + "?",
        "points": lambda: reverse(f"{name}_points") + "?",
        "points of a box": lambda: reverse(f"{name}_points") + "?bbox=10,44,12,45&zoom=9&",
        "export": lambda: reverse(f"{name}_export", args=["csv"]) + "?",
        "crosstab": lambda: reverse("insight:crosstab", args=[key]) + "?",
        "crosstab as a file": lambda: reverse("insight:crosstab_file", args=[key, "json"]) + "?",
    }[view]()


def read(client: Client, address: str) -> int:
    """The status of an answer that was read to its end: a streamed one breaks only then."""
    answer: Any = client.get(address)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert body or answer.status_code in (204, 302)
    return int(answer.status_code)


@pytest.mark.parametrize("key", REGISTERS)
def test_no_nonsense_breaks_a_map_or_a_file(visitor: Client, key: str) -> None:
    for dimension in [*(one.key for one in gathered.registers[key].dimensions), "q"]:
        for view, value in (("points", "zzz"), ("points", "²"), ("export", "9" * 5000)):
            assert read(visitor, f"{address_of(key, view)}{dimension}={quote(value)}") < 500, (dimension, value)


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_register_answers_whatever_is_asked(visitor: Client, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(REGISTERS))
    view = data.draw(st.sampled_from(VIEWS))
    filters = [*(one.key for one in gathered.registers[key].dimensions), "q", "order", "page", "rows", "columns"]
    asked = st.tuples(st.sampled_from(filters), st.sampled_from(NONSENSE) | st.text(max_size=8))
    query = "&".join(
        f"{name}={quote(value, errors='replace')}" for name, value in data.draw(st.lists(asked, max_size=3))
    )
    assert read(visitor, address_of(key, view) + query) < 500
