"""What a database holds, and how it is emptied: the chain of acts, the code lists and the accounts of people stay."""

from __future__ import annotations

from django.apps import apps
from django.core.cache import cache
from django.db.models import Model

from trama.accounts.models import User
from trama.core import codes, memo
from trama.core.facts import is_demonstration
from trama.core.models import AuditEntry, AuditHead, Code
from trama.directory.models import Resource
from trama.experiences.models import Experience
from trama.network.models import Organisation
from trama.territory import finding
from trama.territory.models import Area, Place

KEPT: tuple[type[Model], ...] = (Code, AuditEntry, AuditHead, User)
REGISTERS: tuple[type[Model], ...] = (Area, Place, Organisation, Resource, Experience)


def holdings() -> dict[str, int]:
    """How many records each register holds; registers that are empty are left out."""
    counts = {str(model._meta.verbose_name_plural): model._default_manager.count() for model in REGISTERS}
    return {name: count for name, count in counts.items() if count}


def holds_real_records() -> bool:
    """Whether there is something that a demonstration must not be mixed with."""
    return bool(holdings()) and not is_demonstration()


def empty() -> None:
    """Take away every record of the apps, inside the caller's transaction; foreign keys are checked at its end."""
    for model in apps.get_models():
        if model.__module__.startswith("trama.") and model not in KEPT:
            rows = model._default_manager.order_by()
            rows._raw_delete(rows.db)
    User.objects.filter(is_demonstration=True).delete()
    cache.clear()
    codes.forget()
    memo.forget_all()
    finding.forget()
