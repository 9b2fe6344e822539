"""Which area a cell means: by name (“Borgo”, “Borgo (Imola)”, “Comune di Imola”) or by code, among those in force."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from trama.core.facts import HOME_AREA, facts
from trama.intake.registers.cells import Unreadable, named_of, text_of
from trama.network.models import normalised
from trama.territory import finding
from trama.territory.choices import RANK, AreaKind
from trama.territory.models import Area

# What a header says of the kind of the areas under it.
KINDS = (
    (re.compile(r"\bcomun[ei]\b|municipalit|\bcitta\b|\btown\b|\bcity\b"), AreaKind.MUNICIPALITY),
    (re.compile(r"\bquartier[ei]\b|\bdistrict|circoscrizion|\bmunicipi[oi]\b"), AreaKind.DISTRICT),
    (re.compile(r"\bfrazion[ei]\b|\bhamlet"), AreaKind.HAMLET),
    (re.compile(r"\bzon[ae]\b"), AreaKind.ZONE),
    (re.compile(r"\bstatistic[ah]"), AreaKind.STATISTICAL_AREA),
)
BEFORE = re.compile(r"^(?:comune|citta|quartiere|frazione|circoscrizione|zona|municipio|localita)\s+(?:di\s+)?")
MOST_NEAR = 2000  # names among which a near one is looked for


@dataclass
class Areas:
    """The areas in force by what files call them."""

    by_name: dict[str, list[int]] = field(default_factory=dict)
    by_code: dict[str, int] = field(default_factory=dict)
    above: dict[int, frozenset[int]] = field(default_factory=dict)  # each with all above it, itself included
    home: frozenset[int] = frozenset()

    @classmethod
    def here(cls) -> Areas:
        """Those of this installation."""
        found = cls()
        nodes = finding.nodes()
        rows = Area.objects.in_force().order_by("pk")
        for pk, code, name, others, local in rows.values_list("pk", "code", "name", "other_names", "local_code"):
            for one in {normalised(text) for text in (name, *others.splitlines()) if text.strip()}:
                found.by_name.setdefault(one, []).append(pk)
            found.by_code[_bare(code)] = pk
            if local:
                found.by_code.setdefault(_bare(local), pk)
        for pk, node in nodes.items():  # in the order of the tree: parents first
            over = found.above.get(node.parent, frozenset()) if node.parent is not None else frozenset()
            found.above[pk] = over | {pk}
        home = finding.id_of(str(facts().get(HOME_AREA) or ""))
        found.home = frozenset(pk for pk, over in found.above.items() if home in over) if home else frozenset()
        return found

    def called(self, text: str, kind: str = "") -> list[int]:
        """The areas that a text may mean; of several those of the kind that the header says, then those at home."""
        found = self._bearing(text_of(text))
        for choose in (self._of_kind(found, kind), [pk for pk in found if pk in self.home]):
            if choose and len(found) > 1:
                found = [pk for pk in found if pk in choose]
        return found

    def _bearing(self, text: str) -> list[int]:
        key = normalised(text)
        if key in self.by_name:
            return self.by_name[key]
        name, over = named_of(text)
        if not over and "," in text:
            name, _comma, over = (part.strip() for part in text.partition(","))
        if over:
            wide = set(self.by_name.get(normalised(over), ()))
            return [pk for pk in self.by_name.get(normalised(name), ()) if wide & self.above.get(pk, frozenset())]
        return self.by_name.get(BEFORE.sub("", key), [])

    def _of_kind(self, found: list[int], kind: str) -> list[int]:
        nodes = finding.nodes()
        return [pk for pk in found if kind and nodes[pk].kind == kind]

    def one(self, text: str, kind: str = "", near: Iterable[int] = ()) -> int:
        """The area that a text means; `near` are areas that are known of the record (its point, what it was).

        Raises Unreadable when there is none, or when several may be meant.
        """
        found = self.called(text, kind)
        if len(found) > 1:
            said = {pk for area in near for pk in self.above.get(area, ())}
            found = [pk for pk in found if pk in said] or found
        if len(found) > 1:
            # One within the other (a municipality and its hamlet of the same name): the wider one is meant.
            nodes = finding.nodes()
            widest = min(found, key=lambda pk: RANK[nodes[pk].kind])
            if all(widest in self.above[pk] for pk in found):
                found = [widest]
        if len(found) == 1:
            return found[0]
        raise Unreadable(self._why_not(text_of(text), found))

    def told(self, text: str) -> int:
        """The area that our exports call so, “Est (EST)”, or that bears this name."""
        _name, code = named_of(text)
        found = self.by_code.get(_bare(code)) if code else None
        return self.one(text) if found is None else found

    def coded(self, text: str) -> int:
        """The area that bears this code (leading zeros apart)."""
        found = self.by_code.get(_bare(text))
        if found is None:
            raise Unreadable(_("no area has the code “%(name)s”") % {"name": text_of(text)[:60]})
        return found

    def _why_not(self, text: str, found: list[int]) -> str:
        words = {"name": text[:60]}
        if found:
            nodes = finding.nodes()
            over = [nodes[node.parent].name for pk in found[:4] if (node := nodes[pk]).parent is not None]
            if len(set(over)) > 1:
                words["example"] = f"{nodes[found[0]].name} ({over[0]})"
                return _("several areas are called “%(name)s”: write which one, like “%(example)s”") % words
            return _("several areas are called “%(name)s”: write the code of the area") % words
        if len(self.by_name) <= MOST_NEAR:
            near = difflib.get_close_matches(normalised(text), list(self.by_name), n=1)
            if near:
                words["near"] = finding.name_of(self.by_name[near[0]][0])
                return _("no area is called “%(name)s”: did you mean “%(near)s”?") % words
        return _("no area is called “%(name)s”") % words

    def lies_in(self, narrow: int | None, wide: int | None) -> bool:
        """Whether an area is another one or lies in it."""
        return narrow is not None and wide is not None and wide in self.above.get(narrow, frozenset())


def kind_of_header(header: str) -> str:
    """The kind of area that a header speaks of; empty when it says none."""
    name = normalised(header)
    return next((str(kind) for pattern, kind in KINDS if pattern.search(name)), "")


def _bare(code: str) -> str:
    return code.strip().removesuffix(".0").lstrip("0").casefold() or "0"
