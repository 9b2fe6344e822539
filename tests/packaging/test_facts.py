"""What several files say of the project is the same in all of them."""

from __future__ import annotations

import re
import tomllib

import trama
from tests.architecture.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PUBLIC = (ROOT / "publiccode.yml").read_text(encoding="utf-8")


def public(key: str) -> str:
    """A simple value of publiccode.yml."""
    found = re.search(rf"^\s*{key}: *\"?([^\"\n]+)\"?$", PUBLIC, re.MULTILINE)
    assert found, f"publiccode.yml has no {key}"
    return found[1].strip()


def test_the_version_is_one() -> None:
    assert PROJECT["version"] == trama.__version__ == public("softwareVersion")


def test_the_licence_is_one() -> None:
    assert PROJECT["license"] == public("license") == "AGPL-3.0-or-later"
    assert "GNU AFFERO GENERAL PUBLIC LICENSE\n                       Version 3" in (ROOT / "LICENSE").read_text()


def test_short_descriptions_are_short() -> None:
    short = re.findall(r"shortDescription: (.+)", PUBLIC)
    assert len(short) == 2
    assert all(len(text) <= 150 for text in short)


def test_every_settable_thing_is_documented() -> None:
    documented = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")
    # A row of the table may name a family once: `TRAMA_SMTP_HOST`, `_PORT`.
    for row in documented.splitlines():
        if named := re.search(r"`(TRAMA_[A-Z]+)_[A-Z]+`, `_", row):
            documented += "".join(f" {named[1]}{rest}" for rest in re.findall(r"`(_[A-Z]+)`", row))
    read = set()
    for path in (ROOT / "src" / "trama" / "config").glob("*.py"):
        read |= set(
            re.findall(r"environ(?:\.get\(|\[)\"((?:TRAMA|DATABASE)_[A-Z_]+)\"", path.read_text(encoding="utf-8"))
        )
    assert len(read) > 5
    # What is for those who write Trama, not for those who install it.
    assert {name for name in read - {"TRAMA_DEBUG"} if name not in documented} == set()


def test_links_between_documents_lead_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changelog.d/*.md")]
    links = [
        (document, target)
        for document in documents
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
        if not target.startswith(("http:", "https:", "mailto:"))
    ]
    assert links
    assert [f"{doc.name}: {target}" for doc, target in links if not (doc.parent / target).exists()] == []
