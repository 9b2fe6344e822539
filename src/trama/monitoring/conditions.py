"""Conditions of questions, in the words of an XLSForm: read once, checked against the questions, asked of answers.

`${heads} > 3 and selected(${when}, 'morning')`. What is understood: names in `${}`, the dot (the answer itself), texts
in quotes, numbers, `today()`, `= != < <= > >=`, `and`, `or`, `not()`, `selected()`, `count-selected()`,
`string-length()`, brackets. A condition is a tree of lists, so that it travels to the page as JSON and is asked there
by the same rules; nothing of it is ever run as code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

Tree = list[Any]
LONGEST, DEEPEST = 1000, 20
COMPARING = ("=", "!=", "<", "<=", ">", ">=")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?")
TOKEN = re.compile(
    r"\s*(?:\$\{\s*(?P<ref>[^}]*?)\s*\}|'(?P<one>[^']*)'|\"(?P<two>[^\"]*)\"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<sign><=|>=|!=|[=<>(),.])|(?P<word>[A-Za-z][A-Za-z0-9_:-]*)|(?P<other>\S))"
)


class NotUnderstood(ValueError):
    """A condition that is not understood; the message says which part of it."""


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for found in TOKEN.finditer(text):
        kind = str(found.lastgroup)
        if kind == "other":
            raise NotUnderstood(_("“%(part)s” is not understood here.") % {"part": found.group(kind)})
        yield ("text" if kind in {"one", "two"} else kind), found.group(kind)


class _Reader:
    """Reads one condition from left to right."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise NotUnderstood(_("A condition of more than %(n)s characters is too long.") % {"n": LONGEST})
        self.tokens = list(_tokens(text.strip()))
        self.place = self.depth = 0

    def whole(self) -> Tree:
        found = self.either()
        if self.place < len(self.tokens):
            raise NotUnderstood(_("“%(part)s” is not understood here.") % {"part": self.tokens[self.place][1]})
        return found

    def ahead(self) -> tuple[str, str]:
        return self.tokens[self.place] if self.place < len(self.tokens) else ("end", "")

    def take(self, *wanted: str) -> str:
        kind, text = self.ahead()
        if kind == "end":
            raise NotUnderstood(_("The condition breaks off."))
        if wanted and text not in wanted:
            raise NotUnderstood(_("“%(part)s” is not understood here.") % {"part": text})
        self.place += 1
        return text

    def either(self) -> Tree:
        return self._joined("or", self.both)

    def both(self) -> Tree:
        return self._joined("and", self.one)

    def _joined(self, word: str, part: Any) -> Tree:
        found = [part()]
        while self.ahead() == ("word", word):
            self.take()
            found.append(part())
        return found[0] if len(found) == 1 else [word, *found]

    def one(self) -> Tree:
        self.depth += 1
        if self.depth > DEEPEST:
            raise NotUnderstood(_("The condition has too many brackets."))
        try:
            return self._one()
        finally:
            self.depth -= 1

    def _one(self) -> Tree:
        kind, text = self.ahead()
        if (kind, text) == ("sign", "("):
            self.take()
            found = self.either()
            self.take(")")
            return found
        if kind == "word" and text in {"not", "selected"}:
            self.take()
            self.take("(")
            found = ["not", self.either()] if text == "not" else self._selected()
            self.take(")")
            return found
        left = self.operand()
        kind, sign = self.ahead()
        if kind != "sign" or sign not in COMPARING:
            raise NotUnderstood(_("After “%(part)s” a comparison is missing (=, !=, <, >, <=, >=).") % {"part": text})
        self.take()
        return [sign, left, self.operand()]

    def _selected(self) -> Tree:
        where = self.operand()
        if where[0] not in {"ref", "self"}:
            raise NotUnderstood(_("“selected” asks for the name of a question, in ${ }."))
        self.take(",")
        kind, text = self.ahead()
        if kind != "text":
            raise NotUnderstood(_("“selected” asks for an option in quotes."))
        self.take()
        return ["selected", where, text]

    def operand(self) -> Tree:
        kind, text = self.ahead()
        self.take()
        if kind == "ref":
            return ["ref", text]
        if kind == "text":
            return ["text", text]
        if kind == "number":
            return ["number", float(text) if "." in text else int(text[:15])]
        if (kind, text) == ("sign", "."):
            return ["self"]
        if kind == "word" and text == "today":
            self.take("(")
            self.take(")")
            return ["today"]
        if kind == "word" and text in {"count-selected", "string-length"}:
            self.take("(")
            inner = self.operand()
            self.take(")")
            if inner[0] not in {"ref", "self"}:
                raise NotUnderstood(_("“%(part)s” asks for the name of a question, in ${ }.") % {"part": text})
            return ["count" if text == "count-selected" else "length", inner]
        raise NotUnderstood(_("“%(part)s” is not understood here.") % {"part": text})


def read(text: str) -> Tree:
    """The tree of a condition. Raises NotUnderstood with the part that is not understood."""
    return _Reader(text).whole()


def names(tree: Tree) -> Iterator[str]:
    """The questions that a condition speaks of."""
    if tree[0] == "ref":
        yield tree[1]
    for part in tree[1:]:
        if isinstance(part, list):
            yield from names(part)


def speaks_of_itself(tree: Tree) -> bool:
    """Whether it asks about the answer that it stands beside."""
    return tree[0] == "self" or any(speaks_of_itself(part) for part in tree[1:] if isinstance(part, list))


def choices(tree: Tree) -> Iterator[tuple[str, str]]:
    """The options that a condition names: (question, option); the question is "" where it is the dot."""
    if tree[0] == "selected":
        yield (tree[1][1] if tree[1][0] == "ref" else "", tree[2])
    elif tree[0] in {"=", "!="}:
        for one, other in ((tree[1], tree[2]), (tree[2], tree[1])):
            if one[0] in {"ref", "self"} and other[0] == "text" and other[1]:
                yield (one[1] if one[0] == "ref" else "", other[1])
    else:
        for part in tree[1:]:
            if isinstance(part, list):
                yield from choices(part)


def holds(tree: Tree, answers: Mapping[str, Any], own: Any = None, today: date | None = None) -> bool:
    """Whether a condition holds of these answers; `own` is the answer that the dot stands for."""
    word, parts = tree[0], tree[1:]
    if word == "and":
        return all(holds(part, answers, own, today) for part in parts)
    if word == "or":
        return any(holds(part, answers, own, today) for part in parts)
    if word == "not":
        return not holds(parts[0], answers, own, today)
    if word == "selected":
        found = _value(parts[0], answers, own, today)
        return parts[1] in found if isinstance(found, list) else bool(found != "") and parts[1] == _text(found)
    return _compared(word, *(_value(part, answers, own, today) for part in parts))


def _value(node: Tree, answers: Mapping[str, Any], own: Any, today: date | None) -> Any:
    if node[0] in {"text", "number"}:
        return node[1]
    if node[0] == "today":
        return (today or timezone.localdate()).isoformat()
    if node[0] in {"ref", "self"}:
        found = answers.get(node[1]) if node[0] == "ref" else own
        return "" if found is None else found
    inner = _value(node[1], answers, own, today)
    if node[0] == "count":
        return len(inner) if isinstance(inner, list) else int(inner != "")
    return len(_text(inner))


def _text(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)


def _number(value: Any) -> float | None:
    if isinstance(value, (int, float)):
        return float(value)
    text = _text(value).strip()
    return float(text) if NUMBER.fullmatch(text) else None


def _compared(sign: str, one: Any, other: Any) -> bool:
    """A comparison as XPath makes it: numbers when one is a number, days as days, else texts."""
    if sign in {"=", "!="} and not isinstance(one, (int, float)) and not isinstance(other, (int, float)):
        return (_text(one) == _text(other)) == (sign == "=")
    left: Any = _number(one)
    right: Any = _number(other)
    if DAY.fullmatch(_text(one)) and DAY.fullmatch(_text(other)):
        left, right = _text(one), _text(other)
    if left is None or right is None:
        return sign == "!="
    return {
        "=": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[sign]
