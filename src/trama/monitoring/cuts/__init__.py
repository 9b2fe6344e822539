"""The numbers of a wave: `cuts(wave, actor)` gives all, `crossing` two at once, `quality` says how good they are."""

from trama.monitoring.cuts.telling import (
    Category,
    Choices,
    Cut,
    Filled,
    Number,
    Quality,
    choices,
    crossing,
    cuts,
    may_read,
    quality,
)

__all__ = [
    "Category",
    "Choices",
    "Cut",
    "Filled",
    "Number",
    "Quality",
    "choices",
    "crossing",
    "cuts",
    "may_read",
    "quality",
]
