"""Values that are hard to believe, and right all the same."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from trama.core import history
from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.monitoring.actions.making import NotPossible
from trama.monitoring.models import Sheet
from trama.monitoring.reading import doubts_on


@transaction.atomic
def find_right(actor: Actor, sheet: Sheet) -> Sheet:
    """Remember that what is doubted on a sheet was looked at and is right, until one of those values changes."""
    row = Sheet.objects.select_for_update(of=("self",)).select_related("wave").get(pk=sheet.pk)
    if not gathered.monitored[row.wave.what].may_answer(actor, row.record):
        raise PermissionDenied
    if not row.wave.is_open:
        raise NotPossible(_("The wave is closed: answers are no longer taken."))
    before = history.state_of(row)
    doubts, mark = doubts_on(row)
    if doubts:
        row.checked = mark
        row.save(update_fields=["checked"])
        history.record(actor, "checked", row, before)
    return row
