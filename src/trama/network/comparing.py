"""Two organisations side by side, and groups of certain ones, as the pages show them. Nothing is written."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from trama.core.actor import Actor
from trama.core.declarations import links_to
from trama.network import permissions
from trama.network.choices import Decision, Tier, Visibility
from trama.network.merging import column_of
from trama.network.models import Organisation, Proposal, normalised
from trama.territory import finding
from trama.ui.numbers import day

MOST_GROUPS = 40


@dataclass(frozen=True)
class Line:
    """One field of two records: its key among the choices, its name, both values as they are read."""

    key: str
    label: str
    values: tuple[str, str]

    @property
    def differs(self) -> bool:
        return self.values[0] != self.values[1]

    @property
    def is_choice(self) -> bool:
        """Whether both say something, and not the same."""
        return self.differs and all(self.values)


@dataclass
class Group:
    """Records that are certainly one: which is kept, which become part of it, and why."""

    kept: Organisation
    gone: list[Organisation]
    pairs: list[Proposal] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What the page sends back: a group of which anything changed meanwhile has another."""
        rows = sorted([self.kept, *self.gone], key=lambda row: row.pk)
        moments = " ".join([str(self.kept.pk), *(row.edited_at.isoformat() for row in rows)])
        return "-".join([*(str(row.pk) for row in rows), hashlib.sha256(moments.encode()).hexdigest()[:16]])


def _yes_no(value: bool | None) -> str:
    return "" if value is None else _("yes") if value else _("no")


def lines(one: Organisation, other: Organisation) -> list[Line]:
    """The fields of two records, those that both leave empty left out."""

    def read(of: Organisation) -> dict[str, tuple[str, str]]:
        return {
            "name": (_("name"), of.name),
            "acronym": (_("acronym"), of.acronym),
            "kind": (_("kind"), of.kind.label if of.kind else ""),
            "area": (_("area"), " › ".join(node.name for node in finding.path_of(of.area_id)[-2:])),
            "address": (_("address"), of.address),
            "description": (_("what it does"), of.description),
            "tax_code": (_("tax code"), of.tax_code),
            "runts_number": (_("RUNTS number"), of.runts_number),
            "is_ets": (_("third-sector body"), _yes_no(of.is_ets)),
            "is_formal": (_("formally constituted"), _yes_no(of.is_formal)),
            "is_public_body": (_("public body"), _yes_no(of.is_public_body)),
            "founded_year": (_("since"), str(of.founded_year or "")),
            "closed_on": (_("closed on"), day(of.closed_on) if of.closed_on else ""),
        }

    first, second = read(one), read(other)
    found = [Line(key, label, (value, second[key][1])) for key, (label, value) in first.items()]
    return [line for line in found if any(line.values)]


def kept_together(organisation: Organisation, actor: Actor) -> list[tuple[str, list[str]]]:
    """What needs no choice, since all of it is kept: other names, contacts, seats, how much points to the record."""
    abilities = permissions.abilities(actor, organisation.area_id, organisation.pk)
    contacts = organisation.contacts.order_by("kind", "id")
    if not abilities["see_private_contacts"]:
        contacts = contacts.filter(visibility=Visibility.PUBLIC)
    found = [
        (_("also called"), list(organisation.other_names.order_by("name").values_list("name", flat=True))),
        (_("contacts"), [f"{row.get_kind_display()}: {row.value}" for row in contacts]),
        (_("other seats"), [str(seat) for seat in organisation.seats.order_by("id")]),
        (_("source"), [organisation.source.title] if organisation.source else []),
    ]
    counts = [
        f"{count} {linked.model._meta.verbose_name if count == 1 else linked.model._meta.verbose_name_plural}"
        for linked in links_to(Organisation)
        if linked.model._meta.app_label != "network"
        and (count := linked.model._default_manager.filter(**{linked.field: organisation.pk}).count())
    ]
    found.append((_("what points to it"), counts))
    return [(label, values) for label, values in found if values]


def weights(pks: Sequence[int]) -> dict[int, int]:
    """How much hangs on each organisation: links of every app."""
    found: dict[int, int] = defaultdict(int)
    for linked in links_to(Organisation):
        if linked.model is Proposal:
            continue
        rows = linked.model._default_manager.filter(**{f"{linked.field}__in": list(pks)}).order_by()
        column = column_of(linked.model, linked.field)
        for pk in rows.values_list(column, flat=True):
            found[pk] += 1
    return found


def _filled(organisation: Organisation) -> int:
    said = ("kind_id", "area_id", "address", "tax_code", "description", "confirmed_on")
    return sum(getattr(organisation, name) not in (None, "") for name in said)


def fuller_first(organisations: Iterable[Organisation], hanging: Mapping[int, int] | None = None) -> list[Organisation]:
    """The record to keep first: the one on which most hangs, then the one that says most, then the oldest."""
    rows = list(organisations)
    hanging = weights([row.pk for row in rows]) if hanging is None else hanging
    return sorted(rows, key=lambda row: (-hanging.get(row.pk, 0), -_filled(row), row.pk))


def certain_groups(actor: Actor) -> list[Group]:
    """What may be merged without looking at each: certain pairs that the actor may decide, as groups.

    A group of which any two were told apart, or put off, is left to be looked at pair by pair.
    """
    rows = Proposal.objects.decidable_by(actor).filter(tier=Tier.CERTAIN)
    pairs = list(rows.open().select_related("one__area", "other__area", "one__kind", "other__kind"))
    root: dict[int, int] = {}

    def top(pk: int) -> int:
        while root.get(pk, pk) != pk:
            pk = root[pk]
        return pk

    for pair in pairs:
        root[top(pair.one_id)] = top(pair.other_id)
    members: dict[int, dict[int, Organisation]] = defaultdict(dict)
    of: dict[int, list[Proposal]] = defaultdict(list)
    for pair in pairs:
        at = top(pair.one_id)
        members[at] |= {pair.one_id: pair.one, pair.other_id: pair.other}
        of[at].append(pair)
    doubted = Proposal.objects.decidable_by(actor).filter(decision__in=[Decision.DIFFERENT, Decision.LATER])
    doubts = [
        (one, other) for one, other in doubted.order_by().values_list("one", "other") if one in root or other in root
    ]
    doubtful = {top(one) for one, other in doubts if top(one) == top(other)}
    chosen = [at for at in members if at not in doubtful][:MOST_GROUPS]
    hanging = weights([pk for at in chosen for pk in members[at]])
    groups = []
    for at in chosen:
        first, *rest = fuller_first(members[at].values(), hanging)
        groups.append(Group(first, rest, of[at]))
    return sorted(groups, key=lambda group: normalised(group.kept.name))
