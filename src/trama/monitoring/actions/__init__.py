"""Every change to waves: making and opening, letters and answers, closing and what comes after."""

from trama.monitoring.actions.answering import AnsweredMeanwhile, ChangedMeanwhile, answer, delegate, hand_out
from trama.monitoring.actions.checking import find_right
from trama.monitoring.actions.closing import close_wave, frozen_of, reopen_wave, write_erratum
from trama.monitoring.actions.letters import Sent, boxes, forget_recipients, remind, remind_when_due, send_links
from trama.monitoring.actions.making import (
    NotPossible,
    count_scope,
    delete_wave,
    open_wave,
    save_questions,
    save_wave,
)
from trama.monitoring.actions.past import Past, bring_closed_wave, bring_open_wave

__all__ = [
    "AnsweredMeanwhile",
    "ChangedMeanwhile",
    "NotPossible",
    "Past",
    "Sent",
    "answer",
    "boxes",
    "bring_closed_wave",
    "bring_open_wave",
    "close_wave",
    "count_scope",
    "delegate",
    "delete_wave",
    "find_right",
    "forget_recipients",
    "frozen_of",
    "hand_out",
    "open_wave",
    "remind",
    "remind_when_due",
    "reopen_wave",
    "save_questions",
    "save_wave",
    "send_links",
    "write_erratum",
]
