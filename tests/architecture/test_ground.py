"""That tests never begin on a database of other migrations than those of the tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import ground


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree with one migration, and a folder where databases are kept."""
    migration = tmp_path / "src" / "trama" / "core" / "migrations" / "0001_initial.py"
    migration.parent.mkdir(parents=True)
    migration.write_text("operations = []\n", encoding="utf-8")
    monkeypatch.setattr(ground, "ROOT", tmp_path)
    monkeypatch.setattr(ground, "FOLDER", tmp_path)
    monkeypatch.setattr(ground, "digest", ground.digest.__wrapped__)
    return migration


def test_a_kept_database_is_taken_as_long_as_no_migration_changes(tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "test.sqlite3"
    assert not ground.take(target)
    ground.kept().write_bytes(b"migrated")
    assert ground.take(target)
    assert target.read_bytes() == b"migrated"
    tree.write_text("operations = [1]\n", encoding="utf-8")
    assert not ground.take(target), "a migration was changed"
    tree.write_text("operations = []\n", encoding="utf-8")
    assert ground.take(target)
    tree.with_name("0002_more.py").write_text("", encoding="utf-8")
    assert not ground.take(target), "a migration was added"
