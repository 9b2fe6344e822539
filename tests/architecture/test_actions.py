"""Every action leaves an audit row: read from the source of each app's actions."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGE, parsed, short, tracked

AUDIT = {"record", "record_many"}
# Calls that change rows; the short names only on a queryset, since dictionaries and sets have them too.
WRITES = {"save", "create", "get_or_create", "update_or_create", "bulk_create", "bulk_update"}
WRITES_ON_QUERYSETS = {"update", "delete"}
# What may change rows without a trace, each with the reason.
SILENT = {
    "territory.redraw_outlines": "drawings derived from boundaries; the boundaries themselves leave the trace",
}
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


def writes(node: ast.AST) -> bool:
    """Whether a function itself changes rows, or says so by asking for a transaction."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and inner.attr == "atomic":
            return True
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            on = {part.attr for part in ast.walk(inner.func.value) if isinstance(part, ast.Attribute)}
            if inner.func.attr in WRITES or (inner.func.attr == "delete" and not inner.args):
                return True
            if inner.func.attr in WRITES_ON_QUERYSETS and on & {"objects", "filter", "exclude", "all"}:
                return True
    return False


def spread(seeds: set[str], calls: dict[str, set[str]]) -> set[str]:
    """The functions of a module from which a call leads to one of the seeds."""
    reached = set(seeds)
    while more := {name for name, names in calls.items() if names & reached} - reached:
        reached |= more
    return reached


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
    """Public functions of a module that change rows, and from which no call leads to the audit."""
    functions = {n.name: n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))}
    calls = {name: called(node) for name, node in functions.items()}
    foreign = other_actions(tree)
    by_another = {
        name
        for name, node in functions.items()
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id in foreign
    }
    loud = spread({name for name, names in calls.items() if names & (AUDIT | foreign)} | by_another, calls)
    changing = spread({name for name, node in functions.items() if writes(node)}, calls)
    return sorted(name for name in changing & set(functions) if not name.startswith("_") and name not in loud)


@pytest.mark.parametrize("path", ACTIONS, ids=short)
def test_every_action_leaves_an_audit_row(path: Path) -> None:
    app = path.relative_to(PACKAGE).parts[0]
    assert [name for name in silent(parsed(path)) if f"{app}.{name}" not in SILENT] == []


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

def still_by_way_of(actor):
    _quiet(actor)

def _quiet(actor):
    Thing.objects.filter(pk=1).update(name="x")

def in_a_transaction():
    with transaction.atomic():
        pass

def asks_only(actor):
    found = {}
    found.update(a=Thing.objects.filter(pk=1).exists())
    return found
"""
    assert silent(ast.parse(source)) == ["in_a_transaction", "still", "still_by_way_of"]
