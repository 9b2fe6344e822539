"""Numbers and days as people write them."""

from datetime import date

import pytest
from django.utils import translation

from trama.ui import numbers


@pytest.mark.parametrize(
    ("value", "decimals", "italian", "english"),
    [
        (6900, 0, "6.900", "6,900"),
        (1234567.891, 2, "1.234.567,89", "1,234,567.89"),
        (0, 0, "0", "0"),
        (-0.01, 1, "0,0", "0.0"),
        (-1500, 0, "-1.500", "-1,500"),
        (None, 0, "–", "–"),
    ],
)
def test_numbers(value: float | None, decimals: int, italian: str, english: str) -> None:
    with translation.override("it"):
        assert numbers.number(value, decimals) == italian
    with translation.override("en"):
        assert numbers.number(value, decimals) == english


def test_percentages_and_days() -> None:
    with translation.override("it"):
        assert numbers.percent(0.595) == "59,5 %"
        assert numbers.day(date(2026, 3, 3)) == "3 marzo 2026"
    with translation.override("en"):
        assert numbers.percent(0.595) == "59.5%"
    assert numbers.day(None) == "–"
