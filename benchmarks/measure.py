"""Medians, and their ratio to a bound measured in the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """One line of the report: milliseconds (or another unit), what was asked of it, and the bound beside it."""

    name: str
    median: float
    target: float
    bound: float | None = None
    bound_name: str = ""
    unit: str = "ms"
    detail: str = ""

    @property
    def holds(self) -> bool:
        return self.median <= self.target

    def line(self) -> str:
        mark = "ok  " if self.holds else "OVER"
        ratio = f"  {self.median / self.bound:5.1f} × {self.bound_name} ({self.bound:.1f})" if self.bound else ""
        detail = f"  {self.detail}" if self.detail else ""
        return f"{mark} {self.name:<46} {self.median:9.1f} {self.unit:<4} ≤ {self.target:<7g}{ratio}{detail}"


def median_ms(run: Callable[[], Any], times: int = 11, warm: int = 3) -> float:
    """The median time of a call in milliseconds, after some calls that do not count."""
    for _ in range(warm):
        run()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)
