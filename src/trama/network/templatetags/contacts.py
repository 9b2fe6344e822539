"""Texts that may carry somebody's contact, as the reader may see them."""

from __future__ import annotations

from django import template

from trama.core.actor import Actor
from trama.network.contacts import without_personal
from trama.network.permissions import may_see_private_contacts

register = template.Library()


@register.filter
def for_reader(text: str, actor: Actor) -> str:
    """A free text; personal mail boxes and mobiles in it are covered for who is not staff."""
    return text if may_see_private_contacts(actor) else without_personal(text)
