"""Which pairs may be one body: sought anew, and what people say of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from trama.core import bulk
from trama.core.actor import Actor
from trama.core.history import record, state_of
from trama.network import permissions, seeking
from trama.network.actions.uniting import may_merge, merge
from trama.network.choices import Decision
from trama.network.duplicates import Found, seek
from trama.network.keeping import ChangedMeanwhile, refuse_unless
from trama.network.models import Merge, Organisation, OrganisationName, Proposal, Seeking

AT_ONCE = 4000  # so many names are compared in about a second; for more a process of its own goes on with it
CHUNK = 500


class DecidedMeanwhile(ChangedMeanwhile):
    """Somebody said something else of the pair after this page was opened. Nothing was written."""

    def __init__(self, proposal: Proposal) -> None:
        super().__init__()
        self.proposal = proposal


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
        # A pair that is found again keeps its row, and so its address.
        held = {frozenset((row.one_id, row.other_id)): row for row in Proposal.objects.select_for_update(of=("self",))}
        there = set(Organisation.objects.order_by().values_list("pk", flat=True))
        now = timezone.now()
        new: list[Proposal] = []
        again: list[Proposal] = []
        for pair in found.pairs:
            if not {pair.one, pair.other} <= there:
                continue
            row = held.pop(frozenset((pair.one, pair.other)), None)
            if row is not None and row.decision:
                continue
            (again if row else new).append(row := row or Proposal(one_id=pair.one, other_id=pair.other))
            row.probability, row.tier, row.evidence = round(pair.probability, 4), pair.tier, list(pair.evidence)
        lost = [row.pk for row in held.values() if not row.decision]
        for start in range(0, len(lost), CHUNK):
            Proposal.objects.filter(pk__in=lost[start : start + CHUNK]).delete()
        Proposal.objects.bulk_update(again, ["probability", "tier", "evidence"], batch_size=CHUNK)
        bulk.insert(new)
        pairs = len(new) + len(again)
        # What is said at the very end is what came of it: how much is new, how much is no longer proposed.
        says = _("new pairs: %(new)s; no longer proposed: %(lost)s") % {"new": len(new), "lost": len(lost)}
        mine.update(ended_at=now, said_at=now, says=says, organisations=found.organisations, pairs=pairs)
        extra = {"organisations": found.organisations, "pairs": pairs, "learned_from_lists": found.learned}
        record(actor, "sought_duplicates", extra=extra)


def merge_pair(
    actor: Actor,
    proposal: Proposal,
    kept: Organisation,
    gone: Organisation,
    chosen: Mapping[str, str],
    *,
    expected: tuple[datetime, datetime],
    seen: str,
) -> Merge:
    """Merge the two records of a pair, if nobody decided of it since the page showed the decision `seen`.

    Raises DecidedMeanwhile then, ChangedMeanwhile when either record changed (see `merge`).
    """
    with transaction.atomic():
        # The records first, as every merge does: who waits, waits for them.
        ends = Organisation.objects.select_for_update(of=("self",)).filter(pk__in=[kept.pk, gone.pk]).order_by("pk")
        if len(ends) != 2:
            raise ChangedMeanwhile
        _as_seen(proposal.pk, seen)
        return merge(actor, kept, gone, chosen, expected=expected)


def merge_groups(actor: Actor, groups: Sequence[tuple[Organisation, Sequence[Organisation]]]) -> tuple[int, int]:
    """Merge each group into its first record, as it was when it was read. Gives how many records became part of
    another, and how many groups were left as they are because somebody changed or decided something meanwhile.

    Each merge is a transaction of its own, and can be undone by itself: nobody waits for all of them, and no two
    people wait for each other. What is left of a group waits in the queue.
    """
    done = left = 0
    for kept, gone in groups:
        members = [kept.pk, *(one.pk for one in gone)]
        edited = kept.edited_at
        try:
            for one in gone:
                edited = _merge_certain(actor, members, (kept, one), (edited, one.edited_at))
                done += 1
        except ChangedMeanwhile:
            left += 1
    return done, left


def _merge_certain(
    actor: Actor,
    members: Sequence[int],
    pair: tuple[Organisation, Organisation],
    expected: tuple[datetime, datetime],
) -> datetime:
    """Merge two records of a group of which nobody doubts; gives the moment that the one kept bears since."""
    kept, gone = pair
    with transaction.atomic():
        # The records first, as every merge does; then what people say of them, so that nobody decides meanwhile.
        ends = Organisation.objects.select_for_update(of=("self",)).filter(pk__in=[kept.pk, gone.pk]).order_by("pk")
        if len(ends) != 2:
            raise ChangedMeanwhile
        said = Proposal.objects.select_for_update(of=("self",)).filter(one__in=members, other__in=members)
        for row in said.order_by("pk"):
            if row.decision:
                raise DecidedMeanwhile(row)
        merge(actor, kept, gone, expected=expected)
        return Organisation.objects.values_list("edited_at", flat=True).get(pk=kept.pk)


def _as_seen(pk: int, seen: str | None) -> Proposal:
    """The pair as it is now, kept from others; it must bear the decision that the page showed."""
    now = Proposal.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if now is None:
        raise ChangedMeanwhile
    if seen is not None and now.decision != seen:
        raise DecidedMeanwhile(now)
    return now


def decide(actor: Actor, proposal: Proposal, decision: str, *, seen: str | None = None) -> Proposal:
    """Remember what a person says of a pair: not the same, or later (or nothing any more).

    Raises DecidedMeanwhile when the pair no longer bears the decision `seen`, that the page showed.
    """
    with transaction.atomic():
        proposal = _as_seen(proposal.pk, seen)
        refuse_unless(may_merge(actor, proposal.one, proposal.other))
        if decision not in {Decision.DIFFERENT, Decision.LATER, ""}:
            raise ValueError(f"a decision of its own is made by merging: {decision}")
        before = state_of(proposal)
        proposal.decision, proposal.decided_by_id, proposal.decided_at = decision, actor.user, timezone.now()
        proposal.save(update_fields=["decision", "decided_by", "decided_at"])
        record(actor, "judged_pair", proposal, before)
    return proposal
