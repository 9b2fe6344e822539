"""Entries of the audit as people read them: sentences, columns of a file, words for verbs and kinds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Page
from django.http import HttpRequest
from django.utils.translation import gettext as _

from trama.core import memo
from trama.core.declarations import gathered
from trama.core.models import AuditEntry
from trama.people.choices import VERBS

COLUMNS = ("number", "at", "user", "user_name", "verb", "kind", "object_id", "label", "changes", "previous", "hash")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
LONGEST_VALUE = 120


@dataclass(frozen=True)
class Change:
    """One field that changed, in words."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Sentence:
    """One act, in words."""

    number: int
    at: datetime
    who: str
    verb: str
    kind: str
    label: str
    url: str
    changes: list[Change]
    hash: str


def verb_words(verb: str) -> str:
    """“granted_role” → “gave a role to”; an unknown verb as it is written."""
    return str(VERBS.get(verb, verb.replace("_", " ")))


def kind_words(kind: str) -> str:
    """“network.organisation” → “organisation”, in the language of the reader."""
    try:
        return str(apps.get_model(kind)._meta.verbose_name)
    except (LookupError, ValueError):
        return kind


def known_verbs() -> list[tuple[str, str]]:
    """The verbs that the audit holds, with their words."""
    verbs = memo.remember("people.verbs", 60, lambda: _distinct("verb"))
    return sorted(((verb, verb_words(verb)) for verb in verbs), key=lambda pair: pair[1])


def known_kinds() -> list[tuple[str, str]]:
    """The kinds of record that the audit speaks of, with their words."""
    kinds = memo.remember("people.kinds", 60, lambda: _distinct("kind"))
    return sorted(((kind, kind_words(kind)) for kind in kinds), key=lambda pair: pair[1])


def _distinct(field: str) -> list[str]:
    return [value for value in AuditEntry.objects.order_by(field).values_list(field, flat=True).distinct() if value]


def sentences(entries: Iterable[AuditEntry]) -> list[Sentence]:
    """Entries in words."""
    return [_sentence(entry) for entry in entries]


def _sentence(entry: AuditEntry) -> Sentence:
    searchable = gathered.searchables.get(entry.kind)
    return Sentence(
        number=entry.number,
        at=entry.at,
        who=entry.user_name or _("somebody"),
        verb=verb_words(entry.verb),
        kind=kind_words(entry.kind) if entry.kind else "",
        label=entry.label,
        url=searchable.url(int(entry.object_id)) if searchable and entry.object_id.isdecimal() else "",
        changes=[_change(entry.kind, name, value) for name, value in entry.changes.items()],
        hash=entry.hash,
    )


def _change(kind: str, name: str, value: Any) -> Change:
    try:
        field = apps.get_model(kind)._meta.get_field(name.removesuffix("_id"))
        label = str(getattr(field, "verbose_name", name))
    except (LookupError, ValueError, FieldDoesNotExist):
        label = name.replace("_", " ")
    if isinstance(value, list) and len(value) == 2:
        return Change(label, _words(value[0]), _words(value[1]))
    return Change(label, "", _words(value))


def _words(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def line(entry: AuditEntry) -> list[str]:
    """An entry as a line of a file: all that its hash is made of, and the hash. Formulas are defused."""
    values = [
        str(entry.number),
        entry.at.astimezone(UTC).isoformat(),
        "" if entry.user is None else str(entry.user),
        entry.user_name,
        entry.verb,
        entry.kind,
        entry.object_id,
        entry.label,
        json.dumps(entry.changes, sort_keys=True, ensure_ascii=False),
        entry.previous,
        entry.hash,
    ]
    return [f"'{value}" if value.startswith(FORMULA) else value for value in values]


def paging(request: HttpRequest, shown: Page[Any]) -> dict[str, Any]:
    """What `ui/_pages.html` needs to lead from page to page without losing the filter."""
    kept = request.GET.copy()
    kept.pop("page", None)
    pages = list(shown.paginator.get_elided_page_range(shown.number, on_each_side=2, on_ends=1))
    return {"page": shown, "pages": pages, "query": kept.urlencode()}
