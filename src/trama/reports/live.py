"""The report of today, made once for all who ask until something changes: editors turn its pages one by one."""

from __future__ import annotations

from collections import OrderedDict

from trama.core import memo
from trama.core.actor import NOBODY
from trama.reports.document import Document
from trama.reports.territory import territory_report
from trama.territory.models import Area

MOST = 6  # documents in memory: a large one takes a megabyte
_kept: OrderedDict[tuple[int, str], tuple[object, Document]] = OrderedDict()


def report_of_today(area: Area, language: str) -> Document:
    """The report on an area as everybody may see it, with its automatic texts."""
    # One and the same object as long as nothing has changed.
    unchanged = memo.until_changed("reports.live", NOBODY, object)
    key = (area.pk, language)
    found = _kept.get(key)
    if found is None or found[0] is not unchanged:
        found = (unchanged, territory_report(NOBODY, area, language))
        _kept[key] = found
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return found[1]
