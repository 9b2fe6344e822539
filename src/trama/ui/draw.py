"""Draw charts: `python -m trama.ui.draw FOLDER NAME…` makes NAME.svg.gz from NAME.json in a folder.

A process of its own, so that what draws (a whole JavaScript engine) never lives in the server. It knows no Django, and
starts quickly.
"""

from __future__ import annotations

import base64
import gzip
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

WEIGHTS = {400: "regular", 600: "600"}


def fonts() -> Path:
    """The folder of the theme's font files, found without importing the theme."""
    found = importlib.util.find_spec("bootstrap_italia_template")
    if found is None or found.origin is None:
        raise RuntimeError("the theme that carries the fonts is not installed")
    return Path(found.origin).parent / "static" / "fonts" / "Titillium_Web"


def font_file(weight: str, ending: str = "ttf") -> Path:
    """A font file: weight is "regular", "600", "italic" …"""
    return fonts() / f"titillium-web-v10-latin-ext_latin-{weight}.{ending}"


def svg_of(specification: dict[str, Any]) -> str:
    """The drawing of a Vega-Lite specification, its letters as text in the theme's font."""
    import vl_convert

    if not svg_of.__dict__.get("ready"):
        vl_convert.register_font_directory(str(fonts()))
        svg_of.__dict__["ready"] = True
    locale = specification.get("usermeta", {}).get("locale", "it-IT")
    # No address is allowed: a chart carries its data with it.
    return vl_convert.vegalite_to_svg(
        specification, format_locale=locale, allowed_base_urls=["https://nowhere.invalid/"]
    )


def with_fonts(svg: str) -> str:
    """The same drawing with its fonts inside: a picture in a page may fetch nothing."""
    faces = []
    for weight, name in WEIGHTS.items():
        data = base64.b64encode(font_file(name, "woff2").read_bytes()).decode("ascii")
        faces.append(
            f"@font-face{{font-family:'Titillium Web';font-weight:{weight};src:url(data:font/woff2;base64,{data})}}"
        )
    start = svg.index(">") + 1
    return f"{svg[:start]}<style>{''.join(faces)}</style>{svg[start:]}"


def draw(folder: Path, name: str) -> None:
    """Draw one chart; who looks at the folder sees the whole file or none."""
    specification = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    packed = gzip.compress(with_fonts(svg_of(specification)).encode("utf-8"), 6, mtime=0)
    unfinished = folder / f"{name}.{os.getpid()}.tmp"
    unfinished.write_bytes(packed)
    unfinished.replace(folder / f"{name}.svg.gz")


def main(arguments: list[str]) -> int:
    """Draw the charts named; those that cannot be drawn are said on the error stream, exit status 1."""
    folder, failed = Path(arguments[0]), 0
    for name in arguments[1:]:
        try:
            draw(folder, name)
        except (ValueError, OSError) as error:
            failed = 1
            print(f"{name}: {error}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
