"""A gigabyte of nothing, and what unfolds to one: refused at once, with memory and time measured from outside.

The work is done in one process of its own, whose highest memory is read after each file.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from trama.intake.tests.broken import measured

MOST_MEMORY = 150  # MiB above what the process had before the file
MOST_SECONDS = 20  # of processor time, its children's included


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_gigabyte_of_nothing_costs_next_to_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", measured.__name__, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers = json.loads(done.stdout)
    children = answers.pop("children")["memory"]
    assert {name: found for name, found in answers.items() if not found["said"]} == {}
    assert {name: found for name, found in answers.items() if found["memory"] > MOST_MEMORY} == {}
    assert {name: found for name, found in answers.items() if found["seconds"] > MOST_SECONDS} == {}
    # What reads workbooks may take 450 MiB of addresses, and stops there.
    assert children < 460
    assert not list(tmp_path.glob("staged/*"))
