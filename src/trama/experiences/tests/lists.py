"""The code lists of the installation, for tests that go through forms and actions."""

from __future__ import annotations

from django.conf import settings

from trama.core import codes


def load_lists() -> None:
    """Load every list that `trama prepare` loads."""
    codes.load_folders(settings.CODELISTS)
    codes.forget()
