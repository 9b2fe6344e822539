"""Code lists: one CSV per list, loaded as often as one likes; labels are kept in memory for a minute."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from trama.core import memo
from trama.core.models import Code

_KEY = "core.codes"


class CodeListError(ValueError):
    """A code list file that cannot be loaded; the message names the file, the row and the column."""


def key(list_: str, value: str) -> str:
    """The key of a value of a list."""
    return f"{list_}:{value}"


def all_codes() -> dict[str, Code]:
    """Every code by its key, in the order of the lists. At most a minute old."""
    return memo.remember(_KEY, 60, lambda: {code.id: code for code in Code.objects.all()})


def codes_of(list_: str, *, also_closed: bool = False) -> list[Code]:
    """The values of a list that may be chosen today (or all that ever could), in the order of the list."""
    today = timezone.localdate()
    found = [code for code in all_codes().values() if code.list == list_]
    return found if also_closed else [code for code in found if code.valid_to is None or code.valid_to >= today]


def label(code_id: str | None) -> str:
    """The name of a code in the language of the reader; the key itself when the list does not know it."""
    if not code_id:
        return ""
    code = all_codes().get(code_id)
    if code is None:
        return code_id
    return code.label_en if (get_language() or "it").startswith("en") else code.label_it


def find(list_: str, text: str) -> Code | None:
    """The code of a list that bears this value or this label (in either language, letter case apart)."""
    wanted = " ".join(text.split()).casefold()
    for code in codes_of(list_, also_closed=True):
        if wanted in (code.value.casefold(), code.label_it.casefold(), code.label_en.casefold()):
            return code
    return None


def forget() -> None:
    """Drop the labels kept in memory, after a list changed."""
    memo.forget(_KEY)


def load_file(path: Path) -> int:
    """Load one list from `LIST.csv`; gives how many rows changed. Values that vanish are left as they are."""
    list_ = path.stem
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    known = {code.id: code for code in Code.objects.filter(list=list_)}
    codes = [_code(path, list_, number, row) for number, row in enumerate(rows)]
    seen: set[str] = set()
    for number, code in enumerate(codes):
        if code.id in seen:
            raise CodeListError(f"{path.name}, row {number + 2}: the value “{code.value}” stands twice")
        seen.add(code.id)
    fields = ["label_it", "label_en", "description", "valid_from", "valid_to", "broader_id", "position"]
    changed = [c for c in codes if c.id not in known or any(getattr(known[c.id], f) != getattr(c, f) for f in fields)]
    if changed:
        with transaction.atomic():
            Code.objects.bulk_create(
                changed,
                update_conflicts=True,
                unique_fields=["id"],
                update_fields=["label_it", "label_en", "description", "valid_from", "valid_to", "broader", "position"],
            )
    return len(changed)


def load_folders(folders: Iterable[Path]) -> int:
    """Load every list found in the folders; gives how many rows changed."""
    changed = sum(load_file(path) for folder in folders for path in sorted(Path(folder).glob("*.csv")))
    if changed:
        forget()
    return changed


def _code(path: Path, list_: str, number: int, row: dict[str, str]) -> Code:
    value = (row.get("value") or "").strip()
    if not value or not (row.get("label_it") or "").strip() or not (row.get("label_en") or "").strip():
        raise CodeListError(f"{path.name}, row {number + 2}: value, label_it and label_en must all be there")
    broader = (row.get("broader") or "").strip()
    return Code(
        id=key(list_, value),
        list=list_,
        value=value,
        label_it=row["label_it"].strip(),
        label_en=row["label_en"].strip(),
        description=(row.get("description") or "").strip(),
        valid_from=_day(path, number, row, "valid_from"),
        valid_to=_day(path, number, row, "valid_to"),
        broader_id=key(list_, broader) if broader else None,
        position=number,
    )


def _day(path: Path, number: int, row: dict[str, str], column: str) -> date | None:
    text = (row.get(column) or "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise CodeListError(f"{path.name}, row {number + 2}, column {column}: “{text}” is not a date") from error
