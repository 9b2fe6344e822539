"""Finding an organisation by a name as somebody wrote it: the very same one, or those it may be confused with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from trama.core.actor import Actor
from trama.core.search import fold
from trama.network.models import Organisation, OrganisationName, normalised
from trama.network.wordlists import BODY_WORDS, COMMON_WORDS, OFFICE_WORDS

LIKE_ENOUGH = 72.0  # from here two names are shown as look-alikes (0 … 100)
MOST_CANDIDATES = 4000


def match_organisation(name: str) -> Organisation | None:
    """The one organisation that bears exactly this name (case, accents and punctuation apart), or another name of it.

    None when nobody does, and also when several do: then a person must choose.
    """
    found = match_all([name])[name]
    return Organisation.objects.get(pk=found) if found is not None else None


def match_all(names: Iterable[str]) -> dict[str, int | None]:
    """For each name the id of the only organisation that bears it exactly, else None. Two queries, however many."""
    wanted = {name: normalised(name)[:250] for name in names}
    owners: dict[str, set[int]] = {}
    keys = sorted(set(wanted.values()) - {""})
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        for model, pk in ((Organisation, "pk"), (OrganisationName, "organisation")):
            rows = model._default_manager.filter(normalised_name__in=part).order_by(pk)
            for key, owner in rows.values_list("normalised_name", pk):
                owners.setdefault(key, set()).add(owner)
    return {name: next(iter(owners[key])) if len(owners.get(key, ())) == 1 else None for name, key in wanted.items()}


@dataclass(frozen=True)
class LookAlike:
    """An organisation whose name resembles what was typed; `likeness` from 0 to 100."""

    pk: int
    name: str
    area: str
    likeness: float


def suggest(name: str, actor: Actor, limit: int = 5, but: int | None = None) -> list[LookAlike]:
    """Organisations that the actor may see and whose name (or another name) resembles this one, most alike first."""
    from rapidfuzz import fuzz

    key = normalised(name)
    if len(key) < 3:
        return []
    telling = _telling(key)
    visible = Organisation.objects.visible_to(actor)
    near = _near(telling or key.split())
    rows = list(visible.filter(near).order_by("pk").values_list("pk", "normalised_name")[:MOST_CANDIDATES])
    others = OrganisationName.objects.filter(near, organisation__in=visible).order_by("pk")
    rows += others.values_list("organisation", "normalised_name")[:MOST_CANDIDATES]
    scores: dict[int, float] = {}
    mine = " ".join(telling) or key
    for pk, other in rows:
        if pk == but:
            continue
        whole = fuzz.token_sort_ratio(key, other)
        part = fuzz.token_set_ratio(mine, " ".join(_telling(other)) or other)
        score = max(whole, 0.35 * whole + 0.65 * part)
        if score >= LIKE_ENOUGH and score > scores.get(pk, 0.0):
            scores[pk] = score
    best = sorted(scores, key=lambda pk: (-scores[pk], pk))[:limit]
    names = {
        pk: (title, area or "")
        for pk, title, area in visible.filter(pk__in=best).order_by("pk").values_list("pk", "name", "area__name")
    }
    return [LookAlike(pk, *names[pk], round(scores[pk], 1)) for pk in best if pk in names]


def _telling(key: str) -> list[str]:
    return [word for word in key.split() if word not in COMMON_WORDS]


def _near(words: list[str]) -> Q:
    """Rows that share the beginning or the end of one of the words: cheap for the database, kind to typing errors."""
    condition = Q()
    for word in words[:8]:
        for piece in {word[:3], word[-3:]}:
            condition |= Q(normalised_name__contains=piece)
    return condition


# --- one string, several bodies -------------------------------------------------------------------------------------
_SURELY = re.compile(
    r"\bin (stretta )?collaborazione\b|\bin rete con\b|\binsieme (a|al|alla|con)\b"
    r"|\bcon (il )?(contributo|sostegno|supporto)\b"
    r"|\bpatrocinio\b|\bente gestore\b|\bpartner:|\baffidat[oa] d\w+ .+ a\w* |;",
    re.IGNORECASE,
)
# “X gestito da Y”, “promossa da Y”, “X presso Y”: two bodies when something that is a name stands before it.
_BY = re.compile(
    r"[\s,\-–]*\b(?:gestit|promoss|organizzat|svolt|realizzat)[oaie] d\w*\b['’?]?|\bpresso\b", re.IGNORECASE
)
_FOR = re.compile(r"\bper (?:il|l['’?]|la|conto d\w+)\s*(?=[A-Z])")
# What stands before the name and names nobody: “Servizio del terzo settore gestito da …”.
_NOBODY = re.compile(
    r"^\s*(?:(?:un |il )?(?:servizio|progetto|attivit[àa]|ente promotore|iniziativa)\b"
    r"(?:\s+(?:del|dal) terzo settore|\s+d(?:i|el|ella|ell['’?]))?)?[\s,:\-–]*$",
    re.IGNORECASE,
)


def names_several(text: str) -> bool:
    """Whether a string seems to name several bodies. It only marks for a person to look: nothing is split by it."""
    text = text.strip().strip(",")
    if len([line for line in text.splitlines() if len(line.strip()) > 2]) > 1:
        return True
    text = re.sub(r"\([^)]*\)", " ", " ".join(text.split()))
    if _SURELY.search(text):
        return True
    for cut in (_BY, _FOR):
        for found in cut.finditer(text):
            if not _NOBODY.match(text[: found.start()]) and text[found.end() :].strip():
                return True
    text = _BY.sub(" ", text)
    return _listed(text) or _joined(text)


def _listed(text: str) -> bool:
    """Names between commas: each part begins with a capital and is no office of the first."""
    parts = [part.strip() for part in text.split(",")]
    return len(parts) > 1 and any(
        part[:1].isupper() and not fold(part).startswith(tuple(OFFICE_WORDS)) and parts[0] for part in parts[1:]
    )


def _joined(text: str) -> bool:
    """Two bodies joined by “e”, “/” or “_”: what follows begins as the name of a body does."""
    for found in re.finditer(r"\s+ed?\s+(?:la |il |lo |l['’?])?|\s*[/_]\s*", text):
        before, after = text[: found.start()].split(), text[found.end() :].split()
        if before and after and fold(after[0]).strip(".,'’?") in BODY_WORDS:
            return True
    return False
