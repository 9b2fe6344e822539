"""A thing with what belongs to it in one cell: “Auser (partner), gives: rooms and volunteers, since: 2024-02-03”.

What it is called stands first; behind it, after commas, each part with its name and a colon. A text that could be taken
for such a part stands between quotes, with its own quotes doubled. `core.columns` puts several of them into one cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import override

from trama.core.search import fold

Text = str | Promise
# The parts of one kind of thing: by what they are called in the code, their names (one word each) in a cell.
Parts = tuple[tuple[str, Text], ...]
PART = re.compile(r",\s*([^\W\d_]+)\s*:\s*")
QUOTED = re.compile(r'"((?:[^"]|"")*)"\s*(?=,\s*[^\W\d_]+\s*:|$)')


def told(head: str, parts: Iterable[tuple[Text, str]]) -> str:
    """A thing and those of its parts that are not empty, as one text."""
    return ", ".join([_safe(head), *[f"{name}: {_safe(text)}" for name, text in parts if text]])


def _safe(text: str) -> str:
    if (":" in text and PART.search(text)) or (text[:1] == '"' and QUOTED.match(text)) or text != text.strip():
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return text


@cache
def named(parts: Parts) -> dict[str, str]:
    """The parts by their names as they are compared, in both languages: a file may come from the other one."""
    found = {key: key for key, _name in parts}
    for language in ("it", "en"):
        with override(language):
            found |= {fold(str(name)): key for key, name in parts}
    return found


def read(text: str, names: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """What a thing is called, and its parts by what `names` (see `named`) calls them. Words of no part stay text.

    A part that is there with nothing behind its colon is an empty text: it is to be emptied.
    """
    said: dict[str, str] = {}
    key, at = "", 0
    while True:
        value, following = _value(text, at, names)
        said[key] = f"{said[key]}, {value}" if said.get(key) and value else said.get(key) or value
        if following is None:
            return said.pop("", ""), said
        key, at = names[fold(following[1])], following.end()


def _value(text: str, at: int, names: Mapping[str, str]) -> tuple[str, re.Match[str] | None]:
    """The text that begins at a place, and the name of the part that follows it."""
    if text.startswith('"', at) and (quoted := QUOTED.match(text, at)):
        following = PART.match(text, quoted.end())
        if quoted.end() == len(text) or (following is not None and fold(following[1]) in names):
            return quoted[1].replace('""', '"'), following
    if ":" not in text:
        return text[at:].strip(), None
    following = next((one for one in PART.finditer(text, at) if fold(one[1]) in names), None)
    return text[at : following.start() if following else None].strip(), following


def moment(value: datetime) -> str:
    """A day and its hour, of here: “2026-03-01 17:00”; with what it takes to be the same moment again."""
    local = timezone.localtime(value)
    if local.fold:  # the hour that comes twice when summer time ends
        return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}Z"
    if local.second or local.microsecond:
        return local.replace(tzinfo=None).isoformat(sep=" ")
    return f"{local:%Y-%m-%d %H:%M}"


def period(start: datetime, end: datetime | None) -> str:
    """From when until when: “2026-03-01 17:00–19:00”."""
    begins = moment(start)
    if end is None:
        return begins
    ends = moment(end)
    same = ends[:10] == begins[:10] and not ends.endswith("Z") and not begins.endswith("Z")
    return f"{begins}–{ends[11:] if same else ends}"
