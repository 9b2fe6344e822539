"""Print sheets: `python -I paper_press.py FOLDER TEMPLATE FONTS` writes the PDF of the folder's sheets.json.

A process of its own, so that what sets type never lives in the server. It knows no Django.
"""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path


def main(folder: Path, template: Path, fonts: str) -> int:
    """Write the PDF; what cannot be set is said on the error stream (exit status 1)."""
    import typst

    shutil.copyfile(template, folder / template.name)
    try:
        content = typst.compile(
            str(folder / template.name),
            root=str(folder),
            font_paths=[fonts],
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            timestamp=datetime.now(UTC).replace(microsecond=0),
        )
    except typst.TypstError as error:
        sys.stderr.write("; ".join([str(error.message), *error.hints, *error.trace]))
        return 1
    sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
