"""A long search for duplicates, made by a process of its own: the page can be left, and the memory is given back."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from trama.network.models import Seeking


def launch(search: Seeking, language: str) -> None:
    """Begin it, and do not wait; what it says and finds stands in its row."""
    command = [sys.executable, "-m", "django", "duplicates", "--lang", language, "find", "--search", str(search.pk)]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
        "TRAMA_HOME": str(settings.TRAMA_HOME),
    }
    subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
