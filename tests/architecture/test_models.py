"""Tables: keys point downward, each says what kind of data it holds and in which order its rows come."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from tests.architecture.tree import layers
from trama.core.privacy import Privacy

# Tables that have no order of their own, each with the reason.
UNORDERED: dict[str, str] = {}


def app_name(model: type[models.Model]) -> str:
    """The app of ours that a model belongs to; empty for a library's."""
    module = model.__module__.split(".")
    return module[1] if module[0] == "trama" else ""


OURS = [model for model in apps.get_models(include_auto_created=True) if app_name(model)]
WRITTEN = [model for model in OURS if not model._meta.auto_created]


def name_of(model: type[models.Model]) -> str:
    """`app.Model`, for a test's name."""
    return model._meta.label


def test_there_are_models() -> None:
    assert len(WRITTEN) > 10


@pytest.mark.parametrize("model", OURS, ids=name_of)
def test_foreign_keys_point_downward(model: type[models.Model]) -> None:
    heights = layers()
    upward = []
    for field in model._meta.get_fields():
        target = field.related_model if field.concrete and field.is_relation else None
        if not isinstance(target, type) or not app_name(target) or app_name(target) == app_name(model):
            continue
        if heights[app_name(target)] >= heights[app_name(model)]:
            upward.append(f"{model._meta.label}.{field.name} -> {target._meta.label}")
    assert upward == []


@pytest.mark.parametrize("model", WRITTEN, ids=name_of)
def test_every_model_states_its_privacy(model: type[models.Model]) -> None:
    # Its own statement, or that of a base that exists for it; never that of the model that it happens to extend.
    stated = next((vars(base)["privacy"] for base in model.__mro__ if "privacy" in vars(base)), None)
    assert isinstance(stated, Privacy), f"{model._meta.label} does not say what kind of data it holds"
    for name in stated.personal_fields:
        try:
            model._meta.get_field(name)
        except FieldDoesNotExist:
            pytest.fail(f"{model._meta.label} calls {name} personal, and has no such field")


@pytest.mark.parametrize("model", [m for m in WRITTEN if hasattr(m, "privacy") and m.privacy.eraser], ids=name_of)
def test_what_erases_personal_data_exists(model: type[models.Model]) -> None:
    eraser = model.privacy.eraser  # type: ignore[attr-defined]
    if eraser.startswith("none:"):
        return
    module, _, function = eraser.rpartition(".")
    found = getattr(importlib.import_module(f"trama.{module}"), function, None)
    assert callable(found), f"{model._meta.label} is erased by {eraser}, which does not exist"


@pytest.mark.parametrize("model", [m for m in OURS if m._meta.auto_created], ids=name_of)
def test_a_table_between_two_models_belongs_to_one_that_states_its_privacy(model: type[models.Model]) -> None:
    owner = model._meta.auto_created
    assert isinstance(getattr(owner, "privacy", None), Privacy)


@pytest.mark.parametrize("model", WRITTEN, ids=name_of)
def test_rows_have_an_order(model: type[models.Model]) -> None:
    if model._meta.label in UNORDERED:
        assert not model._meta.ordering, "it has an order now: take it off the list"
    else:
        assert model._meta.ordering, "no Meta.ordering"
