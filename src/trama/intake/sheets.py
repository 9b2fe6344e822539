"""Reads one sheet of a workbook in a process of its own, with little memory and little time.

A workbook of a few kilobytes can unfold into billions of cells, and its library takes the memory for all of them before
it gives the first: so it is read where nothing else can suffer. Called as a script, it imports nothing of Trama; it
answers with one line of JSON on what there is, then one for each row.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from typing import Any

MEMORY = 450 * 1024 * 1024  # bytes of address space
SECONDS = 60  # of processor time
WRITTEN = 80 * 1024 * 1024  # bytes of answer
MOST_CELLS = 8_000_000  # empty ones too: a sheet is a rectangle in memory
# What the parent understands; anything else, also an end without a word, is "too big or broken".
LOCKED, NO_SHEET, BROKEN, BIG = "locked", "no sheet", "broken", "big"


def plain(value: Any) -> str:
    """A cell as text: whole numbers without a decimal point, whatever the file's type was."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    text = str(value)
    return text.removesuffix(" 00:00:00") if hasattr(value, "isoformat") else text


def bound(memory: int = MEMORY, seconds: int = SECONDS) -> None:
    """Let this process take no more than this; where the system knows no such bounds, the parent's must do."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (WRITTEN, WRITTEN))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")


def main(path: str, wanted: str, most_rows: int, most_columns: int) -> None:
    """Write what the sheet holds to the standard output."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_path(path)
        seen = [item.name for item in book.sheets_metadata if item.visible == SheetVisibleEnum.Visible]
        name = wanted or (seen or book.sheet_names or [""])[0]
        if name not in book.sheet_names:
            _say({"error": NO_SHEET, "sheets": book.sheet_names[:30]})
            return
        sheet = book.get_sheet_by_name(name)
    except PasswordError:
        _say({"error": LOCKED})
        return
    except (CalamineError, OSError, ValueError) as error:
        locked = "password" in str(error).lower() or "encrypt" in str(error).lower()
        _say({"error": LOCKED if locked else BROKEN})
        return
    rows, columns = sheet.total_height, sheet.total_width
    if rows > most_rows + 1 or columns > most_columns or rows * columns > MOST_CELLS:
        _say({"error": BIG, "sheet": name, "rows": rows, "columns": columns})
        return
    _say(
        {
            "sheet": name,
            "seen": seen,
            "hidden": [other for other in book.sheet_names if other not in seen],
            "merged": [[*start, *end] for start, end in (sheet.merged_cell_ranges or [])[:1000]],
            "formula": _without_result(path, name),
        }
    )
    for row in sheet.to_python(skip_empty_area=False):
        _say([plain(cell) for cell in row])


FORMULA = re.compile(
    rb'<c\s[^>]*?r="([A-Z]{1,3}\d{1,7})"[^>]*>\s*<f[^>]*?(?:/>|>[^<]*</f>)\s*(?:</c>|<v\s*/>|<v>\s*</v>)'
)


def _without_result(path: str, sheet: str) -> str:
    """The first cell of an XLSX that holds a formula and no result of it; empty when there is none."""
    if not zipfile.is_zipfile(path):
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            part = _part_of(archive, sheet)
            found = FORMULA.search(archive.read(part)) if part else None
    except (KeyError, zipfile.BadZipFile, OSError):
        return ""
    return found[1].decode() if found else ""


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Where an XLSX keeps a sheet."""
    import xml.etree.ElementTree as ET

    if "xl/workbook.xml" not in archive.namelist():
        return ""
    parts = {}
    for item in ET.fromstring(archive.read("xl/_rels/workbook.xml.rels")):  # noqa: S314
        parts[item.get("Id")] = str(item.get("Target")).lstrip("/")
    for item in ET.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314
        if item.tag.endswith("}sheet") and item.get("name") == sheet:
            link = next((value for key, value in item.attrib.items() if key.endswith("}id")), "")
            target = parts.get(link, "")
            return target if target.startswith("xl/") else f"xl/{target}"
    return ""


if __name__ == "__main__":
    bound()
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
