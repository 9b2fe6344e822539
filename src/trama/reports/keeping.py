"""What a frozen profile holds: the whole report in each language as canonical JSON, its hash, and whether it holds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from trama.core.actor import SYSTEM
from trama.core.history import kind_of
from trama.core.models import AuditEntry
from trama.monitoring.models import Wave
from trama.reports.document import Document, kept, restored
from trama.reports.editing import with_written
from trama.reports.models import Kept, Profile
from trama.reports.subjects import Subject, document_of
from trama.ui.numbers import day

FORMAT = 1  # of the content; raised when it changes its meaning


def content_of(subject: Subject, name: str, at: datetime) -> str:
    """A report as it is now, in every language, with what was written by hand: canonical JSON.

    The figures are those that everybody may see, whoever freezes them.
    """
    documents = {}
    for language, _name in settings.LANGUAGES:
        documents[language] = kept(with_written(SYSTEM, subject, document_of(subject, language)))
    return canonical(
        {
            "format": FORMAT,
            "name": name,
            **_about(subject),
            "at": at.isoformat(timespec="seconds"),
            "documents": documents,
        }
    )


def _about(subject: Subject) -> dict[str, Any]:
    if isinstance(subject, Wave):
        return {"wave": {"id": subject.pk, "name": subject.name, "sha256": subject.fingerprint}}
    return {"area": {"code": subject.code, "name": subject.name}}


def canonical(data: dict[str, Any]) -> str:
    """JSON that is written in one way only: sorted keys, no blanks."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def fingerprint(content: str) -> str:
    """The SHA-256 of a content, as 64 hexadecimal digits."""
    return hashlib.sha256(content.encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class Verified:
    """Whether a frozen profile is what was frozen; `problem` says why not."""

    fingerprint: str
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Nothing was changed."""
        return not self.problem


def verify(profile: Profile, content: str | None = None) -> Verified:
    """Compute the hash again; compare it with the one of the profile and with the one in the chain of the audit.

    Whoever changed the content could change the hash beside it, but not the entry of the audit without a trace.
    """
    found = Kept.objects.filter(profile=profile).values_list("content", flat=True).first()
    text = found if content is None else content
    if text is None:
        return Verified("", _("Its content is missing."))
    own = fingerprint(text)
    if own != profile.fingerprint:
        return Verified(own, _("Its content is not the one that was frozen."))
    entry = (
        AuditEntry.objects.filter(kind=kind_of(profile), object_id=str(profile.pk), verb="frozen")
        .order_by("number")
        .first()
    )
    if entry is None or entry.changes.get("sha256") != own:
        return Verified(own, _("The register of acts does not confirm its hash."))
    return Verified(own)


class Altered(RuntimeError):
    """A frozen profile is no longer what was frozen; the message says how."""


def opened(profile: Profile, language: str) -> Document:
    """The document that was frozen, in a language, with its stamp. Raises Altered."""
    content = Kept.objects.values_list("content", flat=True).get(profile=profile)
    verified = verify(profile, content)
    if not verified.holds:
        raise Altered(verified.problem)
    documents = json.loads(content)["documents"]
    document = restored(documents[language if language in documents else settings.LANGUAGES[0][0]])
    with translation.override(document.language):
        stamp = _("Profile “%(name)s”, frozen on %(day)s. SHA-256 of its content: %(hash)s") % {
            "name": profile.name,
            "day": day(profile.frozen_at),
            "hash": profile.fingerprint,
        }
    return replace(document, stamp=stamp)
