"""Which worker runs what: a module that builds something once runs in one worker, of all else each test goes alone.

The marks of pytest-xdist for groups have no effect with pytest 9.2 (it no longer reads the name that they change).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent
BUILDS_ONCE = re.compile(r'scope="(module|session)"|\btaken_back\b')


@cache
def builds_once(path: str) -> bool:
    """Whether a test module, named from the root, has something that serves more than one of its tests."""
    file = ROOT / path
    return file.is_file() and BUILDS_ONCE.search(file.read_text(encoding="utf-8")) is not None


class Sharing(LoadScopeScheduling):
    """The modules that build something go first, those with many tests before all."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return path if builds_once(path) else nodeid
