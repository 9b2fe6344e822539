"""A thing with its parts in one cell: what is written is read again, whatever its texts hold."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from trama.core import cells
from trama.core.columns import in_one_cell, out_of_one_cell

PARTS: cells.Parts = (("gives", "dà"), ("receives", "riceve"), ("since", "dal"))
NAMES = cells.named(PARTS)
# Texts of all that means something in a cell, in any order.
PIECE = st.sampled_from(
    [", dà: ", "dal:", "; ", '"', '""', " (partner)", "a", "è", ",", ":", "\n", "|", " ", "nota: x"]
)
TEXT = st.lists(PIECE, max_size=7).map("".join)


@given(st.lists(st.tuples(TEXT, TEXT, TEXT, TEXT), max_size=4))
def test_what_is_written_is_read_again(things: list[tuple[str, str, str, str]]) -> None:
    written = [
        cells.told(f"n{head}", [(name, text) for (_key, name), text in zip(PARTS, parts, strict=True)])
        for head, *parts in things
    ]
    found = [cells.read(text, NAMES) for text in out_of_one_cell(in_one_cell(written))]
    expected = [
        (f"n{head}", {key: text for (key, _name), text in zip(PARTS, parts, strict=True) if text})
        for head, *parts in things
    ]
    assert found == expected


def test_what_people_write() -> None:
    read = cells.read
    assert read("Auser (partner), DA: stanze , riceve:tempo", NAMES) == (
        "Auser (partner)", {"gives": "stanze", "receives": "tempo"},
    )  # fmt: skip
    # Words of no part belong to the text; an empty part is told as such; what is said twice is said together.
    assert read("Auser, dà: sedie, tavoli, nota: due", NAMES) == ("Auser", {"gives": "sedie, tavoli, nota: due"})
    assert read("Auser, dà: , gives: sedie, dà: due", NAMES) == ("Auser", {"gives": "sedie, due"})
    assert read("Auser, dal:", NAMES) == ("Auser", {"since": ""})
    assert read('"Sole" e luna', NAMES) == ('"Sole" e luna', {})


def test_hours_are_those_of_here_and_lead_back_to_the_same_moment() -> None:
    start = datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert cells.period(start, None) == timezone.localtime(start).strftime("%Y-%m-%d %H:%M") == "2026-03-01 17:00"
    assert cells.period(start, datetime(2026, 3, 1, 18, tzinfo=UTC)) == "2026-03-01 17:00–19:00"
    assert cells.period(start, datetime(2026, 3, 2, 0, tzinfo=UTC)) == "2026-03-01 17:00–2026-03-02 01:00"
    # Half past two comes twice that night.
    assert cells.moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == "2026-10-25 02:30"
    assert cells.moment(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == "2026-10-25 01:30:00Z"
