"""Read an XLSForm: `python -I xlsform_reader.py FILE` writes its sheets and what pyxform says of it as JSON.

A process of its own with bounds on memory and time: a workbook is a file of strangers. It knows no Django.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

MEMORY = 1024 * 1024 * 1024
SECONDS = 30  # of processor time
SHEETS = ("survey", "choices", "settings")
MOST_ROWS = 3000


def bound() -> None:
    """Let this process take no more than its share."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def rows_of(found: Any, sheet: str) -> list[dict[str, Any]]:
    """The rows of a sheet that say something, each with its number in the workbook (the headings are row 1)."""
    rows = getattr(found, sheet) or ()
    return [
        {"row": number, "cells": {str(heading): str(value) for heading, value in row.items()}}
        for number, row in enumerate(rows[:MOST_ROWS], start=2)
        if row
    ]


def main(path: str) -> None:
    """Write what the workbook holds."""
    bound()
    from pyxform.xls2json_backends import get_xlsform
    from pyxform.xls2xform import convert

    told: dict[str, Any] = {"error": "", **{sheet: [] for sheet in SHEETS}}
    content = Path(path).read_bytes()
    kind = Path(path).suffix
    try:
        found = get_xlsform(content, file_type=kind)
        told |= {sheet: rows_of(found, sheet) for sheet in SHEETS}
        convert(content, file_type=kind)
    except Exception as error:  # noqa: BLE001 - pyxform raises what it likes: TypeError on nonsense, errors of zip and xml
        told["error"] = str(error) or type(error).__name__
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
