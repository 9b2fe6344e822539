"""What people write of things that hang on a record: days and hours, euro per year, seats."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from trama.intake.registers.cells import Unreadable
from trama.intake.registers.details import UNSAID, Details, period_of
from trama.intake.registers.fields import Kind

DETAILS = Details(body=lambda text: (text, "tie_role:partner"), area=lambda text: {"Est (EST)": 7}[text])


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-03-01 17:00–19:30", (2026, 3, 1, 17), (2026, 3, 1, 19, 30)),
        ("1/3/2026 ore 17-19", (2026, 3, 1, 17), (2026, 3, 1, 19)),
        ("01.03.26, h 9.30 - 11", (2026, 3, 1, 9, 30), (2026, 3, 1, 11)),
        ("1/3/2026 alle 17", (2026, 3, 1, 17), None),
        ("2026-03-01T17:00", (2026, 3, 1, 17), None),
        ("2026-03-01 22:00 — 2026-03-02 01:00", (2026, 3, 1, 22), (2026, 3, 2, 1)),
        ("1/3/2026", (2026, 3, 1), None),
    ],
)
def test_days_and_hours(text: str, start: tuple[int, ...], end: tuple[int, ...] | None) -> None:
    found = tuple(one and timezone.make_naive(one) for one in period_of(text))
    assert found == (datetime(*start), end and datetime(*end))  # type: ignore[arg-type]  # noqa: DTZ001


@pytest.mark.parametrize(
    "text", ["ogni martedì", "2026-13-01", "31/2/2026 ore 9", "2026-03-01 25:00", "1/3/2026 19-17", "17:00–19:00"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        period_of(text)


def test_money_and_seats() -> None:
    assert DETAILS.of(Kind.FUNDING, "2025: 1.200,50 euro, da: Comune, nota: ; 2026: 500") == (
        (2025, Decimal("1200.50"), "Comune", UNSAID, ""),
        (2026, Decimal("500.00"), UNSAID, UNSAID, UNSAID),
    )
    with pytest.raises(Unreadable, match="Comune"):
        DETAILS.of(Kind.FUNDING, "Comune: 500")
    assert DETAILS.of(
        Kind.SEATS, "Sede (via Est 3), punto: 44.5, 11.3, area: Est (EST); via Nord 1; –, luogo: Casa"
    ) == (
        ("Sede", "via Est 3", UNSAID, 11.3, 44.5, 7, UNSAID),
        ("", "via Nord 1", UNSAID, UNSAID, UNSAID, UNSAID, UNSAID),
        ("", "", UNSAID, UNSAID, UNSAID, UNSAID, "Casa"),
    )
    with pytest.raises(Unreadable):
        DETAILS.of(Kind.SEATS, "Sede (via Est 3), punto: 444.5, 11.3")


def test_what_is_too_long_is_cut_and_told() -> None:
    (one,) = DETAILS.of(Kind.ORGANISATIONS, f"Auser, dà: {'x' * 301}")
    assert one == ("Auser", "tie_role:partner", "x" * 300, UNSAID, UNSAID)
    assert len(DETAILS.told()) == 1
    assert DETAILS.told() == []
