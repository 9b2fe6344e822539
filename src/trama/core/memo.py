"""What a process may remember for a while instead of asking the database again.

Nothing here is shared between processes: what is remembered either ages out within seconds, or carries the number of
the last audit entry in its key. Every change leaves an audit entry, so such an answer is never out of date.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from trama.core.actor import Actor

T = TypeVar("T")
_LIMIT, _HEAVY_LIMIT = 4000, 80
_kept: dict[Hashable, tuple[float, Any]] = {}
_heavy: dict[Hashable, tuple[float, Any]] = {}


def remember(key: Hashable, seconds: float, compute: Callable[[], T], *, heavy: bool = False) -> T:
    """The remembered answer, at most `seconds` old, or a new one. Of heavy ones (whole pages) only a few are kept."""
    kept, limit = (_heavy, _HEAVY_LIMIT) if heavy else (_kept, _LIMIT)
    found = kept.get(key)
    now = time.monotonic()
    if found is not None and found[0] > now:
        return cast("T", found[1])
    value = compute()
    if len(kept) >= limit:
        for old in list(kept)[: limit // 4]:
            kept.pop(old, None)
    kept[key] = (now + seconds, value)
    return value


def forget(key: Hashable) -> None:
    """Drop one answer."""
    _kept.pop(key, None)


def forget_all() -> None:
    """Drop everything (tests; after a restore)."""
    _kept.clear()
    _heavy.clear()


def until_changed(
    key: Hashable, actor: Actor, compute: Callable[[], T], seconds: float = 600, *, heavy: bool = False
) -> T:
    """An answer that holds for this actor's rights until anything is changed (or `seconds` have passed)."""
    from django.utils import timezone
    from django.utils.translation import get_language

    rights = (actor.user, actor.system, actor.grants)
    return remember((key, _last_entry(), rights, timezone.localdate(), get_language()), seconds, compute, heavy=heavy)


def _last_entry() -> tuple[int, str] | None:
    """The end of the audit chain. Asked several times for a page, hence in plain SQL: it costs a tenth of the ORM's."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT number, hash FROM core_audithead WHERE id = 1")
        return cast("tuple[int, str] | None", cursor.fetchone())
