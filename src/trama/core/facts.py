"""Facts about this installation, read on every page: kept in memory for some seconds."""

from __future__ import annotations

from typing import Any

from trama.core import memo
from trama.core.models import Fact

DEMONSTRATION = "demonstration"
HOME_AREA = "home_area"
BODY_NAME = "body_name"

_KEY = "core.facts"


def facts() -> dict[str, Any]:
    """All facts of the installation, by key. At most five seconds old."""
    return memo.remember(_KEY, 5, lambda: dict(Fact.objects.values_list("key", "value")))


def set_fact(key: str, value: Any) -> None:
    """State a fact about the installation."""
    Fact.objects.update_or_create(key=key, defaults={"value": value})
    memo.forget(_KEY)


def is_demonstration() -> bool:
    """Whether this database holds demonstration data, which every page and export must say."""
    return bool(facts().get(DEMONSTRATION))
