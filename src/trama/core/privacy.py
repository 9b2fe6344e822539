"""Every model says what kind of data it holds; `docs/privacy.md` is generated from that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise

Text = str | Promise


class PrivacyClass(StrEnum):
    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    SPECIAL = "special"


@dataclass(frozen=True)
class Privacy:
    """What a table holds. A personal one names its purpose, legal basis, retention and who erases it.

    The first three are read on the page about privacy: wrap them in `gettext_lazy`.
    """

    kind: PrivacyClass
    purpose: Text = ""
    legal_basis: Text = ""
    retention: Text = ""
    eraser: str = ""
    # Names of the fields that hold personal data: the audit says that they changed, never what they held.
    personal_fields: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.kind in {PrivacyClass.PERSONAL, PrivacyClass.SPECIAL}:
            # A text that waits for its translation cannot be looked at while the apps are being loaded.
            stated = ("purpose", "legal_basis", "retention", "eraser")
            missing = [n for n in stated if not isinstance(getattr(self, n), Promise) and not getattr(self, n)]
            if missing:
                raise ValueError(f"personal data without {', '.join(missing)}")


PUBLIC = Privacy(PrivacyClass.PUBLIC)
INTERNAL = Privacy(PrivacyClass.INTERNAL)
