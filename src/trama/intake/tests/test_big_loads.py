"""Big loads: their records come into the search after they are written, and what was broken off is taken up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import Model

from trama.core import bulk, search
from trama.core.models import SearchEntry
from trama.core.rewinding import noting
from trama.directory.models import Resource
from trama.intake import indexing
from trama.intake.tests.test_taking_records_back import folder, load
from trama.network.models import Organisation

pytestmark = pytest.mark.django_db
__all__ = ["folder"]


def test_a_search_that_was_broken_off_is_taken_up_by_the_next_load(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "BIG", 1)
    monkeypatch.setattr(indexing, "AT_ONCE", 1)
    monkeypatch.setattr(indexing, "PAUSE", 0)
    real, done = search.refresh, 0

    def breaking(model: type[Model], pks: Any = None) -> int:
        nonlocal done
        done += model is Resource
        if done > 1:
            raise OperationalError("the disk is full")
        return real(model, pks)

    monkeypatch.setattr(search, "refresh", breaking)
    first = load(folder)
    made = set(Resource.objects.values_list("pk", flat=True))
    found = SearchEntry.objects.filter(kind="directory.resource").values_list("object_id", flat=True)
    assert len(made) > 1
    assert len(found) == 1  # the records are there, and the load says that not all can be found
    assert indexing.LEFT in first.outcome

    monkeypatch.setattr(search, "refresh", real)
    load(folder)
    first.refresh_from_db()
    assert indexing.LEFT not in first.outcome
    assert set(found.all()) == made


def test_rows_made_rows_changed_and_rows_that_went_are_told_apart() -> None:
    """SQLite knows new rows by their keys alone: those that were there before must still be noted."""
    here = [Organisation(name=name, normalised_name=name.lower()) for name in ("Uno", "Due", "Tre")]
    for row in here:
        row.save()
    lost = here[2].pk
    with noting([Organisation]) as journal:
        bulk.insert([Organisation(name="Quattro", normalised_name="quattro")])
        Organisation.objects.create(name="Cinque", normalised_name="cinque").delete()
        Organisation.objects.filter(normalised_name="quattro").update(acronym="Q")
        Organisation.objects.filter(pk=here[0].pk).update(name="Primo")
        Organisation.objects.filter(pk=lost).delete()
        if connection.vendor == "sqlite":  # a key that was free below: given by hand, and known as new all the same
            Organisation.objects.create(pk=-5, name="Sotto", normalised_name="sotto")
    written = journal.of(Organisation)
    new = set(Organisation.objects.filter(normalised_name__in=["quattro", "sotto"]).values_list("pk", flat=True))
    assert set(written.created) == new
    assert {key: set(values) for key, values in written.changed.items()} == {here[0].pk: {"name"}}
    assert set(written.removed) == {lost}


def test_a_made_record_is_what_its_model_makes() -> None:
    values = {"name": "Uno", "normalised_name": "uno", "kind_id": None, "lon": 11.3}
    made, plain = bulk.maker(Organisation)(values), Organisation(**values)
    names = [item.attname for item in Organisation._meta.concrete_fields if item.attname != "edited_at"]
    assert {name: getattr(made, name) for name in names} == {name: getattr(plain, name) for name in names}
    with pytest.raises(TypeError):
        bulk.maker(Organisation)({"nome": "Uno"})


def test_words_are_folded_alike_whether_plain_or_not() -> None:
    said = {"Caffè": "caffe", "CAFFE": "caffe", "ŠKODA ﬁne": "skoda fine", "Straße": "strasse", "ÀÈÌ": "aei"}
    assert {text: search.fold(text) for text in said} == said
