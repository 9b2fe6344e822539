"""What is hard to believe in the sheets of a wave: on one of them for who can mend it, in all of them for everybody."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trama.core.declarations import Monitored, Scope
from trama.monitoring.freezing import canonical
from trama.monitoring.models import Sheet, Wave


def doubts_of(
    monitored: Monitored,
    content: dict[str, Any],
    earlier: dict[str, Any] | None,
    prefilled: dict[str, Any],
    scope: Scope,
) -> tuple[list[dict[str, str]], str]:
    """What is hard to believe of a record, against the wave before and against what stood on its sheet; by field.

    With it the hash of the doubted values, by which a second look is remembered.
    """
    found = monitored.doubts(content, earlier, scope)
    if prefilled:
        found = [*found, *monitored.doubts(content, {**content, **prefilled}, scope)]
    labels = {asked.key: str(asked.label) for asked in monitored.fields}
    lines = [{"label": labels.get(key, key), "text": text} for key, text in dict.fromkeys(found)]
    values = [[key, content.get(key)] for key in sorted({key for key, _text in found})]
    return lines, hashlib.sha256(canonical(values).encode()).hexdigest()


@dataclass(frozen=True)
class Doubted:
    """One kind of doubt: how many sheets it touches, of how many that state what it looks at."""

    key: str
    label: str
    count: int
    base: int


@dataclass(frozen=True)
class Doubts:
    """All kinds of doubt; `sheets` have one at least, and of these `right` were looked at and found right."""

    sheets: int = 0
    right: int = 0
    kinds: tuple[Doubted, ...] = field(default_factory=tuple)


def counted_doubts(
    wave: Wave, monitored: Monitored, contents: Mapping[int, dict[str, Any]], earlier: Mapping[int, dict[str, Any]]
) -> Doubts:
    """How many of these sheets are hard to believe, kind by kind, as everybody may read it.

    Numbers enter as they are published: of a small one no doubt tells more than its convention does. What stood on a
    sheet before its first answer counts as an earlier number, as on the page of who can mend it.
    """
    scope = wave.scope()
    kept = Sheet.objects.filter(wave=wave).order_by().values_list("record", "prefilled", "checked")
    sheets = {record: (prefilled, checked) for record, prefilled, checked in kept.iterator() if prefilled or checked}
    touched, based = Counter[str](), Counter[str]()
    doubtful = right = 0
    for record, content in contents.items():
        prefilled, checked = sheets.get(record, ({}, ""))
        now, was = _published(monitored, content), earlier.get(record)
        befores = [_published(monitored, was) if was else None]
        befores += [_published(monitored, {**content, **prefilled})] if prefilled else []
        is_doubtful = False
        for kind in monitored.doubted:
            looks = [kind.look(now, before, scope) for before in befores]
            based[kind.key] += any(look is not None for look in looks)
            touched[kind.key] += any(looks)
            is_doubtful = is_doubtful or any(looks)
        if is_doubtful:
            doubtful += 1
            right += bool(checked) and checked == doubts_of(monitored, content, was, prefilled, scope)[1]
    kinds = [
        Doubted(kind.key, str(kind.label) % {"times": scope.times}, touched[kind.key], based[kind.key])
        for kind in monitored.doubted
    ]
    return Doubts(doubtful, right, tuple(kinds))


def _published(monitored: Monitored, content: dict[str, Any]) -> dict[str, Any]:
    """A content with its numbers as every published sum takes them."""
    given = dict(content)
    for key, _label, published in monitored.measures:
        value = content.get(key)
        if isinstance(value, list):
            given[key] = [published(content), *value[1:]]
    return given
