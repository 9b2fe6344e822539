"""`trama`: the management commands under one name."""

from __future__ import annotations

import os
import sys


def main(argv: list[str] | None = None) -> None:
    """Run a command."""
    arguments = list(sys.argv if argv is None else argv)
    if arguments[1:2] in (["--version"], ["version"]):
        from trama import __version__

        print(__version__)
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trama.config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(arguments)
