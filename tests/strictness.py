"""Django made stricter for tests: an undefined template variable is an error, rows without order come in any order."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from django.db.models import query
from django.template.base import Node

OURS = str(Path(__file__).resolve().parent.parent / "src" / "trama")


class UndefinedTemplateVariable(AssertionError):
    """One of our templates names a variable that nobody gave it."""


class UndefinedVariable(str):
    """What Django puts in place of a variable that it cannot find: in our templates an error, in others nothing.

    Django asks whether it is true, then `"%s" in` it, and then formats it with the name of the variable. In a template
    of a library it is false and empty: there nothing changes.
    """

    __slots__ = ()

    def __contains__(self, item: object) -> bool:
        return item == "%s"

    def __bool__(self) -> bool:
        return rendering().startswith(OURS)

    def __mod__(self, variable: Any) -> str:
        raise UndefinedTemplateVariable(f"undefined variable «{variable}» in {rendering().removeprefix(OURS)}")


def rendering() -> str:
    """The file of the template whose node is being rendered now, found on the stack; empty when unknown."""
    frame = sys._getframe(1)
    while frame is not None:
        node = frame.f_locals.get("self")
        if isinstance(node, Node):
            origin = getattr(node, "origin", None)
            if origin is not None:
                return str(origin.name)
        frame = frame.f_back  # type: ignore[assignment]
    return ""


ITERABLES = (
    query.ModelIterable,
    query.ValuesIterable,
    query.ValuesListIterable,
    query.FlatValuesListIterable,
    query.NamedValuesListIterable,
)


@contextlib.contextmanager
def shuffled_querysets() -> Iterator[None]:
    """While it lasts, a queryset of our models that states no order gives its rows in a random one.

    A database promises no order that nobody asked for; code that relies on one works until the day it does not.
    """
    with contextlib.ExitStack() as patches:
        for iterable in ITERABLES:
            patches.enter_context(mock.patch.object(iterable, "__iter__", _shuffling(iterable.__iter__)))
        yield


def _shuffling(original: Any) -> Any:
    def shuffled(self: Any) -> Iterator[Any]:
        rows = original(self)
        queryset = self.queryset
        if not queryset.model.__module__.startswith("trama.") or queryset.ordered:
            return rows
        loose = list(rows)
        random.shuffle(loose)
        return iter(loose)

    return shuffled
