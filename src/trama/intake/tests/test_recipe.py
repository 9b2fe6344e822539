"""Recipes: what they may say, and how clearly they are told what is wrong."""

# ruff: noqa: E501
from __future__ import annotations

from pathlib import Path

import pytest

from trama.intake import recipe
from trama.intake.recipe import RecipeError, ResourcesStep, parse
from trama.intake.tests.factories import AREAS_STEP, HEAD, RESOURCES_STEP


def test_a_whole_recipe_is_read() -> None:
    found = parse(HEAD + AREAS_STEP + RESOURCES_STEP, "prova.toml")
    assert [step.name for step in found.steps] == ["aree", "risorse"]
    step = found.steps[1]
    assert isinstance(step, ResourcesStep)
    assert step.promoter is not None
    assert step.promoter.several == ["in collaborazione"]
    assert step.check[0].kind == "district"


@pytest.mark.parametrize("name", ["bologna", "torino", "imola", "colline-matildiche"])
def test_the_recipes_of_the_repository_are_well_written(root: Path, name: str) -> None:
    assert recipe.read(root / "recipes" / f"{name}.toml").key == name


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('when_gone = "close"', 'when_gome = "close"', "the key “when_gome” is not known: did you mean “when_gone”?"),
        ('kind = "resources"', 'kind = "resource"', "the kind of step “resource” is not known: did you mean “resources”?"),
        ('column = "PUNTO"', 'colum = "PUNTO"', "the key “colum” is not known: did you mean “column”?"),
        ('column = "ENTE"', 'column = 3', "“column” must be a text."),
        ("split_name = true", 'split_name = "yes"', "“split_name” must be true or false."),
        ('file = "risorse.csv"', "", "the step “risorse” names no file."),
        ('several = ["in collaborazione"]', 'several = ["("]', "is not well written"),
        ('when_gone = "close"', 'when_gone = "delete"', "“when_gone” is either “report” or “close”."),
        ('name = "risorse"', 'name = "aree"', "two steps are called “aree”."),
        ("format = 1", "format = 2", "this Trama reads recipes of format 1."),
        ('key = "prova"', "", "the key “key” is missing."),
        ('source = "s"\nfile = "risorse.csv"', 'source = "z"\nfile = "risorse.csv"', "the source “z” is not known"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, said: str) -> None:
    from django.utils import translation

    text = HEAD + AREAS_STEP + RESOURCES_STEP
    assert old in text
    with translation.override("en"), pytest.raises(RecipeError) as raised:
        parse(text.replace(old, new), "prova.toml")
    assert said in str(raised.value)
    if new and "several" not in new:
        line = text[: text.index(old)].count("\n") + 1
        assert str(raised.value).startswith(f"prova.toml, line {line}: ")


def test_what_is_no_toml_is_said_with_its_line() -> None:
    with pytest.raises(RecipeError, match=r"prova\.toml, riga 3"):
        parse("format = 1\nkey = 'a'\ntitle = = 2\n", "prova.toml")
