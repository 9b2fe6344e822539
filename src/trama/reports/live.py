"""The report of today, made once for all who ask until something changes: editors turn its pages one by one."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from trama.core import memo
from trama.core.actor import NOBODY
from trama.reports import printing
from trama.reports.document import Document
from trama.reports.subjects import Subject, code_of, document_of, kind_of

MOST = 6  # documents in memory: a large one takes a megabyte
_kept: OrderedDict[tuple[str, str, str], tuple[object, Document]] = OrderedDict()


def report_of_today(subject: Subject, language: str) -> Document:
    """The report as everybody may see it, with its automatic texts. Raises `NotClosed` for a wave that is not."""
    # One and the same object as long as nothing has changed.
    unchanged = memo.until_changed("reports.live", NOBODY, object)
    key = (kind_of(subject), code_of(subject), language)
    found = _kept.get(key)
    if found is None or found[0] is not unchanged:
        found = (unchanged, document_of(subject, language))
        _kept[key] = found
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return found[1]


MOST_BYTES = 40_000_000  # of the files that are kept
_printed: OrderedDict[tuple[str, str, str, str], tuple[Document, bytes]] = OrderedDict()
_press = Lock()


def file_of_today(subject: Subject, language: str, form: str) -> bytes:
    """That report as a file. It is made once as long as nothing changes, and one at a time.

    Anybody may ask, without a login: asking again and again, or for many at once, must not keep the machine busy.
    """
    document = report_of_today(subject, language)
    key = (kind_of(subject), code_of(subject), language, form)
    with _press:
        found = _printed.get(key)
        if found is None or found[0] is not document:
            found = (document, printing.file_bytes(document, form))
            _printed[key] = found
            while len(_printed) > 1 and sum(len(content) for _document, content in _printed.values()) > MOST_BYTES:
                _printed.popitem(last=False)
        _printed.move_to_end(key)
        return found[1]
