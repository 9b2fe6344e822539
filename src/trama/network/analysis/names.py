"""The name of a body, read: its words, its legal form, its initials.

“A.S.D. Polisportiva San Giorgio (Piacenza)” → its words, the form “asd”, the rest, and the rest written as one word,
by which “Bagnacaval lo” and “Bagnacavallo” meet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# Words that say of what legal kind a body is, and not which one: written, abbreviated or left out at will.
_FORMS = """
    onlus odv aps asd ssd asc apsd ets ass assoc associaz associazione associazioni ente fondazione fond
    societa soc coop cooperativa cooperative sociale sociali consorzio srl srls scrl scarl scs scsrl arl spa scpa rl
    responsabilita limitata organizzazione volontariato promozione sportiva sportivo dilettantistica dilettantistico
"""
FORMS = frozenset(_FORMS.split())
# Words between words.
_LINKS = """
    a ad ai al alla alle allo agli con d da dal dalla dai dei del della delle dello degli di e ed fra gli i il in l
    la le lo nei nel nella nelle o per su sul sulla tra un una c n
"""
LINKS = frozenset(_LINKS.split())
_DOTTED = re.compile(r"(?<![a-z0-9])(?:[a-z]\s?\.\s?){2,}(?:[a-z](?![a-z0-9]))?")
_OTHER = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Name:
    """A name as it is compared. `words` are in order; `telling` are those that tell which body it is."""

    words: tuple[str, ...]
    telling: tuple[str, ...]
    forms: frozenset[str]
    together: str  # the telling words, written as one
    initials: str  # of all words but those between words


def fold(text: str) -> str:
    """Lower case, in plain letters: accents go, and so does what has no plain letter."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode("ascii")


def words_of(text: str) -> list[str]:
    """The words of a name; letters with points between them are one word: “A. V. I. S.” is “avis”."""
    joined = _DOTTED.sub(lambda found: f" {_OTHER.sub('', found.group())} ", fold(text))
    return [word for word in _OTHER.split(joined) if word]


def read(text: str) -> Name:
    """A name, read. One that has nothing but forms and links keeps them: something must tell it from others."""
    words = words_of(text)
    plain = [word for word in words if word not in LINKS]
    telling = [word for word in plain if word not in FORMS] or plain or words
    return Name(
        words=tuple(words),
        telling=tuple(telling),
        forms=frozenset(word for word in words if word in FORMS),
        together="".join(telling),
        initials="".join(word[0] for word in plain),
    )


def shortened(short: Iterable[str], longer: Name) -> bool:
    """Whether one of these short words is made of initials of the other name: “ANMIC” and its name in full."""
    initials = longer.initials
    return any(word in initials and word not in longer.words for word in short)
