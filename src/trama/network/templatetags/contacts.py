"""Texts that may carry somebody's contact, as the reader may see them."""

from __future__ import annotations

from typing import Any

from django import template

from trama.core.actor import Actor
from trama.network.permissions import may_see_contacts_in
from trama.network.telling import AsRead

register = template.Library()


@register.filter
def for_reader(record: Any, actor: Actor) -> AsRead:
    """A record with an area, the personal mail boxes and mobiles in its texts covered for who is not of its staff."""
    return AsRead(record, plain=may_see_contacts_in(actor, record.area_id))
