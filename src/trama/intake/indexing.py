"""The records of a big load come into the search once they are written, some at a time: others write in between.

Until that is done the load bears what is left of it: the next load takes up what was broken off.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping

from django.apps import apps
from django.db import DatabaseError, transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from trama.core import search
from trama.core.rewinding import Keys
from trama.intake.models import Load

BIG = 5000  # from so many records on others would wait for too long
AT_ONCE = 1000
PAUSE = 0.1  # seconds: on SQLite who waits looks every tenth of a second whether it is their turn
LEFT = "to_find"  # in the outcome of a load: by model, the keys of what cannot be found yet

logger = logging.getLogger(__name__)
Indexed = Mapping[type[Model], Iterable[int]]


def is_big(wanted: Indexed) -> bool:
    """Whether so many records are to be found that it is done after the load."""
    return sum(len(set(pks)) for pks in wanted.values()) >= BIG


def at_once(wanted: Indexed, say: Callable[[str], None]) -> None:
    """Let records be found, within the transaction that writes them."""
    for model, pks in wanted.items():
        if keys := sorted(set(pks)):
            say(_("%(count)s records can be found again …") % {"count": len(keys)})
            search.refresh(model, keys)


def left_of(wanted: Indexed) -> dict[str, list[object]]:
    """What is to be done after a load, as its outcome holds it."""
    return {model._meta.label_lower: Keys(pks).stored for model, pks in wanted.items() if pks}


def finish(say: Callable[[str], None]) -> None:
    """Let be found what loads have left for later. What goes wrong is kept for the next time: the records are there."""
    for load in Load.objects.filter(outcome__has_key=LEFT).order_by("pk"):
        try:
            _finish(load, say)
        except DatabaseError:
            logger.warning("the records of load %s cannot all be found yet", load.pk, exc_info=True)


def _finish(load: Load, say: Callable[[str], None]) -> None:
    for label, stored in load.outcome[LEFT].items():
        keys = [int(key) for key in Keys.of(stored)]
        for start in range(0, len(keys), AT_ONCE):
            say(_("%(count)s records can be found again …") % {"count": len(keys) - start})
            with transaction.atomic():
                search.refresh(apps.get_model(label), keys[start : start + AT_ONCE])
            time.sleep(PAUSE)
    with transaction.atomic():
        locked = Load.objects.select_for_update().get(pk=load.pk)
        locked.outcome.pop(LEFT, None)
        locked.save(update_fields=["outcome"])
