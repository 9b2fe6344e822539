"""What every change to organisations shares: who may, the row as it is now, the index, the trace."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils.translation import gettext as _

from trama.core import search
from trama.core.actor import Actor
from trama.core.declarations import gathered
from trama.network import permissions
from trama.network.choices import KIND_FLAGS
from trama.network.contacts import classify
from trama.network.models import Organisation, OrganisationContact


class ChangedMeanwhile(Exception):
    """Somebody else saved the record after this form was opened. Nothing was written."""


def refuse_unless(allowed: bool) -> None:
    """Raise PermissionDenied, in the words that a person reads."""
    if not allowed:
        raise PermissionDenied(_("You may not change this organisation."))


def may(actor: Actor, what: str, organisation: Organisation) -> bool:
    """Whether the actor has this ability on the organisation, as it stands."""
    return permissions.abilities(actor, organisation.area_id, organisation.pk)[what]


def locked(organisation: Organisation) -> Organisation:
    """The row as it is now, kept from others until the transaction ends."""
    return Organisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)


def new_contact(
    organisation: Organisation, kind: str, value: str, label: str = "", visibility: str = ""
) -> OrganisationContact:
    """A contact of the organisation; who sees it follows from what it is, unless stated."""
    flags = KIND_FLAGS.get((organisation.kind_id or "").partition(":")[2])
    context = f"{organisation.name} {organisation.acronym} {organisation.area or ''}"
    informal = flags is not None and flags.is_formal is False
    seen = visibility or classify(kind, value, context, label=label, informal=informal)
    contact = OrganisationContact(
        organisation=organisation, kind=kind, value=value.strip(), label=label.strip(), visibility=seen
    )
    contact.full_clean()
    contact.save()
    return contact


def refresh_neighbours(organisation: Organisation) -> None:
    """Index anew the records of the apps above in which this organisation is named: they may no longer be found by it.

    They are reached through the tables that point here and to something that can be found; no app above is imported.
    """
    for relation in Organisation._meta.related_objects:
        through = relation.related_model
        for field in through._meta.concrete_fields:
            target = field.related_model if isinstance(field, models.ForeignKey) else None
            if target is None or target is Organisation or target._meta.label_lower not in gathered.searchables:
                continue
            rows = through._default_manager.filter(**{relation.field.name: organisation}).order_by()
            keys = list(rows.exclude(**{field.name: None}).values_list(field.attname, flat=True).distinct())
            search.refresh(target, keys)
