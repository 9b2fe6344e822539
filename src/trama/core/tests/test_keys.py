"""Numbers as strangers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trama.core.keys import LARGEST, whole
from trama.core.legible import legible


@pytest.mark.parametrize("text", ["", "²", "٣", "-1", "+1", " 1", "1_000", "1e3", "9" * 19, "9" * 5000, "\x00", None])
def test_what_is_no_plain_number_is_none(text: object) -> None:
    assert whole(text) is None


@given(st.integers(0, LARGEST))
def test_a_number_is_read_and_held_to_its_bounds(number: int) -> None:
    assert whole(str(number)) == number
    assert whole(str(number), most=9999) == (number if number <= 9999 else None)
    assert whole(str(number), least=5) == (number if number >= 5 else None)


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    found = whole(text)
    assert found is None or 0 <= found <= LARGEST


def test_signs_that_nobody_sees_are_taken_out() -> None:
    assert legible("Corso\x01 di\x1b \u202eteatro\ufffe\x00") == "Corso di teatro"
    assert legible("prima riga\nseconda\t…") == "prima riga\nseconda\t…"
