"""Print a document: `python -m trama.reports.press FOLDER KEPT` makes document.pdf from document.json in a folder.

With `--slides` it sets the slides that stand in the document, 16:9. With `--pictures` it draws the pictures alone, as
PNG files for a word processor. Charts that were drawn before lie in
the folder KEPT under the hash of what they show: to start what draws them costs a second.

A process of its own, so that what draws and sets type never lives in the server. It knows no Django: it starts fast.
Charts are drawn, the template is laid beside the data, and Typst makes a tagged PDF (PDF/UA-1).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from trama.ui.draw import fonts, svg_of
from trama.ui.typesetting import NotSet, set_type

LOOK = "1"  # raise it when the drawing changes, so that no old picture stays
MOST_KEPT = 600
SHARP = 2.0  # pixels of a PNG per unit of the drawing
TEMPLATES = Path(__file__).parent / "typst"
DATA, PDF = "document.json", "document.pdf"


class NotPrinted(RuntimeError):
    """The document could not be set; the message is what the type setter said."""


def _chart(specification: dict[str, Any], kept: Path) -> str:
    """The drawing of a chart: taken up again if it was drawn before."""
    text = json.dumps(specification, sort_keys=True, ensure_ascii=False)
    path = kept / f"{hashlib.sha256(f'{LOOK}{text}'.encode()).hexdigest()[:40]}.svg"
    try:
        svg = path.read_text(encoding="utf-8")
        os.utime(path)  # what is used stays longest
    except OSError:
        svg = svg_of(specification)
        _keep(path, svg)
    return svg


def _keep(path: Path, svg: str) -> None:
    """Write a drawing down; a folder that cannot be written is no reason not to print."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = sorted(path.parent.glob("*.svg"), key=lambda one: one.stat().st_mtime)
        for old in kept[: max(0, len(kept) - MOST_KEPT)]:
            old.unlink(missing_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.tmp")
        unfinished.write_text(svg, encoding="utf-8")
        unfinished.replace(path)
    except OSError:
        pass


def _drawn(folder: Path, document: dict[str, Any], kept: Path) -> None:
    """Put every picture beside the document as a file, and its name into the block."""
    for number, block in enumerate(block for block in document["blocks"] if block["type"] == "picture"):
        specification = block.pop("specification", None)
        svg = block.pop("svg", "") if specification is None else _chart(specification, kept)
        block["file"] = f"picture-{number}.svg"
        (folder / block["file"]).write_text(svg, encoding="utf-8")


def draw_folder(folder: Path, kept: Path) -> None:
    """Draw the pictures of a folder's document as PNG files."""
    import vl_convert

    document = json.loads((folder / DATA).read_text(encoding="utf-8"))
    _drawn(folder, document, kept)
    vl_convert.register_font_directory(str(fonts()))
    for path in sorted(folder.glob("picture-*.svg")):
        png = vl_convert.svg_to_png(path.read_text(encoding="utf-8"), scale=SHARP)
        path.with_suffix(".png").write_bytes(png)


def print_folder(folder: Path, kept: Path, template: str = "document.typ") -> None:
    """Set the document of a folder."""
    path = folder / DATA
    document = json.loads(path.read_text(encoding="utf-8"))
    _drawn(folder, document, kept)
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    shutil.copyfile(TEMPLATES / template, folder / template)
    try:
        (folder / PDF).write_bytes(set_type(folder, template))
    except NotSet as error:
        raise NotPrinted(str(error)) from error


def main(arguments: list[str]) -> int:
    """Print, or say on the error stream why not (exit status 1)."""
    try:
        folder, kept = Path(arguments[0]), Path(arguments[1])
        if "--pictures" in arguments:
            draw_folder(folder, kept)
        else:
            print_folder(folder, kept, "slides.typ" if "--slides" in arguments else "document.typ")
    except (NotPrinted, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
