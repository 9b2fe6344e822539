"""Every change to organisations: the transaction, the rows, the audit entry."""

from trama.network.actions.judging import DecidedMeanwhile, ask_for_search, decide, merge_groups, merge_pair, propose
from trama.network.actions.reaching import add_contact, remove_contact, remove_seat, save_seat, show_contact
from trama.network.actions.records import FIELDS, KEPT, close, confirm, mark_used, reopen, save_organisation
from trama.network.actions.ties import add_tie, close_tie, see_tie
from trama.network.actions.uniting import (
    CHOICES,
    CannotUndo,
    may_merge,
    merge,
    say_it_is_one,
    split,
    undo_merge,
)
from trama.network.keeping import ChangedMeanwhile

__all__ = [
    "CHOICES",
    "FIELDS",
    "KEPT",
    "CannotUndo",
    "ChangedMeanwhile",
    "DecidedMeanwhile",
    "add_contact",
    "add_tie",
    "ask_for_search",
    "close",
    "close_tie",
    "confirm",
    "decide",
    "mark_used",
    "may_merge",
    "merge",
    "merge_groups",
    "merge_pair",
    "propose",
    "remove_contact",
    "remove_seat",
    "reopen",
    "save_organisation",
    "save_seat",
    "say_it_is_one",
    "see_tie",
    "show_contact",
    "split",
    "undo_merge",
]
