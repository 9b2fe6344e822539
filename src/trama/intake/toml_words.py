"""Where things stand in a text of TOML, and what is wrong with it, in words that help to mend it."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

PLACE = re.compile(r"^(?P<what>.*?) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL)
# How a message of `tomllib` begins → what to say instead.
WORDS = {
    "Cannot declare": gettext_noop("this table stands there twice; join the two"),
    "Cannot mutate": gettext_noop("this table is already closed and cannot be continued here"),
    "Cannot overwrite": gettext_noop("this key stands there twice; keep one of the two"),
    "Cannot redefine": gettext_noop("this table stands there twice; join the two"),
    "Duplicate inline": gettext_noop("this key stands there twice; keep one of the two"),
    "Escaped character": gettext_noop("a sign after a backslash is not known; write \\\\ for a backslash"),
    "Expected '='": gettext_noop("after the name of a key there must be a sign “=”"),
    "Expected ']": gettext_noop("a bracket “]” is missing"),
    "Expected newline": gettext_noop("here the line should end; is a quote or a comma missing?"),
    "Expected": gettext_noop("a sign is missing here"),
    "Found invalid character": gettext_noop("this sign cannot stand here; is a quote missing?"),
    "Illegal character": gettext_noop("a sign that cannot be seen stands here; delete it"),
    "Invalid date": gettext_noop("this is not a date; write “2024-08-16”, in quotes"),
    "Invalid hex": gettext_noop("after a backslash with u there must be four digits"),
    "Invalid initial": gettext_noop("a name of a key or of a table is missing here"),
    "Invalid statement": gettext_noop("this is neither a table nor a key with its value"),
    "Invalid value": gettext_noop(
        "this is not a value; texts stand in quotes, numbers have a point, truth is true or false"
    ),
    "Unclosed array": gettext_noop("a bracket “]” is missing"),
    "Unclosed inline": gettext_noop("a bracket “}” is missing"),
    "Unescaped": gettext_noop("a sign after a backslash is not known; write \\\\ for a backslash"),
    "Unterminated": gettext_noop("a text is not closed; a quote is missing"),
}


def in_words(name: str, error: Exception) -> str:
    """One sentence on what is wrong in the file of this name."""
    found = PLACE.match(str(error))
    what = found["what"] if found else str(error)
    sentence = next((_(text) for start, text in WORDS.items() if what.startswith(start)), _("this is not TOML"))
    if found is None:
        return _("%(file)s: %(what)s.") % {"file": name, "what": sentence}
    if found["line"] is None:
        return _("%(file)s, at its end: %(what)s. Is the file cut off?") % {"file": name, "what": sentence}
    return _("%(file)s, line %(line)s, column %(column)s: %(what)s.") % {
        "file": name,
        "line": found["line"],
        "column": found["column"],
        "what": sentence,
    }


HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.\-\"]+)\s*\]\]?")
ASSIGNMENT = re.compile(r"^\s*(\"[^\"]+\"|'[^']+'|[\w\-.]+)\s*=")


def lines_of(text: str) -> dict[tuple[str | int, ...], int]:
    """The line on which each table and each key of a TOML text stands."""
    found: dict[tuple[str | int, ...], int] = {}
    counts: dict[tuple[str | int, ...], int] = {}
    here: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = HEADER.match(line)
        if header:
            here = ()
            parts = header.group(2).replace('"', "").split(".")
            for position, part in enumerate(parts):
                here = (*here, part)
                last = position == len(parts) - 1
                if last and header.group(1) == "[[":
                    counts[here] = counts.get(here, -1) + 1
                if here in counts:
                    here = (*here, counts[here])
            # Tables that hang on a new element begin to be counted anew.
            for other in [key for key in counts if len(key) > len(here) and key[: len(here)] == here]:
                if header.group(1) == "[[":
                    del counts[other]
            found.setdefault(here, number)
            continue
        assignment = ASSIGNMENT.match(line)
        if assignment:
            found.setdefault((*here, assignment.group(1).strip("\"'")), number)
    return found
