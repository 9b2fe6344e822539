"""Every action leaves an audit row: read from the source of each app's actions."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGE, parsed, short, tracked

AUDIT = {"record", "record_many"}
ACTIONS = [
    path
    for path in tracked()
    if path.is_relative_to(PACKAGE)
    and path.suffix == ".py"
    and "tests" not in path.parts
    and (path.name == "actions.py" or path.parent.name == "actions")
]


def called(node: ast.AST) -> set[str]:
    """Names of what a function calls, or hands on to be called: `a()` and `b.a()` give a."""
    names = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            for part in [inner.func, *inner.args]:
                if isinstance(part, ast.Attribute):
                    names.add(part.attr)
                elif isinstance(part, ast.Name):
                    names.add(part.id)
    return names


def other_actions(tree: ast.Module) -> set[str]:
    """Names that a module of actions imports from the actions of others: those leave an audit row of their own."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and ".actions" in f"{node.module}.":
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if alias.name == "actions":
                    found.add(alias.asname or alias.name)
    return found


def silent(tree: ast.Module) -> list[str]:
    """Public functions of a module from which no call leads to the audit."""
    functions = {n.name: n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))}
    calls = {name: called(node) for name, node in functions.items()}
    foreign = other_actions(tree)
    modules = {
        name
        for name, node in functions.items()
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id in foreign
    }
    loud = {name for name, names in calls.items() if names & (AUDIT | foreign)} | modules
    while more := {name for name, names in calls.items() if names & loud} - loud:
        loud |= more
    return sorted(name for name in functions if not name.startswith("_") and name not in loud)


@pytest.mark.parametrize("path", ACTIONS, ids=short)
def test_every_action_leaves_an_audit_row(path: Path) -> None:
    assert silent(parsed(path)) == []


def test_an_action_that_records_nothing_is_seen() -> None:
    source = """
from trama.core.history import record
from trama.network import actions as network

def loud(actor):
    record(actor, "x")

def by_way_of(actor):
    _inner(actor)

def by_another_app(actor):
    network.add_organisation(actor)

def _inner(actor):
    record(actor, "x")

def still(actor):
    actor.save()
"""
    assert silent(ast.parse(source)) == ["still"]
