"""Texts of strangers, made fit to be read: signs that nobody sees, and that turn a text around, are found here."""

from __future__ import annotations

import re

# Control characters, marks of direction, joiners, halves of a sign.
UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffe\ud800-\udfff]"
)
# Left behind by programs; taken out without a word.
HARMLESS = frozenset("\ufeff\u200e\u200f\u2060")
LONGEST = 80


def shown(text: str) -> str:
    """A text of a stranger, fit to stand in a sentence: what cannot be seen is made visible, what is long is cut."""
    seen = "".join(char if char.isprintable() else f"[U+{ord(char):04X}]" for char in text[: LONGEST + 1])
    return seen if len(seen) <= LONGEST else f"{seen[: LONGEST - 1]}…"


def legible(text: str) -> str:
    """The text without the signs that nobody sees."""
    return UNSEEN.sub("", text)
