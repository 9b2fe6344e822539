"""Rows written at once are what `bulk_create` would have written."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.utils.translation import gettext_lazy

from trama.core import bulk
from trama.core.models import AuditEntry, SearchEntry, SearchTerm, Source

pytestmark = pytest.mark.django_db


def _entry(number: int) -> AuditEntry:
    return AuditEntry(
        number=number,
        at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
        verb="loaded",
        label="Caffè «alla» Ruggine",
        changes={"name": [None, "Orto"], "n": [1, 2.5]},
        previous="a" * 64,
        hash=f"{number:064d}",
    )


def test_every_kind_of_value_comes_back_as_bulk_create_stores_it() -> None:
    AuditEntry.objects.bulk_create([_entry(1)])
    bulk.insert([_entry(2)])
    one, other = AuditEntry.objects.order_by("number").values("at", "user", "verb", "label", "changes", "previous")
    assert one == other
    bulk.insert([Source(key="k", title=gettext_lazy("Areas"), published_on=date(2024, 8, 16), is_demonstration=True)])
    source = Source.objects.get(key="k")
    assert (source.published_on, source.is_demonstration, bool(source.title)) == (date(2024, 8, 16), True, True)


def test_a_row_that_is_there_stays_or_is_brought_up_to_date() -> None:
    bulk.insert([SearchTerm(word="orto", stem="ort")])
    bulk.insert([SearchTerm(word="orto", stem="altro"), SearchTerm(word="canto", stem="cant")], ignore_conflicts=True)
    assert dict(SearchTerm.objects.values_list("word", "stem")) == {"orto": "ort", "canto": "cant"}
    wanted = {"unique": ["kind", "object_id"], "update": ["title", "title_stems", "stems"]}
    for title in ("Prima", "Dopo"):
        bulk.insert([SearchEntry(kind="a.b", object_id=7, title=title, title_stems=title, stems="x")], **wanted)
    assert list(SearchEntry.objects.filter(kind="a.b").values_list("object_id", "title")) == [(7, "Dopo")]


def test_no_row_is_no_work() -> None:
    bulk.insert([])
    assert not AuditEntry.objects.filter(verb="loaded").exists()
