"""Crosstabs as the first asking finds them: nothing remembered, protection included, beside the bare SQL.

Measured in a process of its own as processor time, ours and the bare SQL by turns, so that a busy machine slows both.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measure import Result

TIMES = 7
_EXPERIENCES = (
    "FROM experiences_experience e JOIN experiences_experiencecode k ON k.experience_id=e.id AND k.facet='target' JOIN "
    "experiences_experiencearea a ON a.experience_id=e.id JOIN territory_areaclosure c ON c.area_id=a.area_id AND "
    "c.ancestor_kind='district' WHERE e.state='published' GROUP BY 1, 2"
)
EXPERIENCES = f"SELECT k.code_id, c.ancestor_id, count(DISTINCT e.id) {_EXPERIENCES}"
VOLUNTEERS = f"SELECT k.code_id, c.ancestor_id, sum(e.volunteers) {_EXPERIENCES}"
RESOURCES = (
    "SELECT r.activity_id, c.ancestor_id, count(DISTINCT r.id) FROM directory_resource r JOIN territory_areaclosure c "
    "ON c.area_id=r.area_id AND c.ancestor_kind='zone' GROUP BY 1, 2"
)
ASKED = [
    # name, register, rows, columns, measure, milliseconds asked for, the bare SQL of the cells alone
    ("crosstab over 10,000 resources, first asked", "resources", "activity", "zone", "records", 50, RESOURCES),
    (
        "crosstab over 100,000 experiences, first asked",
        "experiences",
        "target",
        "district",
        "records",
        300,
        EXPERIENCES,
    ),
    (
        "volunteers of 100,000 experiences, first asked",
        "experiences",
        "target",
        "district",
        "volunteers",
        450,
        VOLUNTEERS,
    ),
]


def measured(home: Path) -> list[Result]:
    """The times of each table, from a process that serves `home`."""
    command = [sys.executable, "-m", "benchmarks.counting"]
    environment = {**os.environ, "TRAMA_HOME": str(home), "DJANGO_SETTINGS_MODULE": "trama.config.settings"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])
    return [Result(**line) for line in json.loads(done.stdout)]


def _took(run: Callable[[], Any]) -> float:
    start = time.process_time()
    run()
    return (time.process_time() - start) * 1000


def main() -> None:
    """Measure, and print the results as JSON."""
    import django

    django.setup()
    from trama.core import memo
    from trama.core.actor import NOBODY
    from trama.core.declarations import gathered
    from trama.core.registers import Selection
    from trama.insight.crosstab import compute

    database = sqlite3.connect(f"file:{Path(os.environ['TRAMA_HOME']) / 'trama.sqlite3'}?mode=ro", uri=True)
    database.execute("PRAGMA mmap_size=268435456")
    found = []
    for name, register, rows, cols, measure, target, bare in ASKED:

        def ours(register: str = register, rows: str = rows, cols: str = cols, measure: str = measure) -> None:
            memo.forget_all()
            compute(NOBODY, gathered.registers[register], Selection(), rows, cols, measure, 50)

        def sql(bare: str = bare) -> None:
            database.execute(bare).fetchall()

        ours()
        times = [(_took(ours), _took(sql)) for _again in range(TIMES)]
        mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
        found.append(
            {"name": name, "median": mine, "target": target, "bound": theirs, "bound_name": "bare SQL of the cells"}
        )
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
