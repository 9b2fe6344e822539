"""Which pairs may be one body: sought anew, and what people say of each."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import bulk
from trama.core.actor import Actor
from trama.core.history import record, state_of
from trama.network import permissions
from trama.network.actions.keeping import refuse_unless
from trama.network.actions.uniting import may_merge
from trama.network.choices import Decision
from trama.network.duplicates import Found, seek
from trama.network.models import Organisation, Proposal


def propose(actor: Actor, progress: Callable[[str], None] | None = None) -> Found:
    """Seek duplicates among all organisations anew. What people decided stays; the rest is replaced."""
    if not actor.everywhere(permissions.KEEPERS):
        raise PermissionDenied(_("Only who keeps the whole territory may seek duplicates."))
    found = seek(progress)
    with transaction.atomic():
        decided = Proposal.objects.exclude(decision="")
        known = {frozenset(pair) for pair in decided.order_by().values_list("one", "other")}
        Proposal.objects.filter(decision="").delete()
        there = set(Organisation.objects.order_by().values_list("pk", flat=True))
        rows = [
            Proposal(
                one_id=pair.one,
                other_id=pair.other,
                probability=round(pair.probability, 4),
                tier=pair.tier,
                evidence=list(pair.evidence),
            )
            for pair in found.pairs
            if {pair.one, pair.other} <= there and frozenset((pair.one, pair.other)) not in known
        ]
        bulk.insert(rows)
        extra = {"organisations": found.organisations, "pairs": len(rows), "learned_from_lists": found.learned}
        record(actor, "sought_duplicates", extra=extra)
    return found


def decide(actor: Actor, proposal: Proposal, decision: str) -> Proposal:
    """Remember what a person says of a pair: not the same, or later (or nothing any more)."""
    with transaction.atomic():
        proposal = Proposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
        refuse_unless(may_merge(actor, proposal.one, proposal.other))
        if decision not in {Decision.DIFFERENT, Decision.LATER, ""}:
            raise ValueError(f"a decision of its own is made by merging: {decision}")
        before = state_of(proposal)
        proposal.decision, proposal.decided_by_id, proposal.decided_at = decision, actor.user, timezone.now()
        proposal.save(update_fields=["decision", "decided_by", "decided_at"])
        record(actor, "judged_pair", proposal, before)
    return proposal
