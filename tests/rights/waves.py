"""Who may open what of monitoring: a part of the table."""

from __future__ import annotations

from tests.rights.groups import EVERYBODY, NONE, OPENERS, REOPENERS, WAVE_FOLLOWERS, WRITES_IN, Case, form, get, post

WAVES: dict[str, list[Case]] = {
    "monitoring:waves": [get(EVERYBODY)],
    "monitoring:wave_add": form(OPENERS["borgo"]),
    "monitoring:wave": [
        get(may, pk=f"{state} wave of {town}")
        for town in ("borgo", "ponte")
        for state, may in (("draft", WAVE_FOLLOWERS[town]), ("open", WAVE_FOLLOWERS[town]), ("closed", EVERYBODY))
    ],
    "monitoring:wave_edit": [
        case for town in ("borgo", "ponte") for case in form(OPENERS[town], pk=f"draft wave of {town}")
    ]
    # What is open or closed is not changed by anybody.
    + form(NONE, pk="open wave of borgo")
    + form(NONE, pk="closed wave of borgo"),
    "monitoring:questions": [
        case for town in ("borgo", "ponte") for case in form(OPENERS[town], pk=f"draft wave of {town}")
    ],
    "monitoring:questions_file": [
        case for town in ("borgo", "ponte") for case in form(OPENERS[town], pk=f"draft wave of {town}")
    ],
    # How far sending and closing are: whoever keeps the wave, and nobody once it has not been opened.
    "monitoring:going": [
        case
        for town in ("borgo", "ponte")
        for what in ("send", "remind", "close")
        for case in form(OPENERS[town], pk=f"open wave of {town}", what=f"={what}")
    ]
    + form(NONE, pk="open wave of borgo", what="=nothing")
    + form(NONE, pk="draft wave of borgo", what="=close"),
    "monitoring:wave_do": [
        post(OPENERS[town], pk=f"{state} wave of {town}", what=f"={what}")
        for town in ("borgo", "ponte")
        for state, what in (
            ("draft", "open"),
            ("open", "send"),
            ("open", "remind"),
            ("open", "close"),
            ("draft", "delete"),
        )
    ]
    + [post(NONE, pk="open wave of borgo", what="=nothing")],
    "monitoring:opening": [
        *(get(OPENERS[town], pk=f"draft wave of {town}") for town in ("borgo", "ponte")),
        get(NONE, pk="open wave of borgo"),
    ],
    "monitoring:closing": [
        *(get(OPENERS[town], pk=f"open wave of {town}") for town in ("borgo", "ponte")),
        get(NONE, pk="draft wave of borgo"),
    ],
    "monitoring:reopen": [
        case for town in ("borgo", "ponte") for case in form(REOPENERS[town], pk=f"closed wave of {town}")
    ]
    + form(NONE, pk="open wave of borgo"),
    "monitoring:erratum": [
        case for town in ("borgo", "ponte") for case in form(OPENERS[town], pk=f"closed wave of {town}")
    ]
    + form(NONE, pk="open wave of borgo"),
    "monitoring:quality": [get(may, pk=f"open wave of {town}") for town, may in WAVE_FOLLOWERS.items()],
    "monitoring:comparison": [
        get(EVERYBODY, pk="closed wave of borgo", other="closed wave of ponte"),
        get(NONE, pk="closed wave of borgo", other="open wave of borgo"),
        get(NONE, pk="closed wave of borgo", other="closed wave of borgo"),
    ],
    # The numbers of a closed wave are everybody's; of an open one they are provisional, for who follows it.
    **{
        f"monitoring:{name}": [get(EVERYBODY, pk="closed wave of borgo", **more)]
        + [get(may, pk=f"open wave of {town}", **more) for town, may in WAVE_FOLLOWERS.items()]
        + [get(NONE, pk="draft wave of borgo", **more)]
        for name, more in {
            "cuts": {},
            "crossing": {},
            "cuts_file": {"form": "=csv"},
            "crossing_file": {"form": "=xlsx"},
        }.items()
    },
    "monitoring:sheets": [get(may, pk=f"open wave of {town}") for town, may in WAVE_FOLLOWERS.items()],
    # Whoever answers for the record types its sheet in: an evaluator reads the board, and writes nothing.
    "monitoring:sheet": [
        *form(WRITES_IN["borgo"], pk="open wave of borgo", sheet="open sheet of borgo"),
        *form(WRITES_IN["borgo"], pk="open wave of borgo", sheet="open sensitive sheet of borgo"),
        *form(WRITES_IN["ponte"], pk="open wave of ponte", sheet="open sheet of ponte"),
        # Through another wave, or when it is closed, a sheet is not reached.
        *form(NONE, pk="open wave of borgo", sheet="open sheet of ponte"),
        *form(NONE, pk="closed wave of borgo", sheet="closed sheet of borgo"),
    ],
    "monitoring:delegate": [
        post(WRITES_IN["borgo"], {"email": "x@example.org"}, pk="open wave of borgo", sheet="open sheet of borgo"),
        post(WRITES_IN["ponte"], {"email": "x@example.org"}, pk="open wave of ponte", sheet="open sheet of ponte"),
        post(NONE, {"email": "x@example.org"}, pk="open wave of borgo", sheet="open sheet of ponte"),
    ],
    "monitoring:sheet_checked": [
        post(WRITES_IN["borgo"], pk="open wave of borgo", sheet="open sheet of borgo"),
        post(WRITES_IN["ponte"], pk="open wave of ponte", sheet="open sheet of ponte"),
        post(NONE, pk="open wave of borgo", sheet="open sheet of ponte"),
    ],
    # Without a sheet that one answers for there is nothing to print (test_waves.py prints).
    "monitoring:paper": [
        *(post(may, pk=f"open wave of {town}") for town, may in WAVE_FOLLOWERS.items()),
        post(NONE, pk="closed wave of borgo"),
    ],
    "monitoring:by_link": form(NONE, token="=not-a-token-of-anybody"),
}
