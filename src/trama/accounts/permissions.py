"""Who may sign in."""

from __future__ import annotations

from typing import Any

from trama.core import facts


def may_sign_in(user: Any) -> bool:
    """Whether this account opens the door today: it is not closed, and demonstration accounts need a demonstration."""
    return bool(user.is_active) and (not user.is_demonstration or facts.is_demonstration())
