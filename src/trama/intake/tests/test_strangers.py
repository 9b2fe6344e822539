"""Files and recipes of strangers: no way out of the folder, no end of rows, no traceback."""

import json
from pathlib import Path

import pytest

from trama.intake import files, rows, staging
from trama.intake.recipe import RecipeError, TableSpec, parse


@pytest.mark.parametrize(
    "name",
    ["../secret.csv", "../../../../etc/passwd", "/etc/passwd", "*", "a*.csv", "..", "", "a\x00.csv", "recipe.toml"],
)
def test_a_recipe_names_no_file_outside_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (folder / "a1.csv").write_text("a\n1\n")
    (folder / "recipe.toml").write_text("x")
    with pytest.raises(RecipeError):
        files.find(folder, name)
    assert files.find(folder, "a1.csv").name == "a1.csv"


def test_a_link_leads_nowhere(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (folder / "a.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(RecipeError):
        files.find(folder, "a.csv")


def test_what_is_missing_is_said_without_the_folders_of_the_server(tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as error:
        files.find(tmp_path, "a.csv")
    assert "a.csv" in str(error.value)
    assert str(tmp_path) not in str(error.value)


def test_a_file_of_endless_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST_ROWS", 50)
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "1,2\n" * 60)
    with pytest.raises(RecipeError, match="50"):
        files.read(path, TableSpec())


@pytest.mark.parametrize("content", ["[" * 100_000, json.dumps({"type": "FeatureCollection", "features": [5, None]})])
def test_deep_or_odd_json_is_a_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(RecipeError):
        files.read(path, TableSpec())


def test_a_deep_recipe_is_a_sentence() -> None:
    with pytest.raises(RecipeError):
        parse("a=" + "[" * 20_000 + "]" * 20_000, "x.toml")


def test_what_is_sent_together_has_a_bound() -> None:
    assert staging.MOST_BYTES <= 128 * 1024 * 1024
