"""Code lists: loaded as often as one likes, never half, with a sentence when a file is wrong."""

from pathlib import Path

import pytest
from django.utils import translation

from trama.core import codes
from trama.core.models import Code

HEAD = "value,label_it,label_en,description,valid_from,valid_to,broader\n"


def write(folder: Path, rows: str, name: str = "colour") -> Path:
    path = folder / f"{name}.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    return path


@pytest.mark.django_db
def test_a_list_is_loaded_once_and_changes_only_what_changed(tmp_path: Path) -> None:
    path = write(tmp_path, "red,Rosso,Red,,,,\nblue,Blu,Blue,,,,\n")
    assert codes.load_file(path) == 2
    assert codes.load_file(path) == 0
    write(tmp_path, "red,Rosso vivo,Red,,,,\nblue,Blu,Blue,,,,\n")
    assert codes.load_file(path) == 1
    assert Code.objects.get(pk="colour:red").label_it == "Rosso vivo"


@pytest.mark.django_db
def test_a_value_that_vanishes_from_the_file_stays(tmp_path: Path) -> None:
    codes.load_file(write(tmp_path, "red,Rosso,Red,,,,\nblue,Blu,Blue,,,,\n"))
    codes.load_file(write(tmp_path, "red,Rosso,Red,,,,\n"))
    assert Code.objects.filter(list="colour").count() == 2


@pytest.mark.django_db
def test_a_closed_value_is_kept_and_no_longer_offered(tmp_path: Path) -> None:
    codes.load_folders([write(tmp_path, "red,Rosso,Red,,,2020-01-01,\nblue,Blu,Blue,,,,\n").parent])
    assert [code.value for code in codes.codes_of("colour")] == ["blue"]
    assert [code.value for code in codes.codes_of("colour", also_closed=True)] == ["red", "blue"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("red,Rosso,Red,,,,\nred,Rosso,Red,,,,\n", ("row 3", "red", "twice")),
        ("red,,Red,,,,\n", ("row 2", "label_it")),
        ("red,Rosso,Red,,,31/12/2020,\n", ("row 2", "valid_to", "31/12/2020")),
    ],
)
def test_a_wrong_file_is_refused_with_row_and_column_and_leaves_nothing(
    tmp_path: Path, rows: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(codes.CodeListError) as error:
        codes.load_file(write(tmp_path, rows))
    for word in (*words, "colour.csv"):
        assert word in str(error.value)
    assert not Code.objects.filter(list="colour").exists()


@pytest.mark.django_db
def test_a_code_is_found_by_value_or_label_in_either_language(tmp_path: Path) -> None:
    codes.load_folders([write(tmp_path, "red,Rosso,Red,,,,\n").parent])
    for text in ("red", "ROSSO", " rosso ", "Red"):
        found = codes.find("colour", text)
        assert found is not None
        assert found.id == "colour:red"
    assert codes.find("colour", "verde") is None


@pytest.mark.django_db
def test_labels_follow_the_language(tmp_path: Path) -> None:
    codes.load_folders([write(tmp_path, "red,Rosso,Red,,,,\n").parent])
    with translation.override("it"):
        assert codes.label("colour:red") == "Rosso"
    with translation.override("en"):
        assert codes.label("colour:red") == "Red"
    assert codes.label("colour:unknown") == "colour:unknown"
    assert codes.label(None) == ""


@pytest.mark.django_db
def test_every_list_of_the_project_is_whole() -> None:
    """Both labels everywhere, and every broader value exists (the foreign key says so)."""
    rows = list(Code.objects.exclude(list="colour"))
    assert len({row.list for row in rows}) >= 12
    assert all(row.label_it and row.label_en for row in rows)
    assert {r.value for r in rows if r.list == "target"} >= {
        "families_minors",
        "disability",
        "addiction",
        "elderly",
        "immigration",
        "poverty_adults_homeless",
        "multi_user",
    }
