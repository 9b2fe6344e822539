"""Reasons counted together: four hundred refused rows have five causes, and a person mends causes.

Two reasons are one cause when they stand in the same column and say the same sentence, whatever text of the file the
sentence quotes: “abc” is no date, “soon” is no date. What is quoted is listed beside it, the most frequent first; a
text that alone spoils many rows (a municipality that is not here) is a cause of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from trama.intake.verdicts import Report

QUOTED = re.compile(r"(?<=[“«])[^”»]*(?=[”»])")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
MOST = 40  # causes that are told one by one
MOST_TEXTS = 12  # texts of one cause
MOST_RUNS = 60  # runs of rows of one cause: “3, 7–12, 40” are three
LONGEST = 80
FEW, OFTEN = 6, 3  # where so few texts are wrong, one that stands in so many rows is a cause of its own
PROBLEMS = frozenset({"refused", "possible", "duplicate", "dropped"})


Told = tuple[str, int, str, str]  # outcome, row, column, sentence


def counted(told: Iterable[Told]) -> list[dict[str, Any]]:
    """The causes of what is told, those of most rows first.

    Each: `outcome`, `column`, `why` (a text that differs from row to row is “…” in it), `count` of rows, `rows` in a
    few words, `more_rows` not named there, `texts` as [text, count], `more_texts`.
    """
    found: dict[tuple[str, str, str], dict[str, set[int]]] = {}
    for outcome, row, column, sentence in told:
        bare = NUMBER.sub("…", QUOTED.sub("…", sentence))
        found.setdefault((outcome, column, bare), {}).setdefault(sentence, set()).add(row)
    causes = []
    for (outcome, column, bare), sentences in found.items():
        often = [one for one, rows in sentences.items() if len(rows) >= OFTEN] if len(sentences) <= FEW else []
        causes += [_told(outcome, column, bare, {one: sentences.pop(one)}) for one in often]
        causes += [_told(outcome, column, bare, sentences)] if sentences else []
    return sorted(causes, key=lambda cause: (-cause["count"], cause["column"], cause["why"]))[:MOST]


def _told(outcome: str, column: str, bare: str, sentences: dict[str, set[int]]) -> dict[str, Any]:
    alone = len(sentences) == 1
    texts: Counter[str] = Counter()
    for sentence, rows in sentences.items() if not alone else ():
        if quoted := QUOTED.search(sentence):
            texts[quoted[0][:LONGEST]] += len(rows)
    together = set().union(*sentences.values())
    said, more = folded(together)
    return {
        "outcome": outcome,
        "column": column,
        "why": next(iter(sentences)) if alone else bare,
        "bare": bare,
        "count": len(together),
        "rows": said,
        "more_rows": more,
        "texts": [[text, count] for text, count in texts.most_common(MOST_TEXTS)],
        "more_texts": max(0, len(texts) - MOST_TEXTS),
    }


def of_report(report: Report) -> list[dict[str, Any]]:
    """The causes for which rows are not loaded; each with the name of its `step` where there are several."""
    found = []
    for step in report.steps:
        told = ((one.outcome, one.row, one.column, one.why) for one in step.verdicts if one.outcome in PROBLEMS)
        name = step.name if len(report.steps) > 1 else ""
        found += [cause | {"step": name} for cause in counted(told)]
    return found


def folded(rows: Iterable[int]) -> tuple[str, int]:
    """Numbers of rows in few words (“3, 7–12, 40”), and how many of them are not named."""
    runs: list[list[int]] = []
    for row in sorted(set(rows)):
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    said = [str(first) if first == last else f"{first}–{last}" for first, last in runs[:MOST_RUNS]]
    return ", ".join(said), sum(last - first + 1 for first, last in runs[MOST_RUNS:])


def without_texts(causes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The causes without what stood in the file: they may be kept for good."""
    return [cause | {"why": cause["bare"], "texts": [], "more_texts": 0} for cause in causes]
