"""What a new row becomes, in one quiet line: its area, its kind, and who will see its contacts.

The dry run keeps of each new row what the line needs; the line is made only for the rows of the page that is looked at.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from trama.core import codes
from trama.intake.registers.fields import Kind, Registered
from trama.intake.registers.hanging import CONTACT_KINDS, Around
from trama.intake.registers.reading import Asked
from trama.intake.registers.writing import around_of
from trama.network.choices import Visibility
from trama.territory import finding
from trama.ui.numbers import number


def kept_of(registered: Registered, asked: Asked) -> dict[str, Any]:
    """What the line of a new row is made of, as JSON holds it."""
    area = asked.values.get("area_id")
    around = around_of(asked)
    contacts = [one for field in registered.fields if field.kind in CONTACT_KINDS for one in _of(asked, field.key)]
    return {
        "areas": [area] if area else [pk for (pk,) in asked.hanging.get("areas", ())],
        "kinds": _kinds(registered, asked),
        "contacts": contacts,
        "words": around.words,
        "private": None if around.private is None else sorted(around.private),
    }


def _of(asked: Asked, key: str) -> tuple[Any, ...]:
    return asked.hanging.get(key, ())


def _kinds(registered: Registered, asked: Asked) -> list[str]:
    """The key of its kind; where the register has none, the values of the first list that the row states."""
    if kind := asked.values.get("kind_id"):
        return [kind]
    lists = (_of(asked, one.key) for one in registered.fields if one.kind == Kind.CODES)
    return [key for (key,) in next(filter(None, lists), ())]


def line_of(kept: dict[str, Any]) -> str:
    """The line, from what was kept."""
    areas = [finding.name_of(pk) for pk in kept["areas"]]
    parts = [", ".join(areas[:3]) + (" …" if len(areas) > 3 else "") or _("no area")]
    parts += [", ".join(codes.label(key) for key in kept["kinds"][:3])] if kept["kinds"] else []
    around = Around(kept["words"], None if kept["private"] is None else frozenset(kept["private"]))
    seen = [around.visibility(kind, value, label) for kind, value, label in kept["contacts"]]
    if seen:
        everybody = sum(one == Visibility.PUBLIC for one in seen)
        said = _("contacts: %(public)s for everybody, %(staff)s for staff only")
        parts.append(said % {"public": number(everybody), "staff": number(len(seen) - everybody)})
    else:
        parts.append(_("no contacts"))
    return " · ".join(parts)
