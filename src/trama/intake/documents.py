"""JSON and GeoJSON as tables: a list of records, one per row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from trama.core.legible import shown
from trama.intake.recipe import RecipeError, TableSpec
from trama.intake.rows import Table, table_of
from trama.intake.sheets import plain
from trama.intake.texts import text_of

MOST_BYTES = 32 * 1024 * 1024  # what is read takes several times as much memory
MOST_PARTS = 5_000_000  # lists, records and values
MOST_HELD = 1_000_000  # lists and records: each takes a hundred bytes and more, also when it is empty


class _NotTaken(ValueError):
    """JSON that its library takes and we do not."""


def _no_constant(name: str) -> Any:
    raise _NotTaken(_("“%(name)s” is no number of JSON; leave the value out, or write null") % {"name": name})


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _NotTaken(_("the key “%(key)s” stands twice in one record") % {"key": shown(twice)})
    return found


def parsed(text: str, name: str) -> Any:
    """What a text of JSON says. Raises RecipeError with the line, for what is no JSON, or is odd."""
    words = {"file": shown(name)}
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
    except RecursionError as error:
        raise RecipeError(_("%(file)s is nested too deep: it should hold a plain list of records.") % words) from error
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        sentence = (
            _("%(file)s, line %(line)s: the file ends in the middle. Send it whole.")
            if cut
            else _("%(file)s, line %(line)s, column %(column)s: this is not JSON: a comma, bracket or quote is wrong.")
        )
        raise RecipeError(sentence % {**words, "line": error.lineno, "column": error.colno}) from error
    except _NotTaken as error:
        raise RecipeError(f"{words['file']}: {error}.") from error
    except ValueError as error:
        raise RecipeError(_("%(file)s holds a number that is too long to be one.") % words) from error


def read_json(path: Path, spec: TableSpec) -> Table:
    """A JSON file as a table; `spec.records` is the way to the list, when it is not the whole."""
    text = text_of(path, spec.encoding, MOST_BYTES)
    # Counted before it is read: 30 MB of empty records become a gigabyte.
    held = text.count("{") + text.count("[")
    if held > MOST_HELD or held + text.count(",") > MOST_PARTS:
        raise RecipeError(
            _("%(file)s holds more records and values than can be read at once: split it, or save it as “CSV UTF-8”.")
            % {"file": shown(path.name)}
        )
    data = parsed(text, path.name)
    del text
    if isinstance(data, dict) and data.get("type") == "FeatureCollection":
        data = data.get("features")
        if isinstance(data, list):
            data = [(item.get("properties") or {}) if isinstance(item, dict) else item for item in data]
    for part in filter(None, spec.records.split(".")):
        data = data.get(part) if isinstance(data, dict) else None
    if not isinstance(data, list):
        raise RecipeError(
            _('%(file)s does not hold a list of records. Say in the recipe where it stands (records = "…").')
            % {"file": shown(path.name)}
        )
    for number, item in enumerate(data, start=1):
        if not isinstance(item, dict):
            raise RecipeError(
                _("%(file)s, record %(number)s: it has no named values, but: %(found)s.")
                % {"file": shown(path.name), "number": number, "found": shown(plain(item)[:40])}
            )
    columns = list(dict.fromkeys(key for item in data for key in item))
    records = ([plain(item.get(key)) for key in columns] for item in data)
    table = table_of(shown(path.name), columns, records, typed=True)
    table.literal = True
    return table
