"""The repository as the architecture tests see it: files, apps, layers."""

from __future__ import annotations

import ast
import functools
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "src" / "trama"
# The files of an app that only its own addresses use.
WEB_SIDE = {"urls", "views", "api", "admin", "tasks", "middleware", "forms"}


@functools.cache
def tracked() -> tuple[Path, ...]:
    """Files of the repository, also new ones that are not ignored; in a source archive, everything but the caches."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0:
        paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    else:
        paths = (path for path in ROOT.rglob("*") if not {".venv", "var", "__pycache__"} & set(path.parts))
    return tuple(sorted(path for path in paths if path.is_file()))


def python_files(under: Path = ROOT) -> list[Path]:
    """Python that people wrote: no migrations."""
    return [p for p in tracked() if p.suffix == ".py" and p.is_relative_to(under) and "migrations" not in p.parts]


@functools.cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def short(path: Path) -> str:
    """A path for a sentence."""
    return path.relative_to(ROOT).as_posix()


def app_of(path: Path) -> str:
    """The app that a file of the package belongs to."""
    return path.relative_to(PACKAGE).parts[0]


@functools.cache
def layers() -> dict[str, int]:
    """Height of each app, read from the import contract: an app may know apps of a smaller height alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(c for c in project["tool"]["importlinter"]["contracts"] if c["id"] == "layers-of-apps")
    heights = {}
    for height, layer in enumerate(reversed(contract["layers"])):
        for name in layer.split("|"):
            heights[name.strip().strip("()")] = height
    return heights


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, absolute module or module.name) of every import of a file, inside functions too."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"
