"""A definition as a text that another city can take up: TOML, or the same as JSON (`docs/indices.md`)."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from django.utils.translation import gettext as _

from trama.insight.choices import IndexGoalposts, IndexMethod, IndexPenalty, IndexReference
from trama.insight.indices.shapes import Definition, Domain, Part
from trama.insight.models import KEY
from trama.territory.choices import AreaKind

FORMAT = 1
FORMS = ("toml", "json")
LARGEST = 200_000  # bytes: a definition is a page of text
CHOICES = {
    "method": IndexMethod.values,
    "penalty": IndexPenalty.values,
    "goalposts": IndexGoalposts.values,
    "reference": IndexReference.values,
    "kind": AreaKind.values,
}
TEXTS = ("name_it", "name_en", "description_it", "description_en")
INDEX_KEYS = {"format", "code", *TEXTS, *CHOICES, "under", "years", "ddof", "reference_year", "domains", "indicators"}
DOMAIN_KEYS = {"key", "name_it", "name_en", "weight"}
PART_KEYS = {"code", "polarity", "weight", "domain", "low", "high", "reference", "name_it", "name_en"}
POLARITY = {"raises": 1, "lowers": -1}


class NotADefinition(ValueError):
    """The text is no definition of an index; says where and why."""


def document(definition: Definition) -> dict[str, Any]:
    """The definition as it is exchanged: what goes without saying is left out."""
    found: dict[str, Any] = {
        "format": FORMAT,
        "code": definition.code,
        **{name: getattr(definition, name) for name in TEXTS},
        "kind": definition.kind,
        "under": definition.under,
        "years": list(definition.years),
        "method": definition.method,
        "penalty": definition.penalty,
        "ddof": definition.ddof,
        "goalposts": definition.goalposts,
        "reference": definition.reference,
        "reference_year": definition.reference_year,
    }
    domains = [
        {"key": one.key, "name_it": one.name_it, "name_en": one.name_en, "weight": one.weight}
        for one in definition.domains
    ]
    parts = [
        {
            "code": part.indicator,
            "name_it": part.name_it,
            "polarity": "raises" if part.polarity > 0 else "lowers",
            "weight": part.weight,
            "domain": part.domain,
            "low": part.low,
            "high": part.high,
            "reference": part.reference,
        }
        for part in definition.parts
    ]
    return {
        **_said(found),
        **({"domains": [_said(one) for one in domains]} if domains else {}),
        "indicators": [_said(one) for one in parts],
    }


def _said(pairs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in pairs.items() if value is not None and value != ""}


def text_of(definition: Definition, form: str) -> str:
    """The definition as TOML or JSON."""
    found = document(definition)
    if form == "json":
        return json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    tables = {key: found.pop(key) for key in ("domains", "indicators") if key in found}
    lines = [f"# {_('An index of Trama: its definition, without figures.')}"]
    lines += [f"{key} = {_toml(value)}" for key, value in found.items()]
    for name, rows in tables.items():
        for row in rows:
            lines += ["", f"[[{name}]]", *(f"{key} = {_toml(value)}" for key, value in row.items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, str):
        # The escapes of JSON are those of TOML; DEL alone is none of JSON's.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return repr(value)


def read(content: bytes, form: str = "") -> Definition:
    """A definition from TOML or JSON (guessed when `form` is empty). Raises NotADefinition."""
    if len(content) > LARGEST:
        raise NotADefinition(_("A definition is a small text file: this one is too big."))
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise NotADefinition(_("The file is not text in UTF-8.")) from error
    as_json = form == "json" or (not form and text.lstrip().startswith("{"))
    try:
        found = json.loads(text) if as_json else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise NotADefinition(_("The file cannot be read: %(why)s.") % {"why": error}) from error
    if not isinstance(found, dict):
        raise NotADefinition(_("The file holds no definition."))
    return from_document(found)


def from_document(found: dict[str, Any]) -> Definition:
    """A definition from what `document` gives. Raises NotADefinition naming the key that is wrong."""
    _known(found, INDEX_KEYS, "")
    if found.get("format") != FORMAT:
        raise NotADefinition(_("“format” must be %(format)s.") % {"format": FORMAT})
    for key, allowed in CHOICES.items():
        if key in found and found[key] not in allowed:
            raise _wrong(key, ", ".join(allowed))
    years = found.get("years", [])
    if not isinstance(years, list) or not all(_is_year(year) for year in years):
        raise _wrong("years", "[2021, 2022]")
    base = found.get("reference_year")
    if base is not None and not _is_year(base):
        raise _wrong("reference_year", "2021")
    if found.get("ddof", 0) not in (0, 1) or isinstance(found.get("ddof"), bool):
        raise _wrong("ddof", "0, 1")
    domains = tuple(_domain(row, n) for n, row in enumerate(_rows(found, "domains"), start=1))
    parts = tuple(_part(row, n) for n, row in enumerate(_rows(found, "indicators"), start=1))
    return Definition(
        _text(found, "name_it", required=True, longest=150),
        _text(found, "name_en", longest=150),
        code=_text(found, "code", required=True, longest=24),
        description_it=_text(found, "description_it", longest=4000),
        description_en=_text(found, "description_en", longest=4000),
        kind=_text(found, "kind", required=True),
        under=_text(found, "under", required=True),
        years=tuple(sorted(set(years))),
        method=found.get("method", IndexMethod.AMPI.value),
        penalty=found.get("penalty", IndexPenalty.PLUS.value),
        ddof=found.get("ddof", 0),
        goalposts=found.get("goalposts", IndexGoalposts.YEARS.value),
        reference=found.get("reference", IndexReference.NONE.value),
        reference_year=base,
        domains=domains,
        parts=parts,
    )


def _domain(row: dict[str, Any], number: int) -> Domain:
    where = f"domains[{number}]."
    _known(row, DOMAIN_KEYS, where)
    if not re.match(KEY, str(row.get("key", "a"))):
        raise _wrong(f"{where}key", _("small letters, digits and _ only, a letter first"))
    return Domain(
        _text(row, "name_it", where, required=True, longest=100),
        _text(row, "name_en", where, longest=100),
        _text(row, "key", where, required=True, longest=24),
        _number(row, "weight", where, 1.0) or 0.0,
    )


def _part(row: dict[str, Any], number: int) -> Part:
    where = f"indicators[{number}]."
    _known(row, PART_KEYS, where)
    polarity = row.get("polarity", "raises")
    if polarity not in POLARITY:
        raise _wrong(f"{where}polarity", ", ".join(POLARITY))
    return Part(
        _text(row, "name_it", where, longest=200),
        indicator=_text(row, "code", where, required=True, longest=60),
        polarity=POLARITY[polarity],
        weight=_number(row, "weight", where, 1.0) or 0.0,
        domain=_text(row, "domain", where, longest=24),
        low=_number(row, "low", where, None),
        high=_number(row, "high", where, None),
        reference=_number(row, "reference", where, None),
    )


def _known(row: dict[str, Any], keys: set[str], where: str) -> None:
    strange = sorted(set(row) - keys)
    if strange:
        raise NotADefinition(
            _("“%(key)s” is no part of a definition. Known are: %(known)s.")
            % {"key": f"{where}{strange[0]}", "known": ", ".join(sorted(keys))}
        )


def _rows(found: dict[str, Any], key: str) -> list[dict[str, Any]]:
    rows = found.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _wrong(key, f"[[{key}]]")
    return rows


def _is_year(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1800 < value < 2200


def _text(row: dict[str, Any], key: str, where: str = "", *, required: bool = False, longest: int = 200) -> str:
    value = row.get(key, "")
    if not isinstance(value, str) or "\0" in value:
        raise _wrong(f"{where}{key}", _("a text"))
    value = value.strip()
    if required and not value:
        raise NotADefinition(_("“%(key)s” is missing.") % {"key": f"{where}{key}"})
    if len(value) > longest:
        raise _wrong(f"{where}{key}", _("at most %(n)s characters") % {"n": longest})
    return value


def _number(row: dict[str, Any], key: str, where: str, usual: float | None) -> float | None:
    value = row.get(key, usual)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        raise _wrong(f"{where}{key}", _("a number"))
    return float(value)


def _wrong(key: str, expected: str) -> NotADefinition:
    return NotADefinition(_("“%(key)s” must be: %(expected)s.") % {"key": key, "expected": expected})
