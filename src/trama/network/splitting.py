"""A string that names several bodies, cut into their names: a proposal for a person, never done by itself."""

from __future__ import annotations

import re
from collections.abc import Collection

from trama.core.search import fold
from trama.network.models import normalised
from trama.network.wordlists import BODY_WORDS, OFFICE_WORDS

_OF = r"(?:d(?:a|i|al|allo|alla|ai|agli|alle|el|ello|ella|ei|egli|elle)\b|d?[ae]ll['’?]|con\b|tra\b|a\b|all['’?])?"
# Words that say how bodies stand to each other: a name ends before them, another begins after.
_BETWEEN = re.compile(
    r"[\s,\-–.]*(?:"
    r"\n|;|_|\s/\s|\s[–-]\s(?=ente\b)|\bpartner:"
    r"|(?:\be\s+)?\b(?:gestit|promoss|organizzat|svolt|realizzat|affidat)[oaie]\s+(?:con\s+il\s+sostegno\s+)?"
    + _OF
    + r""
    r"|\bin\s+(?:stretta\s+)?collaborazione\s+"
    + _OF
    + r"|\bin\s+rete\s+"
    + _OF
    + r"|(?-i:\binsieme\s+(?:a|al|alla|ad|con)\b)"
    r""
    r"|\b(?:con\s+)?(?:il\s+)?(?:contributo|sostegno|supporto|patrocinio)\s+" + _OF + r""
    r"|\bente\s+(?:gestore|promotore)\b|\bpresso\b|\bper\s+(?:il\b|la\b|l['’?]|conto\s+\w+)(?=\s*(?:Comune|Ausl|Azienda|Asp|Quartiere|Regione|Citt))"
    r")[\s,:\-–]*",
    re.IGNORECASE,
)
_ENTRUSTED = re.compile(r"\s+a(?:l|lla|ll['’?])?\s+(?=[A-Z])")
# What stands before a name and names nobody.
_NOBODY = re.compile(
    r"^(?:(?:un |il )?(?:servizio|progetto|attivit[àa]|iniziativa)\b(?:\s+d(?:el|al) terzo settore)?"
    r"(?:\s+d(?:i|el|ella|ell['’?])\s*)?|terzo settore)[\s:,\-–]*",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"^(?:(?:il|lo|la|i|gli|le|e|ed|di|del|dello|della|dei|delle|dal|dalla|con|tra)\s+|(?:d?e?[la]?ll|l)['’?])+", re.I
)
_FORM = re.compile(r"\b(?:odv|aps|onlus|ets|asd|ssd)\b", re.IGNORECASE)
_BRACKETS = re.compile(r"\([^)]*\)?")


def bodies_in(text: str, known: Collection[str] = ()) -> list[str]:
    """The names that a string seems to hold, in order, each once. `known`: normalised names that bodies bear.

    Commas, conjunctions and words such as “in collaborazione con” part names; what stands between brackets belongs to
    the name before; an office after a comma belongs to the body that it is an office of.
    """
    hidden: list[str] = []

    def hide(found: re.Match[str]) -> str:
        hidden.append(found[0])
        return f"\x01{len(hidden) - 1}\x01"

    lines = "\n".join(" ".join(line.split()) for line in text.splitlines())
    parts: list[str] = []
    entrusted = re.search(r"\baffidat[oa]\b", lines, re.IGNORECASE)
    for piece in _BETWEEN.split(_BRACKETS.sub(hide, lines)):
        for lesser in _ENTRUSTED.split(piece) if entrusted else [piece]:
            parts += _listed(lesser, known)
    found: dict[str, str] = {}
    for part in parts:
        name = re.sub(r"\x01(\d+)\x01", lambda at: hidden[int(at[1])], _cleaned(part))
        if len(normalised(name)) > 2:
            found.setdefault(normalised(name), name)
    return list(found.values())


def _cleaned(part: str) -> str:
    part = part.strip(" ,;:.-–_")
    before = None
    while part != before:
        before = part
        part = _LEADING.sub("", _NOBODY.sub("", part)).strip(" ,;:.-–_")
    return part


def _listed(text: str, known: Collection[str]) -> list[str]:
    """Names between commas; an office goes with the name before."""
    parts: list[str] = []
    for part in text.split(","):
        first = fold(part.strip()).partition(" ")[0]
        if parts and part.strip() and (first in OFFICE_WORDS or not part.strip()[:1].isupper()):
            parts[-1] = f"{parts[-1]},{part}"
        else:
            parts.append(part)
    several = len([part for part in parts if part.strip()]) > 1
    return [name for part in parts for name in _joined(part, known, several)]


def _joined(text: str, known: Collection[str], in_list: bool) -> list[str]:
    """Two names joined by “e”, or written one after the other."""
    for found in re.finditer(r"\s+ed?\s+(?:la |il |lo |le |l['’?])?", text):
        before, after = text[: found.start()].strip(), text[found.end() :].strip()
        if not before or not after[:1].isupper():
            continue
        first = fold(after.split()[0]).strip(".,'’?")
        either = {normalised(_cleaned(before)), normalised(_cleaned(after))}
        one_word = before.isupper() or (in_list and len(before.split()) <= 2)
        if first in BODY_WORDS or _FORM.search(after) or one_word or not either.isdisjoint(known):
            return [before, *_joined(after, known, in_list)]
    for found in re.finditer(r"\s+(?=[A-Z])", text):
        before, after = text[: found.start()], text[found.end() :]
        first = fold(after.split()[0]).strip(".,'’?")
        # One after the other only when the first is known as a body by itself and the second begins as bodies do.
        alone = normalised(_cleaned(before))
        if first in BODY_WORDS and alone in known and alone not in BODY_WORDS:
            return [before, *_joined(after, known, in_list)]
    return [text]
