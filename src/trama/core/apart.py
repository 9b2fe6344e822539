"""Files of strangers read by a process of their own: what hangs or swells there is ended, and nothing else suffers."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class NoAnswer(Exception):
    """The process took too much time or memory, or broke."""


@contextmanager
def answer(script: Path, asked: list[str], seconds: int) -> Iterator[IO[bytes]]:
    """What a script writes when it is asked so, from its beginning; `seconds` by the clock. Raises NoAnswer."""
    with tempfile.TemporaryFile() as told:
        try:
            done = subprocess.run(
                [sys.executable, "-I", str(script), *asked],
                stdout=told,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise NoAnswer from error
        if done.returncode:
            raise NoAnswer
        told.seek(0)
        yield told
