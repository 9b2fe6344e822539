"""Totals promise no more than they know."""

from __future__ import annotations

import pytest
from django.utils import translation

from trama.core import figures


@pytest.mark.parametrize(
    ("total", "estimated", "known", "base", "lower", "english"),
    [
        (6900, False, 147, 147, False, "6,900"),
        (6900, True, 147, 147, False, "about 6,900"),
        (6900, True, 120, 147, False, "about 6,900"),
        (512, True, 120, 147, True, "more than 500"),
        (512, True, 147, 147, True, "about 510"),
        (512, False, 120, 147, True, "at least 512"),
        (500, True, 120, 147, True, "at least 500"),
        (12, True, 3, 4, True, "at least 12"),
        (0, False, 5, 5, False, "0"),
        (0, False, 0, 5, False, "not known"),
        (None, True, 0, 0, False, "not known"),
        (0, False, 0, 0, False, "0"),
        (1234567, False, None, None, False, "1,234,567"),
    ],
)
def test_a_total_says_what_it_knows(total, estimated, known, base, lower, english):
    with translation.override("en"):
        assert figures.phrase(total, estimated, known, base, lower_bound=lower) == english


def test_italian_says_circa_and_oltre():
    with translation.override("it"):
        assert figures.phrase(6900, True, 147, 147) == "circa 6.900"
        assert figures.phrase(512, True, 120, 147, lower_bound=True) == "oltre 500"
        assert figures.phrase(512, False, 120, 147, lower_bound=True) == "almeno 512"
        assert figures.phrase(None, False) == "non noto"
        assert figures.completeness(135, 1470) == "noto per 135 su 1.470"


@pytest.mark.parametrize(
    ("total", "below"), [(19, 19), (23, 20), (99, 95), (147, 100), (549, 500), (1260, 1000), (6900, 6500)]
)
def test_a_round_number_is_never_above(total, below):
    assert figures.round_below(total) == below
