"""The report of today, made once for all who ask until something changes: editors turn its pages one by one."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from trama.core import memo
from trama.core.actor import NOBODY
from trama.reports import printing
from trama.reports.document import Document
from trama.reports.models import Profile
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
_printed: OrderedDict[tuple[str, ...], tuple[object, bytes]] = OrderedDict()
_press = Lock()


def file_of_today(subject: Subject, language: str, form: str) -> bytes:
    """That report as a file. It is made once as long as nothing changes."""
    document = report_of_today(subject, language)
    return _once((kind_of(subject), code_of(subject), language, form), document, document, form)


def file_of_profile(profile: Profile, document: Document, form: str) -> bytes:
    """A frozen profile, opened and found to be what was frozen (`keeping.opened`), as a file: it is made once."""
    key = ("profile", str(profile.pk), document.language, form)
    return _once(key, f"{profile.fingerprint} {document.stamp}", document, form)


def _once(key: tuple[str, ...], same_as: object, document: Document, form: str) -> bytes:
    """The file of a document, made anew when it is no longer the `same_as` it was; one file at a time.

    Anybody may ask, without a login: asking again and again, or for many at once, must not keep the machine busy.
    """
    with _press:
        found = _printed.get(key)
        if found is None or not (found[0] is same_as or (isinstance(same_as, str) and found[0] == same_as)):
            found = (same_as, printing.file_bytes(document, form))
            _printed[key] = found
            while len(_printed) > 1 and sum(len(content) for _same, content in _printed.values()) > MOST_BYTES:
                _printed.popitem(last=False)
        _printed.move_to_end(key)
        return found[1]
