"""Templates: none unused, nothing inline that a strict content security policy refuses."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps

from tests.architecture.tree import PACKAGE, parsed, python_files, short, tracked

TEMPLATES = [p for p in tracked() if p.is_relative_to(PACKAGE) and "templates" in p.relative_to(PACKAGE).parts]
PAGES = [path for path in TEMPLATES if path.suffix == ".html"]
# Names that Django looks for by itself.
KNOWN_TO_DJANGO = {"400.html", "403.html", "403_csrf.html", "404.html", "500.html"}

COMMENT = re.compile(r"\{#.*?#\}|\{% comment.*?%\}.*?\{% endcomment %\}|<!--.*?-->", re.DOTALL)
INLINE = {
    "a script inside the page": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/(?:ld\+)?json\")", re.I),
    "a style inside the page": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"\sstyle\s*=", re.I),
    "an event attribute": re.compile(r"\son[a-z]+\s*=\s*[\"'{]", re.I),
    "a javascript: address": re.compile(r"javascript:", re.I),
}


def template_name(path: Path) -> str:
    """The name under which Django knows a template."""
    parts = path.relative_to(PACKAGE).parts
    return "/".join(parts[parts.index("templates") + 1 :])


def overrides_a_library(name: str) -> bool:
    """Whether a library has a template of the same name, which it asks for."""
    for config in apps.get_app_configs():
        folder = Path(config.path)
        if not folder.is_relative_to(PACKAGE) and (folder / "templates" / name).exists():
            return True
    return False


def named_in_python() -> tuple[set[str], list[re.Pattern[str]]]:
    """Template names in the strings of our Python, and patterns for those put together with an f-string."""
    texts, patterns = set(), []
    for path in python_files(PACKAGE):
        if "tests" in path.parts:
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.JoinedStr):
                written = [p.value if isinstance(p, ast.Constant) else None for p in node.values]
                if any(isinstance(part, str) and "/" in part for part in written):
                    patterns.append(re.compile("".join(".+" if p is None else re.escape(str(p)) for p in written)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
    return texts, patterns


def test_no_template_is_unused() -> None:
    texts, patterns = named_in_python()
    quoted = set()
    for path in TEMPLATES:
        if path.suffix in {".html", ".txt", ".xml"}:
            quoted |= set(re.findall(r"[\"']([^\"']+\.\w+)[\"']", path.read_text(encoding="utf-8")))
    unused = []
    for path in TEMPLATES:
        name = template_name(path)
        if name in texts | quoted | KNOWN_TO_DJANGO or overrides_a_library(name):
            continue
        if not any(pattern.fullmatch(name) for pattern in patterns):
            unused.append(short(path))
    assert unused == []


def inline_parts(text: str) -> list[str]:
    """What a strict content security policy would refuse in a page."""
    bare = COMMENT.sub("", text)
    return [name for name, pattern in INLINE.items() if pattern.search(bare)]


@pytest.mark.parametrize("path", PAGES, ids=short)
def test_nothing_inline(path: Path) -> None:
    assert inline_parts(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<script type="module" src="{% static "a.js" %}"></script>', []),
        ("<script>alert(1)</script>", ["a script inside the page"]),
        ('<p style="color: red">', ["a style attribute"]),
        ("<style>p {}</style>", ["a style inside the page"]),
        ('<button onclick="go()">', ["an event attribute"]),
        ('<a href="javascript:go()">', ["a javascript: address"]),
        ('{# style="x" #}<p class="style">', []),
    ],
)
def test_what_counts_as_inline(text: str, expected: list[str]) -> None:
    assert inline_parts(text) == expected
