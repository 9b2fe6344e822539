"""Who may make and publish indices. What is published is open to all; a draft to those who may change it."""

from __future__ import annotations

from django.db.models import Q

from trama.core.actor import Actor

# Who writes the plan, who evaluates it, who answers for the installation.
INDEX_KEEPERS = frozenset({"plan_office", "evaluator", "dpo_admin"})


def keeps_indices(actor: Actor) -> bool:
    """Whether the actor may make indices, somewhere."""
    return actor.holds(INDEX_KEEPERS)


def may_keep_index(actor: Actor, area_id: int | None) -> bool:
    """Whether the actor may make, change and publish indices of what is below this area."""
    if actor.everywhere(INDEX_KEEPERS):
        return True
    return area_id is not None and area_id in actor.areas_with(INDEX_KEEPERS)


def visible_indices(actor: Actor) -> Q:
    """What is or was published, for all; drafts for those who may change them."""
    if actor.everywhere(INDEX_KEEPERS):
        return Q()
    return ~Q(state="draft") | Q(under_id__in=actor.areas_with(INDEX_KEEPERS))
