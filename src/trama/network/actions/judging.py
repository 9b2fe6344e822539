"""Which pairs may be one body: sought anew, and what people say of each."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import bulk
from trama.core.actor import Actor
from trama.core.history import record, state_of
from trama.network import permissions, seeking
from trama.network.actions.uniting import may_merge
from trama.network.choices import Decision
from trama.network.duplicates import Found, seek
from trama.network.keeping import refuse_unless
from trama.network.models import Organisation, OrganisationName, Proposal, Seeking

AT_ONCE = 4000  # so many names are compared in about a second; for more a process of its own goes on with it


def ask_for_search(actor: Actor, language: str, launch: Callable[[Seeking, str], None] | None = None) -> Seeking:
    """Have duplicates sought: at once where they are few, else by a process of its own that tells how far it is.

    While one is under way no other begins: that one is given.
    """
    if not permissions.may_seek(actor):
        raise PermissionDenied(_("Only who keeps a territory may have duplicates sought."))
    with transaction.atomic():
        last = Seeking.objects.select_for_update(of=("self",)).order_by("-pk").first()
        if last is not None and last.is_running:
            return last
        search = Seeking.objects.create(asked_by_id=actor.user)
        record(actor, "asked_for_duplicates", search)
    if launch is None and Organisation.objects.count() + OrganisationName.objects.count() <= AT_ONCE:
        propose(actor, search=search)
    else:
        (launch or seeking.launch)(search, language)
    return search


def propose(actor: Actor, progress: Callable[[str], None] | None = None, search: Seeking | None = None) -> Found:
    """Seek duplicates among all organisations anew. What people decided stays; the rest is replaced."""
    if not (permissions.may_seek(actor) or actor.everywhere(permissions.KEEPERS)):
        raise PermissionDenied(_("Only who keeps a territory may have duplicates sought."))
    mine = Seeking.objects.filter(pk=(search or Seeking.objects.create(asked_by_id=actor.user)).pk)

    def say(text: str) -> None:
        mine.update(says=text[:200], said_at=timezone.now())
        if progress is not None:
            progress(text)

    try:
        found = seek(say)
        _replace_proposals(actor, found, mine)
    except BaseException:
        mine.update(failed=True, ended_at=timezone.now())
        raise
    return found


def _replace_proposals(actor: Actor, found: Found, mine: QuerySet[Seeking]) -> None:
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
        mine.update(ended_at=timezone.now(), organisations=found.organisations, pairs=len(rows))
        extra = {"organisations": found.organisations, "pairs": len(rows), "learned_from_lists": found.learned}
        record(actor, "sought_duplicates", extra=extra)


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
