"""Set a document with Typst, for the processes that print: it knows no Django, and starts fast.

People write what no font here can show (🎯, 中文). A tagged PDF may hold no such text: those characters give way to a
sign, and the document is printed all the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trama.ui.draw import fonts

SIGN = "▢"  # in the fonts that Typst brings along
NOT_SHOWN = re.compile(r'the text `?"(.+?)"`? could not be displayed')
ESCAPED = re.compile(r"\\u\{([0-9a-fA-F]+)\}")
MOST_TRIES = 8  # one for each writing that the fonts lack; then all but the Latin ones give way
TEXTS = ("*.json", "*.svg")
JOINED = "\u200d\ufe0e\ufe0f"  # what only makes one emoji of several, or chooses its form


class NotSet(RuntimeError):
    """The document could not be set; the message is what the type setter said."""


def set_type(folder: Path, template: str, font_folder: Path | None = None) -> bytes:
    """The tagged PDF (PDF/UA-1) of the template and the texts that lie in a folder. Raises NotSet."""
    tries = 0
    while True:
        try:
            return _compiled(folder, template, font_folder or fonts())
        except NotSet as error:
            found = NOT_SHOWN.search(str(error))
            tries += 1
            if found is None or tries > MOST_TRIES + 1:
                raise
            named = ESCAPED.sub(lambda code: chr(int(code[1], 16)), found[1])
            lacks = _not_latin if tries > MOST_TRIES else _like(named)
            if not _replaced(folder, lacks):
                if tries > MOST_TRIES:
                    raise
                tries = MOST_TRIES


def _compiled(folder: Path, template: str, font_folder: Path) -> bytes:
    import typst

    settings: dict[str, Any] = {"ignore_system_fonts": True, "pdf_standards": ["ua-1"]}
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        return typst.compile(
            str(folder / template), root=str(folder), font_paths=[str(font_folder)], timestamp=now, **settings
        )
    except typst.TypstError as error:
        raise NotSet("; ".join([str(error.message), *error.hints, *error.trace])) from error


def _like(named: str) -> Callable[[str], bool]:
    """Whether a character is one of those, is of their writing, or an emoji: who writes one writes others."""
    writings = {_writing(sign) for sign in named if not sign.isascii()} - {""}
    return lambda sign: sign in named or _writing(sign) in writings or ord(sign) > 0xFFFF


def _writing(sign: str) -> str:
    return unicodedata.name(sign, "").partition(" ")[0] if unicodedata.category(sign)[0] in "LM" else ""


def _not_latin(sign: str) -> bool:
    """Whether a character is none of the Latin letters, the marks between them, and the signs of money."""
    return ord(sign) > 0x24F and not (0x2000 <= ord(sign) <= 0x20CF and ord(sign) not in (0x200D,)) and sign != SIGN


def _replaced(folder: Path, lacks: Callable[[str], bool]) -> bool:
    """Put the sign in the place of what cannot be shown, in all texts of the folder; whether there was anything."""
    any_changed = False
    for path in sorted(one for pattern in TEXTS for one in folder.glob(pattern)):
        text = path.read_text(encoding="utf-8")
        gone = {sign for sign in set(text) if not sign.isascii() and lacks(sign) and sign != SIGN}
        table = {ord(sign): SIGN for sign in gone} | {ord(sign): "" for sign in JOINED if gone}
        if (new := text.translate(table)) != text:
            path.write_text(new, encoding="utf-8")
            any_changed = True
    return any_changed
