"""Size and names of files, who imports whom, and what must not stand in the tree."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from urllib.parse import urlsplit

from tests.architecture.tree import PACKAGE, ROOT, WEB_SIDE, app_of, imports, parsed, python_files, short, tracked

LONGEST_MODULE = 600
LONGEST_FUNCTION = 60
BANNED_NAMES = {"utils", "util", "helpers", "helper", "services", "service", "misc", "common", "signals"}
MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9._-])/(work|farm)/")
HOME_PATH = re.compile(r"(^|[^A-Za-z0-9._/-])/(root|home/[a-z]+)/(?!\.\.\.)")


def test_no_module_is_longer_than_a_person_reads() -> None:
    sources = [p for p in tracked() if p.suffix in {".py", ".js", ".mjs", ".css"} and "migrations" not in p.parts]
    lengths = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {}
    for path in python_files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long[f"{short(path)}:{node.lineno} {node.name}"] = lines
    assert long == {}


def test_no_file_is_named_for_nothing() -> None:
    assert [short(path) for path in python_files(PACKAGE) if BANNED_NAMES & set(path.with_suffix("").parts)] == []


def test_nobody_uses_django_signals() -> None:
    found = [
        f"{short(path)}:{line}"
        for path in python_files(PACKAGE)
        for line, name in imports(path)
        if name.startswith(("django.dispatch", "django.db.models.signals"))
    ]
    assert found == []


def test_the_web_side_of_an_app_is_private() -> None:
    found = []
    for path in python_files(PACKAGE):
        for line, name in imports(path):
            parts = name.split(".")
            foreign = parts[0] == "trama" and len(parts) > 2 and parts[1] != app_of(path)
            if foreign and parts[2] in WEB_SIDE and app_of(path) != "config" and "tests" not in path.parts:
                found.append(f"{short(path)}:{line} imports {name}")
    assert found == []


def test_what_runs_does_not_import_tests() -> None:
    found = []
    for path in python_files(PACKAGE):
        if "tests" in path.parts or path.name == "conftest.py":
            continue
        for line, name in imports(path):
            if name.split(".")[0] in {"tests", "pytest", "conftest", "benchmarks"} or ".tests" in name:
                found.append(f"{short(path)}:{line} imports {name}")
    assert found == []


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-logo",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def index_hosts() -> set[str]:
    """Hosts of private package indexes that this machine installs from."""
    texts = [
        os.environ.get(name, "") for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX")
    ]
    done = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True)
    texts += [line.split("=", 1)[-1].strip(" '\"") for line in done.stdout.splitlines() if "index-url" in line]
    hosts = {urlsplit(address).hostname or "" for text in texts for address in text.split()}
    return {host for host in hosts if host} - {"pypi.org", "localhost"}


def test_the_tree_knows_nothing_of_the_machine_that_it_was_written_on() -> None:
    hosts = index_hosts()
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" in content[:8000]:
            continue
        for number, line in enumerate(content.decode("utf-8", errors="replace").splitlines(), start=1):
            if MACHINE_PATH.search(line) or HOME_PATH.search(line) or any(host in line for host in hosts):
                found.append(f"{short(path)}:{number} {line.strip()[:120]}")
    assert found == []
