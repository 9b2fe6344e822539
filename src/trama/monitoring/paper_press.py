"""Print sheets: `python -I paper_press.py FOLDER TEMPLATE FONTS` writes the PDF of the folder's sheets.json.

A process of its own, so that what sets type never lives in the server. It knows no Django.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from trama.ui.typesetting import NotSet, set_type


def main(folder: Path, template: Path, fonts: str) -> int:
    """Write the PDF; what cannot be set is said on the error stream (exit status 1)."""
    shutil.copyfile(template, folder / template.name)
    try:
        content = set_type(folder, template.name, Path(fonts))
    except NotSet as error:
        sys.stderr.write(str(error))
        return 1
    sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
