"""Where what a file names has gone since: records that became part of another, strings that were split into several.

Whoever brings names or keys in from a file asks here, so that what people decided does not come back with a load.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from trama.network.choices import Reshaping
from trama.network.matching import match_all
from trama.network.models import Merge, Organisation, normalised

CHUNK: Final = 500


class Moves:
    """The merges and splits in force, read once."""

    def __init__(self) -> None:
        self._into: dict[int, tuple[int, ...]] = {}
        self._of_key: dict[str, int] = {}
        self._of_text: dict[str, int] = {}
        rows = Merge.objects.in_force().order_by("pk")
        for gone, name, key, kept, what, bodies in rows.values_list(
            "gone", "gone_name", "gone_key", "kept", "what", "bodies"
        ):
            self._into[gone] = tuple(bodies) or (kept,)
            if key:
                self._of_key[key] = gone
            if what == Reshaping.SPLIT:
                self._of_text[normalised(name)[:250]] = gone

    def now(self, pk: int) -> tuple[int, ...]:
        """What a record is today: itself, the one that it became part of, or the several that it was split into."""
        found: dict[int, None] = {}
        seen: set[int] = set()
        waiting = [pk]
        while waiting:
            one = waiting.pop(0)
            if one in self._into and one not in seen:
                waiting = [*self._into[one], *waiting]
            elif one not in self._into:
                found[one] = None
            seen.add(one)
        return tuple(found)

    def of_key(self, key: str) -> tuple[int, ...]:
        """What the record that was once loaded under this key became; empty when it is not known to be gone."""
        return self.now(self._of_key[key]) if key and key in self._of_key else ()

    def of_text(self, text: str) -> tuple[int, ...]:
        """The bodies into which a string was split; empty when nobody split it."""
        gone = self._of_text.get(normalised(text)[:250])
        return self.now(gone) if gone is not None else ()


def bodies_named(keys: Mapping[str, str], moves: Moves | None = None) -> dict[str, tuple[int, ...]]:
    """For each name (with the key under which a load would bring it in) the organisations that it means today.

    The record that was loaded under the key, whatever it is called now; what that record became; the only one that
    bears exactly this name; the bodies into which such a string was split. Empty: nobody known.
    """
    moves = moves or Moves()
    held = _holding(keys.values())
    exact = match_all(keys)
    found: dict[str, tuple[int, ...]] = {}
    for name, key in keys.items():
        one = held.get(key) or None
        same = exact[name]
        found[name] = (
            ((one,) if one is not None else ())
            or moves.of_key(key)
            or ((same,) if same is not None else ())
            or moves.of_text(name)
        )
    there = _there({pk for pks in found.values() for pk in pks})
    return {name: tuple(pk for pk in pks if pk in there) for name, pks in found.items()}


def _holding(keys: Iterable[str]) -> dict[str, int]:
    wanted = sorted({key for key in keys if key})
    held: dict[str, int] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = Organisation.objects.filter(import_key__in=wanted[start : start + CHUNK]).order_by("pk")
        held.update(rows.values_list("import_key", "pk"))
    return held


def _there(pks: Iterable[int]) -> set[int]:
    wanted = sorted(pks)
    found: set[int] = set()
    for start in range(0, len(wanted), CHUNK):
        rows = Organisation.objects.filter(pk__in=wanted[start : start + CHUNK]).order_by()
        found.update(rows.values_list("pk", flat=True))
    return found
