"""Print a document: `python -m trama.reports.press FOLDER` makes document.pdf from document.json in a folder.

A process of its own, so that what draws and sets type never lives in the server. It knows no Django: it starts fast.
Charts are drawn, the template is laid beside the data, and Typst makes a tagged PDF (PDF/UA-1).
"""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trama.ui.draw import fonts, svg_of

TEMPLATE = Path(__file__).parent / "typst" / "document.typ"
DATA, PDF = "document.json", "document.pdf"


class NotPrinted(RuntimeError):
    """The document could not be set; the message is what the type setter said."""


def _drawn(folder: Path, document: dict[str, Any]) -> None:
    """Put every picture beside the document as a file, and its name into the block."""
    for number, block in enumerate(block for block in document["blocks"] if block["type"] == "picture"):
        specification = block.pop("specification", None)
        svg = block.pop("svg", "") if specification is None else svg_of(specification)
        block["file"] = f"picture-{number}.svg"
        (folder / block["file"]).write_text(svg, encoding="utf-8")


def print_folder(folder: Path) -> None:
    """Set the document of a folder."""
    import typst

    path = folder / DATA
    document = json.loads(path.read_text(encoding="utf-8"))
    _drawn(folder, document)
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    shutil.copyfile(TEMPLATE, folder / TEMPLATE.name)
    try:
        typst.compile(
            str(folder / TEMPLATE.name),
            output=str(folder / PDF),
            root=str(folder),
            font_paths=[str(fonts())],
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            timestamp=datetime.now(UTC).replace(microsecond=0),
        )
    except typst.TypstError as error:
        raise NotPrinted("; ".join([str(error.message), *error.hints, *error.trace])) from error


def main(arguments: list[str]) -> int:
    """Print, or say on the error stream why not (exit status 1)."""
    try:
        print_folder(Path(arguments[0]))
    except (NotPrinted, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
