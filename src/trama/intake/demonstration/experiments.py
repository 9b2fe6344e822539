"""Invented experiments: one extended, one stopped, one that waits for its decision, one that is being tried."""

from __future__ import annotations

from datetime import timedelta

from trama.experiences.experiments.actions import figures_of
from trama.experiences.models import Evaluation, Experience
from trama.intake.demonstration.invented import Invented
from trama.intake.demonstration.sheets import is_of

TEXTS = ("question", "signs", "findings", "outcome", "reasons", "decided_by")


def write(made: Invented) -> list[Evaluation]:
    """Write the evaluations. Each is of the latest published experience of its pattern."""
    written, trials = [], []
    for item in made.story["experiments"]:
        told = [row for row in made.experiences if is_of(row, item["of"]) and row.state == "published"]
        if not told:
            continue
        trial = max(told, key=lambda row: (row.starts_on or made.today, row.pk))
        trial.is_experiment = True
        trials.append(trial)
        decided = made.today - timedelta(days=item["decided"]) if "decided" in item else None
        written.append(
            Evaluation(
                experience=trial,
                due_on=made.today - timedelta(days=item["due"]),
                decided_on=decided,
                figures=figures_of(trial) if decided else {},
                **{name: item.get(name, "") for name in TEXTS},
            )
        )
    Experience.objects.bulk_update(trials, ["is_experiment"])
    return Evaluation.objects.bulk_create(written)
