"""Which registered organisations may be one body, and why, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from trama.core import facts
from trama.network.analysis import names
from trama.network.analysis.linkage import Link, Linked, link
from trama.network.analysis.pairs import Party
from trama.network.choices import ContactKind, Decision, Tier
from trama.network.contacts import digits_of
from trama.network.models import Organisation, OrganisationContact, OrganisationName, Proposal
from trama.territory import finding

# What two records are alike in, the most telling first, in the words of the page.
EVIDENCE: dict[str, str | Promise] = {
    "same_code": _("same tax code"),
    "same_mail": _("same e-mail"),
    "same_phone": _("same telephone"),
    "same_name": _("same name"),
    "name_but_form": _("same name but for the legal form"),
    "name_but_links": _("same name but for articles and prepositions"),
    "name_but_order": _("same words in another order"),
    "name_but_blanks": _("same name, written together or apart"),
    "initials": _("one bears the initials of the other"),
    "name_within": _("one name stands whole in the other"),
    "name_alike": _("names nearly the same"),
    "name_partly": _("names partly the same"),
    "name_place": _("of the names only the place is the same"),
    "by_other_name": _("by another name of one of them"),
    "same_address": _("same address"),
    "same_site": _("same site"),
    "same_place": _("same municipality"),
    "same_marks": _("same kind"),
    # What speaks against it.
    "other_code": _("different tax codes"),
    "other_phone": _("different telephones"),
    "other_place": _("different municipalities"),
    "other_kind": _("different kinds"),
}
AGAINST = frozenset({"other_code", "other_phone", "other_place", "other_kind"})
# Sites on which everybody has a page: the host tells nothing.
SHARED_HOSTS = ("facebook.com", "instagram.com", "youtube.com", "google.com", "linkedin.com", "bit.ly", "wordpress.com")
A_SLIP = 55.0  # from here on two words may be one, written with a slip (0 … 100)
BY_LIST = ":promoter:"  # keys of names met in a text beside something else: no list that names a body once


@dataclass(frozen=True)
class Pair:
    """Two organisations (ids, the smaller first) that may be one."""

    one: int
    other: int
    probability: float
    tier: str
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What a search found, and among how many."""

    pairs: tuple[Pair, ...]
    organisations: int
    compared: int
    learned: bool


def in_words(evidence: Iterable[str]) -> list[str]:
    """What speaks for a pair (or against it), in the language of the reader."""
    return [str(EVIDENCE[name]) for name in evidence if name in EVIDENCE]


def explained(one: Party, other: Party, found: Link) -> tuple[str, ...]:
    """In what two entries are alike, as keys of `EVIDENCE`, in its order."""
    alike = found.alike
    said = {name for name in alike if name in EVIDENCE and name != "initials"}
    said.add(_names_are(names.read(one.name), names.read(other.name), alike))
    if not (one.marks and other.marks):
        said.discard("same_marks")
    if one.marks and other.marks and one.marks.isdisjoint(other.marks):
        said.add("other_kind")
    if one.place and other.place and one.place != other.place:
        said.add("other_place")
    return tuple(name for name in EVIDENCE if name in said)


def _names_are(one: names.Name, other: names.Name, alike: dict[str, float]) -> str:
    if one.words == other.words:
        return "same_name"
    if one.telling == other.telling:
        return "name_but_form" if one.forms != other.forms else "name_but_links"
    if one.together == other.together:
        return "name_but_blanks"
    if sorted(one.telling) == sorted(other.telling):
        return "name_but_order"
    if "initials" in alike:
        return "initials"
    if alike.get("covered", 0) > 0.999:
        return "name_within"
    return "name_alike" if alike.get("letters", 0) >= 0.6 else "name_partly"


# --- the organisations that are registered ----------------------------------------------------------------------------
def site_of(address: str) -> str:
    """The site of an address without what varies; of a host where everybody has a page, the page."""
    parts = urlsplit(address if "//" in address else f"https://{address}")
    host, path = (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/").casefold()
    if host.endswith(SHARED_HOSTS):
        return f"{host}{path}" if path else ""
    return host


def municipalities() -> dict[int, tuple[str, str]]:
    """For each area its municipality (or itself, above that) and what is around it: the province, or the widest."""
    known = finding.nodes()
    found: dict[int, tuple[str, str]] = {}
    for pk, node in known.items():
        above = found.get(node.parent) if node.parent is not None else None
        if above is not None and _is_municipality(known, node.parent):
            found[pk] = above
        else:
            found[pk] = (node.code, (above[1] or above[0]) if above else "")
        if node.kind == "province":
            found[pk] = (node.code, node.code)
    return found


def _is_municipality(known: dict[int, finding.Node], pk: int | None) -> bool:
    while pk is not None:
        if known[pk].kind == "municipality":
            return True
        pk = known[pk].parent
    return False


def _home(places: dict[int, tuple[str, str]]) -> tuple[str, str]:
    """Where an organisation stands of which no area is known: in the municipality that the installation is about."""
    node = finding.nodes().get(finding.id_of(str(facts.facts().get(facts.HOME_AREA) or "")) or 0)
    return places[node.id] if node is not None and node.kind == "municipality" else ("", "")


def registered() -> list[Party]:
    """An entry for each organisation and for each other name of it. Those whose name names several are left out."""
    contacts: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    rows = OrganisationContact.objects.order_by().values_list("organisation", "kind", "value")
    for owner, kind, value in rows.iterator(chunk_size=5000):
        if kind in {ContactKind.PHONE, ContactKind.MOBILE} and len(digits := digits_of(value)) >= 6:
            contacts[owner]["phones"].add(digits)
        elif kind == ContactKind.EMAIL and "@" in value:
            contacts[owner]["mails"].add(value.strip().casefold())
        elif kind in {ContactKind.WEB, ContactKind.SOCIAL} and (site := site_of(value.strip())):
            contacts[owner]["sites"].add(site)
    others: dict[int, list[str]] = defaultdict(list)
    for owner, name in OrganisationName.objects.order_by("pk").values_list("organisation", "name"):
        others[owner].append(name)
    places = municipalities()
    home = _home(places)
    fields = ("pk", "name", "acronym", "area_id", "address", "tax_code", "kind_id", "source__key", "import_key")
    found = []
    bodies = Organisation.objects.filter(names_several=False).order_by("pk").values_list(*fields)
    for pk, name, acronym, area, address, tax_code, kind, source, key in bodies.iterator(chunk_size=5000):
        place, wider = places.get(area, home)
        reach = contacts.get(pk, {})
        listed = source and key and BY_LIST not in key
        common: dict[str, Any] = {
            "place": place,
            "wider": wider,
            "address": " ".join(names.words_of(address)),
            "marks": frozenset({kind} if kind else ()),
        }
        found.append(
            Party(
                (pk, 0),
                name,
                acronym,
                phones=frozenset(reach.get("phones", ())),
                mails=frozenset(reach.get("mails", ())),
                sites=frozenset(reach.get("sites", ())),
                tax_code=tax_code.strip().upper(),
                lists=frozenset({source} if listed else ()),
                **common,
            )
        )
        found += [Party((pk, number), other, **common) for number, other in enumerate(others.get(pk, ()), start=1)]
    return found


def decisions(parties: Sequence[Party]) -> dict[tuple[Hashable, Hashable], bool]:
    """What people said, for each pair of names: the names of one record are one body; those told apart are two."""
    of: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for party in parties:
        of[party.key[0]].append(party.key)  # type: ignore[index, arg-type]
    said: dict[tuple[Hashable, Hashable], bool] = {}
    for keys in of.values():
        said |= {(keys[0], other): True for other in keys[1:]}
    apart = Proposal.objects.filter(decision=Decision.DIFFERENT).order_by().values_list("one", "other")
    for one, other in apart:
        said |= dict.fromkeys(product(of.get(one, ()), of.get(other, ())), False)
    return said


# What is said while it goes on. No number of organisations: there are hidden ones.
STEPS = {
    "candidates": _("looking for names worth a comparison"),
    "features": _("%(count)s pairs are being compared"),
    "weights": _("the weights are learned from %(count)s pairs"),
}


def seek(progress: Callable[[str], None] | None = None) -> Found:
    """Compare all the registered organisations. Nothing is written."""
    say = progress or (lambda text: None)
    say(str(_("reading the names")))
    parties = registered()
    bodies = len({party.key[0] for party in parties})  # type: ignore[index]
    linked = link(parties, decisions(parties), lambda step, count: say(str(STEPS[step]) % {"count": count}))
    unplaced = frozenset(Organisation.objects.filter(area=None).order_by().values_list("pk", flat=True))
    return Found(tuple(_pairs(parties, linked, unplaced)), bodies, linked.compared, linked.learned_from_lists)


def _place_names() -> dict[str, list[frozenset[str]]]:
    """The words of the name of each area, by each of its words."""
    found: dict[str, list[frozenset[str]]] = defaultdict(list)
    for node in finding.nodes().values():
        words = frozenset(names.words_of(node.name))
        for word in words:
            found[word].append(words)
    return found


def _but_for_place(
    one: Party, other: Party, evidence: tuple[str, ...], places: dict[str, list[frozenset[str]]]
) -> tuple[str, ...]:
    """The reasons, where “nearly the same” is not said of names that have words of their own, nor of a place alone."""
    if not {"name_alike", "name_partly"} & set(evidence) or not _called_otherwise(one, other):
        return evidence
    first, second = (names.read(party.name).telling for party in (one, other))
    both = frozenset(first) & frozenset(second)
    is_place = bool(both) and any(both <= words for words in places.get(min(both), ()))
    said = {*evidence, "name_place" if is_place else "name_partly"} - {"name_alike"}
    return tuple(name for name in EVIDENCE if name in (said - {"name_partly"} if is_place else said))


def _called_otherwise(one: Party, other: Party) -> bool:
    """Whether each name has words of its own that the other has not, not even with a slip of the pen."""
    from rapidfuzz import fuzz

    first, second = (names.read(party.name).telling for party in (one, other))
    own, theirs = (
        "".join(word for word in mine if len(word) > 2 and word not in others)
        for mine, others in ((first, second), (second, first))
    )
    return bool(own and theirs) and fuzz.ratio(own, theirs) < A_SLIP


def _pairs(parties: Sequence[Party], linked: Linked, unplaced: frozenset[int]) -> list[Pair]:
    """One pair for each two organisations: the most probable of their names, with all that speaks for it.

    Of the `unplaced` it is not said where they stand, since nobody wrote it.
    """
    best: dict[tuple[int, int], Pair] = {}
    places = _place_names()
    for found in linked.links:  # the most probable first
        one, other = parties[found.one], parties[found.other]
        keys: Any = (one.key, other.key)
        (a, alias), (b, other_alias) = keys
        if a == b:
            continue
        evidence = _but_for_place(one, other, explained(one, other, found), places)
        if a in unplaced or b in unplaced:
            evidence = tuple(name for name in evidence if name not in {"same_place", "other_place"})
        if alias or other_alias:
            evidence = tuple(name for name in EVIDENCE if name in {*evidence, "by_other_name"})
        key = (min(a, b), max(a, b))
        # A parish and its Caritas bear one name and are two: what is of different kinds is never more than possible;
        # nor is, where no lists taught how much that tells, what has words of its own (“del Tiglio”, “della Quercia”).
        two = "other_kind" in evidence or (not linked.learned_from_lists and _called_otherwise(one, other))
        two = two and not {"same_code", "same_mail", "same_phone"} & set(evidence)
        if key not in best:
            probability, tier = (min(found.probability, 0.4), Tier.POSSIBLE) if two else (found.probability, found.tier)
            best[key] = Pair(*key, min(probability, 0.99), tier, evidence)
        else:
            first = best[key]
            more = {name for name in evidence if name.startswith("same_") and name != "same_name"}
            joined = tuple(name for name in EVIDENCE if name in {*first.evidence, *more})
            best[key] = Pair(*key, first.probability, first.tier, joined)
    return list(best.values())
