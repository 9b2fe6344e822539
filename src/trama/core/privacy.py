"""Every model says what kind of data it holds; `docs/privacy.md` is generated from that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PrivacyClass(StrEnum):
    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    SPECIAL = "special"


@dataclass(frozen=True)
class Privacy:
    """What a table holds. A personal one names its purpose, legal basis, retention and who erases it."""

    kind: PrivacyClass
    purpose: str = ""
    legal_basis: str = ""
    retention: str = ""
    eraser: str = ""
    # Names of the fields that hold personal data: the audit says that they changed, never what they held.
    personal_fields: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.kind in {PrivacyClass.PERSONAL, PrivacyClass.SPECIAL}:
            missing = [n for n in ("purpose", "legal_basis", "retention", "eraser") if not getattr(self, n)]
            if missing:
                raise ValueError(f"personal data without {', '.join(missing)}")


PUBLIC = Privacy(PrivacyClass.PUBLIC)
INTERNAL = Privacy(PrivacyClass.INTERNAL)
