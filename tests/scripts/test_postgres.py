"""The private PostgreSQL comes, is not root's, and goes, also when the command fails or is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from scripts import postgres

from tests.architecture.tree import ROOT

SCRIPT = str(ROOT / "scripts" / "postgres.py")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(postgres.server_programs() is None, reason="no PostgreSQL server programs"),
]
ASK = """
import os, sys, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    print(connection.execute("show data_directory").fetchone()[0], flush=True)
"""


def private(*command: str, **more: str) -> subprocess.Popen[str]:
    """The script with a command, as `make` calls it."""
    return subprocess.Popen(
        [sys.executable, SCRIPT, "--", *command], stdout=subprocess.PIPE, text=True, env={**os.environ, **more}
    )


@pytest.mark.parametrize("status", [0, 3])
def test_the_command_s_status_is_handed_on_and_nothing_stays(status: int) -> None:
    with private(sys.executable, "-c", f"{ASK}\nsys.exit({status})") as running:
        said, _ = running.communicate(timeout=120)
    folder = Path(said.splitlines()[-1])
    assert running.returncode == status
    assert not folder.exists()
    assert not folder.parent.exists()


def test_the_server_is_not_root_s() -> None:
    programs = postgres.server_programs()
    assert programs is not None
    with postgres.private_cluster(programs) as address:
        environment = {**os.environ, "DATABASE_URL": address}
        asked = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True)
        assert Path(asked.stdout.strip()).stat().st_uid != 0, asked.stderr


def test_a_stop_from_outside_cleans_up() -> None:
    with private(sys.executable, "-c", f"{ASK}\nimport time\ntime.sleep(60)") as running:
        assert running.stdout is not None
        running.stdout.readline()
        folder = Path(running.stdout.readline().strip())
        assert folder.exists()
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=60) == 143
    assert not folder.exists()
